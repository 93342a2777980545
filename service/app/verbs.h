// One function per verb of the contract; each reads its words and gives the exit code.
#pragma once

#include <string>
#include <vector>

#include "service/app/program.h"

namespace rollcall {

int verb_check(Program& program, const std::vector<std::string>& words);
int verb_adopt(Program& program, const std::vector<std::string>& words);
int verb_plan(Program& program, const std::vector<std::string>& words);
int verb_apply(Program& program, const std::vector<std::string>& words);
int verb_sync(Program& program, const std::vector<std::string>& words);
int verb_resume(Program& program, const std::vector<std::string>& words);
int verb_pending(Program& program, const std::vector<std::string>& words);
int verb_approve(Program& program, const std::vector<std::string>& words);
int verb_reject(Program& program, const std::vector<std::string>& words);
int verb_runs(Program& program, const std::vector<std::string>& words);
int verb_show(Program& program, const std::vector<std::string>& words);
int verb_okta(Program& program, const std::vector<std::string>& words);
int verb_migrate(Program& program, const std::vector<std::string>& words);

}  // namespace rollcall

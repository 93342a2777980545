// The part of `rollcall check` about credentials: their roles against what the configuration needs,
// and whether the one for reading can write. Pure: what the org said comes in, sentences go out.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "connectors/okta/access.h"
#include "service/base/error.h"
#include "service/base/json.h"
#include "service/settings/settings.h"

namespace rollcall {

/// One line of the check. `error`: what is wrong, with its hint and exit code. `look`: nothing is
/// broken, and somebody should know.
struct CheckLine {
  std::string what;
  std::string said;
  std::optional<Error> error;
  Json details = Json::object();  // further members of the line in --json
  bool look = false;
};

/// `use`: "read" or "write".
std::vector<CheckLine> role_lines(const Settings& settings, const std::string& use,
                                  const Access& access);
/// Of a credential that is for reading only and was tried.
CheckLine trial_line(const Settings& settings, const Access& access);
/// Who else sources people; `imported_groups` is how many groups came from apps and directories.
CheckLine sources_line(const Access& access, std::size_t imported_groups);

}  // namespace rollcall

// Factors that people enrolled (FACTS 8.4). The passcode 123456 is right; every other is wrong.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "service/base/clock.h"
#include "service/base/json.h"
#include "tests/sim/directory.h"
#include "tests/sim/reply.h"

namespace rollcall::sim {

struct Org;
struct Call;

struct Factor {
  std::string id, type;
  Json profile;
  std::uint64_t answer = 0;  // hash of a security question's answer
  WallTime created, last_updated;
  bool active = false;
};

using FactorBook = std::map<UserIndex, std::vector<Factor>>;

SimReply list_factors(Org& org, Call& call);
SimReply enroll_factor(Org& org, Call& call);
SimReply get_factor(Org& org, Call& call);
SimReply activate_factor(Org& org, Call& call);
SimReply verify_factor(Org& org, Call& call);
SimReply resend_factor(Org& org, Call& call);
SimReply delete_factor(Org& org, Call& call);
SimReply list_factor_questions(Org& org, Call& call);

}  // namespace rollcall::sim

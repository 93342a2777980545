// Factors that people enrolled (FACTS 8.4). Passcodes of authenticator apps are computed; of what a
// phone or mail would bring, 123456 is right and every other is wrong.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
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
  std::string provider = "OKTA";
  Json profile;
  std::uint64_t answer = 0;  // hash of a security question's answer
  WallTime created, last_updated;
  bool active = false;
  std::string secret;          // of an authenticator app, in base32
  std::int64_t used_step = 0;  // the newest passcode that was taken: none is taken twice
  WallTime first_wrong;        // wrong passcodes: five in five minutes lock the factor
  int wrong = 0;
};

using FactorBook = std::map<UserIndex, std::vector<Factor>>;

/// A kind that can be enrolled. An authenticator app is Okta's or Google's (FACTS 8.4), the rest
/// Okta's.
struct FactorKind {
  std::string_view type, provider;
  std::string_view prefix;  // of ids
  std::string_view needs;   // the profile member it cannot be without
};
std::span<const FactorKind> factor_kinds();
const FactorKind* find_factor_kind(std::string_view type, std::string_view provider);
/// Type, provider and vendor, as every list of factors shows them.
Json factor_kind_json(std::string_view type, std::string_view provider);
/// Enrols what the body asks for, active at once if `proved`; `id` is the new factor's. nullopt:
/// done.
std::optional<SimReply> add_factor(Org& org, Call& call, UserIndex user, bool proved,
                                   std::string& id);
/// 403 for a passcode or answer that is wrong, was used before, or comes after too many wrong ones.
std::optional<SimReply> refuse_passcode(Factor& factor, const Json& body, WallTime now);
/// What an authenticator app is given to begin with.
Json totp_activation(const Factor& factor);

SimReply list_factor_catalog(Org& org, Call& call);
SimReply list_factors(Org& org, Call& call);
SimReply enroll_factor(Org& org, Call& call);
SimReply get_factor(Org& org, Call& call);
SimReply activate_factor(Org& org, Call& call);
SimReply verify_factor(Org& org, Call& call);
SimReply resend_factor(Org& org, Call& call);
SimReply delete_factor(Org& org, Call& call);
SimReply list_factor_questions(Org& org, Call& call);

}  // namespace rollcall::sim

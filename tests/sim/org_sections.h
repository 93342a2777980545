// Sections of the org file that hang on people and groups. Each loads from its JSON, giving what is
// wrong with it, and is written out again.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "service/base/clock.h"
#include "service/base/json.h"
#include "tests/sim/org.h"

namespace rollcall::sim {

inline constexpr std::string_view kAdministrators = "Okta Administrators";

/// nullopt: it went well.
using Problem = std::optional<std::string>;

std::optional<UserIndex> find_person(const Org& org, std::string_view id_or_login);
/// What an export still names after it was deleted: a role's group, a rule's target. Names and
/// logins do not look like it.
bool looks_like_id(std::string_view text, std::string_view prefix);
std::optional<GroupIndex> find_named_group(const Org& org, std::string_view id_or_name);
/// A member of that name as a time: `otherwise` if it is absent, null is 0. False: no time.
bool read_time(const Json& json, std::string_view name, WallTime& out, WallTime otherwise);

Problem load_roles(Org& org, const Json& json);
Problem load_token(Org& org, const Json& json);
/// Tokens of the command line, "TOKEN" or "TOKEN:ROLE", that the file does not describe: each role
/// has an owner of its own, who holds it.
void add_own_tokens(Org& org, const std::vector<std::string>& tokens, WallTime now);

Json roles_section(const Org& org);
Json token_section(const Token& token);

Problem load_policy(Org& org, const Json& json);
Json policy_section(const OrgPolicy& policy);
Problem load_factors(Org& org, const Json& json);
Json factors_section(const Org& org);
Problem load_session(Org& org, const Json& json);
Json session_section(const Org& org, const Session& session);
Problem load_relations(Org& org, const Json& json);
Json relations_section(const Org& org);
Problem load_log(Org& org, const Json& json);
Json log_section(const Org& org);

}  // namespace rollcall::sim

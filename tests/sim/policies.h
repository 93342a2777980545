// Policies and their rules (FACTS 8.3).
#pragma once

#include <cstdint>
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
struct OrgApp;

/// What policies and their rules have in common. Its place in a list is its priority.
struct PolicyPart {
  std::string id, name;
  Json conditions;
  WallTime created, last_updated;
  bool system = false;  // the default one: last, and kept
  bool active = true;
};

struct PolicyRule : PolicyPart {
  Json actions;
};

struct OrgPolicy : PolicyPart {
  std::string type, description;
  Json settings;  // null: this type has none
  std::vector<PolicyRule> rules;
};

using PolicyBook = std::vector<OrgPolicy>;  // by type in the order of priority

enum class SignOnVerdict : std::uint8_t { allow, factor, deny };

/// The policies every org has, each with its default rule.
void add_default_policies(Org& org, WallTime now);
/// Settings of the password policy that counts for the user.
Json password_settings_of(const Org& org, UserIndex user);
SignOnVerdict sign_on_verdict(const Org& org, UserIndex user);
/// The app sign-in policy that counts for an app: its own, or the org's default one.
const OrgPolicy* policy_of_app(const Org& org, const OrgApp& app);
/// Whether the password policy that counts for the user lets people do that themselves:
/// selfServicePasswordReset, selfServiceUnlock, passwordChange.
bool password_rule_allows(const Org& org, UserIndex user, std::string_view what);

SimReply list_policies(Org& org, Call& call);
SimReply create_policy(Org& org, Call& call);
SimReply get_policy(Org& org, Call& call);
SimReply replace_policy(Org& org, Call& call);
SimReply delete_policy(Org& org, Call& call);
SimReply activate_policy(Org& org, Call& call);
SimReply deactivate_policy(Org& org, Call& call);

SimReply list_policy_mappings(Org& org, Call& call);
SimReply create_policy_mapping(Org& org, Call& call);
SimReply get_policy_mapping(Org& org, Call& call);
SimReply delete_policy_mapping(Org& org, Call& call);
SimReply list_policy_apps(Org& org, Call& call);
SimReply assign_app_policy(Org& org, Call& call);

SimReply list_policy_rules(Org& org, Call& call);
SimReply create_policy_rule(Org& org, Call& call);
SimReply get_policy_rule(Org& org, Call& call);
SimReply replace_policy_rule(Org& org, Call& call);
SimReply delete_policy_rule(Org& org, Call& call);
SimReply activate_policy_rule(Org& org, Call& call);
SimReply deactivate_policy_rule(Org& org, Call& call);

}  // namespace rollcall::sim

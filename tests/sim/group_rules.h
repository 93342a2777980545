// Group rules: kept, evaluated after a delay as Okta does, with the exclusion list that removing a
// rule-made member by hand silently grows (FACTS 6.1).
#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "service/base/clock.h"
#include "tests/sim/directory.h"
#include "tests/sim/reply.h"
#include "tests/sim/rule_condition.h"

namespace rollcall::sim {

struct Org;
struct Call;

enum class RuleStatus : std::uint8_t { inactive, active, invalid };
std::string_view to_string(RuleStatus status);

struct OrgRule {
  std::string id;
  std::string name;
  std::string expression;
  RuleCondition condition;
  std::vector<std::string> group_ids;
  std::vector<std::string> excluded;  // user ids
  WallTime created, last_updated;
  RuleStatus status = RuleStatus::inactive;
  bool exists = true;
};

/// Rules and the evaluations that are still due. A rule's number in Member::rule is its position
/// plus one.
struct RuleBook {
  struct Due {
    std::int64_t at_ms = 0;
    std::optional<UserIndex> user;    // one user against all active rules
    std::optional<std::size_t> rule;  // or one rule over all users
  };
  std::vector<OrgRule> rules;
  std::deque<Due> due;
};

/// Carries out evaluations whose time has come.
void run_due_rules(Org& org, WallTime now);
/// All rules over all users at once, as after loading an org.
void schedule_rule(Org& org, std::size_t rule, WallTime now);
void schedule_user(Org& org, UserIndex user, WallTime now);
/// A rule-made member was removed by hand: Okta excludes the user from that rule from then on.
void exclude_from_rule(Org& org, std::uint32_t rule_number, std::string_view user_id, WallTime now);
/// A group went: rules that target it become INVALID.
void invalidate_rules_of(Org& org, std::string_view group_id, WallTime now);

SimReply list_rules(Org& org, Call& call);
SimReply create_rule(Org& org, Call& call);
SimReply get_rule(Org& org, Call& call);
SimReply replace_rule(Org& org, Call& call);
SimReply delete_rule(Org& org, Call& call);
SimReply activate_rule(Org& org, Call& call);
SimReply deactivate_rule(Org& org, Call& call);
/// The rule that made a membership, as a list.
SimReply list_member_rules(Org& org, Call& call);

}  // namespace rollcall::sim

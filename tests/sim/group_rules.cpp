#include "tests/sim/group_rules.h"

#include <fmt/core.h>

#include <algorithm>

#include "service/base/text.h"
#include "tests/sim/listing.h"
#include "tests/sim/org.h"

namespace rollcall::sim {
namespace {

constexpr std::size_t kMaxExcluded = 100;
constexpr std::size_t kMaxGroups = 100;
constexpr std::size_t kMaxRules = 2000;
constexpr std::size_t kMaxNameLength = 50;

Json texts(const std::vector<std::string>& list) {
  Json out = Json::array();
  for (const std::string& text : list) out.push(Json(text));
  return out;
}

std::vector<std::string> strings(const Json& list) {
  std::vector<std::string> out;
  for (const Json& item : list.items()) out.emplace_back(item.as_string());
  return out;
}

Json object(std::string_view name, Json value) {
  Json out = Json::object();
  out.set(name, std::move(value));
  return out;
}

Json render(const Org& org, const OrgRule& rule) {
  const bool valid =
      std::all_of(rule.group_ids.begin(), rule.group_ids.end(),
                  [&](const std::string& id) { return org.directory.group_by_id(id).has_value(); });
  Json people = Json::object();
  people.set("users", object("exclude", texts(rule.excluded)));
  people.set("groups", object("exclude", Json::array()));
  Json expression = Json::object();
  expression.set("value", rule.expression).set("type", "urn:okta:expression:1.0");
  Json conditions = Json::object();
  conditions.set("people", std::move(people)).set("expression", std::move(expression));
  Json out = Json::object();
  out.set("type", "group_rule").set("id", rule.id).set("status", to_string(rule.status));
  out.set("name", rule.name).set("created", format_okta_time({rule.created.ms / 1000 * 1000}));
  out.set("lastUpdated", format_okta_time({rule.last_updated.ms / 1000 * 1000}));
  out.set("conditions", std::move(conditions));
  out.set("actions", object("assignUserToGroups", object("groupIds", texts(rule.group_ids))));
  out.set("allGroupsValid", valid);
  return out;
}

LogParty rule_party(const OrgRule& rule) { return {rule.id, "GroupRule", "unknown", rule.name}; }

OrgRule* find_rule(Org& org, std::string_view id) {
  const auto found =
      std::find_if(org.rules.rules.begin(), org.rules.rules.end(),
                   [&](const OrgRule& rule) { return rule.exists && rule.id == id; });
  return found == org.rules.rules.end() ? nullptr : &*found;
}

/// Takes name, condition and targets of a body into `rule`; nullopt: they are valid.
std::optional<SimReply> take_rule(const Org& org, const Json& body, OrgRule& rule) {
  const std::string name(body["name"].as_string());
  const Json& value = body["conditions"]["expression"]["value"];
  const auto groups = strings(body["actions"]["assignUserToGroups"]["groupIds"]);
  if (name.empty() || utf8_length(name) > kMaxNameLength) {
    return validation_failed("name", {"name: The field must have 1 to 50 characters"});
  }
  if (groups.empty() || groups.size() > kMaxGroups) {
    return validation_failed("groupIds", {"groupIds: The rule must assign 1 to 100 groups"});
  }
  for (const std::string& id : groups) {
    const auto group = org.directory.group_by_id(id);
    if (!group) return not_found(id, "UserGroup");
    if (org.directory.group(*group).type != GroupType::okta_group) return forbidden();
  }
  auto condition = RuleCondition::compile(value.as_string(), org.schema);
  if (!condition) {
    return validation_failed("conditions.expression.value",
                             {"expression: The condition is not a valid expression"});
  }
  rule.name = name;
  rule.expression = std::string(value.as_string());
  rule.condition = std::move(*condition);
  rule.group_ids = groups;
  rule.excluded = strings(body["conditions"]["people"]["users"]["exclude"]);
  return std::nullopt;
}

bool excluded(const OrgRule& rule, const std::string& user_id) {
  return std::find(rule.excluded.begin(), rule.excluded.end(), user_id) != rule.excluded.end();
}

void apply_rule(Org& org, std::size_t number, UserIndex user, WallTime now) {
  const OrgRule& rule = org.rules.rules[number];
  const OrgUser& subject = org.directory.user(user);
  // Rules are not evaluated again for deactivated users: they keep what they had.
  if (!subject.exists || subject.status == AccountStatus::deprovisioned) return;
  const auto mark = static_cast<std::uint32_t>(number + 1);
  const bool wanted = !excluded(rule, subject.id) && rule.condition.matches(subject.profile);
  for (const std::string& id : rule.group_ids) {
    const auto group = org.directory.group_by_id(id);
    if (!group) continue;
    const Member* member = org.directory.member(*group, user);
    if (wanted && member == nullptr) org.directory.add_member(*group, user, mark, now);
    if (!wanted && member != nullptr && member->rule == mark) {
      org.directory.remove_member(*group, user, now);
    }
  }
}

std::int64_t delay_of(const Org& org) {
  return org.settings.rule_delay_ms < 0 ? org.directory.index_lag_ms() : org.settings.rule_delay_ms;
}

void remove_rule_members(Org& org, std::size_t number, WallTime now) {
  const auto mark = static_cast<std::uint32_t>(number + 1);
  for (const std::string& id : org.rules.rules[number].group_ids) {
    const auto group = org.directory.group_by_id(id);
    if (!group) continue;
    const std::vector<Member> members = org.directory.group(*group).members;
    for (const Member& member : members) {
      if (member.rule == mark) org.directory.remove_member(*group, member.user, now);
    }
  }
}

}  // namespace

std::string_view to_string(RuleStatus status) {
  if (status == RuleStatus::active) return "ACTIVE";
  return status == RuleStatus::invalid ? "INVALID" : "INACTIVE";
}

void run_due_rules(Org& org, WallTime now) {
  auto& book = org.rules;
  while (!book.due.empty() && book.due.front().at_ms <= now.ms) {
    const RuleBook::Due due = book.due.front();
    book.due.pop_front();
    for (std::size_t number = 0; number < book.rules.size(); ++number) {
      const OrgRule& rule = book.rules[number];
      if (!rule.exists || rule.status != RuleStatus::active) continue;
      if (due.user) {
        apply_rule(org, number, *due.user, now);
      } else if (due.rule == number) {
        for (UserIndex user = 0; user < org.directory.user_slots(); ++user) {
          apply_rule(org, number, user, now);
        }
      }
    }
  }
}

void schedule_rule(Org& org, std::size_t rule, WallTime now) {
  org.rules.due.push_back({now.ms + delay_of(org), std::nullopt, rule});
}

void schedule_user(Org& org, UserIndex user, WallTime now) {
  if (org.rules.rules.empty()) return;
  org.rules.due.push_back({now.ms + delay_of(org), user, std::nullopt});
}

void exclude_from_rule(Org& org, std::uint32_t rule_number, std::string_view user_id,
                       WallTime now) {
  OrgRule& rule = org.rules.rules[rule_number - 1];
  if (rule.excluded.size() >= kMaxExcluded) return;
  rule.excluded.emplace_back(user_id);
  const auto user = org.directory.user_by_id(user_id);
  if (!user) return;
  log_event(org, now, "group.user_membership.rule.add_exclusion",
            {user_party(org, *user), rule_party(rule)});
}

void invalidate_rules_of(Org& org, std::string_view group_id, WallTime now) {
  for (OrgRule& rule : org.rules.rules) {
    const auto& ids = rule.group_ids;
    if (!rule.exists || std::find(ids.begin(), ids.end(), group_id) == ids.end()) continue;
    rule.status = RuleStatus::invalid;
    log_event(org, now, "group.user_membership.rule.invalidate", {rule_party(rule)});
  }
}

SimReply list_rules(Org& org, Call& call) {
  const PageRequest page = page_request(call, 50, 200);
  std::size_t start = 0;
  if (page.after) {
    const auto& rules = org.rules.rules;
    const auto at = std::find_if(rules.begin(), rules.end(),
                                 [&](const OrgRule& rule) { return rule.id == *page.after; });
    if (at == rules.end()) return invalid_cursor();
    start = static_cast<std::size_t>(at - rules.begin()) + 1;
  }
  PageBody body(page);
  for (std::size_t i = start; i < org.rules.rules.size() && !body.full(); ++i) {
    const OrgRule& rule = org.rules.rules[i];
    if (rule.exists) body.add(rule.id, [&](std::string& out) { out += render(org, rule).dump(); });
  }
  return body.finish(call);
}

SimReply create_rule(Org& org, Call& call) {
  if (!call.body_ok || !call.body.is_object()) return malformed_body();
  if (org.rules.rules.size() >= kMaxRules) {
    return validation_failed("rule", {"The maximum number of group rules has been reached"});
  }
  OrgRule rule;
  if (auto refused = take_rule(org, call.body, rule)) return std::move(*refused);
  rule.id = org.ids.object("0pr");
  rule.created = rule.last_updated = call.now;
  call.result_ids.push_back(rule.id);
  org.rules.rules.push_back(std::move(rule));
  log_event(org, call.now, "policy.rule.add", {rule_party(org.rules.rules.back())});
  return json_reply(200, render(org, org.rules.rules.back()));
}

SimReply get_rule(Org& org, Call& call) {
  const OrgRule* rule = find_rule(org, call.path_ids[0]);
  if (rule == nullptr) return not_found(call.path_ids[0], "GroupRule");
  return json_reply(200, render(org, *rule));
}

SimReply replace_rule(Org& org, Call& call) {
  OrgRule* rule = find_rule(org, call.path_ids[0]);
  if (rule == nullptr) return not_found(call.path_ids[0], "GroupRule");
  if (!call.body_ok || !call.body.is_object()) return malformed_body();
  if (rule->status == RuleStatus::active) {
    return validation_failed("rule", {"Rule must be inactive to be updated"});
  }
  if (auto refused = take_rule(org, call.body, *rule)) return std::move(*refused);
  rule->status = RuleStatus::inactive;
  rule->last_updated = call.now;
  call.result_ids.push_back(rule->id);
  log_event(org, call.now, "policy.rule.update", {rule_party(*rule)});
  return json_reply(200, render(org, *rule));
}

SimReply delete_rule(Org& org, Call& call) {
  OrgRule* rule = find_rule(org, call.path_ids[0]);
  if (rule == nullptr) return not_found(call.path_ids[0], "GroupRule");
  if (rule->status == RuleStatus::active) {
    return validation_failed("rule", {"Rule must be inactive to be deleted"});
  }
  const auto number = static_cast<std::size_t>(rule - org.rules.rules.data());
  if (call.flag("removeUsers", false)) remove_rule_members(org, number, call.now);
  rule->exists = false;
  log_event(org, call.now, "policy.rule.delete", {rule_party(*rule)});
  call.result_ids.push_back(rule->id);
  return json_reply(202, Json::object());
}

SimReply activate_rule(Org& org, Call& call) {
  OrgRule* rule = find_rule(org, call.path_ids[0]);
  if (rule == nullptr) return not_found(call.path_ids[0], "GroupRule");
  rule->status = RuleStatus::active;
  schedule_rule(org, static_cast<std::size_t>(rule - org.rules.rules.data()), call.now);
  log_event(org, call.now, "group.user_membership.rule.trigger", {rule_party(*rule)});
  call.result_ids.push_back(rule->id);
  return no_content();
}

SimReply deactivate_rule(Org& org, Call& call) {
  OrgRule* rule = find_rule(org, call.path_ids[0]);
  if (rule == nullptr) return not_found(call.path_ids[0], "GroupRule");
  rule->status = RuleStatus::inactive;
  log_event(org, call.now, "group.user_membership.rule.deactivated", {rule_party(*rule)});
  call.result_ids.push_back(rule->id);
  return no_content();
}

SimReply list_member_rules(Org& org, Call& call) {
  const auto group = org.directory.group_by_id(call.path_ids[0]);
  if (!group) return not_found(call.path_ids[0], "UserGroup");
  const auto user = org.directory.user_by_id(call.path_ids[1]);
  if (!user) return not_found(call.path_ids[1], "User");
  const Member* member = org.directory.member(*group, *user);
  Json list = Json::array();
  if (member != nullptr && member->rule != 0 && org.rules.rules[member->rule - 1].exists) {
    list.push(render(org, org.rules.rules[member->rule - 1]));
  }
  return json_reply(200, list);
}

}  // namespace rollcall::sim

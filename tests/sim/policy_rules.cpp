// Rules of policies: their defaults, their order, and the last one, which stays.
#include <fmt/core.h>

#include <utility>

#include "service/base/text.h"
#include "tests/sim/policies.h"
#include "tests/sim/policy_parts.h"

namespace rollcall::sim {
namespace {

Json rule_text(std::string_view text) {
  const auto json = parse_json(text);
  return json ? *json : Json::object();
}

std::string_view rule_type(std::string_view policy_type) {
  return policy_type == "OKTA_SIGN_ON" ? "SIGN_ON" : policy_type;
}

std::int64_t rule_priority(const OrgPolicy& policy, const PolicyRule& rule) {
  if (rule.system && policy.type == "ACCESS_POLICY") return 99;
  return (&rule - policy.rules.data()) + first_rule_priority(policy.type);
}

Json policy_rule_json(const Call& call, const OrgPolicy& policy, const PolicyRule& rule) {
  const std::string self =
      fmt::format("{}/api/v1/policies/{}/rules/{}", call.base_url, policy.id, rule.id);
  Json links = Json::object();
  if (rule.system) {
    links.set("self", href_with(self, {"GET", "PUT"}));
  } else {
    links.set("self", href_with(self, {"GET", "PUT", "DELETE"}));
    const std::string change = rule.active ? "deactivate" : "activate";
    links.set(change, href_with(self + "/lifecycle/" + change, {"POST"}));
  }
  Json out = Json::object();
  out.set("id", rule.id).set("status", rule.active ? "ACTIVE" : "INACTIVE");
  out.set("name", rule.name).set("priority", rule_priority(policy, rule));
  out.set("created", okta_second(rule.created));
  out.set("lastUpdated", okta_second(rule.last_updated)).set("system", rule.system);
  out.set("conditions", rule.conditions).set("actions", rule.actions);
  out.set("_links", std::move(links)).set("type", rule_type(policy.type));
  return out;
}

/// Policy and rule of the path, or the refusal.
struct RuleTarget {
  OrgPolicy* policy = nullptr;
  PolicyRule* rule = nullptr;
  std::optional<SimReply> refused;
};

RuleTarget rule_target(Org& org, const Call& call) {
  RuleTarget target;
  target.policy = find_policy(org, call.path_ids[0]);
  if (target.policy == nullptr) {
    target.refused = not_found(call.path_ids[0], "Policy");
    return target;
  }
  if (call.path_ids.size() < 2) return target;
  for (PolicyRule& rule : target.policy->rules) {
    if (rule.id == call.path_ids[1]) target.rule = &rule;
  }
  if (target.rule == nullptr) target.refused = not_found(call.path_ids[1], "PolicyRule");
  return target;
}

std::optional<SimReply> take_policy_rule(const Json& body, const OrgPolicy& policy,
                                         PolicyRule& rule) {
  const std::string_view name = body["name"].as_string();
  if (name.empty()) return validation_failed("name", {"name: The field cannot be left blank"});
  const std::string_view type = body["type"].as_string(rule_type(policy.type));
  if (type != rule_type(policy.type)) {
    return validation_failed("type", {"type: The rule does not fit the policy"});
  }
  for (const PolicyRule& other : policy.rules) {
    if (other.name == name && other.id != rule.id) {
      return validation_failed("name", {"name: Policy rule name already in use"});
    }
  }
  for (const auto& [part, standard] :
       {std::pair{"conditions", default_rule_conditions(policy.type)},
        {"actions", default_rule_actions(policy.type)}}) {
    const Json& sent = body[part];
    if (!sent.is_null() && !sent.is_object()) {
      return validation_failed(part, {fmt::format("{}: The field has an invalid value", part)});
    }
    if (auto refused = refuse_kinds(standard, sent, part)) return refused;
  }
  const Json& priority = body["priority"];
  if (!priority.is_null() && !priority.is_int()) {
    return validation_failed("priority", {"priority: The field must be a whole number"});
  }
  rule.name = std::string(name);
  rule.conditions = default_rule_conditions(policy.type);
  if (body["conditions"].is_object()) {
    if (rule.conditions.is_null()) rule.conditions = Json::object();
    merge_sent(rule.conditions, body["conditions"]);
  }
  rule.actions = default_rule_actions(policy.type);
  merge_sent(rule.actions, body["actions"]);
  return std::nullopt;
}

void log_rule(Org& org, const Call& call, std::string_view type, const RuleTarget& target) {
  log_event(org, call.now, type,
            {{target.rule->id, "PolicyRule", "unknown", target.rule->name},
             {target.policy->id, "PolicyEntity", "unknown", target.policy->name}});
}

SimReply set_rule_active(Org& org, Call& call, bool active) {
  RuleTarget target = rule_target(org, call);
  if (target.refused) return std::move(*target.refused);
  if (target.rule->system) return policy_protected();
  target.rule->active = active;
  target.rule->last_updated = call.now;
  call.result_ids = {target.policy->id, target.rule->id};
  log_rule(org, call, active ? "policy.rule.activate" : "policy.rule.deactivate", target);
  return no_content();
}

std::size_t place_of(const Json& priority, std::string_view policy_type, std::size_t otherwise) {
  if (!priority.is_int()) return otherwise;
  const std::int64_t first = first_rule_priority(policy_type);
  return static_cast<std::size_t>(std::max(priority.as_int(), first) - first);
}

}  // namespace

std::int64_t first_rule_priority(std::string_view policy_type) {
  return policy_type == "ACCESS_POLICY" ? 0 : 1;
}

Json default_rule_conditions(std::string_view policy_type) {
  if (policy_type == "ACCESS_POLICY") return {};
  if (policy_type != "OKTA_SIGN_ON") {
    return rule_text(R"({"people":{"users":{"exclude":[]}},"network":{"connection":"ANYWHERE"}})");
  }
  return rule_text(R"({"people":{"users":{"exclude":[]}},"network":{"connection":"ANYWHERE"},
    "authContext":{"authType":"ANY"},"risk":{"behaviors":[]},"riskScore":{"level":"ANY"},
    "identityProvider":{"provider":"ANY"}})");
}

Json default_rule_actions(std::string_view policy_type) {
  if (policy_type == "OKTA_SIGN_ON") {
    return rule_text(R"({"signon":{"access":"ALLOW","requireFactor":false,
      "primaryFactor":"PASSWORD_IDP_ANY_FACTOR","rememberDeviceByDefault":false,
      "session":{"usePersistentCookie":false,"maxSessionIdleMinutes":120,
      "maxSessionLifetimeMinutes":0}}})");
  }
  if (policy_type == "PASSWORD") {
    return rule_text(R"({"passwordChange":{"access":"ALLOW"},
      "selfServicePasswordReset":{"access":"ALLOW"},"selfServiceUnlock":{"access":"DENY"}})");
  }
  if (policy_type == "MFA_ENROLL") return rule_text(R"({"enroll":{"self":"CHALLENGE"}})");
  return rule_text(R"({"appSignOn":{"access":"ALLOW","verificationMethod":{"factorMode":"1FA",
    "type":"ASSURANCE","reauthenticateIn":"PT2H"}}})");
}

SimReply list_policy_rules(Org& org, Call& call) {
  RuleTarget target = rule_target(org, call);
  if (target.refused) return std::move(*target.refused);
  Json list = Json::array();
  for (const PolicyRule& rule : target.policy->rules) {
    list.push(policy_rule_json(call, *target.policy, rule));
  }
  return json_reply(200, list);
}

SimReply create_policy_rule(Org& org, Call& call) {
  RuleTarget target = rule_target(org, call);
  if (target.refused) return std::move(*target.refused);
  if (!call.body_ok || !call.body.is_object()) return malformed_body();
  PolicyRule rule;
  if (auto refused = take_policy_rule(call.body, *target.policy, rule)) return std::move(*refused);
  rule.id = org.ids.object("0pr");
  rule.active = call.flag("activate", true) && call.body["status"].as_string() != "INACTIVE";
  rule.created = rule.last_updated = call.now;
  auto& rules = target.policy->rules;
  rules.push_back(std::move(rule));
  const std::size_t at = place_part(
      rules, rules.size() - 1, place_of(call.body["priority"], target.policy->type, rules.size()));
  target.rule = &rules[at];
  call.result_ids = {target.policy->id, target.rule->id};
  log_rule(org, call, "policy.rule.add", target);
  return json_reply(200, policy_rule_json(call, *target.policy, *target.rule));
}

SimReply get_policy_rule(Org& org, Call& call) {
  RuleTarget target = rule_target(org, call);
  if (target.refused) return std::move(*target.refused);
  return json_reply(200, policy_rule_json(call, *target.policy, *target.rule));
}

SimReply replace_policy_rule(Org& org, Call& call) {
  RuleTarget target = rule_target(org, call);
  if (target.refused) return std::move(*target.refused);
  if (!call.body_ok || !call.body.is_object()) return malformed_body();
  PolicyRule changed = *target.rule;
  if (auto refused = take_policy_rule(call.body, *target.policy, changed)) {
    return std::move(*refused);
  }
  if (changed.system && !(changed.conditions == target.rule->conditions)) {
    return policy_read_only("conditions");
  }
  changed.last_updated = call.now;
  *target.rule = std::move(changed);
  auto& rules = target.policy->rules;
  const auto from = static_cast<std::size_t>(target.rule - rules.data());
  if (!target.rule->system) {
    target.rule =
        &rules[place_part(rules, from, place_of(call.body["priority"], target.policy->type, from))];
  }
  call.result_ids = {target.policy->id, target.rule->id};
  log_rule(org, call, "policy.rule.update", target);
  return json_reply(200, policy_rule_json(call, *target.policy, *target.rule));
}

SimReply delete_policy_rule(Org& org, Call& call) {
  RuleTarget target = rule_target(org, call);
  if (target.refused) return std::move(*target.refused);
  if (target.rule->system) return policy_protected();
  call.result_ids = {target.policy->id, target.rule->id};
  log_rule(org, call, "policy.rule.delete", target);
  auto& rules = target.policy->rules;
  rules.erase(rules.begin() + (target.rule - rules.data()));
  return no_content();
}

SimReply activate_policy_rule(Org& org, Call& call) { return set_rule_active(org, call, true); }

SimReply deactivate_policy_rule(Org& org, Call& call) { return set_rule_active(org, call, false); }

}  // namespace rollcall::sim

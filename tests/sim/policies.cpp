#include "tests/sim/policies.h"

#include <fmt/core.h>

#include <array>
#include <utility>

#include "service/base/digest.h"
#include "service/base/text.h"
#include "tests/sim/policy_parts.h"

namespace rollcall::sim {
namespace {

constexpr std::array<std::string_view, 4> kServedTypes{"OKTA_SIGN_ON", "PASSWORD", "MFA_ENROLL",
                                                       "ACCESS_POLICY"};
/// Types whose policies are only listed, as an org without any would.
constexpr std::array<std::string_view, 8> kOtherTypes{
    "IDP_DISCOVERY", "PROFILE_ENROLLMENT",       "POST_AUTH_SESSION",
    "ENTITY_RISK",   "DEVICE_SIGNAL_COLLECTION", "SESSION_VIOLATION_DETECTION",
    "CLIENT_UPDATE", "IDENTITY_CLAIM_SOURCING"};

template <class List>
bool names(const List& list, std::string_view text) {
  return std::find(list.begin(), list.end(), text) != list.end();
}

Json parsed(std::string_view text) {
  const auto json = parse_json(text);
  return json ? *json : Json::object();
}

/// What a password policy says where its body is silent (FACTS 8.3).
Json default_password_settings() {
  return parsed(R"({"password":{"complexity":{"minLength":8,"minLowerCase":1,"minUpperCase":1,
    "minNumber":1,"minSymbol":0,"excludeUsername":true,"dictionary":{"common":{"exclude":false}},
    "excludeAttributes":[]},"age":{"maxAgeDays":0,"expireWarnDays":0,"minAgeMinutes":0,
    "historyCount":0},"lockout":{"maxAttempts":10,"autoUnlockMinutes":0,
    "userLockoutNotificationChannels":[],"showLockoutFailures":false}},
    "recovery":{"factors":{"recovery_question":{"status":"ACTIVE","properties":{"complexity":
    {"minLength":4}}},"okta_email":{"status":"ACTIVE","properties":{"recoveryToken":
    {"tokenLifetimeMinutes":60}}},"okta_sms":{"status":"INACTIVE"},
    "okta_call":{"status":"INACTIVE"}}},"delegation":{"options":{"skipUnlock":false}}})");
}

Json breached_protection() {
  return parsed(R"({"expireAfterDays":null,"logoutEnabled":false,"delegatedWorkflowId":null})");
}

Json group_conditions(const Json& ids) {
  return object_of("people", object_of("groups", object_of("include", ids)));
}

/// Its number among the policies of its type, from 1.
std::int64_t priority_of(const Org& org, const OrgPolicy& policy) {
  std::int64_t priority = 0;
  for (const OrgPolicy& other : org.policies) {
    if (other.type == policy.type) ++priority;
    if (&other == &policy) break;
  }
  return priority;
}

Json policy_json(const Org& org, const Call& call, const OrgPolicy& policy) {
  const std::string self = fmt::format("{}/api/v1/policies/{}", call.base_url, policy.id);
  Json links = Json::object();
  if (policy.system) {
    links.set("self", href_with(self, {"GET", "PUT"}));
  } else {
    links.set("mappings", href_with(self + "/mappings", {"GET", "POST"}));
    links.set("self", href_with(self, {"GET", "PUT", "DELETE"}));
    const std::string change = policy.active ? "deactivate" : "activate";
    links.set(change, href_with(self + "/lifecycle/" + change, {"POST"}));
  }
  links.set("rules", href_with(self + "/rules", {"GET", "POST"}));
  Json out = Json::object();
  out.set("id", policy.id).set("status", policy.active ? "ACTIVE" : "INACTIVE");
  out.set("name", policy.name).set("description", policy.description);
  out.set("priority", priority_of(org, policy)).set("system", policy.system);
  out.set("conditions", policy.conditions).set("created", okta_second(policy.created));
  out.set("lastUpdated", okta_second(policy.last_updated));
  if (!policy.settings.is_null()) out.set("settings", policy.settings);
  out.set("_links", std::move(links)).set("type", policy.type);
  return out;
}

std::optional<SimReply> refuse_groups(const Org& org, const Json& ids) {
  for (const Json& id : ids.items()) {
    if (!org.directory.group_by_id(id.as_string())) {
      return validation_failed("conditions", {fmt::format("Invalid group id: {}", id.as_string())});
    }
  }
  return std::nullopt;
}

/// Takes name, description, conditions and settings of a body; nullopt: they are valid.
std::optional<SimReply> take_policy(const Org& org, const Json& body, OrgPolicy& policy) {
  const std::string_view name = body["name"].as_string();
  if (name.empty()) return validation_failed("name", {"name: The field cannot be left blank"});
  for (const OrgPolicy& other : org.policies) {
    if (other.type == policy.type && other.name == name && other.id != policy.id) {
      return validation_failed("name", {"name: Policy name already in use"});
    }
  }
  const Json& groups = body["conditions"]["people"]["groups"]["include"];
  const Json settings = policy.type == "PASSWORD" ? default_password_settings() : Json::object();
  for (const auto& [part, standard] : {std::pair{"conditions", group_conditions(Json::array())},
                                       {"settings", settings},
                                       {"priority", Json(0)}}) {
    if (auto refused = refuse_kinds(standard, body[part], part)) return refused;
  }
  if (auto refused = refuse_groups(org, groups)) return refused;
  policy.name = std::string(name);
  policy.description = std::string(body["description"].as_string());
  if (policy.type == "ACCESS_POLICY") {
    policy.conditions = Json();
  } else {
    // Without groups a policy is for Everyone.
    policy.conditions = body["conditions"].is_object() ? body["conditions"] : Json::object();
    if (groups.items().empty()) {
      const std::string& everyone = org.directory.group(org.everyone).id;
      merge_into(policy.conditions, group_conditions(Json(Json::Array{Json(everyone)})));
    }
    if (policy.type == "PASSWORD" && !policy.conditions.has("authProvider")) {
      policy.conditions.set("authProvider", object_of("provider", "OKTA"));
    }
  }
  if (policy.type == "PASSWORD") {
    policy.settings = default_password_settings();
    policy.settings.at("password").set("breachedProtection", breached_protection());
    merge_sent(policy.settings, body["settings"]);
  } else if (policy.type == "MFA_ENROLL") {
    policy.settings =
        body["settings"].is_object() ? body["settings"] : object_of("factors", Json::object());
  }
  return std::nullopt;
}

/// Puts the policy at `id` where its priority of 1 and more wants it, within its type.
void move_policy(Org& org, std::string_view id, std::int64_t priority) {
  const std::string type = find_policy(org, id)->type;
  PolicyBook same, others;
  for (OrgPolicy& policy : org.policies) {
    (policy.type == type ? same : others).push_back(std::move(policy));
  }
  const auto at = std::find_if(same.begin(), same.end(),
                               [&](const OrgPolicy& policy) { return policy.id == id; });
  place_part(same, static_cast<std::size_t>(at - same.begin()),
             static_cast<std::size_t>(std::max<std::int64_t>(priority, 1) - 1));
  org.policies = std::move(others);
  for (OrgPolicy& policy : same) org.policies.push_back(std::move(policy));
}

void log_policy(Org& org, const Call& call, std::string_view type, const OrgPolicy& policy) {
  log_event(org, call.now, type, {{policy.id, "PolicyEntity", "unknown", policy.name}});
}

bool policy_is_for(const Org& org, const OrgPolicy& policy, UserIndex user) {
  for (const Json& id : policy.conditions["people"]["groups"]["include"].items()) {
    const auto group = org.directory.group_by_id(id.as_string());
    if (group && org.directory.is_member(*group, user)) return true;
  }
  return false;
}

SimReply set_policy_active(Org& org, Call& call, bool active) {
  OrgPolicy* policy = find_policy(org, call.path_ids[0]);
  if (policy == nullptr) return not_found(call.path_ids[0], "Policy");
  if (policy->system) return policy_protected();
  policy->active = active;
  policy->last_updated = call.now;
  call.result_ids.push_back(policy->id);
  log_policy(org, call, active ? "policy.lifecycle.activate" : "policy.lifecycle.deactivate",
             *policy);
  return no_content();
}

bool same_kind(const Json& standard, const Json& sent) {
  constexpr std::int64_t kMost = 2'147'483'647;
  if (standard.is_int()) return sent.is_int() && sent.as_int() >= 0 && sent.as_int() <= kMost;
  return standard.is_bool() == sent.is_bool() && standard.is_string() == sent.is_string() &&
         standard.is_array() == sent.is_array() && standard.is_object() == sent.is_object();
}

}  // namespace

std::optional<SimReply> refuse_kinds(const Json& standard, const Json& sent,
                                     std::string_view name) {
  if (standard.is_null() || sent.is_null()) return std::nullopt;
  const std::string_view access = sent.as_string();
  const bool unknown = name == "access" && access != "ALLOW" && access != "DENY";
  if (!same_kind(standard, sent) || unknown) {
    return validation_failed(name, {fmt::format("{}: The field has an invalid value", name)});
  }
  for (const auto& [member, value] : sent.members()) {
    if (auto refused = refuse_kinds(standard[member], value, member)) return refused;
  }
  return std::nullopt;
}

OrgPolicy* find_policy(Org& org, std::string_view id) {
  const auto found = std::find_if(org.policies.begin(), org.policies.end(),
                                  [&](const OrgPolicy& policy) { return policy.id == id; });
  return found == org.policies.end() ? nullptr : &*found;
}

void add_default_policies(Org& org, WallTime now) {
  // A source of their own: the ids of everything else stay what they were.
  IdSource ids(fast_hash(org.org_id + " policies"));
  const Json everyone(Json::Array{Json(org.directory.group(org.everyone).id)});
  for (const std::string_view type : kServedTypes) {
    OrgPolicy policy;
    policy.id = ids.object(type == "ACCESS_POLICY" ? "rst" : "00p");
    policy.type = std::string(type);
    policy.name = "Default Policy";
    policy.description = "The default policy applies where no other policy does.";
    policy.system = true;
    policy.created = policy.last_updated = now;
    if (type != "ACCESS_POLICY") policy.conditions = group_conditions(everyone);
    if (type == "PASSWORD") {
      policy.conditions.set("authProvider", object_of("provider", "OKTA"));
      policy.settings = default_password_settings();
    }
    if (type == "MFA_ENROLL") policy.settings = object_of("factors", Json::object());
    PolicyRule rule;
    rule.id = ids.object("0pr");
    rule.name = type == "ACCESS_POLICY" ? "Catch-all Rule" : "Default Rule";
    rule.system = true;
    rule.created = rule.last_updated = now;
    rule.conditions = default_rule_conditions(type);
    rule.actions = default_rule_actions(type);
    policy.rules.push_back(std::move(rule));
    org.policies.push_back(std::move(policy));
  }
}

Json password_settings_of(const Org& org, UserIndex user) {
  for (const OrgPolicy& policy : org.policies) {
    if (policy.type == "PASSWORD" && policy.active && policy_is_for(org, policy, user)) {
      return policy.settings;
    }
  }
  return default_password_settings();
}

bool password_rule_allows(const Org& org, UserIndex user, std::string_view what) {
  for (const OrgPolicy& policy : org.policies) {
    if (policy.type != "PASSWORD" || !policy.active || !policy_is_for(org, policy, user)) continue;
    for (const PolicyRule& rule : policy.rules) {
      if (rule.active) return rule.actions[what]["access"].as_string() == "ALLOW";
    }
  }
  return false;
}

SignOnVerdict sign_on_verdict(const Org& org, UserIndex user) {
  const std::string& id = org.directory.user(user).id;
  for (const OrgPolicy& policy : org.policies) {
    if (policy.type != "OKTA_SIGN_ON" || !policy.active || !policy_is_for(org, policy, user)) {
      continue;
    }
    for (const PolicyRule& rule : policy.rules) {
      const auto& excluded = rule.conditions["people"]["users"]["exclude"].items();
      const bool out = std::any_of(excluded.begin(), excluded.end(),
                                   [&](const Json& one) { return one.as_string() == id; });
      if (!rule.active || out) continue;
      const Json& signon = rule.actions["signon"];
      if (signon["access"].as_string() == "DENY") return SignOnVerdict::deny;
      return signon["requireFactor"].as_bool() ? SignOnVerdict::factor : SignOnVerdict::allow;
    }
  }
  return SignOnVerdict::allow;
}

SimReply list_policies(Org& org, Call& call) {
  const std::string_view type = call.param("type");
  if (type.empty()) {
    return error_reply(400, "E0000028", "The request is missing a required parameter.");
  }
  if (!names(kServedTypes, type) && !names(kOtherTypes, type)) {
    return validation_failed("type", {"type: There is no such type of policy"});
  }
  const std::string_view status = call.param("status");
  Json list = Json::array();
  for (const OrgPolicy& policy : org.policies) {
    if (policy.type != type) continue;
    if (!status.empty() && status != (policy.active ? "ACTIVE" : "INACTIVE")) continue;
    list.push(policy_json(org, call, policy));
  }
  SimReply reply = json_reply(200, list);
  const std::string& target = call.request.target;
  reply.headers.emplace_back("Link", fmt::format("<{}{}>; rel=\"self\"", call.base_url, target));
  return reply;
}

SimReply create_policy(Org& org, Call& call) {
  if (!call.body_ok || !call.body.is_object()) return malformed_body();
  OrgPolicy policy;
  policy.type = std::string(call.body["type"].as_string());
  if (!names(kServedTypes, policy.type)) {
    return validation_failed("type", {"type: Policies of this type cannot be created"});
  }
  if (auto refused = take_policy(org, call.body, policy)) return std::move(*refused);
  policy.id = org.ids.object(policy.type == "ACCESS_POLICY" ? "rst" : "00p");
  policy.active = call.flag("activate", true) && call.body["status"].as_string() != "INACTIVE";
  policy.created = policy.last_updated = call.now;
  if (policy.type == "ACCESS_POLICY") {  // these come with a rule for everything else
    PolicyRule rule;
    rule.id = org.ids.object("0pr");
    rule.name = "Catch-all Rule";
    rule.system = true;
    rule.created = rule.last_updated = call.now;
    rule.actions = default_rule_actions(policy.type);
    policy.rules.push_back(std::move(rule));
  }
  const std::string id = policy.id;
  org.policies.push_back(std::move(policy));
  move_policy(org, id, call.body["priority"].as_int(1'000'000));
  call.result_ids.push_back(id);
  const OrgPolicy& made = *find_policy(org, id);
  log_policy(org, call, "policy.lifecycle.create", made);
  return json_reply(200, policy_json(org, call, made));
}

SimReply get_policy(Org& org, Call& call) {
  const OrgPolicy* policy = find_policy(org, call.path_ids[0]);
  if (policy == nullptr) return not_found(call.path_ids[0], "Policy");
  return json_reply(200, policy_json(org, call, *policy));
}

SimReply replace_policy(Org& org, Call& call) {
  OrgPolicy* policy = find_policy(org, call.path_ids[0]);
  if (policy == nullptr) return not_found(call.path_ids[0], "Policy");
  if (!call.body_ok || !call.body.is_object()) return malformed_body();
  if (call.body["type"].as_string() != policy->type) {
    return validation_failed("type", {"type: The type of a policy cannot be changed"});
  }
  const std::int64_t now_at = priority_of(org, *policy);
  const std::int64_t wanted = call.body["priority"].as_int(now_at);
  if (policy->system && wanted != now_at) return policy_read_only("priority");
  if (policy->system && call.body["name"].as_string() != policy->name) {
    return policy_read_only("name");
  }
  OrgPolicy changed = *policy;
  if (auto refused = take_policy(org, call.body, changed)) return std::move(*refused);
  if (policy->system) changed.conditions = policy->conditions;
  changed.last_updated = call.now;
  *policy = std::move(changed);
  const std::string id = policy->id;
  if (wanted != now_at) move_policy(org, id, wanted);
  call.result_ids.push_back(id);
  const OrgPolicy& made = *find_policy(org, id);
  log_policy(org, call, "policy.lifecycle.update", made);
  return json_reply(200, policy_json(org, call, made));
}

SimReply delete_policy(Org& org, Call& call) {
  const OrgPolicy* policy = find_policy(org, call.path_ids[0]);
  if (policy == nullptr) return not_found(call.path_ids[0], "Policy");
  if (policy->system) return policy_protected();
  call.result_ids.push_back(policy->id);
  log_policy(org, call, "policy.lifecycle.delete", *policy);
  org.policies.erase(org.policies.begin() + (policy - org.policies.data()));
  return no_content();
}

SimReply activate_policy(Org& org, Call& call) { return set_policy_active(org, call, true); }

SimReply deactivate_policy(Org& org, Call& call) { return set_policy_active(org, call, false); }

}  // namespace rollcall::sim

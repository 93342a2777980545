// The org written out.
#include <fmt/core.h>

#include <algorithm>

#include "tests/sim/org_file.h"
#include "tests/sim/org_sections.h"
#include "tests/sim/packed_json.h"

namespace rollcall::sim {
namespace {

Json time_json(WallTime t) { return t.ms == 0 ? Json() : Json(format_rfc3339(t)); }

void append_user(std::string& out, const Org& org, UserIndex index) {
  const OrgUser& user = org.directory.user(index);
  Json json = Json::object();
  json.set("id", user.id).set("status", to_string(user.status));
  json.set("created", time_json(user.created)).set("activated", time_json(user.activated));
  json.set("statusChanged", time_json(user.status_changed));
  json.set("lastLogin", time_json(user.last_login));
  json.set("lastUpdated", time_json(user.last_updated));
  json.set("passwordChanged", time_json(user.password_changed));
  json.set("provider", to_string(user.provider)).set("password", user.has_password);
  if (!user.recovery_question.empty()) json.set("recovery_question", user.recovery_question);
  if (user.profile_sourced) json.set("profile_sourced", true);
  if (user.activating_until.ms != 0) json.set("activatingUntil", time_json(user.activating_until));
  for (const auto& [name, keys] : {std::pair{"password_key", &org.sign_ins.passwords},
                                   std::pair{"answer_key", &org.sign_ins.answers}}) {
    const auto key = keys->find(index);
    if (key != keys->end()) json.set(name, fmt::format("{:x}", key->second));
  }
  std::string text = json.dump();
  text.pop_back();
  out += text + ",\"profile\":" + user.profile + "}";
}

/// A member names its rule by number, and only rules that exist are written.
std::vector<std::uint32_t> rule_numbers(const Org& org) {
  std::vector<std::uint32_t> numbers(org.rules.rules.size() + 1, 0);
  std::uint32_t next = 0;
  for (std::size_t i = 0; i < org.rules.rules.size(); ++i) {
    if (org.rules.rules[i].exists) numbers[i + 1] = ++next;
  }
  return numbers;
}

Json group_json(const Directory& directory, const OrgGroup& group,
                const std::vector<std::uint32_t>& rules) {
  const auto profile = parse_json(group.profile);
  Json json = Json::object();
  json.set("id", group.id).set("type", to_string(group.type)).set("name", group.name);
  json.set("description", profile ? (*profile)["description"] : Json());
  json.set("profile", profile ? *profile : Json::object());
  json.set("created", time_json(group.created));
  json.set("lastUpdated", time_json(group.last_updated));
  json.set("lastMembershipUpdated", time_json(group.last_membership_updated));
  Json members = Json::array();
  for (const Member& member : group.members) {
    const std::string& id = directory.user(member.user).id;
    const std::uint32_t rule = rules[member.rule];
    if (rule == 0) {
      members.push(Json(id));
    } else {
      members.push(Json(Json::Object{{"id", Json(id)}, {"rule", Json(rule)}}));
    }
  }
  json.set("members", std::move(members));
  return json;
}

Json rule_json(const OrgRule& rule) {
  Json json = Json::object();
  json.set("id", rule.id).set("name", rule.name).set("status", to_string(rule.status));
  json.set("expression", rule.expression);
  Json groups = Json::array();
  for (const std::string& id : rule.group_ids) groups.push(Json(id));
  Json excluded = Json::array();
  for (const std::string& id : rule.excluded) excluded.push(Json(id));
  json.set("groups", std::move(groups)).set("exclude", std::move(excluded));
  json.set("created", time_json(rule.created));
  json.set("lastUpdated", time_json(rule.last_updated));
  return json;
}

Json app_file_json(const Org& org, const OrgApp& app) {
  Json json = Json::object();
  json.set("id", app.id).set("name", app.name).set("signOnMode", app.sign_on_mode);
  json.set("status", app.active ? "ACTIVE" : "INACTIVE");
  if (!app.access_policy.empty()) json.set("access_policy", app.access_policy);
  json.set("created", time_json(app.created)).set("lastUpdated", time_json(app.last_updated));
  for (const auto& [name, value] : app.body.members()) json.set(name, value);
  Json groups = Json::array();
  for (const AppGroup& held : app.groups) {
    Json item = Json::object();
    item.set("id", org.directory.group(held.group).id).set("priority", held.priority);
    item.set("profile", held.profile).set("lastUpdated", time_json(held.last_updated));
    groups.push(std::move(item));
  }
  Json users = Json::array();
  for (const AppUser& held : app.users) {
    if (!held.exists) continue;
    Json item = Json::object();
    item.set("id", org.directory.user(held.user).id).set("record", held.record);
    item.set("scope", held.direct ? "USER" : "GROUP").set("userName", held.user_name);
    item.set("profile", held.profile).set("created", time_json(held.created));
    item.set("lastUpdated", time_json(held.last_updated));
    item.set("statusChanged", time_json(held.status_changed));
    if (held.password_changed.ms != 0) {
      item.set("passwordChanged", time_json(held.password_changed));
    }
    users.push(std::move(item));
  }
  json.set("groups", std::move(groups)).set("users", std::move(users));
  return json;
}

template <class List, class Each>
void append_list(std::string& out, std::string_view name, const List& list, Each each) {
  out += ",\n\"" + std::string(name) + "\":[";
  bool first = true;
  for (const auto& item : list) {
    const std::string text = each(item);
    if (text.empty()) continue;
    out += first ? "\n" : ",\n";
    first = false;
    out += text;
  }
  out += "]";
}

std::string head(const Org& org) {
  Json about = Json::object();
  about.set("id", org.org_id).set("name", org.company_name).set("type_id", org.type_id);
  about.set("created", time_json(org.created)).set("realm_id", org.settings.realm_id);
  about.set("edit_deprovisioned", org.settings.edit_deprovisioned);
  about.set("activation_ms", org.settings.activation_ms);
  about.set("max_apps", org.settings.max_apps);
  about.set("rule_delay_ms", org.settings.rule_delay_ms);
  Json custom = Json::object();
  for (const SchemaAttribute& a : org.schema.custom()) custom.set(a.name, a.definition);
  Json base = Json::object();
  const UserSchema standard;
  for (const SchemaAttribute& a : org.schema.base()) {
    if (!(a.definition == standard.find(a.name)->definition)) base.set(a.name, a.definition);
  }
  Json schema = Json::object();
  schema.set("custom", std::move(custom)).set("base", std::move(base));
  return "{\"org\":" + about.dump() + ",\n\"schema\":" + schema.dump();
}

}  // namespace

std::string export_org(const Org& org, bool with_log) {
  std::string out = head(org);
  const std::vector<std::uint32_t> numbers = rule_numbers(org);
  std::vector<UserIndex> users;
  for (UserIndex i = 0; i < org.directory.user_slots(); ++i) users.push_back(i);
  append_list(out, "users", users, [&](UserIndex i) {
    std::string text;
    if (org.directory.user(i).exists) append_user(text, org, i);
    return text;
  });
  std::vector<GroupIndex> groups;
  for (GroupIndex i = 0; i < org.directory.group_slots(); ++i) groups.push_back(i);
  append_list(out, "groups", groups, [&](GroupIndex i) {
    const OrgGroup& group = org.directory.group(i);
    return group.exists ? group_json(org.directory, group, numbers).dump() : std::string();
  });
  append_list(out, "rules", org.rules.rules, [](const OrgRule& rule) {
    return rule.exists ? rule_json(rule).dump() : std::string();
  });
  append_list(out, "apps", org.apps, [&](const OrgApp& app) {
    return app.exists ? app_file_json(org, app).dump() : std::string();
  });
  out += ",\n\"roles\":" + roles_section(org).dump();
  append_list(out, "tokens", org.tokens, [&](const Token& token) {
    const bool owned = org.directory.user_by_id(token.owner_id).has_value();
    return owned ? token_section(token).dump() : std::string();
  });
  append_list(out, "policies", org.policies,
              [](const OrgPolicy& policy) { return policy_section(policy).dump(); });
  append_list(out, "sessions", org.sign_ins.sessions,
              [&](const auto& one) { return session_section(org, one.second).dump(); });
  Json mappings = Json::object();
  for (const auto& [id, properties] : org.mappings) mappings.set(id, properties);
  out += ",\n\"factors\":" + factors_section(org).dump();
  out += ",\n\"relations\":" + relations_section(org).dump();
  out += ",\n\"mappings\":" + mappings.dump();
  if (with_log) out += ",\n\"log\":" + log_section(org).dump();
  return out + "}\n";
}

}  // namespace rollcall::sim

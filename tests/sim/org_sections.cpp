// Roles and tokens of the org file.
#include "tests/sim/org_sections.h"

#include <fmt/core.h>

#include <algorithm>
#include <cctype>

#include "service/base/text.h"
#include "tests/sim/admin_roles.h"
#include "tests/sim/packed_json.h"

namespace rollcall::sim {
namespace {

constexpr std::string_view kOwnerLogin = "okta-sim.owner@sim.example";

Json text_list(const std::vector<std::string>& texts) {
  Json out = Json::array();
  for (const std::string& text : texts) out.push(text);
  return out;
}

/// Names or ids of groups; the first that is not in the org is the problem. The id of one that was
/// deleted stays: without it the role would count for all.
Problem take_groups(const Org& org, const Json& list, std::vector<std::string>& into) {
  for (const Json& item : list.items()) {
    const auto group = find_named_group(org, item.as_string());
    if (!group && !looks_like_id(item.as_string(), "00g")) {
      return fmt::format("\"{}\" is no group of the org", item.as_string());
    }
    into.emplace_back(group ? org.directory.group(*group).id : item.as_string());
  }
  return std::nullopt;
}

void take_apps(const Json& list, std::vector<std::string>& into) {
  for (const Json& item : list.items()) into.emplace_back(item.as_string());
}

/// A role as the file has it: a name, or an object with what it is limited to.
Problem take_role(Org& org, const Json& item, std::vector<HeldRole>& into) {
  const std::string_view name = item.is_object() ? item["role"].as_string() : item.as_string();
  auto role = make_role(org, name, org.created);
  if (!role) return fmt::format("roles: there is no role \"{}\"", name);
  if (item.has("id")) role->id = std::string(item["id"].as_string());
  if (!read_time(item, "created", role->created, org.created)) return "roles: created is no time";
  if (auto problem = take_groups(org, item["groups"], role->groups)) return problem;
  take_apps(item["apps"], role->apps);
  into.push_back(std::move(*role));
  return std::nullopt;
}

void take_custom_role(Org& org, const Json& item) {
  CustomRole role;
  role.label = std::string(item["label"].as_string());
  role.description = std::string(item["description"].as_string());
  role.id = item.has("id") ? std::string(item["id"].as_string()) : org.ids.object("cr0");
  role.created = org.created;
  for (const Json& permission : item["permissions"].items()) {
    role.permissions.emplace_back(permission.as_string());
  }
  org.custom_roles.push_back(std::move(role));
}

UserIndex make_owner(Org& org, const std::string& login, std::string_view role, WallTime now) {
  OrgUser user;
  user.id = org.ids.object("00u");
  Json profile = Json::object();
  profile.set("login", login).set("email", login);
  profile.set("firstName", "Token").set("lastName", "Owner");
  user.profile = pack_profile(profile);
  user.status = AccountStatus::active;
  user.has_password = true;
  user.created = user.activated = user.status_changed = org.created;
  user.last_updated = user.password_changed = org.created;
  const UserIndex owner = org.directory.add_user(std::move(user), now);
  if (auto held = make_role(org, role, org.created)) {
    org.user_roles[org.directory.user(owner).id].push_back(std::move(*held));
    const auto administrators = find_named_group(org, kAdministrators);
    if (administrators) org.directory.add_member(*administrators, owner, 0, org.created);
  }
  return owner;
}

std::string_view role_shown(std::string_view role) {
  if (role == "super") return "SUPER_ADMIN";
  return role == "read_only" ? std::string_view("READ_ONLY_ADMIN") : role;
}

Json held_json(const Org& org, const HeldRoles& all) {
  Json out = Json::object();
  for (const auto& [id, roles] : all) {
    if (!find_person(org, id) && !org.directory.group_by_id(id)) continue;  // deleted
    Json list = Json::array();
    for (const HeldRole& held : roles) {
      std::string_view name = held.type;
      for (const CustomRole& custom : org.custom_roles) {
        if (custom.id == held.custom) name = custom.label;
      }
      Json item = Json::object();
      item.set("role", name).set("id", held.id).set("created", format_rfc3339(held.created));
      if (!held.groups.empty()) item.set("groups", text_list(held.groups));
      if (!held.apps.empty()) item.set("apps", text_list(held.apps));
      list.push(std::move(item));
    }
    if (!roles.empty()) out.set(id, std::move(list));
  }
  return out;
}

}  // namespace

std::optional<UserIndex> find_person(const Org& org, std::string_view id_or_login) {
  if (const auto by_id = org.directory.user_by_id(id_or_login)) return by_id;
  return org.directory.user_by_login(id_or_login);
}

std::optional<GroupIndex> find_named_group(const Org& org, std::string_view id_or_name) {
  if (const auto by_id = org.directory.group_by_id(id_or_name)) return by_id;
  for (GroupIndex i = 0; i < org.directory.group_slots(); ++i) {
    if (org.directory.group(i).exists && org.directory.group(i).name == id_or_name) return i;
  }
  return std::nullopt;
}

bool looks_like_id(std::string_view text, std::string_view prefix) {
  return text.size() > prefix.size() && text.substr(0, prefix.size()) == prefix &&
         std::all_of(text.begin(), text.end(),
                     [](unsigned char c) { return std::isalnum(c) != 0; });
}

bool read_time(const Json& json, std::string_view name, WallTime& out, WallTime otherwise) {
  out = json.has(name) ? WallTime{} : otherwise;
  if (!json.has(name) || json[name].is_null()) return true;
  const auto parsed = parse_rfc3339(json[name].as_string());
  if (parsed) out = *parsed;
  return parsed.has_value();
}

Problem load_roles(Org& org, const Json& json) {
  for (const Json& item : json["custom"].items()) take_custom_role(org, item);
  for (const auto& [key, roles] : json["users"].members()) {
    const auto index = find_person(org, key);
    if (!index) return "roles: a holder is no user of the org";
    auto& held = org.user_roles[org.directory.user(*index).id];
    for (const Json& item : roles.items()) {
      if (auto problem = take_role(org, item, held)) return problem;
    }
    const auto administrators = find_named_group(org, kAdministrators);
    if (administrators) org.directory.add_member(*administrators, *index, 0, org.created);
  }
  for (const auto& [key, roles] : json["groups"].members()) {
    const auto index = find_named_group(org, key);
    if (!index) return "roles: a holder is no group of the org";
    auto& held = org.group_roles[org.directory.group(*index).id];
    for (const Json& item : roles.items()) {
      if (auto problem = take_role(org, item, held)) return problem;
    }
  }
  return std::nullopt;
}

Problem load_token(Org& org, const Json& json) {
  Token token;
  token.secret = std::string(json["token"].as_string());
  const auto owner = find_person(org, json["owner"].as_string());
  if (token.secret.empty() || !owner) return "a token needs its text and an owner";
  token.owner_id = org.directory.user(*owner).id;
  token.role = std::string(json["role"].as_string("super"));
  if (!is_role_name(org, token.role)) return fmt::format("there is no role \"{}\"", token.role);
  if (auto problem = take_groups(org, json["groups"], token.groups)) return problem;
  if (auto problem = take_groups(org, json["groups_visible"], token.groups_visible)) return problem;
  take_apps(json["apps"], token.apps);
  org.tokens.push_back(std::move(token));
  return std::nullopt;
}

void add_own_tokens(Org& org, const std::vector<std::string>& tokens, WallTime now) {
  for (const std::string& text : tokens) {
    Token token;
    const std::size_t colon = text.rfind(':');
    const std::string role = colon == std::string::npos ? "" : text.substr(colon + 1);
    const bool stated = !role.empty() && is_role_name(org, role);
    token.secret = stated ? text.substr(0, colon) : text;
    if (stated) token.role = role;
    if (org.token(token.secret) != nullptr) continue;
    const std::string login = token.role == "super"
                                  ? std::string(kOwnerLogin)
                                  : fmt::format("okta-sim.{}@sim.example", ascii_lower(token.role));
    auto owner = org.directory.user_by_login(login);
    if (!owner) owner = make_owner(org, login, role_shown(token.role), now);
    token.owner_id = org.directory.user(*owner).id;
    org.tokens.push_back(std::move(token));
  }
}

Json roles_section(const Org& org) {
  Json custom = Json::array();
  for (const CustomRole& role : org.custom_roles) {
    Json item = Json::object();
    item.set("id", role.id).set("label", role.label).set("description", role.description);
    custom.push(item.set("permissions", text_list(role.permissions)));
  }
  Json out = Json::object();
  out.set("custom", std::move(custom)).set("users", held_json(org, org.user_roles));
  return out.set("groups", held_json(org, org.group_roles));
}

Json token_section(const Token& token) {
  Json json = Json::object();
  json.set("token", token.secret).set("owner", token.owner_id).set("role", token.role);
  if (!token.groups.empty()) json.set("groups", text_list(token.groups));
  if (!token.apps.empty()) json.set("apps", text_list(token.apps));
  if (!token.groups_visible.empty()) json.set("groups_visible", text_list(token.groups_visible));
  return json;
}

}  // namespace rollcall::sim

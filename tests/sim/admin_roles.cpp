#include "tests/sim/admin_roles.h"

#include <fmt/core.h>

#include <algorithm>
#include <array>

#include "service/base/text.h"
#include "tests/sim/groups.h"
#include "tests/sim/json_parts.h"
#include "tests/sim/org.h"
#include "tests/sim/org_sections.h"

namespace rollcall::sim {
namespace {

constexpr std::array<std::pair<std::string_view, std::string_view>, 9> kLabels{{
    {"SUPER_ADMIN", "Super Organization Administrator"},
    {"ORG_ADMIN", "Organization Administrator"},
    {"APP_ADMIN", "Application Administrator"},
    {"USER_ADMIN", "Group Administrator"},
    {"HELP_DESK_ADMIN", "Help Desk Administrator"},
    {"READ_ONLY_ADMIN", "Read-Only Administrator"},
    {"GROUP_MEMBERSHIP_ADMIN", "Group Membership Administrator"},
    {"API_ACCESS_MANAGEMENT_ADMIN", "API Access Management Administrator"},
    {"REPORT_ADMIN", "Report Administrator"},
}};

const CustomRole* find_custom(const Org& org, std::string_view label_or_id) {
  for (const CustomRole& role : org.custom_roles) {
    if (role.label == label_or_id || role.id == label_or_id) return &role;
  }
  return nullptr;
}

Json role_json(const Org& org, const Call& call, const HeldRole& held, std::string_view kind) {
  const CustomRole* custom = held.custom.empty() ? nullptr : find_custom(org, held.custom);
  std::string_view label = custom != nullptr ? std::string_view(custom->label) : held.type;
  for (const auto& [type, text] : kLabels) {
    if (type == held.type) label = text;
  }
  Json role = Json::object();
  role.set("id", held.id).set("label", label).set("type", held.type).set("status", "ACTIVE");
  role.set("created", okta_second(held.created)).set("lastUpdated", okta_second(held.created));
  role.set("assignmentType", kind);
  if (custom == nullptr) return role;
  role.set("role", custom->id).set("resource-set", "iam" + custom->id.substr(3));
  const std::string self = fmt::format("{}/api/v1/iam/roles/{}", call.base_url, custom->id);
  Json links = Json::object();
  links.set("role", href_of(self)).set("permissions", href_of(self + "/permissions"));
  return role.set("_links", std::move(links));
}

/// Those who hold roles: people, groups or clients.
struct Holders {
  HeldRoles* held = nullptr;
  std::string_view kind;  // as `assignmentType` says it
  std::optional<SimReply> refused;
};

Holders holders_of(Org& org, const Call& call, bool groups) {
  Holders holders;
  holders.held = groups ? &org.group_roles : &org.user_roles;
  holders.kind = groups ? "GROUP" : "USER";
  const std::string& id = call.path_ids[0];
  const bool known =
      groups ? org.directory.group_by_id(id).has_value() : org.directory.user_by_id(id).has_value();
  if (!known) holders.refused = not_found(id, groups ? "UserGroup" : "User");
  return holders;
}

SimReply list_of_roles(const Org& org, const Call& call, const HeldRoles& held,
                       std::string_view kind) {
  Json list = Json::array();
  const auto found = held.find(call.path_ids[0]);
  if (found != held.end()) {
    for (const HeldRole& role : found->second) list.push(role_json(org, call, role, kind));
  }
  return json_reply(200, list);
}

/// Whoever holds a role is in the group of administrators that Okta keeps.
void keep_administrators(Org& org, const Call& call) {
  const auto group = find_named_group(org, kAdministrators);
  const auto user = org.directory.user_by_id(call.path_ids[0]);
  if (!group || !user) return;
  if (org.user_roles[call.path_ids[0]].empty()) {
    org.directory.remove_member(*group, *user, call.now);
  } else {
    org.directory.add_member(*group, *user, 0, call.now);
  }
}

SimReply list_held(Org& org, Call& call, bool groups) {
  Holders holders = holders_of(org, call, groups);
  if (holders.refused) return std::move(*holders.refused);
  return list_of_roles(org, call, *holders.held, holders.kind);
}

SimReply assign(Org& org, Call& call, bool groups) {
  Holders holders = holders_of(org, call, groups);
  if (holders.refused) return std::move(*holders.refused);
  if (!call.body_ok || !call.body["type"].is_string()) return malformed_body();
  const std::string_view type = call.body["type"].as_string();
  const std::string_view wanted = type == "CUSTOM" ? call.body["role"].as_string() : type;
  auto role = make_role(org, wanted, call.now);
  if (!role) return validation_failed("type", {"type: There is no such role"});
  auto& list = (*holders.held)[call.path_ids[0]];
  for (const HeldRole& held : list) {
    if (held.type == role->type && held.custom == role->custom) {
      return error_reply(409, "E0000090", "Duplicate role assignment exception.");
    }
  }
  list.push_back(*role);
  if (!groups) keep_administrators(org, call);
  call.result_ids = {call.path_ids[0], role->id};
  log_event(org, call.now, groups ? "group.privilege.grant" : "user.account.privilege.grant",
            {{call.path_ids[0], groups ? "UserGroup" : "User", "unknown", "unknown"}});
  return json_reply(201, role_json(org, call, *role, holders.kind));
}

SimReply one_held(Org& org, Call& call, bool groups, bool remove) {
  Holders holders = holders_of(org, call, groups);
  if (holders.refused) return std::move(*holders.refused);
  auto& list = (*holders.held)[call.path_ids[0]];
  const auto role = std::find_if(list.begin(), list.end(),
                                 [&](const HeldRole& held) { return held.id == call.path_ids[1]; });
  if (role == list.end()) return not_found(call.path_ids[1], "RoleAssignment");
  if (!remove) return json_reply(200, role_json(org, call, *role, holders.kind));
  list.erase(role);
  if (!groups) keep_administrators(org, call);
  call.result_ids = {call.path_ids[0], call.path_ids[1]};
  log_event(org, call.now, groups ? "group.privilege.revoke" : "user.account.privilege.revoke",
            {{call.path_ids[0], groups ? "UserGroup" : "User", "unknown", "unknown"}});
  return no_content();
}

Json custom_role_json(const Call& call, const CustomRole& role) {
  const std::string self = fmt::format("{}/api/v1/iam/roles/{}", call.base_url, role.id);
  Json links = Json::object();
  links.set("self", href_of(self)).set("permissions", href_of(self + "/permissions"));
  Json out = Json::object();
  out.set("id", role.id).set("label", role.label).set("description", role.description);
  out.set("created", okta_second(role.created)).set("lastUpdated", okta_second(role.created));
  return out.set("_links", std::move(links));
}

}  // namespace

std::optional<HeldRole> make_role(Org& org, std::string_view role, WallTime now) {
  HeldRole held;
  held.created = now;
  if (const CustomRole* custom = find_custom(org, role)) {
    held.type = "CUSTOM";
    held.custom = custom->id;
  }
  for (const auto& [type, label] : kLabels) {
    if (type == role) held.type = std::string(type);
  }
  if (held.type.empty()) return std::nullopt;
  held.id = org.ids.object("ra1");
  return held;
}

SimReply list_user_roles(Org& org, Call& call) { return list_held(org, call, false); }
SimReply list_group_roles(Org& org, Call& call) { return list_held(org, call, true); }
SimReply assign_user_role(Org& org, Call& call) { return assign(org, call, false); }
SimReply assign_group_role(Org& org, Call& call) { return assign(org, call, true); }
SimReply get_user_role(Org& org, Call& call) { return one_held(org, call, false, false); }
SimReply get_group_role(Org& org, Call& call) { return one_held(org, call, true, false); }
SimReply unassign_user_role(Org& org, Call& call) { return one_held(org, call, false, true); }
SimReply unassign_group_role(Org& org, Call& call) { return one_held(org, call, true, true); }

SimReply list_client_roles(Org& org, Call& call) {
  if (org.client_roles.count(call.path_ids[0]) == 0) return not_found(call.path_ids[0], "Client");
  return list_of_roles(org, call, org.client_roles, "CLIENT");
}

SimReply list_role_group_targets(Org& org, Call& call) {
  Holders holders = holders_of(org, call, false);
  if (holders.refused) return std::move(*holders.refused);
  for (const HeldRole& role : (*holders.held)[call.path_ids[0]]) {
    if (role.id != call.path_ids[1]) continue;
    std::string body = "[";
    for (const std::string& id : role.groups) {
      const auto group = org.directory.group_by_id(id);
      if (!group) continue;
      if (body.size() > 1) body += ',';
      render_group(body, call, org.directory.group(*group));
    }
    return json_reply(200, body + "]");
  }
  return not_found(call.path_ids[1], "RoleAssignment");
}

SimReply list_role_holders(Org& org, Call& call) {
  Json holders = Json::array();
  for (const auto& [id, roles] : org.user_roles) {
    if (roles.empty() || !org.directory.user_by_id(id)) continue;
    const std::string self = fmt::format("{}/api/v1/users/{}", call.base_url, id);
    Json links = Json::object();
    links.set("self", href_of(self)).set("roles", href_of(self + "/roles"));
    Json holder = Json::object();
    holder.set("id", id).set("orn", fmt::format("orn:okta:directory:{}:users:{}", org.org_id, id));
    holders.push(holder.set("_links", std::move(links)));
  }
  Json out = Json::object();
  out.set("value", std::move(holders)).set("_links", Json::object());
  return json_reply(200, out);
}

SimReply list_custom_roles(Org& org, Call& call) {
  Json roles = Json::array();
  for (const CustomRole& role : org.custom_roles) roles.push(custom_role_json(call, role));
  Json out = Json::object();
  out.set("roles", std::move(roles)).set("_links", Json::object());
  return json_reply(200, out);
}

SimReply get_custom_role(Org& org, Call& call) {
  const CustomRole* role = find_custom(org, call.path_ids[0]);
  if (role == nullptr) return not_found(call.path_ids[0], "CustomRole");
  return json_reply(200, custom_role_json(call, *role));
}

SimReply list_permissions(Org& org, Call& call) {
  const CustomRole* role = find_custom(org, call.path_ids[0]);
  if (role == nullptr) return not_found(call.path_ids[0], "CustomRole");
  const std::string self = fmt::format("{}/api/v1/iam/roles/{}", call.base_url, role->id);
  Json permissions = Json::array();
  for (const std::string& label : role->permissions) {
    Json links = Json::object();
    links.set("role", href_of(self))
        .set("self", href_of(fmt::format("{}/permissions/{}", self, label)));
    Json permission = Json::object();
    permission.set("label", label).set("created", okta_second(role->created));
    permission.set("lastUpdated", okta_second(role->created)).set("conditions", nullptr);
    permissions.push(permission.set("_links", std::move(links)));
  }
  return json_reply(200, object_of("permissions", std::move(permissions)));
}

}  // namespace rollcall::sim

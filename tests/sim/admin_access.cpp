// What admin roles allow, and whether a request is within it.
#include <algorithm>
#include <array>

#include "service/base/text.h"
#include "tests/sim/admin_roles.h"
#include "tests/sim/org.h"
#include "tests/sim/routes.h"
#include "tests/sim/users.h"

namespace rollcall::sim {
namespace {

constexpr std::uint32_t kEverything = (1U << 23) - 1;
constexpr std::uint32_t kReading = kUsersRead | kGroupsRead | kRulesRead | kAppsRead |
                                   kPoliciesRead | kSchemaRead | kLogsRead | kRolesRead | kOrgRead |
                                   kTokensRead | kLimitsRead;
constexpr std::uint32_t kPeople =
    kUsersRead | kUsersCreate | kUsersEdit | kUsersLifecycle | kUsersCredentials | kSessionsClear;

struct StandardRole {
  std::string_view type;
  std::uint32_t rights;
};
constexpr std::array<StandardRole, 9> kStandard{{
    {"SUPER_ADMIN", kEverything},
    {"ORG_ADMIN", kEverything & ~(kRolesRead | kRolesWrite | kAppsWrite | kAppsAssign)},
    {"READ_ONLY_ADMIN", kReading},
    {"USER_ADMIN", kPeople | kGroupsRead | kMembers | kLogsRead | kSchemaRead},
    {"HELP_DESK_ADMIN", kUsersRead | kUsersCredentials | kSessionsClear | kGroupsRead | kLogsRead},
    {"GROUP_MEMBERSHIP_ADMIN", kUsersRead | kGroupsRead | kMembers},
    {"APP_ADMIN", kUsersRead | kGroupsRead | kAppsRead | kAppsWrite | kAppsAssign | kSchemaRead |
                      kSchemaWrite | kLogsRead},
    {"API_ACCESS_MANAGEMENT_ADMIN", kUsersRead | kGroupsRead | kAppsRead},
    {"REPORT_ADMIN", kLogsRead},
}};

/// Permissions of custom roles that mean something here; each includes reading.
constexpr std::array<std::pair<std::string_view, std::uint32_t>, 19> kPermissions{{
    {"okta.users.read", kUsersRead},
    {"okta.users.manage", kPeople},
    {"okta.users.create", kUsersRead | kUsersCreate},
    {"okta.users.userprofile.manage", kUsersRead | kUsersEdit},
    {"okta.users.lifecycle.manage", kUsersRead | kUsersLifecycle | kSessionsClear},
    {"okta.users.lifecycle.clearSessions", kUsersRead | kSessionsClear},
    {"okta.users.credentials.manage", kUsersRead | kUsersCredentials},
    {"okta.users.credentials.resetPassword", kUsersRead | kUsersCredentials},
    {"okta.users.groupMembership.manage", kUsersRead | kMembers},
    {"okta.users.appAssignment.manage", kUsersRead | kAppsAssign},
    {"okta.groups.read", kGroupsRead | kRulesRead},
    {"okta.groups.manage", kGroupsRead | kRulesRead | kGroupsWrite | kMembers},
    {"okta.groups.create", kGroupsRead | kGroupsWrite},
    {"okta.groups.members.manage", kGroupsRead | kMembers},
    {"okta.groups.appAssignment.manage", kGroupsRead | kAppsAssign},
    {"okta.apps.read", kAppsRead},
    {"okta.apps.manage", kAppsRead | kAppsWrite | kAppsAssign},
    {"okta.apps.assignment.manage", kAppsRead | kAppsAssign},
    {"okta.iam.read", kRolesRead},
}};

std::uint32_t rights_of_permissions(const std::vector<std::string>& permissions) {
  std::uint32_t rights = 0;
  for (const std::string& permission : permissions) {
    for (const auto& [name, bits] : kPermissions) {
      if (name == permission) rights |= bits;
    }
  }
  return rights;
}

std::uint32_t rights_of_type(std::string_view type) {
  for (const StandardRole& role : kStandard) {
    if (role.type == type) return role.rights;
  }
  return 0;
}

const CustomRole* custom_role(const Org& org, std::string_view label_or_id) {
  for (const CustomRole& role : org.custom_roles) {
    if (role.label == label_or_id || role.id == label_or_id) return &role;
  }
  return nullptr;
}

void add_held(const Org& org, const HeldRoles& held, std::string_view holder,
              std::vector<Grant>& grants) {
  const auto found = held.find(std::string(holder));
  if (found == held.end()) return;
  for (const HeldRole& role : found->second) {
    const CustomRole* custom = role.custom.empty() ? nullptr : custom_role(org, role.custom);
    const std::uint32_t rights =
        custom != nullptr ? rights_of_permissions(custom->permissions) : rights_of_type(role.type);
    grants.push_back({rights, role.groups, role.apps});
  }
}

std::vector<Grant> grants_of_owner(const Org& org, const Token& token) {
  std::vector<Grant> grants;
  add_held(org, org.user_roles, token.owner_id, grants);
  const auto owner = org.directory.user_by_id(token.owner_id);
  for (const auto& [group_id, roles] : org.group_roles) {
    const auto group = org.directory.group_by_id(group_id);
    if (owner && group && org.directory.is_member(*group, *owner)) {
      add_held(org, org.group_roles, group_id, grants);
    }
  }
  return grants;
}

bool contains(const std::vector<std::string>& list, std::string_view text) {
  return std::find(list.begin(), list.end(), text) != list.end();
}

std::uint32_t right_on_users(std::string_view method, std::string_view pattern) {
  if (method == "GET") return kUsersRead;
  if (pattern == "users") return kUsersCreate;
  if (pattern == "users/{}") return method == "DELETE" ? kUsersLifecycle : kUsersEdit;
  if (pattern == "users/{}/sessions") return kSessionsClear;
  for (const char* reset : {"reset_password", "reset_factors", "unlock", "expire_password"}) {
    if (pattern.find(reset) != std::string_view::npos) return kUsersCredentials;
  }
  if (pattern.find("/lifecycle/") != std::string_view::npos &&
      pattern.find("/factors/") == std::string_view::npos) {
    return kUsersLifecycle;
  }
  return pattern.find("/linkedObjects/") != std::string_view::npos ? kUsersEdit : kUsersCredentials;
}

std::uint32_t right_on_groups(std::string_view method, std::string_view pattern) {
  const bool read = method == "GET";
  if (pattern.substr(0, 12) == "groups/rules") return read ? kRulesRead : kGroupsWrite;
  if (read) return kGroupsRead;
  return pattern == "groups/{}/users/{}" ? kMembers : kGroupsWrite;
}

std::uint32_t right_on_apps(std::string_view method, std::string_view pattern) {
  if (method == "GET") return kAppsRead;
  const bool assigns =
      pattern.substr(0, 13) == "apps/{}/users" || pattern.substr(0, 14) == "apps/{}/groups";
  return assigns ? kAppsAssign : kAppsWrite;
}

/// A credential may always read its owner.
bool reads_itself(const Org& org, const Call& call, const Route& route) {
  if (route.method != "GET" || route.pattern != "users/{}") return false;
  const auto user = find_user(org, call, call.path_ids[0]);
  return user && org.directory.user(*user).id == call.token->owner_id;
}

/// What the path names lies outside of what the credential may touch.
bool lies_outside(const Org& org, const Call& call, const Route& route, std::uint32_t right) {
  if (call.path_ids.empty()) return false;
  const std::string& id = call.path_ids[0];
  const std::string_view first = route.pattern.substr(0, route.pattern.find('/'));
  if (route.pattern.substr(0, 12) == "groups/rules") return false;
  if (first == "users") {
    const auto user = find_user(org, call, id);
    return user && !call.access.covers_user(org, right, *user);
  }
  if (first == "groups")
    return org.directory.group_by_id(id) && !call.access.covers_group(right, id);
  if (first == "apps") return !call.access.covers_app(right, id);
  return false;
}

}  // namespace

bool Access::holds(std::uint32_t right) const {
  return std::any_of(grants_.begin(), grants_.end(),
                     [&](const Grant& grant) { return (grant.rights & right) == right; });
}

bool Access::covers_user(const Org& org, std::uint32_t right, UserIndex user) const {
  return std::any_of(grants_.begin(), grants_.end(), [&](const Grant& grant) {
    if ((grant.rights & right) != right) return false;
    if (grant.groups.empty()) return true;
    return std::any_of(grant.groups.begin(), grant.groups.end(), [&](const std::string& id) {
      const auto group = org.directory.group_by_id(id);
      return group && org.directory.is_member(*group, user);
    });
  });
}

bool Access::covers_group(std::uint32_t right, std::string_view group_id) const {
  return std::any_of(grants_.begin(), grants_.end(), [&](const Grant& grant) {
    return (grant.rights & right) == right &&
           (grant.groups.empty() || contains(grant.groups, group_id));
  });
}

bool Access::covers_app(std::uint32_t right, std::string_view app_id) const {
  return std::any_of(grants_.begin(), grants_.end(), [&](const Grant& grant) {
    return (grant.rights & right) == right && (grant.apps.empty() || contains(grant.apps, app_id));
  });
}

bool Access::covers_new_user(const std::vector<std::string>& group_ids) const {
  return std::any_of(grants_.begin(), grants_.end(), [&](const Grant& grant) {
    if ((grant.rights & kUsersCreate) == 0) return false;
    if (grant.groups.empty()) return true;
    return !group_ids.empty() &&
           std::all_of(group_ids.begin(), group_ids.end(),
                       [&](const std::string& id) { return contains(grant.groups, id); });
  });
}

bool is_role_name(const Org& org, std::string_view role) {
  for (const char* known : {"super", "read_only", "none", "owner"}) {
    if (role == known) return true;
  }
  return rights_of_type(role) != 0 || custom_role(org, role) != nullptr;
}

Access access_of(const Org& org, const Token& token) {
  if (token.role == "owner") return Access(grants_of_owner(org, token));
  std::uint32_t rights = rights_of_type(token.role);
  if (token.role == "super") rights = kEverything;
  if (token.role == "read_only") rights = kReading;
  if (const CustomRole* custom = custom_role(org, token.role)) {
    rights = rights_of_permissions(custom->permissions);
  }
  return Access({{rights, token.groups, token.apps}});
}

std::uint32_t right_of(std::string_view method, std::string_view pattern) {
  const bool read = method == "GET";
  const std::string_view first = pattern.substr(0, pattern.find('/'));
  if (first == "iam" || pattern.find("/roles") != std::string_view::npos) {
    return read ? kRolesRead : kRolesWrite;
  }
  if (first == "users") return right_on_users(method, pattern);
  if (first == "groups") return right_on_groups(method, pattern);
  if (first == "apps") return right_on_apps(method, pattern);
  if (first == "policies") return read ? kPoliciesRead : kPoliciesWrite;
  if (first == "meta" || first == "mappings") return read ? kSchemaRead : kSchemaWrite;
  if (first == "logs") return kLogsRead;
  if (first == "org") return kOrgRead;
  if (first == "api-tokens") return kTokensRead;
  if (first == "principal-rate-limits" || first == "rate-limit-settings") return kLimitsRead;
  // Tokens of a sign-in are their own permission; what belongs to a session takes an administrator.
  const bool own = pattern == "sessions" || pattern.substr(0, 11) == "sessions/me";
  if (first == "sessions" && !own) return kUsersCredentials;
  return 0;
}

std::optional<SimReply> refuse_access(const Org& org, const Call& call, const Route& route) {
  const std::uint32_t right = right_of(route.method, route.pattern);
  if (right == 0 || reads_itself(org, call, route)) return std::nullopt;
  if (!call.access.holds(right)) {
    // Recorded by others: an under-privileged list is empty, and no error (FACTS 2; peers).
    if (route.list && route.method == "GET") return json_reply(200, std::string("[]"));
    return forbidden();
  }
  if (!lies_outside(org, call, route, right)) return std::nullopt;
  if (route.method != "GET") return forbidden();
  const std::string_view first = route.pattern.substr(0, route.pattern.find('/'));
  return not_found(call.path_ids[0], first == "users"    ? "User"
                                     : first == "groups" ? "UserGroup"
                                                         : "AppInstance");
}

}  // namespace rollcall::sim

// Admin roles: who holds which, what each allows, and on which people, groups and apps (FACTS 2;
// help.okta.com, "Standard administrator roles and permissions").
#pragma once

#include <cstdint>
#include <map>
#include <optional>
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
struct Token;
struct Route;

/// What an operation needs, as bits.
enum Right : std::uint32_t {
  kUsersRead = 1U << 0,
  kUsersCreate = 1U << 1,
  kUsersEdit = 1U << 2,
  kUsersLifecycle = 1U << 3,
  kUsersCredentials = 1U << 4,
  kSessionsClear = 1U << 5,
  kGroupsRead = 1U << 6,
  kGroupsWrite = 1U << 7,
  kMembers = 1U << 8,
  kRulesRead = 1U << 9,
  kAppsRead = 1U << 10,
  kAppsWrite = 1U << 11,
  kAppsAssign = 1U << 12,
  kPoliciesRead = 1U << 13,
  kPoliciesWrite = 1U << 14,
  kSchemaRead = 1U << 15,
  kSchemaWrite = 1U << 16,
  kLogsRead = 1U << 17,
  kRolesRead = 1U << 18,
  kRolesWrite = 1U << 19,
  kOrgRead = 1U << 20,
  kTokensRead = 1U << 21,
  kLimitsRead = 1U << 22,
};

/// A role somebody holds. Empty `groups` and `apps`: on all of them.
struct HeldRole {
  std::string id, type;  // a standard type, or CUSTOM
  std::string custom;    // id of the custom role
  std::vector<std::string> groups, apps;
  WallTime created;
};
using HeldRoles = std::map<std::string, std::vector<HeldRole>>;  // by id of the holder

struct CustomRole {
  std::string id, label, description;
  std::vector<std::string> permissions;
  WallTime created;
};

/// One role in effect.
struct Grant {
  std::uint32_t rights = 0;
  std::vector<std::string> groups, apps;  // empty: all
};

/// What a credential may do, worked out anew for each request: roles change under it.
class Access {
 public:
  Access() = default;
  explicit Access(std::vector<Grant> grants) : grants_(std::move(grants)) {}
  bool holds(std::uint32_t right) const;
  bool covers_user(const Org& org, std::uint32_t right, UserIndex user) const;
  bool covers_group(std::uint32_t right, std::string_view group_id) const;
  bool covers_app(std::uint32_t right, std::string_view app_id) const;
  /// Whether a person who begins in these groups may be made.
  bool covers_new_user(const std::vector<std::string>& group_ids) const;

 private:
  std::vector<Grant> grants_;
};

/// Whether a credential may be given that role: super, read_only, none, owner (what its owner holds
/// at the time), a standard type, or the label of a custom role.
bool is_role_name(const Org& org, std::string_view role);
Access access_of(const Org& org, const Token& token);
/// 0: nothing is needed.
std::uint32_t right_of(std::string_view method, std::string_view pattern);
/// Lists without the right are empty, everything else is 403; what lies outside is not found.
std::optional<SimReply> refuse_access(const Org& org, const Call& call, const Route& route);

/// A standard type, or the label or id of a custom role; nullopt: there is no such role.
std::optional<HeldRole> make_role(Org& org, std::string_view role, WallTime now);

SimReply list_user_roles(Org& org, Call& call);
SimReply assign_user_role(Org& org, Call& call);
SimReply get_user_role(Org& org, Call& call);
SimReply unassign_user_role(Org& org, Call& call);
SimReply list_group_roles(Org& org, Call& call);
SimReply assign_group_role(Org& org, Call& call);
SimReply get_group_role(Org& org, Call& call);
SimReply unassign_group_role(Org& org, Call& call);
SimReply list_client_roles(Org& org, Call& call);
SimReply list_role_group_targets(Org& org, Call& call);
SimReply list_role_holders(Org& org, Call& call);
SimReply list_custom_roles(Org& org, Call& call);
SimReply get_custom_role(Org& org, Call& call);
SimReply list_permissions(Org& org, Call& call);

}  // namespace rollcall::sim

#include "service/app/rights.h"

#include <algorithm>
#include <array>

#include "service/base/text.h"

namespace rollcall {
namespace {

constexpr std::array<std::pair<Right, std::string_view>, 10> kWords{{
    {Right::read_users, "read users"},
    {Right::read_groups, "read groups and their rules"},
    {Right::read_roles, "see who holds admin roles"},
    {Right::create_users, "create users"},
    {Right::edit_profiles, "edit profiles"},
    {Right::change_status, "activate, suspend and deactivate users"},
    {Right::end_sessions, "end sessions"},
    {Right::change_members, "add and remove group members"},
    {Right::create_groups, "create groups"},
    {Right::reset_factors, "reset factors"},
}};

constexpr Rights kReading = bit(Right::read_users) | bit(Right::read_groups);
constexpr Rights kPeople = bit(Right::create_users) | bit(Right::edit_profiles) |
                           bit(Right::change_status) | bit(Right::end_sessions) |
                           bit(Right::reset_factors);

struct StandardRole {
  std::string_view type;
  Rights rights;
};
/// From the fewest rights to the most. Only a super administrator may see administrators.
constexpr std::array<StandardRole, 7> kStandard{{
    {"READ_ONLY_ADMIN", kReading},
    {"HELP_DESK_ADMIN", kReading | bit(Right::end_sessions) | bit(Right::reset_factors)},
    {"GROUP_MEMBERSHIP_ADMIN", kReading | bit(Right::change_members)},
    {"APP_ADMIN", kReading},
    {"USER_ADMIN", kReading | kPeople | bit(Right::change_members)},
    {"ORG_ADMIN", kReading | kPeople | bit(Right::change_members) | bit(Right::create_groups)},
    {"SUPER_ADMIN", kReading | kPeople | bit(Right::change_members) | bit(Right::create_groups) |
                        bit(Right::read_roles)},
}};

struct Permission {
  std::string_view name;
  Rights rights;
  bool least = true;  // among those that we advise
};
/// Narrow ones before those that hold several. Who may change something may read it.
constexpr std::array<Permission, 14> kPermissions{{
    {"okta.users.read", bit(Right::read_users)},
    {"okta.groups.read", bit(Right::read_groups)},
    {"okta.iam.read", bit(Right::read_roles)},
    {"okta.users.create", bit(Right::create_users)},
    {"okta.users.userprofile.manage", bit(Right::edit_profiles) | bit(Right::read_users)},
    {"okta.users.lifecycle.manage", bit(Right::change_status) | bit(Right::end_sessions)},
    {"okta.users.groupMembership.manage", bit(Right::change_members)},
    {"okta.groups.create", bit(Right::create_groups)},
    {"okta.users.credentials.resetFactors", bit(Right::reset_factors)},
    {"okta.users.credentials.manage", bit(Right::reset_factors), false},
    {"okta.users.lifecycle.clearSessions", bit(Right::end_sessions), false},
    {"okta.users.manage", kPeople | bit(Right::read_users), false},
    {"okta.groups.manage",
     bit(Right::read_groups) | bit(Right::change_members) | bit(Right::create_groups), false},
    {"okta.groups.members.manage", bit(Right::read_groups) | bit(Right::change_members), false},
}};

}  // namespace

bool ladder_does(const UserSettings& users, LadderAction action) {
  return std::any_of(
      users.terminated.begin(), users.terminated.end(), [action](const LadderStep& step) {
        return std::find(step.actions.begin(), step.actions.end(), action) != step.actions.end();
      });
}

std::string words_for(Rights rights) {
  std::vector<std::string> words;
  for (const auto& [right, word] : kWords) {
    if ((rights & bit(right)) != 0) words.emplace_back(word);
  }
  return join(words, ", ");
}

Rights needed_rights(const Settings& settings, bool write) {
  Rights needed = kReading;
  if (!write) return needed;
  const UserSettings& users = settings.users;
  if (users.manage_attributes) needed |= bit(Right::edit_profiles);
  if (users.manage_lifecycle) {
    needed |= bit(Right::create_users) | bit(Right::change_status) | bit(Right::end_sessions);
    if (ladder_does(users, LadderAction::reset_factors)) needed |= bit(Right::reset_factors);
  }
  if (users.manage_groups) needed |= bit(Right::change_members) | bit(Right::create_groups);
  if (ladder_does(users, LadderAction::remove_groups)) needed |= bit(Right::change_members);
  return needed;
}

Rights rights_of_role(std::string_view type) {
  for (const StandardRole& role : kStandard) {
    if (role.type == type) return role.rights;
  }
  return 0;
}

Rights rights_of_permission(std::string_view permission) {
  for (const Permission& one : kPermissions) {
    if (one.name == permission) return one.rights;
  }
  return 0;
}

Rights rights_of(const RoleHeld& role) {
  if (!role.permissions) return rights_of_role(role.type);
  Rights rights = 0;
  for (const std::string& permission : *role.permissions) {
    rights |= rights_of_permission(permission);
  }
  return rights;
}

std::string_view least_role(Rights rights) {
  for (const StandardRole& role : kStandard) {
    if ((role.rights & rights) == rights) return role.type;
  }
  return kStandard.back().type;
}

std::vector<std::string> least_permissions(Rights rights) {
  std::vector<std::string> out;
  Rights given = 0;
  for (const Permission& one : kPermissions) {
    const bool wanted = (one.rights & rights & ~given) != 0;
    if (!one.least || !wanted) continue;
    out.emplace_back(one.name);
    given |= one.rights;
  }
  return out;
}

RightsReport compare_rights(const Settings& settings, bool write,
                            const std::vector<RoleHeld>& roles) {
  RightsReport report;
  report.needed = needed_rights(settings, write);
  // Seeing administrators is asked for by no rule and is never too much: it protects them.
  Rights welcome = report.needed | bit(Right::read_roles);
  // Every standard role that may deactivate may reset factors too.
  if ((report.needed & bit(Right::change_status)) != 0) welcome |= bit(Right::reset_factors);
  for (const RoleHeld& role : roles) {
    const Rights rights = rights_of(role);
    report.held |= rights;
    if (role.type == "CUSTOM" && !role.permissions) report.complete = false;
    if ((rights & ~welcome) != 0) report.too_much.push_back(role.label);
  }
  report.missing = report.needed & ~report.held;
  report.superfluous = report.held & ~welcome;
  report.least = least_role(report.needed);
  // A super administrator may do what none of our requests does.
  const bool super = std::any_of(roles.begin(), roles.end(),
                                 [](const RoleHeld& one) { return one.type == "SUPER_ADMIN"; });
  if (super && report.superfluous == 0 && report.least != "SUPER_ADMIN") {
    for (const RoleHeld& role : roles) {
      if (role.type == "SUPER_ADMIN") report.too_much.push_back(role.label);
    }
  }
  return report;
}

}  // namespace rollcall

// Which rights in the org a configuration needs, and which an admin role gives. Pure.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "connectors/okta/access.h"
#include "service/settings/settings.h"

namespace rollcall {

/// What our requests need a right for, one bit each. The schema is not among it: Okta's pages and
/// its behaviour differ on who may read it, and the listing shows whether this credential may.
enum class Right : std::uint8_t {
  read_users,
  read_groups,
  read_roles,
  create_users,
  edit_profiles,
  change_status,
  end_sessions,
  change_members,
  create_groups,
  reset_factors
};
using Rights = std::uint32_t;
constexpr Rights bit(Right right) { return Rights{1} << static_cast<unsigned>(right); }

/// "create users, end sessions"; empty for none.
std::string words_for(Rights rights);

/// Whether some rung of the ladder for leavers does this.
bool ladder_does(const UserSettings& users, LadderAction action);

/// What these rules cannot do without, to read or to read and write. Reading who holds admin roles
/// is not among it: without it the run says that it cannot protect them by itself.
Rights needed_rights(const Settings& settings, bool write);

/// What a standard role gives, by Okta's help page "Standard administrator roles and permissions"
/// and, for the group administrator, "Group administrators"; 0 for one that is not known.
Rights rights_of_role(std::string_view type);
/// What a permission of a custom role gives, by Okta's "Role permissions" and "Permissions".
Rights rights_of_permission(std::string_view permission);
Rights rights_of(const RoleHeld& role);

/// The standard role with the fewest rights that gives all of these.
std::string_view least_role(Rights rights);
/// Permissions of a custom role that gives exactly these.
std::vector<std::string> least_permissions(Rights rights);

struct RightsReport {
  Rights needed = 0, held = 0;
  Rights missing = 0, superfluous = 0;
  std::string_view least;             // standard role
  std::vector<std::string> too_much;  // roles held that give more than is needed
  bool complete = true;               // false: a custom role's permissions could not be read
};
RightsReport compare_rights(const Settings& settings, bool write,
                            const std::vector<RoleHeld>& roles);

}  // namespace rollcall

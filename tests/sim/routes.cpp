#include "tests/sim/routes.h"

#include <vector>

#include "service/base/text.h"
#include "tests/sim/apps.h"
#include "tests/sim/authn.h"
#include "tests/sim/consents.h"
#include "tests/sim/groups.h"
#include "tests/sim/limit_settings.h"
#include "tests/sim/org_endpoints.h"
#include "tests/sim/profile_mappings.h"
#include "tests/sim/users.h"

namespace rollcall::sim {
namespace {

// Fixed text comes before {} of the same place: /groups/rules is no group.
const std::vector<Route> kRoutes{
    {"GET", "users", list_users, true},
    {"POST", "users", create_user},
    {"GET", "users/{}", get_user},
    {"POST", "users/{}", update_user},
    {"PUT", "users/{}", replace_user},
    {"DELETE", "users/{}", delete_user},
    {"GET", "users/{}/groups", list_user_groups, true},
    {"GET", "users/{}/roles", list_user_roles, true},
    {"POST", "users/{}/roles", assign_user_role},
    {"GET", "users/{}/roles/{}", get_user_role},
    {"DELETE", "users/{}/roles/{}", unassign_user_role},
    {"GET", "users/{}/roles/{}/targets/groups", list_role_group_targets, true},
    {"DELETE", "users/{}/sessions", revoke_sessions},
    {"POST", "users/{}/lifecycle/activate", activate_user},
    {"POST", "users/{}/lifecycle/reactivate", reactivate_user},
    {"POST", "users/{}/lifecycle/deactivate", deactivate_user},
    {"POST", "users/{}/lifecycle/suspend", suspend_user},
    {"POST", "users/{}/lifecycle/unsuspend", unsuspend_user},
    {"POST", "users/{}/lifecycle/unlock", unlock_user},
    {"POST", "users/{}/lifecycle/expire_password", expire_password},
    {"POST", "users/{}/lifecycle/expire_password_with_temp_password", expire_password_with_temp},
    {"POST", "users/{}/lifecycle/reset_password", reset_password},
    {"POST", "users/{}/lifecycle/reset_factors", reset_factors},
    {"GET", "groups/rules", list_rules, true},
    {"POST", "groups/rules", create_rule},
    {"GET", "groups/rules/{}", get_rule},
    {"PUT", "groups/rules/{}", replace_rule},
    {"DELETE", "groups/rules/{}", delete_rule},
    {"POST", "groups/rules/{}/lifecycle/activate", activate_rule},
    {"POST", "groups/rules/{}/lifecycle/deactivate", deactivate_rule},
    {"GET", "groups", list_groups, true},
    {"POST", "groups", create_group},
    {"GET", "groups/{}", get_group},
    {"PUT", "groups/{}", replace_group},
    {"DELETE", "groups/{}", delete_group},
    {"GET", "groups/{}/users", list_members, true},
    {"PUT", "groups/{}/users/{}", add_member},
    {"DELETE", "groups/{}/users/{}", remove_member},
    {"GET", "groups/{}/roles", list_group_roles, true},
    {"POST", "groups/{}/roles", assign_group_role},
    {"GET", "groups/{}/roles/{}", get_group_role},
    {"DELETE", "groups/{}/roles/{}", unassign_group_role},
    {"GET", "iam/roles", list_custom_roles},
    {"GET", "iam/roles/{}", get_custom_role},
    {"GET", "iam/roles/{}/permissions", list_permissions},
    {"GET", "/oauth2/v1/clients/{}/roles", list_client_roles, true},
    {"GET", "meta/schemas/user/linkedObjects", list_link_kinds, true},
    {"POST", "meta/schemas/user/linkedObjects", create_link_kind},
    {"GET", "meta/schemas/user/linkedObjects/{}", get_link_kind},
    {"DELETE", "meta/schemas/user/linkedObjects/{}", delete_link_kind},
    {"GET", "meta/schemas/user/{}", get_schema},
    {"POST", "meta/schemas/user/{}", change_schema},
    {"GET", "meta/types/user", list_user_types, true},
    {"GET", "mappings", list_mappings, true},
    {"GET", "mappings/{}", get_mapping},
    {"POST", "mappings/{}", change_mapping},
    {"GET", "org", get_org},
    {"GET", "iam/assignees/users", list_role_holders},
    {"GET", "api-tokens", list_api_tokens, true},
    {"GET", "principal-rate-limits", list_principal_limits, true},
    {"GET", "rate-limit-settings/per-client", get_per_client_limits},
    {"GET", "rate-limit-settings/warning-threshold", get_warning_threshold},
    {"GET", "rate-limit-settings/admin-notifications", get_limit_notifications},
    {"GET", "users/{}/appLinks", list_app_links, true},
    {"GET", "groups/{}/apps", list_group_apps, true},
    {"GET", "apps", list_apps, true},
    {"POST", "apps", create_app},
    {"GET", "apps/{}", get_app},
    {"PUT", "apps/{}", replace_app},
    {"DELETE", "apps/{}", delete_app},
    {"POST", "apps/{}/lifecycle/activate", activate_app},
    {"POST", "apps/{}/lifecycle/deactivate", deactivate_app},
    {"GET", "apps/{}/users", list_app_users, true},
    {"POST", "apps/{}/users", assign_app_user},
    {"GET", "apps/{}/users/{}", get_app_user},
    {"POST", "apps/{}/users/{}", update_app_user},
    {"DELETE", "apps/{}/users/{}", unassign_app_user},
    {"GET", "apps/{}/groups", list_app_groups, true},
    {"GET", "apps/{}/groups/{}", get_app_group},
    {"PUT", "apps/{}/groups/{}", put_app_group},
    {"PATCH", "apps/{}/groups/{}", patch_app_group},
    {"DELETE", "apps/{}/groups/{}", remove_app_group},
    {"GET", "logs", list_events, true},
    {"POST", "authn", sign_in},
    {"POST", "authn/credentials/change_password", sign_in_with_new_password},
    {"POST", "authn/cancel", cancel_sign_in},
    {"POST", "authn/previous", previous_sign_in},
    {"POST", "authn/skip", skip_sign_in},
    {"POST", "authn/credentials/reset_password", reset_password_in_sign_in},
    {"POST", "authn/factors", enroll_in_sign_in},
    {"POST", "authn/factors/{}/lifecycle/activate", activate_in_sign_in},
    {"POST", "authn/factors/{}/lifecycle/resend", resend_in_sign_in},
    {"POST", "authn/factors/{}/verify", verify_in_sign_in},
    {"POST", "authn/factors/{}/verify/resend", resend_in_sign_in},
    {"POST", "authn/recovery/password", recover_password},
    {"POST", "authn/recovery/unlock", recover_unlock},
    {"POST", "authn/recovery/token", redeem_recovery_token},
    {"POST", "authn/recovery/answer", answer_recovery},
    {"POST", "authn/recovery/factors/{}/verify", verify_recovery},
    {"POST", "authn/recovery/factors/{}/resend", resend_recovery},
    {"POST", "sessions", create_session},
    {"GET", "sessions/me", get_my_session},
    {"DELETE", "sessions/me", close_my_session},
    {"POST", "sessions/me/lifecycle/refresh", refresh_my_session},
    {"GET", "sessions/{}", get_session},
    {"DELETE", "sessions/{}", close_session},
    {"POST", "sessions/{}/lifecycle/refresh", refresh_session},
    {"POST", "users/{}/credentials/change_password", change_password},
    {"POST", "users/{}/credentials/change_recovery_question", change_recovery_question},
    {"POST", "users/{}/credentials/forgot_password", forgot_password},
    {"POST", "users/{}/credentials/forgot_password_recovery_question", forgot_password_with_answer},
    {"GET", "users/{}/factors", list_factors, true},
    {"POST", "users/{}/factors", enroll_factor},
    {"GET", "users/{}/factors/questions", list_factor_questions, true},
    {"GET", "users/{}/factors/catalog", list_factor_catalog, true},
    {"GET", "users/{}/factors/{}", get_factor},
    {"DELETE", "users/{}/factors/{}", delete_factor},
    {"POST", "users/{}/factors/{}/lifecycle/activate", activate_factor},
    {"POST", "users/{}/factors/{}/resend", resend_factor},
    {"POST", "users/{}/factors/{}/verify", verify_factor},
    {"PUT", "users/{}/linkedObjects/{}/{}", set_link},
    {"GET", "users/{}/linkedObjects/{}", get_link, true},
    {"DELETE", "users/{}/linkedObjects/{}", remove_link},
    {"POST", "meta/types/user", create_user_type},
    {"GET", "meta/types/user/{}", get_user_type},
    {"POST", "meta/types/user/{}", change_user_type},
    {"PUT", "meta/types/user/{}", replace_user_type},
    {"DELETE", "meta/types/user/{}", delete_user_type},
    {"GET", "groups/{}/owners", list_owners, true},
    {"POST", "groups/{}/owners", add_owner},
    {"DELETE", "groups/{}/owners/{}", remove_owner},
    {"GET", "groups/{}/users/{}/group-rules", list_member_rules, true},
    {"GET", "policies", list_policies, true},
    {"POST", "policies", create_policy},
    {"GET", "policies/{}", get_policy},
    {"PUT", "policies/{}", replace_policy},
    {"DELETE", "policies/{}", delete_policy},
    {"POST", "policies/{}/lifecycle/activate", activate_policy},
    {"POST", "policies/{}/lifecycle/deactivate", deactivate_policy},
    {"GET", "policies/{}/mappings", list_policy_mappings, true},
    {"POST", "policies/{}/mappings", create_policy_mapping},
    {"GET", "policies/{}/mappings/{}", get_policy_mapping},
    {"DELETE", "policies/{}/mappings/{}", delete_policy_mapping},
    {"GET", "policies/{}/app", list_policy_apps, true},
    {"PUT", "apps/{}/policies/{}", assign_app_policy},
    {"GET", "users/{}/blocks", list_none_of_user, true},
    {"GET", "users/{}/devices", list_none_of_user, true},
    {"GET", "users/{}/clients", list_none_of_user, true},
    {"GET", "users/{}/grants", list_none_of_user, true},
    {"DELETE", "users/{}/grants", revoke_none_of_user},
    {"GET", "users/{}/clients/{}/grants", list_none_of_user, true},
    {"DELETE", "users/{}/clients/{}/grants", revoke_none_of_user},
    {"GET", "users/{}/clients/{}/tokens", list_none_of_user, true},
    {"DELETE", "users/{}/clients/{}/tokens", revoke_none_of_user},
    {"GET", "apps/{}/grants", list_none_of_app, true},
    {"GET", "apps/{}/tokens", list_none_of_app, true},
    {"DELETE", "apps/{}/tokens", revoke_none_of_app},
    {"GET", "policies/{}/rules", list_policy_rules, true},
    {"POST", "policies/{}/rules", create_policy_rule},
    {"GET", "policies/{}/rules/{}", get_policy_rule},
    {"PUT", "policies/{}/rules/{}", replace_policy_rule},
    {"DELETE", "policies/{}/rules/{}", delete_policy_rule},
    {"POST", "policies/{}/rules/{}/lifecycle/activate", activate_policy_rule},
    {"POST", "policies/{}/rules/{}/lifecycle/deactivate", deactivate_policy_rule},
};

bool fits(std::string_view pattern, const std::vector<std::string>& segments,
          std::vector<std::string>& ids) {
  ids.clear();
  const bool whole = pattern.front() == '/';
  if (whole) pattern.remove_prefix(1);
  const bool api = segments[0] == "api" && segments[1] == "v1";
  if (api == whole) return false;
  std::size_t at = whole ? 0 : 2;  // behind api and v1
  // A slash at the end changes nothing (sample 84).
  const std::size_t end = segments.size() - (segments.back().empty() ? 1 : 0);
  for (const std::string_view part : split(pattern, '/')) {
    if (at >= end) return false;
    if (part == "{}") {
      if (segments[at].empty()) return false;
      ids.push_back(segments[at]);
    } else if (part != segments[at]) {
      return false;
    }
    ++at;
  }
  return at == end;
}

}  // namespace

const std::vector<Route>& served_routes() { return kRoutes; }

RouteMatch match_route(std::string_view method, const std::vector<std::string>& segments) {
  RouteMatch match;
  if (segments.size() < 3) return match;
  std::string_view taken;
  for (const Route& route : kRoutes) {
    if (!fits(route.pattern, segments, match.ids)) continue;
    // The first pattern that fits the path is the path; later ones with {} there are not.
    if (taken.empty()) taken = route.pattern;
    if (route.pattern != taken) continue;
    match.path_known = true;
    if (route.method == method) {
      match.route = &route;
      return match;
    }
  }
  return match;
}

}  // namespace rollcall::sim

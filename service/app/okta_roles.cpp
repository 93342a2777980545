#include "service/app/okta_roles.h"

namespace rollcall {

bool is_refusal(const Error& error) {
  return error.code == ErrorCode::okta_forbidden || error.code == ErrorCode::okta_scope_missing ||
         error.code == ErrorCode::okta_not_found || error.code == ErrorCode::okta_request_refused;
}

Result<AdminHolders> admin_holders(OktaReader& reader) {
  AdminHolders out;
  const auto list =
      reader.list(OktaRequest(Endpoint::list_users_with_role_assignments).query("limit", "200"), 0);
  if (!list && !is_refusal(list.error())) return list.error();
  if (!list) return out;
  for (const Json& holder : list->items) out.ids.emplace(holder["id"].as_string());
  out.shown = !out.ids.empty();
  return out;
}

Result<bool> confers_role(OktaReader& reader, const std::string& group_id) {
  const auto roles = reader.list(OktaRequest(Endpoint::list_group_assigned_roles, {group_id}), 0);
  if (!roles && !is_refusal(roles.error())) return roles.error();
  return roles && !roles->items.empty();
}

}  // namespace rollcall

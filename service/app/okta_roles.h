// Who holds an admin role, as far as the org shows it to our credential.
#pragma once

#include <set>
#include <string>

#include "connectors/okta/asking.h"
#include "service/base/result.h"

namespace rollcall {

/// People with a role of their own; by a group's role, its members are not among them. Only a super
/// administrator sees roles, others get a refusal or `200 []` (FACTS 2). An org has a super
/// administrator always, so a list of nobody is one that was not shown: `shown` is false.
struct AdminHolders {
  bool shown = false;
  std::set<std::string> ids;
};

/// Errors: those of OktaReader, but for refusals.
Result<AdminHolders> admin_holders(OktaReader& reader);

/// Whether the group's members hold an admin role by it; false also where roles are not shown.
/// Errors: those of OktaReader, but for refusals.
Result<bool> confers_role(OktaReader& reader, const std::string& group_id);

/// Whether the org said no to this credential, or has no such thing to show it.
bool is_refusal(const Error& error);

}  // namespace rollcall

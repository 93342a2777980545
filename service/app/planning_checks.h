// Names of the configuration that must mean something in the org: seen as soon as the org is read.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "service/model/account.h"
#include "service/model/plan.h"
#include "service/settings/settings.h"

namespace rollcall {

/// What `users.match` and `users.scope` read of accounts is in the org's user schema; a schema that
/// could not be read proves nothing. Errors: match.attribute_undefined.
Result<void> known_attributes(const Settings& settings, const OrgSchema& schema);

/// Names of `guard.protected` that are nobody's: whom they were meant for is not protected.
/// `has_login` is asked for folded logins.
std::vector<Finding> unknown_protected(const Settings& settings,
                                       const std::function<bool(const std::string&)>& has_login,
                                       const std::function<bool(const std::string&)>& has_group);

}  // namespace rollcall

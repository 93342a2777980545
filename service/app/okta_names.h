// From what an operator types to the object that is meant: logins, names, labels or ids.
#pragma once

#include <string>

#include "connectors/okta/asking.h"

namespace rollcall {

/// Twenty characters that begin as ids of that type do, for example "00g" (FACTS 1).
bool is_okta_id(std::string_view word, std::string_view prefix);

/// Each gives the object as Okta shows it. Errors: okta.not_found; okta.name_ambiguous (several
/// have that very name: the message names their ids); those of OktaReader.
Result<Json> named_user(OktaReader& reader, const std::string& login_or_id);
Result<Json> named_group(OktaReader& reader, const std::string& name_or_id);
Result<Json> named_app(OktaReader& reader, const std::string& label_or_id);
Result<Json> named_group_rule(OktaReader& reader, const std::string& name_or_id);

}  // namespace rollcall

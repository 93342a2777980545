// A whole org as JSON: loading and exporting (the form is described in README.md).
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "service/base/result.h"
#include "tests/sim/org.h"

namespace rollcall::sim {

/// Builds an org from the text; `{}` gives the org that holds nothing but what Okta always has:
/// Everyone, Okta Administrators, and the owner of `tokens`. Errors: usage, with the place.
Result<std::unique_ptr<Org>> load_org(std::string_view text, const OrgSettings& settings,
                                      const std::vector<std::string>& tokens, WallTime now);
/// Loading what this gives makes an equal org; log and mails are part of it only if asked for, and
/// a sign-in under way is not.
std::string export_org(const Org& org, bool with_log = false);

}  // namespace rollcall::sim

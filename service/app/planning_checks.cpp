#include "service/app/planning_checks.h"

#include <fmt/core.h>

#include "service/base/text.h"

namespace rollcall {
namespace {

Result<void> known(const Settings& settings, const OrgSchema& schema, AttrId attribute,
                   const std::string& where) {
  const std::string& name = settings.user_schema.at(attribute).name;
  if (schema.find(name) != nullptr) return ok();
  return make_error(
      ErrorCode::match_attribute_undefined,
      fmt::format("the org's user schema has no attribute '{}': no account would be found by it",
                  name),
      where);
}

Finding nobody(const std::string& message) {
  Finding f;
  f.severity = Severity::warning;
  f.code = info(ErrorCode::guard_protected_unknown).id;
  f.message = message;
  return f;
}

}  // namespace

Result<void> known_attributes(const Settings& settings, const OrgSchema& schema) {
  if (schema.attributes.empty()) return ok();
  for (const MatchRule& rule : settings.users.match) {
    if (auto r = known(settings, schema, rule.user, rule.rule); !r) return r;
  }
  if (!settings.users.scope) return ok();
  for (const AttrId attribute : settings.users.scope->user_attributes()) {
    if (auto r = known(settings, schema, attribute, "users.scope"); !r) return r;
  }
  return ok();
}

std::vector<Finding> unknown_protected(const Settings& settings,
                                       const std::function<bool(const std::string&)>& has_login,
                                       const std::function<bool(const std::string&)>& has_group) {
  std::vector<Finding> out;
  // By position: this goes to logs as well, and a login is a person's.
  std::size_t entry = 0;
  for (const std::string& login : settings.guard.protected_logins) {
    ++entry;
    if (has_login(fold_login(login))) continue;
    out.push_back(nobody(
        fmt::format("entry {} of guard.protected.logins is the login of no account", entry)));
  }
  entry = 0;
  for (const std::string& name : settings.guard.protected_groups) {
    ++entry;
    if (has_group(name)) continue;
    out.push_back(
        nobody(fmt::format("entry {} of guard.protected.groups is the name of no group", entry)));
  }
  return out;
}

}  // namespace rollcall

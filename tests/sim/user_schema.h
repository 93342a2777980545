// The org's user schema: base attributes as every Okta org has them, custom ones, and the checks
// that a profile must pass.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "service/base/clock.h"
#include "service/base/json.h"

namespace rollcall::sim {

/// One attribute; `definition` is its JSON as the schema endpoint shows it.
struct SchemaAttribute {
  std::string name;
  Json definition;
};

class UserSchema {
 public:
  UserSchema();

  const SchemaAttribute* find(std::string_view name) const;
  const std::vector<SchemaAttribute>& base() const { return base_; }
  const std::vector<SchemaAttribute>& custom() const { return custom_; }
  /// Adds or replaces a custom attribute, filling in what Okta fills in. A null removes it.
  void set_custom(std::string_view name, const Json& definition);
  /// Overrides parts of a base attribute (permissions, master, nullability).
  void adjust_base(std::string_view name, const Json& changes);
  /// Names of custom attributes marked unique.
  std::vector<std::string> unique_attributes() const;
  /// The schema document.
  Json render(const std::string& base_url, std::string_view schema_id, std::string_view type_id,
              WallTime created, WallTime updated) const;

  /// Every attribute of `profile` is known: the name of the first that is not, else nullopt.
  std::optional<std::string> undefined_property(const Json& profile) const;
  /// Causes in Okta's wording, in the order of sample 20: required blanks, then lengths, formats
  /// and types. `field` is the first attribute at fault.
  struct Faults {
    std::string field;
    std::vector<std::string> causes;
  };
  Faults check(const Json& profile) const;

 private:
  std::vector<SchemaAttribute> base_;
  std::vector<SchemaAttribute> custom_;
};

/// An e-mail address as Okta's default login pattern wants it: something, an at sign, a domain.
bool looks_like_email(std::string_view text);

}  // namespace rollcall::sim

// The one place where the simulator meets the expression engine.
#pragma once

#include <memory>
#include <optional>
#include <string_view>

namespace rollcall::sim {

class UserSchema;

/// A group rule's compiled condition. Cheap to copy; an empty one matches nobody.
class RuleCondition {
 public:
  /// nullopt: not a valid condition of a group rule.
  static std::optional<RuleCondition> compile(std::string_view expression,
                                              const UserSchema& schema);
  /// `profile` is a packed profile.
  bool matches(std::string_view profile) const;

 private:
  struct Compiled;
  std::shared_ptr<const Compiled> compiled_;
};

}  // namespace rollcall::sim

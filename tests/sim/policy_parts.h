// Shared by policies.cpp and policy_rules.cpp.
#pragma once

#include <algorithm>
#include <optional>
#include <string>
#include <string_view>

#include "tests/sim/json_parts.h"
#include "tests/sim/org.h"

namespace rollcall::sim {

OrgPolicy* find_policy(Org& org, std::string_view id);
/// Conditions and actions that a rule of that type of policy has when nobody says otherwise.
Json default_rule_conditions(std::string_view policy_type);
Json default_rule_actions(std::string_view policy_type);
/// The first rule number: 0 for app sign-in, 1 for the others.
std::int64_t first_rule_priority(std::string_view policy_type);

inline SimReply policy_protected() {
  return error_reply(403, "E0000006", "You do not have permission to perform the requested action");
}

inline SimReply policy_read_only(std::string_view attribute) {
  return error_reply(
      403, "E0000077",
      "Cannot modify the " + std::string(attribute) + " attribute because it is read-only");
}

/// Moves the element at `from` to `wanted` (both places), the default one staying last.
template <class Parts>
std::size_t place_part(Parts& parts, std::size_t from, std::size_t wanted) {
  std::size_t last = parts.size() - 1;
  for (std::size_t i = 0; i < parts.size(); ++i) {
    if (parts[i].system && i != from && last > 0) --last;
  }
  const std::size_t to = std::min(wanted, last);
  using std::swap;
  for (std::size_t i = from; i < to; ++i) swap(parts[i], parts[i + 1]);
  for (std::size_t i = from; i > to; --i) swap(parts[i], parts[i - 1]);
  return to;
}

}  // namespace rollcall::sim

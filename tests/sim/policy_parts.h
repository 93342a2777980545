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

/// 400 for a member of another kind than `standard` has there, a whole number outside of 0 to
/// 2^31-1, or an access that is none (FACTS 8.3: ALLOW, DENY). What `standard` does not have may be
/// anything; null is as if it were not sent.
std::optional<SimReply> refuse_kinds(const Json& standard, const Json& sent, std::string_view name);

/// As `merge_into`, but null is as if it were not there (FACTS 1).
inline void merge_sent(Json& into, const Json& from) {
  for (const auto& [name, value] : from.members()) {
    if (value.is_object() && into[name].is_object()) {
      merge_sent(into.at(name), value);
    } else if (!value.is_null() || !into.has(name)) {
      into.set(name, value);
    }
  }
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

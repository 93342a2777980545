// Stage 9: the guard. Counts what a plan does, compares with what is allowed, holds what is too
// much and everything about protected people. Pure.
#pragma once

#include <functional>
#include <string>
#include <unordered_set>
#include <vector>

#include "service/model/plan.h"
#include "service/reconcile/inputs.h"
#include "service/reconcile/reconciler.h"

namespace rollcall {

struct GuardInputs {
  const GuardSettings* limits = nullptr;
  std::uint64_t linked_enabled = 0;
  std::uint64_t membership_population = 0;
  bool initial_load = false;
  const std::vector<GroupTarget>* groups = nullptr;
  const std::vector<std::uint64_t>* group_population = nullptr;
  std::string own_principal;                         // user id; empty if unknown
  std::unordered_set<std::string> protected_users;   // user ids
  std::unordered_set<std::string> protected_groups;  // names
  /// A person released exactly this change; unset: nothing is. What is approved counts for no
  /// limit.
  std::function<bool(const Operation&)> approved;
  /// A person said no to exactly this change; unset: to nothing. It is held, and counts for no
  /// limit.
  std::function<bool(const Operation&)> rejected;
};

struct GuardVerdict {
  std::vector<GuardLine> lines;
  std::vector<Uncontained> not_contained;  // leavers whose containment is held
  bool held = false;
  std::uint64_t approved = 0;  // operations that a person released
};

/// True where no approval helps: our own principal is never shut out by ourselves.
bool never_released(const Operation& op);

/// allowed = max(floor, min(percent x population, count)); a limit trips when planned is strictly
/// greater (CONTRACT.md, "Guard defaults").
std::uint64_t allowed_by(const GuardLimit& limit, std::uint64_t population);

/// Sets `held_by` of operations, dependants included.
GuardVerdict guard(std::vector<Operation>& operations, const GuardInputs& inputs);

/// The names of guard.protected, and what our rules call those groups.
std::unordered_set<std::string> protected_group_names(const ReconcileInputs& inputs,
                                                      const std::vector<GroupTarget>& groups);

/// Who must not be touched silently: holders of admin roles, guard.protected by login and group.
std::unordered_set<std::string> protected_user_ids(const ReconcileInputs& inputs);

}  // namespace rollcall

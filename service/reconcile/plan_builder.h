// Stage 8: changes become operations, ordered, numbered, with what each needs. Pure.
#pragma once

#include <vector>

#include "service/model/operation.h"
#include "service/reconcile/inputs.h"
#include "service/reconcile/reconciler.h"

namespace rollcall {

/// How many memberships a create takes along (FACTS 5.3).
inline constexpr std::size_t kMaxRiders = 20;

/// Operations in the contract's order (priority, kind, worker key, object name), ids from 1.
std::vector<Operation> build_plan(const Reconciled& reconciled, const ReconcileInputs& inputs);

}  // namespace rollcall

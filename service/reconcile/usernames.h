// Logins of a whole batch of joiners and renames, solved so that the order of records does not
// matter.
#pragma once

#include <vector>

#include "service/model/plan.h"
#include "service/reconcile/change_set.h"
#include "service/reconcile/inputs.h"

namespace rollcall {

/// Gives every joiner in `changes` (sorted by worker key) a login that no account and no other
/// joiner has; those that cannot have one are removed from `changes` and reported. Of people who
/// are renamed to one login, or to a joiner's, none gets it: login and e-mail stay, and each is
/// reported.
void solve_logins(std::vector<PersonChange>& changes, const ReconcileInputs& inputs,
                  std::vector<Finding>& findings);

}  // namespace rollcall

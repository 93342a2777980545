// What people with a login to the journal released (CONTRACT.md, `approve`): which changes, for how
// long, and what that does to a plan.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <set>
#include <span>
#include <string>
#include <vector>

#include "service/execute/executor.h"
#include "service/ports/journal.h"
#include "service/reconcile/reconciler.h"

namespace rollcall {

/// How long a plan may be applied once something of it is approved.
inline constexpr std::int64_t kApprovedPlanValid_ms = std::int64_t{72} * 3'600'000;

/// Changes that are approved and not expired. Errors: journal.*.
Result<std::set<Sha256>> valid_approvals(Journal& journal, WallTime now);

/// What people said of changes, as far as it counts now. A no counts as long as the change has been
/// held without a break since: what HR asks for anew is a new question.
struct PeoplesWords {
  std::set<Sha256> approved, rejected;
};
/// Errors: journal.*.
Result<PeoplesWords> words_that_count(Journal& journal, WallTime now);

/// Of a plan's `operations`, those that an approval let go which counts no longer: of that plan, or
/// of an earlier one that it was made with. Errors: journal.*.
Result<std::map<std::uint32_t, Withdrawal>> no_longer_approved(
    Journal& journal, const std::string& digest_key, WallTime now, const PlanState& plan,
    std::span<const Operation> operations);

/// Until when the plan may be applied. Errors: journal.*.
Result<WallTime> valid_until(Journal& journal, const PlanState& plan, WallTime now);

/// Lets go of what a sealed plan holds and an approval covers; seals it again if that is anything.
/// An operation whose prerequisite stays held stays held. Gives how many. Errors: journal.*.
Result<std::uint64_t> release_approved(Journal& journal, const std::string& digest_key,
                                       WallTime now, PlanState& plan,
                                       std::vector<Operation>& operations);

/// Whoever's containment an approval let go is no longer left outside the plan.
void drop_released_leavers(const std::vector<Operation>& operations,
                           const std::function<bool(const Operation&)>& approved,
                           std::vector<Uncontained>& not_contained);

}  // namespace rollcall

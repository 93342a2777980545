// What is looked at again before a plan that another process made is applied: accounts that changed
// since it was made, and, for a plan older than an hour, what HR says now.
#pragma once

#include <set>
#include <span>
#include <stop_token>
#include <string>

#include "service/app/planning.h"
#include "service/execute/executor.h"

namespace rollcall {

/// A plan older than this is not applied before HR was read again (ARCHITECTURE.md, section 6).
inline constexpr std::int64_t kOldPlan_ms = 3'600'000;

/// One listing of who changed since the plan's reading, if the plan holds something that it could
/// matter to, and one read of HR, if the plan is old. `ours`: users that the run has changed itself
/// (a run that is resumed). Remarks for people go into `notes`. Errors: those of the org;
/// journal.*; why the source does not count: then nothing may be applied on its behalf.
Result<Vetting> vet_plan(const PlanningParts& parts, const PlanHeader& header,
                         std::span<const Operation> operations, const std::set<std::string>& ours,
                         std::stop_token stop, ReportNotes& notes);

}  // namespace rollcall

// A renamed value behind a template, told as one thing instead of as everybody's moves. Pure.
#pragma once

#include <vector>

#include "service/reconcile/reconciler.h"

namespace rollcall {

/// From so many people on it is worth a finding.
inline constexpr std::uint64_t kRenamedFrom = 3;

/// Groups of one template where everybody who leaves one goes to the same new one, and nobody is
/// wanted in the old one any more: one finding each, in the order of the old names.
std::vector<Finding> renamed_groups(const Reconciled& reconciled);

}  // namespace rollcall

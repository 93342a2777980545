// Changes that come back identically after they were applied.
#pragma once

#include <map>
#include <span>
#include <vector>

#include "service/model/plan.h"

namespace rollcall {

/// One finding for each kind and attribute or group. `changes` are the digests of `operations`, in
/// the same order; `runs`: in how many runs each that counts was applied before.
std::vector<Finding> flapping(std::span<const Operation> operations,
                              std::span<const Sha256> changes,
                              const std::map<Sha256, std::uint32_t>& runs);

}  // namespace rollcall

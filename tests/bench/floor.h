// The least work that tells who joins, moves and leaves: what the product's plan is measured by.
#pragma once

#include <string>

#include "tests/bench/made_org.h"

namespace rollcall::bench {

/// Reads DIR/org.jsonl into an arena under an open-addressing index, streams DIR/hr.csv past it
/// and compares every attribute. No rules, no checks, no plan.
MadeOrg floor_plan(const std::string& dir);

}  // namespace rollcall::bench

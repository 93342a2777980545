// How long a draft will take: the rate scheduler run over it in virtual time. Pure.
#pragma once

#include <cstdint>
#include <vector>

#include "connectors/okta/bucket_table.h"
#include "connectors/okta/rate_scheduler.h"
#include "service/base/result.h"
#include "service/model/operation.h"
#include "service/model/plan.h"

namespace rollcall {

/// What the client has learned; a snapshot.
struct RateState {
  BucketTable table;
  double capacity = 0.9;
  std::int64_t window_ms = RateScheduler::kWindowMs;
  std::int64_t latency_ms = 500;
  std::vector<BucketKnowledge> buckets;

  /// The limit per window that a bucket will show: as learned, else its seed times the share that
  /// the learned ones show of theirs (half without any).
  std::uint32_t limit_of(const BucketRef& bucket) const;
};

/// Requests that an operation needs: its own, unless it rides or changes the journal only, and the
/// read that confirms its target (one for a person's operations in a row). Held operations need
/// none. Errors: those of the cursor.
Result<Forecast> forecast(OperationCursor& operations, const RateState& state);

}  // namespace rollcall

// What earlier runs left behind, as values: absences, our own status changes, grants, refusals.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "service/base/clock.h"
#include "service/base/digest.h"
#include "service/model/operation.h"

namespace rollcall {

/// What a person's record looked like to earlier runs, for absences and returns.
struct PersonHistory {
  std::string worker_key;
  std::uint32_t absent_reads = 0;  // consecutive certified reads without the person
  std::optional<WallTime> absent_since;
  std::optional<WallTime> terminated_since;  // first seen as terminated without a date
};

/// The newest status change that we made on a user: only that may be undone.
struct OwnStatusChange {
  std::string user_id;
  OperationKind kind = OperationKind::user_suspend;
  WallTime intent_at, settled_at;
  bool sessions_cleared = false;  // since then
};

/// A membership that we granted and have not removed.
struct Grant {
  std::string group_id;
  std::string user_id;
};

/// An attribute value Okta refused for good (mastered elsewhere); not sent again until it changes.
struct RefusedValue {
  std::string user_id;
  std::string attribute;
  Sha256 value;
};

/// A hold the guard keeps: since when an identical operation waits.
struct HeldSince {
  Sha256 change;
  WallTime since;
};

}  // namespace rollcall

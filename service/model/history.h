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
  bool factors_reset = false;     // since then
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

/// Somebody HR reported as gone whose account could sign in at the last certified read.
struct KnownLeaver {
  std::string worker_key;
  std::string user_id;
  std::string why;  // what that read's plan was to do about it; no personal data
  WallTime since;   // first known as such
};

/// How a membership stands after our newest write of it.
struct OwnMembership {
  std::string group_id;
  std::string user_id;
  bool member = true;
};

/// In how many runs an identical change was applied.
struct AppliedRuns {
  Sha256 change;
  std::uint32_t runs = 0;
};

/// What a person with a login to the journal said of a held change.
struct Approval {
  Sha256 change;
  Sha256 plan;           // in which it was looked at
  bool approved = true;  // false: rejected
  std::string approver;  // the journal's authenticated login
  std::string reason;
  WallTime at, expires_at;
};

}  // namespace rollcall

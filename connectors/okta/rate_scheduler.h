// Decides which requests may leave now, from what Okta's rate-limit headers show. A pure state
// machine: time is handed in, requests are tickets, nothing is sent from here.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "service/base/clock.h"
#include "service/model/operation.h"

namespace rollcall {

using BucketId = std::uint32_t;
using TicketId = std::uint64_t;

/// A request that wants to leave. A probe has the standing of `contain`.
struct Ticket {
  TicketId id = 0;
  BucketId bucket = 0;
  Priority priority = Priority::housekeep;
  bool probe = false;
};

/// Tickets that may leave now, and when to ask again if nothing else happens before.
struct Admission {
  std::vector<TicketId> tickets;
  std::optional<MonoTime> wake_at;
};

/// What one reply showed. Unset: the header was missing.
struct RateObservation {
  TicketId ticket = 0;
  BucketId bucket = 0;
  int status = 200;
  std::optional<std::int64_t> limit, remaining;
  std::optional<std::int64_t> reset;  // seconds since the epoch, server time
  std::optional<WallTime> date;       // Date header: server time, truncated to the second
};

/// What has been learned of one bucket.
struct BucketKnowledge {
  std::string name;
  std::uint32_t seed = 0;              // published, per minute and org
  std::optional<std::uint32_t> limit;  // shown to us, per window
};

/// Rules, in ARCHITECTURE.md section 7, "The scheduler". In short: the first request of a window
/// goes alone and its reply opens the window; then requests leave until the remaining count,
/// less those in flight, would fall below limit x (1 - capacity), or below what others are seen to
/// use in a window and have not used yet in this one, if that is more; a slice that shrinks to
/// nothing towards the window's end is kept for `contain` and probes, a larger one from
/// `housekeep`. Not thread safe.
class RateScheduler {
 public:
  /// `capacity`: the share of each limit shown that we may use, above 0 and at most 1.
  explicit RateScheduler(double capacity);

  /// Id of a bucket by name; made on first mention.
  BucketId bucket(std::string_view name, std::uint32_t seed);
  void enqueue(const Ticket& ticket, MonoTime now);
  /// Takes a ticket that has not been admitted out of the queue; false if it is not there.
  bool withdraw(TicketId id);
  Admission poll(MonoTime now);
  /// Call before `finished` of the same request.
  void observe(const RateObservation& observation, MonoTime now);
  /// An admitted request ended. `answered`: a reply came, whatever it said.
  void finished(TicketId id, MonoTime now, bool answered);

  /// How many requests of that priority the bucket would take now.
  std::size_t room(BucketId bucket, Priority priority, MonoTime now) const;
  /// How many more are welcome: as many as may be in flight, and what leaves while the caller's
  /// journal writes. Of those that wait, the ones that could leave now count as if they were in
  /// flight: what waits for a bucket that is used up must not keep other buckets empty.
  std::size_t slots(MonoTime now) const;
  /// The same for one bucket, so that one with much to do leaves places to the others.
  std::size_t places(BucketId bucket) const;
  std::size_t in_flight() const { return flying_.size(); }
  std::size_t queued() const { return queued_; }
  std::size_t queued(BucketId bucket) const { return buckets_[bucket].queued; }

  std::vector<BucketKnowledge> knowledge() const;
  std::int64_t latency_ms() const { return latency_ms_; }
  std::int64_t window_ms() const { return window_ms_.value_or(kWindowMs); }
  double capacity() const { return capacity_; }
  /// Best estimate of server time; nullopt before the first Date header.
  std::optional<WallTime> server_time(MonoTime now) const;

  static constexpr std::int64_t kWindowMs = 60'000;  // Okta's window (FACTS 3.3)
  static constexpr std::int64_t kLongestWaitMs = 120'000;
  static constexpr std::size_t kMostInFlight = 16;
  static constexpr std::size_t kMostWaiting = 48;

 private:
  static constexpr std::size_t kClasses = kPriorities;
  enum class Phase : std::uint8_t { fresh, scouting, open, closed };
  struct Waiting {
    TicketId id = 0;
    std::uint64_t order = 0;
    MonoTime since;
  };
  /// Who shares the bucket: what is counted in a window and did not come from us.
  struct Others {
    std::int64_t ours = 0;                // admitted in this window, and in flight at its begin
    std::int64_t used = 0, at_first = 0;  // in this window, and when we first saw it
    MonoTime seen;                        // newest count
    std::array<double, 2> past{-1, -1};   // in whole windows before, the newest first; -1: unknown
  };
  struct Bucket {
    std::string name;
    std::uint32_t seed = 0;
    std::optional<std::int64_t> limit;
    std::int64_t remaining = 0;
    std::optional<std::int64_t> reset;
    MonoTime opened, fallback_end, closed_until;
    bool open = false;
    std::optional<TicketId> scout;
    std::size_t in_flight = 0;
    std::size_t unobserved = 0;  // ended in this window, their count was not shown
    Others others;
    std::size_t queued = 0;
    std::array<std::deque<Waiting>, kClasses> queues;
  };
  struct Flying {
    BucketId bucket = 0;
    MonoTime since;
    bool counted = false;  // its reply showed a count
  };
  struct Choice {
    BucketId bucket = 0;
    std::size_t queue = 0;
    std::size_t standing = kClasses;
    std::uint64_t order = 0;
  };

  Phase phase(const Bucket& bucket, MonoTime now) const;
  MonoTime window_end(const Bucket& bucket) const;
  double left_to_others(const Bucket& bucket, MonoTime now) const;
  double headroom(const Bucket& bucket, MonoTime now) const;
  double slice(const Bucket& bucket, std::size_t standing) const;
  double kept_now(const Bucket& bucket, std::size_t standing, MonoTime now) const;
  bool fits(const Bucket& bucket, std::size_t standing, MonoTime now) const;
  std::size_t standing_of(std::size_t queue, const Waiting& head, MonoTime now) const;
  std::optional<Choice> choose(MonoTime now) const;
  std::optional<MonoTime> wake(MonoTime now) const;
  std::optional<MonoTime> wake_of(const Bucket& bucket, MonoTime now) const;
  std::size_t most_in_flight() const;
  double needed(const Bucket& bucket) const;
  std::size_t waiting_beside(std::size_t in_flight) const;
  void admit(const Choice& choice, MonoTime now);
  void learn_time(const RateObservation& observation, MonoTime now);
  void note_others(Bucket& bucket, MonoTime now) const;
  void close_window(Bucket& bucket) const;
  void open_window(Bucket& bucket, const RateObservation& observation, MonoTime now);
  void too_many_at_once(MonoTime now);
  std::optional<std::int64_t> offset_ms() const;

  double capacity_;
  std::vector<Bucket> buckets_;
  std::unordered_map<std::string, BucketId> ids_;
  std::unordered_map<TicketId, Flying> flying_;
  std::size_t queued_ = 0;
  std::uint64_t next_order_ = 0;

  struct Offset {
    std::int64_t minute = 0;
    std::int64_t largest = 0;
  };
  std::deque<Offset> offsets_;  // largest Date - mono of each of the last minutes
  std::optional<std::int64_t> window_ms_;
  std::int64_t latency_ms_ = 500;  // recorded median of writes, until we have measured
  std::int64_t latency_weight_ = 1;

  std::size_t cap_ = kMostInFlight;
  MonoTime hold_until_, cap_changed_;
  int crowded_ = 0;  // refusals for concurrency in a row
};

}  // namespace rollcall

// Windows, standing, concurrency and server time of the rate scheduler.
#include "connectors/okta/rate_scheduler.h"

#include "connectors/okta/status_codes.h"

#include <algorithm>
#include <cmath>

namespace rollcall {
namespace {

constexpr std::size_t kMinutesOfOffsets = 5;
constexpr std::int64_t kSecondLookMs = 1'000;  // after a window that had not ended yet
constexpr std::int64_t kOtherLimitMs = 5'000;  // 429 with requests left: e-mail's limit is 5 s
constexpr std::int64_t kFirstHoldMs = 500;
constexpr int kMostDoublings = 4;
constexpr double kReserve = 0.05;           // of what we may use, kept for contain and probes
constexpr double kHousekeepReserve = 0.15;  // kept from housekeep
constexpr double kUnseenShare = 0.5;        // FACTS 3.1: a client's default share
constexpr double kBurst = 2.0;  // twice the even rate: a window is used in its first half
constexpr std::size_t kFewest = 2;
constexpr double kOthersMargin = 1.125;     // no window is quite like the last
constexpr double kLastPart = 0.25;          // of a window, in which their rest is given up
constexpr double kShortestLook = 1.0 / 32;  // of a window: a rate seen for less is none
constexpr std::int64_t kFewestToTell = 3;   // requests that make a rate
constexpr double kSecond = 1000.0;

constexpr std::size_t kContain = 0;

}  // namespace

RateScheduler::RateScheduler(double capacity) : capacity_(std::clamp(capacity, 0.01, 1.0)) {}

BucketId RateScheduler::bucket(std::string_view name, std::uint32_t seed) {
  const auto [at, added] =
      ids_.try_emplace(std::string(name), static_cast<BucketId>(buckets_.size()));
  if (added) {
    Bucket bucket;
    bucket.name = name;
    bucket.seed = seed;
    buckets_.push_back(std::move(bucket));
  }
  return at->second;
}

void RateScheduler::enqueue(const Ticket& ticket, MonoTime now) {
  Bucket& bucket = buckets_[ticket.bucket];
  const std::size_t queue = ticket.probe ? kContain : static_cast<std::size_t>(ticket.priority);
  bucket.queues[queue].push_back({ticket.id, next_order_++, now});
  ++bucket.queued;
  ++queued_;
}

bool RateScheduler::withdraw(TicketId id) {
  for (Bucket& bucket : buckets_) {
    for (auto& queue : bucket.queues) {
      const auto at = std::find_if(queue.begin(), queue.end(),
                                   [id](const Waiting& waiting) { return waiting.id == id; });
      if (at == queue.end()) continue;
      queue.erase(at);
      --bucket.queued;
      --queued_;
      return true;
    }
  }
  return false;
}

std::optional<std::int64_t> RateScheduler::offset_ms() const {
  if (offsets_.empty()) return std::nullopt;
  return std::max_element(offsets_.begin(), offsets_.end(),
                          [](const Offset& a, const Offset& b) { return a.largest < b.largest; })
      ->largest;
}

std::optional<WallTime> RateScheduler::server_time(MonoTime now) const {
  const auto offset = offset_ms();
  if (!offset) return std::nullopt;
  return WallTime{now.ms + *offset};
}

/// The window's end on our clock. `Date` is truncated and arrives late, so the largest offset is
/// still too small: the end is never put too early.
MonoTime RateScheduler::window_end(const Bucket& bucket) const {
  const auto offset = offset_ms();
  if (!bucket.reset || !offset) return bucket.fallback_end;
  const std::int64_t end = *bucket.reset * 1000 - *offset;
  return {std::min(end, bucket.opened.ms + kLongestWaitMs)};
}

RateScheduler::Phase RateScheduler::phase(const Bucket& bucket, MonoTime now) const {
  if (bucket.scout) return Phase::scouting;
  if (now < bucket.closed_until) return Phase::closed;
  if (bucket.open && now < window_end(bucket)) return Phase::open;
  return Phase::fresh;
}

/// The part of the limit that is not ours by `capacity`; or, if that is more, what others can be
/// expected to use yet in this window. A window or two tell how much that is in all. It is kept for
/// them until the last quarter, then given up bit by bit: they may have ended. Until a window is
/// known, or when they use more than before, their rate in this one tells.
double RateScheduler::left_to_others(const Bucket& bucket, MonoTime now) const {
  const double floor = static_cast<double>(bucket.limit.value_or(0)) * (1.0 - capacity_);
  const Others& others = bucket.others;
  const auto window = static_cast<double>(window_ms());
  const double left_ms = std::max(0.0, static_cast<double>(window_end(bucket) - now));
  const double past = std::max(others.past[0], others.past[1]);
  if (past >= static_cast<double>(others.used)) {
    const double rest = past * kOthersMargin - static_cast<double>(others.used);
    return std::max(floor, rest * std::min(1.0, left_ms / (window * kLastPart)));
  }
  const std::int64_t seen = others.used - others.at_first;
  if (seen < kFewestToTell) return floor;
  const double ms = std::max(static_cast<double>(now - bucket.opened), window * kShortestLook);
  // Ours in flight were taken off what was counted; they may not have been in it.
  const double most = static_cast<double>(seen) + static_cast<double>(bucket.in_flight);
  const double rate = kOthersMargin * most / ms;
  // They went on since the newest count left Okta.
  const auto unseen_ms = static_cast<double>((now - others.seen) + latency_ms_);
  return std::max(floor, rate * left_ms) + rate * unseen_ms;
}

/// How far the count is above what we leave to others. Every answered request is in the lowest
/// count seen, those in flight may not be: all of them are taken off.
double RateScheduler::headroom(const Bucket& bucket, MonoTime now) const {
  const auto left = bucket.remaining - static_cast<std::int64_t>(bucket.in_flight) -
                    static_cast<std::int64_t>(bucket.unobserved);
  return static_cast<double>(left) - left_to_others(bucket, now);
}

/// What that standing must leave at the window's begin, at least one request.
double RateScheduler::slice(const Bucket& bucket, std::size_t standing) const {
  if (standing == kContain) return 0;
  const double ours = static_cast<double>(bucket.limit.value_or(0)) * capacity_;
  return std::max(1.0, ours * (standing + 1 == kClasses ? kHousekeepReserve : kReserve));
}

/// The slice shrinks with the time left, in whole requests, so that none is lost at the end.
double RateScheduler::kept_now(const Bucket& bucket, std::size_t standing, MonoTime now) const {
  const double left = static_cast<double>(window_end(bucket) - now);
  const double part = std::clamp(left / static_cast<double>(window_ms()), 0.0, 1.0);
  return std::floor(slice(bucket, standing) * part + 0.5);
}

bool RateScheduler::fits(const Bucket& bucket, std::size_t standing, MonoTime now) const {
  switch (phase(bucket, now)) {
    case Phase::fresh:
      return true;
    case Phase::scouting:
    case Phase::closed:
      return false;
    case Phase::open:
      break;
  }
  constexpr double kRounding = 1e-6;
  return headroom(bucket, now) + kRounding >= 1.0 + kept_now(bucket, standing, now);
}

/// Waiting lifts a request by one class a window, never to `contain`.
std::size_t RateScheduler::standing_of(std::size_t queue, const Waiting& head, MonoTime now) const {
  if (queue == kContain) return kContain;
  const auto lifted = static_cast<std::size_t>((now - head.since) / window_ms());
  return std::max<std::size_t>(1, queue - std::min(lifted, queue));
}

std::optional<RateScheduler::Choice> RateScheduler::choose(MonoTime now) const {
  std::optional<Choice> best;
  const std::size_t most = most_in_flight();
  for (BucketId id = 0; id < buckets_.size(); ++id) {
    const Bucket& bucket = buckets_[id];
    if (bucket.queued == 0) continue;
    for (std::size_t queue = 0; queue < kClasses; ++queue) {
      if (bucket.queues[queue].empty()) continue;
      const Waiting& head = bucket.queues[queue].front();
      const std::size_t standing = standing_of(queue, head, now);
      // One place beyond the rest, so that a containment never waits for a slow reply.
      if (flying_.size() >= most + (standing == kContain ? 1 : 0)) continue;
      if (best &&
          (standing > best->standing || (standing == best->standing && head.order > best->order))) {
        continue;
      }
      if (fits(bucket, standing, now)) best = Choice{id, queue, standing, head.order};
    }
  }
  return best;
}

void RateScheduler::admit(const Choice& choice, MonoTime now) {
  Bucket& bucket = buckets_[choice.bucket];
  const TicketId id = bucket.queues[choice.queue].front().id;
  bucket.queues[choice.queue].pop_front();
  if (phase(bucket, now) == Phase::fresh) {
    close_window(bucket);
    bucket.scout = id;
    bucket.open = false;
  }
  ++bucket.in_flight;
  ++bucket.others.ours;
  --bucket.queued;
  --queued_;
  flying_.emplace(id, Flying{choice.bucket, now});
}

Admission RateScheduler::poll(MonoTime now) {
  Admission admission;
  if (cap_ < kMostInFlight && now - cap_changed_ >= window_ms()) {
    ++cap_;
    cap_changed_ = now;
  }
  while (now >= hold_until_) {
    const auto choice = choose(now);
    if (!choice) break;
    admission.tickets.push_back(buckets_[choice->bucket].queues[choice->queue].front().id);
    admit(*choice, now);
  }
  admission.wake_at = wake(now);
  return admission;
}

/// When a waiting request that does not fit now could fit, by time alone; what waits for a place in
/// flight or for the scout's reply is woken by that reply.
std::optional<MonoTime> RateScheduler::wake_of(const Bucket& bucket, MonoTime now) const {
  const Phase at = phase(bucket, now);
  if (at == Phase::closed) return bucket.closed_until;
  if (at != Phase::open) return std::nullopt;
  std::optional<MonoTime> soonest;
  for (std::size_t queue = 0; queue < kClasses; ++queue) {
    if (bucket.queues[queue].empty()) continue;
    const std::size_t standing = standing_of(queue, bucket.queues[queue].front(), now);
    if (fits(bucket, standing, now)) continue;
    // What is kept only shrinks as time passes, so the first moment can be searched for.
    MonoTime no = now, yes = std::max(window_end(bucket), now + 1);
    while (yes - no > 1) {
      const MonoTime half = no + (yes - no) / 2;
      (fits(bucket, standing, half) ? yes : no) = half;
    }
    soonest = soonest ? std::min(*soonest, yes) : yes;
  }
  return soonest;
}

std::optional<MonoTime> RateScheduler::wake(MonoTime now) const {
  if (queued_ == 0) return std::nullopt;
  std::optional<MonoTime> soonest;
  const auto take = [&soonest](MonoTime at) { soonest = soonest ? std::min(*soonest, at) : at; };
  if (now < hold_until_) take(hold_until_);
  for (const Bucket& bucket : buckets_) {
    if (bucket.queued == 0) continue;
    if (const auto at = wake_of(bucket, now)) take(*at);
  }
  return soonest;
}

void RateScheduler::learn_time(const RateObservation& observation, MonoTime now) {
  if (!observation.date) return;
  const std::int64_t offset = observation.date->ms - now.ms;
  const std::int64_t minute = now.ms / kMinuteMs;
  if (offsets_.empty() || offsets_.back().minute != minute) offsets_.push_back({minute, offset});
  offsets_.back().largest = std::max(offsets_.back().largest, offset);
  while (offsets_.size() > 1 &&
         offsets_.front().minute + static_cast<std::int64_t>(kMinutesOfOffsets) < minute) {
    offsets_.pop_front();
  }
}

/// What the count shows beyond all that we sent is theirs. Ours may be uncounted yet: never too
/// much.
void RateScheduler::note_others(Bucket& bucket, MonoTime now) const {
  Others& others = bucket.others;
  others.used = std::max(others.used, *bucket.limit - bucket.remaining - others.ours);
  others.seen = now;
}

/// Keeps what the window told of others, if we saw enough of it.
void RateScheduler::close_window(Bucket& bucket) const {
  Others& others = bucket.others;
  const auto window = static_cast<double>(window_ms());
  const double seen_ms = static_cast<double>(others.seen - bucket.opened);
  if (!bucket.open || seen_ms < window * kLastPart) return;
  const double theirs = static_cast<double>(others.used - others.at_first);
  others.past = {theirs * std::max(1.0, window / seen_ms), others.past[0]};
}

void RateScheduler::open_window(Bucket& bucket, const RateObservation& observation, MonoTime now) {
  close_window(bucket);
  bucket.open = true;
  bucket.opened = now;
  bucket.fallback_end = now + window_ms();
  bucket.reset = observation.reset;
  bucket.unobserved = 0;
  bucket.closed_until = MonoTime{};
  if (observation.limit) bucket.limit = observation.limit;
  if (!bucket.limit) {
    bucket.limit = std::max<std::int64_t>(1, static_cast<std::int64_t>(bucket.seed * kUnseenShare));
  }
  // No count shown: count ourselves, from the limit.
  bucket.remaining = observation.remaining.value_or(*bucket.limit - 1);
  bucket.others.ours = static_cast<std::int64_t>(bucket.in_flight);
  bucket.others.used = 0;
  note_others(bucket, now);
  bucket.others.at_first = bucket.others.used;
  // A window that somebody else opened is shown from its middle: its rest is no length.
  const bool first = observation.limit && observation.remaining == *observation.limit - 1;
  if (first && observation.reset && observation.date) {
    const std::int64_t length = *observation.reset * 1000 - observation.date->ms / 1000 * 1000;
    if (length > 0 && length <= kLongestWaitMs) {
      window_ms_ = std::max(window_ms_.value_or(0), length);
    }
  }
}

void RateScheduler::too_many_at_once(MonoTime now) {
  if (now < hold_until_) return;  // others of the same crowd
  cap_ = std::max<std::size_t>(1, std::min(cap_, most_in_flight()) / 2);
  cap_changed_ = now;
  hold_until_ = now + (kFirstHoldMs << std::min(crowded_, kMostDoublings));
  ++crowded_;
}

void RateScheduler::observe(const RateObservation& observation, MonoTime now) {
  learn_time(observation, now);
  Bucket& bucket = buckets_[observation.bucket];
  if (observation.status == kTooMany && observation.limit.value_or(-1) == 0) {
    // Concurrency (FACTS 3.4): limit and remaining are 0, the reset is a hint only.
    too_many_at_once(now);
    if (const auto at = flying_.find(observation.ticket); at != flying_.end()) {
      at->second.counted = true;  // refused before it was counted
    }
    return;
  }
  if (observation.status != kTooMany) crowded_ = 0;
  const bool later = observation.reset && (!bucket.reset || *observation.reset > *bucket.reset);
  const bool older = observation.reset && bucket.reset && *observation.reset < *bucket.reset;
  const bool shows = observation.limit || observation.remaining;
  if (const auto at = flying_.find(observation.ticket); shows && at != flying_.end()) {
    at->second.counted = true;
  }
  const bool by_scout = bucket.scout == observation.ticket;
  // While the scout is out, a straggler of the old window says nothing about the new one.
  const bool straggler = bucket.scout && !by_scout && !later;
  if (straggler || older) return;
  if (shows && (later || !bucket.open)) {
    const bool same = bucket.reset && observation.reset && !later;
    open_window(bucket, observation, now);
    // Our scout met the old window: its end was put too early, look again a little later.
    if (by_scout && same) bucket.closed_until = now + kSecondLookMs;
  } else if (shows) {
    if (observation.limit) bucket.limit = observation.limit;
    if (observation.remaining)
      bucket.remaining = std::min(bucket.remaining, *observation.remaining);
    note_others(bucket, now);
  }
  if (observation.status != kTooMany) return;
  if (observation.remaining.value_or(0) > 0) {
    bucket.closed_until = now + kOtherLimitMs;
    return;
  }
  if (!shows) {
    bucket.open = false;
    bucket.fallback_end = now + window_ms();
    bucket.reset.reset();
  }
  const MonoTime end = window_end(bucket);
  bucket.closed_until = std::clamp(end, now + kSecondLookMs, now + kLongestWaitMs);
}

void RateScheduler::finished(TicketId id, MonoTime now, bool answered) {
  const auto at = flying_.find(id);
  if (at == flying_.end()) return;
  Bucket& bucket = buckets_[at->second.bucket];
  --bucket.in_flight;
  const bool scouted = bucket.scout == id;
  if (scouted) bucket.scout.reset();
  if (answered) {
    // The guess counts as one reply, so that it is soon forgotten.
    constexpr std::int64_t kMostWeight = 8;
    latency_weight_ = std::min(latency_weight_ + 1, kMostWeight);
    latency_ms_ += ((now - at->second.since) - latency_ms_) / latency_weight_;
    if (scouted && !bucket.open && !at->second.counted && now >= bucket.closed_until) {
      open_window(bucket, RateObservation{}, now);  // a reply without any header
    }
  }
  if (!at->second.counted && bucket.open && !scouted) ++bucket.unobserved;
  flying_.erase(at);
}

/// Enough in flight for twice the even rate of a bucket (Little's law).
double RateScheduler::needed(const Bucket& bucket) const {
  const double limit = static_cast<double>(
      bucket.limit.value_or(static_cast<std::int64_t>(bucket.seed * kUnseenShare)));
  return limit * capacity_ / static_cast<double>(window_ms()) * kBurst *
         static_cast<double>(latency_ms_);
}

/// Enough for all buckets in use, at most the cap.
std::size_t RateScheduler::most_in_flight() const {
  double sum = 0;
  for (const Bucket& bucket : buckets_) {
    if (bucket.queued + bucket.in_flight > 0) sum += needed(bucket);
  }
  const auto wanted = static_cast<std::size_t>(std::ceil(std::min(sum, kSecond)));
  return std::min(cap_, std::clamp(wanted, kFewest, kMostInFlight));
}

/// So many of `in_flight` leave while the journal writes once: at Okta's usual latencies it is one,
/// and only where replies come at once do more wait, so that a crash leaves few in doubt.
std::size_t RateScheduler::waiting_beside(std::size_t in_flight) const {
  constexpr std::int64_t kJournalTurnMs = 50;
  const std::int64_t latency = std::max<std::int64_t>(1, latency_ms_);
  const std::int64_t leave = static_cast<std::int64_t>(in_flight) * kJournalTurnMs / latency;
  return std::clamp<std::size_t>(static_cast<std::size_t>(leave), 1, kMostWaiting);
}

std::size_t RateScheduler::slots(MonoTime now) const {
  std::size_t used = flying_.size();
  for (const Bucket& bucket : buckets_) {
    for (std::size_t queue = 0; bucket.queued > 0 && queue < kClasses; ++queue) {
      if (bucket.queues[queue].empty()) continue;
      const std::size_t standing = standing_of(queue, bucket.queues[queue].front(), now);
      if (!fits(bucket, standing, now)) continue;
      used += phase(bucket, now) == Phase::fresh ? 1 : bucket.queues[queue].size();
    }
  }
  const std::size_t most = cap_ + waiting_beside(cap_);
  return used >= most ? 0 : most - used;
}

std::size_t RateScheduler::places(BucketId id) const {
  const Bucket& bucket = buckets_[id];
  const auto wanted = static_cast<std::size_t>(std::ceil(std::min(needed(bucket), kSecond)));
  const std::size_t own = std::min(cap_, std::clamp(wanted, kFewest, kMostInFlight));
  const std::size_t most = own + waiting_beside(own);
  const std::size_t used = bucket.in_flight + bucket.queued;
  return used >= most ? 0 : most - used;
}

std::size_t RateScheduler::room(BucketId id, Priority priority, MonoTime now) const {
  const Bucket& bucket = buckets_[id];
  const auto standing = static_cast<std::size_t>(priority);
  const Phase at = phase(bucket, now);
  if (now < hold_until_ || at == Phase::scouting || at == Phase::closed) return 0;
  if (at == Phase::fresh) return bucket.queued == 0 ? 1 : 0;
  if (!fits(bucket, standing, now)) return 0;
  const double free = headroom(bucket, now) - kept_now(bucket, standing, now);
  const auto whole = static_cast<std::size_t>(std::max(0.0, free));
  return whole > bucket.queued ? whole - bucket.queued : 0;
}

std::vector<BucketKnowledge> RateScheduler::knowledge() const {
  std::vector<BucketKnowledge> out;
  for (const Bucket& bucket : buckets_) {
    BucketKnowledge known{bucket.name, bucket.seed, std::nullopt};
    if (bucket.limit && bucket.reset) known.limit = static_cast<std::uint32_t>(*bucket.limit);
    out.push_back(std::move(known));
  }
  return out;
}

}  // namespace rollcall

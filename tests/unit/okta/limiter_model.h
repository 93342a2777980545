// Okta's rate limiter as a small pure model, and a client of the scheduler against it in virtual
// time: every second of traffic costs microseconds.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <queue>
#include <random>
#include <string>
#include <vector>

#include "connectors/okta/rate_scheduler.h"

namespace rollcall::test {

/// Fixed windows that begin with the first request after the last one's end (FACTS 3.3).
class OktaLimiter {
 public:
  OktaLimiter(std::int64_t limit, std::int64_t window_s, std::int64_t skew_ms)
      : limit_(limit), window_s_(window_s), skew_ms_(skew_ms) {}

  struct Answer {
    int status = 200;
    std::int64_t limit = 0, remaining = 0, reset = 0;
    WallTime date;
  };
  Answer request(std::int64_t mono_ms) {
    const std::int64_t server = mono_ms + skew_ms_;
    if (server >= reset_s_ * 1000) {
      reset_s_ = server / 1000 + window_s_;
      used_ = 0;
      ++windows_;
    }
    Answer out{200, limit_, 0, reset_s_, WallTime{server / 1000 * 1000}};
    if (used_ >= limit_) {
      out.status = 429;
    } else {
      ++used_;
    }
    out.remaining = limit_ - used_;
    return out;
  }
  std::int64_t windows() const { return windows_; }

 private:
  std::int64_t limit_, window_s_, skew_ms_;
  std::int64_t reset_s_ = 0, used_ = 0, windows_ = 0;
};

struct RunOptions {
  std::int64_t limit = 300;
  std::int64_t window_s = 60;
  std::int64_t skew_ms = 0;
  std::int64_t latency_from_ms = 100, latency_to_ms = 900;
  std::int64_t minutes = 20;
  std::int64_t competitor_every_ms = 0;  // 0: we are alone
  std::int64_t most_at_once = 1000;      // more get Okta's concurrency 429
  double capacity = 0.9;
  bool show_date = true, show_rate = true, twice = false;
  double lost_share = 0;  // replies that never arrive
  std::uint64_t seed = 1;
  Priority load = Priority::move;
  std::size_t backlog = 50;                 // requests always waiting
  std::vector<std::int64_t> contain_at_ms;  // when a containment comes in
};

struct RunResult {
  std::int64_t served = 0, refused = 0, competitor_refused = 0, crowded = 0, windows = 0;
  std::vector<std::int64_t> contain_wait_ms;  // from asking to leaving
  std::int64_t polls = 0;
};

inline RunResult run(const RunOptions& o) {
  struct Event {
    std::int64_t at = 0;
    int kind = 0;  // 0 reaches Okta, 1 reply, 2 competitor, 3 containment, 4 wake
    TicketId id = 0;
    bool operator<(const Event& other) const {
      return std::tie(other.at, other.id) < std::tie(at, id);
    }
  };
  std::mt19937_64 random(o.seed);
  std::uniform_int_distribution<std::int64_t> latency(o.latency_from_ms, o.latency_to_ms);
  std::uniform_real_distribution<double> chance(0, 1);
  OktaLimiter okta(o.limit, o.window_s, o.skew_ms);
  RateScheduler scheduler(o.capacity);
  const BucketId bucket =
      scheduler.bucket("/api/v1/users", static_cast<std::uint32_t>(2 * o.limit));
  std::priority_queue<Event> events;
  std::map<TicketId, OktaLimiter::Answer> answers;
  std::map<TicketId, std::int64_t> asked;  // containments
  RunResult out;
  TicketId next = 1;
  std::int64_t at_once = 0;
  const std::int64_t begin = 1'000'123;
  const std::int64_t end = begin + o.minutes * 60'000;
  if (o.competitor_every_ms > 0) events.push({begin, 2, 0});
  for (const auto at : o.contain_at_ms) events.push({begin + at, 3, 0});
  events.push({begin, 4, 0});
  std::map<TicketId, Priority> priorities;
  while (!events.empty() && events.top().at < end) {
    const Event event = events.top();
    events.pop();
    const MonoTime now{event.at};
    if (event.kind == 0) {
      ++at_once;
      auto answer = okta.request(event.at);
      if (at_once > o.most_at_once) answer = {429, 0, 0, answer.reset + 54, answer.date};
      answers[event.id] = answer;
      events.push({event.at + latency(random) / 2, 1, event.id});
    } else if (event.kind == 1) {
      --at_once;
      const auto answer = answers[event.id];
      answers.erase(event.id);
      const bool lost = chance(random) < o.lost_share;
      if (!lost) {
        RateObservation seen;
        seen.ticket = event.id;
        seen.bucket = bucket;
        seen.status = answer.status;
        if (o.show_rate) {
          seen.limit = answer.limit;
          seen.remaining = answer.remaining;
          seen.reset = answer.reset;
        }
        if (o.show_date) seen.date = answer.date;
        scheduler.observe(seen, now);
      }
      scheduler.finished(event.id, now, !lost);
      if (answer.status == 429) {
        (answer.limit == 0 ? out.crowded : out.refused) += 1;
        scheduler.enqueue({event.id, bucket, priorities[event.id], false}, now);
      } else {
        ++out.served;
      }
    } else if (event.kind == 2) {
      if (okta.request(event.at).status == 429) ++out.competitor_refused;
      events.push({event.at + o.competitor_every_ms, 2, 0});
    } else if (event.kind == 3) {
      asked[next] = event.at;
      priorities[next] = Priority::contain;
      scheduler.enqueue({next++, bucket, Priority::contain, false}, now);
    }
    while (scheduler.queued() < o.backlog) {
      priorities[next] = o.load;
      scheduler.enqueue({next++, bucket, o.load, false}, now);
    }
    ++out.polls;
    const Admission admission = scheduler.poll(now);
    for (const TicketId id : admission.tickets) {
      events.push({event.at + latency(random) / 2, 0, id});
      if (const auto at = asked.find(id); at != asked.end()) {
        out.contain_wait_ms.push_back(event.at - at->second);
        asked.erase(at);
      }
    }
    if (admission.wake_at) events.push({admission.wake_at->ms, 4, 0});
  }
  for (const auto& [id, at] : asked) out.contain_wait_ms.push_back(end - at);
  out.windows = okta.windows();
  return out;
}

}  // namespace rollcall::test

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
  std::int64_t competitor_at_once = 1;   // requests each time, 20 ms apart
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
  std::int64_t competitor_refused_late = 0;   // after the second minute
  std::vector<std::int64_t> contain_wait_ms;  // from asking to leaving
  std::int64_t polls = 0;
};

/// One run in virtual time; see run().
class LimiterRun {
 public:
  explicit LimiterRun(const RunOptions& options)
      : o_(options),
        random_(options.seed),
        latency_(options.latency_from_ms, options.latency_to_ms),
        okta_(options.limit, options.window_s, options.skew_ms),
        scheduler_(options.capacity),
        bucket_(scheduler_.bucket("/api/v1/users", static_cast<std::uint32_t>(2 * options.limit))) {
  }

  RunResult go() {
    const std::int64_t begin = kBegin;
    const std::int64_t end = begin + o_.minutes * 60'000;
    if (o_.competitor_every_ms > 0) events_.push({begin, Event::competitor, 0});
    for (const auto at : o_.contain_at_ms) events_.push({begin + at, Event::containment, 0});
    events_.push({begin, Event::wake, 0});
    while (!events_.empty() && events_.top().at < end) {
      const Event event = events_.top();
      events_.pop();
      happen(event);
      admit(event.at);
    }
    for (const auto& [id, at] : asked_) out_.contain_wait_ms.push_back(end - at);
    out_.windows = okta_.windows();
    return out_;
  }

 private:
  struct Event {
    enum Kind : std::uint8_t { reaches_okta, reply, competitor, containment, wake };
    std::int64_t at = 0;
    Kind kind = wake;
    TicketId id = 0;
    bool operator<(const Event& other) const {
      return std::tie(other.at, other.id) < std::tie(at, id);
    }
  };

  void happen(const Event& event) {
    switch (event.kind) {
      case Event::reaches_okta:
        reach(event);
        break;
      case Event::reply:
        answer(event);
        break;
      case Event::competitor:
        compete(event);
        break;
      case Event::containment:
        asked_[next_] = event.at;
        enqueue(Priority::contain, event.at);
        break;
      case Event::wake:
        break;
    }
  }

  void compete(const Event& event) {
    if (okta_.request(event.at).status == 429) {
      ++out_.competitor_refused;
      if (event.at > kBegin + 120'000) ++out_.competitor_refused_late;
    }
    competed_ = (competed_ + 1) % o_.competitor_at_once;
    const std::int64_t short_ms = 20;
    const std::int64_t pause_ms = o_.competitor_every_ms - short_ms * (o_.competitor_at_once - 1);
    events_.push({event.at + (competed_ == 0 ? pause_ms : short_ms), Event::competitor, 0});
  }

  void reach(const Event& event) {
    ++at_once_;
    auto answer = okta_.request(event.at);
    if (at_once_ > o_.most_at_once) answer = {429, 0, 0, answer.reset + 54, answer.date};
    answers_[event.id] = answer;
    events_.push({event.at + latency_(random_) / 2, Event::reply, event.id});
  }

  void answer(const Event& event) {
    --at_once_;
    const MonoTime now{event.at};
    const auto answer = answers_[event.id];
    answers_.erase(event.id);
    const bool lost = chance_(random_) < o_.lost_share;
    if (!lost) scheduler_.observe(observation(event.id, answer), now);
    scheduler_.finished(event.id, now, !lost);
    if (answer.status == 429) {
      (answer.limit == 0 ? out_.crowded : out_.refused) += 1;
      scheduler_.enqueue({event.id, bucket_, priorities_[event.id], false}, now);
    } else {
      ++out_.served;
    }
  }

  RateObservation observation(TicketId id, const OktaLimiter::Answer& answer) const {
    RateObservation seen;
    seen.ticket = id;
    seen.bucket = bucket_;
    seen.status = answer.status;
    if (o_.show_rate) {
      seen.limit = answer.limit;
      seen.remaining = answer.remaining;
      seen.reset = answer.reset;
    }
    if (o_.show_date) seen.date = answer.date;
    return seen;
  }

  void enqueue(Priority priority, std::int64_t at) {
    priorities_[next_] = priority;
    scheduler_.enqueue({next_++, bucket_, priority, false}, MonoTime{at});
  }

  void admit(std::int64_t at) {
    while (scheduler_.queued() < o_.backlog) enqueue(o_.load, at);
    ++out_.polls;
    const Admission admission = scheduler_.poll(MonoTime{at});
    for (const TicketId id : admission.tickets) {
      events_.push({at + latency_(random_) / 2, Event::reaches_okta, id});
      if (const auto asked = asked_.find(id); asked != asked_.end()) {
        out_.contain_wait_ms.push_back(at - asked->second);
        asked_.erase(asked);
      }
    }
    if (admission.wake_at) events_.push({admission.wake_at->ms, Event::wake, 0});
  }

  RunOptions o_;
  std::mt19937_64 random_;
  std::uniform_int_distribution<std::int64_t> latency_;
  std::uniform_real_distribution<double> chance_{0, 1};
  OktaLimiter okta_;
  RateScheduler scheduler_;
  BucketId bucket_;
  std::priority_queue<Event> events_;
  std::map<TicketId, OktaLimiter::Answer> answers_;
  std::map<TicketId, std::int64_t> asked_;  // containments
  std::map<TicketId, Priority> priorities_;
  TicketId next_ = 1;
  std::int64_t at_once_ = 0;
  std::int64_t competed_ = 0;
  static constexpr std::int64_t kBegin = 1'000'123;
  RunResult out_;
};

/// The scheduler against the limiter, with what `options` adds: latency, skew, losses, others.
inline RunResult run(const RunOptions& options) { return LimiterRun(options).go(); }

}  // namespace rollcall::test

// Virtual time: a model of Okta's fixed windows answers what the scheduler admits.
#include "connectors/okta/forecast.h"

#include <algorithm>
#include <deque>
#include <map>
#include <optional>
#include <string>

#include "connectors/okta/codec.h"

namespace rollcall {
namespace {

constexpr std::uint32_t kHalf = 2;

/// Okta's side: a window begins with the first request after the last one's end.
struct ModelWindow {
  std::uint32_t limit = 0;
  std::int64_t reset_s = 0;
  std::int64_t used = 0;
};

class VirtualRun {
 public:
  explicit VirtualRun(const RateState& state) : state_(state), scheduler_(state.capacity) {}

  void add(Endpoint endpoint, Priority priority);
  Forecast finish();

 private:
  struct Arrival {
    TicketId id = 0;
    BucketId bucket = 0;
    MonoTime at;
  };
  BucketId bucket_of(Endpoint endpoint);
  void answer(const Arrival& arrival);

  const RateState& state_;
  RateScheduler scheduler_;
  std::map<Endpoint, BucketId> buckets_;
  std::vector<std::string> names_;
  std::vector<ModelWindow> windows_;
  std::vector<std::uint64_t> requests_;
  std::vector<BucketId> tickets_;  // by ticket id
};

BucketId VirtualRun::bucket_of(Endpoint endpoint) {
  if (const auto at = buckets_.find(endpoint); at != buckets_.end()) return at->second;
  const EndpointRow& row = row_of(endpoint);
  const BucketRef ref = state_.table.find(row.method, row.path);
  const BucketId id = scheduler_.bucket(ref.name, ref.seed);
  if (id == names_.size()) {
    names_.push_back(ref.name);
    requests_.push_back(0);
    windows_.push_back({state_.limit_of(ref), 0, 0});
  }
  buckets_.emplace(endpoint, id);
  return id;
}

void VirtualRun::add(Endpoint endpoint, Priority priority) {
  const BucketId bucket = bucket_of(endpoint);
  ++requests_[bucket];
  scheduler_.enqueue({tickets_.size(), bucket, priority, false}, MonoTime{});
  tickets_.push_back(bucket);
}

void VirtualRun::answer(const Arrival& arrival) {
  ModelWindow& window = windows_[arrival.bucket];
  // The request reaches Okta after half the latency; the reply carries that moment's count.
  const std::int64_t reached = arrival.at.ms - state_.latency_ms / kHalf;
  if (reached >= window.reset_s * 1000) {
    window.reset_s = (reached + state_.window_ms) / 1000;
    window.used = 0;
  }
  ++window.used;
  RateObservation seen;
  seen.ticket = arrival.id;
  seen.bucket = arrival.bucket;
  seen.limit = window.limit;
  seen.remaining = std::max<std::int64_t>(0, window.limit - window.used);
  seen.reset = window.reset_s;
  seen.date = WallTime{reached / 1000 * 1000};
  scheduler_.observe(seen, arrival.at);
  scheduler_.finished(arrival.id, arrival.at, true);
}

Forecast VirtualRun::finish() {
  std::deque<Arrival> flying;  // in order of arrival: the latency is the same for all
  // Windows end at whole seconds (FACTS 3.3); a run begins somewhere within one.
  constexpr MonoTime kBegin{500};
  MonoTime now = kBegin;
  while (scheduler_.queued() + scheduler_.in_flight() > 0) {
    const Admission admission = scheduler_.poll(now);
    for (const TicketId id : admission.tickets) {
      flying.push_back({id, tickets_[id], now + state_.latency_ms});
    }
    if (!flying.empty() && (!admission.wake_at || flying.front().at <= *admission.wake_at)) {
      now = flying.front().at;
      answer(flying.front());
      flying.pop_front();
    } else {
      ROLLCALL_ASSERT(admission.wake_at);  // or the scheduler waits for nothing
      now = *admission.wake_at;
    }
  }
  Forecast out;
  out.minutes = static_cast<double>(now - kBegin) / kMinuteMs;
  for (BucketId id = 0; id < names_.size(); ++id) {
    const double allowed =
        windows_[id].limit * state_.capacity * kMinuteMs / static_cast<double>(state_.window_ms);
    out.buckets.push_back({names_[id], requests_[id], static_cast<std::uint64_t>(allowed)});
    out.requests += requests_[id];
  }
  std::sort(out.buckets.begin(), out.buckets.end(),
            [](const ForecastBucket& a, const ForecastBucket& b) { return a.bucket < b.bucket; });
  return out;
}

bool on_group(OperationKind kind) {
  return kind == OperationKind::group_link || kind == OperationKind::group_delete;
}

}  // namespace

std::uint32_t RateState::limit_of(const BucketRef& bucket) const {
  double shares = 0;
  int seen = 0;
  for (const BucketKnowledge& known : buckets) {
    if (!known.limit) continue;
    if (known.name == bucket.name) return *known.limit;
    const std::uint32_t seed = table.seed_of(known.name);
    if (seed == 0 || seed == BucketTable::kSlowSeed) continue;  // never published
    shares += static_cast<double>(*known.limit) / seed;
    ++seen;
  }
  constexpr double kUnseenShare = 0.5;
  const double share = seen > 0 ? shares / seen : kUnseenShare;
  return std::max(1U, static_cast<std::uint32_t>(bucket.seed * share));
}

Result<Forecast> forecast(OperationCursor& operations, const RateState& state) {
  VirtualRun run(state);
  std::string confirmed;  // the person or group whose read serves the next operation too
  for (;;) {
    auto next = operations.next();
    if (!next) return next.error();
    const Operation* op = *next;
    if (op == nullptr) break;
    if (!op->held_by.empty() || op->request.with != 0) continue;
    const std::string target = on_group(op->kind)
                                   ? "group " + op->object.id + op->object.name
                                   : "user " + op->subject.worker_key + op->subject.user_id;
    if (needs_confirmation(op->kind)) {
      if (target != confirmed) {
        run.add(on_group(op->kind) ? Endpoint::get_group : Endpoint::get_user,
                priority_of(op->kind));
      }
      confirmed = target;
    } else if (target != confirmed) {
      confirmed.clear();
    }
    if (!journal_only(op->kind)) run.add(endpoint_of(op->kind), priority_of(op->kind));
  }
  return run.finish();
}

}  // namespace rollcall

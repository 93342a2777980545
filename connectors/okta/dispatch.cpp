// Waiting, second asks and accounting of requests.
#include "connectors/okta/dispatch.h"

#include <algorithm>
#include <utility>

#include "connectors/okta/endpoints.h"
#include "connectors/okta/reply_headers.h"
#include "connectors/okta/status_codes.h"

namespace rollcall {
Dispatch::Dispatch(BucketTable table, double capacity)
    : table_(std::move(table)), scheduler_(capacity) {
  // The one that binds a priority; creates of groups are few and come before all else.
  constexpr Endpoint kUsed[kPriorities] = {
      Endpoint::suspend_user, Endpoint::unassign_user_from_group, Endpoint::create_user,
      Endpoint::update_user,  Endpoint::assign_user_to_group,     Endpoint::replace_group};
  for (std::size_t i = 0; i < kPriorities; ++i) {
    const EndpointRow& used = row_of(kUsed[i]);
    const BucketRef ref = table_.find(used.method, used.path);
    bucket_of_[i] = scheduler_.bucket(ref.name, ref.seed);
  }
}

TicketId Dispatch::add(Job job, MonoTime now) {
  const TicketId id = next_++;
  const BucketRef ref = table_.find(job.request.method, job.request.target);
  Held held{std::move(job), scheduler_.bucket(ref.name, ref.seed), ref.name};
  const std::int64_t delay_ms = held.job.delay_ms;
  jobs_.emplace(id, std::move(held));
  if (delay_ms > 0) {
    delayed_.emplace(now + delay_ms, id);
  } else {
    enqueue(id, now);
  }
  return id;
}

void Dispatch::enqueue(TicketId id, MonoTime now) {
  const Held& held = jobs_.at(id);
  if (!held.job.person.empty()) {
    auto& line = persons_[held.job.person];
    line.push_back(id);
    if (line.size() > 1) return;  // one at a time for each person
  }
  scheduler_.enqueue({id, held.bucket_id, held.job.priority, held.job.probe}, now);
}

Admission Dispatch::poll(MonoTime now) {
  while (!delayed_.empty() && delayed_.begin()->first <= now) {
    const TicketId id = delayed_.begin()->second;
    delayed_.erase(delayed_.begin());
    enqueue(id, now);
  }
  Admission admission = scheduler_.poll(now);
  for (const TicketId id : admission.tickets) ++counts_[jobs_.at(id).bucket].requests;
  if (!delayed_.empty()) {
    const MonoTime due = delayed_.begin()->first;
    admission.wake_at = admission.wake_at ? std::min(*admission.wake_at, due) : due;
  }
  return admission;
}

/// Lets the person's next request into the queue.
void Dispatch::release(const std::string& person, MonoTime now) {
  if (person.empty()) return;
  const auto line = persons_.find(person);
  line->second.pop_front();
  if (line->second.empty()) {
    persons_.erase(line);
    return;
  }
  const TicketId id = line->second.front();
  const Held& held = jobs_.at(id);
  scheduler_.enqueue({id, held.bucket_id, held.job.priority, held.job.probe}, now);
}

std::optional<Dispatch::Ended> Dispatch::replied(TicketId id, HttpExchange exchange, MonoTime now,
                                                 bool repeat) {
  Held& held = jobs_.at(id);
  if (exchange.reply) {
    RateObservation seen = read_rate_headers(*exchange.reply);
    seen.ticket = id;
    seen.bucket = held.bucket_id;
    scheduler_.observe(seen, now);
  }
  scheduler_.finished(id, now, exchange.reply.has_value());
  const int status = exchange.reply ? exchange.reply->status : 0;
  const bool failed = !exchange.reply || status >= kServerError;
  failures_in_row_ = failed ? failures_in_row_ + 1 : 0;
  if (status == kTooMany || repeat) {
    if (status == kTooMany) ++counts_[held.bucket].refused;
    scheduler_.enqueue({id, held.bucket_id, held.job.priority, held.job.probe}, now);
    return std::nullopt;
  }
  Ended ended{std::move(held.job.done), std::move(exchange)};
  const std::string person = std::move(held.job.person);
  jobs_.erase(id);
  release(person, now);
  return ended;
}

std::vector<Done> Dispatch::take_waiting() {
  std::vector<TicketId> waiting;
  for (const auto& [at, id] : delayed_) waiting.push_back(id);
  delayed_.clear();
  for (auto& [id, held] : jobs_) {
    if (scheduler_.withdraw(id)) waiting.push_back(id);
  }
  for (auto line = persons_.begin(); line != persons_.end();) {
    auto& ids = line->second;
    const bool first_flies =
        std::find(waiting.begin(), waiting.end(), ids.front()) == waiting.end();
    waiting.insert(waiting.end(), ids.begin() + 1, ids.end());
    ids.resize(first_flies ? 1 : 0);
    line = ids.empty() ? persons_.erase(line) : std::next(line);
  }
  std::sort(waiting.begin(), waiting.end());
  std::vector<Done> out;
  for (const TicketId id : waiting) {
    const auto at = jobs_.find(id);
    if (at == jobs_.end()) continue;
    out.push_back(std::move(at->second.job.done));
    jobs_.erase(at);
  }
  return out;
}

Room Dispatch::room(MonoTime now) const {
  Room room;
  room.total = scheduler_.slots(now);
  const BucketId contains = bucket_of_[static_cast<std::size_t>(Priority::contain)];
  for (std::size_t i = 0; i < kPriorities; ++i) {
    const auto priority = static_cast<Priority>(i);
    const std::size_t places = scheduler_.places(bucket_of_[i]);
    room.of[i] = scheduler_.room(bucket_of_[i], priority, now);
    // A containment goes before all that waits, so nothing that waits takes its place.
    if (priority != Priority::contain) room.of[i] = std::min(room.of[i], places);
    room.with_contain[i] = bucket_of_[i] == contains;
  }
  return room;
}

RateState Dispatch::rate_state() const {
  RateState out;
  out.table = table_;
  out.capacity = scheduler_.capacity();
  out.window_ms = scheduler_.window_ms();
  out.latency_ms = scheduler_.latency_ms();
  out.buckets = scheduler_.knowledge();
  return out;
}

DispatchCounts Dispatch::counts() const {
  DispatchCounts out;
  out.buckets = counts_;
  for (const BucketKnowledge& known : scheduler_.knowledge()) {
    if (const auto at = out.buckets.find(known.name); at != out.buckets.end()) {
      at->second.limit = known.limit;
    }
  }
  for (const auto& [name, bucket] : out.buckets) {
    out.requests += bucket.requests;
    out.refused += bucket.refused;
  }
  return out;
}

}  // namespace rollcall

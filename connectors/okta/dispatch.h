// The client without its threads: requests wait here for their bucket and their person, 429s are
// asked again, what ended is handed back. Pure; tests and worlds drive it in virtual time.
#pragma once

#include <array>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "connectors/http/message.h"
#include "connectors/okta/bucket_table.h"
#include "connectors/okta/forecast.h"
#include "connectors/okta/rate_scheduler.h"
#include "service/ports/directory.h"

namespace rollcall {

/// How a request ended; nullopt: it was never admitted (drained).
using Done = std::function<void(std::optional<HttpExchange>)>;

/// One request to be made.
struct Job {
  HttpRequest request;
  Priority priority = Priority::move;
  bool probe = false;
  std::string person;  // at most one request in flight for each; empty: nobody's
  Done done;
  std::int64_t delay_ms = 0;
  bool anonymous = false;  // sent without our credential
};

/// Counts since the start, for metrics.
struct BucketCounts {
  std::uint64_t requests = 0;
  std::uint64_t refused = 0;  // 429
  std::optional<std::uint32_t> limit;
};
struct DispatchCounts {
  std::uint64_t requests = 0;
  std::uint64_t refused = 0;
  std::map<std::string, BucketCounts> buckets;
};

/// Not thread safe.
class Dispatch {
 public:
  Dispatch(BucketTable table, double capacity);

  TicketId add(Job job, MonoTime now);
  /// Tickets to send now; `wake_at` as in Admission.
  Admission poll(MonoTime now);
  const HttpRequest& request(TicketId id) const { return jobs_.at(id).job.request; }
  bool anonymous(TicketId id) const { return jobs_.at(id).job.anonymous; }
  const std::string& bucket_name(TicketId id) const { return jobs_.at(id).bucket; }

  struct Ended {
    Done done;
    HttpExchange exchange;
  };
  /// The end of a sent request; nullopt: it waits again (429, or `repeat`: nothing was done and
  /// the caller has mended the cause).
  std::optional<Ended> replied(TicketId id, HttpExchange exchange, MonoTime now,
                               bool repeat = false);
  /// Gives up all that was not admitted.
  std::vector<Done> take_waiting();

  Room room(MonoTime now) const;
  RateState rate_state() const;
  DispatchCounts counts() const;
  /// Requests in a row that ended without a proper answer (no reply, 5xx).
  int failures_in_row() const { return failures_in_row_; }
  std::size_t waiting() const { return jobs_.size() - scheduler_.in_flight(); }
  std::size_t in_flight() const { return scheduler_.in_flight(); }

 private:
  struct Held {
    Job job;
    BucketId bucket_id = 0;
    std::string bucket;
  };
  void enqueue(TicketId id, MonoTime now);
  void release(const std::string& person, MonoTime now);

  BucketTable table_;
  RateScheduler scheduler_;
  std::unordered_map<TicketId, Held> jobs_;
  std::multimap<MonoTime, TicketId> delayed_;
  std::unordered_map<std::string, std::deque<TicketId>> persons_;  // front: queued or in flight
  std::array<BucketId, kPriorities> bucket_of_{};                  // by priority
  std::map<std::string, BucketCounts> counts_;
  TicketId next_ = 1;
  int failures_in_row_ = 0;
};

}  // namespace rollcall

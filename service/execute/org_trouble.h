// Tells an isolated failure from an org or network that is down. After two failures in a row it
// slows down to one request at a time; a success of any request clears it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>

#include "service/ports/directory.h"

namespace rollcall {

/// Pure; one thread.
class OrgTrouble {
 public:
  /// So many failures (5xx) in a row, on different operations, end the run.
  static constexpr int kStrikes = 5;
  /// So long without any answer at all (network, TLS) ends the run.
  static constexpr std::int64_t kSilence_ms = 120'000;

  struct Request {
    std::uint32_t operation = 0;
    std::uint64_t serial = 0;  // numbers requests in the order of sending
    bool write = true;
  };

  /// Notes how a request ended. Failures of requests that left before the last failure came back
  /// are one failure, not many. An answered read does not excuse writes that fail: an org may
  /// answer every read and take no write.
  void ended(const Outcome& outcome, const Request& request, std::uint64_t newest_serial,
             MonoTime now);

  /// How many requests may be in flight now; `wake_at` is set while none may.
  std::size_t allowance(MonoTime now, std::optional<MonoTime>& wake_at) const;
  bool over() const { return over_ || read_only_; }
  /// The org said of a write that it is in read-only mode: that is about no operation.
  bool read_only() const { return read_only_; }

  /// True if the outcome speaks of the network, not of an answer.
  static bool is_silence(const Outcome& outcome);
  static bool is_trouble(const Outcome& outcome);

 private:
  int strikes() const { return write_strikes_ + read_strikes_; }
  void answered(bool write);

  int write_strikes_ = 0;
  int read_strikes_ = 0;
  std::uint64_t counted_up_to_ = 0;
  std::uint32_t last_operation_ = 0;
  std::optional<MonoTime> silent_since_;
  std::optional<MonoTime> paused_until_;
  std::int64_t pause_ms_ = 0;
  bool over_ = false;
  bool read_only_ = false;
};

}  // namespace rollcall

#include "service/execute/org_trouble.h"

#include <algorithm>
#include <limits>

namespace rollcall {
namespace {

constexpr std::int64_t kFirstPause_ms = 2'000;
constexpr std::int64_t kLongestPause_ms = 30'000;

}  // namespace

bool OrgTrouble::is_silence(const Outcome& outcome) {
  switch (outcome.state) {
    case Outcome::State::retry:
    case Outcome::State::ambiguous:
    case Outcome::State::unsent:
    case Outcome::State::unavailable:
      return outcome.http_status == 0;
    default:
      return false;
  }
}

bool OrgTrouble::is_trouble(const Outcome& outcome) {
  if (is_silence(outcome) || outcome.state == Outcome::State::unavailable) return true;
  return outcome.http_status >= 500;
}

void OrgTrouble::answered(bool write) {
  // An answer to a request that left before the last failure proves nothing about now, but it
  // was given: one failing operation among working ones must not slow the rest.
  silent_since_.reset();
  read_strikes_ = 0;
  if (write) write_strikes_ = 0;
  if (strikes() > 0) return;
  paused_until_.reset();
  pause_ms_ = 0;
  last_operation_ = 0;
}

void OrgTrouble::ended(const Outcome& outcome, const Request& request, std::uint64_t newest_serial,
                       MonoTime now) {
  if (!is_trouble(outcome)) return answered(request.write);
  if (request.write && outcome.code == ErrorCode::org_read_only) read_only_ = true;
  const bool silence = is_silence(outcome);
  if (silence && !silent_since_) silent_since_ = now;
  if (silence && now - *silent_since_ >= kSilence_ms) over_ = true;
  if (request.serial <= counted_up_to_) return;
  counted_up_to_ = newest_serial;
  const bool first = strikes() == 0;
  if (request.operation != last_operation_) ++(request.write ? write_strikes_ : read_strikes_);
  last_operation_ = request.operation;
  if (!first) {
    pause_ms_ = std::min(kLongestPause_ms, pause_ms_ == 0 ? kFirstPause_ms : pause_ms_ * 2);
    paused_until_ = now + pause_ms_;
  }
  if (!silence && strikes() >= kStrikes) over_ = true;
}

std::size_t OrgTrouble::allowance(MonoTime now, std::optional<MonoTime>& wake_at) const {
  if (!paused_until_) return std::numeric_limits<std::size_t>::max();
  if (now >= *paused_until_) return 1;
  wake_at = *paused_until_;
  return 0;
}

}  // namespace rollcall

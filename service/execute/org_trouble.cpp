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

void OrgTrouble::ended(const Outcome& outcome, std::uint32_t operation, std::uint64_t serial,
                       std::uint64_t newest_serial, MonoTime now) {
  if (!is_trouble(outcome)) {
    // An answer to a request that left before the last failure proves nothing about now, but it
    // was given: one failing operation among working ones must not slow the rest.
    strikes_ = 0;
    silent_since_.reset();
    paused_until_.reset();
    pause_ms_ = 0;
    last_operation_ = 0;
    return;
  }
  const bool silence = is_silence(outcome);
  if (silence && !silent_since_) silent_since_ = now;
  if (silence && now - *silent_since_ >= kSilence_ms) over_ = true;
  if (serial <= counted_up_to_) return;
  counted_up_to_ = newest_serial;
  const bool first = strikes_ == 0;
  if (operation != last_operation_) ++strikes_;
  last_operation_ = operation;
  if (!first) {
    pause_ms_ = std::min(kLongestPause_ms, pause_ms_ == 0 ? kFirstPause_ms : pause_ms_ * 2);
    paused_until_ = now + pause_ms_;
  }
  if (!silence && strikes_ >= kStrikes) over_ = true;
}

std::size_t OrgTrouble::allowance(MonoTime now, std::optional<MonoTime>& wake_at) const {
  if (!paused_until_) return std::numeric_limits<std::size_t>::max();
  if (now >= *paused_until_) return 1;
  wake_at = *paused_until_;
  return 0;
}

}  // namespace rollcall

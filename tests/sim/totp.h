// Time-based one-time passcodes (RFC 6238): six digits, half a minute, HMAC-SHA-1, as authenticator
// apps make them.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "service/base/clock.h"

namespace rollcall::sim {

inline constexpr std::int64_t kTotpStepMs = 30'000;

/// The passcode of that step (time in steps since the epoch); `secret` in base32. Empty: the
/// secret is not base32.
std::string totp_code(std::string_view secret, std::int64_t step);
inline std::int64_t totp_step(WallTime now) { return now.ms / kTotpStepMs; }

}  // namespace rollcall::sim

// Times of expressions: ISO 8601, and patterns in the notation of Joda-Time, which Okta uses.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "service/base/clock.h"
#include "service/expr/value_internal.h"

namespace rollcall::expr {

struct Instant {
  std::int64_t ms = 0;
  std::int64_t offset_seconds = 0;
};

/// Years 1 to 9999: what the text forms can hold.
inline constexpr std::int64_t kFirstInstantMs = -62'135'596'800'000;
inline constexpr std::int64_t kLastInstantMs = 253'402'300'799'999;
inline bool is_in_range(std::int64_t ms) { return ms >= kFirstInstantMs && ms <= kLastInstantMs; }

/// A date, or a date and a time; without an offset it is UTC.
std::optional<Instant> parse_instant(std::string_view text);
/// Offset from UTC of a zone (null: UTC) at an instant. The zone exists.
std::int64_t offset_at(std::int64_t ms, const Zone* zone);
/// "2015-08-01T02:18:37.979+09:00".
std::string instant_text(std::int64_t ms, const Zone* zone, bool always_milliseconds);

/// nullopt if the pattern is not one.
std::optional<std::string> format_pattern(std::string_view pattern, std::int64_t ms,
                                          const Zone* zone);
enum class PatternTrouble : std::uint8_t { none, bad_pattern, no_fit };
/// Without an offset in the text it is UTC. `now` decides the century of two-digit years.
PatternTrouble parse_pattern(std::string_view pattern, std::string_view text, std::int64_t now_ms,
                             Instant& out);

}  // namespace rollcall::expr

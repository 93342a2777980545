// Time as values: wall time for data, monotonic time for waiting. The only place that reads the
// machine's clock is clock.cpp; everybody else is given a Clock.
#pragma once

#include <compare>
#include <cstdint>
#include <string>
#include <string_view>

#include "service/base/result.h"

namespace rollcall {

inline constexpr std::int64_t kSecondMs = 1'000;
inline constexpr std::int64_t kMinuteMs = 60'000;
inline constexpr std::int64_t kDayMs = 86'400'000;

/// Milliseconds since the Unix epoch, UTC.
struct WallTime {
  std::int64_t ms = 0;
  auto operator<=>(const WallTime&) const = default;
};

/// Milliseconds since an arbitrary start; never goes back.
struct MonoTime {
  std::int64_t ms = 0;
  auto operator<=>(const MonoTime&) const = default;
};

inline MonoTime operator+(MonoTime t, std::int64_t ms) { return {t.ms + ms}; }
inline std::int64_t operator-(MonoTime a, MonoTime b) { return a.ms - b.ms; }
inline WallTime operator+(WallTime t, std::int64_t ms) { return {t.ms + ms}; }
inline std::int64_t operator-(WallTime a, WallTime b) { return a.ms - b.ms; }

/// Thread safe.
class Clock {
 public:
  virtual ~Clock() = default;
  virtual WallTime wall() const = 0;
  virtual MonoTime mono() const = 0;
};

/// The machine's clock.
class SystemClock final : public Clock {
 public:
  WallTime wall() const override;
  MonoTime mono() const override;
};

/// Blocks the calling thread. The one sleep of the program; pure code never waits.
void sleep_ms(std::int64_t ms);

/// "2026-03-01T06:00:00Z", or with ".123" if milliseconds are not zero.
std::string format_rfc3339(WallTime t);
/// "2026-03-01 06:00 UTC", for people.
std::string format_minute(WallTime t);
/// Okta's form: always milliseconds, "2026-03-01T06:00:00.000Z".
std::string format_okta_time(WallTime t);
/// Accepts RFC 3339 with any offset, fraction optional. Errors: time.invalid.
Result<WallTime> parse_rfc3339(std::string_view text);
/// HTTP Date header, "Sun, 06 Nov 1994 08:49:37 GMT". Errors: time.invalid.
Result<WallTime> parse_http_date(std::string_view text);
std::string format_http_date(WallTime t);

/// A calendar date without a zone; days since 1970-01-01.
struct CivilDate {
  std::int32_t days = 0;
  auto operator<=>(const CivilDate&) const = default;
};
/// Strict "YYYY-MM-DD". Errors: time.invalid.
Result<CivilDate> parse_date(std::string_view text);
std::string format_date(CivilDate date);

/// The local calendar date in an IANA zone at an instant. Errors: time.zone_unknown.
Result<CivilDate> local_date(WallTime t, std::string_view zone);
/// The instant a local date begins in a zone (the first valid instant of that day).
/// Errors: time.zone_unknown.
Result<WallTime> start_of_day(CivilDate date, std::string_view zone);
bool time_zone_exists(std::string_view zone);
/// Offset from UTC in seconds at an instant. Errors: time.zone_unknown.
Result<std::int64_t> utc_offset_seconds(WallTime t, std::string_view zone);
/// The instant of a local wall-clock time; the earlier one if ambiguous, shifted over a gap.
/// Errors: time.zone_unknown.
Result<WallTime> local_to_utc(CivilDate date, std::int64_t ms_of_day, std::string_view zone);

}  // namespace rollcall

#include "service/base/clock.h"

#include <date/date.h>
#include <date/tz.h>
#include <fmt/core.h>

#include <chrono>
#include <sstream>
#include <stdexcept>
#include <thread>

namespace rollcall {
namespace {

using std::chrono::milliseconds;
using SysMs = date::sys_time<milliseconds>;

Error bad_time(std::string_view text) {
  return make_error(ErrorCode::time_invalid, fmt::format("'{}' is not a valid time", text));
}

/// Reads exactly `count` digits at `pos`; -1 if there are none.
int digits(std::string_view text, std::size_t pos, std::size_t count) {
  if (pos + count > text.size()) return -1;
  int value = 0;
  for (std::size_t i = pos; i < pos + count; ++i) {
    if (text[i] < '0' || text[i] > '9') return -1;
    value = value * 10 + (text[i] - '0');
  }
  return value;
}

const date::time_zone* find_zone(std::string_view zone) {
  try {
    return date::locate_zone(std::string(zone));
  } catch (const std::runtime_error&) {
    return nullptr;
  }
}

Error unknown_zone(std::string_view zone) {
  return make_error(ErrorCode::time_zone_unknown,
                    fmt::format("'{}' is not a known time zone", zone));
}

std::int64_t floor_div(std::int64_t a, std::int64_t b) {
  const std::int64_t q = a / b;
  return (a % b != 0 && (a < 0) != (b < 0)) ? q - 1 : q;
}

struct Broken {
  int year, month, day, hour, minute, second, ms;
};

Broken break_down(WallTime t) {
  const SysMs at{milliseconds(t.ms)};
  const auto day = date::floor<date::days>(at);
  const date::year_month_day ymd{day};
  const auto rest = (at - day).count();
  return {int(ymd.year()),
          static_cast<int>(unsigned(ymd.month())),
          static_cast<int>(unsigned(ymd.day())),
          static_cast<int>(rest / 3'600'000),
          static_cast<int>(rest / 60'000 % 60),
          static_cast<int>(rest / 1000 % 60),
          static_cast<int>(rest % 1000)};
}

/// Offset part of an RFC 3339 time in minutes; sets ok to false when malformed.
int parse_offset(std::string_view text, std::size_t pos, bool& ok) {
  ok = true;
  if (pos < text.size() && (text[pos] == 'Z' || text[pos] == 'z')) {
    ok = pos + 1 == text.size();
    return 0;
  }
  if (pos + 6 == text.size() && (text[pos] == '+' || text[pos] == '-') && text[pos + 3] == ':') {
    const int h = digits(text, pos + 1, 2);
    const int m = digits(text, pos + 4, 2);
    if (h >= 0 && h < 24 && m >= 0 && m < 60) return (text[pos] == '-' ? -1 : 1) * (h * 60 + m);
  }
  ok = false;
  return 0;
}

}  // namespace

WallTime SystemClock::wall() const {
  return {
      std::chrono::duration_cast<milliseconds>(std::chrono::system_clock::now().time_since_epoch())
          .count()};
}

MonoTime SystemClock::mono() const {
  return {
      std::chrono::duration_cast<milliseconds>(std::chrono::steady_clock::now().time_since_epoch())
          .count()};
}

void sleep_ms(std::int64_t ms) {
  if (ms > 0) std::this_thread::sleep_for(milliseconds(ms));
}

std::string format_rfc3339(WallTime t) {
  if (t.ms % 1000 != 0) return format_okta_time(t);
  const Broken b = break_down(t);
  return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}Z", b.year, b.month, b.day, b.hour,
                     b.minute, b.second);
}

std::string format_minute(WallTime t) {
  const Broken b = break_down(t);
  return fmt::format("{:04}-{:02}-{:02} {:02}:{:02} UTC", b.year, b.month, b.day, b.hour, b.minute);
}

std::string format_okta_time(WallTime t) {
  const Broken b = break_down(t);
  return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:03}Z", b.year, b.month, b.day, b.hour,
                     b.minute, b.second, b.ms);
}

Result<WallTime> parse_rfc3339(std::string_view text) {
  if (text.size() < 20 || (text[10] != 'T' && text[10] != 't' && text[10] != ' ') ||
      text[13] != ':' || text[16] != ':') {
    return bad_time(text);
  }
  const auto day = parse_date(text.substr(0, 10));
  const int h = digits(text, 11, 2);
  const int m = digits(text, 14, 2);
  const int s = digits(text, 17, 2);
  if (!day || h < 0 || h > 23 || m < 0 || m > 59 || s < 0 || s > 60) return bad_time(text);
  std::size_t pos = 19;
  int ms = 0;
  if (text[pos] == '.' || text[pos] == ',') {
    int scale = 100;
    const std::size_t first = ++pos;
    for (; pos < text.size() && text[pos] >= '0' && text[pos] <= '9'; ++pos, scale /= 10) {
      ms += (text[pos] - '0') * scale;
    }
    if (pos == first) return bad_time(text);
  }
  bool offset_ok = false;
  const int offset_minutes = parse_offset(text, pos, offset_ok);
  if (!offset_ok) return bad_time(text);
  return WallTime{static_cast<std::int64_t>(day->days) * kDayMs + h * 3'600'000LL + m * 60'000LL +
                  s * 1000LL + ms - offset_minutes * 60'000LL};
}

/// Read by place, as RFC 9110 5.6.7 fixes it: date::parse turns some damaged ones into
/// not-a-number.
Result<WallTime> parse_http_date(std::string_view text) {
  constexpr std::string_view kForm = "Sun, 06 Nov 1994 08:49:37 GMT";
  constexpr std::string_view kMonths = "JanFebMarAprMayJunJulAugSepOctNovDec";
  if (text.size() != kForm.size() || text.substr(3, 2) != ", " || text.substr(25) != " GMT" ||
      text[7] != ' ' || text[11] != ' ' || text[16] != ' ' || text[19] != ':' || text[22] != ':') {
    return bad_time(text);
  }
  const std::size_t month = kMonths.find(text.substr(8, 3));
  const int d = digits(text, 5, 2);
  const int y = digits(text, 12, 4);
  const int hour = digits(text, 17, 2);
  const int minute = digits(text, 20, 2);
  const int second = digits(text, 23, 2);
  const bool whole = month != std::string_view::npos && month % 3 == 0 && d >= 0 && y >= 0 &&
                     hour >= 0 && hour < 24 && minute >= 0 && minute < 60 && second >= 0 &&
                     second <= 60;
  if (!whole) return bad_time(text);
  const date::year_month_day ymd{date::year{y}, date::month{static_cast<unsigned>(month / 3 + 1)},
                                 date::day{static_cast<unsigned>(d)}};
  if (!ymd.ok()) return bad_time(text);
  const std::int64_t days = date::sys_days{ymd}.time_since_epoch().count();
  return WallTime{((days * 24 + hour) * 60 + minute) * 60'000LL + second * 1'000LL};
}

std::string format_http_date(WallTime t) {
  std::ostringstream out;
  out.imbue(std::locale::classic());
  const date::sys_seconds at{std::chrono::seconds(floor_div(t.ms, 1000))};
  out << date::format("%a, %d %b %Y %T GMT", at);
  return out.str();
}

Result<CivilDate> parse_date(std::string_view text) {
  if (text.size() != 10 || text[4] != '-' || text[7] != '-') return bad_time(text);
  const int y = digits(text, 0, 4);
  const int m = digits(text, 5, 2);
  const int d = digits(text, 8, 2);
  if (y < 0 || m < 0 || d < 0) return bad_time(text);
  const date::year_month_day ymd{date::year{y}, date::month{static_cast<unsigned>(m)},
                                 date::day{static_cast<unsigned>(d)}};
  if (!ymd.ok()) return bad_time(text);
  return CivilDate{static_cast<std::int32_t>(date::sys_days{ymd}.time_since_epoch().count())};
}

std::string format_date(CivilDate date) {
  const Broken b = break_down({static_cast<std::int64_t>(date.days) * kDayMs});
  return fmt::format("{:04}-{:02}-{:02}", b.year, b.month, b.day);
}

Result<CivilDate> local_date(WallTime t, std::string_view zone) {
  const auto offset = utc_offset_seconds(t, zone);
  if (!offset) return offset.error();
  return CivilDate{static_cast<std::int32_t>(floor_div(t.ms + *offset * 1000, kDayMs))};
}

Result<WallTime> start_of_day(CivilDate date, std::string_view zone) {
  return local_to_utc(date, 0, zone);
}

bool time_zone_exists(std::string_view zone) { return find_zone(zone) != nullptr; }

Result<std::int64_t> utc_offset_seconds(WallTime t, std::string_view zone) {
  const date::time_zone* found = find_zone(zone);
  if (found == nullptr) return unknown_zone(zone);
  return static_cast<std::int64_t>(found->get_info(SysMs{milliseconds(t.ms)}).offset.count());
}

Result<WallTime> local_to_utc(CivilDate date, std::int64_t ms_of_day, std::string_view zone) {
  const date::time_zone* found = find_zone(zone);
  if (found == nullptr) return unknown_zone(zone);
  const date::local_time<milliseconds> local{milliseconds(date.days * kDayMs + ms_of_day)};
  const auto sys = found->to_sys(local, date::choose::earliest);
  return WallTime{sys.time_since_epoch().count()};
}

}  // namespace rollcall

// Time functions and the methods of times. One clock per evaluation: the scope's.
#include <fmt/core.h>

#include <charconv>

#include "service/expr/functions_internal.h"
#include "service/expr/time_internal.h"

namespace rollcall::expr {
namespace {

constexpr std::int64_t kWindowsEpochMs = -11'644'473'600'000;  // 1601-01-01

Val at(Evaluator& run, const Node& node, std::int64_t ms, const Zone* zone) {
  return is_in_range(ms) ? Val::of_time(ms, zone)
                         : run.fail(node, "the time is outside the years 1 to 9999");
}

bool is_utc(std::string_view zone) { return zone == "UTC" || zone == "Z" || zone == "Etc/UTC"; }

/// False after a failure that is noted.
bool named_zone(Evaluator& run, const Node& node, std::string_view name, const Zone*& out) {
  out = nullptr;
  if (is_utc(name)) return true;
  if (!time_zone_exists(name)) {
    run.fail(node, "the time zone is not known");
    return false;
  }
  out = run.zone(node, name, 0);
  return out != nullptr;
}

Val formatted(Evaluator& run, const Node& node, std::string_view pattern, std::int64_t ms,
              const Zone* zone) {
  const auto text = format_pattern(pattern, ms, zone);
  return text ? run.text(node, *text) : run.fail(node, "the time pattern is not valid");
}

Val now(Evaluator& run, const Node& node, Args a) {
  const Zone* zone = nullptr;
  if (!a.empty() && a[0].is(Kind::null)) return run.fail(node, "the time zone is null");
  const std::string_view name = a.empty() ? run.scope().zone : a[0].str();
  if (!named_zone(run, node, name, zone)) return Val::of(Kind::failed);
  const std::int64_t ms = run.scope().now.ms;
  if (a.size() < 2) return at(run, node, ms, zone);
  if (a[1].is(Kind::null)) return run.fail(node, "the time pattern is null");
  return is_in_range(ms) ? formatted(run, node, a[1].str(), ms, zone) : at(run, node, ms, zone);
}

bool read_integer(std::string_view text, std::int64_t& out) {
  const auto read = std::from_chars(text.data(), text.data() + text.size(), out);
  return read.ec == std::errc() && read.ptr == text.data() + text.size();
}

Val from_windows(Evaluator& run, const Node& node, Args a) {
  std::int64_t ticks = 0;
  if (!read_integer(a[0].str(), ticks)) return run.fail(node, "a Windows time is an integer");
  return at(run, node, ticks / 10'000 + kWindowsEpochMs, nullptr);
}

Val from_unix(Evaluator& run, const Node& node, Args a) {
  std::int64_t ms = 0;
  if (!read_integer(a[0].str(), ms)) return run.fail(node, "a Unix time is an integer");
  return at(run, node, ms, nullptr);
}

Val to_windows(Evaluator& run, const Node& node, Args a) {
  return run.text(node, fmt::format("{}", (a[0].integer - kWindowsEpochMs) * 10'000));
}

Val to_unix(Evaluator& run, const Node& node, Args a) {
  return run.text(node, fmt::format("{}", a[0].integer));
}

Val parsed(Evaluator& run, const Node& node, Args a) {
  Instant out;
  switch (parse_pattern(a[1].str(), a[0].str(), run.scope().now.ms, out)) {
    case PatternTrouble::bad_pattern:
      return run.fail(node, "the time pattern is not valid");
    case PatternTrouble::no_fit:
      return run.fail(node, "the text does not fit the time pattern");
    case PatternTrouble::none:
      break;
  }
  return Val::of_time(out.ms, nullptr);
}

Val parse_text(Evaluator& run, const Node& node, Args a) {
  if (a.size() > 1) return parsed(run, node, a);
  const auto instant = parse_instant(a[0].str());
  if (!instant) return run.fail(node, "the text is not an ISO 8601 time");
  if (instant->offset_seconds == 0) return Val::of_time(instant->ms, nullptr);
  const Zone* zone = run.zone(node, {}, instant->offset_seconds);
  return zone == nullptr ? Val::of(Kind::failed) : Val::of_time(instant->ms, zone);
}

/// Okta's page shows UTC; what offset the text had does not matter.
Val iso_to_text(Evaluator& run, const Node& node, Args a) {
  return formatted(run, node, a[1].str(), a[0].integer, nullptr);
}

Val to_text(Evaluator& run, const Node& node, Args a) {
  if (a.size() > 1) return formatted(run, node, a[1].str(), a[0].integer, a[0].zone);
  return run.text(node, instant_text(a[0].integer, a[0].zone, false));
}

Val to_zone(Evaluator& run, const Node& node, Args a) {
  const Zone* zone = nullptr;
  if (!named_zone(run, node, a[1].str(), zone)) return Val::of(Kind::failed);
  return Val::of_time(a[0].integer, zone);
}

/// The instant of a local time: with the offset it had if that still holds there, in a gap with
/// the one before the gap (as java.time does).
std::int64_t resolve_local(std::int64_t local_ms, std::int64_t offset_before, const Zone* zone) {
  const std::int64_t kept = local_ms - offset_before * 1000;
  const std::int64_t there = offset_at(kept, zone);
  if (there == offset_before) return kept;
  const std::int64_t moved = local_ms - there * 1000;
  if (offset_at(moved, zone) == there) return moved;
  return local_ms - std::min(there, offset_before) * 1000;
}

Val shifted(Evaluator& run, const Node& node, Args a, std::int64_t unit_ms, int sign) {
  std::int64_t distance = 0;
  if (__builtin_mul_overflow(a[1].integer, unit_ms * sign, &distance) ||
      distance > kLastInstantMs * 2 || distance < -kLastInstantMs * 2) {
    return run.fail(node, "the time is outside the years 1 to 9999");
  }
  const Zone* zone = a[0].zone;
  std::int64_t ms = a[0].integer + distance;
  // A day keeps the local time, shorter units count on the line of instants.
  if (unit_ms == kDayMs && zone != nullptr && is_in_range(ms)) {
    const std::int64_t offset = offset_at(a[0].integer, zone);
    ms = resolve_local(ms + offset * 1000, offset, zone);
  }
  return at(run, node, ms, zone);
}

template <std::int64_t kUnitMs, int kSign>
Val shift(Evaluator& run, const Node& node, Args a) {
  return shifted(run, node, a, kUnitMs, kSign);
}

/// Before or after now.
template <std::int64_t kUnitMs>
Val within(Evaluator& run, const Node&, Args a) {
  const std::int64_t away = run.scope().now.ms - a[0].integer;
  std::int64_t limit = 0;
  if (__builtin_mul_overflow(a[1].integer, kUnitMs, &limit)) {
    return Val::of_bool(a[1].integer > 0);
  }
  return Val::of_bool((away < 0 ? -away : away) <= limit);
}

constexpr Function kTimeFunctions[] = {
    {"Time.now", 0, 2, "s", kTime, OnNull::decides_itself, kMapping, now},
    {"DateTime.now", 0, 2, "s", kTime, OnNull::decides_itself, kMapping, now},
    {"Time.fromWindowsToIso8601", 1, 1, "u", kTime, kNull, kMapping, from_windows},
    {"Time.fromUnixToIso8601", 1, 1, "u", kTime, kNull, kMapping, from_unix},
    {"Time.fromStringToIso8601", 2, 2, "s", kTime, kNull, kMapping, parsed},
    {"Time.fromIso8601ToWindows", 1, 1, "t", kText, kNull, kMapping, to_windows},
    {"Time.fromIso8601ToUnix", 1, 1, "t", kText, kNull, kMapping, to_unix},
    {"Time.fromIso8601ToString", 2, 2, "ts", kText, kNull, kMapping, iso_to_text},
    {".parseWindowsTime", 1, 1, "u", kTime, kNull, kMapping, from_windows},
    {".parseUnixTime", 1, 1, "u", kTime, kNull, kMapping, from_unix},
    {".parseStringTime", 1, 2, "s", kTime, kNull, kMapping, parse_text},
    {".toWindows", 1, 1, "t", kText, kNull, kMapping, to_windows},
    {".toUnix", 1, 1, "t", kText, kNull, kMapping, to_unix},
    {".toString", 1, 2, "ts", kText, kNull, kMapping, to_text},
    {".toZone", 2, 2, "ts", kTime, kNull, kMapping, to_zone},
    {".plusDays", 2, 2, "ti", kTime, kNull, kMapping, shift<kDayMs, 1>},
    {".plusHours", 2, 2, "ti", kTime, kNull, kMapping, shift<3'600'000, 1>},
    {".plusMinutes", 2, 2, "ti", kTime, kNull, kMapping, shift<60'000, 1>},
    {".plusSeconds", 2, 2, "ti", kTime, kNull, kMapping, shift<1000, 1>},
    {".minusDays", 2, 2, "ti", kTime, kNull, kMapping, shift<kDayMs, -1>},
    {".minusHours", 2, 2, "ti", kTime, kNull, kMapping, shift<3'600'000, -1>},
    {".minusMinutes", 2, 2, "ti", kTime, kNull, kMapping, shift<60'000, -1>},
    {".minusSeconds", 2, 2, "ti", kTime, kNull, kMapping, shift<1000, -1>},
    {".withinDays", 2, 2, "ti", kBool, kNo, kMapping, within<kDayMs>},
    {".withinHours", 2, 2, "ti", kBool, kNo, kMapping, within<3'600'000>},
    {".withinMinutes", 2, 2, "ti", kBool, kNo, kMapping, within<60'000>},
    {".withinSeconds", 2, 2, "ti", kBool, kNo, kMapping, within<1000>},
};

}  // namespace

std::span<const Function> time_functions() { return kTimeFunctions; }

}  // namespace rollcall::expr

// Instants and their ISO 8601 text.
#include <fmt/core.h>

#include "service/expr/time_internal.h"

namespace rollcall::expr {
namespace {

/// The end of the text: "", "Z", "+09:00", "+0900" or "+09". False if it is none of them.
bool read_offset(std::string_view text, std::int64_t& seconds) {
  seconds = 0;
  if (text.empty() || text == "Z" || text == "z") return true;
  if (text[0] != '+' && text[0] != '-') return false;
  std::string digits;
  for (std::size_t i = 1; i < text.size(); ++i) {
    if (text[i] == ':' && i == 3) continue;
    if (text[i] < '0' || text[i] > '9') return false;
    digits += text[i];
  }
  if (digits.size() != 2 && digits.size() != 4) return false;
  const int hours = (digits[0] - '0') * 10 + (digits[1] - '0');
  const int minutes = digits.size() == 4 ? (digits[2] - '0') * 10 + (digits[3] - '0') : 0;
  if (hours > 18 || minutes > 59) return false;
  seconds = (hours * 60 + minutes) * 60 * (text[0] == '-' ? -1 : 1);
  return true;
}

}  // namespace

std::optional<Instant> parse_instant(std::string_view text) {
  if (text.size() > 64) return std::nullopt;
  if (text.size() == 10) {
    const auto day = parse_date(text);
    if (!day) return std::nullopt;
    const std::int64_t ms = std::int64_t{day->days} * kDayMs;
    return is_in_range(ms) ? std::optional<Instant>({ms, 0}) : std::nullopt;
  }
  if (text.size() < 16 || text[10] != 'T') return std::nullopt;
  std::size_t end = 16;
  std::string clock(text.substr(0, 16));
  if (end < text.size() && text[end] == ':') {
    end = text.find_first_not_of("0123456789.,", end + 1);
    clock = std::string(text.substr(0, end));
  } else {
    clock += ":00";
  }
  Instant out;
  if (!read_offset(end < text.size() ? text.substr(end) : "", out.offset_seconds)) {
    return std::nullopt;
  }
  const auto at = parse_rfc3339(clock + "Z");
  if (!at) return std::nullopt;
  out.ms = at->ms - out.offset_seconds * 1000;
  return is_in_range(out.ms) ? std::optional<Instant>(out) : std::nullopt;
}

std::int64_t offset_at(std::int64_t ms, const Zone* zone) {
  if (zone == nullptr) return 0;
  if (zone->name.empty()) return zone->offset_seconds;
  const auto offset = utc_offset_seconds(WallTime{ms}, zone->name);
  return offset ? *offset : 0;
}

std::string instant_text(std::int64_t ms, const Zone* zone, bool always_milliseconds) {
  const std::int64_t offset = offset_at(ms, zone);
  const WallTime local{ms + offset * 1000};
  std::string out = always_milliseconds ? format_okta_time(local) : format_rfc3339(local);
  if (offset == 0) return out;
  out.pop_back();
  const std::int64_t minutes = (offset < 0 ? -offset : offset) / 60;
  return out + fmt::format("{}{:02}:{:02}", offset < 0 ? '-' : '+', minutes / 60, minutes % 60);
}

}  // namespace rollcall::expr

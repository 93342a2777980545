// Formatting and parsing by patterns in the notation of Joda-Time (Okta's page on Time functions
// names it): Y is the year of era, x the week year, u does not exist.
#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <vector>

#include "service/base/text.h"
#include "service/expr/time_internal.h"

namespace rollcall::expr {
namespace {

constexpr std::array<std::string_view, 12> kMonths = {
    "January", "February", "March",     "April",   "May",      "June",
    "July",    "August",   "September", "October", "November", "December"};
constexpr std::array<std::string_view, 7> kWeekdays = {
    "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"};

struct Piece {
  char letter = 0;  // 0: fixed text
  std::size_t count = 0;
  std::string text;
};

bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }

/// Quoted text from the quote at `i`, which is moved behind it; "''" is a quote.
bool read_quoted(std::string_view pattern, std::size_t& i, std::string& out) {
  if (i + 1 < pattern.size() && pattern[i + 1] == '\'') {
    out += '\'';
    i += 2;
    return true;
  }
  for (++i; i < pattern.size(); ++i) {
    if (pattern[i] != '\'') {
      out += pattern[i];
    } else if (i + 1 < pattern.size() && pattern[i + 1] == '\'') {
      out += pattern[++i];
    } else {
      ++i;
      return true;
    }
  }
  return false;
}

bool split_pattern(std::string_view pattern, std::vector<Piece>& out) {
  if (pattern.empty() || pattern.size() > 256) return false;
  for (std::size_t i = 0; i < pattern.size();) {
    const char c = pattern[i];
    if (is_letter(c)) {
      std::size_t end = i;
      while (end < pattern.size() && pattern[end] == c) ++end;
      if (std::string_view("GCYxweEyDMdaKhHkmsSzZ").find(c) == std::string_view::npos) return false;
      out.push_back({c, end - i, {}});
      i = end;
      continue;
    }
    if (out.empty() || out.back().letter != 0) out.push_back({0, 0, {}});
    if (c == '\'') {
      if (!read_quoted(pattern, i, out.back().text)) return false;
    } else {
      out.back().text += c;
      ++i;
    }
  }
  return true;
}

std::int64_t floor_div(std::int64_t a, std::int64_t b) {
  return a / b - ((a % b != 0 && (a < 0) != (b < 0)) ? 1 : 0);
}

bool is_leap(int year) { return (year % 4 == 0 && year % 100 != 0) || year % 400 == 0; }

int month_days(int year, int month) {
  constexpr std::array<int, 12> kDays = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  return kDays[static_cast<std::size_t>(month - 1)] + (month == 2 && is_leap(year) ? 1 : 0);
}

/// Days from 1970-01-01 to January 1st of a year.
std::int64_t year_start(int year) {
  const std::int64_t y = year - 1;
  return y * 365 + floor_div(y, 4) - floor_div(y, 100) + floor_div(y, 400) - 719'162;
}

/// 1 is Monday.
int weekday_of(std::int64_t days) {
  return static_cast<int>(days + 3 - floor_div(days + 3, 7) * 7) + 1;
}

/// The Monday of ISO week 1.
std::int64_t week_year_start(int year) {
  const std::int64_t fourth = year_start(year) + 3;
  return fourth - (weekday_of(fourth) - 1);
}

struct Parts {
  int year = 1970, month = 1, day = 1, day_of_year = 1, weekday = 4, week_year = 1970, week = 1;
  std::int64_t ms_of_day = 0;
};

Parts parts_of(std::int64_t local_ms) {
  Parts p;
  const std::int64_t days = floor_div(local_ms, kDayMs);
  p.ms_of_day = local_ms - days * kDayMs;
  p.year = static_cast<int>(1969 + std::min(floor_div(days, 366), floor_div(days, 365)));
  while (year_start(p.year + 1) <= days) ++p.year;
  int rest = static_cast<int>(days - year_start(p.year));
  p.day_of_year = rest + 1;
  while (rest >= month_days(p.year, p.month)) rest -= month_days(p.year, p.month++);
  p.day = rest + 1;
  p.weekday = weekday_of(days);
  p.week_year = p.year;
  if (days >= week_year_start(p.year + 1)) ++p.week_year;
  if (days < week_year_start(p.year)) --p.week_year;
  p.week = static_cast<int>((days - week_year_start(p.week_year)) / 7) + 1;
  return p;
}

std::string padded(std::int64_t value, std::size_t count) {
  return fmt::format("{:0{}}", value, std::min<std::size_t>(count, 20));
}

std::string year_text(int year, std::size_t count) {
  return count == 2 ? padded(year % 100, 2) : padded(year, count);
}

std::string offset_text(std::int64_t offset, std::size_t count) {
  const std::int64_t minutes = (offset < 0 ? -offset : offset) / 60;
  return fmt::format("{}{:02}{}{:02}", offset < 0 ? '-' : '+', minutes / 60, count == 2 ? ":" : "",
                     minutes % 60);
}

std::string zone_text(const Zone* zone, std::int64_t offset) {
  if (zone == nullptr) return "UTC";
  return zone->name.empty() ? offset_text(offset, 2) : std::string(zone->name);
}

std::string fraction_text(std::int64_t ms, std::size_t count) {
  std::string digits = padded(ms, 3);
  digits.resize(count, '0');
  return digits;
}

std::string clock_text(const Piece& piece, std::int64_t ms_of_day) {
  const std::int64_t hour = ms_of_day / 3'600'000;
  switch (piece.letter) {
    case 'H':
      return padded(hour, piece.count);
    case 'k':
      return padded(hour == 0 ? 24 : hour, piece.count);
    case 'K':
      return padded(hour % 12, piece.count);
    case 'h':
      return padded(hour % 12 == 0 ? 12 : hour % 12, piece.count);
    case 'm':
      return padded(ms_of_day / 60'000 % 60, piece.count);
    case 's':
      return padded(ms_of_day / 1000 % 60, piece.count);
    case 'S':
      return fraction_text(ms_of_day % 1000, piece.count);
    default:
      return hour < 12 ? "AM" : "PM";
  }
}

std::string piece_text(const Piece& piece, const Parts& p, const Zone* zone, std::int64_t offset) {
  switch (piece.letter) {
    case 0:
      return piece.text;
    case 'G':
      return "AD";
    case 'C':
      return padded(p.year / 100, piece.count);
    case 'Y':
    case 'y':
      return year_text(p.year, piece.count);
    case 'x':
      return year_text(p.week_year, piece.count);
    case 'w':
      return padded(p.week, piece.count);
    case 'e':
      return padded(p.weekday, piece.count);
    case 'E': {
      const std::string_view name = kWeekdays[static_cast<std::size_t>(p.weekday - 1)];
      return std::string(piece.count >= 4 ? name : name.substr(0, 3));
    }
    case 'D':
      return padded(p.day_of_year, piece.count);
    case 'M': {
      if (piece.count < 3) return padded(p.month, piece.count);
      const std::string_view name = kMonths[static_cast<std::size_t>(p.month - 1)];
      return std::string(piece.count >= 4 ? name : name.substr(0, 3));
    }
    case 'd':
      return padded(p.day, piece.count);
    case 'z':
      return zone_text(zone, offset);
    case 'Z':
      return piece.count >= 3 ? zone_text(zone, offset) : offset_text(offset, piece.count);
    default:
      return clock_text(piece, p.ms_of_day);
  }
}

/// Reads a text by the pieces of a pattern; each field is -1 until it was read.
class Reader {
 public:
  Reader(std::string_view text, int this_year) : rest_(text), this_year_(this_year) {}

  bool read(const std::vector<Piece>& pieces) {
    for (std::size_t i = 0; i < pieces.size(); ++i) {
      const bool digits_follow = i + 1 < pieces.size() && is_numeric(pieces[i + 1]);
      if (!take(pieces[i], digits_follow)) return false;
    }
    return rest_.empty();
  }

  bool finish(Instant& out) const {
    std::int64_t days = 0;
    if (!date(days)) return false;
    if (weekday_ > 0 && weekday_of(days) != weekday_) return false;
    std::int64_t hour = hour_ < 0 ? 0 : hour_;
    if (half_hour_ >= 0) hour = half_hour_ % 12 + (afternoon_ == 1 ? 12 : 0);
    const std::int64_t ms =
        hour * 3'600'000 + std::max(minute_, 0) * 60'000LL + std::max(second_, 0) * 1000LL + ms_;
    out.offset_seconds = offset_;
    out.ms = days * kDayMs + ms - offset_ * 1000;
    return is_in_range(out.ms);
  }

 private:
  static bool is_numeric(const Piece& piece) {
    if (piece.letter == 'M') return piece.count < 3;
    return piece.letter != 0 &&
           std::string_view("CYxweyDdKhHkmsS").find(piece.letter) != std::string_view::npos;
  }

  bool number(int& out, std::size_t most, int low, int high) {
    std::size_t used = 0;
    int value = 0;
    while (used < most && used < rest_.size() && rest_[used] >= '0' && rest_[used] <= '9') {
      value = value * 10 + (rest_[used++] - '0');
    }
    if (used == 0 || value < low || value > high) return false;
    rest_.remove_prefix(used);
    out = value;
    return true;
  }

  bool year(const Piece& piece, bool digits_follow, int& out) {
    const std::size_t before = rest_.size();
    const std::size_t most = digits_follow ? std::min<std::size_t>(piece.count, 9) : 9;
    if (!number(out, most, 0, 9999)) return false;
    if (piece.count == 2 && before - rest_.size() == 2) {
      // Joda's window: from 70 years ago up to 29 years ahead.
      const int low = this_year_ - 70;
      out += low - low % 100;
      if (out < low) out += 100;
    }
    return out >= 1;
  }

  template <std::size_t N>
  bool name(const std::array<std::string_view, N>& names, int& out) {
    for (const bool whole : {true, false}) {
      for (std::size_t i = 0; i < N; ++i) {
        const std::string_view wanted = whole ? names[i] : names[i].substr(0, 3);
        if (!ascii_iequals(rest_.substr(0, wanted.size()), wanted)) continue;
        rest_.remove_prefix(wanted.size());
        out = static_cast<int>(i) + 1;
        return true;
      }
    }
    return false;
  }

  bool half(int& out) {
    constexpr std::array<std::string_view, 2> kHalves = {"AM", "PM"};
    for (std::size_t i = 0; i < 2; ++i) {
      if (!ascii_iequals(rest_.substr(0, 2), kHalves[i])) continue;
      rest_.remove_prefix(2);
      out = static_cast<int>(i);
      return true;
    }
    return false;
  }

  bool fraction(std::size_t count) {
    std::size_t used = 0;
    int scale = 100;
    for (; used < count && used < rest_.size() && rest_[used] >= '0' && rest_[used] <= '9';
         ++used, scale /= 10) {
      ms_ += (rest_[used] - '0') * scale;
    }
    rest_.remove_prefix(used);
    return used > 0;
  }

  bool offset() {
    if (rest_.starts_with('Z')) {
      rest_.remove_prefix(1);
      return true;
    }
    if (rest_.empty() || (rest_[0] != '+' && rest_[0] != '-')) return false;
    const int sign = rest_[0] == '-' ? -1 : 1;
    rest_.remove_prefix(1);
    int hours = 0;
    int minutes = 0;
    if (!number(hours, 2, 0, 18)) return false;
    if (rest_.starts_with(':')) rest_.remove_prefix(1);
    if (!number(minutes, 2, 0, 59)) return false;
    offset_ = sign * (hours * 60 + minutes) * 60;
    return true;
  }

  bool take(const Piece& piece, bool digits_follow) {
    switch (piece.letter) {
      case 0:
        if (!rest_.starts_with(piece.text)) return false;
        rest_.remove_prefix(piece.text.size());
        return true;
      case 'Y':
      case 'y':
        return year(piece, digits_follow, year_);
      case 'x':
        return year(piece, digits_follow, week_year_);
      case 'w':
        return number(week_, 2, 1, 53);
      case 'e':
        return number(weekday_, 1, 1, 7);
      case 'E':
        return name(kWeekdays, weekday_);
      case 'D':
        return number(day_of_year_, 3, 1, 366);
      case 'M':
        return piece.count < 3 ? number(month_, 2, 1, 12) : name(kMonths, month_);
      case 'd':
        return number(day_, 2, 1, 31);
      default:
        return take_clock(piece);
    }
  }

  bool take_clock(const Piece& piece) {
    switch (piece.letter) {
      case 'a':
        return half(afternoon_);
      case 'H':
        return number(hour_, 2, 0, 23);
      case 'k':
        if (!number(hour_, 2, 1, 24)) return false;
        hour_ %= 24;
        return true;
      case 'K':
        return number(half_hour_, 2, 0, 11);
      case 'h':
        return number(half_hour_, 2, 1, 12);
      case 'm':
        return number(minute_, 2, 0, 59);
      case 's':
        return number(second_, 2, 0, 59);
      case 'S':
        return fraction(piece.count);
      case 'Z':
        return piece.count < 3 && offset();
      default:
        return false;  // an era, a century or a zone's name says no instant
    }
  }

  bool date(std::int64_t& days) const {
    if (week_year_ > 0 || week_ > 0) {
      const int of = week_year_ > 0 ? week_year_ : this_year_;
      days = week_year_start(of) + (std::max(week_, 1) - 1) * 7 + std::max(weekday_, 1) - 1;
      return days < week_year_start(of + 1);
    }
    const bool dated = month_ > 0 || day_ > 0 || day_of_year_ > 0;
    const int of = year_ > 0 ? year_ : dated ? 2000 : 1970;  // Joda's defaults
    if (day_of_year_ > 0) {
      days = year_start(of) + day_of_year_ - 1;
      return day_of_year_ <= (is_leap(of) ? 366 : 365);
    }
    const int month = std::max(month_, 1);
    const int day = std::max(day_, 1);
    if (day > month_days(of, month)) return false;
    days = year_start(of) + day - 1;
    for (int m = 1; m < month; ++m) days += month_days(of, m);
    return true;
  }

  std::string_view rest_;
  int this_year_;
  int year_ = -1, month_ = -1, day_ = -1, day_of_year_ = -1;
  int week_year_ = -1, week_ = -1, weekday_ = -1;
  int hour_ = -1, half_hour_ = -1, afternoon_ = -1, minute_ = -1, second_ = -1, ms_ = 0;
  std::int64_t offset_ = 0;
};

}  // namespace

std::optional<std::string> format_pattern(std::string_view pattern, std::int64_t ms,
                                          const Zone* zone) {
  std::vector<Piece> pieces;
  if (!split_pattern(pattern, pieces)) return std::nullopt;
  const std::int64_t offset = offset_at(ms, zone);
  const Parts parts = parts_of(ms + offset * 1000);
  std::string out;
  for (const Piece& piece : pieces) out += piece_text(piece, parts, zone, offset);
  return out;
}

PatternTrouble parse_pattern(std::string_view pattern, std::string_view text, std::int64_t now_ms,
                             Instant& out) {
  std::vector<Piece> pieces;
  if (!split_pattern(pattern, pieces)) return PatternTrouble::bad_pattern;
  Reader reader(text, parts_of(now_ms).year);
  if (!reader.read(pieces) || !reader.finish(out)) return PatternTrouble::no_fit;
  return PatternTrouble::none;
}

}  // namespace rollcall::expr

#include "tests/sim/rate_limits.h"

#include <fmt/core.h>

#include <algorithm>
#include <charconv>

#include "service/base/embedded.h"
#include "service/base/text.h"

namespace rollcall::sim {
namespace {

constexpr std::string_view kUnpublished = "-";
constexpr std::string_view kGeneral = "/api/v1";

bool segment_fits(const std::string& pattern, const std::string& segment) {
  return pattern == "{id}" ? !segment.empty() : pattern == segment;
}

bool path_fits(const Bucket& row, const std::vector<std::string>& segments) {
  const bool length =
      row.prefix ? segments.size() > row.segments.size() : segments.size() == row.segments.size();
  return length &&
         std::equal(row.segments.begin(), row.segments.end(), segments.begin(), segment_fits);
}

/// Greater wins: exact over prefix, longer over shorter, fixed text over {id}, named method over *.
std::int64_t rank(const Bucket& row) {
  const auto fixed = std::count_if(row.segments.begin(), row.segments.end(),
                                   [](const std::string& s) { return s != "{id}"; });
  return (row.prefix ? 0 : 100000) + static_cast<std::int64_t>(row.segments.size()) * 1000 +
         fixed * 10 + (row.method == "*" ? 0 : 1);
}

}  // namespace

Result<BucketTable> BucketTable::parse(std::string_view text, std::string_view column) {
  BucketTable table;
  std::optional<std::size_t> index;
  std::int64_t general = 0;
  std::vector<std::size_t> without_limit;
  for (const std::string_view line : split(text, '\n')) {
    if (line.empty() || line.front() == '#') continue;
    const auto cells = split(line, '\t');
    if (!index) {
      const auto found = std::find(cells.begin(), cells.end(), column);
      if (found == cells.end()) {
        return make_error(ErrorCode::usage, fmt::format("unknown set of limits \"{}\"", column));
      }
      index = static_cast<std::size_t>(found - cells.begin());
      continue;
    }
    if (cells.size() <= *index) {
      return make_error(ErrorCode::io_read_failed, "a row of the bucket table is too short");
    }
    Bucket row;
    row.method = std::string(cells[0]);
    row.name = std::string(cells[2]);
    std::string_view path = cells[1];
    row.prefix = path.size() > 2 && path.substr(path.size() - 2) == "/*";
    if (row.prefix) path.remove_suffix(2);
    for (const std::string_view segment : split(path.substr(1), '/')) {
      row.segments.emplace_back(segment);
    }
    const std::string_view limit = cells[*index];
    std::from_chars(limit.data(), limit.data() + limit.size(), row.limit);
    if (limit == kUnpublished) without_limit.push_back(table.rows_.size());
    if (row.name == kGeneral) general = row.limit;
    table.rows_.push_back(std::move(row));
  }
  // A bucket of its own whose limit nobody published: the general one's size stands in.
  for (const std::size_t i : without_limit) table.rows_[i].limit = general;
  std::stable_sort(table.rows_.begin(), table.rows_.end(),
                   [](const Bucket& a, const Bucket& b) { return rank(a) > rank(b); });
  return table;
}

Result<BucketTable> BucketTable::named(std::string_view column) {
  return parse(embedded::okta_buckets().front().text, column);
}

const Bucket* BucketTable::find(std::string_view method,
                                const std::vector<std::string>& segments) const {
  const auto found = std::find_if(rows_.begin(), rows_.end(), [&](const Bucket& row) {
    return (row.method == "*" || row.method == method) && path_fits(row, segments);
  });
  return found == rows_.end() ? nullptr : &*found;
}

RateLimiter::Window& RateLimiter::window(const std::string& key, WallTime now) {
  Window& w = windows_[key];
  if (now.ms >= w.reset_s * 1000) {
    w.reset_s = now.ms / 1000 + window_s_;
    w.used = 0;
  }
  return w;
}

std::uint64_t RateLimiter::open(WindowSeen window) {
  constexpr std::size_t kKeptWindows = 200'000;
  seen_.push_back(std::move(window));
  if (seen_.size() > kKeptWindows) {
    seen_.pop_front();
    ++forgotten_;
  }
  return forgotten_ + seen_.size() - 1;
}

WindowSeen* RateLimiter::seen(const Window& own) {
  return own.seen < forgotten_ ? nullptr : &seen_[own.seen - forgotten_];
}

Admission RateLimiter::admit(const Bucket& bucket, std::string_view client, WallTime now) {
  Window& org = window(bucket.name, now);
  Window& own = window(fmt::format("{} {}", bucket.name, client), now);
  // Samples 81 and 82: the same org showed 500 of 500 without a credential, 375 of 750 with one.
  const std::int64_t percent = client.empty() ? 100 : share_percent_;
  const std::int64_t share = std::max<std::int64_t>(bucket.limit * percent / 100, 1);
  Admission admission;
  admission.limit = share;
  const std::int64_t own_left = share - own.used;
  const std::int64_t org_left = bucket.limit - org.used;
  // Both counters bind; the headers speak of the client's, and of the org's only when that is
  // nearer to its end.
  if (own.used == 0) {
    own.seen = open({bucket.name, share, now.ms, now.ms, own.reset_s, 0, 0});
  }
  WindowSeen* kept = seen(own);
  const Window& binding = org_left < own_left ? org : own;
  admission.reset_s = binding.reset_s;
  const std::int64_t left = std::min(own_left, org_left);
  if (left <= 0) {
    if (kept != nullptr) ++kept->refused;
    admission.served = false;
    return admission;
  }
  ++org.used;
  ++own.used;
  if (kept != nullptr) {
    kept->used = own.used;
    kept->last_ms = now.ms;
  }
  admission.remaining = left - 1;
  return admission;
}

}  // namespace rollcall::sim

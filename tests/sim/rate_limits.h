// Okta's rate limits: buckets of a table, fixed windows that start at the first request, the org's
// limit and a client's share of it (FACTS 3).
#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "service/base/clock.h"
#include "service/base/result.h"

namespace rollcall::sim {

struct Bucket {
  std::string method;  // "*": any
  std::vector<std::string> segments;
  bool prefix = false;  // the path went on with "/*"
  std::string name;
  std::int64_t limit = 0;  // per window, of the org
};

class BucketTable {
 public:
  /// `column`: workforce, enterprise or integrator. Errors: usage for an unknown column,
  /// io.read_failed for a malformed table.
  static Result<BucketTable> parse(std::string_view text, std::string_view column);
  /// The table built into the program.
  static Result<BucketTable> named(std::string_view column);
  /// nullptr: not rate limited.
  const Bucket* find(std::string_view method, const std::vector<std::string>& segments) const;

 private:
  std::vector<Bucket> rows_;
};

/// What the three headers say, and whether the request is served.
struct Admission {
  bool served = true;
  std::int64_t limit = 0;
  std::int64_t remaining = 0;
  std::int64_t reset_s = 0;  // epoch seconds; the window ends exactly then
};

/// One window of a client's share, as it went.
struct WindowSeen {
  std::string bucket;
  std::int64_t limit = 0;
  std::int64_t opened_ms = 0, last_ms = 0;  // first and newest request, epoch
  std::int64_t reset_s = 0;
  std::int64_t used = 0, refused = 0;
};

class RateLimiter {
 public:
  RateLimiter(BucketTable table, std::int64_t share_percent, std::int64_t window_s)
      : table_(std::move(table)), share_percent_(share_percent), window_s_(window_s) {}
  const BucketTable& table() const { return table_; }
  /// The newest 200,000, in the order in which they began.
  const std::deque<WindowSeen>& windows_seen() const { return seen_; }
  /// Counts one request of a client; a refused one is not counted. Without a client it draws on the
  /// org's limit alone.
  Admission admit(const Bucket& bucket, std::string_view client, WallTime now);

 private:
  struct Window {
    std::int64_t reset_s = 0;
    std::int64_t used = 0;
    std::uint64_t seen = 0;  // its number in seen_; of a client's share only
  };
  Window& window(const std::string& key, WallTime now);
  std::uint64_t open(WindowSeen window);
  /// nullptr: it is not kept any more.
  WindowSeen* seen(const Window& own);

  BucketTable table_;
  std::int64_t share_percent_;
  std::int64_t window_s_;
  std::unordered_map<std::string, Window> windows_;
  std::deque<WindowSeen> seen_;
  std::uint64_t forgotten_ = 0;  // number of the first one in seen_
};

}  // namespace rollcall::sim

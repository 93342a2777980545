// Faults on demand: which request goes wrong, and how.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "service/base/json.h"
#include "service/base/result.h"

namespace rollcall::sim {

enum class FaultKind : std::uint8_t {
  none,
  reset_before,      // connection breaks, nothing happened
  reset_after,       // it happened, connection breaks without a reply
  status,            // an error reply, nothing happened
  status_after,      // it happened, an error reply all the same
  too_many,          // 429 as if the bucket were used up
  too_many_at_once,  // 429 of the concurrency kind: limit 0, remaining 0
  slow,              // the reply takes longer
  truncate,          // the reply's body is cut short
  lose_page,         // a listing silently lacks one page of rows
  read_only,         // 503 read-only mode for writes
  hold_reply,        // it happened; the reply waits for a release
};

struct Fault {
  FaultKind kind = FaultKind::none;
  int status = 500;
  std::string error_code;  // empty: the usual one of the status
  std::int64_t ms = 0;     // of slow
  std::int64_t bytes = 0;  // of truncate: so many are sent
};

class FaultBook {
 public:
  explicit FaultBook(std::uint64_t seed = 1) : state_(seed) {}
  /// Replaces all rules: a list, or an object with the list as "rules" (README.md has the form).
  /// Errors: usage, with the number of the rule at fault.
  Result<void> load(const Json& rules);
  /// The fault of the first rule that fires for this request. Counts it for all that match.
  Fault next(std::string_view method, std::string_view path);
  /// The fault of a rule bound to a position of the audit, if it is this one.
  Fault at_position(std::uint64_t position);

 private:
  struct Rule {
    std::string method, path_prefix;
    std::int64_t nth = 0, every = 0;
    std::int64_t times = 0;  // 0: without end
    std::uint64_t audit_position = 0;
    double probability = 1;
    Fault fault;
    std::int64_t seen = 0, fired = 0;
  };
  static Result<Rule> read_rule(const Json& json, std::size_t number);
  bool fires(Rule& rule);

  std::vector<Rule> rules_;
  std::uint64_t state_;
};

}  // namespace rollcall::sim

// Faults on demand: which request goes wrong, and how.
#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "service/base/clock.h"
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
  gateway,           // a page of HTML from something in front of Okta, nothing happened
  gateway_after,     // it happened, and the page came all the same
  double_page,       // each row of a page comes twice
  shorten_page,      // a page holds half of what was asked for, and says that more follow
  double_headers,    // two rates apply, each with headers of its own
  stale_index,       // lists and searches show what was some time ago
  revoked,           // the credential is not known any more: 401
  role_removed,      // it may see nothing: lists are empty, the rest is 403
  zone_changed,      // it comes from a place that is not allowed: 403
};

struct Fault {
  FaultKind kind = FaultKind::none;
  int status = 500;
  std::string error_code;  // empty: the usual one of the status
  std::int64_t ms = 0;     // of slow, of stale_index
  std::int64_t bytes = 0;  // of truncate: so many are sent
};

/// A fault that happened.
struct FiredFault {
  WallTime at;
  std::string method, path;
  std::size_t rule = 0;   // its number, from 1
  std::string_view kind;  // as the rule calls it
};

class FaultBook {
 public:
  explicit FaultBook(std::uint64_t seed = 1) : state_(seed) {}
  /// Replaces all rules: a list, or an object with the list as "rules" (README.md has the form).
  /// Errors: usage, with the number of the rule at fault.
  Result<void> load(const Json& rules);
  /// The fault of the first rule that fires for this request. Counts it for all that match.
  /// `credential`: the SSWS token's text or the client's id.
  Fault next(std::string_view method, std::string_view path, std::string_view credential,
             WallTime now);
  /// The fault of a rule bound to a position of the audit, if it is this one.
  Fault at_position(std::uint64_t position, std::string_view method, std::string_view path,
                    WallTime now);
  /// What happened since the rules were loaded, oldest first; only the newest 10,000 are kept.
  const std::deque<FiredFault>& fired() const { return log_; }
  std::size_t size() const { return rules_.size(); }
  /// How far back a rule lets lists look, in milliseconds.
  std::int64_t oldest_view_ms() const;

 private:
  struct Rule {
    std::string method, path_prefix, credential;
    std::int64_t nth = 0, every = 0, from = 0;
    std::int64_t times = 0;  // 0: without end
    std::uint64_t audit_position = 0;
    double probability = 1;
    Fault fault;
    std::int64_t seen = 0, fired = 0;
  };
  static Result<Rule> read_rule(const Json& json, std::size_t number);
  static const char* take_condition(Rule& rule, const std::string& name, const Json& value);
  bool fires(Rule& rule);
  void note(const Rule& rule, std::string_view method, std::string_view path, WallTime now);

  std::vector<Rule> rules_;
  std::deque<FiredFault> log_;
  std::uint64_t state_;
};

}  // namespace rollcall::sim

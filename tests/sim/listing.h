// Pages: limits, opaque cursors, Link headers (FACTS 4).
#pragma once

#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "tests/sim/org.h"

namespace rollcall::sim {

struct PageRequest {
  std::size_t limit = 0;  // as links show it
  std::size_t most = 0;   // rows that this page holds at most: fewer where a fault says so
  bool doubled = false;   // a fault: each row twice
  std::optional<std::string> after;  // the last id of the page before
  std::string mark = "2";            // users' cursors are a digit and the last id: opaque
  std::size_t skip = 0;              // rows that a fault loses
};

/// Reads `limit` (a bad or missing one gives the default, a larger one the maximum) and `after`.
/// A cursor that is not ours yields an `after` that no row has.
PageRequest page_request(const Call& call, std::size_t default_limit, std::size_t max_limit);

/// Collects one page. Add rows until `full`: one row more than the limit tells that there is a next
/// page, and is not sent.
class PageBody {
 public:
  explicit PageBody(const PageRequest& page) : page_(page), skip_(page.skip) {}
  bool full() const { return more_; }
  void add(std::string_view id, const std::function<void(std::string&)>& render);
  /// The reply with its Link headers.
  SimReply finish(const Call& call);

 private:
  const PageRequest& page_;
  std::size_t skip_;
  std::size_t rows_ = 0;
  std::string body_ = "[";
  std::string last_id_;
  bool more_ = false;
};

std::string encode_query(std::string_view text);

}  // namespace rollcall::sim

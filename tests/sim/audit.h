// Every write the org accepted, in order, as one line of JSON each.
#pragma once

#include <cstdint>
#include <deque>
#include <string>
#include <string_view>
#include <vector>

#include "service/base/json.h"
#include "tests/sim/org.h"

namespace rollcall::sim {

class Audit {
 public:
  /// Position of the new entry, from 1.
  std::uint64_t append(const Call& call, const SimReply& reply, std::string_view request_id);
  /// Lines after position `since`, each ended by a newline.
  std::string lines_since(std::uint64_t since) const;
  /// One of the kept lines: the newest 200,000.
  const std::string& line(std::uint64_t position) const { return lines_[position - dropped_ - 1]; }
  std::uint64_t size() const { return dropped_ + lines_.size(); }

 private:
  std::deque<std::string> lines_;
  std::uint64_t dropped_ = 0;  // older ones, which only a file has
};

/// The value with every password, hash, answer and secret replaced by "(masked)".
Json mask_secrets(const Json& value);

}  // namespace rollcall::sim

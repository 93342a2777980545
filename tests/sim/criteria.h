// The grammar of `search` and `filter`: comparisons joined by and/or, parentheses (FACTS 5.4, 6).
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "service/base/json.h"
#include "service/base/result.h"

namespace rollcall::sim {

enum class CompareOp : std::uint8_t { eq, sw, co, gt, ge, lt, le, pr };

/// What an attribute must allow for a criterion on it to be valid.
struct AttributeRule {
  bool known = false;
  bool is_time = false;
  bool (*allows)(CompareOp) = nullptr;
};

/// What one listing lets criteria do.
struct CriteriaDialect {
  std::function<AttributeRule(std::string_view attribute)> rule;
  bool ignore_case = true;
};

class Criteria {
 public:
  struct Node;
  /// Reads an attribute of the row under test: null if it has none; a string, number, boolean or
  /// array; a time as an integer of milliseconds.
  using Read = std::function<Json(std::string_view attribute)>;

  /// nullopt: not valid in this dialect.
  static std::optional<Criteria> parse(std::string_view text, const CriteriaDialect& dialect);
  bool matches(const Read& read) const;

 private:
  std::shared_ptr<const Node> root_;
  bool ignore_case_ = true;
};

}  // namespace rollcall::sim

// The compiled tree. The parser makes it, the binder resolves its names and types, from then on it
// is immutable and shared.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "service/base/regex.h"
#include "service/expr/expression.h"
#include "service/expr/value_internal.h"

namespace rollcall::expr {

enum class Op : std::uint8_t {
  // Only between parser and binder:
  name,    // text
  call,    // text(kids)
  method,  // kids[0].text(kids[1]...)
  map,     // {keys[i]: kids[i]}; stays as an argument of the group functions
  // After the binder:
  constant,
  hr_attribute,
  user_attribute,
  root,        // text
  property,    // kids[0].text
  index,       // kids[0][kids[1]]
  projection,  // kids[0].![keys[0].keys[1]...]
  array,
  function,
  sum,      // kids joined by signs
  product,  // kids joined by signs
  equal,
  not_equal,
  less,
  less_equal,
  greater,
  greater_equal,
  matches,
  logical_and,
  logical_or,
  logical_not,
  minus,
  ternary,  // condition, value, condition, value, ..., otherwise
  elvis,
  text_template
};

struct Function;

}  // namespace rollcall::expr

namespace rollcall {

struct Expression::Node {
  expr::Op op = expr::Op::constant;
  ExprType type = ExprType::any;
  std::uint16_t height = 1;  // levels of the tree below and with this node
  bool as_time = false;      // a property whose text is an instant
  std::size_t offset = 0;    // bytes into the source
  std::uint32_t column = 1;  // 1-based, in characters
  AttrId attribute = 0;
  AttrType attribute_type = AttrType::text;
  expr::Val constant;  // a text points at `text`
  std::string text;
  std::string signs;
  std::vector<std::string> keys;
  std::vector<std::unique_ptr<Node>> kids;
  const expr::Function* function = nullptr;
  std::optional<Regex> regex;
};

}  // namespace rollcall

namespace rollcall::expr {

using Node = Expression::Node;
using NodePtr = std::unique_ptr<Node>;

}  // namespace rollcall::expr

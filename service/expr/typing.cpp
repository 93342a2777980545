// The static types of operators. `any` passes: evaluation looks again.
#include <fmt/core.h>

#include "service/expr/binder_internal.h"

namespace rollcall::expr {
namespace {

bool is_numeric(ExprType type) { return type == ExprType::integer || type == ExprType::number; }

bool may_be_number(ExprType type) {
  return is_numeric(type) || type == ExprType::any || type == ExprType::null;
}

/// The type of a value that may come from either.
ExprType either(ExprType a, ExprType b) {
  if (a == b || b == ExprType::null) return a;
  if (a == ExprType::null) return b;
  return is_numeric(a) && is_numeric(b) ? ExprType::number : ExprType::any;
}

bool comparable(ExprType a, ExprType b) {
  if (a == b || a == ExprType::any || b == ExprType::any) return true;
  if (a == ExprType::null || b == ExprType::null) return true;
  if (is_numeric(a) && is_numeric(b)) return true;
  return (a == ExprType::time && b == ExprType::text) ||
         (a == ExprType::text && b == ExprType::time);
}

}  // namespace

std::string_view type_name(ExprType type) {
  switch (type) {
    case ExprType::any:
      return "a value";
    case ExprType::null:
      return "null";
    case ExprType::text:
      return "a text";
    case ExprType::integer:
      return "an integer";
    case ExprType::number:
      return "a number";
    case ExprType::boolean:
      return "true or false";
    case ExprType::array:
      return "an array";
    case ExprType::time:
      return "a time";
  }
  return "a value";
}

bool Binder::needs_boolean(const Node& node, std::string_view where) {
  if (node.type == ExprType::boolean || node.type == ExprType::any) return true;
  return type_error(node,
                    fmt::format("{} needs true or false, not {}", where, type_name(node.type)));
}

bool Binder::sum(Node& node) {
  ExprType type = node.kids[0]->type;
  for (std::size_t i = 1; i < node.kids.size(); ++i) {
    const ExprType next = node.kids[i]->type;
    if (type == ExprType::array || next == ExprType::array) {
      return type_error(*node.kids[i], "an array cannot be added; see Arrays.add");
    }
    if (node.signs[i] == '-') {
      if (!may_be_number(type) || !may_be_number(next)) {
        const ExprType wrong = may_be_number(type) ? next : type;
        return type_error(node, fmt::format("'-' needs numbers, not {}", type_name(wrong)));
      }
    } else if (type == ExprType::text || next == ExprType::text) {
      type = ExprType::text;
      continue;
    } else if (!may_be_number(type) || !may_be_number(next)) {
      const ExprType wrong = may_be_number(type) ? next : type;
      if (type != ExprType::any && next != ExprType::any) {
        return type_error(node,
                          fmt::format("'+' needs numbers or texts, not {}", type_name(wrong)));
      }
      type = ExprType::any;
      continue;
    }
    const bool integers = type == ExprType::integer && next == ExprType::integer;
    type = integers                               ? ExprType::integer
           : is_numeric(type) && is_numeric(next) ? ExprType::number
                                                  : ExprType::any;
  }
  node.type = type;
  return true;
}

bool Binder::product(Node& node) {
  bool integers = true;
  bool known = true;
  for (std::size_t i = 0; i < node.kids.size(); ++i) {
    const ExprType type = node.kids[i]->type;
    if (!may_be_number(type)) {
      return type_error(node, fmt::format("'{}' needs numbers, not {}", node.signs[i == 0 ? 1 : i],
                                          type_name(type)));
    }
    integers = integers && type == ExprType::integer;
    known = known && is_numeric(type);
  }
  node.type = integers ? ExprType::integer : known ? ExprType::number : ExprType::any;
  return true;
}

bool Binder::minus(Node& node) {
  const ExprType type = node.kids[0]->type;
  if (!may_be_number(type)) {
    return type_error(node, fmt::format("'-' needs a number, not {}", type_name(type)));
  }
  node.type = type;
  return true;
}

bool Binder::comparison(Node& node) {
  const ExprType a = node.kids[0]->type;
  const ExprType b = node.kids[1]->type;
  const bool equality = node.op == Op::equal || node.op == Op::not_equal;
  const bool sized = a != ExprType::boolean && b != ExprType::boolean && a != ExprType::array &&
                     b != ExprType::array;
  if (!comparable(a, b) || (!equality && (!sized || (a != b && !comparable(a, b))))) {
    return type_error(node,
                      fmt::format("{} cannot be compared with {}", type_name(a), type_name(b)));
  }
  node.type = ExprType::boolean;
  return true;
}

bool Binder::matches(Node& node) {
  for (const NodePtr& kid : node.kids) {
    const ExprType type = kid->type;
    if (type != ExprType::text && type != ExprType::any && type != ExprType::null) {
      return type_error(*kid, fmt::format("'matches' needs a text, not {}", type_name(type)));
    }
  }
  const Node& pattern = *node.kids[1];
  node.type = ExprType::boolean;
  if (pattern.op != Op::constant) return true;
  if (pattern.type != ExprType::text) return type_error(pattern, "'matches' needs a pattern");
  auto regex = Regex::compile(pattern.text);
  if (!regex) return type_error(pattern, regex.error().message);
  node.regex = *std::move(regex);
  return true;
}

bool Binder::logical(Node& node) {
  const std::string_view where = node.op == Op::logical_and  ? "'AND'"
                                 : node.op == Op::logical_or ? "'OR'"
                                                             : "'!'";
  for (const NodePtr& kid : node.kids) {
    if (!needs_boolean(*kid, where)) return false;
  }
  node.type = ExprType::boolean;
  return true;
}

bool Binder::ternary(Node& node) {
  ExprType type = node.kids.back()->type;
  for (std::size_t i = 0; i + 1 < node.kids.size(); i += 2) {
    if (!needs_boolean(*node.kids[i], "the condition before '?'")) return false;
    type = either(type, node.kids[i + 1]->type);
  }
  node.type = type;
  return true;
}

bool Binder::elvis(Node& node) {
  ExprType type = ExprType::null;
  for (const NodePtr& kid : node.kids) type = either(type, kid->type);
  node.type = type;
  return true;
}

}  // namespace rollcall::expr

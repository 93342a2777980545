// Evaluation of operators. Where Okta's pages are silent about null, decision 0140 says what holds.
#include <fmt/core.h>

#include <cmath>

#include "service/expr/evaluator_internal.h"

namespace rollcall::expr {

Val Evaluator::sum(const Node& node) {
  const std::size_t count = node.kids.size();
  Val* parts = items(node, count);
  if (parts == nullptr) return Val::of(Kind::failed);
  for (std::size_t i = 0; i < count; ++i) {
    const Val part = eval(*node.kids[i]);
    if (part.stops()) return part;
    new (parts + i) Val(part);
  }
  Val left = parts[0];
  for (std::size_t i = 1; i < count; ++i) {
    const Val& right = parts[i];
    const bool texts = left.is(Kind::text) || right.is(Kind::text);
    if (texts && node.signs[i] == '+') {
      // From the first text on everything is text.
      if (node.signs.find('-', i) != std::string::npos) {
        return fail(node, "'-' needs numbers");
      }
      parts[i - 1] = left;
      return concatenation(node, {parts + i - 1, count - i + 1});
    }
    left = add(node, left, right, node.signs[i]);
    if (left.stops()) return left;
  }
  return left;
}

Val Evaluator::concatenation(const Node& node, std::span<const Val> parts) {
  auto* views =
      static_cast<std::string_view*>(arena_.take(parts.size() * sizeof(std::string_view)));
  if (views == nullptr) return fail(node, "the text becomes too long");
  for (std::size_t i = 0; i < parts.size(); ++i) {
    if (parts[i].is(Kind::null)) return {};
    const auto view = scalar_text(node, parts[i]);
    if (!view) return fail(node, "an array or an object cannot be joined to a text");
    new (views + i) std::string_view(*view);
  }
  return joined(node, {views, parts.size()});
}

Val Evaluator::add(const Node& node, const Val& a, const Val& b, char sign) {
  if (a.is(Kind::null) || b.is(Kind::null)) return {};
  if (!a.is_numeric() || !b.is_numeric()) {
    return fail(node, fmt::format("'{}' needs numbers{}", sign, sign == '+' ? " or texts" : ""));
  }
  if (a.is(Kind::integer) && b.is(Kind::integer)) {
    std::int64_t result = 0;
    const bool too_large = sign == '+' ? __builtin_add_overflow(a.integer, b.integer, &result)
                                       : __builtin_sub_overflow(a.integer, b.integer, &result);
    return too_large ? fail(node, "the number becomes too large") : Val::of_int(result);
  }
  const double x = a.as_double();
  const double y = b.as_double();
  return finite(node, sign == '+' ? x + y : x - y);
}

Val Evaluator::finite(const Node& node, double value) {
  return std::isfinite(value) ? Val::of_number(value) : fail(node, "the number becomes too large");
}

namespace {

enum class Trouble : std::uint8_t { none, too_large, by_zero };

Trouble multiply(std::int64_t a, std::int64_t b, char sign, std::int64_t& out) {
  if (sign == '*') {
    return __builtin_mul_overflow(a, b, &out) ? Trouble::too_large : Trouble::none;
  }
  if (b == 0) return Trouble::by_zero;
  if (b == -1) {  // the one quotient that does not fit
    if (sign == '%') {
      out = 0;
      return Trouble::none;
    }
    return __builtin_sub_overflow(std::int64_t{0}, a, &out) ? Trouble::too_large : Trouble::none;
  }
  out = sign == '/' ? a / b : a % b;
  return Trouble::none;
}

}  // namespace

Val Evaluator::product(const Node& node) {
  Val left = eval(*node.kids[0]);
  for (std::size_t i = 1; i < node.kids.size(); ++i) {
    if (left.stops()) return left;
    const Val right = eval(*node.kids[i]);
    if (right.stops()) return right;
    const char sign = node.signs[i];
    if (left.is(Kind::null) || right.is(Kind::null)) return {};
    if (!left.is_numeric() || !right.is_numeric()) {
      return fail(node, fmt::format("'{}' needs numbers", sign));
    }
    if (left.is(Kind::integer) && right.is(Kind::integer)) {
      std::int64_t result = 0;
      const Trouble trouble = multiply(left.integer, right.integer, sign, result);
      if (trouble == Trouble::too_large) return fail(node, "the number becomes too large");
      if (trouble == Trouble::by_zero) return fail(node, "division by zero");
      left = Val::of_int(result);
      continue;
    }
    const double x = left.as_double();
    const double y = right.as_double();
    if (sign != '*' && y == 0) return fail(node, "division by zero");
    left = finite(node, sign == '*' ? x * y : sign == '/' ? x / y : std::fmod(x, y));
  }
  return left;
}

bool Evaluator::same(const Node& node, const Val& a, const Val& b) {
  if (a.is_numeric() && b.is_numeric()) {
    if (a.is(Kind::integer) && b.is(Kind::integer)) return a.integer == b.integer;
    return a.as_double() == b.as_double();
  }
  if (a.kind != b.kind) {
    // A time and a country are texts to whoever writes the expression.
    const auto texty = [](Kind k) { return k == Kind::time || k == Kind::country; };
    const bool comparable =
        (a.is(Kind::text) && texty(b.kind)) || (b.is(Kind::text) && texty(a.kind));
    return comparable && scalar_text(node, a) == scalar_text(node, b);
  }
  switch (a.kind) {
    case Kind::null:
      return true;
    case Kind::boolean:
      return a.boolean == b.boolean;
    case Kind::text:
      return a.str() == b.str();
    case Kind::time:
      return a.integer == b.integer;
    case Kind::country:
      return a.country == b.country;
    case Kind::object:
      return a.object == b.object || *a.object == *b.object;
    case Kind::array:
      break;
    default:
      return false;
  }
  if (a.size != b.size) return false;
  for (std::uint32_t i = 0; i < a.size; ++i) {
    if (!same(node, a.items[i], b.items[i])) return false;
  }
  return true;
}

Val Evaluator::comparison(const Node& node) {
  const Val a = eval(*node.kids[0]);
  if (a.stops()) return a;
  const Val b = eval(*node.kids[1]);
  if (b.stops()) return b;
  if (node.op == Op::equal) return Val::of_bool(same(node, a, b));
  if (node.op == Op::not_equal) return Val::of_bool(!same(node, a, b));
  // What has no value is neither above nor below anything.
  if (a.is(Kind::null) || b.is(Kind::null)) return Val::of_bool(false);
  return order(node, a, b);
}

Val Evaluator::order(const Node& node, const Val& a, const Val& b) {
  bool less = false;
  bool equal = false;
  if (a.is_numeric() && b.is_numeric()) {
    const bool integers = a.is(Kind::integer) && b.is(Kind::integer);
    less = integers ? a.integer < b.integer : a.as_double() < b.as_double();
    equal = integers ? a.integer == b.integer : a.as_double() == b.as_double();
  } else if (a.is(Kind::text) && b.is(Kind::text)) {
    less = a.str() < b.str();
    equal = a.str() == b.str();
  } else if (a.is(Kind::time) && b.is(Kind::time)) {
    less = a.integer < b.integer;
    equal = a.integer == b.integer;
  } else {
    return fail(node, "only two numbers, two texts or two times can be compared by size");
  }
  switch (node.op) {
    case Op::less:
      return Val::of_bool(less);
    case Op::less_equal:
      return Val::of_bool(less || equal);
    case Op::greater:
      return Val::of_bool(!less && !equal);
    default:
      return Val::of_bool(!less);
  }
}

Val Evaluator::matches(const Node& node) {
  const Val subject = eval(*node.kids[0]);
  if (subject.stops()) return subject;
  std::optional<Regex> made;
  const Regex* regex = node.regex ? &*node.regex : nullptr;
  if (regex == nullptr) {
    const Val pattern = eval(*node.kids[1]);
    if (pattern.stops()) return pattern;
    if (!pattern.is(Kind::text)) return fail(node, "'matches' needs a pattern");
    auto compiled = Regex::compile(pattern.str());
    if (!compiled) return fail(node, "the pattern of 'matches' is not valid");
    made = *std::move(compiled);
    regex = &*made;
  }
  if (subject.is(Kind::null)) return Val::of_bool(false);
  const auto text_of = scalar_text(node, subject);
  if (!text_of) return fail(node, "'matches' needs a text");
  return Val::of_bool(regex->full_match(*text_of));
}

Val Evaluator::logical(const Node& node) {
  const bool all = node.op == Op::logical_and;
  for (const NodePtr& kid : node.kids) {
    const Val value = eval(*kid);
    if (value.stops()) return value;
    if (!value.is(Kind::boolean)) {
      return fail(*kid, fmt::format("'{}' needs true or false, and this is {}", all ? "AND" : "OR",
                                    value.is(Kind::null) ? "null" : "neither"));
    }
    if (value.boolean != all) return value;
  }
  return Val::of_bool(all);
}

Val Evaluator::negated(const Node& node) {
  const Val value = eval(*node.kids[0]);
  if (value.stops()) return value;
  if (node.op == Op::logical_not) {
    if (!value.is(Kind::boolean)) return fail(node, "'!' needs true or false");
    return Val::of_bool(!value.boolean);
  }
  return value.is(Kind::number) ? Val::of_number(-value.number)
                                : add(node, Val::of_int(0), value, '-');
}

Val Evaluator::ternary(const Node& node) {
  std::size_t at = 0;
  for (; at + 1 < node.kids.size(); at += 2) {
    const Val condition = eval(*node.kids[at]);
    if (condition.stops()) return condition;
    if (!condition.is(Kind::boolean)) {
      return fail(node, "the condition before '?' is neither true nor false");
    }
    if (condition.boolean) return eval(*node.kids[at + 1]);
  }
  return eval(*node.kids[at]);
}

Val Evaluator::elvis(const Node& node) {
  Val value;
  for (const NodePtr& kid : node.kids) {
    value = eval(*kid);
    const bool nothing = value.is(Kind::null) || (value.is(Kind::text) && value.size == 0);
    if (!nothing) return value;
  }
  return value;
}

Val Evaluator::from_template(const Node& node) {
  const std::size_t count = node.kids.size();
  auto* views = static_cast<std::string_view*>(arena_.take(count * sizeof(std::string_view)));
  if (views == nullptr) return fail(node, "the text becomes too long");
  bool blank = false;
  for (std::size_t i = 0; i < count; ++i) {
    const Val part = eval(*node.kids[i]);
    if (part.stops()) return part;
    const auto view = scalar_text(node, part);
    if (!view && !part.is(Kind::null)) {
      return fail(*node.kids[i], "an array or an object cannot stand in a text");
    }
    blank = blank || !view || view->empty();
    new (views + i) std::string_view(view.value_or(std::string_view()));
  }
  return blank ? Val() : joined(node, {views, count});
}

}  // namespace rollcall::expr

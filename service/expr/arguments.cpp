// Brings arguments into the form that the functions are written for.
#include <fmt/format.h>

#include "service/base/text.h"
#include "service/expr/country_internal.h"
#include "service/expr/functions_internal.h"
#include "service/expr/time_internal.h"

namespace rollcall::expr {
namespace {

/// "a, b" is an array too (a note of Okta's page on array functions). Blanks around the commas do
/// not belong to the elements (decision 0140).
Val from_csv(Evaluator& run, const Node& node, std::string_view text) {
  if (trim(text).empty()) return Val::of_items(nullptr, 0);
  const auto parts = split(text, ',');
  Val* room = run.items(node, parts.size());
  if (room == nullptr) return Val::of(Kind::failed);
  for (std::size_t i = 0; i < parts.size(); ++i) new (room + i) Val(Val::of_text(trim(parts[i])));
  return Val::of_items(room, parts.size());
}

}  // namespace

Val Evaluator::argument(const Node& node, const Val& value, char code) {
  const auto wrong = [&](std::string_view wanted) {
    const std::string_view name = node.function ? node.function->name : std::string_view("[]");
    return fail(node, fmt::format("'{}' needs {} here", name, wanted));
  };
  switch (code) {
    case 's':
      if (value.is(Kind::null) || value.is(Kind::text)) return value;
      if (value.is(Kind::boolean)) return wrong("a text");
      if (const auto as_text = scalar_text(node, value)) return Val::of_text(*as_text);
      return wrong("a text");
    case 'i':
      return value.is(Kind::integer) ? value : wrong("an integer");
    case 'a':
      if (value.is(Kind::null)) return Val::of_items(nullptr, 0);
      if (value.is(Kind::array)) return value;
      return value.is(Kind::text) ? from_csv(*this, node, value.str()) : wrong("an array");
    case 'v':
      if (value.is(Kind::null) || value.is(Kind::text) || value.is_numeric()) return value;
      return wrong("a text or a number");
    case 'u':
      if (value.is(Kind::null) || value.is(Kind::text)) return value;
      if (!value.is(Kind::integer)) return wrong("digits");
      return text(node, fmt::format_int(value.integer).c_str());
    case 't':
      if (value.is(Kind::null) || value.is(Kind::time)) return value;
      if (value.is(Kind::text)) {
        const auto at = parse_instant(value.str());
        if (!at) return wrong("an ISO 8601 time");
        if (at->offset_seconds == 0) return Val::of_time(at->ms, nullptr);
        const Zone* fixed = zone(node, {}, at->offset_seconds);
        return fixed == nullptr ? Val::of(Kind::failed) : Val::of_time(at->ms, fixed);
      }
      return wrong("a time");
    case 'c':
      if (value.is(Kind::null) || value.is(Kind::country)) return value;
      return wrong("a country");
    case 'r':
      if (value.is(Kind::null) || value.is(Kind::array)) return value;
      return argument(node, value, 's');
    default:
      return value;
  }
}

}  // namespace rollcall::expr

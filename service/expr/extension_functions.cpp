// Our own functions, all under the prefix `Rollcall.`.
#include <fmt/format.h>

#include <algorithm>
#include <vector>

#include "service/base/text.h"
#include "service/expr/functions_internal.h"

namespace rollcall::expr {
namespace {

Val ascii(Evaluator& run, const Node& node, Args a) {
  return is_ascii(a[0].str()) ? a[0] : run.text(node, to_ascii(a[0].str()));
}

/// "a.b@x" with 2 to 4 gives a.b2@x, a.b3@x, a.b4@x: the number stands before the '@'.
Val numbered(Evaluator& run, const Node& node, Args a) {
  const std::int64_t first = a[1].integer;
  const std::int64_t last = a[2].integer;
  if (first < 0 || last < first) return run.fail(node, "the numbers run from low to high");
  if (last - first >= static_cast<std::int64_t>(kMaxElements)) {
    return run.fail(node, "that is too many candidates");
  }
  const std::string_view text = a[0].str();
  if (trim(text).empty()) return {};
  const std::size_t at = std::min(text.size(), text.find('@'));
  Val* room = run.items(node, static_cast<std::size_t>(last - first + 1));
  if (room == nullptr) return Val::of(Kind::failed);
  std::size_t count = 0;
  for (std::int64_t number = first; number <= last; ++number) {
    const fmt::format_int digits(number);
    const std::string_view parts[] = {
        text.substr(0, at), {digits.data(), digits.size()}, text.substr(at)};
    const Val one = run.joined(node, parts);
    if (one.stops()) return one;
    new (room + count++) Val(one);
  }
  return Val::of_items(room, count);
}

/// The candidates in their order, each once, without blank ones.
Val first_free(Evaluator& run, const Node& node, Args a) {
  std::vector<Val> all;
  for (const Val& value : a) {
    if (value.is(Kind::array)) {
      all.insert(all.end(), value.items, value.items + value.size);
    } else {
      all.push_back(value);
    }
    if (all.size() > kMaxElements) return run.fail(node, "that is too many candidates");
  }
  Val* room = run.items(node, all.size());
  if (room == nullptr) return Val::of(Kind::failed);
  std::size_t count = 0;
  for (const Val& value : all) {
    if (value.is(Kind::null)) continue;
    const auto text = run.scalar_text(node, value);
    if (!text) return run.fail(node, "a candidate is a text");
    if (trim(*text).empty()) continue;
    new (room + count++) Val(Val::of_text(*text));
  }
  // Stable: a candidate keeps its first place.
  std::size_t kept = 0;
  std::vector<std::string_view> sorted;
  for (std::size_t i = 0; i < count; ++i) {
    const auto place = std::lower_bound(sorted.begin(), sorted.end(), room[i].str());
    if (place != sorted.end() && *place == room[i].str()) continue;
    sorted.insert(place, room[i].str());
    room[kept++] = room[i];
  }
  return Val::of_items(room, kept);
}

constexpr Function kExtensionFunctions[] = {
    {"Rollcall.toAscii", 1, 1, "s", ExprType::text, OnNull::null, Use::extension, ascii},
    {"Rollcall.numbered", 3, 3, "sii", ExprType::array, OnNull::null, Use::extension, numbered},
    {"Rollcall.firstFree", 1, -1, "*", ExprType::array, OnNull::decides_itself, Use::extension,
     first_free},
};

}  // namespace

std::span<const Function> extension_functions() { return kExtensionFunctions; }

}  // namespace rollcall::expr

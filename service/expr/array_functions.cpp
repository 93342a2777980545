// Arrays functions and the methods of arrays. A null array is an empty one.
#include <fmt/core.h>

#include <vector>

#include "service/expr/functions_internal.h"

namespace rollcall::expr {
namespace {

Val made(Evaluator& run, const Node& node, std::span<const Val> from) {
  Val* room = run.items(node, from.size());
  if (room == nullptr) return Val::of(Kind::failed);
  std::size_t count = 0;
  for (const Val& item : from) new (room + count++) Val(item);
  return Val::of_items(room, count);
}

std::span<const Val> elements(const Val& array) { return {array.items, array.size}; }

Val add_item(Evaluator& run, const Node& node, Args a) {
  const auto old = elements(a[0]);
  std::vector<Val> all(old.begin(), old.end());
  all.push_back(a[1]);
  return made(run, node, all);
}

std::size_t position_of(Evaluator& run, const Node& node, const Val& array, const Val& item) {
  for (std::uint32_t i = 0; i < array.size; ++i) {
    if (run.same(node, array.items[i], item)) return i;
  }
  return array.size;
}

/// By value; the first one if it is there more than once.
Val remove_item(Evaluator& run, const Node& node, Args a) {
  const std::size_t at = position_of(run, node, a[0], a[1]);
  if (at == a[0].size) return a[0];
  const auto old = elements(a[0]);
  std::vector<Val> rest(old.begin(), old.end());
  rest.erase(rest.begin() + static_cast<std::ptrdiff_t>(at));
  return made(run, node, rest);
}

Val clear(Evaluator&, const Node&, Args) { return Val::of_items(nullptr, 0); }

Val get(Evaluator& run, const Node& node, Args a) {
  if (a[1].integer < 0 || a[1].integer >= std::int64_t{a[0].size}) {
    return run.fail(node,
                    fmt::format("position {} is outside the array of {}", a[1].integer, a[0].size));
  }
  return a[0].items[a[1].integer];
}

void flatten_into(const Val& value, std::vector<Val>& out) {
  if (!value.is(Kind::array)) {
    out.push_back(value);
    return;
  }
  for (std::uint32_t i = 0; i < value.size && out.size() <= kMaxElements; ++i) {
    flatten_into(value.items[i], out);
  }
}

Val flatten(Evaluator& run, const Node& node, Args a) {
  std::vector<Val> out;
  for (const Val& value : a) flatten_into(value, out);
  return made(run, node, out);
}

Val size(Evaluator&, const Node&, Args a) { return Val::of_int(a[0].size); }
Val is_empty(Evaluator&, const Node&, Args a) { return Val::of_bool(a[0].size == 0); }

Val contains(Evaluator& run, const Node& node, Args a) {
  return Val::of_bool(position_of(run, node, a[0], a[1]) < a[0].size);
}

/// The method of texts and of arrays.
Val contains_either(Evaluator& run, const Node& node, Args a) {
  if (a[0].is(Kind::array)) return contains(run, node, a);
  if (a[1].is(Kind::null)) return Val::of_bool(false);
  const auto part = run.scalar_text(node, a[1]);
  if (!part) return run.fail(node, "'.contains' of a text needs a text");
  return Val::of_bool(a[0].str().find(*part) != std::string_view::npos);
}

Val to_csv(Evaluator& run, const Node& node, Args a) {
  std::vector<std::string_view> parts;
  for (const Val& item : elements(a[0])) {
    const auto text = run.scalar_text(node, item);
    if (!text && !item.is(Kind::null)) {
      return run.fail(node, "an array of arrays or objects has no CSV text");
    }
    if (!parts.empty()) parts.emplace_back(",");
    parts.push_back(text.value_or(std::string_view()));
  }
  return run.joined(node, parts);
}

constexpr Function kArrayFunctions[] = {
    {"Arrays.add", 2, 2, "a*", kArray, kSelf, kAny, add_item},
    {"Arrays.remove", 2, 2, "a*", kArray, kSelf, kAny, remove_item},
    {"Arrays.clear", 1, 1, "a", kArray, kSelf, kAny, clear},
    {"Arrays.get", 2, 2, "ai", ExprType::any, kSelf, kAny, get},
    {"Arrays.flatten", 1, -1, "*", kArray, kSelf, kAny, flatten},
    {"Arrays.contains", 2, 2, "a*", kBool, kSelf, kAny, contains},
    {"Arrays.size", 1, 1, "a", kInt, kSelf, kAny, size},
    {"Arrays.isEmpty", 1, 1, "a", kBool, kSelf, kAny, is_empty},
    {"Arrays.toCsvString", 1, 1, "a", ExprType::text, kSelf, kAny, to_csv},
    {".add", 2, 2, "a*", kArray, kSelf, kMapping, add_item},
    {".remove", 2, 2, "a*", kArray, kSelf, kMapping, remove_item},
    {".flatten", 1, 1, "a", kArray, kSelf, kMapping, flatten},
    {".size", 1, 1, "a", kInt, kSelf, kMapping, size},
    {".isEmpty", 1, 1, "a", kBool, kSelf, kMapping, is_empty},
    {".contains", 2, 2, "r*", kBool, OnNull::no, kMapping, contains_either},
};

}  // namespace

std::span<const Function> array_functions() { return kArrayFunctions; }

}  // namespace rollcall::expr

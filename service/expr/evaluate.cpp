// Evaluation of the tree: names, properties, arrays, functions. The operators are in operators.cpp.
#include <fmt/format.h>

#include <charconv>

#include "service/expr/country_internal.h"
#include "service/expr/functions_internal.h"
#include "service/expr/time_internal.h"

namespace rollcall::expr {

Val Evaluator::fail(const Node& node, std::string message) {
  if (!error_) {
    error_ = make_error(ErrorCode::expression_evaluation, std::move(message),
                        std::to_string(node.column));
  }
  return Val::of(Kind::failed);
}

char* Evaluator::bytes(const Node& node, std::size_t count) {
  if (count <= kMaxTextBytes) {
    if (auto* room = static_cast<char*>(arena_.take(count))) return room;
  }
  fail(node, "the text becomes too long");
  return nullptr;
}

Val* Evaluator::items(const Node& node, std::size_t count) {
  if (count <= kMaxElements) {
    if (void* room = arena_.take(count * sizeof(Val))) return static_cast<Val*>(room);
  }
  fail(node, "the array becomes too long");
  return nullptr;
}

const Zone* Evaluator::zone(const Node& node, std::string_view name, std::int64_t offset_seconds) {
  void* room = arena_.take(sizeof(Zone));
  if (room == nullptr) {
    fail(node, "the expression needs too much memory");
    return nullptr;
  }
  return new (room) Zone{name, offset_seconds};
}

Val Evaluator::text(const Node& node, std::string_view text) {
  char* room = bytes(node, text.size());
  if (room == nullptr) return Val::of(Kind::failed);
  if (!text.empty()) std::memcpy(room, text.data(), text.size());
  return Val::of_text({room, text.size()});
}

Val Evaluator::joined(const Node& node, std::span<const std::string_view> parts) {
  std::size_t size = 0;
  for (const std::string_view part : parts) size += part.size();
  char* room = bytes(node, size);
  if (room == nullptr) return Val::of(Kind::failed);
  char* at = room;
  for (const std::string_view part : parts) {
    if (!part.empty()) std::memcpy(at, part.data(), part.size());
    at += part.size();
  }
  return Val::of_text({room, size});
}

Val Evaluator::from_json(const Node& node, const Json& json) {
  if (json.is_null()) return {};
  if (json.is_bool()) return Val::of_bool(json.as_bool());
  if (json.is_int()) return Val::of_int(json.as_int());
  if (json.is_double()) return Val::of_number(json.as_double());
  if (json.is_string()) {
    if (json.as_string().size() > kMaxTextBytes) return fail(node, "a text is too long");
    return Val::of_text(json.as_string());
  }
  if (json.is_object()) return Val::of_object(&json);
  Val* room = items(node, json.items().size());
  if (room == nullptr) return Val::of(Kind::failed);
  std::size_t count = 0;
  for (const Json& item : json.items()) {
    new (room + count) Val(from_json(node, item));
    if (room[count++].stops()) return Val::of(Kind::failed);
  }
  return Val::of_items(room, count);
}

std::optional<std::string_view> Evaluator::scalar_text(const Node& node, const Val& value) {
  const auto copied = [&](std::string_view made) -> std::optional<std::string_view> {
    const Val kept = text(node, made);
    if (kept.stops()) return std::nullopt;
    return kept.str();
  };
  switch (value.kind) {
    case Kind::text:
      return value.str();
    case Kind::boolean:
      return value.boolean ? "true" : "false";
    case Kind::integer:
      return copied(fmt::format_int(value.integer).c_str());
    case Kind::number:
      return copied(Json(value.number).dump());
    case Kind::time:
      return copied(instant_text(value.integer, value.zone, true));
    case Kind::country:
      return value.country->alpha2;
    default:
      return std::nullopt;
  }
}

Val Evaluator::eval(const Node& node) {
  switch (node.op) {
    case Op::constant:
      return node.constant;
    case Op::hr_attribute:
      return attribute(node, scope_.hr);
    case Op::user_attribute:
      return attribute(node, scope_.user);
    case Op::root:
      return root(node);
    case Op::property: {
      const Val of = eval(*node.kids[0]);
      return of.stops() ? of : property(node, of, node.text);
    }
    case Op::index:
      return index(node);
    case Op::projection:
      return projection(node);
    case Op::array:
      return array(node);
    case Op::function:
      return function(node);
    case Op::sum:
      return sum(node);
    case Op::product:
      return product(node);
    case Op::matches:
      return matches(node);
    case Op::logical_and:
    case Op::logical_or:
      return logical(node);
    case Op::logical_not:
    case Op::minus:
      return negated(node);
    case Op::ternary:
      return ternary(node);
    case Op::elvis:
      return elvis(node);
    case Op::text_template:
      return from_template(node);
    default:
      return comparison(node);
  }
}

Val Evaluator::attribute(const Node& node, const RecordView& record) {
  switch (record.state(node.attribute)) {
    case AttrState::unknown:
      return Val::of(Kind::unknown);
    case AttrState::cleared:
      return {};
    case AttrState::value:
      break;
  }
  const std::string_view text = record.text(node.attribute);
  if (node.attribute_type == AttrType::text) return Val::of_text(text);
  return parsed_attribute(node, text);
}

Val Evaluator::parsed_attribute(const Node& node, std::string_view text) {
  const char* end = text.data() + text.size();
  if (node.attribute_type == AttrType::boolean) {
    if (text == "true") return Val::of_bool(true);
    if (text == "false") return Val::of_bool(false);
    return fail(node, fmt::format("'{}' is neither true nor false", node.text));
  }
  if (node.attribute_type == AttrType::integer) {
    std::int64_t value = 0;
    const auto read = std::from_chars(text.data(), end, value);
    if (read.ec == std::errc() && read.ptr == end) return Val::of_int(value);
    return fail(node, fmt::format("'{}' is not an integer", node.text));
  }
  if (node.attribute_type == AttrType::number) {
    double value = 0;
    const auto read = std::from_chars(text.data(), end, value);
    if (read.ec == std::errc() && read.ptr == end) return Val::of_number(value);
    return fail(node, fmt::format("'{}' is not a number", node.text));
  }
  auto json = parse_json(text);
  if (!json || !json->is_array()) {
    return fail(node, fmt::format("'{}' is not an array", node.text));
  }
  return from_json(node, keep(*std::move(json)));
}

Val Evaluator::root(const Node& node) {
  if (scope_.roots == nullptr || !scope_.roots->has(node.text)) return Val::of(Kind::unknown);
  return from_json(node, (*scope_.roots)[node.text]);
}

Val Evaluator::property(const Node& node, const Val& of, std::string_view name) {
  // A missing manager has no name either: null, not a mistake.
  if (of.is(Kind::null)) return {};
  if (!of.is(Kind::object)) {
    return fail(node, fmt::format("what stands before '.{}' has no properties", name));
  }
  if (!of.object->has(name)) return Val::of(Kind::unknown);
  const Val value = from_json(node, (*of.object)[name]);
  if (node.as_time && value.is(Kind::text)) {
    if (const auto at = parse_instant(value.str())) return Val::of_time(at->ms, nullptr);
  }
  return value;
}

Val Evaluator::index(const Node& node) {
  Val of = eval(*node.kids[0]);
  if (of.stops()) return of;
  const Val at = eval(*node.kids[1]);
  if (at.stops()) return at;
  if (of.is(Kind::object) && at.is(Kind::text)) return property(node, of, at.str());
  of = argument(node, of, 'a');
  if (of.stops()) return of;
  if (!at.is(Kind::integer)) return fail(node, "a position must be an integer");
  if (at.integer < 0 || at.integer >= std::int64_t{of.size}) {
    return fail(node, fmt::format("position {} is outside the array of {}", at.integer, of.size));
  }
  return of.items[at.integer];
}

Val Evaluator::projection(const Node& node) {
  Val of = eval(*node.kids[0]);
  if (of.stops()) return of;
  of = argument(node, of, 'a');
  if (of.stops()) return of;
  Val* room = items(node, of.size);
  if (room == nullptr) return Val::of(Kind::failed);
  for (std::uint32_t i = 0; i < of.size; ++i) {
    Val item = of.items[i];
    for (const std::string& key : node.keys) {
      item = property(node, item, key);
      if (item.stops()) return item;
    }
    new (room + i) Val(item);
  }
  return Val::of_items(room, of.size);
}

Val Evaluator::array(const Node& node) {
  Val* room = items(node, node.kids.size());
  if (room == nullptr) return Val::of(Kind::failed);
  for (std::size_t i = 0; i < node.kids.size(); ++i) {
    const Val item = eval(*node.kids[i]);
    if (item.stops()) return item;
    new (room + i) Val(item);
  }
  return Val::of_items(room, node.kids.size());
}

Val Evaluator::function(const Node& node) {
  const Function& function = *node.function;
  Val* args = items(node, node.kids.size());
  if (args == nullptr) return Val::of(Kind::failed);
  bool null = false;
  for (std::size_t i = 0; i < node.kids.size(); ++i) {
    const char code = function.parameter(i);
    Val value;
    if (code != 'm') {
      value = eval(*node.kids[i]);
      if (!value.stops()) value = argument(node, value, code);
      if (value.stops()) return value;
    }
    null = null || (value.is(Kind::null) && code != '*' && code != 'm');
    new (args + i) Val(value);
  }
  if (null) {
    if (function.on_null == OnNull::null) return {};
    if (function.on_null == OnNull::no) return Val::of_bool(false);
    if (function.on_null == OnNull::zero) return Val::of_int(0);
  }
  return function.run(*this, node, {args, node.kids.size()});
}

}  // namespace rollcall::expr

#include "service/base/json.h"

#include <fmt/core.h>
#include <simdjson.h>

#include <algorithm>
#include <cmath>

namespace rollcall {
namespace {

constexpr int kMaxDepth = 64;

const Json& null_value() {
  static const Json value;
  return value;
}

void append_double(std::string& out, double v) {
  if (!std::isfinite(v)) {
    out += "null";
    return;
  }
  out += fmt::format("{}", v);
}

Result<Json> convert(simdjson::dom::element element, int depth) {
  using simdjson::dom::element_type;
  if (depth > kMaxDepth) return make_error(ErrorCode::json_malformed, "nested too deeply");
  switch (element.type()) {
    case element_type::NULL_VALUE:
      return Json();
    case element_type::BOOL:
      return Json(bool(element));
    case element_type::INT64:
      return Json(std::int64_t(element));
    case element_type::UINT64:
      return Json(static_cast<double>(std::uint64_t(element)));
    case element_type::DOUBLE:
      return Json(double(element));
    case element_type::STRING:
      return Json(std::string_view(element));
    case element_type::ARRAY: {
      Json::Array items;
      for (simdjson::dom::element item : simdjson::dom::array(element)) {
        auto value = convert(item, depth + 1);
        if (!value) return value;
        items.push_back(std::move(*value));
      }
      return Json(std::move(items));
    }
    case element_type::OBJECT: {
      Json object = Json::object();
      for (const auto field : simdjson::dom::object(element)) {
        auto value = convert(field.value, depth + 1);
        if (!value) return value;
        object.set(field.key, std::move(*value));
      }
      return object;
    }
  }
  return make_error(ErrorCode::json_malformed, "unknown kind of value");
}

void write(std::string& out, const Json& v, bool sorted, int indent) {
  const auto line = [&](int level) {
    if (indent < 0) return;
    out += '\n';
    out.append(static_cast<std::size_t>(level) * 2, ' ');
  };
  const int inner = indent < 0 ? -1 : indent + 1;
  if (v.is_null()) {
    out += "null";
  } else if (v.is_bool()) {
    out += v.as_bool() ? "true" : "false";
  } else if (v.is_int()) {
    out += fmt::format("{}", v.as_int());
  } else if (v.is_double()) {
    append_double(out, v.as_double());
  } else if (v.is_string()) {
    append_json_string(out, v.as_string());
  } else if (v.is_array()) {
    out += '[';
    bool first = true;
    for (const Json& item : v.items()) {
      if (!first) out += ',';
      first = false;
      line(inner);
      write(out, item, sorted, inner);
    }
    if (!first) line(indent);
    out += ']';
  } else {
    std::vector<const Json::Member*> order;
    for (const auto& member : v.members()) order.push_back(&member);
    if (sorted) {
      std::sort(order.begin(), order.end(),
                [](const auto* a, const auto* b) { return a->first < b->first; });
    }
    out += '{';
    bool first = true;
    for (const auto* member : order) {
      if (!first) out += ',';
      first = false;
      line(inner);
      append_json_string(out, member->first);
      out += indent < 0 ? ":" : ": ";
      write(out, member->second, sorted, inner);
    }
    if (!first) line(indent);
    out += '}';
  }
}

}  // namespace

bool Json::as_bool(bool otherwise) const {
  const bool* v = std::get_if<bool>(&held_);
  return v != nullptr ? *v : otherwise;
}

std::int64_t Json::as_int(std::int64_t otherwise) const {
  if (const auto* v = std::get_if<std::int64_t>(&held_)) return *v;
  if (const auto* d = std::get_if<double>(&held_)) {
    if (std::floor(*d) == *d && std::fabs(*d) < 9e18) return static_cast<std::int64_t>(*d);
  }
  return otherwise;
}

double Json::as_double(double otherwise) const {
  if (const auto* d = std::get_if<double>(&held_)) return *d;
  if (const auto* v = std::get_if<std::int64_t>(&held_)) return static_cast<double>(*v);
  return otherwise;
}

std::string_view Json::as_string(std::string_view otherwise) const {
  const auto* v = std::get_if<std::string>(&held_);
  return v != nullptr ? std::string_view(*v) : otherwise;
}

const Json::Array& Json::items() const {
  static const Array empty;
  const auto* v = std::get_if<Array>(&held_);
  return v != nullptr ? *v : empty;
}

const Json::Object& Json::members() const {
  static const Object empty;
  const auto* v = std::get_if<Object>(&held_);
  return v != nullptr ? *v : empty;
}

const Json& Json::operator[](std::string_view name) const {
  for (const auto& member : members()) {
    if (member.first == name) return member.second;
  }
  return null_value();
}

bool Json::has(std::string_view name) const {
  return std::any_of(members().begin(), members().end(),
                     [&](const auto& member) { return member.first == name; });
}

Json& Json::at(std::string_view name) {
  if (!is_object()) held_ = Object{};
  auto& object = std::get<Object>(held_);
  for (auto& member : object) {
    if (member.first == name) return member.second;
  }
  object.emplace_back(std::string(name), Json());
  return object.back().second;
}

Json& Json::set(std::string_view name, Json value) {
  at(name) = std::move(value);
  return *this;
}

bool Json::erase(std::string_view name) {
  auto* object = std::get_if<Object>(&held_);
  if (object == nullptr) return false;
  const auto found = std::find_if(object->begin(), object->end(),
                                  [&](const auto& member) { return member.first == name; });
  if (found == object->end()) return false;
  object->erase(found);
  return true;
}

Json& Json::push(Json value) {
  if (!is_array()) held_ = Array{};
  std::get<Array>(held_).push_back(std::move(value));
  return *this;
}

std::string Json::dump() const {
  std::string out;
  write(out, *this, false, -1);
  return out;
}

std::string Json::canonical() const {
  std::string out;
  write(out, *this, true, -1);
  return out;
}

std::string Json::pretty() const {
  std::string out;
  write(out, *this, false, 0);
  return out;
}

Result<Json> parse_json(std::string_view text) {
  thread_local simdjson::dom::parser parser;
  simdjson::dom::element root;
  const auto error = parser.parse(text.data(), text.size()).get(root);
  if (error) {
    return make_error(ErrorCode::json_malformed,
                      fmt::format("not valid JSON: {}", simdjson::error_message(error)));
  }
  return convert(root, 0);
}

void append_json_string(std::string& out, std::string_view text) {
  out += '"';
  std::size_t start = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto c = static_cast<unsigned char>(text[i]);
    if (c >= 0x20 && c != '"' && c != '\\') continue;
    out.append(text.data() + start, i - start);
    start = i + 1;
    switch (c) {
      case '"':
        out += "\\\"";
        break;
      case '\\':
        out += "\\\\";
        break;
      case '\n':
        out += "\\n";
        break;
      case '\r':
        out += "\\r";
        break;
      case '\t':
        out += "\\t";
        break;
      default:
        out += fmt::format("\\u{:04x}", c);
    }
  }
  out.append(text.data() + start, text.size() - start);
  out += '"';
}

std::string json_quote(std::string_view text) {
  std::string out;
  append_json_string(out, text);
  return out;
}

}  // namespace rollcall

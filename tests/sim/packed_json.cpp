#include "tests/sim/packed_json.h"

#include <array>
#include <deque>

namespace rollcall::sim {
namespace {

std::size_t end_of_string(std::string_view text, std::size_t at) {
  for (std::size_t quote = text.find('"', at + 1); quote != std::string_view::npos;
       quote = text.find('"', quote + 1)) {
    std::size_t slashes = 0;
    while (text[quote - 1 - slashes] == '\\') ++slashes;
    if (slashes % 2 == 0) return quote + 1;
  }
  return text.size();
}

std::size_t end_of_value(std::string_view text, std::size_t at) {
  int depth = 0;
  while (at < text.size()) {
    const char c = text[at];
    if (c == '"') {
      at = end_of_string(text, at);
      if (depth == 0) return at;
      continue;
    }
    if (c == '[' || c == '{') ++depth;
    if (c == ']' || c == '}') {
      if (depth == 0) return at;
      if (--depth == 0) return at + 1;
    }
    if (c == ',' && depth == 0) return at;
    ++at;
  }
  return at;
}

constexpr std::array<std::string_view, 6> kAlwaysThere = {"firstName",   "lastName", "mobilePhone",
                                                          "secondEmail", "login",    "email"};

}  // namespace

std::string_view packed_member(std::string_view object, std::string_view name) {
  std::size_t at = 1;
  while (at < object.size() && object[at] == '"') {
    const std::size_t key_end = end_of_string(object, at);
    const std::string_view key = object.substr(at + 1, key_end - at - 2);
    const std::size_t value_end = end_of_value(object, key_end + 1);
    if (key == name) return object.substr(key_end + 1, value_end - key_end - 1);
    at = value_end + 1;
  }
  return {};
}

std::string packed_text(std::string_view object, std::string_view name) {
  const std::string_view raw = packed_member(object, name);
  if (raw.empty() || raw == "null") return {};
  if (raw.front() != '"') return std::string(raw);
  const std::string_view inner = raw.substr(1, raw.size() - 2);
  if (inner.find('\\') == std::string_view::npos) return std::string(inner);
  const auto parsed = parse_json(raw);
  return parsed ? std::string(parsed->as_string()) : std::string();
}

std::string pack_profile(const Json& profile) {
  Json out = Json::object();
  for (const std::string_view name : kAlwaysThere) {
    out.set(name, profile[name]);
  }
  for (const auto& [name, value] : profile.members()) {
    if (!value.is_null() && !out.has(name)) out.set(name, value);
  }
  return out.dump();
}

namespace {

std::size_t skip_space(std::string_view text, std::size_t at) {
  while (at < text.size() &&
         (text[at] == ' ' || text[at] == '\n' || text[at] == '\r' || text[at] == '\t')) {
    ++at;
  }
  return at;
}

/// Walks the parts between `open` and `close`; `part` takes a position and gives the next one, or
/// npos to stop.
bool scan_list(std::string_view text, char open, char close,
               const std::function<std::size_t(std::size_t)>& part) {
  std::size_t at = skip_space(text, 0);
  if (at >= text.size() || text[at] != open) return false;
  at = skip_space(text, at + 1);
  if (at < text.size() && text[at] == close) return true;
  while (at < text.size()) {
    const std::size_t end = part(at);
    if (end == std::string_view::npos) return false;
    at = skip_space(text, end);
    if (at >= text.size()) return false;
    if (text[at] == close) return true;
    if (text[at] != ',') return false;
    at = skip_space(text, at + 1);
  }
  return false;
}

}  // namespace

bool scan_object(std::string_view object,
                 const std::function<bool(std::string_view, std::string_view)>& each) {
  return scan_list(object, '{', '}', [&](std::size_t at) -> std::size_t {
    if (object[at] != '"') return std::string_view::npos;
    const std::size_t key_end = end_of_string(object, at);
    std::size_t value = skip_space(object, key_end);
    if (value >= object.size() || object[value] != ':') return std::string_view::npos;
    value = skip_space(object, value + 1);
    const std::size_t end = end_of_value(object, value);
    const std::string_view name = object.substr(at + 1, key_end - at - 2);
    return each(name, object.substr(value, end - value)) ? end : std::string_view::npos;
  });
}

bool scan_array(std::string_view array, const std::function<bool(std::string_view)>& each) {
  return scan_list(array, '[', ']', [&](std::size_t at) -> std::size_t {
    const std::size_t end = end_of_value(array, at);
    return each(array.substr(at, end - at)) ? end : std::string_view::npos;
  });
}

bool value_of_raw(std::string_view raw, Json& out) {
  const bool plain = raw.size() >= 2 && raw.front() == '"' && raw.back() == '"' &&
                     raw.find('\\') == std::string_view::npos;
  if (plain) {
    out = Json(raw.substr(1, raw.size() - 2));
    return true;
  }
  auto parsed = parse_json(raw);
  if (!parsed) return false;
  out = std::move(*parsed);
  return true;
}

bool pack_profile_text(std::string_view profile, std::string& out) {
  std::array<std::string_view, kAlwaysThere.size()> standing;
  standing.fill("null");
  std::string others;
  std::deque<std::string> kept;  // values written anew; its strings do not move
  const bool whole = scan_object(profile, [&](std::string_view name, std::string_view raw) {
    if (raw == "null") return true;
    const bool plain =
        !raw.empty() && raw.front() == '"' && raw.find('\\') == std::string_view::npos;
    if (!plain) {
      const auto parsed = parse_json(raw);
      if (!parsed) return false;
      kept.push_back(parsed->dump());
      raw = kept.back();
    }
    for (std::size_t i = 0; i < standing.size(); ++i) {
      if (name != kAlwaysThere[i]) continue;
      standing[i] = raw;
      return true;
    }
    others.append(",\"").append(name).append("\":").append(raw);
    return true;
  });
  if (!whole) return false;
  out = "{";
  for (std::size_t i = 0; i < standing.size(); ++i) {
    out.append(i == 0 ? "\"" : ",\"").append(kAlwaysThere[i]).append("\":").append(standing[i]);
  }
  out += others;
  out += '}';
  out.shrink_to_fit();
  return true;
}

}  // namespace rollcall::sim

// Request targets taken apart.
#include <algorithm>

#include "connectors/http/server.h"
#include "service/base/text.h"

namespace rollcall {
namespace {

int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

std::string decode(std::string_view text, bool plus_is_space) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '%' && i + 2 < text.size()) {
      const int high = hex_digit(text[i + 1]);
      const int low = hex_digit(text[i + 2]);
      if (high >= 0 && low >= 0) {
        out += static_cast<char>(high * 16 + low);
        i += 2;
        continue;
      }
    }
    out += plus_is_space && text[i] == '+' ? ' ' : text[i];
  }
  return out;
}

}  // namespace

std::string_view ServedRequest::header(std::string_view name) const {
  const auto found = std::find_if(headers.begin(), headers.end(), [&](const auto& line) {
    return ascii_iequals(line.first, name);
  });
  return found == headers.end() ? std::string_view() : std::string_view(found->second);
}

std::optional<std::string_view> TargetParts::parameter(std::string_view name) const {
  for (const auto& [key, value] : query) {
    if (key == name) return value;
  }
  return std::nullopt;
}

TargetParts split_target(std::string_view target) {
  TargetParts parts;
  const std::size_t mark = target.find('?');
  parts.path = std::string(target.substr(0, mark));
  std::string_view path = parts.path;
  if (!path.empty() && path.front() == '/') path.remove_prefix(1);
  for (const std::string_view segment : split(path, '/')) {
    parts.segments.push_back(decode(segment, false));
  }
  if (mark == std::string_view::npos) return parts;
  for (const std::string_view pair : split(target.substr(mark + 1), '&')) {
    if (pair.empty()) continue;
    const std::size_t equals = pair.find('=');
    const bool has_value = equals != std::string_view::npos;
    parts.query.emplace_back(decode(pair.substr(0, equals), true),
                             has_value ? decode(pair.substr(equals + 1), true) : std::string());
  }
  return parts;
}

}  // namespace rollcall

// Text to typed values: numbers, durations, addresses, secrets, by the type of the key.
#include <fmt/core.h>

#include <algorithm>
#include <charconv>
#include <limits>

#include "service/base/clock.h"
#include "service/base/regex.h"
#include "service/base/text.h"
#include "service/config/values_internal.h"

namespace rollcall::config {
namespace {

using Kind = YamlNode::Kind;

std::string_view kind_name(Kind kind) {
  switch (kind) {
    case Kind::null:
      return "nothing";
    case Kind::scalar:
      return "a single value";
    case Kind::list:
      return "a list";
    case Kind::map:
      return "a map";
  }
  return "nothing";
}

/// A value in a message: short, and never the credentials of an address.
std::string shown(std::string_view text) {
  if (text.find('@') != std::string_view::npos || text.size() > 60) return "the value";
  return fmt::format("'{}'", text);
}

Misfit bad(const ConfigNode& node, std::string message, std::string suggestion = {}) {
  return {ErrorCode::config_bad_value, std::move(message), std::move(suggestion), node.place};
}

Misfit wrong_type(const ConfigNode& node, std::string_view wanted, std::string suggestion = {}) {
  return {ErrorCode::config_wrong_type,
          fmt::format("{} is wanted here, not {}", wanted, kind_name(node.kind)),
          std::move(suggestion), node.place};
}

std::string did_you_mean(std::string_view word, const std::vector<std::string>& candidates) {
  const std::optional<std::string> near = nearest(word, candidates);
  return near ? fmt::format("did you mean '{}'?", *near) : std::string();
}

bool parse_count(std::string_view text, std::int64_t& out) {
  if (text.empty() || text.front() == '-' || text.front() == '+') return false;
  const auto [end, failed] = std::from_chars(text.data(), text.data() + text.size(), out);
  return failed == std::errc() && end == text.data() + text.size();
}

bool parse_percent(std::string_view text, double& out) {
  if (text.ends_with('%')) text.remove_suffix(1);
  if (text.empty() || text.find_first_not_of("0123456789.") != std::string_view::npos) return false;
  const auto [end, failed] = std::from_chars(text.data(), text.data() + text.size(), out);
  return failed == std::errc() && end == text.data() + text.size();
}

bool parse_duration(std::string_view text, std::int64_t& milliseconds) {
  if (text.empty()) return false;
  constexpr std::int64_t kSecond = 1000;
  std::int64_t unit = 0;
  switch (text.back()) {
    case 's':
      unit = kSecond;
      break;
    case 'm':
      unit = 60 * kSecond;
      break;
    case 'h':
      unit = 3600 * kSecond;
      break;
    case 'd':
      unit = 86400 * kSecond;
      break;
    default:
      return false;
  }
  std::int64_t amount = 0;
  if (!parse_count(text.substr(0, text.size() - 1), amount)) return false;
  if (amount > std::numeric_limits<std::int64_t>::max() / unit) return false;
  milliseconds = amount * unit;
  return true;
}

bool parse_days(std::string_view text, std::int64_t& days) {
  return text.ends_with('d') && parse_count(text.substr(0, text.size() - 1), days);
}

Misfit out_of_range(const KeySpec& spec, const ConfigNode& node, std::string suggestion = {}) {
  const Range range = range_of(spec);
  return {ErrorCode::config_out_of_range,
          fmt::format("'{}' is not between {} and {}", node.scalar, range.low, range.high),
          std::move(suggestion), node.place};
}

/// Numbers, with one parser for the value and for the bounds in the table.
template <class T>
std::optional<Misfit> convert_number(const KeySpec& spec, const ConfigNode& node,
                                     bool (*parse)(std::string_view, T&), std::string_view wanted,
                                     T& out) {
  if (!parse(node.scalar, out)) {
    return bad(node, fmt::format("{} is not {}", shown(node.scalar), wanted));
  }
  const Range range = range_of(spec);
  if (range.empty()) return std::nullopt;
  T low{};
  T high{};
  ROLLCALL_ASSERT(parse(range.low, low) && parse(range.high, high));
  if (out < low || out > high) return out_of_range(spec, node);
  return std::nullopt;
}

std::optional<Misfit> convert_percent(const KeySpec& spec, const ConfigNode& node, double& out) {
  std::optional<Misfit> misfit =
      convert_number(spec, node, parse_percent, "a percentage such as 10%", out);
  // 0.9 where 90% is meant is the classic slip.
  if (misfit && misfit->code == ErrorCode::config_out_of_range && out > 0 && out < 1) {
    misfit->suggestion = fmt::format("did you mean '{:g}%'?", out * 100);
  }
  return misfit;
}

std::optional<Misfit> convert_choice(const KeySpec& spec, const ConfigNode& node) {
  const std::vector<std::string> allowed = choices(spec);
  if (std::find(allowed.begin(), allowed.end(), node.scalar) != allowed.end()) return std::nullopt;
  const std::vector<std::string> later = unavailable_choices(spec);
  if (std::find(later.begin(), later.end(), node.scalar) != later.end()) {
    return Misfit{ErrorCode::config_not_available,
                  fmt::format("'{}' is not available in this version", node.scalar),
                  fmt::format("available: {}", join(allowed, ", ")), node.place};
  }
  std::string suggestion = did_you_mean(node.scalar, allowed);
  return bad(node, fmt::format("{} is none of: {}", shown(node.scalar), join(allowed, ", ")),
             std::move(suggestion));
}

std::optional<Misfit> convert_delimiter(const KeySpec& spec, const ConfigNode& node,
                                        std::string& out) {
  if (node.scalar == "tab") out = "\t";
  if (out == "\t") return std::nullopt;
  std::optional<Misfit> misfit = convert_choice(spec, node);
  // One sign is always near another: nothing to suggest.
  if (misfit) misfit->suggestion = "leave the key out to have it found from the header";
  return misfit;
}

std::optional<Misfit> convert_flag(const ConfigNode& node) {
  if (node.scalar == "true" || node.scalar == "false") return std::nullopt;
  const std::string lower = ascii_lower(node.scalar);
  std::string suggestion;
  if (lower == "yes" || lower == "on" || lower == "true") suggestion = "did you mean 'true'?";
  if (lower == "no" || lower == "off" || lower == "false") suggestion = "did you mean 'false'?";
  return bad(node, fmt::format("{} is neither true nor false", shown(node.scalar)),
             std::move(suggestion));
}

bool valid_port(std::string_view text) {
  std::int64_t port = 0;
  return parse_count(text, port) && port >= 1 && port <= 65535;
}

bool valid_host(std::string_view host) {
  if (host.starts_with('[')) {
    return host.size() > 4 && host.ends_with(']') &&
           host.substr(1, host.size() - 2).find_first_not_of("0123456789abcdefABCDEF:.") ==
               std::string_view::npos;
  }
  if (host.empty() || host.front() == '.' || host.front() == '-') return false;
  return std::all_of(host.begin(), host.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
           c == '.';
  });
}

/// Kept without its default port and in lower case, so that one org has one address.
std::optional<Misfit> convert_url(const ConfigNode& node, std::string& out) {
  std::string_view rest = node.scalar;
  constexpr std::string_view kForm = "an address such as https://acme.okta.com is wanted";
  if (rest.find('@') != std::string_view::npos) {
    return bad(node, fmt::format("{}; a name or password has no place in it", kForm));
  }
  if (ascii_lower(rest.substr(0, 7)) == "http://") {
    return bad(node, "only https is spoken with the org",
               fmt::format("https://{}", rest.substr(7)));
  }
  if (ascii_lower(rest.substr(0, 8)) != "https://") {
    return bad(node, fmt::format("{}, not {}", kForm, shown(rest)));
  }
  rest.remove_prefix(8);
  const std::size_t end = rest.find_first_of("/?#");
  const std::string_view authority = rest.substr(0, end);
  const std::size_t bracket = authority.rfind(']');
  const std::size_t colon = authority.rfind(':');
  const bool has_port =
      colon != std::string_view::npos && (bracket == std::string_view::npos || colon > bracket);
  const std::string_view host = authority.substr(0, has_port ? colon : authority.size());
  const std::string_view port = has_port ? authority.substr(colon + 1) : "443";
  if (!valid_host(host) || !valid_port(port)) {
    return bad(node, fmt::format("{}, not {}", kForm, shown(node.scalar)));
  }
  if (end != std::string_view::npos) {
    return bad(node, "nothing may stand behind the host and port, not even a slash",
               fmt::format("https://{}", authority));
  }
  out = "https://" + ascii_lower(host);
  if (port != "443") out += fmt::format(":{}", port);
  return std::nullopt;
}

std::optional<Misfit> convert_user_attribute(const ConfigNode& node, std::string& out) {
  std::string_view name = node.scalar;
  if (name.starts_with("user.")) {
    name.remove_prefix(5);
    const bool word = !name.empty() && std::all_of(name.begin(), name.end(), [](char c) {
      return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
    });
    if (word) {
      out = name;
      return std::nullopt;
    }
  }
  return bad(node,
             fmt::format("{} is no attribute such as user.employeeNumber", shown(node.scalar)));
}

/// One scalar by its type, its form checked; `out.text` holds it as written or cleaned.
std::optional<Misfit> convert_scalar(const KeySpec& spec, const ConfigNode& node,
                                     const Origin& origin, Converted& out) {
  out.text = node.scalar;
  switch (spec.type) {
    case KeyType::choice:
      return convert_choice(spec, node);
    case KeyType::count:
      return convert_number(spec, node, parse_count, "a whole number such as 60", out.number);
    case KeyType::percent:
      return convert_percent(spec, node, out.real);
    case KeyType::duration:
      return convert_number(spec, node, parse_duration, "a duration such as 90s, 15m, 4h or 30d",
                            out.number);
    case KeyType::days:
      return convert_number(spec, node, parse_days, "a number of days such as 30d", out.number);
    case KeyType::flag:
      return convert_flag(node);
    case KeyType::https_url:
      return convert_url(node, out.text);
    case KeyType::user_attribute:
      return convert_user_attribute(node, out.text);
    case KeyType::path:
      out.text = resolve_path(origin, node.scalar);
      break;
    case KeyType::delimiter:
      return convert_delimiter(spec, node, out.text);
    case KeyType::zone:
      if (!time_zone_exists(node.scalar)) {
        return bad(node, fmt::format("{} is no IANA zone", shown(node.scalar)),
                   "zones look like America/Chicago");
      }
      break;
    case KeyType::encoding:
      if (!encoding_exists(node.scalar)) {
        return bad(node, fmt::format("{} is no known encoding", shown(node.scalar)),
                   "encodings look like windows-1252");
      }
      break;
    case KeyType::regex:
      if (const Result<Regex> regex = Regex::compile(node.scalar); !regex) {
        return bad(node, regex.error().message);
      }
      break;
    default:
      break;
  }
  if (trim(node.scalar).empty()) return bad(node, "the value is empty");
  return std::nullopt;
}

std::vector<Misfit> convert_list(const KeySpec& spec, const ConfigNode& node, Converted& out) {
  if (node.kind != Kind::list) return {wrong_type(node, "a list", "write [value, value]")};
  std::vector<Misfit> misfits;
  for (const ConfigNode& item : node.list) {
    if (item.kind != Kind::scalar) {
      misfits.push_back(wrong_type(item, "a single value"));
      continue;
    }
    if (spec.type == KeyType::choice_list) {
      if (std::optional<Misfit> misfit = convert_choice(spec, item)) {
        misfits.push_back(*std::move(misfit));
        continue;
      }
    }
    if (std::find(out.texts.begin(), out.texts.end(), item.scalar) != out.texts.end()) {
      misfits.push_back({ErrorCode::config_duplicate_name,
                         fmt::format("{} stands twice in this list", shown(item.scalar)),
                         {},
                         item.place});
      continue;
    }
    out.texts.push_back(item.scalar);
  }
  return misfits;
}

bool is_variable_name(std::string_view text) {
  if (text.empty() || (text.front() >= '0' && text.front() <= '9')) return false;
  return std::all_of(text.begin(), text.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
  });
}

/// What stands where a reference should may be the secret itself: nothing of it is ever repeated.
std::optional<Misfit> convert_secret(const ConfigNode& node, const Origin& origin, SecretRef& out) {
  const auto refuse = [](const ConfigNode& at, ErrorCode code, std::string_view why) {
    return Misfit{code, std::string(why), "write {env: NAME} or {file: PATH}", at.place};
  };
  if (node.kind == Kind::scalar || node.kind == Kind::list) {
    return refuse(node, ErrorCode::config_literal_secret,
                  "a secret may not stand in the configuration");
  }
  if (node.map.size() != 1 || (node.map[0].key != "env" && node.map[0].key != "file")) {
    return refuse(node, ErrorCode::config_wrong_type,
                  "exactly one of `env` and `file` says where the secret is");
  }
  const ConfigNode& name = node.map[0].value;
  if (name.kind != Kind::scalar || trim(name.scalar).empty()) {
    return refuse(name, ErrorCode::config_wrong_type, "a name is wanted here");
  }
  if (node.map[0].key == "env") {
    if (!is_variable_name(name.scalar)) {
      return refuse(name, ErrorCode::config_literal_secret,
                    "this is no name of an environment variable");
    }
    out = {SecretRef::Kind::env, name.scalar};
    return std::nullopt;
  }
  out = {SecretRef::Kind::file, resolve_path(origin, name.scalar)};
  return std::nullopt;
}

}  // namespace

std::vector<Misfit> convert_value(const KeySpec& spec, const ConfigNode& node, const Origin& origin,
                                  Converted& out) {
  if (spec.type == KeyType::text_list || spec.type == KeyType::choice_list) {
    return convert_list(spec, node, out);
  }
  std::optional<Misfit> misfit;
  if (spec.type == KeyType::secret) {
    misfit = convert_secret(node, origin, out.secret);
  } else if (node.kind != Kind::scalar) {
    misfit = wrong_type(node, "a single value");
  } else {
    misfit = convert_scalar(spec, node, origin, out);
  }
  if (!misfit) return {};
  return {*std::move(misfit)};
}

}  // namespace rollcall::config

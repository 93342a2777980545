#include "tests/sim/faults.h"

#include <fmt/core.h>

#include <algorithm>
#include <array>

namespace rollcall::sim {
namespace {

constexpr std::array<std::pair<std::string_view, FaultKind>, 20> kKinds{{
    {"reset_before", FaultKind::reset_before},
    {"reset_after", FaultKind::reset_after},
    {"status", FaultKind::status},
    {"status_after", FaultKind::status_after},
    {"429", FaultKind::too_many},
    {"429_concurrency", FaultKind::too_many_at_once},
    {"slow", FaultKind::slow},
    {"truncate", FaultKind::truncate},
    {"lose_page", FaultKind::lose_page},
    {"read_only", FaultKind::read_only},
    {"hold_reply", FaultKind::hold_reply},
    {"gateway", FaultKind::gateway},
    {"gateway_after", FaultKind::gateway_after},
    {"double_page", FaultKind::double_page},
    {"shorten_page", FaultKind::shorten_page},
    {"double_headers", FaultKind::double_headers},
    {"stale_index", FaultKind::stale_index},
    {"revoked", FaultKind::revoked},
    {"role_removed", FaultKind::role_removed},
    {"zone_changed", FaultKind::zone_changed},
}};
constexpr std::size_t kKeptFired = 10'000;

std::string_view name_of_kind(FaultKind kind) {
  for (const auto& [name, known] : kKinds) {
    if (known == kind) return name;
  }
  return "none";
}

}  // namespace

const char* FaultBook::take_condition(Rule& rule, const std::string& name, const Json& value) {
  if (name == "method" || name == "path_prefix" || name == "credential") {
    if (!value.is_string()) return "takes a text";
    std::string& into = name == "method"        ? rule.method
                        : name == "path_prefix" ? rule.path_prefix
                                                : rule.credential;
    into = std::string(value.as_string());
    return nullptr;
  }
  if (name == "probability") {
    rule.probability = value.as_double(value.is_int() ? static_cast<double>(value.as_int()) : -1);
    return rule.probability < 0 || rule.probability > 1 ? "is from 0 to 1" : nullptr;
  }
  if (name != "nth" && name != "every" && name != "from" && name != "audit_position") {
    return "is not a condition";
  }
  if (!value.is_int() || value.as_int() < 1) return "takes a number from 1";
  if (name == "nth") rule.nth = value.as_int();
  if (name == "every") rule.every = value.as_int();
  if (name == "from") rule.from = value.as_int();
  if (name == "audit_position") rule.audit_position = static_cast<std::uint64_t>(value.as_int());
  return nullptr;
}

Result<FaultBook::Rule> FaultBook::read_rule(const Json& json, std::size_t number) {
  const auto wrong = [&](std::string_view what) {
    return make_error(ErrorCode::usage, fmt::format("fault rule {}: {}", number, what));
  };
  Rule rule;
  for (const auto& [name, value] : json["match"].members()) {
    if (const char* problem = take_condition(rule, name, value)) {
      return wrong(fmt::format("\"{}\" {}", name, problem));
    }
  }
  const std::string_view kind = json["do"].as_string();
  const auto* found = std::find_if(kKinds.begin(), kKinds.end(),
                                   [&](const auto& entry) { return entry.first == kind; });
  if (found == kKinds.end()) return wrong(fmt::format("unknown fault \"{}\"", kind));
  rule.fault.kind = found->second;
  const bool gateway =
      rule.fault.kind == FaultKind::gateway || rule.fault.kind == FaultKind::gateway_after;
  rule.fault.status = static_cast<int>(json["status"].as_int(gateway ? 502 : 500));
  rule.fault.error_code = std::string(json["error"].as_string());
  rule.fault.ms = json["ms"].as_int(1000);
  rule.fault.bytes = json["bytes"].as_int(0);
  rule.times = json["times"].as_int(rule.nth > 0 || rule.audit_position > 0 ? 1 : 0);
  return rule;
}

Result<void> FaultBook::load(const Json& rules) {
  const Json& list = rules.is_object() ? rules["rules"] : rules;
  if (!list.is_array()) return make_error(ErrorCode::usage, "fault rules must be a list");
  std::vector<Rule> read;
  for (const Json& item : list.items()) {
    auto rule = read_rule(item, read.size() + 1);
    if (!rule) return rule.error();
    read.push_back(std::move(*rule));
  }
  rules_ = std::move(read);
  log_.clear();
  return ok();
}

bool FaultBook::fires(Rule& rule) {
  ++rule.seen;
  if (rule.times > 0 && rule.fired >= rule.times) return false;
  if (rule.nth > 0 && rule.seen != rule.nth) return false;
  if (rule.seen < rule.from) return false;
  if (rule.every > 0 && rule.seen % rule.every != 0) return false;
  if (rule.probability < 1) {
    state_ = state_ * 6364136223846793005ULL + 1442695040888963407ULL;
    const double drawn = static_cast<double>(state_ >> 11) / 9007199254740992.0;
    if (drawn >= rule.probability) return false;
  }
  ++rule.fired;
  return true;
}

void FaultBook::note(const Rule& rule, std::string_view method, std::string_view path,
                     WallTime now) {
  const auto number = static_cast<std::size_t>(&rule - rules_.data()) + 1;
  log_.push_back(
      {now, std::string(method), std::string(path), number, name_of_kind(rule.fault.kind)});
  if (log_.size() > kKeptFired) log_.pop_front();
}

Fault FaultBook::next(std::string_view method, std::string_view path, std::string_view credential,
                      WallTime now) {
  Fault chosen;
  for (Rule& rule : rules_) {
    if (rule.audit_position > 0) continue;
    if (!rule.method.empty() && rule.method != method) continue;
    if (path.substr(0, rule.path_prefix.size()) != rule.path_prefix) continue;
    if (!rule.credential.empty() && rule.credential != credential) continue;
    if (rule.fault.kind == FaultKind::read_only && method == "GET") continue;
    if (!fires(rule) || chosen.kind != FaultKind::none) continue;
    chosen = rule.fault;
    note(rule, method, path, now);
  }
  return chosen;
}

Fault FaultBook::at_position(std::uint64_t position, std::string_view method, std::string_view path,
                             WallTime now) {
  for (Rule& rule : rules_) {
    if (rule.audit_position != position || position == 0 || !fires(rule)) continue;
    note(rule, method, path, now);
    return rule.fault;
  }
  return {};
}

std::int64_t FaultBook::oldest_view_ms() const {
  std::int64_t oldest = 0;
  for (const Rule& rule : rules_) {
    if (rule.fault.kind == FaultKind::stale_index) oldest = std::max(oldest, rule.fault.ms);
  }
  return oldest;
}

}  // namespace rollcall::sim

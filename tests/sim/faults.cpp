#include "tests/sim/faults.h"

#include <fmt/core.h>

#include <algorithm>
#include <array>

namespace rollcall::sim {
namespace {

constexpr std::array<std::pair<std::string_view, FaultKind>, 11> kKinds{{
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
}};

}  // namespace

Result<FaultBook::Rule> FaultBook::read_rule(const Json& json, std::size_t number) {
  const auto wrong = [&](std::string_view what) {
    return make_error(ErrorCode::usage, fmt::format("fault rule {}: {}", number, what));
  };
  Rule rule;
  for (const auto& [name, value] : json["match"].members()) {
    if (name == "method") {
      rule.method = std::string(value.as_string());
    } else if (name == "path_prefix") {
      rule.path_prefix = std::string(value.as_string());
    } else if (name == "nth") {
      rule.nth = value.as_int();
    } else if (name == "every") {
      rule.every = value.as_int();
    } else if (name == "probability") {
      rule.probability = value.as_double();
    } else if (name == "audit_position") {
      rule.audit_position = static_cast<std::uint64_t>(value.as_int());
    } else {
      return wrong(fmt::format("unknown condition \"{}\"", name));
    }
  }
  const std::string_view kind = json["do"].as_string();
  const auto* found = std::find_if(kKinds.begin(), kKinds.end(),
                                   [&](const auto& entry) { return entry.first == kind; });
  if (found == kKinds.end()) return wrong(fmt::format("unknown fault \"{}\"", kind));
  rule.fault.kind = found->second;
  rule.fault.status = static_cast<int>(json["status"].as_int(500));
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
  return ok();
}

bool FaultBook::fires(Rule& rule) {
  ++rule.seen;
  if (rule.times > 0 && rule.fired >= rule.times) return false;
  if (rule.nth > 0 && rule.seen != rule.nth) return false;
  if (rule.every > 0 && rule.seen % rule.every != 0) return false;
  if (rule.probability < 1) {
    state_ = state_ * 6364136223846793005ULL + 1442695040888963407ULL;
    const double drawn = static_cast<double>(state_ >> 11) / 9007199254740992.0;
    if (drawn >= rule.probability) return false;
  }
  ++rule.fired;
  return true;
}

Fault FaultBook::next(std::string_view method, std::string_view path) {
  Fault chosen;
  for (Rule& rule : rules_) {
    if (rule.audit_position > 0) continue;
    if (!rule.method.empty() && rule.method != method) continue;
    if (path.substr(0, rule.path_prefix.size()) != rule.path_prefix) continue;
    if (rule.fault.kind == FaultKind::read_only && method == "GET") continue;
    if (fires(rule) && chosen.kind == FaultKind::none) chosen = rule.fault;
  }
  return chosen;
}

Fault FaultBook::at_position(std::uint64_t position) {
  for (Rule& rule : rules_) {
    if (rule.audit_position != position || position == 0) continue;
    if (fires(rule)) return rule.fault;
  }
  return {};
}

}  // namespace rollcall::sim

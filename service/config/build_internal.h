// From checked values to Settings, room by room; rules that span several keys are held here.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "service/config/values_internal.h"

namespace rollcall::config {

/// What the builders share: the values, the settings under construction, and the problems.
struct Build {
  const Values& values;
  Settings& settings;
  Problems& problems;

  void problem(ErrorCode code, std::string path, std::string message,
               std::string suggestion = {}) const {
    const Place place = values.place(path);
    problems.add(code, place, std::move(path), std::move(message), std::move(suggestion));
  }
};

void build_okta(Build& build);
void build_journal_run_report(Build& build);
void build_sources(Build& build);
void build_guard(Build& build);
/// manage, joiner, leavers; and what must be stated because of what is managed.
void build_users(Build& build);
/// match, scope, include.
void build_correlation(Build& build);
/// users.profile, in topological order.
void build_profile(Build& build);
void build_groups(Build& build);

/// What an expression at a place may read, and what it must give.
struct ExpressionUse {
  bool hr = true;
  bool user = true;
  bool condition = false;
  bool as_template = false;
};
/// Compiles the expression at `path`; nullopt if it is not there or wrong (then it is a problem).
std::optional<Expression> compile_at(Build& build, const std::string& path,
                                     const ExpressionUse& use);

/// SHA-256 over the canonical JSON of the rules, defaults filled in.
Sha256 digest_of_rules(const Settings& settings);

}  // namespace rollcall::config

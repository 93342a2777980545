// users: what is managed, how accounts begin and end, and what must be stated because of it.
#include <fmt/core.h>

#include <algorithm>
#include <set>

#include "service/config/build_internal.h"

namespace rollcall::config {
namespace {

bool has_choice(const std::vector<std::string>& list, std::string_view word) {
  return std::find(list.begin(), list.end(), word) != list.end();
}

LadderAction ladder_action(std::string_view word) {
  if (word == "suspend") return LadderAction::suspend;
  if (word == "deactivate") return LadderAction::deactivate;
  if (word == "clear_sessions") return LadderAction::clear_sessions;
  if (word == "reset_factors") return LadderAction::reset_factors;
  return LadderAction::remove_groups;
}

bool contains_person(LadderAction action) {
  return action == LadderAction::suspend || action == LadderAction::deactivate;
}

/// Reads the ladder from the bottom and refuses what could not be carried out.
class LadderCheck {
 public:
  explicit LadderCheck(Build& build) : build_(build) {}

  void step(const LadderStep& step, const std::string& path) {
    if (previous_ && step.after_days <= *previous_) {
      refuse(below(path, "after"), fmt::format("{}d does not come after the {}d of the step before",
                                               step.after_days, *previous_));
    }
    previous_ = step.after_days;
    if (step.actions.empty()) refuse(below(path, "do"), "the step does nothing");
    bool others = false;
    bool said = false;
    for (const LadderAction action : step.actions) {
      if (contains_person(action)) {
        contain(action, below(path, "do"), others && !said);
      } else {
        others = true;
        if (contained_) continue;
        refuse(below(path, "do"), "the first thing on the ladder must be suspend or deactivate");
        contained_ = said = true;
      }
    }
  }

 private:
  void contain(LadderAction action, const std::string& path, bool late) {
    const bool suspend = action == LadderAction::suspend;
    if (deactivated_) {
      refuse(path, suspend ? "a deactivated account cannot be suspended"
                           : "the account is deactivated already");
    } else if (suspend && suspended_) {
      refuse(path, "the account is suspended already");
    } else if (late) {
      refuse(path, "within a step suspend or deactivate comes first");
    }
    contained_ = true;
    (suspend ? suspended_ : deactivated_) = true;
  }
  void refuse(const std::string& path, std::string message) {
    build_.problem(ErrorCode::config_contradiction, path, std::move(message));
  }

  Build& build_;
  std::optional<std::int64_t> previous_;
  bool suspended_ = false;
  bool deactivated_ = false;
  bool contained_ = false;
};

void build_ladder(Build& build) {
  LadderCheck check(build);
  const std::string list = "users.terminated";
  for (std::size_t i = 0; i < build.values.count(list); ++i) {
    const std::string path = element(list, i);
    // A step with a mistake of its own says nothing about the others.
    if (build.values.node(below(path, "after")) == nullptr ||
        build.values.node(below(path, "do")) == nullptr) {
      continue;
    }
    LadderStep step;
    step.after_days = build.values.number(below(path, "after"));
    for (const std::string& word : build.values.texts(below(path, "do"))) {
      step.actions.push_back(ladder_action(word));
    }
    check.step(step, path);
    build.settings.users.terminated.push_back(std::move(step));
  }
  if (build.values.node(list) != nullptr && build.values.count(list) == 0) {
    build.problem(ErrorCode::config_missing_key, list, "`users.terminated` has no step",
                  "- {after: 0d, do: [suspend, clear_sessions]}");
  }
}

void build_absent(Build& build) {
  if (build.values.node("users.absent") == nullptr) return;
  AbsentSettings absent;
  absent.report_only = build.values.text("users.absent.then") == "report";
  absent.after_reads = build.values.number("users.absent.after_reads");
  absent.after_days = build.values.number("users.absent.after_days");
  if (!absent.report_only && build.values.known("users.absent.then") &&
      !build.values.has("users.terminated")) {
    build.problem(ErrorCode::config_contradiction, "users.absent.then",
                  "`then: terminated` has no ladder to run: `users.terminated` is not stated");
  }
  build.settings.users.absent = absent;
}

void need(Build& build, const std::string& path, std::string_view managed, std::string choices) {
  if (build.values.has(path)) return;
  build.problems.add(
      ErrorCode::config_missing_key, build.values.place("users.manage"), path,
      fmt::format("`{}` must be stated to manage {}; it has no default", path, managed),
      std::move(choices));
}

/// Choices that decide over people's access have no default: whoever manages must state them.
void require_stated(Build& build) {
  const UserSettings& users = build.settings.users;
  if (users.manage_link) {
    need(build, "users.match", "link", "such as - {okta: user.employeeNumber, hr: hr.employee_id}");
  }
  if (users.manage_attributes || users.manage_lifecycle) {
    const std::string_view why = users.manage_lifecycle ? "lifecycle" : "attributes";
    if (!build.values.has("users.profile")) {
      need(build, "users.profile", why, "such as login: 'hr.work_email'");
    } else if (build.values.node("users.profile") != nullptr &&
               !build.values.has("users.profile.login")) {
      build.problem(ErrorCode::config_missing_key, "users.profile.login",
                    fmt::format("`users.profile.login` must be stated to manage {}", why),
                    "such as login: 'hr.work_email'");
    }
  }
  if (!users.manage_lifecycle) return;
  need(build, "users.joiner", "lifecycle",
       "credential: stage (nobody can sign in yet), invite (Okta mails), federated (signs in "
       "elsewhere), random_password (active, no mail) or quiet (activated without a mail)");
  need(build, "users.terminated", "lifecycle",
       "the steps for people HR says have left, such as - {after: 0d, do: [suspend, "
       "clear_sessions]}");
  need(build, "users.not_suspendable", "lifecycle",
       "deactivate or hold, for accounts that Okta cannot suspend (all but ACTIVE)");
  need(build, "users.absent", "lifecycle",
       "such as {after_reads: 2, after_days: 1, then: report}, or then: terminated");
}

}  // namespace

void build_users(Build& build) {
  UserSettings& users = build.settings.users;
  const std::vector<std::string>& manage = build.values.texts("users.manage");
  users.manage_link = has_choice(manage, "link");
  users.manage_attributes = has_choice(manage, "attributes");
  users.manage_groups = has_choice(manage, "groups");
  users.manage_lifecycle = has_choice(manage, "lifecycle");
  if (build.values.known("users.joiner.credential")) {
    users.joiner =
        credential_from(build.values.text("users.joiner.credential")).value_or(Credential::none);
  }
  if (build.values.known("users.not_suspendable")) {
    users.deactivate_not_suspendable = build.values.text("users.not_suspendable") == "deactivate";
  }
  users.renames_apply = build.values.text("users.renames") == "apply";
  build_ladder(build);
  build_absent(build);
  require_stated(build);
}

void build_correlation(Build& build) {
  UserSettings& users = build.settings.users;
  std::set<std::string> beside_login;
  const std::string list = "users.match";
  if (build.values.node(list) != nullptr && build.values.count(list) == 0) {
    build.problem(ErrorCode::config_missing_key, list, "`users.match` has no rule",
                  "such as - {okta: user.employeeNumber, hr: hr.employee_id}");
  }
  for (std::size_t i = 0; i < build.values.count(list); ++i) {
    const std::string path = element(list, i);
    const std::string& attribute = build.values.text(below(path, "okta"));
    std::optional<Expression> hr = compile_at(build, below(path, "hr"), {.user = false});
    if (attribute.empty()) continue;
    // The index of accounts has two keys beside id and login.
    if (attribute != "login" && beside_login.insert(attribute).second && beside_login.size() > 2) {
      build.problem(ErrorCode::config_not_available, below(path, "okta"),
                    "matching by more than two attributes beside user.login is not available in "
                    "this version");
    }
    if (!hr) continue;
    users.match.push_back(
        {build.settings.user_schema.add({attribute}), *std::move(hr), "users.match." + attribute});
  }
  users.scope = compile_at(build, "users.scope", {.hr = false, .condition = true});
  users.include = compile_at(build, "users.include", {.user = false, .condition = true});
}

}  // namespace rollcall::config

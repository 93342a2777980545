#include "service/reconcile/lifecycle.h"

#include <fmt/core.h>

namespace rollcall {
namespace {

/// Okta's clock and ours may differ, and its timestamps have whole seconds.
constexpr std::int64_t kClockSlackMs = 120'000;

/// What the due steps of the ladder ask for together.
struct Due {
  bool suspend = false;
  bool deactivate = false;
  bool clear_sessions = false;
  bool reset_factors = false;
  bool remove_groups = false;
};

Due due_steps(const UserSettings& settings, WallTime since, WallTime now) {
  Due due;
  for (const LadderStep& step : settings.terminated) {
    if (now - since < step.after_days * kDayMs) continue;
    for (const LadderAction action : step.actions) {
      switch (action) {
        case LadderAction::suspend:
          due.suspend = true;
          break;
        case LadderAction::deactivate:
          due.deactivate = true;
          break;
        case LadderAction::clear_sessions:
          due.clear_sessions = true;
          break;
        case LadderAction::reset_factors:
          due.reset_factors = true;
          break;
        case LadderAction::remove_groups:
          due.remove_groups = true;
          break;
      }
    }
  }
  return due;
}

void contain_with(OperationKind kind, const Due& due, LifecycleDecision& out) {
  out.actions.push_back(kind);
  // Sessions end only after the status change, or the person signs in again in between.
  if (due.clear_sessions) out.actions.push_back(OperationKind::user_clear_sessions);
  if (due.reset_factors) out.actions.push_back(OperationKind::user_reset_factors);
}

/// A run may have ended between our status change and what follows it. What resetting factors does
/// to a deactivated user is not documented, so it is caught up with on suspended ones only.
void finish_containment(const AccountView& account, const OwnStatusChange* own, OperationKind kind,
                        const Due& due, LifecycleDecision& out) {
  if (!caused_by_us(account, own, kind)) return;
  if (due.clear_sessions && !own->sessions_cleared) {
    out.actions.push_back(OperationKind::user_clear_sessions);
  }
  if (due.reset_factors && !own->factors_reset && kind == OperationKind::user_suspend) {
    out.actions.push_back(OperationKind::user_reset_factors);
  }
}

LifecycleDecision leaving(WallTime since, const AccountView& account, const OwnStatusChange* own,
                          const UserSettings& settings, WallTime now) {
  LifecycleDecision out;
  const Due due = due_steps(settings, since, now);
  out.remove_groups = due.remove_groups;
  if (!due.suspend && !due.deactivate) return out;
  switch (account.status) {
    case AccountStatus::deprovisioned:
      finish_containment(account, own, OperationKind::user_deactivate, due, out);
      return out;
    case AccountStatus::suspended:
      if (due.deactivate) {
        contain_with(OperationKind::user_deactivate, due, out);
      } else {
        finish_containment(account, own, OperationKind::user_suspend, due, out);
      }
      return out;
    case AccountStatus::staged:
      if (due.deactivate) contain_with(OperationKind::user_deactivate, due, out);
      return out;
    case AccountStatus::unknown:
      out.not_contained = true;
      out.finding = ErrorCode::status_unrecognised;
      out.why = "the account has a status that this version does not know";
      return out;
    case AccountStatus::active:
      contain_with(due.deactivate ? OperationKind::user_deactivate : OperationKind::user_suspend,
                   due, out);
      return out;
    case AccountStatus::provisioned:
    case AccountStatus::recovery:
    case AccountStatus::password_expired:
    case AccountStatus::locked_out:
      // Suspend is documented for ACTIVE only (FACTS 5.6).
      contain_with(OperationKind::user_deactivate, due, out);
      if (!due.deactivate && !settings.deactivate_not_suspendable.value_or(false)) {
        out.hold_not_suspendable = true;
        out.not_contained = true;
      }
      return out;
  }
  return out;
}

LifecycleDecision staying(const AccountView& account, const OwnStatusChange* own,
                          const UserSettings& settings) {
  LifecycleDecision out;
  out.manage_profile = true;
  out.manage_groups = true;
  switch (account.status) {
    case AccountStatus::suspended:
      if (caused_by_us(account, own, OperationKind::user_suspend)) {
        out.actions.push_back(OperationKind::user_unsuspend);
        return out;
      }
      break;
    case AccountStatus::deprovisioned:
      if (caused_by_us(account, own, OperationKind::user_deactivate)) {
        out.actions.push_back(OperationKind::user_activate);
        return out;
      }
      break;
    case AccountStatus::staged:
      // The second half of a `quiet` joiner whose first half was made by us and never activated.
      if (settings.joiner == Credential::quiet && account.activated.ms == 0) {
        out.actions.push_back(OperationKind::user_activate);
      }
      return out;
    case AccountStatus::unknown:
      out = {};
      out.finding = ErrorCode::status_unrecognised;
      out.why = "the account has a status that this version does not know";
      return out;
    default:
      return out;
  }
  out = {};
  out.finding = ErrorCode::status_set_by_other;
  out.why = fmt::format("employed, but {} by somebody else; left as it is",
                        account.status == AccountStatus::suspended ? "suspended" : "deactivated");
  return out;
}

}  // namespace

bool exit_is_due(const UserSettings& settings, WallTime since, WallTime now) {
  const Due due = due_steps(settings, since, now);
  return due.suspend || due.deactivate;
}

bool caused_by_us(const AccountView& account, const OwnStatusChange* own, OperationKind kind) {
  if (own == nullptr || own->kind != kind) return false;
  return account.status_changed.ms >= own->intent_at.ms - kClockSlackMs &&
         account.status_changed.ms <= own->settled_at.ms + kClockSlackMs;
}

LifecycleDecision decide_lifecycle(Employment employment, WallTime since,
                                   const AccountView& account, const OwnStatusChange* own,
                                   const UserSettings& settings, WallTime now) {
  if (account.transitioning_to != AccountStatus::unknown) {
    LifecycleDecision out;
    out.finding = ErrorCode::status_in_transition;
    out.why = "Okta is still changing the account's status";
    const bool leaver = employment == Employment::terminated || employment == Employment::absent;
    out.not_contained = leaver && account.transitioning_to != AccountStatus::deprovisioned;
    return out;
  }
  switch (employment) {
    case Employment::employed:
      return staying(account, own, settings);
    case Employment::terminated:
    case Employment::absent:
      return leaving(since, account, own, settings, now);
    case Employment::not_started:
    case Employment::out_of_scope:
      return {};
  }
  return {};
}

}  // namespace rollcall

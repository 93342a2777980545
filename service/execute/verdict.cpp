#include "service/execute/verdict.h"

#include <algorithm>
#include <initializer_list>

#include "service/base/text.h"

namespace rollcall {
namespace {

using Status = AccountStatus;

bool one_of(Status status, std::initializer_list<Status> set) {
  return std::find(set.begin(), set.end(), status) != set.end();
}

/// Statuses from which Okta allows the transition (FACTS 5.6). A deactivation of what is already
/// deactivated and a second DELETE are never sent: the latter would delete for good.
bool may_start_from(OperationKind kind, Status status) {
  switch (kind) {
    case OperationKind::user_activate:
      return one_of(status, {Status::staged, Status::deprovisioned});
    case OperationKind::user_reactivate:
      return one_of(status, {Status::provisioned, Status::recovery});
    case OperationKind::user_suspend:
      return status == Status::active;
    case OperationKind::user_unsuspend:
      return status == Status::suspended;
    case OperationKind::user_unlock:
      return status == Status::locked_out;
    case OperationKind::user_deactivate:
      return status != Status::deprovisioned && status != Status::unknown;
    case OperationKind::user_delete:
      return status == Status::deprovisioned;
    case OperationKind::user_expire_password:
      // Okta does not say from which statuses; from these there is no password to expire.
      return !one_of(status,
                     {Status::staged, Status::provisioned, Status::deprovisioned, Status::unknown});
    default:
      return true;
  }
}

/// Statuses in which nothing is left to do. A suspension is served by a deactivated account too.
bool reached(OperationKind kind, Status status) {
  switch (kind) {
    case OperationKind::user_activate:
      return one_of(status, {Status::provisioned, Status::active});
    case OperationKind::user_suspend:
      return one_of(status, {Status::suspended, Status::deprovisioned});
    case OperationKind::user_unsuspend:
    case OperationKind::user_unlock:
      return status == Status::active;
    case OperationKind::user_deactivate:
      return status == Status::deprovisioned;
    case OperationKind::user_expire_password:
      return status == Status::password_expired;
    default:
      return false;
  }
}

bool is_lifecycle(OperationKind kind) {
  switch (kind) {
    case OperationKind::user_activate:
    case OperationKind::user_reactivate:
    case OperationKind::user_suspend:
    case OperationKind::user_unsuspend:
    case OperationKind::user_unlock:
    case OperationKind::user_deactivate:
    case OperationKind::user_delete:
    case OperationKind::user_expire_password:
      return true;
    default:
      return false;
  }
}

Judgement conflict(std::string why) {
  return {Verdict::conflict, std::move(why), ErrorCode::operation_conflict};
}

Judgement status_moved(const Operation& op, const Observed& seen) {
  std::string why = "The account is " + std::string(to_string(seen.status));
  if (op.expect.status) why += ", not " + std::string(to_string(*op.expect.status));
  return conflict(why + ".");
}

Judgement gone(const Operation& op) {
  switch (op.kind) {
    case OperationKind::user_delete:
    case OperationKind::group_delete:
      return {Verdict::done, "It is gone already.", std::nullopt};
    case OperationKind::group_remove_member:
      // ARCHITECTURE.md, section 6: what is absent counts as removed; that the user is gone is
      // said.
      return {Verdict::done, "The user is gone from the org.", ErrorCode::operation_user_gone};
    default:
      // Never "contained": a credential that lost sight of the user gets the same 404.
      return conflict("It is not in the org any more.");
  }
}

/// A removal stands if the person is as expected or further out; it does not if they came back.
Judgement judge_removal(const Operation& op, const Observed& seen) {
  const bool out = one_of(seen.status, {Status::suspended, Status::deprovisioned});
  if (op.expect.status && seen.status != *op.expect.status && !out) return status_moved(op, seen);
  if (seen.member == false) {
    return {Verdict::done, "The membership is absent already.", std::nullopt};
  }
  return {Verdict::send, {}, std::nullopt};
}

Judgement judge_lifecycle_before(const Operation& op, const Observed& seen) {
  const bool moving = seen.transitioning_to != Status::unknown;
  if (moving) return {Verdict::look_again, "The account is in transition.", std::nullopt};
  if (reached(op.kind, seen.status)) {
    return {Verdict::done, "The account is as wanted already.", std::nullopt};
  }
  if (op.expect.status && seen.status != *op.expect.status) return status_moved(op, seen);
  if (!may_start_from(op.kind, seen.status)) return status_moved(op, seen);
  return {Verdict::send, {}, std::nullopt};
}

Judgement judge_lifecycle_after(const Operation& op, const Observed& seen) {
  const bool moving = seen.transitioning_to != Status::unknown;
  const Status heading = moving ? seen.transitioning_to : seen.status;
  if (reached(op.kind, heading)) return {Verdict::done, "It was carried out.", std::nullopt};
  if (moving) return {Verdict::look_again, "The account is in transition.", std::nullopt};
  if (op.kind == OperationKind::user_reactivate) {
    // The status is the same before and after, and a repeat may send a second mail (FACTS 7).
    if (may_start_from(op.kind, seen.status)) {
      return {Verdict::undecidable, "The status does not show whether it was carried out.",
              ErrorCode::operation_in_doubt};
    }
    return status_moved(op, seen);
  }
  if (op.expect.status && seen.status != *op.expect.status) return status_moved(op, seen);
  if (!may_start_from(op.kind, seen.status)) return status_moved(op, seen);
  return {Verdict::not_done, "It was not carried out.", std::nullopt};
}

std::string_view wanted_login(const Operation& op) {
  for (const FieldChange& change : op.changes) {
    if (change.attribute == "login" && change.to) return *change.to;
  }
  return op.subject.login;
}

Judgement judge_creation(const Operation& op, const Observed& seen,
                         std::optional<WallTime> not_older_than) {
  if (!seen.exists) return {Verdict::not_done, "It was not carried out.", std::nullopt};
  if (not_older_than && seen.created < *not_older_than) {
    return conflict("One with that name was there before.");
  }
  if (op.kind == OperationKind::group_create) {
    return {Verdict::done, "It was carried out.", std::nullopt};
  }
  if (fold_login(seen.login) != fold_login(wanted_login(op))) {
    return conflict("The login found is another's.");
  }
  for (const FieldChange& change : op.changes) {
    if (change.attribute == "login") continue;
    const auto found = seen.profile.find(change.attribute);
    if (found == seen.profile.end() || !change.to) continue;
    if (nfc(found->second) != nfc(*change.to)) {
      return conflict("The account with that login differs in " + change.attribute + ".");
    }
  }
  return {Verdict::done, "It was carried out.", std::nullopt};
}

/// Assignments, rules and policies: the read shows whether there is anything left to do.
bool is_as_wanted(const Operation& op, const Observed& seen) {
  if (is_switch(op.kind)) return seen.active == switches_on(op.kind);
  return is_assignment(op.kind) && seen.member && *seen.member != takes_away(op.kind);
}

Judgement judge_membership_after(const Operation& op, const Observed& seen) {
  const bool removal = op.kind == OperationKind::group_remove_member;
  if (removal && !seen.exists) return gone(op);
  if (seen.member && *seen.member != removal) {
    return {Verdict::done, "It was carried out.", std::nullopt};
  }
  return {Verdict::not_done, "It may not have been carried out; a repeat is harmless.",
          std::nullopt};
}

}  // namespace

Judgement judge_before(const Operation& op, const Observed& seen) {
  if (!seen.exists) return gone(op);
  if (op.kind == OperationKind::group_remove_member) return judge_removal(op, seen);
  if (is_lifecycle(op.kind)) return judge_lifecycle_before(op, seen);
  if (is_as_wanted(op, seen)) return {Verdict::done, "It is as wanted already.", std::nullopt};
  // Links and the deletion of a group: the object must be the one that was looked at.
  if (op.expect.status && seen.status != *op.expect.status) return status_moved(op, seen);
  if (op.expect.last_updated && seen.last_updated != *op.expect.last_updated) {
    return conflict("It was changed since the plan was made.");
  }
  return {Verdict::send, {}, std::nullopt};
}

Judgement judge_after(const Operation& op, const Observed& seen,
                      std::optional<WallTime> not_older_than) {
  switch (op.kind) {
    case OperationKind::user_create:
    case OperationKind::group_create:
      return judge_creation(op, seen, not_older_than);
    case OperationKind::group_add_member:
    case OperationKind::group_remove_member:
      return judge_membership_after(op, seen);
    default:
      break;
  }
  if (!seen.exists) return gone(op);
  if (is_lifecycle(op.kind)) return judge_lifecycle_after(op, seen);
  if (is_as_wanted(op, seen)) return {Verdict::done, "It was carried out.", std::nullopt};
  if (is_switch(op.kind) || is_assignment(op.kind)) {
    return {Verdict::not_done, "It was not carried out.", std::nullopt};
  }
  return {Verdict::not_done, "A repeat is harmless.", std::nullopt};
}

bool changes_user(OperationKind kind) {
  switch (kind) {
    case OperationKind::user_create:
    case OperationKind::user_update:
      return true;
    default:
      return is_lifecycle(kind);
  }
}

}  // namespace rollcall

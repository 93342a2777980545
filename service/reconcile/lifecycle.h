// What a person's employment asks of their account, given the status Okta shows. Pure.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "service/model/account.h"
#include "service/model/history.h"
#include "service/reconcile/inputs.h"
#include "service/settings/settings.h"

namespace rollcall {

/// Where HR (or our own rules) put a person.
enum class Employment : std::uint8_t { employed, not_started, terminated, absent, out_of_scope };

/// What to do about the account's status.
struct LifecycleDecision {
  std::vector<OperationKind> actions;  // in order, each after the one before
  bool manage_profile = false;         // attributes may be written
  bool manage_groups = false;          // memberships may be written
  bool remove_groups = false;          // the ladder takes our memberships away
  bool not_contained = false;          // should be out, can sign in, and `actions` do not contain
  bool hold_not_suspendable = false;   // the containment waits for a person (users.not_suspendable)
  std::optional<ErrorCode> finding;
  std::string why;  // for the finding: one sentence
};

/// `since` is the instant the ladder counts from. `own` is our newest status change on the account.
/// The status goes by what Okta shows (ARCHITECTURE.md, "Containment goes by the status").
LifecycleDecision decide_lifecycle(Employment employment, WallTime since,
                                   const AccountView& account, const OwnStatusChange* own,
                                   const UserSettings& settings, WallTime now);

/// Whether the ladder has come to a step that shuts somebody out who left at `since`.
bool exit_is_due(const UserSettings& settings, WallTime since, WallTime now);

/// True if our own operation caused the status the account shows: `statusChanged` lies within the
/// operation's request, with Okta's resolution of one second and some clock difference allowed.
bool caused_by_us(const AccountView& account, const OwnStatusChange* own, OperationKind kind);

}  // namespace rollcall

// The state machine of users (FACTS 5.6 and the lifecycle matrix). Where Okta's documentation and
// recordings disagree about suspending, the documentation rules: from ACTIVE only.
#include <fmt/core.h>

#include "service/base/digest.h"
#include "tests/sim/packed_json.h"
#include "tests/sim/users.h"

namespace rollcall::sim {
namespace {

/// The user a lifecycle path names, or the refusal.
struct Subject {
  UserIndex index = 0;
  std::optional<SimReply> refused;
};

Subject subject_of(const Org& org, const Call& call) {
  Subject subject;
  const auto index = find_user(org, call, call.path_ids[0]);
  if (!index) {
    subject.refused = not_found(call.path_ids[0], "User");
    return subject;
  }
  subject.index = *index;
  if (is_activating(org.directory.user(*index), call.now)) subject.refused = still_activating();
  return subject;
}

void set_status(Org& org, Call& call, UserIndex index, AccountStatus status) {
  OrgUser& user = org.directory.change_user(index, call.now);
  user.status = status;
  user.status_changed = call.now;
  user.last_updated = call.now;
}

SimReply done(const Org& org, Call& call, UserIndex index) {
  call.result_ids.push_back(org.directory.user(index).id);
  return json_reply(200, Json::object());
}

SimReply activation_reply(Org& org, Call& call, UserIndex index, bool send_email) {
  const std::string token = new_link(org, LinkPurpose::activation, index, call.now);
  if (send_email) {
    send_mail(org, "activation", index, call.now, token);
    return done(org, call, index);
  }
  call.result_ids.push_back(org.directory.user(index).id);
  Json body = Json::object();
  body.set("activationUrl", fmt::format("{}/welcome/{}", call.base_url, token));
  body.set("activationToken", token);
  return json_reply(200, body);
}

SimReply not_expirable() {
  return error_reply(403, "E0000038",
                     "This operation is not allowed in the user's current status.");
}

std::optional<SimReply> refuse_expiry(const OrgUser& user) {
  const bool fits =
      user.status == AccountStatus::active || user.status == AccountStatus::password_expired;
  if (!fits || !user.has_password) return not_expirable();
  return std::nullopt;
}

}  // namespace

SimReply activate_user(Org& org, Call& call) {
  Subject subject = subject_of(org, call);
  if (subject.refused) return std::move(*subject.refused);
  const OrgUser before = org.directory.user(subject.index);
  if (before.status != AccountStatus::staged && before.status != AccountStatus::deprovisioned) {
    return error_reply(403, "E0000016", "Activation failed because the user is already active");
  }
  const bool foreign = before.provider == Provider::federation;
  // A deactivated user lost its password and starts again as PROVISIONED (recorded).
  const bool ready = foreign || (before.has_password && before.status == AccountStatus::staged);
  set_status(org, call, subject.index, ready ? AccountStatus::active : AccountStatus::provisioned);
  OrgUser& user = org.directory.change_user(subject.index, call.now);
  user.activated = call.now;
  if (org.settings.activation_ms > 0) {
    user.activating_until = call.now + org.settings.activation_ms;
  }
  org.directory.show_transition(subject.index, before, call.now);
  user_changed(org, subject.index, call.now);
  log_event(org, call.now, "user.lifecycle.activate", {user_party(org, subject.index)});
  reconcile_apps(org, subject.index, call.now);
  const bool mail = call.flag("sendEmail", true);
  if (ready) return done(org, call, subject.index);
  return activation_reply(org, call, subject.index, mail);
}

SimReply reactivate_user(Org& org, Call& call) {
  Subject subject = subject_of(org, call);
  if (subject.refused) return std::move(*subject.refused);
  const AccountStatus status = org.directory.user(subject.index).status;
  if (status != AccountStatus::provisioned && status != AccountStatus::recovery) {
    return wrong_status();
  }
  log_event(org, call.now, "user.lifecycle.reactivate", {user_party(org, subject.index)});
  return activation_reply(org, call, subject.index, call.flag("sendEmail", false));
}

void deprovision(Org& org, UserIndex index, WallTime now) {
  OrgUser& user = org.directory.change_user(index, now);
  user.status = AccountStatus::deprovisioned;
  user.status_changed = now;
  user.last_updated = now;
  user.has_password = false;
  log_event(org, now, "user.lifecycle.deactivate", {user_party(org, index)});
  remove_all_apps(org, index, now);
  end_sessions(org, index, now);
  org.sign_ins.passwords.erase(index);
  org.sign_ins.links.drop_user(index);
}

SimReply deactivate_user(Org& org, Call& call) {
  Subject subject = subject_of(org, call);
  if (subject.refused) return std::move(*subject.refused);
  if (org.directory.user(subject.index).status == AccountStatus::deprovisioned) {
    return not_found(call.path_ids[0], "User");
  }
  deprovision(org, subject.index, call.now);
  if (call.flag("sendEmail", false)) send_mail(org, "deactivated", subject.index, call.now);
  return done(org, call, subject.index);
}

SimReply suspend_user(Org& org, Call& call) {
  Subject subject = subject_of(org, call);
  if (subject.refused) return std::move(*subject.refused);
  if (org.directory.user(subject.index).status != AccountStatus::active) {
    return validation_failed("suspendUser", {"Cannot suspend a user that is not active"});
  }
  set_status(org, call, subject.index, AccountStatus::suspended);
  log_event(org, call.now, "user.lifecycle.suspend", {user_party(org, subject.index)});
  return done(org, call, subject.index);
}

SimReply unsuspend_user(Org& org, Call& call) {
  Subject subject = subject_of(org, call);
  if (subject.refused) return std::move(*subject.refused);
  if (org.directory.user(subject.index).status != AccountStatus::suspended) {
    return validation_failed("suspendUser", {"Cannot unsuspend a user that is not suspended"});
  }
  set_status(org, call, subject.index, AccountStatus::active);
  log_event(org, call.now, "user.lifecycle.unsuspend", {user_party(org, subject.index)});
  return done(org, call, subject.index);
}

SimReply unlock_user(Org& org, Call& call) {
  Subject subject = subject_of(org, call);
  if (subject.refused) return std::move(*subject.refused);
  if (org.directory.user(subject.index).status != AccountStatus::locked_out) {
    return error_reply(403, "E0000032", "Unlock is not allowed for this user.",
                       {"The user is not locked out."});
  }
  set_status(org, call, subject.index, AccountStatus::active);
  log_event(org, call.now, "user.account.unlock_by_admin", {user_party(org, subject.index)});
  return done(org, call, subject.index);
}

SimReply expire_password(Org& org, Call& call) {
  Subject subject = subject_of(org, call);
  if (subject.refused) return std::move(*subject.refused);
  if (auto refused = refuse_expiry(org.directory.user(subject.index))) return std::move(*refused);
  OrgUser& user = org.directory.change_user(subject.index, call.now);
  // Recorded (sample 27): statusChanged does not move with this one.
  user.status = AccountStatus::password_expired;
  user.last_updated = call.now;
  log_event(org, call.now, "user.account.expire_password", {user_party(org, subject.index)});
  call.result_ids.push_back(user.id);
  std::string body;
  render_user(body, org, call, user, Links::full);
  return json_reply(200, std::move(body));
}

SimReply expire_password_with_temp(Org& org, Call& call) {
  Subject subject = subject_of(org, call);
  if (subject.refused) return std::move(*subject.refused);
  if (auto refused = refuse_expiry(org.directory.user(subject.index))) return std::move(*refused);
  OrgUser& user = org.directory.change_user(subject.index, call.now);
  user.status = AccountStatus::password_expired;
  user.last_updated = call.now;
  log_event(org, call.now, "user.account.expire_password", {user_party(org, subject.index)});
  user.password_changed = call.now;
  const std::string temporary = org.ids.token(12);
  org.sign_ins.passwords[subject.index] = fast_hash(temporary);
  if (call.flag("revokeSessions", false)) end_sessions(org, subject.index, call.now);
  call.result_ids.push_back(user.id);
  return json_reply(200, Json(Json::Object{{"tempPassword", Json(temporary)}}));
}

SimReply reset_password(Org& org, Call& call) {
  Subject subject = subject_of(org, call);
  if (subject.refused) return std::move(*subject.refused);
  const AccountStatus status = org.directory.user(subject.index).status;
  const bool allowed = status == AccountStatus::active ||
                       status == AccountStatus::password_expired ||
                       status == AccountStatus::provisioned || status == AccountStatus::recovery ||
                       status == AccountStatus::locked_out;
  if (!allowed) {
    return error_reply(403, "E0000017",
                       "Password reset failed because the user is not in a status that allows it");
  }
  set_status(org, call, subject.index, AccountStatus::recovery);
  log_event(org, call.now, "user.account.reset_password", {user_party(org, subject.index)});
  if (call.flag("revokeSessions", false)) end_sessions(org, subject.index, call.now);
  const std::string token = new_link(org, LinkPurpose::reset, subject.index, call.now);
  if (call.flag("sendEmail", true)) {
    send_mail(org, "reset_password", subject.index, call.now, token);
    return done(org, call, subject.index);
  }
  call.result_ids.push_back(org.directory.user(subject.index).id);
  const std::string url = fmt::format("{}/reset_password/{}", call.base_url, token);
  return json_reply(200, Json(Json::Object{{"resetPasswordUrl", Json(url)}}));
}

SimReply reset_factors(Org& org, Call& call) {
  Subject subject = subject_of(org, call);
  if (subject.refused) return std::move(*subject.refused);
  org.factors.erase(subject.index);
  log_event(org, call.now, "user.mfa.factor.reset_all", {user_party(org, subject.index)});
  return done(org, call, subject.index);
}

SimReply revoke_sessions(Org& org, Call& call) {
  const auto index = org.directory.user_by_id(call.path_ids[0]);
  if (!index) return not_found(call.path_ids[0], "User");
  end_sessions(org, *index, call.now);
  log_event(org, call.now, "user.session.clear", {user_party(org, *index)});
  call.result_ids.push_back(org.directory.user(*index).id);
  return no_content();
}

}  // namespace rollcall::sim

// Forgotten passwords and locked accounts: recovery by mail, by phone, and through an application
// that is trusted.
#include <fmt/core.h>

#include "service/base/digest.h"
#include "service/base/text.h"
#include "tests/sim/authn.h"
#include "tests/sim/json_parts.h"
#include "tests/sim/packed_json.h"
#include "tests/sim/users.h"

namespace rollcall::sim {
namespace {

constexpr std::string_view kPhonePasscode = "123456";

bool may_recover(const Org& org, UserIndex user, bool unlock) {
  return is_recoverable(org, user, unlock) &&
         password_rule_allows(org, user, unlock ? "selfServiceUnlock" : "selfServicePasswordReset");
}

void unlock_after_recovery(Org& org, UserIndex user, WallTime now) {
  OrgUser& unlocked = org.directory.change_user(user, now);
  unlocked.status = AccountStatus::active;
  unlocked.status_changed = unlocked.last_updated = now;
  log_event(org, now, "user.account.unlock", {user_party(org, user)});
}

/// The question was answered, or there is none: a password to set, or the lock is gone.
SimReply recovered(Org& org, Call& call, const std::string& token) {
  Transaction& t = org.sign_ins.transactions[token];
  if (t.recovery_type == "UNLOCK") {
    unlock_after_recovery(org, *t.user, call.now);
    call.result_ids = {org.directory.user(*t.user).id};
    org.sign_ins.transactions.erase(token);
    Json out = object_of("status", "SUCCESS");
    return json_reply(200, out.set("recoveryType", "UNLOCK"));
  }
  t.state = SignInState::password_reset;
  return show_transaction(org, call, token);
}

/// The recovery goes on with the question, where there is one.
SimReply ask_question(Org& org, Call& call, const std::string& token) {
  Transaction& t = org.sign_ins.transactions[token];
  if (org.sign_ins.answers.count(*t.user) == 0) return recovered(org, call, token);
  t.state = SignInState::recovery;
  return show_transaction(org, call, token);
}

/// Only an application that is trusted gets the token itself.
SimReply recover_trusted(Org& org, Call& call, UserIndex user, bool unlock) {
  const std::string token =
      new_link(org, unlock ? LinkPurpose::unlock : LinkPurpose::reset, user, call.now);
  call.result_ids = {org.directory.user(user).id};
  Json next = href_with(call.base_url + "/api/v1/authn/recovery/token", {"POST"});
  Json links = object_of("next", next.set("name", "recovery"));
  links.set("cancel", href_with(call.base_url + "/api/v1/authn/cancel", {"POST"}));
  Json out = Json::object();
  out.set("expiresAt", okta_second(org.sign_ins.links.find(token)->expires))
      .set("status", "RECOVERY");
  out.set("recoveryToken", token).set("recoveryType", unlock ? "UNLOCK" : "PASSWORD");
  out.set("_embedded", object_of("user", embedded_user(org, user)));
  return json_reply(200, out.set("_links", std::move(links)));
}

SimReply recover_by_mail(Org& org, Call& call, std::optional<UserIndex> user, bool unlock) {
  if (user) {
    const std::string token =
        new_link(org, unlock ? LinkPurpose::unlock : LinkPurpose::reset, *user, call.now);
    send_mail(org, unlock ? "unlock" : "forgot_password", *user, call.now, token);
  }
  Json out = Json::object();
  out.set("status", "RECOVERY_CHALLENGE").set("factorResult", "WAITING");
  out.set("factorType", "EMAIL").set("recoveryType", unlock ? "UNLOCK" : "PASSWORD");
  return json_reply(200, out);
}

SimReply recover(Org& org, Call& call, bool unlock) {
  if (!call.body_ok || !call.body["username"].is_string()) return malformed_body();
  const std::string_view name = call.body["username"].as_string();
  const std::string_view factor = call.body["factorType"].as_string();
  const auto user = name == "me" ? std::nullopt : find_user(org, call, name);
  const bool allowed = user && may_recover(org, *user, unlock);
  if (factor.empty() && call.trusted) {
    if (!user) return error_reply(403, "E0000095", "Recovery not allowed for unknown user.");
    if (!allowed) {
      return error_reply(403, unlock ? "E0000032" : "E0000034",
                         unlock ? "Unlock is not allowed for this user."
                                : "Forgot password not allowed on specified user.");
    }
    return recover_trusted(org, call, *user, unlock);
  }
  const bool phone = factor == "SMS" || (factor == "CALL" && !unlock);
  if (factor != "EMAIL" && !phone) {
    return validation_failed("factorType", {"factorType: The recovery factor is not supported"});
  }
  // To a stranger everybody looks alike: known, unknown and not allowed.
  const std::optional<UserIndex> served = allowed ? user : std::nullopt;
  if (!phone) return recover_by_mail(org, call, served, unlock);
  const bool reachable =
      served && !packed_text(org.directory.user(*served).profile, "mobilePhone").empty();
  const std::string token = begin_transaction(org, call, reachable ? served : std::nullopt,
                                              SignInState::recovery_challenge);
  Transaction& t = org.sign_ins.transactions[token];
  t.recovery_type = unlock ? "UNLOCK" : "PASSWORD";
  t.recovery_factor = std::string(factor);
  return show_transaction(org, call, token);
}

}  // namespace

bool is_recoverable(const Org& org, UserIndex user, bool unlock) {
  const OrgUser& person = org.directory.user(user);
  const AccountStatus status = person.status;
  if (!person.exists) return false;
  if (unlock) return status == AccountStatus::locked_out;
  return status == AccountStatus::active || status == AccountStatus::password_expired ||
         status == AccountStatus::recovery || status == AccountStatus::locked_out;
}

SimReply recover_password(Org& org, Call& call) { return recover(org, call, false); }

SimReply recover_unlock(Org& org, Call& call) { return recover(org, call, true); }

SimReply redeem_recovery_token(Org& org, Call& call) {
  if (!call.body_ok || !call.body.is_object()) return malformed_body();
  const std::string_view sent = call.body["recoveryToken"].as_string();
  const OneTimeLink* link = org.sign_ins.links.find(sent);
  const bool good = link != nullptr && link->purpose != LinkPurpose::activation &&
                    link->expires.ms > call.now.ms &&
                    is_recoverable(org, link->user, link->purpose == LinkPurpose::unlock);
  if (!good) return error_reply(401, "E0000011", "Invalid token provided");
  const OneTimeLink taken = *link;
  org.sign_ins.links.drop(sent);  // it works once
  const std::string token = begin_transaction(org, call, taken.user, SignInState::recovery);
  org.sign_ins.transactions[token].recovery_type =
      taken.purpose == LinkPurpose::unlock ? "UNLOCK" : "PASSWORD";
  return ask_question(org, call, token);
}

SimReply answer_recovery(Org& org, Call& call) {
  Step step = take_step(org, call, {SignInState::recovery});
  if (step.refused) return std::move(*step.refused);
  const auto known = org.sign_ins.answers.find(*step.transaction->user);
  if (known == org.sign_ins.answers.end() ||
      known->second != fast_hash(fold_case(call.body["answer"].as_string()))) {
    return error_reply(403, "E0000087", "The recovery question answer did not match our records.");
  }
  return recovered(org, call, step.token);
}

SimReply verify_recovery(Org& org, Call& call) {
  Step step = take_step(org, call, {SignInState::recovery_challenge});
  if (step.refused) return std::move(*step.refused);
  const Transaction& t = *step.transaction;
  const bool here = ascii_iequals(call.path_ids[0], t.recovery_factor);
  if (!here || !t.user || call.body["passCode"].as_string() != kPhonePasscode) {
    return error_reply(403, "E0000068", "Invalid Passcode/Answer",
                       {"Your token doesn't match our records. Please try again."});
  }
  return ask_question(org, call, step.token);
}

SimReply resend_recovery(Org& org, Call& call) {
  Step step = take_step(org, call, {SignInState::recovery_challenge});
  if (step.refused) return std::move(*step.refused);
  if (step.transaction->user) {
    const bool sms = step.transaction->recovery_factor == "SMS";
    auto refused = refuse_code(org, call, *step.transaction->user, sms ? "sms" : "call");
    if (refused) return std::move(*refused);
  }
  return show_transaction(org, call, step.token);
}

}  // namespace rollcall::sim

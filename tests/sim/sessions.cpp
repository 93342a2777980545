#include "tests/sim/sessions.h"

#include <fmt/core.h>

#include "service/base/digest.h"
#include "service/base/text.h"
#include "tests/sim/json_parts.h"
#include "tests/sim/org.h"
#include "tests/sim/packed_json.h"
#include "tests/sim/users.h"

namespace rollcall::sim {
namespace {

constexpr std::int64_t kTokenMs = 300'000;
constexpr std::int64_t kSessionMs = 7'200'000;

SimReply sign_in_failed() { return error_reply(401, "E0000004", "Authentication failed"); }

SimReply bad_state_token() { return error_reply(401, "E0000011", "Invalid token provided"); }

std::string new_token(Org& org, const Call& call, UserIndex user, bool state) {
  const std::string token = (state ? "00" : "20111") + org.ids.token(36);
  org.sign_ins.tokens[token] = {user, call.now + kTokenMs, state};
  return token;
}

Json sign_in_json(const Org& org, const Call& call, UserIndex index, std::string_view status) {
  const OrgUser& user = org.directory.user(index);
  Json profile = Json::object();
  for (const char* name : {"login", "firstName", "lastName"}) {
    profile.set(name, packed_text(user.profile, name));
  }
  const std::string locale = packed_text(user.profile, "locale");
  const std::string zone = packed_text(user.profile, "timezone");
  profile.set("locale", locale.empty() ? "en_US" : locale);
  profile.set("timeZone", zone.empty() ? "America/Los_Angeles" : zone);
  Json who = Json::object();
  who.set("id", user.id).set("passwordChanged", second_or_null(user.password_changed));
  who.set("profile", std::move(profile));
  Json out = Json::object();
  out.set("expiresAt", okta_second(call.now + kTokenMs)).set("status", status);
  out.set("_embedded", object_of("user", std::move(who)));
  Json links = object_of("cancel", href_with(call.base_url + "/api/v1/authn/cancel", {"POST"}));
  if (status == "PASSWORD_EXPIRED") {
    Json next = href_with(call.base_url + "/api/v1/authn/credentials/change_password", {"POST"});
    next.set("name", "changePassword");
    links.set("next", std::move(next));
  }
  out.set("_links", std::move(links));
  return out;
}

SimReply finish_sign_in(Org& org, Call& call, UserIndex index) {
  org.directory.change_user(index, call.now).last_login = call.now;
  org.sign_ins.failures.erase(index);
  log_event(org, call.now, "user.session.start", {user_party(org, index)});
  call.result_ids.push_back(org.directory.user(index).id);
  Json out = sign_in_json(org, call, index, "SUCCESS");
  out.set("sessionToken", new_token(org, call, index, false));
  return json_reply(200, out);
}

/// A wrong password counts towards the lock of the user's password policy.
SimReply count_failure(Org& org, Call& call, UserIndex index) {
  const Json lockout = password_settings_of(org, index)["password"]["lockout"];
  const std::int64_t most = lockout["maxAttempts"].as_int(10);
  log_event(org, call.now, "user.session.start", {user_party(org, index)}, false);
  if (most > 0 && ++org.sign_ins.failures[index] >= most) {
    OrgUser& user = org.directory.change_user(index, call.now);
    user.status = AccountStatus::locked_out;
    user.status_changed = user.last_updated = call.now;
    org.sign_ins.failures.erase(index);
    log_event(org, call.now, "user.account.lock", {user_party(org, index)});
  }
  return sign_in_failed();
}

Json session_json(const Org& org, const Call& call, const Session& session) {
  const OrgUser& user = org.directory.user(session.user);
  const std::string base = call.base_url + "/api/v1/";
  Json idp = Json::object();
  idp.set("id", org.org_id).set("type", "OKTA");
  Json who = href_with(base + "users/me", {"GET"});
  who.set("name",
          packed_text(user.profile, "firstName") + " " + packed_text(user.profile, "lastName"));
  Json links = Json::object();
  links.set("self", href_with(base + "sessions/me", {"GET", "DELETE"}));
  links.set("refresh", href_with(base + "sessions/me/lifecycle/refresh", {"POST"}));
  links.set("user", std::move(who));
  Json out = Json::object();
  out.set("id", session.id).set("userId", user.id);
  out.set("login", packed_text(user.profile, "login"));
  out.set("createdAt", okta_second(session.created));
  out.set("expiresAt", okta_second(session.expires)).set("status", "ACTIVE");
  out.set("lastPasswordVerification", okta_second(session.created));
  out.set("lastFactorVerification", nullptr).set("amr", Json(Json::Array{Json("pwd")}));
  out.set("idp", std::move(idp)).set("mfaActive", org.factors.count(session.user) > 0);
  out.set("_links", std::move(links));
  return out;
}

Session* live_session(Org& org, const Call& call) {
  const auto found = org.sign_ins.sessions.find(call.path_ids[0]);
  if (found == org.sign_ins.sessions.end() || found->second.expires.ms <= call.now.ms) {
    return nullptr;
  }
  return &found->second;
}

}  // namespace

void remember_secrets(Org& org, UserIndex user, const Json& credentials) {
  const Json& password = credentials["password"];
  if (password["value"].is_string()) {
    org.sign_ins.passwords[user] = fast_hash(password["value"].as_string());
  } else if (!password.is_null() && !password.members().empty()) {
    org.sign_ins.passwords.erase(user);  // a hash: what it hides is not known
  }
  const Json& answer = credentials["recovery_question"]["answer"];
  if (answer.is_string()) org.sign_ins.answers[user] = fast_hash(fold_case(answer.as_string()));
}

void end_sessions(Org& org, UserIndex user, WallTime now) {
  std::erase_if(org.sign_ins.tokens, [&](const auto& one) { return one.second.user == user; });
  const auto ended = std::erase_if(org.sign_ins.sessions,
                                   [&](const auto& one) { return one.second.user == user; });
  if (ended > 0) log_event(org, now, "user.session.end", {user_party(org, user)});
}

SimReply sign_in(Org& org, Call& call) {
  if (!call.body_ok || !call.body["username"].is_string()) return malformed_body();
  const auto index = find_user(org, call, call.body["username"].as_string());
  if (!index) return sign_in_failed();
  const OrgUser& user = org.directory.user(*index);
  if (user.status == AccountStatus::locked_out) {
    const Json settings = password_settings_of(org, *index);
    if (!settings["password"]["lockout"]["showLockoutFailures"].as_bool()) return sign_in_failed();
    return json_reply(200, object_of("status", "LOCKED_OUT"));
  }
  if (user.status != AccountStatus::active && user.status != AccountStatus::password_expired) {
    return sign_in_failed();
  }
  const auto known = org.sign_ins.passwords.find(*index);
  if (known == org.sign_ins.passwords.end() ||
      known->second != fast_hash(call.body["password"].as_string())) {
    return count_failure(org, call, *index);
  }
  if (user.status == AccountStatus::password_expired) {
    Json out = sign_in_json(org, call, *index, "PASSWORD_EXPIRED");
    out.set("stateToken", new_token(org, call, *index, true));
    return json_reply(200, out);
  }
  const SignOnVerdict verdict = sign_on_verdict(org, *index);
  if (verdict == SignOnVerdict::deny) return sign_in_failed();
  if (verdict == SignOnVerdict::factor) {
    const bool enrolled = org.factors.count(*index) > 0;
    Json out = sign_in_json(org, call, *index, enrolled ? "MFA_REQUIRED" : "MFA_ENROLL");
    out.set("stateToken", new_token(org, call, *index, true));
    return json_reply(200, out);
  }
  return finish_sign_in(org, call, *index);
}

SimReply sign_in_with_new_password(Org& org, Call& call) {
  if (!call.body_ok || !call.body.is_object()) return malformed_body();
  const auto token = org.sign_ins.tokens.find(call.body["stateToken"].as_string());
  if (token == org.sign_ins.tokens.end() || !token->second.state ||
      token->second.expires.ms <= call.now.ms) {
    return bad_state_token();
  }
  const UserIndex index = token->second.user;
  if (org.directory.user(index).status != AccountStatus::password_expired) {
    return error_reply(403, "E0000079", "This operation is not allowed in the current state");
  }
  Json body = Json::object();
  body.set("oldPassword", object_of("value", call.body["oldPassword"]));
  body.set("newPassword", object_of("value", call.body["newPassword"]));
  if (auto refused = replace_password(org, index, body, call.now)) return std::move(*refused);
  org.sign_ins.tokens.erase(token);
  return finish_sign_in(org, call, index);
}

SimReply cancel_sign_in(Org& org, Call& call) {
  if (!call.body_ok || !call.body.is_object()) return malformed_body();
  const auto token = org.sign_ins.tokens.find(call.body["stateToken"].as_string());
  if (token == org.sign_ins.tokens.end() || !token->second.state) return bad_state_token();
  org.sign_ins.tokens.erase(token);
  return json_reply(200, Json::object());
}

SimReply create_session(Org& org, Call& call) {
  if (!call.body_ok || !call.body["sessionToken"].is_string()) return malformed_body();
  const auto token = org.sign_ins.tokens.find(call.body["sessionToken"].as_string());
  if (token == org.sign_ins.tokens.end() || token->second.state ||
      token->second.expires.ms <= call.now.ms) {
    return sign_in_failed();
  }
  Session session;
  session.id = "102" + org.ids.token(22);
  session.user = token->second.user;
  session.created = call.now;
  session.expires = call.now + kSessionMs;
  org.sign_ins.tokens.erase(token);
  call.result_ids.push_back(session.id);
  const Json out = session_json(org, call, session);
  log_event(org, call.now, "user.authentication.sso", {user_party(org, session.user)});
  org.sign_ins.sessions.emplace(session.id, std::move(session));
  return json_reply(200, out);
}

SimReply get_session(Org& org, Call& call) {
  const Session* session = live_session(org, call);
  if (session == nullptr) return not_found(call.path_ids[0], "Session");
  return json_reply(200, session_json(org, call, *session));
}

SimReply refresh_session(Org& org, Call& call) {
  Session* session = live_session(org, call);
  if (session == nullptr) return not_found(call.path_ids[0], "Session");
  session->expires = call.now + kSessionMs;
  call.result_ids.push_back(session->id);
  return json_reply(200, session_json(org, call, *session));
}

SimReply close_session(Org& org, Call& call) {
  const Session* session = live_session(org, call);
  if (session == nullptr) return not_found(call.path_ids[0], "Session");
  log_event(org, call.now, "user.session.end", {user_party(org, session->user)});
  call.result_ids.push_back(session->id);
  org.sign_ins.sessions.erase(call.path_ids[0]);
  return no_content();
}

}  // namespace rollcall::sim

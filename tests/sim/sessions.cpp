#include "tests/sim/sessions.h"

#include <fmt/core.h>

#include <cstdlib>
#include <iterator>

#include "service/base/digest.h"
#include "service/base/text.h"
#include "tests/sim/json_parts.h"
#include "tests/sim/org.h"
#include "tests/sim/packed_json.h"
#include "tests/sim/users.h"

namespace rollcall::sim {
namespace {

constexpr std::int64_t kSessionMs = 7'200'000;
constexpr std::int64_t kActivationDays = 7;
constexpr std::size_t kKeptFailures = 200'000;

SimReply sign_in_failed() { return error_reply(401, "E0000004", "Authentication failed"); }

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

/// The session's id as a browser would bring it.
void take_cookie(Call& call) {
  const std::string_view cookies = call.request.header("Cookie");
  std::string id = "me";
  for (const std::string_view cookie : split(cookies, ';')) {
    const std::string_view pair = trim(cookie);
    if (pair.substr(0, 4) == "sid=") id = std::string(pair.substr(4));
  }
  call.path_ids = {std::move(id)};
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

bool may_sign_in(const Org& org, UserIndex user) {
  const OrgUser& person = org.directory.user(user);
  return person.exists && (person.status == AccountStatus::active ||
                           person.status == AccountStatus::password_expired);
}

void end_sessions(Org& org, UserIndex user, WallTime now) {
  std::erase_if(org.sign_ins.session_tokens,
                [&](const auto& one) { return one.second.user == user; });
  std::erase_if(org.sign_ins.transactions,
                [&](const auto& one) { return one.second.user == user; });
  const auto ended = std::erase_if(org.sign_ins.sessions,
                                   [&](const auto& one) { return one.second.user == user; });
  if (ended > 0) log_event(org, now, "user.session.end", {user_party(org, user)});
}

void LinkBook::put(std::string token, const OneTimeLink& link) {
  std::string& held = tokens_[{link.user, link.purpose}];
  links_.erase(held);
  held = token;
  links_.emplace(std::move(token), link);
}

const OneTimeLink* LinkBook::find(std::string_view token) const {
  const auto found = links_.find(token);
  return found == links_.end() ? nullptr : &found->second;
}

void LinkBook::drop(std::string_view token) {
  const auto found = links_.find(token);
  if (found == links_.end()) return;
  tokens_.erase({found->second.user, found->second.purpose});
  links_.erase(found);
}

void LinkBook::drop_user(UserIndex user) {
  for (const LinkPurpose purpose :
       {LinkPurpose::activation, LinkPurpose::reset, LinkPurpose::unlock}) {
    const auto held = tokens_.find({user, purpose});
    if (held == tokens_.end()) continue;
    links_.erase(held->second);
    tokens_.erase(held);
  }
}

void LinkBook::drop_expired(WallTime now) {
  const auto over = [&](const OneTimeLink& link) { return link.expires.ms <= now.ms; };
  std::erase_if(tokens_, [&](const auto& one) { return over(links_.at(one.second)); });
  std::erase_if(links_, [&](const auto& one) { return over(one.second); });
}

std::string new_link(Org& org, LinkPurpose purpose, UserIndex user, WallTime now) {
  constexpr std::int64_t kMinuteMs = 60'000;
  const Json recovery = password_settings_of(org, user)["recovery"]["factors"]["okta_email"];
  const std::int64_t minutes =
      purpose == LinkPurpose::activation
          ? kActivationDays * 24 * 60
          : recovery["properties"]["recoveryToken"]["tokenLifetimeMinutes"].as_int(60);
  std::string token = org.ids.token(20);
  org.sign_ins.links.put(token, {user, purpose, now + minutes * kMinuteMs});
  return token;
}

std::int64_t note_failure(SignIns& held, UserIndex user) {
  const auto [counted, fresh] = held.failures.try_emplace(user, 0);
  if (fresh && held.failures.size() > kKeptFailures) {
    const auto first = held.failures.begin();
    held.failures.erase(first == counted ? std::next(first) : first);
  }
  return ++counted->second;
}

void forget_sign_ins(Org& org, WallTime now) {
  SignIns& held = org.sign_ins;
  constexpr std::int64_t kMinuteMs = 60'000;
  // Clocks of tests go back, too.
  if (std::abs(now.ms - held.swept.ms) < kMinuteMs) return;
  held.swept = now;
  const auto over = [&](const auto& one) { return one.second.expires.ms <= now.ms; };
  std::erase_if(held.transactions, over);
  std::erase_if(held.session_tokens, over);
  std::erase_if(held.sessions, over);
  held.links.drop_expired(now);
  std::erase_if(held.in_second, [&](const auto& one) { return one.second.first != now.ms / 1000; });
  std::erase_if(held.code_sent,
                [&](const auto& one) { return now.ms - one.second.ms > kMinuteMs; });
}

SimReply create_session(Org& org, Call& call) {
  if (!call.body_ok || !call.body["sessionToken"].is_string()) return malformed_body();
  const auto token = org.sign_ins.session_tokens.find(call.body["sessionToken"].as_string());
  if (token == org.sign_ins.session_tokens.end() || token->second.expires.ms <= call.now.ms) {
    return sign_in_failed();
  }
  const UserIndex user = token->second.user;
  org.sign_ins.session_tokens.erase(token);  // it works once
  if (!may_sign_in(org, user)) return sign_in_failed();
  Session session;
  session.id = "102" + org.ids.token(22);
  session.user = user;
  session.created = call.now;
  session.expires = call.now + kSessionMs;
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

SimReply get_my_session(Org& org, Call& call) {
  take_cookie(call);
  return get_session(org, call);
}

SimReply refresh_my_session(Org& org, Call& call) {
  take_cookie(call);
  return refresh_session(org, call);
}

SimReply close_my_session(Org& org, Call& call) {
  take_cookie(call);
  return close_session(org, call);
}

}  // namespace rollcall::sim

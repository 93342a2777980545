#include "tests/sim/authn.h"

#include <fmt/core.h>

#include <algorithm>

#include "service/base/digest.h"
#include "service/base/text.h"
#include "tests/sim/json_parts.h"
#include "tests/sim/packed_json.h"
#include "tests/sim/users.h"

namespace rollcall::sim {
namespace {

constexpr std::int64_t kStateMs = 300'000;
constexpr std::int64_t kDayInMs = 86'400'000;
constexpr int kSignInsPerSecond = 4;  // of one name (FACTS 3.4)

SimReply sign_in_failed() { return error_reply(401, "E0000004", "Authentication failed"); }

Json password_policy(const Org& org, UserIndex user) {
  return password_settings_of(org, user)["password"];
}

/// Days until the password expires; nullopt: never.
std::optional<std::int64_t> days_left(const Org& org, UserIndex user, WallTime now) {
  const std::int64_t most = password_policy(org, user)["age"]["maxAgeDays"].as_int();
  if (most <= 0) return std::nullopt;
  const std::int64_t age = (now.ms - org.directory.user(user).password_changed.ms) / kDayInMs;
  return most - age;
}

Json shown_policy(const Org& org, UserIndex user, WallTime now) {
  const Json policy = password_policy(org, user);
  Json complexity = Json::object();
  for (const char* name :
       {"minLength", "minLowerCase", "minUpperCase", "minNumber", "minSymbol", "excludeUsername"}) {
    complexity.set(name, policy["complexity"][name]);
  }
  Json age = Json::object();
  for (const char* name : {"minAgeMinutes", "historyCount"}) age.set(name, policy["age"][name]);
  Json out = Json::object();
  out.set("expiration",
          object_of("passwordExpireDays",
                    std::max<std::int64_t>(days_left(org, user, now).value_or(0), 0)));
  return out.set("complexity", std::move(complexity)).set("age", std::move(age));
}

/// All digits but the last four.
std::string masked_phone(std::string_view number) {
  std::string out(number);
  std::size_t seen = 0;
  for (auto c = out.rbegin(); c != out.rend(); ++c) {
    if (*c >= '0' && *c <= '9' && ++seen > 4) *c = 'X';
  }
  return out;
}

Json factor_in_sign_in(const Org& org, UserIndex user, const Factor& factor) {
  Json profile = factor.profile;
  if (profile.has("phoneNumber")) {
    profile.set("phoneNumber", masked_phone(profile["phoneNumber"].as_string()));
  }
  if (factor.type == "token:software:totp") {
    profile.set("credentialId", packed_text(org.directory.user(user).profile, "login"));
  }
  Json out = object_of("id", factor.id);
  merge_into(out, factor_kind_json(factor.type, factor.provider));
  return out.set("profile", std::move(profile));
}

Json named_post(std::string_view name, std::string url) {
  Json link = href_with(std::move(url), {"POST"});
  return link.set("name", name);
}

/// Factors to choose from: enrolled ones to verify, or kinds to enrol.
Json factor_choice(const Org& org, const Call& call, UserIndex user, bool enroll) {
  const std::string base = call.base_url + "/api/v1/authn/factors";
  Json list = Json::array();
  if (enroll) {
    for (const FactorKind& kind : factor_kinds()) {
      Json item = factor_kind_json(kind.type, kind.provider);
      item.set("status", "NOT_SETUP").set("enrollment", "OPTIONAL");
      list.push(item.set("_links", object_of("enroll", href_with(base, {"POST"}))));
    }
    return list;
  }
  const auto held = org.factors.find(user);
  if (held == org.factors.end()) return list;
  for (const Factor& factor : held->second) {
    if (!factor.active) continue;
    Json item = factor_in_sign_in(org, user, factor);
    const std::string verify = fmt::format("{}/{}/verify", base, factor.id);
    list.push(item.set("_links", object_of("verify", href_with(verify, {"POST"}))));
  }
  return list;
}

bool has_active_factor(const Org& org, UserIndex user) {
  const auto held = org.factors.find(user);
  return held != org.factors.end() &&
         std::any_of(held->second.begin(), held->second.end(),
                     [](const Factor& factor) { return factor.active; });
}

bool shows_policy(SignInState state) {
  return state == SignInState::password_warn || state == SignInState::password_expired ||
         state == SignInState::password_reset;
}

Json embedded_of(const Org& org, const Call& call, const Transaction& t) {
  Json out = Json::object();
  if (!t.user || t.state == SignInState::recovery_challenge) return out;
  Json user = embedded_user(org, *t.user);
  const OrgUser& person = org.directory.user(*t.user);
  if (t.state == SignInState::recovery && !person.recovery_question.empty()) {
    user.set("recovery_question", object_of("question", Json(person.recovery_question)));
  }
  out.set("user", std::move(user));
  if (shows_policy(t.state)) out.set("policy", shown_policy(org, *t.user, call.now));
  if (t.state == SignInState::mfa_required || t.state == SignInState::mfa_enroll) {
    out.set("factors", factor_choice(org, call, *t.user, t.state == SignInState::mfa_enroll));
  }
  const auto held = org.factors.find(*t.user);
  if (t.factor_id.empty() || held == org.factors.end()) return out;
  for (const Factor& factor : held->second) {
    if (factor.id != t.factor_id) continue;
    Json shown = factor_in_sign_in(org, *t.user, factor);
    const bool fresh = t.state == SignInState::mfa_enroll_activate && !factor.secret.empty();
    if (fresh) shown.set("_embedded", object_of("activation", totp_activation(factor)));
    out.set("factor", std::move(shown));
  }
  return out;
}

/// Where `next` leads, by state.
Json next_of(const Call& call, const Transaction& t) {
  const std::string base = call.base_url + "/api/v1/authn/";
  switch (t.state) {
    case SignInState::password_warn:
    case SignInState::password_expired:
      return named_post("changePassword", base + "credentials/change_password");
    case SignInState::password_reset:
      return named_post("resetPassword", base + "credentials/reset_password");
    case SignInState::recovery:
      return named_post("answer", base + "recovery/answer");
    case SignInState::recovery_challenge:
      return named_post("verify",
                        fmt::format("{}recovery/factors/{}/verify", base, t.recovery_factor));
    case SignInState::mfa_challenge:
      return named_post("verify", fmt::format("{}factors/{}/verify", base, t.factor_id));
    case SignInState::mfa_enroll_activate:
      return named_post("activate",
                        fmt::format("{}factors/{}/lifecycle/activate", base, t.factor_id));
    case SignInState::mfa_required:
    case SignInState::mfa_enroll:
      break;
  }
  return Json();
}

Json links_of(const Call& call, const Transaction& t) {
  const std::string base = call.base_url + "/api/v1/authn/";
  Json links = Json::object();
  if (Json next = next_of(call, t); !next.is_null()) links.set("next", std::move(next));
  if (t.state == SignInState::password_warn) links.set("skip", named_post("skip", base + "skip"));
  links.set("cancel", href_with(base + "cancel", {"POST"}));
  if (t.state == SignInState::mfa_challenge || t.state == SignInState::mfa_enroll_activate) {
    links.set("prev", href_with(base + "previous", {"POST"}));
  }
  return links;
}

SimReply finish_sign_in(Org& org, Call& call, UserIndex index) {
  org.directory.change_user(index, call.now).last_login = call.now;
  org.sign_ins.failures.erase(index);
  log_event(org, call.now, "user.session.start", {user_party(org, index)});
  call.result_ids.push_back(org.directory.user(index).id);
  const std::string token = "20111" + org.ids.token(36);
  org.sign_ins.session_tokens[token] = {index, call.now + kStateMs};
  Json out = Json::object();
  out.set("expiresAt", okta_second(call.now + kStateMs)).set("status", "SUCCESS");
  out.set("_embedded", object_of("user", embedded_user(org, index)));
  out.set("_links",
          object_of("cancel", href_with(call.base_url + "/api/v1/authn/cancel", {"POST"})));
  return json_reply(200, out.set("sessionToken", token));
}

/// A wrong password counts towards the lock of the user's password policy.
SimReply count_failure(Org& org, Call& call, UserIndex index) {
  const std::int64_t most = password_policy(org, index)["lockout"]["maxAttempts"].as_int(10);
  log_event(org, call.now, "user.session.start", {user_party(org, index)}, false);
  if (most > 0 && note_failure(org.sign_ins, index) >= most) {
    OrgUser& user = org.directory.change_user(index, call.now);
    user.status = AccountStatus::locked_out;
    user.status_changed = user.last_updated = call.now;
    org.sign_ins.failures.erase(index);
    log_event(org, call.now, "user.account.lock", {user_party(org, index)});
  }
  return sign_in_failed();
}

/// A lock that the policy lets end by itself.
void unlock_by_time(Org& org, UserIndex index, WallTime now) {
  const OrgUser& user = org.directory.user(index);
  const std::int64_t minutes = password_policy(org, index)["lockout"]["autoUnlockMinutes"].as_int();
  const bool over = minutes > 0 && now.ms - user.status_changed.ms >= minutes * 60'000;
  if (user.status != AccountStatus::locked_out || !over) return;
  OrgUser& unlocked = org.directory.change_user(index, now);
  unlocked.status = AccountStatus::active;
  unlocked.status_changed = unlocked.last_updated = now;
  log_event(org, now, "user.account.unlock", {user_party(org, index)});
}

SimReply locked_out(const Org& org, const Call& call, UserIndex index) {
  if (!password_policy(org, index)["lockout"]["showLockoutFailures"].as_bool()) {
    return sign_in_failed();
  }
  Json out = object_of("status", "LOCKED_OUT");
  out.set("_links",
          object_of("next", named_post("unlock", call.base_url + "/api/v1/authn/recovery/unlock")));
  return json_reply(200, out);
}

/// What somebody is told whose status lets nobody in.
std::optional<SimReply> refuse_status(const Org& org, const Call& call, UserIndex index) {
  if (may_sign_in(org, index)) return std::nullopt;
  const bool locked = org.directory.user(index).status == AccountStatus::locked_out;
  return locked ? locked_out(org, call, index) : sign_in_failed();
}

bool may_go_on(const Org& org, const Transaction& t) {
  if (!t.user) return true;  // a stranger learns nothing
  const bool recovers = t.state == SignInState::recovery ||
                        t.state == SignInState::password_reset ||
                        t.state == SignInState::recovery_challenge;
  if (!recovers) return may_sign_in(org, *t.user);
  if (t.recovery_type == "ACCOUNT_ACTIVATION") {
    return org.directory.user(*t.user).status == AccountStatus::provisioned;
  }
  return is_recoverable(org, *t.user, t.recovery_type == "UNLOCK");
}

/// 429 for the fifth sign-in of a name within a second.
std::optional<SimReply> refuse_pace(Org& org, const Call& call, std::string_view name) {
  if (!org.settings.per_second_limits) return std::nullopt;
  auto& [second, count] = org.sign_ins.in_second[fast_hash(fold_login(name))];
  if (second != call.now.ms / 1000) {
    second = call.now.ms / 1000;
    count = 0;
  }
  if (++count <= kSignInsPerSecond) return std::nullopt;
  SimReply reply =
      error_reply(429, "E0000047", "API call exceeded rate limit due to too many requests.");
  reply.headers.emplace_back("X-Rate-Limit-Limit", fmt::format("{}", kSignInsPerSecond));
  reply.headers.emplace_back("X-Rate-Limit-Remaining", "0");
  reply.headers.emplace_back("X-Rate-Limit-Reset", fmt::format("{}", second + 1));
  return reply;
}

SimReply sign_in_with_token(Org& org, Call& call) {
  const OneTimeLink* link = org.sign_ins.links.find(call.body["token"].as_string());
  if (link == nullptr || link->purpose != LinkPurpose::activation ||
      link->expires.ms <= call.now.ms) {
    return sign_in_failed();
  }
  const UserIndex user = link->user;
  if (org.directory.user(user).status != AccountStatus::provisioned) return sign_in_failed();
  const std::string token = begin_transaction(org, call, user, SignInState::password_reset);
  org.sign_ins.transactions[token].recovery_type = "ACCOUNT_ACTIVATION";
  return show_transaction(org, call, token);
}

SimReply sign_in_with_password(Org& org, Call& call) {
  const std::string_view name = call.body["username"].as_string();
  if (auto refused = refuse_pace(org, call, name)) return std::move(*refused);
  const auto index = name == "me" ? std::nullopt : find_user(org, call, name);
  if (!index) return sign_in_failed();
  unlock_by_time(org, *index, call.now);
  if (auto refused = refuse_status(org, call, *index)) return std::move(*refused);
  if (!password_is(org, *index, call.body["password"])) return count_failure(org, call, *index);
  if (sign_on_verdict(org, *index) == SignOnVerdict::deny) return sign_in_failed();
  const bool active = org.directory.user(*index).status == AccountStatus::active;
  if (active && days_left(org, *index, call.now).value_or(1) <= 0) {
    // Expiry is found at sign-in, never swept (FACTS 5.1).
    OrgUser& expired = org.directory.change_user(*index, call.now);
    expired.status = AccountStatus::password_expired;
    expired.last_updated = call.now;
  }
  const std::string token = begin_transaction(org, call, *index, SignInState::mfa_required);
  org.sign_ins.transactions[token].warn =
      call.body["options"]["warnBeforePasswordExpired"].as_bool();
  return advance_transaction(org, call, token);
}

}  // namespace

std::string_view to_string(SignInState state) {
  switch (state) {
    case SignInState::mfa_required:
      return "MFA_REQUIRED";
    case SignInState::mfa_challenge:
      return "MFA_CHALLENGE";
    case SignInState::mfa_enroll:
      return "MFA_ENROLL";
    case SignInState::mfa_enroll_activate:
      return "MFA_ENROLL_ACTIVATE";
    case SignInState::password_warn:
      return "PASSWORD_WARN";
    case SignInState::password_expired:
      return "PASSWORD_EXPIRED";
    case SignInState::password_reset:
      return "PASSWORD_RESET";
    case SignInState::recovery:
      return "RECOVERY";
    case SignInState::recovery_challenge:
      return "RECOVERY_CHALLENGE";
  }
  return "UNAUTHENTICATED";
}

Json embedded_user(const Org& org, UserIndex index) {
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
  return who.set("profile", std::move(profile));
}

Step take_step(Org& org, const Call& call, std::initializer_list<SignInState> allowed) {
  Step step;
  if (!call.body_ok || !call.body.is_object()) {
    step.refused = malformed_body();
    return step;
  }
  step.token = std::string(call.body["stateToken"].as_string());
  const auto found = org.sign_ins.transactions.find(step.token);
  if (found == org.sign_ins.transactions.end() || found->second.expires.ms <= call.now.ms) {
    step.refused = error_reply(401, "E0000011", "Invalid token provided");
    return step;
  }
  if (!may_go_on(org, found->second)) {
    org.sign_ins.transactions.erase(found);
    step.refused = sign_in_failed();
    return step;
  }
  if (std::find(allowed.begin(), allowed.end(), found->second.state) == allowed.end()) {
    const std::string text = "This operation is not allowed in the current authentication state.";
    step.refused = error_reply(403, "E0000079", text, {text});
    return step;
  }
  step.transaction = &found->second;
  step.transaction->expires = call.now + kStateMs;  // it slides
  return step;
}

std::string begin_transaction(Org& org, const Call& call, std::optional<UserIndex> user,
                              SignInState state) {
  std::string token = "00" + org.ids.token(36);
  Transaction& made = org.sign_ins.transactions[token];
  made.user = user;
  made.state = state;
  made.expires = call.now + kStateMs;
  return token;
}

SimReply show_transaction(Org& org, Call& call, const std::string& token) {
  const Transaction& t = org.sign_ins.transactions[token];
  if (t.user) call.result_ids = {org.directory.user(*t.user).id};
  Json out = Json::object();
  out.set("stateToken", token).set("expiresAt", okta_second(t.expires));
  out.set("status", to_string(t.state));
  if (!t.recovery_type.empty()) out.set("recoveryType", t.recovery_type);
  if (t.state == SignInState::recovery_challenge) out.set("factorType", t.recovery_factor);
  Json embedded = embedded_of(org, call, t);
  if (!embedded.members().empty()) out.set("_embedded", std::move(embedded));
  return json_reply(200, out.set("_links", links_of(call, t)));
}

SimReply advance_transaction(Org& org, Call& call, const std::string& token) {
  Transaction& t = org.sign_ins.transactions[token];
  const UserIndex user = *t.user;
  if (auto refused = refuse_status(org, call, user)) {
    org.sign_ins.transactions.erase(token);
    return std::move(*refused);
  }
  const bool wants_factor = !t.factor_done && sign_on_verdict(org, user) == SignOnVerdict::factor;
  const bool expired = org.directory.user(user).status == AccountStatus::password_expired;
  const Json age = password_policy(org, user)["age"];
  const auto left = days_left(org, user, call.now);
  const bool warns = t.warn && !t.warned && left && *left <= age["expireWarnDays"].as_int();
  t.factor_id.clear();
  // A factor that is enrolled is asked for before an expired password is changed.
  if (wants_factor && has_active_factor(org, user)) {
    t.state = SignInState::mfa_required;
  } else if (expired) {
    t.state = SignInState::password_expired;
  } else if (warns) {
    t.state = SignInState::password_warn;
  } else if (wants_factor) {
    t.state = SignInState::mfa_enroll;
  } else {
    org.sign_ins.transactions.erase(token);
    return finish_sign_in(org, call, user);
  }
  return show_transaction(org, call, token);
}

std::optional<SimReply> refuse_code(Org& org, const Call& call, UserIndex user,
                                    std::string_view factor_type) {
  const bool mail = factor_type == "email";
  if (!mail && factor_type != "sms" && factor_type != "call") return std::nullopt;
  WallTime& sent = org.sign_ins.code_sent[fast_hash(fmt::format("{} {}", user, factor_type))];
  const bool early = call.now.ms - sent.ms < (mail ? 5'000 : 30'000);
  if (early && org.settings.per_second_limits) {
    const std::string_view code = mail                   ? "E0000118"
                                  : factor_type == "sms" ? "E0000109"
                                                         : "E0000133";
    return error_reply(
        429, code,
        mail ? "An email was recently sent. Please wait 5 seconds before trying again."
             : "A code was recently sent. Please wait 30 seconds before trying again.");
  }
  sent = call.now;
  return std::nullopt;
}

SimReply sign_in(Org& org, Call& call) {
  if (!call.body_ok || !call.body.is_object()) return malformed_body();
  if (call.body["stateToken"].is_string()) {
    Step step =
        take_step(org, call,
                  {SignInState::mfa_required, SignInState::mfa_challenge, SignInState::mfa_enroll,
                   SignInState::mfa_enroll_activate, SignInState::password_warn,
                   SignInState::password_expired, SignInState::password_reset,
                   SignInState::recovery, SignInState::recovery_challenge});
    if (step.refused) return std::move(*step.refused);
    return show_transaction(org, call, step.token);
  }
  if (call.body["token"].is_string()) return sign_in_with_token(org, call);
  if (!call.body["username"].is_string()) return malformed_body();
  return sign_in_with_password(org, call);
}

SimReply sign_in_with_new_password(Org& org, Call& call) {
  Step step = take_step(org, call, {SignInState::password_expired, SignInState::password_warn});
  if (step.refused) return std::move(*step.refused);
  Json body = Json::object();
  body.set("oldPassword", object_of("value", call.body["oldPassword"]));
  body.set("newPassword", object_of("value", call.body["newPassword"]));
  const UserIndex user = *step.transaction->user;
  if (auto refused = replace_password(org, user, body, call.now)) return std::move(*refused);
  if (call.body["revokeSessions"].as_bool()) {
    std::erase_if(org.sign_ins.sessions, [&](const auto& one) { return one.second.user == user; });
  }
  return advance_transaction(org, call, step.token);
}

SimReply reset_password_in_sign_in(Org& org, Call& call) {
  Step step = take_step(org, call, {SignInState::password_reset});
  if (step.refused) return std::move(*step.refused);
  const UserIndex user = *step.transaction->user;
  const Json& fresh = call.body["newPassword"];
  if (auto refused = refuse_new_password(org, user, fresh)) return std::move(*refused);
  const bool activates = org.directory.user(user).status == AccountStatus::provisioned;
  // It does not unlock: people unlock their account first (support.okta.com, "Self-Service
  // Password Reset: User Not Getting SMS Or Voice Call").
  set_password(org, user, fresh, call.now);
  if (activates) {
    OrgUser& activated = org.directory.change_user(user, call.now);
    activated.status = AccountStatus::active;
    activated.status_changed = call.now;
    log_event(org, call.now, "user.lifecycle.activate", {user_party(org, user)});
  }
  org.sign_ins.links.drop_user(user);
  return advance_transaction(org, call, step.token);
}

SimReply cancel_sign_in(Org& org, Call& call) {
  if (!call.body_ok || !call.body.is_object()) return malformed_body();
  const auto found = org.sign_ins.transactions.find(call.body["stateToken"].as_string());
  if (found == org.sign_ins.transactions.end()) {
    return error_reply(401, "E0000011", "Invalid token provided");
  }
  org.sign_ins.transactions.erase(found);
  return json_reply(200, Json::object());
}

SimReply previous_sign_in(Org& org, Call& call) {
  Step step = take_step(org, call, {SignInState::mfa_challenge, SignInState::mfa_enroll_activate});
  if (step.refused) return std::move(*step.refused);
  Transaction& t = *step.transaction;
  if (t.state == SignInState::mfa_enroll_activate) {
    std::erase_if(org.factors[*t.user],
                  [&](const Factor& factor) { return factor.id == t.factor_id; });
    t.state = SignInState::mfa_enroll;
  } else {
    t.state = SignInState::mfa_required;
  }
  t.factor_id.clear();
  return show_transaction(org, call, step.token);
}

SimReply skip_sign_in(Org& org, Call& call) {
  Step step = take_step(org, call, {SignInState::password_warn});
  if (step.refused) return std::move(*step.refused);
  step.transaction->warned = true;
  return advance_transaction(org, call, step.token);
}

}  // namespace rollcall::sim

#include "connectors/okta/sign_in.h"

#include <fmt/core.h>

#include "connectors/okta/codec.h"
#include "connectors/okta/reply_headers.h"
#include "connectors/okta/status_codes.h"
#include "connectors/okta/totp.h"

namespace rollcall {
namespace {

constexpr std::string_view kTotp = "token:software:totp";

/// What stands between the account and a session, and who can remove it.
struct Obstacle {
  std::string_view state;
  const char* why;
};

constexpr Obstacle kObstacles[] = {
    {"LOCKED_OUT", "the account is locked out"},
    {"PASSWORD_EXPIRED", "the account's password has expired"},
    {"PASSWORD_WARN", "the account's password is about to expire, and Okta asks to change it"},
    {"PASSWORD_RESET", "the account's password is being reset"},
    {"RECOVERY", "the account is in recovery"},
    {"RECOVERY_CHALLENGE", "the account is in recovery"},
    {"MFA_ENROLL", "the org asks the account to enrol a factor"},
    {"MFA_ENROLL_ACTIVATE", "the account's factor is not activated yet"},
    {"MFA_CHALLENGE", "the factor waits for an answer that a program cannot give"},
    {"UNAUTHENTICATED", "the org did not begin the sign-in"},
};

const char* obstacle(std::string_view state) {
  for (const Obstacle& one : kObstacles) {
    if (one.state == state) return one.why;
  }
  return "the org answers with a state that this version does not know";
}

}  // namespace

SignIn::SignIn(SignInAccount account) : account_(std::move(account)) {}

std::optional<OktaRequest> SignIn::next() const {
  switch (stage_) {
    case Stage::password:
      return OktaRequest(Endpoint::authn_primary)
          .body(Json::object()
                    .set("username", account_.login)
                    .set("password", account_.password.reveal()));
    case Stage::factor:
      return OktaRequest(Endpoint::authn_verify_factor, {factor_id_})
          .body(Json::object()
                    .set("stateToken", state_token_)
                    .set("passCode", totp_code(*account_.totp, org_time_)));
    case Stage::session:
      return OktaRequest(Endpoint::create_session)
          .body(Json::object().set("sessionToken", session_token_));
    case Stage::close:
      return OktaRequest(Endpoint::revoke_session, {session_id_});
    case Stage::cancel:
      return OktaRequest(Endpoint::authn_cancel)
          .body(Json::object().set("stateToken", state_token_));
    case Stage::end:
      break;
  }
  return std::nullopt;
}

void SignIn::note(std::string what, std::string_view state) {
  steps_.push_back({std::move(what), std::string(state)});
}

/// Ends it, after what is open was cancelled.
void SignIn::stop(ErrorCode code, std::string why) {
  if (!error_) error_ = make_error(code, std::move(why));
  stage_ = state_token_.empty() || stage_ == Stage::cancel ? Stage::end : Stage::cancel;
}

void SignIn::give_up() {
  if (done() || stage_ == Stage::close || stage_ == Stage::cancel) return;
  stop(ErrorCode::run_stopped, "the sign-in was stopped from outside");
}

void SignIn::answered(const HttpExchange& exchange, WallTime now) {
  if (done()) return;
  const bool replied = exchange.reply.has_value();
  // A code is good for half a minute by the org's clock, not by ours.
  org_time_ = replied ? exchange.reply->date.value_or(now) : now;
  if (!replied || exchange.reply->status >= 300) return take_refusal(exchange);
  const auto body = parse_json(exchange.reply->body);
  const Json json = body ? *body : Json();
  switch (stage_) {
    case Stage::password:
    case Stage::factor:
      return take_state(json);
    case Stage::session:
      session_id_ = json["id"].as_string();
      session_made_ = !session_id_.empty();
      note("a session was made", json["status"].as_string());
      if (!session_made_) return stop(ErrorCode::okta_page_unreadable, "the session has no id");
      stage_ = Stage::close;
      return;
    case Stage::close:
      note("the session was closed", "CLOSED");
      stage_ = Stage::end;
      return;
    case Stage::cancel:
      note("the sign-in was cancelled", "CANCELLED");
      stage_ = Stage::end;
      return;
    case Stage::end:
      return;
  }
}

void SignIn::take_state(const Json& body) {
  const std::string state(body["status"].as_string());
  if (!body["stateToken"].as_string().empty()) state_token_ = body["stateToken"].as_string();
  note(stage_ == Stage::password ? "the password was accepted" : "the code was accepted", state);
  if (state == "SUCCESS") {
    state_token_.clear();  // the transaction has ended by itself
    session_token_ = body["sessionToken"].as_string();
    if (session_token_.empty()) {
      return stop(ErrorCode::okta_page_unreadable, "the sign-in gave no session token");
    }
    stage_ = Stage::session;
    return;
  }
  if (state == "MFA_REQUIRED" && !code_given_) return take_factor(body);
  // What Okta says of a step that did not succeed is no acceptance.
  steps_.back().what = "the org asks for more";
  stop(ErrorCode::sign_in_blocked, obstacle(state));
}

void SignIn::take_factor(const Json& body) {
  steps_.back().what = "the password was accepted; the org asks for a factor";
  for (const Json& factor : body["_embedded"]["factors"].items()) {
    if (factor["factorType"].as_string() == kTotp) factor_id_ = factor["id"].as_string();
  }
  if (!account_.totp) {
    return stop(ErrorCode::sign_in_factor_missing,
                "the org asks for a factor, and okta.sign_in_check.totp is not configured");
  }
  if (factor_id_.empty()) {
    return stop(ErrorCode::sign_in_factor_missing,
                "the org asks for a factor, and the account has no authenticator app enrolled");
  }
  code_given_ = true;
  stage_ = Stage::factor;
}

void SignIn::take_refusal(const HttpExchange& exchange) {
  const OktaError said = exchange.reply ? read_error(exchange.reply->body) : OktaError{};
  if (stage_ == Stage::cancel || stage_ == Stage::close) {
    // What we opened runs out by itself; that it was not closed is said all the same.
    note(stage_ == Stage::close ? "the session could not be closed"
                                : "the sign-in could not be cancelled",
         said.code);
    if (!error_) error_ = read_failure(exchange, row_of(next()->endpoint()).name);
    stage_ = Stage::end;
    return;
  }
  const std::string id = exchange.reply ? request_id(*exchange.reply) : std::string();
  const std::string suffix = id.empty() ? "" : ", request id " + id;
  if (said.code == "E0000004") {
    if (stage_ == Stage::password) {
      note("the password was refused", said.code);
      return stop(ErrorCode::sign_in_refused,
                  "the org refuses the account's login and password" + suffix);
    }
    note(stage_ == Stage::session ? "the session was refused" : "the code was refused", said.code);
    return stop(ErrorCode::sign_in_refused,
                "the org took the account's password and refuses what follows" + suffix);
  }
  if (said.code == "E0000068") {
    note("the code was refused", said.code);
    return stop(ErrorCode::sign_in_refused, "the org refuses the authenticator's code" + suffix);
  }
  if (said.code == "E0000069" || said.code == "E0000079") {
    note("the step was refused", said.code);
    return stop(ErrorCode::sign_in_blocked,
                said.code == "E0000069" ? "the account is locked out" : obstacle(""));
  }
  Error error = read_failure(exchange, row_of(next()->endpoint()).name);
  note("the step failed", said.code);
  if (!error_) error_ = std::move(error);
  stop(error_->code, {});
}

}  // namespace rollcall

// One sign-in through Okta's Authentication API, from password to a session that is closed again: a
// state machine that says which request comes next and takes its reply. Pure.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "connectors/http/message.h"
#include "connectors/okta/endpoints.h"
#include "service/base/clock.h"
#include "service/base/error.h"
#include "service/base/secret.h"

namespace rollcall {

struct SignInAccount {
  std::string login;
  Secret password;
  std::optional<Secret> totp;  // the bytes of the shared secret (totp_secret)
};

/// One thing that happened. `state` is Okta's word: SUCCESS, MFA_REQUIRED, E0000004, ...
struct SignInStep {
  std::string what;
  std::string state;
};

/// States after Okta's reference of the Authentication API: SUCCESS, MFA_REQUIRED, MFA_CHALLENGE,
/// MFA_ENROLL, MFA_ENROLL_ACTIVATE, PASSWORD_EXPIRED, PASSWORD_WARN, PASSWORD_RESET, RECOVERY,
/// RECOVERY_CHALLENGE, LOCKED_OUT, UNAUTHENTICATED. Whatever cannot go on is cancelled, so that no
/// transaction that the org told us of stays open. Never changes a password, enrols or skips
/// anything.
class SignIn {
 public:
  explicit SignIn(SignInAccount account);

  /// The request to make now, given until it is answered; nullopt once done.
  std::optional<OktaRequest> next() const;
  /// `now`: used for codes where the reply shows no Date.
  void answered(const HttpExchange& exchange, WallTime now);
  bool done() const { return stage_ == Stage::end; }
  /// Ends it early: what is left is to close what is open. Nothing is open where the reply to the
  /// request for a session is lost; such a session runs out by itself.
  void give_up();

  const std::vector<SignInStep>& steps() const { return steps_; }
  /// Why it did not succeed. Codes: sign_in.refused, sign_in.blocked, sign_in.factor_missing,
  /// okta.rate_limited, okta.server_error and others of read_failure.
  const std::optional<Error>& error() const { return error_; }
  /// Whether a session was made; it is closed before the end.
  bool signed_in() const { return session_made_; }

 private:
  enum class Stage { password, factor, session, close, cancel, end };
  void take_state(const Json& body);
  void take_factor(const Json& body);
  void take_refusal(const HttpExchange& exchange);
  void stop(ErrorCode code, std::string why);
  void note(std::string what, std::string_view state);

  SignInAccount account_;
  Stage stage_ = Stage::password;
  std::string state_token_, factor_id_, session_token_, session_id_;
  bool session_made_ = false;
  bool code_given_ = false;
  WallTime org_time_;
  std::vector<SignInStep> steps_;
  std::optional<Error> error_;
};

}  // namespace rollcall

// The Authentication API: sign-ins and recoveries as state machines behind a state token (FACTS
// 8.1; Okta's Authentication API reference).
#pragma once

#include <optional>
#include <string>

#include "tests/sim/org.h"

namespace rollcall::sim {

/// The transaction a body's state token names, prolonged; or 401, or 403 in another state. The 401
/// is also for whom somebody suspended, locked or deactivated meanwhile; it ends the transaction.
struct Step {
  std::string token;
  Transaction* transaction = nullptr;
  std::optional<SimReply> refused;
};
Step take_step(Org& org, const Call& call, std::initializer_list<SignInState> allowed);

/// A new transaction of that state, by its token.
std::string begin_transaction(Org& org, const Call& call, std::optional<UserIndex> user,
                              SignInState state);
/// The reply that shows a transaction as it stands.
SimReply show_transaction(Org& org, Call& call, const std::string& token);
/// Goes on to whatever the policies want next, or ends: with a session token, or without one for
/// who may not sign in.
SimReply advance_transaction(Org& org, Call& call, const std::string& token);
/// Whether the person's status is one to recover from: to unlock, or to set a password.
bool is_recoverable(const Org& org, UserIndex user, bool unlock);
/// The person as every reply embeds it.
Json embedded_user(const Org& org, UserIndex index);
/// 429 for a second code within half a minute (mail: five seconds).
std::optional<SimReply> refuse_code(Org& org, const Call& call, UserIndex user,
                                    std::string_view factor_type);

SimReply sign_in(Org& org, Call& call);
SimReply sign_in_with_new_password(Org& org, Call& call);
SimReply reset_password_in_sign_in(Org& org, Call& call);
SimReply cancel_sign_in(Org& org, Call& call);
SimReply previous_sign_in(Org& org, Call& call);
SimReply skip_sign_in(Org& org, Call& call);

SimReply enroll_in_sign_in(Org& org, Call& call);
SimReply activate_in_sign_in(Org& org, Call& call);
SimReply resend_in_sign_in(Org& org, Call& call);
SimReply verify_in_sign_in(Org& org, Call& call);

SimReply recover_password(Org& org, Call& call);
SimReply recover_unlock(Org& org, Call& call);
SimReply redeem_recovery_token(Org& org, Call& call);
SimReply answer_recovery(Org& org, Call& call);
SimReply verify_recovery(Org& org, Call& call);
SimReply resend_recovery(Org& org, Call& call);

}  // namespace rollcall::sim

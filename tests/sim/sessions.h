// Sign-ins under way, sessions, one-time links, and the credentials behind them (FACTS 8.1, 8.2).
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>

#include "service/base/clock.h"
#include "service/base/json.h"
#include "tests/sim/directory.h"
#include "tests/sim/reply.h"

namespace rollcall::sim {

struct Org;
struct Call;

struct Session {
  std::string id;
  UserIndex user = 0;
  WallTime created, expires;
};

/// A finished sign-in that is not yet a session.
struct SessionToken {
  UserIndex user = 0;
  WallTime expires;
};

enum class SignInState : std::uint8_t {
  mfa_required,
  mfa_challenge,
  mfa_enroll,
  mfa_enroll_activate,
  password_warn,
  password_expired,
  password_reset,
  recovery,
  recovery_challenge,
};
std::string_view to_string(SignInState state);

/// A sign-in or a recovery under way, known to its caller by a state token.
struct Transaction {
  std::optional<UserIndex> user;  // none: a recovery asked for by nobody we know
  WallTime expires;
  SignInState state = SignInState::mfa_required;
  std::string factor_id;                       // of a challenge or an activation
  std::string recovery_type, recovery_factor;  // PASSWORD, UNLOCK, ACCOUNT_ACTIVATION; SMS, CALL
  bool warn = false, warned = false, factor_done = false;
};

enum class LinkPurpose : std::uint8_t { activation, reset, unlock };
/// What a mail or an administrator hands to a person; good until it was used.
struct OneTimeLink {
  UserIndex user = 0;
  LinkPurpose purpose = LinkPurpose::activation;
  WallTime expires;
};

/// The links that are still good: one for each purpose of a person.
class LinkBook {
 public:
  /// Takes the place of an older one for the same purpose.
  void put(std::string token, const OneTimeLink& link);
  /// nullptr: no such link.
  const OneTimeLink* find(std::string_view token) const;
  void drop(std::string_view token);
  void drop_user(UserIndex user);
  void drop_expired(WallTime now);
  std::size_t size() const { return links_.size(); }

 private:
  std::map<std::string, OneTimeLink, std::less<>> links_;
  std::map<std::pair<UserIndex, LinkPurpose>, std::string> tokens_;
};

struct SignIns {
  // Hashes of what this org was told; imported passwords are not known and never match.
  std::unordered_map<UserIndex, std::uint64_t> passwords, answers;
  std::unordered_map<UserIndex, std::int64_t> failures;
  std::map<std::string, SessionToken, std::less<>> session_tokens;
  std::map<std::string, Transaction, std::less<>> transactions;
  LinkBook links;
  std::map<std::string, Session, std::less<>> sessions;
  /// Sign-ins of one name within the second, and when a code last went out: for limits.
  std::unordered_map<std::uint64_t, std::pair<std::int64_t, int>> in_second;
  std::unordered_map<std::uint64_t, WallTime> code_sent;
  WallTime swept;  // when what had expired was last dropped
};

/// Keeps the password and answer of a body's credentials for later sign-ins.
void remember_secrets(Org& org, UserIndex user, const Json& credentials);
bool password_is(const Org& org, UserIndex user, const Json& value);
/// Whether somebody in that status gets in. It is asked again at each step: a sign-in under way
/// does not outlive a suspension.
bool may_sign_in(const Org& org, UserIndex user);
/// 403 E0000014 if the rules for passwords do not allow it.
std::optional<SimReply> refuse_new_password(const Org& org, UserIndex user, const Json& value);
void set_password(Org& org, UserIndex index, const Json& value, WallTime now);
/// Changes a password as its owner does, old and new in `body`; nullopt: done.
std::optional<SimReply> replace_password(Org& org, UserIndex user, const Json& body, WallTime now);
/// Ends everything the user is signed in to.
void end_sessions(Org& org, UserIndex user, WallTime now);
/// A new link; an older one for the same purpose is good no longer.
std::string new_link(Org& org, LinkPurpose purpose, UserIndex user, WallTime now);
/// Counts a wrong password and gives how many in a row it was. Of 200,000 people it knows.
std::int64_t note_failure(SignIns& held, UserIndex user);
/// Drops what has expired, once a minute.
void forget_sign_ins(Org& org, WallTime now);

SimReply create_session(Org& org, Call& call);
SimReply get_session(Org& org, Call& call);
SimReply refresh_session(Org& org, Call& call);
SimReply close_session(Org& org, Call& call);
/// The same for the session that the request's `sid` cookie names, without any other credential.
SimReply get_my_session(Org& org, Call& call);
SimReply refresh_my_session(Org& org, Call& call);
SimReply close_my_session(Org& org, Call& call);

SimReply change_password(Org& org, Call& call);
SimReply change_recovery_question(Org& org, Call& call);
SimReply forgot_password(Org& org, Call& call);
SimReply forgot_password_with_answer(Org& org, Call& call);

}  // namespace rollcall::sim

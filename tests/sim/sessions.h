// Signing in, sessions, and the credentials behind both (FACTS 8.1, 8.2).
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

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

/// A sign-in under way (`state`) or finished and not yet a session.
struct SignInToken {
  UserIndex user = 0;
  WallTime expires;
  bool state = false;
};

struct SignIns {
  // Hashes of what this org was told; imported passwords are not known and never match.
  std::unordered_map<UserIndex, std::uint64_t> passwords, answers;
  std::unordered_map<UserIndex, std::int64_t> failures;
  std::map<std::string, SignInToken, std::less<>> tokens;
  std::map<std::string, Session, std::less<>> sessions;
};

/// Keeps the password and answer of a body's credentials for later sign-ins.
void remember_secrets(Org& org, UserIndex user, const Json& credentials);
/// Changes a password as its owner does, old and new in `body`; nullopt: done.
std::optional<SimReply> replace_password(Org& org, UserIndex user, const Json& body, WallTime now);
/// Ends everything the user is signed in to.
void end_sessions(Org& org, UserIndex user, WallTime now);

SimReply sign_in(Org& org, Call& call);
SimReply sign_in_with_new_password(Org& org, Call& call);
SimReply cancel_sign_in(Org& org, Call& call);
SimReply create_session(Org& org, Call& call);
SimReply get_session(Org& org, Call& call);
SimReply refresh_session(Org& org, Call& call);
SimReply close_session(Org& org, Call& call);

SimReply change_password(Org& org, Call& call);
SimReply change_recovery_question(Org& org, Call& call);
SimReply forgot_password(Org& org, Call& call);
SimReply forgot_password_with_answer(Org& org, Call& call);

}  // namespace rollcall::sim

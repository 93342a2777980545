// Users: how they look on the wire and every operation on them.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "tests/sim/org.h"

namespace rollcall::sim {

enum class Links : bool { self_only, full };

/// Appends the user's JSON.
void render_user(std::string& out, const Org& org, const Call& call, const OrgUser& user,
                 Links links);
/// What names the user's state as it is shown (FACTS 1).
std::string etag_of(const Org& org, const Call& call, const OrgUser& user);
/// By id, login or unambiguous shortname, or "me".
std::optional<UserIndex> find_user(const Org& org, const Call& call, std::string_view key);
/// Still in an asynchronous activation.
bool is_activating(const OrgUser& user, WallTime now);
/// The profile changed or the user appeared: group rules look at it after their delay.
void user_changed(Org& org, UserIndex index, WallTime now);
/// `token`: of the link in it, if it has one.
void send_mail(Org& org, std::string_view kind, UserIndex index, WallTime now,
               std::string token = {});

SimReply create_user(Org& org, Call& call);
SimReply get_user(Org& org, Call& call);
SimReply update_user(Org& org, Call& call);
SimReply replace_user(Org& org, Call& call);
SimReply delete_user(Org& org, Call& call);
SimReply list_users(Org& org, Call& call);
SimReply list_user_groups(Org& org, Call& call);
SimReply revoke_sessions(Org& org, Call& call);

SimReply activate_user(Org& org, Call& call);
SimReply reactivate_user(Org& org, Call& call);
SimReply deactivate_user(Org& org, Call& call);
SimReply suspend_user(Org& org, Call& call);
SimReply unsuspend_user(Org& org, Call& call);
SimReply unlock_user(Org& org, Call& call);
SimReply expire_password(Org& org, Call& call);
SimReply expire_password_with_temp(Org& org, Call& call);
SimReply reset_password(Org& org, Call& call);
SimReply reset_factors(Org& org, Call& call);

/// Shared by deactivate and delete.
void deprovision(Org& org, UserIndex index, WallTime now);

/// Okta's default password rules (at least 8, an upper and a lower case letter, a digit, no part
/// of the login of 4 characters or more, at most 72).
bool password_allowed(std::string_view password, std::string_view login);

}  // namespace rollcall::sim

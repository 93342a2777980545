// What people and apps consented to, the refresh tokens that came of it, devices and blocks: no
// client of this org asks a person, so there never are any. Lists are empty, revoking finds
// nothing.
#pragma once

#include "tests/sim/reply.h"

namespace rollcall::sim {

struct Org;
struct Call;

SimReply list_none_of_user(Org& org, Call& call);
SimReply revoke_none_of_user(Org& org, Call& call);
SimReply list_none_of_app(Org& org, Call& call);
SimReply revoke_none_of_app(Org& org, Call& call);

}  // namespace rollcall::sim

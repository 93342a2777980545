// The org itself, its schema, and who holds admin roles.
#pragma once

#include "tests/sim/org.h"

namespace rollcall::sim {

SimReply get_org(Org& org, Call& call);
SimReply get_schema(Org& org, Call& call);
SimReply change_schema(Org& org, Call& call);
SimReply list_role_holders(Org& org, Call& call);

/// A role assignment as Okta shows it, for example of type "SUPER_ADMIN".
Json make_role(Org& org, std::string_view type, std::string_view assignment_type, WallTime now);

}  // namespace rollcall::sim

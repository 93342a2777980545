// The org itself and its schema.
#pragma once

#include "tests/sim/org.h"

namespace rollcall::sim {

SimReply get_org(Org& org, Call& call);
SimReply get_schema(Org& org, Call& call);
SimReply change_schema(Org& org, Call& call);

}  // namespace rollcall::sim

// What an org says of its own limits and credentials. Read only.
#pragma once

#include "tests/sim/org.h"

namespace rollcall::sim {

SimReply list_api_tokens(Org& org, Call& call);
SimReply list_principal_limits(Org& org, Call& call);
SimReply get_per_client_limits(Org& org, Call& call);
SimReply get_warning_threshold(Org& org, Call& call);
SimReply get_limit_notifications(Org& org, Call& call);

}  // namespace rollcall::sim

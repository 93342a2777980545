// Groups and their members.
#pragma once

#include "tests/sim/org.h"

namespace rollcall::sim {

void render_group(std::string& out, const Call& call, const OrgGroup& group);

SimReply create_group(Org& org, Call& call);
SimReply get_group(Org& org, Call& call);
SimReply replace_group(Org& org, Call& call);
SimReply delete_group(Org& org, Call& call);
SimReply list_groups(Org& org, Call& call);
SimReply list_members(Org& org, Call& call);
SimReply add_member(Org& org, Call& call);
SimReply remove_member(Org& org, Call& call);

}  // namespace rollcall::sim

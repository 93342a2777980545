// Profile mappings: which attribute of one profile is made from which of another (FACTS 10). Each
// app has two, from it and to it; they are kept and shown, and move no data here.
#pragma once

#include "tests/sim/reply.h"

namespace rollcall::sim {

struct Org;
struct Call;

SimReply list_mappings(Org& org, Call& call);
SimReply get_mapping(Org& org, Call& call);
SimReply change_mapping(Org& org, Call& call);

}  // namespace rollcall::sim

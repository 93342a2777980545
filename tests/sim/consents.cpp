#include "tests/sim/consents.h"

#include "tests/sim/org.h"
#include "tests/sim/users.h"

namespace rollcall::sim {
namespace {

SimReply none_of_user(Org& org, Call& call, bool list) {
  if (!find_user(org, call, call.path_ids[0])) return not_found(call.path_ids[0], "User");
  return list ? json_reply(200, Json::array()) : no_content();
}

SimReply none_of_app(Org& org, Call& call, bool list) {
  if (find_app(org, call.path_ids[0]) == nullptr) {
    return not_found(call.path_ids[0], "AppInstance");
  }
  return list ? json_reply(200, Json::array()) : no_content();
}

}  // namespace

SimReply list_none_of_user(Org& org, Call& call) { return none_of_user(org, call, true); }
SimReply revoke_none_of_user(Org& org, Call& call) { return none_of_user(org, call, false); }
SimReply list_none_of_app(Org& org, Call& call) { return none_of_app(org, call, true); }
SimReply revoke_none_of_app(Org& org, Call& call) { return none_of_app(org, call, false); }

}  // namespace rollcall::sim

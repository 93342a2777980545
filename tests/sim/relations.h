// Owners of groups, linked objects between people, and types of users (FACTS 6, 10).
#pragma once

#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "service/base/clock.h"
#include "service/base/json.h"
#include "tests/sim/directory.h"
#include "tests/sim/reply.h"

namespace rollcall::sim {

struct Org;
struct Call;

struct LinkKind {
  Json primary, associated;               // name, title, description
  std::map<UserIndex, UserIndex> values;  // associated person -> primary person
};

struct ExtraUserType {
  std::string id, name, display_name, description, made_by;
  WallTime created, last_updated;
};

struct Relations {
  std::map<std::string, std::vector<Json>> owners;  // group id -> owner objects
  std::vector<LinkKind> links;
  std::vector<ExtraUserType> types;  // beyond the default one
  /// User id -> type id; whoever is not in here is of the default one.
  std::map<std::string, std::string, std::less<>> types_of_people;
};

std::string_view type_id_of(const Org& org, const OrgUser& user);
bool is_user_type(const Org& org, std::string_view id);

SimReply list_owners(Org& org, Call& call);
SimReply add_owner(Org& org, Call& call);
SimReply remove_owner(Org& org, Call& call);

SimReply list_link_kinds(Org& org, Call& call);
SimReply create_link_kind(Org& org, Call& call);
SimReply get_link_kind(Org& org, Call& call);
SimReply delete_link_kind(Org& org, Call& call);
SimReply set_link(Org& org, Call& call);
SimReply get_link(Org& org, Call& call);
SimReply remove_link(Org& org, Call& call);

SimReply list_user_types(Org& org, Call& call);
SimReply create_user_type(Org& org, Call& call);
SimReply get_user_type(Org& org, Call& call);
SimReply change_user_type(Org& org, Call& call);
SimReply replace_user_type(Org& org, Call& call);
SimReply delete_user_type(Org& org, Call& call);

}  // namespace rollcall::sim

// Applications, who has them directly and through groups (FACTS 7).
#pragma once

#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "service/base/clock.h"
#include "service/base/json.h"
#include "tests/sim/directory.h"
#include "tests/sim/reply.h"

namespace rollcall::sim {

struct Org;
struct Call;

/// One person's record in one app.
struct AppUser {
  std::string record;  // 0ua…: what cursors are made of
  UserIndex user = 0;
  WallTime created, last_updated, status_changed, password_changed;
  std::string user_name;
  Json profile = Json::object();
  bool direct = true;  // scope USER; otherwise GROUP
  bool exists = true;
};

struct AppGroup {
  GroupIndex group = 0;
  std::int64_t priority = 0;
  Json profile = Json::object();
  WallTime last_updated;
};

struct OrgApp {
  std::string id;
  std::string name;  // of the kind of app, for example "bookmark"
  std::string sign_on_mode;
  Json body;  // everything that administrators set
  WallTime created, last_updated;
  std::string access_policy;  // its sign-in policy; empty: the org's default one
  bool active = true;
  bool exists = true;
  std::vector<AppUser> users;  // in the order of assignment
  std::unordered_map<UserIndex, std::size_t> user_slots;
  std::vector<AppGroup> groups;

  std::string_view label() const { return body["label"].as_string(); }
  const AppUser* user(UserIndex index) const;
};

using AppBook = std::deque<OrgApp>;

OrgApp* find_app(Org& org, std::string_view id);
Json app_json(const Org& org, const Call& call, const OrgApp& app);
/// What an app of that body would be; or the refusal.
std::optional<SimReply> take_app(Org& org, const Json& body, OrgApp& app);
Json app_user_json(const Org& org, const Call& call, const OrgApp& app, const AppUser& user);

/// Gives or takes `user`'s apps as its groups and status have it now.
void reconcile_apps(Org& org, UserIndex user, WallTime now);
/// The user lost every assignment, as deactivation does.
void remove_all_apps(Org& org, UserIndex user, WallTime now);
void reconcile_one_app(Org& org, OrgApp& app, UserIndex user, WallTime now);
/// The same for everyone who has the app through a group.
void reconcile_group_scope(Org& org, OrgApp& app, WallTime now);
/// A group went.
void drop_group_from_apps(Org& org, GroupIndex group, WallTime now);
/// Memberships changed since the last call: events, and apps that hang on them.
void settle_memberships(Org& org, WallTime now);
/// For loading an org: `user` gets the app without a request.
AppUser& put_app_user(Org& org, OrgApp& app, UserIndex user, bool direct, WallTime now);

SimReply list_apps(Org& org, Call& call);
SimReply create_app(Org& org, Call& call);
SimReply get_app(Org& org, Call& call);
SimReply replace_app(Org& org, Call& call);
SimReply delete_app(Org& org, Call& call);
SimReply activate_app(Org& org, Call& call);
SimReply deactivate_app(Org& org, Call& call);

SimReply list_app_users(Org& org, Call& call);
SimReply assign_app_user(Org& org, Call& call);
SimReply get_app_user(Org& org, Call& call);
SimReply update_app_user(Org& org, Call& call);
SimReply unassign_app_user(Org& org, Call& call);

SimReply list_app_groups(Org& org, Call& call);
SimReply get_app_group(Org& org, Call& call);
SimReply put_app_group(Org& org, Call& call);
SimReply patch_app_group(Org& org, Call& call);
SimReply remove_app_group(Org& org, Call& call);

SimReply list_group_apps(Org& org, Call& call);
SimReply list_app_links(Org& org, Call& call);

}  // namespace rollcall::sim

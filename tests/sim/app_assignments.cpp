// Who has an app: directly (scope USER) or through groups (scope GROUP), and how one becomes the
// other (FACTS 7.1, 7.2).
#include <fmt/core.h>

#include <algorithm>

#include "service/base/text.h"
#include "tests/sim/apps.h"
#include "tests/sim/json_parts.h"
#include "tests/sim/org.h"
#include "tests/sim/packed_json.h"
#include "tests/sim/system_log.h"

namespace rollcall::sim {
namespace {

/// The claims of an OpenID Connect client's people, and where the user's profile has them.
constexpr std::pair<std::string_view, std::string_view> kClaims[] = {
    {"street_address", "streetAddress"},
    {"country", "countryCode"},
    {"website", "profileUrl"},
    {"zoneinfo", "timezone"},
    {"birthdate", ""},
    {"gender", ""},
    {"formatted", ""},
    {"profile", ""},
    {"locality", "city"},
    {"given_name", "firstName"},
    {"middle_name", "middleName"},
    {"locale", "locale"},
    {"picture", ""},
    {"name", "displayName"},
    {"nickname", "nickName"},
    {"phone_number", "primaryPhone"},
    {"region", "state"},
    {"postal_code", "zipCode"},
    {"family_name", "lastName"},
    {"email", "email"}};

Json mapped_profile(const OrgApp& app, const OrgUser& user) {
  Json profile = Json::object();
  if (app.sign_on_mode != "OPENID_CONNECT") return profile;
  for (const auto& [claim, attribute] : kClaims) {
    std::string text = attribute.empty() ? std::string() : packed_text(user.profile, attribute);
    if (claim == "name" && text.empty()) {
      text = packed_text(user.profile, "firstName") + " " + packed_text(user.profile, "lastName");
    }
    if (claim == "zoneinfo" && text.empty()) text = "America/Los_Angeles";
    if (claim == "locale" && text.empty()) text = "en_US";
    profile.set(claim, text.empty() ? Json() : Json(text));
  }
  return profile;
}

std::string user_name_for(const OrgApp& app, const OrgUser& user) {
  const std::string_view form = app.body["credentials"]["userNameTemplate"]["template"].as_string();
  std::string login = packed_text(user.profile, "login");
  if (form.find("source.email") != std::string_view::npos) {
    return packed_text(user.profile, "email");
  }
  if (form.find("substringBefore") != std::string_view::npos)
    login.resize(std::min(login.find('@'), login.size()));
  return login;
}

std::vector<LogParty> app_user_parties(const Org& org, const OrgApp& app, const AppUser& held) {
  const LogParty user = user_party(org, held.user);
  return {{held.record, "AppUser", held.user_name, user.display_name},
          {app.id, "AppInstance", std::string(app.label()), std::string(app.label())},
          user};
}

/// The group through which the user has the app: the one of the lowest priority number.
const AppGroup* group_giving(const Org& org, const OrgApp& app, UserIndex user) {
  const OrgUser& subject = org.directory.user(user);
  const bool takes_part = subject.exists && subject.status != AccountStatus::deprovisioned &&
                          subject.status != AccountStatus::staged;
  if (!takes_part) return nullptr;
  const AppGroup* best = nullptr;
  for (const AppGroup& held : app.groups) {
    if (!org.directory.is_member(held.group, user)) continue;
    if (best == nullptr || held.priority < best->priority) best = &held;
  }
  return best;
}

void take_app_user_away(Org& org, OrgApp& app, UserIndex user, WallTime now) {
  const auto found = app.user_slots.find(user);
  if (found == app.user_slots.end()) return;
  AppUser& held = app.users[found->second];
  log_event(org, now, "application.user_membership.remove", app_user_parties(org, app, held));
  held.exists = false;
  app.user_slots.erase(found);
}

}  // namespace

AppUser& put_app_user(Org& org, OrgApp& app, UserIndex user, bool direct, WallTime now) {
  AppUser held;
  held.record = org.ids.object("0ua");
  held.user = user;
  held.direct = direct;
  held.created = held.last_updated = held.status_changed = now;
  held.user_name = user_name_for(app, org.directory.user(user));
  held.profile = mapped_profile(app, org.directory.user(user));
  app.user_slots[user] = app.users.size();
  app.users.push_back(std::move(held));
  return app.users.back();
}

void reconcile_one_app(Org& org, OrgApp& app, UserIndex user, WallTime now) {
  const AppUser* held = app.user(user);
  const AppGroup* giver = group_giving(org, app, user);
  if (giver != nullptr && held == nullptr) {
    AppUser& made = put_app_user(org, app, user, false, now);
    merge_into(made.profile, giver->profile);
    log_event(org, now, "application.user_membership.add", app_user_parties(org, app, made));
  } else if (giver == nullptr && held != nullptr && !held->direct) {
    take_app_user_away(org, app, user, now);
  }
}

void reconcile_apps(Org& org, UserIndex user, WallTime now) {
  for (OrgApp& app : org.apps) {
    if (app.exists && !app.groups.empty()) reconcile_one_app(org, app, user, now);
  }
}

void remove_all_apps(Org& org, UserIndex user, WallTime now) {
  for (OrgApp& app : org.apps) take_app_user_away(org, app, user, now);
}

void reconcile_group_scope(Org& org, OrgApp& app, WallTime now) {
  std::vector<UserIndex> through_groups;
  for (const AppUser& held : app.users) {
    if (held.exists && !held.direct) through_groups.push_back(held.user);
  }
  for (const UserIndex user : through_groups) reconcile_one_app(org, app, user, now);
}

void drop_group_from_apps(Org& org, GroupIndex group, WallTime now) {
  for (OrgApp& app : org.apps) {
    const std::size_t before = app.groups.size();
    std::erase_if(app.groups, [&](const AppGroup& held) { return held.group == group; });
    if (app.groups.size() != before) reconcile_group_scope(org, app, now);
  }
}

void settle_memberships(Org& org, WallTime now) {
  for (const MembershipChange& change : org.directory.take_changes()) {
    const OrgUser& user = org.directory.user(change.user);
    if (!user.exists) continue;
    log_event(org, now, change.added ? "group.user_membership.add" : "group.user_membership.remove",
              {user_party(org, change.user), group_party(org, change.group)});
    reconcile_apps(org, change.user, now);
  }
}

namespace {

/// App and person of a path below /apps/{id}/users, or the refusal.
struct Assignment {
  OrgApp* app = nullptr;
  UserIndex user = 0;
  AppUser* held = nullptr;
  std::optional<SimReply> refused;
};

Assignment assignment_of(Org& org, const Call& call) {
  Assignment found;
  found.app = find_app(org, call.path_ids[0]);
  if (found.app == nullptr) {
    found.refused = not_found(call.path_ids[0], "AppInstance");
    return found;
  }
  const auto user = org.directory.user_by_id(call.path_ids[1]);
  const auto slot = user ? found.app->user_slots.find(*user) : found.app->user_slots.end();
  if (slot == found.app->user_slots.end()) {
    found.refused = not_found(call.path_ids[1], user ? "AppUser" : "User");
    return found;
  }
  found.user = *user;
  found.held = &found.app->users[slot->second];
  return found;
}

/// Takes credentials and profile of a body; nullopt: done.
std::optional<SimReply> take_assignment(const OrgApp& app, const Json& body, AppUser& held,
                                        WallTime now) {
  const Json& credentials = body["credentials"];
  const bool password =
      !credentials["password"]["value"].is_null() || credentials["password"].is_string();
  const std::string_view scheme = app.body["credentials"]["scheme"].as_string();
  if (password && scheme.empty()) {
    return error_reply(400, "E0000041",
                       "Credentials should not be set on this resource based on the scheme.");
  }
  if (password) held.password_changed = now;
  const std::string_view name = credentials["userName"].as_string();
  if (!name.empty()) held.user_name = std::string(name);
  merge_into(held.profile, body["profile"]);
  return std::nullopt;
}

}  // namespace

Json app_user_json(const Org& org, const Call& call, const OrgApp& app, const AppUser& held) {
  const std::string& user_id = org.directory.user(held.user).id;
  Json credentials = object_of("userName", Json(held.user_name));
  if (held.password_changed.ms != 0) credentials.set("password", Json::object());
  Json links = Json::object();
  links.set("app", href_of(fmt::format("{}/api/v1/apps/{}", call.base_url, app.id)));
  links.set("user", href_of(fmt::format("{}/api/v1/users/{}", call.base_url, user_id)));
  Json out = Json::object();
  out.set("id", user_id).set("externalId", nullptr).set("created", okta_second(held.created));
  out.set("lastUpdated", okta_second(held.last_updated));
  out.set("scope", held.direct ? "USER" : "GROUP").set("status", "ACTIVE");
  out.set("statusChanged", okta_second(held.status_changed));
  out.set("passwordChanged", second_or_null(held.password_changed)).set("syncState", "DISABLED");
  out.set("credentials", std::move(credentials)).set("profile", held.profile);
  out.set("_links", std::move(links));
  return out;
}

SimReply assign_app_user(Org& org, Call& call) {
  OrgApp* app = find_app(org, call.path_ids[0]);
  if (app == nullptr) return not_found(call.path_ids[0], "AppInstance");
  if (!call.body_ok || !call.body.is_object()) return malformed_body();
  const std::string id(call.body["id"].as_string());
  if (id.empty()) return validation_failed("id", {"id: The field cannot be left blank"});
  const auto user = org.directory.user_by_id(id);
  if (!user) return not_found(id, "User");
  if (org.directory.user(*user).status == AccountStatus::deprovisioned) {
    return error_reply(403, "E0000117", "Cannot assign apps to an inactive user");
  }
  const auto slot = app->user_slots.find(*user);
  const bool fresh = slot == app->user_slots.end();
  AppUser trial;
  if (auto refused = take_assignment(*app, call.body, trial, call.now)) return std::move(*refused);
  AppUser& held = fresh ? put_app_user(org, *app, *user, true, call.now) : app->users[slot->second];
  (void)take_assignment(*app, call.body, held, call.now);
  held.direct = held.direct || call.body["scope"].as_string("USER") == "USER";
  if (!fresh) held.last_updated = call.now;
  call.result_ids = {app->id, id};
  log_event(org, call.now,
            fresh ? "application.user_membership.add" : "application.user_membership.update",
            app_user_parties(org, *app, held));
  return json_reply(200, app_user_json(org, call, *app, held));
}

SimReply get_app_user(Org& org, Call& call) {
  Assignment found = assignment_of(org, call);
  if (found.refused) return std::move(*found.refused);
  return json_reply(200, app_user_json(org, call, *found.app, *found.held));
}

SimReply update_app_user(Org& org, Call& call) {
  Assignment found = assignment_of(org, call);
  if (found.refused) return std::move(*found.refused);
  if (!call.body_ok || !call.body.is_object()) return malformed_body();
  if (auto refused = take_assignment(*found.app, call.body, *found.held, call.now)) {
    return std::move(*refused);
  }
  if (call.body["scope"].as_string() == "USER") found.held->direct = true;
  found.held->last_updated = call.now;
  call.result_ids = {found.app->id, call.path_ids[1]};
  log_event(org, call.now, "application.user_membership.update",
            app_user_parties(org, *found.app, *found.held));
  return json_reply(200, app_user_json(org, call, *found.app, *found.held));
}

SimReply unassign_app_user(Org& org, Call& call) {
  Assignment found = assignment_of(org, call);
  if (found.refused) return std::move(*found.refused);
  take_app_user_away(org, *found.app, found.user, call.now);
  // Who is in an assigned group has it again at once, through the group.
  reconcile_one_app(org, *found.app, found.user, call.now);
  call.result_ids = {found.app->id, call.path_ids[1]};
  return no_content();
}

}  // namespace rollcall::sim

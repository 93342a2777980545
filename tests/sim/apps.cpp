#include "tests/sim/apps.h"

#include <fmt/core.h>

#include <algorithm>

#include "service/base/text.h"
#include "tests/sim/json_parts.h"
#include "tests/sim/listing.h"
#include "tests/sim/org.h"
#include "tests/sim/system_log.h"

namespace rollcall::sim {
namespace {

constexpr std::size_t kDefaultApps = 20, kMaxApps = 200;

LogParty app_party_of(const OrgApp& app) {
  return {app.id, "AppInstance", std::string(app.label()), std::string(app.label())};
}

/// The app of the path, or the refusal.
struct AppTarget {
  OrgApp* app = nullptr;
  std::optional<SimReply> refused;
};

AppTarget app_target(Org& org, const Call& call) {
  AppTarget target;
  target.app = find_app(org, call.path_ids[0]);
  if (target.app == nullptr) target.refused = not_found(call.path_ids[0], "AppInstance");
  return target;
}

/// `filter` of the listing: one comparison of equality (FACTS 7).
struct AppFilter {
  std::string name, value;
};

std::optional<AppFilter> parse_app_filter(std::string_view text) {
  const std::size_t eq = text.find(" eq \"");
  if (eq == std::string_view::npos || text.size() < eq + 6 || text.back() != '"') {
    return std::nullopt;
  }
  AppFilter filter{std::string(text.substr(0, eq)),
                   std::string(text.substr(eq + 5, text.size() - eq - 6))};
  for (const char* known :
       {"status", "name", "id", "user.id", "group.id", "credentials.signing.kid"}) {
    if (filter.name == known && filter.value.find('"') == std::string::npos) return filter;
  }
  return std::nullopt;
}

bool passes(const Org& org, const OrgApp& app, const AppFilter& filter) {
  if (filter.name == "status") return filter.value == (app.active ? "ACTIVE" : "INACTIVE");
  if (filter.name == "name") return filter.value == app.name;
  if (filter.name == "id") return filter.value == app.id;
  if (filter.name == "user.id") {
    const auto user = org.directory.user_by_id(filter.value);
    return user && app.user(*user) != nullptr;
  }
  if (filter.name == "group.id") {
    return std::any_of(app.groups.begin(), app.groups.end(), [&](const AppGroup& held) {
      return org.directory.group(held.group).id == filter.value;
    });
  }
  return filter.value == app.body["credentials"]["signing"]["kid"].as_string();
}

bool begins_with(std::string_view text, std::string_view folded) {
  return fold_case(text).substr(0, folded.size()) == folded;
}

SimReply set_active(Org& org, Call& call, bool active) {
  AppTarget target = app_target(org, call);
  if (target.refused) return std::move(*target.refused);
  OrgApp& app = *target.app;
  if (app.active != active) {
    app.active = active;
    app.last_updated = call.now;
    log_event(org, call.now,
              active ? "application.lifecycle.activate" : "application.lifecycle.deactivate",
              {app_party_of(app)});
  }
  call.result_ids.push_back(app.id);
  return json_reply(200, Json::object());
}

}  // namespace

const AppUser* OrgApp::user(UserIndex index) const {
  const auto found = user_slots.find(index);
  return found == user_slots.end() ? nullptr : &users[found->second];
}

OrgApp* find_app(Org& org, std::string_view id) {
  const auto found = std::find_if(org.apps.begin(), org.apps.end(),
                                  [&](const OrgApp& app) { return app.exists && app.id == id; });
  return found == org.apps.end() ? nullptr : &*found;
}

SimReply list_apps(Org& org, Call& call) {
  std::optional<AppFilter> filter;
  if (!call.param("filter").empty()) {
    filter = parse_app_filter(call.param("filter"));
    if (!filter) return invalid_criteria();
  }
  const std::string q = fold_case(call.param("q"));
  // expand=user/{id} shows that user's assignment in each app that it filters for.
  std::optional<UserIndex> shown;
  const std::string_view expand = call.param("expand");
  if (expand.substr(0, 5) == "user/") shown = org.directory.user_by_id(expand.substr(5));
  PageRequest page = page_request(call, kDefaultApps, kMaxApps);
  page.mark.clear();  // the cursor is the plain id of an app
  std::size_t start = 0;
  if (!call.param("after").empty()) {
    const auto at = std::find_if(org.apps.begin(), org.apps.end(),
                                 [&](const OrgApp& app) { return app.id == call.param("after"); });
    if (at == org.apps.end()) return invalid_cursor();
    start = static_cast<std::size_t>(at - org.apps.begin()) + 1;
  }
  PageBody body(page);
  for (std::size_t i = start; i < org.apps.size() && !body.full(); ++i) {
    const OrgApp& app = org.apps[i];
    if (!app.exists || (filter && !passes(org, app, *filter))) continue;
    if (!call.access.covers_app(kAppsRead, app.id)) continue;
    if (!q.empty() && !begins_with(app.label(), q) && !begins_with(app.name, q)) continue;
    body.add(app.id, [&](std::string& out) {
      Json json = app_json(org, call, app);
      const AppUser* held = shown ? app.user(*shown) : nullptr;
      if (held != nullptr) {
        json.set("_embedded", object_of("user", app_user_json(org, call, app, *held)));
      }
      out += json.dump();
    });
  }
  return body.finish(call);
}

SimReply create_app(Org& org, Call& call) {
  if (!call.body_ok || !call.body.is_object()) return malformed_body();
  const auto existing =
      std::count_if(org.apps.begin(), org.apps.end(), [](const OrgApp& app) { return app.exists; });
  if (org.settings.max_apps > 0 && existing >= org.settings.max_apps) {
    return validation_failed(
        "generalSettings",
        {"Cannot create application instance. Maximum number of instances has been reached."});
  }
  OrgApp app;
  app.id = org.ids.object("0oa");
  app.created = app.last_updated = call.now;
  app.active = call.flag("activate", true);
  if (auto refused = take_app(org, call.body, app)) return std::move(*refused);
  call.result_ids.push_back(app.id);
  org.apps.push_back(std::move(app));
  log_event(org, call.now, "application.lifecycle.create", {app_party_of(org.apps.back())});
  return json_reply(200, app_json(org, call, org.apps.back()));
}

SimReply get_app(Org& org, Call& call) {
  AppTarget target = app_target(org, call);
  if (target.refused) return std::move(*target.refused);
  return json_reply(200, app_json(org, call, *target.app));
}

SimReply replace_app(Org& org, Call& call) {
  AppTarget target = app_target(org, call);
  if (target.refused) return std::move(*target.refused);
  if (!call.body_ok || !call.body.is_object()) return malformed_body();
  OrgApp changed;
  changed.id = target.app->id;
  changed.name = target.app->name;
  if (auto refused = take_app(org, call.body, changed)) return std::move(*refused);
  if (changed.sign_on_mode != target.app->sign_on_mode) {
    return validation_failed("signOnMode", {"signOnMode: The sign-on mode cannot be changed"});
  }
  target.app->body = std::move(changed.body);
  target.app->last_updated = call.now;
  call.result_ids.push_back(target.app->id);
  log_event(org, call.now, "application.lifecycle.update", {app_party_of(*target.app)});
  return json_reply(200, app_json(org, call, *target.app));
}

SimReply delete_app(Org& org, Call& call) {
  AppTarget target = app_target(org, call);
  if (target.refused) return std::move(*target.refused);
  OrgApp& app = *target.app;
  if (app.active) {
    return error_reply(403, "E0000056", "Delete application forbidden.",
                       {"The application must be deactivated before deletion."});
  }
  log_event(org, call.now, "application.lifecycle.delete", {app_party_of(app)});
  app.exists = false;
  app.users.clear();
  app.user_slots.clear();
  app.groups.clear();
  call.result_ids.push_back(app.id);
  return no_content();
}

SimReply activate_app(Org& org, Call& call) { return set_active(org, call, true); }

SimReply deactivate_app(Org& org, Call& call) { return set_active(org, call, false); }

SimReply list_group_apps(Org& org, Call& call) {
  const auto group = org.directory.group_by_id(call.path_ids[0]);
  if (!group) return not_found(call.path_ids[0], "UserGroup");
  PageRequest page = page_request(call, kDefaultApps, kMaxApps);
  page.mark.clear();
  PageBody body(page);
  bool reached = call.param("after").empty();
  for (const OrgApp& app : org.apps) {
    if (body.full()) break;
    const bool held = std::any_of(app.groups.begin(), app.groups.end(),
                                  [&](const AppGroup& one) { return one.group == *group; });
    if (reached && app.exists && held) {
      body.add(app.id, [&](std::string& out) { out += app_json(org, call, app).dump(); });
    }
    if (app.id == call.param("after")) reached = true;
  }
  return reached ? body.finish(call) : invalid_cursor();
}

SimReply list_app_links(Org& org, Call& call) {
  const auto user = org.directory.user_by_id(call.path_ids[0]);
  if (!user) return not_found(call.path_ids[0], "User");
  Json list = Json::array();
  for (const OrgApp& app : org.apps) {
    const AppUser* held = app.exists && app.active ? app.user(*user) : nullptr;
    if (held == nullptr) continue;
    for (const auto& [name, shown] : app.body["visibility"]["appLinks"].members()) {
      if (!shown.as_bool()) continue;
      Json link = Json::object();
      link.set("id", held->record).set("label", app.label());
      link.set("linkUrl", fmt::format("{}/home/{}/{}/1", call.base_url, app.name, app.id));
      link.set("logoUrl", call.base_url + "/assets/img/logos/app.png").set("appName", app.name);
      link.set("appInstanceId", app.id).set("appAssignmentId", held->record);
      link.set("credentialsSetup", false);
      link.set("hidden", app.body["visibility"]["hide"]["web"].as_bool());
      link.set("sortOrder", static_cast<std::int64_t>(list.items().size()));
      list.push(std::move(link));
    }
  }
  return json_reply(200, list);
}

}  // namespace rollcall::sim

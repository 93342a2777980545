// Groups that have an app, and the listings of both kinds of assignment (FACTS 7.2).
#include <fmt/core.h>

#include <algorithm>

#include "service/base/text.h"
#include "tests/sim/apps.h"
#include "tests/sim/json_parts.h"
#include "tests/sim/listing.h"
#include "tests/sim/org.h"
#include "tests/sim/system_log.h"
#include "tests/sim/users.h"

namespace rollcall::sim {
namespace {

constexpr std::int64_t kMaxPriority = 100;

Json app_group_json(const Org& org, const Call& call, const OrgApp& app, const AppGroup& held) {
  const std::string& id = org.directory.group(held.group).id;
  const std::string app_url = fmt::format("{}/api/v1/apps/{}", call.base_url, app.id);
  Json links = Json::object();
  links.set("app", href_of(app_url)).set("self", href_of(app_url + "/groups/" + id));
  links.set("group", href_of(fmt::format("{}/api/v1/groups/{}", call.base_url, id)));
  Json out = Json::object();
  out.set("id", id).set("lastUpdated", okta_second(held.last_updated));
  out.set("priority", held.priority).set("profile", held.profile);
  out.set("_links", std::move(links));
  return out;
}

struct GroupAssignment {
  OrgApp* app = nullptr;
  GroupIndex group = 0;
  AppGroup* held = nullptr;  // nullptr: not assigned
  std::optional<SimReply> refused;
};

GroupAssignment group_assignment(Org& org, const Call& call, bool must_exist) {
  GroupAssignment found;
  found.app = find_app(org, call.path_ids[0]);
  if (found.app == nullptr) {
    found.refused = not_found(call.path_ids[0], "AppInstance");
    return found;
  }
  const auto group = org.directory.group_by_id(call.path_ids[1]);
  if (!group) {
    found.refused = not_found(call.path_ids[1], "UserGroup");
    return found;
  }
  found.group = *group;
  for (AppGroup& held : found.app->groups) {
    if (held.group == *group) found.held = &held;
  }
  if (must_exist && found.held == nullptr) {
    found.refused = not_found(call.path_ids[1], "ApplicationGroupAssignment");
  }
  return found;
}

std::optional<SimReply> refuse_priority(const Json& priority) {
  if (priority.is_null()) return std::nullopt;
  if (priority.is_int() && priority.as_int() >= 0 && priority.as_int() <= kMaxPriority) {
    return std::nullopt;
  }
  return validation_failed("priority", {"priority: The value must be from 0 to 100"});
}

void reconcile_group(Org& org, OrgApp& app, GroupIndex group, WallTime now) {
  if (org.directory.group(group).all_users) {
    for (UserIndex i = 0; i < org.directory.user_slots(); ++i) reconcile_one_app(org, app, i, now);
    return;
  }
  const std::vector<Member> members = org.directory.group(group).members;
  for (const Member& member : members) reconcile_one_app(org, app, member.user, now);
}

void log_app_group(Org& org, const GroupAssignment& found, WallTime now, std::string_view type) {
  const std::string label(found.app->label());
  log_event(org, now, type,
            {group_party(org, found.group), {found.app->id, "AppInstance", label, label}});
}

/// Carries out one step of a JSON Patch on priority or profile; false: not such a step.
bool patch_step(AppGroup& held, const Json& step) {
  const std::string_view op = step["op"].as_string(), path = step["path"].as_string();
  const bool removes = op == "remove";
  if (!removes && op != "add" && op != "replace") return false;
  if (path == "/priority" && !removes && !refuse_priority(step["value"])) {
    held.priority = step["value"].as_int();
    return true;
  }
  if (path == "/profile") {
    held.profile = removes ? Json::object() : step["value"];
    return held.profile.is_object();
  }
  if (path.substr(0, 9) != "/profile/" || path.size() == 9) return false;
  if (removes) return held.profile.erase(path.substr(9));
  held.profile.set(path.substr(9), step["value"]);
  return true;
}

}  // namespace

SimReply list_app_groups(Org& org, Call& call) {
  OrgApp* app = find_app(org, call.path_ids[0]);
  if (app == nullptr) return not_found(call.path_ids[0], "AppInstance");
  const PageRequest page = page_request(call, 20, 200);
  std::vector<const AppGroup*> rows;
  const std::string q = fold_case(call.param("q"));
  for (const AppGroup& held : app->groups) {
    if (fold_case(org.directory.group(held.group).name).substr(0, q.size()) == q) {
      rows.push_back(&held);
    }
  }
  std::stable_sort(rows.begin(), rows.end(),
                   [](const AppGroup* a, const AppGroup* b) { return a->priority < b->priority; });
  std::size_t start = 0;
  if (page.after) {
    const auto at = std::find_if(rows.begin(), rows.end(), [&](const AppGroup* held) {
      return org.directory.group(held->group).id == *page.after;
    });
    if (at == rows.end()) return invalid_cursor();
    start = static_cast<std::size_t>(at - rows.begin()) + 1;
  }
  PageBody body(page);
  for (std::size_t i = start; i < rows.size() && !body.full(); ++i) {
    body.add(org.directory.group(rows[i]->group).id,
             [&](std::string& out) { out += app_group_json(org, call, *app, *rows[i]).dump(); });
  }
  return body.finish(call);
}

SimReply get_app_group(Org& org, Call& call) {
  GroupAssignment found = group_assignment(org, call, true);
  if (found.refused) return std::move(*found.refused);
  return json_reply(200, app_group_json(org, call, *found.app, *found.held));
}

SimReply put_app_group(Org& org, Call& call) {
  GroupAssignment found = group_assignment(org, call, false);
  if (found.refused) return std::move(*found.refused);
  if (!call.body_ok || !(call.body.is_object() || call.body.is_null())) return malformed_body();
  if (auto refused = refuse_priority(call.body["priority"])) return std::move(*refused);
  const bool fresh = found.held == nullptr;
  std::int64_t next = 0;
  for (const AppGroup& held : found.app->groups) next = std::max(next, held.priority + 1);
  if (fresh) {
    found.app->groups.push_back({found.group, std::min(next, kMaxPriority), Json::object(), {}});
    found.held = &found.app->groups.back();
  }
  found.held->priority = call.body["priority"].as_int(found.held->priority);
  found.held->profile = call.body["profile"].is_object() ? call.body["profile"] : Json::object();
  found.held->last_updated = call.now;
  log_app_group(org, found, call.now,
                fresh ? "group.application_assignment.add" : "group.application_assignment.update");
  const Json answer = app_group_json(org, call, *found.app, *found.held);
  reconcile_group(org, *found.app, found.group, call.now);
  call.result_ids = {found.app->id, call.path_ids[1]};
  return json_reply(200, answer);
}

SimReply patch_app_group(Org& org, Call& call) {
  GroupAssignment found = group_assignment(org, call, true);
  if (found.refused) return std::move(*found.refused);
  if (!call.body_ok || !call.body.is_array()) return malformed_body();
  AppGroup changed = *found.held;
  for (const Json& step : call.body.items()) {
    if (!patch_step(changed, step)) {
      return validation_failed("patch", {"The patch names no priority or profile to change"});
    }
  }
  *found.held = changed;
  found.held->last_updated = call.now;
  log_app_group(org, found, call.now, "group.application_assignment.update");
  call.result_ids = {found.app->id, call.path_ids[1]};
  return json_reply(200, app_group_json(org, call, *found.app, *found.held));
}

SimReply remove_app_group(Org& org, Call& call) {
  GroupAssignment found = group_assignment(org, call, true);
  if (found.refused) return std::move(*found.refused);
  log_app_group(org, found, call.now, "group.application_assignment.remove");
  std::erase_if(found.app->groups, [&](const AppGroup& held) { return held.group == found.group; });
  reconcile_group_scope(org, *found.app, call.now);
  call.result_ids = {found.app->id, call.path_ids[1]};
  return no_content();
}

SimReply list_app_users(Org& org, Call& call) {
  OrgApp* app = find_app(org, call.path_ids[0]);
  if (app == nullptr) return not_found(call.path_ids[0], "AppInstance");
  PageRequest page = page_request(call, 50, 500);
  page.mark.clear();  // the cursor is the record's id
  std::size_t start = 0;
  if (!call.param("after").empty()) {
    const auto at = std::find_if(app->users.begin(), app->users.end(), [&](const AppUser& held) {
      return held.record == call.param("after");
    });
    if (at == app->users.end()) return invalid_cursor();
    start = static_cast<std::size_t>(at - app->users.begin()) + 1;
  }
  const std::string q = fold_case(call.param("q"));
  const bool expand = call.param("expand") == "user";
  PageBody body(page);
  for (std::size_t i = start; i < app->users.size() && !body.full(); ++i) {
    const AppUser& held = app->users[i];
    if (!held.exists || fold_case(held.user_name).substr(0, q.size()) != q) continue;
    body.add(held.record, [&](std::string& out) {
      out += app_user_json(org, call, *app, held).dump();
      if (!expand) return;
      out.pop_back();
      out += ",\"_embedded\":{\"user\":";
      render_user(out, org, call, org.directory.user(held.user), Links::full);
      out += "}}";
    });
  }
  return body.finish(call);
}

}  // namespace rollcall::sim

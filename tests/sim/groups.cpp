#include "tests/sim/groups.h"

#include <fmt/core.h>

#include <algorithm>

#include "service/base/text.h"
#include "tests/sim/criteria.h"
#include "tests/sim/group_rules.h"
#include "tests/sim/listing.h"
#include "tests/sim/packed_json.h"
#include "tests/sim/users.h"

namespace rollcall::sim {
namespace {

constexpr std::size_t kMaxName = 255;
constexpr std::size_t kMaxDescription = 1024;

std::string second(WallTime t) { return format_okta_time({t.ms / 1000 * 1000}); }

bool visible(const Call& call, const OrgGroup& group) {
  if (!call.access.covers_group(kGroupsRead, group.id)) return false;
  const auto& only = call.token->groups_visible;
  return only.empty() || std::find(only.begin(), only.end(), group.id) != only.end();
}

std::optional<SimReply> refuse_profile(const Org& org, const Json& profile,
                                       std::optional<GroupIndex> self) {
  const std::string_view name = profile["name"].as_string();
  if (name.empty()) return validation_failed("name", {"name: The field cannot be left blank"});
  if (utf8_length(name) > kMaxName) {
    return validation_failed("name", {"name: The field is too long"});
  }
  if (utf8_length(profile["description"].as_string()) > kMaxDescription) {
    return validation_failed("description", {"description: The field is too long"});
  }
  if (has_beyond_bmp(name) || has_beyond_bmp(profile["description"].as_string())) {
    return validation_failed("name",
                             {"name: The field contains characters that are not supported"});
  }
  const auto holder = org.directory.okta_group_by_name(name);
  if (holder && holder != self) {
    return validation_failed(
        "name", {"name: An object with this field already exists in the current organization"});
  }
  return std::nullopt;
}

std::string pack_group_profile(const Json& profile) {
  Json out = Json::object();
  out.set("name", profile["name"]).set("description", profile["description"]);
  for (const auto& [name, value] : profile.members()) {
    if (!value.is_null()) out.set(name, value);
  }
  return out.dump();
}

AttributeRule group_rule_of(std::string_view attribute) {
  static const auto times = [](CompareOp op) { return op != CompareOp::sw && op != CompareOp::co; };
  static const auto texts = [](CompareOp op) { return op == CompareOp::eq || op == CompareOp::sw; };
  static const auto names = [](CompareOp op) { return op <= CompareOp::co || op == CompareOp::pr; };
  if (attribute == "created" || attribute == "lastUpdated" ||
      attribute == "lastMembershipUpdated") {
    return {true, true, times};
  }
  if (attribute == "profile.name" || attribute == "profile.description") {
    return {true, false, names};
  }
  if (attribute == "id" || attribute == "type" || attribute == "source.id" ||
      attribute.substr(0, 8) == "profile.") {
    return {true, false, texts};
  }
  return {};
}

AttributeRule group_filter_of(std::string_view attribute) {
  if (attribute == "id" || attribute == "type" || attribute == "lastUpdated" ||
      attribute == "lastMembershipUpdated") {
    return group_rule_of(attribute);
  }
  return {};
}

Json read_group(const OrgGroup& group, std::string_view attribute) {
  if (attribute == "id") return Json(group.id);
  if (attribute == "type") return Json(to_string(group.type));
  if (attribute == "created") return Json(group.created.ms / 1000 * 1000);
  if (attribute == "lastUpdated") return Json(group.last_updated.ms / 1000 * 1000);
  if (attribute == "lastMembershipUpdated") {
    return Json(group.last_membership_updated.ms / 1000 * 1000);
  }
  if (attribute.substr(0, 8) == "profile.") {
    const auto value = parse_json(packed_member(group.profile, attribute.substr(8)));
    return value ? *value : Json();
  }
  return Json();
}

SimReply groups_by_name(const Org& org, const Call& call, std::string_view q) {
  constexpr std::size_t kLimit = 300;
  const std::string wanted = fold_case(q);
  std::vector<const OrgGroup*> found;
  for (GroupIndex i = 0; i < org.directory.group_slots(); ++i) {
    const OrgGroup* group = org.directory.indexed_group(i, call.now);
    if (group == nullptr || !visible(call, *group)) continue;
    if (fold_case(group->name).substr(0, wanted.size()) == wanted) found.push_back(group);
  }
  std::stable_partition(found.begin(), found.end(),
                        [&](const OrgGroup* group) { return fold_case(group->name) == wanted; });
  if (found.size() > kLimit) found.resize(kLimit);
  std::string body = "[";
  for (const OrgGroup* group : found) {
    if (body.size() > 1) body += ',';
    render_group(body, call, *group);
  }
  return json_reply(200, body + "]");
}

/// The group a writing path names, or the refusal.
struct Target {
  GroupIndex index = 0;
  std::optional<SimReply> refused;
};

Target writable_group(const Org& org, const Call& call) {
  Target target;
  const auto index = org.directory.group_by_id(call.path_ids[0]);
  if (!index) {
    target.refused = not_found(call.path_ids[0], "UserGroup");
  } else if (org.directory.group(*index).type != GroupType::okta_group) {
    target.refused = forbidden();
  } else {
    target.index = *index;
  }
  return target;
}

}  // namespace

void render_group(std::string& out, const Call& call, const OrgGroup& group) {
  const std::string self = fmt::format("{}/api/v1/groups/{}", call.base_url, group.id);
  const std::string logo = call.base_url + "/assets/img/logos/groups/okta";
  out += fmt::format(
      "{{\"id\":\"{}\",\"created\":\"{}\",\"lastUpdated\":\"{}\",\"lastMembershipUpdated\":\"{}\","
      "\"objectClass\":[\"{}\"],\"type\":\"{}\",\"profile\":{}",
      group.id, second(group.created), second(group.last_updated),
      second(group.last_membership_updated),
      group.type == GroupType::app_group ? "okta:windows_security_principal" : "okta:user_group",
      to_string(group.type), group.profile);
  out += fmt::format(
      ",\"_links\":{{\"logo\":[{{\"name\":\"medium\",\"href\":\"{}-medium.png\",\"type\":"
      "\"image/png\"}},{{\"name\":\"large\",\"href\":\"{}-large.png\",\"type\":\"image/png\"}}],"
      "\"users\":{{\"href\":\"{}/users\"}},\"apps\":{{\"href\":\"{}/apps\"}}}}}}",
      logo, logo, self, self);
}

SimReply create_group(Org& org, Call& call) {
  if (!call.body_ok || !call.body["profile"].is_object()) return malformed_body();
  const Json& profile = call.body["profile"];
  if (auto refused = refuse_profile(org, profile, std::nullopt)) return std::move(*refused);
  OrgGroup group;
  group.id = org.ids.object("00g");
  group.name = std::string(profile["name"].as_string());
  group.profile = pack_group_profile(profile);
  group.created = group.last_updated = group.last_membership_updated = call.now;
  call.result_ids.push_back(group.id);
  const GroupIndex index = org.directory.add_group(std::move(group), call.now);
  log_event(org, call.now, "group.lifecycle.create", {group_party(org, index)});
  std::string body;
  render_group(body, call, org.directory.group(index));
  return json_reply(200, std::move(body));
}

SimReply get_group(Org& org, Call& call) {
  const auto index = org.directory.group_by_id(call.path_ids[0]);
  if (!index || !visible(call, org.directory.group(*index))) {
    return not_found(call.path_ids[0], "UserGroup");
  }
  std::string body;
  render_group(body, call, org.directory.group(*index));
  return json_reply(200, std::move(body));
}

SimReply replace_group(Org& org, Call& call) {
  Target target = writable_group(org, call);
  if (target.refused) return std::move(*target.refused);
  if (!call.body_ok || !call.body["profile"].is_object()) return malformed_body();
  const Json& profile = call.body["profile"];
  if (auto refused = refuse_profile(org, profile, target.index)) return std::move(*refused);
  org.directory.set_group_profile(target.index, std::string(profile["name"].as_string()),
                                  pack_group_profile(profile), call.now);
  call.result_ids.push_back(call.path_ids[0]);
  log_event(org, call.now, "group.profile.update", {group_party(org, target.index)});
  std::string body;
  render_group(body, call, org.directory.group(target.index));
  return json_reply(200, std::move(body));
}

SimReply delete_group(Org& org, Call& call) {
  Target target = writable_group(org, call);
  if (target.refused) return std::move(*target.refused);
  log_event(org, call.now, "group.lifecycle.delete", {group_party(org, target.index)});
  org.directory.erase_group(target.index, call.now);
  drop_group_from_apps(org, target.index, call.now);
  invalidate_rules_of(org, call.path_ids[0], call.now);
  org.group_roles.erase(call.path_ids[0]);
  org.relations.owners.erase(call.path_ids[0]);
  call.result_ids.push_back(call.path_ids[0]);
  return no_content();
}

/// `expand=stats`, as far as anybody here reads it.
void render_stats(std::string& out, const Org& org, GroupIndex index, WallTime now) {
  const auto roles = org.group_roles.find(org.directory.group(index).id);
  const bool admin = roles != org.group_roles.end() && !roles->second.empty();
  const auto apps = std::count_if(org.apps.begin(), org.apps.end(), [&](const OrgApp& app) {
    return std::any_of(app.groups.begin(), app.groups.end(),
                       [&](const AppGroup& held) { return held.group == index; });
  });
  const auto members = org.directory.indexed_members(index, now);
  const auto users = std::count_if(members.begin(), members.end(), [&](UserIndex user) {
    return org.directory.indexed_user(user, now) != nullptr;
  });
  out.pop_back();
  out += fmt::format(
      ",\"_embedded\":{{\"stats\":{{\"usersCount\":{},\"appsCount\":{},"
      "\"groupPushMappingsCount\":0,\"hasAdminPrivileges\":{}}}}}}}",
      users, apps, admin);
}

SimReply list_groups(Org& org, Call& call) {
  const std::string_view q = call.param("q");
  if (!q.empty()) return groups_by_name(org, call, q);
  const std::string_view search = call.param("search");
  const std::string_view filter = call.param("filter");
  std::optional<Criteria> criteria;
  if (!search.empty() || !filter.empty()) {
    const bool by_search = !search.empty();
    criteria = Criteria::parse(by_search ? search : filter,
                               {by_search ? group_rule_of : group_filter_of, by_search});
    if (!criteria) return invalid_criteria();
  }
  const PageRequest page = page_request(call, 10000, 10000);
  const bool stats = call.param("expand") == "stats";
  GroupIndex start = 0;
  if (page.after) {
    const auto slot = org.directory.slot_of_group(*page.after);
    if (!slot) return invalid_cursor();
    start = *slot + 1;
  }
  PageBody body(page);
  for (GroupIndex i = start; i < org.directory.group_slots() && !body.full(); ++i) {
    const OrgGroup* group = org.directory.indexed_group(i, call.now);
    if (group == nullptr || !visible(call, *group)) continue;
    const auto read = [&](std::string_view attribute) { return read_group(*group, attribute); };
    if (criteria && !criteria->matches(read)) continue;
    body.add(group->id, [&](std::string& out) {
      render_group(out, call, *group);
      if (stats) render_stats(out, org, i, call.now);
    });
  }
  return body.finish(call);
}

SimReply list_members(Org& org, Call& call) {
  const auto index = org.directory.group_by_id(call.path_ids[0]);
  if (!index || !visible(call, org.directory.group(*index))) {
    return not_found(call.path_ids[0], "UserGroup");
  }
  const PageRequest page = page_request(call, 1000, 1000);
  std::optional<UserIndex> after;
  if (page.after) {
    after = org.directory.slot_of_user(*page.after);
    if (!after) return invalid_cursor();
  }
  PageBody body(page);
  for (const UserIndex user : org.directory.indexed_members(*index, call.now)) {
    if (body.full()) break;
    if (after && user <= *after) continue;
    const OrgUser* row = org.directory.indexed_user(user, call.now);
    if (row == nullptr) continue;
    body.add(row->id,
             [&](std::string& out) { render_user(out, org, call, *row, Links::self_only); });
  }
  return body.finish(call);
}

SimReply add_member(Org& org, Call& call) {
  Target target = writable_group(org, call);
  if (target.refused) return std::move(*target.refused);
  const auto user = org.directory.user_by_id(call.path_ids[1]);
  if (!user) return not_found(call.path_ids[1], "User");
  org.directory.add_member(target.index, *user, 0, call.now);
  call.result_ids = {call.path_ids[0], call.path_ids[1]};
  return no_content();
}

SimReply remove_member(Org& org, Call& call) {
  Target target = writable_group(org, call);
  if (target.refused) return std::move(*target.refused);
  const auto user = org.directory.user_by_id(call.path_ids[1]);
  if (!user) return not_found(call.path_ids[1], "User");
  const Member* member = org.directory.member(target.index, *user);
  if (member != nullptr) {
    const std::uint32_t rule = member->rule;
    org.directory.remove_member(target.index, *user, call.now);
    if (rule != 0) exclude_from_rule(org, rule, call.path_ids[1], call.now);
  }
  call.result_ids = {call.path_ids[0], call.path_ids[1]};
  return no_content();
}

}  // namespace rollcall::sim

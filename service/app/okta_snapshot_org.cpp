// The directory of a snapshot: the org, its schema, people and their types, groups, rules, roles.
#include <fmt/core.h>

#include <array>

#include "service/app/okta_snapshot_internal.h"
#include "service/base/text.h"

namespace rollcall {
namespace {

constexpr std::array<const char*, 6> kTimes{"created",   "activated",   "statusChanged",
                                            "lastLogin", "lastUpdated", "passwordChanged"};

}  // namespace

Result<void> OrgSnapshotWriter::read() {
  for (const auto step : {&OrgSnapshotWriter::read_org, &OrgSnapshotWriter::read_schema,
                          &OrgSnapshotWriter::read_types, &OrgSnapshotWriter::read_users,
                          &OrgSnapshotWriter::read_groups, &OrgSnapshotWriter::read_rules,
                          &OrgSnapshotWriter::read_members, &OrgSnapshotWriter::read_policies,
                          &OrgSnapshotWriter::read_apps, &OrgSnapshotWriter::read_roles}) {
    if (const auto r = (this->*step)(); !r) return r.error();
  }
  return ok();
}

Json OrgSnapshotWriter::document() {
  for (Json& user : users_) words_.scrub_kept(user.at("profile"));
  Json relations = Json::object();
  relations.set("types", Json(std::move(types_)));
  roles_.set("custom", Json(std::move(custom_roles_)));
  Json out = Json::object();
  out.set("org", org_).set("schema", schema_).set("users", Json(std::move(users_)));
  out.set("groups", Json(std::move(groups_))).set("rules", Json(std::move(rules_)));
  out.set("apps", Json(std::move(apps_))).set("roles", roles_);
  out.set("policies", Json(std::move(policies_)));
  return out.set("relations", std::move(relations));
}

std::string OrgSnapshotWriter::counts() const {
  return fmt::format("{} users, {} groups, {} rules, {} apps, {} policies", users_.size(),
                     groups_.size(), rules_.size(), apps_.size(), policies_.size());
}

SnapshotExtent OrgSnapshotWriter::extent() const {
  SnapshotExtent out{users_.size(), rules_.size(), {}};
  for (std::size_t i = 0; i < groups_.size(); ++i) {
    out.members[group_ids_[i]] = groups_[i]["members"].items().size();
  }
  return out;
}

Result<void> OrgSnapshotWriter::read_org() {
  const auto org = reader_.one(OktaRequest(Endpoint::get_wellknown_org_metadata));
  if (!org) return org.error();
  org_.set("id", words_.id((*org)["id"])).set("name", "Rehearsal");
  return ok();
}

/// Names and types of attributes; titles, descriptions and lists of values are people's words.
Result<void> OrgSnapshotWriter::read_schema() {
  const auto schema = reader_.one(OktaRequest(Endpoint::get_user_schema, {"default"}));
  if (!schema) return schema.error();
  Json custom = Json::object();
  for (const auto& [name, given] : (*schema)["definitions"]["custom"]["properties"].members()) {
    Json made = Json::object();
    made.set("title", name).set("type", given["type"]);
    if (given["items"]["type"].is_string()) {
      made.set("items", Json::object().set("type", given["items"]["type"]));
    }
    custom.set(name, std::move(made));
  }
  schema_.set("custom", std::move(custom));
  return ok();
}

/// Their names are looked at last, by `read_users`.
Result<void> OrgSnapshotWriter::read_types() {
  const auto list = reader_.list(OktaRequest(Endpoint::list_user_types), 0);
  if (!list) return list.error();
  for (const Json& real : list->items) {
    if (real["default"].as_bool()) {
      org_.set("type_id", words_.id(real["id"]));
      continue;
    }
    type_numbers_[std::string(real["id"].as_string())] = types_.size();
    Json type = Json::object();
    type.set("id", words_.id(real["id"])).set("name", real["name"]);
    type.set("displayName", real["displayName"]).set("users", Json::array());
    types_.push_back(std::move(type));
  }
  return ok();
}

Result<void> OrgSnapshotWriter::read_users() {
  // By `search`, because a plain list omits whoever is deactivated (FACTS 5.4).
  const auto list = reader_.list(OktaRequest(Endpoint::list_users)
                                     .query("search", "created ge \"1970-01-01T00:00:00.000Z\"")
                                     .query("limit", "200"),
                                 0);
  if (!list) return list.error();
  for (const Json& real : list->items) {
    Json user = Json::object();
    user.set("id", words_.id(real["id"])).set("status", real["status"]);
    for (const char* name : kTimes) user.set(name, real[name]);
    const Json& credentials = real["credentials"];
    user.set("provider", credentials["provider"]["type"]);
    user.set("password", credentials["password"].is_object());
    user.set("profile", words_.profile(real["profile"]));
    const auto type = type_numbers_.find(std::string(real["type"]["id"].as_string()));
    if (type != type_numbers_.end()) types_[type->second].at("users").push(user["id"]);
    users_.push_back(std::move(user));
  }
  for (Json& type : types_) {
    type.set("name", words_.label(type["name"]));
    type.set("displayName", words_.label(type["displayName"]));
  }
  return ok();
}

Result<void> OrgSnapshotWriter::read_groups() {
  const auto list = reader_.list(
      OktaRequest(Endpoint::list_groups).query("limit", "200").query("expand", "stats"), 0);
  if (!list) return list.error();
  for (const Json& real : list->items) {
    const std::string id(real["id"].as_string());
    const bool made_by_okta = real["type"].as_string() == "BUILT_IN";
    Json group = Json::object();
    group.set("id", words_.id(real["id"])).set("type", real["type"]);
    group.set("name", words_.group_name(real["profile"]["name"].as_string(), made_by_okta));
    group.set("created", real["created"]).set("lastUpdated", real["lastUpdated"]);
    group.set("lastMembershipUpdated", real["lastMembershipUpdated"]);
    if (made_by_okta) everyone_groups_.insert(id);
    if (real["_embedded"]["stats"]["hasAdminPrivileges"].as_bool()) admin_groups_.push_back(id);
    group_ids_.push_back(id);
    groups_.push_back(std::move(group));
  }
  return ok();
}

Result<void> OrgSnapshotWriter::read_rules() {
  const auto list = reader_.list(OktaRequest(Endpoint::list_group_rules).query("limit", "200"), 0);
  if (!list) return list.error();
  for (const Json& real : list->items) {
    const Json& targets = real["actions"]["assignUserToGroups"]["groupIds"];
    const Json& excluded = real["conditions"]["people"]["users"]["exclude"];
    Json rule = Json::object();
    rule.set("id", words_.id(real["id"])).set("status", real["status"]);
    rule.set("name", words_.label(real["name"]));
    rule.set("expression",
             words_.expression(real["conditions"]["expression"]["value"].as_string()));
    rule.set("groups", words_.ids(targets)).set("exclude", words_.ids(excluded));
    for (const Json& id : targets.items()) rule_fed_.insert(std::string(id.as_string()));
    rules_.push_back(std::move(rule));
    rule_numbers_[std::string(real["id"].as_string())] = rules_.size();
  }
  return ok();
}

Result<void> OrgSnapshotWriter::read_members() {
  for (std::size_t i = 0; i < groups_.size(); ++i) {
    const std::string& id = group_ids_[i];
    if (everyone_groups_.count(id) > 0) continue;
    const auto list =
        reader_.list(OktaRequest(Endpoint::list_group_users, {id}).query("limit", "1000"), 0);
    if (!list) return list.error();
    Json members = Json::array();
    for (const Json& user : list->items) {
      auto made = member(id, user);
      if (!made) return made.error();
      members.push(std::move(*made));
    }
    groups_[i].set("members", std::move(members));
  }
  return ok();
}

/// With the number of the rule that made it. Okta tells for one membership at a time (FACTS 6.1);
/// only groups that some rule fills are asked about.
Result<Json> OrgSnapshotWriter::member(const std::string& group, const Json& user) {
  Json id = words_.id(user["id"]);
  if (rule_fed_.count(group) == 0) return id;
  const auto rules = reader_.list(
      OktaRequest(Endpoint::list_group_rules_for_user_in_group, {group, user["id"].as_string()}),
      0);
  if (!rules) {
    // Left the group, or the org, while it was read.
    if (rules.error().code == ErrorCode::okta_not_found) return id;
    return rules.error();
  }
  for (const Json& rule : rules->items) {
    const auto number = rule_numbers_.find(std::string(rule["id"].as_string()));
    if (number == rule_numbers_.end()) continue;
    return Json::object().set("id", std::move(id)).set("rule", std::uint64_t{number->second});
  }
  return id;
}

/// A standard role is its type; a custom one is named, and described once.
Result<Json> OrgSnapshotWriter::role(const Json& real) {
  if (real["type"].as_string() != "CUSTOM") return real["type"];
  const std::string id(real["role"].as_string());
  Json label(words_.label(real["label"]));
  if (!custom_roles_known_.insert(id).second) return label;
  const auto held = reader_.one(OktaRequest(Endpoint::list_role_permissions, {id}));
  if (!held) return held.error();
  Json permissions = Json::array();
  for (const Json& permission : (*held)["permissions"].items())
    permissions.push(permission["label"]);
  Json role = Json::object();
  role.set("id", words_.id(real["role"])).set("label", label);
  custom_roles_.push_back(role.set("permissions", std::move(permissions)));
  return label;
}

Result<void> OrgSnapshotWriter::read_roles() {
  const auto holders = reader_.list(
      OktaRequest(Endpoint::list_users_with_role_assignments).query("limit", "200"), 0);
  if (!holders) return holders.error();
  const auto read_held = [&](Endpoint endpoint, const std::string& id, Json& into) -> Result<void> {
    const auto held = reader_.list(OktaRequest(endpoint, {id}), 0);
    if (!held) return held.error();
    Json list = Json::array();
    for (const Json& one : held->items) {
      const bool by_group = endpoint == Endpoint::list_assigned_roles_for_user &&
                            one["assignmentType"].as_string() == "GROUP";
      if (by_group) continue;
      auto made = role(one);
      if (!made) return made.error();
      list.push(std::move(*made));
    }
    into.set(words_.id(Json(id)).as_string(), std::move(list));
    return ok();
  };
  Json users = Json::object(), groups = Json::object();
  for (const Json& holder : holders->items) {
    const std::string id(holder["id"].as_string());
    const auto r = read_held(Endpoint::list_assigned_roles_for_user, id, users);
    if (!r) return r.error();
  }
  for (const std::string& id : admin_groups_) {
    const auto r = read_held(Endpoint::list_group_assigned_roles, id, groups);
    if (!r) return r.error();
  }
  roles_.set("users", std::move(users)).set("groups", std::move(groups));
  return ok();
}

}  // namespace rollcall

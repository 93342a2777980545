// Types of users. All share the one schema of the org.
#include <fmt/core.h>

#include <algorithm>

#include "service/base/text.h"
#include "tests/sim/json_parts.h"
#include "tests/sim/org.h"
#include "tests/sim/relations.h"

namespace rollcall::sim {
namespace {

constexpr std::size_t kMaxExtraTypes = 9;

Json type_link(std::string_view rel, std::string href) {
  Json link = Json::object();
  link.set("rel", rel).set("href", std::move(href)).set("method", "GET");
  return link;
}

Json user_type_json(const Call& call, const ExtraUserType& type, bool standard) {
  const std::string base = call.base_url + "/api/v1/meta/";
  Json links = Json::object();
  links.set("schema", type_link("schema", base + "schemas/user/osc" + type.id.substr(3)));
  links.set("self", type_link("self", base + "types/user/" + type.id));
  Json out = Json::object();
  out.set("id", type.id).set("displayName", type.display_name).set("name", type.name);
  out.set("description", type.description).set("createdBy", type.made_by);
  out.set("lastUpdatedBy", type.made_by).set("created", format_okta_time(type.created));
  out.set("lastUpdated", format_okta_time(type.last_updated)).set("default", standard);
  out.set("_links", std::move(links));
  return out;
}

ExtraUserType standard_type(const Org& org) {
  return {org.type_id, "user",
          "User",      "Okta user profile template with default permission settings",
          "system",    org.created,
          org.created};
}

ExtraUserType* find_user_type(Org& org, std::string_view id) {
  for (ExtraUserType& type : org.relations.types) {
    if (type.id == id) return &type;
  }
  return nullptr;
}

bool is_standard(const Org& org, std::string_view id) {
  return id == "default" || id == org.type_id;
}

SimReply write_user_type(Org& org, Call& call, bool whole) {
  ExtraUserType* type = find_user_type(org, call.path_ids[0]);
  if (is_standard(org, call.path_ids[0])) return forbidden();
  if (type == nullptr) return not_found(call.path_ids[0], "UserType");
  if (!call.body_ok || !call.body.is_object()) return malformed_body();
  const Json& name = call.body["name"];
  if ((whole || !name.is_null()) && name.as_string() != type->name) {
    return validation_failed("name", {"name: The name of a type cannot be changed"});
  }
  const std::string_view shown =
      call.body["displayName"].as_string(whole ? std::string_view() : type->display_name);
  if (shown.empty()) {
    return validation_failed("displayName", {"displayName: The field cannot be left blank"});
  }
  type->display_name = std::string(shown);
  type->description = std::string(
      call.body["description"].as_string(whole ? std::string_view() : type->description));
  type->last_updated = {call.now.ms / 1000 * 1000};
  call.result_ids.push_back(type->id);
  return json_reply(200, user_type_json(call, *type, false));
}

}  // namespace

bool is_user_type(const Org& org, std::string_view id) {
  const auto& extra = org.relations.types;
  return id == org.type_id ||
         std::any_of(extra.begin(), extra.end(), [id](const auto& one) { return one.id == id; });
}

std::string_view type_id_of(const Org& org, const OrgUser& user) {
  const auto found = org.relations.types_of_people.find(user.id);
  return found == org.relations.types_of_people.end() ? org.type_id : found->second;
}

SimReply list_user_types(Org& org, Call& call) {
  Json list = Json::array();
  list.push(user_type_json(call, standard_type(org), true));
  for (const ExtraUserType& type : org.relations.types) {
    list.push(user_type_json(call, type, false));
  }
  return json_reply(200, list);
}

SimReply create_user_type(Org& org, Call& call) {
  if (!call.body_ok || !call.body.is_object()) return malformed_body();
  for (const char* field : {"name", "displayName"}) {
    if (call.body[field].as_string().empty()) {
      return validation_failed(field, {fmt::format("{}: The field cannot be left blank", field)});
    }
  }
  const std::string name(call.body["name"].as_string());
  const auto& types = org.relations.types;
  const bool taken =
      name == "user" ||
      std::any_of(types.begin(), types.end(), [&](const auto& one) { return one.name == name; });
  if (taken) {
    return validation_failed(
        "name", {"name: An object with this field already exists in the current organization"});
  }
  if (types.size() >= kMaxExtraTypes) {
    return validation_failed("type", {"The maximum number of user types has been reached"});
  }
  ExtraUserType type;
  type.id = org.ids.object("oty");
  type.name = name;
  type.display_name = std::string(call.body["displayName"].as_string());
  type.description = std::string(call.body["description"].as_string());
  type.made_by = call.token->owner_id;
  type.created = type.last_updated = {call.now.ms / 1000 * 1000};
  call.result_ids.push_back(type.id);
  org.relations.types.push_back(type);
  return json_reply(200, user_type_json(call, type, false));
}

SimReply get_user_type(Org& org, Call& call) {
  if (is_standard(org, call.path_ids[0])) {
    return json_reply(200, user_type_json(call, standard_type(org), true));
  }
  const ExtraUserType* type = find_user_type(org, call.path_ids[0]);
  if (type == nullptr) return not_found(call.path_ids[0], "UserType");
  return json_reply(200, user_type_json(call, *type, false));
}

SimReply change_user_type(Org& org, Call& call) { return write_user_type(org, call, false); }

SimReply replace_user_type(Org& org, Call& call) { return write_user_type(org, call, true); }

SimReply delete_user_type(Org& org, Call& call) {
  if (is_standard(org, call.path_ids[0])) return forbidden();
  const ExtraUserType* type = find_user_type(org, call.path_ids[0]);
  if (type == nullptr) return not_found(call.path_ids[0], "UserType");
  for (const auto& [user, id] : org.relations.types_of_people) {
    // FACTS 10: not while users have it; how Okta says so is not known.
    if (id == type->id && org.directory.user_by_id(user)) {
      return validation_failed("type", {"type: Users are of this type"});
    }
  }
  auto& types = org.relations.types;
  types.erase(types.begin() + (type - types.data()));
  call.result_ids.push_back(call.path_ids[0]);
  return no_content();
}

}  // namespace rollcall::sim

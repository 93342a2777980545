#include "tests/sim/org_endpoints.h"

#include <fmt/core.h>

#include <array>

#include "service/base/text.h"

namespace rollcall::sim {
namespace {

constexpr std::array<std::pair<std::string_view, std::string_view>, 8> kRoleLabels{{
    {"SUPER_ADMIN", "Super Organization Administrator"},
    {"ORG_ADMIN", "Organization Administrator"},
    {"APP_ADMIN", "Application Administrator"},
    {"USER_ADMIN", "Group Administrator"},
    {"HELP_DESK_ADMIN", "Help Desk Administrator"},
    {"READ_ONLY_ADMIN", "Read-Only Administrator"},
    {"GROUP_MEMBERSHIP_ADMIN", "Group Membership Administrator"},
    {"API_ACCESS_MANAGEMENT_ADMIN", "API Access Management Administrator"},
}};

Json link_to(std::string href) { return Json(Json::Object{{"href", Json(std::move(href))}}); }

}  // namespace

Json make_role(Org& org, std::string_view type, std::string_view assignment_type, WallTime now) {
  std::string_view label = type;
  for (const auto& [name, text] : kRoleLabels) {
    if (name == type) label = text;
  }
  Json role = Json::object();
  role.set("id", org.ids.object("ra1")).set("label", label).set("type", type);
  role.set("status", "ACTIVE").set("created", format_okta_time({now.ms / 1000 * 1000}));
  role.set("lastUpdated", format_okta_time({now.ms / 1000 * 1000}));
  role.set("assignmentType", assignment_type);
  return role;
}

SimReply get_org(Org& org, Call& call) {
  Json out = Json::object();
  out.set("id", org.org_id).set("companyName", org.company_name).set("status", "ACTIVE");
  out.set("subdomain", "sim").set("created", format_okta_time(org.created));
  out.set("lastUpdated", format_okta_time(org.created)).set("expiresAt", nullptr);
  out.set("_links",
          Json(Json::Object{{"contacts", link_to(call.base_url + "/api/v1/org/contacts")}}));
  return json_reply(200, out);
}

SimReply get_schema(Org& org, Call& call) {
  if (call.path_ids[0] != "default" && call.path_ids[0] != org.schema_id) {
    return not_found(call.path_ids[0], "UserSchema");
  }
  return json_reply(200, org.schema.render(call.base_url, org.schema_id, org.type_id, org.created,
                                           org.schema_updated));
}

SimReply change_schema(Org& org, Call& call) {
  if (call.path_ids[0] != "default" && call.path_ids[0] != org.schema_id) {
    return not_found(call.path_ids[0], "UserSchema");
  }
  const Json& definitions = call.body["definitions"];
  if (!call.body_ok || !definitions.is_object()) return malformed_body();
  for (const auto& [name, definition] : definitions["custom"]["properties"].members()) {
    org.schema.set_custom(name, definition);
  }
  for (const auto& [name, definition] : definitions["base"]["properties"].members()) {
    org.schema.adjust_base(name, definition);
  }
  for (const std::string& name : org.schema.unique_attributes()) org.directory.index_unique(name);
  org.schema_updated = call.now;
  call.result_ids.push_back(org.schema_id);
  return get_schema(org, call);
}

SimReply list_role_holders(Org& org, Call& call) {
  Json holders = Json::array();
  for (const auto& [id, roles] : org.user_roles) {
    if (roles.empty() || !org.directory.user_by_id(id)) continue;
    const std::string self = fmt::format("{}/api/v1/users/{}", call.base_url, id);
    Json holder = Json::object();
    holder.set("id", id).set("orn", fmt::format("orn:okta:directory:{}:users:{}", org.org_id, id));
    holder.set("_links",
               Json(Json::Object{{"self", link_to(self)}, {"roles", link_to(self + "/roles")}}));
    holders.push(std::move(holder));
  }
  Json out = Json::object();
  out.set("value", std::move(holders)).set("_links", Json::object());
  return json_reply(200, out);
}

}  // namespace rollcall::sim

#include "tests/sim/org_endpoints.h"

#include <fmt/core.h>

#include "service/base/text.h"

namespace rollcall::sim {
namespace {

Json link_to(std::string href) { return Json(Json::Object{{"href", Json(std::move(href))}}); }

}  // namespace

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

}  // namespace rollcall::sim

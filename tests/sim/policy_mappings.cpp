// Which app signs people in by which policy: each app has one access policy, the org's default one
// unless it was given another.
#include <fmt/core.h>

#include "tests/sim/apps.h"
#include "tests/sim/policy_parts.h"

namespace rollcall::sim {
namespace {

/// The mapping's id follows from the app's: an app has one.
std::string mapping_id(const OrgApp& app) { return "map" + app.id.substr(3); }

Json policy_mapping_json(const Call& call, const OrgPolicy& policy, const OrgApp& app) {
  const std::string base = call.base_url + "/api/v1/";
  const std::string self = fmt::format("{}policies/{}", base, policy.id);
  Json links = Json::object();
  links.set("self",
            href_with(fmt::format("{}/mappings/{}", self, mapping_id(app)), {"GET", "DELETE"}));
  links.set("application", href_with(base + "apps/" + app.id, {"GET"}));
  links.set("policy", href_with(self, {"GET"}));
  return object_of("id", mapping_id(app)).set("_links", std::move(links));
}

OrgApp* mapped_app(Org& org, const Call& call, const OrgPolicy& policy) {
  for (OrgApp& app : org.apps) {
    if (app.exists && mapping_id(app) == call.path_ids[1] && policy_of_app(org, app) == &policy) {
      return &app;
    }
  }
  return nullptr;
}

/// The access policy of the path, or the refusal.
std::optional<SimReply> refuse_mapping(const OrgPolicy* policy, const std::string& id) {
  if (policy == nullptr) return not_found(id, "Policy");
  if (policy->type == "ACCESS_POLICY") return std::nullopt;
  return validation_failed("type", {"type: Only app sign-in policies are mapped to apps"});
}

void give_policy(Org& org, Call& call, const OrgPolicy& policy, OrgApp& app) {
  app.access_policy = policy.id;
  app.last_updated = call.now;
  call.result_ids = {policy.id, app.id};
  log_event(org, call.now, "application.policy.sign_on.update",
            {{app.id, "AppInstance", std::string(app.label()), std::string(app.label())},
             {policy.id, "PolicyEntity", "unknown", policy.name}});
}

}  // namespace

const OrgPolicy* policy_of_app(const Org& org, const OrgApp& app) {
  const OrgPolicy* standard = nullptr;
  for (const OrgPolicy& policy : org.policies) {
    if (policy.type != "ACCESS_POLICY") continue;
    if (policy.id == app.access_policy) return &policy;
    if (policy.system) standard = &policy;
  }
  return standard;
}

SimReply list_policy_mappings(Org& org, Call& call) {
  const OrgPolicy* policy = find_policy(org, call.path_ids[0]);
  if (policy == nullptr) return not_found(call.path_ids[0], "Policy");
  Json list = Json::array();
  for (const OrgApp& app : org.apps) {
    if (app.exists && policy_of_app(org, app) == policy) {
      list.push(policy_mapping_json(call, *policy, app));
    }
  }
  return json_reply(200, list);
}

SimReply create_policy_mapping(Org& org, Call& call) {
  const OrgPolicy* policy = find_policy(org, call.path_ids[0]);
  if (auto refused = refuse_mapping(policy, call.path_ids[0])) return std::move(*refused);
  if (!call.body_ok || !call.body["resourceId"].is_string()) return malformed_body();
  OrgApp* app = find_app(org, call.body["resourceId"].as_string());
  if (app == nullptr || call.body["resourceType"].as_string("APP") != "APP") {
    return not_found(call.body["resourceId"].as_string(), "AppInstance");
  }
  give_policy(org, call, *policy, *app);
  return json_reply(201, policy_mapping_json(call, *policy, *app));
}

SimReply get_policy_mapping(Org& org, Call& call) {
  const OrgPolicy* policy = find_policy(org, call.path_ids[0]);
  if (policy == nullptr) return not_found(call.path_ids[0], "Policy");
  const OrgApp* app = mapped_app(org, call, *policy);
  if (app == nullptr) return not_found(call.path_ids[1], "PolicyMapping");
  return json_reply(200, policy_mapping_json(call, *policy, *app));
}

SimReply delete_policy_mapping(Org& org, Call& call) {
  const OrgPolicy* policy = find_policy(org, call.path_ids[0]);
  if (policy == nullptr) return not_found(call.path_ids[0], "Policy");
  OrgApp* app = mapped_app(org, call, *policy);
  if (app == nullptr) return not_found(call.path_ids[1], "PolicyMapping");
  app->access_policy.clear();  // back to the default one
  call.result_ids = {policy->id, app->id};
  return no_content();
}

SimReply list_policy_apps(Org& org, Call& call) {
  const OrgPolicy* policy = find_policy(org, call.path_ids[0]);
  if (policy == nullptr) return not_found(call.path_ids[0], "Policy");
  Json list = Json::array();
  for (const OrgApp& app : org.apps) {
    if (app.exists && policy_of_app(org, app) == policy) list.push(app_json(org, call, app));
  }
  return json_reply(200, list);
}

SimReply assign_app_policy(Org& org, Call& call) {
  OrgApp* app = find_app(org, call.path_ids[0]);
  if (app == nullptr) return not_found(call.path_ids[0], "AppInstance");
  const OrgPolicy* policy = find_policy(org, call.path_ids[1]);
  if (auto refused = refuse_mapping(policy, call.path_ids[1])) return std::move(*refused);
  give_policy(org, call, *policy, *app);
  return no_content();
}

}  // namespace rollcall::sim

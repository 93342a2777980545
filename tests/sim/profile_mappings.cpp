#include "tests/sim/profile_mappings.h"

#include <fmt/core.h>

#include <optional>

#include "service/base/text.h"
#include "tests/sim/json_parts.h"
#include "tests/sim/listing.h"
#include "tests/sim/org.h"

namespace rollcall::sim {
namespace {

constexpr std::size_t kDefaultMappings = 20, kMaxMappings = 200;

/// One of an app's two mappings. Its id follows from the app's: none is stored for untouched ones.
struct Mapping {
  std::string id;
  const OrgApp* app = nullptr;
  bool to_people = true;  // from the app's profile to the user's
};

Mapping mapping_of(const OrgApp& app, bool to_people) {
  const std::string middle = app.id.size() > 4 ? app.id.substr(3, app.id.size() - 4) : app.id;
  return {fmt::format("prm{}{}", middle, to_people ? 'a' : 'b'), &app, to_people};
}

std::optional<Mapping> find_mapping(const Org& org, std::string_view id) {
  for (const OrgApp& app : org.apps) {
    for (const bool to_people : {true, false}) {
      Mapping mapping = mapping_of(app, to_people);
      if (app.exists && mapping.id == id) return mapping;
    }
  }
  return std::nullopt;
}

std::string_view source_id(const Org& org, const Mapping& mapping) {
  return mapping.to_people ? mapping.app->id : org.type_id;
}
std::string_view target_id(const Org& org, const Mapping& mapping) {
  return mapping.to_people ? org.type_id : mapping.app->id;
}

Json end_json(const Org& org, const Call& call, const Mapping& mapping, bool app_side) {
  const std::string base = call.base_url + "/api/v1/";
  Json links = Json::object();
  Json out = Json::object();
  if (app_side) {
    links.set("self", href_of(base + "apps/" + mapping.app->id));
    links.set("schema",
              href_of(fmt::format("{}meta/schemas/apps/{}/default", base, mapping.app->id)));
    out.set("id", mapping.app->id).set("name", mapping.app->name).set("type", "appuser");
  } else {
    links.set("self", href_of(base + "meta/types/user/" + org.type_id));
    links.set("schema", href_of(base + "meta/schemas/user/" + org.schema_id));
    out.set("id", org.type_id).set("name", "user").set("type", "user");
  }
  return out.set("_links", std::move(links));
}

Json mapping_json(const Org& org, const Call& call, const Mapping& mapping, bool whole) {
  Json out = Json::object();
  out.set("id", mapping.id).set("source", end_json(org, call, mapping, mapping.to_people));
  out.set("target", end_json(org, call, mapping, !mapping.to_people));
  if (whole) {
    const auto changed = org.mappings.find(mapping.id);
    out.set("properties", changed == org.mappings.end() ? Json::object() : changed->second);
  }
  out.set(
      "_links",
      object_of("self", href_with(fmt::format("{}/api/v1/mappings/{}", call.base_url, mapping.id),
                                  {"GET", "POST"})));
  return out;
}

SimReply mapping_refused(std::string cause) {
  return validation_failed("updateMapping", {std::move(cause)});
}

/// What the body makes of the properties; or the refusal, whole.
std::optional<SimReply> take_properties(const Org& org, const Json& sent, const Mapping& mapping,
                                        Json& properties) {
  for (const auto& [name, property] : sent.members()) {
    if (mapping.to_people && org.schema.find(name) == nullptr) {
      return mapping_refused(fmt::format("Invalid target field {}", name));
    }
    if (property.is_null()) {
      properties.erase(name);
      continue;
    }
    const std::string_view push = property["pushStatus"].as_string("DONT_PUSH");
    if (property["expression"].as_string().empty()) {
      return mapping_refused(fmt::format("The expression of {} cannot be left blank", name));
    }
    if (push != "PUSH" && push != "DONT_PUSH") {
      return mapping_refused(fmt::format("Invalid pushStatus of {}", name));
    }
    Json kept = Json::object();
    kept.set("expression", property["expression"]).set("pushStatus", push);
    properties.set(name, std::move(kept));
  }
  return std::nullopt;
}

}  // namespace

SimReply list_mappings(Org& org, Call& call) {
  PageRequest page = page_request(call, kDefaultMappings, kMaxMappings);
  page.mark.clear();
  const std::string_view source = call.param("sourceId"), target = call.param("targetId");
  bool reached = call.param("after").empty();
  PageBody body(page);
  for (const OrgApp& app : org.apps) {
    for (const bool to_people : {true, false}) {
      const Mapping mapping = mapping_of(app, to_people);
      const bool wanted = (source.empty() || source == source_id(org, mapping)) &&
                          (target.empty() || target == target_id(org, mapping));
      if (reached && app.exists && wanted && !body.full()) {
        body.add(mapping.id,
                 [&](std::string& out) { out += mapping_json(org, call, mapping, false).dump(); });
      }
      if (mapping.id == call.param("after")) reached = true;
    }
  }
  return reached ? body.finish(call) : invalid_cursor();
}

SimReply get_mapping(Org& org, Call& call) {
  const auto mapping = find_mapping(org, call.path_ids[0]);
  if (!mapping) return not_found(call.path_ids[0], "ProfileMapping");
  return json_reply(200, mapping_json(org, call, *mapping, true));
}

SimReply change_mapping(Org& org, Call& call) {
  const auto mapping = find_mapping(org, call.path_ids[0]);
  if (!mapping) return not_found(call.path_ids[0], "ProfileMapping");
  if (!call.body_ok || !call.body["properties"].is_object()) return malformed_body();
  const auto held = org.mappings.find(mapping->id);
  Json properties = held == org.mappings.end() ? Json::object() : held->second;
  if (auto refused = take_properties(org, call.body["properties"], *mapping, properties)) {
    return std::move(*refused);
  }
  org.mappings[mapping->id] = std::move(properties);
  call.result_ids.push_back(mapping->id);
  return json_reply(200, mapping_json(org, call, *mapping, true));
}

}  // namespace rollcall::sim

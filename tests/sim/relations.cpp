#include "tests/sim/relations.h"

#include <fmt/core.h>

#include <algorithm>

#include "service/base/text.h"
#include "tests/sim/json_parts.h"
#include "tests/sim/org.h"
#include "tests/sim/packed_json.h"
#include "tests/sim/users.h"

namespace rollcall::sim {
namespace {

constexpr std::size_t kMaxLinkKinds = 200;

Json link_end(const Json& end) {
  Json out = Json::object();
  out.set("name", end["name"]).set("title", end["title"]);
  out.set("description", end["description"]).set("type", "USER");
  return out;
}

Json link_kind_json(const Call& call, const LinkKind& kind) {
  Json out = Json::object();
  out.set("primary", kind.primary).set("associated", kind.associated);
  out.set("_links",
          object_of("self", href_of(fmt::format("{}/api/v1/meta/schemas/user/linkedObjects/{}",
                                                call.base_url, kind.primary["name"].as_string()))));
  return out;
}

/// The kind that one of its two names stands for.
LinkKind* find_link_kind(Org& org, std::string_view name) {
  for (LinkKind& kind : org.relations.links) {
    if (kind.primary["name"].as_string() == name || kind.associated["name"].as_string() == name) {
      return &kind;
    }
  }
  return nullptr;
}

}  // namespace

SimReply list_owners(Org& org, Call& call) {
  if (!org.directory.group_by_id(call.path_ids[0])) {
    return not_found(call.path_ids[0], "UserGroup");
  }
  Json list = Json::array();
  const auto found = org.relations.owners.find(call.path_ids[0]);
  if (found != org.relations.owners.end()) {
    for (const Json& owner : found->second) list.push(owner);
  }
  return json_reply(200, list);
}

SimReply add_owner(Org& org, Call& call) {
  const auto group = org.directory.group_by_id(call.path_ids[0]);
  if (!group) return not_found(call.path_ids[0], "UserGroup");
  if (!call.body_ok || !call.body["id"].is_string()) return malformed_body();
  const std::string id(call.body["id"].as_string());
  const std::string_view type = call.body["type"].as_string();
  const auto user = org.directory.user_by_id(id);
  const auto owning = org.directory.group_by_id(id);
  if (type != "USER" && type != "GROUP") {
    return validation_failed("type", {"type: The owner must be a USER or a GROUP"});
  }
  if (type == "USER" ? !user : !owning) return not_found(id, type == "USER" ? "User" : "UserGroup");
  auto& owners = org.relations.owners[call.path_ids[0]];
  for (const Json& owner : owners) {
    if (owner["id"].as_string() == id) {
      return validation_failed("owner", {"Provided owner is already assigned to this group"});
    }
  }
  const LogParty party = user ? user_party(org, *user) : group_party(org, *owning);
  Json owner = Json::object();
  owner.set("id", id).set("type", type).set("resolved", true).set("originId", nullptr);
  owner.set("originType", "OKTA_DIRECTORY").set("displayName", party.display_name);
  owner.set("lastUpdated", okta_second(call.now));
  owners.push_back(owner);
  call.result_ids = {call.path_ids[0], id};
  log_event(org, call.now, "group.owner.add", {party, group_party(org, *group)});
  return json_reply(201, owner);
}

SimReply remove_owner(Org& org, Call& call) {
  const auto group = org.directory.group_by_id(call.path_ids[0]);
  if (!group) return not_found(call.path_ids[0], "UserGroup");
  auto& owners = org.relations.owners[call.path_ids[0]];
  const auto gone = std::erase_if(
      owners, [&](const Json& owner) { return owner["id"].as_string() == call.path_ids[1]; });
  if (gone == 0) return not_found(call.path_ids[1], "GroupOwner");
  call.result_ids = {call.path_ids[0], call.path_ids[1]};
  log_event(org, call.now, "group.owner.remove",
            {{call.path_ids[1], "User", "unknown", "unknown"}, group_party(org, *group)});
  return no_content();
}

SimReply list_link_kinds(Org& org, Call& call) {
  Json list = Json::array();
  for (const LinkKind& kind : org.relations.links) list.push(link_kind_json(call, kind));
  return json_reply(200, list);
}

SimReply create_link_kind(Org& org, Call& call) {
  if (!call.body_ok || !call.body["primary"].is_object() || !call.body["associated"].is_object()) {
    return malformed_body();
  }
  LinkKind kind{link_end(call.body["primary"]), link_end(call.body["associated"]), {}};
  const std::string_view primary = kind.primary["name"].as_string();
  const std::string_view associated = kind.associated["name"].as_string();
  if (primary.empty() || associated.empty() || primary == associated) {
    return validation_failed("name", {"name: Both ends need a name of their own"});
  }
  if (find_link_kind(org, primary) != nullptr || find_link_kind(org, associated) != nullptr) {
    return error_reply(409, "E0000127", "Linked object name is in use");
  }
  if (org.relations.links.size() >= kMaxLinkKinds) {
    return validation_failed("linkedObject", {"The maximum number has been reached"});
  }
  call.result_ids.emplace_back(primary);
  org.relations.links.push_back(kind);
  return json_reply(201, link_kind_json(call, kind));
}

SimReply get_link_kind(Org& org, Call& call) {
  const LinkKind* kind = find_link_kind(org, call.path_ids[0]);
  if (kind == nullptr) return not_found(call.path_ids[0], "LinkedObject");
  return json_reply(200, link_kind_json(call, *kind));
}

SimReply delete_link_kind(Org& org, Call& call) {
  const LinkKind* kind = find_link_kind(org, call.path_ids[0]);
  if (kind == nullptr) return not_found(call.path_ids[0], "LinkedObject");
  auto& links = org.relations.links;
  links.erase(links.begin() + (kind - links.data()));
  call.result_ids.push_back(call.path_ids[0]);
  return no_content();
}

SimReply set_link(Org& org, Call& call) {
  const auto user = find_user(org, call, call.path_ids[0]);
  if (!user) return not_found(call.path_ids[0], "User");
  LinkKind* kind = find_link_kind(org, call.path_ids[1]);
  if (kind == nullptr || kind->primary["name"].as_string() != call.path_ids[1]) {
    return not_found(call.path_ids[1], "LinkedObject");
  }
  const auto primary = find_user(org, call, call.path_ids[2]);
  if (!primary) return not_found(call.path_ids[2], "User");
  kind->values[*user] = *primary;
  call.result_ids = {org.directory.user(*user).id, org.directory.user(*primary).id};
  log_event(org, call.now, "user.account.update_profile", {user_party(org, *user)});
  return no_content();
}

SimReply get_link(Org& org, Call& call) {
  const auto user = find_user(org, call, call.path_ids[0]);
  if (!user) return not_found(call.path_ids[0], "User");
  const LinkKind* kind = find_link_kind(org, call.path_ids[1]);
  if (kind == nullptr) return not_found(call.path_ids[1], "LinkedObject");
  const bool wants_primary = kind->primary["name"].as_string() == call.path_ids[1];
  Json list = Json::array();
  for (const auto& [associated, primary] : kind->values) {
    if ((wants_primary ? associated : primary) != *user) continue;
    const OrgUser& other = org.directory.user(wants_primary ? primary : associated);
    if (!other.exists) continue;
    const std::string url = fmt::format("{}/api/v1/users/{}", call.base_url, other.id);
    list.push(object_of("_links", object_of("self", href_of(url))));
  }
  return json_reply(200, list);
}

SimReply remove_link(Org& org, Call& call) {
  const auto user = find_user(org, call, call.path_ids[0]);
  if (!user) return not_found(call.path_ids[0], "User");
  LinkKind* kind = find_link_kind(org, call.path_ids[1]);
  if (kind == nullptr) return not_found(call.path_ids[1], "LinkedObject");
  kind->values.erase(*user);
  call.result_ids.push_back(org.directory.user(*user).id);
  log_event(org, call.now, "user.account.update_profile", {user_party(org, *user)});
  return no_content();
}

}  // namespace rollcall::sim

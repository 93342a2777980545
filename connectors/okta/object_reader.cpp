// The org's smaller objects: groups, rules, schema, principal, holders of roles.
#include <algorithm>
#include <string>

#include "connectors/okta/page_reader.h"
#include "service/base/json.h"

namespace rollcall {
namespace {

Error unreadable_object(const std::string& why) {
  return make_error(ErrorCode::okta_page_unreadable, "a page does not parse: " + why);
}

Result<Json> array_of(std::string_view body) {
  auto json = parse_json(body);
  if (!json) return unreadable_object(json.error().message);
  if (!json->is_array()) return unreadable_object("not an array");
  for (const Json& item : json->items()) {
    if (item["id"].as_string().empty()) return unreadable_object("an element without id");
  }
  return json;
}

Result<Json> object_of(std::string_view body) {
  auto json = parse_json(body);
  if (!json) return unreadable_object(json.error().message);
  if (!json->is_object()) return unreadable_object("not an object");
  return json;
}

WallTime time_in(const Json& value) {
  const auto parsed = parse_rfc3339(value.as_string());
  return parsed ? *parsed : WallTime{};
}

GroupType type_of(std::string_view text) {
  for (const GroupType type : {GroupType::okta_group, GroupType::app_group, GroupType::built_in}) {
    if (text == to_string(type)) return type;
  }
  return GroupType::other;
}

std::vector<std::string> texts_of(const Json& array) {
  std::vector<std::string> out;
  for (const Json& item : array.items()) out.emplace_back(item.as_string());
  return out;
}

AttrType attr_type(const Json& property) {
  const std::string_view type = property["type"].as_string();
  if (type == "boolean") return AttrType::boolean;
  if (type == "integer") return AttrType::integer;
  if (type == "number") return AttrType::number;
  if (type == "array") {
    return property["items"]["type"].as_string() == "string" ? AttrType::text_array
                                                             : AttrType::number_array;
  }
  return AttrType::text;
}

bool mastered_elsewhere(const Json& master) {
  if (master["type"].as_string() != "OVERRIDE") return false;
  const auto& sources = master["priority"].items();
  const auto okta = [](const Json& source) {
    return source["type"].as_string() == "OKTA" || source["value"].as_string() == "OKTA";
  };
  return !sources.empty() && !okta(sources.front());
}

std::optional<int> length_of(const Json& value) {
  if (!value.is_int()) return std::nullopt;
  return static_cast<int>(value.as_int());
}

void add_attributes(const Json& part, OrgSchema& out) {
  const auto required = texts_of(part["required"]);
  for (const auto& [name, property] : part["properties"].members()) {
    OrgAttribute attribute;
    attribute.name = name;
    attribute.type = attr_type(property);
    attribute.required = property["required"].as_bool() ||
                         std::find(required.begin(), required.end(), name) != required.end();
    // "UNIQUE_VALIDATED" and "PENDING_UNIQUENESS", or true when written (FACTS 10).
    attribute.unique = property["unique"].as_bool() || !property["unique"].as_string().empty();
    if (property["unique"].as_string() == "NOT_UNIQUE") attribute.unique = false;
    attribute.read_only = property["mutability"].as_string() == "READ_ONLY";
    attribute.mastered_elsewhere = mastered_elsewhere(property["master"]);
    attribute.min_length = length_of(property["minLength"]);
    attribute.max_length = length_of(property["maxLength"]);
    out.attributes.push_back(std::move(attribute));
  }
}

}  // namespace

Result<std::vector<Group>> read_groups(std::string_view body) {
  const auto json = array_of(body);
  if (!json) return json.error();
  std::vector<Group> out;
  for (const Json& item : json->items()) {
    Group group;
    group.id = item["id"].as_string();
    group.type = type_of(item["type"].as_string());
    group.name = item["profile"]["name"].as_string();
    group.description = item["profile"]["description"].as_string();
    group.last_updated = time_in(item["lastUpdated"]);
    group.last_membership_updated = time_in(item["lastMembershipUpdated"]);
    const Json& stats = item["_embedded"]["stats"];
    group.confers_admin = stats["hasAdminPrivileges"].as_bool();
    const std::int64_t users = stats["usersCount"].as_int(-1);
    if (users >= 0) group.user_count = static_cast<std::uint64_t>(users);
    out.push_back(std::move(group));
  }
  return out;
}

Result<std::vector<GroupRule>> read_rules(std::string_view body) {
  const auto json = array_of(body);
  if (!json) return json.error();
  std::vector<GroupRule> out;
  for (const Json& item : json->items()) {
    GroupRule rule;
    rule.id = item["id"].as_string();
    rule.name = item["name"].as_string();
    rule.active = item["status"].as_string() == "ACTIVE";
    rule.expression = item["conditions"]["expression"]["value"].as_string();
    rule.target_groups = texts_of(item["actions"]["assignUserToGroups"]["groupIds"]);
    rule.excluded_users = texts_of(item["conditions"]["people"]["users"]["exclude"]);
    out.push_back(std::move(rule));
  }
  return out;
}

Result<OrgSchema> read_schema(std::string_view body) {
  const auto json = object_of(body);
  if (!json) return json.error();
  OrgSchema out;
  for (const char* part : {"base", "custom"}) {
    add_attributes((*json)["definitions"][part], out);
  }
  if (out.attributes.empty()) return unreadable_object("a schema without attributes");
  return out;
}

Result<Principal> read_principal(std::string_view body) {
  const auto json = object_of(body);
  if (!json) return json.error();
  Principal out{std::string((*json)["id"].as_string()),
                std::string((*json)["profile"]["login"].as_string())};
  if (out.user_id.empty()) return unreadable_object("a user without id");
  return out;
}

Result<std::string> read_org_id(std::string_view body) {
  const auto json = object_of(body);
  if (!json) return json.error();
  std::string id((*json)["id"].as_string());
  if (id.empty()) return unreadable_object("an org without id");
  return id;
}

Result<AssigneePage> read_assignees(std::string_view body) {
  const auto json = object_of(body);
  if (!json) return json.error();
  if (!(*json)["value"].is_array()) return unreadable_object("no list of users");
  AssigneePage out;
  for (const Json& item : (*json)["value"].items()) {
    if (!item["id"].as_string().empty()) out.user_ids.emplace_back(item["id"].as_string());
  }
  out.next_url = (*json)["_links"]["next"]["href"].as_string();
  return out;
}

}  // namespace rollcall

#include "tests/sim/user_schema.h"

#include <fmt/core.h>

#include <algorithm>
#include <array>

#include "service/base/text.h"

namespace rollcall::sim {
namespace {

struct BaseAttribute {
  std::string_view name, title, format, self;
  bool required;
  int min, max;  // 0: not stated
};

// The default schema as recorded (samples, number 72).
constexpr std::array<BaseAttribute, 31> kBase{{
    {"login", "Username", "", "READ_ONLY", true, 5, 100},
    {"firstName", "First name", "", "READ_WRITE", true, 1, 50},
    {"lastName", "Last name", "", "READ_WRITE", true, 1, 50},
    {"middleName", "Middle name", "", "READ_ONLY", false, 0, 0},
    {"honorificPrefix", "Honorific prefix", "", "READ_ONLY", false, 0, 0},
    {"honorificSuffix", "Honorific suffix", "", "READ_ONLY", false, 0, 0},
    {"email", "Primary email", "email", "READ_WRITE", true, 0, 0},
    {"title", "Title", "", "READ_ONLY", false, 0, 0},
    {"displayName", "Display name", "", "READ_ONLY", false, 0, 0},
    {"nickName", "Nickname", "", "READ_ONLY", false, 0, 0},
    {"profileUrl", "Profile Url", "uri", "READ_ONLY", false, 0, 0},
    {"secondEmail", "Secondary email", "email", "READ_WRITE", false, 0, 0},
    {"mobilePhone", "Mobile phone", "", "READ_WRITE", false, 0, 100},
    {"primaryPhone", "Primary phone", "", "HIDE", false, 0, 100},
    {"streetAddress", "Street address", "", "HIDE", false, 0, 0},
    {"city", "City", "", "HIDE", false, 0, 0},
    {"state", "State", "", "HIDE", false, 0, 0},
    {"zipCode", "Zip code", "", "HIDE", false, 0, 0},
    {"countryCode", "Country code", "country-code", "HIDE", false, 0, 0},
    {"postalAddress", "Postal Address", "", "HIDE", false, 0, 0},
    {"preferredLanguage", "Preferred language", "language-code", "READ_ONLY", false, 0, 0},
    {"locale", "Locale", "locale", "READ_ONLY", false, 0, 0},
    {"timezone", "Time zone", "timezone", "READ_ONLY", false, 0, 0},
    {"userType", "User type", "", "READ_ONLY", false, 0, 0},
    {"employeeNumber", "Employee number", "", "READ_WRITE", false, 0, 0},
    {"costCenter", "Cost center", "", "READ_ONLY", false, 0, 0},
    {"organization", "Organization", "", "READ_ONLY", false, 0, 0},
    {"division", "Division", "", "READ_ONLY", false, 0, 0},
    {"department", "Department", "", "READ_ONLY", false, 0, 0},
    {"managerId", "ManagerId", "", "READ_ONLY", false, 0, 0},
    {"manager", "Manager", "", "READ_ONLY", false, 0, 0},
}};

Json permissions(std::string_view action) {
  return Json(Json::Array{Json(Json::Object{{"principal", "SELF"}, {"action", Json(action)}})});
}

Json definition_of(const BaseAttribute& a) {
  Json d = Json::object();
  d.set("title", a.title).set("type", "string");
  if (a.required) d.set("required", true);
  if (!a.format.empty()) d.set("format", a.format);
  d.set("mutability", "READ_WRITE").set("scope", "NONE");
  if (a.min != 0) d.set("minLength", a.min);
  if (a.max != 0) d.set("maxLength", a.max);
  d.set("permissions", permissions(a.self));
  d.set("master", Json(Json::Object{{"type", "PROFILE_MASTER"}}));
  return d;
}

bool is_blank(const Json& value) { return value.is_null() || value.as_string("x").empty(); }

bool type_fits(const Json& value, std::string_view type) {
  if (type == "string") return value.is_string();
  if (type == "boolean") return value.is_bool();
  if (type == "integer") return value.is_int();
  if (type == "number") return value.is_number();
  return value.is_array();
}

bool letters(std::string_view text) {
  return std::all_of(text.begin(), text.end(),
                     [](char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); });
}

bool format_fits(std::string_view text, std::string_view format) {
  if (format == "email") return looks_like_email(text);
  if (format == "uri") return text.find("://") != std::string_view::npos;
  if (format == "country-code") return text.size() == 2 && letters(text);
  if (format == "timezone") return time_zone_exists(text);
  if (format == "language-code") return text.size() >= 2 && letters(text.substr(0, 2));
  if (format == "locale") return text.size() >= 2 && letters(text.substr(0, 2));
  return true;
}

std::string_view format_name(std::string_view format) {
  return format == "email" ? "an email address" : format;
}

void check_text(const SchemaAttribute& a, std::string_view text, std::vector<std::string>& causes) {
  const auto length = static_cast<std::int64_t>(utf8_length(text));
  const Json& d = a.definition;
  if (d.has("maxLength") && length > d["maxLength"].as_int()) {
    causes.push_back(fmt::format("{}: String is too long; the maximum length is {}", a.name,
                                 d["maxLength"].as_int()));
  }
  if (d.has("minLength") && length < d["minLength"].as_int()) {
    causes.push_back(fmt::format("{}: String is too short; the minimum length is {}", a.name,
                                 d["minLength"].as_int()));
  }
  if (has_beyond_bmp(text)) {
    causes.push_back(
        fmt::format("{}: The field contains characters that are not supported", a.name));
  }
  if (a.name == "login" && !looks_like_email(text)) {
    causes.push_back("login: Username must be in the form of an email address");
  }
  const std::string_view format = d["format"].as_string();
  if (!format.empty() && !format_fits(text, format)) {
    causes.push_back(
        fmt::format("{}: Does not match required pattern: {}", a.name, format_name(format)));
  }
}

void check_value(const SchemaAttribute& a, const Json& value, std::vector<std::string>& causes) {
  const std::string_view type = a.definition["type"].as_string();
  if (!type_fits(value, type)) {
    causes.push_back(fmt::format("{}: Value does not match the type {}", a.name, type));
    return;
  }
  if (value.is_string()) check_text(a, value.as_string(), causes);
  if (value.is_array()) {
    const std::string_view item_type = a.definition["items"]["type"].as_string("string");
    for (const Json& item : value.items()) {
      if (!type_fits(item, item_type)) {
        causes.push_back(
            fmt::format("{}: Array items do not match the type {}", a.name, item_type));
        break;
      }
    }
  }
  const Json& allowed = a.definition["enum"];
  if (allowed.is_array() && !value.is_array() &&
      std::none_of(allowed.items().begin(), allowed.items().end(),
                   [&](const Json& item) { return item == value; })) {
    causes.push_back(fmt::format("{}: Value is not one of the allowed values", a.name));
  }
}

const SchemaAttribute* find_in(const std::vector<SchemaAttribute>& list, std::string_view name) {
  const auto found = std::find_if(list.begin(), list.end(),
                                  [&](const SchemaAttribute& a) { return a.name == name; });
  return found == list.end() ? nullptr : &*found;
}

Json properties(const std::vector<SchemaAttribute>& list, Json& required) {
  Json out = Json::object();
  for (const SchemaAttribute& a : list) {
    out.set(a.name, a.definition);
    if (a.definition["required"].as_bool()) required.push(Json(a.name));
  }
  return out;
}

}  // namespace

bool looks_like_email(std::string_view text) {
  const std::size_t at = text.rfind('@');
  if (at == std::string_view::npos || at == 0 || at + 1 >= text.size()) return false;
  const std::string_view domain = text.substr(at + 1);
  return domain.find('.') != std::string_view::npos && domain.front() != '.' &&
         domain.back() != '.' && text.find(' ') == std::string_view::npos;
}

UserSchema::UserSchema() {
  for (const BaseAttribute& a : kBase) base_.push_back({std::string(a.name), definition_of(a)});
}

const SchemaAttribute* UserSchema::find(std::string_view name) const {
  const SchemaAttribute* found = find_in(base_, name);
  return found != nullptr ? found : find_in(custom_, name);
}

void UserSchema::set_custom(std::string_view name, const Json& definition) {
  std::erase_if(custom_,
                [&](const SchemaAttribute& a) { return a.name == name && definition.is_null(); });
  if (definition.is_null()) return;
  Json d = Json::object();
  d.set("title", definition["title"].as_string(name));
  if (definition.has("description")) d.set("description", definition["description"]);
  d.set("type", definition["type"].as_string("string"));
  for (const std::string_view part : {"items", "format", "enum", "oneOf", "pattern"}) {
    if (!definition[part].is_null()) d.set(part, definition[part]);
  }
  if (definition["required"].as_bool()) d.set("required", true);
  d.set("mutability", definition["mutability"].as_string("READ_WRITE"));
  d.set("scope", definition["scope"].as_string("NONE"));
  if (definition["unique"].as_bool()) d.set("unique", "UNIQUE_VALIDATED");
  for (const std::string_view part : {"minLength", "maxLength"}) {
    if (!definition[part].is_null()) d.set(part, definition[part]);
  }
  d.set("permissions", definition["permissions"].is_array() ? definition["permissions"]
                                                            : permissions("READ_ONLY"));
  d.set("master", definition["master"].is_object()
                      ? definition["master"]
                      : Json(Json::Object{{"type", "PROFILE_MASTER"}}));
  const auto found = std::find_if(custom_.begin(), custom_.end(),
                                  [&](const SchemaAttribute& a) { return a.name == name; });
  if (found == custom_.end()) {
    custom_.push_back({std::string(name), std::move(d)});
  } else {
    found->definition = std::move(d);
  }
}

void UserSchema::adjust_base(std::string_view name, const Json& changes) {
  for (SchemaAttribute& a : base_) {
    if (a.name != name) continue;
    for (const auto& [part, value] : changes.members()) {
      if (part == "required" && !value.as_bool()) {
        a.definition.erase("required");
      } else {
        a.definition.set(part, value);
      }
    }
  }
}

std::vector<std::string> UserSchema::unique_attributes() const {
  std::vector<std::string> names;
  for (const SchemaAttribute& a : custom_) {
    if (a.definition.has("unique")) names.push_back(a.name);
  }
  return names;
}

Json UserSchema::render(const std::string& base_url, std::string_view schema_id,
                        std::string_view type_id, WallTime created, WallTime updated) const {
  const auto part = [](std::string_view id, const std::vector<SchemaAttribute>& list) {
    Json required = Json::array();
    Json listed = properties(list, required);
    Json out = Json::object();
    out.set("id", id).set("type", "object").set("properties", std::move(listed));
    out.set("required", std::move(required));
    return out;
  };
  const auto link = [](std::string_view rel, std::string href) {
    return Json(
        Json::Object{{"rel", Json(rel)}, {"href", Json(std::move(href))}, {"method", "GET"}});
  };
  Json out = Json::object();
  out.set("id", base_url + "/meta/schemas/user/default");
  out.set("$schema", "http://json-schema.org/draft-04/schema#");
  out.set("name", "user").set("title", "User");
  out.set("description", "Okta user profile template with default permission settings");
  out.set("lastUpdated", format_okta_time(updated)).set("created", format_okta_time(created));
  out.set("definitions",
          Json(Json::Object{{"custom", part("#custom", custom_)}, {"base", part("#base", base_)}}));
  out.set("type", "object");
  Json all = Json::array();
  for (const char* ref : {"#/definitions/custom", "#/definitions/base"}) {
    all.push(Json(Json::Object{{"$ref", ref}}));
  }
  out.set("properties",
          Json(Json::Object{{"profile", Json(Json::Object{{"allOf", std::move(all)}})}}));
  const std::string schema_href =
      fmt::format("{}/api/v1/meta/schemas/user/{}", base_url, schema_id);
  const std::string type_href = fmt::format("{}/api/v1/meta/types/user/{}", base_url, type_id);
  out.set("_links", Json(Json::Object{{"self", link("self", schema_href)},
                                      {"type", link("type", type_href)}}));
  return out;
}

std::optional<std::string> UserSchema::undefined_property(const Json& profile) const {
  for (const auto& [name, value] : profile.members()) {
    // Okta takes a null for an attribute it does not know: clearing nothing is no fault.
    if (find(name) == nullptr && !value.is_null()) return name;
  }
  return std::nullopt;
}

UserSchema::Faults UserSchema::check(const Json& profile) const {
  Faults faults;
  const auto note = [&](const SchemaAttribute& a) {
    if (faults.field.empty()) faults.field = a.name;
  };
  std::vector<const SchemaAttribute*> all;
  for (const auto* list : {&base_, &custom_}) {
    for (const SchemaAttribute& a : *list) all.push_back(&a);
  }
  for (const SchemaAttribute* a : all) {
    if (a->definition["required"].as_bool() && is_blank(profile[a->name])) {
      faults.causes.push_back(a->name + ": The field cannot be left blank");
      note(*a);
    }
  }
  for (const SchemaAttribute* a : all) {
    const Json& value = profile[a->name];
    if (a->name == "login" && is_blank(value)) {
      faults.causes.push_back("login: Username must be in the form of an email address");
      continue;
    }
    if (value.is_null() || (value.is_string() && value.as_string().empty())) continue;
    const std::size_t before = faults.causes.size();
    check_value(*a, value, faults.causes);
    if (faults.causes.size() != before) note(*a);
  }
  return faults;
}

}  // namespace rollcall::sim

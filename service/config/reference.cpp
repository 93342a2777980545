#include "service/config/reference.h"

#include <fmt/core.h>

#include "service/base/json.h"
#include "service/base/text.h"
#include "service/config/keys.h"

namespace rollcall {
namespace {

using config::KeyNode;
using config::KeySpec;
using config::KeyType;
using config::Need;

Json text_schema() {
  // A plain 012 is a number to an editor and text to us.
  Json types = Json::array();
  types.push("string").push("number").push("boolean");
  return Json::object().set("type", std::move(types));
}

Json pattern_schema(std::string_view pattern) {
  Json out = Json::object();
  out.set("type", "string");
  out.set("pattern", pattern);
  return out;
}

/// Numbers from a configuration's text are safe integers; the table's own bounds are.
std::int64_t integer(const std::string& text) { return std::stoll(text); }

Json number_schema(const KeySpec& spec) {
  Json out = Json::object();
  const config::Range range = range_of(spec);
  if (spec.type == KeyType::count) {
    out.set("type", "integer");
    out.set("minimum", integer(range.low));
    out.set("maximum", integer(range.high));
    return out;
  }
  Json types = Json::array();
  types.push("number").push("string");
  out.set("type", std::move(types));
  out.set("pattern", "^[0-9]+([.][0-9]+)?%?$");
  out.set("minimum", integer(range.low));
  out.set("maximum", integer(range.high));
  return out;
}

Json choice_schema(const KeySpec& spec) {
  Json values = Json::array();
  for (const std::string& choice : choices(spec)) {
    // `version: 1` is a number to an editor.
    if (choice.find_first_not_of("0123456789") == std::string::npos) values.push(integer(choice));
    values.push(choice);
  }
  return Json::object().set("enum", std::move(values));
}

Json list_schema(Json items) {
  Json out = Json::object();
  out.set("type", "array");
  out.set("items", std::move(items));
  return out;
}

Json secret_schema() {
  Json properties = Json::object();
  properties.set("env", pattern_schema("^[A-Za-z_][A-Za-z0-9_]*$"));
  properties.set("file", Json::object().set("type", "string"));
  Json out = Json::object();
  out.set("type", "object");
  out.set("properties", std::move(properties));
  out.set("additionalProperties", false);
  out.set("minProperties", 1);
  out.set("maxProperties", 1);
  return out;
}

Json empty_list_schema() {
  Json out = Json::object();
  out.set("type", "array");
  out.set("maxItems", 0);
  return out;
}

Json plain_schema(const KeySpec& spec) {
  switch (spec.type) {
    case KeyType::text_list:
      return list_schema(text_schema());
    case KeyType::choice:
    case KeyType::delimiter:
      return choice_schema(spec);
    case KeyType::choice_list:
      return list_schema(choice_schema(spec));
    case KeyType::count:
    case KeyType::percent:
      return number_schema(spec);
    case KeyType::duration:
      return pattern_schema("^[0-9]+[smhd]$");
    case KeyType::days:
      return pattern_schema("^[0-9]+d$");
    case KeyType::flag:
      return Json::object().set("type", "boolean");
    case KeyType::https_url:
      return pattern_schema("^https://[^/@]+$");
    case KeyType::user_attribute:
      return pattern_schema("^user[.][A-Za-z0-9_]+$");
    case KeyType::secret:
      return secret_schema();
    case KeyType::empty_list:
      return empty_list_schema();
    default:
      return text_schema();
  }
}

Json default_schema(const KeySpec& spec) {
  if (spec.type == KeyType::count) return integer(std::string(spec.fallback));
  if (spec.type == KeyType::flag) return spec.fallback == "true";
  return spec.fallback;
}

Json node_schema(const KeyNode& key);

Json map_schema(const KeyNode& key) {
  Json properties = Json::object();
  Json required = Json::array();
  for (const KeyNode& child : key.children) {
    if (child.spec->type == KeyType::not_built) continue;
    properties.set(child.name, node_schema(child));
    if (child.spec->need == Need::required) required.push(child.name);
  }
  Json out = Json::object();
  out.set("type", "object");
  if (!key.children.empty()) out.set("properties", std::move(properties));
  if (!required.items().empty()) out.set("required", std::move(required));
  out.set("additionalProperties", key.any ? node_schema(*key.any) : Json(false));
  return out;
}

Json node_schema(const KeyNode& key) {
  Json out;
  switch (key.spec->type) {
    case KeyType::section:
      out = map_schema(key);
      break;
    case KeyType::section_list:
      out = list_schema(map_schema(*key.element));
      break;
    case KeyType::mapping: {
      Json forms = Json::array();
      forms.push(text_schema()).push(map_schema(key));
      out.set("anyOf", std::move(forms));
      break;
    }
    default:
      out = plain_schema(*key.spec);
  }
  out.set("description", key.spec->doc);
  if (!key.spec->fallback.empty()) out.set("default", default_schema(*key.spec));
  return out;
}

std::string form_of(const KeySpec& spec) {
  switch (spec.type) {
    case KeyType::section:
      return "map";
    case KeyType::section_list:
      return "list of maps";
    case KeyType::text_list:
      return "list";
    case KeyType::choice:
    case KeyType::delimiter:
      return "`" + join(choices(spec), "`, `") + "`";
    case KeyType::choice_list:
      return "list of `" + join(choices(spec), "`, `") + "`";
    case KeyType::count:
      return "number";
    case KeyType::percent:
      return "`10%` or `10`";
    case KeyType::duration:
      return "`90s`, `15m`, `4h`, `30d`";
    case KeyType::days:
      return "`30d`";
    case KeyType::flag:
      return "`true`, `false`";
    case KeyType::path:
      return "path";
    case KeyType::regex:
      return "pattern";
    case KeyType::zone:
      return "zone";
    case KeyType::https_url:
      return "https address";
    case KeyType::encoding:
      return "encoding";
    case KeyType::secret:
      return "`{env: NAME}` or `{file: PATH}`";
    case KeyType::expression:
    case KeyType::mapping:
      return "expression";
    case KeyType::user_attribute:
      return "`user.NAME`";
    case KeyType::empty_list:
      return "`[]`";
    default:
      return "text";
  }
}

std::string bounds_of(const KeySpec& spec) {
  const config::Range range = range_of(spec);
  if (range.empty()) return {};
  return fmt::format(", {} to {}", range.low, range.high);
}

std::string default_of(const KeySpec& spec) {
  if (!spec.fallback.empty()) return fmt::format("`{}`", spec.fallback);
  if (spec.need == Need::required) return "required";
  if (spec.need == Need::stated) return "see meaning";
  return "–";
}

std::string unit_of(const KeySpec& spec) {
  // Where the form already says it, the unit would be noise.
  const bool said = spec.type == KeyType::duration || spec.type == KeyType::days ||
                    spec.type == KeyType::zone || spec.unit.empty();
  return said ? std::string() : fmt::format(" ({})", spec.unit);
}

/// A pipe would end the cell, in code too.
std::string cell(std::string_view text) { return replace_all(text, "|", "\\|"); }

std::string row(const KeySpec& spec) {
  std::string meaning(spec.doc);
  if (const std::string name = environment_name(spec); !name.empty()) {
    meaning += fmt::format(" `{}`", name);
  }
  return fmt::format("| `{}` | {}{}{} | {} | {} |\n", spec.path, cell(form_of(spec)), unit_of(spec),
                     bounds_of(spec), default_of(spec), cell(meaning));
}

constexpr std::string_view kIntroduction =
    R"(# Configuration reference

Made from the table of keys (`service/config/keys.def`); do not edit. A full example is
[example.yaml](example.yaml), the least that loads [minimal.yaml](minimal.yaml).

- One YAML file, or several: a later `--config` overlays an earlier one. Maps are merged key by key;
  lists, references to secrets and profile mappings are replaced whole.
- A required key is needed wherever the section it stands in is written.
- `[]` stands for each element of a list, `*` for any name.
- An environment variable named in the last column beats the files; an empty one counts as not set.
- Every value is read as text and converted by its key: `012` stays `012`. Anchors, aliases, tags
  and duplicate keys are refused.
- Secrets are only ever referred to, and read anew at each run. A relative path starts at the folder
  of the file it stands in. One newline at the end of a secret's file is dropped. The permissions of
  such a file are yours to choose: mounted secrets are often readable by their group or by all.
- Expressions are the Okta Expression Language over `hr.*` (columns of the source) and `user.*`
  (attributes of the Okta profile).
)";

}  // namespace

std::string schema_json() {
  const KeyNode tree = config::key_tree();
  Json root = Json::object();
  root.set("$schema", "http://json-schema.org/draft-07/schema#");
  root.set("title", "Rollcall configuration");
  const Json map = map_schema(tree);
  for (const Json::Member& member : map.members()) root.set(member.first, member.second);
  return root.pretty() + "\n";
}

std::string reference_markdown() {
  std::string out(kIntroduction);
  std::string_view section;
  for (const KeySpec& spec : config::key_table()) {
    if (spec.type == KeyType::not_built) continue;
    const std::string_view top = spec.path.substr(0, spec.path.find_first_of(".["));
    if (top != section) {
      section = top;
      out += fmt::format("\n## {}\n\n| key | form | default | meaning |\n|---|---|---|---|\n", top);
    }
    out += row(spec);
  }
  return out;
}

}  // namespace rollcall

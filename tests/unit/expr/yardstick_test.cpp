// Every documented, derived and rejected row of the Expression Language yardstick.
#include <gtest/gtest.h>

#include <cmath>
#include <fstream>
#include <map>

#include "service/base/text.h"
#include "service/expr/country_internal.h"
#include "service/expr/expression.h"
#include "service/expr/time_internal.h"

namespace rollcall {
namespace {

struct Row {
  std::string expression, inputs, expected, type, block, id;
};

std::vector<Row> rows() {
  std::vector<Row> out;
  std::ifstream in(ROLLCALL_SOURCE_DIR "/../shared/yardsticks/expressions.tsv");
  for (std::string line; std::getline(in, line);) {
    if (line.starts_with("# ")) continue;
    const auto f = split(line, '\t');
    if (f.size() != 8) continue;
    out.push_back({std::string(f[0]), std::string(f[1]), std::string(f[2]), std::string(f[3]),
                   std::string(f[6]), std::string(f[7])});
  }
  return out;
}

/// The yardstick writes a time value as an object; our records hold its text.
Json without_wrappers(const Json& json) {
  if (json.is_object() && json.has("$datetime")) return json["$datetime"];
  Json out = json;
  if (json.is_object()) {
    for (const auto& [name, value] : json.members()) out.set(name, without_wrappers(value));
  }
  return out;
}

bool is_flat(const Json& user) {
  for (const auto& [name, value] : user.members()) {
    if (value.is_object() || name == "created") return false;
  }
  return true;
}

AttrType type_of(const Json& value) {
  if (value.is_bool()) return AttrType::boolean;
  if (value.is_int()) return AttrType::integer;
  if (value.is_double()) return AttrType::number;
  if (value.is_array()) {
    const bool texts = value.items().empty() || value.items()[0].is_string();
    return texts ? AttrType::text_array : AttrType::number_array;
  }
  return AttrType::text;
}

/// The inputs of a row as Rollcall takes them: a flat `user` as a packed record, the rest as roots.
struct World {
  Json roots = Json::object();
  Json lookups = Json::object();
  AttrSchema user;
  Record record;
  std::vector<std::string> groups, group_ids;
  CompileOptions options;
  EvalScope scope;

  explicit World(const Json& inputs) {
    for (const auto& [name, value] : inputs.members()) take(name, value);
    scope.roots = &roots;
    scope.lookups = &lookups;
    scope.groups = groups;
    scope.group_ids = group_ids;
    options.lookups = true;
  }
  World(const World&) = delete;

  void take(const std::string& name, const Json& value) {
    if (name == "$now") {
      scope.now = *parse_rfc3339(value.as_string());
    } else if (name == "$context") {
      options.group_rule = value.as_string() == "group_rule";
    } else if (name == "$groups") {
      lookups.set("groups", value);
      for (const Json& group : value.items()) {
        groups.emplace_back(group["profile"]["name"].as_string());
        group_ids.emplace_back(group["id"].as_string());
      }
    } else if (name.starts_with("$")) {
      lookups.set(name.substr(1), value);
    } else if (name == "user" && is_flat(value)) {
      take_user(value);
    } else {
      roots.set(name, without_wrappers(value));
      options.roots.push_back(name);
    }
  }

  void take_user(const Json& value) {
    options.user = &user;
    for (const auto& [name, held] : value.members()) user.add({name, type_of(held)});
    record.reset(user.size());
    for (const auto& [name, held] : value.members()) {
      const AttrId id = *user.find(name);
      if (held.is_null()) {
        record.set_cleared(id);
      } else {
        record.set(id, held.is_string() ? held.as_string() : std::string_view(held.dump()));
      }
    }
    scope.user = record.view();
  }
};

bool same_instant(const std::string& ours, std::string_view theirs) {
  const std::string plain(theirs.substr(0, theirs.find('[')));
  const auto a = expr::parse_instant(ours);
  const auto b = expr::parse_instant(plain);
  return a && b && a->ms == b->ms && a->offset_seconds == b->offset_seconds;
}

bool same(const Value& ours, const Json& theirs);

bool same_array(const Value::Array& ours, const Json& theirs) {
  if (!theirs.is_array() || ours.size() != theirs.items().size()) return false;
  for (std::size_t i = 0; i < ours.size(); ++i) {
    if (!same(ours[i], theirs.items()[i])) return false;
  }
  return true;
}

bool same(const Value& ours, const Json& theirs) {
  if (ours.is_null()) return theirs.is_null();
  if (const auto* b = ours.boolean()) return theirs.is_bool() && theirs.as_bool() == *b;
  if (const auto* i = ours.integer()) return theirs.is_int() && theirs.as_int() == *i;
  if (const auto* d = ours.number()) {
    return theirs.is_number() && std::abs(theirs.as_double() - *d) < 1e-12;
  }
  if (const auto* t = ours.text()) {
    if (theirs.is_object()) {  // an object leaves the evaluator as its JSON text
      const auto parsed = parse_json(*t);
      return parsed && *parsed == theirs;
    }
    return theirs.is_string() && theirs.as_string() == *t;
  }
  return ours.array() != nullptr && same_array(*ours.array(), theirs);
}

/// Empty if the row holds; else what went wrong.
std::string check(const Row& row) {
  const auto inputs = parse_json(row.inputs);
  const auto expected = parse_json(row.expected);
  if (!inputs || !expected) return "the row cannot be read";
  World world(*inputs);
  const auto compiled = compile(row.expression, world.options);
  if (row.type == "error") {
    const std::string_view when = (*expected)["error"].as_string();
    if (!compiled) return compiled.error().where.empty() ? "no column" : "";
    if (when == "compile") return "compiled";
    return evaluate(*compiled, world.scope) ? "evaluated" : "";
  }
  if (!compiled) return describe(compiled.error());
  const auto value = evaluate(*compiled, world.scope);
  if (!value) return describe(value.error());
  if (row.type == "DateString" || row.type == "ZonedDateTime") {
    if (value->text() == nullptr) return "no time";
    return same_instant(*value->text(), expected->as_string()) ? "" : "is " + *value->text();
  }
  const bool is_null = row.type == "Null";
  if (is_null != value->is_null()) return is_null ? "is not null" : "is null";
  if (row.type == "Integer" && value->integer() == nullptr) return "no integer";
  if (row.type == "Double" && value->number() == nullptr) return "no number";
  return same(*value, *expected) ? "" : "is '" + attribute_text(*value) + "'";
}

TEST(Yardstick, EveryRowThatIsNotInDoubtHolds) {
  const auto all = rows();
  if (all.empty()) GTEST_SKIP() << "shared/yardsticks/expressions.tsv is not on this machine";
  std::map<std::string, int> held;
  for (const Row& row : all) {
    if (row.block == "doubt") continue;
    const std::string trouble = check(row);
    EXPECT_EQ(trouble, "") << row.id << ": " << row.expression << " with " << row.inputs;
    held[row.block] += trouble.empty() ? 1 : 0;
  }
  EXPECT_EQ(held["doc"], 290);
  EXPECT_EQ(held["derived"], 273);
  EXPECT_EQ(held["rejected"], 79);
}

}  // namespace
}  // namespace rollcall

// The table of keys, and the committed documents made from it.
#include "service/config/reference.h"

#include <set>

#include "service/base/json.h"
#include "service/config/keys.h"
#include "tests/unit/config/written_config.h"

namespace rollcall {
namespace {

/// ROLLCALL_ACCEPT=1 rewrites the file instead of complaining.
void expect_fresh(const std::string& name, const std::string& generated) {
  const std::string path = std::string(ROLLCALL_SOURCE_DIR) + "/config/" + name;
  if (std::getenv("ROLLCALL_ACCEPT") != nullptr) {
    std::ofstream(path, std::ios::binary) << generated;
  }
  EXPECT_EQ(text_of_file(path), generated)
      << name << " is not what the table of keys gives; ROLLCALL_ACCEPT=1 rewrites it";
}

TEST(Reference, IsTheCommittedPage) { expect_fresh("reference.md", reference_markdown()); }

TEST(Schema, IsTheCommittedFile) { expect_fresh("rollcall.schema.json", schema_json()); }

TEST(Schema, IsJsonAndKnowsNoKeyThatIsNotBuilt) {
  const Result<Json> schema = parse_json(schema_json());
  ASSERT_TRUE(schema);
  EXPECT_TRUE((*schema)["properties"]["users"]["properties"]["match"]["items"].has("required"));
  EXPECT_EQ((*schema)["properties"]["apps"]["maxItems"].as_int(-1), 0);
  EXPECT_FALSE((*schema)["additionalProperties"].as_bool(true));
  EXPECT_EQ(schema_json().find("ldap"), std::string::npos);
  EXPECT_EQ(reference_markdown().find("ldap"), std::string::npos);
}

TEST(KeyTable, ExplainsEveryKeyInOneSentenceAndEachKeyOnce) {
  std::set<std::string_view> paths;
  for (const config::KeySpec& spec : config::key_table()) {
    EXPECT_TRUE(paths.insert(spec.path).second) << spec.path;
    if (spec.type == config::KeyType::not_built) continue;
    EXPECT_TRUE(spec.doc.ends_with('.')) << spec.path;
  }
}

TEST(KeyTable, HasARowForEverySectionOnTheWay) {
  for (const config::KeySpec& spec : config::key_table()) {
    std::string_view path = spec.path;
    while (true) {
      const std::size_t dot = path.rfind('.');
      if (dot == std::string_view::npos) break;
      path = path.substr(0, dot);
      std::string_view row = path;
      if (row.ends_with("[]")) row.remove_suffix(2);
      bool found = false;
      for (const config::KeySpec& other : config::key_table()) found |= other.path == row;
      EXPECT_TRUE(found) << row;
    }
  }
}

TEST(KeyTable, GivesEnvironmentVariablesToPlainValuesOnly) {
  std::map<std::string_view, std::string> names;
  for (const config::KeySpec& spec : config::key_table()) {
    names[spec.path] = config::environment_name(spec);
  }
  EXPECT_EQ(names["run.max_minutes"], "ROLLCALL_RUN_MAX_MINUTES");
  EXPECT_EQ(names["guard.limits.mails.count"], "ROLLCALL_GUARD_LIMITS_MAILS_COUNT");
  for (const char* none : {"version", "journal.key", "sources[].path", "users.scope",
                           "users.manage", "users.profile.*", "apps"}) {
    EXPECT_EQ(names[none], "") << none;
  }
}

}  // namespace
}  // namespace rollcall

// Groups, members, rules, roles, schema, org.
#include "tests/sim/listing.h"
#include "tests/sim/sim_fixture.h"

namespace rollcall::sim {
namespace {

const std::string kRule = R"json({"type":"group_rule","name":"adas",
    "conditions":{"people":{"users":{"exclude":[]}},"expression":{"type":"urn:okta:expression:1.0",
      "value":"String.startsWith(user.firstName,\"Ada\")"}},
    "actions":{"assignUserToGroups":{"groupIds":["GROUP"]}}})json";

std::string rule_for(const std::string& group) {
  std::string body = kRule;
  return body.replace(body.find("GROUP"), 5, group);
}

TEST(Groups, NamesAreUnique) {
  Driver driver;
  const std::string id = driver.make_group("one");
  EXPECT_EQ(driver.status("POST", "/api/v1/groups", R"({"profile":{"name":"one"}})"), 400);
  EXPECT_EQ(driver.first_cause(),
            "name: An object with this field already exists in the current organization");
  EXPECT_EQ(driver.status("PUT", "/api/v1/groups/" + id,
                          R"({"profile":{"name":"one","description":"same name, same group"}})"),
            200);
  EXPECT_EQ(driver.status("POST", "/api/v1/groups", R"({"profile":{"name":""}})"), 400);
  EXPECT_EQ(driver.status("POST", "/api/v1/groups",
                          R"({"profile":{"name":")" + std::string(256, 'x') + "\"}}"),
            400);
  EXPECT_EQ(driver.status("DELETE", "/api/v1/groups/" + id), 204);
  EXPECT_EQ(driver.status("DELETE", "/api/v1/groups/" + id), 404);
  driver.make_group("one");
}

TEST(Groups, EveryoneHoldsAllAndRefusesWrites) {
  Driver driver;
  const std::string user = driver.make_user("ada@example.com");
  driver.status("GET", "/api/v1/groups?filter=" + encode_query(R"(type eq "BUILT_IN")"));
  ASSERT_EQ(driver.json.items().size(), 2U);
  const std::string everyone = driver.ids()[0];
  EXPECT_EQ(driver.json.items()[0]["profile"]["name"].as_string(), "Everyone");
  driver.status("GET", "/api/v1/groups/" + everyone + "/users");
  EXPECT_EQ(driver.ids().size(), 2U);
  EXPECT_EQ(driver.status("DELETE", "/api/v1/groups/" + everyone + "/users/" + user), 403);
  EXPECT_EQ(driver.error_code(), "E0000006");
  EXPECT_EQ(driver.status("DELETE", "/api/v1/groups/" + everyone), 403);
}

TEST(Groups, ImportedOnesAreReadOnly) {
  Driver driver(unlimited(), R"({"groups":[{"id":"00gAPP","type":"APP_GROUP","name":"ad"}]})");
  const std::string user = driver.make_user("ada@example.com");
  EXPECT_EQ(driver.status("PUT", "/api/v1/groups/00gAPP/users/" + user), 403);
  EXPECT_EQ(driver.status("PUT", "/api/v1/groups/00gAPP", R"({"profile":{"name":"x"}})"), 403);
  driver.make_group("ad");
}

TEST(Groups, MemberCallsAreRepeatable) {
  Driver driver;
  const std::string path =
      "/api/v1/groups/" + driver.make_group("g") + "/users/" + driver.make_user("ada@example.com");
  for (const char* method : {"PUT", "PUT", "DELETE", "DELETE"}) {
    EXPECT_EQ(driver.status(method, path), 204);
  }
}

TEST(Groups, ListsByFilterSearchAndName) {
  Driver driver;
  for (const char* name : {"dept-b", "dept-a", "dept", "other"}) driver.make_group(name);
  driver.status("GET", "/api/v1/groups?search=" + encode_query(R"(profile.name sw "DEPT-")"));
  EXPECT_EQ(driver.json.items().size(), 2U);
  driver.status("GET", "/api/v1/groups?q=dept");
  ASSERT_EQ(driver.json.items().size(), 3U);
  EXPECT_EQ(driver.json.items()[0]["profile"]["name"].as_string(), "dept") << "the exact one first";
  EXPECT_EQ(driver.status("GET", "/api/v1/groups?filter=" + encode_query(R"(profile.name eq "x")")),
            400);
}

TEST(GroupRules, AddAndRemoveMembersAfterTheirDelay) {
  SimOptions options = unlimited();
  options.org.rule_delay_ms = 10'000;
  Driver driver(options);
  const std::string group = driver.make_group("target");
  const std::string ada = driver.make_user("ada@example.com");
  ASSERT_EQ(driver.status("POST", "/api/v1/groups/rules", rule_for(group)), 200);
  EXPECT_EQ(driver.json["status"].as_string(), "INACTIVE");
  const std::string rule = "/api/v1/groups/rules/" + std::string(driver.json["id"].as_string());
  const auto members = [&] {
    driver.status("GET", "/api/v1/groups/" + group + "/users");
    return driver.ids().size();
  };
  EXPECT_EQ(driver.status("POST", rule + "/lifecycle/activate"), 204);
  EXPECT_EQ(members(), 0U);
  driver.clock.advance(10'000);
  EXPECT_EQ(members(), 1U);
  driver.status("POST", "/api/v1/users/" + ada, R"({"profile":{"firstName":"Bea"}})");
  EXPECT_EQ(members(), 1U);
  driver.clock.advance(10'000);
  EXPECT_EQ(members(), 0U);
}

TEST(GroupRules, RemovingARuleMadeMemberByHandExcludesTheUser) {
  Driver driver;
  const std::string group = driver.make_group("target");
  const std::string ada = driver.make_user("ada@example.com");
  driver.status("POST", "/api/v1/groups/rules", rule_for(group));
  const std::string rule = "/api/v1/groups/rules/" + std::string(driver.json["id"].as_string());
  driver.status("POST", rule + "/lifecycle/activate");
  const std::string member = "/api/v1/groups/" + group + "/users/" + ada;
  EXPECT_EQ(driver.status("DELETE", member), 204);
  driver.status("GET", rule);
  const Json& excluded = driver.json["conditions"]["people"]["users"]["exclude"];
  ASSERT_EQ(excluded.items().size(), 1U);
  EXPECT_EQ(excluded.items()[0].as_string(), ada);
  driver.status("POST", "/api/v1/users/" + ada, R"({"profile":{"city":"Ulm"}})");
  driver.status("GET", "/api/v1/groups/" + group + "/users");
  EXPECT_TRUE(driver.ids().empty()) << "the rule never adds the user again";
}

TEST(GroupRules, AMembershipMadeByHandOutlivesTheRule) {
  Driver driver;
  const std::string group = driver.make_group("target");
  const std::string ada = driver.make_user("ada@example.com");
  driver.status("POST", "/api/v1/groups/rules", rule_for(group));
  const std::string rule = "/api/v1/groups/rules/" + std::string(driver.json["id"].as_string());
  driver.status("POST", rule + "/lifecycle/activate");
  driver.status("PUT", "/api/v1/groups/" + group + "/users/" + ada);
  driver.status("POST", "/api/v1/users/" + ada, R"({"profile":{"firstName":"Bea"}})");
  driver.status("GET", "/api/v1/groups/" + group + "/users");
  EXPECT_EQ(driver.ids().size(), 1U);
}

TEST(GroupRules, ChangeOnlyWhileInactiveAndBecomeInvalidWithoutTheirGroup) {
  Driver driver;
  const std::string group = driver.make_group("target");
  driver.status("POST", "/api/v1/groups/rules", rule_for(group));
  const std::string rule = "/api/v1/groups/rules/" + std::string(driver.json["id"].as_string());
  driver.status("POST", rule + "/lifecycle/activate");
  EXPECT_EQ(driver.status("PUT", rule, rule_for(group)), 400);
  EXPECT_EQ(driver.status("DELETE", rule), 400);
  driver.status("POST", rule + "/lifecycle/deactivate");
  EXPECT_EQ(driver.status("PUT", rule, rule_for(group)), 200);
  driver.status("DELETE", "/api/v1/groups/" + group);
  driver.status("GET", rule);
  EXPECT_EQ(driver.json["status"].as_string(), "INVALID");
  EXPECT_FALSE(driver.json["allGroupsValid"].as_bool(true));
  EXPECT_EQ(driver.status("DELETE", rule), 202);
  EXPECT_EQ(driver.status("GET", rule), 404);
}

TEST(GroupRules, DeactivatedUsersKeepWhatTheyHad) {
  Driver driver;
  const std::string group = driver.make_group("target");
  const std::string ada = driver.make_user("ada@example.com");
  driver.status("POST", "/api/v1/groups/rules", rule_for(group));
  const std::string rule = "/api/v1/groups/rules/" + std::string(driver.json["id"].as_string());
  driver.status("POST", rule + "/lifecycle/activate");
  driver.status("POST", "/api/v1/users/" + ada + "/lifecycle/deactivate");
  driver.status("GET", "/api/v1/groups/" + group + "/users");
  EXPECT_EQ(driver.ids().size(), 1U);
}

TEST(Schema, CustomAttributesAreAddedAndRemoved) {
  Driver driver;
  const std::string path = "/api/v1/meta/schemas/user/default";
  const std::string add =
      R"({"definitions":{"custom":{"properties":{"badge":{"title":"Badge","type":"string"}}}}})";
  ASSERT_EQ(driver.status("POST", path, add), 200);
  EXPECT_TRUE(driver.json["definitions"]["custom"]["properties"].has("badge"));
  const std::string ada = driver.make_user("ada@example.com");
  EXPECT_EQ(driver.status("POST", "/api/v1/users/" + ada, R"({"profile":{"badge":"7"}})"), 200);
  ASSERT_EQ(
      driver.status("POST", path, R"({"definitions":{"custom":{"properties":{"badge":null}}}})"),
      200);
  EXPECT_FALSE(driver.json["definitions"]["custom"]["properties"].has("badge"));
}

TEST(Principal, OrgRolesAndHoldersAreShown) {
  Driver driver(unlimited(), R"({"org":{"id":"00oSIM"},"users":[{"id":"00uBOSS","profile":
      {"login":"b@example.com","email":"b@example.com","firstName":"B","lastName":"O"}}],
      "groups":[{"id":"00gADM","name":"helpers"}],
      "roles":{"users":{"00uBOSS":["ORG_ADMIN"]},"groups":{"helpers":["HELP_DESK_ADMIN"]}}})");
  driver.status("GET", "/api/v1/org");
  EXPECT_EQ(driver.json["id"].as_string(), "00oSIM");
  driver.status("GET", "/api/v1/users/00uBOSS/roles");
  ASSERT_EQ(driver.json.items().size(), 1U);
  EXPECT_EQ(driver.json.items()[0]["type"].as_string(), "ORG_ADMIN");
  driver.status("GET", "/api/v1/groups/00gADM/roles");
  EXPECT_EQ(driver.json.items().size(), 1U);
  driver.status("GET", "/api/v1/groups?expand=stats");
  for (const Json& group : driver.json.items()) {
    EXPECT_EQ(group["_embedded"]["stats"]["hasAdminPrivileges"].as_bool(),
              group["id"].as_string() == "00gADM");
  }
  driver.status("GET", "/api/v1/groups");
  EXPECT_FALSE(driver.json.items()[0].has("_embedded"));
  driver.status("GET", "/api/v1/iam/assignees/users");
  EXPECT_EQ(driver.json["value"].items().size(), 2U) << "the boss and the token's owner";
}

}  // namespace
}  // namespace rollcall::sim

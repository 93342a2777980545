// Owners, linked objects, types of users, factors, and the rules behind a membership.
#include "tests/sim/sim_fixture.h"

namespace rollcall::sim {
namespace {

TEST(GroupOwners, ArePeopleOrGroupsOnceEach) {
  Driver driver;
  const std::string user = driver.make_user("a@example.com"), group = driver.make_group("g");
  const std::string owners = "/api/v1/groups/" + group + "/owners";
  const std::string body = R"({"id":")" + user + R"(","type":"USER"})";
  EXPECT_EQ(driver.status("POST", owners, body), 201);
  EXPECT_EQ(driver.status("POST", owners, body), 400);
  EXPECT_EQ(driver.status("POST", owners, R"({"id":"00unobody","type":"USER"})"), 404);
  driver.status("GET", owners);
  EXPECT_EQ(driver.ids(), (std::vector{user}));
  EXPECT_EQ(driver.status("DELETE", owners + "/" + user), 204);
  EXPECT_EQ(driver.status("DELETE", owners + "/" + user), 404);
}

TEST(LinkedObjects, TieOnePrimaryToEachPerson) {
  Driver driver;
  const std::string kinds = "/api/v1/meta/schemas/user/linkedObjects";
  const std::string kind =
      R"({"primary":{"name":"boss","title":"Boss"},"associated":{"name":"aide","title":"Aide"}})";
  EXPECT_EQ(driver.status("POST", kinds, kind), 201);
  EXPECT_EQ(driver.status("POST", kinds, kind), 409);
  EXPECT_EQ(driver.error_code(), "E0000127");
  EXPECT_EQ(driver.status("GET", kinds + "/aide"), 200);
  const std::string a = driver.make_user("a@example.com"), b = driver.make_user("b@example.com");
  const std::string c = driver.make_user("c@example.com");
  const std::string links = "/api/v1/users/" + a + "/linkedObjects/boss";
  EXPECT_EQ(driver.status("PUT", links + "/" + b), 204);
  EXPECT_EQ(driver.status("PUT", links + "/" + c), 204);
  driver.status("GET", links);
  ASSERT_EQ(driver.json.items().size(), 1U);
  EXPECT_EQ(driver.json.items()[0]["_links"]["self"]["href"].as_string(),
            "https://example.okta.com/api/v1/users/" + c);
  driver.status("GET", "/api/v1/users/" + b + "/linkedObjects/aide");
  EXPECT_TRUE(driver.json.items().empty());
  driver.status("GET", "/api/v1/users/" + c + "/linkedObjects/aide");
  EXPECT_EQ(driver.json.items().size(), 1U);
  EXPECT_EQ(driver.status("DELETE", links), 204);
  EXPECT_EQ(driver.status("DELETE", links), 204);
  EXPECT_EQ(driver.status("PUT", "/api/v1/users/" + a + "/linkedObjects/aide/" + b), 404);
  EXPECT_EQ(driver.status("DELETE", kinds + "/boss"), 204);
  EXPECT_EQ(driver.status("GET", kinds + "/boss"), 404);
}

TEST(UserTypes, AreMadeChangedAndDeletedButForTheDefault) {
  Driver driver;
  const std::string types = "/api/v1/meta/types/user";
  EXPECT_EQ(driver.status("POST", types, R"({"name":"guest","displayName":"Guest"})"), 200);
  const std::string guest = types + "/" + std::string(driver.json["id"].as_string());
  EXPECT_EQ(driver.status("POST", types, R"({"name":"guest","displayName":"Guest"})"), 400);
  EXPECT_EQ(driver.status("POST", guest, R"({"description":"Visitors"})"), 200);
  EXPECT_EQ(driver.json["displayName"].as_string(), "Guest");
  EXPECT_EQ(driver.status("PUT", guest, R"({"name":"guest","displayName":"G"})"), 200);
  EXPECT_EQ(driver.json["description"].as_string(), "");
  EXPECT_EQ(driver.status("PUT", guest, R"({"name":"other","displayName":"G"})"), 400);
  driver.status("GET", types);
  EXPECT_EQ(driver.json.items().size(), 2U);
  EXPECT_EQ(driver.status("GET", types + "/default"), 200);
  EXPECT_EQ(driver.status("DELETE", types + "/default"), 403);
  EXPECT_EQ(driver.status("DELETE", guest), 204);
  EXPECT_EQ(driver.status("GET", guest), 404);
}

TEST(Factors, AreEnrolledActivatedVerifiedAndReset) {
  Driver driver;
  const std::string user = "/api/v1/users/" + driver.make_user("a@example.com");
  const std::string factors = user + "/factors";
  EXPECT_EQ(
      driver.status("POST", factors, R"({"factorType":"sms","profile":{"phoneNumber":"+49 1"}})"),
      200);
  const std::string sms = factors + "/" + std::string(driver.json["id"].as_string());
  EXPECT_EQ(driver.status("POST", sms + "/lifecycle/activate", R"({"passCode":"1"})"), 403);
  EXPECT_EQ(driver.error_code(), "E0000068");
  EXPECT_EQ(driver.status("POST", sms + "/resend"), 200);
  EXPECT_EQ(driver.status("POST", sms + "/lifecycle/activate", R"({"passCode":"123456"})"), 200);
  EXPECT_EQ(driver.json["status"].as_string(), "ACTIVE");
  EXPECT_EQ(driver.status("POST", sms + "/verify", R"({"passCode":"123456"})"), 200);
  EXPECT_EQ(driver.json["factorResult"].as_string(), "SUCCESS");
  EXPECT_EQ(driver.status("POST", factors,
                          R"({"factorType":"question","provider":"OKTA","profile":)"
                          R"({"question":"first_award","answer":"Swimming"}})"),
            200);
  EXPECT_FALSE(driver.json["profile"].has("answer"));
  driver.status("GET", factors);
  EXPECT_EQ(driver.json.items().size(), 2U);
  EXPECT_EQ(driver.status("DELETE", sms), 204);
  EXPECT_EQ(driver.status("GET", sms), 404);
  EXPECT_EQ(driver.status("POST", user + "/lifecycle/reset_factors"), 200);
  driver.status("GET", factors);
  EXPECT_TRUE(driver.json.items().empty());
  EXPECT_EQ(driver.status("POST", factors, R"({"factorType":"smoke","profile":{}})"), 400);
  driver.status("GET", factors + "/questions");
  EXPECT_FALSE(driver.json.items().empty());
}

TEST(UserTypes, PeopleOfATypeAreLoadedShownFoundAndWrittenOut) {
  Driver driver;
  const std::string org = R"({"users":[{"profile":{"login":"a@x.example"}},
    {"id":"00u00000000000000001","profile":{"login":"b@x.example"}}],
    "relations":{"types":[{"id":"oty00000000000000001","name":"guest",
      "users":["00u00000000000000001"]}]}})";
  ASSERT_EQ(driver.status("PUT", "/sim/org", org), 204);
  driver.status("GET", "/api/v1/users/b@x.example");
  EXPECT_EQ(driver.json["type"]["id"].as_string(), "oty00000000000000001");
  driver.status("GET", "/api/v1/users/a@x.example");
  EXPECT_NE(driver.json["type"]["id"].as_string(), "oty00000000000000001");
  driver.status("GET", "/api/v1/users?search=type.id%20eq%20%22oty00000000000000001%22");
  EXPECT_EQ(driver.ids(), (std::vector<std::string>{"00u00000000000000001"}));
  EXPECT_EQ(driver.status("DELETE", "/api/v1/meta/types/user/oty00000000000000001"), 400);
  driver.status("GET", "/sim/org");
  const Json& type = driver.json["relations"]["types"].items().at(0);
  EXPECT_EQ(type["users"].items().at(0).as_string(), "00u00000000000000001");
  const std::string wrong = R"({"relations":{"types":[{"name":"guest","users":["nobody"]}]}})";
  EXPECT_EQ(driver.status("PUT", "/sim/org", wrong), 400);
}

TEST(Memberships, NameTheRuleThatMadeThem) {
  Driver driver;
  const std::string user = driver.make_user("a@example.com"), group = driver.make_group("g");
  const std::string rules = "/api/v1/groups/" + group + "/users/" + user + "/group-rules";
  driver.status("POST", "/api/v1/groups/rules",
                R"({"type":"group_rule","name":"r","conditions":{"expression":{"value":)"
                R"("user.firstName == \"Ada\""}},"actions":{"assignUserToGroups":{"groupIds":[")" +
                    group + R"("]}}})");
  const std::string rule(driver.json["id"].as_string());
  driver.status("GET", rules);
  EXPECT_TRUE(driver.json.items().empty());
  driver.status("POST", "/api/v1/groups/rules/" + rule + "/lifecycle/activate");
  driver.status("GET", rules);
  EXPECT_EQ(driver.ids(), (std::vector{rule}));
}

}  // namespace
}  // namespace rollcall::sim

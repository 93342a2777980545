// The System Log: an event for every write, and both ways of reading.
#include <set>

#include "service/base/text.h"
#include "tests/sim/sim_fixture.h"

namespace rollcall::sim {
namespace {

std::vector<std::string> types_in(const Driver& driver) {
  std::vector<std::string> types;
  for (const Json& event : driver.json.items()) types.emplace_back(event["eventType"].as_string());
  return types;
}

TEST(SystemLog, NamesActorTargetsAndTransaction) {
  Driver driver;
  const std::string user = driver.make_user("a@example.com", "?activate=false", false);
  const std::string group = driver.make_group("g");
  const SimReply added = driver.send("PUT", "/api/v1/groups/" + group + "/users/" + user);
  EXPECT_EQ(driver.status("GET", "/api/v1/logs?sortOrder=ASCENDING"), 200);
  EXPECT_EQ(types_in(driver),
            (std::vector<std::string>{"user.lifecycle.create", "group.lifecycle.create",
                                      "group.user_membership.add"}));
  const Json& event = driver.json.items()[2];
  EXPECT_EQ(event["actor"]["id"].as_string(), driver.sim->org().tokens[0].owner_id);
  EXPECT_EQ(event["target"].items()[0]["id"].as_string(), user);
  EXPECT_EQ(event["target"].items()[0]["alternateId"].as_string(), "a@example.com");
  EXPECT_EQ(event["target"].items()[1]["type"].as_string(), "UserGroup");
  EXPECT_EQ(event["outcome"]["result"].as_string(), "SUCCESS");
  EXPECT_EQ(event["transaction"]["id"].as_string(), added.header("X-Okta-Request-Id"));
  EXPECT_EQ(event["uuid"].as_string().size(), 36U);
}

TEST(SystemLog, HasAnEventForEveryUserOperation) {
  Driver driver;
  const std::string user = driver.make_user("a@example.com");
  const std::string path = "/api/v1/users/" + user;
  driver.status("POST", path, R"({"profile":{"city":"Ulm"}})");
  for (const char* step :
       {"suspend", "unsuspend", "expire_password", "reset_password", "reactivate", "deactivate"}) {
    EXPECT_EQ(driver.status("POST", path + "/lifecycle/" + step), 200) << step;
  }
  EXPECT_EQ(driver.status("DELETE", path), 204);
  driver.status("GET", "/api/v1/logs");
  EXPECT_EQ(
      types_in(driver),
      (std::vector<std::string>{
          "user.lifecycle.create", "user.lifecycle.activate", "user.account.update_profile",
          "user.lifecycle.suspend", "user.lifecycle.unsuspend", "user.account.expire_password",
          "user.account.reset_password", "user.lifecycle.reactivate", "user.lifecycle.deactivate",
          "user.lifecycle.delete.initiated", "user.lifecycle.delete.completed"}));
}

TEST(SystemLog, TellsWhatRulesAndAppsDidBySystem) {
  Driver driver;
  const std::string group = driver.make_group("g");
  driver.status("POST", "/api/v1/apps",
                R"({"name":"bookmark","label":"w","settings":{"app":{"url":"https://w"}}})");
  const std::string app(driver.json["id"].as_string());
  driver.status("PUT", "/api/v1/apps/" + app + "/groups/" + group, "{}");
  driver.make_user("a@example.com");
  driver.status("POST", "/api/v1/groups/rules",
                R"({"type":"group_rule","name":"r","conditions":{"expression":{"value":)"
                R"("user.firstName == \"Ada\"","type":"urn:okta:expression:1.0"}},)"
                R"("actions":{"assignUserToGroups":{"groupIds":[")" +
                    group + R"("]}}})");
  const std::string rule(driver.json["id"].as_string());
  driver.status("POST", "/api/v1/groups/rules/" + rule + "/lifecycle/activate");
  driver.status("GET", "/api/v1/logs?filter=actor.type+eq+%22SystemPrincipal%22");
  EXPECT_EQ(types_in(driver), (std::vector<std::string>{"group.user_membership.add",
                                                        "application.user_membership.add"}));
  driver.status("GET", "/api/v1/logs?q=bookmark+nothing");
  EXPECT_TRUE(driver.json.items().empty());
  driver.status("GET", "/api/v1/logs?q=WIKI%20application");
  EXPECT_TRUE(driver.json.items().empty());
  driver.status("GET", "/api/v1/logs?filter=target.id+eq+%22" + rule + "%22");
  EXPECT_EQ(types_in(driver),
            (std::vector<std::string>{"policy.rule.add", "group.user_membership.rule.trigger"}));
}

TEST(SystemLog, PollsForEverWithANextLinkEvenWhenEmpty) {
  Driver driver;
  for (int i = 0; i < 5; ++i) driver.make_group("g" + std::to_string(i));
  std::string next =
      "/api/v1/logs?sortOrder=ASCENDING&limit=2&filter=eventType+eq+"
      "%22group.lifecycle.create%22";
  std::vector<std::size_t> sizes;
  std::set<std::string> seen;
  for (int page = 0; page < 5; ++page) {
    const SimReply reply = driver.send("GET", next);
    sizes.push_back(driver.json.items().size());
    for (const Json& event : driver.json.items()) seen.emplace(event["uuid"].as_string());
    next = next_link(reply, "next");
    ASSERT_FALSE(next.empty());
    EXPECT_EQ(next.find("since="), std::string::npos);
  }
  EXPECT_EQ(sizes, (std::vector<std::size_t>{2, 2, 1, 0, 0}));
  EXPECT_EQ(seen.size(), 5U);
  driver.make_group("later");
  driver.send("GET", next);
  EXPECT_EQ(driver.json.items().size(), 1U);
}

TEST(SystemLog, EndsWhenBothBoundsAreGiven) {
  Driver driver;
  for (int i = 0; i < 3; ++i) driver.make_group("g" + std::to_string(i));
  driver.clock.advance(1000);
  const std::string until = replace_all(format_okta_time(driver.sim->now()), ":", "%3A");
  driver.make_group("too late");
  const SimReply first = driver.send("GET", "/api/v1/logs?limit=2&until=" + until);
  EXPECT_EQ(driver.json.items().size(), 2U);
  const SimReply second = driver.send("GET", next_link(first, "next"));
  EXPECT_EQ(driver.json.items().size(), 1U);
  EXPECT_EQ(next_link(second, "next"), "");
  driver.send("GET", "/api/v1/logs?sortOrder=DESCENDING&limit=1&until=" + until);
  EXPECT_EQ(driver.json.items()[0]["target"].items()[0]["displayName"].as_string(), "g2");
}

TEST(SystemLog, RefusesWhatOktaRefuses) {
  Driver driver;
  const auto code = [&](const std::string& query) {
    EXPECT_EQ(driver.status("GET", "/api/v1/logs?" + query), 400) << query;
    return driver.error_code();
  };
  EXPECT_EQ(code("since=2020-01-01T00:00:00Z"), "E0000053");
  EXPECT_EQ(code("filter=colour+eq+%22x%22"), "E0000053");
  EXPECT_EQ(code("since=yesterday"), "E0000001");
  EXPECT_EQ(code("limit=1001"), "E0000001");
  EXPECT_EQ(code("since=2026-09-20T00:00:00Z&after=1_1"), "E0000001");
  EXPECT_EQ(code("after=nonsense"), "E0000031");
}

}  // namespace
}  // namespace rollcall::sim

// Policies: order, defaults that stay, groups.
#include "tests/sim/sim_fixture.h"

namespace rollcall::sim {
namespace {

std::string make_policy(Driver& driver, std::string_view name, std::string_view more = {},
                        std::string_view type = "PASSWORD") {
  EXPECT_EQ(driver.status("POST", "/api/v1/policies",
                          R"({"type":")" + std::string(type) + R"(","name":")" + std::string(name) +
                              "\"" + std::string(more) + "}"),
            200);
  return std::string(driver.json["id"].as_string());
}

std::string order_of(Driver& driver, const std::string& target) {
  EXPECT_EQ(driver.status("GET", target), 200);
  std::string names;
  for (const Json& item : driver.json.items()) {
    names += std::string(item["name"].as_string()) + ":" +
             std::to_string(item["priority"].as_int()) + " ";
  }
  return names;
}

TEST(Policies, OfEachTypeStartWithTheirDefault) {
  Driver driver;
  for (const char* type : {"OKTA_SIGN_ON", "PASSWORD", "MFA_ENROLL", "ACCESS_POLICY"}) {
    SCOPED_TRACE(type);
    EXPECT_EQ(order_of(driver, std::string("/api/v1/policies?type=") + type), "Default Policy:1 ");
    const Json policy = driver.json.items()[0];
    const std::string path = "/api/v1/policies/" + std::string(policy["id"].as_string());
    EXPECT_TRUE(policy["system"].as_bool());
    EXPECT_EQ(driver.status("DELETE", path), 403);
    EXPECT_EQ(driver.status("POST", path + "/lifecycle/deactivate"), 403);
    driver.status("GET", path + "/rules");
    const std::string rule =
        path + "/rules/" + std::string(driver.json.items()[0]["id"].as_string());
    EXPECT_EQ(driver.status("DELETE", rule), 403);
    EXPECT_EQ(driver.status("POST", rule + "/lifecycle/deactivate"), 403);
  }
  EXPECT_EQ(driver.status("GET", "/api/v1/policies"), 400);
  EXPECT_EQ(driver.error_code(), "E0000028");
  EXPECT_EQ(driver.status("GET", "/api/v1/policies?type=WISH"), 400);
}

TEST(Policies, ShiftEachOtherAndKeepTheDefaultLast) {
  Driver driver;
  const std::string list = "/api/v1/policies?type=PASSWORD";
  make_policy(driver, "a");
  const std::string b = make_policy(driver, "b");
  make_policy(driver, "c", R"(,"priority":1)");
  EXPECT_EQ(order_of(driver, list), "c:1 a:2 b:3 Default Policy:4 ");
  EXPECT_EQ(driver.status("PUT", "/api/v1/policies/" + b,
                          R"({"type":"PASSWORD","name":"b","priority":1})"),
            200);
  EXPECT_EQ(order_of(driver, list), "b:1 c:2 a:3 Default Policy:4 ");
  driver.status("PUT", "/api/v1/policies/" + b, R"({"type":"PASSWORD","name":"b","priority":50})");
  EXPECT_EQ(order_of(driver, list), "c:1 a:2 b:3 Default Policy:4 ");
  EXPECT_EQ(driver.status("DELETE", "/api/v1/policies/" + b), 204);
  EXPECT_EQ(order_of(driver, list), "c:1 a:2 Default Policy:3 ");
  EXPECT_EQ(driver.status("GET", "/api/v1/policies/" + b), 404);
}

TEST(Policies, AreForEveryoneUnlessTheyNameGroups) {
  Driver driver;
  make_policy(driver, "a");
  const auto included = [&] {
    return driver.json["conditions"]["people"]["groups"]["include"].items()[0].as_string();
  };
  EXPECT_EQ(included(), driver.sim->org().directory.group(driver.sim->org().everyone).id);
  const std::string group = driver.make_group("g");
  make_policy(driver, "b",
              R"(,"conditions":{"people":{"groups":{"include":[")" + group + R"("]}}})");
  EXPECT_EQ(included(), group);
  EXPECT_EQ(driver.status("POST", "/api/v1/policies",
                          R"({"type":"PASSWORD","name":"c","conditions":{"people":{"groups":)"
                          R"({"include":["00gnobody"]}}}})"),
            400);
  EXPECT_EQ(driver.status("POST", "/api/v1/policies", R"({"type":"PASSWORD","name":"a"})"), 400);
  EXPECT_EQ(driver.status("POST", "/api/v1/policies", R"({"type":"ENTITY_RISK","name":"x"})"), 400);
}

TEST(Policies, AreSwitchedOffAndOn) {
  Driver driver;
  const std::string path = "/api/v1/policies/" + make_policy(driver, "a");
  EXPECT_EQ(driver.status("POST", path + "/lifecycle/deactivate"), 204);
  EXPECT_EQ(order_of(driver, "/api/v1/policies?type=PASSWORD&status=INACTIVE"), "a:1 ");
  EXPECT_EQ(driver.status("POST", path + "/lifecycle/activate"), 204);
  EXPECT_EQ(driver.status("PUT", path, R"({"type":"MFA_ENROLL","name":"a"})"), 400);
}

TEST(Policies, TheDefaultOneRefusesAnotherPriority) {
  Driver driver;
  make_policy(driver, "a");
  driver.status("GET", "/api/v1/policies?type=PASSWORD");
  const std::string path =
      "/api/v1/policies/" + std::string(driver.json.items()[1]["id"].as_string());
  // A priority read before "a" was made is stale.
  EXPECT_EQ(
      driver.status("PUT", path, R"({"type":"PASSWORD","name":"Default Policy","priority":1})"),
      403);
  EXPECT_EQ(driver.error_code(), "E0000077");
  EXPECT_EQ(driver.status("PUT", path,
                          R"({"type":"PASSWORD","name":"Default Policy","priority":2,"settings":)"
                          R"({"password":{"lockout":{"maxAttempts":3}}}})"),
            200);
  EXPECT_EQ(driver.json["settings"]["password"]["lockout"]["maxAttempts"].as_int(), 3);
}

TEST(PolicyRules, AreOrderedSwitchedAndReplaced) {
  Driver driver;
  const std::string rules =
      "/api/v1/policies/" + make_policy(driver, "p", {}, "OKTA_SIGN_ON") + "/rules";
  driver.status("POST", rules, R"({"name":"a"})");
  const std::string a = rules + "/" + std::string(driver.json["id"].as_string());
  driver.status("POST", rules, R"({"name":"b","priority":1})");
  EXPECT_EQ(order_of(driver, rules), "b:1 a:2 ");
  EXPECT_EQ(driver.status("PUT", a,
                          R"({"name":"a2","priority":1,"actions":{"signon":{"access":"DENY"}}})"),
            200);
  EXPECT_EQ(order_of(driver, rules), "a2:1 b:2 ");
  EXPECT_EQ(driver.status("POST", a + "/lifecycle/deactivate"), 204);
  driver.status("GET", a);
  EXPECT_EQ(driver.json["status"].as_string(), "INACTIVE");
  EXPECT_EQ(driver.json["actions"]["signon"]["access"].as_string(), "DENY");
  EXPECT_EQ(driver.status("POST", a + "/lifecycle/activate"), 204);
  EXPECT_EQ(driver.status("POST", rules, R"({"name":"b"})"), 400);
  EXPECT_EQ(driver.status("POST", rules, R"({"name":"c","type":"PASSWORD"})"), 400);
  EXPECT_EQ(driver.status("DELETE", a), 204);
  EXPECT_EQ(driver.status("GET", a), 404);
}

TEST(PolicyRules, TheDefaultOneKeepsItsConditionsAndPlace) {
  Driver driver;
  driver.status("GET", "/api/v1/policies?type=OKTA_SIGN_ON");
  const std::string rules =
      "/api/v1/policies/" + std::string(driver.json.items()[0]["id"].as_string()) + "/rules";
  driver.status("GET", rules);
  const std::string last = rules + "/" + std::string(driver.json.items()[0]["id"].as_string());
  driver.status("POST", rules, R"({"name":"a","priority":9})");
  EXPECT_EQ(order_of(driver, rules), "a:1 Default Rule:2 ");
  EXPECT_EQ(
      driver.status("PUT", last,
                    R"({"name":"Default Rule","conditions":{"network":{"connection":"ZONE"}}})"),
      403);
  EXPECT_EQ(driver.error_code(), "E0000077");
}

TEST(PolicyMappings, AnAppSignsPeopleInByOnePolicyAtATime) {
  Driver driver;
  const std::string own = make_policy(driver, "own", {}, "ACCESS_POLICY");
  driver.status("POST", "/api/v1/apps",
                R"({"name":"bookmark","label":"w","settings":{"app":{"url":"https://w"}}})");
  const std::string app(driver.json["id"].as_string());
  const auto signs_in = [&] {
    driver.status("GET", "/api/v1/apps/" + app);
    const std::string url(driver.json["_links"]["accessPolicy"]["href"].as_string());
    return url.substr(url.rfind('/') + 1);
  };
  const std::string standard = signs_in(), mappings = "/api/v1/policies/" + own + "/mappings";
  EXPECT_NE(standard, own);
  driver.status("GET", "/api/v1/policies/" + standard + "/mappings");
  EXPECT_EQ(driver.json.items().size(), 1U);
  EXPECT_EQ(driver.status("POST", mappings, R"({"resourceId":"0oanone","resourceType":"APP"})"),
            404);
  ASSERT_EQ(
      driver.status("POST", mappings, R"({"resourceId":")" + app + R"(","resourceType":"APP"})"),
      201);
  const std::string mapping = mappings + "/" + std::string(driver.json["id"].as_string());
  EXPECT_EQ(signs_in(), own);
  driver.status("GET", "/api/v1/policies/" + own + "/app");
  EXPECT_EQ(driver.ids(), std::vector<std::string>{app});
  EXPECT_EQ(driver.status("GET", mapping), 200);
  EXPECT_EQ(driver.status("DELETE", mapping), 204);
  EXPECT_EQ(driver.status("GET", mapping), 404);
  EXPECT_EQ(signs_in(), standard);
  EXPECT_EQ(driver.status("PUT", "/api/v1/apps/" + app + "/policies/" + own), 204);
  EXPECT_EQ(signs_in(), own);
  const std::string password = make_policy(driver, "pw", {}, "PASSWORD");
  EXPECT_EQ(driver.status("PUT", "/api/v1/apps/" + app + "/policies/" + password), 400);
}

TEST(PolicyRules, TakeAnyPriorityForFirstOrLast) {
  Driver driver;
  const std::string rules =
      "/api/v1/policies/" + make_policy(driver, "p", {}, "OKTA_SIGN_ON") + "/rules";
  driver.status("POST", rules, R"({"name":"a"})");
  EXPECT_EQ(driver.status("POST", rules, R"({"name":"b","priority":-9223372036854775808})"), 200);
  EXPECT_EQ(driver.status("POST", rules, R"({"name":"c","priority":9223372036854775807})"), 200);
  EXPECT_EQ(order_of(driver, rules), "b:1 a:2 c:3 ");
}

TEST(Policies, RefuseMembersOfTheWrongKind) {
  Driver driver;
  for (const char* more :
       {R"("settings":{"password":5})", R"("settings":"strict")",
        R"("settings":{"password":{"age":{"maxAgeDays":"ten"}}})",
        R"("settings":{"password":{"age":{"maxAgeDays":-1}}})",
        R"("settings":{"password":{"lockout":{"autoUnlockMinutes":9223372036854775807}}})",
        R"("settings":{"password":{"lockout":{"showLockoutFailures":1}}})", R"("conditions":7)",
        R"("conditions":{"people":{"groups":{"include":"00g"}}})",
        R"("conditions":{"people":{"groups":{"include":[5]}}})", R"("priority":"first")"}) {
    EXPECT_EQ(driver.status("POST", "/api/v1/policies",
                            R"({"type":"PASSWORD","name":"p",)" + std::string(more) + "}"),
              400)
        << more;
    EXPECT_EQ(driver.error_code(), "E0000001") << more;
  }
  EXPECT_EQ(driver.status("POST", "/api/v1/policies",
                          R"({"type":"MFA_ENROLL","name":"p","settings":[]})"),
            400);
  EXPECT_EQ(driver.status("POST", "/api/v1/policies",
                          R"({"type":"PASSWORD","name":"p","settings":{"password":null}})"),
            200)
      << "null is as if it were not there";
  EXPECT_EQ(driver.json["settings"]["password"]["complexity"]["minLength"].as_int(), 8);
}

TEST(PolicyRules, RefuseMembersOfTheWrongKindAndUnknownAccess) {
  Driver driver;
  const std::string rules =
      "/api/v1/policies/" + make_policy(driver, "p", {}, "OKTA_SIGN_ON") + "/rules";
  for (const char* more :
       {R"("actions":"y")", R"("conditions":"x")", R"("actions":{"signon":"no"})",
        R"("actions":{"signon":{"access":"MAYBE"}})", R"("actions":{"signon":{"access":1}})",
        R"("actions":{"signon":{"requireFactor":"yes"}})",
        R"("actions":{"signon":{"session":{"maxSessionIdleMinutes":"long"}}})",
        R"("conditions":{"people":{"users":{"exclude":"00u"}}})",
        R"("conditions":{"network":"ANYWHERE"})", R"("priority":1.5)"}) {
    EXPECT_EQ(driver.status("POST", rules, R"({"name":"r",)" + std::string(more) + "}"), 400)
        << more;
    EXPECT_EQ(driver.error_code(), "E0000001") << more;
  }
  const std::string password = "/api/v1/policies/" + make_policy(driver, "w") + "/rules";
  EXPECT_EQ(driver.status("POST", password,
                          R"({"name":"r","actions":{"selfServiceUnlock":{"access":"MAYBE"}}})"),
            400);
  EXPECT_EQ(driver.status("POST", password,
                          R"({"name":"r","actions":{"selfServiceUnlock":{"access":"ALLOW"}}})"),
            200);
}

}  // namespace
}  // namespace rollcall::sim

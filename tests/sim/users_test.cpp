// Creating, updating, replacing and deleting users.
#include "tests/sim/users.h"
#include "tests/sim/sim_fixture.h"

namespace rollcall::sim {
namespace {

std::string profile(const std::string& members) { return R"({"profile":{)" + members + "}}"; }

const std::string kPerson =
    R"("login":"ada@example.com","email":"ada@example.com","firstName":"Ada","lastName":"Byron")";

TEST(CreateUser, StatusFollowsPasswordActivateAndProvider) {
  Driver driver;
  EXPECT_EQ(driver.user_status(driver.make_user("a@example.com")), "ACTIVE");
  EXPECT_EQ(driver.user_status(driver.make_user("b@example.com", "", false)), "PROVISIONED");
  EXPECT_EQ(driver.user_status(driver.make_user("c@example.com", "?activate=false")), "STAGED");
  EXPECT_EQ(driver.user_status(driver.make_user("d@example.com", "?nextLogin=changePassword")),
            "PASSWORD_EXPIRED");
  const std::string federated =
      R"({"profile":{"login":"e@example.com","email":"e@example.com","firstName":"E",)"
      R"("lastName":"F"},"credentials":{"provider":{"type":"FEDERATION","name":"FEDERATION"}}})";
  ASSERT_EQ(driver.status("POST", "/api/v1/users?provider=true", federated), 200);
  EXPECT_EQ(driver.json["status"].as_string(), "ACTIVE");
}

TEST(CreateUser, MailsOnlyThoseWhoMustSetAPassword) {
  Driver driver;
  driver.make_user("with@example.com");
  driver.make_user("staged@example.com", "?activate=false", false);
  EXPECT_TRUE(driver.sim->org().outbox.empty());
  const std::string id = driver.make_user("without@example.com", "", false);
  ASSERT_EQ(driver.sim->org().outbox.size(), 1U);
  EXPECT_EQ(driver.sim->org().outbox[0].kind, "activation");
  EXPECT_EQ(driver.sim->org().outbox[0].user_id, id);
}

TEST(CreateUser, RefusesALoginThatDiffersOnlyInCaseOrDiacritics) {
  Driver driver;
  driver.make_user("jose.perez@example.com");
  for (const char* login : {"JOSE.PEREZ@example.com", "josé.pérez@example.com"}) {
    const std::string body = profile(R"("login":")" + std::string(login) +
                                     R"(","email":"x@example.com","firstName":"J","lastName":"P")");
    EXPECT_EQ(driver.status("POST", "/api/v1/users", body), 400) << login;
    EXPECT_EQ(driver.first_cause(),
              "login: An object with this field already exists in the current organization");
  }
}

TEST(CreateUser, ALoginStaysTakenUntilTheUserIsDeleted) {
  Driver driver;
  const std::string id = driver.make_user("ada@example.com");
  EXPECT_EQ(driver.status("POST", "/api/v1/users/" + id + "/lifecycle/deactivate"), 200);
  EXPECT_EQ(driver.status("POST", "/api/v1/users", profile(kPerson)), 400);
  EXPECT_EQ(driver.status("DELETE", "/api/v1/users/" + id), 204);
  EXPECT_EQ(driver.status("POST", "/api/v1/users", profile(kPerson)), 200);
}

TEST(CreateUser, NamesEveryBlankRequiredField) {
  Driver driver;
  EXPECT_EQ(driver.status("POST", "/api/v1/users", profile(R"("city":"Ulm")")), 400);
  EXPECT_EQ(driver.error_code(), "E0000001");
  EXPECT_EQ(driver.json["errorCauses"].items().size(), 5U);
}

TEST(CreateUser, RefusesWhatTheSchemaDoesNotAllow) {
  Driver driver(unlimited(), R"({"schema":{"custom":{"size":{"type":"integer"},
      "shirt":{"type":"string","enum":["S","M"]},"badge":{"type":"string","unique":true}}}})");
  const auto create = [&](const std::string& members) {
    return driver.status("POST", "/api/v1/users", profile(members));
  };
  EXPECT_EQ(create(kPerson + R"(,"size":"12")"), 400);
  EXPECT_EQ(create(kPerson + R"(,"shirt":"XL")"), 400);
  EXPECT_EQ(create(kPerson + R"(,"countryCode":"USA")"), 400);
  EXPECT_EQ(create(kPerson + R"(,"nickName":"rocket 🚀")"), 400) << "four-byte characters";
  EXPECT_EQ(create(R"("login":"no-mail","email":"ada@example.com","firstName":"A","lastName":"B")"),
            400);
  EXPECT_EQ(driver.first_cause(), "login: Username must be in the form of an email address");
  const std::string long_name(51, 'x');
  EXPECT_EQ(
      create(R"("login":"l@example.com","email":"l@example.com","lastName":"B","firstName":")" +
             long_name + "\""),
      400);
  EXPECT_EQ(create(kPerson + R"(,"size":12,"shirt":"S","badge":"B1")"), 200);
  EXPECT_EQ(create(R"("login":"two@example.com","email":"t@example.com","firstName":"T",)"
                   R"("lastName":"W","badge":"B1")"),
            400);
  EXPECT_EQ(driver.first_cause(),
            "badge: An object with this field already exists in the current organization");
}

TEST(CreateUser, TakesTwentyGroupsAndRefusesTwentyOne) {
  Driver driver;
  std::string ids;
  for (int i = 0; i < 21; ++i) {
    const std::string id = driver.make_group("g" + std::to_string(i));
    if (i < 20) ids += (i > 0 ? ",\"" : "\"") + id + "\"";
    if (i == 20) {
      const std::string many =
          R"({"profile":{)" + kPerson + R"(},"groupIds":[)" + ids + ",\"" + id + "\"]}";
      EXPECT_EQ(driver.status("POST", "/api/v1/users", many), 400);
      EXPECT_EQ(driver.error_code(), "E0000093");
    }
  }
  EXPECT_EQ(driver.status("POST", "/api/v1/users",
                          R"({"profile":{)" + kPerson + R"(},"groupIds":[)" + ids + "]}"),
            200);
  const std::string id(driver.json["id"].as_string());
  EXPECT_EQ(driver.status("GET", "/api/v1/users/" + id + "/groups"), 200);
  EXPECT_EQ(driver.json.items().size(), 21U) << "the twenty and Everyone";
}

TEST(CreateUser, AnUnknownGroupFailsTheWholeCreate) {
  Driver driver;
  EXPECT_EQ(driver.status("POST", "/api/v1/users",
                          R"({"profile":{)" + kPerson + R"(},"groupIds":["00gnone"]})"),
            404);
  EXPECT_EQ(driver.status("GET", "/api/v1/users/ada@example.com"), 404);
}

TEST(CreateUser, PasswordsMustMeetThePolicy) {
  EXPECT_TRUE(password_allowed("Tr0ub4dor-and-3", "ada@example.com"));
  for (const char* weak : {"Ab1", "alllower1", "ALLUPPER1", "NoDigitsHere", "Byron1815x"}) {
    EXPECT_FALSE(password_allowed(weak, "ada.byron@example.com")) << weak;
  }
  EXPECT_FALSE(password_allowed("Aa1" + std::string(70, 'x'), "ada@example.com"));
  Driver driver;
  EXPECT_EQ(driver.status(
                "POST", "/api/v1/users",
                R"({"profile":{)" + kPerson + R"(},"credentials":{"password":{"value":"weak"}}})"),
            400);
  EXPECT_EQ(driver.first_cause().substr(0, 45), "password: Password requirements were not met.");
}

TEST(CreateUser, ChangeAtNextLoginNeedsAPasswordAndActivation) {
  Driver driver;
  EXPECT_EQ(driver.status("POST", "/api/v1/users?nextLogin=changePassword", profile(kPerson)), 400);
  EXPECT_EQ(driver.error_code(), "E0000124");
  EXPECT_EQ(driver.status("POST", "/api/v1/users?nextLogin=changePassword&activate=false",
                          R"({"profile":{)" + kPerson +
                              R"(},"credentials":{"password":{"value":"Tr0ub4dor-and-3"}}})"),
            400);
  EXPECT_EQ(driver.error_code(), "E0000125");
}

TEST(UpdateUser, PartialKeepsWhatIsAbsentAndNullClears) {
  Driver driver;
  ASSERT_EQ(driver.status("POST", "/api/v1/users",
                          profile(kPerson + R"(,"city":"Ulm","title":"Countess")")),
            200);
  const std::string path = "/api/v1/users/" + std::string(driver.json["id"].as_string());
  ASSERT_EQ(driver.status("POST", path, profile(R"("city":null,"department":"Engines")")), 200);
  EXPECT_FALSE(driver.json["profile"].has("city"));
  EXPECT_EQ(driver.json["profile"]["title"].as_string(), "Countess");
  EXPECT_EQ(driver.json["profile"]["department"].as_string(), "Engines");
}

TEST(UpdateUser, ReplaceRemovesWhatIsAbsent) {
  Driver driver;
  ASSERT_EQ(driver.status("POST", "/api/v1/users", profile(kPerson + R"(,"city":"Ulm")")), 200);
  const std::string path = "/api/v1/users/" + std::string(driver.json["id"].as_string());
  ASSERT_EQ(driver.status("PUT", path, profile(kPerson)), 200);
  EXPECT_FALSE(driver.json["profile"].has("city"));
}

TEST(UpdateUser, RenamesFreeTheOldLogin) {
  Driver driver;
  const std::string id = driver.make_user("ada@example.com");
  ASSERT_EQ(driver.status("POST", "/api/v1/users/" + id, profile(R"("login":"king@example.com")")),
            200);
  EXPECT_EQ(driver.status("GET", "/api/v1/users/ada@example.com"), 404);
  EXPECT_EQ(driver.status("GET", "/api/v1/users/KING@example.com"), 200);
  driver.make_user("ada@example.com");
}

TEST(UpdateUser, SourcedProfilesRefuseAttributesTheirSourceMasters) {
  Driver driver(unlimited(), R"({"schema":{"base":{"title":{"master":{"type":"OKTA"}}}},
      "users":[{"id":"00usourced","profile_sourced":true,"profile":{)" +
                                 kPerson + "}}]}");
  EXPECT_EQ(driver.status("POST", "/api/v1/users/00usourced", profile(R"("city":null)")), 403);
  EXPECT_EQ(driver.error_code(), "E0000023");
  EXPECT_EQ(driver.status("POST", "/api/v1/users/00usourced", profile(R"("title":"Dr")")), 200);
}

TEST(UpdateUser, ReadOnlyAttributesAreRefused) {
  Driver driver(unlimited(), R"({"schema":{"base":{"costCenter":{"mutability":"READ_ONLY"}}}})");
  const std::string id = driver.make_user("ada@example.com");
  EXPECT_EQ(driver.status("POST", "/api/v1/users/" + id, profile(R"("costCenter":"1")")), 403);
  EXPECT_EQ(driver.error_code(), "E0000077");
}

TEST(UpdateUser, DeactivatedProfilesAreClosedUnlessTheOrgOpensThem) {
  const std::string user =
      R"("users":[{"id":"00ugone","status":"DEPROVISIONED","profile":{)" + kPerson + "}}]}";
  Driver closed(unlimited(), "{" + user);
  EXPECT_EQ(closed.status("POST", "/api/v1/users/00ugone", profile(R"("city":"Ulm")")), 403);
  EXPECT_EQ(closed.error_code(), "E0000038");
  Driver open(unlimited(), R"({"org":{"edit_deprovisioned":true},)" + user);
  EXPECT_EQ(open.status("POST", "/api/v1/users/00ugone", profile(R"("city":"Ulm")")), 200);
}

TEST(GetUser, FindsByIdLoginShortnameAndMe) {
  Driver driver;
  const std::string id = driver.make_user("ada@example.com");
  for (const std::string& key : {id, std::string("ada%40example.com"), std::string("ada")}) {
    ASSERT_EQ(driver.status("GET", "/api/v1/users/" + key), 200) << key;
    EXPECT_EQ(driver.json["id"].as_string(), id);
  }
  driver.make_user("ada@example.org");
  EXPECT_EQ(driver.status("GET", "/api/v1/users/ada"), 404) << "two share the short name";
  ASSERT_EQ(driver.status("GET", "/api/v1/users/me"), 200);
  EXPECT_EQ(driver.json["profile"]["login"].as_string(), "okta-sim.owner@sim.example");
}

TEST(GetUser, TheEntityTagChangesWithTheUser) {
  Driver driver;
  const std::string path = "/api/v1/users/" + driver.make_user("ada@example.com");
  const std::string before(driver.send("GET", path).header("ETag"));
  EXPECT_EQ(before, driver.send("GET", path).header("ETag"));
  driver.clock.advance(2000);
  driver.status("POST", path, profile(R"("city":"Ulm")"));
  EXPECT_NE(before, driver.send("GET", path).header("ETag"));
}

TEST(DeleteUser, TakesTwoCalls) {
  Driver driver;
  const std::string id = driver.make_user("ada@example.com");
  const std::string group = driver.make_group("g");
  driver.status("PUT", "/api/v1/groups/" + group + "/users/" + id);
  EXPECT_EQ(driver.status("DELETE", "/api/v1/users/" + id), 204);
  EXPECT_EQ(driver.user_status(id), "DEPROVISIONED");
  ASSERT_EQ(driver.status("GET", "/api/v1/groups/" + group + "/users"), 200);
  EXPECT_EQ(driver.ids(), std::vector<std::string>{id}) << "memberships outlive deactivation";
  EXPECT_EQ(driver.status("DELETE", "/api/v1/users/" + id), 204);
  EXPECT_EQ(driver.user_status(id), "gone");
  driver.status("GET", "/api/v1/groups/" + group + "/users");
  EXPECT_TRUE(driver.ids().empty());
}

TEST(Activation, AsynchronousOneAnswers409Meanwhile) {
  SimOptions options = unlimited();
  options.org.activation_ms = 5000;
  Driver driver(options);
  const std::string id = driver.make_user("ada@example.com");
  ASSERT_EQ(driver.user_status(id), "STAGED");
  EXPECT_EQ(driver.json["transitioningToStatus"].as_string(), "ACTIVE");
  EXPECT_EQ(driver.status("POST", "/api/v1/users/" + id, profile(R"("city":"Ulm")")), 409);
  EXPECT_EQ(driver.error_code(), "E0000112");
  driver.clock.advance(5000);
  EXPECT_EQ(driver.user_status(id), "ACTIVE");
  EXPECT_EQ(driver.status("POST", "/api/v1/users/" + id, profile(R"("city":"Ulm")")), 200);
}

TEST(Users, AStaleIfMatchChangesNothing) {
  Driver driver;
  const std::string path = "/api/v1/users/" + driver.make_user("a@example.com");
  const std::string tag(driver.send("GET", path).header("ETag"));
  const std::string whole =
      R"({"profile":{"login":"a@example.com","email":"a@example.com","firstName":"A","lastName":"B"}})";
  const auto change = [&](const std::string& match, const std::string& method = "POST") {
    driver.headers = {{"If-Match", match}};
    const int status =
        driver.status(method, path, method == "PUT" ? whole : R"({"profile":{"city":"Ulm"}})");
    driver.headers.clear();
    return status;
  };
  EXPECT_EQ(change(R"(W/"nothing")"), 412);
  EXPECT_EQ(change(R"(W/"nothing", )" + tag), 200) << "one of several";
  EXPECT_EQ(change(tag), 412) << "it has changed by then";
  EXPECT_EQ(change(tag, "PUT"), 412);
  EXPECT_EQ(change("*"), 200);
  driver.status("GET", path);
  EXPECT_EQ(driver.json["profile"]["city"].as_string(), "Ulm");
  EXPECT_EQ(change(std::string(driver.send("GET", path).header("ETag")), "PUT"), 200);
}

TEST(Users, AreMovedToAnotherTypeByPutAlone) {
  Driver driver;
  const std::string path = "/api/v1/users/" + driver.make_user("a@example.com");
  const std::string own(driver.json["type"]["id"].as_string());
  driver.status("POST", "/api/v1/meta/types/user", R"({"name":"t","displayName":"T"})");
  const std::string other(driver.json["id"].as_string());
  const auto body = [](const std::string& login, const std::string& type) {
    return R"({"type":{"id":")" + type + R"("},"profile":{"login":")" + login +
           R"(","email":"a@example.com","firstName":"A","lastName":"B"}})";
  };
  for (const char* method : {"POST", "PUT"}) {
    EXPECT_EQ(driver.status(method, path, body("a@example.com", own)), 200) << method;
    EXPECT_EQ(driver.status(method, path, body("a@example.com", "oty0")), 400) << method;
    EXPECT_EQ(driver.error_code(), "E0000001");
  }
  EXPECT_EQ(driver.status("POST", path, body("a@example.com", other)), 400);
  EXPECT_EQ(driver.status("PUT", path, body("a@example.com", other)), 200);
  EXPECT_EQ(driver.json["type"]["id"].as_string(), other);
  EXPECT_EQ(driver.status("POST", path, body("a@example.com", own)), 400) << "not back either";
  EXPECT_EQ(driver.status("PUT", path, body("a@example.com", own)), 200);
  EXPECT_EQ(driver.json["type"]["id"].as_string(), own);
  EXPECT_EQ(driver.status("POST", "/api/v1/users", body("b@example.com", "oty0")), 400);
  EXPECT_EQ(driver.status("POST", "/api/v1/users", body("b@example.com", other)), 200);
  EXPECT_EQ(driver.json["type"]["id"].as_string(), other);
}

TEST(Requests, SpeakJsonBothWays) {
  Driver driver;
  const auto get = [&](const std::string& accept) {
    driver.headers = {{"Accept", accept}};
    return driver.status("GET", "/api/v1/users/me");
  };
  for (const char* fine : {"application/json", "*/*", "text/html, application/json;q=0.9",
                           "application/*", "application/json;charset=UTF-8"}) {
    EXPECT_EQ(get(fine), 200) << fine;
  }
  for (const char* other : {"text/html", "application/hal+json", "application/xml"}) {
    EXPECT_EQ(get(other), 406) << other;
    EXPECT_EQ(driver.error_code(), "E0000122");
  }
  const std::string group = R"({"profile":{"name":"g"}})";
  for (const char* other : {"text/plain", "application/x-www-form-urlencoded"}) {
    driver.headers = {{"Content-Type", other}};
    EXPECT_EQ(driver.status("POST", "/api/v1/groups", group), 400) << other;
    EXPECT_EQ(driver.error_code(), "E0000021");
  }
  driver.headers = {{"Content-Type", "application/json; okta-response=omitCredentials"}};
  EXPECT_EQ(driver.status("POST", "/api/v1/groups", group), 200);
}

}  // namespace
}  // namespace rollcall::sim

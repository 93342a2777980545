// What goes wrong in a row: refusals that follow from what came before.
#include <fmt/core.h>

#include "tests/sim/sim_fixture.h"

namespace rollcall::sim {
namespace {

constexpr const char* kStatuses[] = {"STAGED",    "PROVISIONED",  "ACTIVE",
                                     "RECOVERY",  "LOCKED_OUT",   "PASSWORD_EXPIRED",
                                     "SUSPENDED", "DEPROVISIONED"};

Driver with_status(std::string_view status) {
  return Driver(unlimited(), fmt::format(R"({{"users":[{{"id":"00uA","status":"{}","profile":)"
                                         R"({{"login":"a@example.com","email":"a@example.com",)"
                                         R"("firstName":"A","lastName":"B"}}}}]}})",
                                         status));
}

TEST(LifecycleSequences, SuspendingWorksFromOneOfEightStatusesAndOnlyOnce) {
  int refused = 0;
  for (const char* status : kStatuses) {
    SCOPED_TRACE(status);
    Driver driver = with_status(status);
    const int http = driver.status("POST", "/api/v1/users/00uA/lifecycle/suspend");
    if (std::string_view(status) == "ACTIVE") {
      EXPECT_EQ(http, 200);
      EXPECT_EQ(driver.status("POST", "/api/v1/users/00uA/lifecycle/suspend"), 400);
      EXPECT_EQ(driver.first_cause(), "Cannot suspend a user that is not active");
      continue;
    }
    EXPECT_EQ(http, 400);
    EXPECT_EQ(driver.error_code(), "E0000001");
    EXPECT_EQ(driver.first_cause(), "Cannot suspend a user that is not active");
    EXPECT_EQ(driver.user_status("00uA"), status);
    ++refused;
  }
  EXPECT_EQ(refused, 7);
}

TEST(LifecycleSequences, TheSecondOfTwoDeletesIsFinal) {
  for (const char* status : kStatuses) {
    SCOPED_TRACE(status);
    Driver driver = with_status(status);
    const bool deactivated = std::string_view(status) == "DEPROVISIONED";
    EXPECT_EQ(driver.status("DELETE", "/api/v1/users/00uA"), 204);
    EXPECT_EQ(driver.user_status("00uA"), deactivated ? "gone" : "DEPROVISIONED");
    EXPECT_EQ(driver.status("DELETE", "/api/v1/users/00uA"), deactivated ? 404 : 204);
    EXPECT_EQ(driver.user_status("00uA"), "gone");
    EXPECT_EQ(driver.status("DELETE", "/api/v1/users/00uA"), 404);
    driver.make_user("a@example.com");  // the login is free again
  }
}

TEST(LifecycleSequences, ADeactivatedPersonIsNotEditedUnlessTheOrgSaysSo) {
  const std::string change = R"({"profile":{"city":"Ulm"}})";
  Driver driver = with_status("DEPROVISIONED");
  EXPECT_EQ(driver.status("POST", "/api/v1/users/00uA", change), 403);
  EXPECT_EQ(driver.error_code(), "E0000038");
  driver.sim->org().settings.edit_deprovisioned = true;
  EXPECT_EQ(driver.status("POST", "/api/v1/users/00uA", change), 200);
}

TEST(LifecycleSequences, WhoIsTakenOutOfARulesGroupStaysOut) {
  Driver driver(unlimited(), R"({"users":[{"id":"00uA","profile":{"login":"a@example.com",
      "email":"a@example.com","firstName":"A","lastName":"B","city":"Ulm"}}],
      "groups":[{"id":"00gG","name":"g"}],
      "rules":[{"id":"0prR","name":"r","expression":"user.city == \"Ulm\"","groups":["g"]}]})");
  driver.status("GET", "/api/v1/groups/00gG/users");
  ASSERT_EQ(driver.ids(), std::vector<std::string>{"00uA"});
  EXPECT_EQ(driver.status("DELETE", "/api/v1/groups/00gG/users/00uA"), 204);
  driver.status("POST", "/api/v1/users/00uA", R"({"profile":{"city":"Bonn"}})");
  driver.status("POST", "/api/v1/users/00uA", R"({"profile":{"city":"Ulm"}})");
  driver.status("GET", "/api/v1/groups/00gG/users");
  EXPECT_EQ(driver.json.items().size(), 0U) << "excluded for good";
  driver.status("GET", "/api/v1/groups/rules/0prR");
  EXPECT_EQ(driver.json["conditions"]["people"]["users"]["exclude"].dump(), R"(["00uA"])");
  driver.status("GET",
                "/api/v1/logs?filter=eventType+eq+%22group.user_membership.rule.add_exclusion%22");
  EXPECT_EQ(driver.json.items().size(), 1U);
}

TEST(LifecycleSequences, TheTwentyFirstGroupOfACreationRefusesItWhole) {
  Driver driver;
  std::string ids;
  for (int i = 1; i <= 21; ++i) {
    const std::string body =
        R"({"profile":{"firstName":"A","lastName":"B","email":"a@example.com",)"
        R"("login":"a@example.com"},"groupIds":[)";
    ids += fmt::format("{}\"{}\"", i > 1 ? "," : "", driver.make_group(fmt::format("g{}", i)));
    if (i < 20) continue;
    EXPECT_EQ(
        driver.status("POST", "/api/v1/users?activate=false", fmt::format("{}{}]}}", body, ids)),
        i == 20 ? 200 : 400);
    if (i == 20) {
      const std::string made(driver.json["id"].as_string());
      driver.status("DELETE", "/api/v1/users/" + made);
      driver.status("DELETE", "/api/v1/users/" + made);
      continue;
    }
    EXPECT_EQ(driver.error_code(), "E0000093");
    EXPECT_EQ(driver.first_cause(), "The number of group targets is too large");
  }
  EXPECT_EQ(driver.status("GET", "/api/v1/users/a@example.com"), 404);
}

TEST(LifecycleSequences, ALoginIsTakenWhateverItsCaseAndAccents) {
  Driver driver;
  const std::string id = driver.make_user("zoe.astrom@example.com");
  for (const char* login : {"ZOE.ASTROM@EXAMPLE.COM", "zoë.åström@example.com",
                            "Zoe\xCC\x88.A\xCC\x8Astro\xCC\x88m@example.com"}) {
    SCOPED_TRACE(login);
    const std::string body = fmt::format(R"({{"profile":{{"firstName":"Z","lastName":"A",)"
                                         R"("email":"z@example.com","login":"{}"}}}})",
                                         login);
    EXPECT_EQ(driver.status("POST", "/api/v1/users", body), 400);
    EXPECT_EQ(driver.error_code(), "E0000001");
    EXPECT_EQ(driver.json["errorSummary"].as_string(), "Api validation failed: login");
    EXPECT_EQ(driver.first_cause(),
              "login: An object with this field already exists in the current organization");
  }
  EXPECT_EQ(driver.status("POST", "/api/v1/users/" + id + "/lifecycle/deactivate"), 200);
  EXPECT_EQ(driver.status("POST", "/api/v1/users",
                          R"({"profile":{"firstName":"Z","lastName":"A","email":"z@example.com",)"
                          R"("login":"Zoe.Astrom@example.com"}})"),
            400)
      << "a deactivated person keeps the login";
}

}  // namespace
}  // namespace rollcall::sim

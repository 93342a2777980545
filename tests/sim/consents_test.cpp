// Consents, refresh tokens, devices and blocks: none exist, for people and apps that do.
#include "tests/sim/sim_fixture.h"

namespace rollcall::sim {
namespace {

TEST(Consents, ThereAreNoneAndRevokingThemSucceeds) {
  Driver driver;
  const std::string user = "/api/v1/users/" + driver.make_user("a@example.com");
  for (const char* what : {"/blocks", "/devices", "/clients", "/grants", "/clients/0oa1/grants",
                           "/clients/0oa1/tokens"}) {
    EXPECT_EQ(driver.send("GET", user + what).body, "[]") << what;
    EXPECT_EQ(driver.status("GET", std::string("/api/v1/users/00unone") + what), 404) << what;
  }
  for (const char* what : {"/grants", "/clients/0oa1/grants", "/clients/0oa1/tokens"}) {
    EXPECT_EQ(driver.status("DELETE", user + what), 204) << what;
    EXPECT_EQ(driver.status("DELETE", std::string("/api/v1/users/00unone") + what), 404) << what;
  }
  driver.status("POST", "/api/v1/apps",
                R"({"name":"bookmark","label":"w","settings":{"app":{"url":"https://w"}}})");
  const std::string app = "/api/v1/apps/" + std::string(driver.json["id"].as_string());
  EXPECT_EQ(driver.send("GET", app + "/grants").body, "[]");
  EXPECT_EQ(driver.send("GET", app + "/tokens").body, "[]");
  EXPECT_EQ(driver.status("DELETE", app + "/tokens"), 204);
  EXPECT_EQ(driver.status("GET", "/api/v1/apps/0oanone/tokens"), 404);
}

}  // namespace
}  // namespace rollcall::sim

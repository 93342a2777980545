#include <gtest/gtest.h>

#include "tests/sim/sim_fixture.h"

namespace rollcall::sim {
namespace {

TEST(LimitSettings, ShowTokensWithTheirOwnersAndNoSecret) {
  Driver driver;
  const SimReply reply = driver.send("GET", "/api/v1/api-tokens");
  ASSERT_EQ(reply.status, 200);
  ASSERT_EQ(driver.json.items().size(), 1U);
  const Json token = driver.json.items().front();
  EXPECT_EQ(reply.body.find(driver.token), std::string::npos);
  ASSERT_EQ(driver.status("GET", "/api/v1/users/me"), 200);
  EXPECT_EQ(token["userId"].as_string(), driver.json["id"].as_string());
}

TEST(LimitSettings, PrincipalsAreListedByKindAndOnlySo) {
  Driver driver;
  const std::string list = "/api/v1/principal-rate-limits";
  EXPECT_EQ(driver.status("GET", list), 400);
  ASSERT_EQ(driver.status("GET", list + "?filter=principalType%20eq%20%22SSWS_TOKEN%22"), 200);
  ASSERT_EQ(driver.json.items().size(), 1U);
  EXPECT_EQ(driver.json.items().front()["defaultPercentage"].as_int(), 50);
  ASSERT_EQ(driver.status("GET", list + "?filter=principalType%20eq%20%22OAUTH_CLIENT%22"), 200);
  EXPECT_TRUE(driver.json.items().empty());
}

TEST(LimitSettings, AnOrgSaysItsDefaults) {
  Driver driver;
  const std::string settings = "/api/v1/rate-limit-settings/";
  ASSERT_EQ(driver.status("GET", settings + "per-client"), 200);
  EXPECT_EQ(driver.json["defaultMode"].as_string(), "ENFORCE");
  ASSERT_EQ(driver.status("GET", settings + "warning-threshold"), 200);
  EXPECT_EQ(driver.json["warningThreshold"].as_int(), 90);
  ASSERT_EQ(driver.status("GET", settings + "admin-notifications"), 200);
  EXPECT_TRUE(driver.json["notificationsEnabled"].as_bool());
}

}  // namespace
}  // namespace rollcall::sim

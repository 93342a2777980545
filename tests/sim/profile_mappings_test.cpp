// Profile mappings of apps.
#include "tests/sim/sim_fixture.h"

namespace rollcall::sim {
namespace {

TEST(ProfileMappings, AnAppHasOneEachWayAndKeepsWhatIsChanged) {
  Driver driver;
  driver.status("POST", "/api/v1/apps",
                R"({"name":"bookmark","label":"w","settings":{"app":{"url":"https://w"}}})");
  const std::string app(driver.json["id"].as_string());
  ASSERT_EQ(driver.status("GET", "/api/v1/mappings"), 200);
  ASSERT_EQ(driver.json.items().size(), 2U);
  const std::string first = driver.ids()[0], second = driver.ids()[1];
  const SimReply page = driver.send("GET", "/api/v1/mappings?limit=1");
  driver.send("GET", next_link(page, "next"));
  EXPECT_EQ(driver.ids(), std::vector<std::string>{second});
  driver.status("GET", "/api/v1/mappings?sourceId=" + app);
  ASSERT_EQ(driver.ids(), std::vector<std::string>{first});
  EXPECT_EQ(driver.json.items()[0]["target"]["type"].as_string(), "user");

  const std::string target = "/api/v1/mappings/" + first;
  EXPECT_EQ(driver.status("POST", target,
                          R"({"properties":{"nickName":{"expression":"appuser.nick"},
                              "noSuchField":{"expression":"appuser.nick"}}})"),
            400);
  EXPECT_EQ(driver.first_cause(), "Invalid target field noSuchField");
  driver.status("GET", target);
  EXPECT_EQ(driver.json["properties"].dump(), "{}") << "refused whole";
  EXPECT_EQ(driver.status(
                "POST", target,
                R"({"properties":{"nickName":{"expression":"appuser.nick","pushStatus":"PUSH"}}})"),
            200);
  driver.status("GET", target);
  EXPECT_EQ(driver.json["properties"]["nickName"]["pushStatus"].as_string(), "PUSH");
  EXPECT_EQ(driver.status("POST", target, R"({"properties":{"nickName":null}})"), 200);
  EXPECT_EQ(driver.json["properties"].dump(), "{}");
  EXPECT_EQ(driver.status("POST", target, R"({"properties":{"city":{"expression":""}}})"), 400);
  EXPECT_EQ(driver.status("POST", target, R"({})"), 400);
  EXPECT_EQ(driver.status("GET", "/api/v1/mappings/prmnone"), 404);
}

}  // namespace
}  // namespace rollcall::sim

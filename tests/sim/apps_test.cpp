// Apps: kinds, life cycle, and who has them directly or through groups.
#include <map>

#include "tests/sim/sim_fixture.h"

namespace rollcall::sim {
namespace {

std::string make_app(Driver& driver, std::string_view label = "Wiki") {
  const std::string body = R"({"name":"bookmark","label":")" + std::string(label) +
                           R"(","settings":{"app":{"url":"https://wiki.example"}}})";
  EXPECT_EQ(driver.status("POST", "/api/v1/apps", body), 200);
  return std::string(driver.json["id"].as_string());
}

/// The scope of a user's assignment, or "none".
std::string assignment_scope(Driver& driver, const std::string& app, const std::string& user) {
  if (driver.status("GET", "/api/v1/apps/" + app + "/users/" + user) == 404) return "none";
  return std::string(driver.json["scope"].as_string());
}

TEST(Apps, AreMadeInEveryCommonSignOnMode) {
  const std::map<std::string, std::string> bodies = {
      {"BOOKMARK", R"({"label":"a","name":"bookmark","settings":{"app":{"url":"https://x"}}})"},
      {"BASIC_AUTH", R"({"label":"a","name":"template_basic_auth","signOnMode":"BASIC_AUTH",)"
                     R"("settings":{"app":{"url":"https://x","authURL":"https://x/a"}}})"},
      {"SECURE_PASSWORD_STORE",
       R"({"label":"a","name":"template_sps","signOnMode":"SECURE_PASSWORD_STORE",)"
       R"("settings":{"app":{"url":"https://x","passwordField":"p","usernameField":"u"}}})"},
      {"AUTO_LOGIN", R"({"label":"My App","signOnMode":"AUTO_LOGIN",)"
                     R"("settings":{"signOn":{"loginUrl":"https://x/login"}}})"},
      {"BROWSER_PLUGIN", R"({"label":"a","name":"template_swa","signOnMode":"BROWSER_PLUGIN",)"
                         R"("settings":{"app":{"url":"https://x","buttonField":"b"}}})"},
      {"SAML_2_0", R"({"label":"a","signOnMode":"SAML_2_0",)"
                   R"("settings":{"signOn":{"ssoAcsUrl":"https://x/acs","audience":"x"}}})"},
      {"OPENID_CONNECT",
       R"({"label":"a","name":"oidc_client","signOnMode":"OPENID_CONNECT","settings":{"oauthClient":)"
       R"({"grant_types":["authorization_code"],"redirect_uris":["https://x/cb"]}}})"}};
  Driver driver;
  for (const auto& [mode, body] : bodies) {
    SCOPED_TRACE(mode);
    EXPECT_EQ(driver.status("POST", "/api/v1/apps", body), 200);
    EXPECT_EQ(driver.json["signOnMode"].as_string(), mode);
    EXPECT_EQ(driver.json["status"].as_string(), "ACTIVE");
    EXPECT_FALSE(driver.json["name"].as_string().empty());
    const Json made = driver.json;
    EXPECT_EQ(driver.status("GET", "/api/v1/apps/" + std::string(made["id"].as_string())), 200);
    EXPECT_EQ(driver.json, made);
  }
}

TEST(Apps, WithoutWhatTheirModeNeedsAreRefused) {
  Driver driver;
  for (const char* body :
       {R"({"name":"bookmark","settings":{"app":{"url":"https://x"}}})",
        R"({"label":"a","name":"bookmark"})", R"({"label":"a"})",
        R"({"label":"a","signOnMode":"AUTO_LOGIN"})", R"({"label":"a","signOnMode":"SAML_2_0"})",
        R"({"label":"a","signOnMode":"OPENID_CONNECT"})", R"({"label":"a","signOnMode":"WISH"})"}) {
    SCOPED_TRACE(body);
    EXPECT_EQ(driver.status("POST", "/api/v1/apps", body), 400);
    EXPECT_EQ(driver.error_code(), "E0000001");
  }
  EXPECT_EQ(driver.status("POST", "/api/v1/apps", "{"), 400);
  EXPECT_EQ(driver.error_code(), "E0000003");
}

TEST(Apps, AreReplacedWholeAndKeepTheirName) {
  Driver driver;
  const std::string id = make_app(driver);
  EXPECT_EQ(driver.status("PUT", "/api/v1/apps/" + id,
                          R"({"name":"other","label":"New","signOnMode":"BOOKMARK",)"
                          R"("settings":{"app":{"url":"https://new"}}})"),
            200);
  EXPECT_EQ(driver.json["name"].as_string(), "bookmark");
  EXPECT_EQ(driver.json["label"].as_string(), "New");
  EXPECT_EQ(driver.status("PUT", "/api/v1/apps/" + id,
                          R"({"label":"New","signOnMode":"SAML_2_0",)"
                          R"("settings":{"signOn":{"ssoAcsUrl":"https://x"}}})"),
            400);
  EXPECT_EQ(driver.status("PUT", "/api/v1/apps/0oanobody", "{}"), 404);
}

TEST(Apps, AreDeletedOnlyWhenInactive) {
  Driver driver;
  const std::string id = make_app(driver);
  const std::string app = "/api/v1/apps/" + id;
  EXPECT_EQ(driver.status("DELETE", app), 403);
  EXPECT_EQ(driver.error_code(), "E0000056");
  EXPECT_EQ(driver.status("POST", app + "/lifecycle/deactivate"), 200);
  EXPECT_EQ(driver.status("GET", app), 200);
  EXPECT_EQ(driver.json["status"].as_string(), "INACTIVE");
  EXPECT_TRUE(driver.json["_links"].has("activate"));
  EXPECT_EQ(driver.status("POST", app + "/lifecycle/activate"), 200);
  EXPECT_EQ(driver.status("POST", app + "/lifecycle/deactivate"), 200);
  EXPECT_EQ(driver.status("DELETE", app), 204);
  EXPECT_EQ(driver.status("GET", app), 404);
  EXPECT_EQ(driver.status("DELETE", app), 404);
}

TEST(Apps, AreListedByPrefixFilterAndPage) {
  Driver driver;
  const std::string wiki = make_app(driver, "Wiki"), mail = make_app(driver, "Mail");
  const std::string user = driver.make_user("a@example.com");
  driver.status("POST", "/api/v1/apps/" + mail + "/users", R"({"id":")" + user + "\"}");
  driver.status("POST", "/api/v1/apps/" + wiki + "/lifecycle/deactivate");
  const auto listed = [&](const std::string& query) {
    EXPECT_EQ(driver.status("GET", "/api/v1/apps" + query), 200) << query;
    return driver.ids();
  };
  EXPECT_EQ(listed(""), (std::vector{wiki, mail}));
  EXPECT_EQ(listed("?q=wik"), (std::vector{wiki}));
  EXPECT_EQ(listed("?q=bookm"), (std::vector{wiki, mail}));
  EXPECT_EQ(listed("?filter=status+eq+%22ACTIVE%22"), (std::vector{mail}));
  EXPECT_EQ(listed("?filter=user.id+eq+%22" + user + "%22&expand=user/" + user),
            (std::vector{mail}));
  EXPECT_EQ(driver.json.items()[0]["_embedded"]["user"]["id"].as_string(), user);
  const SimReply first = driver.send("GET", "/api/v1/apps?limit=1");
  EXPECT_EQ(driver.ids(), (std::vector{wiki}));
  const std::string next = next_link(first, "next");
  EXPECT_NE(next.find("after=" + wiki), std::string::npos) << "apps' cursors are plain ids";
  const SimReply second = driver.send("GET", next);
  EXPECT_EQ(driver.ids(), (std::vector{mail}));
  EXPECT_EQ(next_link(second, "next"), "");
  EXPECT_EQ(driver.status("GET", "/api/v1/apps?filter=label+eq+%22x%22"), 400);
  EXPECT_EQ(driver.error_code(), "E0000031");
}

TEST(Apps, ReachMembersOfTheirGroupsAndLeaveWithThem) {
  Driver driver;
  const std::string app = make_app(driver), group = driver.make_group("g");
  const std::string user = driver.make_user("a@example.com");
  const std::string late = driver.make_user("b@example.com");
  driver.status("PUT", "/api/v1/groups/" + group + "/users/" + user);
  EXPECT_EQ(driver.status("PUT", "/api/v1/apps/" + app + "/groups/" + group, "{}"), 200);
  EXPECT_EQ(assignment_scope(driver, app, user), "GROUP");
  EXPECT_EQ(assignment_scope(driver, app, late), "none");
  driver.status("PUT", "/api/v1/groups/" + group + "/users/" + late);
  EXPECT_EQ(assignment_scope(driver, app, late), "GROUP");
  driver.status("DELETE", "/api/v1/groups/" + group + "/users/" + late);
  EXPECT_EQ(assignment_scope(driver, app, late), "none");
  EXPECT_EQ(driver.status("GET", "/api/v1/groups/" + group + "/apps"), 200);
  EXPECT_EQ(driver.ids(), (std::vector{app}));
  EXPECT_EQ(driver.status("DELETE", "/api/v1/groups/" + group), 204);
  EXPECT_EQ(assignment_scope(driver, app, user), "none");
}

TEST(Apps, StayWithWhoeverWasAssignedDirectly) {
  Driver driver;
  const std::string app = make_app(driver), group = driver.make_group("g");
  const std::string user = driver.make_user("a@example.com");
  const std::string held = "/api/v1/apps/" + app + "/users/" + user;
  driver.status("PUT", "/api/v1/groups/" + group + "/users/" + user);
  driver.status("PUT", "/api/v1/apps/" + app + "/groups/" + group, "{}");
  EXPECT_EQ(driver.status("POST", "/api/v1/apps/" + app + "/users", R"({"id":")" + user + "\"}"),
            200);
  EXPECT_EQ(assignment_scope(driver, app, user), "USER");
  driver.status("DELETE", "/api/v1/apps/" + app + "/groups/" + group);
  EXPECT_EQ(assignment_scope(driver, app, user), "USER");
  driver.status("PUT", "/api/v1/apps/" + app + "/groups/" + group, "{}");
  // Taking the direct assignment away leaves the one through the group.
  EXPECT_EQ(driver.status("DELETE", held), 204);
  EXPECT_EQ(assignment_scope(driver, app, user), "GROUP");
  EXPECT_EQ(driver.status("POST", held, R"({"scope":"USER"})"), 200);
  driver.status("DELETE", "/api/v1/apps/" + app + "/groups/" + group);
  EXPECT_EQ(driver.status("DELETE", held), 204);
  EXPECT_EQ(driver.status("DELETE", held), 404);
}

TEST(Apps, GoWithDeactivationAndReturnThroughGroupsOnly) {
  Driver driver;
  const std::string direct = make_app(driver, "Direct"), grouped = make_app(driver, "Grouped");
  const std::string group = driver.make_group("g"), user = driver.make_user("a@example.com");
  driver.status("PUT", "/api/v1/groups/" + group + "/users/" + user);
  driver.status("PUT", "/api/v1/apps/" + grouped + "/groups/" + group, "{}");
  driver.status("POST", "/api/v1/apps/" + direct + "/users", R"({"id":")" + user + "\"}");
  driver.status("GET", "/api/v1/users/" + user + "/appLinks");
  EXPECT_EQ(driver.json.items().size(), 2U);
  driver.status("POST", "/api/v1/users/" + user + "/lifecycle/suspend");
  EXPECT_EQ(assignment_scope(driver, grouped, user), "GROUP");
  driver.status("POST", "/api/v1/users/" + user + "/lifecycle/deactivate");
  EXPECT_EQ(assignment_scope(driver, grouped, user), "none");
  EXPECT_EQ(assignment_scope(driver, direct, user), "none");
  EXPECT_EQ(driver.status("POST", "/api/v1/apps/" + direct + "/users", R"({"id":")" + user + "\"}"),
            403);
  EXPECT_EQ(driver.error_code(), "E0000117");
  driver.status("POST", "/api/v1/users/" + user + "/lifecycle/activate");
  EXPECT_EQ(assignment_scope(driver, grouped, user), "GROUP");
  EXPECT_EQ(assignment_scope(driver, direct, user), "none");
}

TEST(Apps, TakePasswordsOnlyWhereTheSchemeHasThem) {
  Driver driver;
  const std::string app = make_app(driver), user = driver.make_user("a@example.com");
  const std::string body =
      R"({"id":")" + user + R"(","credentials":{"userName":"a","password":{"value":"x"}}})";
  EXPECT_EQ(driver.status("POST", "/api/v1/apps/" + app + "/users", body), 400);
  EXPECT_EQ(driver.error_code(), "E0000041");
  EXPECT_EQ(assignment_scope(driver, app, user), "none");
  EXPECT_EQ(driver.status("POST", "/api/v1/apps",
                          R"({"label":"a","name":"template_swa","signOnMode":"BROWSER_PLUGIN",)"
                          R"("settings":{"app":{"url":"https://x"}}})"),
            200);
  const std::string swa(driver.json["id"].as_string());
  EXPECT_EQ(driver.status("POST", "/api/v1/apps/" + swa + "/users", body), 200);
  EXPECT_FALSE(driver.json["passwordChanged"].is_null());
}

TEST(Apps, ListGroupsByPriorityAndPatchThem) {
  Driver driver;
  const std::string app = make_app(driver);
  const std::string a = driver.make_group("a"), b = driver.make_group("b");
  const std::string groups = "/api/v1/apps/" + app + "/groups";
  driver.status("PUT", groups + "/" + a, R"({"priority":5})");
  driver.status("PUT", groups + "/" + b, R"({"priority":1,"profile":{"team":"x"}})");
  driver.status("GET", groups);
  EXPECT_EQ(driver.ids(), (std::vector{b, a}));
  EXPECT_EQ(driver.status("PUT", groups + "/" + a, R"({"priority":101})"), 400);
  EXPECT_EQ(driver.status("PATCH", groups + "/" + a,
                          R"([{"op":"replace","path":"/priority","value":0}])"),
            200);
  driver.status("GET", groups);
  EXPECT_EQ(driver.ids(), (std::vector{a, b}));
  EXPECT_EQ(driver.status("PATCH", groups + "/" + a, R"([{"op":"test","path":"/x"}])"), 400);
  EXPECT_EQ(driver.status("DELETE", groups + "/" + a), 204);
  EXPECT_EQ(driver.status("GET", groups + "/" + a), 404);
  EXPECT_EQ(driver.status("PUT", groups + "/00gnobody", "{}"), 404);
}

TEST(Apps, SurviveBeingWrittenOutAndReadBack) {
  Driver driver;
  const std::string app = make_app(driver), group = driver.make_group("g");
  const std::string user = driver.make_user("a@example.com");
  driver.status("PUT", "/api/v1/groups/" + group + "/users/" + user);
  driver.status("PUT", "/api/v1/apps/" + app + "/groups/" + group, R"({"priority":3})");
  Driver other(unlimited(), driver.sim->export_json());
  EXPECT_EQ(assignment_scope(other, app, user), "GROUP");
  EXPECT_EQ(other.status("GET", "/api/v1/apps/" + app + "/groups/" + group), 200);
  EXPECT_EQ(other.json["priority"].as_int(), 3);
  EXPECT_EQ(other.sim->export_json(), driver.sim->export_json());
}

}  // namespace
}  // namespace rollcall::sim

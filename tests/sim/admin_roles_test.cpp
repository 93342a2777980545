// What credentials of each admin role may do and see, and how roles are held, given and taken.
#include <fmt/core.h>

#include <set>

#include "tests/sim/routes.h"
#include "tests/sim/sim_fixture.h"

namespace rollcall::sim {
namespace {

const std::string kOrg = R"({"users":[
    {"id":"00uIn","profile":{"login":"in@example.com","email":"in@example.com","firstName":"I","lastName":"N"}},
    {"id":"00uOut","profile":{"login":"out@example.com","email":"out@example.com","firstName":"O","lastName":"T"}},
    {"id":"00uSvc","profile":{"login":"svc@example.com","email":"svc@example.com","firstName":"S","lastName":"V"}}],
  "groups":[{"id":"00gStaff","name":"Staff","members":["00uIn"]},{"id":"00gOther","name":"Other","members":["00uOut"]}],
  "apps":[{"id":"0oaWiki","name":"bookmark","label":"Wiki","settings":{"app":{"url":"https://w"}}},
          {"id":"0oaMail","name":"bookmark","label":"Mail","settings":{"app":{"url":"https://m"}}}],
  "roles":{"custom":[{"label":"Reader of people","permissions":["okta.users.read","okta.groups.read"]}],
           "users":{"svc@example.com":[{"role":"USER_ADMIN","groups":["Staff"]}]}},
  "tokens":[{"token":"ORG","owner":"svc@example.com","role":"ORG_ADMIN"},
            {"token":"DESK","owner":"svc@example.com","role":"HELP_DESK_ADMIN","groups":["Staff"]},
            {"token":"APPS","owner":"svc@example.com","role":"APP_ADMIN","apps":["0oaWiki"]},
            {"token":"MEMBERS","owner":"svc@example.com","role":"GROUP_MEMBERSHIP_ADMIN"},
            {"token":"CUSTOM","owner":"svc@example.com","role":"Reader of people"},
            {"token":"OWNER","owner":"svc@example.com","role":"owner"}]})";

class AdminRoles : public ::testing::Test {
 protected:
  int as(const std::string& token, const std::string& method, const std::string& target,
         const std::string& body = {}) {
    driver.token = token;
    return driver.status(method, target, body);
  }
  std::string seen(const std::string& token, const std::string& target) {
    EXPECT_EQ(as(token, "GET", target), 200) << target;
    std::string all;
    for (const std::string& id : driver.ids()) all += (all.empty() ? "" : " ") + id;
    return all;
  }
  Driver driver{unlimited(), kOrg};
};

const std::string kPerson =
    R"({"profile":{"login":"n@example.com","email":"n@example.com","firstName":"N","lastName":"N"})";

TEST_F(AdminRoles, AnOrgAdminManagesPeopleAndGroupsButNeitherAppsNorAdmins) {
  EXPECT_EQ(as("ORG", "POST", "/api/v1/users", kPerson + "}"), 200);
  EXPECT_EQ(as("ORG", "POST", "/api/v1/groups", R"({"profile":{"name":"g"}})"), 200);
  EXPECT_EQ(as("ORG", "POST", "/api/v1/apps/0oaWiki/users", R"({"id":"00uIn"})"), 403);
  EXPECT_EQ(driver.error_code(), "E0000006");
  EXPECT_EQ(seen("ORG", "/api/v1/users/00uSvc/roles"), "") << "an empty list, not an error";
  EXPECT_EQ(as("ORG", "POST", "/api/v1/users/00uIn/roles", R"({"type":"SUPER_ADMIN"})"), 403);
}

TEST_F(AdminRoles, AHelpDeskAdminSeesTheGroupsOfTheRoleAndResetsPasswords) {
  EXPECT_EQ(seen("DESK", "/api/v1/users"), "00uIn");
  EXPECT_EQ(seen("DESK", "/api/v1/groups"), "00gStaff") << "not even Everyone";
  EXPECT_EQ(seen("DESK", "/api/v1/apps"), "");
  EXPECT_EQ(as("DESK", "GET", "/api/v1/users/00uOut"), 404);
  EXPECT_EQ(as("DESK", "GET", "/api/v1/users/00uSvc"), 200) << "its owner";
  EXPECT_EQ(as("DESK", "GET", "/api/v1/groups/00gOther"), 404);
  EXPECT_EQ(as("DESK", "POST", "/api/v1/users/00uIn/lifecycle/reset_password?sendEmail=false"),
            200);
  EXPECT_EQ(as("DESK", "POST", "/api/v1/users/00uOut/lifecycle/reset_password?sendEmail=false"),
            403);
  EXPECT_EQ(as("DESK", "POST", "/api/v1/users/00uIn/lifecycle/suspend"), 403);
  EXPECT_EQ(as("DESK", "POST", "/api/v1/users/00uIn", R"({"profile":{"city":"Ulm"}})"), 403);
}

TEST_F(AdminRoles, AnAppAdminIsLimitedToItsApps) {
  EXPECT_EQ(seen("APPS", "/api/v1/apps"), "0oaWiki");
  EXPECT_EQ(as("APPS", "POST", "/api/v1/apps/0oaWiki/users", R"({"id":"00uIn"})"), 200);
  EXPECT_EQ(as("APPS", "POST", "/api/v1/apps/0oaMail/users", R"({"id":"00uIn"})"), 403);
  EXPECT_EQ(as("APPS", "GET", "/api/v1/apps/0oaMail"), 404);
  EXPECT_EQ(as("APPS", "POST", "/api/v1/users", kPerson + "}"), 403);
}

TEST_F(AdminRoles, AMembershipAdminMovesPeopleAndNothingElse) {
  EXPECT_EQ(as("MEMBERS", "PUT", "/api/v1/groups/00gOther/users/00uIn"), 204);
  EXPECT_EQ(as("MEMBERS", "POST", "/api/v1/groups", R"({"profile":{"name":"g"}})"), 403);
  EXPECT_EQ(seen("MEMBERS", "/api/v1/groups/rules"), "");
}

TEST_F(AdminRoles, ACustomRoleAllowsWhatItsPermissionsName) {
  EXPECT_EQ(seen("CUSTOM", "/api/v1/users"),
            "00uIn 00uOut 00uSvc " + driver.sim->org().tokens.back().owner_id);
  EXPECT_EQ(as("CUSTOM", "POST", "/api/v1/users", kPerson + "}"), 403);
  EXPECT_EQ(seen("CUSTOM", "/api/v1/apps"), "");
  EXPECT_EQ(as("TOKEN", "GET", "/api/v1/iam/roles"), 200);
  const std::string id(driver.json["roles"].items().at(0)["id"].as_string());
  EXPECT_EQ(as("TOKEN", "GET", "/api/v1/iam/roles/" + id + "/permissions"), 200);
  EXPECT_EQ(driver.json["permissions"].items().at(1)["label"].as_string(), "okta.groups.read");
  EXPECT_EQ(as("TOKEN", "GET", "/api/v1/iam/roles/nothing"), 404);
}

TEST_F(AdminRoles, ATokenCanFollowWhatItsOwnerHolds) {
  EXPECT_EQ(seen("OWNER", "/api/v1/users"), "00uIn") << "a group admin of Staff";
  EXPECT_EQ(as("OWNER", "POST", "/api/v1/users", kPerson + "}"), 403) << "in no group of the role";
  EXPECT_EQ(as("OWNER", "POST", "/api/v1/users", kPerson + R"(,"groupIds":["00gStaff"]})"), 200);
  EXPECT_EQ(as("TOKEN", "POST", "/api/v1/users/00uSvc/roles", R"({"type":"READ_ONLY_ADMIN"})"),
            201);
  const std::string given(driver.json["id"].as_string());
  EXPECT_EQ(as("TOKEN", "POST", "/api/v1/users/00uSvc/roles", R"({"type":"READ_ONLY_ADMIN"})"),
            409);
  EXPECT_EQ(driver.error_code(), "E0000090");
  EXPECT_EQ(as("OWNER", "GET", "/api/v1/users/00uOut"), 200);
  EXPECT_EQ(as("OWNER", "POST", "/api/v1/users/00uOut/lifecycle/suspend"), 403)
      << "seen, not managed";
  EXPECT_EQ(as("TOKEN", "GET", "/api/v1/users/00uSvc/roles/" + given), 200);
  EXPECT_EQ(as("TOKEN", "DELETE", "/api/v1/users/00uSvc/roles/" + given), 204);
  EXPECT_EQ(as("TOKEN", "GET", "/api/v1/users/00uSvc/roles/" + given), 404);
  EXPECT_EQ(as("OWNER", "GET", "/api/v1/users/00uOut"), 404) << "at once";
  EXPECT_EQ(as("TOKEN", "POST", "/api/v1/users/00uSvc/roles", R"({"type":"KING"})"), 400);
}

TEST_F(AdminRoles, TargetsHoldersAndGroupsOfRolesAreListed) {
  const std::string role = seen("TOKEN", "/api/v1/users/00uSvc/roles");
  EXPECT_EQ(seen("TOKEN", "/api/v1/users/00uSvc/roles/" + role + "/targets/groups"), "00gStaff");
  EXPECT_EQ(as("TOKEN", "POST", "/api/v1/groups/00gOther/roles", R"({"type":"HELP_DESK_ADMIN"})"),
            201);
  const std::string of_group(driver.json["id"].as_string());
  EXPECT_EQ(driver.json["assignmentType"].as_string(), "GROUP");
  EXPECT_EQ(seen("TOKEN", "/api/v1/groups/00gOther/roles"), of_group);
  EXPECT_EQ(as("TOKEN", "GET", "/api/v1/groups/00gOther/roles/" + of_group), 200);
  EXPECT_EQ(as("TOKEN", "DELETE", "/api/v1/groups/00gOther/roles/" + of_group), 204);
  EXPECT_EQ(as("TOKEN", "POST", "/api/v1/users/00uIn/roles",
               R"({"type":"CUSTOM","role":"Reader of people","resource-set":"iam1"})"),
            201);
  EXPECT_EQ(driver.json["type"].as_string(), "CUSTOM");
  EXPECT_EQ(driver.json["label"].as_string(), "Reader of people");
  const std::string given(driver.json["id"].as_string());
  const auto is_administrator = [&] {
    as("TOKEN", "GET", "/api/v1/groups?q=Okta+Administrators");
    const std::string members = seen("TOKEN", "/api/v1/groups/" + driver.ids().at(0) + "/users");
    return members.find("00uIn") != std::string::npos;
  };
  EXPECT_TRUE(is_administrator());
  EXPECT_EQ(as("TOKEN", "DELETE", "/api/v1/users/00uIn/roles/" + given), 204);
  EXPECT_FALSE(is_administrator());
}

TEST_F(AdminRoles, ClientsShowTheirsAndOthersAreNotFound) {
  const auto loaded = driver.sim->oauth().load(*parse_json(
      R"({"clients":[{"client_id":"0oaSvcApp","role":"ORG_ADMIN","jwks":{"keys":[{"kty":"RSA"}]}}]})"));
  ASSERT_TRUE(loaded);
  EXPECT_EQ(as("TOKEN", "GET", "/oauth2/v1/clients/0oaSvcApp/roles"), 200);
  EXPECT_EQ(driver.json.items().at(0)["type"].as_string(), "ORG_ADMIN");
  EXPECT_EQ(driver.json.items().at(0)["assignmentType"].as_string(), "CLIENT");
  EXPECT_EQ(as("TOKEN", "GET", "/oauth2/v1/clients/0oaNobody/roles"), 404);
}

TEST(TokenRoles, TheCommandLineGivesEachRoleAnOwnerWhoHoldsIt) {
  SimOptions options = unlimited();
  options.tokens = {"TOKEN", "R:READ_ONLY_ADMIN", "N:none", "with:colon"};
  Driver driver(options);
  driver.token = "R";
  ASSERT_EQ(driver.status("GET", "/api/v1/users/me"), 200);
  const std::string id(driver.json["id"].as_string());
  EXPECT_EQ(driver.json["profile"]["login"].as_string(), "okta-sim.read_only_admin@sim.example");
  driver.status("GET", "/api/v1/users/" + id + "/roles");
  EXPECT_EQ(driver.json.items().at(0)["type"].as_string(), "READ_ONLY_ADMIN");
  EXPECT_EQ(driver.status("POST", "/api/v1/groups", R"({"profile":{"name":"g"}})"), 403);
  driver.token = "N";
  EXPECT_EQ(driver.send("GET", "/api/v1/users").body, "[]");
  driver.token = "with:colon";
  EXPECT_EQ(driver.status("POST", "/api/v1/groups", R"({"profile":{"name":"g"}})"), 200);
}

TEST(TokenRoles, EveryServedRouteButSignInNeedsARight) {
  const std::set<std::string> open = {"POST sessions", "GET sessions/me", "DELETE sessions/me",
                                      "POST sessions/me/lifecycle/refresh"};
  std::size_t free = 0;
  for (const Route& route : served_routes()) {
    const std::string name = fmt::format("{} {}", route.method, route.pattern);
    const bool sign_in = route.pattern.substr(0, 5) == "authn" || open.count(name) > 0;
    EXPECT_EQ(right_of(route.method, route.pattern) == 0, sign_in) << name;
    if (sign_in) ++free;
  }
  EXPECT_EQ(free, 17 + open.size());
}

TEST(TokenRoles, WithoutARoleNeitherTokensNorLimitsAreShown) {
  SimOptions options = unlimited();
  options.tokens = {"TOKEN", "N:none", "R:READ_ONLY_ADMIN", "H:HELP_DESK_ADMIN"};
  Driver driver(options);
  const std::string principals =
      "/api/v1/principal-rate-limits?filter=principalType%20eq%20%22SSWS_TOKEN%22";
  for (const char* token : {"N", "H"}) {
    driver.token = token;
    EXPECT_EQ(driver.send("GET", "/api/v1/api-tokens").body, "[]");
    EXPECT_EQ(driver.send("GET", principals).body, "[]");
    for (const char* what : {"per-client", "warning-threshold", "admin-notifications"}) {
      EXPECT_EQ(driver.status("GET", std::string("/api/v1/rate-limit-settings/") + what), 403);
    }
  }
  driver.token = "R";
  driver.status("GET", principals);
  EXPECT_EQ(driver.json.items().size(), 4U);
  EXPECT_EQ(driver.status("GET", "/api/v1/rate-limit-settings/per-client"), 200);
}

}  // namespace
}  // namespace rollcall::sim

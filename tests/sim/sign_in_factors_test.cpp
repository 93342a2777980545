#include <gtest/gtest.h>

#include "tests/sim/sim_fixture.h"

namespace rollcall::sim {
namespace {

TEST(SignInFactors, LetInWhoGivesTheRightCodeOnce) {
  Driver driver;
  const std::string user = driver.make_user("a@example.com");
  ASSERT_EQ(driver.status("POST", "/api/v1/users/" + user + "/factors?activate=true",
                          R"({"factorType":"sms","profile":{"phoneNumber":"+1"}})"),
            200);
  const std::string factor(driver.json["id"].as_string());
  driver.status("GET", "/api/v1/policies?type=OKTA_SIGN_ON");
  const std::string rules =
      "/api/v1/policies/" + std::string(driver.json.items()[0]["id"].as_string()) + "/rules";
  ASSERT_EQ(driver.status("POST", rules,
                          R"({"name":"mfa","type":"SIGN_ON","actions":{"signon":{"access":"ALLOW",)"
                          R"("requireFactor":true,"factorPromptMode":"ALWAYS"}}})"),
            200);
  ASSERT_EQ(driver.status("POST", "/api/v1/authn",
                          R"({"username":"a@example.com","password":"Tr0ub4dor-and-3"})"),
            200);
  ASSERT_EQ(driver.json["status"].as_string(), "MFA_REQUIRED");
  const std::string state(driver.json["stateToken"].as_string());
  const std::string verify = "/api/v1/authn/factors/" + factor + "/verify";
  const auto body = [&state](const std::string& code) {
    return R"({"stateToken":")" + state + R"(","passCode":")" + code + "\"}";
  };
  EXPECT_EQ(driver.status("POST", verify, body("000000")), 403);
  EXPECT_EQ(driver.error_code(), "E0000068");
  EXPECT_EQ(driver.status("POST", "/api/v1/authn/factors/sms1/verify", body("123456")), 404);
  ASSERT_EQ(driver.status("POST", verify, body("123456")), 200);
  const std::string token(driver.json["sessionToken"].as_string());
  EXPECT_EQ(driver.status("POST", verify, body("123456")), 401);
  EXPECT_EQ(driver.status("POST", "/api/v1/sessions", R"({"sessionToken":")" + token + "\"}"), 200);
}

TEST(SignInFactors, AParameterDoesNotActivateWhatWasNotProved) {
  Driver driver;
  const std::string user = driver.make_user("a@example.com");
  driver.status("GET", "/api/v1/policies?type=OKTA_SIGN_ON");
  const std::string rules = "/api/v1/policies/" + driver.ids().at(0) + "/rules";
  driver.status("POST", rules, R"({"name":"mfa","actions":{"signon":{"requireFactor":true}}})");
  driver.status("POST", "/api/v1/authn",
                R"({"username":"a@example.com","password":"Tr0ub4dor-and-3"})");
  ASSERT_EQ(driver.json["status"].as_string(), "MFA_ENROLL");
  const std::string state(driver.json["stateToken"].as_string());
  driver.token = "";
  EXPECT_EQ(driver.status("POST", "/api/v1/authn/factors?activate=true",
                          R"({"stateToken":")" + state +
                              R"(","factorType":"sms","profile":{"phoneNumber":"+1"}})"),
            200);
  EXPECT_EQ(driver.json["status"].as_string(), "MFA_ENROLL_ACTIVATE");
}

TEST(Factors, KeepTheirProvider) {
  Driver driver;
  const std::string factors = "/api/v1/users/" + driver.make_user("a@example.com") + "/factors";
  const std::string app = R"({"factorType":"token:software:totp","provider":")";
  EXPECT_EQ(driver.status("POST", factors, app + R"(ACME"})"), 400);
  EXPECT_EQ(
      driver.status("POST", factors,
                    R"({"factorType":"sms","provider":"GOOGLE","profile":{"phoneNumber":"+1"}})"),
      400)
      << "phones are Okta's own";
  ASSERT_EQ(driver.status("POST", factors, app + R"(GOOGLE"})"), 200);
  EXPECT_EQ(driver.json["provider"].as_string(), "GOOGLE");
  EXPECT_EQ(driver.json["vendorName"].as_string(), "GOOGLE");
  ASSERT_EQ(driver.status("POST", factors, app + R"(OKTA"})"), 200);
  driver.status("GET", factors);
  EXPECT_EQ(driver.json.items().size(), 2U) << "each provider's app is a factor of its own";
  const std::string text = driver.sim->export_json();
  ASSERT_EQ(driver.status("PUT", "/sim/org", text), 204);
  driver.status("GET", factors);
  EXPECT_EQ(driver.json.items().at(0)["provider"].as_string(), "GOOGLE");
}

TEST(Factors, AreActivatedOnce) {
  Driver driver;
  const std::string factors = "/api/v1/users/" + driver.make_user("a@example.com") + "/factors";
  driver.status("POST", factors, R"({"factorType":"sms","profile":{"phoneNumber":"+1"}})");
  const std::string factor = factors + "/" + std::string(driver.json["id"].as_string());
  const std::string code = R"({"passCode":"123456"})";
  EXPECT_EQ(driver.status("POST", factor + "/resend"), 200);
  EXPECT_EQ(driver.status("POST", factor + "/lifecycle/activate", code), 200);
  for (const char* late : {"/lifecycle/activate", "/resend"}) {
    EXPECT_EQ(driver.status("POST", factor + late, code), 403) << late;
    EXPECT_EQ(driver.error_code(), "E0000107") << late;
  }
}

TEST(Factors, ProveNothingForWhoIsDeactivated) {
  Driver driver;
  const std::string user = "/api/v1/users/" + driver.make_user("a@example.com");
  const auto enroll = [&](const std::string& query, const std::string& body) {
    driver.status("POST", user + "/factors" + query, body);
    return user + "/factors/" + std::string(driver.json["id"].as_string());
  };
  const std::string active =
      enroll("?activate=true", R"({"factorType":"sms","profile":{"phoneNumber":"+1"}})");
  const std::string pending =
      enroll("", R"({"factorType":"email","profile":{"email":"a@example.com"}})");
  driver.status("POST", user + "/lifecycle/deactivate");
  for (const std::string& path :
       {active + "/verify", pending + "/lifecycle/activate", pending + "/resend"}) {
    EXPECT_EQ(driver.status("POST", path, R"({"passCode":"123456"})"), 403) << path;
    EXPECT_EQ(driver.error_code(), "E0000038") << path;
  }
}

}  // namespace
}  // namespace rollcall::sim

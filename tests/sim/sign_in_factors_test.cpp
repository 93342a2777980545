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

}  // namespace
}  // namespace rollcall::sim

// Sign-ins and recoveries, state by state, as the Authentication API documents them.
#include <fmt/core.h>

#include "tests/sim/sim_fixture.h"
#include "tests/sim/totp.h"

namespace rollcall::sim {
namespace {

const std::string kRightPassword = "Tr0ub4dor-and-3";

class Authn : public ::testing::Test {
 protected:
  int post(const std::string& path, const std::string& body) {
    return driver.status("POST", "/api/v1/authn" + path, body);
  }
  int sign_in(const std::string& more = {}) {
    return post("",
                R"({"username":"a@example.com","password":")" + kRightPassword + "\"" + more + "}");
  }
  std::string text(std::string_view name) { return std::string(driver.json[name].as_string()); }
  /// With the state token of the last reply that had one.
  int step(const std::string& path, const std::string& more = {}) {
    return post(path, R"({"stateToken":")" + state + "\"" + more + "}");
  }
  std::string keep_state() { return state = text("stateToken"); }
  std::string status() { return text("status"); }
  std::string next() { return std::string(driver.json["_links"]["next"]["name"].as_string()); }
  void password_policy(const std::string& settings) {
    driver.status("GET", "/api/v1/policies?type=PASSWORD");
    Json policy = driver.json.items().at(0);
    policy.set("settings", *parse_json(settings));
    ASSERT_EQ(driver.status("PUT", "/api/v1/policies/" + std::string(policy["id"].as_string()),
                            policy.dump()),
              200)
        << driver.json.dump();
  }
  void password_rule(const std::string& actions) {
    driver.status("GET", "/api/v1/policies?type=PASSWORD");
    const std::string rules = "/api/v1/policies/" + driver.ids().at(0) + "/rules";
    driver.status("GET", rules);
    Json rule = driver.json.items().at(0);
    rule.set("actions", *parse_json(actions));
    ASSERT_EQ(driver.status("PUT", rules + "/" + std::string(rule["id"].as_string()), rule.dump()),
              200)
        << driver.json.dump();
  }
  void require_factor() {
    driver.status("POST", "/api/v1/policies", R"({"type":"OKTA_SIGN_ON","name":"two factors"})");
    const std::string rules = "/api/v1/policies/" + text("id") + "/rules";
    ASSERT_EQ(driver.status("POST", rules,
                            R"({"name":"always","actions":{"signon":{"requireFactor":true}}})"),
              200);
  }
  std::string enroll(const std::string& body) {
    EXPECT_EQ(driver.status("POST", "/api/v1/users/" + user + "/factors?activate=true", body), 200)
        << driver.json.dump();
    return text("id");
  }
  void lifecycle(const std::string& what) {
    ASSERT_EQ(driver.status("POST", "/api/v1/users/" + user + "/lifecycle/" + what), 200);
  }
  void lock() {
    for (int i = 0; i < 10; ++i) post("", R"({"username":"a@example.com","password":"wrong"})");
    ASSERT_EQ(driver.user_status(user), "LOCKED_OUT");
  }
  void allow_unlock() {
    password_rule(
        R"({"passwordChange":{"access":"ALLOW"},"selfServicePasswordReset":{"access":"ALLOW"},
            "selfServiceUnlock":{"access":"ALLOW"}})");
  }
  std::string mailed() {
    driver.status("GET", "/sim/outbox");
    return std::string(driver.json.items().back()["token"].as_string());
  }
  Driver driver;
  std::string user = driver.make_user("a@example.com");
  std::string state;
};

TEST_F(Authn, NeedsNoCredentialAndShowsNothingButTheTransaction) {
  ServedRequest request;
  request.method = "POST";
  request.target = "/api/v1/authn";
  request.headers = {{"Host", "example.okta.com"}};
  request.body = R"({"username":"a@example.com","password":")" + kRightPassword + "\"}";
  EXPECT_EQ(driver.sim->handle(request).status, 200);
  request.target = "/api/v1/users";
  request.method = "GET";
  EXPECT_EQ(driver.sim->handle(request).status, 401) << "everything else needs one";
  request.method = "POST";
  request.target = "/api/v1/authn/recovery/password";
  request.body = R"({"username":"a@example.com"})";
  EXPECT_EQ(driver.sim->handle(request).status, 400) << "a factor type, for who is not trusted";
  for (const char* name : {"a@example.com", "nobody@example.com"}) {
    request.body = fmt::format(R"({{"username":"{}","factorType":"EMAIL"}})", name);
    const SimReply reply = driver.sim->handle(request);
    EXPECT_EQ(reply.status, 200) << "known or not";
    EXPECT_NE(reply.body.find("RECOVERY_CHALLENGE"), std::string::npos);
    EXPECT_EQ(reply.body.find("stateToken"), std::string::npos);
  }
  EXPECT_EQ(driver.sim->org().outbox.size(), 1U) << "one of the two gets a mail";
}

TEST_F(Authn, AFactorIsChosenChallengedAndVerified) {
  require_factor();
  const std::string sms = enroll(R"({"factorType":"sms","profile":{"phoneNumber":"+1-5-4-1337"}})");
  ASSERT_EQ(sign_in(), 200);
  EXPECT_EQ(status(), "MFA_REQUIRED");
  keep_state();
  const Json factor = driver.json["_embedded"]["factors"].items().at(0);
  EXPECT_EQ(factor["profile"]["phoneNumber"].as_string(), "+X-X-X-1337");
  EXPECT_EQ(step("/credentials/change_password"), 403);
  EXPECT_EQ(driver.error_code(), "E0000079");
  ASSERT_EQ(step("/factors/" + sms + "/verify"), 200);
  EXPECT_EQ(status(), "MFA_CHALLENGE");
  EXPECT_EQ(step("/factors/" + sms + "/verify/resend"), 200);
  EXPECT_EQ(post("", R"({"stateToken":")" + state + "\"}"), 200) << "shows where it stands";
  EXPECT_EQ(status(), "MFA_CHALLENGE");
  EXPECT_EQ(step("/previous"), 200);
  EXPECT_EQ(status(), "MFA_REQUIRED");
  step("/factors/" + sms + "/verify");
  EXPECT_EQ(step("/factors/" + sms + "/verify", R"(,"passCode":"000000")"), 403);
  EXPECT_EQ(driver.error_code(), "E0000068");
  EXPECT_EQ(step("/factors/smsnone/verify"), 404);
  ASSERT_EQ(step("/factors/" + sms + "/verify", R"(,"passCode":"123456")"), 200);
  EXPECT_EQ(status(), "SUCCESS");
  EXPECT_EQ(driver.status("POST", "/api/v1/sessions",
                          R"({"sessionToken":")" + text("sessionToken") + "\"}"),
            200);
  EXPECT_EQ(step("/factors/" + sms + "/verify"), 401) << "the state token ended with it";
}

TEST_F(Authn, AnAuthenticatorAppIsSetUpWithinASignInAndNoCodeCountsTwice) {
  require_factor();
  ASSERT_EQ(sign_in(), 200);
  EXPECT_EQ(status(), "MFA_ENROLL");
  keep_state();
  ASSERT_EQ(step("/factors", R"(,"factorType":"token:software:totp","provider":"OKTA")"), 200);
  EXPECT_EQ(status(), "MFA_ENROLL_ACTIVATE");
  EXPECT_EQ(step("/previous"), 200);
  EXPECT_EQ(status(), "MFA_ENROLL");
  step("/factors", R"(,"factorType":"token:software:totp","provider":"OKTA")");
  const Json shown = driver.json["_embedded"]["factor"];
  const std::string id(shown["id"].as_string());
  const std::string secret(shown["_embedded"]["activation"]["sharedSecret"].as_string());
  ASSERT_EQ(secret.size(), 16U);
  const auto code = [&] {
    return R"(,"passCode":")" + totp_code(secret, totp_step(driver.clock.wall())) + "\"";
  };
  EXPECT_EQ(step("/factors/" + id + "/lifecycle/activate", R"(,"passCode":"12345")"), 403);
  ASSERT_EQ(step("/factors/" + id + "/lifecycle/activate", code()), 200);
  EXPECT_EQ(status(), "SUCCESS");
  sign_in();
  keep_state();
  EXPECT_EQ(status(), "MFA_REQUIRED");
  EXPECT_EQ(step("/factors/" + id + "/verify", code()), 403) << "the code of the activation";
  EXPECT_EQ(driver.first_cause(),
            "Each code can only be used once. Please wait for a new code and try again.");
  driver.clock.advance(kTotpStepMs);
  EXPECT_EQ(step("/factors/" + id + "/verify", code()), 200);
  EXPECT_EQ(status(), "SUCCESS");
}

TEST_F(Authn, AQuestionIsEnrolledAndAnswered) {
  require_factor();
  sign_in();
  keep_state();
  ASSERT_EQ(
      step(
          "/factors",
          R"(,"factorType":"question","profile":{"question":"disliked_food","answer":"mayonnaise"})"),
      200);
  EXPECT_EQ(status(), "SUCCESS") << "nothing to activate";
  sign_in();
  keep_state();
  const std::string id(driver.json["_embedded"]["factors"].items().at(0)["id"].as_string());
  EXPECT_EQ(step("/factors/" + id + "/verify", R"(,"answer":"mustard")"), 403);
  EXPECT_EQ(step("/factors/" + id + "/verify", R"(,"answer":"Mayonnaise")"), 200);
  EXPECT_EQ(status(), "SUCCESS");
}

TEST_F(Authn, PasswordsWarnExpireAndAreChanged) {
  password_policy(R"({"password":{"age":{"maxAgeDays":10,"expireWarnDays":3}}})");
  EXPECT_EQ(sign_in(R"(,"options":{"warnBeforePasswordExpired":true})"), 200);
  EXPECT_EQ(status(), "SUCCESS") << "nine days to go";
  driver.clock.advance(8LL * 86'400'000);
  sign_in();
  EXPECT_EQ(status(), "SUCCESS") << "not asked to warn";
  sign_in(R"(,"options":{"warnBeforePasswordExpired":true})");
  EXPECT_EQ(status(), "PASSWORD_WARN");
  EXPECT_EQ(driver.json["_embedded"]["policy"]["expiration"]["passwordExpireDays"].as_int(), 2);
  keep_state();
  EXPECT_EQ(step("/skip"), 200);
  EXPECT_EQ(status(), "SUCCESS");
  driver.clock.advance(2LL * 86'400'000);
  EXPECT_EQ(driver.user_status(user), "ACTIVE") << "nothing sweeps";
  sign_in();
  EXPECT_EQ(status(), "PASSWORD_EXPIRED");
  EXPECT_EQ(next(), "changePassword");
  keep_state();
  EXPECT_EQ(driver.user_status(user), "PASSWORD_EXPIRED");
  EXPECT_EQ(step("/skip"), 403);
  EXPECT_EQ(step("/credentials/change_password",
                 R"(,"oldPassword":")" + kRightPassword + R"(","newPassword":"N3w-Passw0rd!")"),
            200);
  EXPECT_EQ(status(), "SUCCESS");
  EXPECT_EQ(driver.user_status(user), "ACTIVE");
}

TEST_F(Authn, StateTokensSlideExpireAndAreCancelled) {
  driver.status("POST", "/api/v1/users/" + user + "/lifecycle/expire_password");
  sign_in();
  keep_state();
  driver.clock.advance(299'000);
  EXPECT_EQ(step(""), 200) << "each use prolongs it";
  driver.clock.advance(299'000);
  EXPECT_EQ(step(""), 200);
  driver.clock.advance(301'000);
  EXPECT_EQ(step(""), 401);
  EXPECT_EQ(driver.error_code(), "E0000011");
  sign_in();
  keep_state();
  EXPECT_EQ(step("/cancel"), 200);
  EXPECT_EQ(step(""), 401);
}

TEST_F(Authn, LocksShowOrHideAndEndByThemselvesIfThePolicySaysSo) {
  password_policy(
      R"({"password":{"lockout":{"maxAttempts":2,"autoUnlockMinutes":30,"showLockoutFailures":true}}})");
  for (int i = 0; i < 2; ++i) {
    post("", R"({"username":"a@example.com","password":"wrong"})");
    EXPECT_EQ(driver.error_code(), "E0000004");
  }
  EXPECT_EQ(sign_in(), 200);
  EXPECT_EQ(status(), "LOCKED_OUT");
  EXPECT_EQ(next(), "unlock");
  driver.clock.advance(30 * 60'000);
  EXPECT_EQ(sign_in(), 200);
  EXPECT_EQ(status(), "SUCCESS");
}

TEST_F(Authn, ATrustedApplicationRecoversAPasswordWithATokenThatWorksOnce) {
  driver.status(
      "POST", "/api/v1/users/" + user,
      R"({"credentials":{"recovery_question":{"question":"Where?","answer":"Home town"}}})");
  EXPECT_EQ(post("/recovery/password", R"({"username":"nobody@example.com"})"), 403);
  EXPECT_EQ(driver.error_code(), "E0000095");
  ASSERT_EQ(post("/recovery/password", R"({"username":"a@example.com"})"), 200);
  EXPECT_EQ(status(), "RECOVERY");
  const std::string token = text("recoveryToken");
  ASSERT_EQ(post("/recovery/token", R"({"recoveryToken":")" + token + "\"}"), 200);
  keep_state();
  EXPECT_EQ(driver.json["_embedded"]["user"]["recovery_question"]["question"].as_string(),
            "Where?");
  EXPECT_EQ(post("/recovery/token", R"({"recoveryToken":")" + token + "\"}"), 401) << "once";
  EXPECT_EQ(step("/recovery/answer", R"(,"answer":"Abroad")"), 403);
  EXPECT_EQ(driver.error_code(), "E0000087");
  ASSERT_EQ(step("/recovery/answer", R"(,"answer":"home town")"), 200);
  EXPECT_EQ(status(), "PASSWORD_RESET");
  EXPECT_EQ(step("/credentials/reset_password", R"(,"newPassword":"weak")"), 403);
  EXPECT_EQ(driver.error_code(), "E0000014");
  ASSERT_EQ(step("/credentials/reset_password", R"(,"newPassword":"N3w-Passw0rd!")"), 200);
  EXPECT_EQ(status(), "SUCCESS");
  EXPECT_EQ(sign_in(), 401) << "the old one is gone";
}

TEST_F(Authn, APhoneRecoversAndAStrangerLearnsNothing) {
  driver.status("POST", "/api/v1/users/" + user,
                R"({"profile":{"mobilePhone":"+1 555 415 1337"}})");
  for (const char* name : {"a@example.com", "nobody@example.com"}) {
    SCOPED_TRACE(name);
    ASSERT_EQ(
        post("/recovery/password", fmt::format(R"({{"username":"{}","factorType":"SMS"}})", name)),
        200);
    EXPECT_EQ(status(), "RECOVERY_CHALLENGE");
    EXPECT_FALSE(driver.json.has("_embedded"));
    keep_state();
    EXPECT_EQ(step("/recovery/factors/sms/resend"), 200);
    EXPECT_EQ(step("/recovery/factors/call/verify", R"(,"passCode":"123456")"), 403);
    EXPECT_EQ(step("/recovery/factors/sms/verify", R"(,"passCode":"123456")"),
              std::string_view(name) == "a@example.com" ? 200 : 403);
  }
}

TEST_F(Authn, ALockedAccountIsUnlockedByItsOwnerWhereAllowed) {
  lock();
  EXPECT_EQ(post("/recovery/unlock", R"({"username":"a@example.com"})"), 403)
      << "not allowed by default";
  allow_unlock();
  EXPECT_EQ(post("/recovery/unlock", R"({"username":"a@example.com","factorType":"EMAIL"})"), 200);
  ASSERT_EQ(post("/recovery/token", R"({"recoveryToken":")" + mailed() + "\"}"), 200);
  EXPECT_EQ(status(), "SUCCESS");
  EXPECT_EQ(text("recoveryType"), "UNLOCK");
  EXPECT_EQ(driver.user_status(user), "ACTIVE");
}

TEST_F(Authn, AnActivationLinkSetsThePasswordAndIsThenUsedUp) {
  const std::string fresh = driver.make_user("new@example.com", "?activate=true", false);
  const std::string first = mailed();
  driver.status("POST", "/api/v1/users/" + fresh + "/lifecycle/reactivate?sendEmail=false");
  const std::string token = text("activationToken");
  EXPECT_EQ(post("", R"({"token":")" + first + "\"}"), 401) << "a newer link took its place";
  ASSERT_EQ(post("", R"({"token":")" + token + "\"}"), 200);
  EXPECT_EQ(status(), "PASSWORD_RESET");
  EXPECT_EQ(text("recoveryType"), "ACCOUNT_ACTIVATION");
  keep_state();
  ASSERT_EQ(step("/credentials/reset_password", R"(,"newPassword":"N3w-Passw0rd!")"), 200);
  EXPECT_EQ(status(), "SUCCESS");
  EXPECT_EQ(driver.user_status(fresh), "ACTIVE");
  EXPECT_EQ(post("", R"({"token":")" + token + "\"}"), 401);
  EXPECT_EQ(driver.error_code(), "E0000004");
  const std::string late = driver.make_user("late@example.com", "?activate=true", false);
  driver.clock.advance(8LL * 86'400'000);
  EXPECT_EQ(post("", R"({"token":")" + mailed() + "\"}"), 401) << "a week is over";
  EXPECT_EQ(driver.user_status(late), "PROVISIONED");
}

TEST_F(Authn, LinksOfAnAdministratorsResetWorkOnce) {
  driver.status("POST", "/api/v1/users/" + user + "/lifecycle/reset_password?sendEmail=false");
  const std::string url = text("resetPasswordUrl");
  const std::string body = R"({"recoveryToken":")" + url.substr(url.rfind('/') + 1) + "\"}";
  ASSERT_EQ(post("/recovery/token", body), 200);
  EXPECT_EQ(status(), "PASSWORD_RESET") << "without a question there is none to answer";
  keep_state();
  EXPECT_EQ(step("/credentials/reset_password", R"(,"newPassword":"N3w-Passw0rd!")"), 200);
  EXPECT_EQ(driver.user_status(user), "ACTIVE");
  EXPECT_EQ(post("/recovery/token", body), 401);
  EXPECT_EQ(driver.error_code(), "E0000011");
}

TEST_F(Authn, AFactorLetsNobodyInWhoWasSuspendedAfterThePassword) {
  require_factor();
  const std::string sms = enroll(R"({"factorType":"sms","profile":{"phoneNumber":"+1-5-4-1337"}})");
  for (const bool challenged : {false, true}) {
    sign_in();
    keep_state();
    if (challenged) step("/factors/" + sms + "/verify");
    lifecycle("suspend");
    EXPECT_EQ(step("/factors/" + sms + "/verify", R"(,"passCode":"123456")"), 401);
    EXPECT_EQ(driver.error_code(), "E0000004");
    lifecycle("unsuspend");
    EXPECT_EQ(step(""), 401) << "that sign-in is over";
    EXPECT_EQ(driver.error_code(), "E0000011");
  }
}

TEST_F(Authn, NoOtherStepIsLeftToWhoWasSuspendedMeanwhile) {
  for (const char* path : {"", "/previous", "/factors/none/verify/resend"}) {
    SCOPED_TRACE(path);
    driver.status("POST", "/api/v1/users/" + user + "/lifecycle/reset_factors");
    if (std::string_view(path).empty()) require_factor();
    const std::string sms =
        enroll(R"({"factorType":"sms","profile":{"phoneNumber":"+1-5-4-1337"}})");
    sign_in();
    keep_state();
    ASSERT_EQ(step("/factors/" + sms + "/verify"), 200);
    lifecycle("suspend");
    EXPECT_EQ(step(path), 401);
    lifecycle("unsuspend");
  }
}

TEST_F(Authn, WhoWasSuspendedMeanwhileSetsNoFactorUp) {
  require_factor();
  const std::string app = R"(,"factorType":"token:software:totp","provider":"OKTA")";
  sign_in();
  keep_state();
  lifecycle("suspend");
  EXPECT_EQ(step("/factors", app), 401);
  lifecycle("unsuspend");
  sign_in();
  keep_state();
  ASSERT_EQ(step("/factors", app), 200);
  const Json factor = driver.json["_embedded"]["factor"];
  const std::string code = totp_code(factor["_embedded"]["activation"]["sharedSecret"].as_string(),
                                     totp_step(driver.clock.wall()));
  lifecycle("suspend");
  EXPECT_EQ(step("/factors/" + std::string(factor["id"].as_string()) + "/lifecycle/activate",
                 R"(,"passCode":")" + code + "\""),
            401);
}

TEST_F(Authn, WhoWasSuspendedMeanwhileNeitherSkipsNorChangesAPassword) {
  password_policy(R"({"password":{"age":{"maxAgeDays":10,"expireWarnDays":9}}})");
  driver.clock.advance(2LL * 86'400'000);
  const std::string change =
      R"(,"oldPassword":")" + kRightPassword + R"(","newPassword":"N3w-Passw0rd!")";
  for (const auto& [path, more] : {std::pair<std::string, std::string>{"/skip", ""},
                                   {"/credentials/change_password", change}}) {
    SCOPED_TRACE(path);
    sign_in(R"(,"options":{"warnBeforePasswordExpired":true})");
    ASSERT_EQ(status(), "PASSWORD_WARN");
    keep_state();
    lifecycle("suspend");
    EXPECT_EQ(step(path, more), 401);
    lifecycle("unsuspend");
  }
}

TEST_F(Authn, ASessionTokenIsWorthNothingOnceItsOwnerIsSuspended) {
  sign_in();
  const std::string body = R"({"sessionToken":")" + text("sessionToken") + "\"}";
  lifecycle("suspend");
  EXPECT_EQ(driver.status("POST", "/api/v1/sessions", body), 401);
  EXPECT_EQ(driver.error_code(), "E0000004");
  lifecycle("unsuspend");
  EXPECT_EQ(driver.status("POST", "/api/v1/sessions", body), 401) << "nor does it come back";
}

TEST_F(Authn, ARecoveryUnderWayEndsWithASuspension) {
  driver.status(
      "POST", "/api/v1/users/" + user,
      R"({"profile":{"mobilePhone":"+1 555"},"credentials":{"recovery_question":{"question":"Where?","answer":"Home town"}}})");
  const auto begin = [&] {
    post("/recovery/password", R"({"username":"a@example.com"})");
    ASSERT_EQ(post("/recovery/token", R"({"recoveryToken":")" + text("recoveryToken") + "\"}"),
              200);
    keep_state();
  };
  begin();
  lifecycle("suspend");
  EXPECT_EQ(step("/recovery/answer", R"(,"answer":"home town")"), 401);
  lifecycle("unsuspend");
  begin();
  ASSERT_EQ(step("/recovery/answer", R"(,"answer":"home town")"), 200);
  lifecycle("suspend");
  EXPECT_EQ(step("/credentials/reset_password", R"(,"newPassword":"N3w-Passw0rd!")"), 401);
  lifecycle("unsuspend");
  EXPECT_EQ(sign_in(), 200) << "the old password still counts";
  post("/recovery/password", R"({"username":"a@example.com","factorType":"SMS"})");
  keep_state();
  lifecycle("suspend");
  EXPECT_EQ(step("/recovery/factors/sms/verify", R"(,"passCode":"123456")"), 401);
}

TEST_F(Authn, LinksOpenNothingInAnotherStatus) {
  allow_unlock();
  post("/recovery/password", R"({"username":"a@example.com"})");
  const std::string reset = R"({"recoveryToken":")" + text("recoveryToken") + "\"}";
  lock();
  post("/recovery/unlock", R"({"username":"a@example.com"})");
  const std::string unlock = R"({"recoveryToken":")" + text("recoveryToken") + "\"}";
  lifecycle("unlock");
  EXPECT_EQ(post("/recovery/token", unlock), 401) << "there is no lock";
  lifecycle("suspend");
  for (const std::string& link : {unlock, reset}) {
    EXPECT_EQ(post("/recovery/token", link), 401);
    EXPECT_EQ(driver.error_code(), "E0000011");
  }
  EXPECT_EQ(driver.user_status(user), "SUSPENDED");
}

TEST_F(Authn, AResetDoesNotUnlockAndLetsNobodyInWhoIsLocked) {
  password_policy(
      R"({"password":{"lockout":{"maxAttempts":10,"autoUnlockMinutes":0,"showLockoutFailures":true}}})");
  lock();
  post("/recovery/password", R"({"username":"a@example.com"})");
  post("/recovery/token", R"({"recoveryToken":")" + text("recoveryToken") + "\"}");
  ASSERT_EQ(status(), "PASSWORD_RESET");
  keep_state();
  EXPECT_EQ(step("/credentials/reset_password", R"(,"newPassword":"N3w-Passw0rd!")"), 200);
  EXPECT_EQ(status(), "LOCKED_OUT");
  EXPECT_FALSE(driver.json.has("sessionToken"));
  EXPECT_EQ(driver.user_status(user), "LOCKED_OUT");
  lifecycle("unlock");
  EXPECT_EQ(sign_in(), 401) << "the old password is gone";
}

TEST(AuthnLimits, FourSignInsOfANameInASecondAndOneCodeInHalfAMinute) {
  SimOptions options = unlimited();
  options.limits = "workforce";
  Driver driver(options);
  const std::string user = driver.make_user("a@example.com");
  const std::string body = R"({"username":"A@example.com","password":"Tr0ub4dor-and-3"})";
  for (int i = 0; i < 4; ++i) EXPECT_EQ(driver.status("POST", "/api/v1/authn", body), 200);
  const SimReply fifth = driver.send("POST", "/api/v1/authn", body);
  EXPECT_EQ(fifth.status, 429);
  EXPECT_EQ(driver.error_code(), "E0000047");
  EXPECT_EQ(fifth.header("X-Rate-Limit-Limit"), "4");
  driver.clock.advance(1000);
  EXPECT_EQ(driver.status("POST", "/api/v1/authn", body), 200);
  const std::string factors = "/api/v1/users/" + user + "/factors";
  const std::string phone = R"({"factorType":"sms","profile":{"phoneNumber":"+49 1"}})";
  ASSERT_EQ(driver.status("POST", factors, phone), 200);
  const std::string id(driver.json["id"].as_string());
  EXPECT_EQ(driver.status("POST", factors + "/" + id + "/resend"), 429);
  EXPECT_EQ(driver.error_code(), "E0000109");
  driver.clock.advance(30'000);
  EXPECT_EQ(driver.status("POST", factors + "/" + id + "/resend"), 200);
}

TEST(Factors, LockAfterFiveWrongCodesForFiveMinutes) {
  Driver driver;
  const std::string factors = "/api/v1/users/" + driver.make_user("a@example.com") + "/factors";
  driver.status("POST", factors, R"({"factorType":"sms","profile":{"phoneNumber":"+49 1"}})");
  const std::string activate =
      factors + "/" + std::string(driver.json["id"].as_string()) + "/lifecycle/activate";
  for (int i = 0; i < 5; ++i) {
    EXPECT_EQ(driver.status("POST", activate, R"({"passCode":"000000"})"), 403);
    EXPECT_EQ(driver.error_code(), "E0000068");
  }
  EXPECT_EQ(driver.status("POST", activate, R"({"passCode":"123456"})"), 403);
  EXPECT_EQ(driver.error_code(), "E0000069");
  driver.clock.advance(301'000);
  EXPECT_EQ(driver.status("POST", activate, R"({"passCode":"123456"})"), 200);
  driver.status("GET", factors + "/catalog");
  EXPECT_EQ(driver.json.items().at(0)["status"].as_string(), "ACTIVE");
}

// RFC 6238, appendix B: the last six of the eight digits of its SHA-1 rows.
TEST(Totp, MakesThePasscodesOfTheStandard) {
  const std::string secret = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ";  // "12345678901234567890"
  EXPECT_EQ(totp_code(secret, 59 / 30), "287082");
  EXPECT_EQ(totp_code(secret, 1111111109 / 30), "081804");
  EXPECT_EQ(totp_code(secret, 1234567890 / 30), "005924");
  EXPECT_EQ(totp_code(secret, 20000000000 / 30), "353130");
  EXPECT_EQ(totp_code("not base32!", 1), "");
}

}  // namespace
}  // namespace rollcall::sim

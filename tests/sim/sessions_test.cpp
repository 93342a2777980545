// Signing in, sessions and credentials.
#include "tests/sim/sim_fixture.h"

namespace rollcall::sim {
namespace {

const std::string kPassword = "Tr0ub4dor-and-3";

std::string sign_in_body(std::string_view password = kPassword) {
  return R"({"username":"a@example.com","password":")" + std::string(password) + "\"}";
}

/// Signs in and makes a session of it.
std::string session_of(Driver& driver, std::string_view password = kPassword) {
  EXPECT_EQ(driver.status("POST", "/api/v1/authn", sign_in_body(password)), 200);
  EXPECT_EQ(driver.json["status"].as_string(), "SUCCESS");
  const std::string token(driver.json["sessionToken"].as_string());
  EXPECT_EQ(driver.status("POST", "/api/v1/sessions", R"({"sessionToken":")" + token + "\"}"), 200);
  const std::string id(driver.json["id"].as_string());
  // The token is good once.
  EXPECT_EQ(driver.status("POST", "/api/v1/sessions", R"({"sessionToken":")" + token + "\"}"), 401);
  return "/api/v1/sessions/" + id;
}

TEST(Sessions, AreRefreshedExpireAndAreClosed) {
  Driver driver;
  driver.make_user("a@example.com");
  const std::string session = session_of(driver);
  driver.clock.advance(7'000'000);
  EXPECT_EQ(driver.status("POST", session + "/lifecycle/refresh"), 200);
  driver.clock.advance(7'000'000);
  EXPECT_EQ(driver.status("GET", session), 200);
  driver.clock.advance(300'000);
  EXPECT_EQ(driver.status("GET", session), 404);
  const std::string other = session_of(driver);
  EXPECT_EQ(driver.status("DELETE", other), 204);
  EXPECT_EQ(driver.status("DELETE", other), 404);
  EXPECT_EQ(driver.status("POST", "/api/v1/sessions"), 400);
  EXPECT_EQ(driver.error_code(), "E0000003");
}

TEST(Sessions, EndWithRevocationAndDeactivationButNotWithSuspension) {
  Driver driver;
  const std::string user = "/api/v1/users/" + driver.make_user("a@example.com");
  const std::string first = session_of(driver);
  EXPECT_EQ(driver.status("DELETE", user + "/sessions?oauthTokens=true"), 204);
  EXPECT_EQ(driver.status("GET", first), 404);
  const std::string second = session_of(driver);
  driver.status("POST", user + "/lifecycle/suspend");
  EXPECT_EQ(driver.status("GET", second), 200);
  EXPECT_EQ(driver.status("POST", "/api/v1/authn", sign_in_body()), 401);
  driver.status("POST", user + "/lifecycle/deactivate");
  EXPECT_EQ(driver.status("GET", second), 404);
}

TEST(Sessions, AreTheirOwnersByCookieAlone) {
  Driver driver;
  driver.make_user("a@example.com");
  const std::string session = session_of(driver), me = "/api/v1/sessions/me";
  driver.token = "";
  EXPECT_EQ(driver.status("GET", session), 401) << "by its id only for administrators";
  EXPECT_EQ(driver.status("GET", me), 404) << "no cookie, no session";
  driver.cookie = "theme=dark; sid=" + session.substr(session.rfind('/') + 1);
  EXPECT_EQ(driver.status("GET", me), 200);
  EXPECT_EQ(driver.json["login"].as_string(), "a@example.com");
  driver.clock.advance(7'000'000);
  EXPECT_EQ(driver.status("POST", me + "/lifecycle/refresh"), 200);
  driver.clock.advance(7'000'000);
  EXPECT_EQ(driver.status("DELETE", me), 204);
  EXPECT_EQ(driver.status("GET", me), 404);
}

TEST(SignIn, LocksAfterTenWrongPasswordsAndIsUnlocked) {
  Driver driver;
  const std::string user = driver.make_user("a@example.com");
  for (int i = 0; i < 10; ++i) {
    EXPECT_EQ(driver.status("POST", "/api/v1/authn", sign_in_body("wrong")), 401);
    EXPECT_EQ(driver.error_code(), "E0000004");
  }
  EXPECT_EQ(driver.user_status(user), "LOCKED_OUT");
  EXPECT_EQ(driver.status("POST", "/api/v1/authn", sign_in_body()), 401);
  driver.status("POST", "/api/v1/users/" + user + "/lifecycle/unlock");
  session_of(driver);
  driver.status("GET", "/api/v1/logs?filter=eventType+eq+%22user.account.lock%22");
  EXPECT_EQ(driver.json.items().size(), 1U);
}

TEST(SignIn, WithAnExpiredPasswordAsksForANewOne) {
  Driver driver;
  const std::string user = driver.make_user("a@example.com");
  driver.status("POST", "/api/v1/users/" + user + "/lifecycle/expire_password_with_temp_password");
  const std::string temporary(driver.json["tempPassword"].as_string());
  EXPECT_EQ(driver.status("POST", "/api/v1/authn", sign_in_body(temporary)), 200);
  EXPECT_EQ(driver.json["status"].as_string(), "PASSWORD_EXPIRED");
  const std::string token(driver.json["stateToken"].as_string());
  const auto change = [&](const std::string& state, const std::string& fresh) {
    return driver.status("POST", "/api/v1/authn/credentials/change_password",
                         R"({"stateToken":")" + state + R"(","oldPassword":")" + temporary +
                             R"(","newPassword":")" + fresh + "\"}");
  };
  EXPECT_EQ(change("nonsense", "N3w-Passw0rd!"), 401);
  EXPECT_EQ(driver.error_code(), "E0000011");
  EXPECT_EQ(change(token, "short"), 403);
  EXPECT_EQ(driver.error_code(), "E0000014");
  EXPECT_EQ(change(token, "N3w-Passw0rd!"), 200);
  EXPECT_EQ(driver.json["status"].as_string(), "SUCCESS");
  EXPECT_EQ(driver.user_status(user), "ACTIVE");
  EXPECT_EQ(change(token, "N3w-Passw0rd!"), 401);
}

TEST(SignIn, FollowsThePolicyOfTheUsersGroups) {
  Driver driver;
  const std::string user = driver.make_user("a@example.com"), group = driver.make_group("g");
  driver.status(
      "POST", "/api/v1/policies",
      R"({"type":"OKTA_SIGN_ON","name":"p","conditions":{"people":{"groups":{"include":[")" +
          group + R"("]}}}})");
  const std::string rules =
      "/api/v1/policies/" + std::string(driver.json["id"].as_string()) + "/rules";
  EXPECT_EQ(
      driver.status("POST", rules,
                    R"({"name":"no","type":"SIGN_ON","actions":{"signon":{"access":"DENY"}}})"),
      200);
  session_of(driver);
  driver.status("PUT", "/api/v1/groups/" + group + "/users/" + user);
  EXPECT_EQ(driver.status("POST", "/api/v1/authn", sign_in_body()), 401);
}

TEST(Credentials, AreChangedByWhoKnowsTheOldOnes) {
  Driver driver;
  const std::string user = "/api/v1/users/" + driver.make_user("a@example.com") + "/credentials/";
  const auto change = [&](std::string_view old, std::string_view fresh) {
    return driver.status("POST", user + "change_password",
                         R"({"oldPassword":{"value":")" + std::string(old) +
                             R"("},"newPassword":{"value":")" + std::string(fresh) + "\"}}");
  };
  EXPECT_EQ(change("wrong", "N3w-Passw0rd!"), 403);
  EXPECT_EQ(driver.error_code(), "E0000014");
  EXPECT_EQ(change(kPassword, "weak"), 403);
  EXPECT_EQ(change(kPassword, "N3w-Passw0rd!"), 200);
  EXPECT_TRUE(driver.json.has("provider"));
  session_of(driver, "N3w-Passw0rd!");
  EXPECT_EQ(driver.status("POST", user + "forgot_password?sendEmail=false"), 403);
  EXPECT_EQ(driver.error_code(), "E0000034");
  const std::string question =
      R"({"password":{"value":"N3w-Passw0rd!"},"recovery_question":{"question":"Where?","answer":"Home"}})";
  EXPECT_EQ(driver.status("POST", user + "change_recovery_question", question), 200);
  EXPECT_EQ(driver.json["recovery_question"]["question"].as_string(), "Where?");
  EXPECT_EQ(driver.status("POST", user + "forgot_password?sendEmail=false"), 200);
  EXPECT_TRUE(driver.json.has("resetPasswordUrl"));
  const auto recover = [&](std::string_view answer) {
    return driver.status(
        "POST", user + "forgot_password_recovery_question",
        R"({"password":{"value":"Th1rd-Passw0rd"},"recovery_question":{"answer":")" +
            std::string(answer) + "\"}}");
  };
  EXPECT_EQ(recover("away"), 403);
  EXPECT_EQ(driver.error_code(), "E0000087");
  EXPECT_EQ(recover("home"), 200);
  session_of(driver, "Th1rd-Passw0rd");
}

TEST(Sessions, ThatExpiredAreForgottenWithTokensAndLinks) {
  Driver driver;
  const std::string user = driver.make_user("a@example.com");
  session_of(driver);
  driver.status("POST", "/api/v1/authn", sign_in_body());
  driver.status("POST", "/api/v1/users/" + user + "/lifecycle/reset_password");
  const SignIns& held = driver.sim->org().sign_ins;
  const auto kept = [&] {
    return held.sessions.size() + held.session_tokens.size() + held.links.size();
  };
  EXPECT_EQ(kept(), 3U);
  driver.clock.advance(7'100'000);
  driver.status("GET", "/sim/stats");
  EXPECT_EQ(kept(), 3U) << "looking on sweeps nothing";
  driver.status("GET", "/api/v1/users/me");
  EXPECT_EQ(kept(), 1U) << "the session lasts two hours";
  driver.clock.advance(100'000);
  driver.status("GET", "/api/v1/users/me");
  EXPECT_EQ(kept(), 0U);
}

TEST(Sessions, AreSweptOnceAMinute) {
  Driver driver;
  driver.make_user("a@example.com");
  SignIns& held = driver.sim->org().sign_ins;
  held.sessions["late"] = {"late", 0, {}, driver.clock.wall() + 30'000};
  driver.clock.advance(59'000);
  driver.status("GET", "/api/v1/users/me");
  EXPECT_EQ(held.sessions.size(), 1U);
  driver.clock.advance(1'000);
  driver.status("GET", "/api/v1/users/me");
  EXPECT_EQ(held.sessions.size(), 0U);
}

TEST(Links, OneForEachPurposeOfAPerson) {
  LinkBook links;
  const auto put = [&](const char* token, UserIndex user, LinkPurpose purpose, std::int64_t until) {
    links.put(token, {user, purpose, {until}});
  };
  put("a", 1, LinkPurpose::reset, 10);
  put("b", 1, LinkPurpose::unlock, 20);
  put("c", 2, LinkPurpose::reset, 30);
  put("d", 1, LinkPurpose::reset, 40);
  EXPECT_EQ(links.find("a"), nullptr) << "a newer one took its place";
  EXPECT_EQ(links.size(), 3U);
  links.drop_expired({20});
  EXPECT_EQ(links.find("b"), nullptr);
  links.drop("c");
  put("e", 2, LinkPurpose::reset, 50);
  ASSERT_NE(links.find("e"), nullptr);
  EXPECT_EQ(links.find("e")->user, 2U);
  links.drop_user(1);
  EXPECT_EQ(links.size(), 1U);
}

TEST(Outbox, KeepsTheNewestMails) {
  Driver driver;
  Org& org = driver.sim->org();
  for (std::int64_t i = 0; i <= 200'000; ++i) keep_mail(org, {{i}, "activation", {}, {}, {}});
  EXPECT_EQ(org.outbox.size(), 200'000U);
  EXPECT_EQ(org.outbox.front().at.ms, 1);
}

TEST(SignIn, CountsFailuresOfSoManyPeopleAtMost) {
  SignIns held;
  for (UserIndex user = 0; user <= 200'000; ++user) EXPECT_EQ(note_failure(held, user), 1);
  EXPECT_EQ(held.failures.size(), 200'000U);
  EXPECT_EQ(note_failure(held, 200'000), 2) << "the newest counts on";
}

}  // namespace
}  // namespace rollcall::sim

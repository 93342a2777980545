// The sign-in check against okta-sim over TLS: in and out again, and what the org asks beyond that.
#include <gtest/gtest.h>

#include "connectors/okta/asking.h"
#include "connectors/okta/sign_in.h"
#include "connectors/okta/totp.h"
#include "tests/okta_live/sim_process.h"

namespace rollcall {
namespace {

class SignInLive : public ::testing::Test {
 protected:
  SignInLive() : sim_({"--listen", "127.0.0.1:0"}) {}

  void SetUp() override {
    ASSERT_TRUE(sim_.serves()) << "okta-sim did not start";
    OktaOptions options;
    options.base_url = sim_.base_url();
    options.ca_file = sim_.ca_file();
    options.version = "0.0.0";
    options.clock = &clock_;
    options.token = [this]() -> Result<Secret> { return Secret(sim_.api_token()); };
    auto opened = OktaDirectory::open(std::move(options));
    ASSERT_TRUE(opened) << describe(opened.error());
    okta_ = std::move(*opened);
    user_ =
        made(OktaRequest(Endpoint::create_user), R"({"profile":{"firstName":"Can",)"
                                                 R"("lastName":"Ary","email":"c@x.example",)"
                                                 R"("login":"c@x.example"},"credentials":)"
                                                 R"({"password":{"value":"Tr0ub4dor-and-3"}}})");
  }

  std::string made(OktaRequest request, const std::string& body) {
    const auto exchange = okta_->ask(request.form(body), {});
    EXPECT_TRUE(exchange && exchange->reply && exchange->reply->status < 300);
    if (!exchange || !exchange->reply) return {};
    const auto json = parse_json(exchange->reply->body);
    return json ? std::string((*json)["id"].as_string()) : std::string();
  }

  SignIn run(const std::string& password, std::optional<Secret> totp = std::nullopt) {
    SignInAccount account;
    account.totp = std::move(totp);
    account.login = "c@x.example";
    account.password = Secret(password);
    SignIn sign_in(std::move(account));
    while (const auto request = sign_in.next()) {
      const auto exchange = okta_->ask(*request, {});
      if (!exchange) {
        ADD_FAILURE() << describe(exchange.error());
        break;
      }
      sign_in.answered(*exchange, clock_.wall());
    }
    return sign_in;
  }

  SystemClock clock_;
  test::SimProcess sim_;
  std::unique_ptr<OktaDirectory> okta_;
  std::string user_;
};

TEST_F(SignInLive, GoesInAndOutAgain) {
  const SignIn done = run("Tr0ub4dor-and-3");
  EXPECT_FALSE(done.error()) << describe(*done.error());
  EXPECT_TRUE(done.signed_in());
  ASSERT_EQ(done.steps().size(), 3U);
  EXPECT_EQ(done.steps().back().state, "CLOSED");
  OktaReader reader(*okta_, sim_.base_url(), {});
  const auto user = reader.one(OktaRequest(Endpoint::get_user, {user_}));
  ASSERT_TRUE(user);
  EXPECT_FALSE((*user)["lastLogin"].is_null());
}

TEST_F(SignInLive, AnAuthenticatorAppsCodeLetsIn) {
  const auto enrolled =
      okta_->ask(OktaRequest(Endpoint::enroll_factor, {user_})
                     .form(R"({"factorType":"token:software:totp","provider":"GOOGLE"})"),
                 {});
  ASSERT_TRUE(enrolled && enrolled->reply);
  const auto factor = parse_json(enrolled->reply->body);
  ASSERT_TRUE(factor);
  const auto secret = totp_secret((*factor)["_embedded"]["activation"]["sharedSecret"].as_string());
  ASSERT_TRUE(secret) << enrolled->reply->body;
  // A code counts once, and one of the half minute before counts too: that one activates, so that
  // the current one is left to sign in with. Twice, for a half minute that ends in between.
  bool active = false;
  for (int i = 0; i < 2 && !active; ++i) {
    OktaRequest activate(Endpoint::activate_factor, {user_, (*factor)["id"].as_string()});
    activate.body(Json::object().set("passCode", totp_code(*secret, clock_.wall() + -30'000)));
    const auto done = okta_->ask(activate, {});
    active = done && done->reply && done->reply->status == 200;
  }
  ASSERT_TRUE(active);
  OktaReader reader(*okta_, sim_.base_url(), {});
  const auto policies =
      reader.list(OktaRequest(Endpoint::list_policies).query("type", "OKTA_SIGN_ON"), 0);
  ASSERT_TRUE(policies && !policies->items.empty());
  const std::string policy(policies->items.front()["id"].as_string());
  made(OktaRequest(Endpoint::create_policy_rule, {policy}),
       R"({"name":"mfa","type":"SIGN_ON","actions":{"signon":{"access":"ALLOW",)"
       R"("requireFactor":true,"factorPromptMode":"ALWAYS"}}})");
  const SignIn without = run("Tr0ub4dor-and-3");
  ASSERT_TRUE(without.error());
  EXPECT_EQ(without.error()->code, ErrorCode::sign_in_factor_missing);
  EXPECT_EQ(without.steps().back().state, "CANCELLED");
  const SignIn with = run("Tr0ub4dor-and-3", *secret);
  EXPECT_FALSE(with.error()) << describe(*with.error());
  EXPECT_TRUE(with.signed_in());
}

TEST_F(SignInLive, AWrongPasswordIsOneRequestAndNoDoubtOfOurCredential) {
  const SignIn done = run("wrong");
  ASSERT_TRUE(done.error());
  EXPECT_EQ(done.error()->code, ErrorCode::sign_in_refused);
  EXPECT_EQ(done.steps().size(), 1U);
}

TEST_F(SignInLive, AnExpiredPasswordAndAMissingFactorAreCancelled) {
  made(OktaRequest(Endpoint::expire_password, {user_}), "");
  const SignIn expired = run("Tr0ub4dor-and-3");
  ASSERT_TRUE(expired.error());
  EXPECT_EQ(expired.error()->code, ErrorCode::sign_in_blocked);
  EXPECT_EQ(expired.steps().front().state, "PASSWORD_EXPIRED");
  EXPECT_EQ(expired.steps().back().state, "CANCELLED");
}

TEST_F(SignInLive, AListIsReadToItsEndAndWhatIsMissingIsSaid) {
  for (int i = 0; i < 5; ++i) {
    made(OktaRequest(Endpoint::create_group),
         R"({"profile":{"name":"g)" + std::to_string(i) + "\"}}");
  }
  OktaReader reader(*okta_, sim_.base_url(), {});
  OktaRequest groups(Endpoint::list_groups);
  groups.query("limit", "2");
  const auto all = reader.list(groups, 0);
  ASSERT_TRUE(all) << describe(all.error());
  EXPECT_EQ(all->items.size(), 7U);  // with the two that every org has
  EXPECT_FALSE(all->cut);
  const auto three = reader.list(groups, 3);
  ASSERT_TRUE(three);
  EXPECT_EQ(three->items.size(), 3U);
  EXPECT_TRUE(three->cut);
  const auto holders = reader.list(OktaRequest(Endpoint::list_users_with_role_assignments), 0);
  ASSERT_TRUE(holders) << describe(holders.error());
  EXPECT_EQ(holders->items.size(), 1U);
  const auto none = reader.one(OktaRequest(Endpoint::get_group, {"00g00000000000000000"}));
  ASSERT_FALSE(none);
  EXPECT_EQ(none.error().code, ErrorCode::okta_not_found);
}

}  // namespace
}  // namespace rollcall

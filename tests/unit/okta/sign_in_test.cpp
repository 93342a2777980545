// Every state of a sign-in: what is asked next, what is said, and that nothing stays open.
#include "connectors/okta/sign_in.h"

#include <gtest/gtest.h>

#include "connectors/okta/totp.h"
#include "service/base/text.h"
#include "tests/unit/okta/samples.h"

namespace rollcall {
namespace {

using test::make_reply;
using test::okta_error;

const WallTime kNow{1'772'323'210'000};

SignInAccount account(bool with_app) {
  SignInAccount out;
  out.login = "canary@x.example";
  out.password = Secret("pa55");
  if (with_app) out.totp = *totp_secret("GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ");
  return out;
}

std::string state_of(const std::string& state) {
  return R"({"status":")" + state + R"(","stateToken":"st1","_embedded":{"factors":[)" +
         R"({"id":"sms1","factorType":"sms"},{"id":"uft1","factorType":"token:software:totp"}]}})";
}

/// Answers in turn; gives the requests made, as "METHOD target body".
struct Told {
  explicit Told(SignInAccount account) : sign_in(std::move(account)) {}

  Told& with(HttpReply reply) {
    const auto request = sign_in.next();
    EXPECT_TRUE(request);
    if (!request) return *this;
    const auto built = request->build();
    EXPECT_TRUE(built) << describe(built.error());
    if (built) asked.push_back(built->method + " " + built->target + " " + built->body);
    sign_in.answered(HttpExchange::replied(std::move(reply)), kNow);
    return *this;
  }
  std::string states() const {
    std::string out;
    for (const SignInStep& step : sign_in.steps()) out += step.state + " ";
    return out;
  }
  std::string code() const {
    return sign_in.error() ? std::string(info(sign_in.error()->code).id) : "none";
  }

  SignIn sign_in;
  std::vector<std::string> asked;
};

const char* kSuccess = R"({"status":"SUCCESS","sessionToken":"tok1"})";
const char* kSession = R"({"id":"102s","status":"ACTIVE"})";

TEST(SignIn, APasswordThatIsEnoughMakesASessionThatIsClosed) {
  Told told(account(false));
  told.with(make_reply(200, kSuccess)).with(make_reply(200, kSession)).with(make_reply(204, ""));
  EXPECT_TRUE(told.sign_in.done());
  EXPECT_TRUE(told.sign_in.signed_in());
  EXPECT_EQ(told.code(), "none");
  EXPECT_EQ(told.states(), "SUCCESS ACTIVE CLOSED ");
  EXPECT_EQ(
      told.asked,
      (std::vector<std::string>{
          R"(POST /api/v1/authn {"username":"canary@x.example","password":"pa55"})",
          R"(POST /api/v1/sessions {"sessionToken":"tok1"})", "DELETE /api/v1/sessions/102s "}));
  EXPECT_FALSE(told.sign_in.next());
}

TEST(SignIn, AFactorIsAnsweredByTheOrgsClock) {
  Told told(account(true));
  HttpReply asks = make_reply(200, state_of("MFA_REQUIRED"));
  asks.date = WallTime{59'000};  // RFC 6238, appendix B: 94287082
  told.with(asks).with(make_reply(200, kSuccess)).with(make_reply(200, kSession));
  told.with(make_reply(204, ""));
  EXPECT_EQ(told.code(), "none");
  EXPECT_EQ(told.states(), "MFA_REQUIRED SUCCESS ACTIVE CLOSED ");
  EXPECT_EQ(told.asked[1],
            R"(POST /api/v1/authn/factors/uft1/verify {"stateToken":"st1","passCode":"287082"})");
}

TEST(SignIn, WithoutTheAppsSecretTheTransactionIsCancelled) {
  Told told(account(false));
  told.with(make_reply(200, state_of("MFA_REQUIRED"))).with(make_reply(200, "{}"));
  EXPECT_TRUE(told.sign_in.done());
  EXPECT_EQ(told.code(), "sign_in.factor_missing");
  EXPECT_EQ(told.states(), "MFA_REQUIRED CANCELLED ");
  EXPECT_EQ(told.asked[1], R"(POST /api/v1/authn/cancel {"stateToken":"st1"})");
  Told no_app(account(true));
  no_app.with(make_reply(200, R"({"status":"MFA_REQUIRED","stateToken":"st1"})"));
  EXPECT_EQ(no_app.code(), "sign_in.factor_missing");
}

TEST(SignIn, EveryOtherStateIsNamedAndCancelled) {
  for (const char* state :
       {"MFA_CHALLENGE", "MFA_ENROLL", "MFA_ENROLL_ACTIVATE", "PASSWORD_EXPIRED", "PASSWORD_WARN",
        "PASSWORD_RESET", "RECOVERY", "RECOVERY_CHALLENGE", "UNAUTHENTICATED", "SOMETHING_NEW"}) {
    SCOPED_TRACE(state);
    Told told(account(true));
    told.with(make_reply(200, state_of(state)));
    EXPECT_FALSE(told.sign_in.done());
    told.with(make_reply(200, "{}"));
    EXPECT_TRUE(told.sign_in.done());
    EXPECT_EQ(told.code(), "sign_in.blocked");
    EXPECT_FALSE(told.sign_in.error()->message.empty());
    EXPECT_EQ(told.states(), std::string(state) + " CANCELLED ");
    EXPECT_FALSE(told.sign_in.signed_in());
  }
}

TEST(SignIn, ALockedAccountHasNothingToCancel) {
  Told told(account(false));
  told.with(make_reply(200, R"({"status":"LOCKED_OUT"})"));
  EXPECT_TRUE(told.sign_in.done());
  EXPECT_EQ(told.code(), "sign_in.blocked");
  EXPECT_EQ(told.sign_in.error()->message, "the account is locked out");
}

TEST(SignIn, ARefusedPasswordEndsItAtOnce) {
  Told told(account(true));
  told.with(okta_error(401, "E0000004", "Authentication failed"));
  EXPECT_TRUE(told.sign_in.done());
  EXPECT_EQ(told.code(), "sign_in.refused");
  EXPECT_EQ(told.asked.size(), 1U);
}

TEST(SignIn, AWrongCodeIsNotTriedAgain) {
  Told told(account(true));
  told.with(make_reply(200, state_of("MFA_REQUIRED"))).with(okta_error(403, "E0000068"));
  told.with(make_reply(200, "{}"));
  EXPECT_TRUE(told.sign_in.done());
  EXPECT_EQ(told.code(), "sign_in.refused");
  EXPECT_EQ(told.states(), "MFA_REQUIRED E0000068 CANCELLED ");
  // A factor that answers with its own challenge again is no loop either.
  Told again(account(true));
  again.with(make_reply(200, state_of("MFA_REQUIRED")));
  again.with(make_reply(200, state_of("MFA_REQUIRED"))).with(make_reply(200, "{}"));
  EXPECT_TRUE(again.sign_in.done());
  EXPECT_EQ(again.code(), "sign_in.blocked");
}

TEST(SignIn, ASessionThatCannotBeClosedIsSaid) {
  Told told(account(false));
  told.with(make_reply(200, kSuccess)).with(make_reply(200, kSession));
  told.with(okta_error(500, "E0000009"));
  EXPECT_TRUE(told.sign_in.done());
  EXPECT_TRUE(told.sign_in.signed_in());
  EXPECT_EQ(told.code(), "okta.server_error");
  Told refused(account(false));
  refused.with(make_reply(200, kSuccess)).with(okta_error(401, "E0000004"));
  EXPECT_EQ(refused.code(), "sign_in.refused");
  EXPECT_FALSE(refused.sign_in.signed_in());
}

TEST(SignIn, ALostReplyAndALimitAreWhatTheyAre) {
  SignIn lost(account(false));
  lost.answered(HttpExchange::failed(make_error(ErrorCode::http_lost, "x"), RequestSent::maybe),
                kNow);
  EXPECT_TRUE(lost.done());
  EXPECT_EQ(lost.error()->code, ErrorCode::http_lost);
  Told limited(account(false));
  limited.with(okta_error(429, "E0000047"));
  EXPECT_EQ(limited.code(), "okta.rate_limited");
}

TEST(Totp, CodesAreThoseOfTheStandard) {
  // RFC 6238, appendix B, SHA-1; its eight digits end in these six.
  const Secret secret = *totp_secret("GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ");
  EXPECT_EQ(secret.reveal(), "12345678901234567890");
  for (const auto& [second, code] :
       std::vector<std::pair<std::int64_t, std::string>>{{59, "287082"},
                                                         {1'111'111'109, "081804"},
                                                         {1'111'111'111, "050471"},
                                                         {1'234'567'890, "005924"},
                                                         {2'000'000'000, "279037"},
                                                         {20'000'000'000, "353130"}}) {
    EXPECT_EQ(totp_code(secret, WallTime{second * 1'000}), code) << second;
  }
  EXPECT_EQ(totp_secret("gezd gnbv-gy3t qojq=gezdgnbvgy3tqojq\n")->reveal(), secret.reveal());
  for (const char* wrong : {"", "GEZDGNBV", "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJ1"}) {
    const auto refused = totp_secret(wrong);
    ASSERT_FALSE(refused) << wrong;
    EXPECT_EQ(refused.error().code, ErrorCode::sign_in_totp_invalid);
  }
}

}  // namespace
}  // namespace rollcall

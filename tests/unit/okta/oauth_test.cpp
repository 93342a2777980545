#include "connectors/okta/oauth.h"

#include <gtest/gtest.h>

#include <deque>
#include <limits>
#include <thread>

#include "connectors/okta/authorizer.h"
#include "service/base/digest.h"
#include "tests/unit/okta/made_keys.h"
#include "tests/unit/okta/small_org.h"

namespace rollcall {
namespace {

using test::MadeKey;
using test::make_reply;

constexpr std::int64_t kStart = 1'800'000'000'000;

/// Stands still until told to move; the wall may be set wrong.
class StillClock final : public Clock {
 public:
  WallTime wall() const override { return {kStart + moved + off}; }
  MonoTime mono() const override { return {moved}; }
  WallTime right() const { return {kStart + moved}; }
  std::int64_t moved = 0;
  std::int64_t off = 0;
};

struct Seen {
  HttpRequest request;
  Json assertion_header, assertion, proof_header, proof;
};

Json part(std::string_view jwt, std::size_t index) {
  const auto text = unbase64(split(jwt, '.')[index]);
  return text ? *parse_json(*text) : Json();
}

std::string form_value(const std::string& body, const std::string& name) {
  for (const std::string_view field : split(body, '&')) {
    if (field.substr(0, name.size() + 1) == name + "=") {
      return test::percent_decode(field.substr(name.size() + 1));
    }
  }
  return {};
}

/// A token endpoint whose answers the test writes; without one it gives a token.
class FakeEndpoint final : public Transport {
 public:
  explicit FakeEndpoint(const StillClock& clock) : clock_(clock) {}
  HttpExchange send(const HttpRequest& request, std::int64_t) override {
    Seen one{request, {}, {}, {}, {}};
    const std::string jwt = form_value(request.body, "client_assertion");
    one.assertion_header = part(jwt, 0);
    one.assertion = part(jwt, 1);
    const std::string proof(header_value(request.headers, "DPoP"));
    if (!proof.empty()) {
      one.proof_header = part(proof, 0);
      one.proof = part(proof, 1);
    }
    seen.push_back(one);
    clock_moves(request);
    if (!answers.empty()) {
      auto answer = answers.front();
      answers.pop_front();
      return answer(one);
    }
    return given(!proof.empty());
  }
  HttpExchange given(bool bound) {
    Json body = Json::object();
    body.set("token_type", bound ? "DPoP" : "Bearer").set("expires_in", lasts);
    body.set("access_token", "at" + std::to_string(++issued)).set("scope", "okta.users.read");
    return dated(200, body.dump());
  }
  HttpExchange refusal(int status, const std::string& error, const std::string& text,
                       HttpHeaders headers = {}) {
    Json body = Json::object();
    body.set("error", error).set("error_description", text);
    HttpExchange out = dated(status, body.dump());
    for (auto& header : headers) out.reply->headers.push_back(std::move(header));
    return out;
  }
  HttpExchange dated(int status, std::string body) {
    HttpReply reply = make_reply(status, std::move(body));
    reply.headers.emplace_back("X-Okta-Request-Id", "req9");
    if (shows_date) reply.date = clock_.right();
    return HttpExchange::replied(std::move(reply));
  }

  std::vector<Seen> seen;
  std::deque<std::function<HttpExchange(const Seen&)>> answers;
  std::function<void(const HttpRequest&)> clock_moves = [](const HttpRequest&) {};
  std::int64_t lasts = 3600;
  int issued = 0;
  bool shows_date = true;

 private:
  const StillClock& clock_;
};

struct Bench {
  StillClock clock;
  FakeEndpoint net{clock};
  std::vector<std::int64_t> waits;
  MadeKey key = MadeKey::ec("P-256");
  MadeKey second = MadeKey::ec("P-256");
  bool two_keys = false;
  bool stopped = false;

  OAuthOptions options(bool dpop) {
    OAuthOptions out;
    out.client_id = "0oaclient";
    out.scopes = {"okta.users.read", "okta.groups.read"};
    out.dpop = dpop;
    out.keys = [this]() -> Result<std::vector<SigningKey>> {
      std::vector<SigningKey> keys{*SigningKey::parse(Secret(key.pkcs8()), "k1")};
      if (two_keys) keys.push_back(*SigningKey::parse(Secret(second.pkcs8()), "k2"));
      return keys;
    };
    return out;
  }
  TokenEndpoint::Surroundings around() {
    TokenEndpoint::Surroundings out;
    out.base_url = "https://acme.okta.com";
    out.version = "1.2.3";
    out.clock = &clock;
    out.wait = [this](std::int64_t ms) -> bool {
      waits.push_back(ms);
      clock.moved += ms;
      return !stopped;
    };
    return out;
  }
  Result<AccessToken> ask(bool dpop = false) {
    TokenEndpoint endpoint(options(dpop), around());
    if (const auto opened = endpoint.open(); !opened) return opened.error();
    return endpoint.ask({"okta.users.read", "okta.groups.read"}, net);
  }
  ErrorCode refused(const std::string& error, const std::string& text, bool dpop = false) {
    for (int i = 0; i < 4; ++i) {
      net.answers.push_back([=, this](const Seen&) { return net.refusal(400, error, text); });
    }
    const auto got = ask(dpop);
    net.answers.clear();
    if (got) return ErrorCode::internal_defect;
    message = got.error().message;
    return got.error().code;
  }
  std::string message;
};

TEST(TokenEndpoint, SendsTheDocumentedForm) {
  Bench bench;
  const auto token = bench.ask();
  ASSERT_TRUE(token) << token.error().message;
  EXPECT_EQ(token->text.reveal(), "at1");
  EXPECT_FALSE(token->bound);
  ASSERT_EQ(bench.net.seen.size(), 1U);
  const Seen& seen = bench.net.seen[0];
  EXPECT_EQ(seen.request.method, "POST");
  EXPECT_EQ(seen.request.target, "/oauth2/v1/token");
  EXPECT_EQ(header_value(seen.request.headers, "Content-Type"),
            "application/x-www-form-urlencoded");
  EXPECT_EQ(form_value(seen.request.body, "grant_type"), "client_credentials");
  EXPECT_EQ(form_value(seen.request.body, "scope"), "okta.users.read okta.groups.read");
  EXPECT_EQ(form_value(seen.request.body, "client_assertion_type"),
            "urn:ietf:params:oauth:client-assertion-type:jwt-bearer");
  EXPECT_EQ(seen.assertion_header["alg"].as_string(), "ES256");
  EXPECT_EQ(seen.assertion_header["kid"].as_string(), "k1");
  EXPECT_EQ(seen.assertion["aud"].as_string(), "https://acme.okta.com/oauth2/v1/token");
  EXPECT_EQ(seen.assertion["iss"].as_string(), "0oaclient");
  EXPECT_EQ(seen.assertion["sub"].as_string(), "0oaclient");
  EXPECT_EQ(seen.assertion["exp"].as_int(), kStart / 1000 + 300);
  EXPECT_FALSE(seen.assertion.has("iat"));
  EXPECT_EQ(seen.assertion["jti"].as_string().size(), 32U);
  EXPECT_TRUE(test::openssl_verifies(form_value(seen.request.body, "client_assertion"), bench.key));
}

TEST(TokenEndpoint, AnswersTheNonceWithAFreshProofAndAssertion) {
  Bench bench;
  bench.net.answers.push_back([&](const Seen&) {
    return bench.net.refusal(400, "use_dpop_nonce", "nonce", {{"dpop-nonce", "n1"}});
  });
  const auto token = bench.ask(true);
  ASSERT_TRUE(token) << token.error().message;
  EXPECT_TRUE(token->bound);
  ASSERT_EQ(bench.net.seen.size(), 2U);
  const Seen& first = bench.net.seen[0];
  const Seen& second = bench.net.seen[1];
  EXPECT_FALSE(first.proof.has("nonce"));
  EXPECT_EQ(second.proof["nonce"].as_string(), "n1");
  EXPECT_NE(first.proof["jti"].as_string(), second.proof["jti"].as_string());
  EXPECT_NE(first.assertion["jti"].as_string(), second.assertion["jti"].as_string());
  EXPECT_EQ(second.proof_header["typ"].as_string(), "dpop+jwt");
  EXPECT_EQ(second.proof_header["jwk"]["kty"].as_string(), "RSA");
  EXPECT_FALSE(second.proof_header["jwk"].has("d"));
  EXPECT_EQ(second.proof["htm"].as_string(), "POST");
  EXPECT_EQ(second.proof["htu"].as_string(), "https://acme.okta.com/oauth2/v1/token");
  EXPECT_EQ(second.proof["iat"].as_int(), kStart / 1000 - 5);
  EXPECT_FALSE(second.proof.has("ath"));
}

TEST(TokenEndpoint, GivesUpOnAnEndlessDemandForNonces) {
  Bench bench;
  EXPECT_EQ(bench.refused("use_dpop_nonce", "again", true), ErrorCode::okta_nonce_loop);
  EXPECT_EQ(bench.net.seen.size(), 3U);
}

TEST(TokenEndpoint, TellsRefusalsApart) {
  Bench bench;
  const auto client = [&](const std::string& text) {
    return bench.refused("invalid_client", text);
  };
  EXPECT_EQ(client("Invalid value for 'client_id' parameter."), ErrorCode::okta_client_unknown);
  EXPECT_EQ(client("The client_assertion signature is invalid."), ErrorCode::okta_key_refused);
  EXPECT_EQ(client("The client_assertion JWT kid is invalid."), ErrorCode::okta_key_refused);
  EXPECT_EQ(client("The audience claim for client_assertion must be the endpoint invoked."),
            ErrorCode::okta_audience_refused);
  EXPECT_EQ(bench.refused("invalid_scope", "One or more."), ErrorCode::okta_scope_refused);
  EXPECT_NE(bench.message.find("okta.users.read okta.groups.read"), std::string::npos);
  EXPECT_EQ(bench.refused("invalid_dpop_proof", "missing"), ErrorCode::okta_dpop_required);
  EXPECT_EQ(bench.refused("invalid_dpop_proof", "htu", true), ErrorCode::okta_dpop_refused);
  EXPECT_EQ(bench.refused("unauthorized_client", "no \"such\" grant\n"),
            ErrorCode::okta_grant_refused);
  EXPECT_EQ(bench.message,
            "the org gives client 0oaclient no token; it says unauthorized_client \"no ?such? "
            "grant?\", request id req9");
}

TEST(TokenEndpoint, TriesTheSecondKeyWhereTheFirstIsRefusedAndOnlyThen) {
  Bench bench;
  bench.two_keys = true;
  bench.net.answers.push_back([&](const Seen&) {
    return bench.net.refusal(401, "invalid_client", "The client_assertion JWT kid is invalid.");
  });
  ASSERT_TRUE(bench.ask());
  ASSERT_EQ(bench.net.seen.size(), 2U);
  EXPECT_EQ(bench.net.seen[1].assertion_header["kid"].as_string(), "k2");
  EXPECT_TRUE(test::openssl_verifies(form_value(bench.net.seen[1].request.body, "client_assertion"),
                                     bench.second));
  bench.net.seen.clear();
  EXPECT_EQ(bench.refused("invalid_scope", "no"), ErrorCode::okta_scope_refused);
  EXPECT_EQ(bench.net.seen.size(), 1U);
  bench.net.seen.clear();
  EXPECT_EQ(bench.refused("invalid_client", "signature"), ErrorCode::okta_key_refused);
  EXPECT_EQ(bench.net.seen.size(), 2U);
}

TEST(TokenEndpoint, LearnsTheOrgsClockFromARefusal) {
  for (const std::int64_t off : {-300'000, 300'000, -86'400'000}) {
    Bench bench;
    bench.clock.off = off;
    bench.net.answers.push_back([&](const Seen&) {
      return bench.net.refusal(401, "invalid_client", "The client_assertion token is expired.");
    });
    const auto token = bench.ask();
    ASSERT_TRUE(token) << token.error().message;
    ASSERT_EQ(bench.net.seen.size(), 2U);
    EXPECT_EQ(bench.net.seen[0].assertion["exp"].as_int(), (kStart + off) / 1000 + 300);
    EXPECT_EQ(bench.net.seen[1].assertion["exp"].as_int(), kStart / 1000 + 300);
  }
}

TEST(TokenEndpoint, SaysBothTimesWhereTheClockCannotBeLearned) {
  Bench bench;
  bench.clock.off = 300'000;
  EXPECT_EQ(bench.refused("invalid_client", "expiration too far into the future"),
            ErrorCode::okta_clock_off);
  EXPECT_EQ(bench.net.seen.size(), 2U);
  EXPECT_NE(bench.message.find("it is 2027-01-15T08:05:00Z here and 2027-01-15T08:00:00Z there"),
            std::string::npos)
      << bench.message;
  bench.net.shows_date = false;
  EXPECT_EQ(bench.refused("invalid_client", "must be issued before now"),
            ErrorCode::okta_clock_off);
  EXPECT_NE(bench.message.find("not stated"), std::string::npos);
}

TEST(TokenEndpoint, WaitsOutALimitByTheRepliesOwnClock) {
  Bench bench;
  bench.clock.off = 3'600'000;
  bench.net.answers.push_back([&](const Seen&) {
    HttpExchange out = bench.net.dated(429, "{}");
    out.reply->headers.emplace_back("X-Rate-Limit-Limit", "150");
    out.reply->headers.emplace_back("X-Rate-Limit-Remaining", "0");
    out.reply->headers.emplace_back("X-Rate-Limit-Reset", std::to_string(kStart / 1000 + 40));
    return out;
  });
  bench.net.answers.push_back([&](const Seen&) { return bench.net.dated(503, "{}"); });
  bench.net.answers.push_back([](const Seen&) {
    return HttpExchange::failed(make_error(ErrorCode::http_lost, "lost"), RequestSent::maybe);
  });
  ASSERT_TRUE(bench.ask());
  EXPECT_EQ(bench.waits, (std::vector<std::int64_t>{41'000, 2'000, 4'000}));
}

TEST(TokenEndpoint, GivesUpWaitingWhenTheRunIsStopped) {
  Bench bench;
  bench.stopped = true;
  bench.net.answers.push_back([&](const Seen&) { return bench.net.dated(429, "{}"); });
  EXPECT_EQ(bench.ask().error().code, ErrorCode::run_stopped);
  EXPECT_EQ(bench.waits.size(), 1U);
}

TEST(TokenEndpoint, EndsAfterFourFailuresOrAtOnceAtAWrongCertificate) {
  Bench bench;
  const auto answer = [&](ErrorCode code, int times) {
    for (int i = 0; i < times; ++i) {
      bench.net.answers.push_back([code](const Seen&) {
        return HttpExchange::failed(make_error(code, "x"), RequestSent::never);
      });
    }
  };
  answer(ErrorCode::http_unreachable, 4);
  EXPECT_EQ(bench.ask().error().code, ErrorCode::http_unreachable);
  EXPECT_EQ(bench.waits.size(), 3U);
  answer(ErrorCode::tls_untrusted, 1);
  EXPECT_EQ(bench.ask().error().code, ErrorCode::tls_untrusted);
  EXPECT_EQ(bench.waits.size(), 3U);
}

TEST(TokenEndpoint, TakesNothingThatIsNoToken) {
  const auto code = [](const std::string& body, bool dpop) {
    Bench bench;
    bench.net.answers.push_back([&](const Seen&) { return bench.net.dated(200, body); });
    const auto got = bench.ask(dpop);
    return got ? ErrorCode::internal_defect : got.error().code;
  };
  const std::string bearer = R"({"token_type":"Bearer","expires_in":3600,"access_token":"a"})";
  EXPECT_EQ(code("<html>", false), ErrorCode::okta_token_unreadable);
  EXPECT_EQ(code(R"({"token_type":"Bearer","expires_in":3600})", false),
            ErrorCode::okta_token_unreadable);
  EXPECT_EQ(code(R"({"token_type":"Bearer","access_token":"a"})", false),
            ErrorCode::okta_token_unreadable);
  EXPECT_EQ(code(bearer, true), ErrorCode::okta_token_unreadable);
  Bench bench;
  bench.net.answers.push_back([&](const Seen&) { return bench.net.dated(404, "not here"); });
  EXPECT_EQ(bench.ask().error().code, ErrorCode::okta_token_unreadable);
}

TEST(TokenEndpoint, ATokenThatLastsForEverLastsADay) {
  Bench bench;
  bench.net.lasts = std::numeric_limits<std::int64_t>::max();
  const auto got = bench.ask();
  ASSERT_TRUE(got) << describe(got.error());
  EXPECT_EQ(got->ends_at - bench.clock.mono(), 24 * 3'600'000);
  EXPECT_LT(got->renew_at.ms, got->ends_at.ms);
}

/// Signs a request as the client does; gives the Authorization header.
std::string authorization(Authorizer& authorizer, Transport& net, std::uint64_t* generation = {}) {
  HttpRequest request{"GET", "/api/v1/users?limit=1", {}, ""};
  const auto got = authorizer.sign(request, net);
  if (!got) return std::string(info(got.error().code).id);
  if (generation != nullptr) *generation = *got;
  return std::string(header_value(request.headers, "Authorization"));
}

TEST(OAuthAuthorizer, RenewsInTheLastFiveMinutesOfAnHour) {
  Bench bench;
  const auto authorizer = make_oauth_authorizer(bench.options(false), bench.around());
  ASSERT_TRUE(authorizer->open());
  EXPECT_EQ(authorization(*authorizer, bench.net), "Bearer at1");
  bench.clock.moved = 54 * 60'000;
  EXPECT_EQ(authorization(*authorizer, bench.net), "Bearer at1");
  bench.clock.moved = 55 * 60'000;
  EXPECT_EQ(authorization(*authorizer, bench.net), "Bearer at2");
  EXPECT_EQ(bench.net.issued, 2);
  bench.clock.off = 86'400'000;  // the wall does not matter to what lasts
  EXPECT_EQ(authorization(*authorizer, bench.net), "Bearer at2");
}

TEST(OAuthAuthorizer, CountsFromBeforeTheRequestLeft) {
  Bench bench;
  bench.net.lasts = 100;
  bench.net.clock_moves = [&](const HttpRequest&) { bench.clock.moved += 30'000; };
  const auto authorizer = make_oauth_authorizer(bench.options(false), bench.around());
  EXPECT_EQ(authorization(*authorizer, bench.net), "Bearer at1");
  bench.clock.moved = 79'999;
  EXPECT_EQ(authorization(*authorizer, bench.net), "Bearer at1");
  bench.clock.moved = 80'000;
  EXPECT_EQ(authorization(*authorizer, bench.net), "Bearer at2");
}

TEST(OAuthAuthorizer, GoesOnWithAGoodTokenWhenTheRenewalFails) {
  Bench bench;
  const auto authorizer = make_oauth_authorizer(bench.options(false), bench.around());
  EXPECT_EQ(authorization(*authorizer, bench.net), "Bearer at1");
  bench.clock.moved = 56 * 60'000;
  const auto fail = [&] {
    bench.net.answers.push_back(
        [&](const Seen&) { return bench.net.refusal(400, "server_error", "x"); });
  };
  fail();
  EXPECT_EQ(authorization(*authorizer, bench.net), "Bearer at1");
  EXPECT_EQ(authorization(*authorizer, bench.net), "Bearer at1");  // not asked for each request
  EXPECT_EQ(bench.net.seen.size(), 2U);
  bench.clock.moved += 30'000;
  EXPECT_EQ(authorization(*authorizer, bench.net), "Bearer at2");
  bench.clock.moved += 60 * 60'000;
  fail();
  EXPECT_EQ(authorization(*authorizer, bench.net), "okta.grant_refused");
}

TEST(OAuthAuthorizer, ReplacesARefusedTokenOnceForEachRequest) {
  Bench bench;
  const auto authorizer = make_oauth_authorizer(bench.options(false), bench.around());
  std::uint64_t generation = 0;
  EXPECT_EQ(authorization(*authorizer, bench.net, &generation), "Bearer at1");
  const HttpReply refused = *bench.net.dated(401, R"({"errorCode":"E0000011"})").reply;
  Repeats one, another;
  EXPECT_TRUE(authorizer->mended(refused, generation, one));
  EXPECT_TRUE(authorizer->mended(refused, generation, another));
  EXPECT_EQ(authorization(*authorizer, bench.net, &generation), "Bearer at2");
  EXPECT_EQ(authorization(*authorizer, bench.net), "Bearer at2");  // one renewal for both
  EXPECT_FALSE(authorizer->mended(refused, generation, one));
  EXPECT_EQ(authorizer->explain(refused)->code, ErrorCode::okta_token_refused);
  EXPECT_FALSE(authorizer->explain(*bench.net.dated(403, "{}").reply));
}

TEST(OAuthAuthorizer, BindsEachRequestByAProofOfItsOwn) {
  Bench bench;
  const auto authorizer = make_oauth_authorizer(bench.options(true), bench.around());
  ASSERT_TRUE(authorizer->open());
  std::string previous;
  for (const char* nonce : {"", "n7"}) {
    HttpRequest request{"POST", "/api/v1/users/00u1/lifecycle/suspend?x=1", {}, ""};
    ASSERT_TRUE(authorizer->sign(request, bench.net));
    EXPECT_EQ(header_value(request.headers, "Authorization"), "DPoP at1");
    const Json proof = part(header_value(request.headers, "DPoP"), 1);
    EXPECT_EQ(proof["htm"].as_string(), "POST");
    EXPECT_EQ(proof["htu"].as_string(),
              "https://acme.okta.com/api/v1/users/00u1/lifecycle/suspend");
    const Sha256 hash = sha256("at1");
    EXPECT_EQ(proof["ath"].as_string(),
              base64url({reinterpret_cast<const char*>(hash.bytes.data()), hash.bytes.size()}));
    EXPECT_EQ(proof["nonce"].as_string(), nonce);
    EXPECT_NE(proof["jti"].as_string(), previous);
    previous = proof["jti"].as_string();
    HttpReply asked = *bench.net.dated(401, "{}").reply;
    asked.headers.emplace_back("WWW-Authenticate", "DPoP error=\"use_dpop_nonce\"");
    asked.headers.emplace_back("DPoP-Nonce", "n7");
    Repeats repeats;
    EXPECT_TRUE(authorizer->mended(asked, 1, repeats));
    EXPECT_TRUE(authorizer->mended(asked, 1, repeats));
    EXPECT_FALSE(authorizer->mended(asked, 1, repeats));
    EXPECT_EQ(authorizer->explain(asked)->code, ErrorCode::okta_nonce_loop);
  }
  EXPECT_EQ(bench.net.issued, 1);
}

TEST(OAuthAuthorizer, AsksAgainAfterARefusedProofOnlyWhenTheClockWasWrong) {
  Bench bench;
  const auto authorizer = make_oauth_authorizer(bench.options(true), bench.around());
  ASSERT_TRUE(authorizer->open());
  EXPECT_EQ(authorization(*authorizer, bench.net), "DPoP at1");
  HttpReply refused = *bench.net.dated(401, "{}").reply;
  refused.headers.emplace_back("WWW-Authenticate", "DPoP error=\"invalid_dpop_proof\"");
  Repeats repeats;
  EXPECT_FALSE(authorizer->mended(refused, 1, repeats));
  EXPECT_EQ(authorizer->explain(refused)->code, ErrorCode::okta_dpop_refused);
  bench.clock.off = 400'000;  // set wrong in mid-run
  EXPECT_TRUE(authorizer->mended(refused, 1, repeats));
  EXPECT_FALSE(authorizer->mended(refused, 1, repeats));
}

TEST(OAuthAuthorizer, FetchesOneTokenForManyThreads) {
  Bench bench;
  const auto authorizer = make_oauth_authorizer(bench.options(false), bench.around());
  std::vector<std::thread> threads;
  std::vector<std::string> got(8);
  for (std::string& one : got) {
    threads.emplace_back([&] { one = authorization(*authorizer, bench.net); });
  }
  for (std::thread& thread : threads) thread.join();
  for (const std::string& one : got) EXPECT_EQ(one, "Bearer at1");
  EXPECT_EQ(bench.net.issued, 1);
}

TEST(OAuthAuthorizer, OpensOnlyWithReadableKeys) {
  Bench bench;
  OAuthOptions options = bench.options(false);
  options.keys = []() -> Result<std::vector<SigningKey>> {
    return SigningKey::parse(Secret("nonsense")).error();
  };
  const auto authorizer = make_oauth_authorizer(std::move(options), bench.around());
  EXPECT_EQ(authorizer->open().error().code, ErrorCode::okta_key_unreadable);
}

}  // namespace
}  // namespace rollcall

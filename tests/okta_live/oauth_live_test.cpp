// OAuth against okta-sim over TLS: tokens, their renewal, proofs, and each refusal by its name.
#include <gtest/gtest.h>

#include <condition_variable>
#include <mutex>

#include "connectors/okta/client.h"
#include "service/base/file.h"
#include "tests/okta_live/sim_process.h"
#include "tests/okta_live/waiting.h"
#include "tests/unit/okta/made_keys.h"

namespace rollcall {
namespace {

using test::MadeKey;
using test::SimProcess;

const std::vector<std::string> kAll{"okta.groups.manage", "okta.users.manage"};

class OAuthLive : public ::testing::Test {
 protected:
  void start(std::vector<std::string> arguments = {}) {
    std::vector<std::string> all{"--listen", "127.0.0.1:0"};
    all.insert(all.end(), arguments.begin(), arguments.end());
    sim_ = std::make_unique<SimProcess>(all);
    ASSERT_TRUE(sim_->serves()) << "okta-sim did not start";
    HttpClientOptions http;
    http.base_url = sim_->base_url();
    http.ca_file = sim_->ca_file();
    auto control = HttpClient::open(http);
    ASSERT_TRUE(control);
    control_ = std::move(*control);
  }
  /// Replaces the org's apps by one with these public keys.
  void app(const std::vector<Json>& keys, bool dpop,
           const std::vector<std::string>& scopes = kAll) {
    Json client = Json::object();
    Json list = Json::array(), names = Json::array();
    for (const Json& key : keys) list.push(key);
    for (const std::string& scope : scopes) names.push(scope);
    client.set("client_id", "0oalive").set("dpop", dpop).set("scopes", std::move(names));
    client.set("jwks", Json(Json::Object{{"keys", std::move(list)}}));
    put("/sim/oauth", Json(Json::Object{{"clients", Json(Json::Array{std::move(client)})}}));
  }
  void put(const std::string& path, const Json& body) {
    HttpRequest request{"PUT", path, {}, body.dump()};
    const HttpExchange got = control_->send(request, 10'000);
    ASSERT_TRUE(got.reply) << path;
    ASSERT_EQ(got.reply->status, 204) << got.reply->body;
  }
  Json get(const std::string& path) {
    const HttpExchange got = control_->send({"GET", path, {}, ""}, 10'000);
    return got.reply ? *parse_json(got.reply->body) : Json();
  }
  std::int64_t issued() { return get("/sim/oauth")["tokens_issued"].as_int(); }

  OktaOptions options(std::vector<std::pair<std::string, std::string>> keys, bool dpop,
                      std::vector<std::string> scopes = kAll) {
    OktaOptions out;
    out.base_url = sim_->base_url();
    out.ca_file = sim_->ca_file();
    out.version = "0.0.0";
    out.clock = &clock_;
    OAuthOptions oauth;
    oauth.client_id = "0oalive";
    oauth.scopes = std::move(scopes);
    oauth.dpop = dpop;
    oauth.keys = [keys]() -> Result<std::vector<SigningKey>> {
      std::vector<SigningKey> out_keys;
      for (const auto& [pem, id] : keys) {
        auto key = SigningKey::parse(Secret(pem), id);
        if (!key) return key.error();
        out_keys.push_back(std::move(*key));
      }
      return out_keys;
    };
    out.oauth = std::move(oauth);
    return out;
  }
  Outcome create(OktaDirectory& okta, const std::string& name) {
    Operation op;
    op.id = 1;
    op.kind = OperationKind::group_create;
    op.object = {ObjectRef::Kind::group, "", name};
    const Operation* one = &op;
    okta.submit({&one, 1}, sink_);
    return sink_.take(1).front().outcome;
  }
  /// Makes a group with a client of its own.
  Outcome tried(OktaOptions with) {
    auto okta = OktaDirectory::open(std::move(with));
    EXPECT_TRUE(okta);
    return create(**okta, "group " + std::to_string(++made_));
  }
  void applied(const Outcome& out) {
    EXPECT_EQ(static_cast<int>(out.state), static_cast<int>(Outcome::State::applied))
        << out.http_status << " " << (out.code ? info(*out.code).id : "") << " " << out.message;
  }
  void stops(const Outcome& out, ErrorCode code) {
    EXPECT_EQ(static_cast<int>(out.state), static_cast<int>(Outcome::State::stop)) << out.message;
    ASSERT_TRUE(out.code);
    EXPECT_EQ(info(*out.code).id, info(code).id) << out.message;
    EXPECT_EQ(info(*out.code).exit, 6);
  }
  static Json named(Json jwk, const std::string& kid) {
    jwk.set("kid", kid);
    return jwk;
  }

  SystemClock clock_;
  std::unique_ptr<SimProcess> sim_;
  std::unique_ptr<HttpClient> control_;
  test::Waiting sink_;
  int made_ = 0;
};

TEST_F(OAuthLive, EveryKindOfKeyGetsOneTokenForMany) {
  start();
  for (const bool dpop : {false, true}) {
    for (const bool rsa : {false, true}) {
      const MadeKey key = rsa ? MadeKey::rsa(2048) : MadeKey::ec("P-256");
      app({key.public_jwk()}, dpop);
      const std::int64_t before = issued();
      auto okta = OktaDirectory::open(options({{rsa ? key.pkcs8() : key.jwk().dump(), ""}}, dpop));
      ASSERT_TRUE(okta) << describe(okta.error());
      for (int i = 0; i < 5; ++i) applied(create(**okta, "g" + std::to_string(++made_)));
      EXPECT_EQ(issued() - before, 1);
    }
  }
}

TEST_F(OAuthLive, TheClientThatTheSimulatorOffersWorks) {
  start();
  const auto pem = read_file(std::string(sim_->facts()["oauth"]["private_key_file"].as_string()));
  ASSERT_TRUE(pem);
  OktaOptions with = options({{*pem, ""}}, true);
  with.oauth->client_id = sim_->facts()["oauth"]["client_id"].as_string();
  applied(tried(with));
}

TEST_F(OAuthLive, ATokenIsRenewedInMidRunAndNoRequestIsLost) {
  start();
  const MadeKey key = MadeKey::ec("P-256");
  app({key.public_jwk()}, true);
  auto okta = OktaDirectory::open(options({{key.pkcs8(), ""}}, true));
  ASSERT_TRUE(okta);
  applied(create(**okta, "first"));
  EXPECT_EQ(issued(), 1);
  // An hour passes in the org: what the client holds has expired without its knowing.
  put("/sim/clock", Json::object().set("advance_ms", 3'700'000));
  std::vector<Operation> ops(20);
  for (std::size_t i = 0; i < ops.size(); ++i) {
    ops[i].id = static_cast<std::uint32_t>(i + 1);
    ops[i].kind = OperationKind::group_create;
    ops[i].object = {ObjectRef::Kind::group, "", "later " + std::to_string(i)};
    const Operation* one = &ops[i];
    (*okta)->submit({&one, 1}, sink_);
  }
  for (const Completion& one : sink_.take(ops.size())) applied(one.outcome);
  EXPECT_EQ(issued(), 2);
  put("/sim/oauth", Json::object().set("revoke_tokens", true));
  applied(create(**okta, "after revocation"));
  EXPECT_EQ(issued(), 3);
}

TEST_F(OAuthLive, NoncesAreAnsweredAtBothEnds) {
  start();
  const MadeKey key = MadeKey::ec("P-256");
  app({key.public_jwk()}, true);
  put("/sim/oauth", Json::object().set("api_nonce", true));
  auto okta = OktaDirectory::open(options({{key.pkcs8(), ""}}, true));
  ASSERT_TRUE(okta);
  applied(create(**okta, "one"));
  applied(create(**okta, "two"));
  const auto refused = [&](const char* status) {
    return get("/sim/stats")["by_status"][status].as_int();
  };
  EXPECT_EQ(refused("400"), 1);  // the token endpoint's challenge
  EXPECT_EQ(refused("401"), 1);  // the API's
  put("/sim/oauth", Json::object().set("new_nonce", true));
  applied(create(**okta, "three"));
  EXPECT_EQ(refused("401"), 2);
}

TEST_F(OAuthLive, RefusalsStopTheRunByTheirNames) {
  start();
  const MadeKey key = MadeKey::ec("P-256");
  const MadeKey other = MadeKey::ec("P-256");
  app({key.public_jwk()}, false);
  stops(tried(options({{other.pkcs8(), ""}}, false)), ErrorCode::okta_key_refused);
  stops(tried(options({{key.pkcs8(), "no-such-kid"}}, false)), ErrorCode::okta_key_refused);
  OktaOptions stranger = options({{key.pkcs8(), ""}}, false);
  stranger.oauth->client_id = "0oanobody";
  stops(tried(stranger), ErrorCode::okta_client_unknown);
  OktaOptions alias = options({{key.pkcs8(), ""}}, false);
  alias.base_url.replace(alias.base_url.find("localhost"), 9, "127.0.0.1");
  stops(tried(alias), ErrorCode::okta_audience_refused);
  stops(tried(options({{key.pkcs8(), ""}}, false, {"okta.apps.manage"})),
        ErrorCode::okta_scope_refused);
  app({key.public_jwk()}, true);
  stops(tried(options({{key.pkcs8(), ""}}, false)), ErrorCode::okta_dpop_required);
  EXPECT_EQ(get("/sim/stats")["writes"].as_int(), 0);
}

TEST_F(OAuthLive, AScopeThatTheTokenLacksIsNamedAsSuch) {
  start();
  const MadeKey key = MadeKey::ec("P-256");
  app({key.public_jwk()}, false);
  stops(tried(options({{key.pkcs8(), ""}}, false, {"okta.users.manage"})),
        ErrorCode::okta_scope_missing);
}

TEST_F(OAuthLive, ATokenRefusedAfterItsRenewalStopsTheRun) {
  start();
  const MadeKey key = MadeKey::ec("P-256");
  app({key.public_jwk()}, true);
  put("/sim/faults", *parse_json(R"([{"match": {"path_prefix": "/api/v1"}, "do": "status",
                                      "status": 401, "error": "E0000011"}])"));
  stops(tried(options({{key.pkcs8(), ""}}, true)), ErrorCode::okta_token_refused);
  EXPECT_EQ(issued(), 2);
}

TEST_F(OAuthLive, AClockFiveMinutesOffWorksEitherWay) {
  for (const char* offset : {"300", "-300"}) {
    start({"--clock-offset", offset});
    const MadeKey key = MadeKey::ec("P-256");
    app({key.public_jwk()}, true);
    auto okta = OktaDirectory::open(options({{key.pkcs8(), ""}}, true));
    ASSERT_TRUE(okta);
    applied(create(**okta, "one"));
    // The org's clock is set again in mid-run, as far the other way.
    put("/sim/clock", Json::object().set("offset_ms", 0));
    applied(create(**okta, "two"));
  }
}

TEST_F(OAuthLive, KeysAreChangedWithoutAGap) {
  start();
  const MadeKey before = MadeKey::rsa(2048);
  const MadeKey after = MadeKey::ec("P-256");
  const std::vector<std::pair<std::string, std::string>> both{{before.pkcs8(), "old"},
                                                              {after.pkcs8(), "new"}};
  app({named(before.public_jwk(), "old")}, true);
  applied(tried(options(both, true)));
  app({named(before.public_jwk(), "old"), named(after.public_jwk(), "new")}, true);
  applied(tried(options(both, true)));
  app({named(after.public_jwk(), "new")}, true);
  applied(tried(options(both, true)));
  stops(tried(options({both[0]}, true)), ErrorCode::okta_key_refused);
}

}  // namespace
}  // namespace rollcall

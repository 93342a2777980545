#include <fmt/core.h>

#include "connectors/okta/signing_key.h"
#include "service/base/digest.h"
#include "tests/sim/jwt.h"
#include "tests/sim/recorded_fixture.h"
#include "tests/sim/sim_fixture.h"

namespace rollcall::sim {
namespace {

constexpr const char* kUrl = "https://example.okta.com/oauth2/v1/token";
constexpr const char* kMine = "0oaone";

/// One client of an org that knows its public key.
class OAuthDriver : public Driver {
 public:
  explicit OAuthDriver(const SimOptions& options = unlimited()) : Driver(options) {
    key_ = *make_client_key();
    signer_ = SigningKey::parse(Secret(key_.pem), std::string(key_.jwk["kid"].as_string()));
    proof_key_ = SigningKey::parse(Secret(make_client_key()->pem));
    configure(R"({"clients": [{"client_id": "0oaone", "scopes": ["okta.users.manage",
      "okta.groups.read"], "jwks": {"keys": [)" +
              key_.jwk.dump() + "]}}]}");
  }
  void configure(const std::string& text) {
    const auto loaded = sim->oauth().load(*parse_json(text));
    ASSERT_TRUE(loaded) << loaded.error().message;
  }
  std::int64_t now_s() const { return clock.wall().ms / 1000; }
  Json claims() const {
    Json out = Json::object();
    out.set("aud", kUrl).set("iss", kMine).set("sub", kMine).set("exp", now_s() + 300);
    return out;
  }
  std::string assertion(const Json& with, Json header = Json::object()) {
    return *signer_->sign_jwt(std::move(header), with);
  }
  std::string proof(const Json& changed, const std::string& method = "POST",
                    const std::string& url = kUrl, const std::string& token = {}) {
    Json out = Json::object();
    out.set("htm", method).set("htu", url).set("iat", now_s());
    out.set("jti", hex(random_bytes(8)));
    if (!token.empty()) {
      const Sha256 hash = sha256(token);
      out.set("ath",
              base64url({reinterpret_cast<const char*>(hash.bytes.data()), hash.bytes.size()}));
    }
    for (const auto& [name, value] : changed.members()) out.set(name, value);
    return *proof_key_->sign_jwt(
        Json::object().set("typ", "dpop+jwt").set("jwk", proof_key_->public_jwk()), out);
  }
  SimReply post(const std::string& jwt, const std::string& scope, const std::string& dpop = {}) {
    ServedRequest request;
    request.method = "POST";
    request.target = "/oauth2/v1/token";
    request.headers = {{"Host", "example.okta.com"}};
    if (!dpop.empty()) request.headers.emplace_back("DPoP", dpop);
    request.body = "grant_type=client_credentials&scope=" + scope +
                   "&client_assertion_type=urn%3Aietf%3Aparams%3Aoauth%3Aclient-assertion-type"
                   "%3Ajwt-bearer&client_assertion=" +
                   jwt;
    return take(sim->handle(request));
  }
  SimReply call(const std::string& method, const std::string& target,
                const std::string& authorization, const std::string& dpop = {}) {
    ServedRequest request;
    request.method = method;
    request.target = target;
    request.headers = {{"Host", "example.okta.com"}, {"Authorization", authorization}};
    if (!dpop.empty()) request.headers.emplace_back("DPoP", dpop);
    return take(sim->handle(request));
  }
  SimReply take(SimReply reply) {
    const auto parsed = parse_json(reply.body);
    json = parsed ? *parsed : Json();
    return reply;
  }
  /// What the endpoint says of an assertion: its description, or "" for a token.
  std::string said(const Json& with, Json header = Json::object()) {
    const SimReply reply = post(assertion(with, std::move(header)), "okta.groups.read");
    if (reply.status == 200) return {};
    EXPECT_EQ(reply.status, 401);
    EXPECT_EQ(json["error"].as_string(), "invalid_client");
    return std::string(json["error_description"].as_string());
  }
  std::string token(const std::string& scope = "okta.users.manage%20okta.groups.read",
                    const std::string& dpop = {}) {
    EXPECT_EQ(post(assertion(claims()), scope, dpop).status, 200) << json.dump();
    return std::string(json["access_token"].as_string());
  }

  ClientKey key_;
  Result<SigningKey> signer_ = Error{};
  Result<SigningKey> proof_key_ = Error{};
};

TEST(SimOAuth, GrantsWhatTheAppHoldsForAnHour) {
  OAuthDriver org;
  const std::string token = org.token();
  EXPECT_EQ(org.json["token_type"].as_string(), "Bearer");
  EXPECT_EQ(org.json["expires_in"].as_int(), 3600);
  EXPECT_EQ(org.json["scope"].as_string(), "okta.users.manage okta.groups.read");
  EXPECT_EQ(org.call("GET", "/api/v1/groups", "Bearer " + token).status, 200);
  org.clock.advance(3'600'000);
  const SimReply late = org.call("GET", "/api/v1/groups", "Bearer " + token);
  EXPECT_EQ(late.status, 401);
  EXPECT_EQ(org.error_code(), "E0000011");
  EXPECT_NE(late.header("WWW-Authenticate").find("invalid_token"), std::string_view::npos);
  EXPECT_EQ(org.sim->audit().size(), 0U);
}

TEST(SimOAuth, LooksAtEveryClaimOfAnAssertion) {
  OAuthDriver org;
  const auto with = [&](std::string_view name, Json value) {
    Json claims = org.claims();
    claims.set(name, std::move(value));
    return claims;
  };
  EXPECT_EQ(org.said(org.claims()), "");
  EXPECT_EQ(org.said(with("sub", "0oatwo")), "Invalid value for 'client_id' parameter.");
  EXPECT_NE(org.said(with("iss", "0oatwo")), "");
  EXPECT_NE(org.said(with("aud", "https://example.okta.com")).find("audience"), std::string::npos);
  EXPECT_NE(org.said(with("exp", org.now_s())).find("expired"), std::string::npos);
  EXPECT_EQ(org.said(with("exp", org.now_s() + 3600)), "");
  EXPECT_NE(org.said(with("exp", org.now_s() + 3601)).find("too far"), std::string::npos);
  EXPECT_EQ(org.said(with("iat", org.now_s())), "");
  EXPECT_NE(org.said(with("iat", org.now_s() + 1)).find("issued"), std::string::npos);
  Json no_end = org.claims();
  no_end.erase("exp");
  EXPECT_NE(org.said(no_end), "");
  EXPECT_EQ(org.said(with("jti", "a")), "");
  EXPECT_NE(org.said(with("jti", "a")).find("already been used"), std::string::npos);
}

TEST(SimOAuth, ChecksTheSignatureByTheKeyThatKidNames) {
  OAuthDriver org;
  std::string jwt = org.assertion(org.claims());
  EXPECT_EQ(org.post(jwt, "okta.groups.read").status, 200);
  jwt[jwt.size() - 10] = jwt[jwt.size() - 10] == 'A' ? 'B' : 'A';
  EXPECT_EQ(org.post(jwt, "okta.groups.read").status, 401);
  const auto stranger = SigningKey::parse(Secret(make_client_key()->pem), org.signer_->key_id());
  EXPECT_EQ(org.post(*stranger->sign_jwt(Json::object(), org.claims()), "x").status, 401);
  const auto other = SigningKey::parse(Secret(org.key_.pem), "other");
  EXPECT_EQ(org.post(*other->sign_jwt(Json::object(), org.claims()), "x").status, 401);
  EXPECT_EQ(org.json["error_description"].as_string(), "The client_assertion JWT kid is invalid.");
  const auto unnamed = SigningKey::parse(Secret(org.key_.pem));
  EXPECT_EQ(org.post(*unnamed->sign_jwt(Json::object(), org.claims()), "okta.groups.read").status,
            200);
  EXPECT_EQ(org.post("a.b", "x").status, 401);
}

TEST(SimOAuth, LimitsATokenToItsScopes) {
  OAuthDriver org;
  EXPECT_EQ(org.post(org.assertion(org.claims()), "okta.groups.manage").status, 400);
  EXPECT_EQ(org.json["error"].as_string(), "invalid_scope");
  const std::string token = "Bearer " + org.token();
  EXPECT_EQ(org.call("GET", "/api/v1/users", token).status, 200);  // manage reads too
  const SimReply refused = org.call("POST", "/api/v1/groups", token);
  EXPECT_EQ(refused.status, 403);
  EXPECT_EQ(org.error_code(), "E0000006");
  const std::string_view said = refused.header("WWW-Authenticate");
  EXPECT_NE(said.find("insufficient_scope"), std::string_view::npos);
  EXPECT_NE(said.find("okta.groups.manage"), std::string_view::npos);
  EXPECT_EQ(org.call("GET", "/api/v1/org", token).status, 403);
  EXPECT_EQ(org.call("GET", "/api/v1/meta/schemas/user/default", token).status, 403);
  EXPECT_EQ(org.call("GET", "/api/v1/iam/assignees/users", token).status, 403);
  EXPECT_EQ(org.call("GET", "/api/v1/users/me", token).status, 404);
  EXPECT_EQ(scope_of("DELETE", "users/{}/sessions"), "okta.users.manage");
  EXPECT_EQ(scope_of("GET", "users/{}/roles"), "okta.roles.read");
  EXPECT_EQ(scope_of("GET", "meta/types/user"), "okta.userTypes.read");
}

TEST(SimOAuth, AsksForANonceBeforeItBindsAToken) {
  OAuthDriver org;
  const SimReply asked = org.post(org.assertion(org.claims()), "okta.groups.read", org.proof({}));
  EXPECT_EQ(asked.status, 400);
  EXPECT_EQ(org.json["error"].as_string(), "use_dpop_nonce");
  const std::string nonce(asked.header("dpop-nonce"));
  const Json named = Json::object().set("nonce", nonce);
  const std::string token = org.token("okta.groups.read", org.proof(named));
  EXPECT_EQ(org.json["token_type"].as_string(), "DPoP");

  const std::string url = "https://example.okta.com/api/v1/groups";
  const auto get = [&](const std::string& dpop) {
    return org.call("GET", "/api/v1/groups?limit=5", "DPoP " + token, dpop);
  };
  const std::string once = org.proof({}, "GET", url, token);
  EXPECT_EQ(get(once).status, 200);
  const SimReply twice = get(once);
  EXPECT_EQ(twice.status, 401);
  EXPECT_NE(twice.header("WWW-Authenticate").find("invalid_dpop_proof"), std::string_view::npos);
  EXPECT_EQ(get("").status, 401);
  EXPECT_EQ(get(org.proof({}, "POST", url, token)).status, 401);
  EXPECT_EQ(get(org.proof({}, "GET", url + "?limit=5", token)).status, 401);
  EXPECT_EQ(get(org.proof({}, "GET", url, "other")).status, 401);
  EXPECT_EQ(get(org.proof(Json::object().set("iat", org.now_s() + 1), "GET", url, token)).status,
            401);
  EXPECT_EQ(get(org.proof(Json::object().set("iat", org.now_s() - 301), "GET", url, token)).status,
            401);
  EXPECT_EQ(org.call("GET", "/api/v1/groups", "Bearer " + token).status, 401);
  org.proof_key_ = SigningKey::parse(Secret(make_client_key()->pem));
  EXPECT_EQ(get(org.proof({}, "GET", url, token)).status, 401);
}

TEST(SimOAuth, RequiresAProofWhereTheAppDoes) {
  OAuthDriver org;
  org.configure(R"({"clients": [{"client_id": "0oaone", "scopes": ["okta.groups.read"],
    "dpop": true, "jwks": {"keys": [)" +
                org.key_.jwk.dump() + "]}}], \"api_nonce\": true, \"token_lifetime_s\": 10}");
  EXPECT_EQ(org.post(org.assertion(org.claims()), "okta.groups.read").status, 400);
  EXPECT_EQ(org.json["error"].as_string(), "invalid_dpop_proof");
  const Json nonce = Json::object().set("nonce", "nonce-1");
  org.proof_key_ = org.signer_;  // Okta's own client for Node signs both with one key
  EXPECT_EQ(org.post(org.assertion(org.claims()), "okta.groups.read", org.proof(nonce)).status,
            200);
  org.proof_key_ = SigningKey::parse(Secret(make_client_key()->pem));
  const std::string token = org.token("okta.groups.read", org.proof(nonce));
  EXPECT_EQ(org.json["expires_in"].as_int(), 10);
  const std::string url = "https://example.okta.com/api/v1/groups";
  const SimReply asked =
      org.call("GET", "/api/v1/groups", "DPoP " + token, org.proof({}, "GET", url, token));
  EXPECT_EQ(asked.status, 401);
  EXPECT_NE(asked.header("WWW-Authenticate").find("use_dpop_nonce"), std::string_view::npos);
  EXPECT_EQ(asked.header("DPoP-Nonce"), "nonce-1");
  EXPECT_EQ(org.call("GET", "/api/v1/groups", "DPoP " + token, org.proof(nonce, "GET", url, token))
                .status,
            200);
}

TEST(SimOAuth, RefusesClientsThatMakeNoSense) {
  OAuthDriver org;
  for (const char* text :
       {R"({"clients": [{"client_id": "a"}]})", R"({"clients": [{"jwks": {"keys": [{}]}}]})",
        R"({"clients": [{"client_id": "a", "jwks": {"keys": [{"kty": "EC", "d": "x"}]}}]})"}) {
    EXPECT_FALSE(org.sim->oauth().load(*parse_json(text))) << text;
  }
  EXPECT_EQ(org.status("PUT", "/sim/oauth", R"({"revoke_tokens": true})"), 204);
  EXPECT_EQ(org.status("GET", "/sim/oauth"), 200);
  EXPECT_EQ(org.json["clients"].items().size(), 1U);
}

/// Samples 85 to 87: asked for a proof without a nonce, with one, without a proof.
SimReply play_token_sample(int number, OAuthDriver& org) {
  org.configure(R"({"clients":[{"client_id":"0oaone","dpop":true,"scopes":["okta.users.read",
      "okta.apps.read","okta.groups.read"],"jwks":{"keys":[)" +
                org.key_.jwk.dump() + "]}}]}");
  const std::string scope = "okta.users.read+okta.apps.read+okta.groups.read";
  const std::string jwt = org.assertion(org.claims());
  if (number == 87) return org.post(jwt, scope);
  SimReply reply = org.post(jwt, scope, org.proof(Json::object()));
  if (number == 85) return reply;
  const Json nonce = Json::object().set("nonce", reply.header("dpop-nonce"));
  return org.post(org.assertion(org.claims()), scope, org.proof(nonce));
}

TEST(RecordedSamples, OfTheTokenEndpointMatchToo) {
  const std::vector<Sample> samples = read_samples();
  if (samples.empty()) GTEST_SKIP() << "no recorded samples at " << kFolder;
  int compared = 0;
  for (const Sample& sample : samples) {
    if (played_by(number_of(sample)) != PlayedBy::oauth_test) continue;
    SCOPED_TRACE(sample.name);
    SimOptions options = unlimited();
    options.limits = "workforce";
    OAuthDriver org(options);
    const SimReply reply = play_token_sample(number_of(sample), org);
    EXPECT_EQ(reply.status, sample.json["status"].as_int()) << reply.body;
    for (const std::string& difference : header_differences(sample.json, reply)) {
      ADD_FAILURE() << difference;
    }
    Comparison comparison;
    const Json& theirs = sample.json["response_body"];
    comparison.compare("", theirs, org.json);
    for (const std::string& difference : comparison.differences) ADD_FAILURE() << difference;
    for (const char* exact : {"error", "error_description", "token_type", "expires_in"}) {
      EXPECT_EQ(org.json[exact], theirs[exact]);
    }
    ++compared;
  }
  fmt::print("samples compared {} of {}, no exception\n", compared, kSamples);
  EXPECT_EQ(compared, samples_of(PlayedBy::oauth_test));
}

}  // namespace
}  // namespace rollcall::sim

#include "tests/sim/oauth.h"

#include <fmt/core.h>

#include <algorithm>

#include "service/base/digest.h"
#include "service/base/text.h"

namespace rollcall::sim {
namespace {

constexpr std::int64_t kLongestAssertion = 3600;  // seconds
constexpr std::int64_t kProofLasts = 300;         // seconds; ours, Okta states none
constexpr std::string_view kAssertionType =
    "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

SimReply oauth_error(int status, std::string_view error, std::string_view description) {
  Json body = Json::object();
  body.set("error", error).set("error_description", description);
  return json_reply(status, body);
}

SimReply invalid_client(std::string_view description) {
  return oauth_error(401, "invalid_client", description);
}

/// The form of the body; some of Okta's own clients put it into the query.
TargetParts form_of(const Call& call) {
  TargetParts form = split_target("/?" + call.request.body);
  for (const auto& field : call.target.query) form.query.push_back(field);
  return form;
}

std::string field(const TargetParts& form, std::string_view name) {
  return std::string(form.parameter(name).value_or(""));
}

std::string_view after_scheme(std::string_view header) {
  return trim(header.substr(std::min(header.find(' '), header.size())));
}

bool has_scheme(std::string_view header, std::string_view scheme) {
  return header.size() > scheme.size() && header[scheme.size()] == ' ' &&
         ascii_iequals(header.substr(0, scheme.size()), scheme);
}

std::string hash_of(std::string_view token) {
  const Sha256 digest = sha256(token);
  return base64url({reinterpret_cast<const char*>(digest.bytes.data()), digest.bytes.size()});
}

}  // namespace

std::string scope_of(std::string_view method, std::string_view pattern) {
  std::string_view resource = pattern.substr(0, pattern.find('/'));
  if (pattern.find("/roles") != std::string_view::npos || resource == "iam") resource = "roles";
  if (pattern.substr(0, 11) == "meta/schema") resource = "schemas";
  if (pattern.substr(0, 10) == "meta/types") resource = "userTypes";
  if (pattern.find("linkedObjects") != std::string_view::npos && resource == "meta") {
    resource = "linkedObjects";
  }
  if (resource == "mappings") resource = "profileMappings";
  if (resource == "org") resource = "orgs";
  return fmt::format("okta.{}.{}", resource, method == "GET" ? "read" : "manage");
}

Result<void> OAuthDesk::load(const Json& text) {
  std::map<std::string, ServiceApp> apps;
  for (const Json& item : text["clients"].items()) {
    ServiceApp app;
    app.token.owner_id = item["client_id"].as_string();
    app.token.secret = "client " + app.token.owner_id;
    app.keys = item["jwks"]["keys"].items();
    app.dpop_required = item["dpop"].as_bool();
    app.token.role = std::string(item["role"].as_string("super"));
    for (const Json& id : item["groups"].items()) app.token.groups.emplace_back(id.as_string());
    for (const Json& id : item["apps"].items()) app.token.apps.emplace_back(id.as_string());
    for (const Json& scope : item["scopes"].items()) app.scopes.emplace(scope.as_string());
    if (app.token.owner_id.empty() || app.keys.empty()) {
      return make_error(ErrorCode::usage, "a client needs its client_id and jwks.keys");
    }
    for (const Json& key : app.keys) {
      if (is_private(key)) {
        return make_error(ErrorCode::usage, "the jwks of a client hold a private key");
      }
    }
    apps.emplace(app.token.owner_id, std::move(app));
  }
  if (text.has("clients")) {
    apps_ = std::move(apps);
    tokens_.clear();
  }
  if (text.has("token_lifetime_s")) lifetime_s_ = text["token_lifetime_s"].as_int(lifetime_s_);
  if (text.has("api_nonce")) api_nonce_ = text["api_nonce"].as_bool();
  if (text["revoke_tokens"].as_bool()) tokens_.clear();
  if (text["new_nonce"].as_bool()) nonce_ = fmt::format("nonce-{}", ++nonces_);
  return ok();
}

Json OAuthDesk::show() const {
  Json clients = Json::array();
  for (const auto& [id, app] : apps_) {
    Json scopes = Json::array();
    for (const std::string& scope : app.scopes) scopes.push(scope);
    Json client = Json::object();
    client.set("client_id", id)
        .set("role", app.token.role)
        .set("dpop", app.dpop_required)
        .set("scopes", std::move(scopes));
    Json keys = Json::array();
    for (const Json& key : app.keys) keys.push(key);
    client.set("jwks", Json(Json::Object{{"keys", std::move(keys)}}));
    clients.push(std::move(client));
  }
  Json out = Json::object();
  out.set("clients", std::move(clients)).set("tokens_issued", issued_);
  out.set("token_lifetime_s", lifetime_s_).set("api_nonce", api_nonce_);
  return out;
}

void OAuthDesk::add(ServiceApp app) { apps_[app.token.owner_id] = std::move(app); }

const Token& OAuthDesk::asker(const Call& call) const {
  const auto jwt = read_jwt(field(form_of(call), "client_assertion"));
  const auto found = jwt ? apps_.find(std::string(jwt->claims["sub"].as_string())) : apps_.end();
  return found == apps_.end() ? nobody_ : found->second.token;
}

SimReply OAuthDesk::with_nonce(SimReply reply) const {
  reply.headers.emplace_back("dpop-nonce", nonce_);
  return reply;
}

SimReply OAuthDesk::issue(Call& call) {
  const TargetParts form = form_of(call);
  if (field(form, "grant_type") != "client_credentials") {
    return oauth_error(400, "unsupported_grant_type", "The grant type was not accepted.");
  }
  const auto jwt = read_jwt(field(form, "client_assertion"));
  if (!jwt || field(form, "client_assertion_type") != kAssertionType) {
    return invalid_client("The client_assertion is not a valid JWT.");
  }
  const auto found = apps_.find(std::string(jwt->claims["sub"].as_string()));
  if (found == apps_.end()) return invalid_client("Invalid value for 'client_id' parameter.");
  const ServiceApp& app = found->second;
  if (auto refused = refuse_assertion(call, *jwt, app)) return std::move(*refused);
  Issued issued;
  if (auto refused = refuse_proof(call, app, issued.bound_to)) return std::move(*refused);
  std::string shown;
  const std::string wanted = field(form, "scope");
  for (const std::string_view scope : split(wanted, ' ')) {
    if (scope.empty()) continue;
    if (app.scopes.count(std::string(scope)) == 0) {
      return oauth_error(400, "invalid_scope", "You are not allowed any of the requested scopes.");
    }
    if (!issued.scopes.emplace(scope).second) continue;
    shown += fmt::format("{}{}", shown.empty() ? "" : " ", scope);
  }
  if (shown.empty()) return oauth_error(400, "invalid_scope", "The scope is required.");
  issued.client_id = found->first;
  issued.ends = call.now + lifetime_s_ * 1000;
  const bool bound = !issued.bound_to.empty();
  const std::string text = "at." + hex(random_bytes(24));
  tokens_[text] = std::move(issued);
  ++issued_;
  Json body = Json::object();
  body.set("token_type", bound ? "DPoP" : "Bearer").set("expires_in", lifetime_s_);
  body.set("access_token", text).set("scope", shown);
  SimReply reply = json_reply(200, body);
  return bound ? with_nonce(std::move(reply)) : reply;
}

std::optional<std::string> OAuthDesk::wrong_time(const Json& claims, WallTime now) const {
  const std::int64_t now_s = now.ms / 1000;
  if (!claims["exp"].is_int()) return "The client_assertion JWT must contain an expiration.";
  const std::int64_t exp = claims["exp"].as_int();
  if (exp <= now_s) return "The client_assertion token is expired.";
  if (exp > now_s + kLongestAssertion) {
    return "The client_assertion token has an expiration too far into the future.";
  }
  if (claims.has("iat") && claims["iat"].as_int() > now_s) {
    return "The client_assertion token must be issued before the current time.";
  }
  return std::nullopt;
}

std::optional<SimReply> OAuthDesk::refuse_assertion(const Call& call, const Jwt& jwt,
                                                    const ServiceApp& app) {
  const Json& claims = jwt.claims;
  const std::string_view kid = jwt.header["kid"].as_string();
  std::vector<Json> candidates;
  for (const Json& key : app.keys) {
    if (kid.empty() ? app.keys.size() == 1 : key["kid"].as_string() == kid) {
      candidates.push_back(key);
    }
  }
  if (candidates.empty()) return invalid_client("The client_assertion JWT kid is invalid.");
  if (!signature_holds(jwt, candidates.front())) {
    return invalid_client("The client_assertion signature is invalid.");
  }
  if (claims["iss"].as_string() != claims["sub"].as_string()) {
    return invalid_client("The issuer and subject of client_assertion must be the client_id.");
  }
  const std::string audience =
      (issuer_.empty() ? call.base_url : issuer_) + std::string(kTokenPath);
  if (claims["aud"].as_string() != audience) {
    return invalid_client(
        "The audience claim for client_assertion must be the endpoint invoked for the request.");
  }
  if (const auto wrong = wrong_time(claims, call.now)) return invalid_client(*wrong);
  if (claims.has("jti") &&
      !used_ids_.insert(fmt::format("{} {}", app.token.owner_id, claims["jti"].as_string()))
           .second) {
    return invalid_client("The client_assertion token has already been used.");
  }
  return std::nullopt;
}

std::optional<SimReply> OAuthDesk::refuse_proof(const Call& call, const ServiceApp& app,
                                                std::string& bound_to) {
  const std::string_view header = call.request.header("DPoP");
  if (header.empty()) {
    if (!app.dpop_required) return std::nullopt;
    return oauth_error(400, "invalid_dpop_proof", "The DPoP proof JWT header is missing.");
  }
  const auto jwt = read_jwt(header);
  if (!jwt) return oauth_error(400, "invalid_dpop_proof", "The DPoP proof JWT is malformed.");
  if (auto wrong = wrong_proof(call, *jwt, {}))
    return oauth_error(400, "invalid_dpop_proof", *wrong);
  bound_to = thumbprint(jwt->header["jwk"]);
  if (!knows_nonce(jwt->claims["nonce"])) {
    return with_nonce(
        oauth_error(400, "use_dpop_nonce", "Authorization server requires nonce in DPoP proof."));
  }
  return std::nullopt;
}

std::optional<std::string> OAuthDesk::wrong_proof(const Call& call, const Jwt& jwt,
                                                  std::string_view token) {
  const Json& jwk = jwt.header["jwk"];
  const auto claim = [](std::string_view name) {
    return fmt::format("'{}' claim in the DPoP proof JWT is invalid.", name);
  };
  if (jwt.header["typ"].as_string() != "dpop+jwt") return "The DPoP proof JWT type is invalid.";
  if (is_private(jwk)) return "The DPoP proof JWT holds a private key.";
  if (!signature_holds(jwt, jwk)) return "The DPoP proof JWT signature is invalid.";
  if (jwt.claims["htm"].as_string() != call.request.method) return claim("htm");
  if (jwt.claims["htu"].as_string() != call.base_url + call.target.path) return claim("htu");
  const std::int64_t age = call.now.ms / 1000 - jwt.claims["iat"].as_int();
  if (age < 0 || age > kProofLasts) return claim("iat");
  if (!token.empty() && jwt.claims["ath"].as_string() != hash_of(token)) return claim("ath");
  const std::string_view jti = jwt.claims["jti"].as_string();
  if (jti.empty()) return claim("jti");
  if (!used_ids_.insert(fmt::format("proof {}", jti)).second) {
    return "The DPoP proof JWT has already been used.";
  }
  return std::nullopt;
}

bool OAuthDesk::speaks_oauth(const Call& call) {
  const std::string_view header = call.request.header("Authorization");
  return has_scheme(header, "Bearer") || has_scheme(header, "DPoP");
}

std::string OAuthDesk::client_of(const Call& call) const {
  const auto found = tokens_.find(std::string(after_scheme(call.request.header("Authorization"))));
  return found == tokens_.end() ? std::string() : found->second.client_id;
}

HeldRoles OAuthDesk::held_roles(Org& org) const {
  HeldRoles all;
  for (const auto& [id, app] : apps_) {
    auto& held = all[id];
    std::string_view type = app.token.role;
    if (type == "super") type = "SUPER_ADMIN";
    if (type == "read_only") type = "READ_ONLY_ADMIN";
    auto role = make_role(org, type, org.created);
    if (!role) continue;
    role->id = "ra1" + id.substr(std::min<std::size_t>(3, id.size()));
    role->groups = app.token.groups;
    role->apps = app.token.apps;
    held.push_back(std::move(*role));
  }
  return all;
}

SimReply OAuthDesk::unauthorised(std::string_view scheme, std::string_view error,
                                 std::string_view description) const {
  SimReply reply = error_reply(401, "E0000011", "Invalid token provided");
  reply.headers.emplace_back("WWW-Authenticate",
                             fmt::format(R"({} realm="okta", error="{}", error_description="{}")",
                                         scheme, error, description));
  return reply;
}

std::optional<SimReply> OAuthDesk::admit(Call& call) {
  const std::string_view header = call.request.header("Authorization");
  const bool bound = has_scheme(header, "DPoP");
  const std::string_view scheme = bound ? "DPoP" : "Bearer";
  const std::string text(after_scheme(header));
  admitted_ = nullptr;
  const auto found = tokens_.find(text);
  if (found == tokens_.end()) return unauthorised(scheme, "invalid_token", "The token is invalid.");
  const Issued& issued = found->second;
  const auto app = apps_.find(issued.client_id);
  if (app == apps_.end() || issued.ends <= call.now) {
    return unauthorised(scheme, "invalid_token", "The token has expired.");
  }
  if (bound != !issued.bound_to.empty()) {
    return unauthorised("DPoP", "invalid_token", "The token is not bound as it is presented.");
  }
  if (bound) {
    const auto jwt = read_jwt(call.request.header("DPoP"));
    if (!jwt) return unauthorised("DPoP", "invalid_dpop_proof", "The DPoP proof JWT is missing.");
    if (const auto wrong = wrong_proof(call, *jwt, text)) {
      return unauthorised("DPoP", "invalid_dpop_proof", *wrong);
    }
    if (thumbprint(jwt->header["jwk"]) != issued.bound_to) {
      return unauthorised("DPoP", "invalid_dpop_proof", "The token is bound to another key.");
    }
    if (api_nonce_ && !knows_nonce(jwt->claims["nonce"])) {
      return with_nonce(
          unauthorised("DPoP", "use_dpop_nonce", "Resource server requires nonce in DPoP proof."));
    }
  }
  admitted_ = &issued;
  call.token = &app->second.token;
  return std::nullopt;
}

std::optional<SimReply> OAuthDesk::lacks_scope(std::string_view method,
                                               std::string_view pattern) const {
  const std::string needed = scope_of(method, pattern);
  std::string manage = needed;
  if (method == "GET") manage.replace(manage.size() - 4, 4, "manage");
  if (admitted_->scopes.count(needed) != 0 || admitted_->scopes.count(manage) != 0) {
    return std::nullopt;
  }
  SimReply reply = forbidden();
  reply.headers.emplace_back(
      "WWW-Authenticate", fmt::format(R"({} realm="okta", error="insufficient_scope", scope="{}")",
                                      admitted_->bound_to.empty() ? "Bearer" : "DPoP", needed));
  return reply;
}

}  // namespace rollcall::sim

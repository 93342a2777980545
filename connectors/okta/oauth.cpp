#include "connectors/okta/oauth.h"

#include <fmt/core.h>

#include <algorithm>
#include <array>

#include "connectors/okta/codec.h"
#include "connectors/okta/reply_headers.h"
#include "connectors/okta/status_codes.h"
#include "service/base/digest.h"
#include "service/base/json.h"
#include "service/base/text.h"

namespace rollcall {
namespace {

constexpr std::int64_t kAssertionLasts = 300;  // seconds; Okta takes an hour at most
constexpr std::int64_t kProofBackdated = 5;    // seconds: `iat` must not lie ahead
constexpr std::int64_t kClockMatters = 2'000;  // the Date header counts whole seconds
constexpr std::int64_t kRenewBefore = 5 * kMinuteMs;
constexpr std::int64_t kRenewShare = 5;  // a short-lived one: in its last fifth
constexpr int kMostAttempts = 4;         // without a proper answer
constexpr int kMostNonces = 3;
constexpr std::int64_t kMostWait = 65 * kSecondMs;
constexpr std::int64_t kLongestToken = 24 * 3'600;  // Okta's last an hour (FACTS 2.1)
constexpr std::size_t kShownBytes = 200;

std::string token_path() { return std::string(row_of(Endpoint::oauth_token).path); }

bool mentions(std::string_view text, std::initializer_list<std::string_view> words) {
  return std::any_of(words.begin(), words.end(), [text](std::string_view word) {
    return text.find(word) != std::string_view::npos;
  });
}

std::string form_field(std::string_view name, std::string_view value) {
  return fmt::format("{}={}", name, percent_encode(value));
}

/// What the org said, short and printable.
std::string quoted_words(std::string_view text) {
  std::string out;
  for (const char c : text.substr(0, kShownBytes)) {
    const bool plain = c >= ' ' && c != '"' && static_cast<unsigned char>(c) < 0x7f;
    out += plain ? c : '?';
  }
  return "\"" + out + "\"";
}

struct GrantRefusal {
  std::string error, description;
};

GrantRefusal read_refusal(std::string_view body) {
  GrantRefusal out;
  const auto json = parse_json(body);
  if (!json) return out;
  out.error = (*json)["error"].as_string();
  out.description = (*json)["error_description"].as_string();
  return out;
}

std::string sentence_for(ErrorCode code, const OAuthOptions& options) {
  switch (code) {
    case ErrorCode::okta_client_unknown:
      return fmt::format("the org knows no client {}", options.client_id);
    case ErrorCode::okta_key_refused:
      return fmt::format("the org does not accept the private key of client {}", options.client_id);
    case ErrorCode::okta_audience_refused:
      return "the org calls itself by another address than okta.base_url";
    case ErrorCode::okta_scope_refused:
      return fmt::format("client {} was not granted all the scopes asked for: {}",
                         options.client_id, join(options.scopes, " "));
    case ErrorCode::okta_dpop_required:
      return fmt::format("client {} has to prove possession of a key", options.client_id);
    case ErrorCode::okta_dpop_refused:
      return "the org does not accept the proof of possession";
    default:
      return fmt::format("the org gives client {} no token", options.client_id);
  }
}

}  // namespace

ErrorCode grant_error(std::string_view error, std::string_view description, bool proved) {
  if (error == "invalid_scope" || error == "access_denied") return ErrorCode::okta_scope_refused;
  if (error == "invalid_dpop_proof") {
    return proved ? ErrorCode::okta_dpop_refused : ErrorCode::okta_dpop_required;
  }
  if (error == "use_dpop_nonce") {
    return proved ? ErrorCode::okta_nonce_loop : ErrorCode::okta_dpop_required;
  }
  if (error != "invalid_client") return ErrorCode::okta_grant_refused;
  if (mentions(description, {"audience"})) return ErrorCode::okta_audience_refused;
  if (mentions(description, {"expir", "issued", "future"})) return ErrorCode::okta_clock_off;
  if (mentions(description, {"client_id"})) return ErrorCode::okta_client_unknown;
  if (mentions(description, {"kid", "signature", "JWKSet", "key"})) {
    return ErrorCode::okta_key_refused;
  }
  return ErrorCode::okta_grant_refused;
}

ProofTrouble proof_trouble(const HttpReply& reply) {
  if (reply.status != kBadRequest && reply.status != kUnauthorised) return ProofTrouble::none;
  std::string said = read_refusal(reply.body).error;
  for (const std::string_view line : header_values(reply.headers, "WWW-Authenticate")) said += line;
  if (mentions(said, {"use_dpop_nonce"})) return ProofTrouble::nonce;
  if (mentions(said, {"invalid_dpop_proof"})) return ProofTrouble::refused;
  return ProofTrouble::none;
}

/// How far the asking with one key has come.
struct TokenEndpoint::Asked {
  MonoTime sent_at;
  int failures = 0;
  int nonces = 0;
  bool clock_tried = false;
  bool clock_changed = false;  // by the reply being read
};

TokenEndpoint::TokenEndpoint(OAuthOptions options, Surroundings around)
    : options_(std::move(options)), around_(std::move(around)) {
  if (!around_.wait) {
    around_.wait = [](std::int64_t ms) {
      sleep_ms(ms);
      return true;
    };
  }
}

Result<void> TokenEndpoint::open() {
  const auto keys = options_.keys();
  if (!keys) return keys.error();
  if (!options_.dpop) return ok();
  auto made = SigningKey::generate();
  if (!made) return made.error();
  proof_key_ = std::move(*made);
  return ok();
}

WallTime TokenEndpoint::org_time() const { return around_.clock->wall() + offset_ms_.load(); }

bool TokenEndpoint::learn(const HttpReply& reply) {
  if (!reply.date) return false;
  const std::int64_t offset = *reply.date - around_.clock->wall();
  if (std::abs(offset - offset_ms_.load()) <= kClockMatters) return false;
  offset_ms_.store(offset);
  return true;
}

Result<std::string> TokenEndpoint::proof(const HttpRequest& request, std::string_view token,
                                         std::string_view nonce) const {
  const std::string_view path =
      std::string_view(request.target).substr(0, request.target.find('?'));
  Json header = Json::object();
  header.set("typ", "dpop+jwt").set("jwk", proof_key_->public_jwk());
  Json claims = Json::object();
  claims.set("htm", request.method).set("htu", around_.base_url + std::string(path));
  claims.set("iat", org_time().ms / kSecondMs - kProofBackdated);
  claims.set("jti", hex(random_bytes(16)));
  if (!nonce.empty()) claims.set("nonce", nonce);
  if (!token.empty()) {
    const Sha256 digest = sha256(token);
    claims.set("ath", base64url({reinterpret_cast<const char*>(digest.bytes.data()),
                                 digest.bytes.size()}));
  }
  return proof_key_->sign_jwt(std::move(header), claims);
}

/// `iat` is left out of the assertion: Okta needs none, and refuses one that lies ahead.
Result<HttpRequest> TokenEndpoint::request(const SigningKey& key,
                                           const std::vector<std::string>& scopes) const {
  Json claims = Json::object();
  claims.set("aud", around_.base_url + token_path());
  claims.set("iss", options_.client_id).set("sub", options_.client_id);
  claims.set("exp", org_time().ms / kSecondMs + kAssertionLasts);
  claims.set("jti", hex(random_bytes(16)));
  Json header = Json::object();
  header.set("typ", "JWT");
  const auto assertion = key.sign_jwt(std::move(header), claims);
  if (!assertion) return assertion.error();
  const std::array<std::string, 4> fields{
      form_field("grant_type", "client_credentials"), form_field("scope", join(scopes, " ")),
      form_field("client_assertion_type", "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"),
      form_field("client_assertion", *assertion)};
  auto built = OktaRequest(Endpoint::oauth_token).form(join(fields, "&")).build();
  if (!built) return built;
  HttpRequest out = std::move(*built);
  out.headers = {{"Accept", "application/json"},
                 {"Content-Type", "application/x-www-form-urlencoded"},
                 {"User-Agent", "Rollcall/" + around_.version}};
  if (proof_key_) {
    auto proved = proof(out, {}, nonce_);
    if (!proved) return proved.error();
    out.headers.emplace_back("DPoP", std::move(*proved));
  }
  return out;
}

Result<AccessToken> TokenEndpoint::ask(const std::vector<std::string>& scopes,
                                       Transport& transport) {
  const auto keys = options_.keys();
  if (!keys) return keys.error();
  Result<AccessToken> got = make_error(ErrorCode::okta_key_unreadable, "there is no key");
  for (const SigningKey& key : *keys) {
    got = ask_with(key, scopes, transport);
    if (got) return got;
    const ErrorCode code = got.error().code;
    if (code != ErrorCode::okta_key_refused && code != ErrorCode::okta_grant_refused) return got;
  }
  return got;
}

Result<AccessToken> TokenEndpoint::ask_with(const SigningKey& key,
                                            const std::vector<std::string>& scopes,
                                            Transport& transport) {
  Asked asked;
  for (;;) {
    const auto wanted = request(key, scopes);  // each time with a `jti` of its own
    if (!wanted) return wanted.error();
    asked.sent_at = around_.clock->mono();
    Step step = read(transport.send(*wanted, around_.deadline_ms), asked);
    if (auto* token = std::get_if<AccessToken>(&step)) return std::move(*token);
    if (auto* error = std::get_if<Error>(&step)) return std::move(*error);
  }
}

TokenEndpoint::Step TokenEndpoint::read(const HttpExchange& exchange, Asked& asked) {
  if (!exchange.reply) return later(exchange, asked);
  const HttpReply& reply = *exchange.reply;
  asked.clock_changed = learn(reply);
  const std::string_view nonce = header_value(reply.headers, "DPoP-Nonce");
  if (!nonce.empty()) nonce_ = nonce;
  if (reply.status == kTooMany || reply.status >= kServerError) return later(exchange, asked);
  if (reply.status >= 200 && reply.status < 300) return granted(reply, asked.sent_at);
  return refused(reply, asked);
}

/// Nothing was decided: asking again is harmless, a token more or less does not matter.
TokenEndpoint::Step TokenEndpoint::later(const HttpExchange& exchange, Asked& asked) {
  if (!exchange.reply && exchange.failure->error.cls == ErrorClass::config) {
    return exchange.failure->error;
  }
  std::int64_t wait = kSecondMs << asked.failures;
  if (exchange.reply && exchange.reply->status == kTooMany) {
    const RateObservation seen = read_rate_headers(*exchange.reply);
    // Of the reply's own clock, never of ours (FACTS 3.3).
    if (seen.reset && exchange.reply->date) {
      wait = (*seen.reset + 1) * kSecondMs - exchange.reply->date->ms;
    }
  }
  if (++asked.failures >= kMostAttempts) {
    return exchange.reply ? read_failure(exchange, token_path()) : exchange.failure->error;
  }
  if (around_.wait(std::clamp<std::int64_t>(wait, kSecondMs, kMostWait))) return {};
  return make_error(ErrorCode::run_stopped, "the run was stopped while it waited for a token");
}

TokenEndpoint::Step TokenEndpoint::granted(const HttpReply& reply, MonoTime sent_at) const {
  const auto unreadable = [](std::string why) {
    return make_error(ErrorCode::okta_token_unreadable, std::move(why), token_path());
  };
  const auto body = parse_json(reply.body);
  if (!body) return unreadable("the reply with the token is not JSON");
  AccessToken token;
  token.text = Secret(std::string((*body)["access_token"].as_string()));
  token.bound = ascii_iequals((*body)["token_type"].as_string(), "DPoP");
  const std::int64_t lasts = std::min((*body)["expires_in"].as_int(), kLongestToken) * kSecondMs;
  if (token.text.empty() || lasts <= 0) return unreadable("the reply holds no token");
  if (token.bound != proof_key_.has_value()) {
    return unreadable(token.bound ? "the token is bound to a key, but none was named"
                                  : "the token is not bound to the key that was named");
  }
  for (const std::string_view scope : split((*body)["scope"].as_string(), ' ')) {
    if (!scope.empty()) token.scopes.emplace_back(scope);
  }
  // By our own steady clock, from before the request left: too early, never too late.
  token.ends_at = sent_at + lasts;
  token.renew_at = sent_at + (lasts - std::min(kRenewBefore, lasts / kRenewShare));
  return token;
}

TokenEndpoint::Step TokenEndpoint::refused(const HttpReply& reply, Asked& asked) {
  const GrantRefusal said = read_refusal(reply.body);
  if (said.error.empty()) {
    return make_error(ErrorCode::okta_token_unreadable,
                      fmt::format("the token was answered with {} and no reason", reply.status),
                      token_path());
  }
  const ErrorCode code = grant_error(said.error, said.description, proof_key_.has_value());
  const bool about_time = code == ErrorCode::okta_clock_off || code == ErrorCode::okta_dpop_refused;
  if (about_time && asked.clock_changed && !asked.clock_tried) {
    asked.clock_tried = true;  // once, by the org's clock
    return {};
  }
  if (code == ErrorCode::okta_nonce_loop && ++asked.nonces < kMostNonces) return {};
  std::string why = sentence_for(code, options_);
  if (code == ErrorCode::okta_clock_off) {
    why = fmt::format("the org finds our time wrong: it is {} here and {} there",
                      format_rfc3339(around_.clock->wall()),
                      reply.date ? format_rfc3339(*reply.date) : std::string("not stated"));
  }
  if (code == ErrorCode::okta_nonce_loop) {
    why = fmt::format("the org asked for a new nonce {} times in a row", kMostNonces);
  }
  const std::string id = request_id(reply);
  why += fmt::format("; it says {} {}", said.error, quoted_words(said.description));
  if (!id.empty()) why += ", request id " + id;
  return make_error(code, std::move(why), token_path());
}

}  // namespace rollcall

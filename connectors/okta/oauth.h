// OAuth 2.0 client credentials as Okta takes them: a signed assertion instead of a password, and a
// proof that whoever shows the token holds its key (DPoP, RFC 9449). FACTS 2.1 and 2.3.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "connectors/http/client.h"
#include "connectors/okta/signing_key.h"
#include "service/base/clock.h"
#include "service/base/result.h"
#include "service/base/secret.h"

namespace rollcall {

struct OAuthOptions {
  std::string client_id;
  std::vector<std::string> scopes;
  bool dpop = true;
  /// Reads the private keys; called for each token, so that a renewed key counts. The second is
  /// tried where the org refuses the first.
  std::function<Result<std::vector<SigningKey>>()> keys;
};

struct AccessToken {
  Secret text;
  bool bound = false;  // to our key: `DPoP`, else `Bearer`
  std::vector<std::string> scopes;
  MonoTime renew_at, ends_at;
};

/// Which refusals of the token endpoint stand for which of our codes; `description` is only read
/// where one `error` stands for several things. Pure.
ErrorCode grant_error(std::string_view error, std::string_view description, bool proved);

/// What a reply asks for that concerns the proof.
enum class ProofTrouble : std::uint8_t { none, nonce, refused };
/// Reads the body of the token endpoint and the WWW-Authenticate header of the API alike. Pure.
ProofTrouble proof_trouble(const HttpReply& reply);

/// The org's token endpoint. `ask` by one thread at a time; the rest is thread safe.
class TokenEndpoint {
 public:
  struct Surroundings {
    std::string base_url;
    std::string version;
    std::int64_t deadline_ms = 60'000;
    const Clock* clock = nullptr;
    /// Waits so many ms between attempts; false: there is to be no further one. Empty: sleeps.
    std::function<bool(std::int64_t)> wait;
  };
  TokenEndpoint(OAuthOptions options, Surroundings around);

  /// Reads the keys and makes the one that proofs are signed with.
  /// Errors: okta.key_unreadable, secret.unavailable, internal.defect.
  Result<void> open();

  /// A token for these scopes, or why there is none. Errors: those of `open`, okta.client_unknown,
  /// okta.key_refused, okta.audience_refused, okta.clock_off, okta.scope_refused,
  /// okta.dpop_required, okta.dpop_refused, okta.nonce_loop, okta.grant_refused,
  /// okta.token_unreadable, okta.rate_limited, okta.server_error, http.*, tls.*.
  Result<AccessToken> ask(const std::vector<std::string>& scopes, Transport& transport);

  /// A fresh proof for one request. `token` is empty at the token endpoint.
  Result<std::string> proof(const HttpRequest& request, std::string_view token,
                            std::string_view nonce) const;
  /// Takes the org's clock from the reply; whether that changed what we thought it was.
  bool learn(const HttpReply& reply);
  /// The org's clock as far as known.
  WallTime org_time() const;

 private:
  struct Asked;
  using Step = std::variant<std::monostate, AccessToken, Error>;  // monostate: ask again

  Result<HttpRequest> request(const SigningKey& key, const std::vector<std::string>& scopes) const;
  Result<AccessToken> ask_with(const SigningKey& key, const std::vector<std::string>& scopes,
                               Transport& transport);
  Step read(const HttpExchange& exchange, Asked& asked);
  Step refused(const HttpReply& reply, Asked& asked);
  Step later(const HttpExchange& exchange, Asked& asked);
  Step granted(const HttpReply& reply, MonoTime sent_at) const;

  OAuthOptions options_;
  Surroundings around_;
  std::optional<SigningKey> proof_key_;
  std::string nonce_;
  std::atomic<std::int64_t> offset_ms_{0};  // the org's clock minus ours
};

}  // namespace rollcall

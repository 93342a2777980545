// What proves in each request who sends it: an API token, or an OAuth token with its renewal.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>

#include "connectors/okta/oauth.h"

namespace rollcall {

/// How often one request was asked again, and for what.
struct Repeats {
  int credential = 0, nonce = 0, proof = 0;
};

/// Thread safe.
class Authorizer {
 public:
  virtual ~Authorizer() = default;
  /// Reads what it needs, without the network. Errors: secret.unavailable, okta.key_unreadable.
  virtual Result<void> open() = 0;
  /// Puts the credential on a request that is about to be sent; may first get or renew it over
  /// `transport`, while others wait or go on with the old one. Gives its generation. Errors:
  /// secret.unavailable, those of TokenEndpoint::ask.
  virtual Result<std::uint64_t> sign(HttpRequest& request, Transport& transport) = 0;
  /// Whether a refused request (which the org did not carry out) may be asked once more.
  virtual bool mended(const HttpReply& reply, std::uint64_t generation, Repeats& repeats) = 0;
  /// A refusal that stands: what it means, where it says more than its status.
  virtual std::optional<Error> explain(const HttpReply& reply) const = 0;
};

std::unique_ptr<Authorizer> make_api_token_authorizer(std::function<Result<Secret>()> token);
std::unique_ptr<Authorizer> make_oauth_authorizer(OAuthOptions options,
                                                  TokenEndpoint::Surroundings around);

}  // namespace rollcall

// JSON Web Tokens as the org checks them. Written apart from the product's own code, so that one
// does not vouch for the other.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "service/base/json.h"
#include "service/base/result.h"

namespace rollcall::sim {

struct Jwt {
  Json header, claims;
  std::string signed_part;
  std::string signature;
};

/// The three parts, unchecked.
std::optional<Jwt> read_jwt(std::string_view text);
/// Whether the JWK's key made the signature; RS256 and ES256 only.
bool signature_holds(const Jwt& jwt, const Json& jwk);
/// RFC 7638, base64url; empty for a JWK of another kind.
std::string thumbprint(const Json& jwk);
/// Members that only a private key has.
bool is_private(const Json& jwk);

/// A fresh P-256 key pair: private half as PEM, public one as JWK with a `kid`.
struct ClientKey {
  std::string pem;
  Json jwk;
};
Result<ClientKey> make_client_key();

}  // namespace rollcall::sim

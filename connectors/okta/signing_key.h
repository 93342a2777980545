// Private keys that sign JSON Web Tokens: RS256 and ES256, from PEM or JWK. OpenSSL stays in
// signing_key.cpp; decision 0210 says why Poco's JWT library is not used.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "service/base/json.h"
#include "service/base/result.h"
#include "service/base/secret.h"

namespace rollcall {

/// An RSA key of at least 2048 bits or a P-256 key. Immutable; copies share it; thread safe.
class SigningKey {
 public:
  /// Reads PEM (PKCS#8, PKCS#1 or SEC1, without a passphrase) or a private JWK. `key_id` wins over
  /// the JWK's own `kid`. No message repeats what was read. Errors: okta.key_unreadable.
  static Result<SigningKey> parse(const Secret& text, std::string key_id = {});
  /// A fresh RSA key of 2048 bits, for proofs of possession. Errors: internal.defect.
  static Result<SigningKey> generate();

  std::string_view algorithm() const;  // "RS256" or "ES256"
  const std::string& key_id() const;   // may be empty
  const Json& public_jwk() const;      // the members that RFC 7638 names
  /// Compact JWS over both; `alg` and, if there is one, `kid` are added to the header.
  /// Errors: internal.defect.
  Result<std::string> sign_jwt(Json header, const Json& claims) const;

 private:
  struct Held;
  explicit SigningKey(std::shared_ptr<const Held> held) : held_(std::move(held)) {}
  std::shared_ptr<const Held> held_;
};

}  // namespace rollcall

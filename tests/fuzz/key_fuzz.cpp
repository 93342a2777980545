// Any bytes as a private key, PEM or JWK, or a whole key with some of them written over it: refused
// without being repeated, or able to sign. The first byte chooses the key, the next two the place.
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "connectors/okta/signing_key.h"
#include "tests/unit/okta/made_keys.h"

namespace rollcall {
namespace {

std::vector<std::string> whole_keys() {
  const test::MadeKey rsa = test::MadeKey::rsa(2048);
  const test::MadeKey ec = test::MadeKey::ec("P-256");
  return {std::string(), rsa.pkcs8(), ec.pkcs8(), rsa.jwk().dump(), ec.jwk().dump()};
}

void read(const std::string& text) {
  const auto key = SigningKey::parse(Secret(text));
  if (key) {
    ROLLCALL_ASSERT(key->sign_jwt(Json::object(), Json::object()).has_value());
    return;
  }
  ROLLCALL_ASSERT(key.error().code == ErrorCode::okta_key_unreadable);
  ROLLCALL_ASSERT(text.size() < 24 || describe(key.error()).find(text) == std::string::npos);
}

}  // namespace
}  // namespace rollcall

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  static const std::vector<std::string> keys = rollcall::whole_keys();
  if (size < 3) return 0;
  std::string text = keys[bytes[0] % keys.size()];
  const std::string_view given(reinterpret_cast<const char*>(bytes) + 3, size - 3);
  const std::size_t at = text.empty() ? 0 : (bytes[1] * 256U + bytes[2]) % text.size();
  text.replace(at, given.size(), given);
  rollcall::read(text);
  return 0;
}

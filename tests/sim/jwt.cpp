#include "tests/sim/jwt.h"

#include <fmt/core.h>
#include <openssl/bio.h>
#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>
#include <openssl/pem.h>

#include <array>
#include <memory>

#include "service/base/digest.h"
#include "service/base/text.h"

namespace rollcall::sim {
namespace {

template <auto Free>
struct Released {
  template <class T>
  void operator()(T* held) const {
    Free(held);
  }
};
using PublicKey = std::unique_ptr<EVP_PKEY, Released<EVP_PKEY_free>>;
using Big = std::unique_ptr<BIGNUM, Released<BN_free>>;
using Builder = std::unique_ptr<OSSL_PARAM_BLD, Released<OSSL_PARAM_BLD_free>>;
using ParamList = std::unique_ptr<OSSL_PARAM, Released<OSSL_PARAM_free>>;
using Context = std::unique_ptr<EVP_PKEY_CTX, Released<EVP_PKEY_CTX_free>>;
using Verifier = std::unique_ptr<EVP_MD_CTX, Released<EVP_MD_CTX_free>>;
using Signature = std::unique_ptr<ECDSA_SIG, Released<ECDSA_SIG_free>>;
using MemoryBio = std::unique_ptr<BIO, Released<BIO_free>>;

constexpr std::size_t kCoordinate = 32;  // bytes of a P-256 number

const unsigned char* raw(std::string_view text) {
  return reinterpret_cast<const unsigned char*>(text.data());
}

std::string decoded(const Json& text) {
  const auto bytes = unbase64(text.as_string());
  return bytes ? *bytes : std::string();
}

Big big(std::string_view bytes) {
  return Big(BN_bin2bn(raw(bytes), static_cast<int>(bytes.size()), nullptr));
}

PublicKey public_key(const char* type, OSSL_PARAM_BLD* builder) {
  const ParamList params(OSSL_PARAM_BLD_to_param(builder));
  const Context context(EVP_PKEY_CTX_new_from_name(nullptr, type, nullptr));
  EVP_PKEY* key = nullptr;
  if (EVP_PKEY_fromdata_init(context.get()) <= 0 ||
      EVP_PKEY_fromdata(context.get(), &key, EVP_PKEY_PUBLIC_KEY, params.get()) <= 0) {
    return nullptr;
  }
  return PublicKey(key);
}

PublicKey key_of(const Json& jwk) {
  const Builder builder(OSSL_PARAM_BLD_new());
  if (jwk["kty"].as_string() == "RSA") {
    const Big n = big(decoded(jwk["n"]));
    const Big e = big(decoded(jwk["e"]));
    OSSL_PARAM_BLD_push_BN(builder.get(), OSSL_PKEY_PARAM_RSA_N, n.get());
    OSSL_PARAM_BLD_push_BN(builder.get(), OSSL_PKEY_PARAM_RSA_E, e.get());
    return public_key("RSA", builder.get());
  }
  if (jwk["kty"].as_string() != "EC" || jwk["crv"].as_string() != "P-256") return nullptr;
  const std::string point = '\x04' + decoded(jwk["x"]) + decoded(jwk["y"]);
  OSSL_PARAM_BLD_push_utf8_string(builder.get(), OSSL_PKEY_PARAM_GROUP_NAME, "prime256v1", 0);
  OSSL_PARAM_BLD_push_octet_string(builder.get(), OSSL_PKEY_PARAM_PUB_KEY, point.data(),
                                   point.size());
  return public_key("EC", builder.get());
}

std::string der_of(const std::string& both) {
  if (both.size() != 2 * kCoordinate) return {};
  const Signature signature(ECDSA_SIG_new());
  ECDSA_SIG_set0(signature.get(), big(both.substr(0, kCoordinate)).release(),
                 big(both.substr(kCoordinate)).release());
  unsigned char* bytes = nullptr;
  const int size = i2d_ECDSA_SIG(signature.get(), &bytes);
  std::string out(reinterpret_cast<char*>(bytes), static_cast<std::size_t>(size));
  OPENSSL_free(bytes);
  return out;
}

std::string coordinate(EVP_PKEY* key, const char* name) {
  BIGNUM* number = nullptr;
  EVP_PKEY_get_bn_param(key, name, &number);
  const Big held(number);
  std::array<unsigned char, kCoordinate> bytes{};
  BN_bn2binpad(number, bytes.data(), kCoordinate);
  return base64url({reinterpret_cast<const char*>(bytes.data()), bytes.size()});
}

}  // namespace

std::optional<Jwt> read_jwt(std::string_view text) {
  const auto parts = split(text, '.');
  if (parts.size() != 3) return std::nullopt;
  const auto header = unbase64(parts[0]);
  const auto claims = unbase64(parts[1]);
  const auto signature = unbase64(parts[2]);
  if (!header || !claims || !signature) return std::nullopt;
  const auto header_json = parse_json(*header);
  const auto claims_json = parse_json(*claims);
  if (!header_json || !claims_json) return std::nullopt;
  Jwt out{*header_json, *claims_json, {}, *signature};
  out.signed_part = text.substr(0, parts[0].size() + 1 + parts[1].size());
  return out;
}

bool signature_holds(const Jwt& jwt, const Json& jwk) {
  const bool elliptic = jwk["kty"].as_string() == "EC";
  if (jwt.header["alg"].as_string() != (elliptic ? "ES256" : "RS256")) return false;
  const PublicKey key = key_of(jwk);
  if (!key) return false;
  const std::string signature = elliptic ? der_of(jwt.signature) : jwt.signature;
  const Verifier verifier(EVP_MD_CTX_new());
  return EVP_DigestVerifyInit(verifier.get(), nullptr, EVP_sha256(), nullptr, key.get()) == 1 &&
         EVP_DigestVerify(verifier.get(), raw(signature), signature.size(), raw(jwt.signed_part),
                          jwt.signed_part.size()) == 1;
}

std::string thumbprint(const Json& jwk) {
  Json wanted = Json::object();
  const bool rsa = jwk["kty"].as_string() == "RSA";
  for (const char* name : {"crv", "e", "kty", "n", "x", "y"}) {
    const std::string_view member = name;
    const bool of_rsa = member == "e" || member == "n";
    if (member == "kty" || of_rsa == rsa) wanted.set(member, jwk[member]);
  }
  const Sha256 digest = sha256(wanted.canonical());
  return base64url({reinterpret_cast<const char*>(digest.bytes.data()), digest.bytes.size()});
}

bool is_private(const Json& jwk) { return jwk.has("d") || jwk.has("p") || jwk.has("k"); }

Result<ClientKey> make_client_key() {
  const PublicKey key(EVP_EC_gen("P-256"));
  const MemoryBio bio(BIO_new(BIO_s_mem()));
  if (!key ||
      PEM_write_bio_PrivateKey(bio.get(), key.get(), nullptr, nullptr, 0, nullptr, nullptr) != 1) {
    return make_error(ErrorCode::internal_defect, "no client key could be made");
  }
  char* bytes = nullptr;
  const long size = BIO_get_mem_data(bio.get(), &bytes);
  ClientKey out;
  out.pem.assign(bytes, static_cast<std::size_t>(size));
  out.jwk = Json::object();
  out.jwk.set("kty", "EC").set("crv", "P-256").set("use", "sig");
  out.jwk.set("x", coordinate(key.get(), OSSL_PKEY_PARAM_EC_PUB_X));
  out.jwk.set("y", coordinate(key.get(), OSSL_PKEY_PARAM_EC_PUB_Y));
  out.jwk.set("kid", thumbprint(out.jwk));
  return out;
}

}  // namespace rollcall::sim

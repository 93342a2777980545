// Keys made by OpenSSL in every form that a key comes in, and OpenSSL's own opinion of a signature.
#pragma once

#include <openssl/bio.h>
#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>

#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "service/base/digest.h"
#include "service/base/json.h"
#include "service/base/text.h"

namespace rollcall::test {

class MadeKey {
 public:
  static MadeKey rsa(unsigned bits) { return MadeKey(EVP_RSA_gen(bits)); }
  static MadeKey ec(const char* curve) { return MadeKey(EVP_EC_gen(curve)); }

  EVP_PKEY* get() const { return key_.get(); }
  bool elliptic() const { return EVP_PKEY_is_a(get(), "EC") == 1; }
  std::string pkcs8() const {
    return written([this](BIO* out) {
      PEM_write_bio_PKCS8PrivateKey(out, get(), nullptr, nullptr, 0, nullptr, nullptr);
    });
  }
  /// PKCS#1 or SEC1.
  std::string traditional() const {
    return written([this](BIO* out) {
      PEM_write_bio_PrivateKey_traditional(out, get(), nullptr, nullptr, 0, nullptr, nullptr);
    });
  }
  std::string encrypted(std::string word) const {
    return written([&](BIO* out) {
      PEM_write_bio_PKCS8PrivateKey(out, get(), EVP_aes_128_cbc(), word.data(),
                                    static_cast<int>(word.size()), nullptr, nullptr);
    });
  }
  std::string public_pem() const {
    return written([this](BIO* out) { PEM_write_bio_PUBKEY(out, get()); });
  }
  Json jwk() const { return elliptic() ? ec_jwk() : rsa_jwk(); }
  Json public_jwk() const {
    Json out = jwk();
    for (const char* name : {"d", "p", "q", "dp", "dq", "qi"}) out.erase(name);
    return out;
  }

 private:
  explicit MadeKey(EVP_PKEY* key) : key_(key, EVP_PKEY_free) {}

  template <class Write>
  static std::string written(Write write) {
    const std::unique_ptr<BIO, int (*)(BIO*)> memory(BIO_new(BIO_s_mem()), BIO_free);
    write(memory.get());
    char* bytes = nullptr;
    const long size = BIO_get_mem_data(memory.get(), &bytes);
    return std::string(bytes, static_cast<std::size_t>(size));
  }
  std::string number(const char* name, std::size_t width = 0) const {
    BIGNUM* raw = nullptr;
    EVP_PKEY_get_bn_param(get(), name, &raw);
    const std::unique_ptr<BIGNUM, void (*)(BIGNUM*)> held(raw, BN_free);
    std::string out(std::max(width, static_cast<std::size_t>(BN_num_bytes(raw))), '\0');
    BN_bn2binpad(raw, reinterpret_cast<unsigned char*>(out.data()), static_cast<int>(out.size()));
    return base64url(out);
  }
  Json rsa_jwk() const {
    Json out = Json::object();
    out.set("kty", "RSA");
    const std::vector<std::pair<const char*, const char*>> parts{
        {"n", OSSL_PKEY_PARAM_RSA_N},          {"e", OSSL_PKEY_PARAM_RSA_E},
        {"d", OSSL_PKEY_PARAM_RSA_D},          {"p", OSSL_PKEY_PARAM_RSA_FACTOR1},
        {"q", OSSL_PKEY_PARAM_RSA_FACTOR2},    {"dp", OSSL_PKEY_PARAM_RSA_EXPONENT1},
        {"dq", OSSL_PKEY_PARAM_RSA_EXPONENT2}, {"qi", OSSL_PKEY_PARAM_RSA_COEFFICIENT1}};
    for (const auto& [name, param] : parts) out.set(name, number(param));
    return out;
  }
  Json ec_jwk() const {
    const std::size_t width = static_cast<std::size_t>(EVP_PKEY_get_bits(get()) + 7) / 8;
    Json out = Json::object();
    out.set("kty", "EC").set("crv", width == 32 ? "P-256" : "P-384");
    out.set("x", number(OSSL_PKEY_PARAM_EC_PUB_X, width));
    out.set("y", number(OSSL_PKEY_PARAM_EC_PUB_Y, width));
    out.set("d", number(OSSL_PKEY_PARAM_PRIV_KEY, width));
    return out;
  }

  std::unique_ptr<EVP_PKEY, void (*)(EVP_PKEY*)> key_;
};

inline bool openssl_verifies(std::string_view jwt, const MadeKey& key) {
  const auto parts = split(jwt, '.');
  if (parts.size() != 3) return false;
  const auto decoded = unbase64(parts[2]);
  if (!decoded) return false;
  std::string signature = *decoded;
  if (key.elliptic()) {  // r and s side by side to DER
    if (signature.size() != 64) return false;
    const auto* bytes = reinterpret_cast<const unsigned char*>(signature.data());
    const std::unique_ptr<ECDSA_SIG, void (*)(ECDSA_SIG*)> pair(ECDSA_SIG_new(), ECDSA_SIG_free);
    ECDSA_SIG_set0(pair.get(), BN_bin2bn(bytes, 32, nullptr), BN_bin2bn(bytes + 32, 32, nullptr));
    unsigned char* der = nullptr;
    const int size = i2d_ECDSA_SIG(pair.get(), &der);
    signature.assign(reinterpret_cast<char*>(der), static_cast<std::size_t>(size));
    OPENSSL_free(der);
  }
  const std::string_view text = jwt.substr(0, parts[0].size() + 1 + parts[1].size());
  const std::unique_ptr<EVP_MD_CTX, void (*)(EVP_MD_CTX*)> context(EVP_MD_CTX_new(),
                                                                   EVP_MD_CTX_free);
  return EVP_DigestVerifyInit(context.get(), nullptr, EVP_sha256(), nullptr, key.get()) == 1 &&
         EVP_DigestVerify(context.get(), reinterpret_cast<const unsigned char*>(signature.data()),
                          signature.size(), reinterpret_cast<const unsigned char*>(text.data()),
                          text.size()) == 1;
}

}  // namespace rollcall::test

#include "connectors/okta/signing_key.h"

#include <fmt/core.h>
#include <openssl/bio.h>
#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>

#include <array>
#include <optional>
#include <vector>

#include "service/base/digest.h"
#include "service/base/text.h"

namespace rollcall {
namespace {

template <auto Free>
struct Freed {
  template <class T>
  void operator()(T* held) const {
    Free(held);
  }
};
using KeyHandle = std::unique_ptr<EVP_PKEY, Freed<EVP_PKEY_free>>;
using KeyContext = std::unique_ptr<EVP_PKEY_CTX, Freed<EVP_PKEY_CTX_free>>;
using DigestContext = std::unique_ptr<EVP_MD_CTX, Freed<EVP_MD_CTX_free>>;
using Memory = std::unique_ptr<BIO, Freed<BIO_free>>;
using Number = std::unique_ptr<BIGNUM, Freed<BN_clear_free>>;
using ParamBuild = std::unique_ptr<OSSL_PARAM_BLD, Freed<OSSL_PARAM_BLD_free>>;
using Params = std::unique_ptr<OSSL_PARAM, Freed<OSSL_PARAM_free>>;
using EcdsaSignature = std::unique_ptr<ECDSA_SIG, Freed<ECDSA_SIG_free>>;

constexpr int kLeastRsaBits = 2048;      // what Okta takes (FACTS 2.1)
constexpr std::size_t kCoordinate = 32;  // bytes, P-256
constexpr const char* kCurve = "prime256v1";

Error unreadable_key(std::string why) {
  ERR_clear_error();
  return make_error(ErrorCode::okta_key_unreadable, std::move(why));
}

/// OpenSSL would ask the terminal.
int no_passphrase(char*, int, int, void*) { return -1; }

Number number_from(const Json& text) {
  const auto bytes = unbase64(text.as_string());
  if (!bytes || bytes->empty()) return nullptr;
  return Number(BN_bin2bn(reinterpret_cast<const unsigned char*>(bytes->data()),
                          static_cast<int>(bytes->size()), nullptr));
}

KeyHandle key_from(const char* type, OSSL_PARAM_BLD* build) {
  const Params params(OSSL_PARAM_BLD_to_param(build));
  const KeyContext context(EVP_PKEY_CTX_new_from_name(nullptr, type, nullptr));
  EVP_PKEY* key = nullptr;
  if (!params || !context || EVP_PKEY_fromdata_init(context.get()) <= 0 ||
      EVP_PKEY_fromdata(context.get(), &key, EVP_PKEY_KEYPAIR, params.get()) <= 0) {
    return nullptr;
  }
  return KeyHandle(key);
}

Result<KeyHandle> rsa_from_jwk(const Json& jwk) {
  constexpr std::array<std::pair<const char*, const char*>, 8> kParts{{
      {"n", OSSL_PKEY_PARAM_RSA_N},
      {"e", OSSL_PKEY_PARAM_RSA_E},
      {"d", OSSL_PKEY_PARAM_RSA_D},
      {"p", OSSL_PKEY_PARAM_RSA_FACTOR1},
      {"q", OSSL_PKEY_PARAM_RSA_FACTOR2},
      {"dp", OSSL_PKEY_PARAM_RSA_EXPONENT1},
      {"dq", OSSL_PKEY_PARAM_RSA_EXPONENT2},
      {"qi", OSSL_PKEY_PARAM_RSA_COEFFICIENT1},
  }};
  const ParamBuild build(OSSL_PARAM_BLD_new());
  std::vector<Number> numbers;  // until the key is made
  for (const auto& [name, param] : kParts) {
    Number number = number_from(jwk[name]);
    if (!number) {
      return unreadable_key(
          fmt::format("the JWK has no readable `{}`: it is no whole private key", name));
    }
    OSSL_PARAM_BLD_push_BN(build.get(), param, number.get());
    numbers.push_back(std::move(number));
  }
  KeyHandle key = key_from("RSA", build.get());
  if (!key) return unreadable_key("the parts of the JWK do not make an RSA key");
  return key;
}

Result<KeyHandle> ec_from_jwk(const Json& jwk) {
  if (jwk["crv"].as_string() != "P-256") {
    return unreadable_key("the JWK's curve is not P-256");
  }
  const auto x = unbase64(jwk["x"].as_string());
  const auto y = unbase64(jwk["y"].as_string());
  const Number d = number_from(jwk["d"]);
  if (!x || !y || x->size() != kCoordinate || y->size() != kCoordinate || !d) {
    return unreadable_key("the JWK has no readable `x`, `y` and `d`: it is no whole private key");
  }
  const std::string point = '\x04' + *x + *y;
  const ParamBuild build(OSSL_PARAM_BLD_new());
  OSSL_PARAM_BLD_push_utf8_string(build.get(), OSSL_PKEY_PARAM_GROUP_NAME, kCurve, 0);
  OSSL_PARAM_BLD_push_octet_string(build.get(), OSSL_PKEY_PARAM_PUB_KEY, point.data(),
                                   point.size());
  OSSL_PARAM_BLD_push_BN(build.get(), OSSL_PKEY_PARAM_PRIV_KEY, d.get());
  KeyHandle key = key_from("EC", build.get());
  if (!key) return unreadable_key("the parts of the JWK do not make a P-256 key");
  return key;
}

Result<KeyHandle> key_from_jwk(std::string_view text, std::string& key_id) {
  const auto jwk = parse_json(text);
  if (!jwk) return unreadable_key("the key is neither PEM nor JSON");
  if (jwk->has("keys")) return unreadable_key("the key is a set of JWKs; name one key");
  if (key_id.empty()) key_id = (*jwk)["kid"].as_string();
  const std::string_view type = (*jwk)["kty"].as_string();
  if (type == "RSA") return rsa_from_jwk(*jwk);
  if (type == "EC") return ec_from_jwk(*jwk);
  return unreadable_key("the JWK's `kty` is neither RSA nor EC");
}

Result<KeyHandle> key_from_pem(std::string_view text) {
  const Memory memory(BIO_new_mem_buf(text.data(), static_cast<int>(text.size())));
  KeyHandle key(PEM_read_bio_PrivateKey(memory.get(), nullptr, no_passphrase, nullptr));
  if (key) return key;
  if (text.find("ENCRYPTED") != std::string_view::npos) {
    return unreadable_key("the key is protected by a passphrase");
  }
  if (text.find("PUBLIC KEY") != std::string_view::npos) {
    return unreadable_key("this is the public half of the key; the private one is needed");
  }
  if (text.find("CERTIFICATE") != std::string_view::npos) {
    return unreadable_key("this is a certificate, not a private key");
  }
  return unreadable_key("the PEM text is damaged or of another kind of key");
}

std::optional<std::string> number_of(EVP_PKEY* key, const char* param, std::size_t width = 0) {
  BIGNUM* raw = nullptr;
  if (EVP_PKEY_get_bn_param(key, param, &raw) != 1) return std::nullopt;
  const Number number(raw);
  const auto size = static_cast<std::size_t>(BN_num_bytes(raw));
  std::string out(std::max(size, width), '\0');
  BN_bn2binpad(raw, reinterpret_cast<unsigned char*>(out.data()), static_cast<int>(out.size()));
  return base64url(out);
}

/// The public half; null for a kind or size of key that Okta does not take.
Json public_half(EVP_PKEY* key) {
  Json jwk = Json::object();
  if (EVP_PKEY_is_a(key, "RSA") == 1 && EVP_PKEY_get_bits(key) >= kLeastRsaBits) {
    const auto n = number_of(key, OSSL_PKEY_PARAM_RSA_N);
    const auto e = number_of(key, OSSL_PKEY_PARAM_RSA_E);
    if (!n || !e) return {};
    jwk.set("e", *e).set("kty", "RSA").set("n", *n);
    return jwk;
  }
  std::array<char, 64> group{};
  if (EVP_PKEY_is_a(key, "EC") != 1 ||
      EVP_PKEY_get_group_name(key, group.data(), group.size(), nullptr) != 1 ||
      std::string_view(group.data()) != kCurve) {
    return {};
  }
  const auto x = number_of(key, OSSL_PKEY_PARAM_EC_PUB_X, kCoordinate);
  const auto y = number_of(key, OSSL_PKEY_PARAM_EC_PUB_Y, kCoordinate);
  if (!x || !y) return {};
  jwk.set("crv", "P-256").set("kty", "EC").set("x", *x).set("y", *y);
  return jwk;
}

bool halves_belong_together(EVP_PKEY* key) {
  const KeyContext context(EVP_PKEY_CTX_new_from_pkey(nullptr, key, nullptr));
  return context && EVP_PKEY_pairwise_check(context.get()) == 1;
}

/// JWS wants r and s side by side (RFC 7518, 3.4), OpenSSL makes DER.
std::optional<std::string> side_by_side(const std::string& der) {
  const auto* at = reinterpret_cast<const unsigned char*>(der.data());
  const EcdsaSignature signature(d2i_ECDSA_SIG(nullptr, &at, static_cast<long>(der.size())));
  if (!signature) return std::nullopt;
  std::string out(2 * kCoordinate, '\0');
  auto* bytes = reinterpret_cast<unsigned char*>(out.data());
  constexpr int kWidth = kCoordinate;
  if (BN_bn2binpad(ECDSA_SIG_get0_r(signature.get()), bytes, kWidth) != kWidth ||
      BN_bn2binpad(ECDSA_SIG_get0_s(signature.get()), bytes + kCoordinate, kWidth) != kWidth) {
    return std::nullopt;
  }
  return out;
}

}  // namespace

struct SigningKey::Held {
  KeyHandle key;
  std::string key_id;
  Json public_jwk;
  bool elliptic = false;

  std::optional<std::string> sign(std::string_view text) const {
    const DigestContext context(EVP_MD_CTX_new());
    const auto* bytes = reinterpret_cast<const unsigned char*>(text.data());
    std::size_t size = 0;
    if (!context ||
        EVP_DigestSignInit(context.get(), nullptr, EVP_sha256(), nullptr, key.get()) != 1 ||
        EVP_DigestSign(context.get(), nullptr, &size, bytes, text.size()) != 1) {
      return std::nullopt;
    }
    std::string out(size, '\0');
    if (EVP_DigestSign(context.get(), reinterpret_cast<unsigned char*>(out.data()), &size, bytes,
                       text.size()) != 1) {
      return std::nullopt;
    }
    out.resize(size);
    return elliptic ? side_by_side(out) : out;
  }
};

Result<SigningKey> SigningKey::parse(const Secret& text, std::string key_id) {
  const std::string_view shown = trim(text.reveal());
  if (shown.empty()) return unreadable_key("there is no key");
  const bool json = shown.front() == '{' || shown.front() == '[';
  auto key = json ? key_from_jwk(shown, key_id) : key_from_pem(shown);
  if (!key) return key.error();
  auto held = std::make_shared<Held>();
  held->public_jwk = public_half(key->get());
  if (held->public_jwk.is_null()) {
    return unreadable_key("the key is neither RSA of at least 2048 bits nor on the curve P-256");
  }
  if (!halves_belong_together(key->get())) {
    return unreadable_key("the public and the private half of the key do not belong together");
  }
  held->elliptic = held->public_jwk["kty"].as_string() == "EC";
  held->key = std::move(*key);
  held->key_id = std::move(key_id);
  return SigningKey(std::move(held));
}

Result<SigningKey> SigningKey::generate() {
  auto held = std::make_shared<Held>();
  held->key = KeyHandle(EVP_RSA_gen(kLeastRsaBits));
  if (!held->key) return make_error(ErrorCode::internal_defect, "no key could be made");
  held->public_jwk = public_half(held->key.get());
  return SigningKey(std::move(held));
}

std::string_view SigningKey::algorithm() const { return held_->elliptic ? "ES256" : "RS256"; }
const std::string& SigningKey::key_id() const { return held_->key_id; }
const Json& SigningKey::public_jwk() const { return held_->public_jwk; }

Result<std::string> SigningKey::sign_jwt(Json header, const Json& claims) const {
  header.set("alg", algorithm());
  if (!held_->key_id.empty()) header.set("kid", held_->key_id);
  std::string out = base64url(header.dump()) + "." + base64url(claims.dump());
  const auto signature = held_->sign(out);
  if (!signature) return make_error(ErrorCode::internal_defect, "OpenSSL could not sign");
  return out + "." + base64url(*signature);
}

}  // namespace rollcall

#include "connectors/okta/signing_key.h"

#include <gtest/gtest.h>
#include <openssl/core_names.h>

#include "service/base/digest.h"
#include "service/base/text.h"
#include "tests/unit/okta/made_keys.h"

namespace rollcall {
namespace {

using test::MadeKey;
using test::openssl_verifies;

std::string sign(const SigningKey& key) {
  const auto jwt = key.sign_jwt(Json::object().set("typ", "JWT"), Json::object().set("a", 1));
  EXPECT_TRUE(jwt);
  return jwt ? *jwt : std::string();
}

TEST(SigningKey, ReadsEveryFormAndSignsWhatOpenSslVerifies) {
  const MadeKey rsa = MadeKey::rsa(2048);
  const MadeKey ec = MadeKey::ec("P-256");
  struct Form {
    const char* name;
    std::string text;
    const MadeKey& made;
    std::string_view algorithm;
  };
  const std::vector<Form> forms{{"PKCS#8 RSA", rsa.pkcs8(), rsa, "RS256"},
                                {"PKCS#1", rsa.traditional(), rsa, "RS256"},
                                {"JWK RSA", rsa.jwk().dump(), rsa, "RS256"},
                                {"PKCS#8 EC", ec.pkcs8(), ec, "ES256"},
                                {"SEC1", ec.traditional(), ec, "ES256"},
                                {"JWK EC", ec.jwk().pretty(), ec, "ES256"},
                                {"white space", "\n  " + ec.pkcs8() + "\n", ec, "ES256"}};
  for (const Form& form : forms) {
    const auto key = SigningKey::parse(Secret(form.text));
    ASSERT_TRUE(key) << form.name << ": " << key.error().message;
    EXPECT_EQ(key->algorithm(), form.algorithm) << form.name;
    const std::string jwt = sign(*key);
    EXPECT_TRUE(openssl_verifies(jwt, form.made)) << form.name;
    EXPECT_FALSE(openssl_verifies(jwt + "A", form.made)) << form.name;
  }
}

TEST(SigningKey, SignsTheSameWidthHoweverSmallTheNumbers) {
  const MadeKey ec = MadeKey::ec("P-256");
  const auto key = SigningKey::parse(Secret(ec.pkcs8()));
  ASSERT_TRUE(key);
  for (int i = 0; i < 600; ++i) {  // one in 128 has a leading zero byte
    const auto jwt = key->sign_jwt(Json::object(), Json::object().set("i", i));
    ASSERT_TRUE(jwt);
    EXPECT_EQ(split(*jwt, '.')[2].size(), 86U);
    ASSERT_TRUE(openssl_verifies(*jwt, ec));
  }
}

TEST(SigningKey, NamesItselfAsToldOrAsItsJwkDoes) {
  const MadeKey ec = MadeKey::ec("P-256");
  Json jwk = ec.jwk();
  jwk.set("kid", "from-jwk");
  EXPECT_EQ(SigningKey::parse(Secret(jwk.dump()))->key_id(), "from-jwk");
  EXPECT_EQ(SigningKey::parse(Secret(jwk.dump()), "told")->key_id(), "told");
  const auto key = SigningKey::parse(Secret(ec.pkcs8()), "told");
  const auto header = unbase64(split(sign(*key), '.')[0]);
  EXPECT_EQ(*header, R"({"typ":"JWT","alg":"ES256","kid":"told"})");
}

TEST(SigningKey, ShowsNoPrivatePartOfAFreshKey) {
  const auto key = SigningKey::generate();
  ASSERT_TRUE(key);
  EXPECT_EQ(key->algorithm(), "RS256");
  ASSERT_EQ(key->public_jwk().members().size(), 3U);
  EXPECT_EQ(key->public_jwk()["kty"].as_string(), "RSA");
  EXPECT_EQ(unbase64(key->public_jwk()["n"].as_string())->size(), 256U);
}

TEST(SigningKey, RefusesWhatOktaWouldWithoutRepeatingIt) {
  const MadeKey ec = MadeKey::ec("P-256");
  const MadeKey rsa = MadeKey::rsa(2048);
  Json half = ec.jwk();
  half.erase("d");
  Json other_half = ec.jwk();
  other_half.set("d", MadeKey::ec("P-256").jwk()["d"]);
  Json no_factors = rsa.jwk();
  no_factors.erase("qi");
  Json set = Json::object();
  set.set("keys", Json::array().push(ec.jwk()));
  std::string cut = rsa.pkcs8();
  cut.erase(cut.size() / 2, 40);
  const std::vector<std::pair<std::string, std::string>> broken{
      {"", "there is no key"},
      {"topsecret", "damaged"},
      {"{\"kty\": topsecret", "neither PEM nor JSON"},
      {"{\"kty\":\"oct\",\"k\":\"topsecret\"}", "neither RSA nor EC"},
      {half.dump(), "no whole private key"},
      {no_factors.dump(), "no readable `qi`"},
      {other_half.dump(), ""},
      {set.dump(), "a set of JWKs"},
      {cut, "damaged"},
      {ec.public_pem(), "the public half"},
      {rsa.encrypted("pass"), "passphrase"},
      {MadeKey::rsa(1024).pkcs8(), "at least 2048 bits"},
      {MadeKey::ec("P-384").pkcs8(), "P-256"},
      {MadeKey::ec("P-384").jwk().dump(), "P-256"},
      {"-----BEGIN CERTIFICATE-----\ntopsecret\n-----END CERTIFICATE-----\n", "a certificate"},
  };
  for (const auto& [text, why] : broken) {
    const auto key = SigningKey::parse(Secret(text));
    ASSERT_FALSE(key) << why;
    EXPECT_EQ(key.error().code, ErrorCode::okta_key_unreadable);
    EXPECT_NE(key.error().message.find(why), std::string::npos) << key.error().message;
    EXPECT_EQ(key.error().message.find("topsecret"), std::string::npos);
  }
}

}  // namespace
}  // namespace rollcall

#include "service/base/digest.h"

#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/params.h>
#include <openssl/rand.h>

#include <cstring>
#include <stdexcept>

namespace rollcall {
namespace {

constexpr char kHex[] = "0123456789abcdef";

int hex_value(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

std::string encode64(std::string_view bytes, const char* alphabet, bool pad) {
  std::string out;
  out.reserve((bytes.size() + 2) / 3 * 4);
  for (std::size_t i = 0; i < bytes.size(); i += 3) {
    const std::size_t left = bytes.size() - i;
    const auto at = [&](std::size_t k) {
      return k < left ? static_cast<std::uint32_t>(static_cast<unsigned char>(bytes[i + k])) : 0U;
    };
    const std::uint32_t v = at(0) << 16 | at(1) << 8 | at(2);
    out += alphabet[v >> 18 & 63];
    out += alphabet[v >> 12 & 63];
    if (left > 1) out += alphabet[v >> 6 & 63];
    if (left > 2) out += alphabet[v & 63];
    if (pad && left < 3) out.append(3 - left, '=');
  }
  return out;
}

int value64(char c) {
  if (c >= 'A' && c <= 'Z') return c - 'A';
  if (c >= 'a' && c <= 'z') return c - 'a' + 26;
  if (c >= '0' && c <= '9') return c - '0' + 52;
  if (c == '+' || c == '-') return 62;
  if (c == '/' || c == '_') return 63;
  return -1;
}

std::uint64_t mix(std::uint64_t x) {
  x ^= x >> 32;
  x *= 0xd6e8feb86659fd93ULL;
  x ^= x >> 32;
  x *= 0xd6e8feb86659fd93ULL;
  x ^= x >> 32;
  return x;
}

std::uint64_t multiply_fold(std::uint64_t a, std::uint64_t b) {
  __extension__ using Wide = unsigned __int128;
  const Wide product = static_cast<Wide>(a) * b;
  return static_cast<std::uint64_t>(product) ^ static_cast<std::uint64_t>(product >> 64);
}

/// 64-bit multiply-fold hash over 8-byte words, little-endian as on every machine we build for.
std::uint64_t seeded_hash(std::string_view bytes, std::uint64_t seed) {
  std::uint64_t h = seed ^ (bytes.size() * 0x9e3779b97f4a7c15ULL);
  const char* p = bytes.data();
  std::size_t left = bytes.size();
  while (left >= 8) {
    std::uint64_t word = 0;
    std::memcpy(&word, p, 8);
    h = multiply_fold(h ^ word, 0xa0761d6478bd642fULL);
    p += 8;
    left -= 8;
  }
  if (left > 0) {
    std::uint64_t word = 0;
    std::memcpy(&word, p, left);
    h = multiply_fold(h ^ word, 0xe7037ed1a0b428dbULL);
  }
  return mix(h);
}

}  // namespace

struct Sha256Stream::State {
  EVP_MD_CTX* ctx = EVP_MD_CTX_new();
  ~State() { EVP_MD_CTX_free(ctx); }
  bool chosen = false;
  void start() {
    // Without an algorithm the context keeps the one it has: fetching it costs more than hashing.
    const EVP_MD* const algorithm = chosen ? nullptr : EVP_sha256();
    if (ctx == nullptr || EVP_DigestInit_ex(ctx, algorithm, nullptr) != 1) {
      throw std::runtime_error("SHA-256 is not available");
    }
    chosen = true;
  }
};

Sha256& Sha256::operator+=(const Sha256& other) {
  unsigned carry = 0;
  for (std::size_t i = bytes.size(); i-- > 0;) {
    const unsigned sum = unsigned{bytes[i]} + other.bytes[i] + carry;
    bytes[i] = static_cast<std::uint8_t>(sum & 0xff);
    carry = sum >> 8;
  }
  return *this;
}

std::string to_text(const Sha256& digest) {
  return "sha256:" + hex({reinterpret_cast<const char*>(digest.bytes.data()), digest.bytes.size()});
}

Result<Sha256> sha256_from_text(std::string_view text) {
  constexpr std::string_view kPrefix = "sha256:";
  const Error bad = make_error(ErrorCode::plan_unreadable, "not a sha256 digest");
  if (text.substr(0, kPrefix.size()) != kPrefix) return bad;
  const auto raw = unhex(text.substr(kPrefix.size()));
  if (!raw || raw->size() != 32) return bad;
  Sha256 out;
  std::memcpy(out.bytes.data(), raw->data(), 32);
  return out;
}

Sha256Stream::Sha256Stream() : state_(std::make_unique<State>()) { state_->start(); }
Sha256Stream::~Sha256Stream() = default;
Sha256Stream::Sha256Stream(Sha256Stream&&) noexcept = default;
Sha256Stream& Sha256Stream::operator=(Sha256Stream&&) noexcept = default;

void Sha256Stream::add(std::string_view bytes) {
  EVP_DigestUpdate(state_->ctx, bytes.data(), bytes.size());
}

Sha256 Sha256Stream::finish() {
  Sha256 out;
  unsigned length = 0;
  EVP_DigestFinal_ex(state_->ctx, out.bytes.data(), &length);
  state_->start();
  return out;
}

Sha256 sha256(std::string_view bytes) {
  // One context per thread, for the reason above.
  thread_local Sha256Stream stream;
  stream.add(bytes);
  return stream.finish();
}

Sha256 hmac_sha256(std::string_view key, std::string_view bytes) {
  // One context per thread that keeps its algorithm, as above.
  struct Mac {
    EVP_MAC* mac = EVP_MAC_fetch(nullptr, "HMAC", nullptr);
    EVP_MAC_CTX* ctx = EVP_MAC_CTX_new(mac);
    bool chosen = false;
    ~Mac() {
      EVP_MAC_CTX_free(ctx);
      EVP_MAC_free(mac);
    }
  };
  thread_local Mac one;
  char name[] = "SHA256";
  const std::array<OSSL_PARAM, 2> algorithm{
      OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, name, 0), OSSL_PARAM_construct_end()};
  Sha256 out;
  std::size_t length = 0;
  // An empty key keeps the one before, unless it is not null.
  const auto* raw = reinterpret_cast<const unsigned char*>(key.empty() ? "" : key.data());
  if (EVP_MAC_init(one.ctx, raw, key.size(), one.chosen ? nullptr : algorithm.data()) != 1 ||
      EVP_MAC_update(one.ctx, reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size()) !=
          1 ||
      EVP_MAC_final(one.ctx, out.bytes.data(), &length, out.bytes.size()) != 1) {
    throw std::runtime_error("HMAC-SHA-256 is not available");
  }
  one.chosen = true;
  return out;
}

Digest128 fast_digest(std::string_view bytes) {
  return {seeded_hash(bytes, 0x8ebc6af09c88c6e3ULL), seeded_hash(bytes, 0x589965cc75374cc3ULL)};
}

std::uint64_t fast_hash(std::string_view bytes) {
  return seeded_hash(bytes, 0x1d8e4e27c47d124fULL);
}

std::string hex(std::string_view bytes) {
  std::string out(bytes.size() * 2, '\0');
  char* to = out.data();
  for (const char c : bytes) {
    const auto u = static_cast<unsigned char>(c);
    *to++ = kHex[u >> 4];
    *to++ = kHex[u & 15];
  }
  return out;
}

Result<std::string> unhex(std::string_view text) {
  std::string out;
  if (text.size() % 2 != 0)
    return make_error(ErrorCode::json_malformed, "odd number of hex digits");
  for (std::size_t i = 0; i < text.size(); i += 2) {
    const int hi = hex_value(text[i]);
    const int lo = hex_value(text[i + 1]);
    if (hi < 0 || lo < 0) return make_error(ErrorCode::json_malformed, "not a hex digit");
    out += static_cast<char>(hi * 16 + lo);
  }
  return out;
}

std::string base64(std::string_view bytes) {
  return encode64(bytes, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/", true);
}

std::string base64url(std::string_view bytes) {
  return encode64(bytes, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_", false);
}

Result<std::string> unbase64(std::string_view text) {
  std::string out;
  std::uint32_t bits = 0;
  int count = 0;
  while (!text.empty() && text.back() == '=') text.remove_suffix(1);
  for (const char c : text) {
    const int v = value64(c);
    if (v < 0) return make_error(ErrorCode::json_malformed, "not a base64 digit");
    bits = bits << 6 | static_cast<std::uint32_t>(v);
    count += 6;
    if (count >= 8) {
      count -= 8;
      out += static_cast<char>(bits >> count & 0xff);
    }
  }
  return out;
}

std::string random_bytes(std::size_t count) {
  std::string out(count, '\0');
  if (RAND_bytes(reinterpret_cast<unsigned char*>(out.data()), static_cast<int>(count)) != 1) {
    throw std::runtime_error("the system gives no random bytes");
  }
  return out;
}

}  // namespace rollcall

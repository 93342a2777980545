// Hashes, keyed hashes, random bytes and their text forms. OpenSSL stays in digest.cpp.
#pragma once

#include <array>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "service/base/result.h"

namespace rollcall {

/// A SHA-256 value; also a 256-bit number for order-independent sums.
struct Sha256 {
  std::array<std::uint8_t, 32> bytes{};
  auto operator<=>(const Sha256&) const = default;
  /// Adds modulo 2^256 (big-endian bytes): the order of summands does not matter.
  Sha256& operator+=(const Sha256& other);
};

/// "sha256:<64 hex>".
std::string to_text(const Sha256& digest);
/// Errors: plan.unreadable if it is not "sha256:" and 64 hex digits.
Result<Sha256> sha256_from_text(std::string_view text);

/// Streaming SHA-256. One thread.
class Sha256Stream {
 public:
  Sha256Stream();
  ~Sha256Stream();
  Sha256Stream(Sha256Stream&&) noexcept;
  Sha256Stream& operator=(Sha256Stream&&) noexcept;
  void add(std::string_view bytes);
  /// Ends the stream and starts a new one.
  Sha256 finish();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

Sha256 sha256(std::string_view bytes);
Sha256 hmac_sha256(std::string_view key, std::string_view bytes);

/// A fast 128-bit non-cryptographic digest, stable across machines. Not for untrusted proof.
struct Digest128 {
  std::uint64_t hi = 0;
  std::uint64_t lo = 0;
  auto operator<=>(const Digest128&) const = default;
};
Digest128 fast_digest(std::string_view bytes);
std::uint64_t fast_hash(std::string_view bytes);

std::string hex(std::string_view bytes);
Result<std::string> unhex(std::string_view text);
std::string base64(std::string_view bytes);
std::string base64url(std::string_view bytes);        // without padding
Result<std::string> unbase64(std::string_view text);  // either alphabet, padding optional

/// Cryptographically random bytes from the system.
std::string random_bytes(std::size_t count);

}  // namespace rollcall

#include "connectors/okta/totp.h"

#include <fmt/core.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <array>
#include <cstdint>

namespace rollcall {
namespace {

constexpr std::int64_t kPeriod_ms = 30'000;
constexpr std::uint32_t kDigits = 1'000'000;
constexpr std::size_t kLeastBytes = 10;  // 80 bits: what authenticator apps take at least

/// Value of a Base32 letter; -1 for any other.
int letter_value(char c) {
  if (c >= 'A' && c <= 'Z') return c - 'A';
  if (c >= 'a' && c <= 'z') return c - 'a';
  if (c >= '2' && c <= '7') return c - '2' + 26;
  return -1;
}

}  // namespace

Result<Secret> totp_secret(std::string_view base32) {
  std::string bytes;
  std::uint32_t held = 0;
  int bits = 0;
  for (const char c : base32) {
    if (c == ' ' || c == '-' || c == '=' || c == '\n' || c == '\r') continue;
    const int value = letter_value(c);
    if (value < 0) {
      return make_error(ErrorCode::sign_in_totp_invalid, "the TOTP secret is not Base32");
    }
    held = (held << 5U) | static_cast<std::uint32_t>(value);
    bits += 5;
    if (bits < 8) continue;
    bits -= 8;
    bytes += static_cast<char>((held >> static_cast<unsigned>(bits)) & 0xffU);
  }
  if (bytes.size() < kLeastBytes) {
    return make_error(ErrorCode::sign_in_totp_invalid, "the TOTP secret is too short");
  }
  return Secret(std::move(bytes));
}

std::string totp_code(const Secret& secret, WallTime at) {
  std::uint64_t counter = static_cast<std::uint64_t>(at.ms / kPeriod_ms);
  std::array<unsigned char, 8> message{};
  for (std::size_t i = message.size(); i-- > 0; counter >>= 8U) {
    message[i] = static_cast<unsigned char>(counter & 0xffU);
  }
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned int length = 0;
  const std::string_view key = secret.reveal();
  const auto* made = HMAC(EVP_sha1(), key.data(), static_cast<int>(key.size()), message.data(),
                          message.size(), digest.data(), &length);
  ROLLCALL_ASSERT(made != nullptr && length == 20);
  const std::size_t offset = digest[length - 1] & 0x0fU;  // RFC 4226, 5.3
  const std::uint32_t number = (static_cast<std::uint32_t>(digest[offset] & 0x7fU) << 24U) |
                               (static_cast<std::uint32_t>(digest[offset + 1]) << 16U) |
                               (static_cast<std::uint32_t>(digest[offset + 2]) << 8U) |
                               static_cast<std::uint32_t>(digest[offset + 3]);
  return fmt::format("{:06}", number % kDigits);
}

}  // namespace rollcall

// Ids in Okta's form, repeatable for a seed: 20 word characters, prefix by type.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace rollcall::sim {

class IdSource {
 public:
  explicit IdSource(std::uint64_t seed) : seed_(seed) {}
  /// A new object id, for example prefix "00u".
  std::string object(std::string_view prefix);
  /// X-Okta-Request-Id: 32 hex digits, the form of 2025 and later.
  std::string request();
  std::string error();
  /// Activation and reset tokens, temporary passwords: opaque text of `length` letters and digits.
  std::string token(std::size_t length);

 private:
  std::uint64_t next();
  std::uint64_t seed_;
  std::uint64_t drawn_ = 0;
  std::uint64_t objects_ = 0;
};

}  // namespace rollcall::sim

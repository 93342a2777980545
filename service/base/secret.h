// A secret in memory: no conversion to text, wiped when it goes.
#pragma once

#include <string>
#include <string_view>

namespace rollcall {

/// Holds a token, key or password. It has no operator<< and no formatter, so that logging one does
/// not compile; `reveal` is the one way in, used at the edge that needs the bytes.
class Secret {
 public:
  Secret() = default;
  explicit Secret(std::string value) : value_(std::move(value)) {}
  Secret(const Secret&) = default;
  Secret& operator=(const Secret&) = default;
  Secret(Secret&&) noexcept = default;
  Secret& operator=(Secret&&) noexcept = default;
  ~Secret();

  std::string_view reveal() const { return value_; }
  bool empty() const { return value_.empty(); }

 private:
  std::string value_;
};

}  // namespace rollcall

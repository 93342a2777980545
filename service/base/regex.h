// Regular expressions in linear time (RE2). std::regex is banned: it overflows the stack.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "service/base/result.h"

namespace rollcall {

/// Compiled once, immutable, thread safe.
class Regex {
 public:
  /// Errors: regex.invalid with RE2's reason.
  static Result<Regex> compile(std::string_view pattern, bool ignore_case = false);
  bool full_match(std::string_view text) const;
  bool partial_match(std::string_view text) const;
  /// Replaces every match; `\1` refers to groups.
  std::string replace_all(std::string_view text, std::string_view rewrite) const;

  struct Impl;

 private:
  explicit Regex(std::shared_ptr<const Impl> impl) : impl_(std::move(impl)) {}
  std::shared_ptr<const Impl> impl_;
};

}  // namespace rollcall

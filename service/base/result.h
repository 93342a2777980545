// Result<T>: a value or an Error. Expected failure is a value here; exceptions mean that the
// process cannot go on (ARCHITECTURE.md, section 5).
#pragma once

#include <string>
#include <tl/expected.hpp>
#include <utility>

#include "service/base/error.h"

namespace rollcall {

/// A value of T or an Error. Nodiscard: a dropped error does not compile.
/// Usage: `if (!r) return r.error();` and `*r`, `r->member`.
template <class T>
class [[nodiscard]] Result {
 public:
  Result(T value) : held_(std::move(value)) {}  // NOLINT: converts on purpose, as tl::expected does
  Result(Error error) : held_(tl::unexpect, std::move(error)) {}  // NOLINT

  explicit operator bool() const { return held_.has_value(); }
  bool has_value() const { return held_.has_value(); }
  T& operator*() & { return *held_; }
  const T& operator*() const& { return *held_; }
  T&& operator*() && { return *std::move(held_); }
  T* operator->() { return &*held_; }
  const T* operator->() const { return &*held_; }
  const Error& error() const { return held_.error(); }

 private:
  tl::expected<T, Error> held_;
};

template <>
class [[nodiscard]] Result<void> {
 public:
  Result() = default;
  Result(Error error) : held_(tl::unexpect, std::move(error)) {}  // NOLINT

  explicit operator bool() const { return held_.has_value(); }
  bool has_value() const { return held_.has_value(); }
  const Error& error() const { return held_.error(); }

 private:
  tl::expected<void, Error> held_;
};

/// The success value of a Result<void>.
inline Result<void> ok() { return {}; }

}  // namespace rollcall

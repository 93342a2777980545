// What evaluation works with: values that only point at text, and the arena that owns what is made
// on the way. Nothing here is copied to the heap until the result is.
#pragma once

#include <cstdint>
#include <cstring>
#include <memory>
#include <string_view>
#include <type_traits>
#include <vector>

#include "service/base/json.h"

namespace rollcall::expr {

inline constexpr std::size_t kMaxSourceBytes = 64 * 1024;
inline constexpr std::size_t kMaxTextBytes = 1 << 20;
inline constexpr std::size_t kMaxElements = 10'000;
inline constexpr std::size_t kMaxArenaBytes = 16 << 20;
inline constexpr int kMaxDepth = 200;     // nesting as it is written
inline constexpr int kMaxHeight = 2'000;  // levels of the tree

/// `failed`: the evaluator holds the error.
enum class Kind : std::uint8_t {
  null,
  unknown,
  failed,
  boolean,
  integer,
  number,
  text,
  array,
  object,
  time,
  country
};

/// A zone by name, or a fixed offset if the name is empty.
struct Zone {
  std::string_view name;
  std::int64_t offset_seconds = 0;
};

struct Country;

/// A value that owns nothing. Trivial on purpose: it lives in the arena.
struct Val {
  Kind kind = Kind::null;
  std::uint32_t size = 0;  // bytes of a text, elements of an array
  union {
    bool boolean;
    std::int64_t integer = 0;  // also the instant of a time, in milliseconds
    double number;
    const char* text;
    const Val* items;
    const Json* object;
    const Country* country;
  };
  const Zone* zone = nullptr;  // of a time; null: UTC

  static Val of(Kind k) {
    Val v;
    v.kind = k;
    return v;
  }
  static Val of_bool(bool b) {
    Val v = of(Kind::boolean);
    v.boolean = b;
    return v;
  }
  static Val of_int(std::int64_t i) {
    Val v = of(Kind::integer);
    v.integer = i;
    return v;
  }
  static Val of_number(double d) {
    Val v = of(Kind::number);
    v.number = d;
    return v;
  }
  static Val of_text(std::string_view s) {
    Val v = of(Kind::text);
    v.text = s.data();
    v.size = static_cast<std::uint32_t>(s.size());
    return v;
  }
  static Val of_items(const Val* items, std::size_t count) {
    Val v = of(Kind::array);
    v.items = items;
    v.size = static_cast<std::uint32_t>(count);
    return v;
  }
  static Val of_object(const Json* json) {
    Val v = of(Kind::object);
    v.object = json;
    return v;
  }
  static Val of_time(std::int64_t ms, const Zone* zone) {
    Val v = of(Kind::time);
    v.integer = ms;
    v.zone = zone;
    return v;
  }
  static Val of_country(const Country* country) {
    Val v = of(Kind::country);
    v.country = country;
    return v;
  }

  bool is(Kind k) const { return kind == k; }
  /// Nothing can be computed from it: unknown or failed.
  bool stops() const { return kind == Kind::unknown || kind == Kind::failed; }
  bool is_numeric() const { return kind == Kind::integer || kind == Kind::number; }
  double as_double() const { return kind == Kind::integer ? static_cast<double>(integer) : number; }
  std::string_view str() const { return {text, size}; }
};
static_assert(std::is_trivially_destructible_v<Val> && std::is_trivially_copyable_v<Val>);

/// Memory of one evaluation. The first bytes need no heap.
class Arena {
 public:
  Arena() = default;
  Arena(const Arena&) = delete;
  Arena& operator=(const Arena&) = delete;

  /// Null when the evaluation has used up what one may.
  void* take(std::size_t bytes) {
    bytes = (bytes + 7) & ~std::size_t{7};
    if (bytes > left_) return grow(bytes);
    void* out = at_;
    at_ += bytes;
    left_ -= bytes;
    return out;
  }

 private:
  void* grow(std::size_t bytes) {
    constexpr std::size_t kBlock = 32 * 1024;
    const std::size_t size = bytes > kBlock ? bytes : kBlock;
    if (size > kMaxArenaBytes - used_) return nullptr;
    used_ += size;
    blocks_.push_back(std::make_unique_for_overwrite<char[]>(size));
    char* block = blocks_.back().get();
    if (size - bytes > left_) {
      at_ = block + bytes;
      left_ = size - bytes;
    }
    return block;
  }

  alignas(8) char inline_[512];
  char* at_ = inline_;
  std::size_t left_ = sizeof inline_;
  std::size_t used_ = 0;
  std::vector<std::unique_ptr<char[]>> blocks_;
};

}  // namespace rollcall::expr

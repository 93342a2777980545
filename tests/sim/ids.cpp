#include "tests/sim/ids.h"

#include <fmt/core.h>

namespace rollcall::sim {
namespace {

constexpr std::string_view kAlphabet =
    "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

// SplitMix64: every seed gives a full-period, well-spread sequence.
std::uint64_t mix(std::uint64_t x) {
  x += 0x9E3779B97F4A7C15ULL;
  x = (x ^ (x >> 30)) * 0xBF58476D1CE4E5B9ULL;
  x = (x ^ (x >> 27)) * 0x94D049BB133111EBULL;
  return x ^ (x >> 31);
}

void append_base62(std::string& out, std::uint64_t value, int digits) {
  for (int i = 0; i < digits; ++i) {
    out += kAlphabet[value % 62];
    value /= 62;
  }
}

}  // namespace

std::uint64_t IdSource::next() { return mix(seed_ ^ mix(++drawn_)); }

std::string IdSource::object(std::string_view prefix) {
  constexpr std::uint64_t kSpan = 62ULL * 62 * 62 * 62 * 62 * 62;
  // Multiplying by a number prime to 62 permutes the counter, so that ids are unique.
  const std::uint64_t unique = (++objects_ * 36028797019ULL) % kSpan;
  std::string id(prefix);
  append_base62(id, unique, 6);
  append_base62(id, mix(seed_ + objects_), static_cast<int>(20 - prefix.size() - 6 - 3));
  id += "1d7";  // the part that all ids of one org share
  return id;
}

std::string IdSource::request() { return fmt::format("{:016x}{:016x}", next(), next()); }

std::string IdSource::error() { return "oae" + token(22); }

std::string IdSource::token(std::size_t length) {
  std::string out;
  while (out.size() < length) out += kAlphabet[next() % 62];
  return out;
}

}  // namespace rollcall::sim

// Which ids a listing has seen, and in which pass: 9 bytes an id, for millions of them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include "service/base/digest.h"

namespace rollcall {

/// Ids by a 64-bit hash: of ten million, two fall together once in 400,000 listings.
class IdSet {
 public:
  /// The pass that saw the id last; 0 if none has. Then it is `pass`'s.
  std::uint8_t mark(std::string_view id, std::uint8_t pass) {
    if ((count_ + 1) * 10 > slots_.size() * 7) grow();
    const std::size_t at = place(hash(id));
    if (passes_[at] == 0) {
      slots_[at] = hash(id);
      ++count_;
    }
    const std::uint8_t before = passes_[at];
    passes_[at] = pass;
    return before;
  }
  std::uint8_t pass_of(std::string_view id) const {
    return slots_.empty() ? std::uint8_t{0} : passes_[place(hash(id))];
  }
  std::size_t size() const { return count_; }

 private:
  static std::uint64_t hash(std::string_view id) { return fast_hash(id); }
  std::size_t place(std::uint64_t key) const {
    const std::size_t mask = slots_.size() - 1;
    std::size_t at = key & mask;
    while (passes_[at] != 0 && slots_[at] != key) at = (at + 1) & mask;
    return at;
  }
  void grow() {
    const std::vector<std::uint64_t> slots = std::move(slots_);
    const std::vector<std::uint8_t> passes = std::move(passes_);
    const std::size_t size = slots.empty() ? 1024 : slots.size() * 2;
    slots_.assign(size, 0);
    passes_.assign(size, 0);
    for (std::size_t i = 0; i < slots.size(); ++i) {
      if (passes[i] == 0) continue;
      const std::size_t at = place(slots[i]);
      slots_[at] = slots[i];
      passes_[at] = passes[i];
    }
  }

  std::vector<std::uint64_t> slots_;
  std::vector<std::uint8_t> passes_;
  std::size_t count_ = 0;
};

}  // namespace rollcall

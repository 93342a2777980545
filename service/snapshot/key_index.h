// An open-addressing index from key hashes to 32-bit references: 8 bytes a slot, no allocation per
// entry. Several references may share a key.
#pragma once

#include <cstdint>
#include <vector>

namespace rollcall {

/// Holds (32-bit hash, reference) pairs; the caller compares real keys. At most 2^31 entries.
class KeyIndex {
 public:
  void reserve(std::size_t entries);
  void insert(std::uint64_t hash, std::uint32_t ref);

  /// Calls `visit(ref)` for every entry whose hash fits; a visitor that returns false stops.
  template <class Visit>
  void probe(std::uint64_t hash, Visit visit) const {
    if (slots_.empty()) return;
    const std::size_t mask = slots_.size() - 1;
    const auto key = static_cast<std::uint32_t>(hash);
    for (std::size_t i = start(key, mask); slots_[i].ref_plus_1 != 0; i = (i + 1) & mask) {
      if (slots_[i].key == key && !visit(slots_[i].ref_plus_1 - 1)) return;
    }
  }

  std::size_t size() const { return count_; }

 private:
  struct Slot {
    std::uint32_t key = 0;
    std::uint32_t ref_plus_1 = 0;  // 0: free
  };
  static std::size_t start(std::uint32_t key, std::size_t mask) {
    return (std::size_t{key} * 0x9e3779b97f4a7c15ULL >> 24) & mask;
  }
  void place(Slot slot);
  void grow(std::size_t slots);

  std::vector<Slot> slots_;
  std::size_t count_ = 0;
};

}  // namespace rollcall

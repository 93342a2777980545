#include "service/snapshot/key_index.h"

#include <utility>

#include "service/base/error.h"

namespace rollcall {

void KeyIndex::reserve(std::size_t entries) {
  std::size_t slots = 16;
  while (slots * 4 < entries * 5) slots *= 2;
  if (slots > slots_.size()) grow(slots);
}

void KeyIndex::insert(std::uint64_t hash, std::uint32_t ref) {
  ROLLCALL_ASSERT(ref < 0x7fffffffU);
  if (slots_.empty() || (count_ + 1) * 5 > slots_.size() * 4) {
    grow(slots_.empty() ? 16 : slots_.size() * 2);
  }
  place({static_cast<std::uint32_t>(hash), ref + 1});
  ++count_;
}

void KeyIndex::place(Slot slot) {
  const std::size_t mask = slots_.size() - 1;
  std::size_t i = start(slot.key, mask);
  while (slots_[i].ref_plus_1 != 0) i = (i + 1) & mask;
  slots_[i] = slot;
}

void KeyIndex::grow(std::size_t slots) {
  std::vector<Slot> old = std::exchange(slots_, std::vector<Slot>(slots));
  for (const Slot& slot : old) {
    if (slot.ref_plus_1 != 0) place(slot);
  }
}

}  // namespace rollcall

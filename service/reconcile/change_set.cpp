#include "service/reconcile/change_set.h"

#include <utility>

namespace rollcall {
namespace {

std::uint64_t stored(std::uint64_t digest) { return digest == 0 ? 1 : digest; }

}  // namespace

bool plans_anything(const PersonChange& change) {
  return change.create || change.link || change.unlink || !change.lifecycle.empty() ||
         !change.desired.empty() || !change.add_groups.empty() || !change.remove_groups.empty();
}

bool SeenKeys::mark(std::uint64_t digest) {
  if ((count_ + 1) * 4 > slots_.size() * 3) grow();
  const std::uint64_t key = stored(digest);
  const std::size_t mask = slots_.size() - 1;
  std::size_t i = key & mask;
  for (; slots_[i] != 0; i = (i + 1) & mask) {
    if (slots_[i] == key) return true;
  }
  slots_[i] = key;
  ++count_;
  return false;
}

bool SeenKeys::has(std::uint64_t digest) const {
  if (slots_.empty()) return false;
  const std::uint64_t key = stored(digest);
  const std::size_t mask = slots_.size() - 1;
  for (std::size_t i = key & mask; slots_[i] != 0; i = (i + 1) & mask) {
    if (slots_[i] == key) return true;
  }
  return false;
}

void SeenKeys::grow() {
  std::vector<std::uint64_t> old =
      std::exchange(slots_, std::vector<std::uint64_t>(slots_.empty() ? 1024 : slots_.size() * 2));
  const std::size_t mask = slots_.size() - 1;
  for (const std::uint64_t key : old) {
    if (key == 0) continue;
    std::size_t i = key & mask;
    while (slots_[i] != 0) i = (i + 1) & mask;
    slots_[i] = key;
  }
}

}  // namespace rollcall

#include "service/execute/refusals.h"

#include <algorithm>

namespace rollcall {

void Refusals::taken(std::uint64_t serial) { newest_taken_ = std::max(newest_taken_, serial); }

std::vector<std::uint32_t> Refusals::about_targets() const {
  std::vector<std::uint32_t> out;
  for (const auto& [operation, serial] : kept_) {
    if (is_about_target(serial)) out.push_back(operation);
  }
  return out;
}

std::vector<std::uint32_t> Refusals::all() const {
  std::vector<std::uint32_t> out;
  for (const auto& [operation, serial] : kept_) out.push_back(operation);
  return out;
}

}  // namespace rollcall

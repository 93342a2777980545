#include "service/ports/journal.h"

#include <array>

namespace rollcall {
namespace {

constexpr std::array<std::string_view, 13> kStates{
    "planned",     "intent", "applied", "retry",   "failed",    "conflict",  "ambiguous",
    "quarantined", "held",   "blocked", "skipped", "withdrawn", "superseded"};

}  // namespace

std::string_view to_string(OperationState state) {
  return kStates[static_cast<std::size_t>(state)];
}

std::optional<OperationState> operation_state(std::string_view text) {
  for (std::size_t i = 0; i < kStates.size(); ++i) {
    if (kStates[i] == text) return static_cast<OperationState>(i);
  }
  return std::nullopt;
}

}  // namespace rollcall

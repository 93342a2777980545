// How often a read outside of a listing is asked again, and after which pause.
#pragma once

#include <cstdint>

#include "service/base/clock.h"

namespace rollcall {

inline constexpr int kMostReads = 4;

/// Blocks for a quarter of a second before the first repeat, doubled for each further one.
inline void pause_before_repeat(int tries_made) {
  constexpr std::int64_t kFirst_ms = 250;
  sleep_ms(kFirst_ms << (tries_made - 1));
}

}  // namespace rollcall

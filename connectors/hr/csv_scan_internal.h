// Finds the bytes that matter to CSV, 64 at a time: which bytes of a window are a delimiter, a line
// feed or a quote, and whether the window holds anything beyond ASCII or a NUL.
#pragma once

#include <cstddef>
#include <cstdint>

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

namespace rollcall::csv_scan {

inline constexpr std::size_t kWindow = 64;

struct Masks {
  std::uint64_t structural = 0;  // bit i: byte i is delimiter, line feed or quote
  bool high = false;             // some byte is beyond ASCII
  bool nul = false;
};

/// Any machine. `window` must have kWindow readable bytes.
inline Masks scan_portable(const char* window, char delimiter) {
  Masks masks;
  for (std::size_t i = 0; i < kWindow; ++i) {
    const char c = window[i];
    if (c == delimiter || c == '\n' || c == '"') masks.structural |= std::uint64_t{1} << i;
    masks.high = masks.high || (static_cast<unsigned char>(c) & 0x80) != 0;
    masks.nul = masks.nul || c == '\0';
  }
  return masks;
}

#if defined(__SSE2__)
inline Masks scan(const char* window, char delimiter) {
  const __m128i delimiters = _mm_set1_epi8(delimiter);
  const __m128i feeds = _mm_set1_epi8('\n');
  const __m128i quotes = _mm_set1_epi8('"');
  Masks masks;
  int high = 0;
  __m128i nul = _mm_setzero_si128();
  for (unsigned i = 0; i < 4; ++i) {
    const __m128i bytes = _mm_loadu_si128(reinterpret_cast<const __m128i*>(window + i * 16));
    const __m128i hits =
        _mm_or_si128(_mm_or_si128(_mm_cmpeq_epi8(bytes, delimiters), _mm_cmpeq_epi8(bytes, feeds)),
                     _mm_cmpeq_epi8(bytes, quotes));
    masks.structural |=
        static_cast<std::uint64_t>(static_cast<std::uint32_t>(_mm_movemask_epi8(hits))) << (i * 16);
    high |= _mm_movemask_epi8(bytes);
    nul = _mm_or_si128(nul, _mm_cmpeq_epi8(bytes, _mm_setzero_si128()));
  }
  masks.high = high != 0;
  masks.nul = _mm_movemask_epi8(nul) != 0;
  return masks;
}
#else
inline Masks scan(const char* window, char delimiter) { return scan_portable(window, delimiter); }
#endif

}  // namespace rollcall::csv_scan

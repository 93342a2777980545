// Any bytes as CSV: no crash, bounded memory, and the same records wherever blocks end.
#include <cstddef>
#include <cstdint>
#include <string>

#include "connectors/hr/csv.h"

namespace {

/// Everything a reading gave, as one text.
std::string reading(std::string_view text, char delimiter, std::size_t block_bytes) {
  rollcall::MemoryBytes bytes(text);
  rollcall::CsvReader reader(bytes, delimiter,
                             {.block_bytes = block_bytes, .field_bytes = 40, .row_bytes = 200});
  std::string seen;
  while (true) {
    const auto row = reader.next();
    if (!row) return seen + rollcall::describe(row.error());
    if (*row == nullptr) break;
    seen += std::to_string((*row)->line()) + ((*row)->has_nul() ? "N" : "-");
    for (std::size_t i = 0; i < (*row)->size(); ++i) {
      seen += (*row)->too_long(i) ? "!" : "=";
      seen += (*row)->text(i);
    }
    seen += '\n';
  }
  ROLLCALL_ASSERT(reader.buffer_bytes() < block_bytes + 1024);
  return seen;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  if (size < 2) return 0;
  const std::string_view text(reinterpret_cast<const char*>(bytes) + 2, size - 2);
  const char delimiter = ",;\t|"[bytes[0] % 4];
  const std::string whole = reading(text, delimiter, text.size() + 1);
  ROLLCALL_ASSERT(reading(text, delimiter, std::size_t{1} + bytes[1] % 100) == whole);
  return 0;
}

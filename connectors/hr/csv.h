// RFC 4180 records out of a stream of bytes, block by block, in bounded memory. Knows nothing of
// people: columns, keys and certificates are csv_source's.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "service/base/result.h"

namespace rollcall {

/// Where the bytes of a text come from.
class ByteReader {
 public:
  virtual ~ByteReader() = default;
  /// Fills a part of `into`, at least one byte; 0 is the end.
  virtual Result<std::size_t> read(std::span<char> into) = 0;
};

/// A text in memory that outlives the reader.
class MemoryBytes final : public ByteReader {
 public:
  explicit MemoryBytes(std::string_view text) : rest_(text) {}
  Result<std::size_t> read(std::span<char> into) override;

 private:
  std::string_view rest_;
};

/// Bytes. Memory is one block and, for records across blocks, at most one row.
struct CsvLimits {
  std::size_t block_bytes = std::size_t{1} << 20;
  std::size_t field_bytes = std::size_t{1} << 20;
  std::size_t row_bytes = std::size_t{8} << 20;
};

/// One record. Valid until the next call of CsvReader::next.
class CsvRow {
 public:
  /// Number of fields, those beyond the stored ones included.
  std::size_t size() const { return fields_.size() + fields_dropped_; }
  /// Text of a field, quotes and their doubling removed; empty for a field that is too long.
  std::string_view text(std::size_t index);
  bool too_long(std::size_t index) const {
    return index >= fields_.size() || fields_[index].too_long;
  }
  bool any_too_long() const { return any_too_long_; }
  /// False only if every byte is ASCII.
  bool maybe_beyond_ascii() const { return maybe_beyond_ascii_; }
  bool has_nul() const { return has_nul_; }
  /// False for a last line that the text leaves unfinished.
  bool ends_with_newline() const { return ends_with_newline_; }
  /// 1-based line on which the record starts.
  std::uint64_t line() const { return line_; }

 private:
  friend class CsvReader;
  struct Field {
    char* begin = nullptr;
    std::size_t length = 0;   // raw bytes, doubled quotes counted twice
    std::size_t escapes = 0;  // doubled quotes still in the text
    bool too_long = false;
  };
  std::vector<Field> fields_;
  std::size_t fields_dropped_ = 0;
  std::size_t total_bytes_ = 0;
  std::uint64_t line_ = 0;
  bool any_too_long_ = false;
  bool maybe_beyond_ascii_ = false;
  bool has_nul_ = false;
  bool ends_with_newline_ = false;
  bool blank_line_ = false;
};

/// Splits a text into records. Strict about quotes: what follows a closing quote must be a
/// delimiter or a line end, and a quote must be closed. A quote inside a field that does not start
/// with one is text. Lines end in LF or CRLF; empty lines are skipped. One thread.
class CsvReader {
 public:
  CsvReader(ByteReader& bytes, char delimiter, CsvLimits limits = {});

  /// The next record, or nullptr at the end. Errors: those of the ByteReader; source.quote_stray,
  /// source.quote_unterminated, source.field_runaway (an over-long field that spans lines: it may
  /// have swallowed records). After an error the reader is of no more use.
  Result<CsvRow*> next();

  /// What lies in memory unread, at the start the first block. Errors: those of the ByteReader.
  Result<std::string_view> peek();
  void set_delimiter(char delimiter);

  /// Bytes held for text; what "bounded memory" is tested by.
  std::size_t buffer_bytes() const { return block_.capacity() + scratch_.capacity(); }

 private:
  enum class Cut : std::uint8_t { whole, incomplete, stray };
  enum class After : std::uint8_t { next_field, end_of_row, incomplete, stray };
  class Assembler;

  Result<void> fill();
  Cut split_in_block();
  After quoted_field(char*& at);
  After plain_field(char*& at);
  Result<void> split_across_blocks();
  void begin_row();
  bool add_field(char* begin, std::size_t length, std::size_t escapes);
  void end_row(bool newline);
  char* next_structural(char* from);
  void load_window(std::size_t window);
  Error stray_quote() const;

  ByteReader& bytes_;
  char delimiter_;
  CsvLimits limits_;
  std::vector<char> block_;
  std::string scratch_;  // the fields of a record that crosses blocks
  char* at_ = nullptr;   // start of the next record
  char* end_ = nullptr;
  bool last_block_ = false;
  std::uint64_t line_ = 1;        // on which the next record starts
  std::uint64_t line_feeds_ = 0;  // inside quotes of this record
  bool runaway_ = false;
  std::size_t window_ = 0;  // the window the masks stand for
  std::uint64_t structural_ = 0;
  bool window_high_ = false;
  bool window_nul_ = false;
  CsvRow row_;
};

}  // namespace rollcall

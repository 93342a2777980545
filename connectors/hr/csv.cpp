#include "connectors/hr/csv.h"

#include <fmt/core.h>

#include <algorithm>
#include <bit>
#include <cstring>
#include <limits>

#include "connectors/hr/csv_scan_internal.h"
#include "service/base/text.h"

namespace rollcall {
namespace {

constexpr std::size_t kNoWindow = std::numeric_limits<std::size_t>::max();
// A line of nothing but delimiters must not fill memory with fields.
constexpr std::size_t kMaxFields = 65536;

}  // namespace

Result<std::size_t> MemoryBytes::read(std::span<char> into) {
  const std::size_t n = std::min(into.size(), rest_.size());
  if (n > 0) std::memcpy(into.data(), rest_.data(), n);
  rest_.remove_prefix(n);
  return n;
}

std::string_view CsvRow::text(std::size_t index) {
  if (too_long(index)) return {};
  Field& field = fields_[index];
  if (field.escapes > 0) {
    // The block is ours and this record is done with it: doubled quotes are closed up in place.
    char* to = field.begin;
    const char* end = field.begin + field.length;
    for (const char* from = field.begin; from < end; ++from) {
      *to++ = *from;
      if (*from == '"') ++from;
    }
    field.length = static_cast<std::size_t>(to - field.begin);
    field.escapes = 0;
  }
  return {field.begin, field.length};
}

CsvReader::CsvReader(ByteReader& bytes, char delimiter, CsvLimits limits)
    : bytes_(bytes), delimiter_(delimiter), limits_(limits) {
  ROLLCALL_ASSERT(limits_.block_bytes > 0);
  block_.resize(limits_.block_bytes + csv_scan::kWindow, ' ');
  at_ = end_ = block_.data();
  window_ = kNoWindow;
}

void CsvReader::set_delimiter(char delimiter) {
  ROLLCALL_ASSERT(delimiter != '"' && delimiter != '\n' && delimiter != '\r');
  delimiter_ = delimiter;
  window_ = kNoWindow;
}

Result<std::string_view> CsvReader::peek() {
  if (at_ == end_ && !last_block_) {
    if (const auto filled = fill(); !filled) return filled.error();
  }
  return std::string_view(at_, static_cast<std::size_t>(end_ - at_));
}

Result<void> CsvReader::fill() {
  std::size_t have = 0;
  while (have < limits_.block_bytes) {
    const auto n = bytes_.read({block_.data() + have, limits_.block_bytes - have});
    if (!n) return n.error();
    if (*n == 0) {
      last_block_ = true;
      break;
    }
    have += *n;
  }
  at_ = block_.data();
  end_ = at_ + have;
  std::memset(end_, ' ', csv_scan::kWindow);
  window_ = kNoWindow;
  return ok();
}

Result<CsvRow*> CsvReader::next() {
  while (true) {
    if (at_ == end_ && !last_block_) {
      if (const auto filled = fill(); !filled) return filled.error();
    }
    if (at_ == end_) return static_cast<CsvRow*>(nullptr);
    begin_row();
    const Cut cut = split_in_block();
    if (cut == Cut::stray) return stray_quote();
    if (cut == Cut::incomplete) {
      if (const auto split = split_across_blocks(); !split) return split.error();
    }
    if (runaway_) {
      return make_error(
          ErrorCode::source_field_runaway,
          fmt::format("the record on line {} has a quoted field of more than {} bytes "
                      "that runs over several lines, so a quote is out of place",
                      row_.line_, with_thousands(static_cast<long long>(limits_.field_bytes))));
    }
    if (!row_.blank_line_) return &row_;
  }
}

Error CsvReader::stray_quote() const {
  return make_error(ErrorCode::source_quote_stray,
                    fmt::format("on line {} text follows a closing quote, so where the record that "
                                "starts on line {} ends is not certain",
                                row_.line_ + line_feeds_, row_.line_));
}

void CsvReader::begin_row() {
  row_.fields_.clear();
  row_.fields_dropped_ = 0;
  row_.total_bytes_ = 0;
  row_.line_ = line_;
  row_.any_too_long_ = false;
  row_.blank_line_ = false;
  const bool same_window =
      static_cast<std::size_t>(at_ - block_.data()) / csv_scan::kWindow == window_;
  row_.maybe_beyond_ascii_ = same_window && window_high_;
  row_.has_nul_ = same_window && window_nul_;
  line_feeds_ = 0;
  runaway_ = false;
}

bool CsvReader::add_field(char* begin, std::size_t length, std::size_t escapes) {
  row_.total_bytes_ += length - escapes;
  const bool too_long =
      length - escapes > limits_.field_bytes || row_.total_bytes_ > limits_.row_bytes;
  row_.any_too_long_ = row_.any_too_long_ || too_long;
  if (row_.fields_.size() == kMaxFields) {
    ++row_.fields_dropped_;
  } else {
    row_.fields_.push_back({begin, length, escapes, too_long});
  }
  return too_long;
}

void CsvReader::end_row(bool newline) {
  row_.ends_with_newline_ = newline;
  line_ += line_feeds_ + (newline ? 1 : 0);
}

void CsvReader::load_window(std::size_t window) {
  const csv_scan::Masks masks =
      csv_scan::scan(block_.data() + window * csv_scan::kWindow, delimiter_);
  window_ = window;
  structural_ = masks.structural;
  window_high_ = masks.high;
  window_nul_ = masks.nul;
  row_.maybe_beyond_ascii_ = row_.maybe_beyond_ascii_ || masks.high;
  row_.has_nul_ = row_.has_nul_ || masks.nul;
}

/// The first delimiter, line feed or quote at or after `from`; end_ if none.
inline char* CsvReader::next_structural(char* from) {
  const auto offset = static_cast<std::size_t>(from - block_.data());
  const auto size = static_cast<std::size_t>(end_ - block_.data());
  if (offset >= size) return end_;
  std::size_t window = offset / csv_scan::kWindow;
  if (window != window_) load_window(window);
  std::uint64_t hits = structural_ & (~std::uint64_t{0} << (offset % csv_scan::kWindow));
  while (hits == 0) {
    if (++window * csv_scan::kWindow >= size) return end_;
    load_window(window);
    hits = structural_;
  }
  const std::size_t found =
      window * csv_scan::kWindow + static_cast<std::size_t>(std::countr_zero(hits));
  return found < size ? block_.data() + found : end_;
}

CsvReader::Cut CsvReader::split_in_block() {
  char* at = at_;
  while (true) {
    const After after = at < end_ && *at == '"' ? quoted_field(at) : plain_field(at);
    if (after == After::next_field) continue;
    if (after == After::incomplete) return Cut::incomplete;
    if (after == After::stray) return Cut::stray;
    break;
  }
  row_.blank_line_ = row_.fields_.size() == 1 && row_.fields_[0].length == 0 && *at_ != '"';
  // The masks are of whole windows, which neighbours share: only now look closely.
  if (row_.has_nul_) {
    row_.has_nul_ = std::memchr(at_, '\0', static_cast<std::size_t>(at - at_)) != nullptr;
  }
  end_row(at > at_ && at[-1] == '\n');
  at_ = at;
  return Cut::whole;
}

/// Takes the field at `at` and moves `at` behind its delimiter or line end.
CsvReader::After CsvReader::plain_field(char*& at) {
  char* found = next_structural(at);
  while (found < end_ && *found == '"') found = next_structural(found + 1);
  if (found == end_ && !last_block_) return After::incomplete;
  if (found < end_ && *found == delimiter_) {
    add_field(at, static_cast<std::size_t>(found - at), 0);
    at = found + 1;
    return After::next_field;
  }
  auto length = static_cast<std::size_t>(found - at);
  if (length > 0 && at[length - 1] == '\r') --length;
  add_field(at, length, 0);
  at = found < end_ ? found + 1 : end_;
  return After::end_of_row;
}

CsvReader::After CsvReader::quoted_field(char*& at) {
  char* const begin = at + 1;
  std::size_t escapes = 0;
  std::uint64_t line_feeds = 0;
  char* found = next_structural(begin);
  while (true) {
    if (found == end_) return After::incomplete;  // or unterminated: the other path says so
    if (*found == '"') {
      if (found + 1 == end_ && !last_block_) return After::incomplete;
      if (found + 1 == end_ || found[1] != '"') break;
      ++escapes;
      found = next_structural(found + 2);
    } else {
      if (*found == '\n') ++line_feeds;
      found = next_structural(found + 1);
    }
  }
  line_feeds_ += line_feeds;
  const bool too_long = add_field(begin, static_cast<std::size_t>(found - begin), escapes);
  runaway_ = runaway_ || (line_feeds > 0 && too_long);
  at = found + 1;
  if (at == end_) return After::end_of_row;  // of the text, or found + 1 was looked at above
  if (*at == delimiter_) {
    ++at;
    return After::next_field;
  }
  if (*at == '\r') {
    if (at + 1 == end_ && !last_block_) return After::incomplete;
    if (at + 1 == end_ || at[1] == '\n') ++at;
  }
  if (at == end_) return After::end_of_row;
  if (*at != '\n') return After::stray;
  ++at;
  return After::end_of_row;
}

/// Puts together a record that crosses blocks, byte by byte; over-long fields are counted, not
/// kept.
class CsvReader::Assembler {
 public:
  explicit Assembler(CsvReader& reader) : reader_(reader) { reader_.scratch_.clear(); }

  enum class Took : std::uint8_t { more, row, stray };

  Took take(char c) {
    CsvRow& row = reader_.row_;
    row.has_nul_ = row.has_nul_ || c == '\0';
    row.maybe_beyond_ascii_ = row.maybe_beyond_ascii_ || (static_cast<unsigned char>(c) & 0x80);
    if (state_ == State::quoted) {
      if (c == '"') {
        state_ = State::quote_in_quoted;
      } else {
        if (c == '\n') ++line_feeds_;
        keep(c);
      }
      return Took::more;
    }
    if (state_ == State::quote_in_quoted && c == '"') {
      keep(c);
      state_ = State::quoted;
      return Took::more;
    }
    if (state_ == State::start && c == '"') {
      state_ = State::quoted;
      was_quoted_ = true;
      return Took::more;
    }
    if (c == '\n') {
      drop_return();
      finish();
      return Took::row;
    }
    if (state_ == State::after_return) return Took::stray;
    if (c == reader_.delimiter_) {
      finish();
      state_ = State::start;
      return Took::more;
    }
    if (state_ == State::quote_in_quoted) {
      if (c != '\r') return Took::stray;
      state_ = State::after_return;
      return Took::more;
    }
    state_ = State::plain;
    last_is_return_ = c == '\r';
    keep(c);
    return Took::more;
  }

  /// The text ends here. False if inside quotes.
  bool end() {
    if (state_ == State::quoted) return false;
    drop_return();
    finish();
    return true;
  }

  bool blank_line() const {
    return reader_.row_.size() == 1 && reader_.row_.total_bytes_ == 0 && !was_quoted_;
  }

  /// Once the record is whole and the scratch no longer moves.
  void place_fields() {
    char* begin = reader_.scratch_.data();
    for (std::size_t i = 0; i < reader_.row_.fields_.size(); ++i) {
      reader_.row_.fields_[i].begin = begin;
      begin += kept_lengths_[i];
    }
  }

  std::uint64_t open_line_feeds() const { return line_feeds_; }

 private:
  enum class State : std::uint8_t { start, plain, quoted, quote_in_quoted, after_return };

  void keep(char c) {
    ++length_;
    if (length_ <= reader_.limits_.field_bytes &&
        reader_.row_.total_bytes_ + length_ <= reader_.limits_.row_bytes) {
      reader_.scratch_ += c;
      ++kept_;
    }
  }

  /// The carriage return before a line end belongs to the line end.
  void drop_return() {
    if (state_ != State::plain || !last_is_return_) return;
    if (kept_ == length_) {
      reader_.scratch_.pop_back();
      --kept_;
    }
    --length_;
  }

  void finish() {
    const bool too_long = reader_.add_field(nullptr, length_, 0);
    reader_.line_feeds_ += line_feeds_;
    reader_.runaway_ = reader_.runaway_ || (line_feeds_ > 0 && too_long);
    if (kept_lengths_.size() < kMaxFields) kept_lengths_.push_back(kept_);
    length_ = kept_ = 0;
    line_feeds_ = 0;
    last_is_return_ = false;
  }

  CsvReader& reader_;
  State state_ = State::start;
  std::size_t length_ = 0;
  std::size_t kept_ = 0;
  std::uint64_t line_feeds_ = 0;
  bool last_is_return_ = false;
  bool was_quoted_ = false;
  std::vector<std::size_t> kept_lengths_;
};

Result<void> CsvReader::split_across_blocks() {
  begin_row();
  row_.maybe_beyond_ascii_ = row_.has_nul_ = false;
  Assembler assembler(*this);
  while (true) {
    while (at_ < end_) {
      const auto took = assembler.take(*at_++);
      if (took == Assembler::Took::stray) {
        line_feeds_ += assembler.open_line_feeds();
        return stray_quote();
      }
      if (took == Assembler::Took::row) {
        assembler.place_fields();
        row_.blank_line_ = assembler.blank_line();
        end_row(true);
        return ok();
      }
    }
    if (last_block_) break;
    if (const auto filled = fill(); !filled) return filled.error();
  }
  if (!assembler.end()) {
    return make_error(ErrorCode::source_quote_unterminated,
                      fmt::format("the quote opened in the record that starts on line {} is never "
                                  "closed, so the file is cut short or damaged",
                                  row_.line_));
  }
  assembler.place_fields();
  row_.blank_line_ = assembler.blank_line();
  end_row(false);
  return ok();
}

}  // namespace rollcall

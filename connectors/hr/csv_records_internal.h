// Rows into records: which row is a person, which is rejected and why, and how full the columns
// are.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "connectors/hr/csv_layout_internal.h"

namespace rollcall {

class CsvRecords {
 public:
  /// `check_utf8`: the text was assumed to be UTF-8 and every row must prove it. All references
  /// outlive this.
  CsvRecords(const CsvSourceOptions& options, const CsvLayout& layout, bool check_utf8,
             RecordSink& sink);

  /// Hands the row on as a record or a rejection. Rows that repeat the header, and lines of white
  /// space only, are no records.
  void take(CsvRow& row);
  bool is_blank_line(CsvRow& row) const;

  std::uint64_t records() const { return records_; }
  std::uint64_t rejected() const { return rejected_; }
  std::uint64_t rejected_without_key() const { return rejected_without_key_; }
  std::vector<ColumnFill> fill() const;

  /// Whether so many rows are no UTF-8 that the whole file must be in another encoding.
  bool wrong_encoding() const;
  std::uint64_t rows_of_bad_encoding() const { return bad_encoding_; }

 private:
  struct Fault {
    ErrorCode code;
    std::string message;
  };
  std::optional<Fault> fault_of(CsvRow& row);
  std::optional<std::string> readable_key(CsvRow& row) const;
  bool repeats_header(CsvRow& row, std::string_view key);
  void accept(CsvRow& row, std::string_view key);
  void reject(CsvRow& row, const Fault& fault, std::optional<std::string> key);

  const CsvSourceOptions& options_;
  const CsvLayout& layout_;
  const bool check_utf8_;
  RecordSink& sink_;
  Record record_;
  std::string key_;
  std::vector<std::uint64_t> filled_;  // by place in layout_.wanted
  std::uint64_t records_ = 0;
  std::uint64_t rejected_ = 0;
  std::uint64_t rejected_without_key_ = 0;
  std::uint64_t bad_encoding_ = 0;
  std::uint64_t good_beyond_ascii_ = 0;
  bool header_repeat_noted_ = false;
};

}  // namespace rollcall

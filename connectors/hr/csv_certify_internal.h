// Whether a finished read counts: rows, drop and fill against the last certified read, and the
// record count that a trailer or a control file states.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "connectors/hr/csv_source.h"
#include "service/base/regex.h"

namespace rollcall {

/// Watches for the line that closes a file and states how many records it has.
class CsvTrailer {
 public:
  /// Errors: regex.invalid.
  static Result<CsvTrailer> make(const std::string& pattern);

  /// True if the row is the trailer and so no record. Only the last row may be.
  bool takes(CsvRow& row, char delimiter);
  /// Appends source.trailer or source.count_mismatch.
  void judge(std::uint64_t records, const std::string& path, std::vector<Error>& reasons) const;

 private:
  std::optional<Regex> pattern_;  // none: no trailer is expected
  std::optional<std::string> stated_;
  std::uint64_t line_ = 0;
  std::uint64_t next_line_ = 0;  // of a row after the trailer
  std::string text_;
};

/// Appends source.too_few, source.shrunk, source.column_emptied to the summary's reasons.
void judge_counts(const CsvCertify& certify, const Watermark& watermark, const std::string& path,
                  SourceSummary& summary);

/// Appends source.control_file or source.count_mismatch.
void judge_control_file(const CsvCertify& certify, const std::string& path, SourceSummary& summary);

}  // namespace rollcall

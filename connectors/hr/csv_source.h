// The file source: a CSV export of people, read whole, judged, and handed on record by record.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>

#include "connectors/hr/csv.h"
#include "service/model/record.h"
#include "service/ports/hr_source.h"

namespace rollcall {

/// How a read must look to count. Mirrors CertifySettings of the configuration.
struct CsvCertify {
  std::uint64_t min_rows = 1;
  double max_drop_percent = 10;      // fewer records than the last certified read
  double max_fill_drop_points = 20;  // per column
  std::string trailer;               // RE2 for the whole last line, one group: the record count
  std::string control_file;  // holds the record count; a relative path is beside the CSV file
};

/// Mirrors SourceSettings of the configuration. `hr_schema` must outlive the source.
struct CsvSourceOptions {
  std::string name;
  std::string path;
  std::string delimiter;                       // "" = found from the header, else one character
  std::string encoding;                        // "" = found (UTF-8, UTF-16), else a name ICU knows
  std::string key;                             // hr name or header name of the key column
  std::map<std::string, std::string> columns;  // hr name -> header name, where they differ
  CsvCertify certify;
  const AttrSchema& hr_schema;
  CsvLimits limits = {};
  /// Called between blocks with the bytes of the file read so far and in all.
  std::function<void(std::uint64_t read, std::uint64_t total)> progress = {};
};

/// The source. What it does with cells: the key is trimmed (ASCII white space, no-break and
/// zero-width spaces), other cells are kept as they are, in NFC; one of nothing but ASCII white
/// space is `cleared`; a column that the file does not have leaves its attribute `unknown` and is
/// noted as source.column_missing.
///
/// extract() fails where the path, the header or the run is at fault: source.unreadable,
/// source.not_text, source.key_missing, source.header_duplicate, source.stopped, regex.invalid.
/// What is wrong with the delivered bytes stands in `reasons`: source.no_header, source.encoding,
/// gzip.corrupt, source.quote_stray, source.quote_unterminated, source.field_runaway,
/// source.cut_short, source.changed_while_read, source.unreadable (half-way), source.too_few,
/// source.shrunk, source.column_emptied, source.count_mismatch, source.trailer,
/// source.control_file.
/// The sink has seen records by then; they count for nothing unless the summary is certified.
/// Single records are rejected with record.ragged, record.encoding, record.nul,
/// record.field_too_long, record.no_key, record.key_damaged.
std::unique_ptr<HrSource> make_csv_source(CsvSourceOptions options);

}  // namespace rollcall

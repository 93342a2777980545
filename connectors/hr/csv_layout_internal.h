// What a CSV file's header says: the delimiter, and in which columns the wanted attributes stand.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "connectors/hr/csv.h"
#include "connectors/hr/csv_source.h"

namespace rollcall {

struct CsvLayout {
  struct Wanted {
    AttrId attribute = 0;
    std::size_t column = 0;
  };
  char delimiter = ',';
  std::size_t columns = 0;
  std::size_t key = 0;
  std::string key_header;
  std::vector<Wanted> wanted;  // in order of columns
  std::vector<Finding> notes;  // source.column_missing
  std::vector<std::string> missing;
};

/// ASCII white space, no-break space, zero-width space and byte order mark: what spreadsheets leave
/// around keys and header names.
std::string_view trim_wide(std::string_view text);

/// The header name that an hr name stands for.
const std::string& header_of(const CsvSourceOptions& options, const std::string& hr_name);

/// The delimiter that a spreadsheet's first line "sep=;" states.
std::optional<char> stated_by_first_line(std::string_view text);

/// The delimiter under which the first record of `text` has the most of the needed columns; of
/// equal ones, the most columns.
char choose_delimiter(std::string_view text, const CsvSourceOptions& options);

/// Errors: source.encoding, source.not_text, source.key_missing, source.header_duplicate.
Result<CsvLayout> read_header(CsvRow& header, char delimiter, const CsvSourceOptions& options);

}  // namespace rollcall

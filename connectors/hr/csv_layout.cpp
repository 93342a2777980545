#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <tuple>

#include "connectors/hr/csv_layout_internal.h"
#include "service/base/text.h"

namespace rollcall {
namespace {

constexpr std::string_view kDelimiters = ",;\t|";
// A header longer than this is none; delimiters are tried on no more.
constexpr std::size_t kHeaderBytes = 65536;

std::string header_name(std::string_view cell) {
  const std::string_view trimmed = trim_wide(cell);
  return is_valid_utf8(trimmed) ? nfc(trimmed) : std::string(trimmed);
}

std::vector<std::string> header_names(CsvRow& header) {
  std::vector<std::string> names;
  for (std::size_t i = 0; i < header.size(); ++i) names.push_back(header_name(header.text(i)));
  return names;
}

std::string spelled(char delimiter) {
  return delimiter == '\t' ? std::string("a tab") : fmt::format("'{}'", delimiter);
}

/// "; did you mean 'Employee ID'?" or nothing.
std::string suggestion(std::string_view wanted, std::span<const std::string> names) {
  const auto near = nearest(wanted, names);
  return near && !near->empty() ? fmt::format("; did you mean '{}'?", *near) : std::string();
}

Result<void> check_readable(CsvRow& header, const std::vector<std::string>& names,
                            const CsvSourceOptions& options) {
  if (header.any_too_long() || header.has_nul()) {
    return make_error(ErrorCode::source_not_text,
                      "the first line is not a header: it holds NUL bytes or has no end",
                      options.path);
  }
  for (const std::string& name : names) {
    if (is_valid_utf8(name)) continue;
    return make_error(ErrorCode::source_encoding,
                      "the header is not valid UTF-8; perhaps the file is windows-1252 or UTF-16",
                      options.path);
  }
  return ok();
}

Result<std::optional<std::size_t>> find_column(const std::vector<std::string>& names,
                                               const std::string& wanted,
                                               const CsvSourceOptions& options) {
  const std::string name = header_name(wanted);
  const auto found = std::find(names.begin(), names.end(), name);
  if (found == names.end()) return std::optional<std::size_t>();
  const auto again = std::find(found + 1, names.end(), name);
  if (again != names.end()) {
    return make_error(ErrorCode::source_header_duplicate,
                      fmt::format("columns {} and {} of the header are both named '{}'",
                                  found - names.begin() + 1, again - names.begin() + 1, name),
                      options.path);
  }
  return std::optional(static_cast<std::size_t>(found - names.begin()));
}

}  // namespace

std::string_view trim_wide(std::string_view text) {
  constexpr std::array<std::string_view, 3> kInvisible{"\xc2\xa0", "\xe2\x80\x8b", "\xef\xbb\xbf"};
  while (true) {
    const std::size_t before = text.size();
    text = trim(text);
    for (const std::string_view space : kInvisible) {
      if (text.starts_with(space)) text.remove_prefix(space.size());
      if (text.ends_with(space)) text.remove_suffix(space.size());
    }
    if (text.size() == before) return text;
  }
}

const std::string& header_of(const CsvSourceOptions& options, const std::string& hr_name) {
  const auto mapped = options.columns.find(hr_name);
  return mapped == options.columns.end() ? hr_name : mapped->second;
}

std::optional<char> stated_by_first_line(std::string_view text) {
  if (!text.starts_with("sep=") || text.size() < 6) return std::nullopt;
  const bool line_ends = text[5] == '\n' || (text[5] == '\r' && text.substr(6).starts_with('\n'));
  if (!line_ends || kDelimiters.find(text[4]) == std::string_view::npos) return std::nullopt;
  return text[4];
}

char choose_delimiter(std::string_view text, const CsvSourceOptions& options) {
  using Score = std::tuple<bool, std::size_t, std::size_t>;
  Score best{};
  char chosen = kDelimiters.front();
  std::optional<char> damaged;
  for (const char delimiter : kDelimiters) {
    MemoryBytes bytes(text.substr(0, kHeaderBytes));
    CsvReader reader(bytes, delimiter, {.block_bytes = kHeaderBytes});
    const auto header = reader.next();
    if (!header) damaged = damaged ? damaged : delimiter;
    if (!header || *header == nullptr) continue;
    const std::vector<std::string> names = header_names(**header);
    const auto has = [&](const std::string& hr_name) {
      const std::string name = header_name(header_of(options, hr_name));
      return std::find(names.begin(), names.end(), name) != names.end();
    };
    std::size_t matched = 0;
    for (std::size_t id = 0; id < options.hr_schema.size(); ++id) {
      matched += has(options.hr_schema.at(static_cast<AttrId>(id)).name) ? 1 : 0;
    }
    const Score score{has(options.key), matched, names.size()};
    if (score > best) {
      best = score;
      chosen = delimiter;
    }
  }
  // A header with a broken quote should be called that, not one without a key.
  return damaged && !std::get<0>(best) ? *damaged : chosen;
}

Result<CsvLayout> read_header(CsvRow& header, char delimiter, const CsvSourceOptions& options) {
  const std::vector<std::string> names = header_names(header);
  if (const auto readable = check_readable(header, names, options); !readable) {
    return readable.error();
  }
  CsvLayout layout;
  layout.delimiter = delimiter;
  layout.columns = names.size();
  layout.key_header = header_name(header_of(options, options.key));
  const auto key = find_column(names, layout.key_header, options);
  if (!key) return key.error();
  if (!*key) {
    return make_error(ErrorCode::source_key_missing,
                      fmt::format("the header has no key column '{}' among its {} (split at {}){}",
                                  layout.key_header,
                                  plural(static_cast<long long>(names.size()), "column", "columns"),
                                  spelled(delimiter), suggestion(layout.key_header, names)),
                      options.path);
  }
  layout.key = **key;
  for (std::size_t i = 0; i < options.hr_schema.size(); ++i) {
    const auto id = static_cast<AttrId>(i);
    const std::string& hr_name = options.hr_schema.at(id).name;
    const std::string& wanted = header_of(options, hr_name);
    const auto column = find_column(names, wanted, options);
    if (!column) return column.error();
    if (*column) {
      layout.wanted.push_back({id, **column});
      continue;
    }
    layout.missing.push_back(hr_name);
    Finding note;
    note.severity = Severity::warning;
    note.code = info(ErrorCode::source_column_missing).id;
    note.source = options.name;
    note.message = fmt::format("the file has no column '{}', so hr.{} is unknown for everybody{}",
                               wanted, hr_name, suggestion(wanted, names));
    layout.notes.push_back(std::move(note));
  }
  std::sort(layout.wanted.begin(), layout.wanted.end(),
            [](const auto& a, const auto& b) { return a.column < b.column; });
  return layout;
}

}  // namespace rollcall

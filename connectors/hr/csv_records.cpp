#include <fmt/core.h>

#include <algorithm>

#include "connectors/hr/csv_records_internal.h"
#include "service/base/text.h"

namespace rollcall {
namespace {

bool is_blank(std::string_view text) {
  return text.empty() || (static_cast<unsigned char>(text.front()) <= ' ' && trim(text).empty());
}

/// True without asking ICU where no byte can begin a character from U+0300 on: below that, every
/// text is its own NFC.
bool surely_nfc(std::string_view text) {
  return std::all_of(text.begin(), text.end(),
                     [](char c) { return static_cast<unsigned char>(c) < 0xcc; });
}

/// "1.23E+05": a spreadsheet's rounding of a long number.
bool is_rounded_number(std::string_view key) {
  const std::size_t e = key.find_first_of("eE");
  if (e == std::string_view::npos || e == 0 || e + 2 >= key.size() || key[e + 1] != '+') {
    return false;
  }
  const auto digits = [](std::string_view text) {
    return std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
  };
  const std::string_view mantissa = key.substr(0, e);
  const bool fraction = mantissa.size() > 2 && (mantissa[1] == '.' || mantissa[1] == ',');
  return digits(key.substr(e + 2)) && digits(mantissa.substr(0, 1)) &&
         (mantissa.size() == 1 || (fraction && digits(mantissa.substr(2))));
}

}  // namespace

CsvRecords::CsvRecords(const CsvSourceOptions& options, const CsvLayout& layout, bool check_utf8,
                       RecordSink& sink)
    : options_(options),
      layout_(layout),
      check_utf8_(check_utf8),
      sink_(sink),
      record_(options.hr_schema.size()),
      filled_(layout.wanted.size(), 0) {}

bool CsvRecords::is_blank_line(CsvRow& row) const {
  return row.size() == 1 && layout_.columns > 1 && !row.any_too_long() && is_blank(row.text(0));
}

void CsvRecords::take(CsvRow& row) {
  if (is_blank_line(row)) return;
  if (const auto fault = fault_of(row)) {
    ++records_;
    // A row of the wrong length may have lost or gained a field before the key: only a key in the
    // first column is sure to be this person's.
    const bool key_is_sure = fault->code != ErrorCode::record_ragged || layout_.key == 0;
    reject(row, *fault, key_is_sure ? readable_key(row) : std::nullopt);
    return;
  }
  const std::string_view key = trim_wide(row.text(layout_.key));
  if (key == layout_.key_header && repeats_header(row, key)) return;
  ++records_;
  if (key.empty()) {
    reject(
        row,
        {ErrorCode::record_no_key, fmt::format("the key column '{}' is blank", layout_.key_header)},
        std::nullopt);
  } else if (is_rounded_number(key)) {
    reject(row,
           {ErrorCode::record_key_damaged,
            fmt::format("the key '{}' is a number rounded by a spreadsheet", key)},
           std::nullopt);
  } else {
    accept(row, key);
  }
}

std::optional<CsvRecords::Fault> CsvRecords::fault_of(CsvRow& row) {
  if (row.size() != layout_.columns) {
    return Fault{ErrorCode::record_ragged,
                 fmt::format("the line has {}, the header has {}",
                             plural(static_cast<long long>(row.size()), "field", "fields"),
                             layout_.columns)};
  }
  if (row.any_too_long()) {
    std::size_t column = 0;
    while (!row.too_long(column)) ++column;
    return Fault{ErrorCode::record_field_too_long,
                 fmt::format("field {} is longer than {} bytes", column + 1,
                             with_thousands(static_cast<long long>(options_.limits.field_bytes)))};
  }
  if (row.has_nul()) return Fault{ErrorCode::record_nul, "the line holds a NUL byte"};
  if (!check_utf8_ || !row.maybe_beyond_ascii()) return std::nullopt;
  bool beyond = false;
  for (std::size_t i = 0; i < row.size(); ++i) {
    if (is_ascii(row.text(i))) continue;
    beyond = true;
    if (is_valid_utf8(row.text(i))) continue;
    ++bad_encoding_;
    return Fault{ErrorCode::record_encoding, fmt::format("field {} is not valid UTF-8", i + 1)};
  }
  good_beyond_ascii_ += beyond ? 1 : 0;
  return std::nullopt;
}

std::optional<std::string> CsvRecords::readable_key(CsvRow& row) const {
  const std::string_view key = trim_wide(row.text(layout_.key));
  const bool readable = !key.empty() && key.find('\0') == std::string_view::npos &&
                        is_valid_utf8(key) && !is_rounded_number(key);
  return readable ? std::optional(nfc(key)) : std::nullopt;
}

/// Parts of an export put one after the other repeat the header in each.
bool CsvRecords::repeats_header(CsvRow& row, std::string_view key) {
  for (const CsvLayout::Wanted& wanted : layout_.wanted) {
    const std::string& header = header_of(options_, options_.hr_schema.at(wanted.attribute).name);
    if (wanted.column != layout_.key && nfc(trim_wide(row.text(wanted.column))) != nfc(header)) {
      return false;
    }
  }
  if (header_repeat_noted_) return true;
  header_repeat_noted_ = true;
  Finding note;
  note.severity = Severity::info;
  note.code = info(ErrorCode::source_header_repeated).id;
  note.source = options_.name;
  note.line = row.line();
  note.message = fmt::format("the line repeats the header ('{}' under '{}') and is skipped", key,
                             layout_.key_header);
  sink_.note(note);
  return true;
}

void CsvRecords::accept(CsvRow& row, std::string_view key) {
  const bool ascii = !row.maybe_beyond_ascii();
  record_.clear();
  for (std::size_t i = 0; i < layout_.wanted.size(); ++i) {
    const CsvLayout::Wanted wanted = layout_.wanted[i];
    const std::string_view text = row.text(wanted.column);
    const bool is_key = wanted.column == layout_.key;
    if (is_blank(text)) {
      record_.set_cleared(wanted.attribute);
      continue;
    }
    ++filled_[i];
    const std::string_view kept = is_key ? key : text;
    if (ascii || surely_nfc(kept) || is_nfc(kept)) {
      record_.set(wanted.attribute, kept);
    } else {
      record_.set(wanted.attribute, nfc(kept));
    }
  }
  if (!ascii && !surely_nfc(key)) {
    key_ = nfc(key);
    key = key_;
  }
  sink_.record({.attributes = record_.view(), .key = key, .record = records_, .line = row.line()});
}

void CsvRecords::reject(CsvRow& row, const Fault& fault, std::optional<std::string> key) {
  ++rejected_;
  if (!key) ++rejected_without_key_;
  Finding finding;
  finding.code = info(fault.code).id;
  finding.source = options_.name;
  finding.record = records_;
  finding.line = row.line();
  finding.worker_key = key.value_or(std::string());
  finding.message = fault.message;
  sink_.rejected({.key = std::move(key), .finding = std::move(finding)});
}

std::vector<ColumnFill> CsvRecords::fill() const {
  std::vector<ColumnFill> fill;
  for (std::size_t i = 0; i < filled_.size(); ++i) {
    fill.push_back({options_.hr_schema.at(layout_.wanted[i].attribute).name, filled_[i]});
  }
  std::sort(fill.begin(), fill.end(),
            [](const ColumnFill& a, const ColumnFill& b) { return a.column < b.column; });
  return fill;
}

bool CsvRecords::wrong_encoding() const {
  // Damage to single lines is rare beside good UTF-8; in another encoding nearly every line that
  // goes beyond ASCII is wrong (decision 0160).
  const bool large_share = bad_encoding_ >= 3 && bad_encoding_ * 20 > records_;
  const bool most_of_non_ascii = bad_encoding_ >= 10 && bad_encoding_ > good_beyond_ascii_;
  return large_share || most_of_non_ascii;
}

}  // namespace rollcall

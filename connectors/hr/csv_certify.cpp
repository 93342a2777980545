#include <fmt/core.h>

#include <algorithm>
#include <charconv>

#include "connectors/hr/csv_certify_internal.h"
#include "service/base/file.h"
#include "service/base/text.h"

namespace rollcall {
namespace {

std::optional<std::uint64_t> count_in(std::string_view text) {
  text = trim(text);
  std::uint64_t count = 0;
  const auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), count);
  if (code != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return count;
}

std::string counted(std::uint64_t count) {
  return plural(static_cast<long long>(count), "record", "records");
}

Error mismatch(std::string_view who, std::uint64_t stated, std::uint64_t records,
               std::string where) {
  return make_error(ErrorCode::source_count_mismatch,
                    fmt::format("{} states {}, the file holds {}; this lifts once both agree", who,
                                counted(stated), with_thousands(static_cast<long long>(records))),
                    std::move(where));
}

double percent(std::uint64_t part, std::uint64_t whole) {
  return whole == 0 ? 0 : 100.0 * static_cast<double>(part) / static_cast<double>(whole);
}

void judge_fill(const CsvCertify& certify, const CertifiedRead& last, const std::string& path,
                SourceSummary& summary) {
  const std::uint64_t accepted = summary.records - summary.rejected;
  if (accepted == 0) return;
  for (const ColumnFill& before : last.fill) {
    const auto now = std::find_if(summary.fill.begin(), summary.fill.end(),
                                  [&](const ColumnFill& f) { return f.column == before.column; });
    if (now == summary.fill.end()) continue;  // unknown now, and noted: nothing is cleared
    const double was = percent(before.filled, last.records);
    const double is = percent(now->filled, accepted);
    if (was - is <= certify.max_fill_drop_points) continue;
    summary.reasons.push_back(make_error(
        ErrorCode::source_column_emptied,
        fmt::format("hr.{} is filled in {:.1f} % of the records, {:.1f} points less than in the "
                    "last certified read ({:.1f} %); {:g} points are allowed by "
                    "certify.max_fill_drop",
                    before.column, is, was - is, was, certify.max_fill_drop_points),
        path));
  }
}

}  // namespace

Result<CsvTrailer> CsvTrailer::make(const std::string& pattern) {
  CsvTrailer trailer;
  if (pattern.empty()) return trailer;
  auto compiled = Regex::compile("^(?:" + pattern + ")$");
  if (!compiled) return compiled.error();
  trailer.pattern_ = std::move(*compiled);
  return trailer;
}

bool CsvTrailer::takes(CsvRow& row, char delimiter) {
  if (!pattern_) return false;
  text_.clear();
  for (std::size_t i = 0; i < row.size(); ++i) {
    if (i > 0) text_ += delimiter;
    text_ += row.text(i);
  }
  if (!pattern_->full_match(text_)) {
    if (stated_ && next_line_ == 0) next_line_ = row.line();
    return false;
  }
  stated_ = pattern_->replace_all(text_, "\\1");
  line_ = row.line();
  next_line_ = 0;
  return true;
}

void CsvTrailer::judge(std::uint64_t records, const std::string& path,
                       std::vector<Error>& reasons) const {
  if (!pattern_) return;
  const auto add = [&](std::string message) {
    reasons.push_back(make_error(ErrorCode::source_trailer, std::move(message), path));
  };
  if (!stated_) {
    add(fmt::format("no line matches certify.trailer after {}, so the file may be cut short",
                    counted(records)));
  } else if (next_line_ != 0) {
    add(fmt::format("line {} follows the trailer on line {}, which must be the last", next_line_,
                    line_));
  } else if (const auto count = count_in(*stated_); !count) {
    add(fmt::format("the first group of certify.trailer does not give a number on line {}", line_));
  } else if (*count != records) {
    reasons.push_back(mismatch("the trailer", *count, records, path));
  }
}

void judge_counts(const CsvCertify& certify, const Watermark& watermark, const std::string& path,
                  SourceSummary& summary) {
  if (summary.records < certify.min_rows) {
    summary.reasons.push_back(
        make_error(ErrorCode::source_too_few,
                   fmt::format("the file holds {}; at least {} are needed by certify.min_rows",
                               counted(summary.records),
                               with_thousands(static_cast<long long>(certify.min_rows))),
                   path));
  }
  if (!watermark.last) return;
  const CertifiedRead& last = *watermark.last;
  if (summary.records < last.records) {
    const double drop = percent(last.records - summary.records, last.records);
    if (drop > certify.max_drop_percent) {
      summary.reasons.push_back(make_error(
          ErrorCode::source_shrunk,
          fmt::format("the file holds {}, {:.1f} % fewer than the {} of the last certified read "
                      "({}); {:g} % are allowed by certify.max_drop",
                      counted(summary.records), drop,
                      with_thousands(static_cast<long long>(last.records)), format_rfc3339(last.at),
                      certify.max_drop_percent),
          path));
    }
  }
  judge_fill(certify, last, path, summary);
}

void judge_control_file(const CsvCertify& certify, const std::string& path,
                        SourceSummary& summary) {
  if (certify.control_file.empty()) return;
  std::string control = certify.control_file;
  const std::size_t slash = path.rfind('/');
  if (control.front() != '/' && slash != std::string::npos) {
    control = path.substr(0, slash + 1) + control;
  }
  const auto text = read_file(control);
  if (!text) {
    summary.reasons.push_back(make_error(ErrorCode::source_control_file,
                                         "the control file cannot be read, so the number of "
                                         "records cannot be confirmed",
                                         control));
  } else if (const auto count = count_in(*text); !count) {
    summary.reasons.push_back(make_error(ErrorCode::source_control_file,
                                         "the control file does not hold one number", control));
  } else if (*count != summary.records) {
    summary.reasons.push_back(mismatch("the control file", *count, summary.records, control));
  }
}

}  // namespace rollcall

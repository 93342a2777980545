#include "connectors/hr/csv_source.h"

#include <fmt/core.h>

#include <utility>

#include "connectors/hr/csv_certify_internal.h"
#include "connectors/hr/csv_layout_internal.h"
#include "connectors/hr/csv_records_internal.h"
#include "connectors/hr/text_bytes_internal.h"
#include "service/base/text.h"

namespace rollcall {
namespace {

Error placed(Error error, const std::string& path) {
  if (error.where.empty()) error.where = path;
  return error;
}

/// What is wrong with the delivered bytes is a reason not to certify; what is wrong with the path,
/// the header or the run is an error.
bool is_damage(ErrorCode code) {
  return code != ErrorCode::source_unreadable && code != ErrorCode::source_stopped &&
         code != ErrorCode::source_not_text && code != ErrorCode::source_key_missing &&
         code != ErrorCode::source_header_duplicate;
}

class CsvSource final : public HrSource {
 public:
  explicit CsvSource(CsvSourceOptions options) : options_(std::move(options)) {}

  Result<SourceSummary> extract(const Watermark& watermark, RecordSink& sink,
                                std::stop_token stop) override;

 private:
  Result<CsvRow*> find_header(CsvReader& reader, char& delimiter) const;
  Result<void> read_rows(CsvReader& reader, const CsvLayout& layout, CsvTrailer& trailer,
                         CsvRecords& records, SourceSummary& summary) const;
  void judge(const Watermark& watermark, const CsvRecords& records, const CsvTrailer& trailer,
             SourceSummary& summary) const;

  CsvSourceOptions options_;
};

/// The header row; nullptr if the file holds no line at all.
Result<CsvRow*> CsvSource::find_header(CsvReader& reader, char& delimiter) const {
  const auto first = reader.peek();
  if (!first) return first.error();
  const auto stated = stated_by_first_line(*first);
  if (!options_.delimiter.empty()) {
    delimiter = options_.delimiter.front();
  } else {
    delimiter = stated ? *stated : choose_delimiter(*first, options_);
  }
  reader.set_delimiter(delimiter);
  if (stated) {
    if (const auto skipped = reader.next(); !skipped) return skipped.error();
  }
  return reader.next();
}

Result<void> CsvSource::read_rows(CsvReader& reader, const CsvLayout& layout, CsvTrailer& trailer,
                                  CsvRecords& records, SourceSummary& summary) const {
  while (true) {
    const auto row = reader.next();
    if (!row) return row.error();
    if (*row == nullptr) return ok();
    if (trailer.takes(**row, layout.delimiter)) continue;
    if (!(*row)->ends_with_newline() && (*row)->size() < layout.columns &&
        !records.is_blank_line(**row)) {
      summary.reasons.push_back(make_error(
          ErrorCode::source_cut_short,
          fmt::format("line {} is the last, has {} of {} fields and no line end, so the file was "
                      "cut short; this lifts with a whole file",
                      (*row)->line(), (*row)->size(), layout.columns),
          options_.path));
    }
    records.take(**row);
  }
}

void CsvSource::judge(const Watermark& watermark, const CsvRecords& records,
                      const CsvTrailer& trailer, SourceSummary& summary) const {
  if (records.wrong_encoding()) {
    summary.reasons.push_back(make_error(
        ErrorCode::source_encoding,
        fmt::format("{} of {} are not valid UTF-8, so the file is in another encoding; declare it "
                    "(windows-1252?)",
                    with_thousands(static_cast<long long>(records.rows_of_bad_encoding())),
                    plural(static_cast<long long>(records.records()), "record", "records")),
        options_.path));
  }
  // Counts say nothing about a file that is known not to have been read whole.
  if (!summary.reasons.empty()) return;
  trailer.judge(summary.records, options_.path, summary.reasons);
  judge_control_file(options_.certify, options_.path, summary);
  judge_counts(options_.certify, watermark, options_.path, summary);
}

Result<SourceSummary> CsvSource::extract(const Watermark& watermark, RecordSink& sink,
                                         std::stop_token stop) {
  SourceSummary summary;
  const auto unusable = [&](Error error) -> Result<SourceSummary> {
    error = placed(std::move(error), options_.path);
    if (!is_damage(error.code)) return error;
    summary.reasons.push_back(std::move(error));
    return summary;
  };
  summary.name = options_.name;
  summary.kind = "file";
  auto trailer = CsvTrailer::make(options_.certify.trailer);
  if (!trailer) return trailer.error();
  WatchedFile file(options_.path, std::move(stop), options_.progress);
  if (const auto opened = file.open(); !opened) return opened.error();
  TextBytes text(file, options_.encoding);
  if (const auto started = text.start(); !started) return unusable(started.error());
  char delimiter = ',';
  CsvReader reader(text, delimiter, options_.limits);
  const auto header = find_header(reader, delimiter);
  if (!header) return unusable(header.error());
  if (*header == nullptr) {
    return unusable(make_error(ErrorCode::source_no_header,
                               "the file is empty: it has no header and no records"));
  }
  const auto layout = read_header(**header, delimiter, options_);
  if (!layout) return unusable(layout.error());
  for (const Finding& note : layout->notes) sink.note(note);

  CsvRecords records(options_, *layout, text.unchecked_utf8(), sink);
  const auto read = read_rows(reader, *layout, *trailer, records, summary);
  if (!read && read.error().code == ErrorCode::source_stopped) return read.error();
  if (!read) summary.reasons.push_back(placed(read.error(), options_.path));
  if (const auto same = file.unchanged(); !same) {
    const bool known = !read && read.error().code == ErrorCode::source_changed_while_read;
    if (!known) summary.reasons.push_back(same.error());
  }
  summary.records = records.records();
  summary.rejected = records.rejected();
  summary.rejected_without_key = records.rejected_without_key();
  summary.fill = records.fill();
  summary.missing_columns = layout->missing;
  judge(watermark, records, *trailer, summary);
  summary.certified = summary.reasons.empty();
  return summary;
}

}  // namespace

std::unique_ptr<HrSource> make_csv_source(CsvSourceOptions options) {
  return std::make_unique<CsvSource>(std::move(options));
}

}  // namespace rollcall

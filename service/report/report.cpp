// Chooses the renderer and gives plans and runs one common shape.
#include "service/report/report.h"

#include "service/base/text.h"
#include "service/report/report_internal.h"

namespace rollcall {
namespace report {
namespace {

class PlanEntries final : public EntryCursor {
 public:
  explicit PlanEntries(OperationCursor& operations) : operations_(operations) {}
  Result<Entry> next() override {
    const auto op = operations_.next();
    if (!op) return op.error();
    return Entry{*op, nullptr};
  }

 private:
  OperationCursor& operations_;
};

class RunEntries final : public EntryCursor {
 public:
  explicit RunEntries(RunCursor& operations) : operations_(operations) {}
  Result<Entry> next() override {
    const auto one = operations_.next();
    if (!one) return one.error();
    if (*one == nullptr) return Entry{};
    return Entry{&(*one)->operation, *one};
  }

 private:
  RunCursor& operations_;
};

Result<void> write(const Parts& parts, Format format, ByteSink& sink) {
  switch (format) {
    case Format::text:
      return write_text(parts, sink);
    case Format::json:
      return write_json(parts, sink);
    case Format::csv:
      return write_csv(parts, sink);
    case Format::html:
      break;
  }
  return write_html(parts, sink);
}

}  // namespace
}  // namespace report

std::optional<Format> format_from(std::string_view name) {
  if (name == "text") return Format::text;
  if (name == "json") return Format::json;
  if (name == "csv") return Format::csv;
  if (name == "html") return Format::html;
  return std::nullopt;
}

std::optional<Format> format_for_path(std::string_view path) {
  const auto dot = path.rfind('.');
  if (dot == std::string_view::npos) return std::nullopt;
  const std::string extension = ascii_lower(path.substr(dot + 1));
  if (extension == "txt") return Format::text;
  if (extension == "htm") return Format::html;
  return extension == "text" ? std::nullopt : format_from(extension);
}

Result<void> render_plan(const PlanReport& report, OperationCursor& operations, Format format,
                         Redaction redaction, ByteSink& sink, Style style) {
  report::PlanEntries entries(operations);
  const report::Scene scene{report.header, report.trailer, report.id, report.notes,
                            nullptr,       redaction.full, style};
  return report::write({{scene, &entries}}, format, sink);
}

Result<void> render_run(const RunReport& report, RunCursor& operations, Format format,
                        Redaction redaction, ByteSink& sink, Style style) {
  return render_runs({{&report, &operations}}, format, redaction, sink, style);
}

Result<void> render_runs(const std::vector<RunPart>& runs, Format format, Redaction redaction,
                         ByteSink& sink, Style style) {
  std::vector<report::RunEntries> entries;
  entries.reserve(runs.size());
  report::Parts parts;
  parts.reserve(runs.size());
  for (const RunPart& run : runs) {
    entries.emplace_back(*run.operations);
    const RunReport& report = *run.report;
    parts.push_back(
        {{report.header, report.trailer, report.plan, report.notes, &report, redaction.full, style,
          run.report != runs.back().report, run.report != runs.front().report},
         &entries.back()});
  }
  return report::write(parts, format, sink);
}

}  // namespace rollcall

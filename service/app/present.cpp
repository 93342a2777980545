#include "service/app/present.h"

#include <fmt/core.h>

#include <cerrno>
#include <cstring>
#include <deque>

#include <sys/stat.h>

#include "service/base/file.h"

namespace rollcall {
namespace {

/// Text of the report in one string: reports are bounded, plans of --out are as large as the plan.
template <class Render>
Result<std::string> rendered(Render render) {
  StringSink sink;
  if (const auto done = render(sink); !done) return done.error();
  return sink.text();
}

/// An operator's reason is kept with the operation, which is sealed; it is read among the findings,
/// and may name people.
void tell_reason(const Operation& op, Redaction redaction, PlanTrailer& trailer) {
  if (op.because.note.empty() || !redaction.full) return;
  Finding why;
  why.severity = Severity::info;
  why.code = info(ErrorCode::operator_reason).id;
  why.message = op.because.note;
  trailer.findings.push_back(std::move(why));
}

Result<std::string> plan_text(const Planned& planned, Format format, Redaction redaction,
                              Style style) {
  PlanTrailer trailer = planned.plan.trailer;
  for (const Operation& op : planned.plan.operations) tell_reason(op, redaction, trailer);
  return rendered([&](ByteSink& sink) {
    VectorCursor cursor(planned.plan.operations);
    const PlanReport report{planned.plan.header, trailer, planned.plan.id, planned.notes};
    return render_plan(report, cursor, format, redaction, sink, style);
  });
}

RunOperation run_operation(const OperationResult& result) {
  RunOperation op;
  op.operation = result.operation;
  op.state = to_string(result.state);
  if (result.outcome.code) op.code = info(*result.outcome.code).id;
  op.message = result.outcome.message;
  op.request_id = result.outcome.request_id;
  op.attempts = result.attempts;
  op.settled_at = result.settled_at;
  return op;
}

/// A run as the report takes it; its addresses stay.
struct Told {
  explicit Told(const FinishedRun& run, Redaction redaction) : trailer(run.plan.trailer) {
    operations.reserve(run.results.size());
    for (const OperationResult& result : run.results) {
      operations.push_back(run_operation(result));
      tell_reason(result.operation, redaction, trailer);
    }
    cursor.emplace(operations);
    report.emplace(RunReport{run.plan.header, trailer, run.plan.id, run.row.id, run.row.verb,
                             run.row.state, run.row.started_at, run.row.ended_at, run.notes});
  }
  Told(const Told&) = delete;
  Told& operator=(const Told&) = delete;

  PlanTrailer trailer;
  std::vector<RunOperation> operations;
  std::optional<VectorRunCursor> cursor;
  std::optional<RunReport> report;
};

Result<std::string> text_of_runs(std::span<const FinishedRun> runs, Format format,
                                 Redaction redaction, Style style) {
  std::deque<Told> told;
  std::vector<RunPart> parts;
  for (const FinishedRun& run : runs) {
    Told& one = told.emplace_back(run, redaction);
    parts.push_back({&*one.report, &*one.cursor});
  }
  return rendered(
      [&](ByteSink& sink) { return render_runs(parts, format, redaction, sink, style); });
}

Style style_of(const Program& program, Format format) {
  Style style;
  style.colour = program.terminal().colour;
  style.all = format == Format::text && program.asked_for_all();
  return style;
}

/// A text file is there to be searched: nothing is left out for being long.
Style style_of_file(Format format) {
  Style style;
  style.all = format == Format::text;
  return style;
}

/// Writes a file and says where, on stderr, so that stdout stays what was asked for.
Result<void> write_out(const Program& program, const std::string& path,
                       const Result<std::string>& text) {
  if (!text) return text.error();
  if (const auto written = write_private_file(path, *text); !written) return written.error();
  if (program.terminal().err) program.complain("wrote " + path);
  return ok();
}

Result<std::string> html_path(const Settings& settings, const std::string& name) {
  if (::mkdir(settings.report_html_dir.c_str(), 0700) != 0 && errno != EEXIST) {
    return make_error(ErrorCode::io_write_failed,
                      fmt::format("the folder of reports cannot be made: {}", std::strerror(errno)),
                      settings.report_html_dir);
  }
  const bool slash = settings.report_html_dir.ends_with('/');
  return settings.report_html_dir + (slash ? "" : "/") + name + ".html";
}

Result<std::string> keep(const Result<std::string>& path, const Result<std::string>& text) {
  if (!path) return path.error();
  if (!text) return text.error();
  if (const auto written = write_private_file(*path, *text); !written) return written.error();
  return *path;
}

/// "20260301T060000Z": sorts by time, needs no quoting.
std::string stamp(WallTime at) {
  std::string text = format_rfc3339({at.ms / 1000 * 1000});
  std::erase_if(text, [](char c) { return c == '-' || c == ':'; });
  return text;
}

}  // namespace

Result<Outputs> outputs_from(const Program& program, const std::string& format,
                             const std::string& plan_file, const std::string& report_file) {
  Outputs out;
  out.plan_file = plan_file;
  out.report_file = report_file;
  if (program.json()) out.format = Format::json;
  if (!format.empty()) {
    const auto named = format_from(format);
    if (!named) {
      return make_error(ErrorCode::usage,
                        fmt::format("--format takes text, json, csv or html, not '{}'", format));
    }
    out.format = *named;
  }
  if (!report_file.empty() && !format_for_path(report_file)) {
    return make_error(ErrorCode::usage,
                      "--report takes a file that ends in .txt, .json, .csv or .html");
  }
  return out;
}

Result<void> keep_plan(const Program& program, const Planned& planned, const Outputs& outputs) {
  if (outputs.plan_file.empty()) return ok();
  return write_out(program, outputs.plan_file, plan_text(planned, Format::json, {true}, {}));
}

Result<void> present_plan(const Program& program, const Planned& planned, const Outputs& outputs) {
  // Asking for a format is asking for the content: a plan cut to counts could not be applied.
  const Redaction shown{program.full() || outputs.format != Format::text};
  const auto text = plan_text(planned, outputs.format, shown, style_of(program, outputs.format));
  if (!text) return text.error();
  program.print(*text);
  if (const auto kept = keep_plan(program, planned, outputs); !kept) return kept.error();
  if (outputs.report_file.empty()) return ok();
  const Format format = *format_for_path(outputs.report_file);
  return write_out(program, outputs.report_file,
                   plan_text(planned, format, {true}, style_of_file(format)));
}

Result<void> present_runs(const Program& program, std::span<const FinishedRun> runs,
                          const Outputs& outputs) {
  const Redaction shown{program.full() || outputs.format != Format::text};
  const auto text = text_of_runs(runs, outputs.format, shown, style_of(program, outputs.format));
  if (!text) return text.error();
  program.print(*text);
  if (outputs.report_file.empty()) return ok();
  const Format format = *format_for_path(outputs.report_file);
  return write_out(program, outputs.report_file,
                   text_of_runs(runs, format, {true}, style_of_file(format)));
}

Result<std::string> keep_html(const Settings& settings, const FinishedRun& run) {
  if (settings.report_html_dir.empty()) return std::string();
  const std::string name = fmt::format("run-{}-{}", stamp(run.row.started_at), run.row.id);
  return keep(html_path(settings, name), text_of_runs({&run, 1}, Format::html, {true}, {}));
}

Result<std::string> keep_html(const Settings& settings, const Planned& planned) {
  if (settings.report_html_dir.empty()) return std::string();
  const std::string name = fmt::format("plan-{}", stamp(planned.plan.header.created_at));
  return keep(html_path(settings, name), plan_text(planned, Format::html, {true}, {}));
}

}  // namespace rollcall

// Puts plans and runs before people: stdout, --out, --report and report.html.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "service/app/planning.h"
#include "service/app/program.h"

namespace rollcall {

/// Where a plan or run goes besides stdout.
struct Outputs {
  Format format = Format::text;
  std::string plan_file;    // --out: the plan as JSON
  std::string report_file;  // --report: by extension
};

/// Errors: usage (unknown format or extension).
Result<Outputs> outputs_from(const Program& program, const std::string& format,
                             const std::string& plan_file, const std::string& report_file);

/// Writes the file of --out, if one was asked for. Errors: io.write_failed.
Result<void> keep_plan(const Program& program, const Planned& planned, const Outputs& outputs);

/// Errors: io.write_failed.
Result<void> present_plan(const Program& program, const Planned& planned, const Outputs& outputs);

/// A run as the journal has it now.
struct FinishedRun {
  RunRow row;
  PlanState plan;
  std::vector<OperationResult> results;
  ReportNotes notes;
};

/// The runs of one command as one document; the notes of the first speak for all.
/// Errors: io.write_failed.
Result<void> present_runs(const Program& program, std::span<const FinishedRun> runs,
                          const Outputs& outputs);

/// Writes the HTML report of a run into the configured folder; gives its path, empty if none is
/// configured. Errors: io.write_failed.
Result<std::string> keep_html(const Settings& settings, const FinishedRun& run);
Result<std::string> keep_html(const Settings& settings, const Planned& planned);

}  // namespace rollcall

// What a command tells at its end of the run it made, or of its runs: one document, with the exit
// codes of all and everybody who is not contained.
#pragma once

#include <vector>

#include "service/app/run_flow.h"

namespace rollcall {

/// Notes whom the run left uncontained, as far as the journal tells: for a report made later.
void head_uncontained(FinishedRun& run);

/// The same of a plan that nobody has applied.
void head_uncontained(Planned& planned);

/// All exit codes of a run, as far as the journal tells: it keeps the first, the others come from
/// findings, states and whom `notes` names. Empty while the run goes on.
std::vector<int> exits_known(const FinishedRun& run);
/// Those of making the plan.
ExitCodes exits_known(const Planned& planned);

/// What a sealed plan's own findings and holds ask of the exit code, whatever is applied of it.
ExitCodes exits_of_plan(const PlanTrailer& trailer);
/// Whether the plan names a leaver whom it does not contain.
bool names_uncontained(const PlanTrailer& trailer);

/// The runs of one command. Told together at its end: each format is one document.
class CommandReport {
 public:
  CommandReport(const Program& program, Wired& wired) : program_(program), wired_(wired) {}

  /// Adds a run that has ended, with its page in the configured folder. `exits` are the command's.
  void add(const Applied& applied, ReportNotes notes, ExitCodes& exits);

  /// Gives back the memory of the runs so far, before another plan is made; `tell` reads it again.
  void forget_operations();

  /// Prints the runs and writes the file of --report. Who was left uncontained by one run and is
  /// contained by a later one is no longer named, and asks for no exit code.
  void tell(const Outputs& outputs, ExitCodes& exits);

  /// Whether somebody who should be out is not.
  bool uncontained() const { return uncontained_; }

 private:
  void speak_for_all(ExitCodes& exits);
  Result<void> recall_operations();

  const Program& program_;
  Wired& wired_;
  std::vector<FinishedRun> runs_;
  bool forgotten_ = false;
  bool all_known_ = true;  // the journal gave every run back
  bool uncontained_ = false;
};

/// For a command with one run: adds and tells it.
void report_run(const Program& program, Wired& wired, const Applied& applied, ReportNotes notes,
                const Outputs& outputs, ExitCodes& exits);

}  // namespace rollcall

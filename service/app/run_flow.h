// What sync, apply and resume share: settling what was interrupted, applying one sealed plan, and
// the report at the end.
#pragma once

#include <optional>
#include <string>

#include "service/app/present.h"
#include "service/app/wire.h"
#include "service/execute/executor.h"
#include "service/execute/recovery.h"

namespace rollcall {

/// Seals a plan in the journal. Errors: journal.*.
Result<void> seal(Journal& journal, const Planned& planned);

/// How applying one plan went.
struct Applied {
  RunHandle run;
  RunEnd end;
  ExitCodes exits;
};

/// Takes the lane, applies the sealed plan to its end, closes the run.
/// Errors: journal.locked, journal.*.
Result<Applied> apply_sealed(const Program& program, Wired& wired, const Sha256& plan, Lane lane,
                             const std::string& verb, const ExitCodes& planned_exits,
                             Vetting vetting = {});

/// Continues a run that recovery kept open.
Applied continue_run(const Program& program, Wired& wired, const RunHandle& run,
                     const ExitCodes& planned_exits, Vetting vetting = {});

/// Settles interrupted runs, of one lane or of all; their remarks go into `notes`.
/// Errors: why it could not be finished.
Result<Recovery> settle_interrupted(const Program& program, Wired& wired, bool supersede,
                                    std::optional<RunId> only, ReportNotes& notes,
                                    std::optional<Lane> lane = std::nullopt);

/// A run's number as somebody typed it. Errors: usage.
Result<RunId> run_id_from(const std::string& word);

/// Loads a finished run for its report. Errors: journal.*.
Result<FinishedRun> load_run(Journal& journal, RunId id);

/// Notes whom the run left uncontained, as far as the journal tells: for a report made later.
void head_uncontained(FinishedRun& run);

/// What a sealed plan's own findings and holds ask of the exit code, whatever is applied of it.
ExitCodes exits_of_plan(const PlanTrailer& trailer);
/// Whether the plan names a leaver whom it does not contain.
bool names_uncontained(const PlanTrailer& trailer);

/// Prints the run, writes report files, and gives the exit codes that stay.
int report_run(const Program& program, Wired& wired, const Applied& applied, ReportNotes notes,
               const Outputs& outputs, ExitCodes& exits);

/// The run that holds this lane now, if another process has it.
Result<std::optional<RunRow>> running_elsewhere(Journal& journal, Lane lane);

}  // namespace rollcall

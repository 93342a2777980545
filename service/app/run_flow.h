// What sync, apply and resume share: settling what was interrupted and applying one sealed plan.
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

/// What operations that failed or met a changed world ask of the exit code, however the run ended.
ExitCodes exits_of_counts(const std::map<OperationState, std::uint64_t>& counts);

/// Loads a finished run for its report. Errors: journal.*.
Result<FinishedRun> load_run(Journal& journal, RunId id);

/// The run that holds this lane now, if another process has it.
Result<std::optional<RunRow>> running_elsewhere(Journal& journal, Lane lane);

}  // namespace rollcall

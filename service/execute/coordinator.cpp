#include "service/execute/coordinator.h"

#include "service/execute/drive_internal.h"

namespace rollcall {

RunEnd run_to_end(Journal& journal, Directory& directory, const RunHandle& run, const Clock& clock,
                  const Log* log, const CoordinatorOptions& options) {
  Drive drive(journal, directory, run, clock, log, options);
  drive.run(true);
  return drive.end();
}

Result<void> close_run(Journal& journal, const RunHandle& run, const RunEnd& end, int exit_code,
                       const std::string& note) {
  const bool lost = end.error && (end.exit_code == 7 || end.exit_code == 1);
  if (lost || end.in_doubt > 0) return ok();
  return journal.end_run(run, exit_code, note);
}

bool contains_person(OperationKind kind) { return priority_of(kind) == Priority::contain; }

}  // namespace rollcall

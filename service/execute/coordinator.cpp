#include "service/execute/coordinator.h"

#include "service/execute/drive_internal.h"

namespace rollcall {

RunEnd run_to_end(Journal& journal, Directory& directory, const RunHandle& run, const Clock& clock,
                  const Log* log, const CoordinatorOptions& options) {
  Drive drive(journal, directory, run, clock, log, options);
  drive.run(true);
  return drive.end();
}

bool contains_person(OperationKind kind) { return priority_of(kind) == Priority::contain; }

}  // namespace rollcall

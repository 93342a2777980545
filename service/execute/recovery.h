// Settles what an interrupted run left before anything new is planned or sent.
#pragma once

#include <string>
#include <vector>

#include "service/execute/coordinator.h"

namespace rollcall {

struct RecoveryOptions {
  std::string holder;  // host and pid, for who meets the lock
  /// sync: what still waits is superseded and the run ended. resume: the run is kept for
  /// run_to_end; `only_run` says which, others are superseded.
  bool supersede = true;
  std::optional<RunId> only_run;
  /// Leaves the runs of other lanes alone; unset: all.
  std::optional<Lane> lane;
  CoordinatorOptions drive;
};

/// One interrupted run, settled.
struct RecoveredRun {
  Interrupted found;
  std::map<OperationState, std::uint64_t> settled;  // what its doubtful operations became
  std::optional<RunHandle> handle;                  // set where the run is to be continued
  std::vector<std::string> not_contained;
};

struct Recovery {
  std::vector<RecoveredRun> runs;
  /// Why it could not be finished: journal, org or credential. Nothing may be planned or applied
  /// then; the exit code is info(error->code).exit.
  std::optional<Error> error;
};

/// Takes over each interrupted run of the lane and settles every operation found in `intent` or
/// `ambiguous`: by a read, never by sending it again. Errors are in the answer.
Recovery recover(Journal& journal, Directory& directory, const Clock& clock, const Log* log,
                 const RecoveryOptions& options);

}  // namespace rollcall

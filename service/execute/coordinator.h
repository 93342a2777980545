// Drives one run: claims from the journal, sends through the directory, settles what comes back.
// One thread owns it, the executor and the journal connection.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "service/base/clock.h"
#include "service/base/log.h"
#include "service/execute/completion_queue.h"
#include "service/execute/executor.h"
#include "service/ports/directory.h"
#include "service/ports/journal.h"

namespace rollcall {

/// How far a run is; for a progress bar.
struct Progress {
  std::map<OperationState, std::uint64_t> settled;  // what this process settled; retries count anew
  std::size_t in_flight = 0;
};

struct CoordinatorOptions {
  int max_minutes = 0;  // 0: no budget
  std::int64_t heartbeat_ms = 10'000;
  std::stop_token stop;  // SIGTERM: an orderly end
  Vetting vetting;       // for a plan that another process made
  std::function<void(const Progress&)> progress;
  /// Passes the time until something completes or `wait_ms` are over; unset: blocks on the queue.
  /// Simulations advance their virtual clock here instead.
  std::function<void(CompletionQueue&, std::int64_t wait_ms)> wait;
};

/// How a run ended.
struct RunEnd {
  int exit_code = 0;           // of this part alone: 0 1 4 6 7 9 10, or that of `stopped_by`
  std::optional<Error> error;  // why it ended early
  std::vector<Error> errors;   // every failed, conflicting or doubtful operation, first 1,000
  std::map<OperationState, std::uint64_t> counts;  // as the journal has them; else our own count
  std::vector<std::string> replan;                 // worker keys of conflicts: plan these again
  std::vector<std::string> not_contained;          // worker keys of leavers who are not contained
  std::uint64_t in_doubt = 0;                      // left `ambiguous`
};

/// Applies the run's plan until nothing is left to claim, the budget is spent, `stop` is asked for,
/// the org refuses or fails, or the journal fails; returns once nothing is in flight. Does not end
/// the run: the caller does, with the exit code of the whole verb; a run with something left stays
/// `interrupted` and is settled by the next. After a journal error nothing more leaves, and what is
/// in flight stays `intent` for recovery.
RunEnd run_to_end(Journal& journal, Directory& directory, const RunHandle& run, const Clock& clock,
                  const Log* log, const CoordinatorOptions& options);

/// True for the operations that keep a leaver out.
bool contains_person(OperationKind kind);

}  // namespace rollcall

#include "service/execute/recovery.h"

#include "service/execute/drive_internal.h"

namespace rollcall {
namespace {

// CONTRACT.md, section 2: stopped early; the next run continues.
constexpr int kStoppedEarly = 10;

void log_recovery(const Log* log, const RecoveredRun& run) {
  if (log == nullptr) return;
  LogFields fields;
  fields.add("run", run.found.run.id).add("intents", run.found.intents);
  for (const auto& [state, count] : run.settled) fields.add(to_string(state), count);
  log->write(LogEvent::recovery_settled, fields);
}

/// Settles one run; an error ends the recovery.
Result<RecoveredRun> settle_run(Journal& journal, Directory& directory, const Interrupted& found,
                                const Clock& clock, const Log* log,
                                const RecoveryOptions& options) {
  RecoveredRun recovered;
  recovered.found = found;
  const auto handle = journal.take_over(found.run.id, options.holder);
  if (!handle) return handle.error();
  if (!found.sealed) {
    if (auto ended = journal.end_run(*handle, kStoppedEarly, "abandoned"); !ended) {
      return ended.error();
    }
    return recovered;
  }
  const auto claims = journal.unsettled(*handle);
  if (!claims) return claims.error();
  Drive drive(journal, directory, *handle, clock, log, options.drive);
  drive.preset(*claims);
  drive.run(false);
  recovered.settled = drive.settled();
  const RunEnd end = drive.end();
  recovered.not_contained = end.not_contained;
  if (end.error) return *end.error;
  if (end.in_doubt > 0) {
    return make_error(ErrorCode::operation_in_doubt, "Operations of an interrupted run stay open.");
  }
  log_recovery(log, recovered);
  const bool keep = !options.supersede && (!options.only_run || *options.only_run == found.run.id);
  if (keep) {
    recovered.handle = *handle;
    return recovered;
  }
  if (auto superseded = journal.supersede(*handle); !superseded) return superseded.error();
  if (auto ended = journal.end_run(*handle, kStoppedEarly, "settled by a later run"); !ended) {
    return ended.error();
  }
  return recovered;
}

}  // namespace

Recovery recover(Journal& journal, Directory& directory, const Clock& clock, const Log* log,
                 const RecoveryOptions& options) {
  Recovery recovery;
  const auto interrupted = journal.interrupted();
  if (!interrupted) {
    recovery.error = interrupted.error();
    return recovery;
  }
  for (const Interrupted& found : *interrupted) {
    if (options.lane && found.run.lane != *options.lane) continue;
    auto settled = settle_run(journal, directory, found, clock, log, options);
    if (!settled) {
      recovery.error = settled.error();
      return recovery;
    }
    recovery.runs.push_back(std::move(*settled));
  }
  return recovery;
}

}  // namespace rollcall

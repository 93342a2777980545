#include "service/app/run_flow.h"

#include <fmt/core.h>

#include <algorithm>
#include <charconv>
#include <cstdio>

#include "service/base/text.h"

namespace rollcall {
namespace {

/// A line that counts on, on a terminal; log lines elsewhere.
class ProgressShow {
 public:
  ProgressShow(const Program& program, std::uint64_t total) : program_(program), total_(total) {}
  ~ProgressShow() {
    if (shown_) std::fprintf(stderr, "\r\033[K");
  }
  ProgressShow(const ProgressShow&) = delete;
  ProgressShow& operator=(const ProgressShow&) = delete;

  void operator()(const Progress& progress) {
    const MonoTime now = program_.clock().mono();
    const std::int64_t every_ms = program_.terminal().err ? 200 : 10'000;
    if (last_.ms != 0 && now - last_ < every_ms) return;
    last_ = now;
    std::uint64_t done = 0;
    for (const auto& [state, count] : progress.settled) done += count;
    if (!program_.terminal().err) {
      program_.log().write(LogEvent::progress, LogFields().add("settled", done).add("of", total_));
      return;
    }
    constexpr std::uint64_t kWidth = 30;
    const std::uint64_t filled = total_ == 0 ? kWidth : std::min(kWidth, done * kWidth / total_);
    std::fprintf(stderr, "\r\033[K  [%s%s] %s of %s operations", std::string(filled, '#').c_str(),
                 std::string(kWidth - filled, '.').c_str(),
                 with_thousands(static_cast<long long>(done)).c_str(),
                 with_thousands(static_cast<long long>(total_)).c_str());
    shown_ = true;
  }

 private:
  const Program& program_;
  std::uint64_t total_;
  MonoTime last_;
  bool shown_ = false;
};

CoordinatorOptions drive_options(const Program& program, const Settings& settings) {
  CoordinatorOptions options;
  options.max_minutes = static_cast<int>(settings.run.max_minutes);
  options.stop = program.stop();
  return options;
}

/// Ends the run, unless operations are left in doubt or the journal is lost: such a run stays open,
/// so that the next one's recovery finds and settles it.
Result<void> close_run(Journal& journal, const RunHandle& run, const RunEnd& end, int exit_code,
                       const std::string& note) {
  if (end.in_doubt > 0 || end.exit_code == 7) return ok();
  return journal.end_run(run, exit_code, note);
}

}  // namespace

Result<void> seal(Journal& journal, const Planned& planned) {
  VectorCursor cursor(planned.plan.operations);
  return journal.seal_plan(cursor, planned.plan.header, planned.plan.trailer, planned.plan.id);
}

ExitCodes exits_of_counts(const std::map<OperationState, std::uint64_t>& counts) {
  ExitCodes exits;
  for (const OperationState state :
       {OperationState::failed, OperationState::conflict, OperationState::withdrawn,
        OperationState::blocked, OperationState::quarantined, OperationState::ambiguous}) {
    const auto found = counts.find(state);
    if (found != counts.end() && found->second > 0) exits.add(4);
  }
  return exits;
}

Applied continue_run(const Program& program, Wired& wired, const RunHandle& run,
                     const ExitCodes& planned_exits, Vetting vetting) {
  Applied applied;
  applied.run = run;
  applied.exits = planned_exits;
  std::uint64_t total = 0;
  if (const auto open = wired.journal->open_operations(run)) total = *open;
  CoordinatorOptions options = drive_options(program, wired.settings);
  options.vetting = std::move(vetting);
  {
    ProgressShow show(program, total);
    options.progress = [&show](const Progress& progress) { show(progress); };
    applied.end =
        run_to_end(*wired.journal, *wired.directory, run, program.clock(), &program.log(), options);
  }
  if (applied.end.exit_code != 0) applied.exits.add(applied.end.exit_code);
  if (!applied.end.not_contained.empty()) applied.exits.add(3);
  applied.exits.add(exits_of_counts(applied.end.counts));
  const std::string note = applied.end.error ? applied.end.error->message : std::string();
  const auto closed = close_run(*wired.journal, run, applied.end, applied.exits.first(), note);
  if (!closed) applied.exits.add(info(closed.error().code).exit);
  return applied;
}

Result<Applied> apply_sealed(const Program& program, Wired& wired, const Sha256& plan, Lane lane,
                             const std::string& verb, const ExitCodes& planned_exits,
                             Vetting vetting) {
  const auto state = wired.journal->find_plan(plan);
  if (!state) return state.error();
  if (!*state) {
    return make_error(ErrorCode::plan_unknown, "the journal has no such plan", to_text(plan));
  }
  RunSpec spec;
  spec.lane = lane;
  spec.verb = verb;
  spec.plan = plan;
  spec.org_id = (*state)->header.org_id;
  spec.environment = wired.settings.environment;
  spec.holder = holder_name();
  const auto run = wired.journal->begin_run(spec);
  if (!run) return run.error();
  program.log().write(LogEvent::run_started, LogFields().add("run", run->id));
  Applied applied = continue_run(program, wired, *run, planned_exits, std::move(vetting));
  program.log().write(LogEvent::run_ended,
                      LogFields().add("run", run->id).add("exit", applied.exits.first()));
  return applied;
}

Result<Recovery> settle_interrupted(const Program& program, Wired& wired, bool supersede,
                                    std::optional<RunId> only, ReportNotes& notes,
                                    std::optional<Lane> lane) {
  RecoveryOptions options;
  options.lane = lane;
  options.holder = holder_name();
  options.supersede = supersede;
  options.only_run = only;
  options.drive = drive_options(program, wired.settings);
  Recovery recovery =
      recover(*wired.journal, *wired.directory, program.clock(), &program.log(), options);
  for (const RecoveredRun& run : recovery.runs) {
    std::string what = fmt::format("run {} was interrupted: ", run.found.run.id);
    if (run.settled.empty()) {
      what += "nothing was in doubt";
    } else {
      std::vector<std::string> parts;
      for (const auto& [state, count] : run.settled) {
        parts.push_back(
            fmt::format("{} {}", with_thousands(static_cast<long long>(count)), to_string(state)));
      }
      what += "its operations in doubt were read and settled as " + join(parts, ", ");
    }
    notes.remarks.push_back(std::move(what));
  }
  if (recovery.error) return *recovery.error;
  return recovery;
}

Result<RunId> run_id_from(const std::string& word) {
  RunId id = 0;
  const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), id);
  if (error == std::errc() && end == word.data() + word.size()) return id;
  return make_error(
      ErrorCode::usage,
      "a run id is a number, as `rollcall runs` lists it; a plan id begins with sha256:", word);
}

Result<FinishedRun> load_run(Journal& journal, RunId id) {
  FinishedRun out;
  auto row = journal.run(id);
  if (!row) return row.error();
  if (!*row) {
    return make_error(ErrorCode::journal_run_unknown, fmt::format("the journal has no run {}", id));
  }
  out.row = std::move(**row);
  auto plan = journal.find_plan(out.row.plan);
  if (!plan) return plan.error();
  if (*plan) out.plan = std::move(**plan);
  auto results = journal.results(id);
  if (!results) return results.error();
  out.results = std::move(*results);
  return out;
}

Result<std::optional<RunRow>> running_elsewhere(Journal& journal, Lane lane) {
  const auto runs = journal.runs(20);
  if (!runs) return runs.error();
  const auto interrupted = journal.interrupted();
  if (!interrupted) return interrupted.error();
  for (const RunRow& row : *runs) {
    if (row.state != "running" || row.lane != lane) continue;
    const bool dead = std::any_of(interrupted->begin(), interrupted->end(),
                                  [&](const Interrupted& one) { return one.run.id == row.id; });
    if (!dead) return std::optional<RunRow>(row);
  }
  return std::optional<RunRow>();
}

}  // namespace rollcall

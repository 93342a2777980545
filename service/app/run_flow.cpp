#include "service/app/run_flow.h"

#include <fmt/core.h>

#include <algorithm>
#include <charconv>
#include <cstdio>
#include <set>

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

void remember_refusals(Journal& journal, const FinishedRun& run) {
  for (const OperationResult& result : run.results) {
    if (result.outcome.code != ErrorCode::okta_mastered_elsewhere) continue;
    for (const FieldChange& change : result.operation.changes) {
      // Best effort: without it the next run only asks once more.
      const auto noted = journal.record_refused({result.operation.subject.user_id, change.attribute,
                                                 sha256(change.to.value_or(std::string()))});
      if (!noted) return;
    }
  }
}

/// Whose containment this run did not carry out: it failed, never came about, or is held.
void add_uncontained(const std::vector<OperationResult>& results,
                     const std::vector<std::string>& keys, std::vector<NotContained>& out) {
  for (const OperationResult& result : results) {
    const Operation& op = result.operation;
    const std::string& key = op.subject.worker_key;
    const bool listed = std::any_of(out.begin(), out.end(), [&](const NotContained& one) {
      return one.worker_key == key && one.user_id == op.subject.user_id;
    });
    if (listed || !contains_person(op.kind)) continue;
    const bool held = result.state == OperationState::held &&
                      op.kind != OperationKind::user_clear_sessions && op.expect.status &&
                      can_sign_in(*op.expect.status);
    if (!held && std::find(keys.begin(), keys.end(), key) == keys.end()) continue;
    NotContained one{key, op.subject.user_id, op.subject.login, "", "", std::nullopt};
    if (held) {
      one.code = info(ErrorCode::leaver_not_contained).id;
      one.why = "held by " + op.held_by;
    } else {
      if (result.outcome.code) one.code = info(*result.outcome.code).id;
      one.why = result.outcome.message.empty() ? std::string("the operation was not applied")
                                               : result.outcome.message;
    }
    out.push_back(std::move(one));
  }
}

bool is_uncontained(const Finding& finding) {
  return finding.code == info(ErrorCode::leaver_not_contained).id;
}

/// Whom the plan itself named, unless this run has shut their account since.
void add_planned_uncontained(const FinishedRun& run, std::vector<NotContained>& out) {
  std::set<std::string> contained;  // accounts: a person may have a further one that is not ours
  for (const OperationResult& result : run.results) {
    if (contains_person(result.operation.kind) && result.state == OperationState::applied) {
      contained.insert(result.operation.subject.user_id);
    }
  }
  for (const Finding& finding : run.plan.trailer.findings) {
    if (!is_uncontained(finding) || contained.count(finding.user_id) > 0) continue;
    const bool listed = std::any_of(out.begin(), out.end(), [&](const NotContained& one) {
      return one.worker_key == finding.worker_key && one.user_id == finding.user_id;
    });
    if (listed) continue;
    out.push_back(
        {finding.worker_key, finding.user_id, "", finding.code, finding.message, std::nullopt});
  }
}

}  // namespace

Result<void> seal(Journal& journal, const Planned& planned) {
  VectorCursor cursor(planned.plan.operations);
  return journal.seal_plan(cursor, planned.plan.header, planned.plan.trailer, planned.plan.id);
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
  if (applied.end.counts.count(OperationState::withdrawn) > 0) {
    applied.exits.add(info(ErrorCode::operation_withdrawn).exit);
  }
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

void head_uncontained(FinishedRun& run) {
  std::vector<std::string> open;
  for (const OperationResult& result : run.results) {
    if (!contains_person(result.operation.kind)) continue;
    if (result.state != OperationState::applied && result.state != OperationState::held &&
        result.state != OperationState::withdrawn) {
      open.push_back(result.operation.subject.worker_key);
    }
  }
  add_uncontained(run.results, open, run.notes.not_contained);
  add_planned_uncontained(run, run.notes.not_contained);
}

ExitCodes exits_of_plan(const PlanTrailer& trailer) {
  ExitCodes exits;
  if (trailer.summary.operations_held() > 0 || names_uncontained(trailer)) exits.add(3);
  return exits;
}

bool names_uncontained(const PlanTrailer& trailer) {
  return std::any_of(trailer.findings.begin(), trailer.findings.end(), is_uncontained);
}

int report_run(const Program& program, Wired& wired, const Applied& applied, ReportNotes notes,
               const Outputs& outputs, ExitCodes& exits) {
  exits.add(applied.exits);
  if (applied.end.error) program.complain("rollcall: " + describe(*applied.end.error));
  auto run = load_run(*wired.journal, applied.run.id);
  if (!run) {
    exits.add(program.fail(run.error()));
    return exits.first();
  }
  remember_refusals(*wired.journal, *run);
  add_uncontained(run->results, applied.end.not_contained, notes.not_contained);
  add_planned_uncontained(*run, notes.not_contained);
  notes.exit_codes = exits.all();
  run->notes = std::move(notes);
  if (const auto shown = present_run(program, *run, outputs); !shown)
    exits.add(program.fail(shown.error()));
  const auto kept = keep_html(wired.settings, *run);
  if (!kept) {
    exits.add(program.fail(kept.error()));
  } else if (!kept->empty()) {
    program.complain("report: " + *kept);
  }
  return exits.first();
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

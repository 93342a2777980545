#include "service/app/command_report.h"

#include <algorithm>
#include <set>
#include <string>
#include <unordered_set>
#include <utility>

namespace rollcall {
namespace {

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

/// Who is named already, account by account; a run may have very many.
class Named {
 public:
  explicit Named(const std::vector<NotContained>& all) {
    for (const NotContained& one : all) add(one.worker_key, one.user_id);
  }
  /// False if they were named before.
  bool add(const std::string& worker_key, const std::string& user_id) {
    return keys_.insert(joined(worker_key, user_id)).second;
  }

 private:
  static std::string joined(const std::string& worker_key, const std::string& user_id) {
    return worker_key + '\0' + user_id;
  }
  std::unordered_set<std::string> keys_;
};

/// Whose containment this run did not carry out: it failed, never came about, or is held.
void add_uncontained(const std::vector<OperationResult>& results,
                     const std::vector<std::string>& keys, std::vector<NotContained>& out) {
  Named named(out);
  const std::unordered_set<std::string> open(keys.begin(), keys.end());
  for (const OperationResult& result : results) {
    const Operation& op = result.operation;
    const std::string& key = op.subject.worker_key;
    if (!contains_person(op.kind)) continue;
    const bool held = result.state == OperationState::held &&
                      op.kind != OperationKind::user_clear_sessions && op.expect.status &&
                      can_sign_in(*op.expect.status);
    if (!held && open.count(key) == 0) continue;
    if (!named.add(key, op.subject.user_id)) continue;
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
  Named named(out);
  for (const Finding& finding : run.plan.trailer.findings) {
    if (!is_uncontained(finding) || contained.count(finding.user_id) > 0) continue;
    if (!named.add(finding.worker_key, finding.user_id)) continue;
    out.push_back(
        {finding.worker_key, finding.user_id, "", finding.code, finding.message, std::nullopt});
  }
}

/// What the findings and the sources of a plan ask of the exit code, but for leavers: whether those
/// are still in is for the run to say.
ExitCodes exits_of_planning(const PlanHeader& header, const PlanTrailer& trailer) {
  ExitCodes exits;
  for (const Finding& finding : trailer.findings) {
    const auto code = error_code_from_id(finding.code);
    if (!code || finding.severity != Severity::error || is_uncontained(finding)) continue;
    if (info(*code).exit != 0) exits.add(info(*code).exit);
  }
  for (const SourceStat& source : header.sources) {
    if (!source.certified) exits.add(5);
  }
  return exits;
}

/// Accounts that a run shut: something that keeps their person out was applied, nothing of the kind
/// was left, and the run itself does not name them.
std::unordered_set<std::string> shut_by(const FinishedRun& run) {
  std::unordered_set<std::string> shut;
  std::unordered_set<std::string> open;
  for (const OperationResult& result : run.results) {
    const Operation& op = result.operation;
    if (!contains_person(op.kind)) continue;
    (result.state == OperationState::applied ? shut : open).insert(op.subject.user_id);
  }
  for (const NotContained& one : run.notes.not_contained) open.insert(one.user_id);
  open.insert("");
  std::erase_if(shut, [&](const std::string& id) { return open.count(id) > 0; });
  return shut;
}

/// Whom the runs together leave uncontained, each with the words of the first that named them.
std::vector<NotContained> left_by_all(const std::vector<FinishedRun>& runs) {
  std::vector<NotContained> left;
  Named named(left);
  for (std::size_t i = 0; i < runs.size(); ++i) {
    std::unordered_set<std::string> shut;  // by a later run
    for (std::size_t later = i + 1; later < runs.size(); ++later) shut.merge(shut_by(runs[later]));
    for (const NotContained& one : runs[i].notes.not_contained) {
      if (shut.count(one.user_id) > 0 || !named.add(one.worker_key, one.user_id)) continue;
      left.push_back(one);
    }
  }
  return left;
}

bool holds(const FinishedRun& run) {
  return std::any_of(run.results.begin(), run.results.end(), [](const OperationResult& result) {
    return result.state == OperationState::held;
  });
}

}  // namespace

void head_uncontained(FinishedRun& run) {
  std::vector<std::string> open;
  for (const OperationResult& result : run.results) {
    if (!contains_person(result.operation.kind)) continue;
    const bool not_asked_for = result.state == OperationState::withdrawn &&
                               result.outcome.code != ErrorCode::operation_approval_ended;
    if (result.state != OperationState::applied && result.state != OperationState::held &&
        !not_asked_for) {
      open.push_back(result.operation.subject.worker_key);
    }
  }
  add_uncontained(run.results, open, run.notes.not_contained);
  add_planned_uncontained(run, run.notes.not_contained);
}

void head_uncontained(Planned& planned) {
  for (const Finding& finding : planned.plan.trailer.findings) {
    if (!is_uncontained(finding)) continue;
    planned.notes.not_contained.push_back(
        {finding.worker_key, finding.user_id, "", finding.code, finding.message, std::nullopt});
  }
}

std::vector<int> exits_known(const FinishedRun& run) {
  if (!run.row.exit_code) return {};
  ExitCodes known = exits_of_counts(run.row.counts);
  // Planning is part of a sync; whoever applied a plan had been told what it found.
  if (run.row.verb == "sync") known.add(exits_of_planning(run.plan.header, run.plan.trailer));
  if (holds(run) || !run.notes.not_contained.empty()) known.add(3);
  ExitCodes all;
  all.add(*run.row.exit_code);
  for (const int code : known.all()) {
    // The journal's is the one that won: what would have won over it did not apply.
    ExitCodes both = all;
    both.add(code);
    if (both.first() == *run.row.exit_code) all.add(code);
  }
  return all.all();
}

ExitCodes exits_known(const Planned& planned) {
  ExitCodes exits = exits_of_planning(planned.plan.header, planned.plan.trailer);
  exits.add(exits_of_plan(planned.plan.trailer));
  return exits;
}

ExitCodes exits_of_plan(const PlanTrailer& trailer) {
  ExitCodes exits;
  if (trailer.summary.operations_held() > 0 || names_uncontained(trailer)) exits.add(3);
  return exits;
}

bool names_uncontained(const PlanTrailer& trailer) {
  return std::any_of(trailer.findings.begin(), trailer.findings.end(), is_uncontained);
}

void CommandReport::add(const Applied& applied, ReportNotes notes, ExitCodes& exits) {
  exits.add(applied.exits);
  if (applied.end.error) program_.complain("rollcall: " + describe(*applied.end.error));
  uncontained_ = uncontained_ || !applied.end.not_contained.empty() || !notes.not_contained.empty();
  auto run = load_run(*wired_.journal, applied.run.id);
  if (!run) {
    all_known_ = false;
    exits.add(program_.fail(run.error()));
    return;
  }
  remember_refusals(*wired_.journal, *run);
  add_uncontained(run->results, applied.end.not_contained, notes.not_contained);
  add_planned_uncontained(*run, notes.not_contained);
  uncontained_ = uncontained_ || !notes.not_contained.empty();
  // The codes of the command so far where this is its first run, and this run's own where not.
  notes.exit_codes = runs_.empty() ? exits.all() : applied.exits.all();
  run->notes = std::move(notes);
  const auto kept = keep_html(wired_.settings, *run);
  if (!kept) {
    exits.add(program_.fail(kept.error()));
  } else if (!kept->empty()) {
    program_.complain("report: " + *kept);
  }
  runs_.push_back(std::move(*run));
}

void CommandReport::speak_for_all(ExitCodes& exits) {
  ReportNotes& notes = runs_.front().notes;
  if (runs_.size() > 1) {
    notes.not_contained = left_by_all(runs_);
    if (all_known_) uncontained_ = !notes.not_contained.empty();
    if (!uncontained_ && std::none_of(runs_.begin(), runs_.end(), holds)) exits.drop(3);
  }
  notes.exit_codes = exits.all();
}

void CommandReport::forget_operations() {
  for (FinishedRun& run : runs_) {
    run.results = {};
    forgotten_ = true;
  }
}

Result<void> CommandReport::recall_operations() {
  if (!forgotten_) return ok();
  for (FinishedRun& run : runs_) {
    if (!run.results.empty()) continue;
    auto results = wired_.journal->results(run.row.id);
    if (!results) return results.error();
    run.results = std::move(*results);
  }
  forgotten_ = false;
  return ok();
}

void CommandReport::tell(const Outputs& outputs, ExitCodes& exits) {
  if (runs_.empty()) return;
  if (const auto recalled = recall_operations(); !recalled) {
    exits.add(program_.fail(recalled.error()));
    all_known_ = false;
  }
  speak_for_all(exits);
  if (const auto shown = present_runs(program_, runs_, outputs); !shown) {
    exits.add(program_.fail(shown.error()));
  }
}

void report_run(const Program& program, Wired& wired, const Applied& applied, ReportNotes notes,
                const Outputs& outputs, ExitCodes& exits) {
  CommandReport report(program, wired);
  report.add(applied, std::move(notes), exits);
  report.tell(outputs, exits);
}

}  // namespace rollcall

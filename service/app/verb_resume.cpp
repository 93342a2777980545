// rollcall resume: settles an interrupted run and, while its plan is valid, finishes it.
#include <fmt/core.h>

#include "service/app/approvals.h"
#include "service/app/command_report.h"
#include "service/app/options_internal.h"
#include "service/app/run_flow.h"
#include "service/app/verbs.h"
#include "service/app/vetting.h"
#include "service/execute/verdict.h"

namespace rollcall {
namespace {

/// What the run itself has changed already is no change by somebody else. Nor is what it may have
/// changed: an update whose reply was lost is repeated without a look, and an instant does not tell
/// who wrote.
Result<Vetting> vet_rest(const Program& program, Wired& wired, RunId run, const PlanState& plan,
                         ReportNotes& notes) {
  const auto results = wired.journal->results(run);
  if (!results) return results.error();
  std::vector<Operation> open;
  std::set<std::string> ours;
  for (const OperationResult& result : *results) {
    const Operation& op = result.operation;
    if (result.state == OperationState::planned || result.state == OperationState::retry) {
      open.push_back(op);
    }
    const bool sent = result.state == OperationState::applied || result.attempts > 0;
    if (changes_user(op.kind) && sent) ours.insert(op.subject.user_id);
  }
  auto vetting = vet_plan(wired.parts(program), plan.header, open, ours, program.stop(), notes);
  if (!vetting) return vetting;
  auto ended =
      no_longer_approved(*wired.journal, wired.digest_key, program.clock().wall(), plan, open);
  if (!ended) return ended.error();
  vetting->withdrawn.merge(*ended);
  return vetting;
}

/// Settled is settled; what waits is not sent on the word of a stale plan.
/// Errors: journal.*; plan.expired once all is recorded.
Result<void> give_up(Journal& journal, const RunHandle& run, WallTime until) {
  if (const auto gone = journal.supersede(run); !gone) return gone.error();
  if (const auto ended = journal.end_run(run, 8, "the plan expired"); !ended) return ended.error();
  return make_error(
      ErrorCode::plan_expired,
      fmt::format("run {} is settled, but its plan expired at {}", run.id, format_minute(until)));
}

/// Finishes one run that recovery kept open. Errors: journal.*, those of reading.
Result<void> finish(Program& program, Wired& wired, const RecoveredRun& run, ReportNotes notes,
                    CommandReport& report, ExitCodes& exits) {
  const auto plan = wired.journal->find_plan(run.found.run.plan);
  if (!plan) return plan.error();
  if (!*plan) return make_error(ErrorCode::plan_unknown, "the run's plan is gone");
  const auto until = valid_until(*wired.journal, **plan, program.clock().wall());
  if (!until) return until.error();
  if (program.clock().wall() > *until) {
    const auto given_up = give_up(*wired.journal, *run.handle, *until);
    if (given_up.error().code != ErrorCode::plan_expired) return given_up.error();
    exits.add(program.fail(given_up.error()));
    return ok();
  }
  auto vetting = vet_rest(program, wired, run.handle->id, **plan, notes);
  if (!vetting) return vetting.error();
  const Applied applied = continue_run(program, wired, *run.handle, exits_of_plan((**plan).trailer),
                                       std::move(*vetting));
  report.add(applied, std::move(notes), exits);
  return ok();
}

int run_resume(Program& program, const VerbOptions& options) {
  std::optional<RunId> only;
  if (options.has("run")) {
    const auto id = run_id_from(options.text("run"));
    if (!id) return program.fail(id.error());
    only = *id;
  }
  auto settings = program.settings();
  if (!settings) return program.fail(settings.error());
  const auto outputs = outputs_from(program, options.text("format"), "", options.text("report"));
  if (!outputs) return program.fail(outputs.error());
  WireOptions what;
  what.write = true;
  auto wired = wire(program, std::move(*settings), what);
  if (!wired) return program.fail(wired.error());
  ReportNotes notes;
  const auto recovery = settle_interrupted(program, **wired, false, only, notes);
  if (!recovery) return program.fail(recovery.error());
  ExitCodes exits;
  CommandReport report(program, **wired);
  bool any = false;
  for (const RecoveredRun& run : recovery->runs) {
    if (!run.handle) continue;
    any = true;
    // What was done before something failed is told all the same.
    if (const auto done = finish(program, **wired, run, notes, report, exits); !done) {
      exits.add(program.fail(done.error()));
      break;
    }
  }
  report.tell(*outputs, exits);
  if (!any && only) {
    const auto known = (*wired)->journal->run(*only);
    if (!known) return program.fail(known.error());
    if (!*known) {
      return program.fail(make_error(ErrorCode::journal_run_unknown, "the journal has no such run",
                                     std::to_string(*only)));
    }
  }
  if (!any && exits.empty()) program.print("nothing to resume\n");
  return options.shell_code(exits, report.uncontained());
}

}  // namespace

int verb_resume(Program& program, const std::vector<std::string>& words) {
  VerbOptions options(
      "rollcall resume [RUN_ID] [options]",
      "Settles an interrupted run by reading what is in doubt and, while its plan is valid,\n"
      "finishes it.");
  namespace po = boost::program_options;
  options.add()("run", po::value<std::string>()->value_name("RUN_ID"),
                "the run (also without --run)")(
      "format", po::value<std::string>()->value_name("FORMAT"), "text, json, csv or html")(
      "report", po::value<std::string>()->value_name("FILE"), "also write a report");
  options.positional("run", 1);
  return run_parsed(options, program, words, [&] { return run_resume(program, options); });
}

}  // namespace rollcall

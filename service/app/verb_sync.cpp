// rollcall sync: plan, guard, apply and report in one run. What cron and the CronJob call.
#include <fmt/core.h>

#include "service/app/command_report.h"
#include "service/app/options_internal.h"
#include "service/app/plan_options_internal.h"
#include "service/app/run_flow.h"
#include "service/app/verbs.h"

namespace rollcall {
namespace {

/// What the next run must know of this one's reading.
Result<void> record_leftovers(Journal& journal, const std::string& source,
                              const ReadLeftovers& left) {
  if (!left.certified) return ok();
  if (const auto r = journal.record_read(source, left.read, left.snapshot); !r) return r.error();
  if (const auto r = journal.record_people(left.history_changed, left.seen_again); !r)
    return r.error();
  if (left.chain_boundaries.empty()) return ok();
  return journal.record_chain_boundaries(left.chain_boundaries);
}

Error locked_by(const RunRow& row) {
  std::uint64_t done = 0;
  std::uint64_t all = 0;
  for (const auto& [state, count] : row.counts) {
    all += count;
    if (state != OperationState::planned && state != OperationState::intent) done += count;
  }
  return make_error(ErrorCode::journal_locked,
                    fmt::format("run {} of {} holds the lock since {}; {} of {} operations done",
                                row.id, row.holder, format_minute(row.started_at), done, all));
}

/// Another sync that began at the same time sealed its plan over ours and runs now.
Error taken_over(const Error& error) {
  if (error.code != ErrorCode::plan_unknown && error.code != ErrorCode::plan_superseded) {
    return error;
  }
  return make_error(ErrorCode::journal_locked,
                    "another sync has taken the place of this one's plan since it was made");
}

/// An urgent run that does not do what it was called for: no option makes that a success.
bool in_vain(ErrorCode code) {
  return code == ErrorCode::person_not_linked || code == ErrorCode::person_not_leaver;
}

/// "plan.json" gives "plan-2.json".
std::string second_file(const std::string& path) {
  const auto name = path.rfind('/') == std::string::npos ? 0 : path.rfind('/') + 1;
  const auto dot = path.rfind('.');
  const auto end = dot == std::string::npos || dot <= name ? path.size() : dot;
  return path.substr(0, end) + "-2" + path.substr(end);
}

class Sync {
 public:
  Sync(Program& program, Wired& wired, PlanningOptions planning, Outputs outputs)
      : program_(program),
        wired_(wired),
        planning_(std::move(planning)),
        outputs_(std::move(outputs)),
        lane_(planning_.urgent ? Lane::urgent : Lane::main),
        report_(program, wired) {}

  ExitCodes run() {
    const auto other = running_elsewhere(*wired_.journal, lane_);
    if (!other) return failed(other.error());
    if (*other) return failed(locked_by(**other));
    // An urgent run has no time for what a main run left.
    const auto only = planning_.urgent ? std::optional(lane_) : std::nullopt;
    const auto settled = settle_interrupted(program_, wired_, true, std::nullopt, notes_, only);
    if (!settled) return failed(settled.error());
    std::vector<std::string> again = once();
    // Conflicts are planned again at once, a plan of its own under the same guard.
    if (!again.empty() && !program_.stop().stop_requested() && exits_.first() != 7) {
      planning_.only = {again.begin(), again.end()};
      notes_ = {};
      notes_.remarks.push_back("planned again after conflicts with what changed meanwhile");
      planned_again_ = true;
      report_.forget_operations();
      once();
    }
    report_.tell(outputs_, exits_);
    return exits_;
  }
  bool changed() const { return changed_; }
  bool uncontained() const { return uncontained_ || report_.uncontained(); }

 private:
  ExitCodes failed(const Error& error) {
    exits_.add(program_.fail(error));
    return exits_;
  }

  /// The file of --out; what is planned again stands beside it, and the first stays what it was.
  Result<void> keep_file(const Planned& planned) const {
    if (!planned_again_ || outputs_.plan_file.empty()) {
      return keep_plan(program_, planned, outputs_);
    }
    Outputs beside;
    beside.plan_file = second_file(outputs_.plan_file);
    program_.complain("planned again: " + beside.plan_file);
    return keep_plan(program_, planned, beside);
  }

  /// One plan, applied. Gives the worker keys to plan again.
  std::vector<std::string> once() {
    auto planned = make_plan(wired_.parts(program_), planning_, program_.stop());
    if (!planned) {
      uncontained_ = uncontained_ || (planning_.urgent && in_vain(planned.error().code));
      failed(planned.error());
      return {};
    }
    for (const Error& error : planned->errors) program_.complain("rollcall: " + describe(error));
    if (const auto sealed = seal(*wired_.journal, *planned); !sealed) {
      failed(sealed.error());
      return {};
    }
    if (const auto kept = keep_file(*planned); !kept) {
      failed(kept.error());
      return {};
    }
    for (const Finding& f : planned->plan.trailer.findings) {
      const auto code = error_code_from_id(f.code);
      uncontained_ = uncontained_ || (planning_.urgent && code && in_vain(*code));
    }
    const auto applied =
        apply_sealed(program_, wired_, planned->plan.id, lane_, "sync", planned->exits);
    if (!applied) {
      uncontained_ = uncontained_ || !planned->notes.not_contained.empty();
      failed(taken_over(applied.error()));
      return {};
    }
    if (planning_.only.empty() && !planning_.where && !planning_.sample_percent) {
      const auto recorded = record_leftovers(*wired_.journal, wired_.settings.sources.front().name,
                                             planned->leftovers);
      if (!recorded) failed(recorded.error());
    }
    const auto count = applied->end.counts.find(OperationState::applied);
    changed_ = changed_ || (count != applied->end.counts.end() && count->second > 0);
    ReportNotes notes = planned->notes;
    notes.remarks.insert(notes.remarks.begin(), notes_.remarks.begin(), notes_.remarks.end());
    report_.add(*applied, std::move(notes), exits_);
    return applied->end.replan;
  }

  Program& program_;
  Wired& wired_;
  PlanningOptions planning_;
  Outputs outputs_;
  Lane lane_;
  ReportNotes notes_;
  ExitCodes exits_;
  CommandReport report_;
  bool planned_again_ = false;
  bool changed_ = false;
  bool uncontained_ = false;  // beyond what the runs themselves tell
};

/// Errors: usage, io.read_failed, text.encoding.
Result<void> read_urgent(const VerbOptions& options, PlanningOptions& planning) {
  if (!options.has("urgent")) return ok();
  if (options.has("only") || options.has("where") || options.has("sample")) {
    return make_error(ErrorCode::usage, "--urgent names its people itself");
  }
  for (const std::string& word : options.texts("urgent")) {
    if (const auto added = add_keys(word, planning.only); !added) return added.error();
  }
  if (planning.only.empty()) return make_error(ErrorCode::usage, "--urgent names nobody");
  planning.urgent = true;
  return ok();
}

int run_sync(Program& program, const VerbOptions& options) {
  auto settings = program.settings();
  if (!settings) return program.fail(settings.error());
  auto planning = planning_options(program, options, *settings);
  if (!planning) return program.fail(planning.error());
  if (const auto urgent = read_urgent(options, *planning); !urgent) {
    return program.fail(urgent.error());
  }
  const auto outputs =
      outputs_from(program, options.text("format"), options.text("out"), options.text("report"));
  if (!outputs) return program.fail(outputs.error());
  WireOptions what;
  what.write = true;
  auto wired = wire(program, std::move(*settings), what);
  if (!wired) return program.fail(wired.error());
  Sync sync(program, **wired, std::move(*planning), *outputs);
  ExitCodes exits = sync.run();
  if (options.has("detailed-exitcode") && sync.changed()) exits.add(2);
  return options.shell_code(exits, sync.uncontained());
}

}  // namespace

int verb_sync(Program& program, const std::vector<std::string>& words) {
  VerbOptions options("rollcall sync [options]",
                      "Settles what an interrupted run left, plans, guards, applies and reports.");
  add_plan_options(options);
  options.add()("out", boost::program_options::value<std::string>()->value_name("FILE"),
                "write the plan as JSON (mode 0600) before it is applied")(
      "urgent",
      boost::program_options::value<std::vector<std::string>>()
          ->multitoken()
          ->composing()
          ->value_name("KEY|@FILE"),
      "contain these leavers now, also beside a running sync: reads their accounts only,\n"
      "suspends or deactivates them, ends their sessions, and does nothing else");
  return run_parsed(options, program, words, [&] { return run_sync(program, options); });
}

}  // namespace rollcall

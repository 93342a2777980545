// rollcall apply: exactly one plan, as it was sealed and reviewed.
#include <fmt/core.h>

#include <algorithm>

#include "service/app/approvals.h"
#include "service/app/command_report.h"
#include "service/app/options_internal.h"
#include "service/app/verbs.h"
#include "service/app/vetting.h"
#include "service/base/file.h"
#include "service/base/text.h"

namespace rollcall {
namespace {

/// A plan id as it is, or the id of a plan file whose content gives it.
/// Errors: plan.unreadable, plan.altered, plan.not_sealed, io.read_failed.
Result<Sha256> plan_named(const std::string& word) {
  if (word.starts_with("sha256:")) return sha256_from_text(word);
  const auto text = read_file(word);
  if (!text) {
    Error error = make_error(ErrorCode::plan_unreadable, text.error().message, word);
    return error;
  }
  const auto plan = read_plan(*text);
  if (!plan) return plan.error();
  if (!plan->header.sealed) {
    return make_error(ErrorCode::plan_not_sealed,
                      "the plan was made without a journal, or for another time", word);
  }
  return plan->id;
}

/// Errors: plan.unknown, plan.expired, plan.superseded, plan.other_org, plan.other_config.
Result<PlanState> applicable(Journal& journal, const Sha256& id, const Settings& settings,
                             WallTime now) {
  auto found = journal.find_plan(id);
  if (!found) return found.error();
  if (!*found)
    return make_error(ErrorCode::plan_unknown, "the journal has no such plan", to_text(id));
  PlanState state = std::move(**found);
  if (state.header.org != settings.okta.base_url) {
    return make_error(ErrorCode::plan_other_org,
                      fmt::format("the plan is for {}, the configuration names {}",
                                  state.header.org, settings.okta.base_url));
  }
  if (state.header.config != settings.rules) {
    return make_error(ErrorCode::plan_other_config, "the plan was made under other rules");
  }
  if (state.state == "superseded" || state.state == "applied") {
    return make_error(ErrorCode::plan_superseded,
                      state.state == "applied"
                          ? "the plan was applied already"
                          : "its run was stopped, or a later plan took its place");
  }
  const auto until = valid_until(journal, state, now);
  if (!until) return until.error();
  if (now > *until) {
    return make_error(ErrorCode::plan_expired,
                      fmt::format("the plan expired at {}", format_minute(*until)));
  }
  return state;
}

int run_apply(Program& program, const VerbOptions& options) {
  if (!options.has("plan")) {
    return program.fail(make_error(ErrorCode::usage, "name a plan file or a plan id"));
  }
  auto settings = program.settings();
  if (!settings) return program.fail(settings.error());
  const auto id = plan_named(options.text("plan"));
  if (!id) return program.fail(id.error());
  const auto outputs = outputs_from(program, options.text("format"), "", options.text("report"));
  if (!outputs) return program.fail(outputs.error());
  WireOptions what;
  what.write = true;
  auto wired = wire(program, std::move(*settings), what);
  if (!wired) return program.fail(wired.error());
  Journal& journal = *(*wired)->journal;
  ReportNotes notes;
  const auto settled = settle_interrupted(program, **wired, true, std::nullopt, notes);
  if (!settled) return program.fail(settled.error());
  auto plan = applicable(journal, *id, (*wired)->settings, program.clock().wall());
  if (!plan) return program.fail(plan.error());
  auto operations = journal.plan_operations(*id);
  if (!operations) return program.fail(operations.error());
  const auto released =
      release_approved(journal, (*wired)->digest_key, program.clock().wall(), *plan, *operations);
  if (!released) return program.fail(released.error());
  if (*released > 0) {
    notes.remarks.push_back(fmt::format(
        "{} released by approval",
        plural(static_cast<long long>(*released), "held operation is", "held operations are")));
  }
  ExitCodes exits = exits_of_plan(plan->trailer);
  auto vetting =
      vet_plan((*wired)->parts(program), plan->header, *operations, {}, program.stop(), notes);
  if (!vetting) return program.fail(vetting.error());
  const auto applied =
      apply_sealed(program, **wired, *id, Lane::main, "apply", exits, std::move(*vetting));
  if (!applied) return program.fail(applied.error());
  const bool uncontained = !applied->end.not_contained.empty() || names_uncontained(plan->trailer);
  report_run(program, **wired, *applied, std::move(notes), *outputs, exits);
  const auto count = applied->end.counts.find(OperationState::applied);
  if (options.has("detailed-exitcode") && count != applied->end.counts.end() && count->second > 0) {
    exits.add(2);
  }
  return options.shell_code(exits, uncontained);
}

}  // namespace

int verb_apply(Program& program, const std::vector<std::string>& words) {
  VerbOptions options(
      "rollcall apply PLAN_FILE|PLAN_ID [options]",
      "Applies exactly that plan: what no longer fits is skipped and reported, nothing is\n"
      "applied that it does not list.");
  namespace po = boost::program_options;
  options.add()("plan", po::value<std::string>()->value_name("PLAN"),
                "the plan (also without --plan)")(
      "format", po::value<std::string>()->value_name("FORMAT"), "text, json, csv or html")(
      "report", po::value<std::string>()->value_name("FILE"), "also write a report")(
      "detailed-exitcode", "exit 2 if something was changed");
  options.positional("plan", 1);
  return run_parsed(options, program, words, [&] { return run_apply(program, options); });
}

}  // namespace rollcall

// rollcall runs and rollcall show: what happened. Both only read the journal.
#include <fmt/core.h>

#include "service/app/command_report.h"
#include "service/app/options_internal.h"
#include "service/app/verbs.h"
#include "service/base/text.h"

namespace rollcall {
namespace {

namespace po = boost::program_options;

std::uint64_t count_of(const RunRow& row, std::initializer_list<OperationState> states) {
  std::uint64_t sum = 0;
  for (const OperationState state : states) {
    const auto found = row.counts.find(state);
    if (found != row.counts.end()) sum += found->second;
  }
  return sum;
}

Json run_json(const RunRow& row) {
  Json counts = Json::object();
  for (const auto& [state, count] : row.counts) counts.set(to_string(state), count);
  Json json = Json::object();
  json.set("run", row.id).set("verb", row.verb).set("state", row.state);
  json.set("lane", row.lane == Lane::urgent ? "urgent" : "main");
  json.set("started_at", format_rfc3339(row.started_at));
  json.set("ended_at", row.ended_at ? Json(format_rfc3339(*row.ended_at)) : Json());
  json.set("exit", row.exit_code ? Json(*row.exit_code) : Json());
  return json.set("plan_id", to_text(row.plan))
      .set("holder", row.holder)
      .set("operations", std::move(counts));
}

std::string runs_text(const std::vector<RunRow>& rows) {
  if (rows.empty()) return "no runs yet\n";
  std::string text =
      fmt::format("{:>6}  {:<7}{:<12}{:<22}{:>5}{:>10}{:>9}{:>8}{:>9}\n", "run", "verb", "state",
                  "started", "exit", "applied", "failed", "held", "waiting");
  for (const RunRow& row : rows) {
    const auto number = [](std::uint64_t n) { return with_thousands(static_cast<long long>(n)); };
    text += fmt::format(
        "{:>6}  {:<7}{:<12}{:<22}{:>5}{:>10}{:>9}{:>8}{:>9}\n", row.id,
        row.lane == Lane::urgent && row.verb == "sync" ? "urgent" : row.verb, row.state,
        format_rfc3339({row.started_at.ms / 1000 * 1000}),
        row.exit_code ? fmt::format("{}", *row.exit_code) : "-",
        number(count_of(row, {OperationState::applied})),
        number(count_of(row, {OperationState::failed, OperationState::conflict,
                              OperationState::withdrawn, OperationState::blocked,
                              OperationState::quarantined, OperationState::ambiguous})),
        number(count_of(row, {OperationState::held})),
        number(count_of(row,
                        {OperationState::planned, OperationState::retry, OperationState::intent})));
  }
  return text;
}

WireOptions journal_only_wire() {
  WireOptions what;
  what.org = false;
  return what;
}

int run_runs(Program& program, const VerbOptions& options) {
  auto settings = program.settings();
  if (!settings) return program.fail(settings.error());
  auto wired = wire(program, std::move(*settings), journal_only_wire());
  if (!wired) return program.fail(wired.error());
  const auto rows = (*wired)->journal->runs(options.number("limit"));
  if (!rows) return program.fail(rows.error());
  if (program.json()) {
    Json list = Json::array();
    for (const RunRow& row : *rows) list.push(run_json(row));
    program.print(list.dump() + "\n");
  } else {
    program.print(runs_text(*rows));
  }
  return 0;
}

int show_plan(const Program& program, Journal& journal, const std::string& word,
              const Outputs& outputs) {
  const auto id = sha256_from_text(word);
  if (!id) return program.fail(id.error());
  auto state = journal.find_plan(*id);
  if (!state) return program.fail(state.error());
  if (!*state) {
    return program.fail(make_error(ErrorCode::plan_unknown, "the journal has no such plan", word));
  }
  auto operations = journal.plan_operations(*id);
  if (!operations) return program.fail(operations.error());
  Planned planned;
  planned.plan = {std::move((*state)->header), std::move(*operations), std::move((*state)->trailer),
                  *id};
  planned.notes.remarks.push_back("the plan is " + (*state)->state);
  head_uncontained(planned);
  planned.notes.exit_codes = exits_known(planned).all();
  const auto shown = present_plan(program, planned, outputs);
  return shown ? 0 : program.fail(shown.error());
}

int run_show(Program& program, const VerbOptions& options) {
  const std::string word = options.text("id");
  if (word.empty()) return program.fail(make_error(ErrorCode::usage, "name a run id or a plan id"));
  const auto outputs = outputs_from(program, options.text("format"), "", options.text("report"));
  if (!outputs) return program.fail(outputs.error());
  auto settings = program.settings();
  if (!settings) return program.fail(settings.error());
  auto wired = wire(program, std::move(*settings), journal_only_wire());
  if (!wired) return program.fail(wired.error());
  Journal& journal = *(*wired)->journal;
  if (word.starts_with("sha256:")) return show_plan(program, journal, word, *outputs);
  const auto id = run_id_from(word);
  if (!id) return program.fail(id.error());
  auto run = load_run(journal, *id);
  if (!run) return program.fail(run.error());
  head_uncontained(*run);
  run->notes.exit_codes = exits_known(*run);
  const auto shown = present_runs(program, {&*run, 1}, *outputs);
  return shown ? 0 : program.fail(shown.error());
}

}  // namespace

int verb_runs(Program& program, const std::vector<std::string>& words) {
  VerbOptions options("rollcall runs [--limit N]", "Lists the newest runs.");
  options.add()("limit", po::value<AtLeastOne>()->default_value({20}, "20")->value_name("N"),
                "how many");
  return run_parsed(options, program, words, [&] { return run_runs(program, options); });
}

int verb_show(Program& program, const std::vector<std::string>& words) {
  VerbOptions options("rollcall show RUN_ID|PLAN_ID [options]",
                      "Shows one run or one sealed plan.");
  options.add()("id", po::value<std::string>()->value_name("ID"),
                "the run or plan (also without --id)")(
      "format", po::value<std::string>()->value_name("FORMAT"), "text, json, csv or html")(
      "report", po::value<std::string>()->value_name("FILE"), "also write a report");
  options.positional("id", 1);
  return run_parsed(options, program, words, [&] { return run_show(program, options); });
}

}  // namespace rollcall

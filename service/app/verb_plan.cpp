// rollcall plan and rollcall adopt: dry runs. They write nothing to the org and take no lock.
#include <fmt/core.h>

#include <algorithm>

#include "service/app/options_internal.h"
#include "service/app/plan_options_internal.h"
#include "service/app/present.h"
#include "service/app/run_flow.h"
#include "service/app/verbs.h"
#include "service/app/wire.h"
#include "service/base/text.h"

namespace rollcall {
namespace {

/// Prints what kept a read from counting; gives the codes.
void complain_about(const Program& program, const Planned& planned) {
  for (const Error& error : planned.errors) program.complain("rollcall: " + describe(error));
}

/// The commonest old and new pairs per attribute, for `adopt`.
std::string differences_text(const Planned& planned, bool full) {
  if (planned.differences.empty()) return "\nNo managed attribute would differ.\n";
  std::string text = "\nAttributes that would differ once attributes are managed:\n";
  for (const auto& [name, difference] : planned.differences) {
    text += fmt::format("  {:<20} {}\n", name,
                        plural(static_cast<long long>(difference.accounts), "account", "accounts"));
    if (!full) continue;
    std::vector<std::pair<std::uint64_t, const std::pair<std::string, std::string>*>> order;
    for (const auto& [pair, count] : difference.pairs) order.emplace_back(count, &pair);
    std::stable_sort(order.begin(), order.end(),
                     [](const auto& a, const auto& b) { return a.first > b.first; });
    if (order.size() > 5) order.resize(5);
    for (const auto& [count, pair] : order) {
      text += fmt::format("    {:>8}  {} -> {}\n", with_thousands(static_cast<long long>(count)),
                          pair->first.empty() ? "(empty)" : json_quote(pair->first),
                          pair->second.empty() ? "(empty)" : json_quote(pair->second));
    }
  }
  return text;
}

int run_plan(Program& program, VerbOptions& options, bool adopt) {
  auto settings = program.settings();
  if (!settings) return program.fail(settings.error());
  if (adopt) {
    UserSettings& users = settings->users;
    users.manage_link = true;
    users.manage_attributes = users.manage_groups = users.manage_lifecycle = false;
  }
  auto planning = planning_options(program, options, *settings);
  if (!planning) return program.fail(planning.error());
  planning->tally_differences = adopt;
  const auto outputs =
      outputs_from(program, options.text("format"), options.text("out"), options.text("report"));
  if (!outputs) return program.fail(outputs.error());
  WireOptions what;
  what.journal = !options.has("no-journal");
  auto wired = wire(program, std::move(*settings), what);
  if (!wired) return program.fail(wired.error());
  auto planned = make_plan((*wired)->parts(program), *planning, program.stop());
  if (!planned) return program.fail(planned.error());
  complain_about(program, *planned);
  if (planned->plan.header.sealed) {
    if (const auto sealed = seal(*(*wired)->journal, *planned); !sealed) {
      return program.fail(sealed.error());
    }
  }
  if (const auto shown = present_plan(program, *planned, *outputs); !shown) {
    return program.fail(shown.error());
  }
  if (adopt && outputs->format == Format::text) {
    program.print(differences_text(*planned, program.full()));
  }
  if (options.has("detailed-exitcode") && !planned->plan.operations.empty()) planned->exits.add(2);
  return options.shell_code(planned->exits, !planned->notes.not_contained.empty());
}

}  // namespace

int verb_plan(Program& program, const std::vector<std::string>& words) {
  VerbOptions options(
      "rollcall plan [options]",
      "The dry run: reads HR and the org, shows what a sync would do, seals the plan in\n"
      "the journal. Writes nothing to the org and takes no lock.");
  add_plan_options(options);
  options.add()("as-of", boost::program_options::value<std::string>()->value_name("TIME"),
                "what would be planned at this time (RFC 3339); cannot be applied")(
      "no-journal", "plan without a journal: no links but derived ones; cannot be applied")(
      "out", boost::program_options::value<std::string>()->value_name("FILE"),
      "write the plan as JSON (mode 0600)");
  return run_parsed(options, program, words, [&] { return run_plan(program, options, false); });
}

int verb_adopt(Program& program, const std::vector<std::string>& words) {
  VerbOptions options(
      "rollcall adopt [options]",
      "The plan that only links: which account is whose and by which rule, what is\n"
      "disputed, and which attributes would differ. Applying it changes the journal and\n"
      "writes nothing to Okta.");
  add_plan_options(options);
  options.add()("out", boost::program_options::value<std::string>()->value_name("FILE"),
                "write the plan as JSON (mode 0600)");
  return run_parsed(options, program, words, [&] { return run_plan(program, options, true); });
}

}  // namespace rollcall

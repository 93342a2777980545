// rollcall migrate: the journal's schema.
#include <fmt/core.h>

#include "service/app/options_internal.h"
#include "service/app/verbs.h"
#include "service/app/wire.h"
#include "service/base/json.h"
#include "service/journal/pg_journal.h"

namespace rollcall {
namespace {

Json as_json(const MigrationReport& report) {
  Json list = Json::array();
  for (const Migration& one : report.migrations) {
    list.push(Json::object()
                  .set("version", one.version)
                  .set("name", one.name)
                  .set("applied", one.applied));
  }
  return Json::object()
      .set("version", report.version)
      .set("newly_applied", report.newly_applied)
      .set("migrations", std::move(list));
}

int run_migrate(Program& program, const VerbOptions& options) {
  if (options.has("print-grants")) {
    program.print(grants_sql(options.text("print-grants")));
    return 0;
  }
  const auto settings = program.settings();
  if (!settings) return program.fail(settings.error());
  const auto dsn = journal_dsn(*settings);
  if (!dsn) return program.fail(dsn.error());
  const auto report = options.has("status") ? migration_status(*dsn) : migrate(*dsn);
  if (!report) return program.fail(report.error());
  if (program.json()) {
    program.print(as_json(*report).dump() + "\n");
    return 0;
  }
  for (const Migration& one : report->migrations) {
    program.print(fmt::format("  {}  {}\n", one.applied ? "applied" : "missing", one.name));
  }
  program.print(fmt::format("journal schema version {}, {} newly applied\n", report->version,
                            report->newly_applied));
  return 0;
}

}  // namespace

int verb_migrate(Program& program, const std::vector<std::string>& words) {
  VerbOptions options(
      "rollcall migrate [--status] [--print-grants ROLE]",
      "Brings the journal's schema up to what this version needs; safe to run again.");
  options.add()("status", "only say what is applied and what is missing")(
      "print-grants", boost::program_options::value<std::string>()->value_name("ROLE"),
      "print the statements that give a role what running needs, and no more");
  return run_parsed(options, program, words, [&] { return run_migrate(program, options); });
}

}  // namespace rollcall

// One measured step of tests/bench/run, in a process of its own so that its processor time and
// memory are its own: makes the company, or plans it as the floor or the product does.
#include <fmt/core.h>

#include <cstdlib>
#include <fstream>
#include <map>
#include <pqxx/pqxx>

#include "connectors/hr/csv_source.h"
#include "connectors/okta/bucket_table.h"
#include "connectors/okta/forecast.h"
#include "service/app/planning.h"
#include "service/base/clock.h"
#include "service/config/settings.h"
#include "service/journal/pg_journal.h"
#include "tests/bench/file_org.h"
#include "tests/bench/floor.h"
#include "tests/bench/made_org.h"

namespace rollcall::bench {
namespace {

void print(const MadeOrg& org) {
  fmt::print("{} {} {} {} {} {}\n", org.people, org.accounts, org.same, org.changed, org.joiners,
             org.leavers);
}

[[noreturn]] void give_up(const Error& error) {
  fmt::print(stderr, "plan_bench: {}\n", describe(error));
  std::exit(1);
}

std::string rules() {
  std::string text =
      "version: 1\nenvironment: bench\nokta:\n  base_url: https://corp.example\n  auth:\n"
      "    read: {api_token: {env: UNUSED}}\nsources:\n"
      "  - {name: hr, kind: file, path: hr.csv, key: employeeNumber}\n"
      "users:\n  manage: [link, attributes, lifecycle]\n"
      "  match: [{okta: user.employeeNumber, hr: hr.employeeNumber}]\n"
      "  joiner: {credential: invite}\n  not_suspendable: deactivate\n  terminated: [{after: 0d, "
      "do: [suspend]}]\n"
      "  absent: {after_reads: 1, after_days: 0, then: report}\n  profile:\n";
  for (const std::string_view name : kAttributes) text += fmt::format("    {0}: hr.{0}\n", name);
  return text;
}

void make(const std::string& dir, std::uint32_t size, const std::string& dsn) {
  const MadeOrg made = make_org(dir, size);
  std::ofstream(dir + "/rollcall.yaml") << rules();
  if (const auto migrated = migrate(Secret(dsn)); !migrated) give_up(migrated.error());
  pqxx::connection connection(dsn);
  pqxx::work tx(connection);
  pqxx::stream_to links(tx, "rollcall.resource_link",
                        std::vector<std::string>{"kind", "okta_id", "logical_key", "released"});
  std::ifstream in(dir + "/links.tsv");
  for (std::string id, key; in >> id >> key;) {
    links << std::make_tuple(std::string("user"), id, key, std::string("f"));
  }
  links.complete();
  tx.commit();
  print(made);
}

Settings settings_of(const std::string& dir) {
  ConfigInputs inputs;
  inputs.files = {dir + "/rollcall.yaml"};
  std::vector<ConfigProblem> problems;
  auto settings = load_settings(inputs, problems);
  for (const ConfigProblem& problem : problems) {
    fmt::print(stderr, "plan_bench: {}\n", describe(problem.error));
  }
  if (!settings) give_up(settings.error());
  return std::move(*settings);
}

void product(const std::string& dir, const std::string& dsn) {
  const SystemClock clock;
  const Settings settings = settings_of(dir);
  const SourceSettings& source = settings.sources.front();
  const auto people = make_csv_source({.name = source.name,
                                       .path = source.path,
                                       .delimiter = {},
                                       .encoding = {},
                                       .key = source.key,
                                       .columns = {},
                                       .certify = {},
                                       .hr_schema = settings.hr_schema});
  PgJournalOptions options;
  options.dsn = Secret(dsn);
  options.clock = &clock;
  auto journal = open_pg_journal(options);
  if (!journal) give_up(journal.error());
  FileOrg org(dir + "/org.jsonl");
  RateState rates;
  rates.table = *BucketTable::embedded();
  PlanningParts parts;
  parts.settings = &settings;
  parts.source = people.get();
  parts.directory = &org;
  parts.journal = journal->get();
  parts.clock = &clock;
  parts.forecast = [&](OperationCursor& operations) { return forecast(operations, rates); };
  const auto planned = make_plan(parts, {}, {});
  if (!planned) give_up(planned.error());
  for (const Error& error : planned->errors) give_up(error);
  MadeOrg out;
  out.people = planned->source.records;
  out.accounts = planned->scan.users;
  for (const Operation& op : planned->plan.operations) {
    out.joiners += op.kind == OperationKind::user_create ? 1 : 0;
    out.changed += op.kind == OperationKind::user_update ? 1 : 0;
  }
  for (const Finding& finding : planned->plan.trailer.findings) {
    out.leavers += finding.code == "person.absent" ? 1 : 0;
  }
  out.same = out.accounts - out.leavers - out.changed;
  if (std::getenv("PLAN_BENCH_FINDINGS") != nullptr) {
    std::map<std::string, int> codes;
    for (const Finding& finding : planned->plan.trailer.findings) ++codes[finding.code];
    for (const auto& [code, count] : codes) fmt::print(stderr, "{} {}\n", code, count);
  }
  print(out);
}

int run(const std::vector<std::string>& words) {
  if (words.size() == 4 && words[0] == "make") {
    make(words[1], static_cast<std::uint32_t>(std::strtoul(words[2].c_str(), nullptr, 10)),
         words[3]);
  } else if (words.size() == 2 && words[0] == "floor") {
    print(floor_plan(words[1]));
  } else if (words.size() == 3 && words[0] == "product") {
    product(words[1], words[2]);
  } else {
    fmt::print(stderr,
               "usage: plan_bench make DIR SIZE DSN | floor DIR | product DIR DSN\n"
               "each prints: people accounts same changed joiners leavers\n");
    return 64;
  }
  return 0;
}

}  // namespace
}  // namespace rollcall::bench

int main(int argc, char** argv) { return rollcall::bench::run({argv + 1, argv + argc}); }

// How fast a plan is sealed in the journal, against raw COPY of the same rows into a table of the
// same shape, in turns on one connection each. Usage: journal_bench DSN [OPERATIONS]
#include <fmt/core.h>
#include <libpq-fe.h>

#include <algorithm>
#include <cstdlib>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "service/base/clock.h"
#include "service/journal/pg_journal.h"

namespace rollcall::bench {
namespace {

constexpr int kRounds = 5;
using Connection = std::unique_ptr<PGconn, decltype(&PQfinish)>;

[[noreturn]] void give_up(const std::string& why) {
  fmt::print(stderr, "journal_bench: {}\n", why);
  std::exit(1);
}

std::vector<Operation> made_operations(std::uint32_t count, int round) {
  std::vector<Operation> out(count);
  for (std::uint32_t i = 0; i < count; ++i) {
    Operation& op = out[i];
    op.id = i + 1;
    op.kind = OperationKind::user_create;
    op.subject.worker_key = fmt::format("W{:07}", i);
    op.subject.login = fmt::format("person{:07}@corp.example", i);
    op.reason = "joiner";
    for (const char* name : {"login", "email", "firstName", "lastName", "department", "title"}) {
      FieldChange change;
      change.attribute = name;
      change.to = fmt::format("{} {} of round {}", name, i, round);
      op.changes.push_back(std::move(change));
    }
  }
  return out;
}

PGresult* ask(PGconn* connection, const std::string& sql, ExecStatusType wanted) {
  PGresult* result = PQexec(connection, sql.c_str());
  if (PQresultStatus(result) != wanted) give_up(PQerrorMessage(connection));
  return result;
}

void command(PGconn* connection, const std::string& sql) {
  PQclear(ask(connection, sql, PGRES_COMMAND_OK));
}

/// The rows of the newest plan as COPY's text, in blocks of 64 KiB.
std::vector<std::string> copied_out(PGconn* connection) {
  constexpr std::size_t kBlock = 64 * 1024;
  PQclear(ask(connection,
              "COPY (SELECT * FROM rollcall.operation WHERE plan_seq ="
              " (SELECT max(seq) FROM rollcall.plan)) TO STDOUT",
              PGRES_COPY_OUT));
  std::vector<std::string> blocks(1);
  char* row = nullptr;
  for (int length = 0; (length = PQgetCopyData(connection, &row, 0)) > 0; PQfreemem(row)) {
    if (blocks.back().size() > kBlock) blocks.emplace_back();
    blocks.back().append(row, static_cast<std::size_t>(length));
  }
  PQclear(PQgetResult(connection));
  return blocks;
}

double seconds(const std::function<void()>& work) {
  const SystemClock clock;
  const MonoTime start = clock.mono();
  work();
  return static_cast<double>(clock.mono() - start) / 1000;
}

double raw_copy(PGconn* connection, const std::vector<std::string>& blocks) {
  command(connection, "TRUNCATE raw_operation");
  return seconds([&] {
    command(connection, "BEGIN");
    PQclear(ask(connection, "COPY raw_operation FROM STDIN", PGRES_COPY_IN));
    for (const std::string& block : blocks) {
      if (PQputCopyData(connection, block.data(), static_cast<int>(block.size())) != 1) {
        give_up(PQerrorMessage(connection));
      }
    }
    PQputCopyEnd(connection, nullptr);
    PQclear(PQgetResult(connection));
    PQclear(PQgetResult(connection));
    command(connection, "COMMIT");
  });
}

double sealed(Journal& journal, const std::vector<Operation>& operations) {
  PlanHeader header;
  header.environment = "bench";
  header.org = "https://corp.example";
  header.org_id = "00obench";
  PlanHasher hasher(header);
  for (const Operation& op : operations) hasher.add(op);
  const Sha256 id = hasher.finish();
  VectorCursor cursor(operations);
  return seconds([&] {
    if (const auto done = journal.seal_plan(cursor, header, {}, id); !done) {
      give_up(describe(done.error()));
    }
  });
}

double median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  return values[values.size() / 2];
}

int run(const std::string& dsn, std::uint32_t count) {
  if (const auto migrated = migrate(Secret(dsn)); !migrated) give_up(describe(migrated.error()));
  const SystemClock clock;
  PgJournalOptions options;
  options.dsn = Secret(dsn);
  options.key = Secret(std::string(32, 'k'));
  options.clock = &clock;
  auto journal = open_pg_journal(options);
  if (!journal) give_up(describe(journal.error()));
  const Connection raw(PQconnectdb(dsn.c_str()), &PQfinish);
  if (PQstatus(raw.get()) != CONNECTION_OK) give_up(PQerrorMessage(raw.get()));
  command(raw.get(), "CREATE TABLE raw_operation (LIKE rollcall.operation INCLUDING ALL)");
  std::vector<double> ratios, seals, copies;
  for (int round = 0; round < kRounds; ++round) {
    const auto operations = made_operations(count, round);
    seals.push_back(sealed(**journal, operations));
    copies.push_back(raw_copy(raw.get(), copied_out(raw.get())));
    ratios.push_back(copies.back() / seals.back());
  }
  const auto [low, high] = std::minmax_element(ratios.begin(), ratios.end());
  fmt::print(
      "sealing {} operations: {:.2f} of raw COPY's speed (median of {}, {:.2f} to {:.2f});"
      " {:.0f} k against {:.0f} k rows/s\n",
      count, median(ratios), kRounds, *low, *high, count / median(seals) / 1000,
      count / median(copies) / 1000);
  return 0;
}

}  // namespace
}  // namespace rollcall::bench

int main(int argc, char** argv) {
  if (argc < 2) return 64;
  return rollcall::bench::run(
      argv[1], argc > 2 ? static_cast<std::uint32_t>(std::strtoul(argv[2], nullptr, 10)) : 100'000);
}

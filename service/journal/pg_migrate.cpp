// Brings the journal's schema up and refuses one that this version does not know.
#include <fmt/core.h>

#include <algorithm>

#include "service/base/embedded.h"
#include "service/base/text.h"
#include "service/journal/pg_internal.h"
#include "service/journal/pg_journal.h"

namespace rollcall {
namespace {

struct Step {
  int version = 0;
  std::string name;
  std::string_view sql;
  Sha256 checksum;
};

std::vector<Step> known_steps() {
  std::vector<Step> steps;
  for (const embedded::File& file : embedded::migrations()) {
    if (file.name.substr(file.name.size() - 4) != ".sql") continue;
    steps.push_back({std::stoi(std::string(file.name.substr(0, 4))), std::string(file.name),
                     file.text, sha256(file.text)});
  }
  std::sort(steps.begin(), steps.end(),
            [](const Step& a, const Step& b) { return a.version < b.version; });
  return steps;
}

using Applied = std::vector<std::pair<int, Sha256>>;

/// Version and checksum of what was applied; nullopt if the database holds no journal.
std::optional<Applied> applied_steps(pqxx::transaction_base& tx) {
  Applied applied;
  const auto there = tx.exec("SELECT to_regclass('rollcall.schema_migration') IS NOT NULL");
  if (!there[0][0].as<bool>()) return std::nullopt;
  const auto rows =
      tx.exec("SELECT version, sha256 FROM rollcall.schema_migration ORDER BY version");
  for (const auto& row : rows) applied.emplace_back(row[0].as<int>(), pg::digest(row[1]));
  return applied;
}

/// Errors: journal.schema_newer, journal.schema_altered.
Result<void> same_history(const std::vector<Step>& steps, const Applied& applied) {
  for (std::size_t i = 0; i < applied.size(); ++i) {
    if (i >= steps.size()) {
      return make_error(ErrorCode::journal_schema_newer,
                        fmt::format("the journal's schema is version {}, this program knows {}",
                                    applied.back().first, steps.back().version));
    }
    if (applied[i].first != steps[i].version || applied[i].second != steps[i].checksum) {
      return make_error(ErrorCode::journal_schema_altered,
                        fmt::format("migration {} of the journal is not this program's {}",
                                    applied[i].first, steps[i].name));
    }
  }
  return ok();
}

MigrationReport report_of(const std::vector<Step>& steps, std::size_t applied, int newly) {
  MigrationReport report;
  for (std::size_t i = 0; i < steps.size(); ++i) {
    report.migrations.push_back({steps[i].version, steps[i].name, i < applied});
  }
  report.newly_applied = newly;
  report.version = applied == 0 ? 0 : steps[applied - 1].version;
  return report;
}

Result<std::unique_ptr<pg::Session>> connect(const Secret& dsn) {
  const auto safe = pg::safe_dsn(dsn, PgJournalOptions{}.lease_ms);
  if (!safe) return safe.error();
  return pg::Session::open(*safe);
}

Result<MigrationReport> run_steps(pqxx::work& tx) {
  const auto steps = known_steps();
  // Two pods that start together: the second waits, then finds nothing to do.
  tx.exec("SELECT pg_advisory_xact_lock(1380927564, 0)");
  const auto known = applied_steps(tx);
  const Applied applied = known.value_or(Applied{});
  if (const auto same = same_history(steps, applied); !same) return same.error();
  if (!known) {
    tx.exec(
        "CREATE SCHEMA IF NOT EXISTS rollcall;"
        "CREATE TABLE rollcall.schema_migration (version integer PRIMARY KEY,"
        " sha256 bytea NOT NULL, applied_at timestamptz NOT NULL DEFAULT clock_timestamp())");
  }
  const std::size_t before = applied.size();
  for (std::size_t i = before; i < steps.size(); ++i) {
    tx.exec(std::string(steps[i].sql));
    tx.exec_params("INSERT INTO rollcall.schema_migration (version, sha256) VALUES ($1, $2::bytea)",
                   steps[i].version, pg::bytea(steps[i].checksum));
  }
  return report_of(steps, steps.size(), static_cast<int>(steps.size() - before));
}

}  // namespace

Result<MigrationReport> migrate(const Secret& dsn) {
  auto session = connect(dsn);
  if (!session) return session.error();
  try {
    pqxx::work tx((*session)->connection());
    auto report = run_steps(tx);
    if (report) tx.commit();
    return report;
  } catch (const pqxx::sql_error& error) {
    return make_error(ErrorCode::journal_migration_failed,
                      "a migration failed and was undone: " + pg::translate(error).message);
  } catch (const std::exception& error) {
    return pg::translate(error);
  }
}

Result<MigrationReport> migration_status(const Secret& dsn) {
  auto session = connect(dsn);
  if (!session) return session.error();
  try {
    pqxx::work tx((*session)->connection());
    const auto steps = known_steps();
    const Applied applied = applied_steps(tx).value_or(Applied{});
    if (const auto same = same_history(steps, applied); !same) return same.error();
    return report_of(steps, applied.size(), 0);
  } catch (const std::exception& error) {
    return pg::translate(error);
  }
}

Result<void> pg::check_schema(pqxx::transaction_base& tx) {
  const auto steps = known_steps();
  const auto applied = applied_steps(tx);
  if (!applied) {
    return make_error(ErrorCode::journal_schema_missing, "the database holds no journal yet");
  }
  if (const auto same = same_history(steps, *applied); !same) return same.error();
  if (applied->size() < steps.size()) {
    return make_error(
        ErrorCode::journal_schema_older,
        fmt::format("the journal's schema is version {}, this program needs {}",
                    applied->empty() ? 0 : applied->back().first, steps.back().version));
  }
  return ok();
}

std::string grants_sql(const std::string& role) {
  const std::string name = "\"" + replace_all(role, "\"", "\"\"") + "\"";
  const auto grant = [&](std::string_view rights, std::string_view on) {
    return fmt::format("GRANT {} ON {} TO {};\n", rights, on, name);
  };
  std::string sql = grant("USAGE", "SCHEMA rollcall");
  sql += grant("USAGE", "SEQUENCE rollcall.plan_seq, rollcall.run_seq");
  sql += grant("SELECT", "rollcall.schema_migration");
  sql += grant("SELECT, INSERT", "rollcall.binding, rollcall.key_check");
  // Outcomes and certified reads are never changed or taken back.
  sql += grant("SELECT, INSERT", "rollcall.operation_outcome, rollcall.source_snapshot");
  sql += grant("SELECT, INSERT, UPDATE", "rollcall.run, rollcall.operation_queue");
  sql += grant("SELECT, INSERT, DELETE", "rollcall.operation, rollcall.operation_edge");
  sql += grant("SELECT, INSERT, DELETE", "rollcall.chain_boundary");
  sql += grant("SELECT, INSERT, UPDATE, DELETE",
               "rollcall.plan, rollcall.resource_link, rollcall.membership_grant,"
               " rollcall.status_change, rollcall.refused_value, rollcall.held_since,"
               " rollcall.person_history, rollcall.known_leaver");
  sql += grant("SELECT, INSERT, UPDATE", "rollcall.approval");
  sql += grant("SELECT, INSERT", "rollcall.rules_text");
  sql += grant("EXECUTE", "FUNCTION rollcall.analyze_queue()");
  return sql;
}

}  // namespace rollcall

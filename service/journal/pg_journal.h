// The journal in PostgreSQL, and what brings its schema up.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "service/base/clock.h"
#include "service/base/secret.h"
#include "service/ports/journal.h"

namespace rollcall {

struct PgJournalOptions {
  Secret dsn;                 // URI or key=value pairs, as libpq takes them
  std::optional<Secret> key;  // 32 bytes (key_from_text); without it no plan can be sealed or read
  const Clock* clock = nullptr;   // times of rows; required, outlives the journal
  std::int64_t lease_ms = 60000;  // how long a claim stands without a heartbeat
  std::stop_token stop;  // ends statements over a whole plan: run.stopped, and nothing is written
};

/// Connects and checks the schema. The journal owns one direct connection, which also holds the
/// lock of its run; if it breaks, the journal connects again and takes the lock back unless another
/// process has it. One thread. Errors: journal.dsn_invalid, journal.insecure,
/// journal.unreachable, journal.pooler, journal.forbidden, journal.schema_missing, _older, _newer,
/// _altered, journal.key_wrong.
Result<std::unique_ptr<Journal>> open_pg_journal(const PgJournalOptions& options);

struct Migration {
  int version = 0;
  std::string name;  // "0001_journal.sql"
  bool applied = false;
};
struct MigrationReport {
  std::vector<Migration> migrations;  // all that this version knows, in order
  int newly_applied = 0;
  int version = 0;  // the schema's now
};

/// Applies what is missing, all or nothing; concurrent calls wait for each other. Errors: as
/// open_pg_journal, and journal.migration_failed.
Result<MigrationReport> migrate(const Secret& dsn);
/// What migrate would do. An empty database is version 0, no error.
Result<MigrationReport> migration_status(const Secret& dsn);
/// The statements that give a role what running Rollcall needs, and no more.
std::string grants_sql(const std::string& role);

}  // namespace rollcall

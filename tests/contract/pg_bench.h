// A PostgreSQL database of its own for one test, on the cluster that ROLLCALL_TEST_PG names.
#pragma once

#include <cstdlib>
#include <memory>
#include <pqxx/pqxx>
#include <string>

#include "service/base/digest.h"
#include "service/journal/pg_journal.h"
#include "tests/contract/journal_contract.h"

namespace rollcall::test {

/// DSN of a superuser of a private cluster, or nullptr.
inline const char* test_cluster() { return std::getenv("ROLLCALL_TEST_PG"); }

/// Made empty, dropped at the end with whoever is still connected.
class PgDatabase {
 public:
  PgDatabase() : name_("rollcall_" + hex(random_bytes(8))) { admin("CREATE DATABASE " + name_); }
  ~PgDatabase() { admin("DROP DATABASE " + name_ + " WITH (FORCE)"); }
  PgDatabase(const PgDatabase&) = delete;
  PgDatabase& operator=(const PgDatabase&) = delete;

  std::string dsn() const { return std::string(test_cluster()) + " dbname=" + name_; }
  Secret secret() const { return Secret(dsn()); }
  const std::string& name() const { return name_; }
  /// One statement, its first value as text.
  std::string query(const std::string& sql) const {
    pqxx::connection connection(dsn());
    pqxx::quiet_errorhandler quiet(connection);
    pqxx::nontransaction tx(connection);
    const auto rows = tx.exec(sql);
    return rows.empty() || rows[0][0].is_null() ? "" : rows[0][0].as<std::string>();
  }
  /// Ends every other session with the database, as the death of its process or host would.
  void cut_sessions() const {
    query(
        "SELECT count(pg_terminate_backend(pid, 5000)) FROM pg_stat_activity"
        " WHERE datname = current_database() AND pid <> pg_backend_pid()");
  }

 private:
  static void admin(const std::string& sql) {
    pqxx::connection connection(test_cluster());
    pqxx::quiet_errorhandler quiet(connection);
    pqxx::nontransaction tx(connection);
    tx.exec(sql);
  }
  std::string name_;
};

/// Storage for the journal suite.
class PgBench final : public JournalBench {
 public:
  PgBench() {
    const auto report = migrate(database.secret());
    EXPECT_TRUE(report) << describe(report.error());
  }
  PgJournalOptions options() const {
    PgJournalOptions options;
    options.dsn = database.secret();
    options.key = Secret(std::string(32, 'k'));
    options.clock = &clock;
    return options;
  }
  Result<std::unique_ptr<Journal>> open() override { return open_pg_journal(options()); }
  PgDatabase database;
};

}  // namespace rollcall::test

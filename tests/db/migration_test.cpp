// Migrations: what they do, and which schemas the journal refuses.
#include <gtest/gtest.h>

#include "service/base/embedded.h"
#include "service/base/file.h"
#include "tests/contract/pg_bench.h"

namespace rollcall::test {
namespace {

TEST(MigrationFiles, AreWhatTheirChecksumsSay) {
  const std::string folder = ROLLCALL_SOURCE_DIR "/migrations/";
  const auto sums = read_file(folder + "checksums.txt");
  ASSERT_TRUE(sums);
  std::size_t lines = 0;
  std::string_view rest = *sums;
  while (!rest.empty()) {
    const std::string line(rest.substr(0, rest.find('\n')));
    rest.remove_prefix(std::min(rest.size(), line.size() + 1));
    ASSERT_GT(line.size(), 66U) << line;
    const auto text = read_file(folder + line.substr(66));
    ASSERT_TRUE(text) << line;
    EXPECT_EQ(to_text(sha256(*text)), "sha256:" + line.substr(0, 64)) << line.substr(66);
    ++lines;
  }
  std::size_t embedded_files = 0;
  for (const embedded::File& file : embedded::migrations()) {
    embedded_files += file.name == "checksums.txt" ? 0 : 1;
  }
  EXPECT_EQ(lines, embedded_files);
}

class Migrations : public ::testing::Test {
 protected:
  void SetUp() override {
    if (test_cluster() == nullptr) GTEST_SKIP() << "ROLLCALL_TEST_PG is not set: no PostgreSQL";
    database_ = std::make_unique<PgDatabase>();
  }
  ErrorCode refused() {
    PgJournalOptions options;
    options.dsn = database_->secret();
    options.clock = &clock_;
    const auto opened = open_pg_journal(options);
    EXPECT_FALSE(opened);
    return opened ? ErrorCode::internal_defect : opened.error().code;
  }
  ManualClock clock_;
  std::unique_ptr<PgDatabase> database_;
};

TEST_F(Migrations, BringAnEmptyDatabaseUpOnce) {
  const auto before = migration_status(database_->secret());
  ASSERT_TRUE(before) << describe(before.error());
  EXPECT_EQ(before->version, 0);
  ASSERT_FALSE(before->migrations.empty());
  EXPECT_FALSE(before->migrations[0].applied);
  const auto first = migrate(database_->secret());
  ASSERT_TRUE(first) << describe(first.error());
  EXPECT_EQ(first->newly_applied, static_cast<int>(first->migrations.size()));
  const auto second = migrate(database_->secret());
  ASSERT_TRUE(second) << describe(second.error());
  EXPECT_EQ(second->newly_applied, 0);
  EXPECT_EQ(second->version, first->version);
  EXPECT_TRUE(migration_status(database_->secret())->migrations[0].applied);
}

TEST_F(Migrations, TheJournalRefusesADatabaseWithoutSchema) {
  EXPECT_EQ(refused(), ErrorCode::journal_schema_missing);
}

TEST_F(Migrations, TheJournalRefusesOlderNewerAndAlteredSchemas) {
  ASSERT_TRUE(migrate(database_->secret()));
  database_->query(
      "INSERT INTO rollcall.schema_migration (version, sha256) VALUES (9999, '\\x00')");
  EXPECT_EQ(refused(), ErrorCode::journal_schema_newer);
  EXPECT_EQ(migrate(database_->secret()).error().code, ErrorCode::journal_schema_newer);
  database_->query("DELETE FROM rollcall.schema_migration WHERE version = 9999");
  database_->query("UPDATE rollcall.schema_migration SET sha256 = '\\x00' WHERE version = 1");
  EXPECT_EQ(refused(), ErrorCode::journal_schema_altered);
  EXPECT_EQ(migrate(database_->secret()).error().code, ErrorCode::journal_schema_altered);
  database_->query("DELETE FROM rollcall.schema_migration");
  EXPECT_EQ(refused(), ErrorCode::journal_schema_older);
}

TEST_F(Migrations, LeaveNothingBehindWhenOneFails) {
  database_->query("CREATE SCHEMA rollcall");
  database_->query("CREATE TABLE rollcall.plan (x integer)");
  EXPECT_EQ(migrate(database_->secret()).error().code, ErrorCode::journal_migration_failed);
  EXPECT_EQ(database_->query("SELECT to_regclass('rollcall.schema_migration')"), "");
  EXPECT_EQ(database_->query("SELECT to_regclass('rollcall.binding')"), "");
}

TEST_F(Migrations, TheGrantedRoleCanDoARunAndNoMore) {
  ASSERT_TRUE(migrate(database_->secret()));
  const std::string role = database_->name() + "\"r";
  const std::string quoted = "\"" + database_->name() + "\"\"r\"";
  database_->query("CREATE ROLE " + quoted + " LOGIN");
  PgJournalOptions options;
  options.dsn = Secret(database_->dsn() + " user='" + role + "'");
  options.key = Secret(std::string(32, 'k'));
  options.clock = &clock_;
  {
    const auto stranger = open_pg_journal(options);
    ASSERT_FALSE(stranger);
    EXPECT_EQ(stranger.error().code, ErrorCode::journal_forbidden) << describe(stranger.error());
  }
  database_->query(grants_sql(role));
  {
    auto journal = open_pg_journal(options);
    ASSERT_TRUE(journal) << describe(journal.error());
    PlanDraft plan;
    plan.add(OperationKind::user_create, "E1", "");
    plan.add_member("E1", "", "dept-A", "00ga", {1}, 1);
    plan.add(OperationKind::user_suspend, "E2", "00u2");
    ASSERT_TRUE(plan.seal(**journal));
    ASSERT_TRUE(plan.seal(**journal));
    const auto run = (*journal)->begin_run(plan.spec());
    ASSERT_TRUE(run) << describe(run.error());
    ASSERT_TRUE((*journal)->settle_and_claim(*run, {}, {10}));
    const std::vector<Settled> settled{applied(1, "00u1"), applied(3)};
    ASSERT_TRUE((*journal)->settle_and_claim(*run, settled, {10}));
    ASSERT_TRUE((*journal)->end_run(*run, 0, ""));
    EXPECT_TRUE((*journal)->record_read("hr", {}, {}));
    EXPECT_TRUE((*journal)->record_people({}, {}));
    EXPECT_TRUE((*journal)->record_chain_boundaries({}));
    EXPECT_TRUE((*journal)->record_held({}, true, {}));
    EXPECT_TRUE((*journal)->record_refused({"00u1", "title", {}}));
  }
  for (const char* forbidden :
       {"DELETE FROM rollcall.operation_outcome", "UPDATE rollcall.operation SET kind = ''",
        "DELETE FROM rollcall.binding", "DELETE FROM rollcall.run"}) {
    pqxx::connection connection(std::string(options.dsn.reveal()));
    pqxx::nontransaction tx(connection);
    EXPECT_THROW(tx.exec(forbidden), pqxx::insufficient_privilege) << forbidden;
  }
  database_->query("DROP OWNED BY " + quoted);
  database_->query("DROP ROLE " + quoted);
}

}  // namespace
}  // namespace rollcall::test

// Connections: what is refused before the first statement, and what happens when one breaks.
#include <gtest/gtest.h>

#include <stop_token>
#include <thread>

#include "service/journal/pg_internal.h"
#include "service/journal/settlement_internal.h"
#include "tests/contract/pg_bench.h"
#include "tests/db/pg_gate.h"

namespace rollcall::test {
namespace {

using State = OperationState;

ErrorCode code_of(const std::string& dsn) {
  const auto safe = pg::safe_dsn(Secret(dsn), 60000);
  return safe ? ErrorCode::usage : safe.error().code;
}

TEST(PgDsn, AnotherHostNeedsAVerifiedConnection) {
  EXPECT_EQ(code_of("host=db.example"), ErrorCode::journal_insecure);
  EXPECT_EQ(code_of("host=db.example sslmode=require"), ErrorCode::journal_insecure);
  EXPECT_EQ(code_of("postgresql://rollcall@db.example/journal"), ErrorCode::journal_insecure);
  EXPECT_EQ(code_of("host=localhost,db.example"), ErrorCode::journal_insecure);
  EXPECT_EQ(code_of("host=localhost hostaddr=10.0.0.7"), ErrorCode::journal_insecure);
  EXPECT_EQ(code_of("host=db.example sslmode=verify-full"), ErrorCode::usage);
  for (const char* local : {"host=/run/postgresql", "host=localhost", "host=127.0.0.1", "host=::1",
                            "dbname=x", "postgresql:///journal?host=/tmp"}) {
    EXPECT_EQ(code_of(local), ErrorCode::usage) << local;
  }
}

TEST(PgDsn, IsRefusedWithoutShowingThePassword) {
  const auto safe = pg::safe_dsn(Secret("host=localhost password=hunter2 oops"), 60000);
  ASSERT_FALSE(safe);
  EXPECT_EQ(safe.error().code, ErrorCode::journal_dsn_invalid);
  EXPECT_EQ(describe(safe.error()).find("hunter2"), std::string::npos);
}

TEST(PgDsn, GetsKeepalivesAndTimeoutsUnlessTheyAreGiven) {
  const auto safe = pg::safe_dsn(Secret("host=/tmp connect_timeout=3 password='it''s'"), 45000);
  EXPECT_FALSE(safe);  // not libpq's quoting
  const auto good = pg::safe_dsn(Secret("host=/tmp connect_timeout=3 password='a\\'b'"), 45000);
  ASSERT_TRUE(good);
  EXPECT_NE(good->find("connect_timeout='3'"), std::string::npos) << *good;
  EXPECT_NE(good->find("tcp_user_timeout='45000'"), std::string::npos);
  EXPECT_NE(good->find("keepalives_idle='10'"), std::string::npos);
  EXPECT_NE(good->find("application_name='rollcall'"), std::string::npos);
  EXPECT_NE(good->find("password='a\\'b'"), std::string::npos);
}

TEST(PgConnection, IsUnreachableWhereNothingListens) {
  ManualClock clock;
  PgJournalOptions options;
  options.dsn = Secret("host=/nonexistent user=nobody dbname=none");
  options.clock = &clock;
  EXPECT_EQ(open_pg_journal(options).error().code, ErrorCode::journal_unreachable);
  EXPECT_EQ(migrate(options.dsn).error().code, ErrorCode::journal_unreachable);
}

class PgJournalTest : public ::testing::Test {
 protected:
  void SetUp() override {
    if (test_cluster() == nullptr) GTEST_SKIP() << "ROLLCALL_TEST_PG is not set: no PostgreSQL";
    bench_ = std::make_unique<PgBench>();
    for (int i = 1; i <= 3; ++i) {
      plan_.add(OperationKind::user_update, "E" + std::to_string(i), "00u" + std::to_string(i));
    }
  }
  std::unique_ptr<Journal> open(const PgJournalOptions& options) {
    auto journal = open_pg_journal(options);
    EXPECT_TRUE(journal) << describe(journal.error());
    return journal ? std::move(*journal) : nullptr;
  }
  RunHandle start(Journal& journal) {
    EXPECT_TRUE(plan_.seal(journal));
    const auto run = journal.begin_run(plan_.spec());
    EXPECT_TRUE(run) << describe(run.error());
    return run ? *run : RunHandle{};
  }
  std::string rows(const std::string& where) const {
    return bench_->database.query("SELECT count(*) FROM rollcall." + where);
  }
  std::unique_ptr<PgBench> bench_;
  PlanDraft plan_;
};

TEST_F(PgJournalTest, RefusesAPooler) {
  PgGate gate(bench_->database.dsn());
  PgJournalOptions options = bench_->options();
  options.dsn = Secret(gate.dsn());
  gate.arm(GateFault::pose_as_pooler);
  EXPECT_EQ(open_pg_journal(options).error().code, ErrorCode::journal_pooler);
  EXPECT_TRUE(open_pg_journal(options));
}

TEST_F(PgJournalTest, NeedsItsKeyAndKnowsAnother) {
  PgJournalOptions options = bench_->options();
  options.key.reset();
  const auto keyless = open(options);
  EXPECT_EQ(plan_.seal(*keyless).error().code, ErrorCode::journal_key_missing);
  ASSERT_TRUE(plan_.seal(*open(bench_->options())));
  EXPECT_EQ(keyless->plan_operations(plan_.id()).error().code, ErrorCode::journal_key_missing);
  EXPECT_EQ(keyless->begin_run(plan_.spec()).error().code, ErrorCode::journal_key_missing);
  options.key = Secret(std::string(32, 'x'));
  EXPECT_EQ(open_pg_journal(options).error().code, ErrorCode::journal_key_wrong);
}

TEST_F(PgJournalTest, KeepsNoAttributeNoLoginAndNoSecretInClear) {
  plan_.operations[0].changes = {{"salary", "99", "SECRETVALUE", AttrType::text, true},
                                 {"title", "Clerk", "PLAINVALUE", AttrType::text, false}};
  ASSERT_TRUE(plan_.seal(*open(bench_->options())));
  const std::string stored = bench_->database.query(
      "SELECT string_agg(o::text, ' ') || (SELECT string_agg(p::text, ' ') FROM rollcall.plan p)"
      " FROM rollcall.operation o");
  for (const char* value : {"SECRETVALUE", "PLAINVALUE", "@x.example"}) {
    EXPECT_EQ(stored.find(value), std::string::npos) << value;
    EXPECT_EQ(stored.find(hex(value)), std::string::npos) << value;
  }
}

TEST_F(PgJournalTest, NoticesAnAlteredOrMissingOperation) {
  auto journal = open(bench_->options());
  ASSERT_TRUE(plan_.seal(*journal));
  bench_->database.query(
      "UPDATE rollcall.operation a SET payload = b.payload FROM rollcall.operation b"
      " WHERE a.operation = 1 AND b.operation = 2");
  EXPECT_EQ(journal->plan_operations(plan_.id()).error().code, ErrorCode::journal_plan_corrupt);
  bench_->database.query("DELETE FROM rollcall.operation WHERE operation = 1");
  EXPECT_EQ(journal->plan_operations(plan_.id()).error().code, ErrorCode::journal_plan_corrupt);
  EXPECT_EQ(journal->begin_run(plan_.spec()).error().code, ErrorCode::journal_plan_corrupt);
}

TEST_F(PgJournalTest, AStopRequestEndsStatementsOverAWholePlanAndNothingIsWritten) {
  for (const bool sealing : {true, false}) {
    std::stop_source stop;
    PgJournalOptions options = bench_->options();
    options.stop = stop.get_token();
    const auto journal = open(options);
    if (!sealing) {
      ASSERT_TRUE(plan_.seal(*journal));
    }
    // Somebody holds the table that the transaction writes: it would wait for its time-out.
    pqxx::connection other(bench_->database.dsn());
    pqxx::work holding(other);
    holding.exec(std::string("LOCK TABLE rollcall.") + (sealing ? "plan" : "operation_queue") +
                 " IN EXCLUSIVE MODE");
    std::thread asks([&] {
      const std::string waiting =
          "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'"
          " AND datname = current_database()";
      while (bench_->database.query(waiting) == "0") std::this_thread::yield();
      stop.request_stop();
    });
    const auto error =
        sealing ? plan_.seal(*journal).error() : journal->begin_run(plan_.spec()).error();
    asks.join();
    holding.abort();
    EXPECT_EQ(error.code, ErrorCode::run_stopped) << describe(error);
    EXPECT_EQ(rows("run"), "0");
    EXPECT_EQ(rows("plan"), sealing ? "0" : "1");
    EXPECT_TRUE(open(bench_->options())->bind("00o1", "test")) << "the lane and session are free";
  }
}

TEST_F(PgJournalTest, GoesOnAfterItsConnectionBrokeIfNobodyTookTheLock) {
  auto journal = open(bench_->options());
  const RunHandle run = start(*journal);
  ASSERT_EQ(journal->settle_and_claim(run, {}, {1})->size(), 1U);
  bench_->database.cut_sessions();
  const std::vector<Settled> settled{applied(1)};
  const auto claims = journal->settle_and_claim(run, settled, {1});
  ASSERT_TRUE(claims) << describe(claims.error());
  EXPECT_EQ(ids(*claims), (std::vector<std::uint32_t>{2}));
  EXPECT_EQ(rows("operation_outcome WHERE state = 'applied'"), "1");
}

TEST_F(PgJournalTest, WritesNothingMoreOnceAnotherProcessTookTheRun) {
  auto journal = open(bench_->options());
  const RunHandle run = start(*journal);
  ASSERT_EQ(journal->settle_and_claim(run, {}, {1})->size(), 1U);
  bench_->database.cut_sessions();
  auto second = open(bench_->options());
  const auto taken = second->take_over(run.id, "host-b:2");
  ASSERT_TRUE(taken) << describe(taken.error());
  ASSERT_TRUE(second->end_run(*taken, 10, "handed on"));
  // The lock is free again, so only the epoch can tell the first process that it is late.
  const std::vector<Settled> settled{applied(1)};
  EXPECT_EQ(journal->settle_and_claim(run, settled, {1}).error().code,
            ErrorCode::journal_lock_lost);
  EXPECT_EQ(rows("operation_outcome WHERE state = 'applied'"), "0");
}

TEST_F(PgJournalTest, ARunWhoseProcessDiedDoesNotKeepTheLane) {
  auto journal = open(bench_->options());
  start(*journal);
  bench_->database.cut_sessions();
  auto second = open(bench_->options());
  const auto left = second->interrupted();
  ASSERT_TRUE(left);
  ASSERT_EQ(left->size(), 1U);
  EXPECT_EQ((*left)[0].waiting, 3U);
  plan_.operations[0].reason = "rehire";
  const RunHandle next = start(*second);
  EXPECT_NE(next.id, 0);
}

TEST_F(PgJournalTest, LooksUpACommitWhoseAnswerWasLost) {
  for (const GateFault fault : {GateFault::cut_after_commit, GateFault::cut_before_commit}) {
    plan_.header.as_of_date = fault == GateFault::cut_after_commit ? "2026-03-02" : "2026-03-03";
    PgGate gate(bench_->database.dsn());
    PgJournalOptions options = bench_->options();
    options.dsn = Secret(gate.dsn());
    auto journal = open(options);
    gate.arm(fault);
    ASSERT_TRUE(journal->bind("00o1", "test"));
    EXPECT_EQ(gate.connections(), 2);
    ASSERT_TRUE(plan_.seal(*journal));
    gate.arm(fault);
    const auto run = journal->begin_run(plan_.spec());
    ASSERT_TRUE(run) << describe(run.error());
    gate.arm(fault);
    auto claims = journal->settle_and_claim(*run, {}, {2});
    ASSERT_TRUE(claims) << describe(claims.error());
    EXPECT_EQ(ids(*claims), (std::vector<std::uint32_t>{1, 2}));
    EXPECT_EQ((*claims)[0].attempt, 1);
    gate.arm(fault);
    const std::vector<Settled> settled{applied(1), applied(2)};
    claims = journal->settle_and_claim(*run, settled, {2});
    ASSERT_TRUE(claims) << describe(claims.error());
    EXPECT_EQ(ids(*claims), (std::vector<std::uint32_t>{3}));
    const std::vector<std::uint32_t> back{3};
    gate.arm(fault);
    ASSERT_TRUE(journal->give_back(*run, back));
    gate.arm(fault);
    ASSERT_TRUE(journal->end_run(*run, 10, ""));
    const std::string of_run = " AND run_id = " + std::to_string(run->id);
    EXPECT_EQ(rows("operation_outcome WHERE state = 'applied'" + of_run), "2");
    EXPECT_EQ(rows("operation_outcome WHERE state = 'intent'" + of_run), "3");
    EXPECT_EQ(gate.connections(), 7);
  }
}

TEST_F(PgJournalTest, LooksUpASealWhoseAnswerWasLost) {
  PgGate gate(bench_->database.dsn());
  PgJournalOptions options = bench_->options();
  options.dsn = Secret(gate.dsn());
  auto journal = open(options);
  ASSERT_TRUE(plan_.seal(*journal));
  plan_.header.expires_at = plan_.header.expires_at + 1;
  gate.arm(GateFault::cut_after_commit);  // of the first, harmless transaction: repeated
  ASSERT_TRUE(plan_.seal(*journal));
  EXPECT_EQ((**journal->find_plan(plan_.id())).header.expires_at, plan_.header.expires_at);
}

TEST_F(PgJournalTest, ChainsOutcomesSoThatAChangedRowShows) {
  auto journal = open(bench_->options());
  const RunHandle run = start(*journal);
  ASSERT_TRUE(journal->settle_and_claim(run, {}, {3}));
  Settled failed = ended(2, State::failed);
  failed.outcome.message = "the org said \"no\", 100 %\\";
  const std::vector<Settled> settled{applied(1), failed, applied(3)};
  ASSERT_TRUE(journal->settle_and_claim(run, settled, {3}));
  ASSERT_TRUE(journal->end_run(run, 4, ""));
  const auto recomputed = [&] {
    pqxx::connection connection(bench_->database.dsn());
    pqxx::nontransaction tx(connection);
    Sha256 head;
    for (const auto& row :
         tx.exec("SELECT seq, operation, attempt, state, code, message, http_status, request_id,"
                 " user_id, group_id, at_ms FROM rollcall.operation_outcome ORDER BY seq")) {
      ChainRow one;
      one.seq = row[0].as<std::uint64_t>();
      one.operation = row[1].as<std::uint32_t>();
      one.attempt = row[2].as<int>();
      one.state = *operation_state(row[3].as<std::string>());
      one.code = row[4].as<std::string>();
      one.message = row[5].as<std::string>();
      one.http_status = row[6].as<int>();
      one.request_id = row[7].as<std::string>();
      one.user_id = row[8].as<std::string>();
      one.group_id = row[9].as<std::string>();
      one.at = {row[10].as<std::int64_t>()};
      head = chain_next(head, one);
    }
    return head;
  };
  const std::string stored = bench_->database.query("SELECT chain_head FROM rollcall.run");
  const std::string closing = bench_->database.query("SELECT closing FROM rollcall.run");
  EXPECT_EQ(stored, pg::bytea(recomputed()));
  EXPECT_EQ(closing, pg::bytea(chain_close(recomputed(), Sha256{})));
  bench_->database.query("UPDATE rollcall.operation_outcome SET request_id = 'x' WHERE seq = 5");
  EXPECT_NE(stored, pg::bytea(recomputed()));
}

TEST_F(PgJournalTest, RenewsTheLeasesOfWhatIsInFlight) {
  auto journal = open(bench_->options());
  const RunHandle run = start(*journal);
  ASSERT_TRUE(journal->settle_and_claim(run, {}, {1}));
  bench_->database.query(
      "UPDATE rollcall.operation_queue SET lease_until = '-infinity'"
      " WHERE state = 'intent'");
  ASSERT_TRUE(journal->heartbeat(run));
  EXPECT_EQ(rows("operation_queue WHERE lease_until > clock_timestamp()"), "1");
}

}  // namespace
}  // namespace rollcall::test

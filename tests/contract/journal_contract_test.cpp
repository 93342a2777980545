// One suite for every implementation of the journal.
#include "tests/contract/journal_contract.h"

#include "service/journal/memory_journal.h"
#include "tests/contract/pg_bench.h"

namespace rollcall::test {
namespace {

using Ids = std::vector<std::uint32_t>;
using Kind = OperationKind;
using State = OperationState;

class MemoryBench final : public JournalBench {
 public:
  Result<std::unique_ptr<Journal>> open() override {
    return std::unique_ptr<Journal>(std::make_unique<MemoryJournal>(store_, clock));
  }

 private:
  MemoryStore store_;
};

struct Maker {
  std::string name;
  std::unique_ptr<JournalBench> (*make)();
};

class JournalContract : public ::testing::TestWithParam<Maker> {
 protected:
  void SetUp() override {
    bench_ = GetParam().make();
    if (bench_ == nullptr) GTEST_SKIP() << "ROLLCALL_TEST_PG is not set: no PostgreSQL to test on";
    journal_ = session();
  }
  std::unique_ptr<Journal> session() {
    auto opened = bench_->open();
    EXPECT_TRUE(opened) << describe(opened.error());
    return opened ? std::move(*opened) : nullptr;
  }
  RunHandle start(const PlanDraft& plan) {
    const auto sealed = plan.seal(*journal_);
    EXPECT_TRUE(sealed) << describe(sealed.error());
    const auto run = journal_->begin_run(plan.spec());
    EXPECT_TRUE(run) << describe(run.error());
    return run ? *run : RunHandle{};
  }
  std::vector<Claim> turn(const RunHandle& run, const std::vector<Settled>& settled = {},
                          std::size_t count = 100, std::optional<Priority> only = {}) {
    auto claims = journal_->settle_and_claim(run, settled, {count, only});
    EXPECT_TRUE(claims) << describe(claims.error());
    return claims ? std::move(*claims) : std::vector<Claim>{};
  }
  std::map<std::uint32_t, State> states(RunId run) {
    std::map<std::uint32_t, State> out;
    const auto results = journal_->results(run);
    EXPECT_TRUE(results) << describe(results.error());
    if (results) {
      for (const OperationResult& one : *results) out[one.operation.id] = one.state;
    }
    return out;
  }
  /// The process dies; another one opens the journal.
  void crash() {
    journal_.reset();
    journal_ = session();
  }

  std::unique_ptr<JournalBench> bench_;
  std::unique_ptr<Journal> journal_;
};

PlanDraft three_updates() {
  PlanDraft plan;
  for (int i = 1; i <= 3; ++i) {
    plan.add(Kind::user_update, "E" + std::to_string(i), "00u" + std::to_string(i));
  }
  return plan;
}

TEST_P(JournalContract, BindsOnceAndRefusesAnotherOrgOrEnvironment) {
  EXPECT_TRUE(journal_->bind("00o1", "test"));
  EXPECT_TRUE(journal_->bind("00o1", "test"));
  EXPECT_EQ(journal_->bind("00o2", "test").error().code, ErrorCode::journal_other_org);
  EXPECT_EQ(journal_->bind("00o1", "live").error().code, ErrorCode::journal_other_environment);
  crash();
  EXPECT_EQ(journal_->bind("00o2", "test").error().code, ErrorCode::journal_other_org);
}

TEST_P(JournalContract, GivesASealedPlanBackWithSensitiveValues) {
  PlanDraft plan;
  Operation& create = plan.add(Kind::user_create, "E1", "");
  create.credential = Credential::random_password;
  create.changes = {{"salary", std::nullopt, "100", AttrType::text, true},
                    {"remote", "false", "true", AttrType::boolean, false},
                    {"grade", "7", std::nullopt, AttrType::integer, false},
                    {"rate", std::nullopt, "1.50", AttrType::number, false},
                    {"tags", "", R"(["a"])", AttrType::text_array, false}};
  create.expect = {AccountStatus::active, WallTime{1772323200123}};
  plan.add_member("E1", "", "dept-Sales", "00g1", {1}, 1).held_by = "creates";
  ASSERT_TRUE(plan.seal(*journal_));
  crash();
  const auto found = journal_->find_plan(plan.id());
  ASSERT_TRUE(found && *found);
  EXPECT_EQ((*found)->state, "sealed");
  EXPECT_EQ((*found)->header.org_id, "00o1");
  EXPECT_EQ((*found)->trailer.summary.operations(), 2U);
  const auto ops = journal_->plan_operations(plan.id());
  ASSERT_TRUE(ops) << describe(ops.error());
  ASSERT_EQ(ops->size(), 2U);
  const Operation& back = (*ops)[0];
  ASSERT_EQ(back.changes.size(), 5U);
  for (std::size_t i = 0; i < 5; ++i) {
    EXPECT_EQ(back.changes[i].attribute, plan.operations[0].changes[i].attribute);
    EXPECT_EQ(back.changes[i].from, plan.operations[0].changes[i].from);
    EXPECT_EQ(back.changes[i].to, plan.operations[0].changes[i].to);
    EXPECT_EQ(back.changes[i].type, plan.operations[0].changes[i].type);
    EXPECT_EQ(back.changes[i].sensitive, plan.operations[0].changes[i].sensitive);
  }
  EXPECT_EQ(to_json(back, false), to_json(plan.operations[0], false));
  EXPECT_EQ((*ops)[1].held_by, "creates");
  EXPECT_EQ((*ops)[1].request.with, 1U);
}

TEST_P(JournalContract, KnowsNoPlanThatWasNeverSealed) {
  const auto found = journal_->find_plan(sha256("none"));
  ASSERT_TRUE(found);
  EXPECT_FALSE(*found);
  EXPECT_EQ(journal_->plan_operations(sha256("none")).error().code, ErrorCode::plan_unknown);
  EXPECT_EQ(journal_->begin_run(three_updates().spec()).error().code, ErrorCode::plan_unknown);
}

class BrokenCursor final : public OperationCursor {
 public:
  explicit BrokenCursor(const Operation& op) : op_(op) {}
  Result<const Operation*> next() override {
    if (given_) return make_error(ErrorCode::plan_unreadable, "the file is cut short");
    given_ = true;
    return &op_;
  }

 private:
  const Operation& op_;
  bool given_ = false;
};

TEST_P(JournalContract, StoresNothingOfAPlanThatBreaksOff) {
  const PlanDraft plan = three_updates();
  BrokenCursor cursor(plan.operations[0]);
  EXPECT_EQ(journal_->seal_plan(cursor, plan.header, {}, plan.id()).error().code,
            ErrorCode::plan_unreadable);
  EXPECT_FALSE(journal_->find_plan(plan.id())->has_value());
}

TEST_P(JournalContract, SealingTheSameIdAgainRefreshesWhatIsHeldAndTheExpiry) {
  PlanDraft plan = three_updates();
  plan.operations[1].held_by = "attribute:department";
  ASSERT_TRUE(plan.seal(*journal_));
  plan.operations[1].held_by.clear();
  plan.header.expires_at = plan.header.expires_at + 1000;
  ASSERT_TRUE(plan.seal(*journal_));
  EXPECT_EQ((**journal_->find_plan(plan.id())).header.expires_at, plan.header.expires_at);
  const auto run = journal_->begin_run(plan.spec());
  ASSERT_TRUE(run);
  EXPECT_EQ(ids(turn(*run)), (Ids{1, 2, 3}));
}

TEST_P(JournalContract, ClaimsByPriorityThenPlanOrderUpToTheWish) {
  PlanDraft plan;
  plan.add(Kind::user_update, "E1", "00u1");
  plan.add(Kind::user_suspend, "E2", "00u2");
  plan.add(Kind::user_create, "E3", "");
  plan.add(Kind::user_suspend, "E4", "00u4");
  const RunHandle run = start(plan);
  EXPECT_EQ(ids(turn(run, {}, 1)), (Ids{2}));
  EXPECT_EQ(ids(turn(run, {}, 10, Priority::move)), (Ids{1}));
  EXPECT_EQ(ids(turn(run, {}, 10)), (Ids{4, 3}));
  EXPECT_TRUE(turn(run).empty());
  EXPECT_EQ(*journal_->open_operations(run), 0U);
}

TEST_P(JournalContract, WaitsForWhatAnOperationComesAfter) {
  PlanDraft plan;
  plan.add(Kind::user_suspend, "E1", "00u1", {3});
  plan.add(Kind::user_clear_sessions, "E1", "00u1", {1, 1});
  plan.add(Kind::user_link, "E1", "00u1");
  const RunHandle run = start(plan);
  EXPECT_EQ(ids(turn(run)), (Ids{3}));
  EXPECT_EQ(*journal_->open_operations(run), 2U);
  EXPECT_EQ(ids(turn(run, {applied(3)})), (Ids{1}));
  EXPECT_EQ(ids(turn(run, {applied(1)})), (Ids{2}));
  EXPECT_TRUE(turn(run, {applied(2)}).empty());
  ASSERT_TRUE(journal_->end_run(run, 0, ""));
  EXPECT_EQ((**journal_->find_plan(plan.id())).state, "applied");
}

TEST_P(JournalContract, BlocksWhatDependsOnAFailureAndSaysOnWhich) {
  for (const State bad :
       {State::failed, State::conflict, State::quarantined, State::skipped, State::withdrawn}) {
    PlanDraft plan;
    plan.header.as_of_date = std::string("2026-03-0") + std::to_string(static_cast<int>(bad) % 9);
    plan.add(Kind::user_suspend, "E1", "00u1");
    plan.add(Kind::user_clear_sessions, "E1", "00u1", {1});
    plan.add(Kind::user_reset_factors, "E1", "00u1", {2});
    plan.add(Kind::user_update, "E2", "00u2");
    const RunHandle run = start(plan);
    EXPECT_EQ(ids(turn(run)), (Ids{1, 4}));
    EXPECT_TRUE(turn(run, {ended(1, bad), applied(4)}).empty());
    EXPECT_EQ(states(run.id),
              (std::map<std::uint32_t, State>{
                  {1, bad}, {2, State::blocked}, {3, State::blocked}, {4, State::applied}}));
    const auto results = journal_->results(run.id);
    ASSERT_TRUE(results);
    EXPECT_EQ((*results)[2].outcome.message, "needs operation 2, which ended blocked");
    EXPECT_EQ((*results)[0].outcome.code, ErrorCode::internal_defect);
    EXPECT_EQ((*results)[0].outcome.message, "the org said no");
    EXPECT_EQ((*results)[0].outcome.request_id, "req-1");
    ASSERT_TRUE(journal_->end_run(run, 4, ""));
  }
}

TEST_P(JournalContract, NeverClaimsWhatTheGuardHoldsNorWhatDependsOnIt) {
  PlanDraft plan;
  plan.add(Kind::user_suspend, "E1", "00u1").held_by = "containments";
  plan.add(Kind::user_clear_sessions, "E1", "00u1", {1});
  plan.add(Kind::user_create, "E2", "").held_by = "creates";
  plan.add_member("E2", "", "dept-Sales", "00g1", {3}, 3);
  plan.add(Kind::user_update, "E3", "00u3");
  const RunHandle run = start(plan);
  EXPECT_EQ(ids(turn(run)), (Ids{5}));
  EXPECT_EQ(*journal_->open_operations(run), 0U);
  EXPECT_EQ(states(run.id), (std::map<std::uint32_t, State>{{1, State::held},
                                                            {2, State::blocked},
                                                            {3, State::held},
                                                            {4, State::blocked},
                                                            {5, State::intent}}));
}

TEST_P(JournalContract, FillsIdsMadeByEarlierOperations) {
  PlanDraft plan;
  plan.add_group(Kind::group_create, "dept-Sales", "").wave = 0;
  plan.add(Kind::user_create, "E1", "").wave = 1;
  plan.add_member("E1", "", "dept-Sales", "", {1, 2}).wave = 1;
  plan.add(Kind::user_update, "E1", "", {2}).wave = 1;
  const RunHandle run = start(plan);
  EXPECT_EQ(ids(turn(run)), (Ids{1}));
  EXPECT_EQ(ids(turn(run, {applied(1, "", "00g7")})), (Ids{2}));
  const auto claims = turn(run, {applied(2, "00u9")});
  ASSERT_EQ(ids(claims), (Ids{4, 3}));
  EXPECT_EQ(claims[0].operation.subject.user_id, "00u9");
  EXPECT_EQ(claims[0].operation.request.path, "/api/v1/users/00u9");
  EXPECT_EQ(claims[1].operation.object.id, "00g7");
  EXPECT_EQ(claims[1].operation.request.path, "/api/v1/groups/00g7/users/00u9");
  turn(run, {applied(3), applied(4)});
  const auto links = journal_->links();
  ASSERT_TRUE(links);
  ASSERT_EQ(links->size(), 2U);
  const auto grants = journal_->grants();
  ASSERT_TRUE(grants);
  ASSERT_EQ(grants->size(), 1U);
  EXPECT_EQ((*grants)[0].group_id, "00g7");
  EXPECT_EQ((*grants)[0].user_id, "00u9");
}

TEST_P(JournalContract, OpensAWaveWhenEveryBarrierBeforeItHasSettled) {
  PlanDraft plan;
  plan.add_group(Kind::group_create, "dept-A", "");
  plan.add_group(Kind::group_create, "dept-B", "");
  plan.add_member("E1", "00u1", "dept-A", "", {1}).wave = 1;
  plan.add_member("E2", "00u2", "dept-B", "", {2}).wave = 1;
  plan.add(Kind::user_suspend, "E3", "00u3").wave = 0;
  plan.add(Kind::user_update, "E4", "00u4").wave = 1;
  const RunHandle run = start(plan);
  EXPECT_EQ(ids(turn(run)), (Ids{5, 1, 2}));
  EXPECT_TRUE(turn(run, {applied(1, "", "00ga")}).empty());
  // The failed create is settled: the wave opens, and only its own memberships are blocked.
  EXPECT_EQ(ids(turn(run, {ended(2, State::failed), applied(5)})), (Ids{6, 3}));
  EXPECT_EQ(*journal_->open_operations(run), 0U);
  const auto now = states(run.id);
  EXPECT_EQ(now.at(4), State::blocked);
  EXPECT_EQ(now.at(3), State::intent);
}

TEST_P(JournalContract, KeepsAMembershipBehindItsGroupEvenInTheSameWave) {
  PlanDraft plan;
  plan.add_group(Kind::group_create, "dept-A", "");
  plan.add_member("E1", "00u1", "dept-A", "", {1});
  const RunHandle run = start(plan);
  EXPECT_EQ(ids(turn(run)), (Ids{1}));
  EXPECT_EQ(ids(turn(run, {applied(1, "", "00ga")})), (Ids{2}));
}

TEST_P(JournalContract, BlocksManyMembershipsOfOneFailedGroupAndStillFindsTheOthers) {
  PlanDraft plan;
  plan.add_group(Kind::group_create, "dept-A", "");
  for (int i = 0; i < 40; ++i) {
    plan.add_member("E" + std::to_string(i), "00u" + std::to_string(i), "dept-A", "", {1}).wave = 1;
  }
  plan.add_member("E99", "00u99", "dept-B", "00gb").wave = 1;
  const RunHandle run = start(plan);
  turn(run);
  EXPECT_EQ(ids(turn(run, {ended(1, State::failed)}, 3)), (Ids{42}));
  EXPECT_EQ(*journal_->open_operations(run), 0U);
}

TEST_P(JournalContract, RidersTakeIntentAndOutcomeWithTheirHost) {
  PlanDraft plan;
  plan.add(Kind::user_create, "E1", "");
  plan.add_member("E1", "", "dept-A", "00ga", {1}, 1);
  plan.add_member("E1", "", "dept-B", "00gb", {1}, 1);
  plan.add_member("E1", "", "dept-C", "00gc", {1}, 1).held_by = "protected";
  const RunHandle run = start(plan);
  EXPECT_EQ(*journal_->open_operations(run), 1U);
  const auto claims = turn(run);
  ASSERT_EQ(ids(claims), (Ids{1}));
  ASSERT_EQ(claims[0].riders.size(), 2U);
  EXPECT_EQ(claims[0].riders[0].id, 2U);
  EXPECT_EQ(claims[0].riders[1].id, 3U);
  EXPECT_EQ(states(run.id).at(2), State::intent);
  EXPECT_TRUE(turn(run, {applied(1, "00u9")}).empty());
  const auto results = journal_->results(run.id);
  ASSERT_TRUE(results);
  EXPECT_EQ((*results)[1].state, State::applied);
  EXPECT_EQ((*results)[1].outcome.request_id, "req-1");
  EXPECT_EQ((*results)[3].state, State::held);
  const auto grants = journal_->grants();
  ASSERT_TRUE(grants);
  ASSERT_EQ(grants->size(), 2U);
  EXPECT_EQ((*grants)[0].user_id, "00u9");
}

TEST_P(JournalContract, LeavesOutRidersWhoseGroupCouldNotBeMade) {
  PlanDraft plan;
  plan.add_group(Kind::group_create, "dept-A", "");
  plan.add_group(Kind::group_create, "dept-B", "");
  plan.add(Kind::user_create, "E1", "").wave = 1;
  plan.add_member("E1", "", "dept-A", "", {1, 3}, 3).wave = 1;
  plan.add_member("E1", "", "dept-B", "", {2, 3}, 3).wave = 1;
  const RunHandle run = start(plan);
  turn(run);
  const auto claims = turn(run, {ended(1, State::failed), applied(2, "", "00gb")});
  ASSERT_EQ(ids(claims), (Ids{3}));
  ASSERT_EQ(claims[0].riders.size(), 1U);
  EXPECT_EQ(claims[0].riders[0].object.id, "00gb");
  EXPECT_EQ(states(run.id).at(4), State::blocked);
}

TEST_P(JournalContract, SendsRidersThatFindNoSeatByThemselves) {
  PlanDraft plan;
  plan.add(Kind::user_create, "E1", "");
  for (int i = 0; i < 22; ++i) {
    const std::string n = std::to_string(i);
    plan.add_member("E1", "", "dept-" + n, "00g" + n, {1}, 1);
  }
  const RunHandle run = start(plan);
  const auto claims = turn(run);
  ASSERT_EQ(ids(claims), (Ids{1}));
  EXPECT_EQ(claims[0].riders.size(), 20U);
  const auto rest = turn(run, {applied(1, "00u9")});
  ASSERT_EQ(ids(rest), (Ids{22, 23}));
  EXPECT_EQ(rest[0].operation.request.with, 0U);
  EXPECT_EQ(rest[0].operation.subject.user_id, "00u9");
}

TEST_P(JournalContract, ARiderThatIsSettledApartGoesOnByItself) {
  PlanDraft plan;
  plan.add(Kind::user_create, "E1", "");
  plan.add_member("E1", "", "dept-A", "00ga", {1}, 1);
  plan.add_member("E1", "", "dept-B", "00gb", {1}, 1);
  const RunHandle run = start(plan);
  turn(run);
  Settled again;
  again.operation = 3;
  again.state = State::planned;
  const auto claims = turn(run, {applied(1, "00u9"), applied(2), again});
  ASSERT_EQ(ids(claims), (Ids{3}));
  EXPECT_EQ(claims[0].attempt, 2);
  EXPECT_EQ(claims[0].operation.subject.user_id, "00u9");
  turn(run, {applied(3)});
  EXPECT_EQ(journal_->grants()->size(), 2U);
}

TEST_P(JournalContract, RidersWaitAgainWithAHostThatIsRetried) {
  PlanDraft plan;
  plan.add(Kind::user_create, "E1", "");
  plan.add_member("E1", "", "dept-A", "00ga", {1}, 1);
  const RunHandle run = start(plan);
  turn(run);
  EXPECT_TRUE(turn(run, {[] {
                     Settled one = ended(1, State::retry);
                     one.not_before_ms = 5000;
                     return one;
                   }()})
                  .empty());
  EXPECT_EQ(**journal_->next_retry_ms(run), 5000);
  bench_->clock.advance(4999);
  EXPECT_TRUE(turn(run).empty());
  EXPECT_EQ(**journal_->next_retry_ms(run), 1);
  bench_->clock.advance(1);
  const auto claims = turn(run);
  ASSERT_EQ(ids(claims), (Ids{1}));
  EXPECT_EQ(claims[0].attempt, 2);
  EXPECT_EQ(claims[0].riders.size(), 1U);
  EXPECT_FALSE(*journal_->next_retry_ms(run));
}

TEST_P(JournalContract, TakesUnsentOperationsBackWithoutCountingTheAttempt) {
  const RunHandle run = start(three_updates());
  EXPECT_EQ(ids(turn(run, {}, 2)), (Ids{1, 2}));
  const Ids back{2};
  ASSERT_TRUE(journal_->give_back(run, back));
  const auto claims = turn(run);
  EXPECT_EQ(ids(claims), (Ids{2, 3}));
  EXPECT_EQ(claims[0].attempt, 1);
  ASSERT_TRUE(journal_->give_back(run, back));
  EXPECT_EQ(journal_->give_back(run, back).error().code, ErrorCode::internal_defect);
}

TEST_P(JournalContract, RefusesToSettleWhatWasNeverClaimed) {
  const RunHandle run = start(three_updates());
  turn(run, {}, 1);
  const std::vector<Settled> settled{applied(1), applied(2)};
  EXPECT_EQ(journal_->settle_and_claim(run, settled, {}).error().code, ErrorCode::internal_defect);
  EXPECT_EQ(states(run.id).at(1), State::intent);
}

TEST_P(JournalContract, LetsOneRunHoldALaneAndNamesItsHolder) {
  const RunHandle run = start(three_updates());
  turn(run, {}, 2);
  turn(run, {applied(1)}, 0);
  const auto second = session();
  const auto refused = second->begin_run(three_updates().spec("host-b:2"));
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::journal_locked);
  EXPECT_NE(refused.error().message.find("host-a:1"), std::string::npos);
  EXPECT_NE(refused.error().message.find("2026-03-01T00:00:00Z"), std::string::npos);
  EXPECT_NE(refused.error().message.find("1 of 3"), std::string::npos) << refused.error().message;
  EXPECT_EQ(journal_->begin_run(three_updates().spec()).error().code, ErrorCode::journal_locked);
  EXPECT_EQ(second->take_over(run.id, "host-b:2").error().code, ErrorCode::journal_locked);
  EXPECT_TRUE(second->interrupted()->empty());
}

TEST_P(JournalContract, LetsTheUrgentLaneRunBesideTheMainOne) {
  start(three_updates());
  PlanDraft urgent;
  urgent.add(Kind::user_suspend, "E9", "00u9");
  const auto second = session();
  ASSERT_TRUE(urgent.seal(*second));
  RunSpec spec = urgent.spec("host-b:2");
  spec.lane = Lane::urgent;
  const auto run = second->begin_run(spec);
  ASSERT_TRUE(run) << describe(run.error());
  EXPECT_EQ(second->settle_and_claim(*run, {}, {1, {}})->size(), 1U);
}

TEST_P(JournalContract, AnUrgentRunTakesItsPeopleOutOfTheMainRunsQueue) {
  PlanDraft main;
  main.add(Kind::user_update, "E1", "00u1");
  main.add(Kind::group_add_member, "E1", "00u1", {1}).object = {ObjectRef::Kind::group, "00g1",
                                                                "dept-A"};
  main.add(Kind::user_update, "E2", "00u2");
  const RunHandle run = start(main);
  PlanDraft urgent;
  urgent.add(Kind::user_suspend, "E1", "00u1");
  const auto second = session();
  ASSERT_TRUE(urgent.seal(*second));
  RunSpec spec = urgent.spec("host-b:2");
  spec.lane = Lane::urgent;
  ASSERT_TRUE(second->begin_run(spec));
  EXPECT_EQ(ids(turn(run)), (Ids{3}));
  EXPECT_EQ(states(run.id).at(1), State::superseded);
  EXPECT_EQ(states(run.id).at(2), State::superseded);
}

TEST_P(JournalContract, FindsWhatACrashLeftAndSettlesItInANewEpoch) {
  PlanDraft plan = three_updates();
  plan.add(Kind::user_create, "E4", "");
  plan.add_member("E4", "", "dept-A", "00ga", {4}, 4);
  const RunHandle run = start(plan);
  EXPECT_EQ(ids(turn(run, {}, 3)), (Ids{4, 1, 2}));
  turn(run, {ended(2, State::ambiguous)}, 0);
  crash();
  const auto left = journal_->interrupted();
  ASSERT_TRUE(left);
  ASSERT_EQ(left->size(), 1U);
  EXPECT_EQ((*left)[0].run.id, run.id);
  EXPECT_EQ((*left)[0].run.state, "interrupted");
  EXPECT_TRUE((*left)[0].sealed);
  EXPECT_EQ((*left)[0].intents, 4U);
  EXPECT_EQ((*left)[0].waiting, 1U);
  const auto again = journal_->take_over(run.id, "host-b:2");
  ASSERT_TRUE(again) << describe(again.error());
  EXPECT_GT(again->epoch, run.epoch);
  const auto claims = journal_->unsettled(*again);
  ASSERT_TRUE(claims);
  EXPECT_EQ(ids(*claims), (Ids{1, 2, 4}));
  EXPECT_TRUE((*claims)[0].settle_only);
  ASSERT_EQ((*claims)[2].riders.size(), 1U);
  EXPECT_EQ((*claims)[2].riders[0].id, 5U);
  EXPECT_EQ(journal_->settle_and_claim(run, {}, {1, {}}).error().code,
            ErrorCode::journal_lock_lost);
  Settled resend;
  resend.operation = 2;
  resend.state = State::planned;
  EXPECT_EQ(ids(turn(*again, {applied(1), resend, applied(4, "00u4")})), (Ids{2, 3}));
  EXPECT_TRUE(turn(*again, {applied(2), applied(3)}).empty());
  ASSERT_TRUE(journal_->end_run(*again, 0, ""));
  EXPECT_TRUE(journal_->interrupted()->empty());
}

TEST_P(JournalContract, SupersedesWhatStillWaitsAfterACrash) {
  const RunHandle run = start(three_updates());
  turn(run, {}, 1);
  crash();
  const auto again = journal_->take_over(run.id, "host-b:2");
  ASSERT_TRUE(again);
  turn(*again, {applied(1)}, 0);
  ASSERT_TRUE(journal_->supersede(*again));
  EXPECT_EQ(*journal_->open_operations(*again), 0U);
  ASSERT_TRUE(journal_->end_run(*again, 0, ""));
  EXPECT_EQ(states(run.id).at(2), State::superseded);
  EXPECT_EQ((**journal_->run(run.id)).state, "abandoned");
  EXPECT_EQ((**journal_->find_plan(three_updates().id())).state, "superseded");
  EXPECT_EQ(journal_->begin_run(three_updates().spec()).error().code, ErrorCode::plan_superseded);
}

TEST_P(JournalContract, ARunThatStopsEarlyCanBeTakenUpAgain) {
  const RunHandle run = start(three_updates());
  turn(run, {}, 1);
  turn(run, {applied(1)}, 0);
  ASSERT_TRUE(journal_->end_run(run, 10, "signal"));
  EXPECT_EQ((**journal_->run(run.id)).exit_code, 10);
  EXPECT_EQ(journal_->interrupted()->size(), 1U);
  const auto again = journal_->take_over(run.id, "host-b:2");
  ASSERT_TRUE(again);
  EXPECT_EQ(ids(turn(*again)), (Ids{2, 3}));
}

TEST_P(JournalContract, TakesOverOnlyRunsThatWereInterrupted) {
  const RunHandle run = start(three_updates());
  turn(run);
  turn(run, {applied(1), applied(2), applied(3)});
  ASSERT_TRUE(journal_->end_run(run, 0, ""));
  EXPECT_EQ(journal_->take_over(run.id, "h").error().code, ErrorCode::journal_run_unknown);
  EXPECT_EQ(journal_->take_over(999, "h").error().code, ErrorCode::journal_run_unknown);
  EXPECT_EQ(journal_->results(999).error().code, ErrorCode::journal_run_unknown);
  EXPECT_FALSE(journal_->run(999)->has_value());
}

TEST_P(JournalContract, AnEndedRunWritesNoMore) {
  const RunHandle run = start(three_updates());
  ASSERT_TRUE(journal_->heartbeat(run));
  ASSERT_TRUE(journal_->end_run(run, 10, ""));
  EXPECT_EQ(journal_->heartbeat(run).error().code, ErrorCode::journal_lock_lost);
  EXPECT_EQ(journal_->settle_and_claim(run, {}, {1, {}}).error().code,
            ErrorCode::journal_lock_lost);
  const Ids back{1};
  EXPECT_EQ(journal_->give_back(run, back).error().code, ErrorCode::journal_lock_lost);
  EXPECT_EQ(journal_->supersede(run).error().code, ErrorCode::journal_lock_lost);
  EXPECT_EQ(journal_->end_run(run, 0, "").error().code, ErrorCode::journal_lock_lost);
}

TEST_P(JournalContract, ANewerMainRunSupersedesOlderSealedPlans) {
  PlanDraft older;
  older.add(Kind::user_update, "E7", "00u7");
  ASSERT_TRUE(older.seal(*journal_));
  const RunHandle run = start(three_updates());
  EXPECT_EQ((**journal_->find_plan(older.id())).state, "superseded");
  turn(run);
  turn(run, {applied(1), applied(2), applied(3)});
  ASSERT_TRUE(journal_->end_run(run, 0, ""));
  EXPECT_EQ(journal_->begin_run(older.spec()).error().code, ErrorCode::plan_superseded);
  EXPECT_EQ(journal_->begin_run(three_updates().spec()).error().code, ErrorCode::plan_superseded);
}

TEST_P(JournalContract, APlanOfTheSameIdCanBeAppliedAgainAfterItIsSealedAgain) {
  const PlanDraft plan;
  const RunHandle first = start(plan);
  EXPECT_TRUE(turn(first).empty());
  ASSERT_TRUE(journal_->end_run(first, 0, ""));
  const RunHandle second = start(plan);
  EXPECT_NE(first.id, second.id);
  ASSERT_TRUE(journal_->end_run(second, 0, ""));
  EXPECT_EQ(journal_->runs(10)->size(), 2U);
  EXPECT_EQ((*journal_->runs(1))[0].id, second.id);
}

TEST_P(JournalContract, LinksFollowWhatWasApplied) {
  PlanDraft plan;
  plan.add(Kind::user_link, "E1", "00u1");
  plan.add(Kind::user_create, "E2", "");
  plan.add_group(Kind::group_link, "dept-A", "00ga");
  plan.add(Kind::user_link, "E3", "00u3");
  RunHandle run = start(plan);
  turn(run);
  turn(run, {applied(1), applied(2, "00u2"), applied(3), ended(4, State::conflict)});
  ASSERT_TRUE(journal_->end_run(run, 4, ""));
  PlanDraft next;
  next.add(Kind::user_unlink, "E1", "00u1");
  next.add(Kind::user_delete, "E2", "00u2");
  run = start(next);
  turn(run);
  turn(run, {applied(1), applied(2)});
  std::map<std::string, Link> links;
  const auto found = journal_->links();
  ASSERT_TRUE(found);
  for (const Link& link : *found) links[link.okta_id] = link;
  ASSERT_EQ(links.size(), 2U);
  EXPECT_TRUE(links.at("00u1").released);
  EXPECT_EQ(links.at("00ga").logical_key, "dept-A");
  EXPECT_EQ(links.at("00ga").kind, Link::Kind::group);
}

TEST_P(JournalContract, RemembersItsOwnNewestStatusChangeAndGrants) {
  PlanDraft plan;
  plan.add(Kind::user_suspend, "E1", "00u1");
  plan.add(Kind::user_unsuspend, "E2", "00u2");
  plan.add_member("E3", "00u3", "dept-A", "00ga");
  plan.add_member("E4", "00u4", "dept-A", "00ga");
  RunHandle run = start(plan);
  turn(run);
  bench_->clock.advance(700);
  turn(run, {applied(1), ended(2, State::failed), applied(3), applied(4)});
  ASSERT_TRUE(journal_->end_run(run, 4, ""));
  const auto changes = journal_->own_status_changes();
  ASSERT_TRUE(changes);
  ASSERT_EQ(changes->size(), 1U);
  EXPECT_EQ((*changes)[0].user_id, "00u1");
  EXPECT_EQ((*changes)[0].kind, Kind::user_suspend);
  EXPECT_EQ((*changes)[0].settled_at - (*changes)[0].intent_at, 700);
  PlanDraft next;
  next.add(Kind::group_remove_member, "E3", "00u3").object = {ObjectRef::Kind::group, "00ga",
                                                              "dept-A"};
  next.add(Kind::user_deactivate, "E1", "00u1");
  run = start(next);
  turn(run);
  turn(run, {applied(1), applied(2)});
  ASSERT_EQ(journal_->grants()->size(), 1U);
  EXPECT_EQ((*journal_->grants())[0].user_id, "00u4");
  EXPECT_EQ((*journal_->own_status_changes())[0].kind, Kind::user_deactivate);
}

TEST_P(JournalContract, SaysWhomItWroteLately) {
  PlanDraft plan = three_updates();
  plan.add(Kind::user_create, "E4", "");
  plan.add(Kind::user_link, "E5", "00u5");
  const RunHandle run = start(plan);
  turn(run, {}, 3);  // create, link, first update
  bench_->clock.advance(60000);
  turn(run, {applied(4, "00u4"), applied(5)}, 1);
  const auto lately = journal_->written_since(bench_->clock.wall());
  ASSERT_TRUE(lately);
  EXPECT_EQ(*lately, (std::vector<std::string>{"00u2", "00u4"}));
  EXPECT_EQ(journal_->written_since({0})->size(), 3U);
  EXPECT_TRUE(journal_->written_since(bench_->clock.wall() + 1)->empty());
}

TEST_P(JournalContract, CountsOperationsPerStateInARunsRow) {
  const RunHandle run = start(three_updates());
  turn(run, {}, 2);
  turn(run, {applied(1)}, 0);
  const auto row = journal_->run(run.id);
  ASSERT_TRUE(row && *row);
  EXPECT_EQ((*row)->verb, "sync");
  EXPECT_EQ((*row)->state, "running");
  EXPECT_EQ((*row)->holder, "host-a:1");
  EXPECT_EQ((*row)->plan, three_updates().id());
  EXPECT_EQ((*row)->started_at, bench_->clock.wall());
  const std::map<State, std::uint64_t> expected{
      {State::applied, 1}, {State::intent, 1}, {State::planned, 1}};
  EXPECT_EQ((*row)->counts, expected);
}

TEST_P(JournalContract, ReportsAttemptsAndTimesOfEachOperation) {
  const RunHandle run = start(three_updates());
  const WallTime begun = bench_->clock.wall();
  turn(run, {}, 1);
  bench_->clock.advance(250);
  turn(run, {applied(1)}, 0);
  const auto results = journal_->results(run.id);
  ASSERT_TRUE(results);
  ASSERT_EQ(results->size(), 3U);
  EXPECT_EQ((*results)[0].attempts, 1);
  EXPECT_EQ((*results)[0].intent_at, begun);
  EXPECT_EQ((*results)[0].settled_at, begun + 250);
  EXPECT_EQ((*results)[0].outcome.http_status, 200);
  EXPECT_EQ((*results)[2].attempts, 0);
  EXPECT_FALSE((*results)[2].intent_at);
}

TEST_P(JournalContract, KeepsTheNewestCertifiedReadOfEachSource) {
  EXPECT_FALSE(journal_->watermark("hr")->last);
  CertifiedRead read{100, bench_->clock.wall(), {{"department", 90}, {"title", 80}}};
  ASSERT_TRUE(journal_->record_read("hr", read, sha256("a")));
  read.records = 101;
  read.at = read.at + 5;
  ASSERT_TRUE(journal_->record_read("hr", read, sha256("b")));
  crash();
  const auto mark = journal_->watermark("hr");
  ASSERT_TRUE(mark && mark->last);
  EXPECT_EQ(mark->last->records, 101U);
  EXPECT_EQ(mark->last->at, read.at);
  ASSERT_EQ(mark->last->fill.size(), 2U);
  EXPECT_EQ(mark->last->fill[1].column, "title");
  EXPECT_EQ(mark->last->fill[1].filled, 80U);
  EXPECT_FALSE(journal_->watermark("payroll")->last);
}

TEST_P(JournalContract, RemembersAbsencesUntilThePersonIsSeenAgain) {
  const WallTime now = bench_->clock.wall();
  const std::vector<PersonHistory> first{{"E1", 1, now, {}}, {"E2", 0, {}, now}};
  ASSERT_TRUE(journal_->record_people(first, {}));
  const std::vector<PersonHistory> second{{"E2", 2, now, now}};
  const std::vector<std::string> seen{"E1", "E3"};
  ASSERT_TRUE(journal_->record_people(second, seen));
  const auto people = journal_->person_history();
  ASSERT_TRUE(people);
  ASSERT_EQ(people->size(), 1U);
  EXPECT_EQ((*people)[0].worker_key, "E2");
  EXPECT_EQ((*people)[0].absent_reads, 2U);
  EXPECT_EQ((*people)[0].terminated_since, now);
}

TEST_P(JournalContract, KeepsHoldsFromTheirFirstDayAndDropsThoseThatEnded) {
  const WallTime first = bench_->clock.wall();
  const std::vector<Sha256> both{sha256("a"), sha256("b")};
  ASSERT_TRUE(journal_->record_held(both, first));
  const std::vector<Sha256> next{sha256("b"), sha256("c")};
  ASSERT_TRUE(journal_->record_held(next, first + 10));
  std::map<Sha256, WallTime> held;
  const auto found = journal_->held_since();
  ASSERT_TRUE(found);
  for (const HeldSince& one : *found) held[one.change] = one.since;
  EXPECT_EQ(held, (std::map<Sha256, WallTime>{{sha256("b"), first}, {sha256("c"), first + 10}}));
}

TEST_P(JournalContract, RemembersRefusedValuesPerUserAndAttribute) {
  ASSERT_TRUE(journal_->record_refused({"00u1", "title", sha256("x")}));
  ASSERT_TRUE(journal_->record_refused({"00u1", "title", sha256("y")}));
  const auto refused = journal_->refused_values();
  ASSERT_TRUE(refused);
  ASSERT_EQ(refused->size(), 1U);
  EXPECT_EQ((*refused)[0].value, sha256("y"));
}

TEST_P(JournalContract, KeepsTheNewestChainBoundaries) {
  const std::vector<WallTime> first{{1}, {2}, {3}};
  const std::vector<WallTime> second{{5}, {4}};
  ASSERT_TRUE(journal_->record_chain_boundaries(first));
  ASSERT_TRUE(journal_->record_chain_boundaries(second));
  EXPECT_EQ(*journal_->chain_boundaries(), (std::vector<WallTime>{{4}, {5}}));
}

TEST_P(JournalContract, KnowsTheRulesOfTheNewestAppliedPlan) {
  EXPECT_FALSE(*journal_->last_rules());
  const RunHandle run = start(three_updates());
  EXPECT_FALSE(*journal_->last_rules());
  turn(run);
  turn(run, {applied(1), applied(2), applied(3)});
  ASSERT_TRUE(journal_->end_run(run, 0, ""));
  EXPECT_EQ(*journal_->last_rules(), sha256("rules"));
}

std::unique_ptr<JournalBench> memory_bench() { return std::make_unique<MemoryBench>(); }

std::unique_ptr<JournalBench> pg_bench() {
  if (test_cluster() == nullptr) return nullptr;
  return std::make_unique<PgBench>();
}

std::string name_of(const ::testing::TestParamInfo<Maker>& made) { return made.param.name; }

INSTANTIATE_TEST_SUITE_P(Every, JournalContract,
                         ::testing::Values(Maker{"Memory", memory_bench},
                                           Maker{"PostgreSQL", pg_bench}),
                         name_of);

}  // namespace
}  // namespace rollcall::test

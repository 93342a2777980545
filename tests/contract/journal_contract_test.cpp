// One suite for every journal: plans, and what is claimed when.
#include "tests/contract/journal_fixture.h"

namespace rollcall::test {
namespace {

class JournalQueue : public JournalContract {};

TEST_P(JournalQueue, BindsOnceAndRefusesAnotherOrgOrEnvironment) {
  EXPECT_TRUE(journal_->bind("00o1", "test"));
  EXPECT_TRUE(journal_->bind("00o1", "test"));
  EXPECT_EQ(journal_->bind("00o2", "test").error().code, ErrorCode::journal_other_org);
  EXPECT_EQ(journal_->bind("00o1", "live").error().code, ErrorCode::journal_other_environment);
  crash();
  EXPECT_EQ(journal_->bind("00o2", "test").error().code, ErrorCode::journal_other_org);
}

TEST_P(JournalQueue, GivesASealedPlanBackWithSensitiveValues) {
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

TEST_P(JournalQueue, KnowsNoPlanThatWasNeverSealed) {
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

TEST_P(JournalQueue, StoresNothingOfAPlanThatBreaksOff) {
  const PlanDraft plan = three_updates();
  BrokenCursor cursor(plan.operations[0]);
  EXPECT_EQ(journal_->seal_plan(cursor, plan.header, {}, plan.id()).error().code,
            ErrorCode::plan_unreadable);
  EXPECT_FALSE(journal_->find_plan(plan.id())->has_value());
}

TEST_P(JournalQueue, SealingTheSameIdAgainRefreshesWhatIsHeldAndTheExpiry) {
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

TEST_P(JournalQueue, ClaimsByPriorityThenPlanOrderUpToTheWish) {
  PlanDraft plan;
  plan.add(Kind::user_update, "E1", "00u1");
  plan.add(Kind::user_suspend, "E2", "00u2");
  plan.add(Kind::user_create, "E3", "");
  plan.add(Kind::user_suspend, "E4", "00u4");
  const RunHandle run = start(plan);
  EXPECT_EQ(ids(turn(run, {}, 1)), (Ids{2}));
  ClaimWish only_moves{10, {}};
  at(only_moves.of, Priority::move) = 10;
  EXPECT_EQ(ids(turn(run, {}, only_moves)), (Ids{1}));
  EXPECT_EQ(ids(turn(run, {}, 10)), (Ids{4, 3}));
  EXPECT_TRUE(turn(run).empty());
  EXPECT_EQ(*journal_->open_operations(run), 0U);
}

TEST_P(JournalQueue, APriorityWithoutRoomKeepsNoOtherWaiting) {
  PlanDraft plan;
  for (const char* key : {"E1", "E2", "E3", "E4"}) plan.add(Kind::user_update, key, key);
  plan.add_group(Kind::group_create, "new", "");
  for (const char* key : {"E5", "E6", "E7"}) {
    Operation& op = plan.add(Kind::user_update, key, key);
    op.wave = 1;
  }
  plan.add_member("E8", "00u8", "sales", "00g1");
  plan.add_member("E9", "00u9", "sales", "00g1");
  const RunHandle run = start(plan);
  ClaimWish wish{6, for_each_priority(6)};
  at(wish.of, Priority::move) = 2;
  EXPECT_EQ(ids(turn(run, {}, wish)), (Ids{5, 1, 2, 9, 10}));
  // The wave is open now: a number holds across waves.
  wish.of = for_each_priority(0);
  at(wish.of, Priority::move) = 3;
  EXPECT_EQ(ids(turn(run, {applied(5, "", "00g9")}, wish)), (Ids{3, 4, 6}));
  EXPECT_EQ(ids(turn(run)), (Ids{7, 8}));
}

TEST_P(JournalQueue, WaitsForWhatAnOperationComesAfter) {
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

TEST_P(JournalQueue, BlocksWhatDependsOnAFailureAndSaysOnWhich) {
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

TEST_P(JournalQueue, NeverClaimsWhatTheGuardHoldsNorWhatDependsOnIt) {
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

TEST_P(JournalQueue, FillsIdsMadeByEarlierOperations) {
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

TEST_P(JournalQueue, OpensAWaveWhenEveryBarrierBeforeItHasSettled) {
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

TEST_P(JournalQueue, KeepsAMembershipBehindItsGroupEvenInTheSameWave) {
  PlanDraft plan;
  plan.add_group(Kind::group_create, "dept-A", "");
  plan.add_member("E1", "00u1", "dept-A", "", {1});
  const RunHandle run = start(plan);
  EXPECT_EQ(ids(turn(run)), (Ids{1}));
  EXPECT_EQ(ids(turn(run, {applied(1, "", "00ga")})), (Ids{2}));
}

TEST_P(JournalQueue, BlocksManyMembershipsOfOneFailedGroupAndStillFindsTheOthers) {
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

TEST_P(JournalQueue, RidersTakeIntentAndOutcomeWithTheirHost) {
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

TEST_P(JournalQueue, LeavesOutRidersWhoseGroupCouldNotBeMade) {
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

TEST_P(JournalQueue, SendsRidersThatFindNoSeatByThemselves) {
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

TEST_P(JournalQueue, ARiderThatIsSettledApartGoesOnByItself) {
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

TEST_P(JournalQueue, RidersWaitAgainWithAHostThatIsRetried) {
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

TEST_P(JournalQueue, TakesUnsentOperationsBackWithoutCountingTheAttempt) {
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

TEST_P(JournalQueue, RefusesToSettleWhatWasNeverClaimed) {
  const RunHandle run = start(three_updates());
  turn(run, {}, 1);
  const std::vector<Settled> settled{applied(1), applied(2)};
  EXPECT_EQ(journal_->settle_and_claim(run, settled, {}).error().code, ErrorCode::internal_defect);
  EXPECT_EQ(states(run.id).at(1), State::intent);
}

TEST_P(JournalQueue, RidersGoWithACreateOnceTheirGroupIsLinked) {
  PlanDraft plan;
  plan.add_group(Kind::group_link, "dept-A", "00ga").wave = 1;
  plan.add(Kind::user_create, "E1", "").wave = 2;
  plan.add_member("E1", "", "dept-A", "00ga", {1}, 2).wave = 2;
  const RunHandle run = start(plan);
  EXPECT_EQ(ids(turn(run)), (Ids{1}));
  const auto claims = turn(run, {applied(1)});
  ASSERT_EQ(ids(claims), (Ids{2}));
  ASSERT_EQ(claims[0].riders.size(), 1U);
  EXPECT_EQ(claims[0].riders[0].id, 3U);
}

INSTANTIATE_TEST_SUITE_P(Every, JournalQueue, every_journal(), name_of);

}  // namespace
}  // namespace rollcall::test

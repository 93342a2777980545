// Who goes first, how many at once, and how a run winds up.
#include "tests/unit/execute/fixture.h"

namespace rollcall::testing {
namespace {

using Kind = OperationKind;
using State = Outcome::State;
using Status = AccountStatus;

Operation of_person(Kind kind, std::uint32_t id) {
  Operation op = operation(kind, id);
  op.subject = {"W1", "00u1", "w1@x.example"};
  return op;
}

TEST(Order, OneRequestPerUserAtATime) {
  Bench bench;
  for (std::uint32_t id = 1; id <= 3; ++id)
    bench.take(claim(of_person(Kind::group_add_member, id)));
  bench.take(claim(operation(Kind::group_add_member, 9)));
  EXPECT_EQ(bench.next().submit.size(), 2U);
  EXPECT_EQ(bench.next().submit.size(), 0U);
  bench.answer(1, State::applied);
  EXPECT_EQ(bench.next().submit.size(), 1U);
  EXPECT_EQ(bench.last.submit[0][0]->id, 2U);
}

TEST(Order, ALostReplyKeepsTheUserUntilItIsSettled) {
  Bench bench;
  Operation suspend = of_person(Kind::user_suspend, 1);
  bench.take(claim(suspend));
  bench.next();
  bench.show(1, account(Status::active));
  bench.next();
  bench.take(claim(of_person(Kind::group_add_member, 2)));
  bench.answer(1, State::ambiguous, 0);
  EXPECT_EQ(bench.next().probe.size(), 1U);
  EXPECT_TRUE(bench.last.submit.empty());
  bench.show(1, account(Status::suspended));
  EXPECT_EQ(bench.next().submit.size(), 1U);
}

TEST(Order, ContainmentLeavesFirstAndDoubtBeforeAll) {
  Bench bench;
  bench.take(claim(operation(Kind::user_create, 4)));
  bench.next();
  bench.answer(4, State::ambiguous, 0);
  bench.take(claim(operation(Kind::group_add_member, 1)));
  bench.take(claim(operation(Kind::user_update, 2)));
  bench.take(claim(operation(Kind::user_clear_sessions, 3)));
  bench.next(1);
  ASSERT_EQ(bench.last.probe.size(), 1U);
  EXPECT_EQ(bench.last.probe[0]->id, 4U);
  EXPECT_TRUE(bench.last.submit.empty());
  bench.next(2);
  ASSERT_EQ(bench.last.submit.size(), 2U);
  EXPECT_EQ(bench.last.submit[0][0]->id, 3U);
  EXPECT_EQ(bench.last.submit[1][0]->id, 2U);
}

TEST(Order, NeverClaimsMoreThanMayLeave) {
  Bench bench;
  EXPECT_EQ(bench.next(7).claim.count, 7U);
  for (std::uint32_t id = 1; id <= 5; ++id) bench.take(claim(operation(Kind::user_update, id)));
  EXPECT_EQ(bench.next(7).claim.count, 2U);
  for (std::uint32_t id = 6; id <= 9; ++id) bench.take(claim(operation(Kind::user_update, id)));
  EXPECT_EQ(bench.next(3).claim.count, 0U);
  EXPECT_TRUE(bench.last.starved);
  EXPECT_EQ(bench.next(0).claim.count, 0U);
}

TEST(Order, OnlyContainmentUsesTheReservedSlice) {
  Bench bench;
  bench.take(claim(operation(Kind::user_update, 1)));
  bench.take(claim(operation(Kind::user_clear_sessions, 2)));
  Room room{5, {}};
  at(room.of, Priority::contain) = 2;
  bench.next(room);
  ASSERT_EQ(bench.last.submit.size(), 1U);
  EXPECT_EQ(bench.last.submit[0][0]->id, 2U);
}

TEST(Order, APriorityWithoutRoomKeepsNoOtherWaiting) {
  Bench bench;
  for (std::uint32_t id = 1; id <= 5; ++id) bench.take(claim(operation(Kind::user_update, id)));
  bench.take(claim(operation(Kind::group_add_member, 6)));
  Room room{9, for_each_priority(4)};
  at(room.of, Priority::move) = 2;
  bench.next(room);
  ASSERT_EQ(bench.last.submit.size(), 3U);
  EXPECT_EQ(bench.last.submit[2][0]->id, 6U);
  EXPECT_TRUE(bench.last.starved);
  EXPECT_EQ(bench.last.claim.count, 6U);
  EXPECT_EQ(bench.last.claim.of, (PriorityCounts{4, 4, 4, 0, 3, 4}));
}

TEST(Order, NothingTakesOfTheLimitThatAContainmentNeeds) {
  Bench bench;
  bench.take(claim(expecting(Kind::user_suspend, Status::active, 1)));
  bench.take(claim(operation(Kind::user_create, 2)));
  bench.take(claim(operation(Kind::user_update, 3)));
  Room room{9, for_each_priority(9)};
  room.with_contain = {true, false, true, false, false, false};
  bench.next(room);
  EXPECT_EQ(bench.last.probe.size(), 1U);
  ASSERT_EQ(bench.last.submit.size(), 1U);
  EXPECT_EQ(bench.last.submit[0][0]->id, 3U);
  EXPECT_EQ(at(bench.last.claim.of, Priority::join), 0U);
  bench.show(1, account(Status::active));
  bench.next(room);
  ASSERT_EQ(bench.last.submit.size(), 1U);
  EXPECT_EQ(bench.last.submit[0][0]->id, 1U);
  bench.answer(1, State::applied);
  bench.next(room);
  ASSERT_EQ(bench.last.submit.size(), 1U);
  EXPECT_EQ(bench.last.submit[0][0]->id, 2U);
}

TEST(Order, AThousandRemovalsOfOnePersonAreNotAllHeld) {
  Bench bench;
  std::uint32_t id = 0;
  for (int turn = 0; turn < 20; ++turn) {
    const std::size_t wished = bench.next(100).claim.count;
    for (std::size_t i = 0; i < wished; ++i) {
      bench.take(claim(of_person(Kind::group_add_member, ++id)));
    }
  }
  EXPECT_EQ(id, kHeldAtOnce);
}

TEST(Stop, GivesBackWhatWasNotSentAndSettlesWhatWas) {
  Bench bench;
  bench.take(claim(operation(Kind::user_update, 1)));
  bench.next();
  bench.take(claim(operation(Kind::user_update, 2)));
  bench.take(claim(operation(Kind::user_suspend, 3)));
  bench.executor.stop(ErrorCode::run_stopped, "Asked to stop.");
  bench.next();
  EXPECT_EQ(bench.given_back, (std::vector<std::uint32_t>{3, 2}));
  EXPECT_EQ(bench.last.claim.count, 0U);
  bench.answer(1, State::applied);
  EXPECT_EQ(bench.state_of(1), OperationState::applied);
  EXPECT_TRUE(bench.executor.drained());
  bench.take(claim(operation(Kind::user_update, 4)));
  EXPECT_EQ(bench.next().give_back.size(), 1U);
}

TEST(Stop, AReadInFlightEndsInGivingBack) {
  Bench bench;
  bench.take(claim(operation(Kind::user_suspend, 1)));
  bench.next();
  bench.executor.stop(ErrorCode::run_stopped, "Asked to stop.");
  EXPECT_TRUE(bench.next().give_back.empty());
  bench.show(1, account(Status::active));
  bench.next();
  EXPECT_EQ(bench.given_back.size(), 1U);
  EXPECT_TRUE(bench.last.submit.empty());
}

TEST(Stop, WhatIsInDoubtStaysInDoubtForTheNextRun) {
  Bench bench;
  bench.take(claim(operation(Kind::user_create, 1)));
  bench.next();
  bench.executor.stop(ErrorCode::run_budget, "Time is up.");
  bench.answer(1, State::ambiguous, 0);
  EXPECT_EQ(bench.state_of(1), OperationState::ambiguous);
  EXPECT_TRUE(bench.last.probe.empty());
}

TEST(Stop, ARefusedCredentialStopsTheRunWithTheOrgsReason) {
  Bench bench;
  bench.take(claim(operation(Kind::user_update, 1)));
  bench.take(claim(operation(Kind::user_update, 2)));
  bench.next(1);
  bench.answer(1, State::stop, 401);
  bench.next();
  EXPECT_EQ(bench.given_back.size(), 2U);
  ASSERT_TRUE(bench.executor.stopped());
  EXPECT_EQ(bench.executor.stopped()->code, ErrorCode::run_refused);
  EXPECT_EQ(info(ErrorCode::run_refused).exit, 6);
}

/// Sends one operation after another and lets each end the same way, until the executor stops.
int rounds_until_stop(Bench& bench, State state, int http_status, bool same_operation) {
  for (int round = 1; round <= 200; ++round) {
    const auto id = same_operation ? 1U : static_cast<std::uint32_t>(round);
    bench.take(claim(operation(Kind::user_update, id)));
    while (bench.next().submit.empty()) {
      if (!bench.last.wake_at) return -1;
      bench.now = *bench.last.wake_at;
    }
    bench.answer(id, state, http_status);
    bench.next();
    if (bench.executor.stopped()) return round;
  }
  return 0;
}

TEST(Trouble, FiveFailuresOfDifferentOperationsInARowEndTheRun) {
  Bench bench;
  EXPECT_EQ(rounds_until_stop(bench, State::unavailable, 503, false), OrgTrouble::kStrikes);
  EXPECT_EQ(bench.executor.stopped()->code, ErrorCode::run_org_unavailable);
  EXPECT_EQ(info(ErrorCode::run_org_unavailable).exit, 9);
  EXPECT_LT(bench.now - MonoTime{1'000}, 60'000);
}

TEST(Trouble, OneAnswerThatTheOrgIsReadOnlyEndsTheRun) {
  for (const Kind kind : {Kind::user_suspend, Kind::user_update}) {
    Bench bench;
    bench.take(claim(operation(kind, 1)));
    bench.next();
    if (needs_confirmation(kind)) bench.show(1, account(Status::active));
    bench.next();
    Outcome read_only = outcome(State::unavailable, 503);
    read_only.code = ErrorCode::org_read_only;
    bench.answer(1, read_only);
    bench.next();
    ASSERT_TRUE(bench.executor.stopped());
    EXPECT_EQ(info(bench.executor.stopped()->code).exit, 9);
    EXPECT_EQ(bench.given_back.size(), 1U) << "not executed, hence not in doubt";
    EXPECT_TRUE(bench.executor.drained());
  }
}

TEST(Trouble, AnsweredReadsDoNotExcuseWritesThatFail) {
  Bench bench;
  int writes = 0;
  for (std::uint32_t id = 1; id <= 50 && !bench.executor.stopped(); ++id) {
    bench.take(claim(operation(Kind::user_suspend, id)));
    while (bench.next().probe.empty()) bench.now = bench.last.wake_at.value();
    bench.show(id, account(Status::active, "00u" + std::to_string(id)));
    while (bench.next().submit.empty()) bench.now = bench.last.wake_at.value();
    bench.answer(id, State::unavailable, 503);
    ++writes;
    if (bench.executor.stopped()) break;
    while (bench.next().probe.empty()) bench.now = bench.last.wake_at.value();
    bench.show(id, account(Status::active, "00u" + std::to_string(id)));
  }
  EXPECT_EQ(writes, OrgTrouble::kStrikes);
  ASSERT_TRUE(bench.executor.stopped());
  EXPECT_EQ(bench.executor.stopped()->code, ErrorCode::run_org_unavailable);
}

TEST(Trouble, OneOperationThatAlwaysFailsDoesNotEndTheRun) {
  Bench bench;
  EXPECT_EQ(rounds_until_stop(bench, State::unavailable, 500, true), 0);
}

TEST(Trouble, ASilentNetworkIsGivenTwoMinutes) {
  Bench bench;
  EXPECT_GT(rounds_until_stop(bench, State::unsent, 0, false), OrgTrouble::kStrikes);
  EXPECT_GE(bench.now - MonoTime{1'000}, OrgTrouble::kSilence_ms);
  EXPECT_LT(bench.now - MonoTime{1'000}, OrgTrouble::kSilence_ms + 60'000);
}

TEST(Trouble, ManyRequestsFailingTogetherAreOneFailure) {
  Bench bench;
  for (std::uint32_t id = 1; id <= 16; ++id) bench.take(claim(operation(Kind::user_update, id)));
  EXPECT_EQ(bench.next().submit.size(), 16U);
  for (std::uint32_t id = 1; id <= 16; ++id) bench.answer(id, State::unavailable, 503);
  bench.next();
  EXPECT_FALSE(bench.executor.stopped());
}

TEST(Trouble, AfterTwoFailuresOneRequestAtATimeUntilOneSucceeds) {
  Bench bench;
  std::uint32_t id = 0;
  for (int i = 0; i < 2; ++i) {
    bench.take(claim(operation(Kind::user_update, ++id)));
    bench.next();
    bench.answer(id, State::unavailable, 503);
  }
  for (int i = 0; i < 4; ++i) bench.take(claim(operation(Kind::user_update, ++id)));
  EXPECT_TRUE(bench.next().submit.empty());
  ASSERT_TRUE(bench.last.wake_at);
  bench.now = *bench.last.wake_at;
  ASSERT_EQ(bench.next().submit.size(), 1U);
  EXPECT_TRUE(bench.next().submit.empty());
  bench.answer(3, State::applied);
  EXPECT_EQ(bench.next().submit.size(), 3U);
}

}  // namespace
}  // namespace rollcall::testing

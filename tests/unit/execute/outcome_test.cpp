// Every outcome of a request × every class of kind, and what follows from it.
#include "tests/unit/execute/fixture.h"

namespace rollcall::testing {
namespace {

using Kind = OperationKind;
using State = Outcome::State;
using Status = AccountStatus;

TEST(Outcomes, LinksAreReadAndUnlinksAreNot) {
  for (const Kind kind : {Kind::user_unlink, Kind::group_unlink}) {
    Bench bench;
    bench.take(claim(operation(kind)));
    EXPECT_EQ(bench.state_of(1), OperationState::applied);
    EXPECT_TRUE(bench.last.probe.empty());
    EXPECT_TRUE(bench.last.submit.empty());
  }
  for (const Kind kind : {Kind::user_link, Kind::group_link}) {
    Bench bench;
    bench.take(claim(operation(kind)));
    EXPECT_EQ(bench.next().probe.size(), 1U);
    bench.show(1, account(Status::active));
    EXPECT_EQ(bench.state_of(1), OperationState::applied);
    EXPECT_TRUE(bench.last.submit.empty());
  }
}

TEST(Outcomes, ALinkToWhatIsGoneOrWasChangedIsAConflict) {
  for (const Kind kind : {Kind::user_link, Kind::group_link}) {
    Bench bench;
    bench.take(claim(operation(kind)));
    bench.next();
    bench.show(1, Observed{});
    EXPECT_EQ(bench.state_of(1), OperationState::conflict);
    EXPECT_EQ(bench.settled_of(1).outcome.code, ErrorCode::operation_conflict);
  }
  Bench bench;
  Operation link = operation(Kind::user_link);
  link.expect.last_updated = WallTime{5'000};
  bench.take(claim(link));
  bench.next();
  Observed seen = account(Status::active);
  seen.last_updated = WallTime{6'000};
  bench.show(1, seen);
  EXPECT_EQ(bench.state_of(1), OperationState::conflict);
}

enum class Then { settled, looks, back };

struct Row {
  Kind kind;
  State state;
  int http_status;
  Then then;
  OperationState ends;  // where settled
};

const std::vector<Row>& rows() {
  using O = OperationState;
  static const std::vector<Row> rows{
      // A repeat is harmless: nothing is ever read back.
      {Kind::user_update, State::applied, 200, Then::settled, O::applied},
      {Kind::user_update, State::retry, 409, Then::settled, O::retry},
      {Kind::user_update, State::failed, 400, Then::settled, O::failed},
      {Kind::user_update, State::conflict, 404, Then::settled, O::conflict},
      {Kind::user_update, State::ambiguous, 0, Then::settled, O::retry},
      {Kind::user_update, State::unsent, 0, Then::back, O::planned},
      {Kind::user_update, State::stop, 401, Then::back, O::planned},
      {Kind::user_update, State::unavailable, 503, Then::settled, O::retry},
      {Kind::user_update, State::unavailable, 0, Then::back, O::planned},
      {Kind::group_add_member, State::ambiguous, 0, Then::settled, O::retry},
      {Kind::user_clear_sessions, State::ambiguous, 500, Then::settled, O::retry},
      // A repeat may harm: whatever is not certain is read.
      {Kind::user_create, State::applied, 200, Then::settled, O::applied},
      {Kind::user_create, State::retry, 503, Then::settled, O::retry},
      {Kind::user_create, State::failed, 400, Then::settled, O::failed},
      {Kind::user_create, State::conflict, 400, Then::looks, O::planned},
      {Kind::user_create, State::conflict, 404, Then::settled, O::conflict},
      {Kind::user_create, State::ambiguous, 0, Then::looks, O::planned},
      {Kind::user_create, State::unsent, 0, Then::back, O::planned},
      {Kind::user_create, State::stop, 403, Then::back, O::planned},
      {Kind::user_create, State::unavailable, 503, Then::looks, O::planned},
      {Kind::group_create, State::ambiguous, 0, Then::looks, O::planned},
      {Kind::user_suspend, State::applied, 200, Then::settled, O::applied},
      {Kind::user_suspend, State::conflict, 400, Then::looks, O::planned},
      {Kind::user_suspend, State::failed, 400, Then::settled, O::failed},
      {Kind::user_suspend, State::ambiguous, 0, Then::looks, O::planned},
      {Kind::user_suspend, State::retry, 409, Then::settled, O::retry},
      {Kind::user_delete, State::ambiguous, 500, Then::looks, O::planned},
  };
  return rows;
}

void confirm(Bench& bench, Kind kind) {
  if (!needs_confirmation(kind)) return;
  bench.next();
  ASSERT_EQ(bench.last.probe.size(), 1U);
  ASSERT_TRUE(bench.last.submit.empty());
  bench.show(1, account(kind == Kind::user_delete ? Status::deprovisioned : Status::active));
}

TEST(Outcomes, EveryOutcomeLeadsWhereTheTableOfStatesSays) {
  for (const Row& row : rows()) {
    SCOPED_TRACE(std::string(to_string(row.kind)) + " outcome " +
                 std::to_string(static_cast<int>(row.state)) + " http " +
                 std::to_string(row.http_status));
    Bench bench;
    bench.take(claim(operation(row.kind)));
    confirm(bench, row.kind);
    ASSERT_EQ(bench.next().submit.size(), 1U);
    bench.answer(1, row.state, row.http_status);
    bench.next();
    EXPECT_EQ(bench.given_back.size(), row.then == Then::back ? 1U : 0U);
    EXPECT_EQ(bench.last.probe.size(), row.then == Then::looks ? 1U : 0U);
    ASSERT_EQ(bench.settled.size(), row.then == Then::settled ? 1U : 0U);
    if (row.then == Then::settled) {
      EXPECT_EQ(bench.settled[0].state, row.ends);
    }
    EXPECT_EQ(bench.executor.drained(), row.then != Then::looks);
    EXPECT_EQ(bench.executor.stopped().has_value(), row.state == State::stop);
  }
}

TEST(Outcomes, RetriesWaitLongerEachTimeAndEndAfterFiveAttempts) {
  std::int64_t before = 0;
  for (int attempt = 1; attempt <= kAttempts; ++attempt) {
    Bench bench;
    bench.take(claim(operation(Kind::user_update), attempt));
    bench.next();
    bench.answer(1, State::retry, 409);
    const OperationState ended = bench.state_of(1);
    if (attempt == kAttempts) {
      EXPECT_EQ(ended, OperationState::failed);
      EXPECT_EQ(bench.settled_of(1).outcome.code, ErrorCode::operation_gave_up);
    } else {
      EXPECT_EQ(ended, OperationState::retry);
      EXPECT_GT(bench.settled_of(1).not_before_ms, before);
      before = bench.settled_of(1).not_before_ms;
    }
  }
  EXPECT_EQ(retry_wait_ms(7, 2), retry_wait_ms(7, 2));
  EXPECT_NE(retry_wait_ms(7, 2), retry_wait_ms(8, 2));
  EXPECT_LE(retry_wait_ms(7, 40), 150'000);
}

TEST(Outcomes, ALongerWaitThatTheOrgAsksForIsKept) {
  Bench bench;
  bench.take(claim(operation(Kind::user_update)));
  bench.next();
  Outcome later = outcome(State::retry, 409);
  later.retry_after_ms = 90'000;
  bench.answer(1, later);
  bench.next();
  EXPECT_EQ(bench.settled_of(1).not_before_ms, 90'000);
}

TEST(Refusals, OneTargetFailsOnceALaterRequestIsTaken) {
  Bench bench;
  for (std::uint32_t id : {1U, 2U, 3U}) bench.take(claim(operation(Kind::user_clear_sessions, id)));
  ASSERT_EQ(bench.next().submit.size(), 3U);
  bench.answer(1, State::applied);
  bench.answer(2, State::refused, 403);
  EXPECT_FALSE(bench.next().settle.empty());
  EXPECT_EQ(bench.settled.size(), 1U) << "what left earlier does not show that the role is kept";
  bench.answer(3, State::applied);
  EXPECT_EQ(bench.state_of(2), OperationState::failed);
  EXPECT_EQ(bench.settled_of(2).outcome.code, ErrorCode::okta_target_forbidden);
  EXPECT_EQ(bench.settled_of(2).outcome.http_status, 403);
  EXPECT_FALSE(bench.executor.stopped());
  EXPECT_TRUE(bench.executor.drained());
}

TEST(Refusals, WhatLeftBeforeSomethingThatWasTakenIsAboutItsTarget) {
  Bench bench;
  for (std::uint32_t id : {1U, 2U}) bench.take(claim(operation(Kind::user_clear_sessions, id)));
  bench.next();
  bench.answer(2, State::applied);
  bench.answer(1, State::refused, 403);
  EXPECT_EQ(bench.state_of(1), OperationState::failed);
}

TEST(Refusals, ARefusedContainmentKeepsNobodyElseWaiting) {
  Bench bench;
  bench.take(claim(operation(Kind::user_clear_sessions, 1)));
  bench.next();
  bench.answer(1, State::refused, 403);
  bench.take(claim(operation(Kind::user_update, 2)));
  Room shared{100, for_each_priority(100)};
  shared.with_contain.fill(true);
  EXPECT_EQ(bench.next(shared).submit.size(), 1U);
}

TEST(Refusals, ManyInARowStopTheRunOnceWhatIsUnderWayHasEnded) {
  Bench bench;
  constexpr auto kMany = static_cast<std::uint32_t>(Refusals::kInMidRun);
  for (std::uint32_t id = 1; id <= kMany + 5; ++id) {
    bench.take(claim(operation(Kind::user_update, id)));
  }
  bench.next(kMany + 1);
  for (std::uint32_t id = 1; id <= kMany; ++id) bench.answer(id, State::refused, 403);
  EXPECT_TRUE(bench.next().submit.empty());
  EXPECT_FALSE(bench.executor.stopped()) << "the last may still be taken";
  bench.answer(kMany + 1, State::refused, 403);
  bench.next();
  ASSERT_TRUE(bench.executor.stopped());
  EXPECT_EQ(bench.given_back.size(), kMany + 5U) << "nothing is lost";
  EXPECT_TRUE(bench.settled.empty());
  EXPECT_TRUE(bench.executor.drained());
}

TEST(Refusals, ManyInARowAreForgottenWhereTheLastIsTaken) {
  Bench bench;
  constexpr auto kMany = static_cast<std::uint32_t>(Refusals::kInMidRun);
  for (std::uint32_t id = 1; id <= kMany + 2; ++id) {
    bench.take(claim(operation(Kind::user_update, id)));
  }
  bench.next(kMany + 1);
  for (std::uint32_t id = 1; id <= kMany; ++id) bench.answer(id, State::refused, 403);
  bench.answer(kMany + 1, State::applied);
  EXPECT_EQ(bench.next().submit.size(), 1U);
  EXPECT_EQ(bench.settled.size(), kMany + 1U);
}

/// That many refused writes, nothing else to do, and the run asks what to make of them.
void refuse_all(Bench& bench, std::uint32_t count) {
  for (std::uint32_t id = 1; id <= count; ++id) {
    bench.take(claim(operation(Kind::user_clear_sessions, id)));
  }
  bench.next();
  for (std::uint32_t id = 1; id <= count; ++id) bench.answer(id, State::refused, 403);
  bench.next();
  ASSERT_TRUE(bench.executor.only_refused());
  bench.executor.judge_refused(bench.now);
  bench.next();
}

TEST(Refusals, AFewAtTheEndFailIfTheirTargetsCanBeRead) {
  Bench bench;
  refuse_all(bench, 2);
  ASSERT_EQ(bench.last.probe.size(), 2U);
  bench.show(1, account(Status::active));
  bench.look_fails(2, State::failed, 400);
  EXPECT_EQ(bench.state_of(1), OperationState::failed);
  EXPECT_EQ(bench.state_of(2), OperationState::failed);
  EXPECT_EQ(bench.settled_of(1).outcome.code, ErrorCode::okta_target_forbidden);
  EXPECT_FALSE(bench.executor.stopped());
}

TEST(Refusals, AFewAtTheEndStopTheRunIfTheReadIsRefusedToo) {
  Bench bench;
  refuse_all(bench, 2);
  bench.look_fails(1, State::stop, 403);
  bench.show(2, account(Status::active));
  bench.next();
  ASSERT_TRUE(bench.executor.stopped());
  EXPECT_EQ(bench.settled.size() + bench.given_back.size(), 2U);
  EXPECT_TRUE(bench.executor.drained());
}

TEST(Refusals, SeveralAtTheEndStopTheRun) {
  Bench bench;
  refuse_all(bench, Refusals::kAtTheEnd);
  ASSERT_TRUE(bench.executor.stopped());
  EXPECT_EQ(bench.given_back.size(), Refusals::kAtTheEnd);
  EXPECT_TRUE(bench.executor.drained());
}

TEST(Refusals, ALookUnderWayOutlivesAWriteThatIsTakenMeanwhile) {
  Bench bench;
  refuse_all(bench, 2);
  bench.show(1, account(Status::active));
  bench.take(claim(operation(Kind::user_update, 3)));
  bench.next();
  bench.answer(3, State::applied);
  bench.next();
  bench.show(2, account(Status::active));
  EXPECT_EQ(bench.state_of(2), OperationState::failed);
}

TEST(Outcomes, RidersTakeTheirHostsFateAndTheirOwnAnswers) {
  for (const State state : {State::applied, State::failed, State::retry}) {
    Bench bench;
    Claim with = claim(operation(Kind::user_create));
    with.riders = {operation(Kind::group_add_member, 2), operation(Kind::group_add_member, 3)};
    bench.take(with);
    ASSERT_EQ(bench.next().submit.size(), 1U);
    EXPECT_EQ(bench.last.submit[0].size(), 3U);
    bench.answer(1, state);
    EXPECT_TRUE(bench.next().settle.empty()) << "its riders have not answered";
    bench.answer(2, state);
    bench.answer(3, state);
    const OperationState ended = bench.state_of(1);
    EXPECT_EQ(bench.state_of(2), ended);
    EXPECT_EQ(bench.state_of(3), ended);
    EXPECT_TRUE(bench.executor.drained());
  }
}

}  // namespace
}  // namespace rollcall::testing

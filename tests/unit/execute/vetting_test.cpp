// What was learned about a plan between its making and its applying.
#include "tests/unit/execute/fixture.h"

namespace rollcall::testing {
namespace {

using Kind = OperationKind;
using State = Outcome::State;
using Status = AccountStatus;

constexpr WallTime kPlanned{1'000'000};

Operation update(std::uint32_t id) {
  Operation op = operation(Kind::user_update, id);
  op.subject.user_id = "00u1";
  op.expect.last_updated = kPlanned;
  return op;
}

Observed shown(WallTime last_updated) {
  Observed seen = account(Status::active);
  seen.last_updated = last_updated;
  return seen;
}

TEST(Vetting, AnAccountSomebodyChangedSinceIsNotWritten) {
  Bench bench;
  bench.executor.vet({{"00u1"}, {}});
  bench.take(claim(update(1)));
  ASSERT_EQ(bench.next().probe.size(), 1U);
  EXPECT_TRUE(bench.last.submit.empty());
  bench.show(1, shown(kPlanned + 5'000));
  EXPECT_EQ(bench.state_of(1), OperationState::conflict);
  EXPECT_TRUE(bench.last.submit.empty());
}

TEST(Vetting, ACandidateThatIsAsPlannedIsWritten) {
  Bench bench;
  bench.executor.vet({{"00u1"}, {}});
  bench.take(claim(update(1)));
  bench.next();
  bench.show(1, shown(kPlanned));
  ASSERT_EQ(bench.next().submit.size(), 1U);
  bench.answer(1, State::applied);
  EXPECT_EQ(bench.state_of(1), OperationState::applied);
}

TEST(Vetting, OthersAreWrittenWithoutARead) {
  Bench bench;
  bench.executor.vet({{"00u2"}, {}});
  bench.take(claim(update(1)));
  EXPECT_EQ(bench.next().submit.size(), 1U);
  EXPECT_TRUE(bench.last.probe.empty());
}

TEST(Vetting, OurOwnWriteIsNoChangeBySomebodyElse) {
  Bench bench;
  bench.executor.vet({{"00u1"}, {}});
  bench.take(claim(update(1)));
  bench.next();
  bench.show(1, shown(kPlanned));
  bench.next();
  bench.answer(1, State::applied);
  bench.next();
  bench.take(claim(update(2)));
  EXPECT_EQ(bench.next().submit.size(), 1U);
}

TEST(Vetting, WhatHrNoLongerAsksForIsWithdrawnUnsent) {
  Bench bench;
  bench.executor.vet({{}, {{1, {ErrorCode::operation_withdrawn, "HR no longer has the person."}}}});
  Operation create = operation(Kind::user_create);
  Claim one = claim(create);
  one.riders.push_back(operation(Kind::group_add_member, 2));
  bench.take(one);
  EXPECT_EQ(bench.state_of(1), OperationState::withdrawn);
  EXPECT_EQ(bench.state_of(2), OperationState::withdrawn);
  EXPECT_EQ(bench.settled_of(1).outcome.code, ErrorCode::operation_withdrawn);
  EXPECT_EQ(bench.settled_of(1).outcome.message, "HR no longer has the person.");
  EXPECT_TRUE(bench.executor.drained());
}

TEST(Vetting, AWithdrawnRiderStaysBehindWhileItsHostGoes) {
  Bench bench;
  bench.executor.vet(
      {{}, {{3, {ErrorCode::operation_withdrawn, "HR puts the person elsewhere."}}}});
  Claim one = claim(operation(Kind::user_create));
  one.riders.push_back(operation(Kind::group_add_member, 2));
  one.riders.push_back(operation(Kind::group_add_member, 3));
  bench.take(one);
  ASSERT_EQ(bench.next().submit.size(), 1U);
  EXPECT_EQ(bench.last.submit[0].size(), 2U);
  EXPECT_EQ(bench.state_of(3), OperationState::withdrawn);
}

TEST(Vetting, WhatMayBeUnderWayIsLookedUpFirst) {
  Bench bench;
  bench.executor.vet({{}, {{1, {ErrorCode::operation_withdrawn, "HR no longer has the person."}}}});
  Claim one = claim(operation(Kind::user_create));
  one.settle_only = true;
  bench.take(one);
  EXPECT_EQ(bench.next().probe.size(), 1U);
}

}  // namespace
}  // namespace rollcall::testing

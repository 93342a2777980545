// What may have been executed is read, then decided; nothing is repeated blindly.
#include "tests/unit/execute/fixture.h"

namespace rollcall::testing {
namespace {

using Kind = OperationKind;
using State = Outcome::State;
using Status = AccountStatus;

/// Claims, confirms and loses the reply; the next step looks.
void lose_reply(Bench& bench, const Operation& op, Status confirmed = Status::active) {
  bench.take(claim(op));
  if (needs_confirmation(op.kind)) {
    bench.next();
    bench.show(op.id, account(confirmed));
  }
  ASSERT_EQ(bench.next().submit.size(), 1U);
  bench.answer(op.id, State::ambiguous, 0);
  ASSERT_EQ(bench.next().probe.size(), 1U);
}

Observed created(const std::string& login, WallTime at) {
  Observed seen = account(Status::active, "00unew");
  seen.login = login;
  seen.created = at;
  seen.profile = {{"login", login}, {"employeeNumber", "W1"}};
  return seen;
}

TEST(Doubt, StatusKindsAreDecidedByTheStatus) {
  struct Case {
    Kind kind;
    Status before;
    std::optional<Status> after;
    OperationState ends;
  };
  const std::vector<Case> rows{
      {Kind::user_suspend, Status::active, Status::suspended, OperationState::applied},
      {Kind::user_suspend, Status::active, Status::active, OperationState::retry},
      {Kind::user_suspend, Status::active, Status::locked_out, OperationState::conflict},
      {Kind::user_suspend, Status::active, std::nullopt, OperationState::conflict},
      {Kind::user_deactivate, Status::active, Status::deprovisioned, OperationState::applied},
      {Kind::user_deactivate, Status::active, Status::active, OperationState::retry},
      {Kind::user_deactivate, Status::active, Status::suspended, OperationState::conflict},
      {Kind::user_unsuspend, Status::suspended, Status::active, OperationState::applied},
      {Kind::user_unsuspend, Status::suspended, Status::suspended, OperationState::retry},
      {Kind::user_activate, Status::staged, Status::provisioned, OperationState::applied},
      {Kind::user_activate, Status::staged, Status::staged, OperationState::retry},
      {Kind::user_unlock, Status::locked_out, Status::active, OperationState::applied},
      {Kind::user_delete, Status::deprovisioned, std::nullopt, OperationState::applied},
      {Kind::user_delete, Status::deprovisioned, Status::deprovisioned, OperationState::retry},
      {Kind::user_reactivate, Status::provisioned, Status::provisioned,
       OperationState::quarantined},
      {Kind::user_reactivate, Status::provisioned, Status::active, OperationState::conflict},
  };
  for (const Case& row : rows) {
    SCOPED_TRACE(std::string(to_string(row.kind)) + " then " +
                 std::string(row.after ? to_string(*row.after) : "404"));
    Bench bench;
    lose_reply(bench, expecting(row.kind, row.before), row.before);
    bench.show(1, row.after ? account(*row.after) : Observed{});
    EXPECT_EQ(bench.state_of(1), row.ends);
  }
}

TEST(Doubt, ATransitionTowardsTheGoalCountsAsDone) {
  Bench bench;
  lose_reply(bench, expecting(Kind::user_activate, Status::staged), Status::staged);
  Observed moving = account(Status::staged);
  moving.transitioning_to = Status::provisioned;
  bench.show(1, moving);
  EXPECT_EQ(bench.state_of(1), OperationState::applied);
}

TEST(Doubt, ACreateIsOursByLoginAttributesAndAge) {
  const WallTime server_now{10'000'000};
  struct Case {
    const char* what;
    Observed seen;
    OperationState ends;
  };
  Observed other = created("W1@X.example", server_now);
  other.profile["employeeNumber"] = "W9";
  const std::vector<Case> rows{
      {"ours", created("W1@X.EXAMPLE", server_now), OperationState::applied},
      {"absent", Observed{}, OperationState::retry},
      {"another login", created("w2@x.example", server_now), OperationState::conflict},
      {"another number", other, OperationState::conflict},
      {"older than the intent", created("w1@x.example", WallTime{5'000'000}),
       OperationState::conflict},
  };
  for (const Case& row : rows) {
    SCOPED_TRACE(row.what);
    Bench bench;
    lose_reply(bench, operation(Kind::user_create));
    bench.show(1, row.seen, server_now);
    EXPECT_EQ(bench.state_of(1), row.ends);
    if (row.ends == OperationState::applied) {
      EXPECT_EQ(bench.settled_of(1).outcome.user_id, "00unew");
    }
  }
}

TEST(Doubt, RidersOfACreateThatArrivedGoOnAsRequestsOfTheirOwn) {
  Bench bench;
  Claim with = claim(operation(Kind::user_create));
  with.riders = {operation(Kind::group_add_member, 2)};
  bench.take(with);
  bench.next();
  bench.answer(1, State::ambiguous, 0);
  bench.answer(2, State::ambiguous, 0);
  bench.next();
  bench.show(1, created("w1@x.example", WallTime{}));
  EXPECT_EQ(bench.state_of(1), OperationState::applied);
  EXPECT_EQ(bench.state_of(2), OperationState::retry);
  EXPECT_EQ(bench.settled_of(2).not_before_ms, 0);
}

TEST(Doubt, ARefusedCreateIsOursIfAnEarlierAttemptMadeIt) {
  Bench bench;
  lose_reply(bench, operation(Kind::user_create));
  bench.show(1, Observed{});  // not there yet
  EXPECT_EQ(bench.state_of(1), OperationState::retry);
  bench.now = bench.now + 100'000;
  bench.take(claim(operation(Kind::user_create), 2));
  bench.next();
  bench.answer(1, State::conflict, 400);
  ASSERT_EQ(bench.next().probe.size(), 1U);
  // Made a little after the first intent, long before the second.
  bench.show(1, created("w1@x.example", WallTime{10'000'000 - 99'000}), WallTime{10'000'000});
  EXPECT_EQ(bench.state_of(1), OperationState::applied);
}

TEST(Doubt, ARefusalWithNothingToFindIsAConflictNotARetry) {
  Bench user;
  user.take(claim(operation(Kind::user_create)));
  user.next();
  user.answer(1, State::conflict, 400);
  user.next();
  user.show(1, Observed{});
  EXPECT_EQ(user.state_of(1), OperationState::conflict);

  Bench group;  // group names are found through an index that lags
  group.take(claim(operation(Kind::group_create)));
  group.next();
  group.answer(1, State::conflict, 400);
  for (int look = 1; look < 3; ++look) {
    group.next();
    group.show(1, Observed{});
    group.now = *group.next().wake_at;
  }
  group.next();
  group.show(1, Observed{});
  EXPECT_EQ(group.state_of(1), OperationState::conflict);
}

TEST(Doubt, ASuspensionRefusedBecauseItIsDoneIsApplied) {
  Bench bench;
  bench.take(claim(expecting(Kind::user_suspend, Status::active)));
  bench.next();
  bench.show(1, account(Status::active));
  bench.next();
  bench.answer(1, State::conflict, 400);
  bench.next();
  bench.show(1, account(Status::suspended));
  EXPECT_EQ(bench.state_of(1), OperationState::applied);
}

TEST(Doubt, WhatWasFoundInIntentIsReadBeforeAnythingIsSent) {
  for (std::size_t i = 0; i < kOperationKinds; ++i) {
    const auto kind = static_cast<Kind>(i);
    SCOPED_TRACE(to_string(kind));
    Bench bench;
    Claim found = claim(operation(kind));
    found.settle_only = true;
    bench.take(found);
    bench.next();
    EXPECT_TRUE(bench.last.submit.empty());
    for (const Operation* op : bench.last.probe) bench.show(op->id, account(Status::active));
    bench.next();
    EXPECT_TRUE(bench.last.submit.empty());
    EXPECT_EQ(bench.settled.size(), 1U);
    EXPECT_TRUE(bench.executor.drained());
  }
}

TEST(Doubt, RecoveredMembershipsAreAppliedOnlyIfTheyAreSeen) {
  for (const bool member : {true, false}) {
    Bench bench;
    Claim found = claim(operation(Kind::user_create));
    found.riders = {operation(Kind::group_add_member, 2)};
    found.settle_only = true;
    bench.take(found);
    bench.next();
    bench.show(1, created("w1@x.example", WallTime{}));
    bench.next();
    EXPECT_EQ(bench.settled_of(2).state, OperationState::ambiguous) << "until its own read";
    ASSERT_EQ(bench.last.probe.size(), 1U);
    EXPECT_EQ(bench.last.probe[0]->subject.user_id, "00unew");
    Observed seen = account(Status::active, "00unew");
    seen.member = member;
    bench.show(2, seen);
    EXPECT_EQ(bench.state_of(2), member ? OperationState::applied : OperationState::retry);
  }
}

TEST(Doubt, ARecoveredCreateOlderThanItsIntentIsNotOurs) {
  Bench bench;
  bench.now = MonoTime{500};
  Claim found = claim(operation(Kind::user_create));
  found.settle_only = true;
  found.intent_age_ms = 600'000;
  bench.take(found);
  bench.next();
  bench.show(1, created("w1@x.example", WallTime{1'000'000}), WallTime{10'000'000});
  EXPECT_EQ(bench.state_of(1), OperationState::conflict);
}

TEST(Doubt, WhatCannotBeReadIsQuarantinedOrLeftForTheNextRun) {
  Bench refused;
  lose_reply(refused, operation(Kind::user_create));
  refused.look_fails(1, State::failed, 403);
  EXPECT_EQ(refused.state_of(1), OperationState::quarantined);
  EXPECT_EQ(refused.settled_of(1).outcome.code, ErrorCode::operation_in_doubt);

  for (const bool again : {false, true}) {
    Bench bench;
    Claim one = claim(operation(Kind::user_create));
    one.settle_only = again;
    bench.take(one);
    if (!again) {
      bench.next();
      bench.answer(1, State::ambiguous, 500);
    }
    for (int look = 0; bench.settled.empty() && look < 100; ++look) {
      bench.next();
      if (!bench.last.probe.empty()) bench.look_fails(1, State::retry, 500);
      if (bench.next().wake_at) bench.now = *bench.last.wake_at;
    }
    EXPECT_EQ(bench.state_of(1), again ? OperationState::quarantined : OperationState::ambiguous);
  }
}

}  // namespace
}  // namespace rollcall::testing

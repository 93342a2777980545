// What is read right before it is sent, and what the read leads to.
#include "tests/unit/execute/fixture.h"

namespace rollcall::testing {
namespace {

using Kind = OperationKind;
using State = Outcome::State;
using Status = AccountStatus;

enum class End { sent, applied, conflict, waits };

struct Confirmation {
  Kind kind;
  std::optional<Status> expect;
  std::optional<Status> shown;  // nullopt: 404
  End ends;
};

TEST(Confirmation, ContainmentGoesByTheStatusThatOktaShows) {
  const std::vector<Confirmation> rows{
      {Kind::user_suspend, Status::active, Status::active, End::sent},
      {Kind::user_suspend, std::nullopt, Status::active, End::sent},
      {Kind::user_suspend, Status::active, Status::suspended, End::applied},
      {Kind::user_suspend, Status::active, Status::deprovisioned, End::applied},
      {Kind::user_suspend, Status::active, Status::locked_out, End::conflict},
      {Kind::user_suspend, std::nullopt, Status::provisioned, End::conflict},
      {Kind::user_suspend, Status::active, std::nullopt, End::conflict},
      {Kind::user_deactivate, Status::suspended, Status::suspended, End::sent},
      {Kind::user_deactivate, Status::provisioned, Status::provisioned, End::sent},
      {Kind::user_deactivate, Status::provisioned, Status::active, End::conflict},
      {Kind::user_deactivate, Status::active, Status::deprovisioned, End::applied},
      {Kind::user_deactivate, std::nullopt, Status::unknown, End::conflict},
      {Kind::user_deactivate, Status::active, std::nullopt, End::conflict},
      {Kind::user_unsuspend, Status::suspended, Status::suspended, End::sent},
      {Kind::user_unsuspend, Status::suspended, Status::active, End::applied},
      {Kind::user_unsuspend, Status::suspended, Status::deprovisioned, End::conflict},
      {Kind::user_unlock, Status::locked_out, Status::locked_out, End::sent},
      {Kind::user_unlock, Status::locked_out, Status::active, End::applied},
      {Kind::user_activate, Status::staged, Status::staged, End::sent},
      {Kind::user_activate, Status::deprovisioned, Status::deprovisioned, End::sent},
      {Kind::user_activate, Status::staged, Status::provisioned, End::applied},
      {Kind::user_activate, Status::deprovisioned, Status::staged, End::conflict},
      {Kind::user_reactivate, Status::provisioned, Status::provisioned, End::sent},
      {Kind::user_reactivate, Status::provisioned, Status::active, End::conflict},
      {Kind::user_delete, Status::deprovisioned, Status::deprovisioned, End::sent},
      {Kind::user_delete, std::nullopt, Status::suspended, End::conflict},
      {Kind::user_delete, Status::deprovisioned, std::nullopt, End::applied},
      {Kind::group_remove_member, std::nullopt, Status::active, End::sent},
      {Kind::group_remove_member, Status::active, Status::suspended, End::sent},
      {Kind::group_remove_member, Status::deprovisioned, Status::active, End::conflict},
      {Kind::group_remove_member, Status::active, std::nullopt, End::applied},
      {Kind::group_delete, std::nullopt, Status::unknown, End::sent},
      {Kind::group_delete, std::nullopt, std::nullopt, End::applied},
  };
  for (const Confirmation& row : rows) {
    SCOPED_TRACE(std::string(to_string(row.kind)) + " shown " +
                 std::string(row.shown ? to_string(*row.shown) : "404"));
    Bench bench;
    Operation op = operation(row.kind);
    op.expect.status = row.expect;
    bench.take(claim(op));
    ASSERT_EQ(bench.next().probe.size(), 1U);
    bench.show(1, row.shown ? account(*row.shown) : Observed{});
    bench.next();
    EXPECT_EQ(bench.last.submit.size(), row.ends == End::sent ? 1U : 0U);
    if (row.ends == End::sent) continue;
    EXPECT_EQ(bench.state_of(1),
              row.ends == End::applied ? OperationState::applied : OperationState::conflict);
  }
}

TEST(Confirmation, SaysWhenTheUserOfARemovalIsGone) {
  Bench bench;
  bench.take(claim(operation(Kind::group_remove_member)));
  bench.next();
  bench.show(1, Observed{});
  EXPECT_EQ(bench.state_of(1), OperationState::applied);
  EXPECT_EQ(bench.settled_of(1).outcome.code, ErrorCode::operation_user_gone);
}

TEST(Confirmation, WaitsForATransitionAndLooksAgainButNotForEver) {
  Bench bench;
  bench.take(claim(expecting(Kind::user_suspend, Status::active)));
  Observed moving = account(Status::staged);
  moving.transitioning_to = Status::active;
  int looks = 0;
  while (bench.settled.empty()) {
    bench.next();
    if (!bench.settled.empty()) break;
    ASSERT_EQ(bench.last.probe.size(), 1U);
    ++looks;
    bench.show(1, moving);
    if (bench.next().wake_at) {
      EXPECT_TRUE(bench.last.probe.empty());
      bench.now = *bench.last.wake_at;
    }
  }
  EXPECT_EQ(looks, kLooks);
  EXPECT_EQ(bench.settled[0].state, OperationState::retry);

  Bench soon;
  soon.take(claim(expecting(Kind::user_suspend, Status::active)));
  soon.next();
  soon.show(1, moving);
  soon.now = *soon.next().wake_at;
  soon.next();
  soon.show(1, account(Status::active));
  EXPECT_EQ(soon.next().submit.size(), 1U);
}

TEST(Confirmation, OneReadServesAllRemovalsOfAPersonInARow) {
  Bench bench;
  for (std::uint32_t id = 1; id <= 3; ++id) {
    Operation op = operation(Kind::group_remove_member, id);
    op.subject = {"W1", "00u1", "w1@x.example"};
    bench.take(claim(op));
  }
  std::size_t reads = bench.next().probe.size();
  bench.show(1, account(Status::active));
  for (std::uint32_t id = 1; id <= 3; ++id) {
    bench.next();
    reads += bench.last.probe.size();
    ASSERT_EQ(bench.last.submit.size(), 1U);
    EXPECT_EQ(bench.last.submit[0][0]->id, id);
    bench.answer(id, State::applied);
  }
  bench.next();
  EXPECT_EQ(bench.settled.size(), 3U);
  EXPECT_EQ(reads, 1U);
}

TEST(Confirmation, AReadOfOneMembershipSaysNothingAboutAnother) {
  Bench bench;
  for (std::uint32_t id = 1; id <= 2; ++id) {
    Operation op = operation(Kind::group_remove_member, id);
    op.subject = {"W1", "00u1", "w1@x.example"};
    bench.take(claim(op));
  }
  bench.next();
  Observed seen = account(Status::active);
  seen.member = false;
  bench.show(1, seen);
  EXPECT_EQ(bench.state_of(1), OperationState::applied);
  ASSERT_EQ(bench.last.submit.size(), 1U);
  EXPECT_EQ(bench.last.submit[0][0]->id, 2U);
}

TEST(Confirmation, AReadServesNoLongerThanAMinuteNorBeyondOurOwnChange) {
  Operation first = operation(Kind::group_remove_member, 1);
  Operation second = operation(Kind::group_remove_member, 2);
  Operation update = operation(Kind::user_update, 3);
  for (Operation* op : {&first, &second, &update}) op->subject = {"W1", "00u1", "w1@x.example"};
  Bench old;
  old.take(claim(first));
  old.next();
  old.show(1, account(Status::active));
  old.next();
  old.answer(1, State::applied);
  old.now = old.now + kReadServes_ms + 1;
  old.take(claim(second));
  EXPECT_EQ(old.next().probe.size(), 1U);

  Bench changed;
  changed.take(claim(first));
  changed.next();
  changed.show(1, account(Status::active));
  changed.next();
  changed.answer(1, State::applied);
  changed.take(claim(update));
  changed.next();
  changed.answer(3, State::applied);
  changed.take(claim(second));
  EXPECT_EQ(changed.next().probe.size(), 1U);
}

TEST(Confirmation, ADeletionAlwaysReadsForItself) {
  Bench bench;
  Operation removal = operation(Kind::group_remove_member, 1);
  Operation removed = expecting(Kind::user_delete, Status::deprovisioned, 2);
  removed.subject = removal.subject;
  bench.take(claim(removal));
  bench.next();
  bench.show(1, account(Status::deprovisioned));
  bench.next();
  bench.answer(1, State::applied);
  bench.take(claim(removed));
  EXPECT_EQ(bench.next().probe.size(), 1U);
}

TEST(Confirmation, AReadThatTheOrgRefusesFailsTheOperationAlone) {
  Bench bench;
  bench.take(claim(operation(Kind::user_suspend)));
  bench.next();
  bench.look_fails(1, State::failed, 403);
  EXPECT_EQ(bench.state_of(1), OperationState::failed);
  EXPECT_FALSE(bench.executor.stopped());
}

}  // namespace
}  // namespace rollcall::testing

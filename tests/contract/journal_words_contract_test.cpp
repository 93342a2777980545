// One suite for every journal: leavers, repeated changes, rules and what people release.
#include "tests/contract/journal_fixture.h"

namespace rollcall::test {
namespace {

class JournalWords : public JournalContract {
 protected:
  std::vector<std::tuple<std::string, std::string, bool>> memberships(WallTime since) {
    std::vector<std::tuple<std::string, std::string, bool>> out;
    const auto found = journal_->memberships_since(since);
    EXPECT_TRUE(found) << describe(found.error());
    if (!found) return out;
    for (const OwnMembership& one : *found) {
      out.emplace_back(one.group_id, one.user_id, one.member);
    }
    return out;
  }
  /// As the journal computes it.
  Sha256 change_of(const Operation& op) const {
    return change_digest(op, GetParam().name == "Memory" ? "" : std::string(32, 'k'));
  }
};

using Memberships = std::vector<std::tuple<std::string, std::string, bool>>;

TEST_P(JournalWords, SaysWhichMembershipsItWroteLatelyAndHowTheyEnded) {
  PlanDraft plan;
  plan.add_member("E1", "00u1", "dept-A", "00ga");
  plan.add_member("E2", "00u2", "dept-A", "00ga");
  plan.add_member("E3", "00u3", "dept-A", "00ga");
  RunHandle run = start(plan);
  turn(run);
  turn(run, {applied(1), applied(2), ended(3, State::failed)});
  ASSERT_TRUE(journal_->end_run(run, 4, ""));
  const WallTime first = bench_->clock.wall();
  EXPECT_EQ(memberships(first), (Memberships{{"00ga", "00u1", true}, {"00ga", "00u2", true}}));
  bench_->clock.advance(1000);
  PlanDraft next;
  next.add(Kind::group_remove_member, "E2", "00u2").object = {ObjectRef::Kind::group, "00ga",
                                                              "dept-A"};
  run = start(next);
  turn(run);
  turn(run, {applied(1)});
  EXPECT_EQ(memberships(first), (Memberships{{"00ga", "00u1", true}, {"00ga", "00u2", false}}));
  EXPECT_EQ(memberships(first + 1), (Memberships{{"00ga", "00u2", false}}));
}

TEST_P(JournalWords, FindsTheIdsOfMembershipsWhoseGroupOrPersonIsNew) {
  PlanDraft plan;
  plan.add_group(Kind::group_create, "dept-N", "");
  plan.add(Kind::user_create, "E4", "");
  plan.add_member("E4", "", "dept-N", "", {1, 2}, 2);
  plan.add_member("E1", "00u1", "dept-N", "", {1});
  const RunHandle run = start(plan);
  for (std::vector<Settled> done;;) {
    const auto claims = turn(run, done);
    if (claims.empty()) break;
    done.clear();
    for (const Claim& claim : claims) {
      const bool group = claim.operation.kind == Kind::group_create;
      const bool person = claim.operation.kind == Kind::user_create;
      done.push_back(applied(claim.operation.id, person ? "00u4" : "", group ? "00gn" : ""));
      for (const Operation& rider : claim.riders) done.push_back(applied(rider.id));
    }
  }
  EXPECT_EQ(memberships({0}), (Memberships{{"00gn", "00u1", true}, {"00gn", "00u4", true}}));
}

TEST_P(JournalWords, KeepsLeaversFromTheirFirstDayAndDropsThoseWhoAreGone) {
  const WallTime first = bench_->clock.wall();
  const std::vector<KnownLeaver> both{{"E1", "00u1", "planned", first},
                                      {"E2", "00u2", "planned", first}};
  ASSERT_TRUE(journal_->record_leavers(both));
  const std::vector<KnownLeaver> next{{"E2", "00u2", "held", first + 5},
                                      {"E3", "00u3", "held", first + 5}};
  ASSERT_TRUE(journal_->record_leavers(next));
  crash();
  const auto known = journal_->known_leavers();
  ASSERT_TRUE(known);
  ASSERT_EQ(known->size(), 2U);
  EXPECT_EQ((*known)[0].worker_key, "E2");
  EXPECT_EQ((*known)[0].why, "held");
  EXPECT_EQ((*known)[0].since, first);
  EXPECT_EQ((*known)[1].since, first + 5);
  ASSERT_TRUE(journal_->record_leavers({}));
  EXPECT_TRUE(journal_->known_leavers()->empty());
}

TEST_P(JournalWords, CountsTheRunsThatAppliedAnIdenticalChange) {
  const PlanDraft plan = three_updates();
  std::vector<Sha256> changes;
  for (const Operation& op : plan.operations) changes.push_back(change_of(op));
  for (int i = 0; i < 2; ++i) {
    const RunHandle run = start(plan);
    turn(run);
    turn(run,
         {applied(1), i == 0 ? applied(2) : ended(2, State::failed), ended(3, State::conflict)});
    ASSERT_TRUE(journal_->end_run(run, 4, ""));
    bench_->clock.advance(1000);
  }
  const WallTime begun{bench_->clock.wall().ms - 2000};
  std::map<Sha256, std::uint32_t> runs;
  const auto found = journal_->applied_since(changes, begun);
  ASSERT_TRUE(found) << describe(found.error());
  for (const AppliedRuns& one : *found) runs[one.change] = one.runs;
  EXPECT_EQ(runs, (std::map<Sha256, std::uint32_t>{{changes[0], 2}, {changes[1], 1}}));
  EXPECT_EQ(journal_->applied_since(changes, begun + 1)->size(), 1U);
  EXPECT_TRUE(journal_->applied_since({}, begun)->empty());
}

TEST_P(JournalWords, KeepsTheTextOfRulesByTheirDigest) {
  EXPECT_FALSE(*journal_->rules_text(sha256("r1")));
  ASSERT_TRUE(journal_->record_rules(sha256("r1"), "users: {}\n# é\n", bench_->clock.wall()));
  ASSERT_TRUE(journal_->record_rules(sha256("r1"), "users: {}\n# é\n", bench_->clock.wall()));
  EXPECT_EQ(**journal_->rules_text(sha256("r1")), "users: {}\n# é\n");
}

TEST_P(JournalWords, ShowsHeldOperationsOfTheNewestPlanThatHoldsThem) {
  PlanDraft plan = three_updates();
  plan.operations[1].held_by = "attribute:department";
  plan.operations[2].held_by = "protected";
  ASSERT_TRUE(plan.seal(*journal_));
  const std::vector<Sha256> held{change_of(plan.operations[1])};
  ASSERT_TRUE(journal_->record_held(held, true, bench_->clock.wall()));
  PlanDraft later = plan;
  later.header.as_of_date = "2026-03-02";
  ASSERT_TRUE(later.seal(*journal_));
  const auto found = journal_->held_operations();
  ASSERT_TRUE(found) << describe(found.error());
  ASSERT_EQ(found->size(), 1U);
  EXPECT_EQ((*found)[0].operation.subject.worker_key, "E2");
  EXPECT_EQ((*found)[0].operation.held_by, "attribute:department");
  EXPECT_EQ((*found)[0].plan, later.id());
  EXPECT_EQ((*found)[0].change, held[0]);
  EXPECT_EQ((*found)[0].since, bench_->clock.wall());
}

TEST_P(JournalWords, TheNewestWordOnAChangeCountsAndNamesWhoSaidIt) {
  const WallTime now = bench_->clock.wall();
  const std::vector<Sha256> both{sha256("a"), sha256("b")};
  Approval word{{}, sha256("plan"), true, "somebody else", "checked with HR", now, now + 1000};
  const auto approver = journal_->record_approval(both, word);
  ASSERT_TRUE(approver) << describe(approver.error());
  EXPECT_FALSE(approver->empty());
  EXPECT_NE(*approver, "somebody else");
  word.approved = false;
  word.reason = "wrong";
  ASSERT_TRUE(journal_->record_approval(std::vector<Sha256>{sha256("b")}, word));
  crash();
  std::map<Sha256, Approval> words;
  const auto found = journal_->approvals();
  ASSERT_TRUE(found);
  for (const Approval& one : *found) words[one.change] = one;
  ASSERT_EQ(words.size(), 2U);
  EXPECT_TRUE(words[sha256("a")].approved);
  EXPECT_EQ(words[sha256("a")].approver, *approver);
  EXPECT_EQ(words[sha256("a")].reason, "checked with HR");
  EXPECT_EQ(words[sha256("a")].plan, sha256("plan"));
  EXPECT_EQ(words[sha256("a")].at, now);
  EXPECT_EQ(words[sha256("a")].expires_at, now + 1000);
  EXPECT_FALSE(words[sha256("b")].approved);
}

INSTANTIATE_TEST_SUITE_P(Every, JournalWords, every_journal(), name_of);

}  // namespace
}  // namespace rollcall::test

// One suite for every journal: lanes, recovery, and what one run leaves for the next.
#include "tests/contract/journal_fixture.h"

namespace rollcall::test {
namespace {

class JournalHistory : public JournalContract {};

TEST_P(JournalHistory, LetsOneRunHoldALaneAndNamesItsHolder) {
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

TEST_P(JournalHistory, LetsTheUrgentLaneRunBesideTheMainOne) {
  start(three_updates());
  PlanDraft urgent;
  urgent.add(Kind::user_suspend, "E9", "00u9");
  const auto second = session();
  ASSERT_TRUE(urgent.seal(*second));
  RunSpec spec = urgent.spec("host-b:2");
  spec.lane = Lane::urgent;
  const auto run = second->begin_run(spec);
  ASSERT_TRUE(run) << describe(run.error());
  EXPECT_EQ(second->settle_and_claim(*run, {}, {1})->size(), 1U);
}

TEST_P(JournalHistory, AnUrgentRunTakesItsPeopleOutOfTheMainRunsQueue) {
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

TEST_P(JournalHistory, FindsWhatACrashLeftAndSettlesItInANewEpoch) {
  PlanDraft plan = three_updates();
  plan.add(Kind::user_create, "E4", "");
  plan.add_member("E4", "", "dept-A", "00ga", {4}, 4);
  const RunHandle run = start(plan);
  EXPECT_EQ(ids(turn(run, {}, 3)), (Ids{4, 1, 2}));
  turn(run, {ended(2, State::ambiguous)}, 0);
  bench_->clock.advance(7'000);
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
  EXPECT_EQ((*claims)[0].intent_age_ms, 7'000);
  ASSERT_EQ((*claims)[2].riders.size(), 1U);
  EXPECT_EQ((*claims)[2].riders[0].id, 5U);
  EXPECT_EQ(journal_->settle_and_claim(run, {}, {1}).error().code, ErrorCode::journal_lock_lost);
  Settled resend;
  resend.operation = 2;
  resend.state = State::planned;
  EXPECT_EQ(ids(turn(*again, {applied(1), resend, applied(4, "00u4")})), (Ids{2, 3}));
  EXPECT_TRUE(turn(*again, {applied(2), applied(3)}).empty());
  ASSERT_TRUE(journal_->end_run(*again, 0, ""));
  EXPECT_TRUE(journal_->interrupted()->empty());
}

TEST_P(JournalHistory, SupersedesWhatStillWaitsAfterACrash) {
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

TEST_P(JournalHistory, ARunThatStopsEarlyCanBeTakenUpAgain) {
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

TEST_P(JournalHistory, TakesOverOnlyRunsThatWereInterrupted) {
  const RunHandle run = start(three_updates());
  turn(run);
  turn(run, {applied(1), applied(2), applied(3)});
  ASSERT_TRUE(journal_->end_run(run, 0, ""));
  EXPECT_EQ(journal_->take_over(run.id, "h").error().code, ErrorCode::journal_run_unknown);
  EXPECT_EQ(journal_->take_over(999, "h").error().code, ErrorCode::journal_run_unknown);
  EXPECT_EQ(journal_->results(999).error().code, ErrorCode::journal_run_unknown);
  EXPECT_FALSE(journal_->run(999)->has_value());
}

TEST_P(JournalHistory, AnEndedRunWritesNoMore) {
  const RunHandle run = start(three_updates());
  ASSERT_TRUE(journal_->heartbeat(run));
  ASSERT_TRUE(journal_->end_run(run, 10, ""));
  EXPECT_EQ(journal_->heartbeat(run).error().code, ErrorCode::journal_lock_lost);
  EXPECT_EQ(journal_->settle_and_claim(run, {}, {1}).error().code, ErrorCode::journal_lock_lost);
  const Ids back{1};
  EXPECT_EQ(journal_->give_back(run, back).error().code, ErrorCode::journal_lock_lost);
  EXPECT_EQ(journal_->supersede(run).error().code, ErrorCode::journal_lock_lost);
  EXPECT_EQ(journal_->end_run(run, 0, "").error().code, ErrorCode::journal_lock_lost);
}

TEST_P(JournalHistory, ANewerMainRunSupersedesOlderSealedPlans) {
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

TEST_P(JournalHistory, APlanOfTheSameIdCanBeAppliedAgainAfterItIsSealedAgain) {
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

TEST_P(JournalHistory, LinksFollowWhatWasApplied) {
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
  for (const LinkView link : *found) links[std::string(link.okta_id)] = link.copy();
  ASSERT_EQ(links.size(), 2U);
  EXPECT_TRUE(links.at("00u1").released);
  EXPECT_EQ(links.at("00ga").logical_key, "dept-A");
  EXPECT_EQ(links.at("00ga").kind, Link::Kind::group);
}

TEST_P(JournalHistory, AGivenUpLinkLendsItsIdToNobody) {
  PlanDraft plan;
  plan.add(Kind::user_link, "E1", "00u404");
  plan.add(Kind::user_unlink, "E1", "00u404", {1});
  RunHandle run = start(plan);
  turn(run);
  turn(run, {applied(1)});
  turn(run, {applied(2)});
  ASSERT_TRUE(journal_->end_run(run, 0, ""));
  PlanDraft next;  // the account is gone; they get another
  next.add(Kind::user_create, "E1", "");
  next.add_member("E1", "", "dept-A", "00ga", {1}, 1);
  run = start(next);
  const auto claims = turn(run);
  ASSERT_EQ(claims.size(), 1U);
  ASSERT_EQ(claims[0].riders.size(), 1U);
  EXPECT_EQ(claims[0].riders[0].subject.user_id, "");
  turn(run, {applied(1, "00u2")});
  const auto grants = journal_->grants();
  ASSERT_TRUE(grants);
  ASSERT_EQ(grants->size(), 1U);
  EXPECT_EQ((*grants)[0].user_id, "00u2");
  const auto links = journal_->links();
  ASSERT_TRUE(links);
  ASSERT_EQ(links->size(), 1U);
  EXPECT_EQ((*links)[0].okta_id, "00u2");
  EXPECT_FALSE((*links)[0].released);
}

TEST_P(JournalHistory, RemembersItsOwnNewestStatusChangeAndGrants) {
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

TEST_P(JournalHistory, RemembersWhetherSessionsWereEndedAfterItsStatusChange) {
  PlanDraft plan;
  plan.add(Kind::user_suspend, "E1", "00u1");
  plan.add(Kind::user_clear_sessions, "E1", "00u1", {1});
  plan.add(Kind::user_clear_sessions, "E2", "00u2");
  const RunHandle run = start(plan);
  turn(run);
  turn(run, {applied(1), applied(3)});
  ASSERT_EQ(journal_->own_status_changes()->size(), 1U);
  EXPECT_FALSE((*journal_->own_status_changes())[0].sessions_cleared);
  turn(run, {applied(2)});
  EXPECT_TRUE((*journal_->own_status_changes())[0].sessions_cleared);
  ASSERT_TRUE(journal_->end_run(run, 0, ""));
  PlanDraft next;
  next.add(Kind::user_deactivate, "E1", "00u1");
  const RunHandle later = start(next);
  turn(later);
  turn(later, {applied(1)});
  EXPECT_FALSE((*journal_->own_status_changes())[0].sessions_cleared) << "since the newest";
}

TEST_P(JournalHistory, RemembersWhetherFactorsWereResetAfterItsStatusChange) {
  PlanDraft plan;
  plan.add(Kind::user_suspend, "E1", "00u1");
  plan.add(Kind::user_reset_factors, "E1", "00u1", {1});
  const RunHandle run = start(plan);
  turn(run);
  turn(run, {applied(1)});
  EXPECT_FALSE((*journal_->own_status_changes())[0].factors_reset);
  turn(run, {applied(2)});
  EXPECT_TRUE((*journal_->own_status_changes())[0].factors_reset);
  EXPECT_FALSE((*journal_->own_status_changes())[0].sessions_cleared);
}

TEST_P(JournalHistory, SaysWhomItWroteLately) {
  PlanDraft plan = three_updates();
  plan.add(Kind::user_create, "E4", "");
  plan.add(Kind::user_link, "E5", "00u5");
  const RunHandle run = start(plan);
  turn(run, {}, 3);  // create, link, first update
  bench_->clock.advance(60000);
  turn(run, {applied(1), applied(4, "00u4"), applied(5)}, 1);
  const auto lately = journal_->written_since(bench_->clock.wall());
  ASSERT_TRUE(lately);
  EXPECT_EQ(*lately, (std::vector<std::string>{"00u1", "00u2", "00u4"}));
  EXPECT_EQ(journal_->written_since({0})->size(), 3U);
  EXPECT_TRUE(journal_->written_since(bench_->clock.wall() + 1)->empty());
}

TEST_P(JournalHistory, CountsOperationsPerStateInARunsRow) {
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

TEST_P(JournalHistory, ReportsAttemptsAndTimesOfEachOperation) {
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

TEST_P(JournalHistory, KeepsTheNewestCertifiedReadOfEachSource) {
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

TEST_P(JournalHistory, RemembersAbsencesUntilThePersonIsSeenAgain) {
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

TEST_P(JournalHistory, KeepsHoldsFromTheirFirstDayAndDropsThoseThatEnded) {
  const WallTime first = bench_->clock.wall();
  const std::vector<Sha256> both{sha256("a"), sha256("b")};
  ASSERT_TRUE(journal_->record_held(both, true, first));
  const std::vector<Sha256> next{sha256("b"), sha256("c")};
  ASSERT_TRUE(journal_->record_held(next, true, first + 10));
  std::map<Sha256, WallTime> held;
  const auto found = journal_->held_since();
  ASSERT_TRUE(found);
  for (const HeldSince& one : *found) held[one.change] = one.since;
  EXPECT_EQ(held, (std::map<Sha256, WallTime>{{sha256("b"), first}, {sha256("c"), first + 10}}));
  // A plan that looks at some only says nothing of the others.
  ASSERT_TRUE(journal_->record_held(std::vector<Sha256>{sha256("d")}, false, first + 20));
  EXPECT_EQ(journal_->held_since()->size(), 3U);
}

TEST_P(JournalHistory, RemembersRefusedValuesPerUserAndAttribute) {
  ASSERT_TRUE(journal_->record_refused({"00u1", "title", sha256("x")}));
  ASSERT_TRUE(journal_->record_refused({"00u1", "title", sha256("y")}));
  const auto refused = journal_->refused_values();
  ASSERT_TRUE(refused);
  ASSERT_EQ(refused->size(), 1U);
  EXPECT_EQ((*refused)[0].value, sha256("y"));
}

TEST_P(JournalHistory, KeepsTheNewestChainBoundaries) {
  const std::vector<WallTime> first{{1}, {2}, {3}};
  const std::vector<WallTime> second{{5}, {4}};
  ASSERT_TRUE(journal_->record_chain_boundaries(first));
  ASSERT_TRUE(journal_->record_chain_boundaries(second));
  EXPECT_EQ(*journal_->chain_boundaries(), (std::vector<WallTime>{{4}, {5}}));
}

TEST_P(JournalHistory, KnowsTheRulesOfTheNewestAppliedPlan) {
  EXPECT_FALSE(*journal_->last_rules());
  const RunHandle run = start(three_updates());
  EXPECT_FALSE(*journal_->last_rules());
  turn(run);
  turn(run, {applied(1), applied(2), applied(3)});
  ASSERT_TRUE(journal_->end_run(run, 0, ""));
  EXPECT_EQ(*journal_->last_rules(), sha256("rules"));
  // An urgent run carries single operations out; the org does not stand under its rules.
  PlanDraft urgent;
  urgent.header.config = sha256("newer rules");
  urgent.add(Kind::user_suspend, "E1", "00u1");
  ASSERT_TRUE(urgent.seal(*journal_));
  RunSpec spec = urgent.spec();
  spec.lane = Lane::urgent;
  const auto second = journal_->begin_run(spec);
  ASSERT_TRUE(second) << describe(second.error());
  turn(*second);
  turn(*second, {applied(1)});
  ASSERT_TRUE(journal_->end_run(*second, 0, ""));
  EXPECT_EQ(*journal_->last_rules(), sha256("rules"));
}

TEST_P(JournalHistory, WhatAnOperatorDoesIsNotOursToUndo) {
  PlanDraft plan;
  plan.add(Kind::user_suspend, "", "00u1");
  plan.add_member("", "00u1", "dept-A", "00ga");
  plan.add(Kind::user_suspend, "E2", "00u2");
  plan.add_member("E2", "00u2", "dept-A", "00ga");
  const RunHandle run = start(plan);
  turn(run);
  turn(run, {applied(1), applied(2), applied(3), applied(4)});
  ASSERT_TRUE(journal_->end_run(run, 0, ""));
  const auto status = journal_->own_status_changes();
  ASSERT_TRUE(status);
  ASSERT_EQ(status->size(), 1U);
  EXPECT_EQ(status->front().user_id, "00u2");
  const auto grants = journal_->grants();
  ASSERT_TRUE(grants);
  ASSERT_EQ(grants->size(), 1U);
  EXPECT_EQ(grants->front().user_id, "00u2");
}

TEST_P(JournalHistory, KeepsBothObjectsOfAnOperation) {
  PlanDraft plan;
  Operation& op = plan.add(Kind::app_assign_group, "", "");
  op.object = {ObjectRef::Kind::app, "0oa1", "Wiki"};
  op.beside = {ObjectRef::Kind::group, "00g1", "dept-A"};
  const RunHandle run = start(plan);
  const auto claims = turn(run);
  ASSERT_EQ(claims.size(), 1U);
  EXPECT_EQ(claims[0].operation.object.name, "Wiki");
  EXPECT_EQ(claims[0].operation.beside.id, "00g1");
  EXPECT_EQ(claims[0].operation.beside.kind, ObjectRef::Kind::group);
}

INSTANTIATE_TEST_SUITE_P(Every, JournalHistory, every_journal(), name_of);

}  // namespace
}  // namespace rollcall::test

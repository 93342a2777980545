// The coordinator: real threads and queue, the run's budget, a failing journal, a refusing org.
#include <gtest/gtest.h>

#include <set>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "tests/worlds/world.h"

namespace rollcall::worlds {
namespace {

using Kind = OperationKind;

/// A plan of updates against an org that a test shapes.
struct Updates {
  explicit Updates(int people) : org(clock, 1) {
    for (int i = 0; i < people; ++i) {
      const std::string key = "M" + std::to_string(i);
      const std::string login = key + "@x.example";
      org.add_user(login, AccountStatus::active, {{"department", "Old"}});
      plan.add(Kind::user_update, key, SmallOrg::user_id(login)).changes = {
          {"department", "Old", "New", AttrType::text, false}};
    }
    options.wait = [this](CompletionQueue&, std::int64_t wait_ms) { org.pass(wait_ms); };
  }
  RunEnd go(Directory& directory) {
    MemoryJournal session(store, clock);
    EXPECT_TRUE(plan.seal(session));
    CrashingJournal crashing(session, none);
    journal = &crashing;
    const auto handle = crashing.begin_run(plan.spec());
    EXPECT_TRUE(handle);
    return run_to_end(crashing, directory, *handle, clock, nullptr, options);
  }
  std::map<OperationState, int> states() {
    MemoryJournal session(store, clock);
    std::map<OperationState, int> counts;
    const auto results = session.results(1);
    for (const OperationResult& one : *results) ++counts[one.state];
    return counts;
  }

  test::ManualClock clock;
  SmallOrg org;
  MemoryStore store;
  test::PlanDraft plan;
  CrashPlan none;
  CoordinatorOptions options;
  CrashingJournal* journal = nullptr;
};

TEST(Coordinator, EndsWithZeroWhenEverythingIsApplied) {
  Updates run(30);
  std::uint64_t reported = 0;
  run.options.progress = [&](const Progress& progress) {
    reported = progress.settled.at(OperationState::applied);
  };
  const RunEnd end = run.go(run.org);
  EXPECT_EQ(end.exit_code, 0);
  EXPECT_FALSE(end.error);
  EXPECT_EQ(end.counts.at(OperationState::applied), 30U);
  EXPECT_EQ(reported, 30U);
  EXPECT_TRUE(end.not_contained.empty());
}

TEST(Coordinator, AnEmptyPlanEndsAtOnce) {
  Updates run(0);
  EXPECT_EQ(run.go(run.org).exit_code, 0);
  EXPECT_EQ(run.org.requests, 0U);
}

TEST(Coordinator, StopsInOrderWhenTheBudgetIsSpent) {
  Updates run(2'000);  // 12 a second: nearly three minutes
  run.options.max_minutes = 1;
  const RunEnd end = run.go(run.org);
  EXPECT_EQ(end.exit_code, 10);
  ASSERT_TRUE(end.error);
  EXPECT_EQ(end.error->code, ErrorCode::run_budget);
  const auto states = run.states();
  EXPECT_EQ(states.count(OperationState::intent), 0U);
  EXPECT_GT(states.at(OperationState::applied), 700);
  EXPECT_EQ(states.at(OperationState::applied) + states.at(OperationState::planned), 2'000);
}

TEST(Coordinator, ChangesNothingMoreOnceTheJournalIsAway) {
  Updates run(200);
  std::uint64_t at_loss = 0;
  run.org.before_effect = [&](const Operation&) {
    if (run.org.requests < 50 || run.journal->away) return;
    run.journal->away = true;
    at_loss = run.org.requests;
  };
  const RunEnd end = run.go(run.org);
  EXPECT_EQ(end.exit_code, 7);
  ASSERT_TRUE(end.error);
  EXPECT_EQ(end.error->code, ErrorCode::journal_unreachable);
  EXPECT_GT(at_loss, 0U);
  EXPECT_EQ(run.org.requests, at_loss);
}

/// Answers every request with the same outcome.
class Wall final : public Directory {
 public:
  explicit Wall(Outcome answer) : answer_(std::move(answer)) {}
  Result<ScanSummary> observe(const ScanScope&, DirectorySink&, std::stop_token) override {
    return ScanSummary{};
  }
  Room room() const override { return {4, for_each_priority(4)}; }
  void submit(std::span<const Operation* const> request, CompletionSink& sink) override {
    for (const Operation* op : request) sink.completed({op->id, false, answer_, std::nullopt});
    ++requests;
  }
  void probe(const Operation& op, CompletionSink& sink) override {
    sink.completed({op.id, true, answer_, std::nullopt});
  }
  void drain() override { drained = true; }
  int requests = 0;
  bool drained = false;

 private:
  Outcome answer_;
};

TEST(Coordinator, EndsWithSixWhenTheOrgRefusesTheCredential) {
  Updates run(20);
  Outcome refused;
  refused.state = Outcome::State::stop;
  refused.http_status = 401;
  Wall wall(refused);
  run.options.wait = [&](CompletionQueue&, std::int64_t wait_ms) { run.clock.advance(wait_ms); };
  const RunEnd end = run.go(wall);
  EXPECT_EQ(end.exit_code, 6);
  EXPECT_EQ(end.error->code, ErrorCode::run_refused);
  EXPECT_LE(wall.requests, 4);
  EXPECT_TRUE(wall.drained);
  EXPECT_EQ(run.states().at(OperationState::planned), 20);
}

TEST(Coordinator, EndsWithNineWhenTheOrgFailsOrIsSilent) {
  for (const int http_status : {503, 0}) {
    SCOPED_TRACE(http_status);
    Updates run(100);
    Outcome down;
    down.state = http_status == 0 ? Outcome::State::unsent : Outcome::State::unavailable;
    down.http_status = http_status;
    Wall wall(down);
    run.options.wait = [&](CompletionQueue&, std::int64_t wait_ms) { run.clock.advance(wait_ms); };
    const WallTime begun = run.clock.wall();
    const RunEnd end = run.go(wall);
    EXPECT_EQ(end.exit_code, 9);
    EXPECT_EQ(end.error->code, ErrorCode::run_org_unavailable);
    EXPECT_LT(wall.requests, 40);
    EXPECT_LT(run.clock.wall() - begun, 180'000);
    EXPECT_EQ(run.states().count(OperationState::intent), 0U);
  }
}

TEST(Coordinator, SaysWhoIsNotContainedThoughNeverClaimed) {
  Updates run(0);
  for (int i = 0; i < 30; ++i) {
    const std::string key = "L" + std::to_string(i);
    run.plan.add(Kind::user_suspend, key, SmallOrg::user_id(key + "@x.example"));
  }
  Outcome refused;
  refused.state = Outcome::State::stop;
  Wall wall(refused);
  run.options.wait = [&](CompletionQueue&, std::int64_t wait_ms) { run.clock.advance(wait_ms); };
  EXPECT_EQ(run.go(wall).not_contained.size(), 30U);
}

/// An org that refuses the credential some people, or everybody from some request on.
class Guarded final : public Directory {
 public:
  Guarded(SmallOrg& org, std::set<std::string> keys, std::uint64_t from)
      : org_(org), keys_(std::move(keys)), from_(from) {}
  Result<ScanSummary> observe(const ScanScope&, DirectorySink&, std::stop_token) override {
    return ScanSummary{};
  }
  Room room() const override { return org_.room(); }
  void submit(std::span<const Operation* const> request, CompletionSink& sink) override {
    if (++requests_ < from_ && keys_.count(request.front()->subject.worker_key) == 0) {
      return org_.submit(request, sink);
    }
    for (const Operation* op : request) {
      Completion completion;
      completion.operation = op->id;
      completion.outcome.state = Outcome::State::refused;
      completion.outcome.code = ErrorCode::okta_forbidden;
      completion.outcome.http_status = 403;
      sink.completed(std::move(completion));
    }
  }
  void probe(const Operation& op, CompletionSink& sink) override {
    Completion completion;
    completion.operation = op.id;
    completion.probe = true;
    completion.outcome.state = Outcome::State::applied;
    completion.observed = Observed{};
    completion.observed->exists = true;
    completion.observed->status = AccountStatus::active;
    sink.completed(std::move(completion));
  }
  void drain() override { org_.drain(); }

 private:
  SmallOrg& org_;
  std::set<std::string> keys_;
  std::uint64_t from_;
  std::uint64_t requests_ = 0;
};

TEST(Coordinator, OneRefusedLeaverStopsNobodyElse) {
  for (const int others : {0, 1, 30}) {
    Updates run(others);
    run.plan.add(Kind::user_suspend, "L", SmallOrg::user_id("l@x.example"));
    Guarded guarded(run.org, {"L"}, 1'000);
    const RunEnd end = run.go(guarded);
    EXPECT_FALSE(end.error);
    EXPECT_EQ(end.not_contained, std::vector<std::string>{"L"});
    ASSERT_EQ(end.errors.size(), 1U);
    EXPECT_EQ(end.errors[0].code, ErrorCode::okta_target_forbidden);
    EXPECT_EQ(run.states()[OperationState::applied], others);
    EXPECT_EQ(run.states()[OperationState::failed], 1);
  }
}

TEST(Coordinator, ARoleThatIsLostInMidRunStopsItAndLosesNothing) {
  for (const int total : {13, 200}) {
    Updates run(total);
    Guarded guarded(run.org, {}, 10);
    const RunEnd end = run.go(guarded);
    EXPECT_EQ(end.exit_code, 6);
    ASSERT_TRUE(end.error);
    EXPECT_EQ(end.error->code, ErrorCode::okta_forbidden);
    EXPECT_EQ(run.states()[OperationState::applied], 9);
    EXPECT_EQ(run.states()[OperationState::planned], total - 9);
  }
}

/// An org one of whose limits is used up until some time.
class UsedUp final : public Directory {
 public:
  UsedUp(SmallOrg& org, const Clock& clock, Priority priority, WallTime until)
      : org_(org), clock_(clock), priority_(priority), until_(until) {}
  Result<ScanSummary> observe(const ScanScope&, DirectorySink&, std::stop_token) override {
    return ScanSummary{};
  }
  Room room() const override {
    Room room = org_.room();
    if (clock_.wall() < until_) at(room.of, priority_) = 0;
    return room;
  }
  void submit(std::span<const Operation* const> request, CompletionSink& sink) override {
    org_.submit(request, sink);
  }
  void probe(const Operation& op, CompletionSink& sink) override { org_.probe(op, sink); }
  void drain() override { org_.drain(); }

 private:
  SmallOrg& org_;
  const Clock& clock_;
  Priority priority_;
  WallTime until_;
};

TEST(Coordinator, ALimitThatIsUsedUpKeepsNoOtherWaiting) {
  Updates run(30);
  run.org.add_group("sales");
  for (int i = 0; i < 30; ++i) {
    const std::string key = "M" + std::to_string(i);
    run.plan.add_member(key, SmallOrg::user_id(key + "@x.example"), "sales",
                        SmallOrg::group_id("sales"));
  }
  const WallTime opens = run.clock.wall() + 60'000;
  UsedUp used_up(run.org, run.clock, Priority::move, opens);
  std::map<Kind, int> before;
  run.org.before_effect = [&](const Operation& op) {
    if (run.clock.wall() < opens) ++before[op.kind];
  };
  EXPECT_EQ(run.go(used_up).exit_code, 0);
  EXPECT_EQ(before, (std::map<Kind, int>{{Kind::group_add_member, 30}}));
  EXPECT_EQ(run.states()[OperationState::applied], 60);
}

/// Completes each request on a thread of its own.
class Threaded final : public Directory {
 public:
  ~Threaded() override {
    for (std::thread& thread : threads_) thread.join();
  }
  Result<ScanSummary> observe(const ScanScope&, DirectorySink&, std::stop_token) override {
    return ScanSummary{};
  }
  Room room() const override { return {4, for_each_priority(4)}; }
  void submit(std::span<const Operation* const> request, CompletionSink& sink) override {
    const std::uint32_t id = request[0]->id;
    threads_.emplace_back([id, &sink] {
      Outcome done;
      done.state = Outcome::State::applied;
      done.http_status = 200;
      sink.completed({id, false, done, std::nullopt});
    });
  }
  void probe(const Operation&, CompletionSink&) override {}
  void drain() override {}

 private:
  std::vector<std::thread> threads_;
};

TEST(Coordinator, WaitsOnItsQueueForAnswersFromOtherThreads) {
  Updates run(40);
  run.options.wait = nullptr;
  Threaded threaded;
  const RunEnd end = run.go(threaded);
  EXPECT_EQ(end.exit_code, 0);
  EXPECT_EQ(end.counts.at(OperationState::applied), 40U);
}

TEST(Recovery, SupersedesWhatStillWaitsForASyncAndLeavesNothingInIntent) {
  WorldOptions options;
  options.crashes.at = {9};
  options.crashes.after_commit = true;
  World world(options);
  MemoryJournal first(world.store, world.clock);
  ASSERT_TRUE(world.plan.seal(first));
  {
    MemoryJournal session(world.store, world.clock);
    CrashingJournal journal(session, world.options.crashes);
    const auto handle = journal.begin_run(world.plan.spec());
    CoordinatorOptions drive;
    drive.wait = [&](CompletionQueue&, std::int64_t wait_ms) { world.org.pass(wait_ms); };
    EXPECT_THROW(run_to_end(journal, world.org, *handle, world.clock, nullptr, drive), Crash);
  }
  world.org.caller_died();
  const std::uint64_t before = world.org.requests;
  MemoryJournal session(world.store, world.clock);
  RecoveryOptions recovery;
  recovery.holder = "host-b:2";
  recovery.drive.wait = [&](CompletionQueue&, std::int64_t wait_ms) { world.org.pass(wait_ms); };
  const Recovery recovered = recover(session, world.org, world.clock, nullptr, recovery);
  EXPECT_FALSE(recovered.error);
  ASSERT_EQ(recovered.runs.size(), 1U);
  EXPECT_FALSE(recovered.runs[0].handle);
  EXPECT_GT(recovered.runs[0].found.intents, 0U);
  EXPECT_FALSE(recovered.runs[0].settled.empty());
  EXPECT_EQ(world.org.requests, before) << "recovery reads, it never sends";
  const auto results = session.results(1);
  for (const OperationResult& one : *results) {
    EXPECT_NE(one.state, OperationState::intent);
    EXPECT_NE(one.state, OperationState::planned);
    EXPECT_NE(one.state, OperationState::retry);
  }
  EXPECT_TRUE(session.interrupted()->empty());
}

TEST(Recovery, SaysWhyItCannotGoOnWhenTheOrgIsAway) {
  WorldOptions options;
  options.crashes.at = {5};
  options.crashes.after_commit = true;
  World world(options);
  {
    MemoryJournal session(world.store, world.clock);
    ASSERT_TRUE(world.plan.seal(session));
    CrashingJournal journal(session, world.options.crashes);
    const auto handle = journal.begin_run(world.plan.spec());
    CoordinatorOptions drive;
    drive.wait = [&](CompletionQueue&, std::int64_t wait_ms) { world.org.pass(wait_ms); };
    EXPECT_THROW(run_to_end(journal, world.org, *handle, world.clock, nullptr, drive), Crash);
  }
  Outcome down;
  down.state = Outcome::State::unsent;
  Wall wall(down);
  MemoryJournal session(world.store, world.clock);
  RecoveryOptions recovery;
  recovery.drive.wait = [&](CompletionQueue&, std::int64_t wait_ms) {
    world.clock.advance(wait_ms);
  };
  const Recovery recovered = recover(session, wall, world.clock, nullptr, recovery);
  ASSERT_TRUE(recovered.error);
  EXPECT_EQ(info(recovered.error->code).exit, 9);
}

}  // namespace
}  // namespace rollcall::worlds

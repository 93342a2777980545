// Seeded worlds: whatever is lost, refused or killed, the org ends as if nothing had happened.
#include <gtest/gtest.h>

#include <iostream>

#include "tests/worlds/world.h"

namespace rollcall::worlds {
namespace {

std::string joined(const std::vector<std::string>& lines) {
  std::string text;
  for (const std::string& line : lines) text += "\n  " + line;
  return text;
}

/// The undisturbed world that others are held against.
World& undisturbed() {
  static World world{WorldOptions{}};
  static const bool lived = world.live();
  EXPECT_TRUE(lived);
  return world;
}

void expect_same_end(World& world) {
  EXPECT_TRUE(world.complaints().empty()) << joined(world.complaints());
  EXPECT_EQ(world.org.users, undisturbed().org.users);
  EXPECT_EQ(world.org.groups, undisturbed().org.groups);
  const auto here = world.results();
  const auto there = undisturbed().results();
  ASSERT_EQ(here.size(), there.size());
  for (std::size_t i = 0; i < here.size(); ++i) {
    EXPECT_EQ(to_string(here[i].state), to_string(there[i].state)) << here[i].operation.id;
  }
}

TEST(ExecuteWorld, UndisturbedItAppliesThePlanInTheFewestRequests) {
  World& world = undisturbed();
  EXPECT_TRUE(world.complaints().empty()) << joined(world.complaints());
  ASSERT_EQ(world.ends.size(), 1U);
  const RunEnd& end = world.ends[0];
  EXPECT_EQ(end.exit_code, 4) << "one leaver moved since the plan";
  EXPECT_EQ(end.replan, std::vector<std::string>{"L5"});
  EXPECT_EQ(end.not_contained, std::vector<std::string>{"L5"});
  // 1 group; 5 creates, 5 later memberships; 5 × (update, add, remove); 4 leavers to contain; 6
  // of 7 go on with sessions and 2 removals.
  EXPECT_EQ(world.org.requests, 1U + 5 + 5 + 15 + 4 + 6 * 3);
  // One read per mover who loses a group; per leaver one before containment, and one for both
  // removals where our own containment outdated the first.
  EXPECT_EQ(world.org.probes, 5U + 7 + 4);
  EXPECT_EQ(world.org.users.count("J0@x.example"), 1U);
  EXPECT_EQ(world.org.groups.at("new").size(), 5U);
  EXPECT_EQ(end.counts.at(OperationState::conflict), 1U);
  EXPECT_EQ(end.counts.at(OperationState::blocked), 3U);
}

TEST(ExecuteWorld, ADirectoryThatAnswersInsideTheCallIsServedToo) {
  WorldOptions options;
  options.synchronous = true;
  World world(options);
  EXPECT_TRUE(world.live());
  expect_same_end(world);
}

TEST(ExecuteWorld, ThreeHundredSeedsOfFaultsEndAlike) {
  std::uint64_t requests = 0, probes = 0;
  for (std::uint32_t seed = 1; seed <= 300; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    WorldOptions options;
    options.seed = seed;
    options.faults = {4, 6, 4, 4, 2, 3, 3};
    options.synchronous = seed % 10 == 0;
    World world(options);
    ASSERT_TRUE(world.live());
    expect_same_end(world);
    requests += world.org.requests;
    probes += world.org.probes;
    if (::testing::Test::HasFailure()) break;
  }
  std::cout << "seeds 1..300: " << requests << " requests, " << probes << " reads\n";
}

TEST(ExecuteWorld, ACrashAtAnyJournalWriteChangesNothingInTheEnd) {
  std::uint64_t crashes = 0;
  for (const bool after_commit : {false, true}) {
    for (std::uint64_t at = 1;; ++at) {
      SCOPED_TRACE("crash at write " + std::to_string(at) +
                   (after_commit ? " after its commit" : " before its commit"));
      WorldOptions options;
      options.seed = static_cast<std::uint32_t>(at);
      options.crashes.at = {at};
      options.crashes.after_commit = after_commit;
      World world(options);
      ASSERT_TRUE(world.live());
      if (world.options.crashes.writes < at) break;
      ++crashes;
      expect_same_end(world);
      if (::testing::Test::HasFailure()) return;
    }
  }
  std::cout << crashes << " crashes\n";
  EXPECT_GT(crashes, 50U);
}

TEST(ExecuteWorld, ManyCrashesAndFaultsTogetherEndAlike) {
  for (std::uint32_t seed = 1001; seed <= 1200; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    WorldOptions options;
    options.seed = seed;
    // One fault and three crashes cost an operation four attempts of its five at the most.
    options.faults = {6, 10, 6, 6, 2, 4, 1};
    options.crashes.after_commit = seed % 2 == 0;
    std::mt19937 random(seed);
    for (int i = 0; i < 3; ++i) options.crashes.at.insert(1 + random() % 60);
    World world(options);
    ASSERT_TRUE(world.live());
    expect_same_end(world);
    if (::testing::Test::HasFailure()) break;
  }
}

TEST(ExecuteWorld, AStopAtAnyRequestIsContinuedByTheNextRun) {
  for (std::uint64_t at = 1; at <= 40; ++at) {
    SCOPED_TRACE("stop at request " + std::to_string(at));
    WorldOptions options;
    options.seed = static_cast<std::uint32_t>(at);
    options.faults = {2, 2, 2, 2, 0, 0, 2};
    options.stop_at_request = at;
    World world(options);
    ASSERT_TRUE(world.live());
    ASSERT_GE(world.ends.size(), 2U);
    EXPECT_EQ(world.ends[0].exit_code, 10);
    ASSERT_TRUE(world.ends[0].error);
    EXPECT_EQ(world.ends[0].error->code, ErrorCode::run_stopped);
    expect_same_end(world);
    if (::testing::Test::HasFailure()) break;
  }
}

}  // namespace
}  // namespace rollcall::worlds

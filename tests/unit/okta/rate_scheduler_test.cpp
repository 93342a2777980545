#include "connectors/okta/rate_scheduler.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "tests/unit/okta/limiter_model.h"

namespace rollcall {
namespace {

using test::run;
using test::RunOptions;
using test::RunResult;

std::string shown(const RunOptions& o, const RunResult& r) {
  return "seed " + std::to_string(o.seed) + " skew " + std::to_string(o.skew_ms) + " limit " +
         std::to_string(o.limit) + ": served " + std::to_string(r.served) + " refused " +
         std::to_string(r.refused) + " crowded " + std::to_string(r.crowded) + " others refused " +
         std::to_string(r.competitor_refused) + " late " +
         std::to_string(r.competitor_refused_late) + " windows " + std::to_string(r.windows) +
         " polls " + std::to_string(r.polls);
}

/// A scheduler with one bucket whose window is open.
struct OpenWindow {
  RateScheduler scheduler{0.9};
  BucketId bucket = scheduler.bucket("/api/v1/users", 600);
  TicketId next = 1;
  MonoTime now{5'000};

  OpenWindow(std::int64_t limit, std::int64_t remaining) {
    put(Priority::move);
    const auto scout = scheduler.poll(now).tickets;
    EXPECT_EQ(scout.size(), 1U);
    reply(scout.front(), limit, remaining);
  }
  TicketId put(Priority priority, bool probe = false) {
    scheduler.enqueue({next, bucket, priority, probe}, now);
    return next++;
  }
  void reply(TicketId id, std::int64_t limit, std::int64_t remaining, std::int64_t reset = 1060,
             int status = 200) {
    RateObservation seen{id, bucket, status, limit, remaining, reset, WallTime{1'000'000}};
    scheduler.observe(seen, now);
    scheduler.finished(id, now, true);
  }
};

TEST(RateScheduler, AloneItUsesItsShareOfEveryWindowAndMeetsNo429) {
  for (const std::uint64_t seed : {1U, 2U, 3U, 4U, 5U}) {
    for (const std::int64_t skew : {0L, 900L, -86'400'000L, 3'600'450L}) {
      for (const std::int64_t limit : {10L, 50L, 300L, 600L}) {
        RunOptions o;
        o.seed = seed;
        o.skew_ms = skew + 1'700'000'000'000;
        o.limit = limit;
        const RunResult r = run(o);
        EXPECT_EQ(r.refused, 0) << shown(o, r);
        // 20 minutes hold 20 windows; at most 5 % of the time may lie between them.
        EXPECT_GE(r.windows * 60, 20 * 60 * 95 / 100) << shown(o, r);
        const double ours = static_cast<double>(limit) * o.capacity * 20;
        EXPECT_GE(static_cast<double>(r.served), ours * 0.93) << shown(o, r);
        EXPECT_LE(static_cast<double>(r.served), ours * 1.06) << shown(o, r);
      }
    }
  }
}

TEST(RateScheduler, AsksAgainNoOftenerThanThereIsSomethingToDo) {
  RunOptions o;
  const RunResult r = run(o);
  EXPECT_LE(r.polls, r.served * 4) << shown(o, r);
}

TEST(RateScheduler, LeavesAnotherClientWhatItUsesAndKeepsTheRest) {
  for (const std::uint64_t seed : {11U, 12U, 13U}) {
    for (const std::int64_t every_ms : {1000L, 500L, 400L}) {  // 60, 120, 150 of 300 a minute
      RunOptions o;
      o.seed = seed;
      o.skew_ms = 1'700'000'000'000;
      o.competitor_every_ms = every_ms;
      const RunResult r = run(o);
      EXPECT_EQ(r.competitor_refused, 0) << shown(o, r);
      EXPECT_EQ(r.refused, 0) << shown(o, r);
      const std::int64_t theirs = 60'000 / every_ms;
      EXPECT_GE(r.served, 20 * (300 - theirs - 30) * 90 / 100) << shown(o, r);
    }
  }
}

TEST(RateScheduler, LeavesAClientThatComesInBurstsWhatItUses) {
  for (const std::uint64_t seed : {14U, 15U, 16U}) {
    RunOptions o;
    o.seed = seed;
    o.skew_ms = 1'700'000'000'000;
    o.competitor_every_ms = 60'000;
    o.competitor_at_once = 100;
    const RunResult r = run(o);
    // Nobody can know of the first burst before it comes.
    EXPECT_LE(r.competitor_refused, 100) << shown(o, r);
    EXPECT_EQ(r.competitor_refused_late, 0) << shown(o, r);
    EXPECT_GE(r.served, 20 * (300 - 100 - 30) * 80 / 100) << shown(o, r);
  }
}

TEST(RateScheduler, AnotherClientThatEndsCostsTwoWindowsAtMost) {
  OpenWindow w(300, 299);
  const auto ask = [&](std::int64_t after_ms, std::int64_t remaining, std::int64_t reset) {
    w.now = w.now + after_ms;
    const TicketId id = w.put(Priority::move);
    ASSERT_EQ(w.scheduler.poll(w.now).tickets.size(), 1U);
    w.reply(id, 300, remaining, reset);
  };
  ask(45'000, 148, 1060);  // 150 are not ours, in three quarters of a window: 200 in a whole one
  std::vector<std::size_t> rooms;
  for (std::int64_t reset = 1120; reset <= 1240; reset += 60) {
    ask(15'001, 299, reset);
    rooms.push_back(w.scheduler.room(w.bucket, Priority::contain, w.now));
    ask(45'000, 298, reset);
  }
  EXPECT_EQ(rooms, (std::vector<std::size_t>{74, 74, 269}));
}

TEST(RateScheduler, AContainmentLeavesWithinAFewSecondsUnderFullLoad) {
  for (const std::uint64_t seed : {21U, 22U, 23U}) {
    RunOptions o;
    o.seed = seed;
    o.skew_ms = 1'700'000'000'000;
    for (std::int64_t at = 61'000; at < 1'100'000; at += 13'777) o.contain_at_ms.push_back(at);
    const RunResult r = run(o);
    EXPECT_EQ(r.refused, 0) << shown(o, r);
    ASSERT_FALSE(r.contain_wait_ms.empty());
    const auto longest = *std::max_element(r.contain_wait_ms.begin(), r.contain_wait_ms.end());
    EXPECT_LE(longest, 5'000) << shown(o, r);
  }
}

TEST(RateScheduler, ManyContainmentsWaitForTheNextWindowAtMost) {
  RunOptions o;
  o.skew_ms = 1'700'000'000'000;
  for (int i = 0; i < 60; ++i) o.contain_at_ms.push_back(90'000 + i);
  const RunResult r = run(o);
  const auto longest = *std::max_element(r.contain_wait_ms.begin(), r.contain_wait_ms.end());
  EXPECT_LE(longest, 65'000) << shown(o, r);
  EXPECT_EQ(r.refused, 0) << shown(o, r);
}

TEST(RateScheduler, LostRepliesCostNo429) {
  RunOptions o;
  o.lost_share = 0.05;
  o.skew_ms = 1'700'000'000'000;
  const RunResult r = run(o);
  EXPECT_EQ(r.refused, 0) << shown(o, r);
  EXPECT_GE(r.served, 20 * 270 * 90 / 100) << shown(o, r);
}

TEST(RateScheduler, WithoutADateItAssumesAMinuteAndMeetsNo429) {
  RunOptions o;
  o.show_date = false;
  o.skew_ms = 1'700'000'000'000;
  const RunResult r = run(o);
  EXPECT_EQ(r.refused, 0) << shown(o, r);
  EXPECT_GE(r.served, 20 * 270 * 90 / 100) << shown(o, r);
}

TEST(RateScheduler, WithoutRateHeadersItKeepsToHalfOfThePublishedLimit) {
  RunOptions o;
  o.show_rate = false;  // published 600, shown nothing, true limit 300
  const RunResult r = run(o);
  EXPECT_EQ(r.refused, 0) << shown(o, r);
  EXPECT_GE(r.served, 20 * 270 * 90 / 100) << shown(o, r);
}

TEST(RateScheduler, ShorterWindowsAreLearnedFromTheResets) {
  RunOptions o;
  o.window_s = 6;
  o.limit = 60;
  o.skew_ms = 1'700'000'000'000;
  o.latency_from_ms = 5;
  o.latency_to_ms = 20;
  const RunResult r = run(o);
  EXPECT_EQ(r.refused, 0) << shown(o, r);
  EXPECT_GE(r.served, 200 * 54 * 85 / 100) << shown(o, r);
}

TEST(RateScheduler, TooManyAtOnceHalvesConcurrencyAndIgnoresTheHintedReset) {
  RunOptions o;
  o.limit = 3000;
  o.most_at_once = 6;
  o.latency_from_ms = 400;
  o.latency_to_ms = 600;
  o.skew_ms = 1'700'000'000'000;
  const RunResult r = run(o);
  EXPECT_EQ(r.refused, 0) << shown(o, r);
  // Six at once of half a second each are 720 a minute.
  EXPECT_GE(r.served, 20 * 360) << shown(o, r);
  EXPECT_LE(r.crowded, 20 * 16) << shown(o, r);
}

TEST(RateScheduler, TheFirstRequestOfABucketGoesAlone) {
  RateScheduler scheduler(0.9);
  const BucketId bucket = scheduler.bucket("/api/v1/groups", 500);
  for (TicketId id = 1; id <= 5; ++id)
    scheduler.enqueue({id, bucket, Priority::grant}, MonoTime{0});
  EXPECT_EQ(scheduler.poll(MonoTime{0}).tickets, std::vector<TicketId>{1});
  EXPECT_TRUE(scheduler.poll(MonoTime{10'000}).tickets.empty());
}

TEST(RateScheduler, LeavesTheOthersShareOfTheWindowAlone) {
  OpenWindow w(100, 12);  // floor is 10
  for (int i = 0; i < 5; ++i) w.put(Priority::contain);
  EXPECT_EQ(w.scheduler.poll(w.now).tickets.size(), 2U);
}

TEST(RateScheduler, KeepsASliceForContainmentsAndProbes) {
  OpenWindow w(100, 13);
  w.put(Priority::grant);
  const TicketId contain = w.put(Priority::contain);
  const TicketId probe = w.put(Priority::grant, true);
  const auto admitted = w.scheduler.poll(w.now).tickets;
  EXPECT_EQ(admitted, (std::vector<TicketId>{contain, probe}));
}

TEST(RateScheduler, HousekeepingStopsFirst) {
  OpenWindow w(100, 20);
  const TicketId tidy = w.put(Priority::housekeep);
  EXPECT_TRUE(w.scheduler.poll(w.now).tickets.empty());
  const TicketId grant = w.put(Priority::grant);
  EXPECT_EQ(w.scheduler.poll(w.now).tickets, std::vector<TicketId>{grant});
  // Near the window's end nothing need be kept any more.
  w.now = w.now + 55'000;
  EXPECT_EQ(w.scheduler.poll(w.now).tickets, std::vector<TicketId>{tidy});
}

TEST(RateScheduler, ALaterPriorityGoesFirstUntilWaitingLiftsTheOther) {
  OpenWindow w(1000, 999);
  const TicketId old = w.put(Priority::grant);
  w.now = w.now + 61'000;  // the window is over, one class lifted
  const TicketId move = w.put(Priority::move);
  EXPECT_EQ(w.scheduler.poll(w.now).tickets, std::vector<TicketId>{old});
  w.reply(old, 1000, 999, 1120);
  EXPECT_EQ(w.scheduler.poll(w.now).tickets, std::vector<TicketId>{move});
}

TEST(RateScheduler, OfRepliesOutOfOrderTheLowestCountOfTheNewestWindowHolds) {
  OpenWindow w(100, 99);
  const TicketId a = w.put(Priority::move);
  const TicketId b = w.put(Priority::move);
  ASSERT_EQ(w.scheduler.poll(w.now).tickets.size(), 2U);
  w.reply(b, 100, 97);
  w.reply(a, 100, 98);
  EXPECT_EQ(w.scheduler.room(w.bucket, Priority::contain, w.now), 87U);
}

TEST(RateScheduler, AWindow429ClosesTheBucketUntilItsReset) {
  OpenWindow w(100, 99);
  const TicketId a = w.put(Priority::move);
  ASSERT_EQ(w.scheduler.poll(w.now).tickets.size(), 1U);
  w.reply(a, 100, 0, 1060, 429);
  w.put(Priority::contain);
  const auto closed = w.scheduler.poll(w.now);
  EXPECT_TRUE(closed.tickets.empty());
  ASSERT_TRUE(closed.wake_at);
  EXPECT_EQ(closed.wake_at->ms, w.now.ms + 60'000);  // server 1000 s, reset 1060 s, no extra second
  EXPECT_EQ(w.scheduler.poll(*closed.wake_at).tickets.size(), 1U);
}

TEST(RateScheduler, NoResetKeepsABucketClosedForMoreThanTwoMinutes) {
  OpenWindow w(100, 99);
  const TicketId a = w.put(Priority::move);
  ASSERT_EQ(w.scheduler.poll(w.now).tickets.size(), 1U);
  w.reply(a, 100, 0, 99'999, 429);
  w.put(Priority::contain);
  const auto closed = w.scheduler.poll(w.now);
  ASSERT_TRUE(closed.wake_at);
  EXPECT_EQ(closed.wake_at->ms, w.now.ms + 120'000);
}

TEST(RateScheduler, AnEmailLimit429WaitsFiveSecondsOnly) {
  OpenWindow w(100, 99);
  const TicketId a = w.put(Priority::move);
  ASSERT_EQ(w.scheduler.poll(w.now).tickets.size(), 1U);
  w.reply(a, 100, 90, 1060, 429);
  w.put(Priority::move);
  const auto closed = w.scheduler.poll(w.now);
  ASSERT_TRUE(closed.wake_at);
  EXPECT_EQ(closed.wake_at->ms, w.now.ms + 5'000);
}

TEST(RateScheduler, ServerTimeIsTheLargestDateSeen) {
  RateScheduler scheduler(0.9);
  const BucketId bucket = scheduler.bucket("b", 100);
  EXPECT_FALSE(scheduler.server_time(MonoTime{0}));
  for (const std::int64_t ms : {10'100, 10'400, 10'950, 11'020}) {
    RateObservation seen;
    seen.bucket = bucket;
    seen.date = WallTime{(ms + 500'000) / 1000 * 1000};
    scheduler.observe(seen, MonoTime{ms});
  }
  // The truth is mono + 500,000; the best sample was 20 ms into its second.
  EXPECT_EQ(scheduler.server_time(MonoTime{20'000})->ms, 519'980);
}

TEST(RateScheduler, WhatWaitsForAUsedUpBucketLeavesOthersTheirPlaces) {
  OpenWindow w(100, 10);  // floor is 10
  for (int i = 0; i < 20; ++i) w.put(Priority::move);
  EXPECT_TRUE(w.scheduler.poll(w.now).tickets.empty());
  EXPECT_EQ(w.scheduler.slots(w.now), RateScheduler::kMostInFlight + 3);
  const BucketId other = w.scheduler.bucket("/api/v1/groups", 500);
  w.scheduler.enqueue({w.next, other, Priority::grant}, w.now);
  EXPECT_EQ(w.scheduler.poll(w.now).tickets, std::vector<TicketId>{w.next});
}

TEST(RateScheduler, WelcomesWhatLeavesWhileTheJournalWrites) {
  OpenWindow w(1'000'000, 999'999);
  // At a quarter of a second a reply, the journal's few milliseconds are worth three requests.
  EXPECT_EQ(w.scheduler.latency_ms(), 250);
  EXPECT_EQ(w.scheduler.slots(w.now), RateScheduler::kMostInFlight + 3);
  EXPECT_EQ(w.scheduler.places(w.bucket), RateScheduler::kMostInFlight + 3);
  for (int i = 0; i < 50; ++i) {
    const TicketId id = w.put(Priority::move);
    ASSERT_EQ(w.scheduler.poll(w.now).tickets.size(), 1U);
    w.now = w.now + 4;
    w.reply(id, 1'000'000, 999'998 - i);
  }
  const std::size_t most = RateScheduler::kMostInFlight + RateScheduler::kMostWaiting;
  EXPECT_EQ(w.scheduler.slots(w.now), most);
  EXPECT_EQ(w.scheduler.places(w.bucket), most);
}

TEST(RateScheduler, ABucketWithMuchToDoLeavesPlacesToOthers) {
  OpenWindow w(300, 299);
  const BucketId other = w.scheduler.bucket("/api/v1/groups", 500);
  const std::size_t own = w.scheduler.places(w.bucket);
  EXPECT_LT(own, w.scheduler.slots(w.now));
  for (std::size_t i = 0; i < own; ++i) w.put(Priority::join);
  EXPECT_EQ(w.scheduler.places(w.bucket), 0U);
  EXPECT_GT(w.scheduler.places(other), 0U);
  EXPECT_GE(w.scheduler.slots(w.now), w.scheduler.places(other));
}

TEST(RateScheduler, AWindowJoinedHalfWayDoesNotPassForAShorterOne) {
  OpenWindow w(100, 60);  // somebody else opened it
  EXPECT_EQ(w.scheduler.window_ms(), RateScheduler::kWindowMs);
  RateScheduler alone(0.9);
  const BucketId bucket = alone.bucket("/api/v1/users", 600);
  const auto show = [&](std::int64_t remaining, std::int64_t reset, std::int64_t at_ms) {
    const MonoTime now{at_ms};
    alone.enqueue({static_cast<TicketId>(at_ms), bucket, Priority::move}, now);
    for (const TicketId id : alone.poll(now).tickets) {
      alone.observe({id, bucket, 200, 100, remaining, reset, WallTime{1'000'000 + at_ms}}, now);
      alone.finished(id, now, true);
    }
  };
  show(60, 1002, 0);  // two seconds before the end of a window of six
  EXPECT_EQ(alone.window_ms(), RateScheduler::kWindowMs);
  show(99, 1008, 2'001);
  EXPECT_EQ(alone.window_ms(), 6'000);
}

TEST(RateScheduler, WithdrawTakesAWaitingTicketBack) {
  RateScheduler scheduler(0.9);
  const BucketId bucket = scheduler.bucket("b", 100);
  scheduler.enqueue({7, bucket, Priority::move}, MonoTime{0});
  EXPECT_TRUE(scheduler.withdraw(7));
  EXPECT_FALSE(scheduler.withdraw(7));
  EXPECT_TRUE(scheduler.poll(MonoTime{0}).tickets.empty());
}

}  // namespace
}  // namespace rollcall

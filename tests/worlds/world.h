// One world: an org, a journal, a plan with joiners, movers and leavers, run until it is finished,
// through as many lives of the process as it takes.
#pragma once

#include <optional>
#include <set>

#include "service/execute/recovery.h"
#include "service/journal/memory_journal.h"
#include "tests/worlds/crashing_journal.h"
#include "tests/worlds/small_org.h"

namespace rollcall::worlds {

struct WorldOptions {
  std::uint32_t seed = 1;
  FaultRates faults;
  CrashPlan crashes;
  bool synchronous = false;
  std::optional<std::uint64_t> stop_at_request;  // SIGTERM when that many have been sent
};

struct World {
  explicit World(const WorldOptions& options);

  test::ManualClock clock;
  WorldOptions options;
  SmallOrg org;
  MemoryStore store;
  test::PlanDraft plan;
  RunId run = 0;
  std::vector<RunEnd> ends;  // one per life that ended by itself
  std::vector<Error> recovery_errors;
  int lives = 0;

  /// Runs to the end; false if it is not reached in 60 lives.
  bool live();
  std::vector<OperationResult> results();
  /// Everything a checker finds wrong, one sentence each; empty if all is well.
  std::vector<std::string> complaints();

 private:
  bool one_life(CrashingJournal& journal);
  void fill();
  void joiner(int number);
  void mover(int number);
  void leaver(int number, AccountStatus status, bool deactivate);
  CoordinatorOptions drive_options();
  std::stop_source stop_;
};

}  // namespace rollcall::worlds

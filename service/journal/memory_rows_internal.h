// The rows of the in-memory journal.
#pragma once

#include <deque>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <tuple>
#include <unordered_map>
#include <vector>

#include "service/journal/memory_journal.h"
#include "service/journal/settlement_internal.h"

namespace rollcall {

struct MemoryPlan {
  PlanState state;
  std::vector<Operation> operations;  // operation n stands at n - 1 or is found by `at`
  std::unordered_map<std::uint32_t, std::size_t> at;
};

struct MemoryQueued {
  OperationState state = OperationState::planned;
  std::uint16_t wave = 0;
  std::uint32_t pending = 0;  // dependencies of its own person not yet applied
  std::uint32_t host = 0;
  int attempt = 0;
  WallTime not_before;
  Outcome outcome;
  std::optional<WallTime> intent_at, settled_at;
};

struct MemoryRun {
  RunRow row;
  Lane lane = Lane::main;
  std::int64_t epoch = 1;
  std::size_t plan = 0;  // position in `plans`
  bool superseded = false;
  std::map<std::uint32_t, MemoryQueued> queue;
  std::set<std::tuple<Priority, std::uint32_t>> ready;  // hosts that wait for nothing but time
  std::multiset<std::uint16_t> barriers;                // waves of unsettled barriers
  std::unordered_map<std::uint32_t, std::vector<std::uint32_t>> dependants;
  std::unordered_map<std::uint32_t, std::vector<std::uint32_t>> shared_before;
  std::unordered_map<std::uint32_t, std::vector<std::uint32_t>> riders;
};

struct MemoryTouch {
  WallTime at;
  std::string user_id;
};

struct MemoryWrite {
  WallTime at;
  RunId run = 0;
  std::size_t plan = 0;  // position in `plans`
  std::uint32_t operation = 0;
  std::string user_id, group_id;  // as they were in the end
};

struct MemoryStore::Rows {
  std::optional<std::pair<std::string, std::string>> binding;
  std::deque<MemoryPlan> plans;
  std::map<RunId, MemoryRun> runs;
  std::map<Lane, const void*> locks;  // the session that holds the lane
  std::vector<Link> links;
  std::map<std::string, CertifiedRead> reads;
  std::map<std::string, PersonHistory> people;
  std::map<std::string, OwnStatusChange> status;
  std::set<std::pair<std::string, std::string>> grants;
  std::map<std::pair<std::string, std::string>, Sha256> refused;
  std::map<Sha256, WallTime> held;
  std::vector<WallTime> boundaries;
  std::vector<MemoryTouch> touched;
  std::vector<MemoryWrite> written;  // applied operations, oldest first
  std::map<std::string, KnownLeaver> leavers;
  std::map<Sha256, Approval> approvals;
  std::map<Sha256, std::string> rules;

  MemoryPlan* find(const Sha256& id);
  /// The run if its lane is `session`'s and its epoch holds. Errors: journal.lock_lost.
  Result<MemoryRun*> guarded(const RunHandle& run, const void* session);
  bool is_locked(Lane lane) const { return locks.count(lane) > 0; }
  RunRow shown(const MemoryRun& run) const;

  const Operation& operation(const MemoryRun& run, std::uint32_t id) const;
  std::string linked(Link::Kind kind, const std::string& logical_key) const;
  /// Moves a row and keeps ready set and barriers in step.
  void move(MemoryRun& run, std::uint32_t id, OperationState state, const Outcome& outcome,
            WallTime now);
  void block_dependants(MemoryRun& run, std::uint32_t cause, WallTime now);
  void apply(const Effects& effects);
  void drop_links(const Link& link);
};

}  // namespace rollcall

// Plans, runs and the queue of the in-memory journal.
#include <fmt/core.h>

#include <algorithm>

#include "service/journal/memory_rows_internal.h"

namespace rollcall {
namespace {

Error lost(RunId id) {
  return make_error(ErrorCode::journal_lock_lost,
                    fmt::format("run {} no longer holds its lock", id));
}

MemoryRun queue_of(const MemoryPlan& plan) {
  MemoryRun run;
  std::unordered_map<std::uint32_t, bool> barrier;
  for (const Operation& op : plan.operations) {
    barrier[op.id] = is_barrier(op.kind);
    MemoryQueued row;
    row.wave = op.wave;
    row.host = op.request.with;
    if (!op.held_by.empty()) row.state = OperationState::held;
    if (row.host != 0) run.riders[row.host].push_back(op.id);
    run.queue.emplace(op.id, row);
  }
  for (const Operation& op : plan.operations) {
    MemoryQueued& row = run.queue.at(op.id);
    const std::set<std::uint32_t> befores(op.after.begin(), op.after.end());
    for (const std::uint32_t before : befores) {
      const auto known = barrier.find(before);
      if (known == barrier.end() || before == op.request.with) continue;
      if (!known->second) {
        ++row.pending;
        run.dependants[before].push_back(op.id);
        continue;
      }
      run.shared_before[op.id].push_back(before);
      const auto opens = static_cast<std::uint16_t>(run.queue.at(before).wave + 1);
      row.wave = std::max(row.wave, opens);
      if (row.host != 0 && run.queue.count(row.host) > 0) {
        MemoryQueued& host = run.queue.at(row.host);
        host.wave = std::max(host.wave, opens);
      }
    }
  }
  return run;
}

/// Fills ready set and barriers, then ends what depends on held operations.
void open_queue(MemoryStore::Rows& rows, MemoryRun& run, const MemoryPlan& plan, WallTime now) {
  std::vector<std::uint32_t> held;
  for (const Operation& op : plan.operations) {
    const MemoryQueued& row = run.queue.at(op.id);
    if (row.state == OperationState::held) {
      held.push_back(op.id);
      continue;
    }
    if (is_barrier(op.kind)) run.barriers.insert(row.wave);
    if (row.host == 0 && row.pending == 0) run.ready.insert({priority_of(op.kind), op.id});
  }
  for (const std::uint32_t id : held) rows.block_dependants(run, id, now);
}

Error locked(const MemoryStore::Rows& rows, Lane lane) {
  for (auto it = rows.runs.rbegin(); it != rows.runs.rend(); ++it) {
    const MemoryRun& run = it->second;
    if (run.lane != lane || run.row.state != "running") continue;
    std::size_t settled = 0;
    for (const auto& [id, row] : run.queue) settled += is_settled(row.state) ? 1 : 0;
    return make_error(ErrorCode::journal_locked,
                      fmt::format("run {} of {} holds the lock since {}, {} of {} operations "
                                  "settled",
                                  it->first, run.row.holder, format_rfc3339(run.row.started_at),
                                  settled, run.queue.size()));
  }
  return make_error(ErrorCode::journal_locked, "another process holds the lock");
}

QueuedOperation queued(const MemoryStore::Rows& rows, const MemoryRun& run, std::uint32_t id) {
  const MemoryQueued& row = run.queue.at(id);
  const Operation& op = rows.operation(run, id);
  QueuedOperation q;
  q.operation = id;
  q.host = row.host;
  q.state = row.state;
  q.kind = op.kind;
  q.attempt = row.attempt;
  q.worker_key = op.subject.worker_key;
  q.user_id = op.subject.user_id.empty() ? rows.linked(Link::Kind::user, op.subject.worker_key)
                                         : op.subject.user_id;
  q.group_name = op.object.name;
  q.group_id = op.object.id.empty() ? rows.linked(Link::Kind::group, op.object.name) : op.object.id;
  q.intent_at = row.intent_at.value_or(WallTime{});
  return q;
}

std::vector<QueuedOperation> rows_for(const MemoryStore::Rows& rows, const MemoryRun& run,
                                      std::span<const Settled> settled) {
  std::set<std::uint32_t> ids;
  for (const Settled& one : settled) {
    if (run.queue.count(one.operation) == 0) continue;
    ids.insert(one.operation);
    const MemoryQueued& row = run.queue.at(one.operation);
    if (row.host != 0 && run.queue.count(row.host) > 0) ids.insert(row.host);
    const auto riders = run.riders.find(one.operation);
    if (riders == run.riders.end()) continue;
    for (const std::uint32_t rider : riders->second) {
      if (run.queue.at(rider).host == one.operation) ids.insert(rider);
    }
  }
  std::vector<QueuedOperation> out;
  for (const std::uint32_t id : ids) out.push_back(queued(rows, run, id));
  return out;
}

Operation filled(const MemoryStore::Rows& rows, const MemoryRun& run, std::uint32_t id) {
  Operation op = rows.operation(run, id);
  const MemoryQueued& row = run.queue.at(id);
  if (row.host == 0) op.request.with = 0;
  fill_ids(op, rows.linked(Link::Kind::user, op.subject.worker_key),
           rows.linked(Link::Kind::group, op.object.name));
  return op;
}

/// The outcome that ends an operation which cannot be sent; nullopt if it can.
std::optional<Outcome> obstacle(const MemoryRun& run, const Operation& op, bool rider) {
  const auto before = run.shared_before.find(op.id);
  if (before != run.shared_before.end()) {
    for (const std::uint32_t id : before->second) {
      const OperationState state = run.queue.at(id).state;
      if (is_settled(state) && state != OperationState::applied) return blocked_by(id, state);
    }
  }
  if (auto missing = missing_id(op, rider)) {
    Outcome outcome;
    outcome.state = Outcome::State::unsent;
    outcome.message = *missing;
    return outcome;
  }
  return std::nullopt;
}

void detach(MemoryRun& run, std::uint32_t rider, const Operation& op, std::uint32_t pending_on) {
  MemoryQueued& row = run.queue.at(rider);
  row.host = 0;
  if (pending_on != 0) {
    ++row.pending;
    run.dependants[pending_on].push_back(rider);
  }
  if (row.pending == 0 && waits(row.state)) run.ready.insert({priority_of(op.kind), rider});
}

void to_intent(MemoryStore::Rows& rows, MemoryRun& run, std::uint32_t id, WallTime now) {
  MemoryQueued& row = run.queue.at(id);
  ++row.attempt;
  rows.move(run, id, OperationState::intent, {}, now);
  const Operation& op = rows.operation(run, id);
  if (!journal_only(op.kind)) {
    const std::string linked = rows.linked(Link::Kind::user, op.subject.worker_key);
    const std::string& user = op.subject.user_id.empty() ? linked : op.subject.user_id;
    if (!user.empty()) rows.touched.push_back({now, user});
  }
}

void add_riders(MemoryStore::Rows& rows, MemoryRun& run, Claim& claim, WallTime now) {
  const auto riders = run.riders.find(claim.operation.id);
  if (riders == run.riders.end()) return;
  for (const std::uint32_t id : riders->second) {
    const MemoryQueued& row = run.queue.at(id);
    if (row.host != claim.operation.id || !waits(row.state)) continue;
    Operation op = filled(rows, run, id);
    if (const auto blocked = obstacle(run, op, true)) {
      rows.move(run, id, OperationState::blocked, *blocked, now);
      rows.block_dependants(run, id, now);
    } else if (row.pending > 0 || claim.riders.size() == kMaxRiders) {
      detach(run, id, op, claim.operation.id);
    } else {
      to_intent(rows, run, id, now);
      claim.riders.push_back(std::move(op));
    }
  }
}

/// The next hosts that may run, at most as many as wished.
std::vector<std::uint32_t> ready_hosts(const MemoryRun& run, ClaimWish wish, WallTime now) {
  const std::uint16_t open = run.barriers.empty() ? 0xffff : *run.barriers.begin();
  std::vector<std::uint32_t> ids;
  for (const auto& [priority, id] : run.ready) {
    if (ids.size() == wish.count) break;
    const MemoryQueued& row = run.queue.at(id);
    if (at(wish.of, priority) == 0 || row.wave > open || row.not_before > now) continue;
    --at(wish.of, priority);
    ids.push_back(id);
  }
  return ids;
}

/// Blocked operations make room for others, so this goes on until the wish or the queue is empty.
std::vector<Claim> claim_ready(MemoryStore::Rows& rows, MemoryRun& run, ClaimWish wish,
                               WallTime now) {
  std::vector<Claim> claims;
  for (;;) {
    const auto ids = ready_hosts(run, wish, now);
    for (const std::uint32_t id : ids) {
      Claim claim;
      claim.operation = filled(rows, run, id);
      if (const auto blocked = obstacle(run, claim.operation, false)) {
        rows.move(run, id, OperationState::blocked, *blocked, now);
        rows.block_dependants(run, id, now);
        continue;
      }
      to_intent(rows, run, id, now);
      claim.attempt = run.queue.at(id).attempt;
      add_riders(rows, run, claim, now);
      --wish.count;
      --at(wish.of, priority_of(claim.operation.kind));
      claims.push_back(std::move(claim));
    }
    if (ids.empty() || wish.count == 0) return claims;
  }
}

void settle_rows(MemoryStore::Rows& rows, MemoryRun& run, std::span<const Transition> moves,
                 std::span<const QueuedOperation> known, WallTime now) {
  std::unordered_map<std::uint32_t, const QueuedOperation*> by_id;
  for (const QueuedOperation& row : known) by_id.emplace(row.operation, &row);
  Effects effects;
  for (const Transition& move : moves) {
    run.queue.at(move.operation).not_before = now + move.wait_ms;
    add_effects(move, *by_id.at(move.operation), now, effects);
    rows.move(run, move.operation, move.state, move.outcome, now);
    if (!move.outcome.user_id.empty()) rows.touched.push_back({now, move.outcome.user_id});
    const QueuedOperation& row = *by_id.at(move.operation);
    if (move.state == OperationState::applied) {
      const auto either = [](const std::string& a, const std::string& b) {
        return a.empty() ? b : a;
      };
      rows.written.push_back({now, run.row.id, run.plan, move.operation,
                              either(row.user_id, move.outcome.user_id),
                              either(row.group_id, move.outcome.group_id)});
    }
    const bool written =
        move.state == OperationState::applied || move.state == OperationState::ambiguous;
    if (written && !journal_only(row.kind) && !row.user_id.empty()) {
      rows.touched.push_back({now, row.user_id});
    }
  }
  rows.apply(effects);
  for (const Transition& move : moves) {
    if (move.detach) detach(run, move.operation, rows.operation(run, move.operation), 0);
    if (move.state == OperationState::applied) {
      for (const std::uint32_t id : run.dependants[move.operation]) {
        MemoryQueued& row = run.queue.at(id);
        --row.pending;
        if (row.pending == 0 && row.host == 0 && waits(row.state)) {
          run.ready.insert({priority_of(rows.operation(run, id).kind), id});
        }
      }
    } else if (is_settled(move.state)) {
      rows.block_dependants(run, move.operation, now);
    }
  }
}

std::vector<std::uint32_t> with_riders(const MemoryRun& run,
                                       std::span<const std::uint32_t> operations) {
  std::vector<std::uint32_t> all(operations.begin(), operations.end());
  for (const std::uint32_t id : operations) {
    const auto riders = run.riders.find(id);
    if (riders == run.riders.end()) continue;
    for (const std::uint32_t rider : riders->second) {
      const MemoryQueued& row = run.queue.at(rider);
      if (row.host == id && row.state == OperationState::intent) all.push_back(rider);
    }
  }
  return all;
}

/// An urgent run goes first on its people: what the main run still has waiting for them ends.
void supersede_people(MemoryStore::Rows& rows, const MemoryPlan& urgent, WallTime now) {
  std::set<std::string> people;
  for (const Operation& op : urgent.operations) people.insert(op.subject.worker_key);
  people.erase("");
  for (auto& [id, run] : rows.runs) {
    if (run.lane != Lane::main || run.row.state != "running") continue;
    for (auto& [operation, row] : run.queue) {
      if (!waits(row.state)) continue;
      if (people.count(rows.operation(run, operation).subject.worker_key) == 0) continue;
      rows.move(run, operation, OperationState::superseded, {}, now);
    }
  }
}

Result<void> may_apply(const MemoryPlan& plan) {
  if (plan.state.state == "sealed") return ok();
  return make_error(ErrorCode::plan_superseded,
                    fmt::format("plan {} is {}", to_text(plan.state.id), plan.state.state));
}

}  // namespace

MemoryPlan* MemoryStore::Rows::find(const Sha256& id) {
  for (auto it = plans.rbegin(); it != plans.rend(); ++it) {
    if (it->state.id == id) return &*it;
  }
  return nullptr;
}

Result<MemoryRun*> MemoryStore::Rows::guarded(const RunHandle& handle, const void* session) {
  const auto found = runs.find(handle.id);
  if (found == runs.end()) return lost(handle.id);
  MemoryRun& run = found->second;
  const auto lock = locks.find(handle.lane);
  const bool holds = lock != locks.end() && lock->second == session;
  if (!holds || run.epoch != handle.epoch || run.row.state != "running") return lost(handle.id);
  return &run;
}

const Operation& MemoryStore::Rows::operation(const MemoryRun& run, std::uint32_t id) const {
  const MemoryPlan& plan = plans[run.plan];
  return plan.operations[plan.at.at(id)];
}

void MemoryStore::Rows::move(MemoryRun& run, std::uint32_t id, OperationState state,
                             const Outcome& outcome, WallTime now) {
  MemoryQueued& row = run.queue.at(id);
  const Operation& op = operation(run, id);
  if (is_barrier(op.kind) && !is_settled(row.state) && is_settled(state)) {
    run.barriers.erase(run.barriers.find(row.wave));
  }
  row.state = state;
  if (state == OperationState::intent) {
    row.intent_at = now;
  } else {
    row.outcome = outcome;
    row.settled_at = now;
  }
  const std::tuple<Priority, std::uint32_t> place{priority_of(op.kind), id};
  if (waits(state) && row.host == 0 && row.pending == 0) {
    run.ready.insert(place);
  } else {
    run.ready.erase(place);
  }
}

void MemoryStore::Rows::block_dependants(MemoryRun& run, std::uint32_t cause, WallTime now) {
  std::vector<std::uint32_t> open{cause};
  while (!open.empty()) {
    const std::uint32_t before = open.back();
    open.pop_back();
    const OperationState ended = run.queue.at(before).state;
    std::vector<std::uint32_t> next = run.dependants[before];
    for (const std::uint32_t rider : run.riders[before]) {
      if (run.queue.at(rider).host == before) next.push_back(rider);
    }
    for (const std::uint32_t id : next) {
      if (!waits(run.queue.at(id).state)) continue;
      move(run, id, OperationState::blocked, blocked_by(before, ended), now);
      open.push_back(id);
    }
  }
}

Result<void> MemoryJournal::seal_plan(OperationCursor& operations, const PlanHeader& header,
                                      const PlanTrailer& trailer, const Sha256& id) {
  MemoryPlan plan;
  plan.state = {header, trailer, id, "sealed"};
  plan.state.header.sealed = true;
  for (;;) {
    const auto next = operations.next();
    if (!next) return next.error();
    if (*next == nullptr) break;
    plan.at[(*next)->id] = plan.operations.size();
    plan.operations.push_back(**next);
  }
  MemoryPlan* known = rows_.find(id);
  if (known != nullptr && known->state.state == "sealed") known->state = {{}, {}, {}, "replaced"};
  rows_.plans.push_back(std::move(plan));
  return ok();
}

Result<std::optional<PlanState>> MemoryJournal::find_plan(const Sha256& id) {
  const MemoryPlan* plan = rows_.find(id);
  if (plan == nullptr) return std::optional<PlanState>();
  return std::optional<PlanState>(plan->state);
}

Result<std::vector<Operation>> MemoryJournal::plan_operations(const Sha256& id) {
  const MemoryPlan* plan = rows_.find(id);
  if (plan == nullptr) {
    return make_error(ErrorCode::plan_unknown,
                      fmt::format("the journal holds no plan {}", to_text(id)));
  }
  return plan->operations;
}

Result<RunHandle> MemoryJournal::begin_run(const RunSpec& spec) {
  if (const auto bound = bind(spec.org_id, spec.environment); !bound) return bound.error();
  if (rows_.is_locked(spec.lane)) return locked(rows_, spec.lane);
  MemoryPlan* plan = rows_.find(spec.plan);
  if (plan == nullptr) {
    return make_error(ErrorCode::plan_unknown,
                      fmt::format("the journal holds no plan {}", to_text(spec.plan)));
  }
  if (const auto may = may_apply(*plan); !may) return may.error();
  for (auto& [id, old] : rows_.runs) {
    if (old.lane != spec.lane || old.row.state != "running") continue;
    old.row.state = "interrupted";
    ++old.epoch;
  }
  if (spec.lane == Lane::main) {
    for (MemoryPlan& other : rows_.plans) {
      if (&other == plan) break;
      if (other.state.state == "sealed") other.state.state = "superseded";
    }
  }
  const RunId id = rows_.runs.empty() ? 1 : rows_.runs.rbegin()->first + 1;
  MemoryRun& run = rows_.runs[id] = queue_of(*plan);
  run.lane = spec.lane;
  run.plan =
      static_cast<std::size_t>(std::find_if(rows_.plans.begin(), rows_.plans.end(),
                                            [&](const MemoryPlan& one) { return &one == plan; }) -
                               rows_.plans.begin());
  run.row.id = id;
  run.row.verb = spec.verb;
  run.row.state = "running";
  run.row.started_at = clock_.wall();
  run.row.plan = spec.plan;
  run.row.holder = spec.holder;
  plan->state.state = "applying";
  rows_.locks[spec.lane] = this;
  open_queue(rows_, run, *plan, clock_.wall());
  if (spec.lane == Lane::urgent) supersede_people(rows_, *plan, clock_.wall());
  return RunHandle{id, run.epoch, spec.lane};
}

Result<std::vector<Claim>> MemoryJournal::settle_and_claim(const RunHandle& handle,
                                                           std::span<const Settled> settled,
                                                           const ClaimWish& wish) {
  const auto run = rows_.guarded(handle, this);
  if (!run) return run.error();
  const auto known = rows_for(rows_, **run, settled);
  const auto moves = transitions_of(settled, known);
  if (!moves) return moves.error();
  settle_rows(rows_, **run, *moves, known, clock_.wall());
  return claim_ready(rows_, **run, wish, clock_.wall());
}

Result<void> MemoryJournal::give_back(const RunHandle& handle,
                                      std::span<const std::uint32_t> operations) {
  const auto run = rows_.guarded(handle, this);
  if (!run) return run.error();
  for (const std::uint32_t id : with_riders(**run, operations)) {
    const auto row = (*run)->queue.find(id);
    if (row == (*run)->queue.end() || row->second.state != OperationState::intent) {
      return make_error(ErrorCode::internal_defect,
                        fmt::format("operation {} was given back without having been claimed", id));
    }
    --row->second.attempt;
    rows_.move(**run, id, OperationState::planned, {}, clock_.wall());
  }
  return ok();
}

Result<std::uint64_t> MemoryJournal::open_operations(const RunHandle& handle) {
  const auto run = rows_.guarded(handle, this);
  if (!run) return run.error();
  std::uint64_t open = 0;
  for (const auto& [id, row] : (*run)->queue) open += row.host == 0 && waits(row.state) ? 1 : 0;
  return open;
}

Result<std::optional<std::int64_t>> MemoryJournal::next_retry_ms(const RunHandle& handle) {
  const auto run = rows_.guarded(handle, this);
  if (!run) return run.error();
  std::optional<std::int64_t> least;
  for (const auto& [priority, id] : (*run)->ready) {
    const MemoryQueued& row = (*run)->queue.at(id);
    if (row.state != OperationState::retry) continue;
    const std::int64_t ms = std::max<std::int64_t>(0, row.not_before - clock_.wall());
    least = std::min(least.value_or(ms), ms);
  }
  return least;
}

Result<RunHandle> MemoryJournal::take_over(RunId id, const std::string& holder) {
  const auto found = rows_.runs.find(id);
  const bool known = found != rows_.runs.end();
  if (known && rows_.is_locked(found->second.lane)) return locked(rows_, found->second.lane);
  const std::string state = known ? rows_.shown(found->second).state : "";
  if (state != "interrupted") {
    return make_error(ErrorCode::journal_run_unknown,
                      fmt::format("run {} is no interrupted run of this journal", id));
  }
  MemoryRun& run = found->second;
  ++run.epoch;
  run.row.state = "running";
  run.row.holder = holder;
  run.row.ended_at.reset();
  run.row.exit_code.reset();
  rows_.locks[run.lane] = this;
  return RunHandle{id, run.epoch, run.lane};
}

Result<std::vector<Claim>> MemoryJournal::unsettled(const RunHandle& handle) {
  const auto run = rows_.guarded(handle, this);
  if (!run) return run.error();
  std::map<std::uint32_t, Claim> claims;
  const auto& queue = (*run)->queue;
  const auto rides = [&](const MemoryQueued& row) {
    const auto host = queue.find(row.host);
    return row.host != 0 && host != queue.end() && in_flight(host->second.state);
  };
  for (const auto& [id, row] : queue) {
    if (!in_flight(row.state) || rides(row)) continue;
    claims[id] = {filled(rows_, **run, id), {}, row.attempt, true};
    if (row.intent_at) claims[id].intent_age_ms = clock_.wall() - *row.intent_at;
  }
  for (const auto& [id, row] : queue) {
    if (in_flight(row.state) && rides(row)) {
      claims.at(row.host).riders.push_back(filled(rows_, **run, id));
    }
  }
  std::vector<Claim> out;
  for (auto& [id, claim] : claims) out.push_back(std::move(claim));
  return out;
}

Result<void> MemoryJournal::supersede(const RunHandle& handle) {
  const auto run = rows_.guarded(handle, this);
  if (!run) return run.error();
  for (auto& [id, row] : (*run)->queue) {
    if (waits(row.state)) {
      rows_.move(**run, id, OperationState::superseded, {}, clock_.wall());
    }
  }
  (*run)->superseded = true;
  rows_.plans[(*run)->plan].state.state = "superseded";
  return ok();
}

}  // namespace rollcall

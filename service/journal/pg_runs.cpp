// Runs in PostgreSQL: begin, end, recovery, history.
#include <fmt/core.h>

#include "service/journal/pg_store_internal.h"

namespace rollcall::pg {
namespace {

constexpr const char* kRunColumns =
    "SELECT r.id, r.verb, r.state, r.started_at_ms, r.ended_at_ms, r.exit_code, p.plan_id,"
    " r.holder, r.counts, r.lane FROM run r JOIN plan p ON p.seq = r.plan_seq ";

const std::string kRunById = std::string(kRunColumns) + "WHERE r.id = $1";
const std::string kRunsNewest = std::string(kRunColumns) + "ORDER BY r.id DESC LIMIT $1";
const std::string kRunsOpen =
    std::string(kRunColumns) + "WHERE r.state IN ('running', 'interrupted') ORDER BY r.id";

Error unknown_run(RunId id, std::string_view what) {
  return make_error(ErrorCode::journal_run_unknown, fmt::format("run {} {}", id, what));
}

std::map<OperationState, std::uint64_t> counts_from(const std::string& text) {
  std::map<OperationState, std::uint64_t> out;
  const auto json = parse_json(text);
  if (!json) return out;
  for (const auto& [name, count] : json->members()) {
    const auto state = operation_state(name);
    if (state) out[*state] = static_cast<std::uint64_t>(count.as_int());
  }
  return out;
}

std::string counts_text(const std::map<OperationState, std::uint64_t>& counts) {
  Json json = Json::object();
  for (const auto& [state, count] : counts) json.set(to_string(state), count);
  return json.dump();
}

}  // namespace

Result<std::int64_t> PgJournal::take_plan(Tx& tx, const RunSpec& spec) {
  const auto rows =
      exec(tx,
           "SELECT seq, state, operations, (SELECT count(*) FROM operation o WHERE"
           " o.plan_seq = p.seq) FROM plan p WHERE plan_id = $1::bytea ORDER BY seq DESC LIMIT 1"
           " FOR UPDATE",
           bytea(spec.plan));
  if (rows.empty()) {
    return make_error(ErrorCode::plan_unknown,
                      fmt::format("the journal holds no plan {}", to_text(spec.plan)));
  }
  if (text(rows[0][1]) != "sealed") {
    return make_error(ErrorCode::plan_superseded,
                      fmt::format("plan {} is {}", to_text(spec.plan), text(rows[0][1])));
  }
  if (number(rows[0][2]) != number(rows[0][3])) {
    return make_error(ErrorCode::journal_plan_corrupt,
                      fmt::format("plan {} was sealed with {} operations, {} are stored",
                                  to_text(spec.plan), number(rows[0][2]), number(rows[0][3])));
  }
  const std::int64_t seq = number(rows[0][0]);
  exec(tx, "UPDATE plan SET state = 'applying' WHERE seq = $1", seq);
  if (spec.lane == Lane::main) {
    exec(tx, "UPDATE plan SET state = 'superseded' WHERE state = 'sealed' AND seq < $1", seq);
  }
  return seq;
}

void PgJournal::fill_queue(Tx& tx, RunState& state) {
  exec(tx,
       "INSERT INTO operation_queue (run_id, operation, state, barrier, priority, wave,"
       " pending_deps, host) SELECT $1, o.operation, CASE WHEN o.held_by = ''"
       " THEN 'planned'::operation_state ELSE 'held'::operation_state END, o.barrier, o.priority,"
       " o.wave, COALESCE(d.n, 0), o.host FROM operation o LEFT JOIN"
       " (SELECT dependant, count(*)::int AS n FROM operation_edge WHERE plan_seq = $2"
       " AND NOT shared GROUP BY dependant) d ON d.dependant = o.operation WHERE o.plan_seq = $2",
       state.id, state.plan_seq);
  constexpr std::int64_t kLarge = 2'000;  // from here on a claim that reads the queue whole is felt
  if (number(exec(tx, "SELECT operations FROM run WHERE id = $1", state.id)[0][0]) >= kLarge) {
    // A role whose grants are older than the function does without: slower, and right.
    const auto may = exec(tx, "SELECT has_function_privilege('analyze_queue()', 'execute')");
    if (may[0][0].as<bool>()) exec(tx, "SELECT analyze_queue()");
  }
  // Whatever waves the plan says, nothing runs before a barrier that it, or what rides with it,
  // comes after.
  exec(tx,
       "UPDATE operation_queue q SET wave = w.wave FROM ("
       "SELECT x.operation, max(b.wave) + 1 AS wave FROM ("
       "SELECT e.dependant AS operation, e.before FROM operation_edge e"
       " WHERE e.plan_seq = $2 AND e.shared"
       " UNION ALL SELECT o.host, e.before FROM operation_edge e JOIN operation o"
       " ON o.plan_seq = $2 AND o.operation = e.dependant"
       " WHERE e.plan_seq = $2 AND e.shared AND o.host <> 0) x"
       " JOIN operation b ON b.plan_seq = $2 AND b.operation = x.before GROUP BY x.operation) w"
       " WHERE q.run_id = $1 AND q.operation = w.operation AND q.wave < w.wave",
       state.id, state.plan_seq);
  exec(tx,
       "UPDATE run SET max_wave = (SELECT COALESCE(max(wave), 0) FROM operation_queue"
       " WHERE run_id = $1), has_shared = EXISTS (SELECT 1 FROM operation_edge"
       " WHERE plan_seq = $2 AND shared) WHERE id = $1",
       state.id, state.plan_seq);
  const auto held = exec(
      tx, "SELECT operation FROM operation_queue WHERE run_id = $1 AND state = 'held'", state.id);
  if (held.empty()) return;
  Array ids;
  for (const auto& row : held) ids.add(number(row[0]));
  block_dependants(tx, state, ids);
}

void PgJournal::supersede_people(Tx& tx, const RunState& urgent) {
  const auto runs = exec(tx,
                         "SELECT id, plan_seq, turn, outcome_seq, chain_head FROM run"
                         " WHERE lane = 0 AND state = 'running' ORDER BY id FOR UPDATE");
  for (const auto& run : runs) {
    RunState main;
    main.id = number(run[0]);
    main.plan_seq = number(run[1]);
    main.turn = number(run[2]);
    main.outcome_seq = static_cast<std::uint64_t>(number(run[3]));
    main.chain_head = digest(run[4]);
    main.now = urgent.now;
    const auto rows = exec(tx,
                           "UPDATE operation_queue q SET state = 'superseded', settled_at_ms = $4"
                           " FROM operation o WHERE q.run_id = $1 AND o.plan_seq = $2"
                           " AND o.operation = q.operation AND q.state IN ('planned', 'retry')"
                           " AND o.worker_key <> '' AND o.worker_key IN"
                           " (SELECT worker_key FROM operation WHERE plan_seq = $3)"
                           " RETURNING q.operation, q.attempt",
                           main.id, main.plan_seq, urgent.plan_seq, urgent.now.ms);
    for (const auto& row : rows) {
      main.record(static_cast<std::uint32_t>(number(row[0])), static_cast<int>(number(row[1])),
                  OperationState::superseded, {});
    }
    if (!rows.empty()) close_turn(tx, main);
  }
}

Result<RunHandle> PgJournal::start(Tx& tx, const RunSpec& spec, RunId id) {
  if (const auto bound = check_binding(tx, spec.org_id, spec.environment); !bound) {
    return bound.error();
  }
  whole_tables(tx);
  const auto plan = take_plan(tx, spec);
  if (!plan) return plan.error();
  // A run of this lane that still says `running` is dead, since we hold its lock: a process that
  // only lost its connection must not write on.
  exec(tx,
       "UPDATE run SET state = 'interrupted', epoch = epoch + 1 WHERE lane = $1::smallint"
       " AND state = 'running'",
       static_cast<int>(spec.lane));
  RunState state;
  state.id = id;
  state.plan_seq = *plan;
  state.now = clock_.wall();
  exec(tx,
       "INSERT INTO run (id, lane, verb, plan_seq, holder, state, epoch, operations,"
       " started_at_ms, heartbeat_at_ms, chain_head) SELECT $1, $2::smallint, $3, $4, $5,"
       " 'running', 1, operations, $6, $6, $7::bytea FROM plan WHERE seq = $4",
       id, static_cast<int>(spec.lane), spec.verb, *plan, spec.holder, state.now.ms,
       bytea(state.chain_head));
  fill_queue(tx, state);
  if (spec.lane == Lane::urgent) supersede_people(tx, state);
  close_turn(tx, state);
  return RunHandle{id, 1, spec.lane};
}

Result<RunHandle> PgJournal::begin_run(const RunSpec& spec) {
  if (const auto key = need_key(); !key) return key.error();
  auto& held = held_[static_cast<std::size_t>(spec.lane)];
  const auto id = transact<RunId>([&](Tx& tx) -> Result<RunId> {
    if (held) return locked(tx, spec.lane);
    return number(exec(tx, "SELECT nextval('run_seq')")[0][0]);
  });
  if (!id) return id.error();
  const auto got = try_lock(spec.lane);
  if (!got) return got.error();
  if (!*got) {
    return transact<RunHandle>([&](Tx& tx) -> Result<RunHandle> { return locked(tx, spec.lane); });
  }
  held = true;
  auto run = transact_unless_stopped<RunHandle>(
      [&](Tx& tx) { return start(tx, spec, *id); },
      [&](Tx& tx) -> std::optional<Result<RunHandle>> {
        if (exec(tx, "SELECT 1 FROM run WHERE id = $1", *id).empty()) return std::nullopt;
        return RunHandle{*id, 1, spec.lane};
      });
  if (!run) unlock(spec.lane);
  return run;
}

Result<void> PgJournal::give_back(const RunHandle& run, std::span<const std::uint32_t> operations) {
  return guarded<void>(
      run,
      [&](Tx& tx, RunState& state) -> Result<void> {
        Array ids;
        for (const std::uint32_t id : operations) ids.add(std::int64_t{id});
        const auto rows =
            exec(tx,
                 "UPDATE operation_queue SET state = 'planned', attempt = attempt - 1,"
                 " settled_at_ms = $3, lease_until = NULL WHERE run_id = $1 AND state = 'intent'"
                 " AND (operation = ANY($2::bigint[]) OR (host <> 0 AND host = ANY($2::bigint[])))"
                 " RETURNING operation, attempt, operation = ANY($2::bigint[])",
                 state.id, ids.str(), state.now.ms);
        std::size_t named = 0;
        for (const auto& row : rows) {
          named += truth(row[2]) ? 1 : 0;
          state.record(static_cast<std::uint32_t>(number(row[0])), static_cast<int>(number(row[1])),
                       OperationState::planned, {});
        }
        if (named == operations.size()) return ok();
        return make_error(ErrorCode::internal_defect,
                          fmt::format("{} of {} operations given back had not been claimed",
                                      operations.size() - named, operations.size()));
      },
      [](Tx&, RunState&) { return ok(); });
}

Result<std::uint64_t> PgJournal::open_operations(const RunHandle& run) {
  return transact<std::uint64_t>([&](Tx& tx) -> Result<std::uint64_t> {
    const auto state = lock_run(tx, run);
    if (!state) return state.error();
    if (!state->running) return lock_lost(run.id);
    return static_cast<std::uint64_t>(
        number(exec(tx,
                    "SELECT count(*) FROM operation_queue WHERE run_id = $1 AND host = 0"
                    " AND state IN ('planned', 'retry')",
                    run.id)[0][0]));
  });
}

Result<std::optional<std::int64_t>> PgJournal::next_retry_ms(const RunHandle& run) {
  using Wait = std::optional<std::int64_t>;
  return transact<Wait>([&](Tx& tx) -> Result<Wait> {
    const auto state = lock_run(tx, run);
    if (!state) return state.error();
    if (!state->running) return lock_lost(run.id);
    const auto rows = exec(tx,
                           "SELECT not_before_ms FROM operation_queue WHERE run_id = $1"
                           " AND state = 'retry' AND host = 0 AND pending_deps = 0"
                           " ORDER BY not_before_ms LIMIT 1",
                           run.id);
    if (rows.empty()) return Wait();
    return Wait(std::max<std::int64_t>(0, number(rows[0][0]) - state->now.ms));
  });
}

Result<void> PgJournal::heartbeat(const RunHandle& run) {
  return guarded<void>(
      run,
      [&](Tx& tx, RunState& state) {
        exec(tx,
             "UPDATE operation_queue SET lease_until = clock_timestamp()"
             " + $2 * interval '1 millisecond' WHERE run_id = $1 AND state = 'intent'",
             state.id, lease_ms_);
        return ok();
      },
      [](Tx&, RunState&) { return ok(); });
}

std::map<OperationState, std::uint64_t> PgJournal::counts(Tx& tx, RunId id) {
  std::map<OperationState, std::uint64_t> out;
  const auto rows =
      exec(tx, "SELECT state, count(*) FROM operation_queue WHERE run_id = $1 GROUP BY state", id);
  for (const auto& row : rows) {
    const auto state = operation_state(text(row[0]));
    if (state) out[*state] = static_cast<std::uint64_t>(number(row[1]));
  }
  return out;
}

Result<void> PgJournal::end_run(const RunHandle& run, int exit_code, const std::string& note) {
  auto ended = guarded<void>(
      run,
      [&](Tx& tx, RunState& state) {
        const bool left = !exec(tx,
                                "SELECT 1 FROM operation_queue WHERE run_id = $1"
                                " AND (state IN ('intent', 'ambiguous')"
                                " OR (host = 0 AND state IN ('planned', 'retry'))) LIMIT 1",
                                state.id)
                               .empty();
        const auto before = exec(tx,
                                 "SELECT closing FROM run WHERE id < $1 AND closing IS NOT NULL"
                                 " ORDER BY id DESC LIMIT 1",
                                 state.id);
        const Sha256 previous = before.empty() ? Sha256{} : digest(before[0][0]);
        exec(tx,
             "UPDATE run SET state = $2, ended_at_ms = $3, exit_code = $4, note = $5, counts = $6,"
             " closing = $7::bytea WHERE id = $1",
             state.id,
             std::string(state.superseded ? "abandoned"
                         : left           ? "interrupted"
                                          : "finished"),
             state.now.ms, exit_code, note, counts_text(counts(tx, state.id)),
             bytea(chain_close(state.chain_head, previous)));
        if (!left && !state.superseded) {
          exec(tx, "UPDATE plan SET state = 'applied' WHERE seq = $1", state.plan_seq);
        }
        return ok();
      },
      [](Tx&, RunState&) { return ok(); });
  if (ended) unlock(run.lane);
  return ended;
}

RunRow PgJournal::run_row(Tx& tx, const Row& row) {
  RunRow out;
  out.id = number(row[0]);
  out.verb = text(row[1]);
  out.state = text(row[2]);
  out.started_at = {number(row[3])};
  if (!row[4].is_null()) out.ended_at = WallTime{number(row[4])};
  if (!row[5].is_null()) out.exit_code = static_cast<int>(number(row[5]));
  out.plan = digest(row[6]);
  out.holder = text(row[7]);
  out.counts = row[8].is_null() ? counts(tx, out.id) : counts_from(text(row[8]));
  out.lane = static_cast<Lane>(number(row[9]));
  if (out.state == "running" && !lane_locked(tx, out.lane)) out.state = "interrupted";
  return out;
}

Result<std::vector<Interrupted>> PgJournal::interrupted() {
  using Left = std::vector<Interrupted>;
  return transact<Left>([&](Tx& tx) -> Result<Left> {
    Left out;
    for (const auto& row : exec(tx, kRunsOpen.c_str())) {
      Interrupted one;
      one.run = run_row(tx, row);
      if (one.run.state != "interrupted") continue;
      one.sealed = true;
      const auto sums = exec(tx,
                             "SELECT count(*) FILTER (WHERE state IN ('intent', 'ambiguous')),"
                             " count(*) FILTER (WHERE host = 0 AND state IN ('planned', 'retry'))"
                             " FROM operation_queue WHERE run_id = $1",
                             one.run.id);
      one.intents = static_cast<std::uint64_t>(number(sums[0][0]));
      one.waiting = static_cast<std::uint64_t>(number(sums[0][1]));
      out.push_back(std::move(one));
    }
    return out;
  });
}

Result<RunHandle> PgJournal::take_over(RunId id, const std::string& holder) {
  if (const auto key = need_key(); !key) return key.error();
  const auto lane = transact<Lane>([&](Tx& tx) -> Result<Lane> {
    const auto rows = exec(tx, "SELECT lane, state FROM run WHERE id = $1", id);
    if (rows.empty()) return unknown_run(id, "is not in this journal");
    const auto found = static_cast<Lane>(number(rows[0][0]));
    if (held_[static_cast<std::size_t>(found)]) return locked(tx, found);
    return found;
  });
  if (!lane) return lane.error();
  const auto got = try_lock(*lane);
  if (!got) return got.error();
  if (!*got) {
    return transact<RunHandle>([&](Tx& tx) -> Result<RunHandle> { return locked(tx, *lane); });
  }
  held_[static_cast<std::size_t>(*lane)] = true;
  auto run = transact<RunHandle>([&](Tx& tx) -> Result<RunHandle> {
    // Harmless to repeat: a second call only makes the epoch one more.
    const auto rows = exec(tx,
                           "UPDATE run SET state = 'running', epoch = epoch + 1, holder = $2,"
                           " heartbeat_at_ms = $3, ended_at_ms = NULL, exit_code = NULL,"
                           " counts = NULL, closing = NULL WHERE id = $1"
                           " AND state IN ('running', 'interrupted') RETURNING epoch",
                           id, holder, clock_.wall().ms);
    if (rows.empty()) return unknown_run(id, "was not interrupted");
    return RunHandle{id, number(rows[0][0]), *lane};
  });
  if (!run) unlock(*lane);
  return run;
}

Result<void> PgJournal::supersede(const RunHandle& run) {
  return guarded<void>(
      run,
      [&](Tx& tx, RunState& state) {
        whole_tables(tx);
        const auto rows = exec(tx,
                               "UPDATE operation_queue SET state = 'superseded',"
                               " settled_at_ms = $2 WHERE run_id = $1"
                               " AND state IN ('planned', 'retry') RETURNING operation, attempt",
                               state.id, state.now.ms);
        for (const auto& row : rows) {
          state.record(static_cast<std::uint32_t>(number(row[0])), static_cast<int>(number(row[1])),
                       OperationState::superseded, {});
        }
        exec(tx, "UPDATE run SET superseded = true WHERE id = $1", state.id);
        exec(tx, "UPDATE plan SET state = 'superseded' WHERE seq = $1", state.plan_seq);
        return ok();
      },
      [](Tx&, RunState&) { return ok(); });
}

Result<std::vector<RunRow>> PgJournal::runs(std::size_t newest) {
  using List = std::vector<RunRow>;
  return transact<List>([&](Tx& tx) -> Result<List> {
    List out;
    const auto rows = exec(tx, kRunsNewest.c_str(), static_cast<std::int64_t>(newest));
    for (const auto& row : rows) out.push_back(run_row(tx, row));
    return out;
  });
}

Result<std::optional<RunRow>> PgJournal::run(RunId id) {
  using Found = std::optional<RunRow>;
  return transact<Found>([&](Tx& tx) -> Result<Found> {
    const auto rows = exec(tx, kRunById.c_str(), id);
    return rows.empty() ? Found() : Found(run_row(tx, rows[0]));
  });
}

Result<std::vector<OperationResult>> PgJournal::results(RunId id) {
  if (const auto key = need_key(); !key) return key.error();
  using List = std::vector<OperationResult>;
  return transact<List>([&](Tx& tx) -> Result<List> {
    const auto plans = exec(tx, "SELECT plan_seq FROM run WHERE id = $1", id);
    if (plans.empty()) return unknown_run(id, "is not in this journal");
    const std::int64_t seq = number(plans[0][0]);
    whole_tables(tx);
    const auto rows =
        exec(tx,
             "SELECT o.operation, o.worker_key, o.payload, q.state, q.attempt, q.intent_at_ms,"
             " q.settled_at_ms, l.code, l.message, l.http_status, l.request_id, l.user_id,"
             " l.group_id FROM operation_queue q JOIN operation o ON o.plan_seq = $2"
             " AND o.operation = q.operation LEFT JOIN (SELECT DISTINCT ON (operation) operation,"
             " code, message, http_status, request_id, user_id, group_id FROM operation_outcome"
             " WHERE run_id = $1 AND state <> 'intent' ORDER BY operation, seq DESC) l"
             " ON l.operation = q.operation WHERE q.run_id = $1 ORDER BY o.operation",
             id, seq);
    List out;
    for (const auto& row : rows) {
      auto op = open_operation(row, 2, 1, seq, static_cast<std::uint32_t>(number(row[0])));
      if (!op) return op.error();
      OperationResult one;
      one.operation = std::move(*op);
      one.state = operation_state(text(row[3])).value_or(OperationState::planned);
      one.attempts = static_cast<int>(number(row[4]));
      if (!row[5].is_null()) one.intent_at = WallTime{number(row[5])};
      if (!row[6].is_null()) one.settled_at = WallTime{number(row[6])};
      one.outcome.code = error_code_from_id(text(row[7]));
      one.outcome.message = text(row[8]);
      one.outcome.http_status = static_cast<int>(number(row[9]));
      one.outcome.request_id = text(row[10]);
      one.outcome.user_id = text(row[11]);
      one.outcome.group_id = text(row[12]);
      if (one.state == OperationState::applied) one.outcome.state = Outcome::State::applied;
      out.push_back(std::move(one));
    }
    return out;
  });
}

}  // namespace rollcall::pg

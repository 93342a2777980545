// One call per turn: outcomes in, claims out, in one transaction.
#include <fmt/core.h>

#include <algorithm>
#include <unordered_map>

#include "service/journal/pg_store_internal.h"

namespace rollcall::pg {
namespace {

using Claims = std::vector<Claim>;

/// Columns of a stored operation with the ids that earlier operations made.
#define ROLLCALL_FILLED                                                                         \
  " o.operation, o.worker_key, o.payload, q.attempt, q.host, COALESCE(u.okta_id, ''),"          \
  " COALESCE(g.okta_id, ''), q.intent_at_ms FROM operation_queue q"                             \
  " JOIN operation o ON o.plan_seq = $2 AND o.operation = q.operation"                          \
  " LEFT JOIN resource_link u ON o.user_id = '' AND o.worker_key <> '' AND u.kind = 'user'"     \
  " AND u.logical_key = o.worker_key AND NOT u.released"                                        \
  " LEFT JOIN resource_link g ON o.object_id = '' AND o.object_name <> '' AND g.kind = 'group'" \
  " AND g.logical_key = o.object_name "

/// Column 8 is the host if that is in the same set, else 0.
constexpr const char* kClaimedInTurn =
    "SELECT f.*, COALESCE(h.operation, 0) FROM (SELECT" ROLLCALL_FILLED
    "WHERE q.run_id = $1 AND q.state = 'intent' AND q.turn = $3) f"
    " LEFT JOIN operation_queue h ON h.run_id = $1 AND f.host <> 0 AND h.operation = f.host"
    " AND h.state = 'intent' AND h.turn = $3"
    " JOIN operation p ON p.plan_seq = $2 AND p.operation = f.operation"
    " ORDER BY p.priority, p.operation";
constexpr const char* kInFlight =
    "SELECT f.*, COALESCE(h.operation, 0) FROM (SELECT" ROLLCALL_FILLED
    "WHERE q.run_id = $1 AND q.state IN ('intent', 'ambiguous') AND $3 >= 0) f"
    " LEFT JOIN operation_queue h ON h.run_id = $1 AND f.host <> 0 AND h.operation = f.host"
    " AND h.state IN ('intent', 'ambiguous') ORDER BY f.operation";

Array ids_of(const Claims& claims) {
  Array ids;
  for (const Claim& claim : claims) ids.add(std::int64_t{claim.operation.id});
  return ids;
}

std::uint32_t id_of(const pqxx::field& field) { return static_cast<std::uint32_t>(number(field)); }

OperationState state_of(const pqxx::field& field) {
  const auto state = operation_state(text(field));
  ROLLCALL_ASSERT(state.has_value());
  return *state;
}

QueuedOperation queued_operation(const Row& row) {
  QueuedOperation q;
  q.operation = id_of(row[0]);
  q.host = id_of(row[1]);
  q.state = state_of(row[2]);
  const auto kind = operation_kind(text(row[3]));
  ROLLCALL_ASSERT(kind.has_value());
  q.kind = *kind;
  q.attempt = static_cast<int>(number(row[4]));
  q.worker_key = text(row[5]);
  q.user_id = text(row[6]);
  q.group_id = text(row[7]);
  q.group_name = text(row[8]);
  q.intent_at = {number(row[9])};
  return q;
}

}  // namespace

std::vector<QueuedOperation> PgJournal::queued(Tx& tx, const RunState& state,
                                               std::span<const Settled> settled) {
  Array ids;
  for (const Settled& one : settled) ids.add(std::int64_t{one.operation});
  const auto rows = exec(
      tx,
      "SELECT q.operation, q.host, q.state, o.kind, q.attempt, o.worker_key,"
      " COALESCE(NULLIF(o.user_id, ''), u.okta_id, ''),"
      " COALESCE(NULLIF(o.object_id, ''), g.okta_id, ''), o.object_name, q.intent_at_ms"
      " FROM operation_queue q JOIN operation o ON o.plan_seq = $2 AND o.operation = q.operation"
      " LEFT JOIN resource_link u ON o.user_id = '' AND o.worker_key <> '' AND u.kind = 'user'"
      " AND u.logical_key = o.worker_key AND NOT u.released"
      " LEFT JOIN resource_link g ON o.object_id = '' AND o.object_name <> '' AND g.kind = 'group'"
      " AND g.logical_key = o.object_name"
      " WHERE q.run_id = $1 AND q.operation IN (SELECT unnest($3::bigint[])"
      " UNION SELECT operation FROM operation_queue WHERE run_id = $1 AND host <> 0"
      " AND host = ANY($3::bigint[])"
      " UNION SELECT host FROM operation_queue WHERE run_id = $1 AND host <> 0"
      " AND operation = ANY($3::bigint[]))",
      state.id, state.plan_seq, ids.str());
  std::vector<QueuedOperation> out;
  for (const auto& row : rows) out.push_back(queued_operation(row));
  return out;
}

void PgJournal::write_moves(Tx& tx, RunState& state, std::span<const Transition> moves) {
  Array ids, states, not_before, detach, done, dead;
  bool any_done = false, any_dead = false;
  for (const Transition& move : moves) {
    ids.add(std::int64_t{move.operation});
    states.add(to_string(move.state));
    not_before.add((state.now + move.wait_ms).ms);
    detach.add(move.detach);
    state.record(move.operation, move.attempt, move.state, move.outcome);
    if (move.state == OperationState::applied) {
      done.add(std::int64_t{move.operation});
      any_done = true;
    } else if (is_settled(move.state)) {
      dead.add(std::int64_t{move.operation});
      any_dead = true;
    }
  }
  exec(tx,
       "UPDATE operation_queue q SET state = s.state::operation_state,"
       " not_before_ms = s.not_before, settled_at_ms = $6, lease_until = NULL,"
       " host = CASE WHEN s.detach THEN 0 ELSE q.host END"
       " FROM unnest($2::bigint[], $3::text[], $4::bigint[], $5::bool[])"
       " AS s(operation, state, not_before, detach)"
       " WHERE q.run_id = $1 AND q.operation = s.operation",
       state.id, ids.str(), states.str(), not_before.str(), detach.str(), state.now.ms);
  if (any_done) {
    exec(tx,
         "UPDATE operation_queue q SET pending_deps = q.pending_deps - d.n FROM"
         " (SELECT dependant, count(*)::int AS n FROM operation_edge WHERE plan_seq = $2"
         " AND before = ANY($3::bigint[]) AND NOT shared GROUP BY dependant) d"
         " WHERE q.run_id = $1 AND q.operation = d.dependant",
         state.id, state.plan_seq, done.str());
  }
  if (any_dead) block_dependants(tx, state, dead);
}

void PgJournal::block_dependants(Tx& tx, RunState& state, const Array& causes) {
  const auto rows = exec(
      tx,
      "WITH RECURSIVE bad(operation, cause, ended) AS ("
      "SELECT q.operation, 0::bigint, q.state::text FROM operation_queue q"
      " WHERE q.run_id = $1 AND q.operation = ANY($3::bigint[])"
      " UNION SELECT n.operation, b.operation, CASE WHEN b.cause = 0 THEN b.ended"
      " ELSE 'blocked' END FROM bad b CROSS JOIN LATERAL ("
      "SELECT e.dependant AS operation FROM operation_edge e WHERE e.plan_seq = $2"
      " AND e.before = b.operation AND NOT e.shared"
      " UNION ALL SELECT r.operation FROM operation_queue r WHERE r.run_id = $1 AND r.host <> 0"
      " AND r.host = b.operation) n"
      " JOIN operation_queue w ON w.run_id = $1 AND w.operation = n.operation"
      " AND w.state IN ('planned', 'retry'))"
      " UPDATE operation_queue q SET state = 'blocked', settled_at_ms = $4 FROM"
      " (SELECT DISTINCT ON (operation) operation, cause, ended FROM bad WHERE cause <> 0"
      " ORDER BY operation, cause) f WHERE q.run_id = $1 AND q.operation = f.operation"
      " RETURNING q.operation, f.cause, f.ended, q.attempt",
      state.id, state.plan_seq, causes.str(), state.now.ms);
  for (const auto& row : rows) {
    state.record(id_of(row[0]), static_cast<int>(number(row[3])), OperationState::blocked,
                 blocked_by(id_of(row[1]), state_of(row[2])));
  }
}

void PgJournal::block(Tx& tx, RunState& state,
                      const std::vector<std::pair<std::uint32_t, Outcome>>& rows) {
  if (rows.empty()) return;
  Array ids;
  for (const auto& [operation, outcome] : rows) {
    ids.add(std::int64_t{operation});
    state.record(operation, 0, OperationState::blocked, outcome);
  }
  exec(tx,
       "UPDATE operation_queue SET state = 'blocked', settled_at_ms = $3"
       " WHERE run_id = $1 AND operation = ANY($2::bigint[])",
       state.id, ids.str(), state.now.ms);
  block_dependants(tx, state, ids);
}

Result<void> PgJournal::settle(Tx& tx, RunState& state, std::span<const Settled> settled) {
  if (settled.empty()) return ok();
  const auto known = queued(tx, state, settled);
  const auto moves = transitions_of(settled, known);
  if (!moves) return moves.error();
  std::unordered_map<std::uint32_t, const QueuedOperation*> by_id;
  for (const QueuedOperation& row : known) by_id.emplace(row.operation, &row);
  Effects effects;
  for (const Transition& move : *moves) {
    add_effects(move, *by_id.at(move.operation), state.now, effects);
  }
  write_moves(tx, state, *moves);
  write_effects(tx, effects);
  return ok();
}

Result<Operation> PgJournal::filled(const Row& row, std::int64_t plan_seq) const {
  auto op = open_operation(row, 2, 1, plan_seq, id_of(row[0]));
  if (!op) return op;
  if (number(row[4]) == 0) op->request.with = 0;
  fill_ids(*op, text(row[5]), text(row[6]));
  return op;
}

Result<Claims> PgJournal::ready(Tx& tx, const RunState& state, const ClaimWish& wish) {
  Array most;  // of each priority
  for (const std::size_t count : wish.of) {
    most.add(static_cast<std::int64_t>(std::min(count, wish.count)));
  }
  const auto rows =
      exec(tx,
           "WITH open AS MATERIALIZED (SELECT LEAST($3::int, COALESCE((SELECT min(wave)"
           " FROM operation_queue WHERE run_id = $1 AND barrier"
           " AND state IN ('planned', 'retry', 'intent', 'ambiguous')), $3::int)) AS wave),"
           " ready AS MATERIALIZED (SELECT p.priority, r.operation FROM open"
           " CROSS JOIN (SELECT nth - 1 AS priority, most FROM unnest($6::bigint[])"
           " WITH ORDINALITY AS u(most, nth) WHERE most > 0) p CROSS JOIN LATERAL ("
           "SELECT s.operation FROM generate_series(0, open.wave) AS w(wave) CROSS JOIN LATERAL ("
           "SELECT q.operation FROM operation_queue q WHERE q.run_id = $1 AND q.wave = w.wave"
           " AND q.priority = p.priority AND q.pending_deps = 0 AND q.host = 0"
           " AND q.state IN ('planned', 'retry') AND q.not_before_ms <= $4"
           " ORDER BY q.operation LIMIT p.most) s ORDER BY s.operation LIMIT p.most) r"
           " ORDER BY p.priority, r.operation LIMIT $5)"
           " SELECT" ROLLCALL_FILLED
           "JOIN ready ON ready.operation = q.operation WHERE q.run_id = $1"
           " ORDER BY ready.priority, q.operation FOR UPDATE OF q SKIP LOCKED",
           state.id, state.plan_seq, state.max_wave, state.now.ms,
           static_cast<std::int64_t>(wish.count), most.str());
  Claims claims;
  for (const auto& row : rows) {
    auto op = filled(row, state.plan_seq);
    if (!op) return op.error();
    claims.push_back({std::move(*op), {}, static_cast<int>(number(row[3])) + 1, false});
  }
  return claims;
}

std::map<std::uint32_t, Outcome> PgJournal::obstacles(Tx& tx, const RunState& state,
                                                      const Claims& claims) {
  std::map<std::uint32_t, Outcome> out;
  Array ids;
  for (const Claim& claim : claims) {
    ids.add(std::int64_t{claim.operation.id});
    for (const Operation& rider : claim.riders) ids.add(std::int64_t{rider.id});
    const auto note = [&](const Operation& op, bool rider) {
      const auto missing = missing_id(op, rider);
      if (!missing) return;
      Outcome& outcome = out[op.id];
      outcome.state = Outcome::State::unsent;
      outcome.message = *missing;
    };
    note(claim.operation, false);
    for (const Operation& rider : claim.riders) note(rider, true);
  }
  if (!state.has_shared || claims.empty()) return out;
  const auto rows =
      exec(tx,
           "SELECT e.dependant, e.before, b.state FROM operation_edge e JOIN operation_queue b"
           " ON b.run_id = $1 AND b.operation = e.before WHERE e.plan_seq = $2 AND e.shared"
           " AND e.dependant = ANY($3::bigint[]) AND b.state NOT IN"
           " ('planned', 'retry', 'intent', 'ambiguous', 'applied') ORDER BY e.before DESC",
           state.id, state.plan_seq, ids.str());
  for (const auto& row : rows) out[id_of(row[0])] = blocked_by(id_of(row[1]), state_of(row[2]));
  return out;
}

Result<void> PgJournal::add_riders(Tx& tx, RunState& state, Claims& claims) {
  const bool any = std::any_of(claims.begin(), claims.end(), [](const Claim& claim) {
    return claim.operation.kind == OperationKind::user_create;
  });
  if (!any) return ok();
  const auto rows =
      exec(tx,
           "SELECT" ROLLCALL_FILLED
           "WHERE q.run_id = $1 AND q.host <> 0 AND q.host = ANY($3::bigint[])"
           " AND q.state IN ('planned', 'retry') AND q.pending_deps = 0 ORDER BY q.operation",
           state.id, state.plan_seq, ids_of(claims).str());
  std::unordered_map<std::uint32_t, Claim*> by_id;
  for (Claim& claim : claims) by_id.emplace(claim.operation.id, &claim);
  for (const auto& row : rows) {
    auto op = filled(row, state.plan_seq);
    if (!op) return op.error();
    by_id.at(id_of(row[4]))->riders.push_back(std::move(*op));
  }
  return ok();
}

void PgJournal::mark_intents(Tx& tx, RunState& state, Claims& claims) {
  Array ids, hosts;
  for (const Claim& claim : claims) {
    ids.add(std::int64_t{claim.operation.id});
    hosts.add(std::int64_t{claim.operation.id});
    for (const Operation& rider : claim.riders) ids.add(std::int64_t{rider.id});
  }
  const auto rows =
      exec(tx,
           "UPDATE operation_queue SET state = 'intent', attempt = attempt + 1, turn = $3,"
           " intent_at_ms = $4, lease_until = clock_timestamp() + $5 * interval '1 millisecond'"
           " WHERE run_id = $1 AND operation = ANY($2::bigint[]) RETURNING operation, attempt",
           state.id, ids.str(), state.turn, state.now.ms, lease_ms_);
  std::map<std::uint32_t, int> attempts;
  for (const auto& row : rows) attempts[id_of(row[0])] = static_cast<int>(number(row[1]));
  for (const auto& [operation, attempt] : attempts) {
    state.record(operation, attempt, OperationState::intent, {});
  }
  if (std::none_of(claims.begin(), claims.end(), [](const Claim& claim) {
        return claim.operation.kind == OperationKind::user_create;
      })) {
    return;
  }
  // Riders that found no seat, or wait for something else, follow their host by themselves.
  exec(tx,
       "WITH left_out AS (UPDATE operation_queue q SET host = 0, pending_deps = q.pending_deps + 1"
       " FROM operation_queue before WHERE q.run_id = $1 AND q.host <> 0"
       " AND q.host = ANY($3::bigint[]) AND q.state IN ('planned', 'retry')"
       " AND before.run_id = $1 AND before.operation = q.host"
       " RETURNING q.operation, before.operation AS host)"
       " INSERT INTO operation_edge (plan_seq, before, dependant, shared)"
       " SELECT $2, host, operation, false FROM left_out ON CONFLICT DO NOTHING",
       state.id, state.plan_seq, hosts.str());
}

Result<Claims> PgJournal::claim(Tx& tx, RunState& state, const ClaimWish& wish,
                                bool& blocked_some) {
  blocked_some = false;
  if (wish.count == 0) return Claims{};
  auto candidates = ready(tx, state, wish);
  if (!candidates) return candidates;
  if (const auto added = add_riders(tx, state, *candidates); !added) return added.error();
  const auto stops = obstacles(tx, state, *candidates);
  std::vector<std::pair<std::uint32_t, Outcome>> blocked;
  Claims claims;
  for (Claim& claim : *candidates) {
    const auto stop = stops.find(claim.operation.id);
    if (stop != stops.end()) {
      blocked.emplace_back(stop->first, stop->second);
      continue;
    }
    std::erase_if(claim.riders, [&](const Operation& rider) {
      const auto found = stops.find(rider.id);
      if (found != stops.end()) blocked.emplace_back(found->first, found->second);
      return found != stops.end();
    });
    if (claim.riders.size() > kMaxRiders) claim.riders.resize(kMaxRiders);
    claims.push_back(std::move(claim));
  }
  blocked_some = !blocked.empty();
  block(tx, state, blocked);
  if (!claims.empty()) mark_intents(tx, state, claims);
  return claims;
}

Result<Claims> PgJournal::load_claims(Tx& tx, const RunState& state, const char* sql,
                                      std::int64_t turn, bool settle_only) {
  const auto rows = exec(tx, sql, state.id, state.plan_seq, turn);
  Claims claims;
  std::map<std::uint32_t, std::size_t> at;
  for (int pass = 0; pass < 2; ++pass) {
    for (const auto& row : rows) {
      const bool rides = at.count(id_of(row[4])) > 0;
      if (pass == 0 && number(row[8]) != 0) continue;  // its host is among the claims
      if (pass == 1 && (number(row[8]) == 0 || !rides)) continue;
      auto op = filled(row, state.plan_seq);
      if (!op) return op.error();
      if (pass == 1) {
        claims[at.at(id_of(row[4]))].riders.push_back(std::move(*op));
        continue;
      }
      at[op->id] = claims.size();
      Claim claim{std::move(*op), {}, static_cast<int>(number(row[3])), settle_only};
      if (settle_only && !row[7].is_null()) {
        claim.intent_age_ms = state.now - WallTime{number(row[7])};
      }
      claims.push_back(std::move(claim));
    }
  }
  return claims;
}

Result<Claims> PgJournal::settle_and_claim(const RunHandle& run, std::span<const Settled> settled,
                                           const ClaimWish& wish) {
  std::span<const Settled> left = settled;
  Claims all;
  ClaimWish rest = wish;
  for (;;) {
    bool blocked_some = false;
    auto claims = guarded<Claims>(
        run,
        [&](Tx& tx, RunState& state) -> Result<Claims> {
          if (const auto done = settle(tx, state, left); !done) return done.error();
          return claim(tx, state, rest, blocked_some);
        },
        [&](Tx& tx, RunState& state) {
          return load_claims(tx, state, kClaimedInTurn, state.turn, false);
        });
    if (!claims) return claims;
    rest.count -= claims->size();
    for (const Claim& claim : *claims) --at(rest.of, priority_of(claim.operation.kind));
    std::move(claims->begin(), claims->end(), std::back_inserter(all));
    left = {};
    // Blocked operations made no claim: look on, a bounded number of rows per transaction.
    if (!blocked_some || rest.count == 0) return all;
  }
}

Result<Claims> PgJournal::unsettled(const RunHandle& run) {
  return guarded<Claims>(
      run, [&](Tx& tx, RunState& state) { return load_claims(tx, state, kInFlight, 0, true); },
      [&](Tx& tx, RunState& state) { return load_claims(tx, state, kInFlight, 0, true); });
}

}  // namespace rollcall::pg

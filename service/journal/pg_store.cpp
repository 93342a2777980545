// Opening the journal, its locks, and what guards each write of a run.
#include "service/journal/pg_store_internal.h"

#include <fmt/core.h>

namespace rollcall {
namespace pg {
namespace {

constexpr std::int64_t kLockClass = 1380927564;  // "ROLL"; the object is 1 + the lane
constexpr int kReconnects = 6;

std::int64_t lock_object(Lane lane) { return 1 + static_cast<std::int64_t>(lane); }

}  // namespace

Error lock_lost(RunId id) {
  return make_error(ErrorCode::journal_lock_lost,
                    fmt::format("run {} no longer holds its lock", id));
}

void RunState::record(std::uint32_t operation, int attempt, OperationState state,
                      const Outcome& outcome) {
  ChainRow row;
  row.seq = ++outcome_seq;
  row.operation = operation;
  row.attempt = attempt;
  row.state = state;
  row.code = outcome.code ? std::string(info(*outcome.code).id) : std::string();
  row.message = outcome.message;
  row.request_id = outcome.request_id;
  row.user_id = outcome.user_id;
  row.group_id = outcome.group_id;
  row.http_status = outcome.http_status;
  row.at = now;
  chain_head = chain_next(chain_head, row);
  chain.push_back(chain_head);
  rows.push_back(std::move(row));
}

PgJournal::PgJournal(std::string dsn, std::unique_ptr<Session> session,
                     const PgJournalOptions& options)
    : dsn_(std::move(dsn)),
      session_(std::move(session)),
      clock_(*options.clock),
      lease_ms_(options.lease_ms),
      stop_(options.stop) {
  if (options.key) seal_.emplace(*options.key);
}

Result<void> PgJournal::check() {
  return transact<void>([&](Tx& tx) -> Result<void> {
    if (const auto schema = check_schema(tx); !schema) return schema;
    if (!seal_) return ok();
    const auto rows = exec(tx, "SELECT value FROM key_check");
    if (rows.empty() || digest(rows[0][0]) == seal_->check_value()) return ok();
    return make_error(ErrorCode::journal_key_wrong,
                      "journal.key is not the key that this journal was written with");
  });
}

Result<void> PgJournal::reconnect() {
  Error last = make_error(ErrorCode::journal_unreachable, "the journal cannot be reached");
  for (int attempt = 0; attempt < kReconnects; ++attempt) {
    // A server that restarts, or a dead session that still holds our lock, needs a moment.
    if (attempt > 0) sleep_ms(100LL << attempt);
    auto opened = Session::open(dsn_);
    if (!opened) {
      last = opened.error();
      continue;
    }
    session_ = std::move(*opened);
    bool all = true;
    for (const Lane lane : {Lane::main, Lane::urgent}) {
      if (!held_[static_cast<std::size_t>(lane)]) continue;
      const auto got = try_lock(lane);
      all = all && got && *got;
    }
    if (all) return ok();
    session_.reset();
    last = make_error(ErrorCode::journal_lock_lost,
                      "the connection broke and another process took the lock");
  }
  if (last.code == ErrorCode::journal_lock_lost) held_ = {};
  return last;
}

Result<bool> PgJournal::try_lock(Lane lane) {
  try {
    pqxx::nontransaction tx(session_->connection());
    return exec(tx, "SELECT pg_try_advisory_lock($1::int, $2::int)", kLockClass,
                lock_object(lane))[0][0]
        .as<bool>();
  } catch (const std::exception& error) {
    return translate(error);
  }
}

void PgJournal::unlock(Lane lane) {
  held_[static_cast<std::size_t>(lane)] = false;
  if (session_ == nullptr) return;
  try {
    pqxx::nontransaction tx(session_->connection());
    exec(tx, "SELECT pg_advisory_unlock($1::int, $2::int)", kLockClass, lock_object(lane));
  } catch (const std::exception&) {
    session_.reset();  // the lock ends with its connection
  }
}

bool PgJournal::lane_locked(Tx& tx, Lane lane) {
  return !exec(tx,
               "SELECT 1 FROM pg_locks WHERE locktype = 'advisory' AND granted AND objsubid = 2"
               " AND classid::bigint = $1 AND objid::bigint = $2"
               " AND database = (SELECT oid FROM pg_database WHERE datname = current_database())",
               kLockClass, lock_object(lane))
              .empty();
}

Error PgJournal::locked(Tx& tx, Lane lane) {
  const auto rows = exec(
      tx,
      "SELECT r.id, r.holder, r.started_at_ms, r.operations, (SELECT count(*) FROM"
      " operation_queue q WHERE q.run_id = r.id AND q.state NOT IN"
      " ('planned', 'retry', 'intent', 'ambiguous'))"
      " FROM run r WHERE r.lane = $1::smallint AND r.state = 'running' ORDER BY r.id DESC LIMIT 1",
      static_cast<int>(lane));
  if (rows.empty()) {
    return make_error(ErrorCode::journal_locked, "another process holds the lock");
  }
  const auto row = rows[0];
  return make_error(ErrorCode::journal_locked,
                    fmt::format("run {} of {} holds the lock since {}, {} of {} operations settled",
                                number(row[0]), text(row[1]), format_rfc3339({number(row[2])}),
                                number(row[4]), number(row[3])));
}

Result<RunState> PgJournal::lock_run(Tx& tx, const RunHandle& run) {
  const auto rows =
      exec(tx,
           "SELECT plan_seq, turn, max_wave, has_shared, superseded, outcome_seq, chain_head,"
           " epoch, state = 'running', pg_backend_pid() FROM run WHERE id = $1 FOR UPDATE",
           run.id);
  if (!held_[static_cast<std::size_t>(run.lane)] || rows.empty()) return lock_lost(run.id);
  const auto row = rows[0];
  // Another backend than the one that took the lock means the lock is gone, whatever the row says.
  if (number(row[7]) != run.epoch || number(row[9]) != session_->backend_pid())
    return lock_lost(run.id);
  RunState state;
  state.running = truth(row[8]);
  state.id = run.id;
  state.plan_seq = number(row[0]);
  state.turn = number(row[1]);
  state.max_wave = static_cast<int>(number(row[2]));
  state.has_shared = truth(row[3]);
  state.superseded = truth(row[4]);
  state.outcome_seq = static_cast<std::uint64_t>(number(row[5]));
  state.chain_head = digest(row[6]);
  state.now = clock_.wall();
  return state;
}

void PgJournal::close_turn(Tx& tx, RunState& state) {
  if (!state.rows.empty()) {
    Array seq, operation, attempt, name, code, message, status, request, user, group, chain;
    for (std::size_t i = 0; i < state.rows.size(); ++i) {
      const ChainRow& row = state.rows[i];
      seq.add(static_cast<std::int64_t>(row.seq));
      operation.add(std::int64_t{row.operation});
      attempt.add(std::int64_t{row.attempt});
      name.add(to_string(row.state));
      code.add(row.code);
      message.add(row.message);
      status.add(std::int64_t{row.http_status});
      request.add(row.request_id);
      user.add(row.user_id);
      group.add(row.group_id);
      chain.add(bytea(state.chain[i]));
    }
    exec(tx,
         "INSERT INTO operation_outcome (run_id, seq, operation, attempt, state, code, message,"
         " http_status, request_id, user_id, group_id, at_ms, chain)"
         " SELECT $1, s.seq, s.operation, s.attempt, s.state::operation_state, s.code, s.message,"
         " s.status, s.request, s.usr, s.grp, $13, s.chain FROM unnest($2::bigint[], $3::bigint[],"
         " $4::int[], $5::text[], $6::text[], $7::text[], $8::int[], $9::text[], $10::text[],"
         " $11::text[], $12::bytea[]) AS s(seq, operation, attempt, state, code, message, status,"
         " request, usr, grp, chain)",
         state.id, seq.str(), operation.str(), attempt.str(), name.str(), code.str(), message.str(),
         status.str(), request.str(), user.str(), group.str(), chain.str(), state.now.ms);
  }
  exec(tx,
       "UPDATE run SET turn = $2, outcome_seq = $3, chain_head = $4::bytea, heartbeat_at_ms = $5"
       " WHERE id = $1",
       state.id, state.turn, static_cast<std::int64_t>(state.outcome_seq), bytea(state.chain_head),
       state.now.ms);
}

}  // namespace pg

Result<std::unique_ptr<Journal>> open_pg_journal(const PgJournalOptions& options) {
  ROLLCALL_ASSERT(options.clock != nullptr);
  const auto dsn = pg::safe_dsn(options.dsn, options.lease_ms);
  if (!dsn) return dsn.error();
  auto session = pg::Session::open(*dsn);
  if (!session) return session.error();
  auto journal = std::make_unique<pg::PgJournal>(*dsn, std::move(*session), options);
  if (const auto checked = journal->check(); !checked) return checked.error();
  return std::unique_ptr<Journal>(std::move(journal));
}

}  // namespace rollcall

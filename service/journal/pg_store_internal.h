// The journal in PostgreSQL: its parts, spread over pg_plans, pg_queue, pg_runs and pg_memory.
#pragma once

#include <array>
#include <memory>
#include <stop_token>
#include <string>
#include <utility>
#include <vector>

#include "service/journal/operation_seal_internal.h"
#include "service/journal/pg_internal.h"
#include "service/journal/pg_journal.h"
#include "service/journal/settlement_internal.h"

namespace rollcall::pg {

/// A run's row, locked for one transaction. Outcome rows are collected here and written at its end.
struct RunState {
  RunId id = 0;
  std::int64_t plan_seq = 0;
  std::int64_t turn = 0;
  int max_wave = 0;
  bool has_shared = false;
  bool superseded = false;
  bool running = false;
  std::uint64_t outcome_seq = 0;
  Sha256 chain_head;
  WallTime now;
  std::vector<ChainRow> rows;
  std::vector<Sha256> chain;

  void record(std::uint32_t operation, int attempt, OperationState state, const Outcome& outcome);
};

Error lock_lost(RunId id);

class PgJournal final : public Journal {
 public:
  PgJournal(std::string dsn, std::unique_ptr<Session> session, const PgJournalOptions& options);
  /// Checks schema and key. Errors: journal.schema_*, journal.key_wrong.
  Result<void> check();

  Result<void> bind(const std::string& org_id, const std::string& environment) override;
  Result<void> seal_plan(OperationCursor& operations, const PlanHeader& header,
                         const PlanTrailer& trailer, const Sha256& id) override;
  Result<std::optional<PlanState>> find_plan(const Sha256& id) override;
  Result<std::vector<Operation>> plan_operations(const Sha256& id) override;
  Result<RunHandle> begin_run(const RunSpec& spec) override;
  Result<std::vector<Claim>> settle_and_claim(const RunHandle& run,
                                              std::span<const Settled> settled,
                                              const ClaimWish& wish) override;
  Result<void> give_back(const RunHandle& run, std::span<const std::uint32_t> operations) override;
  Result<std::uint64_t> open_operations(const RunHandle& run) override;
  Result<std::optional<std::int64_t>> next_retry_ms(const RunHandle& run) override;
  Result<void> heartbeat(const RunHandle& run) override;
  Result<void> end_run(const RunHandle& run, int exit_code, const std::string& note) override;
  Result<std::vector<Interrupted>> interrupted() override;
  Result<RunHandle> take_over(RunId run, const std::string& holder) override;
  Result<std::vector<Claim>> unsettled(const RunHandle& run) override;
  Result<void> supersede(const RunHandle& run) override;
  Result<LinkList> links() override;
  Result<Watermark> watermark(const std::string& source) override;
  Result<std::vector<PersonHistory>> person_history() override;
  Result<std::vector<OwnStatusChange>> own_status_changes() override;
  Result<std::vector<Grant>> grants() override;
  Result<std::vector<RefusedValue>> refused_values() override;
  Result<std::vector<HeldSince>> held_since() override;
  Result<std::vector<std::string>> written_since(WallTime since) override;
  Result<std::vector<OwnMembership>> memberships_since(WallTime since) override;
  Result<std::vector<WallTime>> chain_boundaries() override;
  Result<std::vector<KnownLeaver>> known_leavers() override;
  Result<std::vector<AppliedRuns>> applied_since(std::span<const Sha256> changes,
                                                 WallTime since) override;
  Result<std::optional<Sha256>> last_rules() override;
  Result<std::optional<std::string>> rules_text(const Sha256& rules) override;
  Result<void> record_read(const std::string& source, const CertifiedRead& read,
                           const Sha256& snapshot) override;
  Result<void> record_people(std::span<const PersonHistory> changed,
                             std::span<const std::string> seen_again) override;
  Result<void> record_chain_boundaries(std::span<const WallTime> boundaries) override;
  Result<void> record_refused(const RefusedValue& refused) override;
  Result<void> record_held(std::span<const Sha256> held, bool whole, WallTime now) override;
  Result<void> record_leavers(std::span<const KnownLeaver> leavers) override;
  Result<void> record_rules(const Sha256& rules, const std::string& text, WallTime now) override;
  Result<std::vector<HeldOperation>> held_operations() override;
  Result<std::vector<Approval>> approvals() override;
  Result<std::string> record_approval(std::span<const Sha256> changes,
                                      const Approval& word) override;
  Result<std::vector<RunRow>> runs(std::size_t newest) override;
  Result<std::optional<RunRow>> run(RunId id) override;
  Result<std::vector<OperationResult>> results(RunId id) override;

 private:
  using Tx = pqxx::transaction_base;

  template <class... Args>
  Rows exec(Tx& tx, const char* sql, Args&&... args) {
    return session_->exec(tx, sql, {Parameter(std::forward<Args>(args))...});
  }

  /// Runs `body` in a transaction and commits if it succeeds. After a broken connection it
  /// reconnects, takes its locks again and runs once more. `body` must be harmless to repeat; if it
  /// is not, `committed` looks a commit of unknown outcome up: nullopt if it did not happen.
  template <class T>
  Result<T> transact(const std::function<Result<T>(Tx&)>& body,
                     const std::function<std::optional<Result<T>>(Tx&)>& committed = {});
  /// A transaction over a whole plan, which a stop request cancels. Errors: run.stopped.
  template <class T>
  Result<T> transact_unless_stopped(
      const std::function<Result<T>(Tx&)>& body,
      const std::function<std::optional<Result<T>>(Tx&)>& committed = {});
  /// A transaction of a run that holds its lane: checks epoch and backend, counts the turn, writes
  /// the outcome rows. `again` gives the result of a turn that turns out to be committed.
  template <class T>
  Result<T> guarded(const RunHandle& run, const std::function<Result<T>(Tx&, RunState&)>& body,
                    const std::function<Result<T>(Tx&, RunState&)>& again);
  Result<RunState> lock_run(Tx& tx, const RunHandle& run);
  void close_turn(Tx& tx, RunState& state);

  Result<void> reconnect();
  Result<bool> try_lock(Lane lane);
  void unlock(Lane lane);
  bool lane_locked(Tx& tx, Lane lane);
  Error locked(Tx& tx, Lane lane);

  // plans
  Result<void> need_key() const;
  Result<void> store_key_check(Tx& tx);
  Result<void> check_binding(Tx& tx, const std::string& org_id, const std::string& environment);
  Result<std::uint64_t> copy_operations(pqxx::work& tx, OperationCursor& operations,
                                        std::int64_t plan_seq);
  Result<Operation> open_operation(const Row& row, int payload, int worker_key,
                                   std::int64_t plan_seq, std::uint32_t operation) const;

  // runs
  Result<RunHandle> start(Tx& tx, const RunSpec& spec, RunId id);
  Result<std::int64_t> take_plan(Tx& tx, const RunSpec& spec);
  void fill_queue(Tx& tx, RunState& state);
  void supersede_people(Tx& tx, const RunState& urgent);
  RunRow run_row(Tx& tx, const Row& row);
  std::map<OperationState, std::uint64_t> counts(Tx& tx, RunId id);

  // queue
  Result<void> settle(Tx& tx, RunState& state, std::span<const Settled> settled);
  std::vector<QueuedOperation> queued(Tx& tx, const RunState& state,
                                      std::span<const Settled> settled);
  void write_moves(Tx& tx, RunState& state, std::span<const Transition> moves);
  void write_effects(Tx& tx, const Effects& effects);
  void write_status(Tx& tx, const std::vector<OwnStatusChange>& changes);
  void block(Tx& tx, RunState& state, const std::vector<std::pair<std::uint32_t, Outcome>>& rows);
  void block_dependants(Tx& tx, RunState& state, const Array& causes);
  Result<std::vector<Claim>> ready(Tx& tx, const RunState& state, const ClaimWish& wish);
  Result<void> add_riders(Tx& tx, RunState& state, std::vector<Claim>& claims);
  std::map<std::uint32_t, Outcome> obstacles(Tx& tx, const RunState& state,
                                             const std::vector<Claim>& claims);
  Result<std::vector<Claim>> claim(Tx& tx, RunState& state, const ClaimWish& wish,
                                   bool& blocked_some);
  void mark_intents(Tx& tx, RunState& state, std::vector<Claim>& claims);
  Result<std::vector<Claim>> load_claims(Tx& tx, const RunState& state, const char* where,
                                         std::int64_t turn, bool settle_only);
  Result<Operation> filled(const Row& row, std::int64_t plan_seq) const;

  std::string dsn_;
  std::unique_ptr<Session> session_;
  const Clock& clock_;
  std::optional<OperationSeal> seal_;
  std::int64_t lease_ms_;
  std::stop_token stop_;
  std::array<bool, 2> held_{};  // by lane
};

template <class T>
Result<T> PgJournal::transact(const std::function<Result<T>(Tx&)>& body,
                              const std::function<std::optional<Result<T>>(Tx&)>& committed) {
  constexpr int kAttempts = 2;
  bool in_doubt = false;
  for (int attempt = 1;; ++attempt) {
    if (session_ == nullptr) {
      if (const auto back = reconnect(); !back) return back.error();
    }
    try {
      pqxx::work tx(session_->connection());
      if (in_doubt && committed) {
        if (auto known = committed(tx)) return std::move(*known);
      }
      auto result = body(tx);
      if (result) tx.commit();
      return result;
    } catch (const pqxx::in_doubt_error& error) {
      in_doubt = true;
      session_.reset();
      if (attempt == kAttempts) return translate(error);
    } catch (const pqxx::broken_connection& error) {
      session_.reset();
      if (attempt == kAttempts) return translate(error);
    } catch (const std::exception& error) {
      // The server may say why it ends a session before it does so (57P01).
      if (session_->connection().is_open() || attempt == kAttempts) return translate(error);
      session_.reset();
    }
  }
}

template <class T>
Result<T> PgJournal::transact_unless_stopped(
    const std::function<Result<T>(Tx&)>& body,
    const std::function<std::optional<Result<T>>(Tx&)>& committed) {
  auto result = transact<T>(
      [&](Tx& tx) {
        const CancelOnStop cancel(session_->connection(), stop_);
        return body(tx);
      },
      committed);
  if (result || !stop_.stop_requested()) return result;
  // A cancelled statement looks like a session that its server ends.
  if (result.error().code != ErrorCode::journal_unreachable) return result;
  return make_error(ErrorCode::run_stopped, "The run was asked to stop.");
}

template <class T>
Result<T> PgJournal::guarded(const RunHandle& run,
                             const std::function<Result<T>(Tx&, RunState&)>& body,
                             const std::function<Result<T>(Tx&, RunState&)>& again) {
  std::optional<std::int64_t> turn;  // before this write
  return transact<T>([&](Tx& tx) -> Result<T> {
    auto state = lock_run(tx, run);
    if (!state) return state.error();
    if (turn && state->turn > *turn) return again(tx, *state);
    if (!state->running) return lock_lost(run.id);
    turn = state->turn;
    ++state->turn;
    auto result = body(tx, *state);
    if (result) close_turn(tx, *state);
    return result;
  });
}

}  // namespace rollcall::pg

// The face of the journal: everything Rollcall remembers between runs. PostgreSQL in production, an
// in-memory one in tests; both pass tests/contract/journal_contract.
#pragma once

#include <cstdint>
#include <limits>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "service/base/result.h"
#include "service/model/account.h"
#include "service/model/history.h"
#include "service/model/link_list.h"
#include "service/model/operation.h"
#include "service/model/plan.h"
#include "service/ports/directory.h"
#include "service/ports/hr_source.h"

namespace rollcall {

using RunId = std::int64_t;

/// Where an operation stands (ARCHITECTURE.md, section 6).
enum class OperationState : std::uint8_t {
  planned,
  intent,
  applied,
  retry,
  failed,
  conflict,
  ambiguous,
  quarantined,
  held,
  blocked,
  skipped,
  withdrawn,
  superseded
};
std::string_view to_string(OperationState state);
std::optional<OperationState> operation_state(std::string_view text);

enum class Lane : std::uint8_t { main, urgent };

/// What a run is, said at its start.
struct RunSpec {
  Lane lane = Lane::main;
  std::string verb;  // "sync", "apply", "resume", "adopt"
  Sha256 plan;       // the sealed plan it applies
  std::string org_id;
  std::string environment;
  std::string holder;  // host and pid, for who meets the lock
};

/// A run that holds its lane. `epoch` guards each write: a process that lost the lock cannot go on.
struct RunHandle {
  RunId id = 0;
  std::int64_t epoch = 0;
  Lane lane = Lane::main;
};

/// An operation handed out for execution; its intent is committed. Riders come with their host.
/// A rider whose host is applied while it waits itself (planned or retry) is claimed on its own,
/// as a host, with the user id that the create made.
struct Claim {
  Operation operation;            // ids made by earlier operations filled in
  std::vector<Operation> riders;  // may be empty
  int attempt = 1;
  bool settle_only = false;  // found in `intent` after a crash: probe, never send first
  /// How long ago its first intent was committed, by the journal's clock, where that is known: what
  /// a create made cannot be older. Matters for settle_only.
  std::optional<std::int64_t> intent_age_ms = std::nullopt;
};

/// What became of a claimed operation. Host and riders are each named by an entry of their own; a
/// rider's entry may differ from its host's.
struct Settled {
  std::uint32_t operation = 0;
  OperationState state = OperationState::applied;
  Outcome outcome;                 // error code, request id, ids made
  std::int64_t not_before_ms = 0;  // for retry: how long to wait
};

/// How many hosts to hand out at most, by priority order: in all, and of each priority. A priority
/// whose limit is used up must not keep the others waiting, so its number is 0.
struct ClaimWish {
  std::size_t count = 0;
  PriorityCounts of = for_each_priority(std::numeric_limits<std::size_t>::max());
};

/// Where a plan stands.
struct PlanState {
  PlanHeader header;
  PlanTrailer trailer;
  Sha256 id;
  std::string state;  // "sealed", "applying", "applied", "superseded"
};

struct RunRow {
  RunId id = 0;
  Lane lane = Lane::main;
  std::string verb;
  std::string state;  // "running", "finished", "interrupted", "abandoned"
  WallTime started_at;
  std::optional<WallTime> ended_at;
  std::optional<int> exit_code;
  Sha256 plan;
  std::string holder;
  std::map<OperationState, std::uint64_t> counts;
};

/// One line of a run's report.
struct OperationResult {
  Operation operation;
  OperationState state = OperationState::planned;
  Outcome outcome;
  int attempts = 0;
  std::optional<WallTime> intent_at, settled_at;
};

/// An operation that the guard holds, as the newest plan that holds it has it.
struct HeldOperation {
  Operation operation;
  Sha256 plan;
  Sha256 change;
  WallTime since;
};

/// What an interrupted run left.
struct Interrupted {
  RunRow run;
  bool sealed = false;
  std::uint64_t intents = 0;  // to be probed
  std::uint64_t waiting = 0;  // planned or retry
};

/// Not thread safe: one coordinator owns it. Errors everywhere: journal.unreachable,
/// journal.schema_unknown, journal.other_org, journal.lock_lost.
class Journal {
 public:
  virtual ~Journal() = default;

  /// Binds an empty journal to the org and environment, or checks the binding.
  virtual Result<void> bind(const std::string& org_id, const std::string& environment) = 0;

  // --- plans ---
  /// Stores the plan, all or nothing; takes no lock. Sealing the same id again refreshes it.
  /// Errors: run.stopped.
  virtual Result<void> seal_plan(OperationCursor& operations, const PlanHeader& header,
                                 const PlanTrailer& trailer, const Sha256& id) = 0;
  virtual Result<std::optional<PlanState>> find_plan(const Sha256& id) = 0;
  /// Every operation in plan order, sensitive values included.
  virtual Result<std::vector<Operation>> plan_operations(const Sha256& id) = 0;

  // --- runs ---
  /// Takes the lane. Errors: journal.locked, whose message names holder, start and progress;
  /// run.stopped.
  virtual Result<RunHandle> begin_run(const RunSpec& spec) = 0;
  /// Writes outcomes, then claims ready operations as `intent`, in one transaction.
  virtual Result<std::vector<Claim>> settle_and_claim(const RunHandle& run,
                                                      std::span<const Settled> settled,
                                                      const ClaimWish& wish) = 0;
  /// Gives claimed but unsent operations back (to planned; the attempt is not spent). Names
  /// hosts; their riders go with them.
  virtual Result<void> give_back(const RunHandle& run,
                                 std::span<const std::uint32_t> operations) = 0;
  /// How many operations may still be claimed, now or after others; 0: the plan is drained.
  virtual Result<std::uint64_t> open_operations(const RunHandle& run) = 0;
  /// Milliseconds until the next retry is due; nullopt if none waits.
  virtual Result<std::optional<std::int64_t>> next_retry_ms(const RunHandle& run) = 0;
  virtual Result<void> heartbeat(const RunHandle& run) = 0;
  virtual Result<void> end_run(const RunHandle& run, int exit_code, const std::string& note) = 0;

  // --- recovery ---
  /// Runs of this lane that ended without saying so (their lock is free).
  virtual Result<std::vector<Interrupted>> interrupted() = 0;
  /// Takes an interrupted run over with a new epoch. Errors: journal.locked.
  virtual Result<RunHandle> take_over(RunId run, const std::string& holder) = 0;
  /// Its operations in `intent` or `ambiguous`, as claims with settle_only.
  virtual Result<std::vector<Claim>> unsettled(const RunHandle& run) = 0;
  /// Marks what still waits as superseded.
  virtual Result<void> supersede(const RunHandle& run) = 0;

  // --- what planning reads ---
  virtual Result<LinkList> links() = 0;
  virtual Result<Watermark> watermark(const std::string& source) = 0;
  virtual Result<std::vector<PersonHistory>> person_history() = 0;
  virtual Result<std::vector<OwnStatusChange>> own_status_changes() = 0;
  virtual Result<std::vector<Grant>> grants() = 0;
  virtual Result<std::vector<RefusedValue>> refused_values() = 0;
  virtual Result<std::vector<HeldSince>> held_since() = 0;
  virtual Result<std::vector<std::string>> written_since(WallTime since) = 0;  // user ids
  /// Memberships written since then, by their newest write; an index may not show them yet.
  virtual Result<std::vector<OwnMembership>> memberships_since(WallTime since) = 0;
  virtual Result<std::vector<WallTime>> chain_boundaries() = 0;
  virtual Result<std::vector<KnownLeaver>> known_leavers() = 0;
  /// Those of `changes` that were applied since then, each with the number of runs.
  virtual Result<std::vector<AppliedRuns>> applied_since(std::span<const Sha256> changes,
                                                         WallTime since) = 0;
  /// Digest of the rules of the newest applied plan; nullopt before the first.
  virtual Result<std::optional<Sha256>> last_rules() = 0;
  /// The text kept for a digest of rules; nullopt if none is.
  virtual Result<std::optional<std::string>> rules_text(const Sha256& rules) = 0;

  // --- what a run leaves for the next ---
  virtual Result<void> record_read(const std::string& source, const CertifiedRead& read,
                                   const Sha256& snapshot) = 0;
  virtual Result<void> record_people(std::span<const PersonHistory> changed,
                                     std::span<const std::string> seen_again) = 0;
  virtual Result<void> record_chain_boundaries(std::span<const WallTime> boundaries) = 0;
  virtual Result<void> record_refused(const RefusedValue& refused) = 0;
  /// What is held is held since `now`, if it was not before. `whole`: nothing else is held any
  /// more; else (a plan that looks at some only) what else was held still is.
  virtual Result<void> record_held(std::span<const Sha256> held, bool whole, WallTime now) = 0;
  /// Replaces who is known; those known before keep their `since`.
  virtual Result<void> record_leavers(std::span<const KnownLeaver> leavers) = 0;
  virtual Result<void> record_rules(const Sha256& rules, const std::string& text, WallTime now) = 0;

  // --- what people release ---
  /// What `record_held` was given last and a plan still shows, in the order of worker keys.
  virtual Result<std::vector<HeldOperation>> held_operations() = 0;
  /// The newest word on each change, expired ones included.
  virtual Result<std::vector<Approval>> approvals() = 0;
  /// Gives the approver: who the database says we are. `word.change` and `word.approver` are not
  /// read.
  virtual Result<std::string> record_approval(std::span<const Sha256> changes,
                                              const Approval& word) = 0;

  // --- history ---
  virtual Result<std::vector<RunRow>> runs(std::size_t newest) = 0;
  virtual Result<std::optional<RunRow>> run(RunId id) = 0;
  virtual Result<std::vector<OperationResult>> results(RunId id) = 0;
};

}  // namespace rollcall

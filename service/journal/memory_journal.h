// A journal in memory, for tests and simulated worlds: it follows the same rules as the one in
// PostgreSQL and passes the same contract suite.
#pragma once

#include <memory>

#include "service/base/clock.h"
#include "service/ports/journal.h"

namespace rollcall {

/// What outlives a process: the rows. Not thread safe.
class MemoryStore {
 public:
  MemoryStore();
  ~MemoryStore();
  MemoryStore(const MemoryStore&) = delete;
  MemoryStore& operator=(const MemoryStore&) = delete;
  struct Rows;
  Rows& rows() { return *rows_; }

 private:
  std::unique_ptr<Rows> rows_;
};

/// One process's session with a store. Destroying it frees its locks and leaves its run
/// `interrupted`, as the death of a process does. Times are the clock's.
class MemoryJournal final : public Journal {
 public:
  /// A session with a store that outlives it.
  MemoryJournal(MemoryStore& store, const Clock& clock);
  /// A session with a store of its own.
  explicit MemoryJournal(const Clock& clock);
  ~MemoryJournal() override;

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
  std::unique_ptr<MemoryStore> own_;
  MemoryStore::Rows& rows_;
  const Clock& clock_;
};

}  // namespace rollcall

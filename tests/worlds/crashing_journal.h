// A journal whose process dies at a chosen write, before it is committed or after.
#pragma once

#include <set>

#include "service/ports/journal.h"

namespace rollcall::worlds {

struct Crash {};

/// Counts writes over all lives; `at`: the write that is the last of its life (0: none).
struct CrashPlan {
  std::set<std::uint64_t> at;
  bool after_commit = false;
  std::uint64_t writes = 0;
};

class CrashingJournal final : public Journal {
 public:
  CrashingJournal(Journal& inner, CrashPlan& plan) : inner_(inner), plan_(plan) {}

  Result<void> bind(const std::string& o, const std::string& e) override {
    return inner_.bind(o, e);
  }
  Result<void> seal_plan(OperationCursor& c, const PlanHeader& h, const PlanTrailer& t,
                         const Sha256& id) override {
    return inner_.seal_plan(c, h, t, id);
  }
  Result<std::optional<PlanState>> find_plan(const Sha256& id) override {
    return inner_.find_plan(id);
  }
  Result<std::vector<Operation>> plan_operations(const Sha256& id) override {
    return inner_.plan_operations(id);
  }
  Result<RunHandle> begin_run(const RunSpec& spec) override {
    return write([&] { return inner_.begin_run(spec); });
  }
  Result<std::vector<Claim>> settle_and_claim(const RunHandle& run,
                                              std::span<const Settled> settled,
                                              const ClaimWish& wish) override {
    return write([&] { return inner_.settle_and_claim(run, settled, wish); });
  }
  Result<void> give_back(const RunHandle& run, std::span<const std::uint32_t> ids) override {
    return write([&] { return inner_.give_back(run, ids); });
  }
  Result<std::uint64_t> open_operations(const RunHandle& run) override {
    return inner_.open_operations(run);
  }
  Result<std::optional<std::int64_t>> next_retry_ms(const RunHandle& run) override {
    return inner_.next_retry_ms(run);
  }
  Result<void> heartbeat(const RunHandle& run) override { return inner_.heartbeat(run); }
  Result<void> end_run(const RunHandle& run, int exit_code, const std::string& note) override {
    return write([&] { return inner_.end_run(run, exit_code, note); });
  }
  Result<std::vector<Interrupted>> interrupted() override { return inner_.interrupted(); }
  Result<RunHandle> take_over(RunId run, const std::string& holder) override {
    return write([&] { return inner_.take_over(run, holder); });
  }
  Result<std::vector<Claim>> unsettled(const RunHandle& run) override {
    return inner_.unsettled(run);
  }
  Result<void> supersede(const RunHandle& run) override {
    return write([&] { return inner_.supersede(run); });
  }
  Result<LinkList> links() override { return inner_.links(); }
  Result<Watermark> watermark(const std::string& s) override { return inner_.watermark(s); }
  Result<std::vector<PersonHistory>> person_history() override { return inner_.person_history(); }
  Result<std::vector<OwnStatusChange>> own_status_changes() override {
    return inner_.own_status_changes();
  }
  Result<std::vector<Grant>> grants() override { return inner_.grants(); }
  Result<std::vector<RefusedValue>> refused_values() override { return inner_.refused_values(); }
  Result<std::vector<HeldSince>> held_since() override { return inner_.held_since(); }
  Result<std::vector<std::string>> written_since(WallTime t) override {
    return inner_.written_since(t);
  }
  Result<std::vector<OwnMembership>> memberships_since(WallTime t) override {
    return inner_.memberships_since(t);
  }
  Result<std::vector<WallTime>> chain_boundaries() override { return inner_.chain_boundaries(); }
  Result<std::vector<KnownLeaver>> known_leavers() override { return inner_.known_leavers(); }
  Result<std::vector<AppliedRuns>> applied_since(std::span<const Sha256> changes,
                                                 WallTime t) override {
    return inner_.applied_since(changes, t);
  }
  Result<std::optional<Sha256>> last_rules() override { return inner_.last_rules(); }
  Result<std::optional<std::string>> rules_text(const Sha256& rules) override {
    return inner_.rules_text(rules);
  }
  Result<void> record_read(const std::string& s, const CertifiedRead& r, const Sha256& d) override {
    return inner_.record_read(s, r, d);
  }
  Result<void> record_people(std::span<const PersonHistory> changed,
                             std::span<const std::string> again) override {
    return inner_.record_people(changed, again);
  }
  Result<void> record_chain_boundaries(std::span<const WallTime> b) override {
    return inner_.record_chain_boundaries(b);
  }
  Result<void> record_refused(const RefusedValue& r) override { return inner_.record_refused(r); }
  Result<void> record_held(std::span<const Sha256> held, bool whole, WallTime now) override {
    return inner_.record_held(held, whole, now);
  }
  Result<void> record_leavers(std::span<const KnownLeaver> leavers) override {
    return inner_.record_leavers(leavers);
  }
  Result<void> record_rules(const Sha256& rules, const std::string& text, WallTime now) override {
    return inner_.record_rules(rules, text, now);
  }
  Result<std::vector<HeldOperation>> held_operations() override { return inner_.held_operations(); }
  Result<std::vector<Approval>> approvals() override { return inner_.approvals(); }
  Result<std::string> record_approval(std::span<const Sha256> changes,
                                      const Approval& word) override {
    return inner_.record_approval(changes, word);
  }
  Result<std::vector<RunRow>> runs(std::size_t newest) override { return inner_.runs(newest); }
  Result<std::optional<RunRow>> run(RunId id) override { return inner_.run(id); }
  Result<std::vector<OperationResult>> results(RunId id) override { return inner_.results(id); }

  /// When set, every later call that writes or renews fails as if PostgreSQL were away.
  bool away = false;

 private:
  template <class Call>
  auto write(const Call& call) -> decltype(call()) {
    const bool last = plan_.at.count(++plan_.writes) > 0;
    if (last && !plan_.after_commit) throw Crash{};
    if (away) return make_error(ErrorCode::journal_unreachable, "The journal is away.");
    auto result = call();
    if (last) throw Crash{};
    return result;
  }

  Journal& inner_;
  CrashPlan& plan_;
};

}  // namespace rollcall::worlds

#include "service/app/vetting.h"

#include <fmt/core.h>

#include <map>
#include <utility>

#include "service/base/text.h"
#include "service/reconcile/recheck.h"

namespace rollcall {
namespace {

// A user search may lag behind (FACTS 6); the same minute that a listing looks back.
constexpr std::int64_t kLookBack_ms = 60'000;

/// Compares what the index shows with what the plan saw.
class ChangedSink final : public DirectorySink {
 public:
  using Expected = std::map<std::string, std::optional<WallTime>, std::less<>>;
  explicit ChangedSink(const Expected& expected) : expected_(expected) {}
  void schema(const OrgSchema&) override {}
  void principal(const Principal&) override {}
  void group(const Group&) override {}
  void rule(const GroupRule&) override {}
  void account(const AccountView& account) override {
    const auto found = expected_.find(account.id);
    if (found == expected_.end()) return;
    if (!found->second || *found->second != account.last_updated) changed_.emplace(account.id);
  }
  bool wants_members(const Group&) const override { return false; }
  void member(std::string_view, std::string_view) override {}
  std::set<std::string> take() { return std::move(changed_); }

 private:
  const Expected& expected_;
  std::set<std::string> changed_;
};

Result<std::set<std::string>> changed_users(const PlanningParts& parts, const PlanHeader& header,
                                            std::span<const Operation> operations,
                                            const std::set<std::string>& ours,
                                            std::stop_token stop) {
  ChangedSink::Expected expected;
  for (const Operation& op : operations) {
    // What contains, removes or adopts is read right before it anyway.
    if (!op.held_by.empty() || journal_only(op.kind) || needs_confirmation(op.kind)) continue;
    if (op.subject.user_id.empty() || ours.count(op.subject.user_id) > 0) continue;
    if (!op.expect.status && !op.expect.last_updated) continue;
    expected.emplace(op.subject.user_id, op.expect.last_updated);
  }
  if (expected.empty()) return std::set<std::string>();
  ScanScope scope;
  scope.profile = &parts.settings->user_schema;
  scope.changed_since = header.read_at.value_or(header.created_at + -kOldPlan_ms) + -kLookBack_ms;
  ChangedSink sink(expected);
  const auto scan = parts.directory->observe(scope, sink, std::move(stop));
  if (!scan) return scan.error();
  if (!scan->reasons.empty()) return scan->reasons.front();
  return sink.take();
}

class RecheckSink final : public RecordSink {
 public:
  explicit RecheckSink(Recheck& recheck) : recheck_(recheck) {}
  void record(const SourceRecord& record) override {
    recheck_.person({record.key, record.attributes, record.record, record.line});
  }
  void rejected(const RejectedRecord& record) override {
    if (record.key) recheck_.rejected(*record.key);
  }
  void note(const Finding&) override {}

 private:
  Recheck& recheck_;
};

Result<std::map<std::uint32_t, std::string>> withdrawn(const PlanningParts& parts,
                                                       std::span<const Operation> operations,
                                                       std::stop_token stop) {
  History history;
  auto people = parts.journal->person_history();
  if (!people) return people.error();
  history.people = std::move(*people);
  const auto watermark = parts.journal->watermark(parts.settings->sources.front().name);
  if (!watermark) return watermark.error();
  ReconcileInputs inputs;
  inputs.settings = parts.settings;
  inputs.history = &history;
  inputs.as_of.instant = parts.clock->wall();
  inputs.as_of.zone = parts.settings->run.time_zone;
  Recheck recheck(inputs, operations);
  RecheckSink sink(recheck);
  const auto summary = parts.source->extract(*watermark, sink, std::move(stop));
  if (!summary) return summary.error();
  if (!summary->certified) return summary->reasons.front();
  return recheck.close({true, summary->rejected_without_key});
}

bool any_for_people(std::span<const Operation> operations) {
  for (const Operation& op : operations) {
    if (op.held_by.empty() && !op.subject.worker_key.empty()) return true;
  }
  return false;
}

}  // namespace

Result<Vetting> vet_plan(const PlanningParts& parts, const PlanHeader& header,
                         std::span<const Operation> operations, const std::set<std::string>& ours,
                         std::stop_token stop, ReportNotes& notes) {
  Vetting vetting;
  if (parts.clock->wall() - header.created_at > kOldPlan_ms && any_for_people(operations)) {
    auto gone = withdrawn(parts, operations, stop);
    if (!gone) return gone.error();
    for (auto& [id, why] : *gone) {
      vetting.withdrawn[id] = {ErrorCode::operation_withdrawn, std::move(why)};
    }
    const auto count = static_cast<long long>(vetting.withdrawn.size());
    notes.remarks.push_back(
        count == 0 ? std::string("the plan is older than an hour: HR was read again and asks for "
                                 "all of it still")
                   : fmt::format("the plan is older than an hour: HR was read again and no longer "
                                 "asks for {}",
                                 plural(count, "operation", "operations")));
  }
  auto changed = changed_users(parts, header, operations, ours, std::move(stop));
  if (!changed) return changed.error();
  vetting.changed_users = std::move(*changed);
  return vetting;
}

}  // namespace rollcall

// The in-memory journal's part in leavers, repeated changes, rules and what people release.
#include <algorithm>

#include "service/journal/memory_journal.h"
#include "service/journal/memory_rows_internal.h"

namespace rollcall {
namespace {

// PostgreSQL keys sensitive values with the journal's key; here there is none.
constexpr std::string_view kNoKey;

bool is_member_write(OperationKind kind) {
  return kind == OperationKind::group_add_member || kind == OperationKind::group_remove_member;
}

}  // namespace

Result<std::vector<OwnMembership>> MemoryJournal::memberships_since(WallTime since) {
  std::map<std::pair<std::string, std::string>, bool> newest;
  for (const MemoryWrite& write : rows_.written) {
    const MemoryPlan& plan = rows_.plans[write.plan];
    const Operation& op = plan.operations[plan.at.at(write.operation)];
    if (write.at < since || !is_member_write(op.kind)) continue;
    newest[{write.group_id, write.user_id}] = op.kind == OperationKind::group_add_member;
  }
  std::vector<OwnMembership> out;
  for (const auto& [pair, member] : newest) out.push_back({pair.first, pair.second, member});
  return out;
}

Result<std::vector<KnownLeaver>> MemoryJournal::known_leavers() {
  std::vector<KnownLeaver> out;
  for (const auto& [key, leaver] : rows_.leavers) out.push_back(leaver);
  return out;
}

Result<std::vector<AppliedRuns>> MemoryJournal::applied_since(std::span<const Sha256> changes,
                                                              WallTime since) {
  const std::set<Sha256> asked(changes.begin(), changes.end());
  std::map<Sha256, std::set<RunId>> runs;
  for (const MemoryWrite& write : rows_.written) {
    if (write.at < since) continue;
    const MemoryPlan& plan = rows_.plans[write.plan];
    const Sha256 change = change_digest(plan.operations[plan.at.at(write.operation)], kNoKey);
    if (asked.count(change) > 0) runs[change].insert(write.run);
  }
  std::vector<AppliedRuns> out;
  for (const auto& [change, in] : runs) {
    out.push_back({change, static_cast<std::uint32_t>(in.size())});
  }
  return out;
}

Result<std::optional<std::string>> MemoryJournal::rules_text(const Sha256& rules) {
  const auto found = rows_.rules.find(rules);
  return found == rows_.rules.end() ? std::optional<std::string>()
                                    : std::optional<std::string>(found->second);
}

Result<void> MemoryJournal::record_leavers(std::span<const KnownLeaver> leavers) {
  std::map<std::string, KnownLeaver> kept;
  for (const KnownLeaver& leaver : leavers) {
    KnownLeaver& one = kept[leaver.worker_key] = leaver;
    const auto before = rows_.leavers.find(leaver.worker_key);
    if (before != rows_.leavers.end()) one.since = before->second.since;
  }
  rows_.leavers = std::move(kept);
  return ok();
}

Result<void> MemoryJournal::record_rules(const Sha256& rules, const std::string& text, WallTime) {
  rows_.rules.emplace(rules, text);
  return ok();
}

Result<std::vector<HeldOperation>> MemoryJournal::held_operations() {
  std::vector<HeldOperation> out;
  std::set<Sha256> taken;
  for (auto plan = rows_.plans.rbegin(); plan != rows_.plans.rend(); ++plan) {
    for (const Operation& op : plan->operations) {
      if (op.held_by.empty()) continue;
      const Sha256 change = change_digest(op, kNoKey);
      const auto held = rows_.held.find(change);
      if (held == rows_.held.end() || !taken.insert(change).second) continue;
      out.push_back({op, plan->state.id, change, held->second});
    }
  }
  std::stable_sort(out.begin(), out.end(), [](const HeldOperation& a, const HeldOperation& b) {
    return a.operation.subject.worker_key < b.operation.subject.worker_key;
  });
  return out;
}

Result<std::vector<Approval>> MemoryJournal::approvals() {
  std::vector<Approval> out;
  for (const auto& [change, word] : rows_.approvals) out.push_back(word);
  return out;
}

Result<std::string> MemoryJournal::record_approval(std::span<const Sha256> changes,
                                                   const Approval& word) {
  const std::string approver = "memory";
  for (const Sha256& change : changes) {
    Approval& one = rows_.approvals[change] = word;
    one.change = change;
    one.approver = approver;
  }
  return approver;
}

}  // namespace rollcall

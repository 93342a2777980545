#include "service/app/approvals.h"

#include <algorithm>

#include "service/base/text.h"
#include "service/reconcile/guard.h"

namespace rollcall {
namespace {

bool is_exit_of_account(const Operation& op) {
  return op.kind == OperationKind::user_suspend || op.kind == OperationKind::user_deactivate;
}

/// Who is contained now is not reported as left outside.
void mend_trailer(const std::vector<Operation>& operations, PlanTrailer& trailer) {
  std::set<std::string> contained;
  std::set<std::string> still_held;
  trailer.summary = {};
  for (const Operation& op : operations) {
    trailer.summary.count(op);
    if (!op.held_by.empty()) still_held.insert(op.held_by);
    if (op.held_by.empty() && is_exit_of_account(op)) contained.insert(op.subject.user_id);
  }
  const std::string_view code = info(ErrorCode::leaver_not_contained).id;
  std::erase_if(trailer.findings, [&](const Finding& finding) {
    return finding.code == code && contained.count(finding.user_id) > 0;
  });
  for (GuardLine& line : trailer.guard) {
    if (!line.held || still_held.count(line.limit) > 0) continue;
    line.held = false;
    line.release.clear();
  }
}

}  // namespace

Result<std::set<Sha256>> valid_approvals(Journal& journal, WallTime now) {
  const auto words = journal.approvals();
  if (!words) return words.error();
  std::set<Sha256> out;
  for (const Approval& word : *words) {
    if (word.approved && now < word.expires_at) out.insert(word.change);
  }
  return out;
}

Result<PeoplesWords> words_that_count(Journal& journal, WallTime now) {
  const auto words = journal.approvals();
  if (!words) return words.error();
  const auto held = journal.held_since();
  if (!held) return held.error();
  std::map<Sha256, WallTime> since;
  for (const HeldSince& one : *held) since[one.change] = one.since;
  PeoplesWords out;
  for (const Approval& word : *words) {
    if (word.approved) {
      if (now < word.expires_at) out.approved.insert(word.change);
      continue;
    }
    const auto found = since.find(word.change);
    if (found != since.end() && found->second <= word.at) out.rejected.insert(word.change);
  }
  return out;
}

Result<std::map<std::uint32_t, Withdrawal>> no_longer_approved(
    Journal& journal, const std::string& digest_key, WallTime now, const PlanState& plan,
    std::span<const Operation> operations) {
  const auto words = journal.approvals();
  if (!words) return words.error();
  std::map<Sha256, std::string> ended;
  for (const Approval& word : *words) {
    const WallTime made = plan.header.created_at;
    const bool used =
        word.plan == plan.id || (word.at.ms <= made.ms && made.ms < word.expires_at.ms);
    if (!word.approved) {
      // What was said before the plan was made, planning has heard: it held it, or it was over.
      if (made.ms <= word.at.ms) ended[word.change] = "its approval was taken back";
    } else if (used && now >= word.expires_at) {
      ended[word.change] = "its approval ended at " + format_minute(word.expires_at);
    }
  }
  std::map<std::uint32_t, Withdrawal> out;
  if (ended.empty()) return out;
  for (const Operation& op : operations) {
    // Of somebody who is contained already the sessions are to end; else this is blocked anyway.
    if (op.kind == OperationKind::user_clear_sessions && !op.after.empty()) continue;
    const auto found = ended.find(change_digest(op, digest_key));
    if (found != ended.end()) out[op.id] = {ErrorCode::operation_approval_ended, found->second};
  }
  return out;
}

Result<WallTime> valid_until(Journal& journal, const PlanState& plan, WallTime now) {
  const auto words = journal.approvals();
  if (!words) return words.error();
  const bool approved = std::any_of(words->begin(), words->end(), [&](const Approval& word) {
    return word.approved && word.plan == plan.id && now < word.expires_at;
  });
  if (!approved) return plan.header.expires_at;
  return std::max(plan.header.expires_at, plan.header.created_at + kApprovedPlanValid_ms);
}

Result<std::uint64_t> release_approved(Journal& journal, const std::string& digest_key,
                                       WallTime now, PlanState& plan,
                                       std::vector<Operation>& operations) {
  const auto approvals = valid_approvals(journal, now);
  if (!approvals) return approvals.error();
  std::vector<std::string> held(operations.size() + 1);
  std::set<std::uint32_t> free;
  for (const Operation& op : operations) {
    held[op.id] = op.held_by;
    const bool approved =
        !op.held_by.empty() && approvals->count(change_digest(op, digest_key)) > 0;
    if (approved && !never_released(op)) free.insert(op.id);
  }
  // What needs something that stays held stays held; each round may hold further ones.
  for (bool moved = true; moved;) {
    moved = false;
    for (const Operation& op : operations) {
      const auto stays = [&](std::uint32_t id) { return !held[id].empty() && free.count(id) == 0; };
      const bool waits = std::any_of(op.after.begin(), op.after.end(), stays) ||
                         (op.request.with != 0 && stays(op.request.with));
      if (waits && free.erase(op.id) > 0) moved = true;
    }
  }
  if (free.empty()) return std::uint64_t{0};
  for (Operation& op : operations) {
    if (free.count(op.id) > 0) op.held_by.clear();
  }
  mend_trailer(operations, plan.trailer);
  VectorCursor cursor(operations);
  const auto sealed = journal.seal_plan(cursor, plan.header, plan.trailer, plan.id);
  if (!sealed) return sealed.error();
  return static_cast<std::uint64_t>(free.size());
}

void drop_released_leavers(const std::vector<Operation>& operations,
                           const std::function<bool(const Operation&)>& approved,
                           std::vector<Uncontained>& not_contained) {
  if (not_contained.empty()) return;
  std::set<std::string> contained;
  for (const Operation& op : operations) {
    if (op.held_by.empty() && is_exit_of_account(op) && approved(op)) {
      contained.insert(op.subject.user_id);
    }
  }
  std::erase_if(not_contained,
                [&](const Uncontained& one) { return contained.count(one.user_id) > 0; });
}

}  // namespace rollcall

#include "service/reconcile/leavers.h"

#include <map>
#include <string>
#include <unordered_set>

#include "service/base/text.h"

namespace rollcall {

std::vector<KnownLeaver> leavers_of(const Reconciled& reconciled,
                                    std::span<const Operation> operations, WallTime now) {
  std::map<std::string, KnownLeaver> out;
  for (const Operation& op : operations) {
    const bool contains =
        op.kind == OperationKind::user_suspend || op.kind == OperationKind::user_deactivate;
    if (!contains || !op.expect.status || !can_sign_in(*op.expect.status)) continue;
    const std::string why =
        op.held_by.empty() ? std::string("the containment was planned") : "held by " + op.held_by;
    out[op.subject.worker_key] = {op.subject.worker_key, op.subject.user_id, why, now};
  }
  for (const Uncontained& one : reconciled.not_contained) {
    if (!one.linked) continue;  // each read finds such an account anew
    out[one.worker_key] = {one.worker_key, one.user_id, one.why, now};
  }
  std::vector<KnownLeaver> list;
  list.reserve(out.size());
  for (auto& [key, leaver] : out) list.push_back(std::move(leaver));
  return list;
}

std::vector<Uncontained> still_inside(std::span<const KnownLeaver> known,
                                      const AccountIndex& accounts, const LinkList& links,
                                      bool listed_whole, std::string_view now) {
  std::unordered_set<std::string_view> ours;
  for (const LinkView link : links) {
    if (link.kind == Link::Kind::user && !link.released) ours.insert(link.okta_id);
  }
  std::vector<Uncontained> out;
  std::vector<AccountRef> found;
  for (const KnownLeaver& leaver : known) {
    if (ours.count(leaver.user_id) == 0) continue;
    found.clear();
    accounts.find(MatchKey::id, leaver.user_id, found);
    if (found.empty() && listed_whole) continue;
    if (!found.empty() && !can_sign_in(accounts.at(found.front()).status)) continue;
    out.push_back({leaver.worker_key, leaver.user_id,
                   "gone by the last read that counted (" + leaver.why + "); " + std::string(now),
                   leaver.since});
  }
  return out;
}

}  // namespace rollcall

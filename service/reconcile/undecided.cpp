#include "service/reconcile/undecided.h"

#include <fmt/core.h>

#include <algorithm>
#include <map>
#include <set>
#include <utility>

#include "service/base/digest.h"
#include "service/model/account.h"

namespace rollcall {
namespace {

constexpr std::size_t kNamedAccounts = 5;

std::string named(const std::vector<std::string_view>& ids) {
  std::string text;
  for (std::size_t i = 0; i < std::min(ids.size(), kNamedAccounts); ++i) {
    text += fmt::format("{}{}", i == 0 ? "" : ", ", ids[i]);
  }
  if (ids.size() > kNamedAccounts) text += fmt::format(" and {} more", ids.size() - kNamedAccounts);
  return text;
}

}  // namespace

bool contains_account(const PersonChange& change) {
  return std::any_of(change.lifecycle.begin(), change.lifecycle.end(), [](OperationKind kind) {
    return kind == OperationKind::user_suspend || kind == OperationKind::user_deactivate;
  });
}

void UndecidedLeavers::record(std::uint64_t key_digest, bool says_gone, bool first) {
  if (first) {
    if (says_gone) maybe_gone_.mark(key_digest);
    return;
  }
  if (!says_gone || !maybe_gone_.has(key_digest)) refuted_.insert(key_digest);
}

void UndecidedLeavers::set_aside(std::string_view worker_key, const Pair& pair,
                                 const std::string& why) {
  if (!pair.account || pair.situation != Situation::linked || pair.released) return;
  if (!can_sign_in(inputs_.accounts->at(*pair.account).status)) return;
  add(worker_key, *pair.account,
      "HR says that they have left, but their record is set aside: " + why);
}

void UndecidedLeavers::fit(std::string_view worker_key, const Pair& pair, bool linked) {
  if (pair.candidates.empty()) return;
  fitting_.push_back({std::string(worker_key), pair.rule, pair.candidates, linked});
}

std::uint64_t UndecidedLeavers::settle(const std::function<bool(AccountRef)>& claimed) {
  std::set<std::string> without_account;  // a key may stand in several records
  for (const Fitting& one : fitting_) {
    std::vector<std::string_view> ids;
    for (const AccountRef ref : one.accounts) {
      const AccountView account = inputs_.accounts->at(ref);
      if (can_sign_in(account.status) && !links_.owned(ref) && !claimed(ref)) {
        ids.push_back(account.id);
      }
    }
    if (ids.empty()) continue;
    if (!one.linked) without_account.insert(one.worker_key);
    std::sort(ids.begin(), ids.end());
    const char* also = one.linked ? ", besides the account that is linked" : "";
    const std::string why =
        fmt::format("by {}{} theirs may be, and can sign in: {}", one.rule, also, named(ids));
    Uncontained in{one.worker_key, std::string(ids.front()), "HR says that they have left; " + why};
    in.linked = false;
    found_.push_back(std::move(in));
  }
  fitting_.clear();
  return without_account.size();
}

void UndecidedLeavers::dropped(const PersonChange& change, const std::string& why) {
  if (!change.account || !contains_account(change)) return;
  if (!can_sign_in(inputs_.accounts->at(*change.account).status)) return;
  add(change.worker_key, *change.account, why);
}

void UndecidedLeavers::add(std::string_view worker_key, AccountRef account, std::string why) {
  found_.push_back(
      {std::string(worker_key), std::string(inputs_.accounts->at(account).id), std::move(why)});
  found_.back().linked = links_.owned(account);
}

std::vector<Uncontained> UndecidedLeavers::take(std::vector<Uncontained> others, bool undecided) {
  if (!undecided) found_.clear();
  std::map<std::pair<std::string, std::string>, Uncontained> by_account;
  for (std::vector<Uncontained>* list : {&others, &found_}) {
    for (Uncontained& one : *list) {
      if (refuted_.count(fast_hash(one.worker_key)) > 0) continue;
      std::pair<std::string, std::string> key{one.worker_key, one.user_id};
      by_account.emplace(std::move(key), std::move(one));
    }
  }
  std::vector<Uncontained> out;
  out.reserve(by_account.size());
  for (auto& [key, one] : by_account) out.push_back(std::move(one));
  return out;
}

}  // namespace rollcall

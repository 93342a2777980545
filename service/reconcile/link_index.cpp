#include "service/reconcile/link_index.h"

#include "service/base/digest.h"

namespace rollcall {

LinkIndex::LinkIndex(const LinkList* links, const AccountIndex& accounts) : links_(links) {
  by_account_.assign(accounts.size(), 0);
  ours_.assign(accounts.size(), false);
  if (links == nullptr) return;
  std::size_t slots = 16;
  while (slots * 4 < links->size() * 5) slots *= 2;
  by_key_.assign(slots, 0);
  accounts_.assign(links->size(), 0);
  std::vector<AccountRef> found;
  for (std::uint32_t i = 0; i < links->size(); ++i) {
    const LinkView link = (*links)[i];
    if (link.kind == Link::Kind::group) groups_.emplace(link.okta_id, link.logical_key);
    if (link.kind != Link::Kind::user) continue;
    any_user_ = true;
    found.clear();
    accounts.find(MatchKey::id, link.okta_id, found);
    if (found.empty()) {
      // Given up and gone: the person has no account of ours, as if they never had one.
      if (!link.released) gone_.push_back(link.copy());
      continue;
    }
    ++users_;
    by_key_[slot_of(link.logical_key)] = i + 1;
    accounts_[i] = found.front();
    by_account_[found.front()] = i + 1;
    ours_[found.front()] = !link.released;
  }
}

std::size_t LinkIndex::slot_of(std::string_view worker_key) const {
  const std::size_t mask = by_key_.size() - 1;
  std::size_t at = fast_hash(worker_key) & mask;
  while (by_key_[at] != 0 && (*links_)[by_key_[at] - 1].logical_key != worker_key) {
    at = (at + 1) & mask;
  }
  return at;
}

std::optional<LinkIndex::Owned> LinkIndex::account_of(std::string_view worker_key) const {
  if (by_key_.empty()) return std::nullopt;
  const std::uint32_t position = by_key_[slot_of(worker_key)];
  if (position == 0) return std::nullopt;
  return Owned{accounts_[position - 1], (*links_)[position - 1].released};
}

std::optional<LinkIndex::Owner> LinkIndex::owner_of(AccountRef account) const {
  const std::uint32_t at = by_account_[account];
  if (at == 0) return std::nullopt;
  const LinkView link = (*links_)[at - 1];
  return Owner{link.logical_key, link.released};
}

bool LinkIndex::owned(AccountRef account) const { return ours_[account]; }

bool LinkIndex::group_linked(std::string_view group_id) const {
  return groups_.count(std::string(group_id)) > 0;
}

std::string_view LinkIndex::group_key(std::string_view group_id) const {
  const auto found = groups_.find(std::string(group_id));
  return found == groups_.end() ? std::string_view() : std::string_view(found->second);
}

}  // namespace rollcall

#include "service/reconcile/link_index.h"

#include <algorithm>

namespace rollcall {

LinkIndex::LinkIndex(std::span<const Link> links, const AccountIndex& accounts) {
  std::vector<AccountRef> found;
  for (const Link& link : links) {
    if (link.kind == Link::Kind::group) groups_.insert(link.okta_id);
    if (link.kind != Link::Kind::user) continue;
    found.clear();
    accounts.find(MatchKey::id, link.okta_id, found);
    if (found.empty()) {
      gone_.push_back(link);
      continue;
    }
    links_.push_back({found.front(), static_cast<std::uint32_t>(keys_.size()),
                      static_cast<std::uint16_t>(link.logical_key.size()), link.released});
    keys_ += link.logical_key;
  }
  std::sort(links_.begin(), links_.end(),
            [this](const Entry& a, const Entry& b) { return key_of(a) < key_of(b); });
  by_account_.assign(accounts.size(), 0);
  for (std::size_t i = 0; i < links_.size(); ++i) {
    by_account_[links_[i].account] = static_cast<std::uint32_t>(i + 1);
  }
}

std::string_view LinkIndex::key_of(const Entry& entry) const {
  return std::string_view(keys_).substr(entry.key_offset, entry.key_length);
}

std::optional<AccountRef> LinkIndex::account_of(std::string_view worker_key) const {
  const auto at = std::lower_bound(
      links_.begin(), links_.end(), worker_key,
      [this](const Entry& entry, std::string_view key) { return key_of(entry) < key; });
  if (at == links_.end() || key_of(*at) != worker_key) return std::nullopt;
  return at->account;
}

std::optional<LinkIndex::Owner> LinkIndex::owner_of(AccountRef account) const {
  const std::uint32_t at = by_account_[account];
  if (at == 0) return std::nullopt;
  const Entry& entry = links_[at - 1];
  return Owner{key_of(entry), entry.released};
}

bool LinkIndex::owned(AccountRef account) const {
  const auto owner = owner_of(account);
  return owner && !owner->released;
}

bool LinkIndex::group_linked(std::string_view group_id) const {
  return groups_.count(std::string(group_id)) > 0;
}

}  // namespace rollcall

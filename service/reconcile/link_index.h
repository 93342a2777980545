// Ownership links, joined with the listing: who owns which account, packed.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_set>
#include <vector>

#include "service/model/account.h"

namespace rollcall {

/// Built once, then read only. Views are valid while the index lives.
class LinkIndex {
 public:
  LinkIndex(std::span<const Link> links, const AccountIndex& accounts);

  struct Owner {
    std::string_view worker_key;
    bool released = false;
  };
  /// The account linked to a worker key, released or not.
  std::optional<AccountRef> account_of(std::string_view worker_key) const;
  /// Who owns the account; nullopt: not ours.
  std::optional<Owner> owner_of(AccountRef account) const;
  /// Ours: linked and not released.
  bool owned(AccountRef account) const;
  bool group_linked(std::string_view group_id) const;
  /// Links of users that the org no longer has.
  const std::vector<Link>& gone() const { return gone_; }
  /// No user link at all: the first run, or a lost journal.
  bool no_users() const { return links_.empty() && gone_.empty(); }
  std::size_t users() const { return links_.size(); }

 private:
  struct Entry {
    AccountRef account;
    std::uint32_t key_offset;
    std::uint16_t key_length;
    bool released;
  };
  std::string_view key_of(const Entry& entry) const;

  std::string keys_;
  std::vector<Entry> links_;               // sorted by worker key
  std::vector<std::uint32_t> by_account_;  // account -> position in links_ + 1
  std::vector<Link> gone_;
  std::unordered_set<std::string> groups_;
};

}  // namespace rollcall

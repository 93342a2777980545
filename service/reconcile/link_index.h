// Ownership links, joined with the listing: who owns which account, packed.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "service/model/account.h"
#include "service/model/link_list.h"

namespace rollcall {

/// Built once, then read only. Views are valid while the list does.
class LinkIndex {
 public:
  LinkIndex(const LinkList* links, const AccountIndex& accounts);

  struct Owner {
    std::string_view worker_key;
    bool released = false;
  };
  struct Owned {
    AccountRef account = 0;
    bool released = false;
  };
  /// The account linked to a worker key, released or not.
  std::optional<Owned> account_of(std::string_view worker_key) const;
  /// Who owns the account; nullopt: not ours.
  std::optional<Owner> owner_of(AccountRef account) const;
  /// Ours: linked and not released.
  bool owned(AccountRef account) const;
  bool group_linked(std::string_view group_id) const;
  /// The name that the group had when it was linked; empty: it is not.
  std::string_view group_key(std::string_view group_id) const;
  /// Links of users that the org no longer has, unless they were given up already.
  const std::vector<Link>& gone() const { return gone_; }
  /// No user link at all, not even one given up: the first run, or a lost journal.
  bool no_users() const { return !any_user_; }
  std::size_t users() const { return users_; }

 private:
  std::size_t slot_of(std::string_view worker_key) const;

  const LinkList* links_;
  std::size_t users_ = 0;                  // links whose account is in the org
  std::vector<std::uint32_t> by_key_;      // open addressing: position in the list + 1
  std::vector<AccountRef> accounts_;       // by position in the list
  std::vector<std::uint32_t> by_account_;  // account -> position in the list + 1
  std::vector<bool> ours_;                 // account -> linked and not released
  bool any_user_ = false;
  std::vector<Link> gone_;
  std::unordered_map<std::string, std::string> groups_;  // id -> name when linked
};

}  // namespace rollcall

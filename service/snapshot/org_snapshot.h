// The org in memory: accounts packed in one arena, found by four keys, with the members of the
// groups whose membership was read. About 450 bytes per account with 20 attributes.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "service/model/account.h"
#include "service/snapshot/key_index.h"

namespace rollcall {

/// Which profile attributes the index serves besides id and login.
struct SnapshotKeys {
  AttrId login = 0;
  std::optional<AttrId> attribute_1, attribute_2;
};

/// Built once by one thread, then immutable and thread safe.
class OrgSnapshot final : public AccountIndex {
 public:
  explicit OrgSnapshot(SnapshotKeys keys) : keys_(keys) {}

  // --- building, in this order: groups, accounts, members, then seal ---
  void set_schema(const OrgSchema& schema) { schema_ = schema; }
  void set_principal(const Principal& principal) { principal_ = principal; }
  void add_group(const Group& group);
  void add_rule(const GroupRule& rule) { rules_.push_back(rule); }
  void protect(std::string_view user_id) { protected_.emplace_back(user_id); }
  void add_account(const AccountView& account);
  /// Replaces an account that was added before: it changed while the listing ran.
  void replace_account(const AccountView& account);
  /// A member whose account is not in the listing (made in between) is counted, not kept.
  void add_member(std::string_view group_id, std::string_view user_id);
  void seal();

  // --- reading ---
  void find(MatchKey key, std::string_view normalised, std::vector<AccountRef>& out) const override;
  AccountView at(AccountRef ref) const override;
  std::size_t size() const override { return offsets_.size(); }
  std::span<const GroupRef> groups_of(AccountRef ref) const override;
  std::optional<AccountRef> by_id(std::string_view id) const;

  const std::vector<Group>& groups() const { return groups_; }
  const std::vector<GroupRule>& rules() const { return rules_; }
  std::optional<GroupRef> group_by_id(std::string_view id) const;
  const OrgSchema& schema() const { return schema_; }
  const Principal& principal() const { return principal_; }
  const std::vector<std::string>& protected_users() const { return protected_; }
  std::uint64_t unknown_members() const { return unknown_members_; }
  AttrId login_attribute() const { return keys_.login; }

 private:
  static constexpr std::size_t kChunk = std::size_t{1} << 22;
  const char* block(AccountRef ref) const;
  std::uint32_t store(const AccountView& account);
  void index_keys(AccountRef ref);
  void index(MatchKey key, std::string_view normalised, AccountRef ref);
  bool has_key(MatchKey key, AccountRef ref, std::string_view normalised) const;
  std::string normalised_key(MatchKey key, const AccountView& account) const;

  SnapshotKeys keys_;
  OrgSchema schema_;
  Principal principal_;
  std::vector<Group> groups_;
  std::vector<GroupRule> rules_;
  std::vector<std::string> protected_;
  std::unordered_map<std::string, GroupRef> group_ids_;

  std::vector<std::unique_ptr<char[]>> chunks_;
  std::size_t used_ = kChunk;           // in the last chunk
  std::vector<std::uint32_t> offsets_;  // in units of 8 bytes over all chunks
  KeyIndex by_key_[4];

  struct Membership {
    AccountRef account;
    GroupRef group;
  };
  std::vector<Membership> pairs_;     // until sealed
  std::vector<std::uint32_t> first_;  // account -> first position in member_of_
  std::vector<GroupRef> member_of_;
  std::uint64_t unknown_members_ = 0;
  bool sealed_ = false;
};

}  // namespace rollcall

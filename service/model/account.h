// What Okta holds, as values: accounts, groups, group rules, schema, our own principal; and the
// faces by which pure code looks accounts and ownership links up.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "service/base/clock.h"
#include "service/model/record.h"

namespace rollcall {

/// Okta's user statuses (FACTS 5.1). `unknown` stands for a status that a later API version may
/// add: such an account is never touched.
enum class AccountStatus : std::uint8_t {
  staged,
  provisioned,
  active,
  recovery,
  password_expired,
  locked_out,
  suspended,
  deprovisioned,
  unknown
};
std::string_view to_string(AccountStatus status);  // "ACTIVE"
AccountStatus account_status(std::string_view text);
/// Neither STAGED, SUSPENDED, DEPROVISIONED nor unknown: could sign in, now or after a mail or
/// reset.
bool can_sign_in(AccountStatus status);

/// One Okta user. Views are valid while their owner (page buffer, snapshot) is unchanged. `profile`
/// is packed by the run's `user.*` schema; absent, null and "" from Okta are all `cleared`.
struct AccountView {
  std::string_view id;
  std::string_view login;
  AccountStatus status = AccountStatus::unknown;
  AccountStatus transitioning_to = AccountStatus::unknown;  // unknown: not in transition
  WallTime created, activated, status_changed, last_updated;
  RecordView profile;
};

/// Okta group types (FACTS 6); anything else reads as `other` and is never written to.
enum class GroupType : std::uint8_t { okta_group, app_group, built_in, other };
std::string_view to_string(GroupType type);

struct Group {
  std::string id;
  GroupType type = GroupType::other;
  std::string name;
  std::string description;
  WallTime last_updated, last_membership_updated;
  bool confers_admin = false;               // known to give an admin role
  std::optional<std::uint64_t> user_count;  // as the org counts its members, if it was asked
};

struct GroupRule {
  std::string id;
  std::string name;
  bool active = false;
  std::string expression;
  std::vector<std::string> target_groups;   // ids
  std::vector<std::string> excluded_users;  // ids
};

/// One attribute of the org's user schema (FACTS 10).
struct OrgAttribute {
  std::string name;
  AttrType type = AttrType::text;
  bool required = false;
  bool unique = false;
  bool read_only = false;           // mutability READ_ONLY
  bool mastered_elsewhere = false;  // master.type PROFILE_MASTER
  std::optional<int> min_length, max_length;
};
struct OrgSchema {
  std::vector<OrgAttribute> attributes;
  const OrgAttribute* find(std::string_view name) const;
};

/// Who our credentials belong to, and who must never be touched silently.
struct Principal {
  std::string user_id;  // token's owner; empty for an OAuth app
  std::string login;
};

/// Position of an account in a snapshot.
using AccountRef = std::uint32_t;
/// Position of a group in a snapshot.
using GroupRef = std::uint32_t;

/// The keys by which accounts are found. `attribute_1` and `attribute_2` are the profile attributes
/// that the configured match rules name (normalised with fold_case).
enum class MatchKey : std::uint8_t { id, login, attribute_1, attribute_2 };

/// Read-only account look-up; service/snapshot implements it. Thread safe once built.
class AccountIndex {
 public:
  virtual ~AccountIndex() = default;
  /// Appends every account with that key to `out`. `id` is exact, `login` goes by fold_login.
  virtual void find(MatchKey key, std::string_view normalised,
                    std::vector<AccountRef>& out) const = 0;
  virtual AccountView at(AccountRef ref) const = 0;
  virtual std::size_t size() const = 0;
  /// Groups (of those whose members were read) that hold the account, ascending.
  virtual std::span<const GroupRef> groups_of(AccountRef ref) const = 0;
};

/// An ownership link: this Okta object is that logical thing of ours.
struct Link {
  enum class Kind : std::uint8_t { user, group, app };
  Kind kind = Kind::user;
  std::string okta_id;
  std::string logical_key;  // worker key, group name, app label
  bool released = false;    // out of scope: ours no longer, comes back on return
};

}  // namespace rollcall

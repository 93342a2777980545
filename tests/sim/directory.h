// Users, groups and memberships in memory: the primary data, and what the index still shows of the
// past. Records are compact, so that a million users fit.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "service/base/clock.h"
#include "service/model/account.h"

namespace rollcall::sim {

enum class Provider : std::uint8_t { okta, federation, social, import };
std::string_view to_string(Provider provider);

/// One user. A time of 0 is null.
struct OrgUser {
  std::string id;
  std::string profile;  // pack_profile's form
  std::string recovery_question;
  WallTime created, activated, status_changed, last_login, last_updated, password_changed;
  WallTime activating_until;  // asynchronous activation ends then
  AccountStatus status = AccountStatus::staged;
  AccountStatus transitioning_to = AccountStatus::unknown;
  Provider provider = Provider::okta;
  bool has_password = false;
  bool profile_sourced = false;  // an HR system or directory is the profile's master
  bool exists = true;
};

/// Index of a user or group in the Directory; stays valid after deletion.
using UserIndex = std::uint32_t;
using GroupIndex = std::uint32_t;

struct Member {
  UserIndex user = 0;
  std::uint32_t rule = 0;  // number of the group rule that made it; 0: by hand
};

struct OrgGroup {
  std::string id;
  std::string name;
  std::string profile;  // compact JSON
  GroupType type = GroupType::okta_group;
  WallTime created, last_updated, last_membership_updated;
  std::vector<Member> members;  // by user index
  bool all_users = false;       // Everyone: its members are all users, none is listed
  bool exists = true;
};

/// A membership that came or went; `rule` as in Member.
struct MembershipChange {
  GroupIndex group = 0;
  UserIndex user = 0;
  std::uint32_t rule = 0;
  bool added = false;
};

class Directory {
 public:
  /// How far the index lags behind; history is kept only as long as it can still be seen.
  explicit Directory(std::int64_t index_lag_ms = 0) : lag_ms_(index_lag_ms) {}
  std::int64_t index_lag_ms() const { return lag_ms_; }
  /// History stays for that much longer, so that `look_back` can show it.
  void keep_history(std::int64_t ms) { kept_ms_ = ms; }
  /// From now on the index shows what was so much longer ago; 0: as it should be.
  void look_back(std::int64_t ms) { back_ms_ = ms; }

  // Users, primary data.
  std::size_t user_slots() const { return users_.size(); }
  const OrgUser& user(UserIndex index) const { return users_[index]; }
  std::optional<UserIndex> user_by_id(std::string_view id) const;
  std::optional<UserIndex> user_by_login(std::string_view login) const;
  /// The only user whose login begins with `shortname` and an at sign.
  std::optional<UserIndex> user_by_shortname(std::string_view shortname) const;
  /// Index of a deleted user too: cursors outlive what they point at.
  std::optional<UserIndex> slot_of_user(std::string_view id) const;
  /// A user other than `except` with that value of a unique custom attribute (raw JSON).
  bool unique_value_taken(std::string_view attribute, std::string_view raw,
                          std::optional<UserIndex> except) const;
  UserIndex add_user(OrgUser user, WallTime now);
  /// For changing anything but the profile; the former state stays visible to the index.
  OrgUser& change_user(UserIndex index, WallTime now);
  void set_profile(UserIndex index, std::string profile, WallTime now);
  void erase_user(UserIndex index, WallTime now);
  /// The index shows `user` as it was, with the status it is moving to, for one more lag.
  void show_transition(UserIndex index, const OrgUser& before, WallTime now);
  /// Attributes whose values unique_value_taken can look up; set before users are added.
  void index_unique(const std::string& attribute);

  // Groups.
  std::size_t group_slots() const { return groups_.size(); }
  const OrgGroup& group(GroupIndex index) const { return groups_[index]; }
  std::optional<GroupIndex> group_by_id(std::string_view id) const;
  std::optional<GroupIndex> slot_of_group(std::string_view id) const;
  std::optional<GroupIndex> okta_group_by_name(std::string_view name) const;
  GroupIndex add_group(OrgGroup group, WallTime now);
  void set_group_profile(GroupIndex index, std::string name, std::string profile, WallTime now);
  void erase_group(GroupIndex index, WallTime now);

  // Memberships.
  const Member* member(GroupIndex group, UserIndex user) const;
  bool is_member(GroupIndex group, UserIndex user) const;
  void add_member(GroupIndex group, UserIndex user, std::uint32_t rule, WallTime now);
  void remove_member(GroupIndex group, UserIndex user, WallTime now);
  /// Changes since the last call.
  std::vector<MembershipChange> take_changes() { return std::exchange(changes_, {}); }

  // The index: everything as it was at now - lag. nullptr: not there then.
  const OrgUser* indexed_user(UserIndex index, WallTime now) const;
  const OrgGroup* indexed_group(GroupIndex index, WallTime now) const;
  std::vector<UserIndex> indexed_members(GroupIndex group, WallTime now) const;
  bool indexed_is_member(GroupIndex group, UserIndex user, WallTime now) const;
  /// The index has caught up with everything.
  void settle();
  /// Drops history that the index has caught up with.
  void forget_history(WallTime now);

 private:
  template <class T>
  struct Version {
    std::int64_t until_ms = 0;
    T state;
  };
  template <class T>
  using History = std::unordered_map<std::uint32_t, std::vector<Version<T>>>;
  struct MemberChange {
    std::int64_t at_ms = 0;
    UserIndex user = 0;
    bool was_member = false;
  };
  using HashIndex = std::unordered_multimap<std::uint64_t, UserIndex>;

  template <class T>
  void remember(History<T>& history, std::uint32_t index, const T& state, WallTime now);
  template <class T>
  static const T* at(const History<T>& history, std::uint32_t index, const T& current,
                     std::int64_t then_ms);
  template <class T>
  static void forget(History<T>& history, std::int64_t then_ms);
  void index_login(UserIndex index);
  void unindex_login(UserIndex index);
  void note_member(GroupIndex group, const Member& member, bool was_member, WallTime now);

  std::int64_t shown_ms(WallTime now) const { return now.ms - lag_ms_ - back_ms_; }

  std::int64_t lag_ms_;
  std::int64_t kept_ms_ = 0;  // beyond the lag
  std::int64_t back_ms_ = 0;
  std::deque<OrgUser> users_;
  std::deque<OrgGroup> groups_;
  std::unordered_map<std::string_view, UserIndex> user_ids_;
  std::unordered_map<std::string_view, GroupIndex> group_ids_;
  std::unordered_map<std::string, GroupIndex> group_names_;
  HashIndex logins_;
  HashIndex shortnames_;
  std::unordered_map<std::string, HashIndex> unique_values_;
  History<OrgUser> user_history_;
  History<OrgGroup> group_history_;
  std::unordered_map<GroupIndex, std::vector<MemberChange>> member_history_;
  std::vector<MembershipChange> changes_;
  std::int64_t next_forget_ms_ = 0;
};

}  // namespace rollcall::sim

#include "tests/sim/directory.h"

#include <algorithm>

#include "service/base/digest.h"
#include "service/base/text.h"
#include "tests/sim/packed_json.h"

namespace rollcall::sim {
namespace {

std::uint64_t login_hash(std::string_view login) { return fast_hash(fold_login(login)); }

std::string_view shortname_of(std::string_view login) { return login.substr(0, login.find('@')); }

template <class Index>
void erase_pair(Index& index, std::uint64_t hash, UserIndex user) {
  const auto [begin, end] = index.equal_range(hash);
  for (auto it = begin; it != end; ++it) {
    if (it->second == user) {
      index.erase(it);
      return;
    }
  }
}

auto find_member(const std::vector<Member>& members, UserIndex user) {
  return std::lower_bound(members.begin(), members.end(), user,
                          [](const Member& m, UserIndex u) { return m.user < u; });
}

}  // namespace

std::string_view to_string(Provider provider) {
  switch (provider) {
    case Provider::okta:
      return "OKTA";
    case Provider::federation:
      return "FEDERATION";
    case Provider::social:
      return "SOCIAL";
    case Provider::import:
      return "IMPORT";
  }
  return "OKTA";
}

std::optional<UserIndex> Directory::slot_of_user(std::string_view id) const {
  const auto found = user_ids_.find(id);
  if (found == user_ids_.end()) return std::nullopt;
  return found->second;
}

std::optional<UserIndex> Directory::user_by_id(std::string_view id) const {
  const auto slot = slot_of_user(id);
  return slot && users_[*slot].exists ? slot : std::nullopt;
}

std::optional<UserIndex> Directory::user_by_login(std::string_view login) const {
  const std::string folded = fold_login(login);
  const auto [begin, end] = logins_.equal_range(fast_hash(folded));
  for (auto it = begin; it != end; ++it) {
    if (fold_login(packed_text(users_[it->second].profile, "login")) == folded) return it->second;
  }
  return std::nullopt;
}

std::optional<UserIndex> Directory::user_by_shortname(std::string_view shortname) const {
  const std::string folded = fold_login(shortname);
  std::optional<UserIndex> only;
  const auto [begin, end] = shortnames_.equal_range(fast_hash(folded));
  for (auto it = begin; it != end; ++it) {
    if (only) return std::nullopt;
    only = it->second;
  }
  return only;
}

bool Directory::unique_value_taken(std::string_view attribute, std::string_view raw,
                                   std::optional<UserIndex> except) const {
  const auto found = unique_values_.find(std::string(attribute));
  if (found == unique_values_.end()) return false;
  const auto [begin, end] = found->second.equal_range(fast_hash(raw));
  return std::any_of(begin, end, [&](const auto& entry) {
    return entry.second != except && packed_member(users_[entry.second].profile, attribute) == raw;
  });
}

void Directory::index_unique(const std::string& attribute) {
  auto& values = unique_values_[attribute];
  values.clear();
  for (UserIndex i = 0; i < users_.size(); ++i) {
    const std::string_view raw = packed_member(users_[i].profile, attribute);
    if (users_[i].exists && !raw.empty() && raw != "null") values.emplace(fast_hash(raw), i);
  }
}

void Directory::index_login(UserIndex index) {
  const std::string& profile = users_[index].profile;
  const std::string login = packed_text(profile, "login");
  logins_.emplace(login_hash(login), index);
  shortnames_.emplace(login_hash(shortname_of(login)), index);
  for (auto& [attribute, values] : unique_values_) {
    const std::string_view raw = packed_member(profile, attribute);
    if (!raw.empty() && raw != "null") values.emplace(fast_hash(raw), index);
  }
}

void Directory::unindex_login(UserIndex index) {
  const std::string& profile = users_[index].profile;
  const std::string login = packed_text(profile, "login");
  erase_pair(logins_, login_hash(login), index);
  erase_pair(shortnames_, login_hash(shortname_of(login)), index);
  for (auto& [attribute, values] : unique_values_) {
    erase_pair(values, fast_hash(packed_member(profile, attribute)), index);
  }
}

template <class T>
void Directory::remember(History<T>& history, std::uint32_t index, const T& state, WallTime now) {
  if (lag_ms_ + kept_ms_ == 0) return;
  auto& versions = history[index];
  for (auto& version : versions) version.until_ms = std::min(version.until_ms, now.ms);
  versions.push_back({now.ms, state});
}

template <class T>
const T* Directory::at(const History<T>& history, std::uint32_t index, const T& current,
                       std::int64_t then_ms) {
  const T* seen = &current;
  if (!history.empty()) {
    if (const auto found = history.find(index); found != history.end()) {
      for (const auto& version : found->second) {
        if (version.until_ms > then_ms) {
          seen = &version.state;
          break;
        }
      }
    }
  }
  return seen->exists ? seen : nullptr;
}

template <class T>
void Directory::forget(History<T>& history, std::int64_t then_ms) {
  for (auto it = history.begin(); it != history.end();) {
    auto& versions = it->second;
    std::erase_if(versions, [&](const auto& version) { return version.until_ms <= then_ms; });
    it = versions.empty() ? history.erase(it) : std::next(it);
  }
}

UserIndex Directory::add_user(OrgUser user, WallTime now) {
  const auto index = static_cast<UserIndex>(users_.size());
  users_.push_back(std::move(user));
  user_ids_.emplace(users_.back().id, index);
  index_login(index);
  OrgUser absent;
  absent.exists = false;
  remember(user_history_, index, absent, now);
  return index;
}

OrgUser& Directory::change_user(UserIndex index, WallTime now) {
  remember(user_history_, index, users_[index], now);
  return users_[index];
}

void Directory::set_profile(UserIndex index, std::string profile, WallTime now) {
  remember(user_history_, index, users_[index], now);
  unindex_login(index);
  users_[index].profile = std::move(profile);
  users_[index].last_updated = now;
  index_login(index);
}

void Directory::erase_user(UserIndex index, WallTime now) {
  remember(user_history_, index, users_[index], now);
  unindex_login(index);
  for (GroupIndex g = 0; g < groups_.size(); ++g) {
    if (member(g, index) != nullptr) remove_member(g, index, now);
  }
  users_[index].exists = false;
  users_[index].profile = "{}";
}

void Directory::show_transition(UserIndex index, const OrgUser& before, WallTime now) {
  if (lag_ms_ == 0) return;
  OrgUser moving = before;
  moving.exists = true;
  moving.transitioning_to = users_[index].status;
  user_history_[index].push_back({now.ms + lag_ms_, std::move(moving)});
}

std::optional<GroupIndex> Directory::slot_of_group(std::string_view id) const {
  const auto found = group_ids_.find(id);
  if (found == group_ids_.end()) return std::nullopt;
  return found->second;
}

std::optional<GroupIndex> Directory::group_by_id(std::string_view id) const {
  const auto slot = slot_of_group(id);
  return slot && groups_[*slot].exists ? slot : std::nullopt;
}

std::optional<GroupIndex> Directory::okta_group_by_name(std::string_view name) const {
  const auto found = group_names_.find(std::string(name));
  if (found == group_names_.end()) return std::nullopt;
  return found->second;
}

GroupIndex Directory::add_group(OrgGroup group, WallTime now) {
  const auto index = static_cast<GroupIndex>(groups_.size());
  groups_.push_back(std::move(group));
  const OrgGroup& added = groups_.back();
  group_ids_.emplace(added.id, index);
  if (added.type == GroupType::okta_group) group_names_.emplace(added.name, index);
  OrgGroup absent;
  absent.exists = false;
  remember(group_history_, index, absent, now);
  return index;
}

void Directory::set_group_profile(GroupIndex index, std::string name, std::string profile,
                                  WallTime now) {
  OrgGroup& group = groups_[index];
  remember(group_history_, index, group, now);
  group_names_.erase(group.name);
  group.name = std::move(name);
  group.profile = std::move(profile);
  group.last_updated = now;
  group_names_.emplace(group.name, index);
}

void Directory::erase_group(GroupIndex index, WallTime now) {
  OrgGroup& group = groups_[index];
  remember(group_history_, index, group, now);
  if (group.type == GroupType::okta_group) group_names_.erase(group.name);
  group.exists = false;
  group.members.clear();
}

const Member* Directory::member(GroupIndex group, UserIndex user) const {
  const auto& members = groups_[group].members;
  const auto found = find_member(members, user);
  return found != members.end() && found->user == user ? &*found : nullptr;
}

bool Directory::is_member(GroupIndex group, UserIndex user) const {
  if (groups_[group].all_users) return users_[user].exists;
  return member(group, user) != nullptr;
}

void Directory::note_member(GroupIndex group, const Member& member, bool was_member, WallTime now) {
  changes_.push_back({group, member.user, member.rule, !was_member});
  groups_[group].last_membership_updated = now;
  if (lag_ms_ + kept_ms_ != 0) member_history_[group].push_back({now.ms, member.user, was_member});
}

void Directory::add_member(GroupIndex group, UserIndex user, std::uint32_t rule, WallTime now) {
  auto& members = groups_[group].members;
  const auto at = find_member(members, user) - members.begin();
  const auto position = members.begin() + at;
  if (position != members.end() && position->user == user) {
    if (rule == 0) position->rule = 0;  // added by hand: the rule no longer owns it
    return;
  }
  members.insert(position, {user, rule});
  note_member(group, {user, rule}, false, now);
}

void Directory::remove_member(GroupIndex group, UserIndex user, WallTime now) {
  auto& members = groups_[group].members;
  const auto at = find_member(members, user) - members.begin();
  const auto position = members.begin() + at;
  if (position == members.end() || position->user != user) return;
  const Member gone = *position;
  members.erase(position);
  note_member(group, gone, true, now);
}

const OrgUser* Directory::indexed_user(UserIndex index, WallTime now) const {
  return at(user_history_, index, users_[index], shown_ms(now));
}

const OrgGroup* Directory::indexed_group(GroupIndex index, WallTime now) const {
  return at(group_history_, index, groups_[index], shown_ms(now));
}

bool Directory::indexed_is_member(GroupIndex group, UserIndex user, WallTime now) const {
  if (groups_[group].all_users) return true;
  const auto found = member_history_.find(group);
  if (found != member_history_.end()) {
    for (const MemberChange& change : found->second) {
      if (change.user == user && change.at_ms > shown_ms(now)) return change.was_member;
    }
  }
  return member(group, user) != nullptr;
}

std::vector<UserIndex> Directory::indexed_members(GroupIndex group, WallTime now) const {
  std::vector<UserIndex> indexes;
  if (groups_[group].all_users) {
    for (UserIndex i = 0; i < users_.size(); ++i) indexes.push_back(i);
    return indexes;
  }
  for (const Member& m : groups_[group].members) indexes.push_back(m.user);
  const auto found = member_history_.find(group);
  if (found == member_history_.end()) return indexes;
  for (auto change = found->second.rbegin(); change != found->second.rend(); ++change) {
    if (change->at_ms <= shown_ms(now)) continue;
    const auto position = std::lower_bound(indexes.begin(), indexes.end(), change->user);
    const bool there = position != indexes.end() && *position == change->user;
    if (change->was_member && !there) indexes.insert(position, change->user);
    if (!change->was_member && there) indexes.erase(position);
  }
  return indexes;
}

void Directory::settle() {
  user_history_.clear();
  group_history_.clear();
  member_history_.clear();
  changes_.clear();
}

void Directory::forget_history(WallTime now) {
  const std::int64_t kept = lag_ms_ + kept_ms_;
  if (kept == 0 || now.ms < next_forget_ms_) return;
  next_forget_ms_ = now.ms + kept;
  const std::int64_t then = now.ms - kept;
  forget(user_history_, then);
  forget(group_history_, then);
  for (auto it = member_history_.begin(); it != member_history_.end();) {
    std::erase_if(it->second, [&](const MemberChange& change) { return change.at_ms <= then; });
    it = it->second.empty() ? member_history_.erase(it) : std::next(it);
  }
}

}  // namespace rollcall::sim

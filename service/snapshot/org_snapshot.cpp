#include "service/snapshot/org_snapshot.h"

#include <algorithm>
#include <cstring>

#include "service/base/error.h"
#include "service/base/text.h"

namespace rollcall {
namespace {

/// Fixed part of an account's block; the id's bytes and the packed profile follow.
struct Fixed {
  std::int64_t created, activated, status_changed, last_updated;
  std::uint16_t id_length, attributes;
  AccountStatus status, transitioning_to;
};

std::size_t padded(std::size_t size) { return (size + 7) / 8 * 8; }

}  // namespace

void OrgSnapshot::add_group(const Group& group) {
  group_ids_.emplace(group.id, static_cast<GroupRef>(groups_.size()));
  groups_.push_back(group);
}

std::uint32_t OrgSnapshot::store(const AccountView& account) {
  Fixed fixed{};
  fixed.created = account.created.ms;
  fixed.activated = account.activated.ms;
  fixed.status_changed = account.status_changed.ms;
  fixed.last_updated = account.last_updated.ms;
  fixed.id_length = static_cast<std::uint16_t>(account.id.size());
  fixed.attributes = static_cast<std::uint16_t>(account.profile.size());
  fixed.status = account.status;
  fixed.transitioning_to = account.transitioning_to;
  const std::size_t profile_bytes = account.profile.bytes();
  const std::size_t size = padded(sizeof fixed + account.id.size() + profile_bytes);
  ROLLCALL_ASSERT(size <= kChunk);
  if (used_ + size > kChunk) {
    chunks_.push_back(std::make_unique<char[]>(kChunk));
    used_ = 0;
  }
  char* at = chunks_.back().get() + used_;
  std::memcpy(at, &fixed, sizeof fixed);
  std::memcpy(at + sizeof fixed, account.id.data(), account.id.size());
  if (profile_bytes > 0) {
    std::memcpy(at + sizeof fixed + account.id.size(), account.profile.block(), profile_bytes);
  }
  const auto offset = static_cast<std::uint32_t>(((chunks_.size() - 1) * kChunk + used_) / 8);
  used_ += size;
  return offset;
}

void OrgSnapshot::index_keys(AccountRef ref) {
  const AccountView stored = at(ref);
  for (const MatchKey key :
       {MatchKey::id, MatchKey::login, MatchKey::attribute_1, MatchKey::attribute_2}) {
    const std::string normalised = normalised_key(key, stored);
    if (!normalised.empty()) index(key, normalised, ref);
  }
}

void OrgSnapshot::add_account(const AccountView& account) {
  offsets_.push_back(store(account));
  index_keys(static_cast<AccountRef>(offsets_.size() - 1));
}

void OrgSnapshot::replace_account(const AccountView& account) {
  const auto known = by_id(account.id);
  if (!known) return add_account(account);
  // Old index entries stay: a look-up compares with the stored account and skips them. A key that
  // did not change would be found twice, so only new ones are added.
  std::vector<std::string> before;
  for (const MatchKey key : {MatchKey::login, MatchKey::attribute_1, MatchKey::attribute_2}) {
    before.push_back(normalised_key(key, at(*known)));
  }
  offsets_[*known] = store(account);
  std::size_t i = 0;
  for (const MatchKey key : {MatchKey::login, MatchKey::attribute_1, MatchKey::attribute_2}) {
    const std::string now = normalised_key(key, at(*known));
    if (!now.empty() && now != before[i]) index(key, now, *known);
    ++i;
  }
}

void OrgSnapshot::add_member(std::string_view group_id, std::string_view user_id) {
  const auto group = group_by_id(group_id);
  const auto account = by_id(user_id);
  if (!group || !account) {
    ++unknown_members_;
    return;
  }
  pairs_.push_back({*account, *group});
}

void OrgSnapshot::seal() {
  std::sort(pairs_.begin(), pairs_.end(), [](const Membership& a, const Membership& b) {
    return a.account != b.account ? a.account < b.account : a.group < b.group;
  });
  // A membership can come twice when the org changes between two pages.
  const auto same = [](const Membership& a, const Membership& b) {
    return a.account == b.account && a.group == b.group;
  };
  pairs_.erase(std::unique(pairs_.begin(), pairs_.end(), same), pairs_.end());
  first_.assign(offsets_.size() + 1, 0);
  for (const Membership& pair : pairs_) ++first_[pair.account + 1];
  for (std::size_t i = 1; i < first_.size(); ++i) first_[i] += first_[i - 1];
  member_of_.reserve(pairs_.size());
  for (const Membership& pair : pairs_) member_of_.push_back(pair.group);
  pairs_.clear();
  pairs_.shrink_to_fit();
  sealed_ = true;
}

const char* OrgSnapshot::block(AccountRef ref) const {
  const std::size_t offset = std::size_t{offsets_[ref]} * 8;
  return chunks_[offset / kChunk].get() + offset % kChunk;
}

AccountView OrgSnapshot::at(AccountRef ref) const {
  const char* at = block(ref);
  Fixed fixed{};
  std::memcpy(&fixed, at, sizeof fixed);
  AccountView view;
  view.id = {at + sizeof fixed, fixed.id_length};
  view.profile = RecordView(at + sizeof fixed + fixed.id_length, fixed.attributes);
  view.login = view.profile.text(keys_.login);
  view.status = fixed.status;
  view.transitioning_to = fixed.transitioning_to;
  view.created = {fixed.created};
  view.activated = {fixed.activated};
  view.status_changed = {fixed.status_changed};
  view.last_updated = {fixed.last_updated};
  return view;
}

std::string OrgSnapshot::normalised_key(MatchKey key, const AccountView& account) const {
  switch (key) {
    case MatchKey::id:
      return std::string(account.id);
    case MatchKey::login:
      return fold_login(account.login);
    case MatchKey::attribute_1:
      return keys_.attribute_1 ? fold_case(account.profile.text(*keys_.attribute_1))
                               : std::string();
    case MatchKey::attribute_2:
      return keys_.attribute_2 ? fold_case(account.profile.text(*keys_.attribute_2))
                               : std::string();
  }
  return {};
}

void OrgSnapshot::index(MatchKey key, std::string_view normalised, AccountRef ref) {
  by_key_[static_cast<std::size_t>(key)].insert(fast_hash(normalised), ref);
}

bool OrgSnapshot::has_key(MatchKey key, AccountRef ref, std::string_view normalised) const {
  const AccountView account = at(ref);
  if (key == MatchKey::id) return account.id == normalised;
  return normalised_key(key, account) == normalised;
}

void OrgSnapshot::find(MatchKey key, std::string_view normalised,
                       std::vector<AccountRef>& out) const {
  by_key_[static_cast<std::size_t>(key)].probe(fast_hash(normalised), [&](AccountRef ref) {
    const bool known = std::find(out.begin(), out.end(), ref) != out.end();
    if (!known && has_key(key, ref, normalised)) out.push_back(ref);
    return true;
  });
}

std::optional<AccountRef> OrgSnapshot::by_id(std::string_view id) const {
  std::optional<AccountRef> found;
  by_key_[static_cast<std::size_t>(MatchKey::id)].probe(fast_hash(id), [&](AccountRef ref) {
    if (!has_key(MatchKey::id, ref, id)) return true;
    found = ref;
    return false;
  });
  return found;
}

std::span<const GroupRef> OrgSnapshot::groups_of(AccountRef ref) const {
  ROLLCALL_ASSERT(sealed_);
  return {member_of_.data() + first_[ref], first_[ref + 1] - first_[ref]};
}

std::optional<GroupRef> OrgSnapshot::group_by_id(std::string_view id) const {
  const auto found = group_ids_.find(std::string(id));
  if (found == group_ids_.end()) return std::nullopt;
  return found->second;
}

}  // namespace rollcall

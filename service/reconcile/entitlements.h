// Groups by rule: which groups the rules speak of, whether they may be ours, and who should be in
// them. Pure.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "service/model/plan.h"
#include "service/reconcile/inputs.h"
#include "service/reconcile/link_index.h"

namespace rollcall {

/// Names under which groups are linked, by id: Okta may call them otherwise since.
using GroupNames = std::unordered_map<std::string, std::string>;
GroupNames linked_group_names(const LinkList& links);

/// Whoever is in the group is protected: it gives an admin role, or guard.protected names it as
/// Okta does or as it was linked.
bool protects_members(const Group& group, const GuardSettings& guard, const GroupNames& linked);

/// Position in EntitlementRules::targets.
using TargetRef = std::uint32_t;

/// A group that some rule names, existing or to be created.
struct GroupTarget {
  std::string name;                  // by the rule; Okta may call a linked one otherwise
  std::size_t rule = 0;              // position in Settings::groups
  std::optional<GroupRef> existing;  // in OrgFacts::groups
  bool linked = false;               // ours already
  bool refused = false;              // may not be managed; a finding says why
  std::uint64_t desired = 0;         // people who should be in it
  /// Linked as that target, whose name it had; another value of the same template is its name now.
  std::optional<TargetRef> beside = std::nullopt;
  bool stale_link = false;  // linked under a name that no rule gives any more
};

/// Whether the link is to be written anew under the target's name: the former one is over.
bool wants_new_link(const GroupTarget& group, const std::vector<GroupTarget>& all,
                    const Settings& settings);

/// Whether a group's members must be read: linked, or named by a rule, or fitting a template's
/// fixed part, or protected. Needed while listing, before any person is read.
bool wants_members(const Group& group, const Settings& settings, bool linked);

/// Why a group may not be managed: type, admin rights, an active rule of Okta's; nullopt if it may.
std::optional<std::string> refusal(const Group& group, std::span<const GroupRule> rules);

struct MembershipChange {
  std::vector<TargetRef> add;
  std::vector<TargetRef> remove;
};

/// Evaluates the rules person after person. One thread.
class EntitlementRules {
 public:
  EntitlementRules(const ReconcileInputs& inputs, const LinkIndex& links);

  /// Compares what the rules want with the account's memberships (`account` nullopt: a joiner).
  /// Errors: expression.evaluation, which isolates the person.
  Result<MembershipChange> diff(const PersonRecord& person, RecordView effective_user,
                                std::optional<AccountRef> account);
  /// The ladder's remove_groups: every membership that we granted or that is authoritative.
  MembershipChange remove_all(AccountRef account);

  const std::vector<GroupTarget>& targets() const { return targets_; }
  /// Refused and renamed groups and foreign members, after all people were seen.
  std::vector<Finding> findings() const;
  /// Per target: members that are ours now (the guard's population).
  std::vector<std::uint64_t> population() const;

 private:
  std::optional<std::size_t> managing_rule(std::string_view name) const;
  void find_linked();
  TargetRef target(const std::string& name, std::size_t rule);
  void attach_existing(GroupTarget& target);
  /// Settles whose group it is that bears the target's name; false: another target's alone.
  bool share_by_name(GroupTarget& target, const Group& group);
  /// The target that stands for the group among memberships.
  TargetRef primary(TargetRef ref) const { return targets_[ref].beside.value_or(ref); }
  std::optional<Finding> rename_of(TargetRef ref) const;
  bool may_remove(const GroupTarget& target, AccountRef account) const;

  const ReconcileInputs& inputs_;
  const LinkIndex& links_;
  std::vector<GroupTarget> targets_;
  std::unordered_map<std::string, TargetRef> by_name_;
  std::vector<std::optional<TargetRef>> target_of_;        // by GroupRef
  std::unordered_map<std::string, GroupRef> okta_groups_;  // name -> the OKTA_GROUP of that name
  std::unordered_map<std::string, GroupRef> linked_as_;    // name when linked -> group
  std::unordered_map<std::string, std::string> refused_;   // name -> reason
  std::unordered_set<std::uint64_t> grants_;               // digest of group and user id
  std::vector<TargetRef> wanted_, kept_;                   // reused
  std::vector<bool> rule_unknown_;                         // reused
};

}  // namespace rollcall

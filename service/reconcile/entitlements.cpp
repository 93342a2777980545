#include "service/reconcile/entitlements.h"

#include <fmt/core.h>

#include <algorithm>

#include "service/base/text.h"

namespace rollcall {
namespace {

std::uint64_t grant_key(std::string_view group_id, std::string_view user_id) {
  return fast_hash(std::string(group_id) + "|" + std::string(user_id));
}

bool contains(const std::vector<std::string>& list, std::string_view text) {
  return std::find(list.begin(), list.end(), text) != list.end();
}

}  // namespace

GroupNames linked_group_names(const LinkList& links) {
  GroupNames out;
  for (const LinkView link : links) {
    if (link.kind == Link::Kind::group) out[std::string(link.okta_id)] = link.logical_key;
  }
  return out;
}

bool protects_members(const Group& group, const GuardSettings& guard, const GroupNames& linked) {
  if (group.confers_admin || contains(guard.protected_groups, group.name)) return true;
  const auto found = linked.find(group.id);
  return found != linked.end() && contains(guard.protected_groups, found->second);
}

bool wants_members(const Group& group, const Settings& settings, bool linked) {
  if (!settings.users.manage_groups || group.type != GroupType::okta_group) return false;
  if (linked) return true;
  return std::any_of(settings.groups.begin(), settings.groups.end(), [&](const auto& rule) {
    return rule.is_template ? group.name.starts_with(template_prefix(rule.name))
                            : group.name == rule.name;
  });
}

std::optional<std::string> refusal(const Group& group, std::span<const GroupRule> rules) {
  if (group.type != GroupType::okta_group) {
    return fmt::format("its type is {}; only OKTA_GROUP members can be written",
                       to_string(group.type));
  }
  if (group.confers_admin) return "it gives admin rights";
  for (const GroupRule& rule : rules) {
    // Removing a rule's member by API excludes them from the rule for good (FACTS 6.1).
    if (rule.active && contains(rule.target_groups, group.id)) {
      return fmt::format("the active Okta group rule '{}' fills it", rule.name);
    }
  }
  return std::nullopt;
}

bool wants_new_link(const GroupTarget& group, const std::vector<GroupTarget>& all,
                    const Settings& settings) {
  if (!group.linked || group.refused) return false;
  if (group.stale_link) return group.desired > 0 || !settings.groups[group.rule].is_template;
  return group.beside && group.desired > 0 && all[*group.beside].desired == 0;
}

EntitlementRules::EntitlementRules(const ReconcileInputs& inputs, const LinkIndex& links)
    : inputs_(inputs), links_(links), target_of_(inputs.org.groups.size()) {
  const auto& groups = inputs.org.groups;
  for (std::size_t i = 0; i < groups.size(); ++i) {
    if (groups[i].type == GroupType::okta_group) {
      okta_groups_.emplace(groups[i].name, static_cast<GroupRef>(i));
    }
  }
  // Names that only groups of other types bear would make a second group of the same name.
  for (const Group& group : groups) {
    if (group.type == GroupType::okta_group || okta_groups_.count(group.name) > 0) continue;
    refused_.emplace(group.name, *refusal(group, inputs.org.rules));
  }
  for (const Grant& grant : inputs.history->grants) {
    grants_.insert(grant_key(grant.group_id, grant.user_id));
  }
  find_linked();
}

/// A link is by id: whatever the group is called now, it stays the target of the name that it was
/// linked under, while a rule may give that name.
void EntitlementRules::find_linked() {
  const auto& groups = inputs_.org.groups;
  const auto& rules = inputs_.settings->groups;
  const auto is_fixed = [&](std::string_view name) {
    return std::any_of(rules.begin(), rules.end(), [&](const GroupRuleSettings& rule) {
      return !rule.is_template && rule.name == name;
    });
  };
  for (std::size_t i = 0; i < groups.size(); ++i) {
    const std::string key(links_.group_key(groups[i].id));
    if (key.empty() || groups[i].type != GroupType::okta_group || !managing_rule(key)) continue;
    // A rule that names the group as Okta does now means it, whatever value it stood for.
    if (groups[i].name != key && is_fixed(groups[i].name) && !is_fixed(key)) continue;
    linked_as_.emplace(key, static_cast<GroupRef>(i));
  }
  for (std::size_t i = 0; i < rules.size(); ++i) {
    if (!rules[i].is_template) target(rules[i].name, i);
  }
  for (const Group& group : groups) {
    if (group.type != GroupType::okta_group || !links_.group_linked(group.id)) continue;
    const std::string key(links_.group_key(group.id));
    const std::string& name = linked_as_.count(key) > 0 ? key : group.name;
    if (const auto rule = managing_rule(name)) target(name, *rule);
  }
}

std::optional<std::size_t> EntitlementRules::managing_rule(std::string_view name) const {
  const auto& rules = inputs_.settings->groups;
  std::optional<std::size_t> best;
  std::size_t best_length = 0;
  for (std::size_t i = 0; i < rules.size(); ++i) {
    if (!rules[i].is_template) {
      if (rules[i].name == name) return i;
      continue;
    }
    const std::string_view prefix = template_prefix(rules[i].name);
    if (name.starts_with(prefix) && prefix.size() > best_length) {
      best = i;
      best_length = prefix.size();
    }
  }
  return best;
}

TargetRef EntitlementRules::target(const std::string& name, std::size_t rule) {
  if (const auto found = by_name_.find(name); found != by_name_.end()) {
    // Two rules may give one name: the first in the configuration owns it, whoever comes first.
    GroupTarget& known = targets_[found->second];
    known.rule = std::min(known.rule, rule);
    return found->second;
  }
  const auto ref = static_cast<TargetRef>(targets_.size());
  targets_.push_back({name, rule, std::nullopt, false, false, 0});
  by_name_.emplace(name, ref);
  attach_existing(targets_.back());
  const GroupTarget& made = targets_.back();
  if (made.existing && !made.beside) target_of_[*made.existing] = ref;
  return ref;
}

void EntitlementRules::attach_existing(GroupTarget& target) {
  const auto linked = linked_as_.find(target.name);
  const auto found = okta_groups_.find(target.name);
  if (linked == linked_as_.end() && found == okta_groups_.end()) {
    target.refused = refused_.count(target.name) > 0;
    return;
  }
  const bool by_name = linked == linked_as_.end();
  const GroupRef ref = by_name ? found->second : linked->second;
  const Group& group = inputs_.org.groups[ref];
  if (by_name && !share_by_name(target, group)) return;
  target.existing = ref;
  target.linked = links_.group_linked(group.id);
  if (auto why = refusal(group, inputs_.org.rules)) {
    target.refused = true;
    refused_.emplace(target.name, std::move(*why));
  }
}

bool EntitlementRules::share_by_name(GroupTarget& target, const Group& group) {
  const std::string key(links_.group_key(group.id));
  if (key.empty() || key == target.name) return true;
  if (linked_as_.count(key) == 0) {
    target.stale_link = true;
    return true;
  }
  // A value that HR renames wholly or in part: one template, one group, both values.
  const auto owner = by_name_.find(key);
  if (owner != by_name_.end() && targets_[owner->second].rule == target.rule &&
      inputs_.settings->groups[target.rule].is_template) {
    target.beside = owner->second;
    return true;
  }
  target.refused = true;
  refused_.emplace(target.name, fmt::format("the group of that name in Okta is linked as '{}'; "
                                            "rename it back first",
                                            key));
  return false;
}

bool EntitlementRules::may_remove(const GroupTarget& target, AccountRef account) const {
  if (target.refused || !target.linked || !links_.owned(account)) return false;
  if (inputs_.settings->groups[target.rule].authoritative) return true;
  const Group& group = inputs_.org.groups[*target.existing];
  return grants_.count(grant_key(group.id, inputs_.accounts->at(account).id)) > 0;
}

Result<MembershipChange> EntitlementRules::diff(const PersonRecord& person, RecordView user,
                                                std::optional<AccountRef> account) {
  EvalScope scope;
  scope.hr = person.hr;
  scope.user = user;
  scope.now = inputs_.as_of.instant;
  scope.zone = inputs_.as_of.zone;
  const auto& rules = inputs_.settings->groups;
  wanted_.clear();
  rule_unknown_.assign(rules.size(), false);
  for (std::size_t i = 0; i < rules.size(); ++i) {
    const auto truth = evaluate_condition(rules[i].members, scope);
    if (!truth) return truth.error();
    if (*truth == Truth::unknown) rule_unknown_[i] = true;
    if (*truth != Truth::yes) continue;
    if (!rules[i].is_template) {
      wanted_.push_back(by_name_.find(rules[i].name)->second);
      continue;
    }
    const auto name = evaluate(rules[i].name_expr, scope);
    if (!name) return name.error();
    if (name->is_unknown()) rule_unknown_[i] = true;
    if (name->text() != nullptr && !name->text()->empty()) {
      wanted_.push_back(target(*name->text(), i));
    }
  }
  std::sort(wanted_.begin(), wanted_.end());
  wanted_.erase(std::unique(wanted_.begin(), wanted_.end()), wanted_.end());

  kept_.clear();
  for (const TargetRef wanted : wanted_) kept_.push_back(primary(wanted));
  std::sort(kept_.begin(), kept_.end());

  MembershipChange change;
  std::vector<TargetRef> current;
  if (account) {
    for (const GroupRef group : inputs_.accounts->groups_of(*account)) {
      if (target_of_[group]) current.push_back(*target_of_[group]);
    }
    std::sort(current.begin(), current.end());
  }
  for (const TargetRef wanted : wanted_) {
    ++targets_[wanted].desired;
    if (targets_[wanted].refused) continue;
    if (!std::binary_search(current.begin(), current.end(), primary(wanted))) {
      change.add.push_back(wanted);
    }
  }
  for (const TargetRef held : current) {
    const GroupTarget& group = targets_[held];
    if (rule_unknown_[group.rule] || std::binary_search(kept_.begin(), kept_.end(), held)) {
      continue;
    }
    if (may_remove(group, *account)) change.remove.push_back(held);
  }
  return change;
}

MembershipChange EntitlementRules::remove_all(AccountRef account) {
  MembershipChange change;
  for (const GroupRef group : inputs_.accounts->groups_of(account)) {
    if (!target_of_[group]) continue;
    if (may_remove(targets_[*target_of_[group]], account))
      change.remove.push_back(*target_of_[group]);
  }
  std::sort(change.remove.begin(), change.remove.end());
  return change;
}

std::vector<std::uint64_t> EntitlementRules::population() const {
  std::vector<std::uint64_t> count(targets_.size(), 0);
  for (AccountRef account = 0; account < inputs_.accounts->size(); ++account) {
    if (!links_.owned(account)) continue;
    for (const GroupRef group : inputs_.accounts->groups_of(account)) {
      if (target_of_[group]) ++count[*target_of_[group]];
    }
  }
  return count;
}

std::optional<Finding> EntitlementRules::rename_of(TargetRef ref) const {
  const GroupTarget& group = targets_[ref];
  if (!group.linked || group.refused || group.beside) return std::nullopt;
  if (group.desired == 0 && inputs_.settings->groups[group.rule].is_template) return std::nullopt;
  const std::string& called = inputs_.org.groups[*group.existing].name;
  if (called == group.name) return std::nullopt;
  const auto other = by_name_.find(called);
  const bool shared = other != by_name_.end() && targets_[other->second].beside == ref &&
                      targets_[other->second].desired > 0;
  Finding f;
  f.severity = Severity::warning;
  f.code = info(ErrorCode::group_name_differs).id;
  f.message = fmt::format("the group '{}' is called '{}' in Okta; it is managed all the same{}",
                          group.name, called, shared ? ", and holds the people of both names" : "");
  return f;
}

std::vector<Finding> EntitlementRules::findings() const {
  std::vector<Finding> out;
  std::vector<std::uint64_t> foreign(targets_.size(), 0);
  for (AccountRef account = 0; account < inputs_.accounts->size(); ++account) {
    if (links_.owner_of(account)) continue;
    for (const GroupRef group : inputs_.accounts->groups_of(account)) {
      if (target_of_[group]) ++foreign[*target_of_[group]];
    }
  }
  std::vector<TargetRef> order(targets_.size());
  for (TargetRef i = 0; i < order.size(); ++i) order[i] = i;
  std::sort(order.begin(), order.end(),
            [&](TargetRef a, TargetRef b) { return targets_[a].name < targets_[b].name; });
  for (const TargetRef ref : order) {
    const GroupTarget& group = targets_[ref];
    if (auto renamed = rename_of(ref)) out.push_back(std::move(*renamed));
    if (group.refused) {
      Finding f;
      f.code = info(ErrorCode::group_refused).id;
      f.message = fmt::format("the group '{}' is not managed: {}", group.name,
                              refused_.find(group.name)->second);
      out.push_back(std::move(f));
    } else if (foreign[ref] > 0 && inputs_.settings->groups[group.rule].authoritative) {
      Finding f;
      f.severity = Severity::warning;
      f.code = info(ErrorCode::group_foreign_member).id;
      f.message =
          fmt::format("{} of the group '{}' {} not ours and {}",
                      plural(static_cast<long long>(foreign[ref]), "member", "members"), group.name,
                      foreign[ref] == 1 ? "is" : "are", foreign[ref] == 1 ? "stays" : "stay");
      out.push_back(std::move(f));
    }
  }
  return out;
}

}  // namespace rollcall

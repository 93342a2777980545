#include "service/reconcile/guard.h"

#include <fmt/core.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <map>

#include "service/base/text.h"

namespace rollcall {
namespace {

bool contains_account(OperationKind kind) {
  return kind == OperationKind::user_suspend || kind == OperationKind::user_deactivate;
}

/// The hold of operations on the account that we sign in with.
constexpr const char* kOwnPrincipal = "own_principal";

bool shuts_out(OperationKind kind) {
  return contains_account(kind) || kind == OperationKind::user_delete;
}

/// Of somebody who was shut out; a joiner's activation is none.
bool lets_in_again(const Operation& op) {
  return op.kind == OperationKind::user_unsuspend ||
         (op.kind == OperationKind::user_activate &&
          op.expect.status == AccountStatus::deprovisioned);
}

bool sends_mail(const Operation& op) {
  PlanSummary one;
  one.count(op);
  return one.mails > 0;
}

class Guard {
 public:
  Guard(std::vector<Operation>& operations, const GuardInputs& inputs)
      : operations_(operations), inputs_(inputs) {}

  GuardVerdict run() {
    take_approvals();
    hold_rejected();
    hold_protected();
    limit(
        "containments", inputs_.linked_enabled,
        [](const Operation& op) { return contains_account(op.kind) && op.reason != "absent"; },
        true);
    limit(
        "absences", inputs_.linked_enabled,
        [](const Operation& op) { return contains_account(op.kind) && op.reason == "absent"; },
        true);
    limit("returns", inputs_.linked_enabled, lets_in_again);
    limit("releases", inputs_.linked_enabled, [](const Operation& op) {
      return op.kind == OperationKind::user_unlink && op.reason == "out_of_scope";
    });
    limit("deletes", inputs_.linked_enabled,
          [](const Operation& op) { return op.kind == OperationKind::user_delete; });
    limit("creates", inputs_.linked_enabled,
          [](const Operation& op) { return op.kind == OperationKind::user_create; });
    attributes();
    limit("logins", inputs_.linked_enabled, [](const Operation& op) {
      return op.kind == OperationKind::user_update && changes_any(op, {"login", "email"});
    });
    group_members();
    limit("removals", inputs_.membership_population,
          [](const Operation& op) { return takes_away(op.kind); });
    limit("mails", inputs_.linked_enabled, sends_mail);
    propagate();
    name_holds();
    report_not_contained();
    verdict_.held = std::any_of(operations_.begin(), operations_.end(),
                                [](const Operation& op) { return !op.held_by.empty(); });
    return std::move(verdict_);
  }

 private:
  static bool changes_any(const Operation& op, std::initializer_list<std::string_view> names) {
    return std::any_of(op.changes.begin(), op.changes.end(), [&](const FieldChange& change) {
      return std::find(names.begin(), names.end(), change.attribute) != names.end();
    });
  }

  /// Also lets go what planning itself held.
  void take_approvals() {
    approved_.assign(operations_.size(), false);
    if (!inputs_.approved) return;
    for (std::size_t i = 0; i < operations_.size(); ++i) {
      if (!inputs_.approved(operations_[i])) continue;
      approved_[i] = true;
      ++verdict_.approved;
      operations_[i].held_by.clear();
    }
  }

  void hold_rejected() {
    if (!inputs_.rejected) return;
    for (Operation& op : operations_) {
      if (op.held_by.empty() && !is_approved(op) && inputs_.rejected(op)) op.held_by = "rejected";
    }
  }

  bool is_approved(const Operation& op) const {
    return approved_[static_cast<std::size_t>(&op - operations_.data())];
  }

  void hold_protected() {
    for (Operation& op : operations_) {
      if (journal_only(op.kind)) continue;
      const bool own =
          !inputs_.own_principal.empty() && op.subject.user_id == inputs_.own_principal;
      const bool person = inputs_.protected_users.count(op.subject.user_id) > 0;
      const bool group = is_protected_group(op.object) || is_protected_group(op.beside);
      if (is_approved(op) && !(own && shuts_out(op.kind))) continue;
      if (own) {
        op.held_by = kOwnPrincipal;
      } else if (person || group) {
        op.held_by = "protected";
      }
    }
  }

  bool is_protected_group(const ObjectRef& object) const {
    return object.kind == ObjectRef::Kind::group && inputs_.protected_groups.count(object.name) > 0;
  }

  /// Counts free operations that `counts` picks; holds them all if they are too many.
  void limit(const std::string& key, std::uint64_t population,
             const std::function<bool(const Operation&)>& counts, bool always_shown = false,
             const std::string& label = {}) {
    const auto found = inputs_.limits->limits.find(key);
    if (found == inputs_.limits->limits.end()) return;
    GuardLine line;
    line.limit = label.empty() ? key : key + ":" + label;
    line.population = population;
    for (const Operation& op : operations_) {
      if (op.held_by.empty() && counts(op) && !is_approved(op)) ++line.planned;
    }
    line.allowed = allowed_by(found->second, population);
    if (key == "creates" && inputs_.initial_load) {
      line.allowed = std::max(line.allowed, inputs_.limits->initial_load);
    }
    line.held = line.planned > line.allowed;
    if (line.held) {
      line.release = release(key, line.planned);
      for (Operation& op : operations_) {
        if (op.held_by.empty() && counts(op) && !is_approved(op)) op.held_by = line.limit;
      }
    }
    if (line.planned > 0 || always_shown) verdict_.lines.push_back(std::move(line));
  }

  std::string release(const std::string& key, std::uint64_t planned) const {
    if (key == "creates" && inputs_.initial_load) {
      return fmt::format("if the list is right, set guard.initial_load to {} or more", planned);
    }
    return fmt::format(
        "if the list is right, approve it (rollcall approve), or raise guard.limits.{} (percent "
        "and "
        "count) to allow {} for this run",
        key, planned);
  }

  void attributes() {
    std::map<std::string, int> names;
    for (const Operation& op : operations_) {
      if (op.kind != OperationKind::user_update) continue;
      for (const FieldChange& change : op.changes) names[change.attribute] = 1;
    }
    for (const auto& [name, one] : names) {
      limit(
          "attribute", inputs_.linked_enabled,
          [&name = name](const Operation& op) {
            return op.kind == OperationKind::user_update && changes_any(op, {name});
          },
          false, name);
    }
  }

  void group_members() {
    std::map<std::string, std::uint64_t> population;
    for (std::size_t i = 0; i < inputs_.groups->size() && i < inputs_.group_population->size();
         ++i) {
      population[(*inputs_.groups)[i].name] = (*inputs_.group_population)[i];
    }
    std::map<std::string, int> names;
    for (const Operation& op : operations_) {
      if (op.kind == OperationKind::group_remove_member) names[op.object.name] = 1;
    }
    for (const auto& [name, one] : names) {
      limit(
          "group_members", population[name],
          [&name = name](const Operation& op) {
            return op.kind == OperationKind::group_remove_member && op.object.name == name;
          },
          false, name);
    }
  }

  /// Holds that are no limit get a line of their own, so that each says what would let it go.
  void name_holds() {
    std::map<std::string, std::uint64_t> held;
    for (const Operation& op : operations_) {
      const bool limited =
          std::any_of(verdict_.lines.begin(), verdict_.lines.end(),
                      [&](const GuardLine& line) { return line.limit == op.held_by; });
      if (!op.held_by.empty() && !limited) ++held[op.held_by];
    }
    for (const auto& [reason, count] : held) {
      GuardLine line;
      line.limit = reason;
      line.planned = count;
      if (reason == "protected") line.population = inputs_.protected_users.size();
      line.held = true;
      line.release = release_of_hold(reason);
      verdict_.lines.push_back(std::move(line));
    }
  }

  static std::string release_of_hold(const std::string& reason) {
    if (reason == "protected") {
      return "approve it (rollcall approve), change it by hand in Okta's console, or first take "
             "away "
             "the admin role or the place in guard.protected";
    }
    if (reason == "own_principal") {
      return "approve it (rollcall approve); what would shut out the account that Rollcall signs "
             "in with is never released: give Rollcall another one first";
    }
    if (reason == "rejected") {
      return "somebody said no to it (rollcall pending); approve it (rollcall approve) to take "
             "that "
             "back";
    }
    if (reason == "renames") {
      return "approve it (rollcall approve) or set users.renames to apply; a login that another "
             "account holds must be freed first";
    }
    if (reason == "not_suspendable") {
      return "approve it (rollcall approve), set users.not_suspendable to deactivate, or contain "
             "them by hand in Okta's console";
    }
    if (reason == "orphans") {
      return "if they are yours to manage, approve the link (rollcall approve); else take them out "
             "of users.scope";
    }
    return "";
  }

  /// What needs a held operation is held by the same limit; so are the riders of a held host.
  void propagate() {
    std::vector<std::vector<std::size_t>> dependants(operations_.size() + 1);
    for (std::size_t i = 0; i < operations_.size(); ++i) {
      for (const std::uint32_t before : operations_[i].after) dependants[before].push_back(i);
      if (operations_[i].request.with != 0) dependants[operations_[i].request.with].push_back(i);
    }
    std::vector<std::size_t> open;
    for (std::size_t i = 0; i < operations_.size(); ++i) {
      if (!operations_[i].held_by.empty()) open.push_back(i);
    }
    while (!open.empty()) {
      const std::size_t at = open.back();
      open.pop_back();
      for (const std::size_t next : dependants[operations_[at].id]) {
        if (!operations_[next].held_by.empty()) continue;
        operations_[next].held_by = operations_[at].held_by;
        open.push_back(next);
      }
    }
  }

  void report_not_contained() {
    for (const Operation& op : operations_) {
      if (op.held_by.empty() || !contains_account(op.kind)) continue;
      // From SUSPENDED or STAGED to deactivated: they could not sign in anyway.
      if (op.expect.status && !can_sign_in(*op.expect.status)) continue;
      if (op.held_by == "not_suspendable") continue;  // reported by planning
      verdict_.not_contained.push_back(
          {op.subject.worker_key, op.subject.user_id, "held by " + op.held_by});
    }
  }

  std::vector<Operation>& operations_;
  const GuardInputs& inputs_;
  std::vector<bool> approved_;  // by position
  GuardVerdict verdict_;
};

}  // namespace

bool never_released(const Operation& op) {
  return op.held_by == kOwnPrincipal && shuts_out(op.kind);
}

std::uint64_t allowed_by(const GuardLimit& limit, std::uint64_t population) {
  std::uint64_t allowed = ~std::uint64_t{0};
  bool bounded = false;
  if (limit.percent) {
    allowed = static_cast<std::uint64_t>(
        std::floor(*limit.percent * static_cast<double>(population) / 100.0 + 1e-9));
    bounded = true;
  }
  if (limit.count) {
    allowed = std::min(allowed, *limit.count);
    bounded = true;
  }
  return bounded ? std::max(allowed, limit.floor) : allowed;
}

GuardVerdict guard(std::vector<Operation>& operations, const GuardInputs& inputs) {
  return Guard(operations, inputs).run();
}

std::unordered_set<std::string> protected_group_names(const ReconcileInputs& inputs,
                                                      const std::vector<GroupTarget>& groups) {
  const auto& named = inputs.settings->guard.protected_groups;
  std::unordered_set<std::string> out(named.begin(), named.end());
  for (const GroupTarget& group : groups) {
    if (!group.existing) continue;
    const std::string& called = inputs.org.groups[*group.existing].name;
    if (std::find(named.begin(), named.end(), called) != named.end()) out.insert(group.name);
  }
  return out;
}

std::unordered_set<std::string> protected_user_ids(const ReconcileInputs& inputs) {
  std::unordered_set<std::string> out(inputs.org.protected_users.begin(),
                                      inputs.org.protected_users.end());
  const GuardSettings& guard = inputs.settings->guard;
  std::vector<AccountRef> found;
  for (const std::string& login : guard.protected_logins) {
    inputs.accounts->find(MatchKey::login, fold_login(login), found);
  }
  for (const AccountRef ref : found) out.emplace(inputs.accounts->at(ref).id);
  const GroupNames linked =
      inputs.links == nullptr ? GroupNames() : linked_group_names(*inputs.links);
  std::vector<bool> is_protected(inputs.org.groups.size(), false);
  for (std::size_t i = 0; i < inputs.org.groups.size(); ++i) {
    is_protected[i] = protects_members(inputs.org.groups[i], guard, linked);
  }
  for (AccountRef ref = 0; ref < inputs.accounts->size(); ++ref) {
    for (const GroupRef group : inputs.accounts->groups_of(ref)) {
      if (is_protected[group]) out.emplace(inputs.accounts->at(ref).id);
    }
  }
  return out;
}

}  // namespace rollcall

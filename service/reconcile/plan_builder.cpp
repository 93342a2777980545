#include "service/reconcile/plan_builder.h"

#include <fmt/core.h>

#include <algorithm>
#include <numeric>
#include <optional>
#include <tuple>

namespace rollcall {
namespace {

constexpr std::uint16_t kFirstWave = 1;
constexpr std::uint16_t kAfterBarriers = 2;

using Index = std::size_t;  // position in the draft, before sorting

class Builder {
 public:
  Builder(const Reconciled& reconciled, const ReconcileInputs& inputs)
      : reconciled_(reconciled),
        inputs_(inputs),
        settings_(*inputs.settings),
        schema_(settings_.user_schema),
        group_op_(reconciled.groups.size()) {}

  std::vector<Operation> build() {
    add_groups();
    for (const PersonChange& change : reconciled_.people) add_person(change);
    return ordered();
  }

 private:
  struct Draft {
    Operation op;
    std::vector<Index> after;
    std::optional<Index> with;
  };

  Index push(Operation op, std::vector<Index> after = {}) {
    for (const Index before : after) {
      op.wave = std::max(op.wave, drafts_[before].op.wave);
      if (is_barrier(drafts_[before].op.kind)) op.wave = kAfterBarriers;
    }
    drafts_.push_back({std::move(op), std::move(after), std::nullopt});
    return drafts_.size() - 1;
  }

  Operation operation(OperationKind kind, std::string reason, std::string rule) const {
    Operation op;
    op.kind = kind;
    op.wave = kFirstWave;
    op.reason = std::move(reason);
    op.because.source = settings_.sources.empty() ? "" : settings_.sources.front().name;
    op.because.rule = std::move(rule);
    return op;
  }

  void add_groups();
  void add_person(const PersonChange& change);
  void add_create(const PersonChange& change, const Subject& subject);
  std::optional<Index> add_lifecycle(const PersonChange& change, const Subject& subject,
                                     const AccountView& account, std::optional<Index> first);
  void add_update(const PersonChange& change, const Subject& subject, const AccountView& account,
                  const std::vector<Index>& after);
  void add_memberships(const PersonChange& change, const Subject& subject,
                       const AccountView& account, const std::vector<Index>& after);
  Operation membership(OperationKind kind, const GroupTarget& group, const Subject& subject,
                       const std::string& reason) const;
  std::vector<TargetRef> by_name(std::vector<TargetRef> refs) const;
  std::vector<FieldChange> field_changes(RecordView desired, const AccountView* account,
                                         int identity) const;
  std::vector<Operation> ordered();
  bool is_identity(std::string_view attribute) const {
    return attribute == "login" || attribute == "email";
  }

  const Reconciled& reconciled_;
  const ReconcileInputs& inputs_;
  const Settings& settings_;
  const AttrSchema& schema_;
  std::vector<Draft> drafts_;
  std::vector<std::optional<Index>> group_op_;  // by TargetRef: its create or link
};

void Builder::add_groups() {
  if (!settings_.users.manage_groups) return;
  std::vector<bool> wanted(reconciled_.groups.size(), false);
  for (const PersonChange& change : reconciled_.people) {
    for (const TargetRef ref : change.add_groups) wanted[ref] = true;
  }
  for (TargetRef ref = 0; ref < reconciled_.groups.size(); ++ref) {
    const GroupTarget& group = reconciled_.groups[ref];
    const GroupRuleSettings& rule = settings_.groups[group.rule];
    const bool anew =
        !reconciled_.link_only && wants_new_link(group, reconciled_.groups, settings_);
    if (group.refused || (group.linked && !anew)) continue;
    if (!group.existing && reconciled_.link_only) continue;
    if (!group.existing && !wanted[ref] && rule.is_template) continue;
    if (group.existing && group.desired == 0 && rule.is_template) continue;
    Operation op =
        operation(group.existing ? OperationKind::group_link : OperationKind::group_create,
                  anew             ? "rename"
                  : group.existing ? "adopt"
                                   : "rule",
                  rule.rule);
    op.because.source.clear();
    op.object = {ObjectRef::Kind::group, "", group.name};
    if (group.existing) {
      op.object.id = inputs_.org.groups[*group.existing].id;
    } else {
      op.request = {"POST", "/api/v1/groups", 0};
      op.changes.push_back({"name", std::nullopt, group.name, AttrType::text, false});
      if (!rule.description.empty()) {
        op.changes.push_back(
            {"description", std::nullopt, rule.description, AttrType::text, false});
      }
    }
    group_op_[ref] = push(std::move(op));
  }
}

std::vector<TargetRef> Builder::by_name(std::vector<TargetRef> refs) const {
  std::sort(refs.begin(), refs.end(), [&](TargetRef a, TargetRef b) {
    return reconciled_.groups[a].name < reconciled_.groups[b].name;
  });
  return refs;
}

/// `identity`: 1 only login and e-mail, 0 all but them, -1 everything.
std::vector<FieldChange> Builder::field_changes(RecordView desired, const AccountView* account,
                                                int identity) const {
  std::vector<FieldChange> out;
  for (std::size_t i = 0; i < schema_.size(); ++i) {
    const auto id = static_cast<AttrId>(i);
    if (desired.state(id) == AttrState::unknown) continue;
    const AttrDef& def = schema_.at(id);
    if (identity >= 0 && is_identity(def.name) != (identity == 1)) continue;
    FieldChange change;
    change.attribute = def.name;
    change.type = def.type;
    change.sensitive = def.sensitive;
    if (const auto to = desired.value(id)) change.to = std::string(*to);
    if (account != nullptr) {
      const auto from = account->profile.value(id);
      if (from && !from->empty()) change.from = std::string(*from);
    }
    out.push_back(std::move(change));
  }
  std::sort(out.begin(), out.end(),
            [](const FieldChange& a, const FieldChange& b) { return a.attribute < b.attribute; });
  return out;
}

Operation Builder::membership(OperationKind kind, const GroupTarget& group, const Subject& subject,
                              const std::string& reason) const {
  Operation op = operation(kind, reason, settings_.groups[group.rule].rule);
  op.subject = subject;
  op.object = {ObjectRef::Kind::group,
               group.existing ? inputs_.org.groups[*group.existing].id : std::string(), group.name};
  const bool add = kind == OperationKind::group_add_member;
  op.request.method = add ? "PUT" : "DELETE";
  op.request.path =
      fmt::format("/api/v1/groups/{}/users/{}", op.object.id.empty() ? "{new}" : op.object.id,
                  subject.user_id.empty() ? "{new}" : subject.user_id);
  return op;
}

void Builder::add_create(const PersonChange& change, const Subject& subject) {
  const RecordView desired(change.desired.data(), schema_.size());
  Operation op = operation(OperationKind::user_create, change.reason, "users.joiner");
  op.subject = subject;
  op.changes = field_changes(desired, nullptr, -1);
  op.credential = settings_.users.joiner;
  const bool active = op.credential != Credential::stage && op.credential != Credential::quiet;
  op.request = {"POST", fmt::format("/api/v1/users?activate={}", active ? "true" : "false"), 0};
  if (op.credential == Credential::federated) op.request.path += "&provider=true";
  const Index host = push(std::move(op));
  if (settings_.users.joiner == Credential::quiet) {
    Operation activate = operation(OperationKind::user_activate, change.reason, "users.joiner");
    activate.subject = subject;
    activate.expect.status = AccountStatus::staged;
    activate.request = {"POST", "/api/v1/users/{new}/lifecycle/activate?sendEmail=false", 0};
    push(std::move(activate), {host});
  }
  std::size_t riders = 0;
  for (const TargetRef ref : by_name(change.add_groups)) {
    Operation add = membership(OperationKind::group_add_member, reconciled_.groups[ref], subject,
                               change.reason);
    std::vector<Index> after;
    if (group_op_[ref]) after.push_back(*group_op_[ref]);
    const bool rides = riders < kMaxRiders;
    if (rides) {
      ++riders;
    } else {
      after.push_back(host);
    }
    const Index at = push(std::move(add), after);
    if (!rides) continue;
    drafts_[at].with = host;
    drafts_[host].op.wave = std::max(drafts_[host].op.wave, drafts_[at].op.wave);
  }
}

std::optional<Index> Builder::add_lifecycle(const PersonChange& change, const Subject& subject,
                                            const AccountView& account,
                                            std::optional<Index> first) {
  const std::string rule = change.reason == "absent"   ? "users.absent"
                           : change.reason == "leaver" ? "users.terminated"
                                                       : "users.joiner";
  std::optional<Index> last = first;
  bool status_change = true;
  for (const OperationKind kind : change.lifecycle) {
    Operation op = operation(kind, change.reason, rule);
    op.subject = subject;
    if (change.hold_not_suspendable) op.held_by = "not_suspendable";
    const std::string base = "/api/v1/users/" + subject.user_id;
    switch (kind) {
      case OperationKind::user_clear_sessions:
        op.request = {"DELETE", base + "/sessions?oauthTokens=true", 0};
        break;
      case OperationKind::user_reset_factors:
        op.request = {"POST", base + "/lifecycle/reset_factors", 0};
        break;
      case OperationKind::user_deactivate:
        op.request = {"POST", base + "/lifecycle/deactivate?sendEmail=false", 0};
        break;
      case OperationKind::user_activate:
        op.request = {"POST", base + "/lifecycle/activate?sendEmail=false", 0};
        break;
      case OperationKind::user_unsuspend:
        op.request = {"POST", base + "/lifecycle/unsuspend", 0};
        break;
      default:
        op.request = {"POST", base + "/lifecycle/suspend", 0};
        break;
    }
    if (status_change) op.expect.status = account.status;
    status_change = false;
    last = push(std::move(op), last ? std::vector<Index>{*last} : std::vector<Index>{});
  }
  return last;
}

void Builder::add_update(const PersonChange& change, const Subject& subject,
                         const AccountView& account, const std::vector<Index>& after) {
  const RecordView desired(change.desired.data(), schema_.size());
  const bool split = change.held_by == "renames";
  for (const int identity : split ? std::vector<int>{0, 1} : std::vector<int>{-1}) {
    auto changes = field_changes(desired, &account, identity);
    if (changes.empty()) continue;
    Operation op = operation(OperationKind::user_update, change.reason, "users.profile");
    if (changes.size() == 1) op.because.rule += "." + changes.front().attribute;
    op.subject = subject;
    op.changes = std::move(changes);
    op.expect.last_updated = account.last_updated;
    op.request = {"POST", "/api/v1/users/" + subject.user_id, 0};
    if (identity == 1) op.held_by = change.held_by;
    push(std::move(op), after);
  }
}

void Builder::add_memberships(const PersonChange& change, const Subject& subject,
                              const AccountView& account, const std::vector<Index>& after) {
  for (const TargetRef ref : by_name(change.add_groups)) {
    std::vector<Index> needs = after;
    if (group_op_[ref]) needs.push_back(*group_op_[ref]);
    push(membership(OperationKind::group_add_member, reconciled_.groups[ref], subject,
                    change.reason),
         std::move(needs));
  }
  for (const TargetRef ref : by_name(change.remove_groups)) {
    Operation op = membership(OperationKind::group_remove_member, reconciled_.groups[ref], subject,
                              change.reason);
    if (change.lifecycle.empty()) op.expect.status = account.status;
    push(std::move(op), after);
  }
}

void Builder::add_person(const PersonChange& change) {
  Subject subject;
  subject.worker_key = change.worker_key;
  if (change.create) {
    const AttrId login = schema_.find("login").value_or(0);
    subject.login = RecordView(change.desired.data(), schema_.size()).text(login);
    add_create(change, subject);
    return;
  }
  if (!change.account) {  // the link of an account that is gone
    subject.user_id = change.match_rule;
    Operation op = operation(OperationKind::user_unlink, change.reason, "link");
    op.subject = subject;
    push(std::move(op));
    return;
  }
  const AccountView account = inputs_.accounts->at(*change.account);
  subject.user_id = account.id;
  subject.login = account.login;
  std::optional<Index> last;
  if (change.unlink) {
    Operation op = operation(OperationKind::user_unlink, change.reason, "users.include");
    op.subject = subject;
    push(std::move(op));
    return;
  }
  if (change.link) {
    Operation op =
        operation(OperationKind::user_link,
                  change.reason == "return" || change.reason == "orphan" ? change.reason : "adopt",
                  change.match_rule);
    op.subject = subject;
    if (change.reason == "orphan") op.held_by = change.held_by;
    last = push(std::move(op));
  }
  last = add_lifecycle(change, subject, account, last);
  const std::vector<Index> after = last ? std::vector<Index>{*last} : std::vector<Index>{};
  if (!change.desired.empty()) add_update(change, subject, account, after);
  add_memberships(change, subject, account, after);
}

std::vector<Operation> Builder::ordered() {
  std::vector<Index> order(drafts_.size());
  std::iota(order.begin(), order.end(), Index{0});
  const auto key = [&](Index i) {
    const Operation& op = drafts_[i].op;
    return std::make_tuple(static_cast<int>(priority_of(op.kind)), static_cast<int>(op.kind),
                           std::string_view(op.subject.worker_key),
                           std::string_view(op.object.name));
  };
  std::stable_sort(order.begin(), order.end(), [&](Index a, Index b) { return key(a) < key(b); });
  std::vector<std::uint32_t> id_of(drafts_.size());
  for (std::size_t i = 0; i < order.size(); ++i)
    id_of[order[i]] = static_cast<std::uint32_t>(i + 1);
  std::vector<Operation> out;
  out.reserve(order.size());
  for (const Index i : order) {
    Draft& draft = drafts_[i];
    draft.op.id = id_of[i];
    for (const Index before : draft.after) draft.op.after.push_back(id_of[before]);
    std::sort(draft.op.after.begin(), draft.op.after.end());
    if (draft.with) draft.op.request = {"", "", id_of[*draft.with]};
    out.push_back(std::move(draft.op));
  }
  return out;
}

}  // namespace

std::vector<Operation> build_plan(const Reconciled& reconciled, const ReconcileInputs& inputs) {
  return Builder(reconciled, inputs).build();
}

}  // namespace rollcall

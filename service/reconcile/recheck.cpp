#include "service/reconcile/recheck.h"

#include <algorithm>

#include "service/base/text.h"

namespace rollcall {
namespace {

bool is_exit(const Operation& op) { return op.reason == "leaver" || op.reason == "absent"; }

bool has_due(const UserSettings& users, LadderAction action, std::int64_t elapsed_ms) {
  return std::any_of(users.terminated.begin(), users.terminated.end(), [&](const LadderStep& step) {
    return elapsed_ms >= step.after_days * kDayMs &&
           std::find(step.actions.begin(), step.actions.end(), action) != step.actions.end();
  });
}

}  // namespace

Recheck::Recheck(const ReconcileInputs& inputs, std::span<const Operation> operations)
    : inputs_(inputs), settings_(*inputs.settings), employment_(inputs) {
  for (const PersonHistory& person : inputs.history->people) history_[person.worker_key] = &person;
  for (const Operation& op : operations) {
    if (!op.subject.worker_key.empty()) {
      subjects_[op.subject.worker_key].operations.push_back(&op);
    }
  }
}

EvalScope Recheck::scope_of(const PersonRecord& person) const {
  EvalScope scope;
  scope.hr = person.hr;
  scope.now = inputs_.as_of.instant;
  scope.zone = inputs_.as_of.zone;
  return scope;
}

void Recheck::person(const PersonRecord& person) {
  const auto found = subjects_.find(std::string(person.worker_key));
  if (found == subjects_.end()) return;
  Subject& subject = found->second;
  if (subject.seen) subject.unknown = true;
  subject.seen = true;
  const auto known = history_.find(found->first);
  const auto state = employment_.of(person, known == history_.end() ? nullptr : known->second);
  if (!state) {
    subject.unknown = true;
    return;
  }
  for (const Operation* op : subject.operations) {
    std::string why = objection(*op, person, *state);
    if (!why.empty()) subject.withdrawn.emplace(op->id, std::move(why));
  }
}

void Recheck::rejected(std::string_view worker_key) {
  const auto found = subjects_.find(std::string(worker_key));
  if (found != subjects_.end()) found->second.unknown = true;
}

bool Recheck::is_due(const Operation& op, const EmploymentState& state) const {
  const std::int64_t elapsed_ms = inputs_.as_of.instant - state.since;
  const auto due = [&](LadderAction action) {
    return has_due(settings_.users, action, elapsed_ms);
  };
  switch (op.kind) {
    case OperationKind::user_suspend:
      return due(LadderAction::suspend) || due(LadderAction::deactivate);
    case OperationKind::user_deactivate:
      // What cannot be suspended is deactivated where suspension is due.
      return due(LadderAction::deactivate) ||
             (op.expect.status && *op.expect.status != AccountStatus::active &&
              *op.expect.status != AccountStatus::suspended && due(LadderAction::suspend));
    case OperationKind::user_clear_sessions:
      return due(LadderAction::clear_sessions);
    case OperationKind::user_reset_factors:
      return due(LadderAction::reset_factors);
    case OperationKind::group_remove_member:
      return due(LadderAction::remove_groups);
    default:
      return true;
  }
}

std::string Recheck::objection(const Operation& op, const PersonRecord& person,
                               const EmploymentState& state) const {
  if (is_exit(op)) {
    if (state.employment != Employment::terminated) {
      return op.reason == "absent" ? "HR has the person again." : "HR says the person is not gone.";
    }
    return is_due(op, state) ? "" : "HR moved the person's last day.";
  }
  if (op.kind == OperationKind::user_unlink) {
    const bool back = op.reason == "out_of_scope" && state.employment != Employment::out_of_scope;
    return back ? "The person is covered by the rules again." : "";
  }
  if (state.employment != Employment::employed) {
    if (op.kind == OperationKind::user_link) return "";  // a link is what a containment needs
    return "HR no longer says that the person is employed.";
  }
  if (op.kind == OperationKind::user_update || op.kind == OperationKind::user_create) {
    for (const FieldChange& change : op.changes) {
      if (!wants_value(change, person)) return "HR says otherwise now: " + change.attribute + ".";
    }
  }
  if (op.kind == OperationKind::group_add_member || op.kind == OperationKind::group_remove_member) {
    const bool add = op.kind == OperationKind::group_add_member;
    if (wants_group(op.object.name, person) == (add ? Wish::no : Wish::yes)) {
      return add ? "HR no longer puts the person into the group."
                 : "HR puts the person into the group again.";
    }
  }
  return "";
}

bool Recheck::wants_value(const FieldChange& change, const PersonRecord& person) const {
  for (const ProfileMapping& mapping : settings_.users.profile) {
    if (settings_.user_schema.at(mapping.attribute).name != change.attribute) continue;
    if (mapping.mode != AttrMode::authoritative || !mapping.expression.user_attributes().empty()) {
      return true;
    }
    const auto value = evaluate(mapping.expression, scope_of(person));
    if (!value || value->is_unknown()) return true;
    const std::string text = value->is_null() ? std::string() : attribute_text(*value);
    return nfc(text) == nfc(change.to.value_or(std::string()));
  }
  return true;
}

Recheck::Wish Recheck::wants_group(const std::string& name, const PersonRecord& person) const {
  bool unknown = false;
  for (const GroupRuleSettings& rule : settings_.groups) {
    const bool possible =
        rule.is_template ? name.starts_with(template_prefix(rule.name)) : rule.name == name;
    if (!possible) continue;
    if (!rule.members.user_attributes().empty() ||
        (rule.is_template && !rule.name_expr.user_attributes().empty())) {
      unknown = true;
      continue;
    }
    const auto truth = evaluate_condition(rule.members, scope_of(person));
    if (!truth || *truth == Truth::unknown) unknown = true;
    if (!truth || *truth != Truth::yes) continue;
    if (!rule.is_template) return Wish::yes;
    const auto given = evaluate(rule.name_expr, scope_of(person));
    if (!given || given->is_unknown()) {
      unknown = true;
    } else if (given->text() != nullptr && *given->text() == name) {
      return Wish::yes;
    }
  }
  return unknown ? Wish::unknown : Wish::no;
}

std::map<std::uint32_t, std::string> Recheck::close(const SourceEnd& end) {
  std::map<std::uint32_t, std::string> out;
  for (auto& [key, subject] : subjects_) {
    if (subject.unknown) continue;
    if (subject.seen) {
      out.merge(subject.withdrawn);
      continue;
    }
    // A record without a readable key may be theirs.
    if (!end.certified || end.rejected_without_key > 0) continue;
    for (const Operation* op : subject.operations) {
      if (is_exit(*op) || op->kind == OperationKind::user_unlink || op->reason == "orphan")
        continue;
      out.emplace(op->id, "HR no longer has the person.");
    }
  }
  return out;
}

}  // namespace rollcall

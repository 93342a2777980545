// Private to service/app: what a planning run's two readings stream into.
#pragma once

#include <algorithm>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "service/app/planning.h"
#include "service/reconcile/entitlements.h"
#include "service/reconcile/reconciler.h"
#include "service/snapshot/org_snapshot.h"

namespace rollcall {

/// Fills the snapshot from the listing. Memberships that we wrote within the last minute stand as
/// we left them: the lists that show them may lag behind (FACTS 6).
class SnapshotSink final : public DirectorySink {
 public:
  SnapshotSink(OrgSnapshot& snapshot, const Settings& settings, const LinkList& links,
               const std::vector<OwnMembership>& own, bool protected_only)
      : snapshot_(snapshot),
        settings_(settings),
        protected_only_(protected_only),
        linked_groups_(linked_group_names(links)) {
    for (const OwnMembership& one : own) own_[one.group_id][one.user_id] = one.member;
  }
  void schema(const OrgSchema& schema) override { snapshot_.set_schema(schema); }
  void principal(const Principal& principal) override { snapshot_.set_principal(principal); }
  void protected_user(std::string_view id) override { snapshot_.protect(id); }
  void group(const Group& group) override { snapshot_.add_group(group); }
  void rule(const GroupRule& rule) override { snapshot_.add_rule(rule); }
  void account(const AccountView& account) override { snapshot_.add_account(account); }
  void account_again(const AccountView& account) override { snapshot_.replace_account(account); }
  bool wants_members(const Group& group) const override {
    if (protects_members(group, settings_.guard, linked_groups_)) return true;
    return !protected_only_ &&
           rollcall::wants_members(group, settings_, linked_groups_.count(group.id) > 0) &&
           !refusal(group, snapshot_.rules());
  }
  void member(std::string_view group_id, std::string_view user_id) override {
    if (const auto group = own_.find(group_id); group != own_.end()) {
      if (group->second.count(std::string(user_id)) > 0) return;  // added below, if it is one
    }
    snapshot_.add_member(group_id, user_id);
  }
  /// At the end of the listing.
  void add_own() {
    for (const Group& group : snapshot_.groups()) {
      const auto own = own_.find(group.id);
      if (own == own_.end() || !wants_members(group)) continue;
      for (const auto& [user, is_member] : own->second) {
        if (is_member) snapshot_.add_member(group.id, user);
      }
    }
  }

 private:
  OrgSnapshot& snapshot_;
  const Settings& settings_;
  bool protected_only_;  // no memberships are planned: members matter only where they protect
  GroupNames linked_groups_;
  std::map<std::string, std::map<std::string, bool>, std::less<>> own_;  // group, user: member
};

/// Streams people into the reconciler and remembers whom `where` picks.
class PeopleSink final : public RecordSink {
 public:
  PeopleSink(Reconciler& reconciler, const PlanningOptions& options, const AsOf& as_of,
             std::vector<Finding>& findings)
      : reconciler_(reconciler), options_(options), as_of_(as_of), findings_(findings) {}
  void record(const SourceRecord& record) override {
    reconciler_.person({record.key, record.attributes, record.record, record.line});
    note_named(record.key);
    if (!options_.where) return;
    EvalScope scope;
    scope.hr = record.attributes;
    scope.now = as_of_.instant;
    scope.zone = as_of_.zone;
    const auto truth = evaluate_condition(*options_.where, scope);
    if (truth && *truth == Truth::yes) picked_.emplace(record.key);
  }
  void rejected(const RejectedRecord& record) override {
    if (record.key) {
      reconciler_.rejected(*record.key);
      note_named(*record.key);
    }
    findings_.push_back(record.finding);
  }
  void note(const Finding& finding) override { findings_.push_back(finding); }
  const std::set<std::string>& picked() const { return picked_; }
  /// Keys of `only` that the source knows.
  const std::set<std::string>& named() const { return named_; }

 private:
  void note_named(std::string_view key) {
    if (options_.only.empty()) return;
    if (std::string text(key); options_.only.count(text) > 0) named_.insert(std::move(text));
  }

  Reconciler& reconciler_;
  const PlanningOptions& options_;
  const AsOf& as_of_;
  std::vector<Finding>& findings_;
  std::set<std::string> picked_, named_;
};

}  // namespace rollcall

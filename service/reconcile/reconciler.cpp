#include "service/reconcile/reconciler.h"

#include <fmt/core.h>

#include <algorithm>
#include <set>
#include <unordered_map>
#include <unordered_set>

#include "service/base/text.h"
#include "service/reconcile/employment.h"
#include "service/reconcile/reshuffle.h"
#include "service/reconcile/usernames.h"

namespace rollcall {

class Reconciler::Impl {
 public:
  explicit Impl(const ReconcileInputs& inputs)
      : inputs_(inputs),
        settings_(*inputs.settings),
        links_(inputs.links, *inputs.accounts),
        correlator_(inputs, links_),
        profiles_(inputs),
        entitlements_(inputs, links_),
        employment_(inputs),
        desired_(settings_.user_schema.size()),
        matched_(inputs.accounts->size(), 0) {
    for (const OwnStatusChange& own : inputs.history->own_changes) own_[own.user_id] = &own;
    for (const PersonHistory& person : inputs.history->people)
      history_[person.worker_key] = &person;
    for (const KnownLeaver& one : inputs.history->leavers) leavers_.insert(one.worker_key);
    first_name_ = settings_.user_schema.find("firstName");
    last_name_ = settings_.user_schema.find("lastName");
  }

  void person(const PersonRecord& person) {
    add_to_snapshot(person);
    const std::uint64_t digest = fast_hash(person.worker_key);
    if (seen_.mark(digest)) {
      if (duplicated_.insert(digest).second) {
        report(ErrorCode::record_duplicate_key, person, "the key stands in more than one record");
      }
      return;
    }
    const auto state = employment_.of(person, history_of(person.worker_key));
    if (!state) {
      report(state.error().code, person, state.error().message);
      name_undecided_leaver(person, state.error().message);
      return;
    }
    if (state->employment != Employment::terminated &&
        leavers_.count(std::string(person.worker_key)) > 0) {
      back_.emplace(person.worker_key);
    }
    const auto pair = correlator_.correlate(person);
    if (!pair) {
      report(ErrorCode::record_expression_failed, person, pair.error().message);
      return;
    }
    remember_termination(person, *state);
    PersonChange change;
    change.worker_key = person.worker_key;
    change.key_digest = digest;
    change.record = person.record;
    change.line = person.line;
    change.account = pair->account;
    dispatch(person, *state, *pair, change);
  }

  void rejected(std::string_view worker_key) {
    const std::uint64_t digest = fast_hash(worker_key);
    seen_.mark(digest);
    // A second, good record of a rejected person must not speak for them either.
    duplicated_.insert(digest);
  }

  Reconciled close(const SourceEnd& end);

 private:
  void name_undecided_leaver(const PersonRecord& person, const std::string& why);
  void dispatch(const PersonRecord& person, const EmploymentState& state, const Pair& pair,
                PersonChange& change);
  void joiner(const PersonRecord& person, const EmploymentState& state, PersonChange& change);
  void existing(const PersonRecord& person, const EmploymentState& state, const Pair& pair,
                PersonChange& change);
  bool apply_lifecycle(const AccountView& account, const EmploymentState& state,
                       const LifecycleDecision& decision, PersonChange& change);
  bool apply_profile(const PersonRecord& person, const AccountView& account, PersonChange& change);
  bool apply_groups(const PersonRecord& person, std::optional<AccountRef> account,
                    PersonChange& change);
  void tally(const AccountView& account);
  void note_rename(const AccountView& account, PersonChange& change);
  void keep(PersonChange change);
  void conclude_absent(const SourceEnd& end, Reconciled& out);
  void absent_account(AccountRef ref, std::string_view worker_key, Reconciled& out);
  void drop_gone_links(Reconciled& out);
  /// Accounts in scope without a person; `propose`: with a link of each, held.
  void name_orphans(bool propose, Reconciled& out);
  void settle_shared_matches(Reconciled& out);
  void summarise(Reconciled& out);

  void add_to_snapshot(const PersonRecord& person) {
    std::string bytes(person.worker_key);
    bytes += '\0';
    bytes.append(person.hr.block(), person.hr.bytes());
    snapshot_ += sha256(bytes);
    ++records_;
  }

  const PersonHistory* history_of(std::string_view worker_key) const {
    if (history_.empty()) return nullptr;
    const auto found = history_.find(std::string(worker_key));
    return found == history_.end() ? nullptr : found->second;
  }
  const OwnStatusChange* own_of(std::string_view user_id) const {
    if (own_.empty()) return nullptr;
    const auto found = own_.find(std::string(user_id));
    return found == own_.end() ? nullptr : found->second;
  }

  Finding finding(ErrorCode code, std::string message) const {
    Finding f;
    f.code = info(code).id;
    f.severity = info(code).exit == 0 ? Severity::warning : Severity::error;
    f.message = std::move(message);
    return f;
  }
  void report(ErrorCode code, const PersonRecord& person, std::string message) {
    Finding f = finding(code, std::move(message));
    f.source = settings_.sources.empty() ? "" : settings_.sources.front().name;
    f.record = person.record;
    f.line = person.line;
    f.worker_key = person.worker_key;
    findings_.push_back(std::move(f));
  }
  void report_account(ErrorCode code, std::string_view worker_key, std::string_view user_id,
                      std::string message) {
    Finding f = finding(code, std::move(message));
    f.worker_key = worker_key;
    f.user_id = user_id;
    findings_.push_back(std::move(f));
  }

  void remember_termination(const PersonRecord& person, const EmploymentState& state) {
    const PersonHistory* known = history_of(person.worker_key);
    if (state.undated_termination) {
      if (known == nullptr || !known->terminated_since) {
        PersonHistory history;
        history.worker_key = person.worker_key;
        history.terminated_since = state.since;
        history_changed_.push_back(std::move(history));
      }
    } else if (known != nullptr && (known->terminated_since || known->absent_since)) {
      seen_again_.emplace_back(person.worker_key);
    }
  }

  const ReconcileInputs& inputs_;
  const Settings& settings_;
  LinkIndex links_;
  Correlator correlator_;
  ProfileMapper profiles_;
  EntitlementRules entitlements_;
  EmploymentRules employment_;
  Record desired_;
  SeenKeys seen_;
  std::unordered_set<std::uint64_t> duplicated_;
  std::vector<PersonChange> changes_;
  std::vector<Finding> findings_;
  std::vector<Uncontained> not_contained_;
  std::vector<PersonHistory> history_changed_;
  std::vector<std::string> seen_again_;
  std::unordered_map<std::string, const OwnStatusChange*> own_;
  std::unordered_map<std::string, const PersonHistory*> history_;
  std::unordered_set<std::string> leavers_;  // known before
  std::set<std::string> back_;
  std::vector<std::uint8_t> matched_;  // account -> people that matched it, capped at 2
  Sha256 snapshot_;
  std::uint64_t records_ = 0;
  std::uint64_t matches_ = 0;
  std::uint64_t unmanaged_ = 0;
  std::uint64_t leavers_inside_ = 0;  // by HR, with an account that can sign in
  std::map<std::string, Difference> differences_;
  std::uint64_t compared_names_ = 0, moved_names_ = 0;
  std::optional<AttrId> first_name_, last_name_;
};

/// Whose status says that they have left while the rest of the record cannot be used: nothing is
/// done, and that is said first.
void Reconciler::Impl::name_undecided_leaver(const PersonRecord& person, const std::string& why) {
  if (!settings_.users.manage_lifecycle || !employment_.says_terminated(person)) return;
  const auto pair = correlator_.correlate(person);
  if (!pair || !pair->account || pair->situation != Situation::linked || pair->released) return;
  const AccountView account = inputs_.accounts->at(*pair->account);
  if (!can_sign_in(account.status)) return;
  not_contained_.push_back({std::string(person.worker_key), std::string(account.id),
                            "HR says that they have left, but their record is set aside: " + why});
}

void Reconciler::Impl::dispatch(const PersonRecord& person, const EmploymentState& state,
                                const Pair& pair, PersonChange& change) {
  switch (pair.situation) {
    case Situation::disputed:
      if (state.employment != Employment::out_of_scope) {
        report(ErrorCode::match_disputed, person,
               pair.candidates > 1
                   ? fmt::format("{} accounts fit {}", pair.candidates, pair.rule)
                   : fmt::format("the account that fits {} belongs to another worker", pair.rule));
      }
      return;
    case Situation::unmatched:
      joiner(person, state, change);
      return;
    case Situation::linked:
    case Situation::matched:
      existing(person, state, pair, change);
      return;
    case Situation::orphaned:
    case Situation::foreign:
      return;  // without a person; found at the end of the stream
  }
}

void Reconciler::Impl::joiner(const PersonRecord& person, const EmploymentState& state,
                              PersonChange& change) {
  if (state.employment == Employment::not_started) {
    report(ErrorCode::person_not_started, person, "the hire date lies ahead");
  }
  if (state.employment != Employment::employed) return;
  if (!settings_.users.manage_lifecycle) {
    ++unmanaged_;
    return;
  }
  const ProfileResult result = profiles_.map(person, nullptr, desired_);
  if (result.issue) {
    report(result.issue->code, person, result.issue->message);
    return;
  }
  change.create = true;
  change.reason = "joiner";
  change.login_candidates = result.login_candidates;
  const RecordView packed = desired_.view();
  change.desired.assign(packed.block(), packed.bytes());
  if (!apply_groups(person, std::nullopt, change)) return;
  keep(std::move(change));
}

void Reconciler::Impl::existing(const PersonRecord& person, const EmploymentState& state,
                                const Pair& pair, PersonChange& change) {
  const AccountView account = inputs_.accounts->at(*pair.account);
  if (state.employment == Employment::out_of_scope) {
    if (pair.situation == Situation::linked && !pair.released) {
      change.unlink = true;
      change.reason = "out_of_scope";
      keep(std::move(change));
    }
    return;
  }
  if (pair.situation == Situation::matched || pair.released) {
    if (!settings_.users.manage_link) return;
    change.link = true;
    change.match_rule = pair.released ? "link.released" : pair.rule;
    change.reason = pair.released ? "return" : "adopt";
    if (pair.situation == Situation::matched) {
      ++matches_;
      if (matched_[*pair.account] < 2) ++matched_[*pair.account];
    }
  }
  const LifecycleDecision decision =
      decide_lifecycle(state.employment, state.since, account, own_of(account.id), settings_.users,
                       inputs_.as_of.instant);
  if (!apply_lifecycle(account, state, decision, change)) {
    if (change.link) keep(std::move(change));
    return;
  }
  const bool profile =
      (settings_.users.manage_attributes || inputs_.tally_differences) && decision.manage_profile;
  const bool groups = settings_.users.manage_groups && decision.manage_groups;
  if (profile || groups) {
    if (!apply_profile(person, account, change)) return;
    if (groups && !apply_groups(person, pair.account, change)) return;
  }
  keep(std::move(change));
}

bool Reconciler::Impl::apply_lifecycle(const AccountView& account, const EmploymentState& state,
                                       const LifecycleDecision& decision, PersonChange& change) {
  const bool leaver =
      state.employment == Employment::terminated || state.employment == Employment::absent;
  if (state.employment == Employment::terminated && can_sign_in(account.status)) ++leavers_inside_;
  if (decision.not_contained) {
    not_contained_.push_back(
        {change.worker_key, std::string(account.id),
         decision.finding ? decision.why : "users.not_suspendable holds the containment"});
  }
  if (decision.finding) {
    report_account(*decision.finding, change.worker_key, account.id, decision.why);
  }
  if (settings_.users.manage_lifecycle) {
    change.lifecycle = decision.actions;
    change.hold_not_suspendable = decision.hold_not_suspendable;
    if (decision.remove_groups && settings_.users.manage_groups) {
      change.remove_groups = entitlements_.remove_all(*change.account).remove;
    }
  }
  if (leaver) change.reason = state.employment == Employment::terminated ? "leaver" : "absent";
  if (!leaver && !change.lifecycle.empty()) change.reason = "rehire";
  if (change.reason.empty()) change.reason = "mover";
  return decision.manage_profile || decision.manage_groups || !change.lifecycle.empty() ||
         !change.remove_groups.empty();
}

bool Reconciler::Impl::apply_profile(const PersonRecord& person, const AccountView& account,
                                     PersonChange& change) {
  const ProfileResult result = profiles_.map(person, &account, desired_);
  if (result.issue) {
    report(result.issue->code, person, result.issue->message);
    return false;
  }
  if (first_name_ && last_name_ && !change.link) {
    ++compared_names_;
    if (desired_.state(*first_name_) != AttrState::unknown &&
        desired_.state(*last_name_) != AttrState::unknown) {
      ++moved_names_;
    }
  }
  if (result.changed && inputs_.tally_differences) tally(account);
  if (!result.changed || !settings_.users.manage_attributes) return true;
  const RecordView packed = desired_.view();
  change.desired.assign(packed.block(), packed.bytes());
  note_rename(account, change);
  return true;
}

void Reconciler::Impl::tally(const AccountView& account) {
  for (std::size_t i = 0; i < desired_.size(); ++i) {
    const auto id = static_cast<AttrId>(i);
    if (desired_.state(id) == AttrState::unknown) continue;
    Difference& difference = differences_[settings_.user_schema.at(id).name];
    ++difference.accounts;
    if (settings_.user_schema.at(id).sensitive) continue;
    ++difference.pairs[{std::string(account.profile.text(id)), std::string(desired_.text(id))}];
  }
}

void Reconciler::Impl::note_rename(const AccountView& account, PersonChange& change) {
  const AttrId login = settings_.user_schema.find("login").value_or(0);
  if (desired_.state(login) != AttrState::value) return;
  std::vector<AccountRef> found;
  inputs_.accounts->find(MatchKey::login, fold_login(desired_.text(login)), found);
  std::erase_if(found, [&](AccountRef ref) { return inputs_.accounts->at(ref).id == account.id; });
  if (!found.empty()) {
    report_account(ErrorCode::record_login_taken, change.worker_key, account.id,
                   "the new login belongs to another account; the rename is held");
    change.held_by = "renames";
  } else if (!settings_.users.renames_apply) {
    change.held_by = "renames";
  }
}

bool Reconciler::Impl::apply_groups(const PersonRecord& person, std::optional<AccountRef> account,
                                    PersonChange& change) {
  if (!settings_.users.manage_groups) return true;
  auto diff = entitlements_.diff(person, profiles_.effective(), account);
  if (!diff) {
    report(ErrorCode::record_expression_failed, person, diff.error().message);
    return false;
  }
  change.add_groups = std::move(diff->add);
  change.remove_groups = std::move(diff->remove);
  return true;
}

void Reconciler::Impl::keep(PersonChange change) {
  const bool any = change.create || change.link || change.unlink || !change.lifecycle.empty() ||
                   !change.desired.empty() || !change.add_groups.empty() ||
                   !change.remove_groups.empty();
  if (any) changes_.push_back(std::move(change));
}

void Reconciler::Impl::absent_account(AccountRef ref, std::string_view worker_key,
                                      Reconciled& out) {
  const AccountView account = inputs_.accounts->at(ref);
  const PersonHistory* known = history_of(worker_key);
  PersonHistory history;
  if (known != nullptr) history = *known;
  history.worker_key = worker_key;
  history.absent_reads += 1;
  if (!history.absent_since) history.absent_since = inputs_.as_of.instant;
  out.history_changed.push_back(history);
  const auto& policy = settings_.users.absent;
  const std::int64_t days = (inputs_.as_of.instant - *history.absent_since) / 86'400'000;
  const bool due = policy && !policy->report_only && history.absent_reads >= policy->after_reads &&
                   days >= policy->after_days;
  const bool enabled = can_sign_in(account.status);
  if (!due) {
    if (enabled) {
      report_account(ErrorCode::person_absent, worker_key, account.id,
                     fmt::format("not in the source; {} in a row, since {}",
                                 plural(history.absent_reads, "read", "reads"),
                                 format_minute(*history.absent_since)));
    }
    return;
  }
  const LifecycleDecision decision =
      decide_lifecycle(Employment::absent, *history.absent_since, account, own_of(account.id),
                       settings_.users, inputs_.as_of.instant);
  PersonChange change;
  change.worker_key = worker_key;
  change.key_digest = fast_hash(worker_key);
  change.account = ref;
  EmploymentState state;
  state.employment = Employment::absent;
  state.since = *history.absent_since;
  apply_lifecycle(account, state, decision, change);
  keep(std::move(change));
}

void Reconciler::Impl::conclude_absent(const SourceEnd& end, Reconciled& out) {
  bool any_unproved = false;
  for (AccountRef ref = 0; ref < inputs_.accounts->size(); ++ref) {
    if (!links_.owned(ref)) continue;
    const auto owner = links_.owner_of(ref);
    if (seen_.has(fast_hash(owner->worker_key))) continue;
    if (end.rejected_without_key > 0) {
      any_unproved = true;
      continue;
    }
    absent_account(ref, owner->worker_key, out);
  }
  if (any_unproved) {
    Finding f = finding(
        ErrorCode::source_absence_unprovable,
        fmt::format(
            "{} without a readable key: nobody can be concluded to be absent",
            plural(static_cast<long long>(end.rejected_without_key), "record is", "records are")));
    f.source = settings_.sources.empty() ? "" : settings_.sources.front().name;
    findings_.push_back(std::move(f));
  }
}

void Reconciler::Impl::drop_gone_links(Reconciled& out) {
  for (const Link& link : links_.gone()) {
    report_account(ErrorCode::link_account_gone, link.logical_key, link.okta_id,
                   "the linked account is no longer in the org");
    PersonChange change;
    change.worker_key = link.logical_key;
    change.key_digest = fast_hash(link.logical_key);
    change.unlink = true;
    change.reason = "account_gone";
    change.match_rule = link.okta_id;
    // Their joiner operation, if any, waits for the next run: first the link goes.
    std::erase_if(out.people,
                  [&](const PersonChange& c) { return c.worker_key == link.logical_key; });
    out.people.push_back(std::move(change));
  }
}

void Reconciler::Impl::name_orphans(bool propose, Reconciled& out) {
  if (!settings_.users.scope || settings_.users.match.empty()) return;
  const AttrId key = settings_.users.match.front().user;
  for (AccountRef ref = 0; ref < inputs_.accounts->size(); ++ref) {
    const AccountView account = inputs_.accounts->at(ref);
    if (matched_[ref] > 0 || links_.owner_of(ref) || !correlator_.in_scope(account)) continue;
    const std::string_view worker_key = account.profile.text(key);
    if (worker_key.empty() || seen_.has(fast_hash(worker_key))) continue;
    if (!propose) {
      // Named, not held: a hold would be an exit code in every run to come.
      if (!can_sign_in(account.status)) continue;
      report_account(ErrorCode::adopt_orphan, worker_key, account.id,
                     "in scope and can sign in, but HR has no such person");
      continue;
    }
    PersonChange change;
    change.worker_key = worker_key;
    change.key_digest = fast_hash(worker_key);
    change.account = ref;
    change.link = true;
    change.match_rule = "users.scope";
    change.reason = "orphan";
    change.held_by = "orphans";
    report_account(ErrorCode::adopt_orphan, worker_key, account.id,
                   "in scope, but HR has no such person; the link is held");
    out.people.push_back(std::move(change));
  }
}

void Reconciler::Impl::settle_shared_matches(Reconciled& out) {
  std::erase_if(out.people, [&](const PersonChange& change) {
    if (!change.link || !change.account || matched_[*change.account] < 2) return false;
    report_account(ErrorCode::match_disputed, change.worker_key,
                   inputs_.accounts->at(*change.account).id,
                   "more than one person matches this account");
    return true;
  });
}

void Reconciler::Impl::summarise(Reconciled& out) {
  if (leavers_inside_ > 0 && (out.link_only || !settings_.users.manage_lifecycle)) {
    findings_.push_back(finding(
        ErrorCode::leaver_unmanaged,
        fmt::format("{} can still sign in, and {}",
                    plural(static_cast<long long>(leavers_inside_), "person who has left",
                           "people who have left"),
                    out.link_only ? "this plan only links" : "users.manage holds no lifecycle")));
  }
  for (const auto& [name, entry] : profiles_.suppressed()) {
    findings_.push_back(finding(
        entry.code, fmt::format("'{}' differs for {} and is not written", name,
                                plural(static_cast<long long>(entry.people), "person", "people"))));
  }
  for (const std::string& name : profiles_.undefined()) {
    findings_.push_back(finding(ErrorCode::attribute_undefined,
                                fmt::format("the org's user schema has no attribute '{}'", name)));
  }
  if (unmanaged_ > 0) {
    findings_.push_back(finding(
        ErrorCode::person_unmanaged,
        fmt::format("{} in HR without an account",
                    plural(static_cast<long long>(unmanaged_), "person is", "people are"))));
  }
  if (settings_.users.manage_groups) {
    for (Finding& f : entitlements_.findings()) findings_.push_back(std::move(f));
    out.group_population = entitlements_.population();
    for (const std::uint64_t n : out.group_population) out.membership_population += n;
  }
  for (AccountRef ref = 0; ref < inputs_.accounts->size(); ++ref) {
    if (!links_.owned(ref)) continue;
    const AccountStatus status = inputs_.accounts->at(ref).status;
    if (can_sign_in(status) || status == AccountStatus::staged) ++out.linked_enabled;
  }
}

Reconciled Reconciler::Impl::close(const SourceEnd& end) {
  Reconciled out;
  out.snapshot = snapshot_;
  out.records = records_;
  out.initial_load = links_.no_users();
  out.people = std::move(changes_);
  std::erase_if(out.people,
                [&](const PersonChange& c) { return duplicated_.count(c.key_digest) > 0; });
  std::erase_if(not_contained_, [&](const Uncontained& n) {
    return duplicated_.count(fast_hash(n.worker_key)) > 0;
  });
  if (end.certified) {
    conclude_absent(end, out);
    for (PersonChange& change : changes_) out.people.push_back(std::move(change));
    changes_.clear();
    drop_gone_links(out);
  }
  settle_shared_matches(out);
  // The first run over a full org proposes links and nothing else.
  out.link_only = links_.no_users() && matches_ > 0;
  if (out.link_only) {
    std::erase_if(out.people, [](const PersonChange& c) { return !c.link; });
    for (PersonChange& change : out.people) {
      change.lifecycle.clear();
      change.desired.clear();
      change.add_groups.clear();
      change.remove_groups.clear();
      change.held_by.clear();
    }
  }
  if (end.certified && settings_.users.manage_link && end.rejected_without_key == 0) {
    name_orphans(out.link_only || inputs_.tally_differences, out);
  }
  std::sort(out.people.begin(), out.people.end(), [](const PersonChange& a, const PersonChange& b) {
    return a.worker_key < b.worker_key;
  });
  solve_logins(out.people, inputs_, findings_);
  summarise(out);
  out.reshuffled = reshuffled(settings_, compared_names_, moved_names_);
  for (PersonHistory& history : history_changed_) out.history_changed.push_back(std::move(history));
  out.seen_again = std::move(seen_again_);
  out.not_contained = std::move(not_contained_);
  out.back = std::move(back_);
  std::erase_if(out.back, [&](const std::string& key) {
    return duplicated_.count(fast_hash(key)) > 0;  // one of their records says so, another may not
  });
  out.groups = entitlements_.targets();
  out.differences = std::move(differences_);
  out.findings = std::move(findings_);
  for (const PersonChange& change : out.people) ++out.by_reason[change.reason];
  return out;
}

Reconciler::Reconciler(const ReconcileInputs& inputs) : impl_(std::make_unique<Impl>(inputs)) {}
Reconciler::~Reconciler() = default;
void Reconciler::person(const PersonRecord& person) { impl_->person(person); }
void Reconciler::rejected(std::string_view worker_key) { impl_->rejected(worker_key); }
Reconciled Reconciler::close(const SourceEnd& end) { return impl_->close(end); }

}  // namespace rollcall

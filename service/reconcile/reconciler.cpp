// A person as they stream past: correlated, and what their employment asks of the account.
#include <fmt/core.h>

#include "service/base/text.h"
#include "service/reconcile/reconciler_internal.h"

namespace rollcall {

void Reconciler::Impl::person(const PersonRecord& person) {
  add_to_snapshot(person);
  const std::uint64_t digest = fast_hash(person.worker_key);
  const auto state = employment_.of(person, history_of(person.worker_key));
  const bool gone =
      state ? state->employment == Employment::terminated : employment_.says_terminated(person);
  const bool first = !seen_.mark(digest);
  const bool says_nothing = !state && state.error().code == ErrorCode::record_unknown_status;
  undecided_.record(digest, gone || says_nothing, first);
  const bool needs_none = state && (state->employment == Employment::terminated ||
                                    state->employment == Employment::out_of_scope);
  note_lost(digest, needs_none ? Lost::left : Lost::expected);
  // Every record of a key is looked at alike, so that their order decides nothing; at the end none
  // of them counts.
  if (!first && duplicated_.insert(digest).second) {
    report(ErrorCode::record_duplicate_key, person, "the key stands in more than one record");
  }
  if (!state) {
    report(state.error().code, person, state.error().message);
    set_aside(person, gone, state.error().message);
    return;
  }
  if (state->date_is_over) {
    report(ErrorCode::record_date_contradicts_status, person,
           "their last day is over, but the status does not say that they have left; the status "
           "counts");
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

void Reconciler::Impl::remember_termination(const PersonRecord& person,
                                            const EmploymentState& state) {
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

/// Who has left while the record cannot be used: nothing is done, and that is said first. Whoever
/// may be employed keeps a claim to the accounts that fit them.
void Reconciler::Impl::set_aside(const PersonRecord& person, bool gone, const std::string& why) {
  const auto pair = correlator_.correlate(person);
  if (!pair) return;
  if (gone) {
    undecided_.set_aside(person.worker_key, *pair, why);
  } else {
    claim(*pair);
  }
}

void Reconciler::Impl::claim(const Pair& pair) {
  if (pair.situation == Situation::matched) matched_[*pair.account].employed = true;
  for (const AccountRef ref : pair.candidates) matched_[ref].employed = true;
}

void Reconciler::Impl::dispute(const PersonRecord& person, const EmploymentState& state,
                               const Pair& pair) {
  if (state.employment != Employment::terminated) claim(pair);
  if (state.employment == Employment::out_of_scope) return;
  report(ErrorCode::match_disputed, person,
         pair.candidates.size() > 1
             ? fmt::format("{} accounts fit {}", pair.candidates.size(), pair.rule)
             : fmt::format("the account that fits {} belongs to another worker", pair.rule));
  if (should_be_out(state)) undecided_.fit(person.worker_key, pair, false);
}

bool Reconciler::Impl::should_be_out(const EmploymentState& state) const {
  return state.employment == Employment::terminated &&
         exit_is_due(settings_.users, state.since, inputs_.as_of.instant);
}

void Reconciler::Impl::dispatch(const PersonRecord& person, const EmploymentState& state,
                                const Pair& pair, PersonChange& change) {
  switch (pair.situation) {
    case Situation::disputed:
      dispute(person, state, pair);
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
  if (state.employment != Employment::terminated) claim(pair);
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
      Matched& by = matched_[*pair.account];
      if (by.people < 2) ++by.people;
    }
  }
  if (should_be_out(state)) {
    undecided_.fit(person.worker_key, correlator_.further_accounts(person, *pair.account), true);
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
  if (state.employment == Employment::terminated && can_sign_in(account.status) &&
      !inside_.mark(change.key_digest)) {
    ++leavers_inside_;
  }
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
  if (plans_anything(change)) changes_.push_back(std::move(change));
}

Reconciler::Reconciler(const ReconcileInputs& inputs) : impl_(std::make_unique<Impl>(inputs)) {}
Reconciler::~Reconciler() = default;
void Reconciler::person(const PersonRecord& person) { impl_->person(person); }
void Reconciler::rejected(std::string_view worker_key) { impl_->rejected(worker_key); }
Reconciled Reconciler::close(const SourceEnd& end) { return impl_->close(end); }

}  // namespace rollcall

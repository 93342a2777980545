// The end of the stream: who is absent, whose link is gone, who stays in dispute, and the sums.
#include <fmt/core.h>

#include <algorithm>

#include "service/base/text.h"
#include "service/reconcile/reconciler_internal.h"
#include "service/reconcile/reshuffle.h"
#include "service/reconcile/usernames.h"

namespace rollcall {

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
  if (links_.gone().empty()) return;
  std::unordered_map<std::string_view, const PersonChange*> changes;
  for (const PersonChange& change : out.people) changes.emplace(change.worker_key, &change);
  std::unordered_set<std::string> first_unlinked;
  std::vector<PersonChange> unlinks;
  for (const Link& link : links_.gone()) {
    const auto planned = changes.find(link.logical_key);
    // The new link takes the place of the old one, and containments that need it do not wait.
    const bool replaced = planned != changes.end() && planned->second->link;
    const bool expected = lost_.at(fast_hash(link.logical_key)) == Lost::expected;
    report_account(ErrorCode::link_account_gone, link.logical_key, link.okta_id,
                   replaced   ? "the linked account is no longer in the org; another one fits"
                   : expected ? "the linked account is no longer in the org"
                              : "the linked account of somebody who needs none any more is no "
                                "longer in the org");
    // Deleting the accounts of leavers is a routine of many orgs.
    if (!expected) findings_.back().severity = Severity::warning;
    if (replaced) continue;
    PersonChange change;
    change.worker_key = link.logical_key;
    change.key_digest = fast_hash(link.logical_key);
    change.unlink = true;
    change.reason = "account_gone";
    change.match_rule = link.okta_id;
    unlinks.push_back(std::move(change));
    first_unlinked.insert(link.logical_key);
  }
  // A joiner's create waits for the next run, so that whoever deleted the account is asked first.
  std::erase_if(out.people, [&](const PersonChange& change) {
    return first_unlinked.count(change.worker_key) > 0;
  });
  for (PersonChange& change : unlinks) out.people.push_back(std::move(change));
}

void Reconciler::Impl::name_orphans(bool propose, Reconciled& out) {
  if (!settings_.users.scope || settings_.users.match.empty()) return;
  const AttrId key = settings_.users.match.front().user;
  for (AccountRef ref = 0; ref < inputs_.accounts->size(); ++ref) {
    const AccountView account = inputs_.accounts->at(ref);
    if (matched_[ref].people > 0 || links_.owner_of(ref) || !correlator_.in_scope(account))
      continue;
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
    if (!change.link || !change.account) return false;
    const Matched& by = matched_[*change.account];
    if (by.people < 2) return false;
    constexpr const char* kWhy = "more than one person matches this account";
    report_account(ErrorCode::match_disputed, change.worker_key,
                   inputs_.accounts->at(*change.account).id, kWhy);
    if (!by.employed) {
      undecided_.dropped(change, fmt::format("HR says that they have left, but {}", kWhy));
    }
    return true;
  });
}

void Reconciler::Impl::summarise(Reconciled& out) {
  if (leavers_inside_ > 0 && (out.link_only || !settings_.users.manage_lifecycle)) {
    findings_.push_back(finding(ErrorCode::leaver_unmanaged,
                                fmt::format("{} can still sign in, and {}",
                                            plural(static_cast<long long>(leavers_inside_),
                                                   "person who has left", "people who have left"),
                                            out.link_only || inputs_.tally_differences
                                                ? "this plan only links"
                                                : "users.manage holds no lifecycle")));
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
  out.people = std::exchange(changes_, {});
  std::erase_if(out.people, [&](const PersonChange& change) {
    if (duplicated_.count(change.key_digest) == 0) return false;
    undecided_.dropped(change,
                       "HR says that they have left, but their record is set aside: the key "
                       "stands in more than one record");
    return true;
  });
  if (end.certified) {
    conclude_absent(end, out);
    for (PersonChange& change : std::exchange(changes_, {})) {
      out.people.push_back(std::move(change));
    }
  }
  settle_shared_matches(out);
  if (end.certified) drop_gone_links(out);
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
  // Whom somebody else matches is theirs: linked by this plan, or in dispute between them.
  leavers_inside_ += undecided_.settle(
      [&](AccountRef ref) { return matched_[ref].employed || matched_[ref].people > 0; });
  summarise(out);
  out.reshuffled = reshuffled(settings_, compared_names_, moved_names_);
  for (PersonHistory& history : history_changed_) {
    if (duplicated_.count(fast_hash(history.worker_key)) > 0) continue;
    out.history_changed.push_back(std::move(history));
  }
  out.seen_again = std::move(seen_again_);
  // A plan that only links takes nobody for gone; `summarise` says how many there are.
  out.not_contained = undecided_.take(std::move(not_contained_),
                                      settings_.users.manage_lifecycle && !out.link_only);
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

}  // namespace rollcall

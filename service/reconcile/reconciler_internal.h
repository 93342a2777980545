// The inside of Reconciler: what it remembers while people stream past.
#pragma once

#include <fmt/core.h>

#include <algorithm>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <utility>
#include <vector>

#include "service/reconcile/employment.h"
#include "service/reconcile/reconciler.h"

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
        undecided_(inputs, links_),
        desired_(settings_.user_schema.size()),
        matched_(inputs.accounts->size()) {
    for (const OwnStatusChange& own : inputs.history->own_changes) own_[own.user_id] = &own;
    for (const PersonHistory& person : inputs.history->people)
      history_[person.worker_key] = &person;
    for (const KnownLeaver& one : inputs.history->leavers) leavers_.insert(one.worker_key);
    for (const Link& link : links_.gone()) lost_[fast_hash(link.logical_key)] = Lost::absent;
    first_name_ = settings_.user_schema.find("firstName");
    last_name_ = settings_.user_schema.find("lastName");
  }

  void person(const PersonRecord& person);
  void rejected(std::string_view worker_key) {
    const std::uint64_t digest = fast_hash(worker_key);
    note_lost(digest, Lost::expected);
    undecided_.record(digest, true, !seen_.mark(digest));
    // A second, good record of a rejected person must not speak for them either.
    duplicated_.insert(digest);
  }

  Reconciled close(const SourceEnd& end);

 private:
  /// Who matched an account that is nobody's yet.
  struct Matched {
    std::uint8_t people = 0;  // capped at 2
    bool employed = false;    // one whom it fits may be at work, set aside or not
  };

  /// What HR says of a person whose linked account is gone.
  enum class Lost : std::uint8_t {
    absent,   // no record
    left,     // they need no account
    expected  // they should have one, or the record cannot tell
  };
  /// The gravest of several records counts.
  void note_lost(std::uint64_t key_digest, Lost said) {
    if (lost_.empty()) return;
    if (const auto found = lost_.find(key_digest); found != lost_.end()) {
      found->second = std::max(found->second, said);
    }
  }

  void set_aside(const PersonRecord& person, bool gone, const std::string& why);
  void claim(const Pair& pair);
  void dispute(const PersonRecord& person, const EmploymentState& state, const Pair& pair);
  bool should_be_out(const EmploymentState& state) const;
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
  /// An account deleted in Okta: its link is given up, once, or replaced by that of an account
  /// which the match rules find for the person.
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

  void remember_termination(const PersonRecord& person, const EmploymentState& state);

  const ReconcileInputs& inputs_;
  const Settings& settings_;
  LinkIndex links_;
  Correlator correlator_;
  ProfileMapper profiles_;
  EntitlementRules entitlements_;
  EmploymentRules employment_;
  UndecidedLeavers undecided_;
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
  std::unordered_map<std::uint64_t, Lost> lost_;  // by the key's digest
  std::vector<Matched> matched_;                  // by account
  Sha256 snapshot_;
  std::uint64_t records_ = 0;
  std::uint64_t matches_ = 0;
  std::uint64_t unmanaged_ = 0;
  SeenKeys inside_;
  std::uint64_t leavers_inside_ = 0;  // by HR, with an account that can sign in
  std::map<std::string, Difference> differences_;
  std::uint64_t compared_names_ = 0, moved_names_ = 0;
  std::optional<AttrId> first_name_, last_name_;
};

}  // namespace rollcall

// Stages 2 and 5 to 7: people stream past, changes stay behind. One object per planning run.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "service/model/plan.h"
#include "service/reconcile/change_set.h"
#include "service/reconcile/correlate.h"
#include "service/reconcile/entitlements.h"
#include "service/reconcile/lifecycle.h"
#include "service/reconcile/link_index.h"
#include "service/reconcile/profile_diff.h"
#include "service/reconcile/undecided.h"

namespace rollcall {

/// Per attribute: how many accounts differ, and the pairs of old and new values with their counts.
/// Pairs of sensitive attributes are not kept.
struct Difference {
  std::uint64_t accounts = 0;
  std::map<std::pair<std::string, std::string>, std::uint64_t> pairs;
};

/// How the source's read ended, as far as reconciling cares.
struct SourceEnd {
  bool certified = false;
  std::uint64_t rejected_without_key = 0;
};

/// Everything planning knows once the people have passed.
struct Reconciled {
  std::vector<PersonChange> people;  // sorted by worker key
  std::vector<GroupTarget> groups;   // what TargetRef points into
  std::vector<Finding> findings;
  std::vector<Uncontained> not_contained;
  std::vector<PersonHistory> history_changed;  // to be recorded by a run that applies
  std::vector<std::string> seen_again;         // people whose history is to be forgotten
  Sha256 snapshot;                             // order-independent digest of the mapped records
  std::uint64_t records = 0;
  std::uint64_t linked_enabled = 0;             // guard population
  std::vector<std::uint64_t> group_population;  // by TargetRef: members that are ours
  std::uint64_t membership_population = 0;
  std::set<std::string> back;       // known leavers of whom this read says that they have not left
  bool link_only = false;           // first run over a full org: only links are proposed
  bool initial_load = false;        // nothing is linked yet
  std::optional<Error> reshuffled;  // set: the read must not count
  std::map<std::string, Difference> differences;  // if asked for
  std::map<std::string, std::uint64_t> by_reason;
};

/// One thread. Call person/rejected for each record, then close once.
class Reconciler {
 public:
  explicit Reconciler(const ReconcileInputs& inputs);
  ~Reconciler();
  void person(const PersonRecord& person);
  /// A record that could not be used: that person is unknown, not absent.
  void rejected(std::string_view worker_key);
  Reconciled close(const SourceEnd& end);

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace rollcall

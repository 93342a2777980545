#include "service/app/planning.h"

#include <fmt/core.h>

#include <algorithm>

#include "service/app/approvals.h"
#include "service/app/flapping.h"
#include "service/app/planning_checks.h"
#include "service/app/planning_sinks_internal.h"
#include "service/app/restriction.h"
#include "service/base/text.h"
#include "service/execute/coordinator.h"
#include "service/reconcile/guard.h"
#include "service/reconcile/leavers.h"
#include "service/reconcile/plan_builder.h"
#include "service/reconcile/renames.h"
#include "service/snapshot/org_snapshot.h"

namespace rollcall {
namespace {

// How long lists of Okta's may show what we wrote as it was before (ARCHITECTURE.md, section 7).
constexpr std::int64_t kIndexLag_ms = 60'000;
// An identical change that was applied in so many runs within so many days is being undone.
constexpr std::uint32_t kFlappingRuns = 2;
constexpr std::int64_t kFlappingDays = 7;

/// The first two match rules over profile attributes get an index each.
SnapshotKeys snapshot_keys(const Settings& settings) {
  SnapshotKeys keys;
  keys.login = settings.user_schema.find("login").value_or(0);
  for (const MatchRule& rule : settings.users.match) {
    if (rule.user == keys.login) continue;
    if (!keys.attribute_1) {
      keys.attribute_1 = rule.user;
    } else if (!keys.attribute_2) {
      keys.attribute_2 = rule.user;
    }
  }
  return keys;
}

class PlanningRun {
 public:
  PlanningRun(const PlanningParts& parts, const PlanningOptions& options, std::stop_token stop)
      : parts_(parts),
        options_(options),
        stop_(std::move(stop)),
        settings_(*parts.settings),
        snapshot_(snapshot_keys(*parts.settings)) {}

  Result<Planned> run() {
    if (const auto r = recall(); !r) return r.error();
    if (const auto r = read_org(); !r) return r.error();
    if (const auto r = fix_as_of(); !r) return r.error();
    if (const auto r = read_people(); !r) return r.error();
    if (const auto r = decide(); !r) return r.error();
    finish();
    return std::move(out_);
  }

 private:
  Result<void> recall();
  Result<void> read_org();
  Result<void> fix_as_of();
  Result<void> read_people();
  Result<void> decide();
  Result<void> keep_named_links();
  bool picks(const Operation& op) const;
  void name_left_out(const std::vector<Operation>& operations);
  void note_idle(const std::vector<Operation>& operations);
  Result<void> note_holds(const std::vector<Operation>& operations);
  void add_known_leavers(const std::vector<Operation>& operations);
  Result<void> note_leavers(const std::vector<Operation>& operations);
  Result<void> note_flapping(const std::vector<Operation>& operations);
  void finish();
  Result<bool> still_loading() const;
  void refuse(const Error& error, int otherwise);
  bool restricted() const {
    return !options_.only.empty() || options_.where || options_.sample_percent;
  }

  const PlanningParts& parts_;
  const PlanningOptions& options_;
  std::stop_token stop_;
  const Settings& settings_;
  OrgSnapshot snapshot_;
  LinkList links_;
  std::uint64_t linked_ = 0;  // users, those not named by an urgent run included
  History history_;
  ReconcileInputs inputs_;
  Reconciled reconciled_;
  std::set<std::string> picked_;
  std::set<std::string> carried_;  // leavers that only earlier reads tell of
  bool counts_ = true;
  Planned out_;
};

Result<void> PlanningRun::recall() {
  if (parts_.journal == nullptr) return ok();
  Journal& journal = *parts_.journal;
  auto links = journal.links();
  if (!links) return links.error();
  links_ = std::move(*links);
  if (options_.urgent) {
    if (auto r = keep_named_links(); !r) return r;
  }
  auto people = journal.person_history();
  if (!people) return people.error();
  history_.people = std::move(*people);
  auto own = journal.own_status_changes();
  if (!own) return own.error();
  history_.own_changes = std::move(*own);
  auto grants = journal.grants();
  if (!grants) return grants.error();
  history_.grants = std::move(*grants);
  auto leavers = journal.known_leavers();
  if (!leavers) return leavers.error();
  history_.leavers = std::move(*leavers);
  auto refused = journal.refused_values();
  if (!refused) return refused.error();
  history_.refused = std::move(*refused);
  return ok();
}

/// An urgent run looks at the named people's accounts and no others.
Result<void> PlanningRun::keep_named_links() {
  LinkList named;
  std::set<std::string> missing = options_.only;
  std::size_t people = 0;
  for (const LinkView link : links_) {
    if (link.kind == Link::Kind::group)
      named.add(link);  // a protected group may be called otherwise
    if (link.kind != Link::Kind::user || link.released) continue;
    ++linked_;
    const std::string key(link.logical_key);
    if (options_.only.count(key) == 0) continue;
    named.add(link);
    ++people;
    missing.erase(key);
  }
  if (people == 0) {
    return make_error(ErrorCode::person_not_linked,
                      options_.only.size() == 1 ? "the person named is not linked to an account"
                                                : "none of the people named is linked");
  }
  links_ = std::move(named);
  for (const std::string& key : missing) {
    Finding f;
    f.code = info(ErrorCode::person_not_linked).id;
    f.worker_key = shown_key(key);
    f.message = "named, but not linked to an account";
    out_.plan.trailer.findings.push_back(std::move(f));
  }
  return ok();
}

Result<void> PlanningRun::read_org() {
  ScanScope scope;
  scope.profile = &settings_.user_schema;
  scope.links = &links_;
  scope.only_linked = options_.urgent;
  std::vector<OwnMembership> own;
  if (parts_.journal != nullptr && !options_.urgent) {
    const WallTime lately = parts_.clock->wall() + -kIndexLag_ms;
    auto written = parts_.journal->written_since(lately);
    if (!written) return written.error();
    auto memberships = parts_.journal->memberships_since(lately);
    if (!memberships) return memberships.error();
    own = std::move(*memberships);
    scope.recently_written = std::move(*written);
    auto boundaries = parts_.journal->chain_boundaries();
    if (!boundaries) return boundaries.error();
    scope.chain_boundaries = std::move(*boundaries);
  }
  SnapshotSink sink(snapshot_, settings_, links_, own, options_.urgent);
  auto scan = parts_.directory->observe(scope, sink, stop_);
  if (!scan) return scan.error();
  sink.add_own();
  snapshot_.seal();
  out_.scan = std::move(*scan);
  out_.leftovers.chain_boundaries = out_.scan.chain_boundaries;
  for (const Error& reason : out_.scan.reasons) refuse(reason, 9);
  for (const Error& note : out_.scan.notes) {
    Finding f;
    f.severity = Severity::warning;
    f.code = info(note.code).id;
    f.message = note.message;
    out_.plan.trailer.findings.push_back(std::move(f));
  }
  if (!out_.scan.certified) counts_ = false;
  if (auto known = known_attributes(settings_, snapshot_.schema()); !known) return known;
  if (!options_.urgent && out_.scan.certified) {
    const auto has_login = [&](const std::string& login) {
      std::vector<AccountRef> found;
      snapshot_.find(MatchKey::login, login, found);
      return !found.empty();
    };
    const GroupNames linked = linked_group_names(links_);
    const auto has_group = [&](const std::string& name) {
      return std::any_of(
          snapshot_.groups().begin(), snapshot_.groups().end(), [&](const Group& group) {
            const auto as_linked = linked.find(group.id);
            return group.name == name || (as_linked != linked.end() && as_linked->second == name);
          });
    };
    for (Finding& f : unknown_protected(settings_, has_login, has_group)) {
      out_.plan.trailer.findings.push_back(std::move(f));
    }
  }
  if (parts_.log != nullptr) {
    parts_.log->write(LogEvent::org_read, LogFields()
                                              .add("users", out_.scan.users)
                                              .add("groups", out_.scan.groups)
                                              .add("requests", out_.scan.requests)
                                              .add("certified", int{out_.scan.certified}));
  }
  if (parts_.journal != nullptr && out_.scan.certified) {
    return parts_.journal->bind(out_.scan.org_id, settings_.environment);
  }
  return ok();
}

void PlanningRun::refuse(const Error& error, int otherwise) {
  out_.errors.push_back(error);
  const int exit = info(error.code).exit;
  out_.exits.add(exit == 0 ? otherwise : exit);
  Finding f;
  f.code = info(error.code).id;
  f.message = error.message;
  if (otherwise == 5 && !settings_.sources.empty()) f.source = settings_.sources.front().name;
  out_.plan.trailer.findings.push_back(std::move(f));
}

Result<void> PlanningRun::fix_as_of() {
  inputs_.as_of.instant = options_.as_of.value_or(parts_.clock->wall());
  inputs_.as_of.zone = settings_.run.time_zone;
  const auto date = local_date(inputs_.as_of.instant, settings_.run.time_zone);
  if (!date) return date.error();
  inputs_.as_of.date = *date;
  inputs_.settings = &settings_;
  inputs_.accounts = &snapshot_;
  inputs_.org.groups = snapshot_.groups();
  inputs_.org.rules = snapshot_.rules();
  inputs_.org.schema = &snapshot_.schema();
  inputs_.org.principal = snapshot_.principal();
  inputs_.org.protected_users = snapshot_.protected_users();
  inputs_.links = &links_;
  inputs_.history = &history_;
  inputs_.tally_differences = options_.tally_differences;
  return ok();
}

Result<void> PlanningRun::read_people() {
  Watermark watermark;
  const std::string& name = settings_.sources.front().name;
  if (parts_.journal != nullptr) {
    auto found = parts_.journal->watermark(name);
    if (!found) return found.error();
    watermark = std::move(*found);
  }
  Reconciler reconciler(inputs_);
  PeopleSink sink(reconciler, options_, inputs_.as_of, out_.plan.trailer.findings);
  auto summary = parts_.source->extract(watermark, sink, stop_);
  if (!summary) {
    // A source that cannot be read is reported like one that does not count.
    out_.source.name = name;
    out_.source.kind = settings_.sources.front().kind;
    refuse(summary.error(), 5);
    counts_ = false;
    return ok();
  }
  out_.source = std::move(*summary);
  for (const Error& reason : out_.source.reasons) refuse(reason, 5);
  if (!out_.source.certified) counts_ = false;
  picked_ = sink.picked();
  if (!options_.urgent) {
    for (Finding& f : unknown_people(options_.only, sink.named(), links_)) {
      out_.plan.trailer.findings.push_back(std::move(f));
    }
  }
  reconciled_ = reconciler.close({out_.source.certified, out_.source.rejected_without_key});
  if (counts_ && reconciled_.reshuffled) {
    refuse(*reconciled_.reshuffled, 5);
    counts_ = false;
    out_.source.certified = false;
  }
  if (parts_.log != nullptr) {
    parts_.log->write(LogEvent::source_read, LogFields()
                                                 .add("source", Loggable{name})
                                                 .add("records", out_.source.records)
                                                 .add("rejected", out_.source.rejected)
                                                 .add("certified", int{out_.source.certified}));
  }
  return ok();
}

Result<void> PlanningRun::decide() {
  if (!counts_) {
    reconciled_.people.clear();
    reconciled_.findings.clear();
    // Nobody becomes a leaver by such a read; who was one before it still is.
    reconciled_.not_contained = still_inside(history_.leavers, snapshot_, links_,
                                             out_.scan.certified, "this read does not count");
    for (GroupTarget& group : reconciled_.groups) group.refused = true;
    return ok();
  }
  auto& findings = out_.plan.trailer.findings;
  for (const Finding& f : reconciled_.findings) {
    // Of everybody else an urgent run has not read the account.
    if (!options_.urgent || options_.only.count(f.worker_key) > 0) findings.push_back(f);
  }
  if (!options_.urgent) {
    for (Finding& renamed : renamed_groups(reconciled_)) findings.push_back(std::move(renamed));
  }
  std::vector<Operation> operations = build_plan(reconciled_, inputs_);
  if (restricted()) {
    if (!options_.urgent) name_left_out(operations);
    operations = restrict_to(std::move(operations), [&](const Operation& op) { return picks(op); });
  }
  if (options_.urgent) note_idle(operations);
  GuardInputs limits;
  limits.limits = &settings_.guard;
  limits.linked_enabled = options_.urgent ? linked_ : reconciled_.linked_enabled;
  limits.membership_population = reconciled_.membership_population;
  const auto loading = still_loading();
  if (!loading) return loading.error();
  limits.initial_load = *loading;
  limits.groups = &reconciled_.groups;
  limits.group_population = &reconciled_.group_population;
  limits.own_principal = snapshot_.principal().user_id;
  limits.protected_users = protected_user_ids(inputs_);
  limits.protected_groups = protected_group_names(inputs_, reconciled_.groups);
  PeoplesWords words;
  if (parts_.journal != nullptr) {
    auto said = words_that_count(*parts_.journal, parts_.clock->wall());
    if (!said) return said.error();
    words = std::move(*said);
  }
  const auto among = [&](const std::set<Sha256>& changes) {
    return [&](const Operation& op) {
      return !changes.empty() && changes.count(change_digest(op, parts_.digest_key)) > 0;
    };
  };
  limits.approved = among(words.approved);
  limits.rejected = among(words.rejected);
  GuardVerdict verdict = guard(operations, limits);
  drop_released_leavers(operations, limits.approved, reconciled_.not_contained);
  out_.plan.trailer.guard = std::move(verdict.lines);
  if (verdict.held) out_.exits.add(3);
  if (verdict.approved > 0) {
    out_.notes.remarks.push_back(
        plural(static_cast<long long>(verdict.approved), "operation is", "operations are") +
        " released by approval");
  }
  for (Uncontained& one : verdict.not_contained)
    reconciled_.not_contained.push_back(std::move(one));
  if (const auto noted = note_holds(operations); !noted) return noted.error();
  if (!options_.urgent) add_known_leavers(operations);
  if (const auto noted = note_leavers(operations); !noted) return noted.error();
  if (const auto noted = note_flapping(operations); !noted) return noted.error();
  out_.plan.operations = std::move(operations);
  return ok();
}

/// Nothing is linked yet, or no main run has come to its end yet: a first load that was interrupted
/// goes on.
Result<bool> PlanningRun::still_loading() const {
  constexpr std::size_t kMany = 1'000;
  if (reconciled_.initial_load) return true;
  if (parts_.journal == nullptr || settings_.guard.initial_load == 0) return false;
  const auto runs = parts_.journal->runs(kMany);
  if (!runs) return runs.error();
  return runs->size() < kMany && std::none_of(runs->begin(), runs->end(), [](const RunRow& row) {
           return row.lane == Lane::main && row.state == "finished";
         });
}

bool PlanningRun::picks(const Operation& op) const {
  const std::string& key = op.subject.worker_key;
  if (options_.urgent && !contains_person(op.kind)) return false;
  if (!options_.only.empty() && options_.only.count(key) == 0) return false;
  if (options_.where && picked_.count(key) == 0) return false;
  // The same people each time: by a hash of the key, not by chance.
  return !options_.sample_percent ||
         static_cast<double>(fast_hash(key) % 10000) < *options_.sample_percent * 100;
}

/// A run restricted to others has read that they are gone all the same.
void PlanningRun::name_left_out(const std::vector<Operation>& operations) {
  for (const Operation& op : operations) {
    const bool exit =
        op.kind == OperationKind::user_suspend || op.kind == OperationKind::user_deactivate;
    if (!exit || picks(op) || !op.expect.status || !can_sign_in(*op.expect.status)) continue;
    carried_.insert(op.subject.worker_key);
    reconciled_.not_contained.push_back(
        {op.subject.worker_key, op.subject.user_id, "this run looks at others only"});
  }
}

/// Whoever is named in an urgent run and not contained by it deserves a word why.
void PlanningRun::note_idle(const std::vector<Operation>& operations) {
  std::set<std::string> busy;
  for (const Operation& op : operations) busy.insert(op.subject.worker_key);
  for (const Uncontained& one : reconciled_.not_contained) busy.insert(one.worker_key);
  for (const LinkView link : links_) {
    const std::string key(link.logical_key);
    if (busy.count(key) > 0) continue;
    const auto account = snapshot_.by_id(link.okta_id);
    if (!account) continue;  // gone; its finding says so
    const AccountStatus status = snapshot_.at(*account).status;
    Finding f;
    f.worker_key = key;
    f.user_id = std::string(link.okta_id);
    if (can_sign_in(status)) {
      f.code = info(ErrorCode::person_not_leaver).id;
      f.message = "named, but HR does not say that they have left";
    } else {
      f.severity = Severity::info;
      f.code = info(ErrorCode::person_contained).id;
      f.message = fmt::format("cannot sign in already: {}", to_string(status));
    }
    out_.plan.trailer.findings.push_back(std::move(f));
  }
}

Result<void> PlanningRun::note_holds(const std::vector<Operation>& operations) {
  std::vector<Sha256> held;
  std::vector<std::uint32_t> ids;
  for (const Operation& op : operations) {
    if (op.held_by.empty()) continue;
    held.push_back(change_digest(op, parts_.digest_key));
    ids.push_back(op.id);
  }
  if (parts_.journal == nullptr || options_.as_of) return ok();
  // A plan that looks at some people or at links only says nothing of what else is held.
  const bool whole = !restricted() && !options_.tally_differences;
  auto recorded = parts_.journal->record_held(held, whole, inputs_.as_of.instant);
  if (!recorded) return recorded;
  auto known = parts_.journal->held_since();
  if (!known) return known.error();
  std::map<Sha256, WallTime> since;
  for (const HeldSince& entry : *known) since[entry.change] = entry.since;
  for (std::size_t i = 0; i < held.size(); ++i) {
    if (const auto found = since.find(held[i]); found != since.end()) {
      out_.notes.held_since[ids[i]] = found->second;
    }
  }
  return ok();
}

/// Who had left by an earlier read, can still sign in and is not contained by this plan stays in
/// sight until HR says otherwise: also where this run looks at others only, or their record is
/// gone or set aside.
void PlanningRun::add_known_leavers(const std::vector<Operation>& operations) {
  std::set<std::string> settled = reconciled_.back;
  for (const Operation& op : operations) {
    if (contains_person(op.kind)) settled.insert(op.subject.worker_key);
  }
  for (const Uncontained& one : reconciled_.not_contained) settled.insert(one.worker_key);
  const char* why = restricted()                        ? "this run looks at others only"
                    : !settings_.users.manage_lifecycle ? "this run manages no lifecycle"
                                                        : "this read says nothing of them";
  for (Uncontained& one :
       still_inside(history_.leavers, snapshot_, links_, out_.scan.certified, why)) {
    if (settled.count(one.worker_key) > 0) continue;
    carried_.insert(one.worker_key);
    reconciled_.not_contained.push_back(std::move(one));
  }
}

/// For the next read that does not count, and how long each has been known.
Result<void> PlanningRun::note_leavers(const std::vector<Operation>& operations) {
  if (parts_.journal == nullptr || options_.urgent || options_.as_of || reconciled_.link_only ||
      !settings_.users.manage_lifecycle) {
    return ok();
  }
  auto leavers = leavers_of(reconciled_, operations, inputs_.as_of.instant);
  std::map<std::string, std::string> reasons;  // of the read that knew them
  std::map<std::string, WallTime> since;
  for (const KnownLeaver& leaver : leavers) since[leaver.worker_key] = leaver.since;  // now
  for (const KnownLeaver& leaver : history_.leavers) {
    since[leaver.worker_key] = leaver.since;
    reasons[leaver.worker_key] = leaver.why;
  }
  for (KnownLeaver& leaver : leavers) {
    if (carried_.count(leaver.worker_key) == 0) continue;
    if (const auto known = reasons.find(leaver.worker_key); known != reasons.end()) {
      leaver.why = known->second;
    }
  }
  for (Uncontained& one : reconciled_.not_contained) {
    if (const auto known = since.find(one.worker_key); known != since.end()) {
      one.since = known->second;
    }
  }
  return parts_.journal->record_leavers(leavers);
}

/// What earlier runs applied and is planned again identically: something undoes it in between.
Result<void> PlanningRun::note_flapping(const std::vector<Operation>& operations) {
  if (parts_.journal == nullptr || options_.as_of || operations.empty()) return ok();
  std::vector<Sha256> changes;
  changes.reserve(operations.size());
  for (const Operation& op : operations) changes.push_back(change_digest(op, parts_.digest_key));
  const auto applied =
      parts_.journal->applied_since(changes, inputs_.as_of.instant + -kFlappingDays * kDayMs);
  if (!applied) return applied.error();
  std::map<Sha256, std::uint32_t> runs;
  for (const AppliedRuns& one : *applied) {
    if (one.runs >= kFlappingRuns) runs[one.change] = one.runs;
  }
  for (Finding& f : flapping(operations, changes, runs)) {
    out_.plan.trailer.findings.push_back(std::move(f));
  }
  return ok();
}

void PlanningRun::finish() {
  Plan& plan = out_.plan;
  PlanHeader& header = plan.header;
  header.created_at = parts_.clock->wall();
  header.as_of = inputs_.as_of.instant;
  if (out_.scan.certified) header.read_at = out_.scan.as_of;
  header.as_of_date = format_date(inputs_.as_of.date);
  header.expires_at = header.created_at + settings_.run.plan_valid_ms;
  header.environment = settings_.environment;
  header.org = settings_.okta.base_url;
  header.org_id = out_.scan.org_id;
  header.config = settings_.rules;
  // What is planned for another time is to be looked at, never to be done now.
  header.sealed = parts_.journal != nullptr && !options_.as_of;
  if (options_.as_of) {
    out_.notes.remarks.emplace_back("this is what would be planned at another time (--as-of)");
  }
  header.sources.push_back({out_.source.name, out_.source.kind, out_.source.records,
                            out_.source.rejected, out_.source.certified, reconciled_.snapshot});
  PlanHasher hasher(header);
  for (const Operation& op : plan.operations) {
    hasher.add(op);
    plan.trailer.summary.count(op);
  }
  plan.id = hasher.finish();
  VectorCursor cursor(plan.operations);
  if (auto forecast = parts_.forecast(cursor)) plan.trailer.forecast = std::move(*forecast);

  std::map<std::string, std::string> logins;
  for (const Operation& op : plan.operations) logins[op.subject.worker_key] = op.subject.login;
  for (const Uncontained& one : reconciled_.not_contained) {
    const auto account = snapshot_.by_id(one.user_id);
    const std::string login =
        account ? std::string(snapshot_.at(*account).login) : logins[one.worker_key];
    Finding f;
    f.code = info(ErrorCode::leaver_not_contained).id;
    f.worker_key = one.worker_key;
    f.user_id = one.user_id;
    f.message = "has left, can still sign in, and this plan does not contain them: " + one.why;
    plan.trailer.findings.push_back(std::move(f));
    out_.notes.not_contained.push_back({one.worker_key, one.user_id, login,
                                        std::string(info(ErrorCode::leaver_not_contained).id),
                                        one.why, one.since});
  }
  for (const Finding& f : plan.trailer.findings) {
    const auto code = error_code_from_id(f.code);
    if (code && f.severity == Severity::error && info(*code).exit != 0) {
      out_.exits.add(info(*code).exit);
    }
  }
  out_.notes.looks_at_some = restricted();
  if (reconciled_.link_only) {
    out_.notes.remarks.emplace_back(
        parts_.journal == nullptr
            ? "without a journal nothing is linked, so this plan only links"
            : "nothing is linked yet and accounts match people: this plan only links; apply it, "
              "then plan again");
  }
  const UserSettings& users = settings_.users;
  out_.notes.observes_only = !users.manage_link && !users.manage_attributes &&
                             !users.manage_groups && !users.manage_apps && !users.manage_lifecycle;
  out_.link_only = reconciled_.link_only;
  out_.differences = std::move(reconciled_.differences);
  out_.leftovers.certified = counts_;
  out_.leftovers.read = {out_.source.records, inputs_.as_of.instant, out_.source.fill};
  out_.leftovers.snapshot = reconciled_.snapshot;
  out_.leftovers.history_changed = std::move(reconciled_.history_changed);
  out_.leftovers.seen_again = std::move(reconciled_.seen_again);
  out_.notes.exit_codes = out_.exits.all();
}

}  // namespace

Result<Planned> make_plan(const PlanningParts& parts, const PlanningOptions& options,
                          std::stop_token stop) {
  return PlanningRun(parts, options, std::move(stop)).run();
}

}  // namespace rollcall

// Counting for reports: who is touched, what is held, what failed, what lasts.
#include "service/report/tally_internal.h"

#include <fmt/core.h>

#include <algorithm>

#include "service/base/text.h"

namespace rollcall::report {
namespace {

std::string key_of(const Operation& op) {
  if (!op.subject.worker_key.empty()) return "w" + op.subject.worker_key;
  if (!op.subject.user_id.empty()) return "u" + op.subject.user_id;
  if (!op.subject.login.empty()) return "l" + op.subject.login;
  return "o" + op.object.name;
}

Kept keep(const Scene& scene, const Entry& entry) {
  Kept kept;
  kept.op = *entry.op;
  if (entry.result != nullptr) {
    kept.state = entry.result->state;
    kept.code = entry.result->code;
    kept.message = entry.result->message;
    kept.request_id = entry.result->request_id;
  }
  const auto since = scene.notes.held_since.find(entry.op->id);
  if (since != scene.notes.held_since.end()) kept.held_since = since->second;
  return kept;
}

void add_row(const Scene& scene, const Entry& entry, std::size_t lines, SideTally& side) {
  const Operation& op = *entry.op;
  std::string key = key_of(op);
  const auto known = side.row_of.find(key);
  if (known != side.row_of.end()) {
    PersonRow& row = side.rows[known->second];
    if (row.lines.size() < lines) {
      row.lines.push_back(keep(scene, entry));
    } else {
      ++row.more;
    }
    return;
  }
  if (side.rows.size() >= scene.style.rows) return;
  side.row_of.emplace(std::move(key), side.rows.size());
  PersonRow row;
  row.subject = op.subject;
  row.reason = op.reason;
  row.lines.push_back(keep(scene, entry));
  side.rows.push_back(std::move(row));
}

void add_to_side(const Scene& scene, const Entry& entry, std::size_t lines, SideTally& side) {
  ++side.operations;
  side.people.add(entry.op->subject);
  add_row(scene, entry, lines, side);
}

/// Who loses or gains what: in a run only what came about, in a plan what would, beside what is
/// held.
void add_access(const Scene& scene, const Entry& entry, bool held, std::size_t lines,
                Tally& tally) {
  SideTally& side = tally.sides[static_cast<std::size_t>(side_of(entry.op->kind))];
  const bool run = entry.result != nullptr;
  if (held) {
    if (run) return;
    ++side.held;
    add_row(scene, entry, lines, side);
  } else if (!run || entry.result->state == "applied") {
    PlanSummary one;
    one.count(*entry.op);
    tally.mails += one.mails;
    add_to_side(scene, entry, lines, side);
  } else if (!is_problem(entry.result->state)) {
    add_to_side(scene, entry, lines, tally.unreached);
  }
}

void add_held(const Scene& scene, const Entry& entry, std::size_t lines, Tally& tally) {
  ++tally.held;
  HeldTally& held = tally.held_by[limit_name(entry.op->held_by, scene.full)];
  ++held.operations;
  const auto since = scene.notes.held_since.find(entry.op->id);
  if (since != scene.notes.held_since.end() && (!held.since || since->second < *held.since)) {
    held.since = since->second;
  }
  add_to_side(scene, entry, lines, held.people);
}

void add_result(const Scene& scene, const Entry& entry, Tally& tally) {
  const RunOperation& result = *entry.result;
  ++tally.by_state[result.state];
  ++tally.kinds[static_cast<std::size_t>(entry.op->kind)].by_state[result.state];
  if (!is_problem(result.state)) return;
  ++tally.problems;
  const std::uint64_t of_code =
      ++tally.problem_codes[result.code.empty() ? result.state : result.code];
  // The first of each code are kept whatever came before them.
  if (scene.style.all || tally.problem_rows.size() < scene.style.rows ||
      of_code <= scene.style.sample) {
    tally.problem_rows.push_back(keep(scene, entry));
  }
}

void add_entry(const Scene& scene, const Entry& entry, std::size_t lines, Tally& tally) {
  const Operation& op = *entry.op;
  ++tally.operations;
  KindTally& kind = tally.kinds[static_cast<std::size_t>(op.kind)];
  ++kind.total;
  if (kind.sample.size() < scene.style.sample) kind.sample.push_back(keep(scene, entry));
  if (!op.subject.empty()) tally.by_reason[op.reason].add(op.subject);
  // In a run the state decides: what was approved since was held in the plan but applied.
  const bool held = entry.result == nullptr ? !op.held_by.empty() : entry.result->state == "held";
  add_access(scene, entry, held, lines, tally);
  if (held) ++kind.held;
  if (held) add_held(scene, entry, lines, tally);
  if (entry.result != nullptr) add_result(scene, entry, tally);
}

}  // namespace

void Census::add(const Subject& subject) {
  if (subject.empty()) return;
  const std::string& key = !subject.worker_key.empty() ? subject.worker_key
                           : !subject.user_id.empty()  ? subject.user_id
                                                       : subject.login;
  const std::uint64_t digest = fast_hash(key);
  if (digests_.empty() || digests_.back() != digest) digests_.push_back(digest);
}

std::uint64_t Census::count() const {
  std::sort(digests_.begin(), digests_.end());
  digests_.erase(std::unique(digests_.begin(), digests_.end()), digests_.end());
  return digests_.size();
}

std::uint64_t Tally::in_state(const std::string& state) const {
  const auto found = by_state.find(state);
  return found == by_state.end() ? 0 : found->second;
}

Result<Tally> take_tally(const Scene& scene, EntryCursor& entries, std::size_t lines) {
  Tally tally;
  while (true) {
    const auto entry = entries.next();
    if (!entry) return entry.error();
    if (entry->op == nullptr) return tally;
    add_entry(scene, *entry, lines, tally);
  }
}

std::vector<OperationKind> kinds_by_priority() {
  std::vector<OperationKind> kinds;
  kinds.reserve(kOperationKinds);
  for (std::size_t i = 0; i < kOperationKinds; ++i) {
    kinds.push_back(static_cast<OperationKind>(i));
  }
  std::stable_sort(kinds.begin(), kinds.end(), [](OperationKind a, OperationKind b) {
    return priority_of(a) < priority_of(b);
  });
  return kinds;
}

std::vector<Lasting> lasting(const Scene& scene, const Tally& tally) {
  std::vector<Lasting> all;
  for (const OperationKind kind : kinds_by_priority()) {
    const KindTally& counted = tally.kinds[static_cast<std::size_t>(kind)];
    std::uint64_t count = counted.total - counted.held;
    if (scene.run != nullptr) {
      const auto applied = counted.by_state.find("applied");
      count = applied == counted.by_state.end() ? 0 : applied->second;
    }
    if (count == 0 || undo_note(kind).empty()) continue;
    all.push_back({std::string(to_string(kind)), undo_note(kind), count});
  }
  if (tally.mails > 0) {
    all.push_back({"mails", "A mail that Okta has sent cannot be called back.", tally.mails});
  }
  return all;
}

std::vector<FindingGroup> group_findings(const std::vector<Finding>& findings, std::size_t first) {
  std::map<std::string, FindingGroup> by_code;
  for (const Finding& finding : findings) {
    FindingGroup& group = by_code[finding.code];
    group.code = finding.code;
    group.severity = std::max(group.severity, finding.severity);
    ++group.count;
    if (group.first.size() < first) group.first.push_back(&finding);
  }
  std::vector<FindingGroup> groups;
  groups.reserve(by_code.size());
  for (auto& [code, group] : by_code) groups.push_back(std::move(group));
  std::stable_sort(groups.begin(), groups.end(), [](const FindingGroup& a, const FindingGroup& b) {
    return a.severity != b.severity ? a.severity > b.severity : a.count > b.count;
  });
  return groups;
}

std::string place_of(const Finding& finding) {
  std::vector<std::string> parts;
  if (!finding.source.empty()) parts.push_back(finding.source);
  if (finding.line != 0) parts.push_back(fmt::format("line {}", finding.line));
  if (finding.record != 0) parts.push_back(fmt::format("record {}", finding.record));
  return join(parts, ", ");
}

const GuardLine* guard_line(const Scene& scene, const std::string& limit) {
  const GuardLine* found = nullptr;
  for (const GuardLine& line : scene.trailer.guard) {
    if (limit_name(line.limit, scene.full) != limit) continue;
    if (found != nullptr) return nullptr;
    found = &line;
  }
  return found;
}

const ForecastBucket* busiest(const Forecast& forecast) {
  const ForecastBucket* most = nullptr;
  const auto minutes = [](const ForecastBucket& b) {
    return b.limit_per_minute == 0
               ? 0.0
               : static_cast<double>(b.requests) / static_cast<double>(b.limit_per_minute);
  };
  for (const ForecastBucket& bucket : forecast.buckets) {
    if (most == nullptr || minutes(bucket) > minutes(*most)) most = &bucket;
  }
  return most;
}

}  // namespace rollcall::report

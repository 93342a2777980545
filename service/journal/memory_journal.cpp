#include "service/journal/memory_journal.h"

#include <fmt/core.h>

#include <algorithm>

#include "service/journal/memory_rows_internal.h"

namespace rollcall {

MemoryStore::MemoryStore() : rows_(std::make_unique<Rows>()) {}
MemoryStore::~MemoryStore() = default;

MemoryJournal::MemoryJournal(MemoryStore& store, const Clock& clock)
    : rows_(store.rows()), clock_(clock) {}

MemoryJournal::MemoryJournal(const Clock& clock)
    : own_(std::make_unique<MemoryStore>()), rows_(own_->rows()), clock_(clock) {}

MemoryJournal::~MemoryJournal() {
  for (auto it = rows_.locks.begin(); it != rows_.locks.end();) {
    it = it->second == this ? rows_.locks.erase(it) : std::next(it);
  }
}

std::string MemoryStore::Rows::linked(Link::Kind kind, const std::string& logical_key) const {
  if (logical_key.empty()) return {};
  for (const Link& link : links) {
    if (link.kind == kind && link.logical_key == logical_key && !link.released) {
      return link.okta_id;
    }
  }
  return {};
}

void MemoryStore::Rows::drop_links(const Link& link) {
  std::erase_if(links, [&](const Link& one) {
    return one.kind == link.kind &&
           (one.okta_id == link.okta_id || one.logical_key == link.logical_key);
  });
}

void MemoryStore::Rows::apply(const Effects& effects) {
  for (const Link& link : effects.links) {
    drop_links(link);
    links.push_back(link);
  }
  for (const Link& link : effects.released) {
    for (Link& one : links) {
      if (one.kind == link.kind && one.okta_id == link.okta_id) one.released = true;
    }
  }
  for (const Grant& grant : effects.granted) grants.insert({grant.group_id, grant.user_id});
  for (const Grant& grant : effects.taken) grants.erase({grant.group_id, grant.user_id});
  for (const std::string& user : effects.gone_users) {
    std::erase_if(links, [&](const Link& one) {
      return one.kind == Link::Kind::user && one.okta_id == user;
    });
    std::erase_if(grants, [&](const auto& grant) { return grant.second == user; });
    status.erase(user);
  }
  for (const std::string& group : effects.gone_groups) {
    std::erase_if(links, [&](const Link& one) {
      return one.kind == Link::Kind::group && one.okta_id == group;
    });
    std::erase_if(grants, [&](const auto& grant) { return grant.first == group; });
  }
  for (const OwnStatusChange& change : effects.status) status[change.user_id] = change;
  for (const std::string& user : effects.sessions_cleared) {
    if (const auto found = status.find(user); found != status.end()) {
      found->second.sessions_cleared = true;
    }
  }
  for (const std::string& user : effects.factors_reset) {
    if (const auto found = status.find(user); found != status.end()) {
      found->second.factors_reset = true;
    }
  }
}

RunRow MemoryStore::Rows::shown(const MemoryRun& run) const {
  RunRow row = run.row;
  row.lane = run.lane;
  if (row.state == "running" && !is_locked(run.lane)) row.state = "interrupted";
  for (const auto& [id, queued] : run.queue) ++row.counts[queued.state];
  return row;
}

Result<void> MemoryJournal::bind(const std::string& org_id, const std::string& environment) {
  if (!rows_.binding) {
    rows_.binding = {org_id, environment};
    return ok();
  }
  if (rows_.binding->first != org_id) {
    return make_error(
        ErrorCode::journal_other_org,
        fmt::format("the journal belongs to org {}, not to {}", rows_.binding->first, org_id));
  }
  if (rows_.binding->second != environment) {
    return make_error(ErrorCode::journal_other_environment,
                      fmt::format("the journal belongs to environment {}, not to {}",
                                  rows_.binding->second, environment));
  }
  return ok();
}

Result<void> MemoryJournal::heartbeat(const RunHandle& run) {
  const auto held = rows_.guarded(run, this);
  if (!held) return held.error();
  return ok();
}

Result<void> MemoryJournal::end_run(const RunHandle& handle, int exit_code, const std::string&) {
  const auto held = rows_.guarded(handle, this);
  if (!held) return held.error();
  MemoryRun& run = **held;
  bool left = false;
  for (const auto& [id, row] : run.queue) {
    left = left || in_flight(row.state) || (row.host == 0 && waits(row.state));
  }
  run.row.state = run.superseded ? "abandoned" : left ? "interrupted" : "finished";
  run.row.ended_at = clock_.wall();
  run.row.exit_code = exit_code;
  if (!left && !run.superseded) rows_.plans[run.plan].state.state = "applied";
  rows_.locks.erase(handle.lane);
  return ok();
}

Result<std::vector<Interrupted>> MemoryJournal::interrupted() {
  std::vector<Interrupted> out;
  for (const auto& [id, run] : rows_.runs) {
    Interrupted one;
    one.run = rows_.shown(run);
    if (one.run.state != "interrupted") continue;
    one.sealed = true;
    for (const auto& [operation, row] : run.queue) {
      one.intents += in_flight(row.state) ? 1 : 0;
      one.waiting += row.host == 0 && waits(row.state) ? 1 : 0;
    }
    out.push_back(std::move(one));
  }
  return out;
}

Result<LinkList> MemoryJournal::links() { return LinkList(rows_.links); }

Result<Watermark> MemoryJournal::watermark(const std::string& source) {
  Watermark mark;
  const auto found = rows_.reads.find(source);
  if (found != rows_.reads.end()) mark.last = found->second;
  return mark;
}

Result<std::vector<PersonHistory>> MemoryJournal::person_history() {
  std::vector<PersonHistory> out;
  for (const auto& [key, person] : rows_.people) out.push_back(person);
  return out;
}

Result<std::vector<OwnStatusChange>> MemoryJournal::own_status_changes() {
  std::vector<OwnStatusChange> out;
  for (const auto& [user, change] : rows_.status) out.push_back(change);
  return out;
}

Result<std::vector<Grant>> MemoryJournal::grants() {
  std::vector<Grant> out;
  for (const auto& [group, user] : rows_.grants) out.push_back({group, user});
  return out;
}

Result<std::vector<RefusedValue>> MemoryJournal::refused_values() {
  std::vector<RefusedValue> out;
  for (const auto& [key, value] : rows_.refused) out.push_back({key.first, key.second, value});
  return out;
}

Result<std::vector<HeldSince>> MemoryJournal::held_since() {
  std::vector<HeldSince> out;
  for (const auto& [change, since] : rows_.held) out.push_back({change, since});
  return out;
}

Result<std::vector<std::string>> MemoryJournal::written_since(WallTime since) {
  std::set<std::string> users;
  for (const MemoryTouch& touch : rows_.touched) {
    if (touch.at >= since) users.insert(touch.user_id);
  }
  return std::vector<std::string>(users.begin(), users.end());
}

Result<std::vector<WallTime>> MemoryJournal::chain_boundaries() { return rows_.boundaries; }

Result<std::optional<Sha256>> MemoryJournal::last_rules() {
  for (auto it = rows_.runs.rbegin(); it != rows_.runs.rend(); ++it) {
    const PlanState& plan = rows_.plans[it->second.plan].state;
    const bool counts = plan.state == "applied" && it->second.lane == Lane::main;
    if (counts) return std::optional<Sha256>(plan.header.config);
  }
  return std::optional<Sha256>();
}

Result<void> MemoryJournal::record_read(const std::string& source, const CertifiedRead& read,
                                        const Sha256&) {
  rows_.reads[source] = read;
  return ok();
}

Result<void> MemoryJournal::record_people(std::span<const PersonHistory> changed,
                                          std::span<const std::string> seen_again) {
  for (const std::string& key : seen_again) rows_.people.erase(key);
  for (const PersonHistory& person : changed) rows_.people[person.worker_key] = person;
  return ok();
}

Result<void> MemoryJournal::record_chain_boundaries(std::span<const WallTime> boundaries) {
  rows_.boundaries.assign(boundaries.begin(), boundaries.end());
  std::sort(rows_.boundaries.begin(), rows_.boundaries.end());
  return ok();
}

Result<void> MemoryJournal::record_refused(const RefusedValue& refused) {
  rows_.refused[{refused.user_id, refused.attribute}] = refused.value;
  return ok();
}

Result<void> MemoryJournal::record_held(std::span<const Sha256> held, bool whole, WallTime now) {
  std::map<Sha256, WallTime> kept;
  if (!whole) kept = rows_.held;
  for (const Sha256& change : held) {
    const auto known = rows_.held.find(change);
    kept[change] = known == rows_.held.end() ? now : known->second;
  }
  rows_.held = std::move(kept);
  return ok();
}

Result<std::vector<RunRow>> MemoryJournal::runs(std::size_t newest) {
  std::vector<RunRow> out;
  for (auto it = rows_.runs.rbegin(); it != rows_.runs.rend() && out.size() < newest; ++it) {
    out.push_back(rows_.shown(it->second));
  }
  return out;
}

Result<std::optional<RunRow>> MemoryJournal::run(RunId id) {
  const auto found = rows_.runs.find(id);
  if (found == rows_.runs.end()) return std::optional<RunRow>();
  return std::optional<RunRow>(rows_.shown(found->second));
}

Result<std::vector<OperationResult>> MemoryJournal::results(RunId id) {
  const auto found = rows_.runs.find(id);
  if (found == rows_.runs.end()) {
    return make_error(ErrorCode::journal_run_unknown, fmt::format("there is no run {}", id));
  }
  std::vector<OperationResult> out;
  for (const auto& [operation, row] : found->second.queue) {
    out.push_back({rows_.operation(found->second, operation), row.state, row.outcome, row.attempt,
                   row.intent_at, row.settled_at});
  }
  return out;
}

}  // namespace rollcall

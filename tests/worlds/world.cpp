#include "tests/worlds/world.h"

namespace rollcall::worlds {
namespace {

using Kind = OperationKind;
using Status = AccountStatus;

std::string key_of(const char* what, int number) { return what + std::to_string(number); }
std::string login_of(const std::string& key) { return key + "@x.example"; }

}  // namespace

World::World(const WorldOptions& chosen) : options(chosen), org(clock, chosen.seed) {
  org.faults = options.faults;
  org.synchronous = options.synchronous;
  fill();
}

void World::fill() {
  org.add_group("all");
  org.add_group("sales");
  test::PlanDraft& p = plan;
  p.add_group(Kind::group_create, "new", "");  // operation 1, a barrier
  for (int i = 0; i < 5; ++i) joiner(i);
  for (int i = 0; i < 5; ++i) mover(i);
  for (int i = 0; i < 4; ++i) leaver(i, Status::active, i % 2 == 1);
  leaver(4, Status::suspended, false);      // somebody was faster
  leaver(5, Status::locked_out, false);     // moved since the plan: a conflict
  leaver(6, Status::deprovisioned, false);  // further out than wanted
}

void World::joiner(int number) {
  const std::string key = key_of("J", number);
  Operation& create = plan.add(Kind::user_create, key, "");
  create.subject.login = login_of(key);
  create.wave = 1;
  create.changes = {{"login", std::nullopt, login_of(key), AttrType::text, false},
                    {"employeeNumber", std::nullopt, key, AttrType::text, false}};
  const std::uint32_t host = create.id;
  for (const char* group : {"all", "sales"}) {
    Operation& rider = plan.add_member(key, "", group, SmallOrg::group_id(group), {host}, host);
    rider.wave = 1;
  }
  Operation& later = plan.add_member(key, "", "new", "", {host, 1});
  later.wave = 1;
}

void World::mover(int number) {
  const std::string key = key_of("M", number);
  const std::string login = login_of(key);
  org.add_user(login, Status::active, {{"department", "Old"}});
  org.groups["sales"].insert(login);
  const std::string id = SmallOrg::user_id(login);
  plan.add(Kind::user_update, key, id).changes = {
      {"department", "Old", "New", AttrType::text, false}};
  plan.add_member(key, id, "all", SmallOrg::group_id("all"));
  plan.add_member(key, id, "sales", SmallOrg::group_id("sales")).kind = Kind::group_remove_member;
}

void World::leaver(int number, Status status, bool deactivate) {
  const std::string key = key_of("L", number);
  const std::string login = login_of(key);
  org.add_user(login, status);
  org.groups["sales"].insert(login);
  org.groups["all"].insert(login);
  const std::string id = SmallOrg::user_id(login);
  Operation& out = plan.add(deactivate ? Kind::user_deactivate : Kind::user_suspend, key, id);
  out.expect.status = Status::active;
  const std::uint32_t contained = out.id;
  const std::uint32_t sessions = plan.add(Kind::user_clear_sessions, key, id, {contained}).id;
  for (const char* group : {"all", "sales"}) {
    Operation& removal = plan.add_member(key, id, group, SmallOrg::group_id(group), {sessions});
    removal.kind = Kind::group_remove_member;
  }
}

CoordinatorOptions World::drive_options() {
  CoordinatorOptions drive;
  drive.wait = [this](CompletionQueue&, std::int64_t wait_ms) {
    org.pass(wait_ms);
    if (options.stop_at_request && org.requests >= *options.stop_at_request) {
      options.stop_at_request.reset();
      stop_.request_stop();
    }
  };
  drive.stop = stop_.get_token();
  return drive;
}

bool World::one_life(CrashingJournal& journal) {
  stop_ = std::stop_source();
  org.caller_came();
  RecoveryOptions recovery;
  recovery.holder = "host-a:" + std::to_string(lives);
  recovery.supersede = false;
  recovery.drive = drive_options();
  const Recovery recovered = recover(journal, org, clock, nullptr, recovery);
  if (recovered.error) {
    recovery_errors.push_back(*recovered.error);
    clock.advance(60'000);
    return false;
  }
  RunHandle handle;
  if (!recovered.runs.empty() && recovered.runs[0].handle) {
    handle = *recovered.runs[0].handle;
  } else {
    const auto begun = journal.begin_run(plan.spec(recovery.holder));
    if (!begun) return true;  // finished in an earlier life, at the write that ended it
    handle = *begun;
  }
  run = handle.id;
  const RunEnd end = run_to_end(journal, org, handle, clock, nullptr, drive_options());
  ends.push_back(end);
  const auto ended = journal.end_run(handle, end.exit_code, "");
  return ended && !end.error && end.in_doubt == 0;
}

bool World::live() {
  {
    MemoryJournal first(store, clock);
    if (!plan.seal(first)) return false;
  }
  for (lives = 1; lives <= 60; ++lives) {
    MemoryJournal session(store, clock);
    CrashingJournal journal(session, options.crashes);
    try {
      if (one_life(journal)) return true;
    } catch (const Crash&) {
      org.caller_died();
    }
  }
  return false;
}

std::vector<OperationResult> World::results() {
  MemoryJournal session(store, clock);
  auto found = session.results(run == 0 ? 1 : run);
  return found ? *found : std::vector<OperationResult>{};
}

std::vector<std::string> World::complaints() {
  std::vector<std::string> wrong = org.breaches;
  const auto all = results();
  if (all.size() != plan.operations.size()) wrong.push_back("operations are missing");
  for (const OperationResult& one : all) {
    const std::string name = std::to_string(one.operation.id) + " " +
                             std::string(to_string(one.operation.kind)) + " " +
                             one.operation.subject.worker_key;
    switch (one.state) {
      case OperationState::planned:
      case OperationState::intent:
      case OperationState::retry:
      case OperationState::ambiguous:
        wrong.push_back(name + " is left " + std::string(to_string(one.state)));
        break;
      default:
        break;
    }
    const auto effect = org.effects.find(one.operation.id);
    const int times = effect == org.effects.end() ? 0 : effect->second;
    if (times > 1) wrong.push_back(name + " took effect " + std::to_string(times) + " times");
    if (times > 0 && one.state != OperationState::applied) {
      wrong.push_back(name + " took effect and is " + std::string(to_string(one.state)));
    }
  }
  std::map<std::string, std::set<Kind>> done;
  for (const Write& write : org.writes) {
    const bool removal = write.kind == Kind::group_remove_member;
    const bool sessions = write.kind == Kind::user_clear_sessions;
    const bool leaver = write.who[0] == 'L';
    const Status now_is = leaver ? org.users.at(write.who).status : Status::active;
    if (leaver && (removal || sessions) && can_sign_in(now_is)) {
      wrong.push_back(write.who + " lost things without being contained");
    }
    if (leaver && removal && done[write.who].count(Kind::user_clear_sessions) == 0) {
      wrong.push_back(write.who + " lost a group before the sessions");
    }
    done[write.who].insert(write.kind);
  }
  return wrong;
}

}  // namespace rollcall::worlds

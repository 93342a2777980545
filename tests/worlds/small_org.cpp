#include "tests/worlds/small_org.h"

#include "service/base/text.h"

namespace rollcall::worlds {
namespace {

using Kind = OperationKind;
using State = Outcome::State;
using Status = AccountStatus;

constexpr std::size_t kPerSecond = 12;  // and two more for containment
constexpr std::size_t kReserved = 2;

std::string lane(const Operation& op) {
  return op.subject.worker_key.empty() ? op.object.name : op.subject.worker_key;
}

}  // namespace

void SmallOrg::add_user(const std::string& login, Status status,
                        std::map<std::string, std::string> profile) {
  profile["login"] = login;
  users[login] = {status, clock_.wall(), std::move(profile)};
}

void SmallOrg::add_group(const std::string& name, const std::vector<std::string>& logins) {
  groups[name] = std::set<std::string>(logins.begin(), logins.end());
}

Result<ScanSummary> SmallOrg::observe(const ScanScope&, DirectorySink&, std::stop_token) {
  return ScanSummary{};
}

Room SmallOrg::room() const {
  const auto sent = sent_in_second_.find(clock_.wall().ms / 1000);
  const std::size_t used = sent == sent_in_second_.end() ? 0 : sent->second;
  const auto left = [used](std::size_t most) { return used < most ? most - used : 0; };
  Room room{left(kPerSecond + kReserved), for_each_priority(left(kPerSecond))};
  at(room.of, Priority::contain) = room.total;
  return room;
}

void SmallOrg::submit(std::span<const Operation* const> request, CompletionSink& sink) {
  std::vector<Operation> copy;
  for (const Operation* op : request) copy.push_back(*op);
  ++requests;
  if (!under_way_.insert(lane(copy[0])).second) {
    breaches.push_back("two requests at once for " + lane(copy[0]));
  }
  enter(copy, sink, false);
}

void SmallOrg::probe(const Operation& operation, CompletionSink& sink) {
  ++probes;
  enter({operation}, sink, true);
}

void SmallOrg::enter(const std::vector<Operation>& request, CompletionSink& sink, bool probe) {
  Event event;
  event.at = clock_.wall().ms + (synchronous ? 0 : 5 + roll(60));
  event.serial = ++serial_;
  event.probe = probe;
  event.request = request;
  event.sink = &sink;
  if (draining_) {
    event.faulty = true;
    event.lands = false;
    event.answer = refused(State::unsent, 0);
  } else {
    ++sent_in_second_[clock_.wall().ms / 1000];
    choose_fault(event);
  }
  if (synchronous) return finish(event);
  events_.push(event);
}

void SmallOrg::choose_fault(Event& event) {
  const std::uint32_t id = event.request[0].id;
  if (faults_of_[id] >= faults.per_operation) return;
  int dice = roll(100);
  const auto hit = [&](int rate) {
    const bool yes = dice < rate;
    dice -= rate;
    if (dice < 0) dice = 100;
    return yes;
  };
  const bool before = hit(faults.lost_before);
  const bool after = hit(faults.lost_after);
  const bool error = hit(faults.error_500);
  const bool busy = hit(faults.busy);
  const bool unavailable = hit(faults.unavailable);
  const bool unsent = hit(faults.unsent);
  event.faulty = before || after || error || busy || unavailable || unsent;
  if (!event.faulty) return;
  ++faults_of_[id];
  event.lands = after || (error && roll(2) == 0);
  if (before || after) event.answer = refused(State::ambiguous, 0);
  if (error) event.answer = refused(State::ambiguous, 500);
  if (busy) event.answer = refused(State::retry, 409);
  if (unavailable) event.answer = refused(State::unavailable, 503);
  if (unsent) event.answer = refused(State::unsent, 0);
}

void SmallOrg::finish(const Event& event) {
  if (!event.probe) under_way_.erase(lane(event.request[0]));
  Outcome answer = event.answer;
  if (!event.probe && event.lands) {
    const Outcome own = execute(event.request);
    if (!event.faulty) answer = own;
  }
  if (event.probe && !event.faulty) answer = done();
  std::optional<Observed> seen;
  if (event.probe && !event.faulty) seen = look(event.request[0]);
  for (const Operation& op : event.request) {
    event.sink->completed({op.id, event.probe, answer, seen});
  }
}

void SmallOrg::pass(std::int64_t wait_ms) {
  const std::int64_t until = clock_.wall().ms + wait_ms;
  if (events_.empty() || events_.top().at > until) return clock_.advance(wait_ms);
  const Event event = events_.top();
  events_.pop();
  if (event.at > clock_.wall().ms) clock_.advance(event.at - clock_.wall().ms);
  finish(event);
}

void SmallOrg::caller_died() {
  while (!events_.empty()) {
    const Event event = events_.top();
    events_.pop();
    if (!event.probe && event.lands && roll(2) == 0) execute(event.request);
  }
  under_way_.clear();
  clock_.advance(1'000);
}

Outcome SmallOrg::done() const {
  Outcome outcome;
  outcome.state = State::applied;
  outcome.http_status = 200;
  outcome.server_time = clock_.wall();
  outcome.request_id = "req";
  return outcome;
}

Outcome SmallOrg::refused(State state, int http_status) const {
  Outcome outcome;
  outcome.state = state;
  outcome.http_status = http_status;
  outcome.message = "Said by the small org.";
  outcome.server_time = clock_.wall();
  return outcome;
}

std::string SmallOrg::login_of(const Operation& op) const {
  const std::string& id = op.subject.user_id;
  const std::string login = id.size() > 4 ? id.substr(4) : "";
  return users.count(login) > 0 ? login : "";
}

void SmallOrg::count(const Operation& op, const std::string& login, bool changed) {
  if (!changed) return;
  ++effects[op.id];
  writes.push_back({op.id, op.kind, login});
}

Outcome SmallOrg::execute(const std::vector<Operation>& request) {
  const Operation& op = request[0];
  if (before_effect) before_effect(op);
  if (op.kind == Kind::user_create) return execute_create(request);
  if (op.kind == Kind::group_create) {
    if (!groups.try_emplace(op.object.name).second) return refused(State::conflict, 400);
    count(op, op.object.name, true);
    Outcome outcome = done();
    outcome.group_id = group_id(op.object.name);
    return outcome;
  }
  const std::string login = login_of(op);
  if (login.empty()) return refused(State::conflict, 404);
  switch (op.kind) {
    case Kind::user_suspend:
      return execute_status(op, Status::active, Status::suspended);
    case Kind::user_unsuspend:
      return execute_status(op, Status::suspended, Status::active);
    case Kind::user_deactivate: {
      const Status from = users[login].status;
      if (from == Status::deprovisioned) return refused(State::conflict, 404);
      return execute_status(op, from, Status::deprovisioned);
    }
    case Kind::user_update: {
      bool changed = false;
      for (const FieldChange& change : op.changes) {
        std::string& value = users[login].profile[change.attribute];
        changed = changed || value != change.to.value_or("");
        value = change.to.value_or("");
      }
      count(op, login, changed);
      return done();
    }
    case Kind::user_clear_sessions:
      writes.push_back({op.id, op.kind, login});
      return done();
    case Kind::group_add_member:
      return execute_member(op, login, true);
    case Kind::group_remove_member:
      return execute_member(op, login, false);
    default:
      breaches.push_back("unexpected " + std::string(to_string(op.kind)));
      return refused(State::failed, 400);
  }
}

Outcome SmallOrg::execute_create(const std::vector<Operation>& request) {
  const Operation& op = request[0];
  const std::string login = op.subject.login;
  if (users.count(login) > 0) return refused(State::conflict, 400);
  std::map<std::string, std::string> profile;
  for (const FieldChange& change : op.changes) profile[change.attribute] = change.to.value_or("");
  add_user(login, Status::active, profile);
  count(op, login, true);
  for (std::size_t i = 1; i < request.size(); ++i) {
    count(request[i], login, groups.at(request[i].object.name).insert(login).second);
  }
  Outcome outcome = done();
  outcome.user_id = user_id(login);
  return outcome;
}

Outcome SmallOrg::execute_status(const Operation& op, Status from, Status to) {
  SmallUser& user = users[login_of(op)];
  if (user.status != from) return refused(State::conflict, 400);
  user.status = to;
  count(op, login_of(op), true);
  return done();
}

Outcome SmallOrg::execute_member(const Operation& op, const std::string& login, bool add) {
  const auto group = groups.find(op.object.name);
  if (group == groups.end()) return refused(State::conflict, 404);
  if (op.object.id != group_id(op.object.name)) breaches.push_back("wrong group id");
  const bool changed = add ? group->second.insert(login).second : group->second.erase(login) > 0;
  count(op, login, changed);
  return done();
}

Observed SmallOrg::look(const Operation& op) const {
  Observed seen;
  if (op.kind == Kind::group_create) {
    seen.exists = groups.count(op.object.name) > 0;
    seen.group_id = seen.exists ? group_id(op.object.name) : "";
    seen.created = clock_.wall();
    return seen;
  }
  const std::string login = op.kind == Kind::user_create ? op.subject.login : login_of(op);
  const auto user = users.find(login);
  if (user == users.end()) return seen;
  seen.exists = true;
  seen.user_id = user_id(login);
  seen.login = login;
  seen.status = user->second.status;
  seen.created = user->second.created;
  seen.profile = user->second.profile;
  const auto group = groups.find(op.object.name);
  if (group != groups.end()) seen.member = group->second.count(login) > 0;
  return seen;
}

}  // namespace rollcall::worlds

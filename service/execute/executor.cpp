#include "service/execute/executor.h"

#include <algorithm>
#include <limits>

#include "service/base/digest.h"

namespace rollcall {
namespace {

// Okta's times have a resolution of one second and its clock is not ours (FACTS 1); a create found
// within this of its intent is taken for the one we sent.
constexpr std::int64_t kCreatedTolerance_ms = 60'000;
constexpr std::size_t kReadsKept = 4'096;

std::string lane_of(const Operation& op) {
  if (!op.subject.user_id.empty()) return "user " + op.subject.user_id;
  if (!op.subject.worker_key.empty()) return "key " + op.subject.worker_key;
  if (!op.subject.login.empty()) return "login " + op.subject.login;
  if (!op.object.id.empty()) return "group " + op.object.id;
  return "group named " + op.object.name;
}

bool is_create(OperationKind kind) {
  return kind == OperationKind::user_create || kind == OperationKind::group_create;
}

bool is_membership(OperationKind kind) {
  return kind == OperationKind::group_add_member || kind == OperationKind::group_remove_member;
}

Outcome found(const Outcome& read, const Observed& seen, const Judgement& judgement) {
  Outcome outcome;
  outcome.state =
      judgement.verdict == Verdict::done ? Outcome::State::applied : Outcome::State::conflict;
  outcome.code = judgement.code;
  outcome.message = judgement.why;
  outcome.request_id = read.request_id;
  outcome.http_status = read.http_status;
  outcome.server_time = read.server_time;
  outcome.user_id = seen.user_id;
  outcome.group_id = seen.group_id;
  return outcome;
}

Outcome with_code(Outcome outcome, ErrorCode code, std::string message) {
  outcome.code = code;
  outcome.message = std::move(message);
  return outcome;
}

}  // namespace

std::int64_t retry_wait_ms(std::uint32_t operation, int attempt) {
  constexpr std::int64_t kFirst_ms = 2'000;
  constexpr std::int64_t kLongest_ms = 120'000;
  std::int64_t wait_ms = kFirst_ms;
  for (int i = 1; i < attempt && wait_ms < kLongest_ms; ++i) wait_ms *= 4;
  wait_ms = std::min(wait_ms, kLongest_ms);
  const std::string seed = std::to_string(operation) + "/" + std::to_string(attempt);
  const auto spread = static_cast<std::int64_t>(fast_hash(seed) % 501);  // 0..500 per mille
  return wait_ms * 3 / 4 + wait_ms * spread / 1000;
}

Executor::Key Executor::key_of(const Work& work) {
  // What is in doubt comes first: somebody may be half way in or out.
  const auto rank =
      work.phase == Phase::doubtful
          ? std::uint8_t{0}
          : static_cast<std::uint8_t>(1 + static_cast<int>(priority_of(work.operation.kind)));
  return {rank, work.operation.id};
}

void Executor::claimed(std::span<const Claim> claims, MonoTime now) {
  for (const Claim& claim : claims) add(claim.operation, claim.riders, claim, now);
}

void Executor::add(Operation operation, std::vector<Operation> riders, const Claim& claim,
                   MonoTime now) {
  const std::uint32_t id = operation.id;
  auto owned = std::make_unique<Work>();
  Work& work = *owned;
  work.operation = std::move(operation);
  work.riders = std::move(riders);
  work.attempt = claim.attempt;
  work.settle_only = claim.settle_only;
  work.not_before = now;
  work.lane = lane_of(work.operation);
  if (claim.intent_age_ms) work.first_intent = MonoTime{now.ms - *claim.intent_age_ms};
  if (!claim.settle_only && !work.first_intent) work.first_intent = now;
  if (const auto doubted = doubted_creates_.find(id); doubted != doubted_creates_.end()) {
    work.first_intent = std::min(doubted->second, work.first_intent.value_or(doubted->second));
  }
  ROLLCALL_ASSERT(works_.find(id) == works_.end());
  works_[id] = std::move(owned);
  // What may be under way already is settled by what the org shows, wanted or not.
  if (!claim.settle_only && !still_wanted(work)) return;
  const OperationKind kind = work.operation.kind;
  if (journal_only(kind) && !needs_confirmation(kind)) {
    settle(work, OperationState::applied, {});
    return;
  }
  if (claim.settle_only && !journal_only(kind)) {
    if (repeat_is_safe(kind) && !is_membership(kind)) {
      settle(work, OperationState::retry, {});
      return;
    }
    work.phase = Phase::doubtful;
  } else {
    const bool read = needs_confirmation(kind) || is_to_be_read(work.operation);
    work.phase = read ? Phase::unconfirmed : Phase::ready;
  }
  waiting_.insert(key_of(work));
}

bool Executor::still_wanted(Work& work) {
  if (vetting_.withdrawn.empty()) return true;
  const auto take = [&](const Operation& op) {
    const auto why = vetting_.withdrawn.find(op.id);
    if (why == vetting_.withdrawn.end()) return false;
    settle_one(op, OperationState::withdrawn, with_code({}, why->second.code, why->second.why), 0);
    return true;
  };
  if (const auto gone = vetting_.withdrawn.find(work.operation.id);
      gone != vetting_.withdrawn.end()) {
    const Outcome outcome = with_code({}, gone->second.code, gone->second.why);
    settle(work, OperationState::withdrawn, outcome);
    return false;
  }
  std::erase_if(work.riders, take);
  return true;
}

bool Executor::is_to_be_read(const Operation& op) const {
  if (journal_only(op.kind) || (!op.expect.status && !op.expect.last_updated)) return false;
  return vetting_.changed_users.count(op.subject.user_id) > 0 &&
         written_users_.count(op.subject.user_id) == 0;
}

void Executor::completed(const Completion& completion, MonoTime now) {
  const auto rider = host_of_.find(completion.operation);
  const std::uint32_t id = rider == host_of_.end() ? completion.operation : rider->second;
  const auto at = works_.find(id);
  ROLLCALL_ASSERT(at != works_.end());
  Work& work = *at->second;
  if (completion.probe) {
    ROLLCALL_ASSERT(work.looking);
    --in_flight_;
    work.looking = false;
    trouble_.ended(completion.outcome, {id, work.serial, false}, serial_, now);
    looked(work, completion, now);
  } else {
    answered(work, completion, now);
  }
  if (trouble_.read_only()) {
    stop(ErrorCode::org_read_only, completion.outcome.message);
  } else if (trouble_.over()) {
    stop(ErrorCode::run_org_unavailable,
         "The org or the way to it failed on several operations in a row; the last time: " +
             completion.outcome.message);
  }
}

void Executor::answered(Work& work, const Completion& completion, MonoTime now) {
  ROLLCALL_ASSERT(work.phase == Phase::sent);
  work.answers[completion.operation] = completion.outcome;
  if (work.answers.size() < 1 + work.riders.size()) return;
  --in_flight_;
  for (const Operation& rider : work.riders) host_of_.erase(rider.id);
  work.last = work.answers[work.operation.id];
  trouble_.ended(work.last, {work.operation.id, work.serial, true}, serial_, now);
  sent_ended(work, now);
}

void Executor::sent_ended(Work& work, MonoTime now) {
  const bool repeat = repeat_is_safe(work.operation.kind);
  const Outcome outcome = work.last;
  switch (outcome.state) {
    case Outcome::State::applied:
      written(work.serial, outcome);
      return applied_with_riders(work, outcome, now);
    case Outcome::State::failed:
      return settle(work, OperationState::failed, outcome);
    case Outcome::State::refused:
      return keep_refused(work);
    case Outcome::State::retry:
      return retry_later(work, outcome);
    case Outcome::State::conflict: {
      // A second call of what was done already is refused (FACTS 7): a look tells the two apart.
      // A missing group (404) fails the whole create, so there is nothing to look for.
      const bool look = !repeat && !(is_create(work.operation.kind) && outcome.http_status == 404);
      if (look) return unknown_fate(work, true, now);
      return settle(work, OperationState::conflict, outcome);
    }
    case Outcome::State::ambiguous:
      return repeat ? retry_later(work, outcome) : unknown_fate(work, false, now);
    case Outcome::State::unsent:
      return return_unsent(work);
    case Outcome::State::stop:
      stop(outcome.code.value_or(ErrorCode::run_refused), outcome.message);
      return return_unsent(work);
    case Outcome::State::unavailable:
      // Not executed (FACTS 11), and the run ends: nothing is in doubt.
      if (outcome.code == ErrorCode::org_read_only) return return_unsent(work);
      if (!repeat) return unknown_fate(work, false, now);
      return OrgTrouble::is_silence(outcome) ? return_unsent(work) : retry_later(work, outcome);
  }
}

void Executor::applied_with_riders(Work& work, const Outcome& outcome, MonoTime now) {
  const Operation& op = work.operation;
  if (is_create(op.kind)) doubted_creates_.erase(op.id);
  const std::string user_id = outcome.user_id.empty() ? op.subject.user_id : outcome.user_id;
  settle_one(op, OperationState::applied, outcome, 0);
  std::vector<Operation> doubtful;
  for (Operation& rider : work.riders) {
    const auto answer = work.answers.find(rider.id);
    const Outcome own = answer == work.answers.end() ? Outcome{} : answer->second;
    const bool told = answer != work.answers.end();
    rider.subject.user_id = user_id;
    if (told && own.state == Outcome::State::applied) {
      settle_one(rider, OperationState::applied, own, 0);
    } else if (told && own.state == Outcome::State::failed) {
      settle_one(rider, OperationState::failed, own, 0);
    } else if (work.settle_only) {
      // Whether it travelled decides if the membership is a grant of ours: read, then settled anew.
      settle_one(rider, OperationState::ambiguous, own, 0);
      doubtful.push_back(std::move(rider));
    } else {
      // Adding twice does no harm: from now on it waits on its own, as a request of its own.
      settle_one(rider, OperationState::retry, own, 0);
    }
  }
  Claim as_own;
  as_own.attempt = work.attempt;
  as_own.settle_only = true;
  forget(work);
  for (Operation& rider : doubtful) add(std::move(rider), {}, as_own, now);
}

void Executor::unknown_fate(Work& work, bool refused, MonoTime now) {
  work.phase = Phase::doubtful;
  work.refused = refused;
  work.looks = 0;
  work.not_before = now;
  work.answers.clear();
  if (is_create(work.operation.kind) && work.first_intent) {
    doubted_creates_.emplace(work.operation.id, *work.first_intent);
  }
  waiting_.insert(key_of(work));
}

void Executor::looked(Work& work, const Completion& completion, MonoTime now) {
  const Outcome& outcome = completion.outcome;
  if (outcome.state != Outcome::State::applied || !completion.observed) {
    return look_failed(work, outcome, now);
  }
  if (work.phase == Phase::refused) return fail_refused(work);
  const Observed& seen = *completion.observed;
  const std::string& user_id = work.operation.subject.user_id;
  // An addition's look shows groups only, an assignment's itself: nothing for the person's next
  // operation.
  const OperationKind kind = work.operation.kind;
  if (!user_id.empty() && kind != OperationKind::group_add_member && !is_assignment(kind)) {
    if (reads_.size() >= kReadsKept) reads_.clear();
    Read& read = reads_[user_id] = {seen, now};
    // Those speak of this operation's group and attributes, not of the person's next one's.
    read.seen.member.reset();
    read.seen.group_id.clear();
    read.seen.profile.clear();
  }
  if (work.phase == Phase::doubtful) return resolved(work, seen, outcome, now);
  confirmed(work, seen, outcome, now);
}

void Executor::look_failed(Work& work, const Outcome& outcome, MonoTime now) {
  if (outcome.state == Outcome::State::stop) {
    stop(outcome.code.value_or(ErrorCode::run_refused), outcome.message);
    waiting_.insert(key_of(work));  // wind_up gives it back or keeps it in doubt
    return;
  }
  if (outcome.state == Outcome::State::failed || outcome.state == Outcome::State::conflict) {
    if (work.phase == Phase::refused) return fail_refused(work);
    if (work.phase != Phase::doubtful) return settle(work, OperationState::failed, outcome);
    return settle(work, OperationState::quarantined,
                  with_code(outcome, ErrorCode::operation_in_doubt,
                            "Whether it was carried out could not be read: " + outcome.message));
  }
  // While nothing answers at all, looks are not counted: the run ends by time, not the operation.
  if (OrgTrouble::is_silence(outcome)) --work.looks;
  look_later(work, std::max(outcome.retry_after_ms, kLookAgain_ms), now);
}

void Executor::look_later(Work& work, std::int64_t wait_ms, MonoTime now) {
  if (work.looks >= kLooks) return looks_exhausted(work);
  work.not_before = now + wait_ms;
  waiting_.insert(key_of(work));
}

void Executor::looks_exhausted(Work& work) {
  if (work.phase == Phase::refused) return fail_refused(work);
  Outcome outcome = work.last;
  if (work.phase != Phase::doubtful) {
    outcome.message = "Its target could not be confirmed.";
    return retry_later(work, outcome);
  }
  outcome = with_code(outcome, ErrorCode::operation_in_doubt,
                      "Whether it was carried out could not be found out.");
  // Left for the next run's recovery once; a second time people must look.
  settle(work, work.settle_only ? OperationState::quarantined : OperationState::ambiguous, outcome);
}

void Executor::confirmed(Work& work, const Observed& seen, const Outcome& outcome, MonoTime now) {
  Operation expected = work.operation;
  // Our own writes of this run moved the time stamp that the plan saw.
  if (written_users_.count(expected.subject.user_id) > 0) expected.expect.last_updated.reset();
  const Judgement judgement = judge_before(expected, seen);
  switch (judgement.verdict) {
    case Verdict::send:
      if (journal_only(work.operation.kind)) return settle(work, OperationState::applied, outcome);
      work.phase = Phase::ready;
      work.not_before = now;
      waiting_.insert(key_of(work));
      return;
    case Verdict::done:
      return settle(work, OperationState::applied, found(outcome, seen, judgement));
    case Verdict::look_again:
      reads_.erase(work.operation.subject.user_id);
      return look_later(work, kLookAgain_ms, now);
    case Verdict::conflict:
    case Verdict::not_done:
    case Verdict::undecidable:
      return settle(work, OperationState::conflict, found(outcome, seen, judgement));
  }
}

std::optional<WallTime> Executor::oldest_possible(const Work& work, const Outcome& outcome,
                                                  MonoTime now) const {
  if (!work.first_intent || outcome.server_time.ms == 0) return std::nullopt;
  const std::int64_t age_ms = now - *work.first_intent;
  return WallTime{outcome.server_time.ms - age_ms - kCreatedTolerance_ms};
}

void Executor::resolved(Work& work, const Observed& seen, const Outcome& outcome, MonoTime now) {
  const Operation& op = work.operation;
  const Judgement judgement = judge_after(op, seen, oldest_possible(work, outcome, now));
  switch (judgement.verdict) {
    case Verdict::done:
      return applied_with_riders(work, found(outcome, seen, judgement), now);
    case Verdict::look_again:
      return look_later(work, kLookAgain_ms, now);
    case Verdict::not_done: {
      if (!work.refused) return retry_later(work, work.last);
      // Group names are looked up in an index that lags (FACTS 6): refused, so it must appear.
      if (op.kind == OperationKind::group_create && work.looks < 3) {
        return look_later(work, kLookAgain_ms, now);
      }
      Outcome refusal = work.last;
      if (!refusal.code) refusal.code = ErrorCode::operation_conflict;
      return settle(work, OperationState::conflict, refusal);
    }
    case Verdict::undecidable:
      return settle(work, OperationState::quarantined, found(outcome, seen, judgement));
    case Verdict::conflict:
    case Verdict::send:
      return settle(work, OperationState::conflict, found(outcome, seen, judgement));
  }
}

void Executor::retry_later(Work& work, const Outcome& outcome) {
  if (work.settle_only) return settle(work, OperationState::retry, outcome);
  if (work.attempt >= kAttempts) {
    return settle(work, OperationState::failed,
                  with_code(outcome, ErrorCode::operation_gave_up,
                            "Given up after " + std::to_string(work.attempt) +
                                " attempts: " + outcome.message));
  }
  const std::int64_t wait_ms =
      std::max(outcome.retry_after_ms, retry_wait_ms(work.operation.id, work.attempt));
  settle(work, OperationState::retry, outcome, wait_ms);
}

void Executor::settle_one(const Operation& op, OperationState state, const Outcome& outcome,
                          std::int64_t not_before_ms) {
  Settled settled;
  settled.operation = op.id;
  settled.state = state;
  settled.outcome = outcome;
  settled.not_before_ms = not_before_ms;
  out_.settle.push_back(std::move(settled));
  out_.about.push_back({op.kind, op.subject.worker_key});
}

void Executor::settle(Work& work, OperationState state, const Outcome& outcome,
                      std::int64_t not_before_ms) {
  settle_one(work.operation, state, outcome, not_before_ms);
  for (const Operation& rider : work.riders) settle_one(rider, state, outcome, not_before_ms);
  forget(work);
}

void Executor::return_unsent(Work& work) {
  out_.give_back.push_back(work.operation.id);
  out_.given_back.push_back({work.operation.kind, work.operation.subject.worker_key});
  forget(work);
}

void Executor::forget(Work& work) {
  const auto busy = busy_.find(work.lane);
  if (busy != busy_.end() && busy->second == work.operation.id) busy_.erase(busy);
  waiting_.erase(key_of(work));
  refusals_.forget(work.operation.id);
  works_.erase(work.operation.id);
}

void Executor::stop(ErrorCode reason, std::string message) {
  if (!stopped_) stopped_ = make_error(reason, std::move(message));
}

void Executor::wind_up() {
  for (const std::uint32_t id : refusals_.all()) {
    if (!works_.at(id)->looking) return_unsent(*works_.at(id));
  }
  while (!waiting_.empty()) {
    Work& work = *works_.at(waiting_.begin()->second);
    if (work.phase != Phase::doubtful) {
      return_unsent(work);
      continue;
    }
    settle(work, OperationState::ambiguous,
           with_code(work.last, ErrorCode::operation_in_doubt,
                     "The run stopped before it was known whether this was carried out."));
  }
}

const Observed* Executor::fresh_read(const Work& work, MonoTime now) const {
  // A second DELETE removes for good (FACTS 5.6), so that one never trusts an earlier read.
  if (work.operation.kind == OperationKind::user_delete) return nullptr;
  if (work.operation.subject.user_id.empty()) return nullptr;
  if (is_assignment(work.operation.kind)) return nullptr;  // a person's status does not tell it
  const auto read = reads_.find(work.operation.subject.user_id);
  if (read == reads_.end() || now - read->second.at > kReadServes_ms) return nullptr;
  return &read->second.seen;
}

bool Executor::start_one(Work& work, MonoTime now, Room& room, Step& step) {
  const Operation& op = work.operation;
  if (work.phase == Phase::unconfirmed) {
    if (const Observed* seen = fresh_read(work, now)) {
      const Observed known = *seen;
      waiting_.erase(key_of(work));
      busy_[work.lane] = op.id;
      confirmed(work, known, {}, now);
      return true;
    }
  }
  // A look at what is in doubt has the standing of a containment.
  const bool doubtful = work.phase == Phase::doubtful;
  std::size_t& own = at(room.of, doubtful ? Priority::contain : priority_of(op.kind));
  if (room.total == 0 || own == 0) {
    step.starved = true;
    return false;
  }
  --room.total;
  --own;
  ++in_flight_;
  work.serial = ++serial_;
  waiting_.erase(key_of(work));
  busy_[work.lane] = op.id;
  if (work.phase != Phase::ready) {
    work.looking = true;
    ++work.looks;
    step.probe.push_back(&op);
    return true;
  }
  work.phase = Phase::sent;
  work.answers.clear();
  if (changes_user(op.kind)) {
    reads_.erase(op.subject.user_id);
    if (!vetting_.changed_users.empty()) written_users_.insert(op.subject.user_id);
  }
  std::vector<const Operation*> request{&op};
  for (const Operation& rider : work.riders) {
    request.push_back(&rider);
    host_of_[rider.id] = op.id;
  }
  step.submit.push_back(std::move(request));
  return true;
}

void Executor::start(MonoTime now, Room& room, Step& step) {
  // A confirmation from an earlier read makes an operation ready at once, or frees its lane for
  // the next of that person: hence again until nothing moves.
  bool moved = true;
  while (moved) {
    moved = false;
    const std::vector<Key> order(waiting_.begin(), waiting_.end());
    for (const Key& key : order) {
      if (waiting_.find(key) == waiting_.end()) continue;
      Work& work = *works_.at(key.second);
      const auto busy = busy_.find(work.lane);
      if (busy != busy_.end() && busy->second != key.second) continue;
      if (work.not_before > now) {
        if (!step.wake_at || work.not_before < *step.wake_at) step.wake_at = work.not_before;
        continue;
      }
      if (start_one(work, now, room, step)) moved = true;
    }
  }
}

/// While a containment is under way, nothing else takes of the limit that it needs.
void Executor::hold_back(Room& room, MonoTime now) const {
  const bool contains = std::any_of(works_.begin(), works_.end(), [now](const auto& entry) {
    const Work& work = *entry.second;
    return priority_of(work.operation.kind) == Priority::contain && work.not_before <= now &&
           work.phase != Phase::refused;
  });
  if (!contains) return;
  for (std::size_t i = 1; i < kPriorities; ++i) {
    if (room.with_contain[i]) room.of[i] = 0;
  }
}

Step Executor::next(MonoTime now, Room room) {
  Step step;
  // What is still under way may show that the credential was not meant: that is waited for.
  if (refusals_.too_many() && in_flight_ == 0) stop_refused();
  if (stopped_) {
    wind_up();
  } else {
    std::optional<MonoTime> pause;
    const std::size_t allowed = refusals_.too_many() ? 0 : trouble_.allowance(now, pause);
    const std::size_t trusted = allowed > in_flight_ ? allowed - in_flight_ : 0;
    const bool by_trouble = trusted < room.total;
    room.total = std::min(room.total, trusted);
    hold_back(room, now);
    start(now, room, step);
    step.starved = step.starved && !by_trouble;
    if (pause && (!step.wake_at || *pause < *step.wake_at)) step.wake_at = pause;
    const std::size_t held = works_.size();
    step.claim.count = held < kHeldAtOnce ? std::min(room.total, kHeldAtOnce - held) : 0;
    step.claim.of = room.of;
  }
  step.settle = std::move(out_.settle);
  step.about = std::move(out_.about);
  step.give_back = std::move(out_.give_back);
  step.given_back = std::move(out_.given_back);
  out_ = {};
  return step;
}

bool Executor::drained() const {
  return works_.empty() && out_.settle.empty() && out_.give_back.empty();
}

}  // namespace rollcall

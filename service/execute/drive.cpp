// The coordinator's turn; see drive_internal.h.
#include <algorithm>

#include "service/execute/drive_internal.h"

namespace rollcall {
namespace {

// How often to ask again whether requests may leave, while the scheduler admits none: far below
// the length of any rate window, and nothing beside a request.
constexpr std::int64_t kAskAgain_ms = 10;
constexpr std::int64_t kLongestWait_ms = 1'000;
constexpr std::size_t kErrorsKept = 1'000;

bool went_wrong(OperationState state) {
  return state == OperationState::failed || state == OperationState::conflict ||
         state == OperationState::quarantined || state == OperationState::ambiguous;
}

}  // namespace

Drive::Drive(Journal& journal, Directory& directory, const RunHandle& run, const Clock& clock,
             const Log* log, const CoordinatorOptions& options)
    : journal_(journal),
      directory_(directory),
      run_(run),
      clock_(clock),
      log_(log),
      options_(options) {
  const MonoTime now = clock_.mono();
  next_beat_ = now + options_.heartbeat_ms;
  executor_.vet(options_.vetting);
  if (options_.max_minutes > 0) deadline_ = now + std::int64_t{options_.max_minutes} * 60'000;
}

void Drive::preset(std::span<const Claim> claims) { executor_.claimed(claims, clock_.mono()); }

void Drive::run(bool claiming) {
  claiming_ = claiming;
  while (!journal_error_ && !defect_ && turn()) {
  }
  drain_after_failure();
}

void Drive::take_completions() {
  const MonoTime now = clock_.mono();
  for (const Completion& completion : queue_.take()) {
    ROLLCALL_ASSERT(outstanding_ > 0);
    --outstanding_;
    executor_.completed(completion, now);
  }
}

void Drive::check_stop(MonoTime now) {
  if (options_.stop.stop_requested()) {
    executor_.stop(ErrorCode::run_stopped, "The run was asked to stop.");
  } else if (deadline_ && now >= *deadline_) {
    executor_.stop(ErrorCode::run_budget, "The run's time is used up.");
  }
  if (executor_.stopped() && !drained_directory_) {
    drained_directory_ = true;
    directory_.drain();
  }
}

Step Drive::admit(MonoTime now) {
  Room room = directory_.room();
  // What an interrupted run left is settled first of all: it has the standing of a containment.
  if (!claiming_) room.of = for_each_priority(at(room.of, Priority::contain));
  return executor_.next(now, room);
}

bool Drive::turn() {
  take_completions();
  const MonoTime now = clock_.mono();
  check_stop(now);
  beat(now);
  if (journal_error_) return false;
  const Step step = admit(now);
  claimed_any_ = false;
  journal_turn(step, now);
  if (journal_error_) return false;
  send(step);
  note(step);
  const bool reported = !step.settle.empty() || !step.give_back.empty();
  if (claimed_any_ || !queue_.empty() || (reported && outstanding_ == 0)) return true;
  const bool nothing_to_claim = !claiming_ || (all_dry() && !retry_due_);
  if (outstanding_ == 0 && nothing_to_claim && executor_.only_refused()) {
    executor_.judge_refused(clock_.mono());
    return true;
  }
  if (finished()) return false;
  if (!journal_error_) wait(step, clock_.mono());
  return true;
}

void Drive::beat(MonoTime now) {
  if (now < next_beat_) return;
  next_beat_ = now + options_.heartbeat_ms;
  if (const auto beaten = journal_.heartbeat(run_); !beaten) fail(beaten.error());
}

void Drive::journal_turn(const Step& step, MonoTime now) {
  if (!step.give_back.empty()) {
    if (const auto back = journal_.give_back(run_, step.give_back); !back) {
      return fail(back.error());
    }
  }
  const bool due = retry_due_ && now >= *retry_due_;
  if (due || !step.settle.empty() || !step.give_back.empty()) dry_.fill(false);
  ClaimWish wish = step.claim;
  for (std::size_t i = 0; i < kPriorities; ++i) {
    if (dry_[i]) wish.of[i] = 0;
  }
  if (!claiming_ || executor_.stopped() || wish.of == PriorityCounts{}) wish.count = 0;
  if (step.settle.empty() && wish.count == 0) return;
  auto claims = journal_.settle_and_claim(run_, step.settle, wish);
  if (!claims) return fail(claims.error());
  if (wish.count > 0) claimed(*claims, wish, now);
}

void Drive::claimed(std::span<const Claim> claims, ClaimWish wish, MonoTime now) {
  claimed_any_ = !claims.empty();
  executor_.claimed(claims, now);
  if (claims.size() >= wish.count) return;
  for (const Claim& claim : claims) --at(wish.of, priority_of(claim.operation.kind));
  bool any_dry = false;
  for (std::size_t i = 0; i < kPriorities; ++i) {
    if (wish.of[i] == 0) continue;
    any_dry = dry_[i] = true;
  }
  if (!any_dry) return;
  const auto due = journal_.next_retry_ms(run_);
  if (!due) return fail(due.error());
  retry_due_.reset();
  if (*due) retry_due_ = now + std::max<std::int64_t>(1, **due);
}

void Drive::send(const Step& step) {
  for (const auto& request : step.submit) {
    outstanding_ += request.size();
    directory_.submit(request, queue_);
  }
  for (const Operation* op : step.probe) {
    ++outstanding_;
    directory_.probe(*op, queue_);
  }
}

bool Drive::finished() {
  if (outstanding_ > 0 || !executor_.drained()) return false;
  if (!claiming_ || executor_.stopped()) return true;
  const auto open = journal_.open_operations(run_);
  if (!open) {
    fail(open.error());
    return true;
  }
  if (*open == 0) return true;
  if (!all_dry() || retry_due_) return false;
  // What is open waits for an operation in doubt; without one the journal contradicts itself.
  if (in_doubt_.empty()) {
    defect_ = make_error(ErrorCode::internal_defect,
                         std::to_string(*open) + " operations are open but none can be claimed.");
  }
  return true;
}

void Drive::wait(const Step& step, MonoTime now) {
  MonoTime until = now + kLongestWait_ms;
  const auto sooner = [&until](std::optional<MonoTime> t) {
    if (t && *t < until) until = *t;
  };
  sooner(step.wake_at);
  sooner(next_beat_);
  sooner(deadline_);
  sooner(retry_due_);
  const bool wants_room = step.starved || (claiming_ && !all_dry());
  if (!executor_.stopped() && wants_room) sooner(now + kAskAgain_ms);
  const std::int64_t wait_ms = std::max<std::int64_t>(1, until - now);
  if (options_.wait) {
    options_.wait(queue_, wait_ms);
  } else {
    // Once stopping, the token is no longer a reason to wake.
    queue_.wait(wait_ms, executor_.stopped() ? std::stop_token{} : options_.stop);
  }
}

void Drive::drain_after_failure() {
  // The directory writes to our queue until the last completion: nothing may be left behind.
  if (outstanding_ > 0 && !drained_directory_) {
    drained_directory_ = true;
    directory_.drain();
  }
  while (outstanding_ > 0) {
    if (options_.wait) {
      options_.wait(queue_, kLongestWait_ms);
    } else {
      queue_.wait(kLongestWait_ms, std::stop_token{});
    }
    outstanding_ -= queue_.take().size();
  }
}

void Drive::fail(const Error& error) {
  if (!journal_error_) journal_error_ = error;
}

std::optional<Error> Drive::ended_by() const {
  if (defect_) return defect_;
  if (journal_error_) return journal_error_;
  return executor_.stopped();
}

void Drive::note(const Step& step) {
  for (std::size_t i = 0; i < step.settle.size(); ++i) note_one(step.settle[i], step.about[i]);
  for (const SettledAbout& about : step.given_back) {
    if (contains_person(about.kind) && executor_.stopped()) not_contained_.insert(about.worker_key);
  }
  progress_.in_flight = executor_.in_flight();
  if (options_.progress && !step.settle.empty()) options_.progress(progress_);
}

void Drive::note_one(const Settled& settled, const SettledAbout& about) {
  ++progress_.settled[settled.state];
  if (settled.state == OperationState::ambiguous) {
    in_doubt_.insert(settled.operation);
  } else {
    in_doubt_.erase(settled.operation);
  }
  if (settled.state == OperationState::conflict) replan_.insert(about.worker_key);
  if (went_wrong(settled.state)) {
    if (contains_person(about.kind)) not_contained_.insert(about.worker_key);
    if (errors_.size() < kErrorsKept) {
      const ErrorCode code = settled.outcome.code.value_or(ErrorCode::operation_conflict);
      errors_.push_back(make_error(code, settled.outcome.message,
                                   "operation " + std::to_string(settled.operation) + ", " +
                                       std::string(to_string(about.kind)) + " " +
                                       about.worker_key));
    }
  }
  if (log_ == nullptr) return;
  LogFields fields;
  fields.add("run", run_.id).add("op", settled.operation);
  fields.add("kind", Loggable{std::string(to_string(about.kind))});
  fields.add("state", Loggable{std::string(to_string(settled.state))});
  fields.add("request_id", Loggable{settled.outcome.request_id});
  if (settled.outcome.code) fields.add("code", *settled.outcome.code);
  log_->write(LogEvent::operation_settled, fields);
}

void Drive::look_up_uncontained(RunEnd& end) {
  // What was never claimed is known to the journal alone: planned, blocked, in intent.
  const auto results = journal_.results(run_.id);
  if (!results) return;
  for (const OperationResult& result : *results) {
    const Operation& op = result.operation;
    if (!contains_person(op.kind)) continue;
    const auto gone = options_.vetting.withdrawn.find(op.id);
    const bool still_asked_for = gone != options_.vetting.withdrawn.end() &&
                                 gone->second.code == ErrorCode::operation_approval_ended;
    const bool settled = result.state == OperationState::applied ||
                         result.state == OperationState::withdrawn ||
                         gone != options_.vetting.withdrawn.end() ||
                         result.state == OperationState::held;  // the guard's to report
    if (settled && !still_asked_for) continue;
    not_contained_.insert(op.subject.worker_key);
  }
  end.not_contained.assign(not_contained_.begin(), not_contained_.end());
}

RunEnd Drive::end() {
  RunEnd end;
  end.error = ended_by();
  end.errors = std::move(errors_);
  end.counts = progress_.settled;
  end.replan.assign(replan_.begin(), replan_.end());
  end.not_contained.assign(not_contained_.begin(), not_contained_.end());
  end.in_doubt = in_doubt_.size();
  if (!journal_error_) {
    const auto row = journal_.run(run_.id);
    if (row && *row && !(*row)->counts.empty()) end.counts = (*row)->counts;
  }
  if (end.error) {
    end.exit_code = info(end.error->code).exit;
  } else {
    for (const auto& [state, count] : end.counts) {
      const bool bad = went_wrong(state) || state == OperationState::blocked;
      if (bad && count > 0) end.exit_code = 4;
    }
  }
  if (end.exit_code != 0 && !journal_error_) look_up_uncontained(end);
  return end;
}

}  // namespace rollcall

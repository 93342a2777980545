// What becomes of operations that Okta refuses with 403; see refusals.h and decision 0244.
#include <string>

#include "service/execute/executor.h"

namespace rollcall {

void Executor::written(std::uint64_t serial, const Outcome& outcome) {
  // What is gone or there already (404, 409) is as wanted, but shows no permission.
  if (outcome.http_status < 200 || outcome.http_status >= 300) return;
  refusals_.taken(serial);
  for (const std::uint32_t id : refusals_.about_targets()) {
    Work& work = *works_.at(id);
    if (!work.looking) fail_refused(work);  // else its look ends it
  }
}

void Executor::keep_refused(Work& work) {
  if (refusals_.is_about_target(work.serial)) return fail_refused(work);
  work.phase = Phase::refused;
  work.looks = 0;
  refusals_.refused(work.operation.id, work.serial);
  busy_.erase(work.lane);  // what else is to be done for the person may show whom Okta meant
}

void Executor::fail_refused(Work& work) {
  Outcome outcome = work.last;
  outcome.code = ErrorCode::okta_target_forbidden;
  outcome.message = "Okta does not let this credential do " +
                    std::string(to_string(work.operation.kind)) + " here.";
  settle(work, OperationState::failed, outcome);
}

void Executor::stop_refused() {
  const Outcome& last = works_.at(refusals_.all().back())->last;
  stop(last.code.value_or(ErrorCode::run_refused), last.message);
}

bool Executor::only_refused() const {
  return refusals_.count() > 0 && works_.size() == refusals_.count() && waiting_.empty() &&
         in_flight_ == 0 && out_.settle.empty() && out_.give_back.empty();
}

void Executor::judge_refused(MonoTime now) {
  if (refusals_.count() >= Refusals::kAtTheEnd) return stop_refused();
  for (const std::uint32_t id : refusals_.all()) {
    Work& work = *works_.at(id);
    work.not_before = now;
    waiting_.insert(key_of(work));
  }
}

}  // namespace rollcall

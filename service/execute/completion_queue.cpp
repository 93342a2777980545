#include "service/execute/completion_queue.h"

#include <chrono>

namespace rollcall {

void CompletionQueue::completed(Completion completion) {
  // Notified under the lock: the queue may be destroyed as soon as the taker has the last one.
  const std::lock_guard lock(mutex_);
  arrived_completions_.push_back(std::move(completion));
  arrived_.notify_one();
}

std::vector<Completion> CompletionQueue::take() {
  const std::lock_guard lock(mutex_);
  std::vector<Completion> taken;
  taken.swap(arrived_completions_);
  return taken;
}

bool CompletionQueue::empty() const {
  const std::lock_guard lock(mutex_);
  return arrived_completions_.empty();
}

void CompletionQueue::wait(std::int64_t wait_ms, const std::stop_token& stop) {
  std::unique_lock lock(mutex_);
  arrived_.wait_for(lock, stop, std::chrono::milliseconds(wait_ms),
                    [this] { return !arrived_completions_.empty(); });
}

}  // namespace rollcall

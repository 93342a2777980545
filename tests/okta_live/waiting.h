// A sink that waits for the completions that the client hands over from its threads.
#pragma once

#include <condition_variable>
#include <cstddef>
#include <mutex>
#include <utility>
#include <vector>

#include "service/ports/directory.h"

namespace rollcall::test {

/// Waits for completions.
class Waiting final : public CompletionSink {
 public:
  void completed(Completion completion) override {
    const std::lock_guard lock(mutex_);
    got_.push_back(std::move(completion));
    filled_.notify_all();
  }
  std::vector<Completion> take(std::size_t count) {
    std::unique_lock lock(mutex_);
    filled_.wait(lock, [&] { return got_.size() >= count; });
    return std::exchange(got_, {});
  }

 private:
  std::mutex mutex_;
  std::condition_variable filled_;
  std::vector<Completion> got_;
};

}  // namespace rollcall::test

// Where the org's answers wait for the coordinator.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <stop_token>
#include <vector>

#include "service/ports/directory.h"

namespace rollcall {

/// Thread safe: any thread completes, one takes. Must outlive every request that names it.
class CompletionQueue final : public CompletionSink {
 public:
  void completed(Completion completion) override;
  /// Everything that came since the last call, in order of arrival. Never blocks.
  std::vector<Completion> take();
  bool empty() const;
  /// Blocks until something is there, `wait_ms` have passed, or a stop is asked for. Returns at
  /// once if something is there already, or if the stop was asked for before.
  void wait(std::int64_t wait_ms, const std::stop_token& stop);

 private:
  mutable std::mutex mutex_;
  std::condition_variable_any arrived_;
  std::vector<Completion> arrived_completions_;
};

}  // namespace rollcall

// The Directory port over the simulator in memory: the client's pure parts (listing, codec) without
// its threads and pacing. Each call is answered before it returns.
#pragma once

#include <functional>
#include <string>

#include "service/ports/directory.h"
#include "tests/worlds/sim_world.h"

namespace rollcall::worlds {

class SimDirectory final : public Directory {
 public:
  /// `send` carries each request; it may be the world's own or one that alters replies.
  using Send = std::function<HttpExchange(const HttpRequest&)>;
  SimDirectory(SimWorld& world, Send send) : world_(world), send_(std::move(send)) {}

  Result<ScanSummary> observe(const ScanScope& scope, DirectorySink& sink,
                              std::stop_token stop) override;
  Room room() const override { return {1, for_each_priority(1), {}}; }
  void submit(std::span<const Operation* const> request, CompletionSink& sink) override;
  void probe(const Operation& operation, CompletionSink& sink) override;
  void drain() override {}

 private:
  SimWorld& world_;
  Send send_;
};

}  // namespace rollcall::worlds

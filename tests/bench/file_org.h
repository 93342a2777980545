// An org read from a file of recorded pages, by the readers that read Okta's. Nothing can be
// written to it.
#pragma once

#include <string>

#include "service/ports/directory.h"

namespace rollcall::bench {

class FileOrg final : public Directory {
 public:
  explicit FileOrg(std::string pages) : pages_(std::move(pages)) {}
  /// Marks and settles ids as a listing of Okta does, so that its memory counts.
  Result<ScanSummary> observe(const ScanScope& scope, DirectorySink& sink,
                              std::stop_token stop) override;
  Room room() const override { return {}; }
  void submit(std::span<const Operation* const>, CompletionSink&) override {}
  void probe(const Operation&, CompletionSink&) override {}
  void drain() override {}

 private:
  std::string pages_;
};

}  // namespace rollcall::bench

// Tells a target that the credential may not change from a credential that lost its role: Okta says
// the same 403 E0000006 of both (FACTS 12).
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <vector>

namespace rollcall {

/// Keeps the refused operations until a write that left later was taken: then the credential has
/// its role, and they were about their targets. Pure; one thread.
class Refusals {
 public:
  /// So many with nothing taken since end the run.
  static constexpr std::size_t kInMidRun = 20;
  /// So many do at its end, when there is nothing left to try.
  static constexpr std::size_t kAtTheEnd = 3;

  /// `serial` numbers requests in the order of sending.
  void refused(std::uint32_t operation, std::uint64_t serial) { kept_[operation] = serial; }
  void taken(std::uint64_t serial);
  void forget(std::uint32_t operation) { kept_.erase(operation); }

  /// True if something that left later than `serial` was taken.
  bool is_about_target(std::uint64_t serial) const { return serial < newest_taken_; }
  /// Those of which that is known by now.
  std::vector<std::uint32_t> about_targets() const;
  std::vector<std::uint32_t> all() const;
  std::size_t count() const { return kept_.size(); }
  bool too_many() const { return kept_.size() >= kInMidRun; }

 private:
  std::map<std::uint32_t, std::uint64_t> kept_;  // operation to serial
  std::uint64_t newest_taken_ = 0;
};

}  // namespace rollcall

// What Okta's compatibility rules let a later version do to a reply: properties in another order,
// unknown ones on every level, null ones left out or written (FACTS 1). Clients must not mind.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "service/base/json.h"

namespace rollcall::sim {

/// Repeatable chance: equal seeds draw equally on every machine. Not for secrets.
class Rng {
 public:
  explicit Rng(std::uint64_t seed) : state_(seed) {}
  std::uint64_t next();
  /// From 0 to below `bound`; 0 if that is 0.
  std::size_t below(std::size_t bound);
  bool chance(int percent) { return below(100) < static_cast<std::size_t>(percent); }

 private:
  std::uint64_t state_;
};

/// A reply's body as a later version may send it. Array items keep their order, values that were
/// there keep theirs; where names are data (the attributes of a schema), names stay as they are.
Json disturbed(const Json& reply, Rng& rng);

/// The same for the headers: parameters of links in another order, links on one line or several,
/// names in any case.
std::vector<std::pair<std::string, std::string>> disturbed_headers(
    const std::vector<std::pair<std::string, std::string>>& headers, Rng& rng);

/// A URL whose query parameters stand in another order.
std::string disturbed_url(std::string_view url, Rng& rng);

}  // namespace rollcall::sim

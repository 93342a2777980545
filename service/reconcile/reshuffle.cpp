#include "service/reconcile/reshuffle.h"

#include <fmt/core.h>

#include "service/base/text.h"

namespace rollcall {

std::optional<Error> reshuffled(const Settings& settings, std::uint64_t compared,
                                std::uint64_t moved) {
  constexpr std::uint64_t kFewest = 20;  // below, a share says nothing
  if (settings.sources.empty() || compared < kFewest) return std::nullopt;
  const double percent = 100.0 * static_cast<double>(moved) / static_cast<double>(compared);
  const double allowed = settings.sources.front().certify.max_reshuffle_percent;
  if (percent <= allowed) return std::nullopt;
  return make_error(
      ErrorCode::source_reshuffled,
      fmt::format("{} of {} known people have another first and last name than before ({:.1f}%, "
                  "allowed {:.1f}%)",
                  with_thousands(static_cast<long long>(moved)),
                  with_thousands(static_cast<long long>(compared)), percent, allowed),
      settings.sources.front().name);
}

}  // namespace rollcall

// Whether the records of a read went to other people: keys that stayed while names moved. Pure.
#pragma once

#include <cstdint>
#include <optional>

#include "service/base/error.h"
#include "service/settings/settings.h"

namespace rollcall {

/// `moved`: known people whose first and last name both differ from what the org holds, of
/// `compared`. source.reshuffled if that is more than certify.max_reshuffle allows.
std::optional<Error> reshuffled(const Settings& settings, std::uint64_t compared,
                                std::uint64_t moved);

}  // namespace rollcall

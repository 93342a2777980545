// Okta's error codes that mean the same whatever was asked: outcome, code of ours, sentence. Those
// whose meaning depends on the operation are read in classify.cpp. Pure.
#pragma once

#include <cstdint>
#include <string_view>

#include "service/base/error.h"
#include "service/ports/directory.h"

namespace rollcall {

struct OktaErrorRow {
  std::string_view okta;  // "E0000003"
  Outcome::State state = Outcome::State::failed;
  ErrorCode code = ErrorCode::okta_request_refused;
  std::string_view sentence;
  std::int64_t after_ms = 0;  // of a retry: not sooner
};

/// nullptr: not in the table.
const OktaErrorRow* find_okta_error(std::string_view okta_code);

}  // namespace rollcall

// What SimOrg answers with, and Okta's error bodies.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "connectors/http/server.h"
#include "service/base/json.h"

namespace rollcall::sim {

/// A reply before it meets a socket. `delay_ms` and `held_at` are for whoever serves it: wait that
/// long, and do not send before the audit position `held_at` (0: none) is released.
struct SimReply {
  int status = 200;
  std::vector<std::pair<std::string, std::string>> headers;
  std::string body;
  ServedEnd end = ServedEnd::normal;
  std::size_t cut_at = 0;
  std::int64_t delay_ms = 0;
  std::uint64_t held_at = 0;

  /// Value of the first header of that name (any case), or empty.
  std::string_view header(std::string_view name) const;
};

SimReply json_reply(int status, std::string body);
SimReply json_reply(int status, const Json& body);
SimReply no_content();

/// An error as Okta words it; the error id is filled in by SimOrg before it leaves.
SimReply error_reply(int status, std::string_view code, std::string_view summary,
                     const std::vector<std::string>& causes = {});

// The errors that several operations share (FACTS 12).
SimReply not_found(std::string_view what, std::string_view type);  // 404 E0000007
SimReply malformed_body();                                         // 400 E0000003
SimReply validation_failed(std::string_view object, const std::vector<std::string>& causes);
SimReply forbidden();         // 403 E0000006
SimReply wrong_status();      // 403 E0000038
SimReply invalid_criteria();  // 400 E0000031
SimReply invalid_cursor();    // 400 E0000029
SimReply still_activating();  // 409 E0000112

}  // namespace rollcall::sim

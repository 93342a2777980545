// The simulator in memory as the other end of the Okta client's pure parts, in virtual time.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "connectors/http/message.h"
#include "tests/contract/journal_contract.h"
#include "tests/sim/sim_org.h"

namespace rollcall::worlds {

/// One org and two credentials: ours, and an administrator's who is at work meanwhile.
class SimWorld {
 public:
  /// Throws if `org_json` does not load.
  explicit SimWorld(std::int64_t index_lag_ms, std::string_view org_json);

  /// Our client's request. Headers as it sends them; the date is read as our HTTP client does.
  HttpExchange send(const HttpRequest& request);
  /// The administrator's; gives the status, the reply's body stays in `json`.
  int admin(const std::string& method, const std::string& target, const std::string& body = {});

  static constexpr const char* kBaseUrl = "https://example.okta.com";
  test::ManualClock clock;
  std::unique_ptr<sim::SimOrg> org;
  Json json;

 private:
  sim::SimReply handle(const std::string& method, const std::string& target,
                       const std::string& body, const char* token);
};

}  // namespace rollcall::worlds

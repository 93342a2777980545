// SimOrg: an Okta org in memory. Requests go in, replies come out; no socket, no thread, no clock
// of its own. okta-sim puts it behind HTTPS; simulations drive it in virtual time.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "tests/sim/audit.h"
#include "tests/sim/faults.h"
#include "tests/sim/oauth.h"
#include "tests/sim/org.h"
#include "tests/sim/rate_limits.h"
#include "tests/sim/routes.h"

namespace rollcall::sim {

struct SimOptions {
  OrgSettings org;
  std::string limits = "workforce";  // workforce, enterprise, integrator, none
  std::string limits_table;         // text of a table of the same form; its workforce column counts
  std::int64_t share_percent = 50;  // of each bucket for one credential
  std::int64_t window_s = 60;
  std::int64_t concurrency = -1;  // simultaneous requests; negative: the profile's own
  std::int64_t clock_offset_ms = 0;
  std::optional<std::uint64_t> compat;  // seed of the disturbance of every reply; none: as recorded
  std::vector<std::string> tokens;      // SSWS tokens, all of one super administrator
};

/// One thread at a time.
class SimOrg {
 public:
  /// `clock` outlives the result. Errors: usage.
  static Result<std::unique_ptr<SimOrg>> create(SimOptions options, const Clock& clock);

  /// Answers one request; `in_flight` counts all that are being answered, this one included.
  SimReply handle(const ServedRequest& request, std::int64_t in_flight = 1);

  /// Replaces the org's content. Errors: usage; the org then stays as it was.
  Result<void> load(std::string_view org_json);
  std::string export_json(bool with_log = false) const;

  Org& org() { return *org_; }
  const Audit& audit() const { return audit_; }
  FaultBook& faults() { return faults_; }
  /// Replaces the fault rules. Errors: usage; the old ones then stay.
  Result<void> load_faults(const Json& rules);
  OAuthDesk& oauth() { return oauth_; }
  /// The org's clock: the injected one plus the offset.
  WallTime now() const { return clock_.wall() + offset_ms_; }
  /// Sets the org's clock against the injected one. Errors: usage beyond five centuries, where
  /// times could not be counted any more; the clock then stays.
  Result<void> set_offset(std::int64_t ms);
  Result<void> advance(std::int64_t ms);
  /// Audit positions whose replies wait.
  const std::set<std::uint64_t>& held() const { return held_; }
  void release() { held_.clear(); }
  Json stats() const;

 private:
  struct Counts {
    std::map<std::string, std::int64_t> requests;   // "METHOD bucket"
    std::map<std::string, std::int64_t> by_token;   // owner's id and the token's number
    std::map<std::string, std::int64_t> by_status;  // "200"
    std::int64_t limited = 0, limited_at_once = 0, peak_in_flight = 0;
  };

  SimOrg(SimOptions options, const Clock& clock) : options_(std::move(options)), clock_(clock) {}
  SimReply control(const ServedRequest& request, const TargetParts& target);
  Json faults_shown() const;
  SimReply control_put(const ServedRequest& request, std::string_view what);
  SimReply answer(Call& call, const Fault& fault, std::int64_t in_flight);
  /// The SSWS token's text or the client's id, as fault rules name credentials.
  std::string credential_of(const Call& call) const;
  SimReply answer_operation(Call& call, const Fault& fault, RouteMatch match, bool by_oauth);
  /// A refusal before the operation runs: 429, faults.
  std::optional<SimReply> refuse_early(Call& call, const Fault& fault, std::int64_t in_flight);
  void finish(SimReply& reply, const Call& call, const Fault& fault, const std::string& request_id);
  /// Compatibility mode: the same reply to the same request is disturbed alike, whatever came
  /// between.
  void disturb(SimReply& reply, const Call& call) const;

  SimOptions options_;
  const Clock& clock_;
  std::int64_t offset_ms_ = 0;
  std::unique_ptr<Org> org_;
  std::optional<RateLimiter> limiter_;
  std::optional<Admission> admission_;  // of the request being answered
  Audit audit_;
  FaultBook faults_;
  OAuthDesk oauth_;
  std::set<std::uint64_t> held_;
  Counts counts_;
};

}  // namespace rollcall::sim

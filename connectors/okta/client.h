// The org over HTTPS: implements the Directory port with one scheduler thread and up to 16 request
// threads, each with a connection of its own.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "connectors/http/client.h"
#include "connectors/okta/dispatch.h"
#include "connectors/okta/endpoints.h"
#include "connectors/okta/oauth.h"
#include "service/base/clock.h"
#include "service/base/log.h"
#include "service/base/result.h"
#include "service/base/secret.h"
#include "service/ports/directory.h"

namespace rollcall {

struct OktaOptions {
  std::string base_url;               // https://host[:port]
  std::string ca_file;                // empty: the system's CAs
  double capacity = 0.9;              // of each limit shown
  std::string version;                // of Rollcall, for the User-Agent
  std::int64_t deadline_ms = 60'000;  // of one request
  std::size_t threads = RateScheduler::kMostInFlight + 1;
  /// Reads the API token; called at the first request and once after a 401.
  std::function<Result<Secret>()> token;
  std::optional<OAuthOptions> oauth;  // instead of an API token
  const Clock* clock = nullptr;       // outlives the client
  const Log* log = nullptr;           // outlives the client; may be null
  /// Makes a way to the org for one thread; empty: HttpClient.
  std::function<Result<std::unique_ptr<Transport>>()> transport;
};

/// Thread safe. 429s are settled inside: a submit ends with one answer that is none, or with a lost
/// reply. Completions come on request threads.
class OktaDirectory final : public Directory {
 public:
  /// Opens no connection yet. Errors: http.base_url_invalid, tls.ca_unreadable,
  /// okta.buckets_malformed, okta.key_unreadable, secret.unavailable.
  static Result<std::unique_ptr<OktaDirectory>> open(OktaOptions options);
  /// Drains and waits for what is in flight.
  ~OktaDirectory() override;

  Result<ScanSummary> observe(const ScanScope& scope, DirectorySink& sink,
                              std::stop_token stop) override;
  Room room() const override;
  void submit(std::span<const Operation* const> host_and_riders, CompletionSink& sink) override;
  void probe(const Operation& operation, CompletionSink& sink) override;
  void drain() override;

  /// One request outside of any plan, paced like all others; blocks. A reply of any status is no
  /// error. It must change nothing in the org that a plan could: reads, and sign-in's own steps.
  /// Errors: those of OktaRequest::build; org.listing_stopped (stopped or drained).
  Result<HttpExchange> ask(const OktaRequest& request, std::stop_token stop);

  /// What `forecast` needs.
  RateState rate_state() const;
  DispatchCounts counts() const;

 private:
  struct Running;
  explicit OktaDirectory(std::unique_ptr<Running> running);
  std::unique_ptr<Running> running_;
};

}  // namespace rollcall

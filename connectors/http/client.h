// An HTTPS client that keeps one connection and never sends a request twice by itself.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

#include "connectors/http/message.h"
#include "service/base/result.h"

namespace rollcall {

struct HttpClientOptions {
  std::string base_url;  // https://host[:port]
  std::string ca_file;   // PEM; the only CAs trusted then. Empty: the system's
  std::int64_t connect_timeout_ms = 10'000;
  std::int64_t keep_alive_ms = 60'000;  // an older idle connection is not used again
  std::size_t max_reply_bytes = 64UL << 20;
};

/// One way to exchange messages with one server. One thread at a time.
class Transport {
 public:
  virtual ~Transport() = default;
  /// `deadline_ms`: how long the reply may take from now.
  virtual HttpExchange send(const HttpRequest& request, std::int64_t deadline_ms) = 0;
};

/// TLS 1.2 or later, certificate and host name always verified, on loopback too. It never repeats
/// a request (Poco writes again only when the first write on a kept connection failed, which the
/// server cannot hold whole). Failures: http.unreachable, http.lost, http.malformed,
/// http.too_large, tls.untrusted, tls.host_mismatch, tls.failed.
class HttpClient final : public Transport {
 public:
  /// Opens no connection yet. Errors: http.base_url_invalid, tls.ca_unreadable.
  static Result<std::unique_ptr<HttpClient>> open(const HttpClientOptions& options);
  ~HttpClient() override;

  HttpExchange send(const HttpRequest& request, std::int64_t deadline_ms) override;

 private:
  struct State;
  explicit HttpClient(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace rollcall

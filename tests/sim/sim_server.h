// SimOrg behind HTTPS: one lock around it, waits outside the lock, gzip on the way out.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <fstream>
#include <memory>
#include <mutex>
#include <string>

#include "connectors/http/server.h"
#include "tests/sim/sim_org.h"

namespace rollcall::sim {

struct SimServerOptions {
  ServerOptions http;
  std::int64_t latency_ms = 0;  // of every reply
  std::string audit_file;       // each accepted write is appended; empty: none
};

class SimServer {
 public:
  /// Errors: http.listen_failed, io.write_failed (audit file).
  static Result<std::unique_ptr<SimServer>> start(SimServerOptions options,
                                                  std::unique_ptr<SimOrg> org);
  ~SimServer();
  std::uint16_t port() const { return http_->port(); }
  /// Lets held replies go and stops serving.
  void stop();

 private:
  SimServer(SimServerOptions options, std::unique_ptr<SimOrg> org)
      : options_(std::move(options)), org_(std::move(org)) {}
  ServedReply answer(const ServedRequest& request);
  SimReply locked_answer(const ServedRequest& request);
  void append_audit();

  SimServerOptions options_;
  std::mutex mutex_;  // guards org_, in_flight_, audit_out_, audited_
  std::condition_variable released_;
  std::unique_ptr<SimOrg> org_;
  std::int64_t in_flight_ = 0;
  std::ofstream audit_out_;
  std::uint64_t audited_ = 0;
  bool stopping_ = false;
  std::unique_ptr<HttpServer> http_;
};

}  // namespace rollcall::sim

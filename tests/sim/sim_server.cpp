#include "tests/sim/sim_server.h"

#include "service/base/gzip.h"

namespace rollcall::sim {
namespace {

constexpr std::size_t kWorthCompressing = 1024;

ServedReply to_served(SimReply reply, bool may_compress) {
  ServedReply served;
  served.status = reply.status;
  served.headers = std::move(reply.headers);
  served.end = reply.end;
  served.cut_at = reply.cut_at;
  if (may_compress && reply.end == ServedEnd::normal && reply.body.size() > kWorthCompressing) {
    served.body = gzip(reply.body);
    served.headers.emplace_back("Content-Encoding", "gzip");
    served.headers.emplace_back("Vary", "Accept-Encoding");
  } else {
    served.body = std::move(reply.body);
  }
  return served;
}

}  // namespace

Result<std::unique_ptr<SimServer>> SimServer::start(SimServerOptions options,
                                                    std::unique_ptr<SimOrg> org) {
  std::unique_ptr<SimServer> server(new SimServer(std::move(options), std::move(org)));
  const std::string& audit_file = server->options_.audit_file;
  if (!audit_file.empty()) {
    server->audit_out_.open(audit_file, std::ios::binary | std::ios::trunc);
    if (!server->audit_out_) {
      return make_error(ErrorCode::io_write_failed, "cannot write the audit", audit_file);
    }
  }
  SimServer* self = server.get();
  auto http = HttpServer::start(server->options_.http,
                                [self](const ServedRequest& r) { return self->answer(r); });
  if (!http) return http.error();
  server->http_ = std::move(*http);
  const std::lock_guard lock(server->mutex_);
  server->org_->oauth().set_issuer("https://localhost:" + std::to_string(server->http_->port()));
  return server;
}

SimServer::~SimServer() { stop(); }

void SimServer::stop() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
    org_->release();
  }
  released_.notify_all();
  if (http_) http_->stop();
}

void SimServer::append_audit() {
  const std::uint64_t size = org_->audit().size();
  if (size == audited_ || !audit_out_.is_open()) return;
  for (std::uint64_t i = audited_ + 1; i <= size; ++i) audit_out_ << org_->audit().line(i) << '\n';
  audit_out_.flush();
  audited_ = size;
}

SimReply SimServer::locked_answer(const ServedRequest& request) {
  std::unique_lock lock(mutex_);
  SimReply reply = org_->handle(request, in_flight_);
  append_audit();
  if (reply.held_at != 0) {
    released_.wait(lock, [&] { return stopping_ || org_->held().count(reply.held_at) == 0; });
  }
  return reply;
}

ServedReply SimServer::answer(const ServedRequest& request) {
  const bool control = request.target.rfind("/sim/", 0) == 0;
  if (!control) {
    const std::lock_guard lock(mutex_);
    ++in_flight_;
  }
  if (!control && options_.latency_ms > 0) sleep_ms(options_.latency_ms);
  SimReply reply = locked_answer(request);
  if (control) released_.notify_all();
  if (reply.delay_ms > 0) sleep_ms(reply.delay_ms);
  if (!control) {
    const std::lock_guard lock(mutex_);
    --in_flight_;
  }
  const bool gzip_wanted = request.header("Accept-Encoding").find("gzip") != std::string_view::npos;
  return to_served(std::move(reply), gzip_wanted);
}

}  // namespace rollcall::sim

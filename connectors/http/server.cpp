// The server on Poco's HTTPServer. Breaking a connection needs Poco's own request class, which
// gives access to the socket.
#include "connectors/http/server.h"

#include <Poco/Net/Context.h>
#include <Poco/Net/HTTPRequestHandler.h>
#include <Poco/Net/HTTPRequestHandlerFactory.h>
#include <Poco/Net/HTTPServer.h>
#include <Poco/Net/HTTPServerParams.h>
#include <Poco/Net/HTTPServerRequestImpl.h>
#include <Poco/Net/HTTPServerResponse.h>
#include <Poco/Net/SecureServerSocket.h>
#include <Poco/Net/ServerSocket.h>
#include <Poco/Net/SocketAddress.h>
#include <Poco/ThreadPool.h>
#include <fmt/core.h>
#include <sys/socket.h>

#include <algorithm>
#include <istream>
#include <ostream>

namespace rollcall {
namespace {

namespace net = Poco::Net;

ServedRequest take_request(net::HTTPServerRequest& request, std::size_t max_body, bool& too_large) {
  ServedRequest taken;
  taken.method = request.getMethod();
  taken.target = request.getURI();
  for (const auto& [name, value] : request) taken.headers.emplace_back(name, value);
  taken.length_stated = request.hasContentLength() || request.getChunkedTransferEncoding();
  if (!taken.length_stated) return taken;
  std::istream& in = request.stream();
  char block[16384];
  while (in.read(block, sizeof(block)), in.gcount() > 0) {
    taken.body.append(block, static_cast<std::size_t>(in.gcount()));
    if (taken.body.size() > max_body) {
      too_large = true;
      break;
    }
  }
  return taken;
}

void break_connection(net::HTTPServerRequest& request) {
  auto& socket = dynamic_cast<net::HTTPServerRequestImpl&>(request).socket();
  // Linger of zero makes the later close a reset, as of a crashed peer; shutting the descriptor and
  // not the TLS session keeps the peer from seeing an orderly end.
  socket.setLinger(true, 0);
  ::shutdown(socket.impl()->sockfd(), SHUT_RDWR);
}

void send_reply(net::HTTPServerRequest& request, net::HTTPServerResponse& response,
                const ServedReply& reply) {
  if (reply.end == ServedEnd::reset) {
    response.setKeepAlive(false);
    break_connection(request);
    return;
  }
  response.setStatusAndReason(static_cast<net::HTTPResponse::HTTPStatus>(reply.status));
  for (const auto& [name, value] : reply.headers) {
    if (name == "Date") {
      response.set(name, value);
    } else {
      response.add(name, value);
    }
  }
  const bool cut = reply.end == ServedEnd::cut;
  if (cut) response.setKeepAlive(false);
  if (reply.status == 204 || reply.status == 304) {
    response.send();
    return;
  }
  const std::size_t length = cut ? std::min(reply.cut_at, reply.body.size()) : reply.body.size();
  response.setContentLength64(static_cast<Poco::Int64>(reply.body.size()));
  std::ostream& out = response.send();
  if (request.getMethod() != net::HTTPRequest::HTTP_HEAD) {
    out.write(reply.body.data(), static_cast<std::streamsize>(length));
  }
  out.flush();
  if (cut) break_connection(request);
}

class OneRequest final : public net::HTTPRequestHandler {
 public:
  OneRequest(const HttpServer::Answer& answer, std::size_t max_body)
      : answer_(answer), max_body_(max_body) {}

  void handleRequest(net::HTTPServerRequest& request, net::HTTPServerResponse& response) override {
    bool too_large = false;
    const ServedRequest taken = take_request(request, max_body_, too_large);
    if (too_large) {
      response.setKeepAlive(false);
      send_reply(request, response, {413, {}, {}, ServedEnd::normal, 0});
      return;
    }
    send_reply(request, response, answer_(taken));
  }

 private:
  const HttpServer::Answer& answer_;
  std::size_t max_body_;
};

class Factory final : public net::HTTPRequestHandlerFactory {
 public:
  Factory(HttpServer::Answer answer, std::size_t max_body)
      : answer_(std::move(answer)), max_body_(max_body) {}
  net::HTTPRequestHandler* createRequestHandler(const net::HTTPServerRequest&) override {
    return new OneRequest(answer_, max_body_);  // Poco owns and deletes it
  }

 private:
  HttpServer::Answer answer_;
  std::size_t max_body_;
};

net::ServerSocket open_socket(const ServerOptions& options) {
  const net::SocketAddress address(options.host, options.port);
  constexpr int kBacklog = 256;
  if (options.certificate_file.empty()) return net::ServerSocket(address, kBacklog);
  net::Context::Ptr context =
      new net::Context(net::Context::TLS_SERVER_USE, options.private_key_file,
                       options.certificate_file, std::string(), net::Context::VERIFY_NONE);
  context->requireMinimumProtocol(net::Context::PROTO_TLSV1_2);
  return net::SecureServerSocket(address, kBacklog, context);
}

}  // namespace

struct HttpServer::Running {
  Running(const ServerOptions& options, Answer answer)
      : pool("http", 2, options.threads + 1), socket(open_socket(options)) {
    net::HTTPServerParams::Ptr params = new net::HTTPServerParams;
    params->setKeepAlive(true);
    params->setMaxKeepAliveRequests(0);  // without end
    params->setMaxThreads(options.threads);
    params->setMaxQueued(1024);
    params->setKeepAliveTimeout(Poco::Timespan(options.idle_seconds, 0));
    params->setTimeout(Poco::Timespan(60, 0));
    server = std::make_unique<net::HTTPServer>(
        new Factory(std::move(answer), options.max_body_bytes), pool, socket, params);
    server->start();
  }
  Poco::ThreadPool pool;
  net::ServerSocket socket;
  std::unique_ptr<net::HTTPServer> server;
  bool stopped = false;
};

HttpServer::HttpServer(std::unique_ptr<Running> running) : running_(std::move(running)) {}

HttpServer::~HttpServer() { stop(); }

Result<std::unique_ptr<HttpServer>> HttpServer::start(const ServerOptions& options, Answer answer) {
  try {
    auto running = std::make_unique<Running>(options, std::move(answer));
    return std::unique_ptr<HttpServer>(new HttpServer(std::move(running)));
  } catch (const Poco::Exception& e) {
    return make_error(ErrorCode::http_listen_failed,
                      fmt::format("cannot serve: {}", e.displayText()),
                      fmt::format("{}:{}", options.host, options.port));
  }
}

std::uint16_t HttpServer::port() const { return running_->socket.address().port(); }

void HttpServer::stop() {
  if (running_->stopped) return;
  running_->stopped = true;
  try {
    running_->server->stopAll(false);
    running_->pool.joinAll();
  } catch (const Poco::Exception&) {
    // Closing sockets of peers that are already gone; nothing is left to do.
    return;
  }
}

}  // namespace rollcall

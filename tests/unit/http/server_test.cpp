// The small server: targets taken apart, headers, plain HTTP on a real socket.
#include "connectors/http/server.h"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

namespace rollcall {
namespace {

/// Sends raw bytes and gives everything that comes back until the server closes.
std::string exchange(std::uint16_t port, const std::string& bytes) {
  const int fd = ::socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  ::inet_pton(AF_INET, "127.0.0.1", &address.sin_addr);
  EXPECT_EQ(::connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof(address)), 0);
  EXPECT_EQ(::send(fd, bytes.data(), bytes.size(), 0), static_cast<ssize_t>(bytes.size()));
  std::string reply;
  char block[4096];
  for (ssize_t n = 0; (n = ::recv(fd, block, sizeof(block), 0)) > 0;) {
    reply.append(block, static_cast<std::size_t>(n));
  }
  ::close(fd);
  return reply;
}

std::unique_ptr<HttpServer> serve(HttpServer::Answer answer, std::size_t max_body = 1 << 20) {
  ServerOptions options;
  options.max_body_bytes = max_body;
  auto server = HttpServer::start(options, std::move(answer));
  EXPECT_TRUE(server) << server.error().message;
  return std::move(*server);
}

TEST(TargetParts, DecodesSegmentsAndQuery) {
  const TargetParts parts = split_target("/api/v1/users/a%40b.com?q=x+y%26z&flag&limit=5");
  EXPECT_EQ(parts.path, "/api/v1/users/a%40b.com");
  EXPECT_EQ(parts.segments, (std::vector<std::string>{"api", "v1", "users", "a@b.com"}));
  EXPECT_EQ(parts.parameter("q"), "x y&z");
  EXPECT_EQ(parts.parameter("flag"), "");
  EXPECT_FALSE(parts.parameter("none"));
}

TEST(TargetParts, KeepsMalformedEscapesAndEmptySegments) {
  const TargetParts parts = split_target("/a//%zz/%4");
  EXPECT_EQ(parts.segments, (std::vector<std::string>{"a", "", "%zz", "%4"}));
}

TEST(HttpServer, HandsOverTheRequestAndRepeatsHeaderLines) {
  ServedRequest seen;
  const auto server = serve([&](const ServedRequest& request) {
    seen = request;
    return ServedReply{201, {{"Link", "<a>"}, {"Link", "<b>"}, {"Date", "then"}}, "hello"};
  });
  const std::string reply = exchange(server->port(),
                                     "POST /x?y=1 HTTP/1.1\r\nHost: h\r\nX-Case: v\r\n"
                                     "Content-Length: 4\r\nConnection: close\r\n\r\nbody");
  EXPECT_EQ(seen.method, "POST");
  EXPECT_EQ(seen.target, "/x?y=1");
  EXPECT_EQ(seen.body, "body");
  EXPECT_EQ(seen.header("x-case"), "v");
  EXPECT_TRUE(seen.length_stated);
  EXPECT_NE(reply.find("201"), std::string::npos);
  EXPECT_NE(reply.find("Link: <a>\r\nLink: <b>\r\n"), std::string::npos) << reply;
  EXPECT_NE(reply.find("Date: then\r\n"), std::string::npos);
  EXPECT_EQ(reply.substr(reply.size() - 5), "hello");
}

TEST(HttpServer, NoticesThatNoLengthWasStated) {
  bool stated = true;
  const auto server = serve([&](const ServedRequest& request) {
    stated = request.length_stated;
    return ServedReply{204, {}, {}};
  });
  exchange(server->port(), "POST /x HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n");
  EXPECT_FALSE(stated);
}

TEST(HttpServer, RefusesBodiesBeyondItsBound) {
  const auto server = serve([](const ServedRequest&) { return ServedReply(); }, 10);
  const std::string reply =
      exchange(server->port(),
               "POST /x HTTP/1.1\r\nHost: h\r\nContent-Length: 20\r\n\r\n" + std::string(20, 'x'));
  EXPECT_NE(reply.find("413"), std::string::npos) << reply;
}

TEST(HttpServer, CanBreakAConnectionWithoutAReply) {
  const auto server = serve([](const ServedRequest&) {
    ServedReply reply;
    reply.end = ServedEnd::reset;
    return reply;
  });
  EXPECT_EQ(exchange(server->port(), "GET / HTTP/1.1\r\nHost: h\r\n\r\n"), "");
}

TEST(HttpServer, SaysWhyItCannotListen) {
  ServerOptions options;
  options.certificate_file = "/nonexistent";
  options.private_key_file = "/nonexistent";
  const auto server =
      HttpServer::start(options, [](const ServedRequest&) { return ServedReply(); });
  ASSERT_FALSE(server);
  EXPECT_EQ(server.error().code, ErrorCode::http_listen_failed);
}

}  // namespace
}  // namespace rollcall

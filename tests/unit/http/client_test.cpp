#include "connectors/http/client.h"

#include <gtest/gtest.h>

#include "service/base/gzip.h"
#include "tests/unit/http/tls_fixture.h"

namespace rollcall {
namespace {

using test::ok_reply;
using test::PrivateCa;
using test::ScriptedServer;

constexpr std::int64_t kDeadlineMs = 5'000;

std::unique_ptr<HttpClient> client(const std::string& url, const std::string& ca,
                                   std::size_t max_bytes = 1 << 20) {
  HttpClientOptions options;
  options.base_url = url;
  options.ca_file = ca;
  options.max_reply_bytes = max_bytes;
  auto opened = HttpClient::open(options);
  EXPECT_TRUE(opened) << (opened ? "" : describe(opened.error()));
  return std::move(*opened);
}

HttpRequest get(const std::string& target) { return {"GET", target, {}, {}}; }

std::string fixed(const std::string&) { return ok_reply("{}"); }

TEST(HttpClient, AcceptsACertificateThatNamesTheHost) {
  PrivateCa ca;
  ScriptedServer server(ca.leaf("org", "DNS:localhost"), fixed);
  const auto exchange = client(server.url("localhost"), ca.ca_file())->send(get("/"), kDeadlineMs);
  ASSERT_TRUE(exchange.reply);
  EXPECT_EQ(exchange.reply->status, 200);
}

TEST(HttpClient, RefusesAnotherHostNameOnLoopbackToo) {
  PrivateCa ca;
  ScriptedServer server(ca.leaf("org.example", "DNS:org.example"), fixed);
  const auto exchange = client(server.url("localhost"), ca.ca_file())->send(get("/"), kDeadlineMs);
  ASSERT_TRUE(exchange.failure);
  EXPECT_EQ(exchange.failure->error.code, ErrorCode::tls_host_mismatch);
  EXPECT_EQ(info(exchange.failure->error.code).exit, 9);
  EXPECT_EQ(exchange.failure->sent, RequestSent::never);
  EXPECT_TRUE(server.requests().empty());
}

TEST(HttpClient, RefusesAnAddressThatTheCertificateDoesNotList) {
  PrivateCa ca;
  ScriptedServer by_name(ca.leaf("127.0.0.1", "DNS:localhost"), fixed);
  const auto refused = client(by_name.url("127.0.0.1"), ca.ca_file())->send(get("/"), kDeadlineMs);
  ASSERT_TRUE(refused.failure);
  EXPECT_EQ(refused.failure->error.code, ErrorCode::tls_host_mismatch);

  ScriptedServer by_address(ca.leaf("org", "IP:127.0.0.1"), fixed);
  EXPECT_TRUE(client(by_address.url("127.0.0.1"), ca.ca_file())->send(get("/"), kDeadlineMs).reply);
}

TEST(HttpClient, DoesNotTakeTheCommonNameForAHostName) {
  PrivateCa ca;
  ScriptedServer server(ca.leaf("localhost", ""), fixed);
  const auto exchange = client(server.url("localhost"), ca.ca_file())->send(get("/"), kDeadlineMs);
  ASSERT_TRUE(exchange.failure);
  EXPECT_EQ(exchange.failure->error.code, ErrorCode::tls_host_mismatch);
}

TEST(HttpClient, RefusesAnUnknownIssuer) {
  PrivateCa ca;
  ScriptedServer server(ca.leaf("org", "DNS:localhost"), fixed);
  for (const std::string& trusted : {ca.other_ca_file(), ca.anew_ca_file(), std::string()}) {
    const auto exchange = client(server.url("localhost"), trusted)->send(get("/"), kDeadlineMs);
    ASSERT_TRUE(exchange.failure);
    EXPECT_EQ(exchange.failure->error.code, ErrorCode::tls_untrusted);
    EXPECT_EQ(exchange.failure->sent, RequestSent::never);
  }
}

TEST(HttpClient, RefusesTlsBelow12) {
  PrivateCa ca;
  ScriptedServer server(ca.leaf("org", "DNS:localhost"), fixed, true);
  const auto exchange = client(server.url("localhost"), ca.ca_file())->send(get("/"), kDeadlineMs);
  ASSERT_TRUE(exchange.failure);
  EXPECT_EQ(exchange.failure->error.code, ErrorCode::tls_failed);
  EXPECT_EQ(exchange.failure->sent, RequestSent::never);
}

TEST(HttpClient, KeepsOneConnectionAndStatesTheLengthOfEmptyPosts) {
  PrivateCa ca;
  ScriptedServer server(ca.leaf("org", "DNS:localhost"), fixed);
  auto http = client(server.url("localhost"), ca.ca_file());
  for (int i = 0; i < 3; ++i) {
    ASSERT_TRUE(
        http->send({"POST", "/api/v1/x", {{"Accept", "application/json"}}, ""}, kDeadlineMs).reply);
  }
  EXPECT_EQ(server.accepted(), 1);
  const auto requests = server.requests();
  ASSERT_EQ(requests.size(), 3U);
  EXPECT_NE(requests[0].find("POST /api/v1/x HTTP/1.1\r\n"), std::string::npos);
  EXPECT_NE(requests[0].find("Content-Length: 0\r\n"), std::string::npos);
  EXPECT_NE(requests[0].find("Accept: application/json\r\n"), std::string::npos);
}

TEST(HttpClient, ReconnectsWhenTheServerClosedAnIdleConnection) {
  PrivateCa ca;
  ScriptedServer server(ca.leaf("org", "DNS:localhost"),
                        [](const std::string&) { return ok_reply("{}", "Connection: close\r\n"); });
  auto http = client(server.url("localhost"), ca.ca_file());
  ASSERT_TRUE(http->send(get("/1"), kDeadlineMs).reply);
  ASSERT_TRUE(http->send(get("/2"), kDeadlineMs).reply);
  EXPECT_EQ(server.accepted(), 2);
  EXPECT_EQ(server.requests().size(), 2U);
}

TEST(HttpClient, SaysThatALostReplyMayHaveHadAnEffectAndSendsNothingTwice) {
  PrivateCa ca;
  ScriptedServer server(ca.leaf("org", "DNS:localhost"), [](const std::string& request) {
    return request.rfind("GET /warm", 0) == 0 ? ok_reply("{}") : std::string();
  });
  auto http = client(server.url("localhost"), ca.ca_file());
  ASSERT_TRUE(http->send(get("/warm"), kDeadlineMs).reply);
  const auto exchange = http->send({"POST", "/create", {}, "{}"}, kDeadlineMs);
  ASSERT_TRUE(exchange.failure);
  EXPECT_EQ(exchange.failure->error.code, ErrorCode::http_lost);
  EXPECT_EQ(exchange.failure->error.cls, ErrorClass::ambiguous);
  EXPECT_EQ(exchange.failure->sent, RequestSent::maybe);
  EXPECT_EQ(server.requests().size(), 2U);
}

TEST(HttpClient, SaysThatARefusedConnectionSentNothing) {
  PrivateCa ca;
  std::string url;
  {
    ScriptedServer gone(ca.leaf("org", "DNS:localhost"), fixed);
    url = gone.url("localhost");
  }
  const auto exchange = client(url, ca.ca_file())->send(get("/"), kDeadlineMs);
  ASSERT_TRUE(exchange.failure);
  EXPECT_EQ(exchange.failure->error.code, ErrorCode::http_unreachable);
  EXPECT_EQ(exchange.failure->sent, RequestSent::never);
}

TEST(HttpClient, NoticesABodyCutShort) {
  PrivateCa ca;
  ScriptedServer server(ca.leaf("org", "DNS:localhost"), [](const std::string&) {
    return std::string("HTTP/1.1 200 OK\r\nContent-Length: 100\r\nConnection: close\r\n\r\n[1,2");
  });
  const auto exchange = client(server.url("localhost"), ca.ca_file())->send(get("/"), kDeadlineMs);
  ASSERT_TRUE(exchange.failure);
  EXPECT_EQ(exchange.failure->error.code, ErrorCode::http_lost);
}

TEST(HttpClient, InflatesGzipAndCapsWhatComesOut) {
  PrivateCa ca;
  const std::string big(300'000, 'x');
  ScriptedServer server(ca.leaf("org", "DNS:localhost"), [&](const std::string&) {
    return ok_reply(gzip(big), "Content-Encoding: gzip\r\n");
  });
  const auto whole = client(server.url("localhost"), ca.ca_file())->send(get("/"), kDeadlineMs);
  ASSERT_TRUE(whole.reply);
  EXPECT_EQ(whole.reply->body, big);
  EXPECT_NE(server.requests()[0].find("Accept-Encoding: gzip"), std::string::npos);

  const auto capped =
      client(server.url("localhost"), ca.ca_file(), 100'000)->send(get("/"), kDeadlineMs);
  ASSERT_TRUE(capped.failure);
  EXPECT_EQ(capped.failure->error.code, ErrorCode::http_malformed);
}

TEST(HttpClient, RefusesAReplyBeyondTheSizeLimit) {
  PrivateCa ca;
  ScriptedServer server(ca.leaf("org", "DNS:localhost"),
                        [](const std::string&) { return ok_reply(std::string(200'000, 'y')); });
  const auto exchange =
      client(server.url("localhost"), ca.ca_file(), 100'000)->send(get("/"), kDeadlineMs);
  ASSERT_TRUE(exchange.failure);
  EXPECT_EQ(exchange.failure->error.code, ErrorCode::http_too_large);
}

TEST(HttpClient, KeepsRepeatedHeadersApartAndReadsTheDate) {
  PrivateCa ca;
  ScriptedServer server(ca.leaf("org", "DNS:localhost"), [](const std::string&) {
    return ok_reply("[]",
                    "Link: <https://a/1>; rel=\"self\"\r\nLink: <https://a/2>; rel=\"next\"\r\n"
                    "Date: Sun, 06 Nov 1994 08:49:37 GMT\r\n");
  });
  const auto exchange = client(server.url("localhost"), ca.ca_file())->send(get("/"), kDeadlineMs);
  ASSERT_TRUE(exchange.reply);
  EXPECT_EQ(header_values(exchange.reply->headers, "link").size(), 2U);
  ASSERT_TRUE(exchange.reply->date);
  EXPECT_EQ(format_http_date(*exchange.reply->date), "Sun, 06 Nov 1994 08:49:37 GMT");
}

TEST(HttpClient, RefusesUrlsThatAreNotHttpsAndUnreadableCas) {
  HttpClientOptions options;
  for (const char* url : {"http://acme.okta.com", "acme.okta.com", "https://u:p@acme.okta.com"}) {
    options.base_url = url;
    const auto opened = HttpClient::open(options);
    ASSERT_FALSE(opened) << url;
    EXPECT_EQ(opened.error().code, ErrorCode::http_base_url_invalid);
  }
  options.base_url = "https://acme.okta.com";
  options.ca_file = "/nonexistent/ca.pem";
  const auto opened = HttpClient::open(options);
  ASSERT_FALSE(opened);
  EXPECT_EQ(opened.error().code, ErrorCode::tls_ca_unreadable);
}

}  // namespace
}  // namespace rollcall

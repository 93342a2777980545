// Every error code of Okta's over TLS: a server with the simulator's certificate answers each
// operation with the error that its row of okta_errors.tsv names.
#include <gtest/gtest.h>

#include <filesystem>
#include <iostream>
#include <mutex>
#include <set>

#include "connectors/http/server.h"
#include "connectors/okta/client.h"
#include "tests/okta_live/sim_process.h"
#include "tests/okta_live/waiting.h"
#include "tests/unit/okta/okta_errors.h"

namespace rollcall {
namespace {

using test::OktaErrorCase;

/// Answers "rowN" in path or body with row N's error; a 429 only once, as the client asks again.
class Responder {
 public:
  explicit Responder(std::vector<OktaErrorCase> cases) : cases_(std::move(cases)) {}

  bool start(const std::string& tls) {
    ServerOptions options;
    options.threads = 24;
    options.certificate_file = tls + "/server.pem";
    options.private_key_file = tls + "/server.key";
    auto started = HttpServer::start(options, [this](const ServedRequest& r) { return answer(r); });
    if (!started) return false;
    server_ = std::move(*started);
    return true;
  }
  std::string base_url() const { return "https://localhost:" + std::to_string(server_->port()); }

 private:
  ServedReply answer(const ServedRequest& request) {
    ServedReply reply;
    reply.headers = {{"Content-Type", "application/json"}, {"X-Okta-Request-Id", "reqLive"}};
    reply.body = R"({"id":"00uDone"})";
    const std::string text = request.target + " " + request.body;
    const std::size_t at = text.find("row");
    if (at == std::string::npos) return reply;
    const std::size_t row = std::stoul(text.substr(at + 3));
    const OktaErrorCase& one = cases_.at(row - 1);
    {
      const std::lock_guard lock(mutex_);
      if (one.status == 429 && !limited_.insert(row).second) return reply;
    }
    const HttpReply error = test::reply_of(one);
    reply.status = error.status;
    reply.body = error.body;
    if (one.status == 429) {  // a window that ends with the second
      const std::int64_t now_s = SystemClock().wall().ms / 1000;
      reply.headers.emplace_back("X-Rate-Limit-Limit", "600");
      reply.headers.emplace_back("X-Rate-Limit-Remaining", "0");
      reply.headers.emplace_back("X-Rate-Limit-Reset", std::to_string(now_s + 1));
    }
    return reply;
  }

  std::vector<OktaErrorCase> cases_;
  std::mutex mutex_;
  std::set<std::size_t> limited_;
  std::unique_ptr<HttpServer> server_;
};

TEST(OktaErrorsLive, EachCodeArrivesOverTlsAsWhatItIs) {
  const test::SimProcess sim({"--listen", "127.0.0.1:0"});
  ASSERT_TRUE(sim.serves());
  // Its own temporary folder: two runs at once do not meet.
  const std::string tls = std::filesystem::path(sim.ca_file()).parent_path().string();
  const auto cases = test::okta_error_cases();
  ASSERT_FALSE(cases.empty());
  Responder responder(cases);
  ASSERT_TRUE(responder.start(tls));
  SystemClock clock;
  OktaOptions options;
  options.base_url = responder.base_url();
  options.ca_file = sim.ca_file();
  options.version = "0.0.0";
  options.clock = &clock;
  options.token = []() -> Result<Secret> { return Secret("T"); };
  auto okta = OktaDirectory::open(options);
  ASSERT_TRUE(okta) << describe(okta.error());
  test::Waiting sink;
  std::set<std::string> arrived;
  std::uint32_t number = 0;
  for (const OktaErrorCase& one : cases) {
    SCOPED_TRACE(one.name());
    const Operation op = test::operation_of(one.kind, ++number);
    const Operation* pointer = &op;
    (*okta)->submit({&pointer, 1}, sink);
    const Outcome out = sink.take(1).front().outcome;
    const bool limited = one.status == 429;  // settled inside: asked again, then done
    EXPECT_EQ(test::to_text(out.state), limited ? "applied" : one.outcome) << out.message;
    const std::string code = out.code ? std::string(info(*out.code).id) : "-";
    EXPECT_EQ(code, limited ? "-" : one.ours) << out.message;
    EXPECT_EQ(out.request_id, "reqLive");
    if (!::testing::Test::HasFailure()) arrived.insert(one.okta);
    Operation fine = op;  // failures in a row would mean that the org is down
    fine.kind = OperationKind::user_suspend;
    fine.subject.user_id = "00uFine";
    pointer = &fine;
    (*okta)->submit({&pointer, 1}, sink);
    EXPECT_EQ(test::to_text(sink.take(1).front().outcome.state), "applied");
  }
  std::set<std::string> all;
  for (const OktaErrorCase& one : cases) all.insert(one.okta);
  std::cout << "error codes: " << arrived.size() << " of " << all.size() << " over TLS\n";
  EXPECT_EQ(arrived, all);
  EXPECT_EQ((*okta)->counts().refused, 4U) << "the limit, a mail, a message, a call";
}

}  // namespace
}  // namespace rollcall

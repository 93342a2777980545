// /sim/*, loading and exporting, the command line, and the whole over real TLS.
#include <Poco/Net/Context.h>
#include <Poco/Net/HTTPRequest.h>
#include <Poco/Net/HTTPResponse.h>
#include <Poco/Net/HTTPSClientSession.h>
#include <Poco/Net/SSLManager.h>
#include <fmt/core.h>
#include <sys/stat.h>

#include <filesystem>
#include <iterator>
#include <thread>

#include "service/base/gzip.h"
#include "tests/sim/org_file.h"
#include "tests/sim/sim_fixture.h"
#include "tests/sim/sim_options.h"
#include "tests/sim/tls_files.h"

namespace rollcall::sim {
namespace {

TEST(Control, TheAuditListsAcceptedWritesInOrderWithPasswordsMasked) {
  Driver driver;
  const std::string id = driver.make_user("ada@example.com");
  driver.status("GET", "/api/v1/users/" + id);
  driver.status("POST", "/api/v1/users", R"({"boop":1})");
  driver.make_group("g");
  const SimReply audit = driver.send("GET", "/sim/audit");
  EXPECT_EQ(driver.sim->audit().size(), 2U);
  EXPECT_EQ(audit.body.find("Tr0ub4dor"), std::string::npos);
  const auto first = parse_json(driver.sim->audit().line(1));
  ASSERT_TRUE(first);
  EXPECT_EQ((*first)["ids"].items()[0].as_string(), id);
  EXPECT_EQ((*first)["body"]["credentials"]["password"].as_string(), "(masked)");
  EXPECT_EQ((*first)["request_id"].as_string().size(), 32U);
  EXPECT_EQ(driver.send("GET", "/sim/audit?since=1").body, driver.sim->audit().line(2) + "\n");
}

TEST(Control, NeedsNoTokenAndCountsInNoLimit) {
  SimOptions options = unlimited();
  options.limits = "integrator";
  Driver driver(options);
  driver.token = "WRONG";
  for (int i = 0; i < 200; ++i) ASSERT_EQ(driver.status("GET", "/sim/stats"), 200);
  EXPECT_EQ(driver.json["limited"].as_int(), 0);
  EXPECT_EQ(driver.status("GET", "/sim/nothing"), 404);
}

TEST(Control, TheClockMovesForTestsThatCannotWait) {
  SimOptions options = unlimited();
  options.org.index_lag_ms = 60'000;
  Driver driver(options);
  driver.make_user("ada@example.com");
  EXPECT_EQ(driver.status("PUT", "/sim/clock", R"({"advance_ms":60000})"), 204);
  driver.send("GET", "/api/v1/users");
  EXPECT_EQ(driver.json.items().size(), 2U);
}

TEST(OrgFile, ExportsWhatItLoads) {
  Driver driver(unlimited(), R"({"org":{"id":"00oX","name":"X"},
      "schema":{"custom":{"badge":{"type":"string"}},"base":{"title":{"master":{"type":"OKTA"}}}},
      "users":[{"id":"00uA","status":"LOCKED_OUT","profile":{"login":"a@example.com",
         "email":"a@example.com","firstName":"Ada \"Q\"","lastName":"B","badge":"7"}}],
      "groups":[{"id":"00gG","name":"g","members":["a@example.com"]}],
      "rules":[{"name":"r","expression":"user.firstName == \"Ada\"","groups":["g"]}],
      "roles":{"users":{"00uA":["APP_ADMIN"]}},
      "tokens":[{"token":"READ","owner":"00uA","role":"read_only"}]})");
  const std::string first = driver.sim->export_json();
  ASSERT_TRUE(parse_json(first)) << first;
  EXPECT_EQ(driver.status("PUT", "/sim/org", first), 204) << first;
  EXPECT_EQ(driver.sim->export_json(), first);
  EXPECT_NE(driver.make_user("new@example.com"), "00uA");
}

TEST(OrgFile, SaysWhatIsWrongAndKeepsTheOldOrg) {
  Driver driver;
  driver.make_user("ada@example.com");
  for (const char* text :
       {"[]", "{\"users\":[{\"status\":\"ACTIVE\"}]}", "{\"users\":[{}",
        R"({"users":[{"status":"HAPPY","profile":{"login":"a@b.c"}}]})",
        R"({"groups":[{"name":"g","members":["nobody"]}]})", R"({"surprise":{}})",
        R"({"users":[{"profile":{"login":"a@b.c"}},{"profile":{"login":"A@b.c"}}]})"}) {
    EXPECT_EQ(driver.status("PUT", "/sim/org", text), 400) << text;
    EXPECT_FALSE(driver.json["error"].as_string().empty());
  }
  EXPECT_EQ(driver.status("GET", "/api/v1/users/ada@example.com"), 200);
}

TEST(CommandLine, TakesTheContractsFlags) {
  const auto line = parse_command_line({"--listen",
                                        "127.0.0.1:0",
                                        "--api-token",
                                        "A",
                                        "--api-token=B",
                                        "--limits",
                                        "enterprise",
                                        "--window",
                                        "5",
                                        "--client-share",
                                        "40",
                                        "--concurrency",
                                        "3",
                                        "--index-lag",
                                        "250",
                                        "--latency",
                                        "7",
                                        "--clock-offset",
                                        "-30",
                                        "--seed",
                                        "9",
                                        "--audit",
                                        "a.ndjson"});
  ASSERT_TRUE(line) << line.error().message;
  EXPECT_EQ(line->sim.tokens, (std::vector<std::string>{"A", "B"}));
  EXPECT_EQ(line->sim.window_s, 5);
  EXPECT_EQ(line->sim.clock_offset_ms, -30'000);
  EXPECT_EQ(line->sim.org.index_lag_ms, 250);
  EXPECT_EQ(line->server.latency_ms, 7);
  for (const std::vector<std::string>& wrong :
       std::vector<std::vector<std::string>>{{"--window", "0"},
                                             {"--window", "x"},
                                             {"--listen", "nowhere"},
                                             {"--colour", "1"},
                                             {"--seed"},
                                             {"--limits", "/nonexistent"},
                                             {"--latency", "-1"}}) {
    EXPECT_FALSE(parse_command_line(wrong)) << wrong[0];
  }
}

class OverTls : public ::testing::Test {
 protected:
  void SetUp() override {
    auto directory = make_temporary_directory();
    ASSERT_TRUE(directory);
    directory_ = *directory;
    const auto files = make_tls_files(directory_);
    ASSERT_TRUE(files) << files.error().message;
    files_ = *files;
    SimServerOptions options;
    options.http.certificate_file = files_.certificate_file;
    options.http.private_key_file = files_.private_key_file;
    auto org = SimOrg::create(unlimited(), clock_);
    ASSERT_TRUE(org);
    auto server = SimServer::start(options, std::move(*org));
    ASSERT_TRUE(server) << server.error().message;
    server_ = std::move(*server);
    Poco::Net::initializeSSL();
    context_ = new Poco::Net::Context(Poco::Net::Context::TLS_CLIENT_USE, files_.ca_file,
                                      Poco::Net::Context::VERIFY_STRICT);
    context_->enableExtendedCertificateVerification(true);
  }
  void TearDown() override {
    server_.reset();
    std::filesystem::remove_all(directory_);
  }

  std::unique_ptr<Poco::Net::HTTPSClientSession> session() {
    return std::make_unique<Poco::Net::HTTPSClientSession>("localhost", server_->port(), context_);
  }

  static std::string call(Poco::Net::HTTPSClientSession& session, const std::string& method,
                          const std::string& target, const std::string& body,
                          Poco::Net::HTTPResponse& response, bool gzip = false) {
    Poco::Net::HTTPRequest request(method, target, Poco::Net::HTTPMessage::HTTP_1_1);
    request.set("Authorization", "SSWS TOKEN");
    if (gzip) request.set("Accept-Encoding", "gzip");
    request.setContentLength(static_cast<std::streamsize>(body.size()));
    session.sendRequest(request) << body << std::flush;
    std::istream& in = session.receiveResponse(response);
    return std::string(std::istreambuf_iterator<char>(in), {});
  }

  HandClock clock_;
  std::string directory_;
  TlsFiles files_;
  std::unique_ptr<SimServer> server_;
  Poco::Net::Context::Ptr context_;
};

TEST_F(OverTls, ServesManyRequestsOnOneVerifiedConnection) {
  const auto client = session();
  Poco::Net::HTTPResponse response;
  const std::string group = R"({"profile":{"name":"Geländer"}})";
  const std::string made = call(*client, "POST", "/api/v1/groups", group, response);
  ASSERT_EQ(response.getStatus(), 200) << made;
  EXPECT_EQ(response.get("Date"), format_http_date(clock_.wall())) << "the org's clock, not ours";
  const std::string page = call(*client, "GET", "/api/v1/groups?limit=1", {}, response);
  ASSERT_EQ(response.getStatus(), 200);
  int links = 0;
  for (const auto& [name, value] : response) links += name == "Link" ? 1 : 0;
  EXPECT_EQ(links, 2) << "one line for each relation";
  const std::string id((*parse_json(made))["id"].as_string());
  call(*client, "DELETE", "/api/v1/groups/" + id, {}, response);
  EXPECT_EQ(response.getStatus(), 204);
}

TEST_F(OverTls, CompressesForThoseWhoAsk) {
  const auto client = session();
  Poco::Net::HTTPResponse response;
  const std::string plain = call(*client, "GET", "/api/v1/meta/schemas/user/default", {}, response);
  EXPECT_FALSE(response.has("Content-Encoding"));
  const std::string packed =
      call(*client, "GET", "/api/v1/meta/schemas/user/default", {}, response, true);
  ASSERT_EQ(response.get("Content-Encoding", ""), "gzip");
  EXPECT_LT(packed.size(), plain.size());
  const auto unpacked = gunzip(packed, 1 << 20);
  ASSERT_TRUE(unpacked);
  EXPECT_EQ(*unpacked, plain);
}

TEST_F(OverTls, BreaksTheConnectionWhenAFaultSaysSo) {
  const auto client = session();
  Poco::Net::HTTPResponse response;
  call(*client, "PUT", "/sim/faults", R"([{"match":{"method":"POST"},"do":"reset_after"},
      {"match":{"path_prefix":"/api/v1/org"},"do":"truncate","bytes":20}])",
       response);
  ASSERT_EQ(response.getStatus(), 204);
  EXPECT_THROW(call(*session(), "POST", "/api/v1/groups", R"({"profile":{"name":"g"}})", response),
               Poco::Exception);
  const std::string stats = call(*client, "GET", "/sim/stats", {}, response);
  EXPECT_EQ((*parse_json(stats))["writes"].as_int(), 1) << "it happened all the same";
  std::string cut;
  try {
    cut = call(*session(), "GET", "/api/v1/org", {}, response);
  } catch (const Poco::Exception&) {
    cut.clear();
  }
  EXPECT_LE(cut.size(), 20U);
}

TEST_F(OverTls, AHeldReplyComesAfterTheRelease) {
  const auto client = session();
  Poco::Net::HTTPResponse response;
  call(*client, "PUT", "/sim/faults", R"([{"match":{"audit_position":1},"do":"hold_reply"}])",
       response);
  int status = 0;
  std::thread writer([&] {
    Poco::Net::HTTPResponse late;
    call(*session(), "POST", "/api/v1/groups", R"({"profile":{"name":"g"}})", late);
    status = late.getStatus();
  });
  std::string held;
  do {
    held = call(*client, "GET", "/sim/held", {}, response);
  } while (held == R"({"held":[]})");
  EXPECT_EQ(held, R"({"held":[1]})");
  call(*client, "PUT", "/sim/release", {}, response);
  writer.join();
  EXPECT_EQ(status, 200);
}

TEST_F(OverTls, KeysAreOnlyForTheirOwner) {
  struct stat info {};
  ASSERT_EQ(::stat(files_.private_key_file.c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777, 0600U);
}

}  // namespace
}  // namespace rollcall::sim

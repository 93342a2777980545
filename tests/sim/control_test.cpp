// /sim/*, loading and exporting, the command line, and the whole over real TLS.
#include <fmt/core.h>
#include <sys/stat.h>

#include <thread>

#include "service/base/gzip.h"
#include "tests/sim/org_file.h"
#include "tests/sim/sim_fixture.h"
#include "tests/sim/sim_options.h"
#include "tests/sim/tls_fixture.h"

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

TEST(Control, NoClockIsSetToWhereTimesEnd) {
  Driver driver;
  for (const char* body :
       {R"({"offset_ms":9223372036854775807})", R"({"offset_ms":-9223372036854775808})",
        R"({"advance_ms":9223372036854775807})", R"({"offset_ms":"soon"})"}) {
    EXPECT_EQ(driver.status("PUT", "/sim/clock", body), 400) << body;
  }
  const std::int64_t century = 3'155'760'000'000;
  const std::string ahead = fmt::format(R"({{"advance_ms":{}}})", century);
  for (int i = 0; i < 5; ++i) EXPECT_EQ(driver.status("PUT", "/sim/clock", ahead), 204);
  EXPECT_EQ(driver.status("PUT", "/sim/clock", ahead), 400) << "they add up";
  EXPECT_EQ(driver.status("GET", "/api/v1/users/me"), 200);
  SimOptions far = unlimited();
  far.clock_offset_ms = 6 * century;
  EXPECT_FALSE(SimOrg::create(far, driver.clock));
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

TEST(OrgFile, LoadsAgainAfterWhatItNamesWasDeleted) {
  Driver driver(unlimited(), R"({"users":[
      {"id":"00uGone","profile":{"login":"gone@example.com","email":"gone@example.com","firstName":"G","lastName":"E"}},
      {"id":"00uBoss","profile":{"login":"boss@example.com","email":"boss@example.com","firstName":"B","lastName":"S"}}],
    "groups":[{"id":"00gGone","name":"gone","members":["00uGone"]}],
    "rules":[{"id":"0prRule","name":"r","expression":"user.city == \"Ulm\"","groups":["00gGone"],
              "exclude":["00uGone"]}],
    "apps":[{"id":"0oaWiki","name":"bookmark","label":"Wiki","settings":{"app":{"url":"https://w"}},
             "groups":["00gGone"]}],
    "roles":{"users":{"00uGone":["APP_ADMIN"]}},
    "tokens":[{"token":"LIMITED","owner":"00uBoss","role":"USER_ADMIN","groups":["00gGone"]},
              {"token":"DEAD","owner":"00uGone"}]})");
  ASSERT_EQ(driver.status("DELETE", "/api/v1/groups/00gGone"), 204);
  for (int i = 0; i < 2; ++i) ASSERT_EQ(driver.status("DELETE", "/api/v1/users/00uGone"), 204);
  const std::string text = driver.send("GET", "/sim/org").body;
  ASSERT_EQ(driver.status("PUT", "/sim/org", text), 204) << driver.json.dump();
  EXPECT_EQ(driver.send("GET", "/sim/org").body, text);
  ASSERT_EQ(driver.status("GET", "/api/v1/groups/rules/0prRule"), 200);
  EXPECT_EQ(driver.json["status"].as_string(), "INVALID");
  EXPECT_FALSE(driver.json["allGroupsValid"].as_bool());
  EXPECT_EQ(driver.json["conditions"]["people"]["users"]["exclude"].items().size(), 1U);
  driver.token = "LIMITED";
  EXPECT_EQ(driver.send("GET", "/api/v1/users").body, "[]") << "its group is gone: nobody";
}

TEST(OrgFile, StillRefusesWhatWasNeverThere) {
  Driver driver;
  for (
      const char* rule :
      {R"({"name":"r","expression":"user.city == \"Ulm\"","groups":["00gGone"]})",
       R"({"name":"r","expression":"user.city == \"Ulm\"","groups":["Everyone"],"exclude":["x@example.com"]})"}) {
    EXPECT_EQ(driver.status("PUT", "/sim/org", R"({"rules":[)" + std::string(rule) + "]}"), 400);
  }
}

TEST(OrgFile, KeepsEverythingThatARealOrgWouldRemember) {
  Driver driver;
  const std::string user = driver.make_user("a@example.com"), group = driver.make_group("g");
  driver.status(
      "POST", "/api/v1/users/" + user,
      R"({"credentials":{"recovery_question":{"question":"Where?","answer":"Home town"}}})");
  const std::string other = driver.make_user("b@example.com", "?activate=true", false);
  driver.status("PUT", "/api/v1/groups/" + group + "/users/" + user);
  driver.status("POST", "/api/v1/groups/" + group + "/owners",
                R"({"id":")" + user + R"(","type":"USER"})");
  driver.status(
      "POST", "/api/v1/meta/schemas/user/linkedObjects",
      R"({"primary":{"name":"boss","title":"b"},"associated":{"name":"aide","title":"a"}})");
  driver.status("PUT", "/api/v1/users/" + user + "/linkedObjects/boss/" + other);
  driver.status("POST", "/api/v1/meta/types/user", R"({"name":"t","displayName":"T"})");
  driver.status(
      "POST", "/api/v1/users/" + user + "/factors?activate=true",
      R"({"factorType":"question","profile":{"question":"disliked_food","answer":"kohlrabi"}})");
  const std::string factor(driver.json["id"].as_string());
  driver.status("POST", "/api/v1/policies", R"({"type":"PASSWORD","name":"strict","priority":1})");
  driver.status("POST", "/api/v1/policies/" + std::string(driver.json["id"].as_string()) + "/rules",
                R"({"name":"r"})");
  driver.status("POST", "/api/v1/apps",
                R"({"name":"bookmark","label":"w","settings":{"app":{"url":"https://w"}}})");
  const std::string app(driver.json["id"].as_string());
  driver.status("POST", "/api/v1/apps/" + app + "/users", R"({"id":")" + user + "\"}");
  driver.status("GET", "/api/v1/mappings");
  driver.status("POST", "/api/v1/mappings/" + driver.ids().at(0),
                R"({"properties":{"city":{"expression":"appuser.town"}}})");
  driver.status("POST", "/api/v1/users/" + other + "/roles", R"({"type":"HELP_DESK_ADMIN"})");
  // A rule that is gone must not shift the numbers of the one behind it.
  for (const char* name : {"first", "second"}) {
    driver.status(
        "POST", "/api/v1/groups/rules",
        fmt::format(R"({{"type":"group_rule","name":"{}","conditions":{{"expression":{{"value":)"
                    R"("user.login == \"b@example.com\""}}}},"actions":{{"assignUserToGroups":)"
                    R"({{"groupIds":["{}"]}}}}}})",
                    name, group));
    const std::string rule = "/api/v1/groups/rules/" + std::string(driver.json["id"].as_string());
    if (std::string_view(name) == "first") {
      driver.status("DELETE", rule);
    } else {
      driver.status("POST", rule + "/lifecycle/activate");
    }
  }
  const std::string credentials = R"({"username":"a@example.com","password":"Tr0ub4dor-and-3"})";
  driver.status("POST", "/api/v1/authn", credentials);
  driver.status(
      "POST", "/api/v1/sessions",
      R"({"sessionToken":")" + std::string(driver.json["sessionToken"].as_string()) + "\"}");
  const std::string session(driver.json["id"].as_string());

  const std::string text = driver.send("GET", "/sim/org?log=true").body;
  EXPECT_EQ(text.find("Tr0ub4dor"), std::string::npos);
  EXPECT_EQ(text.find("kohlrabi"), std::string::npos);
  Driver copy;
  ASSERT_EQ(copy.status("PUT", "/sim/org", text), 204) << copy.json.dump();
  EXPECT_EQ(copy.send("GET", "/sim/org?log=true").body, text);
  EXPECT_EQ(copy.status("GET", "/api/v1/sessions/" + session), 200);
  EXPECT_EQ(copy.status("POST", "/api/v1/authn", credentials), 200)
      << "the password is still right";
  EXPECT_EQ(copy.status("POST", "/api/v1/users/" + user + "/factors/" + factor + "/verify",
                        R"({"answer":"kohlrabi"})"),
            200);
  copy.status("GET", "/api/v1/groups/" + group + "/users/" + other + "/group-rules");
  EXPECT_EQ(copy.json.items().size(), 1U);
  copy.status("GET", "/api/v1/users/" + user + "/linkedObjects/boss");
  EXPECT_EQ(copy.json.items().size(), 1U);
}

TEST(OrgFile, NamesWhatIsWrongInItsFurtherSections) {
  Driver driver;
  for (const char* text :
       {R"({"policies":[{"type":"PASSWORD"}]})", R"({"factors":{"nobody":[]}})",
        R"({"sessions":[{"id":"1","user":"nobody"}]})", R"({"relations":{"types":[{}]}})",
        R"({"relations":{"owners":{"no group":[]}}})",
        R"({"roles":{"users":{"x":["SUPER_ADMIN"]}}})", R"({"tokens":[{"token":"T","owner":"x"}]})",
        R"({"users":[{"profile":{"login":"a@b.c"},"password_key":"xyz"}]})",
        R"({"users":[{"profile":{"login":"a@b.c"}}],"factors":{"a@b.c":[{"type":"smoke"}]}})",
        R"({"users":[{"profile":{"login":"a@b.c"}}],"roles":{"users":{"a@b.c":["KING"]}}})"}) {
    EXPECT_EQ(driver.status("PUT", "/sim/org", text), 400) << text;
    EXPECT_FALSE(driver.json["error"].as_string().empty());
  }
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

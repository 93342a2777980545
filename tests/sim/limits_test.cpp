// Rate limits, tokens and faults.
#include <map>

#include "service/base/text.h"
#include "tests/sim/sim_fixture.h"

namespace rollcall::sim {
namespace {

SimOptions limited(const std::string& name) {
  SimOptions options = unlimited();
  options.limits = name;
  return options;
}

std::int64_t number(const SimReply& reply, std::string_view header) {
  return std::strtoll(std::string(reply.header(header)).c_str(), nullptr, 10);
}

TEST(RateLimits, AClientGetsItsShareAndThen429UntilTheNamedSecond) {
  Driver driver(limited("integrator"));
  std::int64_t reset = 0;
  for (int i = 0; i < 50; ++i) {
    const SimReply reply = driver.send("GET", "/api/v1/users");
    ASSERT_EQ(reply.status, 200);
    EXPECT_EQ(number(reply, "X-Rate-Limit-Limit"), 50);
    EXPECT_EQ(number(reply, "X-Rate-Limit-Remaining"), 49 - i);
    reset = number(reply, "X-Rate-Limit-Reset");
  }
  EXPECT_EQ(reset, driver.clock.wall().ms / 1000 + 60);
  driver.clock.advance(reset * 1000 - 1 - driver.clock.wall().ms);
  const SimReply refused = driver.send("GET", "/api/v1/users");
  EXPECT_EQ(refused.status, 429);
  EXPECT_EQ(driver.error_code(), "E0000047");
  EXPECT_EQ(number(refused, "X-Rate-Limit-Remaining"), 0);
  EXPECT_EQ(number(refused, "X-Rate-Limit-Reset"), reset) << "a 429 extends nothing";
  driver.clock.advance(1);
  const SimReply fresh = driver.send("GET", "/api/v1/users");
  EXPECT_EQ(fresh.status, 200);
  EXPECT_EQ(number(fresh, "X-Rate-Limit-Reset"), reset + 60);
}

TEST(RateLimits, WindowsStartAtTheFirstRequestAfterAReset) {
  Driver driver(limited("workforce"));
  const std::int64_t first = number(driver.send("GET", "/api/v1/users"), "X-Rate-Limit-Reset");
  driver.clock.advance(75'000);
  const std::int64_t second = number(driver.send("GET", "/api/v1/users"), "X-Rate-Limit-Reset");
  EXPECT_EQ(second, first + 75);
}

TEST(RateLimits, WhoHasNoCredentialDrawsOnTheOrgsLimitAlone) {
  Driver driver(limited("workforce"));
  const std::string body = R"({"username":"nobody@example.com","password":"x"})";
  const auto sign_in = [&] {
    driver.clock.advance(250);  // four of a name in a second
    return driver.send("POST", "/api/v1/authn", body);
  };
  EXPECT_EQ(number(sign_in(), "X-Rate-Limit-Limit"), 250) << "a credential's half";
  driver.token = "";
  const SimReply anonymous = sign_in();
  EXPECT_EQ(number(anonymous, "X-Rate-Limit-Limit"), 500);
  EXPECT_EQ(number(anonymous, "X-Rate-Limit-Remaining"), 498) << "both draw on the org's";
}

TEST(RateLimits, TheNewestWindowsAreShown) {
  Bucket bucket;
  bucket.name = "/api/v1";
  bucket.limit = 1'000'000;
  RateLimiter limiter(*BucketTable::named("workforce"), 50, 60);
  const WallTime now{1'790'000'000'000};
  for (int client = 0; client <= 200'000; ++client) {
    limiter.admit(bucket, std::to_string(client), now + client / 4000);
  }
  EXPECT_EQ(limiter.windows_seen().size(), 200'000U);
  limiter.admit(bucket, "0", now);
  limiter.admit(bucket, "200000", now);
  EXPECT_EQ(limiter.windows_seen().front().used, 1) << "what is not kept counts nowhere";
  EXPECT_EQ(limiter.windows_seen().back().used, 2);
}

TEST(RateLimits, EachWindowIsShown) {
  Driver driver(limited("integrator"));
  const std::int64_t opened = driver.clock.wall().ms;
  for (int i = 0; i < 52; ++i) driver.send("GET", "/api/v1/users");
  driver.clock.advance(75'000);
  driver.send("GET", "/api/v1/users");
  const Json windows = *parse_json(driver.send("GET", "/sim/windows").body);
  ASSERT_EQ(windows.items().size(), 2U);
  const Json& first = windows.items()[0];
  EXPECT_EQ(first["bucket"].as_string(), "/api/v1/users");
  EXPECT_EQ(first["opened_ms"].as_int(), opened);
  EXPECT_EQ(first["reset_ms"].as_int(), opened / 1000 * 1000 + 60'000);
  EXPECT_EQ(first["limit"].as_int(), 50);
  EXPECT_EQ(first["used"].as_int(), 50);
  EXPECT_EQ(first["refused"].as_int(), 2);
  EXPECT_EQ(windows.items()[1]["used"].as_int(), 1);
}

TEST(RateLimits, BucketsFollowOktasMapping) {
  const auto table = BucketTable::named("workforce");
  ASSERT_TRUE(table);
  const auto bucket = [&](const char* method, std::string_view path) {
    std::vector<std::string> segments;
    for (const auto part : split(path.substr(1), '/')) segments.emplace_back(part);
    const Bucket* found = table->find(method, segments);
    return found == nullptr ? std::string("none")
                            : found->name + " " + std::to_string(found->limit);
  };
  EXPECT_EQ(bucket("GET", "/api/v1/users"), "/api/v1/users 600");
  EXPECT_EQ(bucket("GET", "/api/v1/users/00u1"), "/api/v1/users/{id:.+} 2000");
  EXPECT_EQ(bucket("GET", "/api/v1/users/me"), "/api/v1/users/me 1200");
  EXPECT_EQ(bucket("POST", "/api/v1/users/00u1"), "/api/v1/users/{id} 600");
  EXPECT_EQ(bucket("POST", "/api/v1/users/00u1/lifecycle/suspend"), "/api/v1/users 600");
  EXPECT_EQ(bucket("PUT", "/api/v1/groups/00g1/users/00u1"), "/api/v1/groups 500");
  EXPECT_EQ(bucket("GET", "/api/v1/groups/rules"), "/api/v1/groups 500");
  EXPECT_EQ(bucket("GET", "/api/v1/groups/00g1"), "/api/v1/groups/{id} 1000");
  EXPECT_EQ(bucket("GET", "/api/v1/apps"), "/api/v1/apps 100");
  EXPECT_EQ(bucket("GET", "/api/v1/meta/schemas/user/default"), "/api/v1 1200");
  EXPECT_EQ(bucket("GET", "/oauth2/v1/keys"), "/oauth2/v1 2000");
  EXPECT_FALSE(BucketTable::named("nonsense"));
}

TEST(RateLimits, LifecycleCallsShareTheListsBucketAndUpdatesDoNot) {
  Driver driver(limited("workforce"));
  const std::string id = driver.make_user("ada@example.com");
  const auto left = [&](const char* method, const std::string& target, const char* body = "") {
    return number(driver.send(method, target, body), "X-Rate-Limit-Remaining");
  };
  EXPECT_EQ(left("POST", "/api/v1/users/" + id + "/lifecycle/suspend"), 298);
  EXPECT_EQ(left("POST", "/api/v1/users/" + id, R"({"profile":{"city":"Ulm"}})"), 299);
  EXPECT_EQ(left("GET", "/api/v1/users/" + id), 999);
}

TEST(RateLimits, TwoClientsShareTheOrgsLimit) {
  SimOptions options = limited("integrator");
  options.tokens = {"TOKEN", "OTHER"};
  options.share_percent = 75;
  Driver driver(options);
  for (int i = 0; i < 60; ++i) driver.send("GET", "/api/v1/users");
  driver.token = "OTHER";
  int served = 0;
  while (driver.status("GET", "/api/v1/users") == 200) ++served;
  EXPECT_EQ(served, 40);
}

TEST(RateLimits, ConcurrencyGivesZerosAndAFarReset) {
  Driver driver(limited("workforce"));
  const SimReply reply = driver.send("GET", "/api/v1/users", {}, 76);
  EXPECT_EQ(reply.status, 429);
  EXPECT_EQ(reply.header("X-Rate-Limit-Limit"), "0");
  EXPECT_EQ(reply.header("X-Rate-Limit-Remaining"), "0");
  EXPECT_EQ(driver.send("GET", "/api/v1/users", {}, 75).status, 200);
}

TEST(RateLimits, NoneMeansNoHeaders) {
  Driver driver;
  EXPECT_EQ(driver.send("GET", "/api/v1/users").header("X-Rate-Limit-Limit"), "");
}

TEST(Tokens, UnknownOnesGet401AndDieWithTheirOwner) {
  Driver driver;
  driver.token = "WRONG";
  EXPECT_EQ(driver.status("GET", "/api/v1/users"), 401);
  EXPECT_EQ(driver.error_code(), "E0000011");
  driver.token = "TOKEN";
  EXPECT_EQ(driver.status("POST", "/api/v1/users/me/lifecycle/deactivate"), 200);
  EXPECT_EQ(driver.status("GET", "/api/v1/users"), 401);
}

TEST(Tokens, RolesDecideWhatTheySee) {
  Driver driver(unlimited(), R"({"users":[{"id":"00uA","profile":{"login":"a@example.com",
      "email":"a@example.com","firstName":"A","lastName":"B"}}],
      "groups":[{"id":"00gX","name":"x"},{"id":"00gY","name":"y"}],
      "tokens":[{"token":"READ","owner":"00uA","role":"read_only","groups_visible":["x"]},
                {"token":"NONE","owner":"a@example.com","role":"none"}]})");
  driver.token = "READ";
  EXPECT_EQ(driver.status("GET", "/api/v1/groups"), 200);
  EXPECT_EQ(driver.ids(), std::vector<std::string>{"00gX"});
  EXPECT_EQ(driver.status("POST", "/api/v1/groups", R"({"profile":{"name":"n"}})"), 403);
  EXPECT_EQ(driver.error_code(), "E0000006");
  driver.token = "NONE";
  EXPECT_EQ(driver.send("GET", "/api/v1/users").body, "[]");
  ASSERT_EQ(driver.status("GET", "/api/v1/users/me"), 200);
  EXPECT_EQ(driver.json["id"].as_string(), "00uA");
  EXPECT_EQ(driver.status("GET", "/api/v1/org"), 403);
  EXPECT_EQ(driver.status("GET", "/.well-known/okta-organization"), 200) << "asks for no right";
  EXPECT_EQ(driver.json["id"].as_string().substr(0, 3), "00o");
}

TEST(Protocol, UnknownPathsMethodsAndMissingLengthsAreRefused) {
  Driver driver;
  EXPECT_EQ(driver.status("GET", "/api/v1/nothing"), 404);
  EXPECT_EQ(driver.error_code(), "E0000008");
  const SimReply wrong = driver.send("DELETE", "/api/v1/users");
  EXPECT_EQ(wrong.status, 405);
  EXPECT_EQ(driver.error_code(), "E0000022");
  EXPECT_EQ(driver.status("PUT", "/api/v1/groups/rules"), 405) << "rules is not a group";
  ServedRequest request;
  request.method = "POST";
  request.target = "/api/v1/users/me/lifecycle/reset_factors";
  request.headers = {{"Authorization", "SSWS TOKEN"}};
  request.length_stated = false;
  EXPECT_EQ(driver.sim->handle(request).status, 411);
}

class Faulty : public ::testing::Test {
 protected:
  void set(const std::string& rules) {
    const auto json = parse_json(rules);
    ASSERT_TRUE(json);
    const auto loaded = driver.sim->faults().load(*json);
    ASSERT_TRUE(loaded) << loaded.error().message;
  }
  SimReply create(const std::string& name) {
    return driver.send("POST", "/api/v1/groups", R"({"profile":{"name":")" + name + "\"}}");
  }
  bool exists(const std::string& name) {
    driver.send("GET", "/api/v1/groups?q=" + name);
    return !driver.json.items().empty();
  }
  Driver driver;
};

TEST_F(Faulty, ResetsBeforeOrAfterTheEffect) {
  set(R"([{"match":{"method":"POST","nth":1},"do":"reset_before"},
          {"match":{"method":"POST","nth":2},"do":"reset_after"}])");
  EXPECT_EQ(create("one").end, ServedEnd::reset);
  EXPECT_FALSE(exists("one"));
  EXPECT_EQ(create("two").end, ServedEnd::reset);
  EXPECT_TRUE(exists("two"));
  EXPECT_EQ(create("three").status, 200);
}

TEST_F(Faulty, StatusBeforeOrAfterTheEffect) {
  set(R"([{"match":{"method":"POST","nth":1},"do":"status","status":503},
          {"match":{"method":"POST","nth":2},"do":"status_after","status":500}])");
  EXPECT_EQ(create("one").status, 503);
  EXPECT_FALSE(exists("one"));
  EXPECT_EQ(create("two").status, 500);
  EXPECT_EQ(driver.error_code(), "E0000009");
  EXPECT_TRUE(exists("two"));
}

TEST_F(Faulty, ReadOnlyModeLetsReadsThrough) {
  set(R"({"rules":[{"match":{"path_prefix":"/api/v1/"},"do":"read_only"}]})");
  EXPECT_EQ(create("one").status, 503);
  EXPECT_EQ(driver.error_code(), "E0000010");
  EXPECT_EQ(driver.status("GET", "/api/v1/groups"), 200);
}

TEST_F(Faulty, EveryTimesAndSlowAreCounted) {
  set(R"([{"match":{"method":"GET","every":2},"do":"slow","ms":700,"times":2}])");
  std::vector<std::int64_t> delays;
  for (int i = 0; i < 6; ++i) delays.push_back(driver.send("GET", "/api/v1/org").delay_ms);
  EXPECT_EQ(delays, (std::vector<std::int64_t>{0, 700, 0, 700, 0, 0}));
}

TEST_F(Faulty, APageCanBeLostOrCutShort) {
  for (int i = 0; i < 6; ++i) create("g" + std::to_string(i));
  set(R"([{"match":{"path_prefix":"/api/v1/groups","nth":2},"do":"lose_page"},
          {"match":{"path_prefix":"/api/v1/org"},"do":"truncate","bytes":10}])");
  std::size_t seen = 0;
  for (std::string target = "/api/v1/groups?limit=2"; !target.empty();) {
    const SimReply reply = driver.send("GET", target);
    seen += driver.json.items().size();
    target = next_link(reply, "next");
  }
  EXPECT_EQ(seen, 6U) << "two of eight are lost";
  const SimReply cut = driver.send("GET", "/api/v1/org");
  EXPECT_EQ(cut.end, ServedEnd::cut);
  EXPECT_EQ(cut.cut_at, 10U);
}

TEST_F(Faulty, LimitsCanBeForced) {
  set(R"([{"match":{"nth":1},"do":"429_concurrency"}])");
  const SimReply reply = driver.send("GET", "/api/v1/org");
  EXPECT_EQ(reply.status, 429);
  EXPECT_EQ(reply.header("X-Rate-Limit-Limit"), "0");
}

TEST_F(Faulty, AReplyIsHeldAtAnExactAuditPosition) {
  set(R"([{"match":{"audit_position":2},"do":"hold_reply"}])");
  EXPECT_EQ(create("one").held_at, 0U);
  EXPECT_EQ(create("two").held_at, 2U);
  EXPECT_EQ(driver.sim->held().count(2), 1U);
  driver.sim->release();
  EXPECT_TRUE(driver.sim->held().empty());
  EXPECT_EQ(create("three").held_at, 0U);
}

TEST_F(Faulty, ChanceRepeatsForASeed) {
  const std::string rules = R"([{"match":{"probability":0.3},"do":"status"}])";
  const auto outcome = [&] {
    Driver fresh;
    EXPECT_TRUE(fresh.sim->faults().load(*parse_json(rules)));
    std::string out;
    for (int i = 0; i < 60; ++i) out += fresh.status("GET", "/api/v1/org") == 200 ? '.' : 'x';
    return out;
  };
  const std::string first = outcome();
  EXPECT_EQ(first, outcome());
  EXPECT_NE(first.find('x'), std::string::npos);
  EXPECT_NE(first.find('.'), std::string::npos);
}

TEST_F(Faulty, UnknownRulesAreRefused) {
  EXPECT_FALSE(driver.sim->faults().load(*parse_json(R"([{"match":{},"do":"explode"}])")));
  EXPECT_FALSE(driver.sim->faults().load(*parse_json(R"([{"match":{"mood":1},"do":"slow"}])")));
}

}  // namespace
}  // namespace rollcall::sim

// Every fault as a client meets it: over TLS, with what happened in the org beside what arrived.
#include <fmt/core.h>

#include <optional>
#include <set>

#include "service/base/text.h"
#include "tests/sim/tls_fixture.h"

namespace rollcall::sim {
namespace {

class FaultsOverTls : public OverTls {
 protected:
  SimOptions options_of_org() override {
    SimOptions options = unlimited();
    options.limits = "workforce";
    return options;
  }
  struct Arrived {
    int status = 0;  // 0: the connection broke
    std::string body;
    Poco::Net::HTTPResponse response;
  };
  Arrived ask(const std::string& method, const std::string& target, const std::string& body = {}) {
    Arrived arrived;
    try {
      arrived.body = call(*session(), method, target, body, arrived.response);
      arrived.status = arrived.response.getStatus();
    } catch (const Poco::Exception&) {
      arrived.status = 0;
    }
    return arrived;
  }
  void set(const std::string& rules) {
    ASSERT_EQ(ask("PUT", "/sim/faults", rules).status, 204) << rules;
  }
  Arrived create(const std::string& name) {
    return ask("POST", "/api/v1/groups", R"({"profile":{"name":")" + name + "\"}}");
  }
  bool exists(const std::string& name) {
    return ask("GET", "/api/v1/groups?q=" + name).body != "[]";
  }
  std::string code(const Arrived& arrived) {
    const auto json = parse_json(arrived.body);
    return json ? std::string((*json)["errorCode"].as_string()) : std::string();
  }
  /// Rule's `do` of each fault that fired, in order.
  std::string fired() {
    std::string all;
    const Json shown = *parse_json(ask("GET", "/sim/faults").body);
    for (const Json& row : shown["fired"].items()) {
      all += (all.empty() ? "" : " ") + std::string(row["do"].as_string());
    }
    return all;
  }
};

TEST_F(FaultsOverTls, BreaksAndErrorsBeforeAndAfterTheEffect) {
  struct Case {
    const char *rule, *name;
    int status;
    bool happened;
  };
  for (const Case& one : {Case{R"("do":"reset_before")", "n-a", 0, false},
                          Case{R"("do":"reset_after")", "n-b", 0, true},
                          Case{R"("do":"status","status":500)", "n-c", 500, false},
                          Case{R"("do":"status_after","status":500)", "n-d", 500, true},
                          Case{R"("do":"gateway")", "n-e", 502, false},
                          Case{R"("do":"gateway_after","status":504)", "n-f", 504, true},
                          Case{R"("do":"429")", "n-g", 429, false},
                          Case{R"("do":"429_concurrency")", "n-h", 429, false},
                          Case{R"("do":"read_only")", "n-i", 503, false}}) {
    SCOPED_TRACE(one.rule);
    set(fmt::format(R"([{{"match":{{"method":"POST"}},{},"times":1}}])", one.rule));
    const Arrived arrived = create(one.name);
    EXPECT_EQ(arrived.status, one.status) << arrived.body;
    EXPECT_EQ(exists(one.name), one.happened);
    EXPECT_EQ(create(std::string(one.name) + "2").status, 200) << "once only";
    EXPECT_NE(fired(), "");
  }
}

TEST_F(FaultsOverTls, AGatewaysPageIsNoJsonAndHasNoneOfOktasHeaders) {
  set(R"([{"match":{},"do":"gateway","status":503}])");
  const Arrived arrived = ask("GET", "/api/v1/users");
  EXPECT_EQ(arrived.status, 503);
  EXPECT_EQ(arrived.response.getContentType(), "text/html");
  EXPECT_FALSE(parse_json(arrived.body));
  EXPECT_FALSE(arrived.response.has("X-Okta-Request-Id"));
}

TEST_F(FaultsOverTls, BothKindsOf429CanBeToldApart) {
  set(R"([{"match":{"path_prefix":"/api/v1/users"},"do":"429"},
          {"match":{"path_prefix":"/api/v1/groups"},"do":"429_concurrency"}])");
  const Arrived rate = ask("GET", "/api/v1/users");
  EXPECT_EQ(rate.response.get("X-Rate-Limit-Limit"), "300");
  EXPECT_EQ(rate.response.get("X-Rate-Limit-Remaining"), "0");
  const Arrived at_once = ask("GET", "/api/v1/groups");
  EXPECT_EQ(at_once.response.get("X-Rate-Limit-Limit"), "0");
  EXPECT_EQ(code(rate) + code(at_once), "E0000047E0000047");
}

TEST_F(FaultsOverTls, RateHeadersCanComeTwice) {
  set(R"([{"match":{},"do":"double_headers"}])");
  const Arrived arrived = ask("GET", "/api/v1/users");
  std::set<std::string> values;
  for (const auto& [name, value] : arrived.response) {
    if (ascii_iequals(name, "X-Rate-Limit-Remaining")) values.insert(value);
  }
  EXPECT_EQ(values, (std::set<std::string>{"299", "2999"}));
}

TEST_F(FaultsOverTls, BodiesCanBeCutShort) {
  set(R"([{"match":{"path_prefix":"/api/v1/org"},"do":"truncate","bytes":20}])");
  const Arrived cut = ask("GET", "/api/v1/org");
  EXPECT_LE(cut.body.size(), 20U);
  EXPECT_FALSE(parse_json(cut.body));
}

TEST_F(FaultsOverTls, PagesCanBeLostDoubledOrShort) {
  for (int i = 0; i < 6; ++i) ASSERT_EQ(create(fmt::format("g{}", i)).status, 200);
  const auto walk = [&](std::size_t& pages) {
    std::vector<std::string> ids;
    pages = 0;
    for (std::string target = "/api/v1/groups?limit=4"; !target.empty(); ++pages) {
      const Arrived page = ask("GET", target);
      target.clear();
      const Json rows = *parse_json(page.body);
      for (const Json& row : rows.items()) ids.emplace_back(row["id"].as_string());
      for (const auto& [name, value] : page.response) {
        if (name != "Link" || value.find("rel=\"next\"") == std::string::npos) continue;
        target = value.substr(value.find("/api"), value.find('>') - value.find("/api"));
      }
    }
    return ids;
  };
  std::size_t pages = 0;
  const auto whole = walk(pages);
  ASSERT_EQ(whole.size(), 8U) << "Everyone, the administrators and six";
  EXPECT_EQ(pages, 2U);
  set(R"([{"match":{"path_prefix":"/api/v1/groups","nth":1},"do":"lose_page"}])");
  EXPECT_EQ(walk(pages).size(), 4U);
  set(R"([{"match":{"path_prefix":"/api/v1/groups","nth":1},"do":"double_page"}])");
  const auto doubled = walk(pages);
  EXPECT_EQ(doubled.size(), 12U);
  EXPECT_EQ(std::set<std::string>(doubled.begin(), doubled.end()).size(), 8U);
  set(R"([{"match":{"path_prefix":"/api/v1/groups"},"do":"shorten_page"}])");
  EXPECT_EQ(walk(pages), whole) << "shorter pages, none lost";
  EXPECT_EQ(pages, 4U);
}

TEST_F(FaultsOverTls, AStaleIndexShowsWhatWas) {
  set(R"([{"match":{"path_prefix":"/api/v1/groups","method":"GET","from":2},"times":1,
           "do":"stale_index","ms":60000}])");
  ASSERT_EQ(create("new").status, 200);
  EXPECT_TRUE(exists("new"));
  clock_.advance(30'000);
  EXPECT_FALSE(exists("new")) << "the second read sees a minute back";
  EXPECT_TRUE(exists("new"));
  EXPECT_EQ(fired(), "stale_index");
}

TEST_F(FaultsOverTls, ACredentialCanEndFromAnyRequestOn) {
  struct Case {
    const char* kind;
    int list, single;
    const char* code;
  };
  for (const Case& one :
       {Case{"revoked", 401, 401, "E0000011"}, Case{"role_removed", 200, 403, "E0000006"},
        Case{"zone_changed", 403, 403, "E0000006"}}) {
    SCOPED_TRACE(one.kind);
    set(fmt::format(
        R"([{{"match":{{"credential":"TOKEN","from":3,"path_prefix":"/api"}},"do":"{}"}}])",
        one.kind));
    EXPECT_EQ(ask("GET", "/api/v1/users").status, 200);
    EXPECT_NE(ask("GET", "/api/v1/groups").body, "[]");
    const Arrived list = ask("GET", "/api/v1/users");
    EXPECT_EQ(list.status, one.list);
    if (one.list == 200) {
      EXPECT_EQ(list.body, "[]");
    }
    const Arrived single = ask("GET", "/api/v1/org");
    EXPECT_EQ(single.status, one.single);
    EXPECT_EQ(code(single), one.code);
    EXPECT_EQ(create("nothing").status, one.single);
    set(fmt::format(R"([{{"match":{{"credential":"OTHER"}},"do":"{}"}}])", one.kind));
    EXPECT_EQ(ask("GET", "/api/v1/org").status, 200) << "another credential's trouble";
  }
}

TEST_F(FaultsOverTls, RulesThatMakeNoSenseAreRefused) {
  for (const char* rules :
       {R"([{"match":{},"do":"explode"}])", R"([{"match":{"mood":1},"do":"slow"}])",
        R"([{"match":{"nth":0},"do":"slow"}])", R"([{"match":{"from":"x"},"do":"slow"}])",
        R"([{"match":{"probability":2},"do":"slow"}])", R"([{"match":{"method":1},"do":"slow"}])",
        R"({"rules":1})"}) {
    EXPECT_EQ(ask("PUT", "/sim/faults", rules).status, 400) << rules;
  }
}

}  // namespace
}  // namespace rollcall::sim

// Lists: paging, search and filter, the lagging index.
#include "tests/sim/listing.h"

#include "tests/sim/sim_fixture.h"

namespace rollcall::sim {
namespace {

/// An org of `count` users u0, u1, …; each third one is deactivated.
std::string org_of(int count) {
  std::string users;
  for (int i = 0; i < count; ++i) {
    const std::string n = std::to_string(i);
    users += std::string(i > 0 ? "," : "") + R"({"id":"00uUSER)" + n + R"(","status":")" +
             (i % 3 == 2 ? "DEPROVISIONED" : "ACTIVE") + R"(","created":"2024-01-0)" +
             std::to_string(1 + i % 9) + R"(T00:00:00Z","profile":{"login":"u)" + n +
             R"(@example.com","email":"u)" + n + R"(@example.com","firstName":"F)" + n +
             R"(","lastName":"Ström","department":"D)" + std::to_string(i % 2) + "\"}}";
  }
  return R"({"users":[)" + users + R"(],"groups":[{"id":"00gALL","name":"all","members":[)" + [&] {
    std::string ids;
    for (int i = 0; i < count; ++i)
      ids += (i > 0 ? ",\"00uUSER" : "\"00uUSER") + std::to_string(i) + "\"";
    return ids;
  }() + "]}]}";
}

std::vector<std::string> walk(Driver& driver, std::string target, int& pages) {
  std::vector<std::string> all;
  pages = 0;
  while (!target.empty()) {
    const SimReply reply = driver.send("GET", target);
    EXPECT_EQ(reply.status, 200) << reply.body;
    for (const std::string& id : driver.ids()) all.push_back(id);
    EXPECT_FALSE(next_link(reply, "self").empty());
    target = next_link(reply, "next");
    ++pages;
  }
  return all;
}

std::size_t count(Driver& driver, const std::string& query) {
  const SimReply reply = driver.send("GET", "/api/v1/users?" + query);
  EXPECT_EQ(reply.status, 200) << query << reply.body;
  return driver.json.items().size();
}

TEST(Paging, GivesEveryRowOnceAndNoNextAtTheEnd) {
  Driver driver(unlimited(), org_of(30));
  int pages = 0;
  EXPECT_EQ(walk(driver, "/api/v1/groups/00gALL/users?limit=7", pages).size(), 30U);
  EXPECT_EQ(pages, 5);
  EXPECT_EQ(walk(driver, "/api/v1/groups/00gALL/users?limit=10", pages).size(), 30U);
  EXPECT_EQ(pages, 3) << "a full last page has no next link";
}

TEST(Paging, PlainListsOmitDeactivatedUsersSearchAndFilterDoNot) {
  Driver driver(unlimited(), org_of(30));
  int pages = 0;
  EXPECT_EQ(walk(driver, "/api/v1/users?limit=8", pages).size(), 21U) << "20 and the token's owner";
  EXPECT_EQ(count(driver, "filter=status+eq+%22DEPROVISIONED%22"), 10U);
  EXPECT_EQ(count(driver, "search=status+eq+%22deprovisioned%22"), 10U);
  EXPECT_EQ(count(driver, "q=F2&limit=200"), 6U) << "2 and 20 to 29 without the deactivated";
}

TEST(Paging, CursorsAreNotIdsAndBadOnesAreRefused) {
  Driver driver(unlimited(), org_of(5));
  const std::string next = next_link(driver.send("GET", "/api/v1/users?limit=1"), "next");
  EXPECT_NE(next.find("after=200uUSER0"), std::string::npos) << next;
  EXPECT_EQ(driver.status("GET", "/api/v1/users?limit=1&after=00uUSER0"), 400);
  EXPECT_EQ(driver.error_code(), "E0000029");
}

TEST(Paging, SelfShowsTheEffectiveLimit) {
  Driver driver(unlimited(), org_of(3));
  const auto self = [&](const std::string& target) {
    return next_link(driver.send("GET", target), "self");
  };
  EXPECT_EQ(self("/api/v1/users"), "/api/v1/users?limit=200");
  EXPECT_EQ(self("/api/v1/users?limit=5000"), "/api/v1/users?limit=200");
  EXPECT_EQ(self("/api/v1/groups"), "/api/v1/groups?limit=10000");
  EXPECT_EQ(self("/api/v1/groups/00gALL/users"), "/api/v1/groups/00gALL/users?limit=1000");
  EXPECT_EQ(self("/api/v1/groups/rules"), "/api/v1/groups/rules?limit=50");
  EXPECT_EQ(self("/api/v1/groups?q=al"), "") << "queries by name are not paged";
}

TEST(Search, KnowsTheGrammar) {
  Driver driver(unlimited(), org_of(30));
  const auto search = [&](const std::string& text) {
    return count(driver, "limit=200&search=" + encode_query(text));
  };
  EXPECT_EQ(search(R"(profile.department eq "d1")"), 15U);
  EXPECT_EQ(search(R"(profile.firstName sw "f1")"), 11U);
  EXPECT_EQ(search(R"(profile.login co "U1")"), 11U);
  EXPECT_EQ(search(R"(profile.department pr)"), 30U);
  EXPECT_EQ(
      search(R"(created ge "2024-01-02T00:00:00.000Z" and created lt "2024-01-03T00:00:00Z")"), 4U);
  EXPECT_EQ(
      search(R"((profile.firstName eq "F1" or profile.firstName eq "F2") and status eq "ACTIVE")"),
      1U);
  EXPECT_EQ(search(R"(profile.lastName eq "STRÖM")"), 30U);
  EXPECT_EQ(search(R"(profile.lastName eq "Strom")"), 0U) << "diacritics count in search";
  EXPECT_EQ(search(R"(id eq "00uUSER7")"), 1U);
}

TEST(Search, RefusesWhatOktaRefuses) {
  Driver driver(unlimited(), org_of(3));
  for (const char* text :
       {R"(status ne "ACTIVE")", R"(profile.nonsense eq "x")", R"(profile.department co "x")",
        R"(status eq)", R"(status eq "ACTIVE" and)", R"((status eq "ACTIVE")",
        R"(created gt "soon")", R"(Status eq "ACTIVE")"}) {
    EXPECT_EQ(driver.status("GET", "/api/v1/users?search=" + encode_query(text)), 400) << text;
    EXPECT_EQ(driver.error_code(), "E0000031") << text;
  }
  EXPECT_EQ(driver.status("GET", "/api/v1/users?search=" + encode_query(R"(status eq "ACTIVE")") +
                                     "&filter=" + encode_query(R"(status eq "ACTIVE")")),
            400);
  EXPECT_EQ(driver.error_code(), "E0000033");
}

TEST(Search, SortsAndBreaksTiesById) {
  Driver driver(unlimited(), org_of(9));
  driver.send("GET", "/api/v1/users?search=" + encode_query(R"(profile.department pr)") +
                         "&sortBy=profile.department&sortOrder=desc&limit=4");
  EXPECT_EQ(driver.ids(),
            (std::vector<std::string>{"00uUSER1", "00uUSER3", "00uUSER5", "00uUSER7"}));
  int pages = 0;
  EXPECT_EQ(walk(driver,
                 "/api/v1/users?search=" + encode_query("profile.department pr") +
                     "&sortBy=profile.department&limit=2",
                 pages)
                .size(),
            9U);
}

TEST(Filter, AllowsFewAttributesAndMindsCase) {
  Driver driver(unlimited(), org_of(6));
  EXPECT_EQ(count(driver, "filter=" + encode_query(R"(profile.login eq "u1@example.com")")), 1U);
  EXPECT_EQ(count(driver, "filter=" + encode_query(R"(profile.login eq "U1@example.com")")), 0U);
  EXPECT_EQ(count(driver, "filter=" + encode_query(R"(lastUpdated ge "2024-01-06T00:00:00Z")")), 2U)
      << "the last and the token's owner";
  EXPECT_EQ(driver.status("GET", "/api/v1/users?filter=" + encode_query(R"(profile.city eq "x")")),
            400);
  EXPECT_EQ(driver.status("GET", "/api/v1/users?filter=" + encode_query(R"(profile.login sw "u")")),
            400);
}

TEST(Index, ShowsTheStateOfNowMinusLag) {
  SimOptions options = unlimited();
  options.org.index_lag_ms = 3000;
  Driver driver(options);
  const std::string id = driver.make_user("ada@example.com", "?activate=false");
  const auto rows = [&] {
    driver.send("GET",
                "/api/v1/users?search=" + encode_query(R"(profile.login eq "ada@example.com")"));
    return driver.json.items().size();
  };
  EXPECT_EQ(driver.status("GET", "/api/v1/users/" + id), 200) << "reads by id do not lag";
  EXPECT_EQ(rows(), 0U);
  driver.clock.advance(3000);
  EXPECT_EQ(rows(), 1U);
  driver.status("POST", "/api/v1/users/" + id, R"({"profile":{"city":"Ulm"}})");
  ASSERT_EQ(rows(), 1U);
  EXPECT_FALSE(driver.json.items()[0]["profile"].has("city"));
  driver.clock.advance(3000);
  ASSERT_EQ(rows(), 1U);
  EXPECT_TRUE(driver.json.items()[0]["profile"].has("city"));
}

TEST(Index, ShowsTransitionsAndDeletionsLate) {
  SimOptions options = unlimited();
  options.org.index_lag_ms = 2000;
  Driver driver(options);
  const std::string id = driver.make_user("ada@example.com", "", false);
  const auto seen = [&] {
    driver.send("GET", "/api/v1/users?search=" + encode_query("id eq \"" + id + "\""));
    if (driver.json.items().empty()) return std::string("none");
    const Json& row = driver.json.items()[0];
    return std::string(row["status"].as_string()) + ">" +
           std::string(row["transitioningToStatus"].as_string());
  };
  EXPECT_EQ(seen(), "none");
  driver.clock.advance(2500);
  EXPECT_EQ(seen(), "STAGED>PROVISIONED");
  driver.clock.advance(2000);
  EXPECT_EQ(seen(), "PROVISIONED>");
  driver.status("DELETE", "/api/v1/users/" + id);
  driver.status("DELETE", "/api/v1/users/" + id);
  EXPECT_EQ(seen(), "PROVISIONED>");
  driver.clock.advance(2000);
  EXPECT_EQ(seen(), "none");
}

TEST(Index, MembershipsLagToo) {
  SimOptions options = unlimited();
  options.org.index_lag_ms = 2000;
  Driver driver(options, org_of(3));
  const std::string members = "/api/v1/groups/00gALL/users";
  driver.status("DELETE", members + "/00uUSER0");
  driver.status("GET", members);
  EXPECT_EQ(driver.ids().size(), 3U);
  driver.clock.advance(2000);
  driver.status("GET", members);
  EXPECT_EQ(driver.ids().size(), 2U);
  driver.status("PUT", members + "/00uUSER0");
  driver.status("GET", "/api/v1/users/00uUSER0/groups");
  EXPECT_EQ(driver.ids().size(), 1U) << "only Everyone yet";
  driver.clock.advance(2000);
  driver.status("GET", "/api/v1/users/00uUSER0/groups");
  EXPECT_EQ(driver.ids().size(), 2U);
}

}  // namespace
}  // namespace rollcall::sim

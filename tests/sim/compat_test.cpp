// Replies as a later version may send them: everything that was there still is, nothing else is
// certain, and a seed repeats.
#include "tests/sim/compat.h"

#include <fmt/core.h>

#include <algorithm>
#include <set>

#include "service/base/text.h"
#include "tests/sim/sim_fixture.h"
#include "tests/sim/sim_options.h"

namespace rollcall::sim {
namespace {

Json parsed(std::string_view text) {
  const auto json = parse_json(text);
  EXPECT_TRUE(json) << text;
  return json ? *json : Json();
}

/// Whether `later` says all that `now` says: equal values, nulls perhaps gone.
bool says_all(const Json& now, const Json& later) {
  if (now.is_array()) {
    if (!later.is_array() || now.items().size() != later.items().size()) return false;
    for (std::size_t i = 0; i < now.items().size(); ++i) {
      if (!says_all(now.items()[i], later.items()[i])) return false;
    }
    return true;
  }
  if (!now.is_object()) return now == later;
  return later.is_object() &&
         std::all_of(now.members().begin(), now.members().end(), [&](const Json::Member& member) {
           return says_all(member.second, later[member.first]);
         });
}

std::vector<std::string> names_of(const Json& object) {
  std::vector<std::string> names;
  for (const auto& [name, value] : object.members()) names.push_back(name);
  return names;
}

TEST(Compat, KeepsEveryValueAndChangesTheRest) {
  const Json reply = parsed(R"([{"id":"00u1","activated":null,"lastLogin":null,
      "profile":{"login":"a","city":"Ulm"},"list":[1,null,"x",{"a":null}],"_links":{"self":{"href":"h"}}},
      {"id":"00u2","profile":{"login":"b"},"number":1.5}])");
  int reordered = 0, without_null = 0, with_unknown = 0, null_added = 0, linked = 0;
  constexpr int kSeeds = 300;
  for (int seed = 0; seed < kSeeds; ++seed) {
    Rng rng(static_cast<std::uint64_t>(seed));
    const Json later = disturbed(reply, rng);
    ASSERT_TRUE(says_all(reply, later)) << "seed " << seed << "\n" << later.pretty();
    const Json& first = later.items()[0];
    const auto names = names_of(first);
    reordered += names.front() == "id" ? 0 : 1;
    without_null += first.has("activated") ? 0 : 1;
    with_unknown += names_of(first["profile"]).size() > 2 ? 1 : 0;
    null_added += later.items()[1].has("lastLogin") ? 1 : 0;
    for (const auto& [name, link] : first["_links"].members()) {
      ASSERT_TRUE(link["href"].is_string()) << "a link stays a link, seed " << seed;
      linked += name == "self" ? 0 : 1;
    }
  }
  fmt::print(
      "{} seeds: first property moved {}, null left out {}, unknown property {}, null added {}, "
      "unknown link {}\n",
      kSeeds, reordered, without_null, with_unknown, null_added, linked);
  for (const int seen : {reordered, without_null, with_unknown, null_added, linked}) {
    EXPECT_GT(seen, kSeeds / 20);
  }
}

TEST(Compat, InventsNoAttributesWhereNamesAreData) {
  const Json schema =
      parsed(R"({"definitions":{"custom":{"properties":{"badge":{"type":"string"}}}}})");
  for (std::uint64_t seed = 0; seed < 100; ++seed) {
    Rng rng(seed);
    const Json later = disturbed(schema, rng);
    EXPECT_EQ(names_of(later["definitions"]["custom"]["properties"]),
              std::vector<std::string>{"badge"});
  }
}

TEST(Compat, RepeatsForASeedAndDiffersBetweenSeeds) {
  const Json reply = parsed(R"({"a":1,"b":null,"c":{"d":[{"e":null}]}})");
  std::set<std::string> seen;
  for (std::uint64_t seed = 1; seed <= 50; ++seed) {
    Rng once(seed), again(seed);
    const std::string text = disturbed(reply, once).dump();
    EXPECT_EQ(disturbed(reply, again).dump(), text);
    seen.insert(text);
  }
  EXPECT_GT(seen.size(), 40U);
}

TEST(Compat, LinksAndHeadersKeepTheirMeaning) {
  const std::vector<std::pair<std::string, std::string>> headers = {
      {"Link", "<https://h/api/v1/users?a=1&b=2&c=3>; rel=\"self\""},
      {"Link", "<https://h/api/v1/users?a=1&after=9>; rel=\"next\""},
      {"Date", "now"}};
  std::set<std::string> orders;
  std::set<std::size_t> lines;
  for (std::uint64_t seed = 1; seed <= 60; ++seed) {
    Rng rng(seed);
    const auto later = disturbed_headers(headers, rng);
    lines.insert(later.size());
    std::string all;
    for (const auto& [name, value] : later) all += fmt::format("{}={}\n", ascii_lower(name), value);
    EXPECT_NE(all.find("rel=\"self\""), std::string::npos);
    EXPECT_NE(all.find("rel=\"next\""), std::string::npos);
    EXPECT_NE(all.find("date=now"), std::string::npos);
    orders.insert(disturbed_url("https://h/x?a=1&b=2&c=3", rng));
  }
  EXPECT_EQ(orders.size(), 6U) << "three parameters, six orders";
  EXPECT_EQ(lines, (std::set<std::size_t>{2, 3})) << "relations on one line, or on two";
}

TEST(Compat, TheModeDisturbsEveryReplyUntilItIsEnded) {
  SimOptions options = unlimited();
  options.compat = 7;
  Driver driver(options);
  const std::string id = driver.make_user("ada@example.com");
  const std::string disturbed_text = driver.send("GET", "/api/v1/users/" + id).body;
  EXPECT_EQ(driver.json["status"].as_string(), "ACTIVE");
  EXPECT_EQ(driver.send("GET", "/api/v1/users/" + id).body, disturbed_text) << "repeatable";
  EXPECT_EQ(driver.status("PUT", "/sim/compat", R"({"seed":"x"})"), 400);
  EXPECT_EQ(driver.status("PUT", "/sim/compat", R"({"seed":null})"), 204);
  const std::string plain = driver.send("GET", "/api/v1/users/" + id).body;
  EXPECT_EQ(plain.substr(0, 6), "{\"id\":");
  EXPECT_TRUE(says_all(parsed(plain), parsed(disturbed_text)));
  EXPECT_EQ(driver.status("PUT", "/sim/compat", R"({"seed":7})"), 204);
  EXPECT_EQ(driver.send("GET", "/api/v1/users/" + id).body, disturbed_text);
  driver.status("GET", "/sim/compat");
  EXPECT_EQ(driver.json["seed"].as_int(), 7);
  const auto line = parse_command_line({"--compat", "9"});
  ASSERT_TRUE(line);
  EXPECT_EQ(line->sim.compat, std::optional<std::uint64_t>(9));
}

}  // namespace
}  // namespace rollcall::sim

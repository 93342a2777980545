// What a listing does when a reply looks right and may not be: ends, empty pages, counts, chains.
#include <gtest/gtest.h>

#include "connectors/okta/listing.h"
#include "tests/unit/okta/small_org.h"

namespace rollcall {
namespace {

using test::KeptOrg;
using test::make_reply;
using test::okta_error;
using test::SmallOrg;

struct Doubt {
  SmallOrg org;
  KeptOrg kept;
  AttrSchema profile;
  ScanScope scope;
  PageSizes pages;
  std::size_t most_at_once = 0;  // chains by status

  explicit Doubt(std::size_t users) {
    profile.add({"login"});
    scope.profile = &profile;
    org.add_users(users);
  }
  ScanSummary summary() {
    Listing listing(scope, kept, "https://acme.okta.com", WallTime{1'000}, pages);
    while (!listing.done()) {
      const auto wanted = listing.ready();
      if (wanted.empty()) {
        ADD_FAILURE() << "the listing waits for nothing";
        break;
      }
      std::size_t of_users = 0;
      for (const auto& request : wanted) {
        const bool chain = request.request.target.find("/users?filter=status") != std::string::npos;
        of_users += chain ? 1 : 0;
        listing.answered(request.token, org.answer(request.request.target));
      }
      most_at_once = std::max(most_at_once, of_users);
    }
    auto result = listing.finish();
    EXPECT_TRUE(result) << (result ? "" : describe(result.error()));
    return result ? *result : ScanSummary{};
  }
  void no_owner() {
    hide_owner = true;
    install();
  }
  /// Answers whatever `given` does not.
  void install(
      const std::function<std::optional<HttpExchange>(const std::string&, int)>& given = {}) {
    org.before = [this, given](const std::string& target, int times) {
      std::optional<HttpExchange> none;
      if (hide_owner && target == "/api/v1/users/me") {
        return std::optional(HttpExchange::replied(okta_error(403, "E0000006")));
      }
      return given ? given(target, times) : none;
    };
  }
  bool hide_owner = false;
};

bool has(const ScanSummary& summary, ErrorCode code) {
  for (const Error& reason : summary.reasons) {
    if (reason.code == code) return true;
  }
  return false;
}

bool contains(const std::string& text, const char* part) {
  return text.find(part) != std::string::npos;
}

std::optional<HttpExchange> empty_list() { return HttpExchange::replied(make_reply(200, "[]")); }

TEST(ListingDoubt, AFirstListingOfManyGoesByStatusFourChainsAtATime) {
  Doubt doubt(2'400);
  for (std::size_t i = 0; i < doubt.org.users.size(); ++i) {
    static const std::vector<std::string> statuses{"ACTIVE", "SUSPENDED", "DEPROVISIONED"};
    if (doubt.org.users[i].id != doubt.org.owner) doubt.org.users[i].status = statuses[i % 3];
  }
  doubt.org.counted = doubt.org.users.size();
  const ScanSummary summary = doubt.summary();
  EXPECT_TRUE(summary.certified);
  EXPECT_EQ(summary.users, 2'401U);
  for (const auto& [id, times] : doubt.kept.times) EXPECT_EQ(times, 1) << id;
  EXPECT_EQ(doubt.most_at_once, 4U);
  // 801 are active; 800 each are suspended and deactivated, whose full last page is asked for
  // twice; the other five statuses have nobody.
  EXPECT_EQ(doubt.org.asked("filter=status"), 5U + 5 + 5 + 5);
  EXPECT_EQ(doubt.org.asked("search="), 0U);
  EXPECT_EQ(summary.chain_boundaries.size(), 3U) << "the next one goes by created";
}

TEST(ListingDoubt, WhoChangesStatusBetweenTheChainsIsInTheClosingChain) {
  Doubt doubt(30);
  doubt.pages.chains_from = 10;
  doubt.org.counted = 31;
  auto& moved = doubt.org.users[7];
  moved.status = "SUSPENDED";
  doubt.install([&](const std::string& target, int) -> std::optional<HttpExchange> {
    if (contains(target, "filter=status%20eq%20%22SUSPENDED")) {  // read: now they are back
      moved.status = "ACTIVE";
      moved.updated_s = doubt.org.now_s;
      return empty_list();
    }
    return std::nullopt;
  });
  EXPECT_TRUE(doubt.summary().certified);
  EXPECT_EQ(doubt.kept.times[moved.id], 1);
  EXPECT_EQ(doubt.kept.statuses[moved.id], AccountStatus::active);
}

TEST(ListingDoubt, AnEndOnAFullPageIsAskedForAgain) {
  Doubt exact(199);  // and the owner: one page, exactly full
  EXPECT_TRUE(exact.summary().certified);
  EXPECT_EQ(exact.org.asked("created"), 2U);

  Doubt lost(450);
  lost.install([&](const std::string& target, int times) -> std::optional<HttpExchange> {
    if (!contains(target, "created") || contains(target, "after=") || times > 1) {
      return std::nullopt;
    }
    Json body = Json::array();
    for (std::size_t i = 0; i < 200; ++i) body.push(SmallOrg::user_json(lost.org.users[i]));
    return HttpExchange::replied(make_reply(200, body.dump()));  // its link was lost
  });
  const ScanSummary summary = lost.summary();
  EXPECT_TRUE(summary.certified);
  EXPECT_EQ(summary.users, 451U);
}

TEST(ListingDoubt, AListCutOffForGoodIsNotCertifiedIfTheOrgCountsMore) {
  const auto cut = [](Doubt& doubt) {
    doubt.install([&doubt](const std::string& target, int) -> std::optional<HttpExchange> {
      const bool users = contains(target, "created");
      if (!users && !contains(target, "00gEveryone/users")) return std::nullopt;
      Json body = Json::array();
      for (std::size_t i = 0; i < 200; ++i) body.push(SmallOrg::user_json(doubt.org.users[i]));
      return HttpExchange::replied(make_reply(200, body.dump()));
    });
  };
  Doubt doubt(450);
  doubt.org.counted = 451;
  doubt.pages.members = 200;
  cut(doubt);
  const ScanSummary summary = doubt.summary();
  EXPECT_FALSE(summary.certified);
  EXPECT_TRUE(has(summary, ErrorCode::okta_page_incomplete));
  ASSERT_FALSE(summary.reasons.empty());
  EXPECT_EQ(summary.reasons.back().message, "the org counts 451 users, its lists show 201");
}

TEST(ListingDoubt, WhoTheChainsSkippedIsFoundThroughEveryoneAndReadById) {
  Doubt doubt(450);
  doubt.org.counted = 451;
  for (std::size_t i = 100; i < 110; ++i) doubt.org.users[i].in_index = false;
  const ScanSummary summary = doubt.summary();
  EXPECT_TRUE(summary.certified);
  EXPECT_EQ(summary.users, 451U);
  EXPECT_EQ(summary.requests_by_term.at("everyone"), 1U);
  EXPECT_EQ(summary.requests_by_term.at("by id"), 10U);
  for (const auto& [id, times] : doubt.kept.times) EXPECT_EQ(times, 1) << id;
}

TEST(ListingDoubt, AnOrgThatCountsNoMoreThanItShowsCostsNoFurtherRequest) {
  Doubt doubt(30);
  doubt.org.counted = 31;
  const ScanSummary summary = doubt.summary();
  EXPECT_TRUE(summary.certified);
  EXPECT_EQ(summary.requests_by_term.count("everyone"), 0U);
  EXPECT_EQ(summary.requests_by_term.count("sight"), 0U);
}

TEST(ListingDoubt, EveryoneThatMayNotBeReadCostsTheCertificateOnly) {
  Doubt doubt(30);
  doubt.org.counted = 40;
  doubt.install([](const std::string& target, int) -> std::optional<HttpExchange> {
    if (!contains(target, "00gEveryone/users")) return std::nullopt;
    return HttpExchange::replied(okta_error(403, "E0000006"));
  });
  const ScanSummary summary = doubt.summary();
  EXPECT_FALSE(summary.certified);
  EXPECT_TRUE(has(summary, ErrorCode::okta_page_incomplete));
}

TEST(ListingDoubt, ACredentialThatGoesBlindHalfWayIsNoticed) {
  for (const bool owner : {true, false}) {
    Doubt doubt(450);
    if (!owner) doubt.no_owner();
    bool blind = false;
    doubt.install([&](const std::string& target, int) -> std::optional<HttpExchange> {
      blind = blind || contains(target, "after=200");
      const bool list = target.find('?') != std::string::npos;
      return blind && list ? empty_list() : std::nullopt;
    });
    const ScanSummary summary = doubt.summary();
    EXPECT_FALSE(summary.certified) << owner;
    EXPECT_TRUE(has(summary, ErrorCode::okta_sees_nothing)) << owner;
    EXPECT_EQ(doubt.org.asked("after=200"), 2U) << "an empty page is asked for again";
  }
}

TEST(ListingDoubt, ADeletedAnchorIsNoBlindness) {
  Doubt doubt(30);
  doubt.no_owner();
  doubt.install([&](const std::string& target, int) -> std::optional<HttpExchange> {
    if (contains(target, "lastUpdated")) doubt.org.users.erase(doubt.org.users.begin());
    return std::nullopt;
  });
  EXPECT_TRUE(doubt.summary().certified);
}

TEST(ListingDoubt, AGroupWithoutMembersIsBelievedOnlyOfACredentialThatStillSees) {
  for (const bool owner : {true, false}) {
    Doubt seeing(3);
    seeing.org.groups["00g1"] = {};
    if (!owner) seeing.no_owner();
    const ScanSummary fine = seeing.summary();
    EXPECT_TRUE(fine.certified);
    EXPECT_EQ(fine.requests_by_term.at("sight"), 1U);

    Doubt blind(3);
    blind.org.groups["00g1"] = {"00u100001"};
    blind.hide_owner = !owner;
    blind.install([](const std::string& target, int) -> std::optional<HttpExchange> {
      const bool late = contains(target, "/users?limit=1000") || contains(target, "BUILT_IN");
      return late ? empty_list() : std::nullopt;
    });
    EXPECT_TRUE(has(blind.summary(), ErrorCode::okta_sees_nothing)) << owner;
  }
}

TEST(ListingDoubt, WithoutABuiltInGroupTheOwnersRowShowsThatTheCredentialSees) {
  Doubt doubt(3);
  doubt.org.groups = {{"00g1", {}}};
  const ScanSummary summary = doubt.summary();
  EXPECT_TRUE(summary.certified);
  EXPECT_EQ(doubt.org.asked("limit=1&") + doubt.org.asked("00uOwner%22&limit=1"), 1U);
}

}  // namespace
}  // namespace rollcall

#include "connectors/okta/listing.h"

#include <gtest/gtest.h>

#include "tests/unit/okta/small_org.h"

namespace rollcall {
namespace {

using test::KeptOrg;
using test::make_reply;
using test::okta_error;
using test::SmallOrg;

struct Read {
  SmallOrg org;
  KeptOrg kept;
  AttrSchema profile;
  ScanScope scope;

  Read() {
    profile.add({"login"});
    profile.add({"department"});
    scope.profile = &profile;
  }
  Result<ScanSummary> run() {
    Listing listing(scope, kept, "https://acme.okta.com", WallTime{1'000});
    while (!listing.done()) {
      const auto wanted = listing.ready();
      if (wanted.empty()) {
        ADD_FAILURE() << "the listing waits for nothing";
        break;
      }
      for (const auto& request : wanted) {
        listing.answered(request.token, org.answer(request.request.target));
      }
    }
    return listing.finish();
  }
  ScanSummary summary() {
    auto result = run();
    EXPECT_TRUE(result) << (result ? "" : describe(result.error()));
    return result ? *result : ScanSummary{};
  }
};

void certified(const ScanSummary& summary) {
  EXPECT_TRUE(summary.certified);
  for (const Error& reason : summary.reasons) ADD_FAILURE() << describe(reason);
}

bool has_reason(const ScanSummary& summary, ErrorCode code) {
  for (const Error& reason : summary.reasons) {
    if (reason.code == code) return true;
  }
  return false;
}

TEST(Listing, ReadsEverythingOnceInTheSinksOrderWithTheFewestRequests) {
  Read read;
  read.org.add_users(450);
  read.org.groups["00g1"] = {"00u100001", "00u100002"};
  const ScanSummary summary = read.summary();
  certified(summary);
  EXPECT_EQ(summary.org_id, "00oOrg");
  EXPECT_EQ(summary.users, 451U);
  EXPECT_EQ(summary.groups, 2U);
  EXPECT_EQ(summary.rules, 1U);
  EXPECT_EQ(summary.members, 2U);
  EXPECT_EQ(summary.as_of.ms, 2'000'000'000'000);
  EXPECT_EQ(read.kept.order.substr(0, 6), "spxggr");
  EXPECT_EQ(read.kept.order.substr(read.kept.order.size() - 3), "amm");
  EXPECT_EQ(read.kept.who, "00uOwner");
  EXPECT_EQ(read.kept.protected_ids, std::vector<std::string>{"00uOwner"});
  for (const auto& [id, times] : read.kept.times) EXPECT_EQ(times, 1) << id;
  const std::map<std::string, std::uint64_t> terms{
      {"org", 1},   {"identity", 1}, {"schema", 1},  {"protection", 1}, {"groups", 1},
      {"rules", 1}, {"users", 3},    {"closing", 1}, {"members", 1}};
  EXPECT_EQ(summary.requests_by_term, terms);
  EXPECT_EQ(summary.requests, 11U);
  EXPECT_TRUE(summary.chain_boundaries.empty());
}

TEST(Listing, ABigOrgGivesBoundariesForDisjointChainsOfEqualLength) {
  Read first;
  first.org.add_users(3'939);
  const ScanSummary summary = first.summary();
  certified(summary);
  ASSERT_EQ(summary.chain_boundaries.size(), 3U);

  Read second;
  second.org.add_users(3'939);
  second.scope.chain_boundaries = summary.chain_boundaries;
  const ScanSummary again = second.summary();
  certified(again);
  EXPECT_EQ(again.users, 3'940U);
  EXPECT_EQ(again.requests_by_term.at("users"), 20U);  // 4 chains of 5 pages
  for (const auto& [id, times] : second.kept.times) EXPECT_EQ(times, 1) << id;
}

TEST(Listing, WhatWasWrittenMeanwhileComesThroughTheClosingChain) {
  Read read;
  read.org.add_users(10);
  read.org.users[3].updated_s = read.org.now_s - 5;
  read.org.users.push_back({"00uNew", "STAGED", read.org.now_s, read.org.now_s, true});
  read.org.before = [&](const std::string& target, int) -> std::optional<HttpExchange> {
    // The new user is in the index only when the chains are through.
    read.org.users.back().in_index = target.find("lastUpdated") != std::string::npos;
    return std::nullopt;
  };
  certified(read.summary());
  EXPECT_EQ(read.kept.again, std::set<std::string>{"00u100003"});
  EXPECT_EQ(read.kept.times["00uNew"], 1);
}

TEST(Listing, LinkedUsersThatNoChainShowedAreSettledById) {
  Read read;
  read.org.add_users(10);
  read.org.users.push_back({"00uHidden", "SUSPENDED", 1, 1, false});
  const LinkList links{{Link::Kind::user, "00u100001", "00u100001", false},
                       {Link::Kind::user, "00uHidden", "00uHidden", false},
                       {Link::Kind::user, "00uGone", "00uGone", false}};
  read.scope.links = &links;
  const ScanSummary summary = read.summary();
  certified(summary);
  EXPECT_EQ(summary.requests_by_term.at("by id"), 2U);
  EXPECT_EQ(read.kept.statuses["00uHidden"], AccountStatus::suspended);
  EXPECT_EQ(read.kept.times.count("00uGone"), 0U);
}

TEST(Listing, WhatWeJustWroteIsReadByIdBeforeTheIndexCanShowItStale) {
  Read read;
  read.org.add_users(10);
  read.scope.recently_written = {"00u100004"};
  read.org.before = [](const std::string& target, int) -> std::optional<HttpExchange> {
    if (target != "/api/v1/users/00u100004") return std::nullopt;
    SmallOrg::User truth{"00u100004", "SUSPENDED", 1'000'000'240, 2'000'000'000, true};
    return HttpExchange::replied(make_reply(200, SmallOrg::user_json(truth).dump()));
  };
  certified(read.summary());
  EXPECT_EQ(read.kept.statuses["00u100004"], AccountStatus::suspended);
  EXPECT_EQ(read.kept.times["00u100004"], 1);
}

TEST(Listing, TheClosingChainDoesNotBringBackWhatTheIndexShowsStale) {
  Read read;
  read.org.add_users(10);
  read.scope.recently_written = {"00u100004", "00u100005"};
  read.org.users[4].updated_s = read.org.users[5].updated_s = read.org.now_s - 5;
  read.org.before = [](const std::string& target, int) -> std::optional<HttpExchange> {
    if (target == "/api/v1/users/00u100005") {
      return HttpExchange::replied(okta_error(404, "E0000007", "Not found: 00u100005 (User)"));
    }
    if (target != "/api/v1/users/00u100004") return std::nullopt;
    SmallOrg::User truth{"00u100004", "SUSPENDED", 1'000'000'240, 2'000'000'000, true};
    return HttpExchange::replied(make_reply(200, SmallOrg::user_json(truth).dump()));
  };
  certified(read.summary());
  EXPECT_TRUE(read.kept.again.empty());
  EXPECT_EQ(read.kept.statuses["00u100004"], AccountStatus::suspended);
  EXPECT_EQ(read.kept.times.count("00u100005"), 0U);
}

TEST(Listing, ACredentialThatSeesNobodyIsNotCertifiedAndCostsNoReadsById) {
  Read read;
  read.org.add_users(10);
  for (auto& user : read.org.users) user.in_index = false;
  const LinkList links{{Link::Kind::user, "00u100001", "00u100001", false},
                       {Link::Kind::user, "00u100002", "00u100002", false}};
  read.scope.links = &links;
  const ScanSummary summary = read.summary();
  EXPECT_FALSE(summary.certified);
  EXPECT_TRUE(has_reason(summary, ErrorCode::okta_sees_nothing));
  EXPECT_EQ(summary.requests_by_term.count("by id"), 0U);
}

TEST(Listing, WithoutAnOwnerABuiltInGroupProvesThatWeSee) {
  Read read;
  read.org.add_users(3);
  read.org.before = [](const std::string& target, int) -> std::optional<HttpExchange> {
    if (target != "/api/v1/users/me") return std::nullopt;
    return HttpExchange::replied(okta_error(403, "E0000006"));
  };
  certified(read.summary());
  Read blind;
  blind.org.add_users(3);
  blind.org.before = read.org.before;
  blind.org.groups = {{"00g1", {}}};
  EXPECT_TRUE(has_reason(blind.summary(), ErrorCode::okta_sees_nothing));
}

TEST(Listing, AFailingPageIsHalvedAndAskedAgain) {
  Read read;
  read.org.add_users(300);
  read.org.before = [](const std::string& target, int) -> std::optional<HttpExchange> {
    if (target.find("created") == std::string::npos ||
        target.find("limit=200") == std::string::npos)
      return std::nullopt;
    return HttpExchange::replied(okta_error(500, "E0000009"));
  };
  const ScanSummary summary = read.summary();
  certified(summary);
  EXPECT_EQ(summary.users, 301U);
  EXPECT_EQ(read.org.asked("limit=100"), 4U);
}

TEST(Listing, ACutPageIsAskedAgainThenItsChainThenTheListingIsNotCertified) {
  Read once;
  once.org.add_users(300);
  once.org.before = [](const std::string& target, int times) -> std::optional<HttpExchange> {
    if (target.find("after=200") == std::string::npos || times > 1) return std::nullopt;
    return HttpExchange::replied(make_reply(200, R"([{"id":"00u1","pro)"));
  };
  certified(once.summary());

  Read always;
  always.org.add_users(300);
  always.org.before = [](const std::string& target, int) -> std::optional<HttpExchange> {
    if (target.find("after=200") == std::string::npos) return std::nullopt;
    return HttpExchange::replied(make_reply(200, R"([{"id":"00u1","pro)"));
  };
  const ScanSummary summary = always.summary();
  EXPECT_FALSE(summary.certified);
  EXPECT_TRUE(has_reason(summary, ErrorCode::okta_page_unreadable));
  for (const auto& [id, times] : always.kept.times) EXPECT_EQ(times, 1) << id;
}

TEST(Listing, AShortPageThatIsNotTheLastIsNoticed) {
  Read read;
  read.org.add_users(300);
  read.org.before = [&](const std::string& target, int) -> std::optional<HttpExchange> {
    if (target.find("created") == std::string::npos || target.find("after") != std::string::npos)
      return std::nullopt;
    HttpReply reply = make_reply(200, "[" + SmallOrg::user_json(read.org.users[0]).dump() + "]");
    reply.headers.emplace_back("Link",
                               "<https://acme.okta.com" + target + "&after=200>; rel=\"next\"");
    return HttpExchange::replied(reply);
  };
  EXPECT_TRUE(has_reason(read.summary(), ErrorCode::okta_page_incomplete));
}

TEST(Listing, APageThatComesTwiceIsAskedAgain) {
  Read read;
  read.org.add_users(300);
  std::optional<HttpReply> first;
  read.org.before = [&](const std::string& target, int times) -> std::optional<HttpExchange> {
    if (target.find("after=200") == std::string::npos || times > 1) return std::nullopt;
    Json body = Json::array();
    for (std::size_t i = 0; i < 200; ++i) body.push(SmallOrg::user_json(read.org.users[i]));
    return HttpExchange::replied(make_reply(200, body.dump()));
  };
  const ScanSummary summary = read.summary();
  certified(summary);
  EXPECT_EQ(summary.users, 301U);
}

TEST(Listing, ALinkToAnotherHostSpoilsTheListing) {
  Read read;
  read.org.add_users(3);
  read.org.before = [](const std::string& target, int) -> std::optional<HttpExchange> {
    if (target.find("created") == std::string::npos) return std::nullopt;
    HttpReply reply = make_reply(200, "[]");
    reply.headers.emplace_back("Link", "<https://evil.example/api/v1/users>; rel=\"next\"");
    return HttpExchange::replied(reply);
  };
  const ScanSummary summary = read.summary();
  EXPECT_FALSE(summary.certified);
  EXPECT_TRUE(has_reason(summary, ErrorCode::okta_foreign_link));
}

TEST(Listing, RefusalsAreErrorsButThoseThatDoNotMatter) {
  const auto answering = [](const std::string& part, HttpReply reply) {
    return [part, reply](const std::string& target, int) -> std::optional<HttpExchange> {
      if (target.find(part) == std::string::npos) return std::nullopt;
      return HttpExchange::replied(reply);
    };
  };
  Read token;
  token.org.before = answering("/api", okta_error(401, "E0000011"));
  EXPECT_EQ(token.run().error().code, ErrorCode::okta_credential_refused);
  Read groups;
  groups.org.before = answering("/groups?", okta_error(403, "E0000006"));
  EXPECT_EQ(groups.run().error().code, ErrorCode::okta_forbidden);
  Read nowhere;
  nowhere.org.before =
      answering("/api", make_reply(404, R"({"status":404,"message":"Resource not found"})"));
  EXPECT_EQ(nowhere.run().error().code, ErrorCode::org_unknown);

  Read roles;
  roles.org.add_users(3);
  roles.org.before = answering("/iam/", okta_error(403, "E0000006"));
  const ScanSummary summary = roles.summary();
  certified(summary);
  ASSERT_EQ(summary.notes.size(), 1U);
  EXPECT_EQ(summary.notes[0].code, ErrorCode::okta_protection_unread);

  Read org;
  org.org.add_users(3);
  org.org.before = [](const std::string& target, int) -> std::optional<HttpExchange> {
    if (target == "/api/v1/org") return HttpExchange::replied(okta_error(403, "E0000006"));
    if (target == "/.well-known/okta-organization") {
      return HttpExchange::replied(make_reply(200, R"({"id":"00oPublic"})"));
    }
    return std::nullopt;
  };
  EXPECT_EQ(org.summary().org_id, "00oPublic");
}

TEST(Listing, AnUnreachableOrgEndsAfterAFewTries) {
  Read read;
  read.org.before = [](const std::string&, int) -> std::optional<HttpExchange> {
    return HttpExchange::failed(make_error(ErrorCode::http_unreachable, "no route"),
                                RequestSent::never);
  };
  const auto result = read.run();
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().code, ErrorCode::org_unreachable);
  EXPECT_EQ(info(result.error().code).exit, 9);
  EXPECT_LE(read.org.targets.size(), 24U);
}

TEST(Listing, ReadsLinkedGroupsThatTheListDoesNotShowYetById) {
  Read read;
  read.org.add_users(3);
  read.org.groups["00gNew"] = {"00u100001"};
  read.org.hidden_groups = {"00gNew"};
  const LinkList links{{Link::Kind::group, "00gNew", "new", false},
                       {Link::Kind::group, "00gGone", "gone", false},
                       {Link::Kind::group, "00gEveryone", "everyone", false}};
  read.scope.links = &links;
  const ScanSummary summary = read.summary();
  certified(summary);
  EXPECT_EQ(summary.groups, 2U);
  EXPECT_EQ(summary.members, 1U);
  EXPECT_EQ(summary.requests_by_term.at("by id"), 2U);
  EXPECT_EQ(read.kept.order.substr(0, 6), "spxggr");
}

TEST(Listing, AsksOnlyForThoseChangedSinceWhenThatIsAllThatIsWanted) {
  Read read;
  read.org.add_users(5);
  read.org.users[2].updated_s = 1'900'000'000;
  read.scope.changed_since = WallTime{1'900'000'000'000};
  const ScanSummary summary = read.summary();
  certified(summary);
  EXPECT_EQ(summary.users, 1U);
  EXPECT_EQ(summary.requests, 1U);
  EXPECT_EQ(read.kept.times.count(read.org.users[2].id), 1U);
}

}  // namespace
}  // namespace rollcall

// Accounts deleted in Okta: the link goes once, then the person is looked for afresh.
#include <gtest/gtest.h>

#include <algorithm>

#include "tests/unit/reconcile/world.h"

namespace rollcall {
namespace {

using Lines = std::vector<std::string>;

/// E1 is linked and in order; the account that E2 is linked to is gone.
World without_account(bool given_up = false) {
  World world;
  world.group("00g1", "all-staff", true).group("00g2", "part-time", true);
  world.group("00g3", "dept-Sales", true);
  world.account("00u1", AccountStatus::active, profile("E1", "ada", "Sales"), "E1");
  world.member("00g1", "00u1").member("00g3", "00u1");
  world.person("E1", hr("ada", "Sales"));
  world.links.push_back({Link::Kind::user, "00u404", "E2", given_up});
  return world;
}

/// Made again by an administrator, in the groups that E2 should be in.
World& made_again(World& world) {
  world.account("00u2", AccountStatus::active, profile("E2", "zoe", "Sales"), "");
  return world.member("00g1", "00u2", false).member("00g3", "00u2", false);
}

Severity severity_of_loss(const World& world) {
  const auto& findings = world.reconciled().findings;
  const auto found = std::find_if(findings.begin(), findings.end(),
                                  [](const Finding& f) { return f.code == "link.account_gone"; });
  EXPECT_NE(found, findings.end());
  return found->severity;
}

TEST(GoneLinks, TheLinkOfAnEmployeeGoesFirstAndIsAnError) {
  World world = without_account();
  world.person("E2", hr("zoe", "Sales"));
  EXPECT_EQ(world.plan(), Lines{"user.unlink E2"});
  EXPECT_EQ(world.codes(), Lines{"link.account_gone"});
  EXPECT_EQ(severity_of_loss(world), Severity::error);
}

TEST(GoneLinks, ThenTheyGetAnAccountAndNothingIsSaidAnyMore) {
  World world = without_account(true);
  world.person("E2", hr("zoe", "Sales"));
  EXPECT_EQ(world.plan(), (Lines{"user.create E2", "group.add_member E2 all-staff with 1",
                                 "group.add_member E2 dept-Sales with 1"}));
  EXPECT_EQ(world.codes(), Lines{});
}

TEST(GoneLinks, AnAccountMadeAgainIsLinkedAtOnceOrLater) {
  for (const bool given_up : {false, true}) {
    World world = without_account(given_up);
    made_again(world).person("E2", hr("zoe", "Sales"));
    EXPECT_EQ(world.plan(), Lines{"user.link E2"});
    EXPECT_EQ(world.operations().front().subject.user_id, "00u2");
    EXPECT_EQ(world.codes(), given_up ? Lines{} : Lines{"link.account_gone"});
  }
}

TEST(GoneLinks, ALeaverWhoseAccountWasMadeAgainIsContainedTheSameDay) {
  for (const bool given_up : {false, true}) {
    World world = without_account(given_up);
    made_again(world).person("E2", hr("zoe", "Sales", "Terminated"));
    EXPECT_EQ(world.plan(),
              (Lines{"user.suspend E2 after 3", "user.clear_sessions E2 after 1", "user.link E2"}));
  }
}

TEST(GoneLinks, ALeaverOfWhomSeveralAccountsFitIsNamed) {
  World world = without_account();
  made_again(world).person("E2", hr("zoe", "Sales", "Terminated"));
  world.account("00u3", AccountStatus::active, profile("E2", "zoe.b", "Sales"), "");
  EXPECT_EQ(world.plan(), Lines{"user.unlink E2"});
  ASSERT_EQ(world.reconciled().not_contained.size(), 1U);
  EXPECT_EQ(world.reconciled().not_contained.front().worker_key, "E2");
}

TEST(GoneLinks, ClearedAccountsOfLeaversAreRoutine) {
  World left = without_account();
  left.person("E2", hr("zoe", "Sales", "Terminated"));
  EXPECT_EQ(left.plan(), Lines{"user.unlink E2"});
  EXPECT_EQ(severity_of_loss(left), Severity::warning);

  World absent = without_account();
  EXPECT_EQ(absent.plan(), Lines{"user.unlink E2"});
  EXPECT_EQ(severity_of_loss(absent), Severity::warning);

  World unreadable = without_account();
  unreadable.reject("E2");
  EXPECT_EQ(unreadable.plan(), Lines{"user.unlink E2"});
  EXPECT_EQ(severity_of_loss(unreadable), Severity::error);
}

TEST(GoneLinks, NobodyIsUnlinkedByAReadThatDoesNotCount) {
  World world = without_account();
  world.end.certified = false;
  world.person("E2", hr("zoe", "Sales"));
  const Lines lines = world.plan();
  EXPECT_EQ(std::count(lines.begin(), lines.end(), "user.unlink E2"), 0);
}

TEST(GoneLinks, AnOrgWhoseEveryLinkIsGoneIsNoFirstRun) {
  World world;
  world.group("00g1", "all-staff", true).group("00g2", "part-time", true);
  world.group("00g3", "dept-Sales", true);
  world.links.push_back({Link::Kind::user, "00u404", "E2", true});
  world.person("E2", hr("zoe", "Sales"));
  world.plan();
  EXPECT_FALSE(world.reconciled().initial_load);
}

TEST(GoneLinks, AnAccountThatTheListingHadLostComesBackToItsPerson) {
  World world = without_account(true);
  world.account("00u404", AccountStatus::active, profile("E2", "zoe", "Sales"), "");
  world.member("00g1", "00u404").member("00g3", "00u404");
  world.person("E2", hr("zoe", "Sales", "Terminated"));
  EXPECT_EQ(world.plan(),
            (Lines{"user.suspend E2 after 3", "user.clear_sessions E2 after 1", "user.link E2"}));
}

}  // namespace
}  // namespace rollcall

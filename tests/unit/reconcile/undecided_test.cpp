// Leavers whose record or account is in doubt: nothing is done, and that they are in is said.
#include <algorithm>

#include "tests/unit/reconcile/world.h"

namespace rollcall {
namespace {

using Lines = std::vector<std::string>;

constexpr const char* kScope = "users: {scope: 'user.employeeNumber != null'}\n";

World org(const std::string& overlay = {}) {
  World world(overlay);
  world.group("00g1", "all-staff", true).group("00g2", "part-time", true);
  world.group("00g3", "dept-Sales", true);
  // One that is linked: without it the plan would only link.
  world.account("00u9", AccountStatus::suspended, profile("E9", "kim", "Sales"), "E9");
  world.person("E9", hr("kim", "Sales", "Terminated"));
  return world;
}

Lines inside(World& world) {
  EXPECT_EQ(world.plan(), Lines{});
  Lines out;
  for (const Uncontained& one : world.reconciled().not_contained) {
    out.push_back(one.worker_key + " " + one.user_id);
  }
  return out;
}

TEST(Undecided, ALeaverOfWhomSeveralAccountsFitIsSaidToBeIn) {
  World world = org();
  world.account("00u3", AccountStatus::active, profile("E2", "zoe.b", "Sales"), "");
  world.account("00u2", AccountStatus::active, profile("E2", "zoe", "Sales"), "");
  world.account("00u4", AccountStatus::suspended, profile("E2", "zoe.c", "Sales"), "");
  world.person("E2", hr("zoe", "Sales", "Terminated"));
  EXPECT_EQ(inside(world), Lines{"E2 00u2"});
  const std::string& why = world.reconciled().not_contained.front().why;
  EXPECT_NE(why.find("00u2, 00u3"), std::string::npos) << why;
  EXPECT_EQ(why.find("00u4"), std::string::npos) << why;
}

TEST(Undecided, NobodyIsInWhoseOnlyAccountsAreShutOrSomebodyElses) {
  World shut = org();
  shut.account("00u2", AccountStatus::suspended, profile("E2", "zoe", "Sales"), "");
  shut.account("00u3", AccountStatus::deprovisioned, profile("E2", "zoe.b", "Sales"), "");
  shut.person("E2", hr("zoe", "Sales", "Terminated"));
  EXPECT_EQ(inside(shut), Lines{});

  World theirs = org();  // hired again under a new key; the old row still says that they left
  theirs.account("00u2", AccountStatus::active, profile("E2", "zoe", "Sales"), "E3");
  theirs.member("00g1", "00u2").member("00g3", "00u2");
  theirs.person("E2", hr("zoe", "Sales", "Terminated"));
  theirs.plan();
  EXPECT_TRUE(theirs.reconciled().not_contained.empty());
}

TEST(Undecided, AFurtherAccountOfALeaverIsSaidToBeOpenUnlessSomebodyElseHasIt) {
  const auto named = [](AccountStatus status, const std::string& owner, const std::string& other) {
    World world = org();
    world.account("00u1", AccountStatus::active, profile("E1", "ada", "Sales"), "E1");
    world.account("00u2", status, profile("E1", "ada.admin", "Sales"), owner);
    world.person("E1", hr("ada", "Sales", "Terminated"));
    if (!other.empty()) world.person("E3", hr("ada.admin", "Sales", other));
    world.plan();
    EXPECT_EQ(world.operations().front().subject.user_id, "00u1") << "the linked one is contained";
    Lines out;
    for (const Uncontained& one : world.reconciled().not_contained) {
      EXPECT_FALSE(one.linked);
      out.push_back(one.worker_key + " " + one.user_id);
    }
    return out;
  };
  const Lines in{"E1 00u2"};
  EXPECT_EQ(named(AccountStatus::active, "", ""), in);
  EXPECT_EQ(named(AccountStatus::locked_out, "", ""), in);
  EXPECT_EQ(named(AccountStatus::suspended, "", ""), Lines{});
  EXPECT_EQ(named(AccountStatus::active, "E7", ""), Lines{});
  EXPECT_EQ(named(AccountStatus::active, "", "Active"), Lines{}) << "matched by who works here";
}

TEST(Undecided, WhoLeavesLaterIsNotInYet) {
  World world = org();
  world.account("00u2", AccountStatus::active, profile("E2", "zoe", "Sales"), "");
  world.account("00u3", AccountStatus::active, profile("E2", "zoe.b", "Sales"), "");
  Fields later = hr("zoe", "Sales", "Terminated");
  later["termination_date"] = "2026-12-31";
  world.person("E2", later);
  EXPECT_EQ(inside(world), Lines{});
}

TEST(Undecided, TwoRecordsThatBothSayGoneNameTheirPersonAndAnotherRefutesThem) {
  const auto named = [](const Lines& statuses) {
    World world = org();
    world.account("00u1", AccountStatus::active, profile("E1", "ada", "Sales"), "E1");
    world.member("00g1", "00u1").member("00g3", "00u1");
    for (const std::string& status : statuses) {
      if (status == "rejected") {
        world.reject("E1");
      } else {
        world.person("E1", hr("ada", "Sales", status));
      }
    }
    return inside(world);
  };
  const Lines in{"E1 00u1"};
  EXPECT_EQ(named({"Terminated", "Terminated"}), in);
  EXPECT_EQ(named({"Terminated", "Terminated", "Terminated"}), in);
  EXPECT_EQ(named({"Terminated", "rejected"}), in);
  EXPECT_EQ(named({"Terminated", "Odd"}), in) << "a status that cannot be read says neither";
  EXPECT_EQ(named({"Odd", "Terminated"}), in);
  EXPECT_EQ(named({"Terminated", "Active"}), Lines{});
  EXPECT_EQ(named({"Active", "Terminated"}), Lines{});
  EXPECT_EQ(named({"Terminated", "Terminated", "Active"}), Lines{});
  EXPECT_EQ(named({"Active", "rejected"}), Lines{});
}

TEST(Undecided, AnUnreadableRecordSpeaksForNeitherSideWhateverTheOrder) {
  World world = org();
  world.account("00u1", AccountStatus::active, profile("E1", "ada", "Sales"), "E1");
  world.member("00g1", "00u1").member("00g3", "00u1");
  world.reject("E1").person("E1", hr("ada", "Sales", "Terminated"));
  EXPECT_EQ(inside(world), Lines{"E1 00u1"});
}

TEST(Undecided, RecordsOfAKeyNameNobodyWhoseDayHasNotCome) {
  World world = org("users: {terminated: [{after: 30d, do: [suspend]}]}\n");
  world.account("00u1", AccountStatus::active, profile("E1", "ada", "Sales"), "E1");
  world.member("00g1", "00u1").member("00g3", "00u1");
  Fields left = hr("ada", "Sales", "Terminated");
  left["termination_date"] = "2026-02-27";
  world.person("E1", left).person("E1", left);
  EXPECT_EQ(inside(world), Lines{});
}

TEST(Undecided, AFurtherAccountThatFitsSomebodyAtWorkIsNotALeavers) {
  const auto named = [](const std::string& status, const std::string& type) {
    World world = org("users: {include: 'hr.type != \"X\"'}\n");
    world.account("00u1", AccountStatus::suspended, profile("E1", "ada", "Sales"), "E1");
    Fields second = profile("E1", "ada.b", "Sales");  // back under a new key, not linked yet
    world.account("00u2", AccountStatus::active, second, "");
    world.person("E1", hr("ada", "Sales", "Terminated"));
    Fields back = hr("ada.b", "Sales", status);
    back["type"] = type;
    if (!status.empty()) world.person("E8", back);
    world.plan();
    return world.reconciled().not_contained.size();
  };
  EXPECT_EQ(named("", "F"), 1U) << "nobody else has it";
  EXPECT_EQ(named("Terminated", "F"), 0U) << "theirs, and contained by this plan";
  EXPECT_EQ(named("Odd", "F"), 0U);
  EXPECT_EQ(named("Active", "X"), 0U) << "outside of users.include, and at work";
}

TEST(Undecided, TheRecordsOfADoubledKeyCountAlikeWhateverTheirOrder) {
  const auto plan = [](const Lines& mails) {
    World world = org();
    world.account("00u2", AccountStatus::active, {{"login", "a@x.example"}}, "");
    for (const std::string& mail : mails) {
      Fields row = hr("ada", "Sales");
      row["email"] = mail;
      world.person("E1", row);
    }
    Fields other = hr("bea", "Sales");
    other["email"] = "a@x.example";
    world.person("E2", other);
    return world.plan();
  };
  const Lines once = plan({"a@x.example", "b@x.example"});
  EXPECT_EQ(once, plan({"b@x.example", "a@x.example"}));
  EXPECT_EQ(once, Lines{}) << "two people fit the account";
}

TEST(Undecided, BothAccountsOfALeaverAreNamed) {
  World world = org("users: {not_suspendable: hold}\n");
  world.account("00u1", AccountStatus::password_expired, profile("E1", "ada", "Sales"), "E1");
  world.account("00u2", AccountStatus::active, profile("E1", "ada.b", "Sales"), "");
  world.person("E1", hr("ada", "Sales", "Terminated"));
  world.plan();
  const auto& list = world.reconciled().not_contained;
  ASSERT_EQ(list.size(), 2U);
  EXPECT_EQ(list[0].user_id, "00u1");
  EXPECT_EQ(list[1].user_id, "00u2");
}

TEST(Undecided, AnAccountThatOnlyLeaversMatchIsSaidToBeOpen) {
  const auto named = [](const std::string& second) {
    World world = org();
    world.account("00u2", AccountStatus::active, {{"login", "zoe@x.example"}}, "");
    world.person("E2", hr("zoe", "Sales", "Terminated")).person("E3", hr("zoe", "Sales", second));
    return inside(world);
  };
  EXPECT_EQ(named("Terminated"), (Lines{"E2 00u2", "E3 00u2"}));
  EXPECT_EQ(named("Active"), Lines{});
}

TEST(Undecided, APlanThatOnlyLinksCountsThemAndNamesNobody) {
  World world(kScope);
  world.account("00u1", AccountStatus::active, profile("E1", "ada", "Sales"), "");
  world.account("00u2", AccountStatus::active, profile("E2", "zoe", "Sales"), "");
  world.account("00u3", AccountStatus::active, profile("E2", "zoe.b", "Sales"), "");
  world.person("E1", hr("ada", "Sales", "Active")).person("E2", hr("zoe", "Sales", "Terminated"));
  world.plan();
  EXPECT_TRUE(world.reconciled().not_contained.empty());
  const Lines codes = world.codes();
  EXPECT_NE(std::find(codes.begin(), codes.end(), "leaver.unmanaged"), codes.end());
}

}  // namespace
}  // namespace rollcall

// Logins that two people are to get in one plan.
#include <gtest/gtest.h>

#include <algorithm>

#include "tests/unit/reconcile/world.h"

namespace rollcall {
namespace {

using Lines = std::vector<std::string>;

const std::string kProfile =
    "profile: {login: {authoritative: 'hr.email'}, email: {authoritative: 'hr.email'}}";
const std::string kApply = "users: {renames: apply, " + kProfile + "}\ngroups: []\n";
const std::string kHold = "users: {" + kProfile + "}\ngroups: []\n";

Fields with_mail(Fields fields, const std::string& mail) {
  fields["email"] = mail;
  return fields;
}

World staff(const std::string& overlay) {
  World world(overlay);
  world.account("00u1", AccountStatus::active, profile("E1", "ada", "Sales"), "E1");
  world.account("00u2", AccountStatus::active, profile("E2", "zoe", "Sales"), "E2");
  return world;
}

/// "code worker" of each finding, sorted.
Lines named(const World& world) {
  Lines out;
  for (const Finding& f : world.reconciled().findings) out.push_back(f.code + " " + f.worker_key);
  std::sort(out.begin(), out.end());
  return out;
}

TEST(Logins, TwoPeopleRenamedToOneLoginStayAsTheyAreAndBothAreNamed) {
  for (const std::string& overlay : {kApply, kHold}) {
    World world = staff(overlay);
    world.person("E1", with_mail(hr("ada", "Legal"), "byron@x.example"));
    world.person("E2", with_mail(hr("zoe", "Sales"), "Byron@X.example"));
    EXPECT_EQ(world.plan(), Lines{"user.update E1 department=Legal"});
    EXPECT_EQ(named(world), (Lines{"record.login_taken E1", "record.login_taken E2"}));
    const Finding& first = world.reconciled().findings.front();
    EXPECT_EQ(first.line, 2U);
    EXPECT_EQ(first.severity, Severity::error);
  }
}

TEST(Logins, ARenameAndAJoinerWithOneLoginAreBothSetAside) {
  World world = staff(kApply);
  world.person("E1", with_mail(hr("ada", "Sales"), "byron@x.example"));
  world.person("E2", hr("zoe", "Sales"));
  world.person("E3", with_mail(hr("kim", "Sales"), "byron@x.example"));
  EXPECT_EQ(world.plan(), Lines{});
  EXPECT_EQ(named(world), (Lines{"record.login_taken E1", "record.login_taken E3"}));
}

TEST(Logins, ALoginWhoseCaseAloneChangesIsNobodyElses) {
  World world = staff(kApply);
  world.person("E1", with_mail(hr("ada", "Sales"), "Ada@x.example"));
  world.person("E2", hr("zoe", "Sales"));
  EXPECT_EQ(world.plan(), Lines{"user.update E1 email=Ada@x.example login=Ada@x.example"});
  EXPECT_EQ(named(world), Lines{});
}

TEST(Logins, ALoginThatAnotherAccountHoldsIsNamedOnceForEach) {
  World world = staff(kApply);
  world.account("00u3", AccountStatus::active, profile("E3", "kim", "Sales"), "E3");
  world.person("E1", with_mail(hr("ada", "Sales"), "kim@x.example"));
  world.person("E2", with_mail(hr("zoe", "Sales"), "kim@x.example"));
  world.person("E3", hr("kim", "Sales"));
  const Lines lines = world.plan();
  ASSERT_EQ(lines.size(), 2U);
  for (const Operation& op : world.operations()) EXPECT_EQ(op.held_by, "renames");
  EXPECT_EQ(named(world), (Lines{"record.login_taken E1", "record.login_taken E2"}));
}

}  // namespace
}  // namespace rollcall

// Linked groups that somebody renames in Okta: a link is by id.
#include <gtest/gtest.h>

#include <algorithm>

#include "service/reconcile/renames.h"
#include "tests/unit/reconcile/world.h"

namespace rollcall {
namespace {

using Lines = std::vector<std::string>;

constexpr const char* kStaff =
    "groups: [{name: all-staff, members: 'true'}, "
    "{template: 'dept-${hr.department}'}]\n";

/// E1 and E2 in Sales, both in the group of everybody.
World company(const std::string& staff, const std::string& sales, const std::string& overlay) {
  World world(overlay);
  world.renamed_group("00g1", "all-staff", staff).renamed_group("00g3", "dept-Sales", sales);
  world.account("00u1", AccountStatus::active, profile("E1", "ada", "Sales"), "E1");
  world.account("00u2", AccountStatus::active, profile("E2", "zoe", "Sales"), "E2");
  for (const char* user : {"00u1", "00u2"}) world.member("00g1", user).member("00g3", user);
  return world;
}

std::string message_of(const World& world, const std::string& code) {
  for (const Finding& f : world.reconciled().findings) {
    if (f.code == code) return f.message;
  }
  return "";
}

TEST(GroupNames, ARenamedGroupStaysTheTargetOfItsRuleAndIsNamedOnce) {
  World world = company("Everybody here", "Sellers", kStaff);
  world.person("E1", hr("ada", "Sales")).person("E2", hr("zoe", "Sales"));
  EXPECT_EQ(world.plan(), Lines{});
  EXPECT_EQ(world.codes(), (Lines{"group.name_differs", "group.name_differs"}));
  EXPECT_EQ(message_of(world, "group.name_differs"),
            "the group 'all-staff' is called 'Everybody here' in Okta; it is managed all the same");
  EXPECT_EQ(world.reconciled().findings.front().severity, Severity::warning);
}

TEST(GroupNames, JoinersMoversAndLeaversOfARenamedGroupAreServed) {
  World world = company("Everybody here", "Sellers", kStaff);
  world.group("00g4", "dept-Legal", true);
  world.person("E1", hr("ada", "Sales")).person("E2", hr("zoe", "Legal"));
  world.person("E3", hr("kim", "Sales"));
  EXPECT_EQ(
      world.plan(),
      (Lines{"group.remove_member E2 dept-Sales", "user.create E3",
             "user.update E2 department=Legal", "group.add_member E2 dept-Legal",
             "group.add_member E3 all-staff with 2", "group.add_member E3 dept-Sales with 2"}));
  for (const Operation& op : world.operations()) {
    if (op.object.name == "dept-Sales") {
      EXPECT_EQ(op.object.id, "00g3");
    }
    if (op.object.name == "all-staff") {
      EXPECT_EQ(op.object.id, "00g1");
    }
  }
}

TEST(GroupNames, MembersOfARenamedGroupAreRead) {
  const World world(kStaff);
  Group group;
  group.id = "00g1";
  group.type = GroupType::okta_group;
  group.name = "Everybody here";
  EXPECT_TRUE(wants_members(group, world.settings, true));
  EXPECT_FALSE(wants_members(group, world.settings, false));
}

TEST(GroupNames, AValueThatHrRenamedTooKeepsItsGroupUnderTheNewName) {
  World world = company("all-staff", "dept-Selling", kStaff);
  for (const char* key : {"E1", "E2"}) {
    world.person(key, hr(std::string(key) == "E1" ? "ada" : "zoe", "Selling"));
  }
  EXPECT_EQ(world.plan(), (Lines{"group.link dept-Selling", "user.update E1 department=Selling",
                                 "user.update E2 department=Selling"}));
  EXPECT_EQ(world.operations().front().object.id, "00g3");
  EXPECT_EQ(world.codes(), Lines{});
  EXPECT_TRUE(renamed_groups(world.reconciled()).empty());
}

TEST(GroupNames, WhileHrUsesBothNamesBothShareTheGroup) {
  for (const bool reversed : {false, true}) {
    World world = company("all-staff", "dept-Selling", kStaff);
    world.account("00u3", AccountStatus::active, profile("E3", "kim", "Selling"), "E3");
    world.member("00g1", "00u3");
    if (reversed) world.person("E3", hr("kim", "Selling"));
    world.person("E1", hr("ada", "Sales")).person("E2", hr("zoe", "Sales"));
    if (!reversed) world.person("E3", hr("kim", "Selling"));
    EXPECT_EQ(world.plan(), Lines{"group.add_member E3 dept-Selling"});
    EXPECT_EQ(world.operations().front().object.id, "00g3");
    EXPECT_EQ(message_of(world, "group.name_differs"),
              "the group 'dept-Sales' is called 'dept-Selling' in Okta; it is managed all the "
              "same, and holds the people of both names");
  }
}

TEST(GroupNames, ARuleNeverTakesTheGroupOfAnother) {
  World world = company("clerks", "dept-Sales",
                        "groups: [{name: clerks, members: 'hr.type == \"P\"', mode: authoritative},"
                        " {name: all-staff, members: 'true'}]\n");
  world.person("E1", hr("ada", "Sales")).person("E2", hr("zoe", "Sales"));
  EXPECT_EQ(world.plan(), Lines{});
  EXPECT_EQ(world.codes(), (Lines{"group.name_differs", "group.refused"}));
}

TEST(GroupNames, GroupsThatChangedPlacesStayWithTheirRules) {
  World world(
      "groups: [{name: all-staff, members: 'true'}, "
      "{name: part-time, members: 'hr.type == \"P\"', mode: authoritative}]\n");
  world.renamed_group("00g1", "all-staff", "part-time");
  world.renamed_group("00g2", "part-time", "all-staff");
  world.account("00u1", AccountStatus::active, profile("E1", "ada", "Sales"), "E1");
  world.member("00g1", "00u1").person("E1", hr("ada", "Sales"));
  EXPECT_EQ(world.plan(), Lines{});
}

TEST(GroupNames, ARuleThatTakesTheNewNameOverIsNoFindingAndRenewsTheLink) {
  World world = company("everybody", "dept-Sales",
                        "groups: [{name: everybody, members: 'true'}, "
                        "{template: 'dept-${hr.department}'}]\n");
  world.person("E1", hr("ada", "Sales")).person("E2", hr("zoe", "Sales"));
  EXPECT_EQ(world.plan(), Lines{"group.link everybody"});
  EXPECT_EQ(world.operations().front().object.id, "00g1");
  EXPECT_EQ(world.codes(), Lines{});
}

TEST(GroupNames, ARuleThatIsRenamedAloneMakesItsOwnGroupAsEver) {
  World world = company("all-staff", "dept-Sales",
                        "groups: [{name: everybody, members: 'true'}, "
                        "{template: 'dept-${hr.department}'}]\n");
  world.person("E1", hr("ada", "Sales")).person("E2", hr("zoe", "Sales"));
  EXPECT_EQ(world.plan(), (Lines{"group.create everybody", "group.add_member E1 everybody after 1",
                                 "group.add_member E2 everybody after 1"}));
  EXPECT_EQ(world.codes(), Lines{});
}

TEST(GroupNames, AFixedNameOutranksTheValueThatTheGroupStoodFor) {
  World world =
      company("all-staff", "sellers",
              "groups: [{name: all-staff, members: 'true'}, "
              "{name: sellers, members: 'hr.department == \"Sales\"'}, "
              "{template: 'dept-${hr.department}', members: 'hr.department != \"Sales\"'}]"
              "\n");
  world.person("E1", hr("ada", "Sales")).person("E2", hr("zoe", "Sales"));
  EXPECT_EQ(world.plan(), Lines{"group.link sellers"});
  EXPECT_EQ(world.operations().front().object.id, "00g3");
}

TEST(GroupNames, AGroupIsProtectedUnderEitherName) {
  for (const char* name : {"all-staff", "Everybody here"}) {
    World world = company("Everybody here", "dept-Sales",
                          std::string(kStaff) + "guard: {protected: {groups: ['" + name + "']}}\n");
    world.person("E1", hr("ada", "Sales")).person("E2", hr("zoe", "Sales"));
    world.account("00u3", AccountStatus::active, profile("E3", "kim", "Sales"), "E3");
    world.member("00g3", "00u3").person("E3", hr("kim", "Sales"));
    EXPECT_EQ(world.plan(), Lines{"group.add_member E3 all-staff held protected"}) << name;
  }
}

TEST(GroupNames, AMemberOfAGroupIsProtectedUnderEitherName) {
  for (const char* name : {"all-staff", "Everybody here"}) {
    World world = company("Everybody here", "dept-Sales",
                          std::string(kStaff) + "guard: {protected: {groups: ['" + name + "']}}\n");
    world.person("E1", hr("ada", "Sales", "Terminated")).person("E2", hr("zoe", "Sales"));
    EXPECT_EQ(world.plan().front(), "user.suspend E1 held protected") << name;
  }
}

}  // namespace
}  // namespace rollcall

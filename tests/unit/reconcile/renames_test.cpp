// A renamed value behind a template.
#include "service/reconcile/renames.h"

#include <fmt/core.h>

#include "tests/unit/reconcile/world.h"

namespace rollcall {
namespace {

/// `people` of dept-Old, of whom the last `elsewhere` go to dept-Third.
World reorganised(int people, int elsewhere) {
  World world;
  world.group("00gs", "all-staff", true).group("00go", "dept-Old", true);
  for (int i = 1; i <= people; ++i) {
    const std::string key = fmt::format("E{}", i);
    const std::string id = "00u" + key;
    const std::string mail = key + "@x.example";
    world.account(id, AccountStatus::active,
                  {{"login", mail},
                   {"email", mail},
                   {"firstName", key},
                   {"lastName", key},
                   {"employeeNumber", key},
                   {"department", "Old"}},
                  key);
    world.member("00gs", id).member("00go", id);
    world.person(key, {{"status", "Active"},
                       {"first", key},
                       {"last", key},
                       {"email", mail},
                       {"department", i > people - elsewhere ? "Third" : "New"}});
  }
  return world;
}

TEST(Renames, AWholeGroupThatMovesToANewOneOfItsTemplateIsOneFinding) {
  World world = reorganised(4, 0);
  world.plan();
  const auto findings = renamed_groups(world.reconciled());
  ASSERT_EQ(findings.size(), 1U);
  EXPECT_EQ(findings[0].code, "group.renamed");
  EXPECT_EQ(findings[0].message,
            "all 4 people of the group 'dept-Old' move to 'dept-New', which is yet to be made; if "
            "only the name "
            "changed, rename the group in Okta first");
}

TEST(Renames, FewPeopleAndPeopleWhoPartAreNoRename) {
  for (const auto& [people, elsewhere] : std::vector<std::pair<int, int>>{{2, 0}, {6, 1}}) {
    World world = reorganised(people, elsewhere);
    world.plan();
    EXPECT_TRUE(renamed_groups(world.reconciled()).empty());
  }
}

TEST(Renames, AMoveIntoAGroupThatIsThereIsNoRename) {
  World world = reorganised(4, 0);
  world.group("00gn", "dept-New", true);
  world.plan();
  EXPECT_TRUE(renamed_groups(world.reconciled()).empty());
}

}  // namespace
}  // namespace rollcall

// What a credential needs against what its roles give, and what `rollcall check` says of it.
#include "service/app/rights.h"

#include <gtest/gtest.h>

#include "service/app/check_access.h"

namespace rollcall {
namespace {

Settings everything() {
  Settings settings;
  settings.users.manage_attributes = true;
  settings.users.manage_lifecycle = true;
  settings.users.manage_groups = true;
  return settings;
}

RoleHeld standard(const std::string& type) { return {type, type, false, std::nullopt}; }

RoleHeld custom(std::vector<std::string> permissions) {
  return {"CUSTOM", "ours", false, std::move(permissions)};
}

Access of_user(std::vector<RoleHeld> roles) {
  Access access;
  access.holder = "00u1";
  access.of_user = true;
  access.roles = std::move(roles);
  return access;
}

TEST(Rights, ReadingNeedsTheReadOnlyAdministratorAndNoMore) {
  const RightsReport report = compare_rights(everything(), false, {standard("READ_ONLY_ADMIN")});
  EXPECT_EQ(report.missing, 0U);
  EXPECT_EQ(report.superfluous, 0U);
  EXPECT_TRUE(report.too_much.empty());
  EXPECT_EQ(report.least, "READ_ONLY_ADMIN");
  EXPECT_EQ(least_permissions(report.needed),
            (std::vector<std::string>{"okta.users.read", "okta.groups.read"}));
}

TEST(Rights, WhatIsManagedDecidesWhatWritingNeeds) {
  Settings settings;
  settings.users.manage_attributes = true;
  EXPECT_EQ(words_for(needed_rights(settings, true)),
            "read users, read groups and their rules, edit profiles");
  EXPECT_EQ(least_role(needed_rights(settings, true)), "USER_ADMIN");
  settings.users.manage_groups = true;  // a group administrator may not create groups
  EXPECT_EQ(least_role(needed_rights(settings, true)), "ORG_ADMIN");
  Settings ladder;
  ladder.users.terminated = {{0, {LadderAction::remove_groups}}};
  EXPECT_EQ(words_for(needed_rights(ladder, true)),
            "read users, read groups and their rules, add and remove group members");
  EXPECT_EQ(least_role(needed_rights(ladder, true)), "GROUP_MEMBERSHIP_ADMIN");
  Settings resets = everything();
  resets.users.terminated = {{0, {LadderAction::suspend, LadderAction::reset_factors}}};
  const auto least = least_permissions(needed_rights(resets, true));
  EXPECT_EQ(least.back(), "okta.users.credentials.resetFactors");
  EXPECT_EQ(compare_rights(resets, true, {custom(least)}).missing, 0U);
  const auto without = least_permissions(needed_rights(everything(), true));
  EXPECT_EQ(words_for(compare_rights(resets, true, {custom(without)}).missing), "reset factors");
}

TEST(Rights, RolesAddUpAndWhatNoneOfThemGivesIsNamed) {
  const RightsReport report = compare_rights(
      everything(), true, {standard("GROUP_MEMBERSHIP_ADMIN"), standard("HELP_DESK_ADMIN")});
  EXPECT_EQ(words_for(report.missing),
            "create users, edit profiles, activate, suspend and deactivate users, create groups");
  const RightsReport none = compare_rights(everything(), false, {});
  EXPECT_EQ(words_for(none.missing), "read users, read groups and their rules");
}

TEST(Rights, TheLeastPermissionsOfACustomRoleAreEnoughAndNotTooMuch) {
  for (const bool write : {false, true}) {
    const auto least = least_permissions(needed_rights(everything(), write));
    const RightsReport report = compare_rights(everything(), write, {custom(least)});
    EXPECT_EQ(report.missing, 0U) << words_for(report.missing);
    EXPECT_EQ(report.superfluous, 0U) << words_for(report.superfluous);
  }
}

TEST(Rights, ASuperAdministratorIsTooMuchAlsoWhereEachRightIsNeeded) {
  const RightsReport report = compare_rights(everything(), true, {standard("SUPER_ADMIN")});
  EXPECT_EQ(report.missing, 0U);
  EXPECT_EQ(report.too_much, std::vector<std::string>{"SUPER_ADMIN"});
  const RightsReport least = compare_rights(everything(), true, {standard("ORG_ADMIN")});
  EXPECT_TRUE(least.too_much.empty());
}

TEST(Rights, ACustomRoleWithoutItsPermissionsMakesNothingKnown) {
  const RightsReport report =
      compare_rights(everything(), true, {{"CUSTOM", "ours", false, std::nullopt}});
  EXPECT_FALSE(report.complete);
  const auto lines =
      role_lines(everything(), "write", of_user({{"CUSTOM", "ours", false, std::nullopt}}));
  for (const CheckLine& line : lines) EXPECT_FALSE(line.error);
  EXPECT_NE(lines.back().said.find("is not known"), std::string::npos);
}

TEST(CheckAccess, SaysWhatIsHeldNeededMissingAndTooMuch) {
  const auto good = role_lines(everything(), "write", of_user({standard("ORG_ADMIN")}));
  ASSERT_EQ(good.size(), 1U);
  EXPECT_EQ(
      good[0].said,
      "user 00u1 has ORG_ADMIN; the least standard role is ORG_ADMIN, the least custom one has "
      "okta.users.read okta.groups.read okta.users.create okta.users.userprofile.manage "
      "okta.users.lifecycle.manage okta.users.groupMembership.manage okta.groups.create");
  EXPECT_EQ(good[0].details["least_role"].as_string(), "ORG_ADMIN");

  const auto bad = role_lines(everything(), "write", of_user({standard("USER_ADMIN")}));
  ASSERT_EQ(bad.size(), 2U);
  ASSERT_TRUE(bad[1].error);
  EXPECT_EQ(bad[1].error->code, ErrorCode::okta_forbidden);
  EXPECT_EQ(bad[1].error->message, "no role lets it create groups");

  const auto much = role_lines(everything(), "read", of_user({standard("ORG_ADMIN")}));
  ASSERT_EQ(much.size(), 2U);
  EXPECT_FALSE(much[1].error) << "too much is said, not refused";
  EXPECT_EQ(much[1].said.rfind("superfluous: ORG_ADMIN (create users", 0), 0U) << much[1].said;

  Access unread = of_user({});
  unread.roles = std::nullopt;
  unread.roles_unread = "the org does not show them: 403 E0000006";
  const auto blind = role_lines(everything(), "write", unread);
  ASSERT_EQ(blind.size(), 1U);
  EXPECT_FALSE(blind[0].error);
  EXPECT_NE(blind[0].said.find("403 E0000006; the least standard role is ORG_ADMIN"),
            std::string::npos);
}

TEST(CheckAccess, OnlyARefusedWriteProvesThatACredentialCannotWrite) {
  Access access = of_user({standard("READ_ONLY_ADMIN")});
  access.trial = WriteTrial::refused;
  access.trial_said = "403 E0000006";
  EXPECT_EQ(trial_line(everything(), access).said,
            "proven: the org refuses a write of the read credential with 403 E0000006");
  access.trial = WriteTrial::not_refused;
  access.trial_said = "400 E0000003";
  EXPECT_EQ(trial_line(everything(), access).said,
            "not proven: the org answered an empty write with 400 E0000003; by its roles the read "
            "credential cannot write");
  access.roles = std::vector{standard("ORG_ADMIN")};
  const CheckLine able = trial_line(everything(), access);
  EXPECT_EQ(able.said.rfind("NOT so: ", 0), 0U) << able.said;
  EXPECT_NE(able.said.find("READ_ONLY_ADMIN"), std::string::npos);
  EXPECT_FALSE(able.details["proven"].as_bool());
}

TEST(CheckAccess, NamesTheAppsThatMasterProfiles) {
  Access access = of_user({});
  EXPECT_EQ(sources_line(access, 0).said,
            "apps not looked at: the credential may not list them; 0 groups come from apps or "
            "directories");
  access.mastering_apps = std::vector<std::string>{"Active Directory", "Workday"};
  EXPECT_EQ(sources_line(access, 1).said,
            "profiles are mastered by Active Directory, Workday; 1 group comes from apps or "
            "directories");
}

}  // namespace
}  // namespace rollcall

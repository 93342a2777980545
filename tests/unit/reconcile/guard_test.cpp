// The guard: limits at their boundaries, protected people, holds that spread to dependants.
#include "service/reconcile/guard.h"

#include <fmt/core.h>
#include <gtest/gtest.h>

#include <map>

namespace rollcall {
namespace {

GuardSettings defaults() {
  GuardSettings guard;
  guard.limits = {{"containments", {2.0, 100, 5}}, {"absences", {1.0, 50, 3}},
                  {"releases", {2.0, 100, 5}},     {"deletes", {std::nullopt, 0, 0}},
                  {"creates", {5.0, 1000, 20}},    {"attribute", {10.0, std::nullopt, 20}},
                  {"logins", {1.0, 25, 5}},        {"group_members", {30.0, std::nullopt, 10}},
                  {"removals", {5.0, 1000, 50}},   {"mails", {std::nullopt, 0, 0}}};
  return guard;
}

struct Case {
  GuardSettings limits = defaults();
  std::vector<GroupTarget> groups;
  std::vector<std::uint64_t> population;
  GuardInputs inputs;
  std::vector<Operation> ops;

  Case() {
    inputs.limits = &limits;
    inputs.linked_enabled = 1000;
    inputs.membership_population = 5000;
    inputs.groups = &groups;
    inputs.group_population = &population;
  }
  Operation& add(OperationKind kind, const std::string& key, const std::string& reason) {
    Operation op;
    op.id = static_cast<std::uint32_t>(ops.size() + 1);
    op.kind = kind;
    op.subject = {key, "00u" + key, ""};
    op.reason = reason;
    if (kind == OperationKind::user_suspend) op.expect.status = AccountStatus::active;
    ops.push_back(op);
    return ops.back();
  }
  std::size_t held() const {
    std::size_t n = 0;
    for (const Operation& op : ops) n += op.held_by.empty() ? 0 : 1;
    return n;
  }
};

TEST(Guard, AllowedIsTheFloorOrTheSmallerOfPercentAndCount) {
  EXPECT_EQ(allowed_by({2.0, 100, 5}, 100), 5U);
  EXPECT_EQ(allowed_by({2.0, 100, 5}, 1000), 20U);
  EXPECT_EQ(allowed_by({2.0, 100, 5}, 32'812), 100U);
  EXPECT_EQ(allowed_by({10.0, std::nullopt, 20}, 1000), 100U);
  EXPECT_EQ(allowed_by({std::nullopt, 0, 0}, 1000), 0U);
}

TEST(Guard, TripsOnlyStrictlyAboveTheLimit) {
  for (const auto& [planned, held] : std::vector<std::pair<int, std::size_t>>{{20, 0}, {21, 21}}) {
    Case c;
    for (int i = 0; i < planned; ++i)
      c.add(OperationKind::user_suspend, fmt::format("{:03}", i), "leaver");
    const GuardVerdict verdict = guard(c.ops, c.inputs);
    EXPECT_EQ(c.held(), held);
    EXPECT_EQ(verdict.lines[0].limit, "containments");
    EXPECT_EQ(verdict.lines[0].allowed, 20U);
    EXPECT_EQ(verdict.lines[0].planned, static_cast<std::uint64_t>(planned));
    EXPECT_EQ(verdict.not_contained.size(), held);
  }
}

TEST(Guard, CountsAbsencesApart) {
  Case c;
  for (int i = 0; i < 11; ++i)
    c.add(OperationKind::user_suspend, fmt::format("{:03}", i), "absent");
  c.add(OperationKind::user_suspend, "900", "leaver");
  guard(c.ops, c.inputs);
  EXPECT_EQ(c.held(), 11U);
  EXPECT_TRUE(c.ops.back().held_by.empty());
}

TEST(Guard, HoldsLinksThatAreGivenUpByTheHundredNotThoseWhoseAccountIsGone) {
  Case c;
  for (int i = 0; i < 21; ++i)
    c.add(OperationKind::user_unlink, fmt::format("{:03}", i), "account_gone");
  guard(c.ops, c.inputs);
  EXPECT_EQ(c.held(), 0U);
  for (int i = 100; i < 121; ++i)
    c.add(OperationKind::user_unlink, fmt::format("{:03}", i), "out_of_scope");
  const GuardVerdict verdict = guard(c.ops, c.inputs);
  EXPECT_EQ(c.held(), 21U);
  EXPECT_EQ(c.ops.back().held_by, "releases");
  EXPECT_TRUE(verdict.not_contained.empty());
}

TEST(Guard, HoldsWhatWasRejectedWithinTheLimitsAndCountsItForNone) {
  Case c;
  for (int i = 0; i < 21; ++i)
    c.add(OperationKind::user_suspend, fmt::format("{:03}", i), "leaver");
  c.inputs.rejected = [](const Operation& op) { return op.id == 1; };
  const GuardVerdict verdict = guard(c.ops, c.inputs);
  EXPECT_EQ(c.held(), 1U) << "twenty are allowed";
  EXPECT_EQ(c.ops[0].held_by, "rejected");
  ASSERT_EQ(verdict.not_contained.size(), 1U);
  EXPECT_EQ(verdict.lines.back().limit, "rejected");
  EXPECT_NE(verdict.lines.back().release.find("rollcall approve"), std::string::npos);
}

TEST(Guard, ARefusedCreateTakesItsRidersAlong) {
  Case c;
  c.limits.limits["creates"] = {std::nullopt, 0, 0};
  c.add(OperationKind::user_create, "1", "joiner");
  c.add(OperationKind::group_add_member, "1", "joiner").request.with = 1;
  c.add(OperationKind::group_add_member, "1", "joiner").after = {1};
  guard(c.ops, c.inputs);
  EXPECT_EQ(c.held(), 3U);
  EXPECT_EQ(c.ops[2].held_by, "creates");
}

TEST(Guard, TheInitialLoadHasItsOwnAllowance) {
  Case c;
  c.inputs.linked_enabled = 0;
  c.inputs.initial_load = true;
  c.limits.initial_load = 30;
  for (int i = 0; i < 30; ++i) c.add(OperationKind::user_create, fmt::format("{}", i), "joiner");
  guard(c.ops, c.inputs);
  EXPECT_EQ(c.held(), 0U);
  c.add(OperationKind::user_create, "30", "joiner");
  guard(c.ops, c.inputs);
  EXPECT_EQ(c.held(), 31U);
}

TEST(Guard, HoldsProtectedPeopleEachAloneAndReportsAProtectedLeaver) {
  Case c;
  c.inputs.protected_users = {"00u1"};
  c.inputs.own_principal = "00u2";
  c.add(OperationKind::user_suspend, "1", "leaver");
  c.add(OperationKind::user_update, "2", "mover");
  c.add(OperationKind::user_suspend, "3", "leaver");
  c.add(OperationKind::user_link, "1", "adopt");
  const GuardVerdict verdict = guard(c.ops, c.inputs);
  EXPECT_EQ(c.ops[0].held_by, "protected");
  EXPECT_EQ(c.ops[1].held_by, "own_principal");
  EXPECT_TRUE(c.ops[2].held_by.empty());
  EXPECT_TRUE(c.ops[3].held_by.empty());
  ASSERT_EQ(verdict.not_contained.size(), 1U);
  EXPECT_EQ(verdict.not_contained[0].worker_key, "1");
}

TEST(Guard, LimitsEachGroupByItsOwnMembers) {
  Case c;
  c.groups = {{"small", 0, 0, true, false, 0}, {"large", 0, 1, true, false, 0}};
  c.population = {40, 1000};
  for (int i = 0; i < 13; ++i) {
    for (const char* group : {"small", "large"}) {
      c.add(OperationKind::group_remove_member, fmt::format("{}", i), "mover").object = {
          ObjectRef::Kind::group, "00g", group};
    }
  }
  guard(c.ops, c.inputs);
  for (const Operation& op : c.ops) {
    EXPECT_EQ(op.held_by, op.object.name == "small" ? "group_members:small" : "");
  }
}

TEST(Guard, AllowsNoMailUnlessStated) {
  Case c;
  c.add(OperationKind::user_create, "1", "joiner").credential = Credential::invite;
  guard(c.ops, c.inputs);
  EXPECT_EQ(c.ops[0].held_by, "mails");
  EXPECT_FALSE(guard(c.ops, c.inputs).lines.empty());
}

TEST(Guard, EveryHoldHasALineThatSaysWhatReleasesIt) {
  Case c;
  c.inputs.protected_users = {"00u1", "00u7"};
  c.inputs.own_principal = "00u2";
  c.add(OperationKind::user_suspend, "1", "leaver");
  c.add(OperationKind::user_clear_sessions, "1", "leaver").after = {1};
  c.add(OperationKind::user_update, "2", "mover");
  c.add(OperationKind::user_update, "3", "mover").held_by = "renames";
  c.add(OperationKind::user_deactivate, "4", "leaver").held_by = "not_suspendable";
  c.add(OperationKind::user_link, "5", "orphan").held_by = "orphans";
  std::map<std::string, GuardLine> lines;
  for (const GuardLine& line : guard(c.ops, c.inputs).lines) lines[line.limit] = line;
  for (const Operation& op : c.ops) {
    ASSERT_EQ(lines.count(op.held_by), 1U) << op.held_by;
    EXPECT_TRUE(lines[op.held_by].held);
    EXPECT_FALSE(lines[op.held_by].release.empty());
  }
  EXPECT_EQ(lines["protected"].planned, 2U);
  EXPECT_EQ(lines["protected"].population, 2U);
  EXPECT_EQ(lines["protected"].allowed, 0U);
}

TEST(Guard, WhatIsApprovedCountsForNoLimitAndIsNotHeld) {
  Case c;
  for (int i = 0; i < 22; ++i) {
    c.add(OperationKind::user_suspend, fmt::format("{:03}", i), "leaver");
  }
  c.add(OperationKind::user_update, "900", "mover").held_by = "renames";
  c.inputs.protected_users = {"00u000"};
  c.inputs.approved = [](const Operation& op) {
    return op.subject.worker_key == "000" || op.subject.worker_key == "001" ||
           op.subject.worker_key == "900";
  };
  const GuardVerdict verdict = guard(c.ops, c.inputs);
  EXPECT_EQ(c.held(), 0U);
  EXPECT_EQ(verdict.lines[0].planned, 20U);
  EXPECT_TRUE(verdict.not_contained.empty());
  EXPECT_EQ(verdict.approved, 3U);
}

TEST(Guard, NoApprovalShutsOutOurOwnPrincipal) {
  Case c;
  c.inputs.own_principal = "00u2";
  c.add(OperationKind::user_suspend, "2", "leaver");
  c.add(OperationKind::user_update, "2", "mover");
  c.inputs.approved = [](const Operation&) { return true; };
  guard(c.ops, c.inputs);
  EXPECT_EQ(c.ops[0].held_by, "own_principal");
  EXPECT_TRUE(never_released(c.ops[0]));
  EXPECT_TRUE(c.ops[1].held_by.empty());
}

}  // namespace
}  // namespace rollcall

// What a read means for the kinds that only operators' commands have.
#include <gtest/gtest.h>

#include "service/execute/verdict.h"

namespace rollcall::testing {
namespace {

using Kind = OperationKind;

Operation wish_of(Kind kind) {
  Operation op;
  op.id = 1;
  op.kind = kind;
  op.subject.user_id = "00u1";
  return op;
}

Observed assigned(bool there) {
  Observed seen;
  seen.exists = true;
  seen.member = there;
  return seen;
}

Observed switched(bool active) {
  Observed seen;
  seen.exists = true;
  seen.active = active;
  return seen;
}

Observed account_in(AccountStatus status) {
  Observed seen;
  seen.exists = true;
  seen.status = status;
  return seen;
}

TEST(OperatorsVerdict, AnAssignmentIsTakenAwayOnlyWhereItIs) {
  for (const Kind kind : {Kind::app_unassign_user, Kind::app_unassign_group}) {
    ASSERT_TRUE(needs_confirmation(kind));
    EXPECT_EQ(judge_before(wish_of(kind), assigned(true)).verdict, Verdict::send);
    EXPECT_EQ(judge_before(wish_of(kind), assigned(false)).verdict, Verdict::done);
    EXPECT_EQ(judge_after(wish_of(kind), assigned(false), {}).verdict, Verdict::done);
    EXPECT_EQ(judge_after(wish_of(kind), assigned(true), {}).verdict, Verdict::not_done);
  }
  for (const Kind kind : {Kind::app_assign_user, Kind::app_assign_group}) {
    EXPECT_FALSE(repeat_is_safe(kind));
    EXPECT_EQ(judge_after(wish_of(kind), assigned(true), {}).verdict, Verdict::done);
    EXPECT_EQ(judge_after(wish_of(kind), assigned(false), {}).verdict, Verdict::not_done);
  }
}

TEST(OperatorsVerdict, ARuleOrPolicyIsSwitchedOnlyWhereItStandsOtherwise) {
  for (const Kind kind :
       {Kind::group_rule_activate, Kind::policy_activate, Kind::policy_rule_activate,
        Kind::group_rule_deactivate, Kind::policy_deactivate, Kind::policy_rule_deactivate}) {
    SCOPED_TRACE(to_string(kind));
    const bool on = switches_on(kind);
    EXPECT_EQ(judge_before(wish_of(kind), switched(!on)).verdict, Verdict::send);
    EXPECT_EQ(judge_before(wish_of(kind), switched(on)).verdict, Verdict::done);
    EXPECT_EQ(judge_before(wish_of(kind), Observed{}).verdict, Verdict::conflict);
    EXPECT_EQ(judge_after(wish_of(kind), switched(on), {}).verdict, Verdict::done);
    EXPECT_EQ(judge_after(wish_of(kind), switched(!on), {}).verdict, Verdict::not_done);
  }
}

TEST(OperatorsVerdict, APasswordIsExpiredOnceAndWhereThereIsOne) {
  const Operation op = wish_of(Kind::user_expire_password);
  EXPECT_EQ(judge_before(op, account_in(AccountStatus::active)).verdict, Verdict::send);
  EXPECT_EQ(judge_before(op, account_in(AccountStatus::password_expired)).verdict, Verdict::done);
  EXPECT_EQ(judge_before(op, account_in(AccountStatus::staged)).verdict, Verdict::conflict);
  EXPECT_EQ(judge_after(op, account_in(AccountStatus::active), {}).verdict, Verdict::not_done);
  EXPECT_EQ(judge_after(op, account_in(AccountStatus::password_expired), {}).verdict,
            Verdict::done);
}

}  // namespace
}  // namespace rollcall::testing

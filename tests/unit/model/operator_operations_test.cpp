// Operations with two objects, as plans of operators' commands have them.
#include <gtest/gtest.h>

#include "service/model/operation.h"

namespace rollcall {
namespace {

Operation app_for_group() {
  Operation op;
  op.id = 1;
  op.kind = OperationKind::app_assign_group;
  op.object = {ObjectRef::Kind::app, "0oa1", "Wiki"};
  op.beside = {ObjectRef::Kind::group, "00g1", "dept-Sales"};
  op.reason = "operator";
  return op;
}

Operation rule_of_policy() {
  Operation op;
  op.id = 1;
  op.kind = OperationKind::policy_rule_deactivate;
  op.object = {ObjectRef::Kind::policy_rule, "0pr1", "strict"};
  op.beside = {ObjectRef::Kind::policy, "00p1", "staff"};
  return op;
}

TEST(OperatorOperations, KeepBothObjectsInTheirJson) {
  EXPECT_EQ(to_json(app_for_group())["object"].canonical(),
            R"({"app":{"id":"0oa1","label":"Wiki"},"group":{"id":"00g1","name":"dept-Sales"}})");
  EXPECT_EQ(
      to_json(rule_of_policy())["object"].canonical(),
      R"({"policy":{"id":"00p1","name":"staff"},"policy_rule":{"id":"0pr1","name":"strict"}})");
  for (const Operation& op : {app_for_group(), rule_of_policy()}) {
    const auto read = operation_from_json(to_json(op));
    ASSERT_TRUE(read);
    EXPECT_EQ(read->object.kind, op.object.kind);
    EXPECT_EQ(read->object.id, op.object.id);
    EXPECT_EQ(read->object.name, op.object.name);
    EXPECT_EQ(read->beside.kind, op.beside.kind);
    EXPECT_EQ(read->beside.id, op.beside.id);
    EXPECT_EQ(read->beside.name, op.beside.name);
    EXPECT_EQ(hashed_form(*read), hashed_form(op));
  }
}

TEST(OperatorOperations, AnApprovalCoversTheVeryObjects) {
  Operation other = app_for_group();
  other.beside.id = "00g2";
  EXPECT_NE(change_digest(app_for_group(), "key"), change_digest(other, "key"));
  other = rule_of_policy();
  other.object.id = "0pr2";
  EXPECT_NE(change_digest(rule_of_policy(), "key"), change_digest(other, "key"));
}

TEST(OperatorOperations, EveryKindReadsBackFromItsName) {
  for (std::size_t i = 0; i < kOperationKinds; ++i) {
    const auto kind = static_cast<OperationKind>(i);
    EXPECT_EQ(operation_kind(to_string(kind)), kind);
    EXPECT_FALSE(is_switch(kind) && is_assignment(kind));
  }
  EXPECT_FALSE(operation_kind("user.vanish"));
}

}  // namespace
}  // namespace rollcall

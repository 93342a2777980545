// A plan shows the request of each operation; it must be the one that the client will send.
#include <gtest/gtest.h>

#include <set>

#include "connectors/okta/codec.h"
#include "service/base/text.h"
#include "tests/unit/reconcile/world.h"

namespace rollcall {
namespace {

/// Ids that an earlier operation of the plan will give.
Operation with_ids(Operation op) {
  if (op.subject.user_id.empty() && op.kind != OperationKind::user_create) {
    op.subject.user_id = "{new}";
  }
  if (op.object.kind == ObjectRef::Kind::group && op.object.id.empty()) op.object.id = "{new}";
  return op;
}

void compare(const World& world, std::set<OperationKind>& seen) {
  for (const Operation& planned : world.operations()) {
    if (journal_only(planned.kind) || planned.request.with != 0) continue;
    const Operation op = with_ids(planned);
    const Operation* one = &op;
    const auto request = encode({&one, 1});
    ASSERT_TRUE(request) << describe(request.error());
    EXPECT_EQ(planned.request.method, request->method) << to_string(op.kind);
    EXPECT_EQ(planned.request.path, replace_all(request->target, "%7Bnew%7D", "{new}"))
        << to_string(op.kind);
    seen.insert(op.kind);
  }
}

TEST(RequestLines, OfAPlanAreTheOnesThatTheClientSends) {
  std::set<OperationKind> seen;
  for (const char* credential : {"quiet", "federated", "stage", "invite", "random_password"}) {
    World world(std::string("users: {joiner: {credential: ") + credential + "}}\n");
    world.group("00g1", "all-staff", true).group("00g2", "part-time", true);
    world.group("00g3", "dept-Sales", true);
    world.account("00u1", AccountStatus::active, profile("E1", "ada", "Sales"), "E1");
    world.account("00u2", AccountStatus::active, profile("E2", "bea", "Sales"), "E2");
    world.account("00u3", AccountStatus::locked_out, profile("E3", "cleo", "Sales"), "E3");
    world.account("00u4", AccountStatus::suspended, profile("E4", "dora", "Sales"), "E4");
    world.suspended_by_us("00u4");
    world.member("00g3", "00u1");
    world.person("E1", hr("ada", "Legal"));
    world.person("E2", hr("bea", "Sales", "Terminated"));
    world.person("E3", hr("cleo", "Sales", "Terminated"));
    world.person("E4", hr("dora", "Sales"));
    world.person("E5", hr("zoe", "Legal"));
    world.plan();
    compare(world, seen);
  }
  for (const OperationKind kind :
       {OperationKind::user_create, OperationKind::user_activate, OperationKind::user_update,
        OperationKind::user_suspend, OperationKind::user_deactivate, OperationKind::user_unsuspend,
        OperationKind::user_clear_sessions, OperationKind::group_create,
        OperationKind::group_add_member, OperationKind::group_remove_member}) {
    EXPECT_EQ(seen.count(kind), 1U) << to_string(kind);
  }
}

TEST(RequestLines, OfALadderThatResetsFactorsTooAndOfAReturnFromDeactivation) {
  std::set<OperationKind> seen;
  World world("users: {terminated: [{after: 0d, do: [suspend, clear_sessions, reset_factors]}]}\n");
  world.group("00g1", "all-staff", true).group("00g2", "part-time", true);
  world.account("00u2", AccountStatus::active, profile("E2", "bea", "Sales"), "E2");
  world.person("E2", hr("bea", "Sales", "Terminated"));
  world.plan();
  compare(world, seen);
  EXPECT_EQ(seen.count(OperationKind::user_reset_factors), 1U);
}

}  // namespace
}  // namespace rollcall

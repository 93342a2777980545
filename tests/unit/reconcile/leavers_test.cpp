// Who has left and can still sign in, from one read to the next.
#include "service/reconcile/leavers.h"

#include "tests/unit/reconcile/world.h"

namespace rollcall {
namespace {

Operation containment(const std::string& key, AccountStatus status, const std::string& held_by) {
  Operation op;
  op.kind = OperationKind::user_suspend;
  op.subject = {key, "00u" + key, ""};
  op.expect.status = status;
  op.held_by = held_by;
  return op;
}

OrgSnapshot org(const std::vector<std::pair<std::string, AccountStatus>>& accounts) {
  OrgSnapshot snapshot{SnapshotKeys{}};
  Record profile(1);
  for (const auto& [id, status] : accounts) {
    AccountView account;
    account.id = id;
    account.login = id;
    account.status = status;
    account.profile = profile.view();
    snapshot.add_account(account);
  }
  snapshot.seal();
  return snapshot;
}

TEST(Leavers, AreThoseWhoseAccountCanSignInWhateverThePlanDoesAboutThem) {
  Reconciled reconciled;
  reconciled.not_contained.push_back({"E4", "00uE4", "the status is not known"});
  Uncontained further{"E1", "00u9", "a further account"};
  further.linked = false;
  reconciled.not_contained.push_back(further);
  const std::vector<Operation> plan{containment("E1", AccountStatus::active, ""),
                                    containment("E2", AccountStatus::suspended, ""),
                                    containment("E3", AccountStatus::active, "protected")};
  const auto leavers = leavers_of(reconciled, plan, WallTime{5});
  ASSERT_EQ(leavers.size(), 3U);
  EXPECT_EQ(leavers[0].worker_key, "E1");
  EXPECT_EQ(leavers[0].user_id, "00uE1") << "the one that is theirs";
  EXPECT_EQ(leavers[0].since, WallTime{5});
  EXPECT_EQ(leavers[1].why, "held by protected");
  EXPECT_EQ(leavers[2].worker_key, "E4");
}

TEST(Leavers, StayInTheReportUntilTheirAccountIsClosedOrNoLongerOurs) {
  const std::vector<KnownLeaver> known{{"E1", "00u1", "held by protected", {7}},
                                       {"E2", "00u2", "planned", {7}},
                                       {"E3", "00u3", "planned", {7}},
                                       {"E4", "00u4", "planned", {7}}};
  const LinkList links{{Link::Kind::user, "00u1", "E1", false},
                       {Link::Kind::user, "00u2", "E2", false},
                       {Link::Kind::user, "00u3", "E3", true},
                       {Link::Kind::user, "00u4", "E4", false}};
  const OrgSnapshot accounts = org({{"00u1", AccountStatus::active},
                                    {"00u2", AccountStatus::suspended},
                                    {"00u3", AccountStatus::active}});
  const auto whole = still_inside(known, accounts, links, true, "this read does not count");
  ASSERT_EQ(whole.size(), 1U);
  EXPECT_EQ(whole[0].worker_key, "E1");
  EXPECT_EQ(whole[0].since, WallTime{7});
  EXPECT_NE(whole[0].why.find("held by protected"), std::string::npos);
  EXPECT_EQ(still_inside(known, accounts, links, false, "").size(), 2U);
}

}  // namespace
}  // namespace rollcall

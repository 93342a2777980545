// What HR's second word does to a plan that was made a while ago.
#include "service/reconcile/recheck.h"

#include "tests/unit/reconcile/world.h"

namespace rollcall {
namespace {

using Kind = OperationKind;
using Withdrawn = std::map<std::uint32_t, std::string>;

struct Second {
  World world;
  ReconcileInputs inputs;
  std::vector<Operation> plan;
  SourceEnd end{true, 0};

  Second() {
    inputs.settings = &world.settings;
    inputs.history = &world.history;
    inputs.as_of.instant = world.now;
  }
  Operation& add(Kind kind, const std::string& key, const std::string& reason,
                 const std::string& group = {}) {
    Operation op;
    op.id = static_cast<std::uint32_t>(plan.size() + 1);
    op.kind = kind;
    op.subject = {key, "00u" + key, ""};
    op.reason = reason;
    op.expect.status = AccountStatus::active;
    if (!group.empty()) op.object = {ObjectRef::Kind::group, "00g", group};
    plan.push_back(op);
    return plan.back();
  }
  Withdrawn run(const std::vector<std::pair<std::string, Fields>>& people,
                const std::vector<std::string>& rejected = {}) {
    Recheck recheck(inputs, plan);
    for (const std::string& key : rejected) recheck.rejected(key);
    Record record(world.settings.hr_schema.size());
    for (const auto& [key, fields] : people) {
      record.clear();
      for (std::size_t i = 0; i < world.settings.hr_schema.size(); ++i) {
        const auto found = fields.find(world.settings.hr_schema.at(static_cast<AttrId>(i)).name);
        if (found == fields.end()) {
          record.set_cleared(static_cast<AttrId>(i));
        } else {
          record.set(static_cast<AttrId>(i), found->second);
        }
      }
      recheck.person({key, record.view(), 1, 2});
    }
    return recheck.close(end);
  }
};

std::vector<std::uint32_t> ids(const Withdrawn& withdrawn) {
  std::vector<std::uint32_t> out;
  for (const auto& [id, why] : withdrawn) out.push_back(id);
  return out;
}

using Ids = std::vector<std::uint32_t>;

TEST(Recheck, AJoinerWhoVanishedFromHrIsNotMade) {
  Second s;
  s.add(Kind::user_create, "E1", "joiner");
  s.add(Kind::group_add_member, "E1", "joiner", "all-staff");
  s.add(Kind::user_create, "E2", "joiner");
  const auto gone = s.run({{"E2", {{"status", "Active"}}}});
  EXPECT_EQ(ids(gone), (Ids{1, 2}));
  EXPECT_EQ(gone.at(1), "HR no longer has the person.");
}

TEST(Recheck, ALeaverWhoCameBackIsNotContainedAndOneWhoIsGoneStillIs) {
  Second s;
  s.add(Kind::user_suspend, "E1", "leaver");
  s.add(Kind::user_clear_sessions, "E1", "leaver");
  s.add(Kind::user_suspend, "E2", "leaver");
  s.add(Kind::user_suspend, "E3", "leaver");  // HR dropped the record
  s.add(Kind::user_suspend, "E4", "absent");
  s.add(Kind::user_suspend, "E5", "absent");
  const auto gone = s.run({{"E1", {{"status", "Active"}}},
                           {"E2", {{"status", "Terminated"}, {"termination_date", "2026-02-20"}}},
                           {"E4", {{"status", "Active"}}}});
  EXPECT_EQ(ids(gone), (Ids{1, 2, 5}));
}

TEST(Recheck, ALastDayThatMovedTakesStepsBack) {
  Second s;
  s.add(Kind::user_deactivate, "E1", "leaver");
  s.add(Kind::user_deactivate, "E2", "leaver");
  s.add(Kind::user_suspend, "E3", "leaver");
  const auto gone = s.run({{"E1", {{"status", "Terminated"}, {"termination_date", "2026-02-20"}}},
                           {"E2", {{"status", "Terminated"}, {"termination_date", "2026-01-02"}}},
                           {"E3", {{"status", "Terminated"}, {"termination_date", "2026-03-20"}}}});
  EXPECT_EQ(ids(gone), (Ids{1, 3}));
}

TEST(Recheck, AValueOrGroupThatHrChangedAgainIsNotWritten) {
  Second s;
  s.add(Kind::user_update, "E1", "mover").changes = {
      {"department", "Old", "Sales", AttrType::text, false}};
  s.add(Kind::user_update, "E2", "mover").changes = {
      {"department", "Old", "Sales", AttrType::text, false},
      {"email", "a", "b", AttrType::text, false}};  // initial: not HR's to change
  s.add(Kind::group_add_member, "E1", "mover", "dept-Sales");
  s.add(Kind::group_add_member, "E2", "mover", "dept-Sales");
  s.add(Kind::group_remove_member, "E1", "mover", "dept-Legal");
  s.add(Kind::group_remove_member, "E2", "mover", "dept-Legal");
  const auto gone = s.run({{"E1", {{"status", "Active"}, {"department", "Legal"}}},
                           {"E2", {{"status", "Active"}, {"department", "Sales"}}}});
  EXPECT_EQ(ids(gone), (Ids{1, 3, 5}));
}

TEST(Recheck, WhatIsPlannedForSomebodyWhoLeftMeanwhileWaitsForTheNextPlan) {
  Second s;
  s.add(Kind::user_update, "E1", "mover");
  s.add(Kind::user_unsuspend, "E1", "rehire");
  s.add(Kind::user_link, "E1", "adopt");
  const auto gone = s.run({{"E1", {{"status", "Terminated"}}}});
  EXPECT_EQ(ids(gone), (Ids{1, 2}));
}

TEST(Recheck, UnknownIsNotNo) {
  Second s;
  s.add(Kind::user_create, "E1", "joiner");   // rejected now
  s.add(Kind::user_suspend, "E2", "leaver");  // twice now
  s.add(Kind::user_create, "E3", "joiner");   // not seen
  const std::vector<std::pair<std::string, Fields>> people{{"E2", {{"status", "Active"}}},
                                                           {"E2", {{"status", "Active"}}}};
  EXPECT_EQ(ids(s.run(people, {"E1"})), (Ids{3}));
  s.end.rejected_without_key = 1;
  EXPECT_TRUE(s.run(people, {"E1"}).empty());
  s.end = {false, 0};
  EXPECT_TRUE(s.run(people, {"E1"}).empty());
}

}  // namespace
}  // namespace rollcall

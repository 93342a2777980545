// People against the org: joiners, movers, leavers, returns, disputes.
#include <gtest/gtest.h>

#include <algorithm>

#include "tests/unit/reconcile/world.h"

namespace rollcall {
namespace {

using Lines = std::vector<std::string>;

/// One linked employee in all-staff and dept-Sales, so that only what a test adds shows.
World settled(const std::string& overlay = {}) {
  World world(overlay);
  world.group("00g1", "all-staff", true)
      .group("00g2", "part-time", true)
      .group("00g3", "dept-Sales", true);
  world.account("00u1", AccountStatus::active, profile("E1", "ada", "Sales"), "E1");
  world.member("00g1", "00u1").member("00g3", "00u1");
  return world;
}

OrgAttribute attribute(const std::string& name, bool required = false,
                       std::optional<int> max_length = std::nullopt) {
  OrgAttribute out;
  out.name = name;
  out.required = required;
  out.max_length = max_length;
  return out;
}

bool has(const std::vector<std::string>& list, const std::string& text) {
  return std::find(list.begin(), list.end(), text) != list.end();
}

TEST(Reconcile, PlansNothingWhenEverythingFits) {
  World world = settled();
  world.person("E1", hr("ada", "Sales"));
  EXPECT_EQ(world.plan(), Lines{});
  EXPECT_EQ(world.codes(), Lines{});
}

TEST(Reconcile, CreatesAJoinerWithMembershipsInTheRequest) {
  World world = settled();
  world.person("E1", hr("ada", "Sales")).person("E2", hr("zoe", "Sales"));
  EXPECT_EQ(world.plan(), (Lines{"user.create E2", "group.add_member E2 all-staff with 1",
                                 "group.add_member E2 dept-Sales with 1"}));
  EXPECT_EQ(world.operations()[0].request.path, "/api/v1/users?activate=true");
}

TEST(Reconcile, CreatesAMissingGroupBeforeItsMembers) {
  World world = settled();
  world.person("E1", hr("ada", "Sales")).person("E2", hr("zoe", "Legal"));
  EXPECT_EQ(world.plan(), (Lines{"user.create E2", "group.create dept-Legal",
                                 "group.add_member E2 all-staff with 1",
                                 "group.add_member E2 dept-Legal after 2 with 1"}));
  EXPECT_EQ(world.operations()[0].wave, 2);
  EXPECT_EQ(world.operations()[1].wave, 1);
}

TEST(Reconcile, UpdatesOnlyWhatChangedAndMovesBetweenTemplateGroups) {
  World world = settled();
  world.group("00g4", "dept-Legal", true);
  world.person("E1", hr("ada", "Legal"));
  EXPECT_EQ(world.plan(),
            (Lines{"group.remove_member E1 dept-Sales", "user.update E1 department=Legal",
                   "group.add_member E1 dept-Legal"}));
}

TEST(Reconcile, ClearsAnAttributeOnlyWhenHrSaysItIsEmpty) {
  World world = settled();
  world.person("E1", hr("ada", ""));
  EXPECT_TRUE(has(world.plan(), "user.update E1 department=null"));
  World silent = settled();
  Fields unknown = hr("ada", "Sales");
  unknown.erase("department");
  silent.person("E1", unknown);
  EXPECT_EQ(silent.plan(), Lines{});
}

TEST(Reconcile, WritesInitialValuesOnlyAtCreation) {
  World world = settled();
  Fields renamed = hr("ada", "Sales");
  renamed["email"] = "ada.lovelace@x.example";
  world.person("E1", renamed);
  EXPECT_EQ(world.plan(), Lines{});
}

TEST(Reconcile, TakesMembershipsOnlyIfWeGrantedThemUnlessAuthoritative) {
  World world = settled();
  world.group("00g4", "dept-Legal", true);
  world.member("00g4", "00u1", false);
  world.member("00g2", "00u1", false);
  world.person("E1", hr("ada", "Sales"));
  EXPECT_EQ(world.plan(), Lines{"group.remove_member E1 part-time"});
}

TEST(Reconcile, ContainsALeaverThenEndsSessions) {
  World world = settled();
  world.person("E1", hr("ada", "Sales", "Terminated"));
  EXPECT_EQ(world.plan(), (Lines{"user.suspend E1", "user.clear_sessions E1 after 1"}));
  EXPECT_EQ(world.operations()[0].reason, "leaver");
  EXPECT_EQ(world.operations()[0].expect.status, AccountStatus::active);
}

TEST(Reconcile, TheLastDayOfWorkCounts) {
  World world = settled();
  Fields today = hr("ada", "Sales", "Terminated");
  today["termination_date"] = "2026-03-01";
  world.person("E1", today);
  EXPECT_EQ(world.plan(), Lines{});
  world.now = *parse_rfc3339("2026-03-02T00:00:00Z");
  EXPECT_EQ(world.plan().front(), "user.suspend E1");
  world.now = *parse_rfc3339("2026-04-01T00:00:00Z");
  EXPECT_EQ(world.plan().front(), "user.deactivate E1");
}

TEST(Reconcile, DeactivatesWhomOktaCannotSuspend) {
  for (const AccountStatus status : {AccountStatus::provisioned, AccountStatus::recovery,
                                     AccountStatus::password_expired, AccountStatus::locked_out}) {
    World world;
    world.group("00g1", "all-staff", true).group("00g2", "part-time", true);
    world.account("00u1", status, profile("E1", "ada", "Sales"), "E1");
    world.person("E1", hr("ada", "Sales", "Terminated"));
    EXPECT_EQ(world.plan().front(), "user.deactivate E1") << to_string(status);
  }
}

TEST(Reconcile, HoldsWhomOktaCannotSuspendWhereConfiguredAndSaysNotContained) {
  World world("users: {not_suspendable: hold}\n");
  world.group("00g1", "all-staff", true).group("00g2", "part-time", true);
  world.account("00u1", AccountStatus::locked_out, profile("E1", "ada", "Sales"), "E1");
  world.person("E1", hr("ada", "Sales", "Terminated"));
  EXPECT_EQ(world.plan().front(), "user.deactivate E1 held not_suspendable");
  ASSERT_EQ(world.reconciled().not_contained.size(), 1U);
}

TEST(Reconcile, UndoesOnlyItsOwnSuspension) {
  World ours;
  ours.group("00g1", "all-staff", true)
      .group("00g2", "part-time", true)
      .group("00g3", "dept-Sales", true);
  ours.account("00u1", AccountStatus::suspended, profile("E1", "ada", "Sales"), "E1")
      .suspended_by_us("00u1");
  ours.member("00g1", "00u1").member("00g3", "00u1").person("E1", hr("ada", "Sales"));
  EXPECT_EQ(ours.plan(), Lines{"user.unsuspend E1"});

  World theirs;
  theirs.group("00g1", "all-staff", true).group("00g2", "part-time", true);
  theirs.account("00u1", AccountStatus::suspended, profile("E1", "ada", "Old"), "E1");
  theirs.person("E1", hr("ada", "Sales"));
  EXPECT_EQ(theirs.plan(), Lines{});
  EXPECT_EQ(theirs.codes(), Lines{"status.set_by_other"});
}

TEST(Reconcile, EndsTheSessionsThatARunLeftOpenAfterItsOwnSuspension) {
  const auto leaver = [](bool cleared) {
    World world;
    world.group("00g1", "all-staff", true).group("00g2", "part-time", true);
    world.account("00u1", AccountStatus::suspended, profile("E1", "ada", "Sales"), "E1");
    world.suspended_by_us("00u1").history.own_changes.back().sessions_cleared = cleared;
    world.person("E1", hr("ada", "Sales", "Terminated"));
    return world.plan();
  };
  EXPECT_EQ(leaver(false), Lines{"user.clear_sessions E1"});
  EXPECT_EQ(leaver(true), Lines{});

  World by_another;
  by_another.group("00g1", "all-staff", true).group("00g2", "part-time", true);
  by_another.account("00u1", AccountStatus::suspended, profile("E1", "ada", "Sales"), "E1");
  by_another.person("E1", hr("ada", "Sales", "Terminated"));
  EXPECT_EQ(by_another.plan(), Lines{});
}

TEST(Reconcile, ResetsTheFactorsThatARunLeftAfterItsOwnSuspension) {
  const auto leaver = [](bool reset) {
    World world(
        "users: {terminated: [{after: 0d, do: [suspend, clear_sessions, reset_factors]}]}\n");
    world.group("00g1", "all-staff", true).group("00g2", "part-time", true);
    world.account("00u1", AccountStatus::suspended, profile("E1", "ada", "Sales"), "E1");
    OwnStatusChange& own = world.suspended_by_us("00u1").history.own_changes.back();
    own.sessions_cleared = true;
    own.factors_reset = reset;
    world.person("E1", hr("ada", "Sales", "Terminated"));
    return world.plan();
  };
  EXPECT_EQ(leaver(false), Lines{"user.reset_factors E1"});
  EXPECT_EQ(leaver(true), Lines{});
}

TEST(Reconcile, WantsNothingOfADeactivatedLeaver) {
  World world;
  world.group("00g1", "all-staff", true).group("00g2", "part-time", true);
  world.account("00u1", AccountStatus::deprovisioned, profile("E1", "ada", "Old"), "E1");
  world.member("00g1", "00u1");
  Fields left = hr("ada", "Sales", "Terminated");
  left["termination_date"] = "2025-01-01";
  world.person("E1", left);
  EXPECT_EQ(world.plan(), Lines{});
}

TEST(Reconcile, ConcludesAbsenceOnlyAfterTheStatedReadsAndDays) {
  World world = settled();
  world.person("E9", hr("zoe", "Sales", "Terminated"));
  EXPECT_EQ(world.plan(), Lines{});
  EXPECT_EQ(world.codes(), Lines{"person.absent"});
  world.history.people.push_back({"E1", 1, world.now + -2 * 86'400'000LL, std::nullopt});
  EXPECT_EQ(world.plan(), (Lines{"user.suspend E1", "user.clear_sessions E1 after 1"}));
  EXPECT_EQ(world.operations()[0].reason, "absent");
}

TEST(Reconcile, NeverConcludesAbsenceFromAReadThatProvesNothing) {
  for (const SourceEnd& end : {SourceEnd{false, 0}, SourceEnd{true, 1}}) {
    World world = settled();
    world.history.people.push_back({"E1", 5, world.now + -9 * 86'400'000LL, std::nullopt});
    world.end = end;
    EXPECT_EQ(world.plan(), Lines{});
  }
}

TEST(Reconcile, ARejectedRecordMakesThePersonUnknownNotAbsent) {
  World world = settled();
  world.history.people.push_back({"E1", 5, world.now + -9 * 86'400'000LL, std::nullopt});
  world.reject("E1");
  EXPECT_EQ(world.plan(), Lines{});
}

TEST(Reconcile, ADuplicateKeyIsolatesThatPersonAndNoOther) {
  World world = settled();
  world.person("E1", hr("ada", "Legal"))
      .person("E2", hr("zoe", "Sales"))
      .person("E1", hr("ada", "Sales"));
  EXPECT_EQ(world.plan().front(), "user.create E2");
  EXPECT_EQ(world.plan().size(), 3U);
  EXPECT_EQ(world.codes(), Lines{"record.duplicate_key"});
  EXPECT_EQ(world.reconciled().findings[0].line, 4U);
}

TEST(Reconcile, TheOrderOfRecordsChangesNothing) {
  World a = settled();
  World b = settled();
  std::vector<std::pair<std::string, Fields>> people;
  for (int i = 2; i < 40; ++i) {
    people.emplace_back("E" + std::to_string(i),
                        hr("p" + std::to_string(i), i % 2 ? "Sales" : "Legal"));
  }
  for (const auto& [key, fields] : people) a.person(key, fields);
  std::reverse(people.begin(), people.end());
  for (const auto& [key, fields] : people) b.person(key, fields);
  EXPECT_EQ(a.plan(), b.plan());
  EXPECT_EQ(a.reconciled().snapshot, b.reconciled().snapshot);
}

TEST(Reconcile, LeavesDisputedAccountsAlone) {
  World world = settled();
  world.account("00u2", AccountStatus::active, profile("E2", "zoe", "Sales"), "");
  world.account("00u3", AccountStatus::active, profile("E2", "zoe.b", "Sales"), "");
  world.person("E1", hr("ada", "Sales")).person("E2", hr("zoe", "Sales"));
  EXPECT_EQ(world.plan(), Lines{});
  EXPECT_EQ(world.codes(), Lines{"match.disputed"});
}

TEST(Reconcile, LinksAMatchBeforeAnythingElseOnIt) {
  World world = settled();
  world.account("00u2", AccountStatus::active, profile("E2", "zoe", "Old"), "");
  world.person("E1", hr("ada", "Sales")).person("E2", hr("zoe", "Sales"));
  EXPECT_EQ(world.plan(), (Lines{"user.link E2", "user.update E2 department=Sales after 1",
                                 "group.add_member E2 all-staff after 1",
                                 "group.add_member E2 dept-Sales after 1"}));
}

TEST(Reconcile, FirstRunOverAFullOrgOnlyLinksAndHoldsOrphans) {
  World world("users: {scope: 'user.employeeNumber != null'}\n");
  world.account("00u1", AccountStatus::active, profile("E1", "ada", "Old"), "");
  world.account("00u7", AccountStatus::active, profile("E7", "gone", "Old"), "");
  world.account("00u8", AccountStatus::active, {{"login", "svc@x.example"}}, "");
  world.group("00g1", "all-staff", false);
  world.person("E1", hr("ada", "Sales")).person("E2", hr("zoe", "Sales"));
  EXPECT_EQ(world.plan(),
            (Lines{"user.link E1", "user.link E7 held orphans", "group.link all-staff"}));
}

TEST(Reconcile, NeverTouchesAForeignAccount) {
  World world = settled();
  world.account("00u8", AccountStatus::active, {{"login", "svc@x.example"}}, "");
  world.member("00g2", "00u8", false);
  world.person("E1", hr("ada", "Sales"));
  EXPECT_EQ(world.plan(), Lines{});
  EXPECT_EQ(world.codes(), Lines{"group.foreign_member"});
}

TEST(Reconcile, RefusesGroupsThatOthersFill) {
  World world = settled();
  world.group("00g5", "dept-Legal", true).group("00g6", "dept-Ops", false, GroupType::app_group);
  world.rule("fills legal", "00g5");
  world.person("E1", hr("ada", "Sales"))
      .person("E2", hr("zoe", "Legal"))
      .person("E3", hr("kim", "Ops"));
  EXPECT_EQ(world.plan(),
            (Lines{"user.create E2", "user.create E3", "group.add_member E2 all-staff with 1",
                   "group.add_member E3 all-staff with 2"}));
  EXPECT_EQ(world.codes(), (Lines{"group.refused", "group.refused"}));
}

TEST(Reconcile, AnExistingGroupIsLinkedBeforeItsMembers) {
  World world = settled();
  world.group("00g5", "dept-Legal", false);
  world.person("E1", hr("ada", "Sales")).person("E2", hr("zoe", "Legal"));
  EXPECT_EQ(world.plan(), (Lines{"user.create E2", "group.link dept-Legal",
                                 "group.add_member E2 all-staff with 1",
                                 "group.add_member E2 dept-Legal after 2 with 1"}));
}

TEST(Reconcile, ReleasesWhomOurOwnRulesNoLongerCoverAndTakesThemBack) {
  World world = settled("users: {include: 'hr.type != \"X\"'}\n");
  Fields extern_ = hr("ada", "Sales");
  extern_["type"] = "X";
  world.person("E1", extern_);
  EXPECT_EQ(world.plan(), Lines{"user.unlink E1"});
  World back = settled("users: {include: 'hr.type != \"X\"'}\n");
  for (Link& link : back.links) link.released = link.kind == Link::Kind::user;
  back.person("E1", hr("ada", "Sales"));
  EXPECT_EQ(back.plan(), Lines{"user.link E1"});
}

TEST(Reconcile, IsolatesWhatOktaCannotHold) {
  World world = settled();
  world.schema.attributes = {attribute("login", true),          attribute("email", true),
                             attribute("firstName", true),      attribute("lastName", true),
                             attribute("employeeNumber"),       attribute("nickName"),
                             attribute("department", false, 10)};
  Fields blank = hr("kim", "Sales");
  blank["last"] = "";
  Fields emoji = hr("lou", "Sales");
  emoji["last"] = "\xf0\x9f\x98\x80";
  world.person("E1", hr("ada", "Sales")).person("E2", blank).person("E3", emoji);
  world.person("E4", hr("max", "Department of Long Names")).person("E5", hr("ok", "Sales"));
  EXPECT_EQ(world.plan().front(), "user.create E5");
  EXPECT_EQ(world.codes(),
            (Lines{"record.required_blank", "record.unsupported_character", "record.too_long"}));
}

TEST(Reconcile, ReportsWhatAnotherSourceMastersAndDoesNotWriteIt) {
  World world = settled();
  world.schema.attributes = {attribute("login"),          attribute("email"),
                             attribute("firstName"),      attribute("lastName"),
                             attribute("employeeNumber"), attribute("nickName"),
                             attribute("department")};
  world.schema.attributes.back().mastered_elsewhere = true;
  world.group("00g4", "dept-Legal", true);
  world.person("E1", hr("ada", "Legal"));
  EXPECT_EQ(world.plan(),
            (Lines{"group.remove_member E1 dept-Sales", "group.add_member E1 dept-Legal"}));
  EXPECT_EQ(world.codes(), Lines{"attribute.mastered_elsewhere"});
}

TEST(Reconcile, LoginCollisionsOfJoinersDoNotDependOnOrder) {
  for (const bool reversed : {false, true}) {
    World world = settled();
    world.person("E1", hr("ada", "Sales"));
    world.person(reversed ? "E3" : "E2", hr("zoe", "Sales"));
    world.person(reversed ? "E2" : "E3", hr("Zoé", "Sales"));
    EXPECT_EQ(world.plan(), Lines{});
    EXPECT_EQ(world.codes(), (Lines{"record.login_collision", "record.login_collision"}));
  }
}

TEST(Reconcile, OffersTheFirstFreeLoginInKeyOrder) {
  const std::string overlay =
      "users: {profile: {login: {initial: 'Rollcall.firstFree(hr.email, hr.last + \"2@x.example\", "
      "hr.last + \"3@x.example\")'}}}\n";
  for (const bool reversed : {false, true}) {
    World world = settled(overlay);
    world.account("00u9", AccountStatus::deprovisioned, {{"login", "BYRON2@x.example"}}, "");
    world.person("E1", hr("ada", "Sales"));
    world.person(reversed ? "E3" : "E2", hr("zoe", "Sales"));
    world.person(reversed ? "E2" : "E3", hr("zoe", "Sales"));
    const auto lines = world.plan();
    ASSERT_EQ(world.operations().at(0).subject.login, "zoe@x.example");
    ASSERT_EQ(world.operations().at(1).subject.login, "Byron3@x.example");
  }
}

TEST(Reconcile, AnUnknownStatusIsolatesThePerson) {
  World world = settled();
  world.person("E1", hr("ada", "Legal", "Sabbatical"));
  EXPECT_EQ(world.plan(), Lines{});
  EXPECT_EQ(world.codes(), Lines{"record.unknown_status"});
}

TEST(Reconcile, ARequiredColumnThatIsMissingSetsJoinersAsideAndNobodyElse) {
  World world = settled();
  world.schema.attributes = {attribute("login", true),     attribute("email", true),
                             attribute("firstName", true), attribute("lastName", true),
                             attribute("employeeNumber"),  attribute("nickName"),
                             attribute("department")};
  Fields ada = hr("ada", "Sales");
  Fields joiner = hr("kim", "Sales");
  for (Fields* one : {&ada, &joiner}) one->erase("last");
  joiner.erase("department");  // demanded by nobody
  world.person("E1", ada).person("E2", joiner);
  EXPECT_EQ(world.plan(), Lines{});
  EXPECT_EQ(world.codes(), Lines{"record.required_blank"});
  EXPECT_EQ(world.reconciled().findings.front().message,
            "'lastName' is not known, as the source lacks a column for it, but the org demands it");
}

TEST(Reconcile, IsolatesWhatIsTooShortForTheOrg) {
  World world = settled();
  world.schema.attributes = {attribute("login"),          attribute("email"),
                             attribute("firstName"),      attribute("lastName"),
                             attribute("employeeNumber"), attribute("nickName"),
                             attribute("department")};
  world.schema.attributes.back().min_length = 4;
  world.person("E1", hr("ada", "Sales")).person("E2", hr("zoe", "IT"));
  EXPECT_EQ(world.plan(), Lines{});
  EXPECT_EQ(world.codes(), Lines{"record.too_short"});
}

TEST(Reconcile, AFailedExpressionIsolatesOnePerson) {
  World world =
      settled("users: {profile: {title: {authoritative: 'Convert.toInt(hr.title) + 1'}}}\n");
  world.schema.attributes.clear();
  Fields good = hr("zoe", "Sales");
  good["title"] = "7";
  Fields bad = hr("kim", "Sales");
  bad["title"] = "seven";
  world.person("E1", hr("ada", "Sales")).person("E2", good).person("E3", bad);
  EXPECT_EQ(world.plan().front(), "user.create E2");
  EXPECT_EQ(world.codes(), Lines{"record.expression_failed"});
}

TEST(Reconcile, LeavesAccountsOfAnUnrecognisedStatusAlone) {
  World world;
  world.group("00g1", "all-staff", true).group("00g2", "part-time", true);
  world.account("00u1", AccountStatus::unknown, profile("E1", "ada", "Old"), "E1");
  world.person("E1", hr("ada", "Sales"));
  EXPECT_EQ(world.plan(), Lines{});
  EXPECT_EQ(world.codes(), Lines{"status.unrecognised"});
}

TEST(Reconcile, SaysWhoIsInHrWithoutAnAccountWhileLifecycleIsNotManaged) {
  World world = settled("users: {manage: [link, attributes, groups]}\n");
  world.person("E1", hr("ada", "Sales")).person("E2", hr("zoe", "Sales"));
  EXPECT_EQ(world.plan(), Lines{});
  EXPECT_EQ(world.codes(), Lines{"person.unmanaged"});
}

TEST(Reconcile, DoesNotWriteWhatTheOrgDoesNotHaveOrNobodyMayWrite) {
  World world = settled();
  world.group("00g4", "dept-Legal", true);
  world.schema.attributes = {attribute("login"),    attribute("email"),    attribute("firstName"),
                             attribute("lastName"), attribute("nickName"), attribute("department")};
  world.schema.attributes.back().read_only = true;
  world.person("E1", hr("ada", "Legal"));
  EXPECT_EQ(world.plan(),
            (Lines{"group.remove_member E1 dept-Sales", "group.add_member E1 dept-Legal"}));
  EXPECT_EQ(world.codes(), (Lines{"attribute.read_only", "attribute.undefined"}));
}

TEST(Lifecycle, WaitsForAnAccountInTransition) {
  AccountView account;
  account.status = AccountStatus::staged;
  account.transitioning_to = AccountStatus::provisioned;
  const LifecycleDecision decision =
      decide_lifecycle(Employment::terminated, {0}, account, nullptr, {}, {1});
  EXPECT_EQ(decision.finding, ErrorCode::status_in_transition);
  EXPECT_TRUE(decision.not_contained);
  EXPECT_TRUE(decision.actions.empty());
}

TEST(Reconcile, WaitsForTheHireDate) {
  World world = settled();
  world.settings.sources.front().hire_date = "type";  // any column read as a date will do
  Fields future = hr("zoe", "Sales");
  future["type"] = "2026-03-02";
  Fields today = hr("kim", "Sales");
  today["type"] = "2026-03-01";
  Fields ada = hr("ada", "Sales");
  ada["type"] = "2020-01-01";
  world.person("E1", ada).person("E2", future).person("E3", today);
  EXPECT_EQ(world.plan().front(), "user.create E3");
  EXPECT_EQ(world.codes(), Lines{"person.not_started"});
}

TEST(Reconcile, NamesAccountsWithoutAPersonAlsoWhenPeopleAreLinked) {
  World world("users: {scope: 'user.employeeNumber != null'}\n");
  world.account("00u1", AccountStatus::active, profile("E1", "ada", "Sales"), "E1");
  world.account("00u7", AccountStatus::active, profile("E7", "gone", "Old"), "");
  world.account("00u8", AccountStatus::deprovisioned, profile("E8", "long.gone", "Old"), "");
  world.account("00u9", AccountStatus::active, {{"login", "svc@x.example"}}, "");
  world.person("E1", hr("ada", "Sales"));
  for (const std::string& line : world.plan()) EXPECT_EQ(line.find("E7"), std::string::npos);
  std::vector<std::string> orphans;
  for (const Finding& f : world.reconciled().findings) {
    if (f.code == "adopt.orphan") orphans.push_back(f.user_id);
  }
  EXPECT_EQ(orphans, std::vector<std::string>{"00u7"});
}

TEST(Reconcile, JoinersRideIntoAGroupThatTheSamePlanLinks) {
  World world;
  world.account("00u1", AccountStatus::active, profile("E1", "ada", "Sales"), "E1");
  world.group("00g1", "all-staff", false).group("00g2", "dept-Sales", true);
  world.member("00g2", "00u1");
  world.person("E1", hr("ada", "Sales")).person("E2", hr("zoe", "Sales"));
  world.plan();
  const Operation* link = nullptr;
  const Operation* create = nullptr;
  const Operation* rider = nullptr;
  for (const Operation& op : world.operations()) {
    if (op.kind == OperationKind::group_link) link = &op;
    if (op.kind == OperationKind::user_create) create = &op;
    if (op.request.with != 0 && op.object.name == "all-staff") rider = &op;
  }
  ASSERT_TRUE(link != nullptr && create != nullptr && rider != nullptr);
  EXPECT_EQ(rider->request.with, create->id);
  EXPECT_EQ(rider->after, std::vector<std::uint32_t>{link->id});
  EXPECT_LT(link->wave, create->wave) << "the link must be settled when the create leaves";
}

}  // namespace
}  // namespace rollcall

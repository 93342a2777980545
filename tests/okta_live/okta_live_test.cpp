#include <gtest/gtest.h>

#include <condition_variable>
#include <map>
#include <mutex>
#include <set>

#include "connectors/okta/client.h"
#include "connectors/okta/forecast.h"
#include "tests/okta_live/sim_process.h"
#include "tests/okta_live/waiting.h"

namespace rollcall {
namespace {

using State = Outcome::State;
using test::SimProcess;

class Seen final : public DirectorySink {
 public:
  void schema(const OrgSchema& schema) override { attributes = schema.attributes.size(); }
  void principal(const Principal& principal) override { who = principal.user_id; }
  void group(const Group& group) override { groups[group.name] = group.id; }
  void rule(const GroupRule&) override {}
  void account(const AccountView& account) override {
    statuses[std::string(account.id)] = account.status;
    departments[std::string(account.id)] = std::string(account.profile.text(1));
  }
  bool wants_members(const Group& group) const override {
    return group.type == GroupType::okta_group;
  }
  void member(std::string_view group, std::string_view user) override {
    members[std::string(group)].emplace(user);
  }

  std::size_t attributes = 0;
  std::string who;
  std::map<std::string, std::string> groups;
  std::map<std::string, AccountStatus> statuses;
  std::map<std::string, std::string> departments;
  std::map<std::string, std::set<std::string>> members;
};

class OktaLive : public ::testing::Test {
 protected:
  OktaLive() : sim_({"--listen", "127.0.0.1:0"}) {}

  void SetUp() override {
    ASSERT_TRUE(sim_.serves()) << "okta-sim did not start";
    auto opened = OktaDirectory::open(options(sim_.api_token(), sim_.base_url()));
    ASSERT_TRUE(opened) << describe(opened.error());
    okta_ = std::move(*opened);
    profile_.add({"login"});
    profile_.add({"department"});
  }

  OktaOptions options(const std::string& token, const std::string& base_url) {
    OktaOptions out;
    out.base_url = base_url;
    out.ca_file = sim_.ca_file();
    out.version = "0.0.0";
    out.clock = &clock_;
    out.token = [token]() -> Result<Secret> { return Secret(token); };
    return out;
  }

  std::vector<Completion> submit(std::vector<Operation> ops) {
    std::vector<const Operation*> pointers;
    for (const Operation& op : ops) pointers.push_back(&op);
    okta_->submit(pointers, sink_);
    return sink_.take(ops.size());
  }
  Outcome submit_one(const Operation& op) { return submit({op}).front().outcome; }
  Observed probe(const Operation& op) {
    okta_->probe(op, sink_);
    const auto done = sink_.take(1);
    EXPECT_TRUE(done.front().observed) << done.front().outcome.message;
    return done.front().observed.value_or(Observed{});
  }
  Operation op(OperationKind kind) {
    Operation out;
    out.id = ++next_;
    out.kind = kind;
    out.subject = {"E1", user_, "ada@x.example"};
    out.object = {ObjectRef::Kind::group, group_, "dept-Sales"};
    return out;
  }
  Operation create(const std::string& login) {
    Operation out = op(OperationKind::user_create);
    out.subject = {"E-" + login, "", login};
    out.object = {};
    out.credential = Credential::random_password;
    out.changes = {{"login", std::nullopt, login},
                   {"email", std::nullopt, login},
                   {"firstName", std::nullopt, "Ada"},
                   {"lastName", std::nullopt, "Byron"}};
    return out;
  }
  void applied(const Outcome& out) {
    EXPECT_EQ(static_cast<int>(out.state), static_cast<int>(State::applied))
        << out.http_status << " " << (out.code ? info(*out.code).id : "") << " " << out.message;
  }
  ScanSummary list(Seen& seen, std::vector<std::string> written) {
    ScanScope scope;
    scope.profile = &profile_;
    scope.recently_written = std::move(written);
    auto summary = okta_->observe(scope, seen, {});
    EXPECT_TRUE(summary) << (summary ? "" : describe(summary.error()));
    if (!summary) return {};
    for (const Error& reason : summary->reasons) ADD_FAILURE() << describe(reason);
    return *summary;
  }

  SystemClock clock_;
  SimProcess sim_;
  std::unique_ptr<OktaDirectory> okta_;
  AttrSchema profile_;
  test::Waiting sink_;
  std::string user_, group_;
  std::uint32_t next_ = 0;
};

TEST_F(OktaLive, APersonsWholeLifeIsWhatTheListingShows) {
  const Outcome made = submit_one(op(OperationKind::group_create));
  applied(made);
  group_ = made.group_id;
  const auto joined = submit({create("ada@x.example"), op(OperationKind::group_add_member)});
  for (const Completion& one : joined) applied(one.outcome);
  user_ = joined.front().outcome.user_id;
  ASSERT_FALSE(user_.empty());
  EXPECT_EQ(probe(op(OperationKind::user_suspend)).status, AccountStatus::active);

  Operation update = op(OperationKind::user_update);
  update.changes = {{"department", std::nullopt, "Sales"}};
  applied(submit_one(update));
  applied(submit_one(op(OperationKind::user_suspend)));
  applied(submit_one(op(OperationKind::user_clear_sessions)));
  EXPECT_EQ(probe(op(OperationKind::user_suspend)).status, AccountStatus::suspended);

  Seen seen;
  const ScanSummary summary = list(seen, {user_});
  EXPECT_TRUE(summary.certified);
  EXPECT_FALSE(summary.org_id.empty());
  EXPECT_FALSE(seen.who.empty());
  EXPECT_GT(seen.attributes, 10U);
  EXPECT_EQ(seen.groups["dept-Sales"], group_);
  EXPECT_EQ(seen.statuses[user_], AccountStatus::suspended);
  EXPECT_EQ(seen.departments[user_], "Sales");
  EXPECT_EQ(seen.members[group_], std::set<std::string>{user_});
  EXPECT_EQ(okta_->counts().refused, 0U);
}

TEST_F(OktaLive, WhatTheWorldNoLongerAllowsIsAConflict) {
  const auto made = submit({create("zoe@x.example")});
  applied(made.front().outcome);
  user_ = made.front().outcome.user_id;
  EXPECT_EQ(submit_one(create("zoe@x.example")).code, ErrorCode::okta_unique_violation);
  EXPECT_EQ(submit_one(op(OperationKind::user_unsuspend)).code, ErrorCode::okta_status_moved);
  applied(submit_one(op(OperationKind::user_deactivate)));
  EXPECT_EQ(probe(op(OperationKind::user_deactivate)).status, AccountStatus::deprovisioned);
  group_ = "00g00000000000000000";
  EXPECT_EQ(submit_one(op(OperationKind::group_add_member)).code, ErrorCode::okta_group_gone);
  Operation lost = create("nobody@x.example");
  EXPECT_FALSE(probe(lost).exists);
  EXPECT_TRUE(probe(create("zoe@x.example")).exists);
}

TEST_F(OktaLive, AGroupIsFoundByNameChangedAndDeleted) {
  applied(submit_one(op(OperationKind::group_create)));
  const Observed found = probe(op(OperationKind::group_create));
  EXPECT_TRUE(found.exists);
  group_ = found.group_id;
  Operation update = op(OperationKind::group_update);
  update.changes = {{"description", std::nullopt, "Sales people"}};
  applied(submit_one(update));
  EXPECT_EQ(probe(op(OperationKind::group_update)).profile.at("description"), "Sales people");
  applied(submit_one(op(OperationKind::group_delete)));
  EXPECT_FALSE(probe(op(OperationKind::group_delete)).exists);
}

TEST_F(OktaLive, AWrongTokenStopsTheRun) {
  auto stranger = OktaDirectory::open(options("wrong", sim_.base_url()));
  ASSERT_TRUE(stranger);
  ScanScope scope;
  scope.profile = &profile_;
  Seen seen;
  const auto summary = (*stranger)->observe(scope, seen, {});
  ASSERT_FALSE(summary);
  EXPECT_EQ(summary.error().code, ErrorCode::okta_credential_refused);
}

TEST_F(OktaLive, ABusyBucketMeetsNo429) {
  std::vector<Operation> ops;
  for (int i = 0; i < 60; ++i) ops.push_back(create("user" + std::to_string(i) + "@x.example"));
  for (const Operation& op : ops) {
    const Operation* one = &op;
    okta_->submit({&one, 1}, sink_);
  }
  for (const Completion& one : sink_.take(ops.size())) applied(one.outcome);
  EXPECT_EQ(okta_->counts().refused, 0U);
  const RateState state = okta_->rate_state();
  EXPECT_EQ(state.limit_of({"/api/v1/users", 600, true}), 300U);  // half of the org's 600
}

}  // namespace
}  // namespace rollcall

#include "service/model/plan.h"

#include <gtest/gtest.h>

namespace rollcall {
namespace {

PlanHeader header() {
  PlanHeader h;
  h.created_at = *parse_rfc3339("2026-03-01T06:00:00Z");
  h.as_of = h.created_at;
  h.expires_at = *parse_rfc3339("2026-03-01T10:00:00Z");
  h.as_of_date = "2026-03-01";
  h.environment = "test";
  h.org = "https://acme.okta.com";
  h.org_id = "00o1";
  h.config = sha256("rules");
  h.sources.push_back({"hr", "file", 2, 0, true, sha256("people")});
  return h;
}

std::vector<Operation> operations() {
  Operation create;
  create.id = 1;
  create.kind = OperationKind::user_create;
  create.subject = {"E200", "", "zoe@x.example"};
  create.changes = {{"login", std::nullopt, "zoe@x.example", AttrType::text, false},
                    {"salary", std::nullopt, "100", AttrType::text, true},
                    {"remote", std::nullopt, "true", AttrType::boolean, false}};
  create.credential = Credential::random_password;
  create.reason = "joiner";
  create.because = {"hr", "users.joiner"};
  create.request = {"POST", "/api/v1/users?activate=true", 0};
  Operation add;
  add.id = 2;
  add.kind = OperationKind::group_add_member;
  add.after = {1};
  add.subject = create.subject;
  add.object = {ObjectRef::Kind::group, "00g1", "dept-Sales"};
  add.request.with = 1;
  add.held_by = "creates";
  return {create, add};
}

std::string written(const PlanHeader& h, const std::vector<Operation>& ops) {
  StringSink sink;
  PlanWriter writer(sink, h);
  for (const Operation& op : ops) EXPECT_TRUE(writer.add(op));
  PlanTrailer trailer;
  for (const Operation& op : ops) trailer.summary.count(op);
  trailer.forecast = {3, 0.52, {{"/api/v1/users", 3, 300}}};
  trailer.guard = {{"creates", 0, 1, 0, true, "approve it"}};
  trailer.findings = {{Severity::error, "record.duplicate_key", "hr", 87, 88, "9", "", "twice"}};
  EXPECT_TRUE(writer.seal(trailer));
  return sink.text();
}

TEST(Plan, RoundTripsThroughItsFile) {
  const auto plan = read_plan(written(header(), operations()));
  ASSERT_TRUE(plan) << describe(plan.error());
  ASSERT_EQ(plan->operations.size(), 2U);
  EXPECT_EQ(plan->operations[0].credential, Credential::random_password);
  EXPECT_EQ(plan->operations[1].request.with, 1U);
  EXPECT_EQ(plan->operations[1].held_by, "creates");
  EXPECT_EQ(plan->trailer.findings[0].record, 87U);
  EXPECT_EQ(plan->trailer.summary.by_kind[static_cast<std::size_t>(OperationKind::user_create)],
            1U);
  EXPECT_EQ(plan->trailer.forecast.minutes, 0.52);
}

TEST(Plan, NeverWritesASensitiveValue) {
  const std::string text = written(header(), operations());
  EXPECT_EQ(text.find("\"100\""), std::string::npos);
  EXPECT_NE(text.find("(sensitive)"), std::string::npos);
}

TEST(Plan, NoticesAnAlteredOperation) {
  std::string text = written(header(), operations());
  const auto at = text.find("zoe@x.example");
  text[at] = 'Z';
  const auto plan = read_plan(text);
  ASSERT_FALSE(plan);
  EXPECT_EQ(plan.error().code, ErrorCode::plan_altered);
}

TEST(Plan, IdIgnoresTimesHoldsAndFindingsButNotPeople) {
  const auto id = [](const PlanHeader& h, const std::vector<Operation>& ops) {
    PlanHasher hasher(h);
    for (const Operation& op : ops) hasher.add(op);
    return hasher.finish();
  };
  const Sha256 base = id(header(), operations());
  PlanHeader later = header();
  later.created_at = later.created_at + 60000;
  later.expires_at = later.expires_at + 60000;
  auto released = operations();
  released[1].held_by.clear();
  EXPECT_EQ(id(later, released), base);
  PlanHeader other = header();
  other.sources[0].snapshot = sha256("other people");
  EXPECT_NE(id(other, operations()), base);
}

TEST(Plan, DigestsAChangeAsItsCanonicalJson) {
  const Operation create = operations()[0];
  const std::string salary = to_text(hmac_sha256("key", "100"));
  EXPECT_EQ(change_digest(create, "key"),
            sha256(R"({"changes":{"login":{"from":null,"to":"zoe@x.example"},)"
                   R"("remote":{"from":null,"to":true},"salary":{"from":null,"to":")" +
                   salary +
                   R"("}},"kind":"user.create","object":"","user_id":"",)"
                   R"("worker_key":"E200"})"));
}

TEST(Plan, RefusesTextThatIsNoPlan) {
  for (const char* text : {"", "{}", "[]", "{\"format\":\"rollcall.plan/2\"}"}) {
    EXPECT_EQ(read_plan(text).error().code, ErrorCode::plan_unreadable) << text;
  }
}

TEST(Record, KeepsThreeStatesInAnyOrderOfSetting) {
  Record r(3);
  r.set(2, "zwei");
  r.set_cleared(1);
  const RecordView v = r.view();
  EXPECT_EQ(v.state(0), AttrState::unknown);
  EXPECT_EQ(v.state(1), AttrState::cleared);
  EXPECT_EQ(v.text(2), "zwei");
  EXPECT_EQ(v.bytes(), 12U + 4U);
}

}  // namespace
}  // namespace rollcall

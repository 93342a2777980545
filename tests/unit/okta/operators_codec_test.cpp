// Requests, reads and answers of what only operators' commands do.
#include <gtest/gtest.h>

#include "connectors/okta/codec.h"
#include "tests/unit/okta/samples.h"

namespace rollcall {
namespace {

using Kind = OperationKind;
using State = Outcome::State;
using test::make_reply;
using test::okta_error;

Operation wish(Kind kind) {
  Operation out;
  out.id = 7;
  out.kind = kind;
  const bool of_user = kind <= Kind::app_unassign_user;
  if (of_user) out.subject = {"", "00u1", "ada@x.example"};
  if (is_assignment(kind)) out.object = {ObjectRef::Kind::app, "0oa1", "Wiki"};
  if (kind == Kind::app_assign_group || kind == Kind::app_unassign_group) {
    out.beside = {ObjectRef::Kind::group, "00g1", "dept-Sales"};
  }
  if (kind == Kind::user_reset_factor) out.object = {ObjectRef::Kind::factor, "sms1", "sms"};
  if (kind == Kind::group_rule_activate || kind == Kind::group_rule_deactivate) {
    out.object = {ObjectRef::Kind::group_rule, "0pr1", "r"};
  }
  if (kind == Kind::policy_activate || kind == Kind::policy_deactivate) {
    out.object = {ObjectRef::Kind::policy, "00p1", "p"};
  }
  if (kind == Kind::policy_rule_activate || kind == Kind::policy_rule_deactivate) {
    out.object = {ObjectRef::Kind::policy_rule, "0pr2", "s"};
    out.beside = {ObjectRef::Kind::policy, "00p1", "p"};
  }
  return out;
}

const std::vector<Kind> kAll{
    Kind::user_expire_password, Kind::user_reset_factor,     Kind::app_assign_user,
    Kind::app_unassign_user,    Kind::app_assign_group,      Kind::app_unassign_group,
    Kind::group_rule_activate,  Kind::group_rule_deactivate, Kind::policy_activate,
    Kind::policy_deactivate,    Kind::policy_rule_activate,  Kind::policy_rule_deactivate};

std::string line(const Result<HttpRequest>& request) {
  return request ? request->method + " " + request->target
                 : std::string(info(request.error().code).id);
}

std::string sent(const Operation& op) {
  const Operation* one = &op;
  return line(encode({&one, 1}));
}

TEST(OperatorsCodec, EveryKindHasItsDocumentedRequest) {
  std::vector<std::string> lines;
  for (const Kind kind : kAll) lines.push_back(sent(wish(kind)));
  EXPECT_EQ(lines, (std::vector<std::string>{
                       "POST /api/v1/users/00u1/lifecycle/expire_password",
                       "DELETE /api/v1/users/00u1/factors/sms1", "POST /api/v1/apps/0oa1/users",
                       "DELETE /api/v1/apps/0oa1/users/00u1", "PUT /api/v1/apps/0oa1/groups/00g1",
                       "DELETE /api/v1/apps/0oa1/groups/00g1",
                       "POST /api/v1/groups/rules/0pr1/lifecycle/activate",
                       "POST /api/v1/groups/rules/0pr1/lifecycle/deactivate",
                       "POST /api/v1/policies/00p1/lifecycle/activate",
                       "POST /api/v1/policies/00p1/lifecycle/deactivate",
                       "POST /api/v1/policies/00p1/rules/0pr2/lifecycle/activate",
                       "POST /api/v1/policies/00p1/rules/0pr2/lifecycle/deactivate"}));
  const Operation assign = wish(Kind::app_assign_user);
  const Operation* one = &assign;
  EXPECT_EQ(encode({&one, 1})->body, R"({"id":"00u1","scope":"USER"})");
}

TEST(OperatorsCodec, NothingIsSentToATargetWithoutAnId) {
  for (const Kind kind : kAll) {
    Operation op = wish(kind);
    op.subject.user_id.clear();
    op.object.id.clear();
    EXPECT_EQ(sent(op), "okta.target_unknown") << to_string(kind);
  }
}

TEST(OperatorsCodec, TheReadShowsTheObjectItself) {
  EXPECT_EQ(line(encode_probe(wish(Kind::user_expire_password))), "GET /api/v1/users/00u1");
  EXPECT_EQ(line(encode_probe(wish(Kind::app_unassign_user))), "GET /api/v1/apps/0oa1/users/00u1");
  EXPECT_EQ(line(encode_probe(wish(Kind::app_assign_group))), "GET /api/v1/apps/0oa1/groups/00g1");
  EXPECT_EQ(line(encode_probe(wish(Kind::group_rule_activate))), "GET /api/v1/groups/rules/0pr1");
  EXPECT_EQ(line(encode_probe(wish(Kind::policy_deactivate))), "GET /api/v1/policies/00p1");
  EXPECT_EQ(line(encode_probe(wish(Kind::policy_rule_activate))),
            "GET /api/v1/policies/00p1/rules/0pr2");
  const auto read = [](Kind kind, HttpReply reply) {
    return read_probe(wish(kind), HttpExchange::replied(std::move(reply))).observed.value();
  };
  EXPECT_EQ(read(Kind::app_unassign_user, make_reply(200, R"({"id":"00u1"})")).member, true);
  const Observed none = read(Kind::app_unassign_user, okta_error(404, "E0000007", "(AppUser)"));
  EXPECT_TRUE(none.exists);
  EXPECT_EQ(none.member, false);
  EXPECT_EQ(
      read(Kind::policy_activate, make_reply(200, R"({"id":"p","status":"INACTIVE"})")).active,
      false);
  EXPECT_EQ(
      read(Kind::group_rule_activate, make_reply(200, R"({"id":"r","status":"ACTIVE"})")).active,
      true);
  EXPECT_FALSE(read(Kind::policy_activate, okta_error(404, "E0000007", "(Policy)")).exists);
}

TEST(OperatorsCodec, WhatWasToGoAndIsGoneCountsAsDone) {
  const auto state = [](Kind kind, HttpReply reply) {
    return classify(wish(kind), HttpExchange::replied(std::move(reply)));
  };
  const auto gone = [](const char* type) {
    return okta_error(404, "E0000007", std::string("Not found: Resource not found: x ") + type);
  };
  EXPECT_EQ(state(Kind::app_unassign_user, gone("(AppUser)")).state, State::applied);
  EXPECT_EQ(state(Kind::user_reset_factor, gone("(UserFactor)")).state, State::applied);
  EXPECT_EQ(state(Kind::app_assign_user, okta_error(409, "E0000062")).state, State::applied);
  for (const auto& [kind, type] :
       std::vector<std::pair<Kind, const char*>>{{Kind::app_unassign_user, "(AppInstance)"},
                                                 {Kind::app_assign_user, "(User)"},
                                                 {Kind::user_reset_factor, "(User)"},
                                                 {Kind::policy_activate, "(Policy)"}}) {
    const Outcome out = state(kind, gone(type));
    EXPECT_EQ(out.state, State::conflict) << type;
    EXPECT_EQ(out.code, ErrorCode::okta_not_found) << type;
  }
  EXPECT_EQ(state(Kind::app_assign_user, okta_error(403, "E0000117")).code,
            ErrorCode::okta_status_moved);
  EXPECT_EQ(state(Kind::group_rule_activate, okta_error(423, "E0000239")).state, State::retry);
  EXPECT_EQ(state(Kind::policy_activate, okta_error(500, "E0000009")).state, State::ambiguous);
}

}  // namespace
}  // namespace rollcall

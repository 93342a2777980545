#include "connectors/okta/codec.h"

#include <gtest/gtest.h>

#include "connectors/okta/reply_headers.h"
#include "tests/unit/okta/samples.h"

namespace rollcall {
namespace {

using State = Outcome::State;
using Kind = OperationKind;
using test::make_reply;
using test::okta_error;
using test::reply_of;

Operation op(Kind kind) {
  Operation out;
  out.id = 7;
  out.kind = kind;
  out.subject = {"E1", "00u1", "ada@x.example"};
  out.object = {ObjectRef::Kind::group, "00g1", "dept-Sales"};
  return out;
}

Operation create(Credential credential) {
  Operation out = op(Kind::user_create);
  out.subject.user_id.clear();
  out.object = {};
  out.credential = credential;
  out.changes = {{"login", std::nullopt, "ada@x.example"}, {"firstName", std::nullopt, "Ada"}};
  return out;
}

HttpRequest encoded(const Operation& operation) {
  const Operation* one = &operation;
  const auto request = encode({&one, 1});
  EXPECT_TRUE(request) << (request ? "" : describe(request.error()));
  return request ? *request : HttpRequest{};
}

std::string line(const Operation& operation) {
  const HttpRequest request = encoded(operation);
  return request.method + " " + request.target;
}

Outcome outcome(Kind kind, HttpReply reply) {
  return classify(op(kind), HttpExchange::replied(std::move(reply)));
}

void expect(const Outcome& out, State state, std::optional<ErrorCode> code) {
  EXPECT_EQ(static_cast<int>(out.state), static_cast<int>(state)) << out.message;
  ASSERT_EQ(out.code.has_value(), code.has_value()) << out.message;
  if (code) {
    EXPECT_EQ(info(*out.code).id, info(*code).id) << out.message;
    EXPECT_FALSE(out.message.empty());
  }
}

TEST(Encode, EveryKindHasItsDocumentedRequest) {
  EXPECT_EQ(line(op(Kind::user_update)), "POST /api/v1/users/00u1");
  EXPECT_EQ(line(op(Kind::user_suspend)), "POST /api/v1/users/00u1/lifecycle/suspend");
  EXPECT_EQ(line(op(Kind::user_unsuspend)), "POST /api/v1/users/00u1/lifecycle/unsuspend");
  EXPECT_EQ(line(op(Kind::user_unlock)), "POST /api/v1/users/00u1/lifecycle/unlock");
  EXPECT_EQ(line(op(Kind::user_activate)),
            "POST /api/v1/users/00u1/lifecycle/activate?sendEmail=false");
  EXPECT_EQ(line(op(Kind::user_reactivate)),
            "POST /api/v1/users/00u1/lifecycle/reactivate?sendEmail=false");
  EXPECT_EQ(line(op(Kind::user_deactivate)),
            "POST /api/v1/users/00u1/lifecycle/deactivate?sendEmail=false");
  EXPECT_EQ(line(op(Kind::user_delete)), "DELETE /api/v1/users/00u1?sendEmail=false");
  EXPECT_EQ(line(op(Kind::user_clear_sessions)),
            "DELETE /api/v1/users/00u1/sessions?oauthTokens=true");
  EXPECT_EQ(line(op(Kind::user_reset_factors)), "POST /api/v1/users/00u1/lifecycle/reset_factors");
  EXPECT_EQ(line(op(Kind::group_create)), "POST /api/v1/groups");
  EXPECT_EQ(line(op(Kind::group_update)), "PUT /api/v1/groups/00g1");
  EXPECT_EQ(line(op(Kind::group_delete)), "DELETE /api/v1/groups/00g1");
  EXPECT_EQ(line(op(Kind::group_add_member)), "PUT /api/v1/groups/00g1/users/00u1");
  EXPECT_EQ(line(op(Kind::group_remove_member)), "DELETE /api/v1/groups/00g1/users/00u1");
}

TEST(Encode, IdsDecideThePathNotWhatThePlanWrote) {
  Operation stale = op(Kind::user_update);
  stale.request.path = "/api/v1/users/{new}";
  EXPECT_EQ(line(stale), "POST /api/v1/users/00u1");
}

TEST(Encode, AMailThatThePlanCountedIsAskedFor) {
  Operation activate = op(Kind::user_activate);
  activate.request.path = "/api/v1/users/00u1/lifecycle/activate?sendEmail=true";
  EXPECT_EQ(line(activate), "POST /api/v1/users/00u1/lifecycle/activate?sendEmail=true");
}

TEST(Encode, CredentialsDecideActivationOfACreate) {
  EXPECT_EQ(line(create(Credential::stage)), "POST /api/v1/users?activate=false");
  EXPECT_EQ(line(create(Credential::quiet)), "POST /api/v1/users?activate=false");
  EXPECT_EQ(line(create(Credential::none)), "POST /api/v1/users?activate=false");
  EXPECT_EQ(line(create(Credential::invite)), "POST /api/v1/users?activate=true");
  EXPECT_EQ(line(create(Credential::random_password)), "POST /api/v1/users?activate=true");
  EXPECT_EQ(line(create(Credential::federated)), "POST /api/v1/users?activate=true&provider=true");
  for (const auto credential : {Credential::stage, Credential::quiet, Credential::invite}) {
    EXPECT_EQ(encoded(create(credential)).body,
              R"({"profile":{"login":"ada@x.example","firstName":"Ada"}})");
  }
  const Json federated = *parse_json(encoded(create(Credential::federated)).body);
  EXPECT_EQ(federated["credentials"].canonical(),
            R"({"provider":{"name":"FEDERATION","type":"FEDERATION"}})");
}

TEST(Encode, APasswordIsMadeAnewForEachSendAndFitsTheDefaultPolicy) {
  const Operation one = create(Credential::random_password);
  const auto password = [&] {
    const Json body = *parse_json(encoded(one).body);
    return std::string(body["credentials"]["password"]["value"].as_string());
  };
  const std::string first = password();
  EXPECT_EQ(first.size(), 64U);
  EXPECT_NE(first, password());
  for (int i = 0; i < 200; ++i) {
    const std::string made = random_password("ada.byron@x.example");
    EXPECT_NE(made.find_first_of("ABCDEFGHJKLMNPQRSTUVWXYZ"), std::string::npos);
    EXPECT_NE(made.find_first_of("abcdefghijkmnopqrstuvwxyz"), std::string::npos);
    EXPECT_NE(made.find_first_of("23456789"), std::string::npos);
  }
}

TEST(Encode, RidersTravelAsGroupIdsAndOneWithoutAGroupStaysBehind) {
  Operation host = create(Credential::stage);
  Operation with_id = op(Kind::group_add_member);
  Operation without = op(Kind::group_add_member);
  without.object.id.clear();
  const std::vector<const Operation*> all{&host, &with_id, &without};
  const Json body = *parse_json(encode(all)->body);
  EXPECT_EQ(body["groupIds"].canonical(), R"(["00g1"])");
}

TEST(Encode, ValuesAreTypedAndAClearIsNull) {
  Operation update = op(Kind::user_update);
  update.changes = {{"title", "Boss", std::nullopt},
                    {"zip", std::nullopt, "007"},
                    {"grade", std::nullopt, "12", AttrType::integer},
                    {"fte", std::nullopt, "0.5", AttrType::number},
                    {"remote", std::nullopt, "true", AttrType::boolean},
                    {"sites", std::nullopt, R"(["A","B"])", AttrType::text_array}};
  EXPECT_EQ(encoded(update).body,
            R"({"profile":{"title":null,"zip":"007","grade":12,"fte":0.5,"remote":true,)"
            R"("sites":["A","B"]}})");
}

TEST(Encode, AGroupUpdateCarriesTheNameAndEveryChange) {
  Operation update = op(Kind::group_update);
  update.changes = {{"description", std::nullopt, "Sales people"}};
  EXPECT_EQ(encoded(update).body,
            R"({"profile":{"name":"dept-Sales","description":"Sales people"}})");
}

TEST(Encode, WithoutAnIdNothingIsSent) {
  for (const Kind kind : {Kind::user_suspend, Kind::group_update, Kind::group_add_member}) {
    Operation lacking = op(kind);
    lacking.subject.user_id.clear();
    lacking.object.id.clear();
    const Operation* one = &lacking;
    const auto request = encode({&one, 1});
    ASSERT_FALSE(request);
    EXPECT_EQ(request.error().code, ErrorCode::okta_target_unknown);
  }
}

TEST(EncodeProbe, ACreateIsLookedUpByItsLogin) {
  Operation one = create(Credential::stage);
  one.changes[0].to = "zoé+1@x.example";
  EXPECT_EQ(encode_probe(one)->target, "/api/v1/users/zo%C3%A9%2B1%40x.example");
  one.changes[0].to = "a/b@x.example";
  EXPECT_EQ(encode_probe(one).error().code, ErrorCode::okta_login_unaddressable);
}

TEST(EncodeProbe, TheRestIsReadById) {
  EXPECT_EQ(encode_probe(op(Kind::user_suspend))->target, "/api/v1/users/00u1");
  EXPECT_EQ(encode_probe(op(Kind::group_remove_member))->target, "/api/v1/users/00u1");
  EXPECT_EQ(encode_probe(op(Kind::group_add_member))->target, "/api/v1/users/00u1/groups");
  EXPECT_EQ(encode_probe(op(Kind::group_delete))->target, "/api/v1/groups/00g1");
  Operation made = op(Kind::group_create);
  made.object.id.clear();
  EXPECT_EQ(encode_probe(made)->target, "/api/v1/groups?q=dept-Sales");
}

TEST(Classify, RecordedSuccessesAreApplied) {
  for (const auto& [number, kind] :
       std::vector<std::pair<std::string, Kind>>{{"17", Kind::user_update},
                                                 {"21", Kind::user_activate},
                                                 {"24", Kind::user_suspend},
                                                 {"29", Kind::user_deactivate},
                                                 {"30", Kind::user_delete},
                                                 {"34", Kind::user_clear_sessions},
                                                 {"41", Kind::group_delete},
                                                 {"42", Kind::group_add_member},
                                                 {"45", Kind::group_remove_member}}) {
    NEED_SAMPLE(sample, number);
    expect(outcome(kind, reply_of(*sample)), State::applied, std::nullopt);
  }
}

TEST(Classify, ACreateGivesTheNewId) {
  NEED_SAMPLE(user, "01");
  const Outcome out = outcome(Kind::user_create, reply_of(*user));
  expect(out, State::applied, std::nullopt);
  EXPECT_EQ(out.user_id, "00uvozgevpwhNsOXx1d7");
  EXPECT_EQ(format_http_date(WallTime{out.server_time}), "Mon, 02 Mar 2026 12:45:19 GMT");
  NEED_SAMPLE(group, "36");
  const Outcome made = outcome(Kind::group_create, reply_of(*group));
  expect(made, State::applied, std::nullopt);
  EXPECT_EQ(made.group_id, (*group)["response_body"]["id"].as_string());
}

TEST(Classify, RecordedRefusals) {
  struct Case {
    const char* number;
    Kind kind;
    State state;
    ErrorCode code;
  };
  for (const Case& c : std::vector<Case>{
           {"05", Kind::user_create, State::conflict, ErrorCode::okta_group_gone},
           {"06", Kind::user_create, State::failed, ErrorCode::okta_attribute_undefined},
           {"07", Kind::user_create, State::failed, ErrorCode::okta_request_unreadable},
           {"10", Kind::user_update, State::conflict, ErrorCode::okta_user_gone},
           {"20", Kind::user_update, State::failed, ErrorCode::okta_value_refused},
           {"22", Kind::user_activate, State::ambiguous, ErrorCode::okta_effect_unknown},
           {"23", Kind::user_reactivate, State::conflict, ErrorCode::okta_status_moved},
           {"25", Kind::user_suspend, State::conflict, ErrorCode::okta_status_moved},
           {"26", Kind::user_unlock, State::conflict, ErrorCode::okta_status_moved},
           {"33", Kind::user_delete, State::applied, ErrorCode::okta_user_gone},
           {"37", Kind::group_update, State::conflict, ErrorCode::okta_group_gone},
           {"43", Kind::group_add_member, State::conflict, ErrorCode::okta_user_gone},
           {"44", Kind::group_add_member, State::conflict, ErrorCode::okta_group_gone},
           {"43", Kind::group_remove_member, State::applied, ErrorCode::okta_user_gone},
           {"49", Kind::group_update, State::retry, ErrorCode::okta_busy},
           {"67", Kind::user_update, State::retry, ErrorCode::okta_rate_limited},
           {"90", Kind::user_create, State::conflict, ErrorCode::okta_unique_violation}}) {
    SCOPED_TRACE(c.number);
    NEED_SAMPLE(sample, c.number);
    expect(outcome(c.kind, reply_of(*sample)), c.state, c.code);
  }
}

TEST(Classify, MessagesNameFieldsButNoValues) {
  const Outcome out =
      outcome(Kind::user_update, okta_error(400, "E0000001", "Api validation failed: mobilePhone",
                                            "mobilePhone: The field cannot hold +1 555 0100"));
  EXPECT_NE(out.message.find("mobilePhone"), std::string::npos);
  EXPECT_EQ(out.message.find("555"), std::string::npos);
}

TEST(Classify, TheCataloguesCodes) {
  struct Case {
    Kind kind;
    HttpReply reply;
    State state;
    ErrorCode code;
  };
  const std::vector<Case> cases{
      {Kind::user_update, okta_error(401, "E0000011"), State::stop,
       ErrorCode::okta_credential_refused},
      {Kind::user_update, okta_error(401, "E0000015"), State::failed,
       ErrorCode::okta_feature_missing},
      {Kind::user_update, okta_error(403, "E0000006"), State::refused, ErrorCode::okta_forbidden},
      {Kind::group_add_member, okta_error(403, "E0000006"), State::failed,
       ErrorCode::okta_read_only_group},
      {Kind::group_remove_member, okta_error(501, "E0000060"), State::failed,
       ErrorCode::okta_read_only_group},
      {Kind::user_update, okta_error(403, "E0000023"), State::failed,
       ErrorCode::okta_mastered_elsewhere},
      {Kind::user_update, okta_error(403, "E0000038"), State::conflict,
       ErrorCode::okta_status_moved},
      {Kind::user_update, okta_error(403, "E0000077"), State::failed,
       ErrorCode::okta_attribute_read_only},
      {Kind::user_create,
       okta_error(400, "E0000001", "Api validation failed: password",
                  "password: Password requirements were not met."),
       State::failed, ErrorCode::okta_password_refused},
      {Kind::user_create, okta_error(400, "E0000093"), State::failed,
       ErrorCode::okta_too_many_groups},
      {Kind::user_update, okta_error(409, "E0000112"), State::retry, ErrorCode::okta_busy},
      {Kind::group_create, okta_error(409, "E0000055"), State::conflict,
       ErrorCode::okta_unique_violation},
      {Kind::user_update, okta_error(412, ""), State::conflict, ErrorCode::okta_status_moved},
      {Kind::user_deactivate, okta_error(404, "E0000007", "(User)"), State::ambiguous,
       ErrorCode::okta_effect_unknown},
      {Kind::user_create, okta_error(503, "E0000010"), State::unavailable,
       ErrorCode::org_read_only},
      {Kind::user_update, okta_error(500, "E0000009"), State::retry, ErrorCode::okta_server_error},
      {Kind::user_create, okta_error(500, "E0000009"), State::ambiguous,
       ErrorCode::okta_server_error},
      {Kind::user_suspend, make_reply(502, "<html>Bad Gateway</html>"), State::ambiguous,
       ErrorCode::okta_server_error},
      {Kind::user_update, make_reply(404, R"({"status":404,"message":"Resource not found"})"),
       State::unavailable, ErrorCode::org_unknown},
      {Kind::user_update, make_reply(403, "<html>blocked</html>"), State::stop,
       ErrorCode::okta_forbidden},
      {Kind::user_update, make_reply(302, ""), State::failed, ErrorCode::okta_request_refused},
      {Kind::user_create, make_reply(200, "{cut"), State::ambiguous,
       ErrorCode::okta_effect_unknown},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(std::string(to_string(c.kind)) + " " + std::to_string(c.reply.status) + " " +
                 c.reply.body);
    expect(outcome(c.kind, c.reply), c.state, c.code);
  }
  EXPECT_EQ(info(ErrorCode::okta_credential_refused).exit, 6);
  EXPECT_EQ(info(ErrorCode::okta_forbidden).exit, 6);
  EXPECT_EQ(info(ErrorCode::org_read_only).exit, 9);
}

TEST(Classify, ATokenWithoutTheScopeStopsTheRun) {
  HttpReply reply = okta_error(403, "E0000006");
  reply.headers.emplace_back("WWW-Authenticate", "DPoP error=\"insufficient_scope\"");
  Operation op;
  op.kind = Kind::group_add_member;  // without the header: a group that Okta keeps
  const Outcome out = classify(op, HttpExchange::replied(reply));
  EXPECT_EQ(out.code, ErrorCode::okta_scope_missing);
  EXPECT_EQ(static_cast<int>(out.state), static_cast<int>(State::stop));
  EXPECT_EQ(read_failure(HttpExchange::replied(reply), "/x").code, ErrorCode::okta_scope_missing);
}

TEST(Classify, ARefusedCredentialStopsTheRunAndAWrongCertificateIsTheOrgs) {
  const auto state = [](ErrorCode code) {
    Operation op;
    op.kind = Kind::user_suspend;
    return static_cast<int>(
        classify(op, HttpExchange::failed(make_error(code, "x"), RequestSent::never)).state);
  };
  EXPECT_EQ(state(ErrorCode::okta_key_refused), static_cast<int>(State::stop));
  EXPECT_EQ(state(ErrorCode::tls_untrusted), static_cast<int>(State::unavailable));
  EXPECT_EQ(state(ErrorCode::okta_token_unreadable), static_cast<int>(State::retry));
}

TEST(Classify, WithoutAReplyItDependsOnWhatLeft) {
  const auto failed = [](Kind kind, RequestSent sent, ErrorCode code) {
    return classify(op(kind), HttpExchange::failed(make_error(code, "broken"), sent));
  };
  expect(failed(Kind::user_create, RequestSent::never, ErrorCode::http_unreachable), State::retry,
         ErrorCode::http_unreachable);
  expect(failed(Kind::user_create, RequestSent::maybe, ErrorCode::http_lost), State::ambiguous,
         ErrorCode::http_lost);
  expect(failed(Kind::user_update, RequestSent::maybe, ErrorCode::http_lost), State::retry,
         ErrorCode::http_lost);
  expect(failed(Kind::user_update, RequestSent::never, ErrorCode::tls_untrusted),
         State::unavailable, ErrorCode::tls_untrusted);
}

TEST(ReadProbe, ShowsAUserWithStatusAndTheOperationsAttributes) {
  NEED_SAMPLE(sample, "08");
  Operation update = op(Kind::user_update);
  update.changes = {{"firstName", std::nullopt, "x"}};
  const Completion out = read_probe(update, HttpExchange::replied(reply_of(*sample)));
  ASSERT_TRUE(out.observed);
  const Json& body = (*sample)["response_body"];
  EXPECT_TRUE(out.probe);
  EXPECT_EQ(out.operation, 7U);
  EXPECT_TRUE(out.observed->exists);
  EXPECT_EQ(out.observed->user_id, body["id"].as_string());
  EXPECT_EQ(to_string(out.observed->status), body["status"].as_string());
  EXPECT_EQ(out.observed->profile.size(), 1U);
  EXPECT_EQ(out.observed->profile.at("firstName"), body["profile"]["firstName"].as_string());
  EXPECT_EQ(format_okta_time(out.observed->last_updated), body["lastUpdated"].as_string());
}

TEST(ReadProbe, AbsentIsAnAnswerAndADamagedReplyIsNone) {
  NEED_SAMPLE(absent, "10");
  const Completion gone =
      read_probe(op(Kind::user_suspend), HttpExchange::replied(reply_of(*absent)));
  ASSERT_TRUE(gone.observed);
  EXPECT_FALSE(gone.observed->exists);
  EXPECT_EQ(static_cast<int>(gone.outcome.state), static_cast<int>(State::applied));
  const Completion cut =
      read_probe(op(Kind::user_suspend), HttpExchange::replied(make_reply(200, "{\"id\":")));
  EXPECT_FALSE(cut.observed);
  EXPECT_EQ(static_cast<int>(cut.outcome.state), static_cast<int>(State::retry));
  const Completion edge =
      read_probe(op(Kind::user_suspend), HttpExchange::replied(make_reply(404, "<html>")));
  EXPECT_FALSE(edge.observed);
}

TEST(ReadProbe, ShowsOfAnAdditionWhetherThePersonIsInTheGroup) {
  const Operation add = op(Kind::group_add_member);
  for (const auto& [body, member] : std::vector<std::pair<std::string, bool>>{
           {R"([{"id":"00gX"},{"id":"00g1"}])", true}, {R"([{"id":"00gX"}])", false}}) {
    const Completion out = read_probe(add, HttpExchange::replied(make_reply(200, body)));
    ASSERT_TRUE(out.observed);
    EXPECT_TRUE(out.observed->exists);
    EXPECT_EQ(out.observed->member, member);
  }
  EXPECT_FALSE(read_probe(add, HttpExchange::replied(make_reply(200, "{}"))).observed);
}

TEST(ReadProbe, FindsAGroupByItsExactNameAndType) {
  Operation made = op(Kind::group_create);
  made.object.id.clear();
  const std::string body =
      R"([{"id":"00gA","type":"APP_GROUP","profile":{"name":"dept-Sales"}},)"
      R"({"id":"00gB","type":"OKTA_GROUP","profile":{"name":"dept-Sales West"}},)"
      R"({"id":"00gC","type":"OKTA_GROUP","profile":{"name":"dept-Sales"}}])";
  const Completion found = read_probe(made, HttpExchange::replied(make_reply(200, body)));
  ASSERT_TRUE(found.observed);
  EXPECT_EQ(found.observed->group_id, "00gC");
  const Completion none = read_probe(made, HttpExchange::replied(make_reply(200, "[]")));
  ASSERT_TRUE(none.observed);
  EXPECT_FALSE(none.observed->exists);
}

TEST(ReplyHeaders, LinksMayComeInSeveralLinesOrJoinedByCommas) {
  HttpReply several;
  several.headers = {
      {"link", "<https://acme.okta.com/api/v1/users?limit=200>; rel=\"self\""},
      {"Link", "<https://acme.okta.com/api/v1/users?after=a,b&limit=200>; rel=\"next\""}};
  EXPECT_EQ(**next_page(several, "https://acme.okta.com"), "/api/v1/users?after=a,b&limit=200");
  HttpReply joined;
  joined.headers = {{"Link",
                     "<https://acme.okta.com/a?x=1>; rel=\"self\", "
                     "<https://acme.okta.com:443/a?x=2>; rel=\"next\""}};
  EXPECT_EQ(**next_page(joined, "https://acme-admin.okta.com"), "/a?x=2");
  HttpReply last;
  last.headers = {{"Link", "<https://acme.okta.com/a?x=1>; rel=\"self\""}};
  EXPECT_FALSE(next_page(last, "https://acme.okta.com")->has_value());
}

TEST(ReplyHeaders, ALinkToAnotherHostIsRefused) {
  for (const char* url : {"https://evil.example/a", "http://acme.okta.com/a",
                          "https://acme.okta.com.evil.example/a", "https://acme.okta.com:8443/a"}) {
    HttpReply reply;
    reply.headers = {{"Link", "<" + std::string(url) + ">; rel=\"next\""}};
    const auto next = next_page(reply, "https://acme.okta.com");
    ASSERT_FALSE(next) << url;
    EXPECT_EQ(next.error().code, ErrorCode::okta_foreign_link);
  }
}

TEST(ReplyHeaders, OfSeveralLimitsTheOneWithTheLeastRemainingCounts) {
  HttpReply reply;
  reply.headers = {{"X-Rate-Limit-Limit", "600, 300"},
                   {"X-Rate-Limit-Remaining", "17, 290"},
                   {"X-Rate-Limit-Reset", "1000"},
                   {"x-rate-limit-reset", "1020"}};
  const RateObservation seen = read_rate_headers(reply);
  EXPECT_EQ(seen.limit, 600);
  EXPECT_EQ(seen.remaining, 17);
  EXPECT_EQ(seen.reset, 1000);
  EXPECT_FALSE(read_rate_headers(HttpReply{}).limit);
}

TEST(ReplyHeaders, ANumberTooLargeToBeOneIsNone) {
  HttpReply reply;
  reply.headers = {{"X-Rate-Limit-Limit", "600, 99999999999999999999"},
                   {"X-Rate-Limit-Remaining", "9223372036854775807"},
                   {"X-Rate-Limit-Reset", "-5, 9223372036854775807"}};
  const RateObservation seen = read_rate_headers(reply);
  EXPECT_EQ(seen.limit, 600);
  EXPECT_FALSE(seen.remaining);
  EXPECT_FALSE(seen.reset);
}

TEST(ReplyHeaders, RecordedConcurrencyRefusalShowsLimitZero) {
  NEED_SAMPLE(sample, "91");
  const RateObservation seen = read_rate_headers(reply_of(*sample));
  EXPECT_EQ(seen.status, 429);
  EXPECT_EQ(seen.limit, 0);
  EXPECT_EQ(seen.remaining, 0);
}

}  // namespace
}  // namespace rollcall

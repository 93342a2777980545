// Every row of the endpoint table over TLS against okta-sim: one story in which each operation has
// something to act on. A row that is not routed, or not asked, fails the test.
#include <fmt/core.h>
#include <gtest/gtest.h>

#include <map>
#include <set>

#include "connectors/okta/client.h"
#include "service/base/text.h"
#include "tests/okta_live/sim_process.h"

namespace rollcall {
namespace {

using E = Endpoint;

/// One request of the story. `@name` in arguments and body stands for an id kept before.
struct Step {
  Endpoint endpoint;
  std::vector<std::string> arguments = {};
  std::string body = {};
  int status = 200;
  std::string keep = {};   // the name under which the reply's `member` is kept
  std::string query = {};  // name=value
  std::string member = "id";
};

const std::vector<Step> kPeople{
    {E::get_org_settings, {}, ""},
    {E::get_wellknown_org_metadata, {}, ""},
    {E::get_user, {"me"}, "", 200, "owner"},
    {E::get_user_schema, {"default"}, ""},
    {E::update_user_profile,
     {"default"},
     R"({"definitions":{"custom":{"properties":{"badge":{"title":"Badge","type":"string"}}}}})"},
    {E::list_user_types, {}, ""},
    {E::create_user_type, {}, R"({"name":"guest","displayName":"Guest"})", 200, "type"},
    {E::get_user_type, {"@type"}, ""},
    {E::update_user_type, {"@type"}, R"({"description":"Visitors"})"},
    {E::replace_user_type, {"@type"}, R"({"name":"guest","displayName":"Visitor"})"},
    {E::delete_user_type, {"@type"}, "", 204},
    {E::create_user,
     {},
     R"({"profile":{"firstName":"Ada","lastName":"Byron","email":"ada@x.example",)"
     R"("login":"ada@x.example"},"credentials":{"password":{"value":"Tr0ub4dor-and-3"},)"
     R"("recovery_question":{"question":"Which bird?","answer":"kestrel"}}})",
     200,
     "ada"},
    {E::create_user,
     {},
     R"({"profile":{"firstName":"Bea","lastName":"Bell","email":"bea@x.example",)"
     R"("login":"bea@x.example"}})",
     200,
     "bea",
     "activate=false"},
    {E::get_user, {"ada@x.example"}, ""},
    {E::list_users, {}, "", 200, "", "limit=200"},
    {E::update_user, {"@ada"}, R"({"profile":{"department":"Sales"}})"},
    {E::replace_user,
     {"@bea"},
     R"({"profile":{"firstName":"Bea","lastName":"Bell","email":"bea@x.example",)"
     R"("login":"bea@x.example","title":"Clerk"}})"},
    {E::activate_user, {"@bea"}, "", 200, "", "sendEmail=false"},
    {E::reactivate_user, {"@bea"}, "", 200, "", "sendEmail=false"},
    {E::suspend_user, {"@ada"}, ""},
    {E::unsuspend_user, {"@ada"}, ""},
    {E::unlock_user, {"@ada"}, "", 403},  // E0000032: she is not locked out
    {E::reset_factors, {"@ada"}, ""},
    {E::create_linked_object_definition,
     {},
     R"({"primary":{"name":"boss","title":"Boss"},"associated":{"name":"aide","title":"Aide"}})",
     201},
    {E::list_linked_object_definitions, {}, ""},
    {E::get_linked_object_definition, {"aide"}, ""},
    {E::assign_linked_object_value_for_primary, {"@ada", "boss", "@bea"}, "", 204},
    {E::list_linked_objects_for_user, {"@ada", "boss"}, ""},
    {E::delete_linked_object_for_user, {"@ada", "boss"}, "", 204},
    {E::delete_linked_object_definition, {"boss"}, "", 204},
    {E::list_supported_security_questions, {"@ada"}, ""},
    {E::enroll_factor,
     {"@ada"},
     R"({"factorType":"sms","provider":"OKTA","profile":{"phoneNumber":"+15555550100"}})",
     200,
     "factor"},
    {E::list_factors, {"@ada"}, ""},
    {E::get_factor, {"@ada", "@factor"}, ""},
    {E::resend_enroll_factor,
     {"@ada", "sms00000000000000000"},  // E0000007: of a real one Okta sends one in 30 seconds
     R"({"factorType":"sms","provider":"OKTA","profile":{"phoneNumber":"+15555550100"}})",
     404},
    {E::activate_factor, {"@ada", "@factor"}, R"({"passCode":"wrong"})", 403},  // E0000068
    {E::verify_factor, {"@ada", "@factor"}, R"({"passCode":"wrong"})", 403},
    {E::unenroll_factor, {"@ada", "@factor"}, "", 204},
    {E::list_assigned_roles_for_user, {"@owner"}, ""},
    {E::list_users_with_role_assignments, {}, ""},
    {E::list_roles_for_client, {"0oasimclient00000001"}, ""},
    {E::list_role_permissions, {"cr0none"}, "", 404},  // E0000007: there is no custom role
};

const std::vector<Step> kGroupsAndApps{
    {E::create_group, {}, R"({"profile":{"name":"sales"}})", 200, "group"},
    {E::list_groups, {}, "", 200, "", "q=sales"},
    {E::get_group, {"@group"}, ""},
    {E::replace_group, {"@group"}, R"({"profile":{"name":"sales","description":"All"}})"},
    {E::assign_user_to_group, {"@group", "@ada"}, "", 204},
    {E::list_group_users, {"@group"}, ""},
    {E::list_user_groups, {"@ada"}, ""},
    {E::list_group_rules_for_user_in_group, {"@group", "@ada"}, ""},
    {E::unassign_user_from_group, {"@group", "@ada"}, "", 204},
    {E::list_group_assigned_roles, {"@group"}, ""},
    {E::assign_group_owner, {"@group"}, R"({"id":"@ada","type":"USER"})", 201},
    {E::list_group_owners, {"@group"}, ""},
    {E::delete_group_owner, {"@group", "@ada"}, "", 204},
    {E::create_group_rule,
     {},
     R"({"type":"group_rule","name":"r","conditions":{"expression":{"value":)"
     R"("user.department == \"Sales\"","type":"urn:okta:expression:1.0"}},)"
     R"("actions":{"assignUserToGroups":{"groupIds":["@group"]}}})",
     200,
     "rule"},
    {E::list_group_rules, {}, ""},
    {E::get_group_rule, {"@rule"}, ""},
    {E::replace_group_rule,
     {"@rule"},
     R"({"type":"group_rule","name":"s","conditions":{"expression":{"value":)"
     R"("user.department == \"Legal\"","type":"urn:okta:expression:1.0"}},)"
     R"("actions":{"assignUserToGroups":{"groupIds":["@group"]}}})"},
    {E::activate_group_rule, {"@rule"}, "", 204},
    {E::deactivate_group_rule, {"@rule"}, "", 204},
    {E::delete_group_rule, {"@rule"}, "", 202},
    {E::create_application,
     {},
     R"({"name":"bookmark","label":"Wiki","signOnMode":"BOOKMARK",)"
     R"("settings":{"app":{"url":"https://wiki.x.example","requestIntegration":false}}})",
     200,
     "app"},
    {E::list_applications, {}, ""},
    {E::get_application, {"@app"}, ""},
    {E::replace_application,
     {"@app"},
     R"({"name":"bookmark","label":"Wiki 2","signOnMode":"BOOKMARK",)"
     R"("settings":{"app":{"url":"https://wiki.x.example","requestIntegration":false}}})"},
    {E::assign_user_to_application, {"@app"}, R"({"id":"@ada","scope":"USER"})"},
    {E::list_application_users, {"@app"}, ""},
    {E::get_application_user, {"@app", "@ada"}, ""},
    {E::update_application_user, {"@app", "@ada"}, R"({"credentials":{"userName":"ada"}})"},
    {E::list_app_links, {"@ada"}, ""},
    {E::unassign_user_from_application, {"@app", "@ada"}, "", 204},
    {E::assign_group_to_application, {"@app", "@group"}, "{}"},
    {E::list_application_group_assignments, {"@app"}, ""},
    {E::get_application_group_assignment, {"@app", "@group"}, ""},
    {E::update_group_assignment_to_application,
     {"@app", "@group"},
     R"([{"op":"replace","path":"/priority","value":1}])"},
    {E::list_assigned_applications_for_group, {"@group"}, ""},
    {E::unassign_application_from_group, {"@app", "@group"}, "", 204},
    {E::deactivate_application, {"@app"}, ""},
    {E::activate_application, {"@app"}, ""},
    {E::delete_application, {"@app"}, "", 403},  // E0000056: it is active
    {E::delete_group, {"@group"}, "", 204},
};

const std::vector<Step> kSignInAndEnd{
    {E::create_policy, {}, R"({"type":"PASSWORD","name":"p"})", 200, "policy"},
    {E::list_policies, {}, "", 200, "", "type=PASSWORD"},
    {E::get_policy, {"@policy"}, ""},
    {E::replace_policy, {"@policy"}, R"({"type":"PASSWORD","name":"q"})"},
    {E::create_policy_rule, {"@policy"}, R"({"name":"r","type":"PASSWORD"})", 200, "prule"},
    {E::list_policy_rules, {"@policy"}, ""},
    {E::get_policy_rule, {"@policy", "@prule"}, ""},
    {E::replace_policy_rule, {"@policy", "@prule"}, R"({"name":"s","type":"PASSWORD"})"},
    {E::deactivate_policy_rule, {"@policy", "@prule"}, "", 204},
    {E::activate_policy_rule, {"@policy", "@prule"}, "", 204},
    {E::delete_policy_rule, {"@policy", "@prule"}, "", 204},
    {E::deactivate_policy, {"@policy"}, "", 204},
    {E::activate_policy, {"@policy"}, "", 204},
    {E::delete_policy, {"@policy"}, "", 204},
    {E::authn_primary,
     {},
     R"({"username":"ada@x.example","password":"Tr0ub4dor-and-3"})",
     200,
     "session_token",
     "",
     "sessionToken"},
    {E::create_session, {}, R"({"sessionToken":"@session_token"})", 200, "session"},
    {E::get_session, {"@session"}, ""},
    {E::refresh_session, {"@session"}, ""},
    {E::revoke_session, {"@session"}, "", 204},
    {E::authn_cancel, {}, R"({"stateToken":"none"})", 401},  // E0000011
    {E::authn_verify_factor, {"none"}, R"({"stateToken":"none","passCode":"123456"})", 401},
    {E::authn_change_password,
     {},
     R"({"stateToken":"none","oldPassword":"a","newPassword":"b"})",
     401},
    {E::authn_forgot_password,
     {},
     R"({"username":"ada@x.example"})",
     200,
     "recovery",
     "",
     "recoveryToken"},
    {E::authn_verify_recovery_token,
     {},
     R"({"recoveryToken":"@recovery"})",
     200,
     "state",
     "",
     "stateToken"},
    {E::authn_answer_recovery_question,
     {},
     R"({"stateToken":"@state","answer":"kestrel"})",
     200,
     "reset",
     "",
     "stateToken"},
    {E::authn_reset_password, {}, R"({"stateToken":"@reset","newPassword":"Tr0ub4dor-and-9"})"},
    {E::authn_unlock_account, {}, R"({"username":"ada@x.example"})", 403},
    {E::authn_previous, {}, R"({"stateToken":"none"})", 401},
    {E::authn_skip, {}, R"({"stateToken":"none"})", 401},
    {E::authn_enroll_factor,
     {},
     R"({"stateToken":"none","factorType":"token:software:totp","provider":"OKTA"})",
     401},
    {E::authn_activate_factor, {"none"}, R"({"stateToken":"none","passCode":"1"})", 401},
    {E::authn_resend_enroll_challenge, {"none"}, R"({"stateToken":"none"})", 401},
    {E::authn_resend_verify_challenge, {"none"}, R"({"stateToken":"none"})", 401},
    {E::authn_verify_recovery_sms, {}, R"({"stateToken":"none","passCode":"1"})", 401},
    {E::authn_resend_recovery_sms, {}, R"({"stateToken":"none"})", 401},
    {E::authn_verify_recovery_call, {}, R"({"stateToken":"none","passCode":"1"})", 401},
    {E::authn_resend_recovery_call, {}, R"({"stateToken":"none"})", 401},
    {E::revoke_user_sessions, {"@ada"}, "", 204, "", "oauthTokens=true"},
    {E::change_password,
     {"@ada"},
     R"({"oldPassword":{"value":"Tr0ub4dor-and-9"},"newPassword":{"value":"Tr0ub4dor-and-4"}})"},
    {E::change_recovery_question,
     {"@ada"},
     R"({"password":{"value":"Tr0ub4dor-and-4"},)"
     R"("recovery_question":{"question":"Which tree?","answer":"hornbeam"}})"},
    {E::forgot_password, {"@ada"}, "", 200, "", "sendEmail=false"},
    {E::forgot_password_set_new_password,
     {"@ada"},
     R"({"password":{"value":"Tr0ub4dor-and-5"},"recovery_question":{"answer":"hornbeam"}})"},
    {E::expire_password, {"@ada"}, ""},
    {E::expire_password_with_temp_password, {"@ada"}, ""},
    {E::reset_password, {"@ada"}, "", 200, "", "sendEmail=false"},
    {E::list_log_events, {}, "", 200, "", "limit=10"},
    {E::list_api_tokens, {}, ""},
    {E::list_principal_rate_limit_entities,
     {},
     "",
     200,
     "",
     "filter=principalType eq \"SSWS_TOKEN\""},
    {E::get_rate_limit_settings_per_client, {}, ""},
    {E::get_rate_limit_settings_warning_threshold, {}, ""},
    {E::get_rate_limit_settings_admin_notifications, {}, ""},
    {E::oauth_token, {}, "grant_type=client_credentials", 401},  // invalid_client: no assertion
    {E::deactivate_user, {"@bea"}, "", 200, "", "sendEmail=false"},
    {E::delete_user, {"@bea"}, "", 204, "", "sendEmail=false"},
};

class Story {
 public:
  explicit Story(OktaDirectory& okta) : okta_(okta) {}

  void tell(const std::vector<Step>& steps) {
    for (const Step& step : steps) {
      SCOPED_TRACE(row_of(step.endpoint).name);
      const auto reply = ask(step);
      if (!reply) continue;
      const std::string code = error_code(reply->body);
      EXPECT_NE(code, "E0000008") << "not routed";
      EXPECT_NE(code, "E0000022") << "not this method";
      EXPECT_EQ(reply->status, step.status) << reply->body;
      if (!step.keep.empty()) keep(step, reply->body);
      if (reply->status == step.status) asked.insert(step.endpoint);
    }
  }

  std::set<Endpoint> asked;

 private:
  std::string filled(std::string text) const {
    // The longest names first: @session is the beginning of @session_token.
    for (auto one = kept_.rbegin(); one != kept_.rend(); ++one) {
      text = replace_all(text, "@" + one->first, one->second);
    }
    return text;
  }
  std::optional<HttpReply> ask(const Step& step) {
    std::vector<std::string> arguments;
    for (const std::string& argument : step.arguments) arguments.push_back(filled(argument));
    OktaRequest request(step.endpoint, std::move(arguments));
    request.form(filled(step.body));
    const std::size_t equals = step.query.find('=');
    if (equals != std::string::npos) {
      request.query(step.query.substr(0, equals), step.query.substr(equals + 1));
    }
    const auto exchange = okta_.ask(request, {});
    EXPECT_TRUE(exchange) << (exchange ? "" : describe(exchange.error()));
    if (!exchange) return std::nullopt;
    EXPECT_TRUE(exchange->reply) << (exchange->failure ? describe(exchange->failure->error) : "");
    return exchange->reply;
  }
  static std::string error_code(const std::string& body) {
    const auto json = parse_json(body);
    return json ? std::string((*json)["errorCode"].as_string()) : std::string();
  }
  void keep(const Step& step, const std::string& body) {
    const auto json = parse_json(body);
    ASSERT_TRUE(json);
    kept_[step.keep] = std::string((*json)[step.member].as_string());
    EXPECT_FALSE(kept_[step.keep].empty());
  }

  OktaDirectory& okta_;
  std::map<std::string, std::string> kept_;
};

TEST(EndpointsLive, EveryRowOfTheTableIsAnsweredOverTls) {
  test::SimProcess sim({"--listen", "127.0.0.1:0"});
  ASSERT_TRUE(sim.serves()) << "okta-sim did not start";
  const SystemClock clock;
  OktaOptions options;
  options.base_url = sim.base_url();
  options.ca_file = sim.ca_file();
  options.version = "0.0.0";
  options.clock = &clock;
  options.token = [&sim]() -> Result<Secret> { return Secret(sim.api_token()); };
  const auto okta = OktaDirectory::open(std::move(options));
  ASSERT_TRUE(okta) << describe(okta.error());
  Story story(**okta);
  story.tell(kPeople);
  story.tell(kGroupsAndApps);
  story.tell(kSignInAndEnd);
  for (const EndpointRow& row : all_endpoints()) {
    EXPECT_EQ(story.asked.count(row.id), 1U) << row.method << " " << row.path;
  }
  fmt::print("endpoints: {} of {} rows exercised over TLS\n", story.asked.size(),
             all_endpoints().size());
}

}  // namespace
}  // namespace rollcall

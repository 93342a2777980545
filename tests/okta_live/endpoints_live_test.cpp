// Every row of the endpoint table over TLS against okta-sim: one story in which each operation has
// something to act on and is served. A row that is not asked, or only refused, fails the test.
#include <fmt/core.h>
#include <gtest/gtest.h>

#include <map>
#include <set>

#include "connectors/okta/client.h"
#include "connectors/okta/signing_key.h"
#include "service/base/file.h"
#include "service/base/text.h"
#include "tests/okta_live/sim_process.h"

namespace rollcall {
namespace {

using E = Endpoint;

/// One request of the story. `@name` in arguments and body stands for what was kept before.
struct Step {
  Endpoint endpoint;
  std::vector<std::string> arguments = {};
  std::string body = {};
  int status = 200;
  std::string keep = {};      // the name under which the reply's `member` is kept
  std::string query = {};     // name=value
  std::string member = "id";  // with dots: within others
  std::string code = {};      // of the refusal that is meant
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
     {"@ada", "@factor"},
     R"({"factorType":"sms","provider":"OKTA","profile":{"phoneNumber":"+15555550100"}})"},
    {E::activate_factor, {"@ada", "@factor"}, R"({"passCode":"123456"})"},
    {E::verify_factor, {"@ada", "@factor"}, R"({"passCode":"123456"})"},
    {E::unenroll_factor, {"@ada", "@factor"}, "", 204},
    {E::list_assigned_roles_for_user, {"@owner"}, ""},
    {E::list_users_with_role_assignments, {}, ""},
    {E::list_roles_for_client, {"0oasimclient00000001"}, ""},
    {E::list_role_permissions, {"cr0reader"}, ""},
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
    {.endpoint = E::delete_application, .arguments = {"@app"}, .status = 403, .code = "E0000056"},
    {E::deactivate_application, {"@app"}, ""},
    {E::delete_application, {"@app"}, "", 204},
    {E::delete_group, {"@group"}, "", 204},
};

/// Warns of an age that comes in five days, and locks at the first wrong password.
const std::string kStrict = R"("settings":{"password":{"age":{"maxAgeDays":5,"expireWarnDays":10},)"
                            R"("lockout":{"maxAttempts":1}}})";
const std::string kUnlocks =
    R"("type":"PASSWORD","actions":{"selfServiceUnlock":{"access":"ALLOW"}}})";

const std::vector<Step> kPolicies{
    {E::create_user,
     {},
     R"({"profile":{"firstName":"Cal","lastName":"Cole","email":"cal@x.example",)"
     R"("login":"cal@x.example","mobilePhone":"+15555550101"},)"
     R"("credentials":{"password":{"value":"Tr0ub4dor-and-3"},)"
     R"("recovery_question":{"question":"Which bird?","answer":"kestrel"}}})",
     200,
     "cal"},
    {E::create_policy, {}, R"({"type":"PASSWORD","name":"p"})", 200, "policy"},
    {E::list_policies, {}, "", 200, "", "type=PASSWORD"},
    {E::get_policy, {"@policy"}, ""},
    {E::replace_policy, {"@policy"}, R"({"type":"PASSWORD","name":"q",)" + kStrict + "}"},
    {E::create_policy_rule, {"@policy"}, R"({"name":"r","type":"PASSWORD"})", 200, "prule"},
    {E::list_policy_rules, {"@policy"}, ""},
    {E::get_policy_rule, {"@policy", "@prule"}, ""},
    {E::replace_policy_rule, {"@policy", "@prule"}, R"({"name":"s",)" + kUnlocks},
    {E::deactivate_policy_rule, {"@policy", "@prule"}, "", 204},
    {E::activate_policy_rule, {"@policy", "@prule"}, "", 204},
    {E::deactivate_policy, {"@policy"}, "", 204},
    {E::activate_policy, {"@policy"}, "", 204},
};

/// A sign-in of Cal's; its state token is kept.
Step signs_in(const std::string& password, const std::string& member = "stateToken") {
  return {E::authn_primary,
          {},
          R"({"username":"cal@x.example","password":")" + password +
              R"(","options":{"warnBeforePasswordExpired":true}})",
          200,
          "state",
          "",
          member};
}
/// One wrong password, which locks.
Step locks() {
  return {.endpoint = E::authn_primary,
          .body = R"({"username":"cal@x.example","password":"wrong"})",
          .status = 401,
          .code = "E0000004"};
}
/// A step of the transaction whose token was kept.
Step goes_on(Endpoint endpoint, std::vector<std::string> arguments = {},
             const std::string& more = {}) {
  return {endpoint, std::move(arguments), R"({"stateToken":"@state")" + more + "}"};
}
/// The same, keeping a member of the reply.
Step goes_on_to(Endpoint endpoint, const std::string& more, std::string name, std::string member) {
  return {endpoint,         {}, R"({"stateToken":"@state")" + more + "}", 200, std::move(name), "",
          std::move(member)};
}
Step recovers(Endpoint endpoint, const std::string& more, std::string name, std::string member) {
  return {
      endpoint,         {}, R"({"username":"cal@x.example")" + more + "}", 200, std::move(name), "",
      std::move(member)};
}
Step redeems() {
  return {E::authn_verify_recovery_token,
          {},
          R"({"recoveryToken":"@recovery"})",
          200,
          "state",
          "",
          "stateToken"};
}

const std::string kCode = R"(,"passCode":"123456")";
const std::string kPhone =
    R"(,"factorType":"sms","provider":"OKTA","profile":{"phoneNumber":"+15555550101"})";

const std::vector<Step> kSignIn{
    signs_in("Tr0ub4dor-and-3"),  // PASSWORD_WARN
    goes_on_to(E::authn_skip, "", "session_token", "sessionToken"),
    {E::create_session, {}, R"({"sessionToken":"@session_token"})", 200, "session"},
    {E::get_session, {"@session"}, ""},
    {E::refresh_session, {"@session"}, ""},
    {E::revoke_session, {"@session"}, "", 204},
    signs_in("Tr0ub4dor-and-3"),
    goes_on(E::authn_cancel),
    signs_in("Tr0ub4dor-and-3"),
    goes_on(E::authn_change_password, {},
            R"(,"oldPassword":"Tr0ub4dor-and-3","newPassword":"Tr0ub4dor-and-6")"),
    {E::create_policy, {}, R"({"type":"OKTA_SIGN_ON","name":"two"})", 200, "signon"},
    {E::create_policy_rule,
     {"@signon"},
     R"({"name":"always","actions":{"signon":{"requireFactor":true}}})"},
    {E::replace_policy, {"@policy"}, R"({"type":"PASSWORD","name":"q"})"},  // warns no more
    signs_in("Tr0ub4dor-and-6"),                                            // MFA_ENROLL
    goes_on_to(E::authn_enroll_factor, kPhone, "phone", "_embedded.factor.id"),
    goes_on(E::authn_resend_enroll_challenge, {"@phone"}),
    goes_on(E::authn_previous),
    goes_on_to(E::authn_enroll_factor, kPhone, "phone", "_embedded.factor.id"),
    goes_on(E::authn_activate_factor, {"@phone"}, kCode),
    signs_in("Tr0ub4dor-and-6"),  // MFA_REQUIRED
    goes_on(E::authn_verify_factor, {"@phone"}),
    goes_on(E::authn_resend_verify_challenge, {"@phone"}),
    goes_on(E::authn_verify_factor, {"@phone"}, kCode),
    {E::delete_policy, {"@signon"}, "", 204},
};

const std::vector<Step> kRecovery{
    recovers(E::authn_forgot_password, R"(,"factorType":"SMS")", "state", "stateToken"),
    goes_on(E::authn_resend_recovery_sms),
    goes_on(E::authn_verify_recovery_sms, {}, kCode),
    recovers(E::authn_forgot_password, R"(,"factorType":"CALL")", "state", "stateToken"),
    goes_on(E::authn_resend_recovery_call),
    goes_on(E::authn_verify_recovery_call, {}, kCode),
    recovers(E::authn_forgot_password, "", "recovery", "recoveryToken"),
    redeems(),
    goes_on(E::authn_answer_recovery_question, {}, R"(,"answer":"kestrel")"),
    goes_on(E::authn_reset_password, {}, R"(,"newPassword":"Tr0ub4dor-and-9")"),
    {E::replace_policy, {"@policy"}, R"({"type":"PASSWORD","name":"q",)" + kStrict + "}"},
    locks(),
    {E::unlock_user, {"@cal"}, ""},
    locks(),
    recovers(E::authn_unlock_account, "", "recovery", "recoveryToken"),
    redeems(),
    goes_on(E::authn_answer_recovery_question, {}, R"(,"answer":"kestrel")"),
    {E::delete_policy_rule, {"@policy", "@prule"}, "", 204},
    {E::delete_policy, {"@policy"}, "", 204},
};

const std::vector<Step> kCredentialsAndEnd{
    {E::revoke_user_sessions, {"@ada"}, "", 204, "", "oauthTokens=true"},
    {E::change_password,
     {"@ada"},
     R"({"oldPassword":{"value":"Tr0ub4dor-and-3"},"newPassword":{"value":"Tr0ub4dor-and-4"}})"},
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
    {E::oauth_token,
     {},
     "grant_type=client_credentials&scope=okta.users.read&client_assertion=@assertion"
     "&client_assertion_type=urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
     200,
     "access_token",
     "",
     "access_token"},
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
      EXPECT_EQ(code, step.code);
      if (!step.keep.empty()) keep(step, reply->body);
      if (reply->status < 300) served.insert(step.endpoint);
    }
  }
  void know(const std::string& name, std::string value) { kept_[name] = std::move(value); }

  std::set<Endpoint> served;

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
    Json value = *json;
    for (const std::string_view name : split(step.member, '.')) value = Json(value[name]);
    kept_[step.keep] = std::string(value.as_string());
    EXPECT_FALSE(kept_[step.keep].empty());
  }

  OktaDirectory& okta_;
  std::map<std::string, std::string> kept_;
};

/// An assertion of the service app that okta-sim comes with.
std::string assertion_of(const test::SimProcess& sim) {
  const Json& app = sim.facts()["oauth"];
  const auto text = read_file(std::string(app["private_key_file"].as_string()));
  const auto key = text ? SigningKey::parse(Secret(*text)) : Result<SigningKey>(text.error());
  if (!key) return {};
  Json claims = Json::object();
  claims.set("aud", sim.base_url() + "/oauth2/v1/token");
  claims.set("iss", app["client_id"]).set("sub", app["client_id"]);
  claims.set("exp", SystemClock().wall().ms / 1000 + 300);
  const auto signed_text = key->sign_jwt(Json::object(), claims);
  return signed_text ? *signed_text : std::string();
}

/// A custom role, which no operation of the table makes.
void add_role(const test::SimProcess& sim) {
  HttpClientOptions options;
  options.base_url = sim.base_url();
  options.ca_file = sim.ca_file();
  const auto control = HttpClient::open(options);
  ASSERT_TRUE(control);
  const HttpRequest org{"PUT",
                        "/sim/org",
                        {},
                        R"({"roles":{"custom":[{"id":"cr0reader","label":"Reader",)"
                        R"("permissions":["okta.users.read"]}]}})"};
  const HttpExchange done = (*control)->send(org, 10'000);
  ASSERT_TRUE(done.reply);
  ASSERT_EQ(done.reply->status, 204) << done.reply->body;
}

TEST(EndpointsLive, EveryRowOfTheTableIsServedOverTls) {
  // Without limits a second code may be sent at once.
  test::SimProcess sim({"--listen", "127.0.0.1:0", "--limits", "none"});
  ASSERT_TRUE(sim.serves()) << "okta-sim did not start";
  add_role(sim);
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
  story.know("assertion", assertion_of(sim));
  for (const auto* chapter :
       {&kPeople, &kGroupsAndApps, &kPolicies, &kSignIn, &kRecovery, &kCredentialsAndEnd}) {
    story.tell(*chapter);
  }
  for (const EndpointRow& row : all_endpoints()) {
    EXPECT_EQ(story.served.count(row.id), 1U) << row.method << " " << row.path;
  }
  fmt::print("endpoints: {} of {} rows served over TLS\n", story.served.size(),
             all_endpoints().size());
}

}  // namespace
}  // namespace rollcall

// What is asked of the org about a credential, and what the answers are taken for.
#include "connectors/okta/access.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>

#include "tests/unit/okta/samples.h"

namespace rollcall {
namespace {

using test::make_reply;
using test::okta_error;

/// Answers by "METHOD path", without the query.
class Org final : public Transport {
 public:
  HttpExchange send(const HttpRequest& request, std::int64_t) override {
    asked.push_back(request.method + " " + request.target + " " + request.body);
    const std::string path = request.target.substr(0, request.target.find('?'));
    const auto found = replies.find(request.method + " " + path);
    if (found == replies.end()) return HttpExchange::replied(okta_error(404, "E0000008"));
    return HttpExchange::replied(found->second);
  }
  std::map<std::string, HttpReply> replies{
      {"GET /api/v1/users/me", make_reply(200, R"({"id":"00u1"})")},
      {"GET /api/v1/users/00u1/roles", make_reply(200, "[]")},
      {"GET /api/v1/apps", make_reply(200, "[]")}};
  std::vector<std::string> asked;
};

struct Looking {
  Org org;
  AccessQuestions questions;
  Looking() { questions.base_url = "https://acme.okta.com"; }
  Result<Access> look() {
    const auto authorizer =
        make_api_token_authorizer([]() -> Result<Secret> { return Secret("T"); });
    return look_at_access(questions, *authorizer, org);
  }
  Access found() {
    auto access = look();
    EXPECT_TRUE(access) << (access ? "" : describe(access.error()));
    return access ? *access : Access{};
  }
};

TEST(Access, DoesNotTakeAnEmptyListOfRolesForNoRole) {
  Looking looking;
  const Access access = looking.found();
  EXPECT_FALSE(access.roles);
  EXPECT_NE(access.roles_unread.find("may not read roles"), std::string::npos);
}

TEST(Access, ReadsStandardAndCustomRolesAndWhereTheyComeFrom) {
  Looking looking;
  looking.org.replies["GET /api/v1/users/00u1/roles"] = make_reply(200, R"([
    {"id":"irb1","label":"Organization Administrator","type":"ORG_ADMIN","status":"ACTIVE",
     "assignmentType":"GROUP"},
    {"id":"irb2","label":"Old","type":"SUPER_ADMIN","status":"INACTIVE","assignmentType":"USER"},
    {"id":"irb3","label":"HR sync","type":"CUSTOM","role":"cr01","resource-set":"iam1"}])");
  looking.org.replies["GET /api/v1/iam/roles/cr01/permissions"] = make_reply(
      200, R"({"permissions":[{"label":"okta.users.read"},{"label":"okta.groups.read"}]})");
  const Access access = looking.found();
  EXPECT_EQ(access.holder, "00u1");
  ASSERT_TRUE(access.roles);
  ASSERT_EQ(access.roles->size(), 2U) << "an inactive role gives nothing";
  EXPECT_EQ((*access.roles)[0].type, "ORG_ADMIN");
  EXPECT_TRUE((*access.roles)[0].by_group);
  ASSERT_TRUE((*access.roles)[1].permissions);
  EXPECT_EQ(*(*access.roles)[1].permissions,
            (std::vector<std::string>{"okta.users.read", "okta.groups.read"}));
}

TEST(Access, AnAppsRolesAreAskedForByItsClientId) {
  Looking looking;
  looking.questions.client_id = "0oa1";
  looking.org.replies["GET /oauth2/v1/clients/0oa1/roles"] =
      make_reply(200, R"([{"label":"Read-only Administrator","type":"READ_ONLY_ADMIN"}])");
  const Access access = looking.found();
  EXPECT_FALSE(access.of_user);
  ASSERT_TRUE(access.roles);
  EXPECT_EQ(access.roles->front().type, "READ_ONLY_ADMIN");
  EXPECT_EQ(looking.org.asked.front(), "GET /oauth2/v1/clients/0oa1/roles ");
}

TEST(Access, RolesThatMayNotBeReadAreSaidToBeUnknown) {
  Looking looking;
  looking.org.replies["GET /api/v1/users/00u1/roles"] = okta_error(403, "E0000006");
  looking.org.replies["GET /api/v1/apps"] = okta_error(403, "E0000006");
  const Access access = looking.found();
  EXPECT_FALSE(access.roles);
  EXPECT_EQ(access.roles_unread, "the org does not show them: 403 E0000006");
  EXPECT_FALSE(access.mastering_apps);
}

TEST(Access, TheTrialIsAWriteThatCanChangeNothing) {
  struct Case {
    HttpReply reply;
    WriteTrial trial;
    std::string said;
  };
  for (const Case& one :
       {Case{okta_error(403, "E0000006"), WriteTrial::refused, "403 E0000006"},
        Case{okta_error(400, "E0000003"), WriteTrial::not_refused, "400 E0000003"},
        Case{make_reply(502, "<html>"), WriteTrial::unclear, "502"}}) {
    Looking looking;
    looking.questions.try_to_write = true;
    looking.org.replies["POST /api/v1/users"] = one.reply;
    const Access access = looking.found();
    EXPECT_EQ(static_cast<int>(access.trial), static_cast<int>(one.trial)) << one.said;
    EXPECT_EQ(access.trial_said, one.said);
    EXPECT_EQ(std::count(looking.org.asked.begin(), looking.org.asked.end(),
                         "POST /api/v1/users?activate=false {}"),
              1);
  }
  Looking never;
  never.found();
  for (const std::string& line : never.org.asked) EXPECT_EQ(line.rfind("GET ", 0), 0U) << line;
}

TEST(Access, AppsThatMasterProfilesAreNamed) {
  Looking looking;
  HttpReply first = make_reply(200, R"([{"label":"Workday","features":["PROFILE_MASTERING"]},
                                        {"label":"Wiki","features":[]}])");
  looking.org.replies["GET /api/v1/apps"] = first;
  const Access access = looking.found();
  EXPECT_EQ(access.mastering_apps, std::vector<std::string>{"Workday"});
}

TEST(Access, ARefusedTokenIsAnError) {
  Looking looking;
  looking.org.replies["GET /api/v1/users/me"] = okta_error(401, "E0000011");
  const auto access = looking.look();
  ASSERT_FALSE(access);
  EXPECT_EQ(access.error().code, ErrorCode::okta_credential_refused);
}

}  // namespace
}  // namespace rollcall

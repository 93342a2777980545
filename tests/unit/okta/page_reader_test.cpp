#include "connectors/okta/page_reader.h"

#include <gtest/gtest.h>
#include <malloc.h>

#include "tests/unit/okta/samples.h"

namespace rollcall {
namespace {

TEST(PageReader, KeepsNothingOfTheUsersItHasRead) {
  AttrSchema schema;
  schema.add({"login"});
  schema.add({"title"});
  PageReader reader(schema);
  const std::string page =
      R"([{"id":"00u1","profile":{"login":"a","title":")" + std::string(50'000, 'x') + R"("}}])";
  const auto bytes_after = [&](int pages) {
    for (int i = 0; i < pages; ++i) {
      std::string body = page;
      EXPECT_TRUE(reader.users(body, [](const AccountView&) {}));
    }
    return ::mallinfo2().uordblks + ::mallinfo2().hblkhd;
  };
  const auto before = bytes_after(10);
  EXPECT_LT(bytes_after(200), before + page.size());
}

TEST(PageReader, PacksAUserWhateverTheOrderAndTheUnknownProperties) {
  AttrSchema schema;
  for (const char* name : {"login", "title", "grade", "fte", "remote", "sites", "empty", "none"}) {
    schema.add({name});
  }
  std::string body =
      R"([{"profile":{"sites":["A","Ü"],"remote":false,"fte":0.50,"grade":12,"title":"Chief \"X\"",)"
      R"("login":"a@x.example","empty":"","none":[],"new":{"deep":[1,{"x":null}]}},)"
      R"("future":[{}],"status":"SUSPENDED","transitioningToStatus":null,"id":"00u1",)"
      R"("created":"2025-03-19T08:01:48.000Z","statusChanged":null}])";
  PageReader reader(schema);
  int seen = 0;
  const auto count = reader.users(body, [&](const AccountView& account) {
    ++seen;
    EXPECT_EQ(account.id, "00u1");
    EXPECT_EQ(account.login, "a@x.example");
    EXPECT_EQ(account.status, AccountStatus::suspended);
    EXPECT_EQ(account.transitioning_to, AccountStatus::unknown);
    EXPECT_EQ(format_okta_time(account.created), "2025-03-19T08:01:48.000Z");
    EXPECT_EQ(account.status_changed.ms, 0);
    EXPECT_EQ(account.profile.text(1), "Chief \"X\"");
    EXPECT_EQ(account.profile.text(2), "12");
    EXPECT_EQ(account.profile.text(3), "0.5");
    EXPECT_EQ(account.profile.text(4), "false");
    EXPECT_EQ(account.profile.text(5), R"(["A","Ü"])");
    EXPECT_EQ(account.profile.state(6), AttrState::cleared);
    EXPECT_EQ(account.profile.state(7), AttrState::cleared);
  });
  ASSERT_TRUE(count) << describe(count.error());
  EXPECT_EQ(*count, 1U);
  EXPECT_EQ(seen, 1);
}

TEST(PageReader, AStatusOfALaterApiVersionIsUnknown) {
  AttrSchema schema;
  PageReader reader(schema);
  std::string body = R"([{"id":"00u1","status":"HIBERNATING","profile":{"login":"l"}}])";
  ASSERT_TRUE(reader.users(body, [](const AccountView& account) {
    EXPECT_EQ(account.status, AccountStatus::unknown);
    EXPECT_EQ(account.login, "l");
  }));
}

TEST(PageReader, ReadsRecordedPages) {
  AttrSchema schema;
  schema.add({"login"});
  schema.add({"email"});
  PageReader reader(schema);
  for (const char* number : {"11", "12", "14", "15", "16"}) {
    SCOPED_TRACE(number);
    NEED_SAMPLE(sample, number);
    std::string body = (*sample)["response_body"].dump();
    const Json& first = (*sample)["response_body"].items().front();
    bool checked = false;
    const auto count = reader.users(body, [&](const AccountView& account) {
      if (checked) return;
      checked = true;
      EXPECT_EQ(account.id, first["id"].as_string());
      EXPECT_EQ(account.login, first["profile"]["login"].as_string());
      EXPECT_EQ(format_okta_time(account.created), first["created"].as_string());
      if (std::string(number) == "16") {
        EXPECT_EQ(account.transitioning_to, AccountStatus::provisioned);
      }
    });
    ASSERT_TRUE(count);
    EXPECT_EQ(*count, (*sample)["response_body"].items().size());
  }
}

TEST(PageReader, ACutOrForeignPageIsAnError) {
  AttrSchema schema;
  PageReader reader(schema);
  for (const char* text : {"", "{", "{}", "null", R"([{"id":"1"},{"id":"2")", R"([{"id":"1"}] [])",
                           R"([{"name":"no id"}])", "[1]", "<html></html>"}) {
    std::string body = text;
    const auto count = reader.users(body, [](const AccountView&) {});
    ASSERT_FALSE(count) << text;
    EXPECT_EQ(count.error().code, ErrorCode::okta_page_unreadable);
    std::string again = text;
    EXPECT_FALSE(reader.ids(again)) << text;
  }
}

TEST(PageReader, ReadsTheIdsOfMembers) {
  AttrSchema schema;
  PageReader reader(schema);
  NEED_SAMPLE(sample, "46");
  std::string body = (*sample)["response_body"].dump();
  EXPECT_EQ(*reader.ids(body), std::vector<std::string>{"00usfqsebZHrwwPpw4x6"});
  std::string empty = "[]";
  EXPECT_TRUE(reader.ids(empty)->empty());
}

TEST(ObjectReader, SeesWhichGroupsGiveAdminRights) {
  const auto read = read_groups(R"([
      {"id":"00gA","type":"OKTA_GROUP","profile":{"name":"a"},
       "_embedded":{"stats":{"usersCount":3,"hasAdminPrivileges":true}}},
      {"id":"00gB","type":"OKTA_GROUP","profile":{"name":"b"},
       "_embedded":{"stats":{"usersCount":3,"hasAdminPrivileges":false}}},
      {"id":"00gC","type":"OKTA_GROUP","profile":{"name":"c"}}])");
  ASSERT_TRUE(read);
  EXPECT_TRUE((*read)[0].confers_admin);
  EXPECT_FALSE((*read)[1].confers_admin);
  EXPECT_FALSE((*read)[2].confers_admin);
}

TEST(ObjectReader, ReadsRecordedGroupsRulesAndSchema) {
  NEED_SAMPLE(groups, "40");
  const auto read = read_groups((*groups)["response_body"].dump());
  ASSERT_TRUE(read);
  ASSERT_EQ(read->size(), 2U);
  EXPECT_EQ((*read)[0].type, GroupType::built_in);
  EXPECT_EQ((*read)[1].type, GroupType::okta_group);
  EXPECT_EQ((*read)[1].name, "Group-Target-Test");

  NEED_SAMPLE(rule, "51");
  const auto rules = read_rules("[" + (*rule)["response_body"].dump() + "]");
  ASSERT_TRUE(rules);
  EXPECT_TRUE((*rules)[0].active);
  EXPECT_EQ((*rules)[0].target_groups, std::vector<std::string>{"00gkwubof7ro1ZIO31d7"});
  EXPECT_EQ((*rules)[0].expression, "String.startsWith(user.firstName,\"andy\")");

  NEED_SAMPLE(schema, "72");
  const auto org = read_schema((*schema)["response_body"].dump());
  ASSERT_TRUE(org);
  const OrgAttribute* login = org->find("login");
  ASSERT_NE(login, nullptr);
  EXPECT_TRUE(login->required);
  EXPECT_EQ(login->min_length, 5);
  EXPECT_EQ(login->max_length, 100);
  EXPECT_FALSE(login->read_only);
  ASSERT_NE(org->find("testCustomAttribute"), nullptr);
}

TEST(ObjectReader, TheDefaultMasterIsNotAForeignOne) {
  const auto org = read_schema(
      R"({"definitions":{"base":{"required":["a"],"properties":{
        "a":{"type":"string","master":{"type":"PROFILE_MASTER"}},
        "b":{"type":"boolean","master":{"type":"OVERRIDE","priority":[{"type":"APP","value":"0oa1"}]}},
        "c":{"type":"array","items":{"type":"string"},"master":{"type":"OVERRIDE","priority":[{"type":"OKTA","value":"OKTA"}]}},
        "d":{"type":"integer","mutability":"READ_ONLY","unique":"UNIQUE_VALIDATED"}}}}})");
  ASSERT_TRUE(org);
  EXPECT_TRUE(org->find("a")->required);
  EXPECT_FALSE(org->find("a")->mastered_elsewhere);
  EXPECT_TRUE(org->find("b")->mastered_elsewhere);
  EXPECT_EQ(org->find("b")->type, AttrType::boolean);
  EXPECT_FALSE(org->find("c")->mastered_elsewhere);
  EXPECT_EQ(org->find("c")->type, AttrType::text_array);
  EXPECT_TRUE(org->find("d")->read_only);
  EXPECT_TRUE(org->find("d")->unique);
}

}  // namespace
}  // namespace rollcall

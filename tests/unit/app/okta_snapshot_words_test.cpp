// What a snapshot makes of expressions, settings and labels.
#include <gtest/gtest.h>

#include "service/app/okta_snapshot_internal.h"

namespace rollcall {
namespace {

struct Words {
  Settings settings;
  Pseudonyms people{Secret("0123456789abcdef0123456789abcdef")};
  SnapshotWords words{settings, people};

  Words() {
    words.profile(*parse_json(R"({"login":"ada@real.test","firstName":"Ada","lastName":"Driver",
      "employeeNumber":"731234","title":"MASON","department":"Legal"})"));
    words.profile(*parse_json(R"({"login":"bo@real.test","lastName":"Mason"})"));
  }
};

TEST(SnapshotWords, ConditionsOnWhatStaysStay) {
  Words w;
  for (const char* text : {R"(user.title == "DRIVER")", R"(user.title=='MASON' OR user.city == "")",
                           R"(String.startsWith(user.department, "Driver"))"}) {
    EXPECT_EQ(w.words.expression(text), text);
  }
  EXPECT_EQ(w.words.expression(R"(user.title == "of 731234")"),
            R"(user.title == "of )" + w.people.of("731234") + R"(")");
}

TEST(SnapshotWords, ConditionsOnPeopleGoByWhatTheyBecame) {
  Words w;
  EXPECT_EQ(w.words.expression(R"(user.title == "DRIVER" AND user.lastName == "Driver")"),
            R"(user.title == "DRIVER" AND user.lastName == ")" + w.people.of("Driver") + R"(")");
  EXPECT_EQ(w.words.expression(R"(user.lastName == "Mason" || user.title == "MASON")"),
            R"(user.lastName == ")" + w.people.of("Mason") + R"(" || user.title == "MASON")");
  const std::string mail = w.people.of("ada@real.test");
  EXPECT_EQ(w.words.expression(R"(String.stringContains(user.email, "@real.test"))"),
            R"(String.stringContains(user.email, ")" + mail.substr(mail.find('@')) + R"("))");
  EXPECT_EQ(w.words.expression(R"(isMemberOfGroup("00g00000000000000007"))"),
            R"(isMemberOfGroup(")" + w.people.id("00g00000000000000007") + R"("))");
  EXPECT_EQ(w.words.expression(R"(user.city == "unclosed)"), R"(user.city == "unclosed)");
}

TEST(SnapshotWords, GroupsKeepTheNamesThatTheConfigurationGoesBy) {
  Words w;
  w.settings.groups.push_back({});
  w.settings.groups.back().name = "Driver pool";
  w.settings.groups.push_back({});
  w.settings.groups.back().is_template = true;
  w.settings.groups.back().name = "dept-${hr.department}";
  w.settings.guard.protected_groups = {"Ada's"};
  for (const char* name : {"Driver pool", "dept-Driver", "Ada's", "Mason lodge"}) {
    EXPECT_EQ(w.words.group_name(name, false), name);
  }
  EXPECT_EQ(w.words.group_name("Friends of Ada", true), "Friends of Ada") << "Okta's own";
  const std::string made = w.words.group_name("Friends of Ada", false);
  EXPECT_EQ(made, "Friends of " + w.people.of("Ada"));
  EXPECT_EQ(w.words.expression(R"(isMemberOfGroupName("Friends of Ada"))"),
            R"(isMemberOfGroupName(")" + made + R"("))");
}

TEST(SnapshotWords, SettingsKeepOktasWordsAlone) {
  Words w;
  const Json kept = *parse_json(R"({"access":"ALLOW","requireFactor":true,"minutes":43200,
    "reauthenticateIn":"PT2H","factorMode":"1FA","key":"okta_email","none":null,
    "excludeAttributes":["firstName"]})");
  EXPECT_EQ(w.words.setting("actions", kept), kept);
  const Json real = *parse_json(R"({"include":["00g00000000000000007"],"name":"ADA",
    "url":"https://real.test","key":"A text","condition":"user.lastName == \"Driver\""})");
  const Json made = w.words.setting("conditions", real);
  EXPECT_EQ(made["include"].items()[0].as_string(), w.people.id("00g00000000000000007"));
  EXPECT_EQ(made["condition"].as_string(), R"(user.lastName == ")" + w.people.of("Driver") + '"');
  for (const char* name : {"name", "url", "key"}) EXPECT_NE(made[name], real[name]) << name;
}

}  // namespace
}  // namespace rollcall

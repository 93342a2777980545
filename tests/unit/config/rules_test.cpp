// Rules: expressions in their places, the order of mappings, groups, the digest.
#include <set>

#include "service/base/text.h"
#include "tests/unit/config/written_config.h"

namespace rollcall {
namespace {

std::vector<std::string> order_of(const Settings& settings) {
  std::vector<std::string> out;
  for (const ProfileMapping& m : settings.users.profile) {
    out.push_back(settings.user_schema.at(m.attribute).name);
  }
  return out;
}

TEST(Profile, IsOrderedByWhatMappingsRead) {
  WrittenConfig config;
  const Result<Settings> settings = config.load(kHead + R"(users:
  profile:
    displayName: 'user.firstName + " " + user.lastName'
    nickName: 'user.displayName'
    lastName: 'hr.last'
    firstName: 'hr.first'
    title: 'user.organization'
)");
  ASSERT_TRUE(settings) << config.everything();
  EXPECT_EQ(order_of(*settings), (std::vector<std::string>{"firstName", "lastName", "displayName",
                                                           "nickName", "title"}));
  EXPECT_TRUE(settings->user_schema.find("organization").has_value());
  EXPECT_TRUE(settings->hr_schema.find("first").has_value());
}

TEST(Profile, RefusesACircleOnceAndNamesItsLines) {
  WrittenConfig config;
  EXPECT_FALSE(config.load(kHead + R"(users:
  profile:
    a: 'user.b'
    b: {initial: 'user.c'}
    c: 'user.a'
    d: 'user.a'
)"));
  ASSERT_EQ(config.lines(),
            std::vector<std::string>{"rollcall.yaml:10:5 config.cycle users.profile.a"});
  const std::string& message = config.problems[0].error.message;
  EXPECT_NE(message.find("a (line 10), which reads b (line 11), which reads c (line 12)"),
            std::string::npos)
      << message;
}

TEST(Profile, RefusesAnAttributeThatReadsItself) {
  WrittenConfig config;
  EXPECT_FALSE(config.load(kHead + "users: {profile: {a: 'user.a'}}\n"));
  EXPECT_EQ(config.lines(),
            std::vector<std::string>{"rollcall.yaml:8:19 config.cycle users.profile.a"});
}

TEST(Profile, SetsWaysInOnceUnlessWrittenOtherwise) {
  WrittenConfig config;
  const Result<Settings> settings = config.load(kHead + R"(users:
  profile:
    login: hr.l
    email: {authoritative: hr.l}
    secondEmail: hr.l
    mobilePhone: {fallback: hr.m, sensitive: true}
    title: hr.t
    locale: {initial: hr.o}
)");
  ASSERT_TRUE(settings) << config.everything();
  std::map<std::string, AttrMode> modes;
  for (const ProfileMapping& m : settings->users.profile) {
    modes[settings->user_schema.at(m.attribute).name] = m.mode;
    EXPECT_EQ(m.rule, "users.profile." + settings->user_schema.at(m.attribute).name);
  }
  EXPECT_EQ(modes, (std::map<std::string, AttrMode>{{"login", AttrMode::initial},
                                                    {"email", AttrMode::authoritative},
                                                    {"secondEmail", AttrMode::initial},
                                                    {"mobilePhone", AttrMode::fallback},
                                                    {"title", AttrMode::authoritative},
                                                    {"locale", AttrMode::initial}}));
  const AttrSchema& schema = settings->user_schema;
  EXPECT_EQ(schema.find("login"), AttrId{0});
  EXPECT_TRUE(schema.at(*schema.find("mobilePhone")).sensitive);
  EXPECT_FALSE(schema.at(*schema.find("email")).sensitive);
}

TEST(Expressions, PointAtTheMistakeInEveryKindOfScalar) {
  // The stray `)` after `hr.t ` is the 6th byte of the value in each.
  const std::vector<std::pair<std::string, std::string>> cases{
      {"    title: hr.t )\n", "10:17"},          {"    title: 'hr.t )'\n", "10:18"},
      {"    title: \"hr.t )\"\n", "10:18"},      {"    title: {initial: 'hr.t )'}\n", "10:28"},
      {"    title:\n      hr.t )\n", "11:12"},   {"    title:\n      hr.t\n      )\n", "12:7"},
      {"    title: |\n      hr.t )\n", "11:12"}, {"    title: >-\n      hr.t\n      )\n", "12:7"},
  };
  for (const auto& [text, place] : cases) {
    WrittenConfig config;
    EXPECT_FALSE(config.load(kHead + "users:\n  profile:\n" + text));
    ASSERT_EQ(config.problems.size(), 1U) << text << config.everything();
    EXPECT_EQ(config.problems[0].error.code, ErrorCode::config_expression);
    EXPECT_EQ(config.problems[0].error.where, config.folder() + "/rollcall.yaml:" + place) << text;
  }
}

TEST(Expressions, CountQuotesAndEscapesBeforeTheMistake) {
  const std::vector<std::pair<std::string, std::string>> cases{
      {"'''a'' )'", "10:19"},        // value: 'a' )
      {"\"\\\"a\\\" )\"", "10:19"},  // value: "a" )
      {"\"\\x61 )\"", "10:12"},      // \x is longer than its letter: the scalar's own place
  };
  for (const auto& [scalar, place] : cases) {
    WrittenConfig config;
    EXPECT_FALSE(config.load(kHead + "users:\n  profile:\n    title: " + scalar + "\n"));
    ASSERT_EQ(config.problems.size(), 1U) << scalar << config.everything();
    EXPECT_EQ(config.problems[0].error.where, config.folder() + "/rollcall.yaml:" + place)
        << scalar;
  }
}

TEST(Expressions, MayReadOnlyWhatIsThere) {
  for (const std::string text : {"scope: 'hr.a == \"1\"'", "include: 'user.a == \"1\"'",
                                 "match: [{okta: user.a, hr: 'user.a'}]"}) {
    WrittenConfig config;
    EXPECT_FALSE(config.load(kHead + "users: {" + text + "}\n")) << text;
    ASSERT_EQ(config.problems.size(), 1U) << text << config.everything();
    EXPECT_EQ(config.problems[0].error.code, ErrorCode::config_expression) << text;
  }
}

TEST(Groups, TakeMembersModeAndDescription) {
  WrittenConfig config;
  const Result<Settings> settings = config.load(kHead + R"(groups:
  - {name: all, members: 'true', description: All of us}
  - {template: 'loc-${hr.site}-${hr.floor}', members: 'hr.type == "P"', mode: authoritative}
)");
  ASSERT_TRUE(settings) << config.everything();
  EXPECT_EQ(settings->groups[0].description, "All of us");
  EXPECT_EQ(settings->groups[0].rule, "groups.all");
  EXPECT_FALSE(settings->groups[0].authoritative);
  EXPECT_EQ(settings->groups[1].name, "loc-${hr.site}-${hr.floor}");
  EXPECT_EQ(settings->groups[1].rule, "groups.loc-${hr.site}-${hr.floor}");
  EXPECT_TRUE(settings->groups[1].name_expr.valid());
  EXPECT_EQ(settings->groups[1].members.source(), "hr.type == \"P\"");
  EXPECT_TRUE(settings->hr_schema.find("floor").has_value());
}

const std::string kRules = R"(users:
  manage: [link, attributes]
  match:
    - {okta: user.employeeNumber, hr: hr.id}
  profile:
    login: hr.mail
    title: 'hr.title'
groups:
  - {name: all, members: 'true'}
)";

Sha256 rules_of(const std::string& text) {
  WrittenConfig config;
  const Result<Settings> settings = config.load(text);
  EXPECT_TRUE(settings) << config.everything();
  return settings ? settings->rules : Sha256{};
}

TEST(RulesDigest, IgnoresWhatIsNotARule) {
  const Sha256 digest = rules_of(kHead + kRules);
  const std::string head = replace_all(kHead, "hr.csv", "other.csv");
  EXPECT_EQ(rules_of(kRules + head + "run: {max_minutes: 7}\napps: []\n"), digest);
  EXPECT_EQ(rules_of(kHead + R"(groups:   # a comment
- members: "true"
  name: "all"
  mode: additive
users:
  renames: hold
  out_of_scope: release
  profile:
    title: hr.title
    login: {initial: 'hr.mail'}
  match: [{hr: "hr.id", okta: 'user.employeeNumber'}]
  manage:
    - attributes
    - link
)"),
            digest);
}

TEST(RulesDigest, ChangesWithEveryRule) {
  std::set<Sha256> seen{rules_of(kHead + kRules)};
  const std::vector<std::pair<std::string, std::string>> edits{
      {"[link, attributes]", "[link]"},
      {"user.employeeNumber", "user.login"},
      {"hr: hr.id", "hr: hr.no"},
      {"login: hr.mail", "login: {authoritative: hr.mail}"},
      {"'hr.title'", "'hr.job'"},
      {"title: 'hr.title'", "title: {authoritative: 'hr.title', sensitive: true}"},
      {"name: all", "name: every"},
      {"'true'", "'false'"},
      {"'true'}", "'true', mode: authoritative}"},
      {"'true'}", "'true', description: x}"},
      {"  match:", "  renames: apply\n  match:"},
      {"  match:", "  scope: 'user.a == \"1\"'\n  match:"},
      {"  match:", "  include: 'hr.a == \"1\"'\n  match:"},
      {"  match:", "  joiner: {credential: stage}\n  match:"},
      {"  match:", "  not_suspendable: hold\n  match:"},
      {"  match:", "  not_suspendable: deactivate\n  match:"},
      {"  match:", "  absent: {then: report}\n  match:"},
      {"  match:", "  absent: {then: report, after_reads: 2}\n  match:"},
      {"  match:", "  terminated: [{after: 0d, do: [suspend]}]\n  match:"},
      {"  match:", "  terminated: [{after: 1d, do: [suspend]}]\n  match:"},
      {"  match:", "  terminated: [{after: 0d, do: [deactivate]}]\n  match:"},
  };
  for (const auto& [from, to] : edits) {
    EXPECT_TRUE(seen.insert(rules_of(kHead + replace_all(kRules, from, to))).second) << to;
  }
}

}  // namespace
}  // namespace rollcall

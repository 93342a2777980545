// What is known, unknown, and null; and the limits of an evaluation.
#include "tests/unit/expr/world_internal.h"

namespace rollcall {
namespace {

using expr_test::People;

TEST(Evaluate, UnknownSpoilsWhatNeedsIt) {
  const People people;
  for (const char* source :
       {"hr.lost", "hr.lost + 'x'", "hr.lost == null", "hr.lost != ''", "hr.lost ?: 'default'",
        "String.len(hr.lost)", "{hr.lost, 1}", "Arrays.add({1}, hr.lost)", "hr.lost matches 'x'",
        "hr.lost == 'x' ? 1 : 2", "hr.blank ?: hr.lost", "app.missing", "app.missing.deeper",
        "user.getInternalProperty('status')", "hr.lost.toUpperCase()", "hr.blank + hr.lost",
        "hr.lost > 'a'"}) {
    EXPECT_EQ(people(source), "unknown") << source;
  }
}

TEST(Evaluate, KnownBranchesDoNotSeeTheUnknown) {
  const People people;
  EXPECT_EQ(people("hr.active ? 'yes' : hr.lost"), "yes");
  EXPECT_EQ(people("hr.title ?: hr.lost"), "Engineer");
  EXPECT_EQ(people("false && hr.lost == 'x'"), "false");
  EXPECT_EQ(people("true || hr.lost == 'x'"), "true");
  EXPECT_EQ(people("hr.lost == 'x' && false"), "unknown") << "read from left to right";
  EXPECT_EQ(people("hr.lost == 'x' || true"), "unknown");
}

TEST(Evaluate, ClearedIsNull) {
  const People people;
  EXPECT_EQ(people("hr.blank"), "null");
  EXPECT_EQ(people("hr.blank == null"), "true");
  EXPECT_EQ(people("hr.blank == ''"), "false");
  EXPECT_EQ(people("hr.blank ?: 'd'"), "d");
  EXPECT_EQ(people("app.none ?: 'd'"), "d");
  EXPECT_EQ(people("app.none.deeper"), "null");
}

// Okta's pages are silent here; decision 0140.
TEST(Evaluate, NullGivesNullInTextAndNumbers) {
  const People people;
  for (const char* source : {"hr.blank + 'x'", "'x' + hr.blank", "String.append('x', hr.blank)",
                             "String.toUpperCase(hr.blank)", "hr.blank.substring(1)",
                             "Convert.toInt(hr.blank)", "Iso3166Convert.toAlpha2(hr.blank)",
                             "1 + null", "2 * null", "Time.fromUnixToIso8601(hr.blank)"}) {
    EXPECT_EQ(people(source), "null") << source;
  }
}

TEST(Evaluate, NullFulfilsNoCondition) {
  const People people;
  for (const char* source : {"String.startsWith(hr.blank, 'a')", "hr.blank.contains('a')",
                             "String.stringContains(hr.title, hr.blank)", "hr.blank matches '.*'",
                             "hr.blank > 'a'", "hr.blank <= 'a'", "null < 5"}) {
    EXPECT_EQ(people(source), "false") << source;
  }
  EXPECT_EQ(people("String.len(hr.blank)"), "0");
  EXPECT_EQ(people("String.stringSwitch(hr.blank, 'd', 'a', 'b')"), "d");
}

TEST(Evaluate, NullIsNeitherTrueNorFalse) {
  const People people;
  EXPECT_EQ(people("hr.unset_flag && true"),
            "expression.evaluation: 'AND' needs true or false, and this is null (1)");
  EXPECT_EQ(people("hr.unset_flag ? 1 : 2"),
            "expression.evaluation: the condition before '?' is neither true nor false (15)");
  EXPECT_EQ(people("!hr.unset_flag"), "expression.evaluation: '!' needs true or false (1)");
  EXPECT_EQ(people("hr.unset_flag == true"), "false");
}

TEST(Evaluate, ReadsAttributesByTheirType) {
  People people;
  EXPECT_EQ(people("hr.level + 1"), "43");
  EXPECT_EQ(people("hr.ratio * 2"), "5");
  EXPECT_EQ(people("hr.tags[1]"), "b");
  EXPECT_EQ(people("hr.tags"), R"(["a","b"])");
  people.set("level", "many");
  people.set("active", "yes");
  people.set("ratio", "");
  people.set("tags", "a");
  people.look();
  EXPECT_EQ(people("hr.level"), "expression.evaluation: 'hr.level' is not an integer (1)");
  EXPECT_EQ(people("hr.active"),
            "expression.evaluation: 'hr.active' is neither true nor false (1)");
  EXPECT_EQ(people("hr.ratio"), "expression.evaluation: 'hr.ratio' is not a number (1)");
  EXPECT_EQ(people("hr.tags"), "expression.evaluation: 'hr.tags' is not an array (1)");
}

TEST(Evaluate, ComputesWithIntegersExactly) {
  const People people;
  EXPECT_EQ(people("7 / 2"), "3");
  EXPECT_EQ(people("-7 % 3"), "-1");
  EXPECT_EQ(people("7 / 2.0"), "3.5");
  EXPECT_EQ(people("2 + 3 * 4 - 1"), "13");
  EXPECT_EQ(people("1 - 2 - 3"), "-4");
  EXPECT_EQ(people("1 / 0"), "expression.evaluation: division by zero (3)");
  EXPECT_EQ(people("1 % 0.0"), "expression.evaluation: division by zero (3)");
  EXPECT_EQ(people("9223372036854775807 + 1"),
            "expression.evaluation: the number becomes too large (21)");
  EXPECT_EQ(people("(-9223372036854775807 - 1) / -1"),
            "expression.evaluation: the number becomes too large (28)");
  EXPECT_EQ(people("(-9223372036854775807 - 1) % -1"), "0");
}

TEST(Evaluate, ConditionsAnswerWithoutAValue) {
  const People people;
  const auto truth = [&](std::string_view source) {
    return evaluate_condition(*compile(source, people.options), people.scope);
  };
  EXPECT_EQ(*truth("hr.department == 'Sales'"), Truth::yes);
  EXPECT_EQ(*truth("hr.department == 'Legal'"), Truth::no);
  EXPECT_EQ(*truth("hr.lost == 'Legal'"), Truth::unknown);
  const auto null = truth("hr.unset_flag");
  ASSERT_FALSE(null);
  EXPECT_EQ(null.error().code, ErrorCode::expression_evaluation);
  EXPECT_EQ(info(null.error().code).exit, 4);
  EXPECT_FALSE(truth("hr.title"));
  EXPECT_FALSE(evaluate_condition(Expression(), people.scope));
}

TEST(Evaluate, GroupsComeFromTheScope) {
  People people;
  const std::vector<std::string> names = {"Sales EMEA", "Everyone"};
  const std::vector<std::string> ids = {"00g1", "00g2"};
  people.scope.groups = names;
  people.scope.group_ids = ids;
  EXPECT_EQ(people("isMemberOfGroupName('Everyone')"), "true");
  EXPECT_EQ(people("isMemberOfGroupName('everyone')"), "false");
  EXPECT_EQ(people("isMemberOfAnyGroup('00g9', '00g2')"), "true");
  EXPECT_EQ(people("isMemberOfGroupNameStartsWith('Sales')"), "true");
  EXPECT_EQ(people("isMemberOfGroupNameContains('EMEA')"), "true");
  EXPECT_EQ(people("isMemberOfGroupNameRegex('Sales [A-Z]+')"), "true");
  EXPECT_EQ(people("isMemberOfGroupNameRegex('Sales')"), "false") << "the whole name";
  EXPECT_EQ(people("isMemberOfGroupNameRegex('(')"),
            "expression.evaluation: the pattern is not valid (1)");
  EXPECT_EQ(people("user.isMemberOf({'group.profile.name': 'Sales'})"), "true");
  EXPECT_EQ(people("user.getGroups({'group.id': {'00g1', '00g2'}}).![profile.name]"),
            R"(["Sales EMEA","Everyone"])");
  EXPECT_EQ(people("user.isMemberOf({'group.type': 'OKTA_GROUP'})"), "unknown")
      << "names and ids do not tell the type";
  EXPECT_EQ(people("getFilteredGroups({'00g1', '00g7'}, 'group.name', 10)"), R"(["Sales EMEA"])");
  EXPECT_EQ(people("Groups.startsWith('OKTA', 'Sales', 5)"), R"(["Sales EMEA"])");
  EXPECT_EQ(people("Groups.endsWith('OKTA', 'none', 5) ?: {}"), "[]");
  EXPECT_EQ(people("Groups.contains('active_directory', 'x', 5)"), "unknown");
}

TEST(Evaluate, TimesLeaveAsOktaWritesThem) {
  const People people;
  EXPECT_EQ(people("Time.now()"), "2026-03-01T06:00:00.000Z");
  EXPECT_EQ(people("Time.now('Asia/Tokyo')"), "2026-03-01T15:00:00.000+09:00");
  EXPECT_EQ(people("Time.now('Asia/Tokyo', 'yyyy-MM-dd HH')"), "2026-03-01 15");
  EXPECT_EQ(people("'T' + Time.now()"), "T2026-03-01T06:00:00.000Z");
  EXPECT_EQ(people("Time.fromStringToIso8601('31.12.49', 'dd.MM.yy')"), "2049-12-31T00:00:00.000Z");
  EXPECT_EQ(people("Time.fromStringToIso8601('31.12.60', 'dd.MM.yy')"), "1960-12-31T00:00:00.000Z");
  EXPECT_EQ(people("Time.fromStringToIso8601('30.02.2024', 'dd.MM.yyyy')"),
            "expression.evaluation: the text does not fit the time pattern (1)");
  EXPECT_EQ(people("Time.fromIso8601ToString('2024-02-29', 'EEE, d MMM yyyy Q')"),
            "expression.evaluation: the time pattern is not valid (1)");
  EXPECT_EQ(people("Time.now('Mars/Olympus')"),
            "expression.evaluation: the time zone is not known (1)");
  EXPECT_EQ(people("Time.now().plusDays(99999999)"),
            "expression.evaluation: the time is outside the years 1 to 9999 (12)");
  EXPECT_EQ(people("Time.fromWindowsToIso8601('-9223372036854775808')"),
            "expression.evaluation: the time is outside the years 1 to 9999 (1)");
  EXPECT_EQ(people("'0001-01-01'.parseStringTime().toString('D e ww xxxx')"), "1 1 01 0001");
}

TEST(Evaluate, ADayAcrossASpringChangeKeepsItsHour) {
  const People people;
  const std::string noon = "'2026-03-28T01:30:00Z'.parseStringTime().toZone('Europe/Berlin')";
  EXPECT_EQ(people(noon + ".plusDays(1)"), "2026-03-29T03:30:00.000+02:00") << "02:30 is no time";
  EXPECT_EQ(people(noon + ".plusDays(2)"), "2026-03-30T02:30:00.000+02:00");
}

TEST(Evaluate, RefusesWhatGrowsTooLarge) {
  People people;
  people.set("title", std::string(600'000, 'x'));
  people.look();
  EXPECT_EQ(people("hr.title + hr.title"), "expression.evaluation: the text becomes too long (10)");
  EXPECT_EQ(people("String.replace(hr.title, 'x', 'yy')"),
            "expression.evaluation: the text becomes too long (1)");
  std::string many = "String.len(hr.title + '1')";
  for (int i = 0; i < 100; ++i) many += "+String.len(hr.title + '1')";
  EXPECT_TRUE(people(many).starts_with("expression.evaluation: ")) << "memory of one evaluation";
  people.set("title", std::string(2 << 20, 'x'));
  people.look();
  EXPECT_EQ(people("hr.title"), "expression.evaluation: the text becomes too long (1)");
  std::string commas(20'001, ',');
  people.set("title", commas);
  people.look();
  EXPECT_EQ(people("Arrays.size(hr.title)"),
            "expression.evaluation: there are more than 10,000 elements (1)");
}

TEST(Evaluate, AttributeTextIsWhatTheRecordHolds) {
  EXPECT_EQ(attribute_text(Value(true)), "true");
  EXPECT_EQ(attribute_text(Value(std::int64_t{-5})), "-5");
  EXPECT_EQ(attribute_text(Value(2.5)), "2.5");
  EXPECT_EQ(attribute_text(Value("a\"b")), "a\"b");
  EXPECT_EQ(attribute_text(Value(Value::Array{Value("a\"b"), Value(true)})), R"(["a\"b",true])");
  EXPECT_EQ(attribute_text(Value()), "");
  EXPECT_EQ(attribute_text(Value(Value::Unknown{})), "");
}

TEST(Evaluate, TextFunctionsRefuseNoBytes) {
  People people;
  people.set("title", "\xc3\x28\xff\xfe\x80");
  people.look();
  for (const char* source :
       {"hr.title.length()", "hr.title.substring(1)", "String.toUpperCase(hr.title)",
        "Rollcall.toAscii(hr.title)", "hr.title matches '.*'", "Iso3166Convert.toName(hr.title)"}) {
    people(source);
  }
  EXPECT_EQ(people("hr.title == hr.title"), "true");
}

}  // namespace
}  // namespace rollcall

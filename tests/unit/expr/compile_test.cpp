// Syntax, names and types: what is refused, with the column, and what a compiled expression tells.
#include "tests/unit/expr/world_internal.h"

namespace rollcall {
namespace {

using expr_test::People;

struct Mistake {
  std::string_view source;
  ErrorCode code;
  std::string_view column;
};

TEST(Compile, NamesTheColumnOfTheMistake) {
  const People people;
  const Mistake mistakes[] = {
      {"", ErrorCode::expression_syntax, "1"},
      {"   ", ErrorCode::expression_syntax, "4"},
      {"hr.title +", ErrorCode::expression_syntax, "11"},
      {"(hr.title", ErrorCode::expression_syntax, "10"},
      {"hr.title = 'x'", ErrorCode::expression_syntax, "10"},
      {"'abc", ErrorCode::expression_syntax, "1"},
      {"1 < 2 < 3", ErrorCode::expression_syntax, "7"},
      {"hr.title between {1, 2}", ErrorCode::expression_syntax, "10"},
      {"99999999999999999999", ErrorCode::expression_syntax, "1"},
      {"3x", ErrorCode::expression_syntax, "1"},
      {"{'a': 1, 2}", ErrorCode::expression_syntax, "11"},
      {"{1, 'a': 2}", ErrorCode::expression_syntax, "8"},
      {"hr.a.![1]", ErrorCode::expression_syntax, "8"},
      {"'Zoë' + hr.nope", ErrorCode::expression_unknown_name, "12"},
      {"hr.titel", ErrorCode::expression_unknown_name, "4"},
      {"nobody", ErrorCode::expression_unknown_name, "1"},
      {"String.length('a')", ErrorCode::expression_unknown_name, "8"},
      {"hr.title.shout()", ErrorCode::expression_unknown_name, "10"},
      {"user.getGroup('x')", ErrorCode::expression_unknown_name, "6"},
      {"getManagerUser('ad')", ErrorCode::expression_unknown_name, "1"},
      {"hr", ErrorCode::expression_type, "1"},
      {"hr.active AND hr.title", ErrorCode::expression_type, "15"},
      {"hr.level == '42'", ErrorCode::expression_type, "10"},
      {"hr.title < 5", ErrorCode::expression_type, "10"},
      {"hr.active < true", ErrorCode::expression_type, "11"},
      {"hr.title - 1", ErrorCode::expression_type, "10"},
      {"hr.tags + 'x'", ErrorCode::expression_type, "11"},
      {"-hr.title", ErrorCode::expression_type, "1"},
      {"!hr.level", ErrorCode::expression_type, "2"},
      {"hr.title * 2", ErrorCode::expression_type, "10"},
      {"hr.title matches '('", ErrorCode::expression_type, "18"},
      {"hr.level matches 'x'", ErrorCode::expression_type, "1"},
      {"hr.title matches null", ErrorCode::expression_type, "18"},
      {"hr.title ? 1 : 2", ErrorCode::expression_type, "1"},
      {"String.len(hr.tags)", ErrorCode::expression_type, "12"},
      {"String.len('a', 'b')", ErrorCode::expression_type, "1"},
      {"String.stringSwitch('a', 'b', 'c', 'd', 'e')", ErrorCode::expression_type, "1"},
      {"hr.title.substring('x')", ErrorCode::expression_type, "20"},
      {"hr.title.name", ErrorCode::expression_type, "10"},
      {"hr.tags['x']", ErrorCode::expression_type, "9"},
      {"hr.level[0]", ErrorCode::expression_type, "9"},
      {"{'group.id': 'x'}", ErrorCode::expression_type, "1"},
      {"user.isMemberOf({'group.nam': 'x'})", ErrorCode::expression_type, "17"},
      {"user.isMemberOf({'operator': 'EXACT'})", ErrorCode::expression_type, "17"},
      {"user.isMemberOf({'group.id': 'x', 'operator': 'LIKE'})", ErrorCode::expression_type, "17"},
      {"user.isMemberOf('x')", ErrorCode::expression_type, "17"},
  };
  for (const Mistake& mistake : mistakes) {
    const auto compiled = compile(mistake.source, people.options);
    ASSERT_FALSE(compiled) << mistake.source;
    EXPECT_EQ(compiled.error().code, mistake.code) << mistake.source << compiled.error().message;
    EXPECT_EQ(compiled.error().where, mistake.column)
        << mistake.source << ": " << compiled.error().message;
    EXPECT_EQ(info(compiled.error().code).exit, 78);
  }
}

TEST(Compile, SuggestsTheNearestName) {
  const People people;
  const auto message = [&](std::string_view source) {
    return compile(source, people.options).error().message;
  };
  EXPECT_EQ(message("hr.titel"), "'hr.titel' does not exist; did you mean 'title'?");
  EXPECT_EQ(message("usr.login"), "'usr' is not known here; did you mean 'user'?");
  EXPECT_EQ(message("String.lenn('a')"), "there is no function 'String.lenn'; did you mean 'len'?");
  EXPECT_EQ(message("Strings.len('a')"), "'Strings' is not known here; did you mean 'String'?");
  EXPECT_EQ(message("toUppercase('a')"),
            "there is no function 'toUppercase'; did you mean 'toUpperCase'?");
  EXPECT_EQ(message("'a'.toUpperKase()"),
            "there is no method 'toUpperKase'; did you mean 'toUpperCase'?");
  EXPECT_EQ(message("hr.quite_another"), "'hr.quite_another' does not exist");
}

TEST(Compile, AddsNamesToAnOpenSchemaAsText) {
  People people;
  people.options.add_hr = true;
  const auto compiled = compile("hr.cost_centre + hr.title", people.options);
  ASSERT_TRUE(compiled);
  const auto id = people.hr.find("cost_centre");
  ASSERT_TRUE(id);
  EXPECT_EQ(people.hr.at(*id).type, AttrType::text);
  EXPECT_EQ(compiled->hr_attributes(), (std::vector<AttrId>{*people.hr.find("title"), *id}));
  EXPECT_EQ(people.value_of(*compiled), "unknown") << "older records do not have the column";
  EXPECT_FALSE(compile("user.cost_centre", people.options));
  people.options.add_user = true;
  EXPECT_TRUE(compile("user.cost_centre", people.options));
}

TEST(Compile, TellsTheAttributesItReadsEachOnceAscending) {
  const People people;
  const auto compiled =
      compile("hr.level > 1 ? user.city : hr.title + user.login + hr.title", people.options);
  ASSERT_TRUE(compiled);
  EXPECT_EQ(compiled->hr_attributes(),
            (std::vector<AttrId>{*people.hr.find("title"), *people.hr.find("level")}));
  EXPECT_EQ(compiled->user_attributes(),
            (std::vector<AttrId>{*people.user.find("login"), *people.user.find("city")}));
  EXPECT_EQ(compiled->source(), "hr.level > 1 ? user.city : hr.title + user.login + hr.title");
}

TEST(Compile, RecognisesAPlainColumn) {
  const People people;
  AttrId id = 99;
  EXPECT_TRUE(compile("(hr.level)", people.options)->is_plain_hr(id));
  EXPECT_EQ(id, *people.hr.find("level"));
  EXPECT_FALSE(compile("user.login", people.options)->is_plain_hr(id));
  EXPECT_FALSE(compile("hr.title + ''", people.options)->is_plain_hr(id));
  EXPECT_FALSE(Expression().is_plain_hr(id));
}

TEST(Compile, KnowsTheStaticType) {
  const People people;
  const auto type = [&](std::string_view source) {
    return compile(source, people.options)->type();
  };
  EXPECT_EQ(type("hr.title"), ExprType::text);
  EXPECT_EQ(type("hr.active"), ExprType::boolean);
  EXPECT_EQ(type("hr.level"), ExprType::integer);
  EXPECT_EQ(type("hr.ratio"), ExprType::number);
  EXPECT_EQ(type("hr.tags"), ExprType::array);
  EXPECT_EQ(type("null"), ExprType::null);
  EXPECT_EQ(type("hr.level + 1"), ExprType::integer);
  EXPECT_EQ(type("hr.level * 1.5"), ExprType::number);
  EXPECT_EQ(type("hr.level + 'x'"), ExprType::text);
  EXPECT_EQ(type("hr.active ? 1 : 2.5"), ExprType::number);
  EXPECT_EQ(type("hr.active ? null : 'x'"), ExprType::text);
  EXPECT_EQ(type("hr.active ? 1 : 'x'"), ExprType::any);
  EXPECT_EQ(type("hr.blank ?: 'x'"), ExprType::text);
  EXPECT_EQ(type("app.name"), ExprType::any);
  EXPECT_EQ(type("Time.now()"), ExprType::time);
  EXPECT_EQ(type("hr.level > 1"), ExprType::boolean);
}

TEST(Compile, TakesAColumnWhoseNameIsNoIdentifier) {
  const People people;
  EXPECT_EQ(people("hr['first name'] + '!'"), "Ada!");
  EXPECT_EQ(
      people("hr['last name']"),
      "expression.unknown_name: 'hr.last name' does not exist; did you mean 'first name'? (3)");
}

TEST(Compile, ReadsTheProfileOfIdentityEngineFromTheSameAttributes) {
  const People people;
  EXPECT_EQ(people("user.profile.login"), "ada@x.example");
  EXPECT_EQ(people("user.profile.logn"),
            "expression.unknown_name: 'user.logn' does not exist; did you mean 'login'? (14)");
}

TEST(Compile, RefusesInAGroupRuleWhatOktaRefuses) {
  People people;
  people.options.group_rule = true;
  EXPECT_TRUE(compile("user.city == 'Bonn' AND !isMemberOfGroupName('x')", people.options));
  EXPECT_TRUE(compile("user.getInternalProperty('status') == 'ACTIVE'", people.options));
  for (const char* source : {"hr.title == 'x'", "app.name == 'x'", "Time.now() == 'x'",
                             "user.city.length() == 4", "Convert.toInt('1') == 1",
                             "user.status == 'ACTIVE'", "Rollcall.toAscii(user.city) == 'x'"}) {
    const auto compiled = compile(source, people.options);
    ASSERT_FALSE(compiled) << source;
    EXPECT_EQ(compiled.error().code, ErrorCode::expression_unknown_name) << source;
  }
  EXPECT_EQ(compile("user.city", people.options).error().code, ErrorCode::expression_type);
}

TEST(Compile, RefusesFunctionsWhoseFactsAreMissing) {
  People people;
  people.options.groups = false;
  people.options.extensions = false;
  EXPECT_FALSE(compile("isMemberOfGroupName('x')", people.options));
  EXPECT_FALSE(compile("Rollcall.toAscii('x')", people.options));
  EXPECT_FALSE(compile("hasWorkdayUser()", people.options));
  people.options = {};
  EXPECT_FALSE(compile("hr.title", people.options));
  EXPECT_FALSE(compile("user.login", people.options));
}

TEST(Compile, BoundsDepthAndLength) {
  const People people;
  const auto nested = [](std::size_t n) { return std::string(n, '(') + "1" + std::string(n, ')'); };
  EXPECT_TRUE(compile(nested(199), people.options));
  EXPECT_EQ(compile(nested(200), people.options).error().code, ErrorCode::expression_syntax);
  EXPECT_FALSE(compile(nested(20'000), people.options));
  EXPECT_FALSE(compile(std::string(30'000, '!') + "true", people.options));
  EXPECT_FALSE(compile(std::string(30'000, '{'), people.options));
  std::string chain = "'a'";
  for (int i = 0; i < 300; ++i) chain += ".toUpperCase()";
  EXPECT_FALSE(compile(chain, people.options));
  EXPECT_FALSE(compile(std::string(70'000, ' ') + "1", people.options));
  EXPECT_FALSE(compile("'\xff'", people.options));
}

TEST(Compile, TakesLongChainsThatAreNotDeep) {
  const People people;
  std::string sum = "0";
  for (int i = 0; i < 5'000; ++i) sum += "+1";
  EXPECT_EQ(people(sum), "5000");
  std::string choice;
  for (int i = 0; i < 1'000; ++i)
    choice += "hr.level==" + std::to_string(i) + "?'v'+" + std::to_string(i) + ":";
  EXPECT_EQ(people(choice + "'other'"), "v42");
}

TEST(Compile, BoundsChainsWithinChains) {
  const People people;
  std::string source = "'a'";
  for (int level = 0; level < 30; ++level) {
    std::string chain = "'a'.replace(" + source + ",'b')";
    for (int i = 0; i < 100; ++i) chain += ".removeSpaces()";
    source = chain;
    if (source.size() > 60'000) break;
  }
  const auto compiled = compile(source, people.options);
  ASSERT_FALSE(compiled);
  EXPECT_EQ(compiled.error().message, "the expression is nested too deeply");
}

}  // namespace
}  // namespace rollcall

// The functions under our own prefix, and templates.
#include "tests/unit/expr/world_internal.h"

namespace rollcall {
namespace {

using expr_test::People;

TEST(Extensions, ToAsciiGivesTheNearestPlainLetters) {
  People people;
  people.set("title", "Åström-Weiß");
  people.look();
  EXPECT_EQ(people("Rollcall.toAscii(hr.title)"), "Astrom-Weiss");
  EXPECT_EQ(people("Rollcall.toAscii(hr.blank)"), "null");
  EXPECT_EQ(people("Rollcall.toAscii(hr.lost)"), "unknown");
}

TEST(Extensions, FirstFreeGivesCandidatesInOrderOnceAndNotBlank) {
  const People people;
  EXPECT_EQ(people("Rollcall.firstFree('a', hr.blank, ' ', 'b', 'a', '', 'c')"),
            R"(["a","b","c"])");
  EXPECT_EQ(people("Rollcall.firstFree(hr.blank)"), "[]");
  EXPECT_EQ(people("Rollcall.firstFree('a', hr.lost)"), "unknown");
}

TEST(Extensions, NumberedStandsBeforeTheAtSign) {
  const People people;
  EXPECT_EQ(people("Rollcall.firstFree('a.b@x', Rollcall.numbered('a.b@x', 2, 4))"),
            R"(["a.b@x","a.b2@x","a.b3@x","a.b4@x"])");
  EXPECT_EQ(people("Rollcall.firstFree(Rollcall.numbered('ab', 9, 10))"), R"(["ab9","ab10"])");
  EXPECT_EQ(people("Rollcall.firstFree('z', Rollcall.numbered(hr.blank, 1, 2))"), R"(["z"])");
  EXPECT_EQ(people("Rollcall.firstFree(Rollcall.numbered('a', 3, 2))"),
            "expression.evaluation: the numbers run from low to high (20)");
  EXPECT_EQ(people("Rollcall.firstFree(Rollcall.numbered('a', 1, 10001))"),
            "expression.evaluation: that is too many candidates (20)");
}

TEST(Extensions, CandidatesStandOnlyOutermost) {
  const People people;
  const auto compiled = compile("Rollcall.firstFree('a')", people.options);
  ASSERT_TRUE(compiled);
  EXPECT_TRUE(gives_candidates(*compiled));
  EXPECT_FALSE(gives_candidates(*compile("'a'", people.options)));
  EXPECT_FALSE(gives_candidates(*compile("{'a'}", people.options)));
  EXPECT_FALSE(gives_candidates(Expression()));
  for (const char* source :
       {"Arrays.get(Rollcall.firstFree('a'), 0)", "true ? Rollcall.firstFree('a') : 'b'",
        "Rollcall.firstFree(Rollcall.firstFree('a'))", "Rollcall.numbered('a', 1, 2)",
        "Rollcall.firstFree({Rollcall.numbered('a', 1, 2)})",
        "Rollcall.firstFree(Rollcall.numbered('a', 1, 2).size())",
        "Rollcall.firstFree(Arrays.add({1}, Rollcall.numbered('a', 1, 2)))"}) {
    const auto refused = compile(source, people.options);
    ASSERT_FALSE(refused) << source;
    EXPECT_EQ(refused.error().code, ErrorCode::expression_type) << source;
  }
  EXPECT_EQ(compile_template("x${Rollcall.firstFree('a')}", people.options).error().code,
            ErrorCode::expression_type);
}

std::string filled(const People& people, std::string_view source) {
  const auto compiled = compile_template(source, people.options);
  return compiled ? people.value_of(*compiled) : People::shown(compiled.error());
}

TEST(Template, JoinsFixedTextAndExpressions) {
  const People people;
  EXPECT_EQ(filled(people, "dept-${hr.department}"), "dept-Sales");
  EXPECT_EQ(filled(people, "${hr.department}/${hr.level + 1}!"), "Sales/43!");
  EXPECT_EQ(filled(people, "plain $ {text}"), "plain $ {text}");
  EXPECT_EQ(filled(people, "${ {'}', 'b'}[0] + \"{\" }"), "}{") << "braces and quotes inside";
}

TEST(Template, IsNullIfAPartIsBlankAndUnknownIfOneIs) {
  const People people;
  EXPECT_EQ(filled(people, "dept-${hr.blank}"), "null");
  EXPECT_EQ(filled(people, "dept-${''}"), "null");
  EXPECT_EQ(filled(people, "dept-${hr.lost}"), "unknown");
  EXPECT_EQ(filled(people, "${hr.blank}-${hr.lost}"), "unknown");
}

TEST(Template, CountsColumnsFromItsOwnStart) {
  const People people;
  EXPECT_EQ(
      filled(people, "dept-${hr.departmnt}"),
      "expression.unknown_name: 'hr.departmnt' does not exist; did you mean 'department'? (11)");
  EXPECT_EQ(filled(people, "é${1 +}"), "expression.syntax: the expression ends too early (7)");
  EXPECT_EQ(filled(people, "a${hr.title"), "expression.syntax: '${' has no closing '}' (2)");
  EXPECT_EQ(filled(people, ""), "expression.syntax: the text is empty (1)");
  EXPECT_EQ(filled(people, "x${hr.tags}"), "expression.type: an array cannot stand in a text (4)");
}

TEST(Template, TellsAttributesAndPrefix) {
  const People people;
  const auto compiled = compile_template("${hr.title}-${hr.department}", people.options);
  ASSERT_TRUE(compiled);
  EXPECT_EQ(compiled->hr_attributes().size(), 2U);
  EXPECT_EQ(compiled->type(), ExprType::text);
  EXPECT_EQ(template_prefix("dept-${hr.department}-x"), "dept-");
  EXPECT_EQ(template_prefix("fixed"), "fixed");
  EXPECT_EQ(template_prefix("${hr.title}"), "");
}

}  // namespace
}  // namespace rollcall

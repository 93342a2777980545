// Any bytes compile or are refused with a column; whatever compiles evaluates or is refused.
#include <gtest/gtest.h>

#include <random>

#include "tests/unit/expr/world_internal.h"

namespace rollcall {
namespace {

using expr_test::People;

constexpr std::uint64_t kSeed = 20260301;

constexpr std::string_view kPieces[] = {"hr.title",
                                        "hr.lost",
                                        "hr.blank",
                                        "hr.level",
                                        "hr.active",
                                        "hr.tags",
                                        "user.login",
                                        "app.name",
                                        "app",
                                        "null",
                                        "true",
                                        "1",
                                        "2.5",
                                        "'a'",
                                        "\"b\"",
                                        "'2024-02-29'",
                                        "(",
                                        ")",
                                        "{",
                                        "}",
                                        "[",
                                        "]",
                                        ".![",
                                        ".",
                                        ",",
                                        ":",
                                        "?",
                                        "?:",
                                        " + ",
                                        " - ",
                                        " * ",
                                        " / ",
                                        " % ",
                                        " == ",
                                        " != ",
                                        " < ",
                                        " >= ",
                                        " AND ",
                                        " || ",
                                        "!",
                                        " matches ",
                                        "String.len(",
                                        "String.substring(",
                                        "String.stringSwitch(",
                                        "Arrays.flatten(",
                                        "Arrays.get(",
                                        "Convert.toInt(",
                                        "Time.now(",
                                        "Time.fromStringToIso8601(",
                                        "Iso3166Convert.toName(",
                                        "user.isMemberOf(",
                                        "'group.id'",
                                        ".toUpperCase()",
                                        ".substring(",
                                        ".plusDays(",
                                        ".toString(",
                                        ".contains(",
                                        ".parseStringTime(",
                                        "Rollcall.firstFree(",
                                        "Rollcall.numbered(",
                                        "isMemberOfGroupNameRegex(",
                                        "\xc3\xab",
                                        "\xff",
                                        "${",
                                        "9223372036854775807",
                                        "'yyyy-DDD'",
                                        " "};

class Source {
 public:
  explicit Source(std::uint64_t seed) : random_(seed) {}

  std::string pieces() {
    std::string out;
    for (std::size_t n = 1 + below(14); n > 0; --n) out += kPieces[below(std::size(kPieces))];
    return out;
  }
  /// A value of the grammar, so that evaluation is reached often.
  std::string valid(int depth) {
    if (depth == 0) return std::string(kPieces[below(16)]);
    const std::string a = valid(depth - 1);
    const std::string b = valid(depth - 1);
    switch (below(9)) {
      case 0:
        return "(" + a + " + " + b + ")";
      case 1:
        return "(" + a + " == " + b + " ? " + a + " : " + b + ")";
      case 2:
        return "(" + a + " ?: " + b + ")";
      case 3:
        return "{" + a + ", " + b + "}";
      case 4:
        return "Arrays.flatten(" + a + ", " + b + ")";
      case 5:
        return "String.append(" + a + ", " + b + ")";
      case 6:
        return "(" + a + " < " + b + ")";
      case 7:
        return a + "[" + b + "]";
      default:
        return "Arrays.toCsvString(" + a + ")";
    }
  }
  void mutate(std::string& text) {
    for (std::size_t n = 1 + below(3); n > 0 && !text.empty(); --n) {
      const std::size_t at = below(text.size());
      if (below(2) == 0) {
        text[at] = static_cast<char>(below(256));
      } else {
        text.erase(at, 1 + below(4));
      }
    }
  }
  std::size_t below(std::size_t n) { return random_() % n; }

 private:
  std::mt19937_64 random_;
};

TEST(Random, NoSourceCrashesAndEveryRefusalHasAColumn) {
  RecordProperty("seed", std::to_string(kSeed));
  const People people;
  Source source(kSeed);
  int compiled_count = 0;
  int evaluated_count = 0;
  for (int round = 0; round < 6'000; ++round) {
    std::string text = round % 3 == 0 ? source.pieces() : source.valid(1 + round % 4);
    if (round % 3 == 1) source.mutate(text);
    const auto compiled =
        round % 5 == 0 ? compile_template(text, people.options) : compile(text, people.options);
    if (!compiled) {
      const long column = std::strtol(compiled.error().where.c_str(), nullptr, 10);
      ASSERT_GE(column, 1) << "seed " << kSeed << " round " << round << ": " << text;
      ASSERT_LE(column, static_cast<long>(text.size()) + 1) << "seed " << kSeed << ": " << text;
      continue;
    }
    ++compiled_count;
    const auto value = evaluate(*compiled, people.scope);
    evaluated_count += value ? 1 : 0;
    ASSERT_EQ(value.has_value(), evaluate(*compiled, people.scope).has_value())
        << "seed " << kSeed << ": " << text;
    if (value && value->text() != nullptr && compiled->type() != ExprType::any) {
      ASSERT_TRUE(compiled->type() == ExprType::text || compiled->type() == ExprType::time)
          << "seed " << kSeed << ": " << text;
    }
  }
  EXPECT_GT(compiled_count, 500) << "seed " << kSeed;
  EXPECT_GT(evaluated_count, 300) << "seed " << kSeed;
}

}  // namespace
}  // namespace rollcall

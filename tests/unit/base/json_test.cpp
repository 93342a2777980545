#include "service/base/json.h"

#include <gtest/gtest.h>

namespace rollcall {
namespace {

TEST(Json, CanonicalFormSortsNamesAndIgnoresOrder) {
  const auto a = parse_json(R"({"b":1,"a":{"y":[1,2],"x":null}})");
  const auto b = parse_json(R"({ "a":{"x":null,"y":[1,2]}, "b":1 })");
  ASSERT_TRUE(a);
  ASSERT_TRUE(b);
  EXPECT_EQ(a->canonical(), R"({"a":{"x":null,"y":[1,2]},"b":1})");
  EXPECT_EQ(*a, *b);
}

TEST(Json, AbsentMemberReadsAsNull) {
  const auto v = parse_json(R"({"a":1})");
  ASSERT_TRUE(v);
  EXPECT_TRUE((*v)["missing"]["deeper"].is_null());
}

TEST(Json, EscapesControlCharactersAndKeepsUtf8) {
  EXPECT_EQ(json_quote("a\"\\\n\x01ö"), "\"a\\\"\\\\\\n\\u0001ö\"");
}

TEST(Json, RefusesTextThatIsNotJson) {
  for (const char* text : {"", "{", "[1,]", "{\"a\":}", "nul", "{\"a\":1}x"}) {
    const auto v = parse_json(text);
    ASSERT_FALSE(v) << text;
    EXPECT_EQ(v.error().code, ErrorCode::json_malformed);
  }
}

TEST(Json, RefusesDeepNesting) {
  EXPECT_FALSE(parse_json(std::string(2000, '[') + std::string(2000, ']')));
}

}  // namespace
}  // namespace rollcall

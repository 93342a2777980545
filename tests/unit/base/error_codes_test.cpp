// The catalogue of error codes against the contract, and the base room's own codes provoked.
#include <gtest/gtest.h>

#include <array>
#include <set>

#include "service/base/clock.h"
#include "service/base/error.h"
#include "service/base/regex.h"
#include "service/base/seal.h"

namespace rollcall {
namespace {

TEST(ErrorCodes, LeadToExitCodesOfTheContractAndSayWhatToDo) {
  const std::set<int> contract{0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 64, 75, 78};
  std::set<std::string_view> ids;
  for (const ErrorInfo& one : all_error_codes()) {
    EXPECT_TRUE(contract.contains(one.exit)) << one.id;
    EXPECT_FALSE(one.hint.empty()) << one.id;
    EXPECT_TRUE(ids.insert(one.id).second) << one.id << " stands twice";
    EXPECT_EQ(error_code_from_id(one.id), one.code);
  }
  EXPECT_EQ(error_code_from_id("no.such_code"), std::nullopt);
}

TEST(ErrorCodes, APatternThatRe2RefusesIsRegexInvalid) {
  const auto regex = Regex::compile("(");
  ASSERT_FALSE(regex);
  EXPECT_EQ(regex.error().code, ErrorCode::regex_invalid);
}

TEST(ErrorCodes, TextThatIsNoTimeIsTimeInvalid) {
  for (const char* text : {"", "yesterday", "2026-02-30T00:00:00Z", "2026-03-01T06:00:00"}) {
    const auto time = parse_rfc3339(text);
    ASSERT_FALSE(time) << text;
    EXPECT_EQ(time.error().code, ErrorCode::time_invalid) << text;
  }
}

TEST(ErrorCodes, AZoneNobodyKnowsIsTimeZoneUnknown) {
  const auto date = local_date(WallTime{0}, "Middle/Earth");
  ASSERT_FALSE(date);
  EXPECT_EQ(date.error().code, ErrorCode::time_zone_unknown);
}

TEST(ErrorCodes, AnotherKeyOrContextOrAChangedByteIsSealBroken) {
  const Secret key = make_key();
  std::string sealed = seal(key, "plain", "row 1");
  ASSERT_EQ(*unseal(key, sealed, "row 1"), "plain");
  EXPECT_EQ(unseal(make_key(), sealed, "row 1").error().code, ErrorCode::seal_broken);
  EXPECT_EQ(unseal(key, sealed, "row 2").error().code, ErrorCode::seal_broken);
  sealed.back() = static_cast<char>(sealed.back() ^ 1);
  EXPECT_EQ(unseal(key, sealed, "row 1").error().code, ErrorCode::seal_broken);
}

TEST(ErrorCodes, AKeyTooShortToSealIsSecretUnavailable) {
  const auto key = key_from_text("too short");
  ASSERT_FALSE(key);
  EXPECT_EQ(key.error().code, ErrorCode::secret_unavailable);
}

}  // namespace
}  // namespace rollcall

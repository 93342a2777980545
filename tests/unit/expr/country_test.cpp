// The table of countries: complete, and each code leads to one country.
#include <gtest/gtest.h>

#include <set>

#include "service/expr/country_internal.h"

namespace rollcall::expr {
namespace {

TEST(Country, EachOfTheFourNamesLeadsBack) {
  std::set<std::string_view> numbers;
  for (const Country& country : countries()) {
    EXPECT_EQ(find_country(country.alpha2), &country) << country.alpha2;
    EXPECT_EQ(find_country(country.alpha3), &country) << country.alpha3;
    EXPECT_EQ(find_country(country.numeric), &country) << country.numeric;
    EXPECT_EQ(find_country(country.name), &country) << country.name;
    EXPECT_EQ(country.numeric.size(), 3U);
    numbers.insert(country.numeric);
  }
  EXPECT_EQ(countries().size(), 249U);
  EXPECT_EQ(numbers.size(), 249U);
  EXPECT_EQ(find_country("gb"), find_country("United kingdom"));
  EXPECT_EQ(find_country("XX"), nullptr);
  EXPECT_EQ(find_country(""), nullptr);
}

}  // namespace
}  // namespace rollcall::expr

// Convert and Iso3166Convert, and the methods that do the same.
#include <fmt/core.h>

#include <charconv>
#include <cmath>

#include "service/expr/country_internal.h"
#include "service/expr/functions_internal.h"

namespace rollcall::expr {
namespace {

bool read_number(std::string_view text, double& out) {
  const auto read = std::from_chars(text.data(), text.data() + text.size(), out);
  return read.ec == std::errc() && read.ptr == text.data() + text.size() && std::isfinite(out);
}

/// To the nearest integer, halves up (Java's Math.round).
Val rounded(Evaluator& run, const Node& node, double value) {
  const double nearest = std::floor(value + 0.5);
  if (!(nearest > -9.2e18 && nearest < 9.2e18)) {
    return run.fail(node, "the number is too large for an integer");
  }
  return Val::of_int(static_cast<std::int64_t>(nearest));
}

Val to_int(Evaluator& run, const Node& node, Args a) {
  if (a[0].is(Kind::integer)) return a[0];
  if (a[0].is(Kind::number)) return rounded(run, node, a[0].number);
  const std::string_view text = a[0].str();
  std::int64_t value = 0;
  const auto read = std::from_chars(text.data(), text.data() + text.size(), value);
  if (read.ec != std::errc() || read.ptr != text.data() + text.size()) {
    return run.fail(node, "the text is not an integer");
  }
  return Val::of_int(value);
}

Val to_number(Evaluator& run, const Node& node, Args a) {
  if (a[0].is_numeric()) return Val::of_number(a[0].as_double());
  double value = 0;
  if (!read_number(a[0].str(), value)) return run.fail(node, "the text is not a number");
  return Val::of_number(value);
}

/// The method rounds and wraps around at 32 bits (Okta's examples of overflow); Convert does not.
Val to_integer(Evaluator& run, const Node& node, Args a) {
  const Val number = to_number(run, node, a);
  if (number.stops()) return number;
  const Val whole = rounded(run, node, number.number);
  if (whole.stops()) return whole;
  return Val::of_int(static_cast<std::int32_t>(static_cast<std::uint32_t>(whole.integer)));
}

const Country* country_of(Evaluator& run, const Node& node, const Val& value) {
  if (value.is(Kind::country)) return value.country;
  const Country* found = find_country(value.str());
  if (found == nullptr) run.fail(node, "the text is no country of ISO 3166-1");
  return found;
}

template <std::string_view Country::*kField>
Val country_field(Evaluator& run, const Node& node, Args a) {
  const Country* country = country_of(run, node, a[0]);
  return country == nullptr ? Val::of(Kind::failed) : Val::of_text(country->*kField);
}

Val parse_country(Evaluator& run, const Node& node, Args a) {
  const Country* country = country_of(run, node, a[0]);
  return country == nullptr ? Val::of(Kind::failed) : Val::of_country(country);
}

constexpr Function kConvertFunctions[] = {
    {"Convert.toInt", 1, 1, "v", ExprType::integer, kNull, kMapping, to_int},
    {"Convert.toNum", 1, 1, "v", ExprType::number, kNull, kMapping, to_number},
    {".toInteger", 1, 1, "v", ExprType::integer, kNull, kMapping, to_integer},
    {".toNumber", 1, 1, "v", ExprType::number, kNull, kMapping, to_number},
    {"Iso3166Convert.toAlpha2", 1, 1, "s", kText, kNull, kMapping, country_field<&Country::alpha2>},
    {"Iso3166Convert.toAlpha3", 1, 1, "s", kText, kNull, kMapping, country_field<&Country::alpha3>},
    {"Iso3166Convert.toNumeric", 1, 1, "s", kText, kNull, kMapping,
     country_field<&Country::numeric>},
    {"Iso3166Convert.toName", 1, 1, "s", kText, kNull, kMapping, country_field<&Country::name>},
    {".parseCountryCode", 1, 1, "s", ExprType::any, kNull, kMapping, parse_country},
    {".toAlpha2", 1, 1, "c", kText, kNull, kMapping, country_field<&Country::alpha2>},
    {".toAlpha3", 1, 1, "c", kText, kNull, kMapping, country_field<&Country::alpha3>},
    {".toNumeric", 1, 1, "c", kText, kNull, kMapping, country_field<&Country::numeric>},
    {".toName", 1, 1, "c", kText, kNull, kMapping, country_field<&Country::name>},
};

}  // namespace

std::span<const Function> convert_functions() { return kConvertFunctions; }

}  // namespace rollcall::expr

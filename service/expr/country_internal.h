// ISO 3166-1: the countries, by any of their four names.
#pragma once

#include <span>
#include <string_view>

namespace rollcall::expr {

struct Country {
  std::string_view alpha2;
  std::string_view alpha3;
  std::string_view numeric;  // three digits
  std::string_view name;     // English
};

std::span<const Country> countries();
/// By alpha-2, alpha-3, numeric code or English name; case does not matter. Null if there is none.
const Country* find_country(std::string_view text);

}  // namespace rollcall::expr

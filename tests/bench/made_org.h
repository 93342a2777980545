// An invented company for the benches: an HR file in random order and the org's user pages, where
// 1 % have another title, 0.5 % are only in HR and 0.5 % only in the org. The same for one size.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

namespace rollcall::bench {

/// Columns of hr.csv and profile attributes of the org, in their order; the first is the key.
inline constexpr std::array<std::string_view, 21> kAttributes{
    "employeeNumber", "login",      "email",       "firstName",    "lastName",      "displayName",
    "title",          "department", "division",    "organization", "costCenter",    "manager",
    "managerId",      "userType",   "mobilePhone", "primaryPhone", "streetAddress", "city",
    "state",          "zipCode",    "countryCode"};

struct MadeOrg {
  std::uint64_t people = 0, accounts = 0, same = 0, changed = 0, joiners = 0, leavers = 0;
};

/// Writes DIR/hr.csv, DIR/org.jsonl (a page of 200 users a line) and DIR/links.tsv (Okta id, key).
MadeOrg make_org(const std::string& dir, std::uint32_t size);

}  // namespace rollcall::bench

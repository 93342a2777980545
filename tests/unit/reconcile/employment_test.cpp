// Status and dates that contradict each other.
#include <gtest/gtest.h>

#include "tests/unit/reconcile/world.h"

namespace rollcall {
namespace {

using Lines = std::vector<std::string>;

/// What is said of a joiner with these fields; as of 2026-03-01.
Lines said_of(const Fields& fields, const std::string& overlay =
                                        "sources: [{name: hr, kind: file, "
                                        "format: csv, path: hr.csv, key: id, "
                                        "status: {column: status, active: "
                                        "[Active], terminated: [Terminated], "
                                        "leave: [Leave]}, termination_date: "
                                        "termination_date, hire_date: hired}]\n"
                                        "groups: []\n") {
  World world(overlay);
  world.links.push_back({Link::Kind::user, "00u9", "E9", true});
  world.person("E1", fields);
  Lines out = world.plan();
  for (const Finding& f : world.reconciled().findings) {
    out.push_back(f.code + " " + f.worker_key + " line " + std::to_string(f.line));
    EXPECT_EQ(f.severity, Severity::warning);
  }
  return out;
}

Fields dated(const std::string& last_day, const std::string& hired,
             const std::string& status = "Active") {
  Fields fields = hr("ada", "Sales", status);
  fields["termination_date"] = last_day;
  fields["hired"] = hired;
  return fields;
}

const Lines kMade = {"user.create E1"};
const Lines kMadeAndSaid = {"user.create E1", "record.date_contradicts_status E1 line 2"};

TEST(Employment, AnEmployeeWhoseLastDayIsOverIsNamedAndStaysEmployed) {
  EXPECT_EQ(said_of(dated("2026-02-28", "2020-01-01")), kMadeAndSaid);
  EXPECT_EQ(said_of(dated("2026-02-28", "")), kMadeAndSaid);
  EXPECT_EQ(said_of(dated("2026-02-28", "2020-01-01", "Leave")), kMadeAndSaid);
}

TEST(Employment, ALastDayThatIsTodayOrAheadIsNoContradiction) {
  EXPECT_EQ(said_of(dated("2026-03-01", "2020-01-01")), kMade);
  EXPECT_EQ(said_of(dated("2027-01-01", "2020-01-01")), kMade);
}

TEST(Employment, TheDateOfAnEarlierEmploymentIsNoContradiction) {
  EXPECT_EQ(said_of(dated("2025-06-30", "2026-01-15")), kMade);
}

TEST(Employment, ADateThatCannotBeReadContradictsNothing) {
  EXPECT_EQ(said_of(dated("soon", "2020-01-01")), kMade);
}

}  // namespace
}  // namespace rollcall

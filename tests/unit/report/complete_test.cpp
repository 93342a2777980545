// What a report may shorten and what it may not: who is not contained is named to the last, and
// each finding and failed operation can be had.
#include <gtest/gtest.h>

#include <algorithm>
#include <vector>

#include "service/base/text.h"
#include "tests/unit/report/day.h"

namespace rollcall {
namespace {

using namespace report_scenes;

constexpr int kMany = 300;

std::string key(const char* kind, int number) {
  return std::string(kind) + std::to_string(1000 + number);
}

/// A day on which 300 people are not contained, 300 records set aside and 300 updates refused.
Day bad_day() {
  Day day;
  day.ops.clear();
  day.tail = {};
  day.extra = {};
  for (int i = 0; i < kMany; ++i) {
    day.extra.not_contained.push_back(
        {key("nc", i), "00u" + key("nc", i), "", "leaver.not_contained", "nobody dared", {}});
    day.tail.findings.push_back({Severity::error, "record.bad_date", "hr",
                                 static_cast<std::uint64_t>(i + 1),
                                 static_cast<std::uint64_t>(i + 2), key("fi", i), "", "no date"});
    Operation op = operation(OperationKind::user_update, key("op", i), "00u" + key("op", i), "");
    op.id = static_cast<std::uint32_t>(i + 1);
    day.ops.push_back(op);
  }
  return day;
}

std::string run_of(const Day& day, Format format, Style style, bool full = true) {
  std::vector<RunOperation> all;
  for (const Operation& op : day.ops) {
    all.push_back({op, "failed", op.id == day.ops.size() ? "okta.busy" : "okta.request_refused",
                   "refused", "req", 1, std::nullopt});
  }
  VectorRunCursor cursor(all);
  StringSink sink;
  EXPECT_TRUE(render_run(day.report_of_run(42), cursor, format, {full}, sink, style));
  return sink.text();
}

int named(const std::string& text, const char* kind) {
  int count = 0;
  for (int i = 0; i < kMany; ++i) count += contains(text, key(kind, i)) ? 1 : 0;
  return count;
}

TEST(Complete, NobodyWhoIsNotContainedIsLeftOutOfAnyFormat) {
  const Day day = bad_day();
  for (const Format format : {Format::text, Format::json, Format::csv, Format::html}) {
    for (const bool full : {true, false}) {
      EXPECT_EQ(named(run_of(day, format, {}, full), "nc"), kMany) << static_cast<int>(format);
    }
    if (format == Format::json) continue;  // a whole plan's findings name them
    EXPECT_EQ(named(day.plan(format), "nc"), kMany) << static_cast<int>(format);
  }
}

TEST(Complete, TextSaysWhereTheRestIs) {
  const Day day = bad_day();
  const std::string run = run_of(day, Format::text, {});
  EXPECT_EQ(named(run, "fi"), 3);
  EXPECT_TRUE(contains(run, "… 297 more: rollcall show 42 --full")) << run;
  EXPECT_EQ(named(run, "op"), 6) << "five of a code, and the one of the other";
  EXPECT_TRUE(contains(run, "… 294 more: rollcall show 42 --full")) << run;
  EXPECT_TRUE(contains(day.plan(Format::text), "… 297 more: --full"));
}

TEST(Complete, TextListsEveryFindingAndFailureIfAsked) {
  Style style;
  style.all = true;
  const Day day = bad_day();
  const std::string run = run_of(day, Format::text, style);
  EXPECT_EQ(named(run, "fi"), kMany);
  EXPECT_EQ(named(run, "op"), kMany);
  EXPECT_EQ(count_of(run, "nobody dared"), static_cast<std::size_t>(kMany));
  EXPECT_FALSE(contains(run, " more"));
}

TEST(Complete, ThePageListsFindingsAsFarAsItsRowsGo) {
  const std::string page = run_of(bad_day(), Format::html, {});
  EXPECT_EQ(named(page, "fi"), 200);
  EXPECT_TRUE(contains(page, "And 100 more"));
  EXPECT_TRUE(contains(page, "<details>"));
}

/// The cells of the rows that begin with `start`; no cell here is quoted.
std::vector<std::vector<std::string>> rows_of(const std::string& csv, std::string_view start) {
  std::vector<std::vector<std::string>> rows;
  for (const std::string_view line : split(csv, '\n')) {
    if (!line.starts_with(start)) continue;
    std::vector<std::string> cells;
    for (const std::string_view cell : split(line.substr(0, line.size() - 1), ',')) {
      cells.emplace_back(cell);
    }
    rows.push_back(cells);
  }
  return rows;
}

std::string cell(const std::string& csv, std::string_view start, const std::string& column) {
  const auto heads = rows_of(csv, "id,").front();
  const auto rows = rows_of(csv, start);
  const auto at = std::find(heads.begin(), heads.end(), column) - heads.begin();
  if (rows.empty() || rows.front().size() != heads.size()) return "(no such row)";
  return rows.front()[static_cast<std::size_t>(at)];
}

TEST(Complete, CsvHasRowsOfItsOwnForWhoIsNotContainedAndForFindings) {
  Day day = bad_day();
  day.extra.not_contained[0].since = at("2026-02-26T06:00:00Z");
  for (const std::string& csv : {run_of(day, Format::csv, {}), day.plan(Format::csv)}) {
    EXPECT_EQ(rows_of(csv, ",not_contained,").size(), static_cast<std::size_t>(kMany));
    EXPECT_EQ(rows_of(csv, ",finding,").size(), static_cast<std::size_t>(kMany));
    EXPECT_EQ(rows_of(csv, "1,user.update,").size(), 1U);
    EXPECT_EQ(cell(csv, ",not_contained,", "worker_key"), "nc1000");
    EXPECT_EQ(cell(csv, ",not_contained,", "code"), "leaver.not_contained");
    EXPECT_EQ(cell(csv, ",not_contained,", "message"), "nobody dared");
    EXPECT_EQ(cell(csv, ",not_contained,", "since"), "2026-02-26T06:00:00Z");
    EXPECT_EQ(cell(csv, ",finding,", "worker_key"), "fi1000");
    EXPECT_EQ(cell(csv, ",finding,", "severity"), "error");
    EXPECT_EQ(cell(csv, ",finding,", "source"), "hr");
    EXPECT_EQ(cell(csv, ",finding,", "line"), "2");
    EXPECT_EQ(cell(csv, ",finding,", "record"), "1");
    EXPECT_LT(csv.find(",not_contained,"), csv.find("1,user.update"));
  }
}

}  // namespace
}  // namespace rollcall

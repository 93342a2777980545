// Several runs of one command as one document: a sync that planned again, a resume of two runs.
#include <gtest/gtest.h>

#include "service/base/json.h"
#include "service/base/text.h"
#include "tests/unit/report/day.h"

namespace rollcall {
namespace {

using namespace report_scenes;

/// Two runs of the same day: the first speaks for both.
std::string two_runs(Format format) {
  const Day day;
  Day again;
  again.ops = {day.ops[38]};
  again.tail = {};
  again.extra.not_contained = {{"10999", "", "", "leaver.not_contained", "the later one", {}}};
  again.extra.exit_codes = {10};
  const std::vector<RunOperation> first = results(day.ops);
  const std::vector<RunOperation> second = results(again.ops);
  VectorRunCursor first_cursor(first), second_cursor(second);
  const RunReport one = day.report_of_run(42);
  const RunReport two = again.report_of_run(43);
  StringSink sink;
  const auto done =
      render_runs({{&one, &first_cursor}, {&two, &second_cursor}}, format, {true}, sink);
  EXPECT_TRUE(done) << describe(done.error());
  return sink.text();
}

TEST(Runs, JsonIsTheFirstDocumentWithTheLaterInIt) {
  const auto json = parse_json(two_runs(Format::json));
  ASSERT_TRUE(json);
  const auto alone = parse_json(Day().run(Format::json));
  ASSERT_TRUE(alone);
  for (const auto& [name, value] : alone->members()) {
    EXPECT_EQ((*json)[name].dump(), value.dump()) << name;
  }
  ASSERT_EQ((*json)["followed_by"].items().size(), 1U);
  const Json& later = (*json)["followed_by"].items()[0];
  EXPECT_EQ(later["format"].as_string(), "rollcall.run/1");
  EXPECT_EQ(later["run_id"].as_int(), 43);
  EXPECT_EQ(later["operations"].items().size(), 1U);
  EXPECT_EQ(later["exit_codes"].dump(), "[10]");
  EXPECT_FALSE(contains(Day().run(Format::json), "followed_by"));
}

TEST(Runs, CsvHasOneHeaderAndSaysWhoseRowItIs) {
  const std::string csv = two_runs(Format::csv);
  EXPECT_EQ(count_of(csv, "id,kind,"), 1U);
  EXPECT_TRUE(contains(csv, ",42,,,,\r\n"));
  EXPECT_TRUE(contains(csv, ",43,,,,\r\n"));
}

TEST(Runs, TheTextNamesLeaversFirstAndExitCodesLast) {
  const std::string text = two_runs(Format::text);
  EXPECT_EQ(text.rfind("NOT CONTAINED: 2 people", 0), 0U);
  EXPECT_EQ(count_of(text, "NOT CONTAINED:"), 1U);
  EXPECT_LT(text.find("Run 42"), text.find("Run 43"));
  EXPECT_LT(text.find("Run 43"), text.find("Exit 5"));
  EXPECT_EQ(count_of(text, "Exit "), 1U);
}

TEST(Runs, ThePageIsOneWithAPartForEach) {
  const std::string page = two_runs(Format::html);
  EXPECT_EQ(count_of(page, "<!DOCTYPE"), 1U);
  EXPECT_EQ(count_of(page, "</html>"), 1U);
  EXPECT_EQ(count_of(page, "class=\"alarm\""), 1U);
  EXPECT_EQ(count_of(page, "<h1>"), 2U);
  EXPECT_EQ(count_of(page, "id=\"problems\""), 1U);
  EXPECT_EQ(count_of(page, "id=\"run-43-problems\""), 1U);
  EXPECT_TRUE(contains(page, "href=\"#run-43\""));
  EXPECT_FALSE(contains(page, "the later one")) << "the first names everybody";
}

}  // namespace
}  // namespace rollcall

// Reports against golden files, and against text that wants to break out of its place.
#include "service/report/report.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <sstream>

#include "service/base/json.h"
#include "service/base/text.h"
#include "service/report/visible.h"
#include "tests/unit/report/day.h"

namespace rollcall {
namespace {

using namespace report_scenes;

std::string read_file(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  std::stringstream text;
  text << in.rdbuf();
  return text.str();
}

/// Compares byte for byte; ROLLCALL_ACCEPT=1 rewrites the file.
void expect_golden(const std::string& name, const std::string& text) {
  const std::string path = std::string(ROLLCALL_SOURCE_DIR) + "/tests/golden/report/" + name;
  if (const char* accept = std::getenv("ROLLCALL_ACCEPT"); accept != nullptr && *accept == '1') {
    std::ofstream(path, std::ios::binary) << text;
  }
  EXPECT_EQ(read_file(path), text) << name << ": rewrite with ROLLCALL_ACCEPT=1 if it is wanted";
}

TEST(Report, GoldenFilesOfAPlan) {
  const Day day;
  expect_golden("plan.txt", day.plan(Format::text));
  expect_golden("plan_colour.txt", day.plan(Format::text, true, {true, 2, 200}));
  expect_golden("plan_redacted.txt", day.plan(Format::text, false));
  expect_golden("plan.csv", day.plan(Format::csv));
  expect_golden("plan.html", day.plan(Format::html));
  expect_golden("plan_redacted.json", day.plan(Format::json, false));
}

TEST(Report, GoldenFilesOfARun) {
  const Day day;
  expect_golden("run.txt", day.run(Format::text));
  expect_golden("run.json", day.run(Format::json));
  expect_golden("run.csv", day.run(Format::csv));
  expect_golden("run.html", day.run(Format::html));
}

TEST(Report, JsonOfAPlanIsThePlanItself) {
  const Day day;
  const auto plan = read_plan(day.plan(Format::json));
  ASSERT_TRUE(plan) << describe(plan.error());
  EXPECT_EQ(plan->operations.size(), day.ops.size());
  EXPECT_EQ(plan->id, id_of(day.head, day.ops));
}

TEST(Report, JsonRefusesOperationsThatAreNotThePlansOwn) {
  const Day day;
  VectorCursor cursor(day.ops);
  StringSink sink;
  const PlanReport report{day.head, day.tail, sha256("another plan"), day.extra};
  const auto done = render_plan(report, cursor, Format::json, {true}, sink);
  ASSERT_FALSE(done);
  EXPECT_EQ(done.error().code, ErrorCode::plan_altered);
}

TEST(Report, RedactedJsonCannotBeAppliedAndIsJson) {
  const Day day;
  for (const std::string& text : {day.plan(Format::json, false), day.run(Format::json, false)}) {
    ASSERT_TRUE(parse_json(text));
    const auto plan = read_plan(text);
    ASSERT_FALSE(plan);
    EXPECT_EQ(plan.error().code, ErrorCode::plan_unreadable);
  }
}

TEST(Report, JsonOfARunCountsStates) {
  const auto json = parse_json(Day().run(Format::json));
  ASSERT_TRUE(json);
  EXPECT_EQ((*json)["format"].as_string(), "rollcall.run/1");
  EXPECT_EQ((*json)["counts"]["failed"].as_int(), 1);
  std::int64_t sum = 0;
  for (const auto& [state, count] : (*json)["counts"].members()) sum += count.as_int();
  EXPECT_EQ(sum, static_cast<std::int64_t>((*json)["operations"].items().size()));
}

TEST(Report, RedactedFormsNameNobodyAndNoValue) {
  const Day day;
  for (const Format format : {Format::text, Format::json, Format::csv, Format::html}) {
    for (const std::string& text : {day.plan(format, false), day.run(format, false)}) {
      for (const char* secret : {"@acme.com", "Zoé", "Åström", "Streets", "dept-", "Sanitation",
                                 "5,000 characters", "another account has it", "guard.protected"}) {
        EXPECT_FALSE(contains(text, secret)) << secret << " in " << text.substr(0, 4000);
      }
      EXPECT_TRUE(contains(text, "30304"));
    }
  }
}

TEST(Report, NoFormatShowsASensitiveValue) {
  Day day;
  for (Operation& op : day.ops) {
    for (FieldChange& change : op.changes) {
      if (change.sensitive) change.to = "tell-nobody";
    }
  }
  for (const Format format : {Format::text, Format::json, Format::csv, Format::html}) {
    EXPECT_FALSE(contains(day.plan(format), "tell-nobody"));
    EXPECT_FALSE(contains(day.run(format), "tell-nobody"));
  }
}

TEST(Report, NotContainedHeadsTextAndPage) {
  const Day day;
  EXPECT_EQ(day.plan(Format::text).rfind("NOT CONTAINED: 2 people", 0), 0U);
  EXPECT_EQ(day.run(Format::text).rfind("NOT CONTAINED: 2 people", 0), 0U);
  const std::string page = day.plan(Format::html);
  EXPECT_LT(page.find("NOT CONTAINED"), page.find("<h1>"));
  EXPECT_EQ(day.plan(Format::text, true, {true, 2, 200}).rfind("\x1b[1;31mNOT CONTAINED", 0), 0U);
}

TEST(Report, FirstLineSaysEnvironmentOrgAndInstant) {
  Day day;
  day.extra.not_contained.clear();
  EXPECT_EQ(day.plan(Format::text)
                .rfind("production · https://acme.okta.com · as of 2026-03-01 06:00 UTC\n", 0),
            0U);
}

TEST(Report, AnEmptyPlanSaysThatThereIsNothingToDo) {
  Day day;
  day.ops.clear();
  day.tail = {};
  day.extra = {};
  for (auto& source : day.head.sources) source.certified = true;
  EXPECT_TRUE(contains(day.plan(Format::text), "None: the org is as it should be."));
  EXPECT_TRUE(contains(day.plan(Format::html), "Nothing to do"));
  EXPECT_TRUE(read_plan(day.plan(Format::json)));
  EXPECT_TRUE(contains(day.run(Format::text), "None: the org is as it should be."));
}

TEST(Report, AnEmptyPlanDoesNotPraiseAnOrgThatItCouldNotJudge) {
  Day day;
  day.ops.clear();
  day.tail = {};
  day.extra = {};
  EXPECT_TRUE(contains(day.plan(Format::text), "None: nothing is done on behalf of a source"));
  EXPECT_FALSE(contains(day.plan(Format::html), "as it should be"));
  for (auto& source : day.head.sources) source.certified = true;
  day.extra.observes_only = true;
  EXPECT_TRUE(
      contains(day.run(Format::text), "None: users.manage is empty, so this only observes."));
  EXPECT_FALSE(contains(day.run(Format::html), "as it should be"));
}

TEST(Report, ALargePlanShowsItsFirstRowsAndCountsTheRest) {
  Day day;
  day.ops = operations(1163);
  day.tail = trailer(day.ops);
  day.extra = notes(day.ops);
  const std::string page = day.plan(Format::html);
  EXPECT_LT(page.size(), 600000U);
  EXPECT_TRUE(contains(page, "1,163 leavers") || contains(page, "<b>1,163</b><span>leavers"));
  EXPECT_TRUE(contains(page, "And 963 more") || contains(page, "more operations"));
  const std::string text = day.plan(Format::text);
  EXPECT_LT(std::count(text.begin(), text.end(), '\n'), 160);
  EXPECT_TRUE(contains(text, "… 1,158 more"));
  const std::string csv = day.plan(Format::csv);
  EXPECT_EQ(std::count(csv.begin(), csv.end(), '\n'),
            static_cast<std::ptrdiff_t>(1 + day.extra.not_contained.size() + day.ops.size() +
                                        day.tail.findings.size()));
}

TEST(Report, TextIsNeverWiderThanAHundredColumns) {
  Day day;
  for (Operation& op : day.ops) {
    op.subject.login = std::string(300, 'x') + "李李李李李李李李李李@acme.com";
    op.because.rule = std::string(200, 'r');
  }
  day.head.org = "https://" + std::string(200, 'o');
  day.tail.findings[0].message = std::string(5000, 'm');
  day.tail.guard[0].release = std::string(150, 'g') + " " + std::string(150, 'h');
  day.extra.not_contained[0].why = std::string(700, 'w');
  for (const std::string& text : {day.plan(Format::text), day.run(Format::text)}) {
    for (const std::string_view line : split(text, '\n')) {
      EXPECT_LE(report::columns_of(line), 100U) << line;
    }
  }
}

/// Puts one text everywhere that comes from outside.
Day poisoned(const std::string& text) {
  Day day;
  day.ops = operations(2);
  day.head.environment = day.head.org = text;
  day.head.sources[0].name = day.head.sources[0].kind = text;
  for (Operation& op : day.ops) {
    op.subject.login = text;
    op.subject.worker_key += text;
    op.because.rule = op.reason = op.object.name = text;
    op.held_by = op.id % 2 == 0 ? text : "";
    for (FieldChange& change : op.changes) {
      change.attribute = text;
      change.from = change.to = text;
    }
  }
  for (Finding& finding : day.tail.findings) finding.message = finding.code = text;
  for (GuardLine& line : day.tail.guard) line.limit = line.release = text;
  for (ForecastBucket& bucket : day.tail.forecast.buckets) bucket.bucket = text;
  for (NotContained& one : day.extra.not_contained) one.why = one.login = one.code = text;
  day.extra.remarks = {text};
  return day;
}

void expect_harmless(const std::string& text) {
  const Day day = poisoned(text);
  for (const std::string& page : {day.plan(Format::html), day.run(Format::html)}) {
    EXPECT_EQ(count_of(page, "<script"), 1U) << text;
    EXPECT_EQ(count_of(page, "</script"), 1U) << text;
    EXPECT_EQ(count_of(page, "<style"), 1U) << text;
    EXPECT_EQ(count_of(page, "<img") + count_of(page, "<svg") + count_of(page, "<iframe"), 0U);
    EXPECT_EQ(count_of(page, "<main"), count_of(page, "</main")) << text;
    EXPECT_EQ(count_of(page, "<td"), count_of(page, "</td>")) << text;
    EXPECT_TRUE(is_valid_utf8(page)) << text;
  }
  for (const std::string& shown : {day.plan(Format::text), day.run(Format::text)}) {
    EXPECT_TRUE(std::none_of(shown.begin(), shown.end(), [](char c) {
      return (static_cast<unsigned char>(c) < 0x20 && c != '\n') || c == 0x7f;
    })) << text;
    EXPECT_TRUE(is_valid_utf8(shown)) << text;
  }
  EXPECT_TRUE(parse_json(day.run(Format::json, is_valid_utf8(text))) || !is_valid_utf8(text));
}

TEST(Report, HostileTextStaysInItsPlace) {
  for (const char* text :
       {"</script><script>alert(1)</script>", "<img src=x onerror=alert(1)>", "\" onload=\"x",
        "' onclick='x", "</td></table><style>*{display:none}</style>", "&lt;b&gt;",
        "\x1b[2J\x1b[31mgone\x07", "a\nb\r\nc\td", "\xe2\x80\xaemoc.live@ada",  // U+202E
        ("\xc2\x9b"
         "31m"),  // C1 control sequence introducer
        "\xff\xfe not UTF-8 \xc0\xaf", "نور עברית", "-->", "]]>", "{{7*7}}", "%s%n{}{0}"}) {
    expect_harmless(text);
  }
}

TEST(Report, EveryNaughtyStringStaysInItsPlace) {
  const std::string path = ROLLCALL_SOURCE_DIR "/../shared/data/naughty/blns.json";
  const std::string text = read_file(path);
  if (text.empty()) GTEST_SKIP() << path << " is not here";
  const auto json = parse_json(text);
  ASSERT_TRUE(json);
  ASSERT_GT(json->items().size(), 300U);
  // Many at once, joined by a text that would show a broken cell: the renderings cost more than
  // the strings.
  std::string many;
  for (const Json& one : json->items()) {
    const std::string shown = report::html(one.as_string());
    EXPECT_EQ(shown.find_first_of("<>\"'"), std::string::npos) << shown;
    many += std::string(one.as_string()) + "|";
    if (many.size() < 4000) continue;
    expect_harmless(many);
    many.clear();
  }
  expect_harmless(many);
}

TEST(Report, CellsThatASpreadsheetWouldRunGetAnApostrophe) {
  for (const char* formula : {"=cmd|' /C calc'!A0", "+1+1", "-2+3", "@SUM(A1)", "\tx", "\rx", "\nx",
                              "＝1+1", "＋1", "－1", "＠x"}) {
    Day day;
    day.ops.resize(1);
    day.ops[0].subject.login = formula;
    const std::string csv = day.plan(Format::csv);
    const std::string row = csv.substr(csv.find("\r\n1,"));
    EXPECT_TRUE(contains(row, std::string(",'") + formula) ||
                contains(row, std::string(",\"'") + formula))
        << row;
  }
}

TEST(Report, CsvQuotesWhatRfc4180Quotes) {
  Day day;
  day.ops.resize(1);
  day.ops[0].subject.login = "a \"b\", c\r\nd";
  EXPECT_TRUE(contains(day.plan(Format::csv), ",\"a \"\"b\"\", c\r\nd\","));
}

TEST(Report, ThePageAsksNothingOfTheNetwork) {
  const std::string page = Day().plan(Format::html);
  for (const char* part : {"src=", "href=\"http", "url(", "@import", "<link", "fetch("}) {
    EXPECT_FALSE(contains(page, part)) << part;
  }
  EXPECT_TRUE(contains(page, "default-src 'none'"));
  EXPECT_EQ(count_of(page, "<table"), count_of(page, "<caption>"));
}

TEST(Report, SourceThatIsNotCertifiedIsSaidInWords) {
  EXPECT_TRUE(contains(Day().plan(Format::text), "NOT CERTIFIED: nothing is done on its behalf"));
}

TEST(Report, InARunWhatWasApprovedSinceIsNotCalledHeld) {
  Day day;
  std::vector<RunOperation> all = results(day.ops);
  for (RunOperation& one : all) {
    if (one.state == "held") one.state = "applied";
  }
  VectorRunCursor cursor(all);
  StringSink sink;
  const RunReport report{day.head, day.tail,   id_of(day.head, day.ops),   42,
                         "apply",  "finished", at("2026-03-01T06:00:15Z"), std::nullopt,
                         {}};
  ASSERT_TRUE(render_run(report, cursor, Format::html, {true}, sink));
  EXPECT_FALSE(contains(sink.text(), "id=\"held\""));
}

class BrokenSink final : public ByteSink {
 public:
  Result<void> write(std::string_view) override {
    return make_error(ErrorCode::io_write_failed, "disk full");
  }
};

class BrokenCursor final : public OperationCursor {
 public:
  Result<const Operation*> next() override {
    return make_error(ErrorCode::io_read_failed, "cut short");
  }
};

TEST(Report, PassesOnTheErrorsOfSinkAndCursor) {
  const Day day;
  const PlanReport report{day.head, day.tail, id_of(day.head, day.ops), day.extra};
  for (const Format format : {Format::text, Format::json, Format::csv, Format::html}) {
    BrokenSink broken;
    VectorCursor cursor(day.ops);
    const auto unwritten = render_plan(report, cursor, format, {true}, broken);
    ASSERT_FALSE(unwritten);
    EXPECT_EQ(unwritten.error().code, ErrorCode::io_write_failed);
    StringSink sink;
    BrokenCursor cut;
    const auto unread = render_plan(report, cut, format, {true}, sink);
    ASSERT_FALSE(unread);
    EXPECT_EQ(unread.error().code, ErrorCode::io_read_failed);
  }
}

TEST(Report, FormatsGoByNameAndByExtension) {
  EXPECT_EQ(format_from("csv"), Format::csv);
  EXPECT_EQ(format_from("xml"), std::nullopt);
  EXPECT_EQ(format_for_path("reports/a.HTML"), Format::html);
  EXPECT_EQ(format_for_path("a.txt"), Format::text);
  EXPECT_EQ(format_for_path("a.text"), std::nullopt);
  EXPECT_EQ(format_for_path("plan"), std::nullopt);
}

TEST(Visible, KeepsOrdinaryWordsOfEveryScript) {
  for (const char* text : {"Zoé Åström", "李雷", "نور", "נועה", "क्षत्रिय", "👩‍🚒"}) {
    EXPECT_EQ(report::visible(text), text);
  }
}

TEST(Visible, ShowsWhatWouldHide) {
  EXPECT_EQ(report::visible("a\x1b[0m"), "a␛[0m");
  EXPECT_EQ(report::visible("\x7f"), "␡");
  EXPECT_EQ(report::visible("a\xe2\x80\xae"), "a⟨U+202E⟩");
  EXPECT_EQ(report::visible(std::string_view("a\0b", 3)), "a␀b");
  EXPECT_EQ(report::visible("\xed\xa0\x80"), "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd");  // surrogate
}

TEST(Visible, MeasuresWideAndCombiningCharacters) {
  EXPECT_EQ(report::columns_of("李雷"), 4U);
  EXPECT_EQ(report::columns_of("e\xcc\x81"), 1U);
  EXPECT_EQ(report::fit("李雷雷雷", 5), "李雷…");
  EXPECT_EQ(report::wrap("one two three", 8), (std::vector<std::string>{"one two", "three"}));
}

}  // namespace
}  // namespace rollcall

// Real exports of 33,000 people: the same people in whatever clothes the file comes.
#include <algorithm>
#include <random>

#include "service/base/file.h"
#include "service/base/gzip.h"
#include "service/base/text.h"
#include "tests/unit/hr/csv_fixture.h"

namespace rollcall {
namespace {

using test::utf16;

/// Keys and values as one text per person, sorted.
class PeopleSink final : public RecordSink {
 public:
  void record(const SourceRecord& record) override {
    std::string person(record.key);
    for (std::size_t i = 0; i < record.attributes.size(); ++i) {
      const auto id = static_cast<AttrId>(i);
      person += static_cast<char>('0' + static_cast<int>(record.attributes.state(id)));
      person += record.attributes.text(id);
      person += '\n';
    }
    people.push_back(std::move(person));
  }
  void rejected(const RejectedRecord&) override { ++rejections; }
  void note(const Finding&) override { ++notes; }

  std::vector<std::string> people;
  int rejections = 0;
  int notes = 0;
};

class Chicago : public testing::Test {
 protected:
  void SetUp() override {
    const auto bytes = read_file(test::shared_file("data/chicago/chicago_2018-03.csv.gz"));
    if (!bytes) GTEST_SKIP() << "the Chicago exports are not here: " << bytes.error().where;
    march_ = *gunzip(*bytes, 64 << 20);
  }

  std::vector<std::string> people_of(const std::string& path, std::uint64_t expected) {
    CsvSourceOptions options{.name = "hr",
                             .path = path,
                             .delimiter = {},
                             .encoding = {},
                             .key = "employee_id",
                             .columns = {},
                             .certify = {},
                             .hr_schema = schema_};
    PeopleSink sink;
    const auto summary = make_csv_source(std::move(options))->extract({}, sink, {});
    EXPECT_TRUE(summary) << (summary ? "" : describe(summary.error()));
    if (!summary) return {};
    EXPECT_TRUE(summary->certified) << path;
    EXPECT_EQ(summary->records, expected);
    EXPECT_EQ(sink.rejections, 0);
    EXPECT_EQ(sink.notes, 0);
    std::sort(sink.people.begin(), sink.people.end());
    return std::move(sink.people);
  }

  std::vector<std::string> people_in(std::string_view text) {
    return people_of(folder_.write("march.csv", text), 32812);
  }

  test::TempFolder folder_;
  std::string march_;
  AttrSchema schema_ = test::schema_of({"employee_id", "first_name", "last_name", "work_email",
                                        "department", "title", "status", "termination_date"});
};

TEST_F(Chicago, HasTheKnownNumberOfRows) {
  for (const auto& [name, rows] :
       {std::pair{"chicago_2018-03", 32812}, std::pair{"chicago_2018-10", 33183},
        std::pair{"chicago_2018-10_term", 34346}}) {
    const std::string path = test::shared_file(std::string("data/chicago/") + name + ".csv.gz");
    EXPECT_EQ(people_of(path, static_cast<std::uint64_t>(rows)).size(), std::size_t(rows));
  }
}

TEST_F(Chicago, GivesTheSamePeopleInAnyOrderOfRowsAndColumns) {
  const auto expected = people_in(march_);
  auto lines = split(trim(march_), '\n');
  std::mt19937 random(3);
  std::shuffle(lines.begin() + 1, lines.end(), random);
  std::string text;
  for (const std::string_view line : lines) {
    auto cells = split(line, ',');
    std::rotate(cells.begin(), cells.begin() + 5, cells.end());
    for (const std::string_view cell : cells) text += std::string(cell) + ",";
    text.back() = '\n';
  }
  EXPECT_EQ(people_in(text), expected);
}

TEST_F(Chicago, GivesTheSamePeopleFromEveryForm) {
  const auto expected = people_in(march_);
  EXPECT_EQ(people_in(replace_all(march_, ",", ";")), expected);
  EXPECT_EQ(people_in(replace_all(march_, ",", "\t")), expected);
  EXPECT_EQ(people_in(replace_all(march_, ",", "|")), expected);
  EXPECT_EQ(people_in(replace_all(march_, "\n", "\r\n")), expected);
  EXPECT_EQ(people_in("\xff\xfe" + utf16(march_, true)), expected);
  EXPECT_EQ(people_in(utf16(march_, false)), expected);
  EXPECT_EQ(people_in("\"" + replace_all(replace_all(trim(march_), ",", "\",\""), "\n", "\"\n\"") +
                      "\"\n"),
            expected);
  const std::string_view all = march_;
  EXPECT_EQ(people_in(gzip(all.substr(0, 1000001)) + gzip(all.substr(1000001))), expected);
}

}  // namespace
}  // namespace rollcall

// The source on single files: what a cell, a row, a header, an encoding leads to.
#include <fmt/core.h>
#include <sys/stat.h>
#include <unistd.h>

#include "connectors/hr/csv_source.h"
#include "service/base/gzip.h"
#include "service/base/json.h"
#include "service/base/text.h"
#include "tests/unit/hr/csv_fixture.h"

namespace rollcall {
namespace {

using test::CsvSourceTest;
using test::utf16;
using Codes = std::vector<std::string>;
using Values = std::map<std::string, std::string>;

constexpr std::string_view kTwo =
    "employee_id,first_name,department\nE1,Zoé,Sales\nE2,Łukasz,\"R&D, East\"\n";

TEST_F(CsvSourceTest, GivesRecordsInFileOrderWithTheirPlaces) {
  const SourceSummary summary =
      read_text("first_name,extra,employee_id,department\n\nAda,x,E1,\"a\nb\"\nBo,y, E2 ,Ops\n");
  EXPECT_TRUE(summary.certified);
  EXPECT_EQ(summary.name, "hr");
  EXPECT_EQ(summary.kind, "file");
  EXPECT_EQ(summary.records, 2U);
  ASSERT_EQ(records().size(), 2U);
  EXPECT_EQ(records()[0].values,
            (Values{{"employee_id", "E1"}, {"first_name", "Ada"}, {"department", "a\nb"}}));
  EXPECT_EQ(records()[0].line, 3U);
  EXPECT_EQ(records()[1].line, 5U);
  EXPECT_EQ(records()[1].record, 2U);
  EXPECT_EQ(records()[1].key, "E2");
  EXPECT_EQ(records()[1].values.at("employee_id"), "E2");
}

TEST_F(CsvSourceTest, KeepsBlankAndAbsentApart) {
  const SourceSummary summary = read_text("employee_id,first_name\nE1,\nE2,  \nE3,\" x \"\n");
  EXPECT_TRUE(summary.certified);
  ASSERT_EQ(records().size(), 3U);
  EXPECT_EQ(records()[0].values, (Values{{"employee_id", "E1"}, {"first_name", ""}}));
  EXPECT_EQ(records()[1].values, (Values{{"employee_id", "E2"}, {"first_name", ""}}));
  EXPECT_EQ(records()[2].values.at("first_name"), " x ");
  EXPECT_EQ(summary.missing_columns, (Codes{"department"}));
  ASSERT_EQ(notes().size(), 1U);
  EXPECT_EQ(notes()[0].code, "source.column_missing");
  EXPECT_EQ(notes()[0].severity, Severity::warning);
}

TEST_F(CsvSourceTest, SuggestsTheColumnThatWasProbablyMeant) {
  read_text("employee_id,first_name,Departement\nE1,Ada,Sales\n");
  ASSERT_EQ(notes().size(), 1U);
  EXPECT_NE(notes()[0].message.find("did you mean 'Departement'?"), std::string::npos);
}

TEST_F(CsvSourceTest, FollowsTheMapOfColumnNames) {
  auto mapped = options(folder_.write("people.csv", "Worker ID,Given Name,department\n7,Ada,IT\n"));
  mapped.columns = {{"employee_id", "Worker ID"}, {"first_name", "Given Name"}};
  ASSERT_TRUE(read(mapped)->certified);
  EXPECT_EQ(records().at(0).values,
            (Values{{"employee_id", "7"}, {"first_name", "Ada"}, {"department", "IT"}}));
}

TEST_F(CsvSourceTest, TrimsAndNormalisesHeaderNames) {
  EXPECT_TRUE(read_text(" employee_id ,\"first_name\xc2\xa0\",department\nE1,Ada,IT\n").certified);
  EXPECT_TRUE(notes().empty());
  schema_ = test::schema_of({"pr\xc3\xa9nom"});
  EXPECT_TRUE(read_text("employee_id,pre\xcc\x81nom\nE1,Ada\n").certified);
  EXPECT_EQ(records().at(0).values.at("pr\xc3\xa9nom"), "Ada");
}

TEST_F(CsvSourceTest, NormalisesKeysAndValuesToNfc) {
  read_text(
      "employee_id,first_name,department\ne\xcc\x81"
      "1,Zoe\xcc\x81,\xea\xb0\x80\n");
  ASSERT_EQ(records().size(), 1U);
  EXPECT_EQ(records()[0].key,
            "\xc3\xa9"
            "1");
  EXPECT_EQ(records()[0].values.at("employee_id"),
            "\xc3\xa9"
            "1");
  EXPECT_EQ(records()[0].values.at("first_name"), "Zo\xc3\xa9");
  EXPECT_EQ(records()[0].values.at("department"), "\xea\xb0\x80");
}

TEST_F(CsvSourceTest, TrimsInvisibleSpaceAroundKeysOnly) {
  read_text("employee_id,first_name,department\n\xc2\xa0\xe2\x80\x8b 0012 \xc2\xa0,\xc2\xa0x,IT\n");
  ASSERT_EQ(records().size(), 1U);
  EXPECT_EQ(records()[0].key, "0012");
  EXPECT_EQ(records()[0].values.at("first_name"), "\xc2\xa0x");
}

TEST_F(CsvSourceTest, FindsTheDelimiterFromTheHeader) {
  for (const char* delimiter : {",", ";", "\t", "|"}) {
    const std::string text =
        replace_all("employee_id~first_name~department\nE1~a~b\n", "~", delimiter);
    EXPECT_TRUE(read_text(text).certified) << text;
    EXPECT_EQ(records().at(0).values.size(), 3U);
  }
  // More commas than semicolons, but only the semicolons give the needed columns.
  read_text("employee_id;first_name;department;a,b,c,d,e\nE1;Ada;IT;x\n");
  EXPECT_EQ(records().at(0).values.at("department"), "IT");
}

TEST_F(CsvSourceTest, TakesAStatedDelimiterAndTheFirstLineOfASpreadsheet) {
  auto stated =
      options(folder_.write("people.csv", "employee_id;first_name|department\nE1;a|IT\n"));
  stated.delimiter = "|";
  EXPECT_EQ(info(read(stated).error().code).id, "source.key_missing");
  EXPECT_TRUE(read_text("sep=;\r\nemployee_id;first_name;department\r\nE1;a;b\r\n").certified);
  EXPECT_EQ(records().at(0).line, 3U);
}

TEST_F(CsvSourceTest, ReadsTheSamePeopleFromEveryEncoding) {
  read_text(kTwo);
  ASSERT_EQ(records().size(), 2U);
  const Values first = records()[0].values;
  const Values second = records()[1].values;
  EXPECT_EQ(first.at("first_name"), "Zoé");
  const std::string plain(kTwo);
  const std::vector<std::string> dressed{"\xef\xbb\xbf" + plain,
                                         "\xff\xfe" + utf16(plain, true),
                                         "\xfe\xff" + utf16(plain, false),
                                         utf16(plain, true),
                                         utf16(plain, false),
                                         gzip(plain),
                                         gzip(plain.substr(0, 40)) + gzip(plain.substr(40)),
                                         gzip("\xff\xfe" + utf16(plain, true)),
                                         replace_all(plain, "\n", "\r\n")};
  for (std::size_t i = 0; i < dressed.size(); ++i) {
    EXPECT_TRUE(read_text(dressed[i]).certified) << i;
    ASSERT_EQ(records().size(), 2U) << i;
    EXPECT_EQ(records()[0].values, first) << i;
    EXPECT_EQ(records()[1].values, second) << i;
  }
}

TEST_F(CsvSourceTest, DecodesADeclaredEncoding) {
  auto declared = options(
      folder_.write("people.csv", "employee_id,first_name,department\nE1,Zo\xe9,\x80uro\n"));
  declared.encoding = "windows-1252";
  ASSERT_TRUE(read(declared)->certified);
  EXPECT_EQ(records().at(0).values.at("first_name"), "Zoé");
  EXPECT_EQ(records().at(0).values.at("department"), "€uro");
  declared.encoding = "UTF-16";
  folder_.write("people.csv", utf16(kTwo, true));
  EXPECT_TRUE(read(declared)->certified);
  EXPECT_EQ(records().size(), 2U);
}

TEST_F(CsvSourceTest, RefusesAnEncodingThatTheBytesContradict) {
  auto declared = options(folder_.write("people.csv", "\xef\xbb\xbf" + std::string(kTwo)));
  declared.encoding = "windows-1252";
  EXPECT_EQ(failure(read(declared)), "source.encoding");
  declared.encoding = "no-such-encoding";
  folder_.write("people.csv", kTwo);
  EXPECT_EQ(failure(read(declared)), "source.encoding");
  declared.encoding = "us-ascii";
  EXPECT_EQ(failure(read(declared)), "source.encoding");
  // A UTF-16 file that ends in half a character shows it only at its end.
  declared.encoding = "utf-16le";
  folder_.write("people.csv", utf16(kTwo, true) + "x");
  EXPECT_EQ(failure(read(declared)), "source.encoding");
}

TEST_F(CsvSourceTest, IsolatesALineThatIsNoUtf8) {
  const SourceSummary summary = read_text(std::string(kTwo) + "E3,Zo\xe9,x\nE\xff,a,b\n");
  EXPECT_TRUE(summary.certified);
  EXPECT_EQ(summary.records, 4U);
  EXPECT_EQ(summary.rejected, 2U);
  EXPECT_EQ(summary.rejected_without_key, 1U);
  ASSERT_EQ(rejections().size(), 2U);
  EXPECT_EQ(rejections()[0].key, "E3");
  EXPECT_EQ(rejections()[0].finding.code, "record.encoding");
  EXPECT_EQ(rejections()[0].finding.line, 4U);
  EXPECT_EQ(rejections()[0].finding.record, 3U);
  EXPECT_EQ(rejections()[0].finding.worker_key, "E3");
  EXPECT_EQ(rejections()[1].key, std::nullopt);
}

TEST_F(CsvSourceTest, DistrustsAFileWhoseLinesAreMostlyNoUtf8) {
  std::string text(kTwo);
  for (int i = 10; i < 13; ++i) text += fmt::format("E{},Ren\xe9,Ops\n", i);
  const SourceSummary few = read_text(text);
  EXPECT_EQ(reason_codes(few), (Codes{"source.encoding"}));
  EXPECT_NE(few.reasons[0].message.find("windows-1252"), std::string::npos);
  // In a large file the share is small, but nearly nothing beyond ASCII is right.
  for (int i = 100; i < 1100; ++i) text += fmt::format("E{},Ann,Ops\n", i);
  EXPECT_TRUE(read_text(text).certified);
  for (int i = 20; i < 30; ++i) text += fmt::format("E{},Ren\xe9,Ops\n", i);
  EXPECT_EQ(reason_codes(read_text(text)), (Codes{"source.encoding"}));
}

TEST_F(CsvSourceTest, FailsOnAHeaderThatIsNoUtf8) {
  EXPECT_EQ(failure_of_text("employee_id,pr\xe9nom\nE1,Ada\n"), "source.encoding");
}

TEST_F(CsvSourceTest, IsolatesARowOfTheWrongLength) {
  const SourceSummary summary =
      read_text("employee_id,first_name,department\nE1,Ada\nE2,Bo,IT,extra\nE3,Cy,Ops\n,x\n   \n");
  EXPECT_TRUE(summary.certified);
  EXPECT_EQ(summary.records, 4U);
  EXPECT_EQ(summary.rejected, 3U);
  EXPECT_EQ(summary.rejected_without_key, 1U);
  ASSERT_EQ(rejections().size(), 3U);
  EXPECT_EQ(rejections()[0].finding.code, "record.ragged");
  EXPECT_EQ(rejections()[0].key, "E1");
  EXPECT_EQ(rejections()[1].finding.message, "the line has 4 fields, the header has 3");
  EXPECT_EQ(records().size(), 1U);
}

TEST_F(CsvSourceTest, TrustsTheKeyOfARaggedRowInTheFirstColumnOnly) {
  const SourceSummary summary =
      read_text("first_name,employee_id,department\nAda, Countess,E1,IT\nBo,E2,Ops\n");
  EXPECT_EQ(summary.rejected_without_key, 1U);
  EXPECT_EQ(rejections().at(0).key, std::nullopt);
}

TEST_F(CsvSourceTest, IsolatesNulBytesLongFieldsAndBlankOrDamagedKeys) {
  auto limited = options(folder_.write(
      "people.csv", std::string("employee_id,first_name,department\nE1,a\0b,IT\n", 44) + "E2," +
                        std::string(101, 'x') + ",IT\n ,Ada,IT\n1.23E+05,Bo,IT\nE9,Cy,IT\n" +
                        "1E5,Di,IT\n"));
  limited.limits.field_bytes = 100;
  const auto summary = read(limited);
  ASSERT_TRUE(summary);
  EXPECT_TRUE(summary->certified);
  Codes codes;
  Codes keys;
  for (const RejectedRecord& rejected : rejections()) {
    codes.push_back(rejected.finding.code);
    keys.push_back(rejected.key.value_or("-"));
  }
  EXPECT_EQ(codes,
            (Codes{"record.nul", "record.field_too_long", "record.no_key", "record.key_damaged"}));
  EXPECT_EQ(keys, (Codes{"E1", "E2", "-", "-"}));
  EXPECT_EQ(records().size(), 2U);
}

TEST_F(CsvSourceTest, ServesEveryoneElseWhenOneFieldHasTenMegabytes) {
  const SourceSummary summary = read_text("employee_id,first_name,department\nE1," +
                                          std::string(10 << 20, 'x') + ",IT\nE2,Bo,IT\n");
  EXPECT_TRUE(summary.certified);
  EXPECT_EQ(summary.rejected, 1U);
  EXPECT_EQ(rejections().at(0).key, "E1");
  EXPECT_EQ(records().at(0).key, "E2");
}

TEST_F(CsvSourceTest, SkipsARepeatedHeaderOnce) {
  const std::string part(kTwo);
  const SourceSummary summary =
      read_text(part + "employee_id,first_name,department\nE3,Cy,IT\n" + part);
  EXPECT_TRUE(summary.certified);
  EXPECT_EQ(summary.records, 5U);
  ASSERT_EQ(notes().size(), 1U);
  EXPECT_EQ(notes()[0].code, "source.header_repeated");
  EXPECT_EQ(notes()[0].line, 4U);
}

TEST_F(CsvSourceTest, NamesAKeyColumnThatIsMissing) {
  const auto summary =
      read(options(folder_.write("people.csv", "Employee_ID,first_name\nE1,Ada\n")));
  ASSERT_FALSE(summary);
  EXPECT_EQ(info(summary.error().code).id, "source.key_missing");
  EXPECT_EQ(info(summary.error().code).exit, 5);
  EXPECT_NE(summary.error().message.find("did you mean 'Employee_ID'?"), std::string::npos);
  EXPECT_EQ(summary.error().where, folder_.path("people.csv"));
  EXPECT_TRUE(records().empty());
}

TEST_F(CsvSourceTest, RefusesTwoColumnsOfOneNeededName) {
  EXPECT_EQ(failure_of_text("employee_id,first_name,department,first_name\nE1,a,b,c\n"),
            "source.header_duplicate");
  EXPECT_EQ(failure_of_text("employee_id,employee_id\nE1,E2\n"), "source.header_duplicate");
  EXPECT_EQ(failure_of_text("employee_id,first_name,department,note,note\nE1,a,b,c,d\n"), "none");
}

TEST_F(CsvSourceTest, SaysWhenAFileIsNoText) {
  EXPECT_EQ(failure_of_text(std::string("PK\x03\x04\x14\0\0\0", 8)), "source.not_text");
  EXPECT_EQ(failure_of_text(gzip(gzip(std::string(kTwo)))), "source.not_text");
  std::string binary;
  for (int i = 0; i < 2048; ++i) binary += static_cast<char>(i * 7919 >> 3);
  EXPECT_EQ(failure_of_text(binary), "source.not_text");
  EXPECT_EQ(failure_of_text(std::string("employee_id,a\0,b\nE1,x,y\nE2,x,y\nE3,x,y\n", 39)),
            "source.not_text");
}

TEST_F(CsvSourceTest, SaysWhenAFileCannotBeOpened) {
  const auto code_of = [&](const std::string& path) { return failure(read(options(path))); };
  EXPECT_EQ(code_of(folder_.path("absent.csv")), "source.unreadable");
  EXPECT_EQ(code_of(folder_.path("")), "source.unreadable");
  EXPECT_EQ(::mkfifo(folder_.path("pipe").c_str(), 0600), 0);
  EXPECT_EQ(code_of(folder_.path("pipe")), "source.unreadable");
}

TEST_F(CsvSourceTest, SaysWhenAFileMayNotBeRead) {
  if (::geteuid() == 0) GTEST_SKIP() << "root may read everything";
  const std::string secret = folder_.write("secret.csv", kTwo);
  EXPECT_EQ(::chmod(secret.c_str(), 0), 0);
  EXPECT_EQ(failure(read(options(secret))), "source.unreadable");
}

TEST_F(CsvSourceTest, StopsWhenAskedTo) {
  std::stop_source stop;
  stop.request_stop();
  const auto summary = read(options(folder_.write("people.csv", kTwo)), {}, stop.get_token());
  ASSERT_FALSE(summary);
  EXPECT_EQ(info(summary.error().code).id, "source.stopped");
  EXPECT_EQ(info(summary.error().code).exit, 10);
}

TEST_F(CsvSourceTest, ReadsAfreshEachTime) {
  const auto source = make_csv_source(options(folder_.write("people.csv", kTwo)));
  for (int i = 0; i < 2; ++i) {
    test::RememberingSink sink(schema_);
    const auto summary = source->extract({}, sink, {});
    ASSERT_TRUE(summary);
    EXPECT_EQ(summary->records, 2U);
    EXPECT_EQ(sink.records.at(1).record, 2U);
  }
}

TEST_F(CsvSourceTest, CarriesEveryNaughtyStringOrSaysWhyNot) {
  const std::string path = test::shared_file("data/naughty/blns.json");
  if (!std::filesystem::exists(path)) GTEST_SKIP() << "no such file: " << path;
  const auto strings = parse_json(test::slurp(path));
  ASSERT_TRUE(strings);
  std::string text = "employee_id,first_name,department\n";
  std::size_t row = 0;
  for (const Json& string : strings->items()) {
    text += fmt::format("N{},\"{}\",d\n", ++row, replace_all(string.as_string(), "\"", "\"\""));
  }
  const SourceSummary summary = read_text(text);
  EXPECT_TRUE(summary.certified);
  EXPECT_EQ(summary.records, strings->items().size());
  EXPECT_EQ(records().size() + rejections().size(), strings->items().size());
  for (const RejectedRecord& rejected : rejections())
    EXPECT_FALSE(rejected.finding.message.empty());
  EXPECT_LE(rejections().size(), 2U);
  for (const test::SeenRecord& seen : records()) {
    const std::string sent(strings->items()[seen.record - 1].as_string());
    const std::string expected = trim(sent).empty() ? std::string() : nfc(sent);
    EXPECT_EQ(seen.values.at("first_name"), expected) << seen.key;
  }
}

}  // namespace
}  // namespace rollcall

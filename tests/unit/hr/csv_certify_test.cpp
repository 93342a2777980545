// Whether a read counts: whole, stable, and like the last one.
#include <fmt/core.h>

#include "connectors/hr/csv_source.h"
#include "service/base/gzip.h"
#include "service/base/regex.h"
#include "tests/unit/hr/csv_fixture.h"

namespace rollcall {
namespace {

using test::CsvSourceTest;
using Codes = std::vector<std::string>;

std::string people(int count) {
  std::string text = "employee_id,first_name,department\n";
  for (int i = 1; i <= count; ++i) text += fmt::format("E{},Ada,{}\n", i, i % 2 == 0 ? "IT" : "");
  return text;
}

Watermark last_read(std::uint64_t records, std::uint64_t departments) {
  return {CertifiedRead{records, WallTime{1772344800000}, {{"department", departments}}}};
}

TEST_F(CsvSourceTest, DoesNotCertifyAnEmptyFileOrAHeaderAlone) {
  EXPECT_EQ(reason_codes(read_text("")), (Codes{"source.no_header"}));
  EXPECT_EQ(reason_codes(read_text("\xef\xbb\xbf\n\n")), (Codes{"source.no_header"}));
  const SourceSummary header_only = read_text(people(0));
  EXPECT_FALSE(header_only.certified);
  EXPECT_EQ(reason_codes(header_only), (Codes{"source.too_few"}));
  EXPECT_EQ(reason_codes(read_text("employee_id,first_name,department")),
            (Codes{"source.too_few"}));
  EXPECT_EQ(reason_codes(read_text(gzip(""))), (Codes{"source.no_header"}));
}

TEST_F(CsvSourceTest, WantsTheLeastNumberOfRows) {
  auto wanting = options(folder_.write("people.csv", people(99)));
  wanting.certify.min_rows = 100;
  const auto summary = read(wanting);
  EXPECT_EQ(reason_codes(*summary), (Codes{"source.too_few"}));
  EXPECT_EQ(summary->reasons[0].message,
            "the file holds 99 records; at least 100 are needed by certify.min_rows");
  folder_.write("people.csv", people(100));
  EXPECT_TRUE(read(wanting)->certified);
}

TEST_F(CsvSourceTest, RefusesAFileThatShrankBeyondTheAllowedDrop) {
  const auto from = options(folder_.write("people.csv", people(90)));
  EXPECT_TRUE(read(from, last_read(100, 50))->certified);
  EXPECT_TRUE(read(from, last_read(10, 5))->certified);
  const auto summary = read(from, last_read(101, 50));
  EXPECT_EQ(reason_codes(*summary), (Codes{"source.shrunk"}));
  EXPECT_EQ(summary->reasons[0].message,
            "the file holds 90 records, 10.9 % fewer than the 101 of the last certified read "
            "(2026-03-01T06:00:00Z); 10 % are allowed by certify.max_drop");
}

TEST_F(CsvSourceTest, RefusesAColumnThatEmptiedBeyondTheAllowedDrop) {
  const auto from = options(folder_.write("people.csv", people(100)));
  EXPECT_TRUE(read(from, last_read(100, 70))->certified);
  const auto summary = read(from, last_read(100, 71));
  EXPECT_EQ(reason_codes(*summary), (Codes{"source.column_emptied"}));
  EXPECT_NE(summary->reasons[0].message.find("hr.department is filled in 50.0 %"),
            std::string::npos);
  EXPECT_EQ(summary->fill.at(0).column, "department");
  EXPECT_EQ(summary->fill.at(0).filled, 50U);
  // A missing column is unknown, not empty: noted, and nothing is cleared.
  folder_.write("people.csv", "employee_id,first_name\nE1,Ada\n");
  EXPECT_TRUE(read(from, last_read(1, 1))->certified);
}

TEST_F(CsvSourceTest, BelievesATrailerThatAgrees) {
  auto closed = options(folder_.write("people.csv", people(3) + "T|0003\n"));
  closed.certify.trailer = R"(T\|(\d+))";
  const auto summary = read(closed);
  EXPECT_TRUE(summary->certified);
  EXPECT_EQ(summary->records, 3U);
  EXPECT_EQ(summary->rejected, 0U);
  folder_.write("people.csv", people(2) + "TRAILER,0002,x");
  closed.certify.trailer = "TRAILER,([0-9]+),.*";
  EXPECT_TRUE(read(closed)->certified);
}

TEST_F(CsvSourceTest, RefusesATrailerThatDisagreesIsMissingOrIsNotLast) {
  auto closed = options(folder_.write("people.csv", people(3) + "T|4\n"));
  closed.certify.trailer = R"(T\|(\w+))";
  EXPECT_EQ(reason_codes(*read(closed)), (Codes{"source.count_mismatch"}));
  EXPECT_EQ(read(closed)->reasons[0].message,
            "the trailer states 4 records, the file holds 3; this lifts once both agree");
  folder_.write("people.csv", people(3));
  EXPECT_EQ(reason_codes(*read(closed)), (Codes{"source.trailer"}));
  folder_.write("people.csv", people(3) + "T|4\nE9,Zoe,IT\n");
  EXPECT_EQ(reason_codes(*read(closed)), (Codes{"source.trailer"}));
  folder_.write("people.csv", people(3) + "T|x3\n");
  EXPECT_EQ(reason_codes(*read(closed)), (Codes{"source.trailer"}));
  closed.certify.trailer = "T|(";
  EXPECT_EQ(info(read(closed).error().code).id, "regex.invalid");
}

TEST_F(CsvSourceTest, ComparesWithTheControlFile) {
  auto controlled = options(folder_.write("people.csv", people(3)));
  controlled.certify.control_file = "people.count";
  EXPECT_EQ(reason_codes(*read(controlled)), (Codes{"source.control_file"}));
  folder_.write("people.count", "0003\n");
  EXPECT_TRUE(read(controlled)->certified);
  folder_.write("people.count", "4");
  EXPECT_EQ(reason_codes(*read(controlled)), (Codes{"source.count_mismatch"}));
  controlled.certify.control_file = folder_.write("people.count", "three");
  EXPECT_EQ(reason_codes(*read(controlled)), (Codes{"source.control_file"}));
}

TEST_F(CsvSourceTest, RefusesAFileCutInTheMiddleOfALine) {
  const std::string whole = people(200);
  EXPECT_TRUE(read_text(whole.substr(0, whole.size() - 1)).certified);
  const SourceSummary cut = read_text(whole.substr(0, whole.rfind(',')));
  EXPECT_FALSE(cut.certified);
  EXPECT_EQ(reason_codes(cut), (Codes{"source.cut_short"}));
  EXPECT_EQ(rejections().size(), 1U);
}

TEST_F(CsvSourceTest, RefusesQuotesThatMakeRecordsUncertain) {
  EXPECT_EQ(reason_codes(read_text(people(2) + "E3,\"open,IT\nE4,Bo,IT\n")),
            (Codes{"source.quote_unterminated"}));
  EXPECT_EQ(reason_codes(read_text(people(2) + "E3,\"Ada\" B,IT\nE4,Bo,IT\n")),
            (Codes{"source.quote_stray"}));
  std::string swallowed = people(2) + "E3,\"";
  for (int i = 0; i < 100000; ++i) swallowed += "E4,Bo,IT of all kinds\n";
  EXPECT_EQ(reason_codes(read_text(swallowed + "\",IT\n")), (Codes{"source.field_runaway"}));
  EXPECT_EQ(failure_of_text("employee_id,\"first_name\nE1,Ada\n"), "source.quote_unterminated");
}

TEST_F(CsvSourceTest, RefusesCompressedFilesThatAreCutOrDamaged) {
  const std::string whole = gzip(people(30000));
  EXPECT_TRUE(read_text(whole).certified);
  EXPECT_EQ(failure_of_text(whole.substr(0, 20)), "gzip.corrupt");
  EXPECT_EQ(reason_codes(read_text(whole.substr(0, whole.size() - 5))), (Codes{"gzip.corrupt"}));
}

/// Changes the file once, between two blocks of the read.
class ChangingFile : public CsvSourceTest {
 protected:
  Codes read_while(const std::function<void()>& change) {
    folder_.write("people.csv", people(20000));
    auto from = options(folder_.path("people.csv"));
    bool changed = false;
    from.progress = [&](std::uint64_t, std::uint64_t) {
      if (!changed) change();
      changed = true;
    };
    const auto summary = read(from);
    EXPECT_TRUE(summary);
    EXPECT_FALSE(summary->certified);
    return reason_codes(*summary);
  }
};

TEST_F(ChangingFile, IsRefusedWhenItGrows) {
  EXPECT_EQ(read_while([&] { folder_.append("people.csv", "E99,Zoe,IT\n"); }),
            (Codes{"source.changed_while_read"}));
}

TEST_F(ChangingFile, IsRefusedWhenItIsReplacedOrRemoved) {
  EXPECT_EQ(read_while([&] {
              folder_.write("new.csv", people(20000));
              std::filesystem::rename(folder_.path("new.csv"), folder_.path("people.csv"));
            }),
            (Codes{"source.changed_while_read"}));
  EXPECT_EQ(read_while([&] { std::filesystem::remove(folder_.path("people.csv")); }),
            (Codes{"source.changed_while_read"}));
}

TEST_F(ChangingFile, IsRefusedWhenItIsShortened) {
  const Codes codes =
      read_while([&] { std::filesystem::resize_file(folder_.path("people.csv"), 70000); });
  EXPECT_EQ(codes.back(), "source.changed_while_read");
}

TEST_F(ChangingFile, IsRefusedWhenOnlyItsTimeMoves) {
  EXPECT_EQ(read_while([&] {
              std::filesystem::last_write_time(folder_.path("people.csv"),
                                               std::filesystem::file_time_type{});
            }),
            (Codes{"source.changed_while_read"}));
}

TEST_F(CsvSourceTest, ReportsProgressInBytesOfTheFile) {
  const std::string text = gzip(people(50000));
  auto from = options(folder_.write("people.csv", text));
  std::uint64_t last = 0;
  from.progress = [&](std::uint64_t done, std::uint64_t total) {
    EXPECT_GT(done, last);
    EXPECT_EQ(total, text.size());
    last = done;
  };
  EXPECT_TRUE(read(from)->certified);
  EXPECT_EQ(last, text.size());
}

}  // namespace
}  // namespace rollcall

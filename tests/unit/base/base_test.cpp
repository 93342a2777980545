#include <gtest/gtest.h>

#include "service/base/clock.h"
#include "service/base/digest.h"
#include "service/base/gzip.h"
#include "service/base/seal.h"
#include "service/base/text.h"
#include "service/base/yaml.h"

namespace rollcall {
namespace {

TEST(Clock, ReadsAndWritesRfc3339WithOffsets) {
  EXPECT_EQ(format_rfc3339(*parse_rfc3339("2026-03-01T06:00:00Z")), "2026-03-01T06:00:00Z");
  EXPECT_EQ(format_minute(*parse_rfc3339("2026-03-01T06:00:59.9Z")), "2026-03-01 06:00 UTC");
  EXPECT_EQ(format_rfc3339(*parse_rfc3339("2026-03-01T06:00:00.5+02:00")),
            "2026-03-01T04:00:00.500Z");
  EXPECT_FALSE(parse_rfc3339("2026-02-30T06:00:00Z"));
  EXPECT_FALSE(parse_rfc3339("2026-03-01 06:00"));
}

TEST(Clock, HttpDateRoundTrips) {
  const auto t = parse_http_date("Sun, 06 Nov 1994 08:49:37 GMT");
  ASSERT_TRUE(t);
  EXPECT_EQ(format_http_date(*t), "Sun, 06 Nov 1994 08:49:37 GMT");
}

TEST(Clock, ADamagedHttpDateIsNone) {
  for (const char* text : {"", "Sun, 06 Nov 1994 08:49:37", "Sun, 06 Nov 1994 08:49:37 GMTx",
                           "Sun, 31 Feb 1994 08:49:37 GMT", "Sun, 06 nov 1994 08:49:37 GMT",
                           "Sun, 06 anF 1994 08:49:37 GMT", "Sun, 06 Nov 1994 24:49:37 GMT",
                           "Sun, 06 Nov 1994 08:60:37 GMT", "Sun, -6 Nov 1994 08:49:37 GMT",
                           "Mon, 02 Mar 20\xa9"
                           "26 12:45:19\xe5\xe5\xe5\xe5\xe5\xe5\xe5 GMT"}) {
    EXPECT_FALSE(parse_http_date(text)) << text;
  }
  EXPECT_EQ(parse_http_date("Thu, 29 Feb 2024 23:59:60 GMT")->ms, 1'709'251'200'000);
}

TEST(Clock, LocalDateFollowsTheZone) {
  const WallTime t = *parse_rfc3339("2026-03-01T03:00:00Z");
  EXPECT_EQ(format_date(*local_date(t, "America/Chicago")), "2026-02-28");
  EXPECT_EQ(format_date(*local_date(t, "Asia/Kolkata")), "2026-03-01");
  EXPECT_FALSE(local_date(t, "Mars/Olympus"));
}

TEST(Digest, KnownSha256AndOrderFreeSum) {
  EXPECT_EQ(to_text(sha256("abc")),
            "sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  Sha256 ab = sha256("a");
  ab += sha256("b");
  Sha256 ba = sha256("b");
  ba += sha256("a");
  EXPECT_EQ(ab, ba);
}

TEST(Digest, Base64RoundTrips) {
  for (const std::string s : {"", "f", "fo", "foo", "foob", "\xff\xfe"}) {
    EXPECT_EQ(*unbase64(base64(s)), s);
    EXPECT_EQ(*unbase64(base64url(s)), s);
  }
}

TEST(Gzip, ReadsEveryMemberAndNoticesACut) {
  const std::string two = gzip("first,") + gzip("second");
  EXPECT_EQ(*gunzip(two, 1000), "first,second");
  EXPECT_EQ(gunzip(two.substr(0, two.size() - 3), 1000).error().code, ErrorCode::gzip_corrupt);
  EXPECT_EQ(gunzip(gzip(std::string(5000, 'x')), 1000).error().code, ErrorCode::gzip_corrupt);
}

TEST(Seal, OpensOnlyWithKeyAndContext) {
  const Secret key = make_key();
  const std::string sealed = seal(key, "salary", "operation 7");
  EXPECT_EQ(*unseal(key, sealed, "operation 7"), "salary");
  EXPECT_FALSE(unseal(key, sealed, "operation 8"));
  EXPECT_FALSE(unseal(make_key(), sealed, "operation 7"));
}

TEST(Text, FoldsLoginsByCaseAndDiacritics) {
  EXPECT_EQ(fold_login("Zoé.Åström@X.example"), fold_login("zoe.astrom@x.example"));
  EXPECT_NE(fold_case("Zoé"), fold_case("Zoe"));
  EXPECT_EQ(to_ascii("Åström Straße"), "Astrom Strasse");
}

TEST(Text, NfcMakesComposedAndDecomposedEqual) { EXPECT_EQ(nfc("e\xcc\x81"), "\xc3\xa9"); }

TEST(Text, ValidatesUtf8AndSeesBeyondTheBmp) {
  EXPECT_TRUE(is_valid_utf8("häß\xe2\x82\xac\xf0\x9f\x98\x80"));
  EXPECT_FALSE(is_valid_utf8("\xc3"));
  EXPECT_FALSE(is_valid_utf8("\xed\xa0\x80"));
  EXPECT_TRUE(has_beyond_bmp("\xf0\x9f\x98\x80"));
  EXPECT_FALSE(has_beyond_bmp("\xe2\x82\xac"));
}

TEST(Text, ConvertsDeclaredEncodings) {
  EXPECT_EQ(*to_utf8("caf\xe9", "windows-1252"), "café");
  EXPECT_FALSE(to_utf8("x", "klingon-1"));
}

TEST(Yaml, KeepsTextAndPlacesAndRefusesTraps) {
  YamlNode root;
  std::vector<YamlProblem> problems;
  parse_yaml("a: 012\nb:\n  - x\n  - 'y'\n", root, problems);
  ASSERT_TRUE(problems.empty());
  EXPECT_EQ(root.find("a")->scalar, "012");
  EXPECT_EQ(root.find("b")->list[1].place.line, 4);
  EXPECT_TRUE(root.find("b")->list[1].quoted);
  for (const char* text :
       {"a: 1\na: 2\n", "a: &x 1\nb: *x\n", "a:\n\tb: 1\n", "a: [1\n", "a: !x 1\n"}) {
    std::vector<YamlProblem> found;
    parse_yaml(text, root, found);
    EXPECT_FALSE(found.empty()) << text;
  }
}

}  // namespace
}  // namespace rollcall

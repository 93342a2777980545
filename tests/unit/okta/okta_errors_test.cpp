// Every error code of Okta's that FACTS 12 lists has one outcome, one code of ours, one sentence
// and one hint, by the table okta_errors.tsv.
#include "tests/unit/okta/okta_errors.h"

#include <gtest/gtest.h>

#include <set>

#include "connectors/okta/codec.h"
#include "connectors/okta/error_table.h"

namespace rollcall {
namespace {

using test::okta_error_cases;

/// One sentence for people: says something, ends without a full stop, holds no value.
void expect_sentence(const std::string& text) {
  EXPECT_GE(text.size(), 12U) << text;
  EXPECT_NE(text.back(), '.') << text;
  EXPECT_EQ(text.find("x.example"), std::string::npos) << text;
  EXPECT_EQ(text.find("Sales"), std::string::npos) << text;
}

TEST(OktaErrors, TheTableHoldsEveryCodeOfTheCatalogueThatMatters) {
  std::set<std::string> shown;
  for (const auto& one : okta_error_cases()) shown.insert(one.okta);
  const auto known = split(
      "1 2 3 4 5 6 7 8 9 10 11 14 15 16 17 18 19 21 22 23 28 29 30 31 32 33 34 35 36 38 40 41 47 "
      "48 "
      "53 55 56 60 62 64 68 69 75 76 77 78 79 80 90 93 94 100 107 109 112 117 118 122 124 125 127 "
      "133 148 195 239",
      ' ');
  for (const std::string_view number : known) {
    const std::string code = "E" + std::string(7 - number.size(), '0') + std::string(number);
    EXPECT_EQ(shown.count(code), 1U) << code;
  }
  EXPECT_EQ(shown.size(), known.size());
}

TEST(OktaErrors, EachHasOneOutcomeOneCodeOneSentenceAndOneHint) {
  std::uint32_t number = 0;
  for (const auto& one : okta_error_cases()) {
    SCOPED_TRACE(one.name());
    const Operation op = test::operation_of(one.kind, ++number);
    const Outcome out = classify(op, HttpExchange::replied(test::reply_of(one)));
    EXPECT_EQ(test::to_text(out.state), one.outcome) << out.message;
    EXPECT_EQ(out.code ? std::string(info(*out.code).id) : "-", one.ours) << out.message;
    EXPECT_EQ(out.http_status, one.status);
    if (!out.code) continue;
    expect_sentence(out.message);
    EXPECT_FALSE(std::string(info(*out.code).hint).empty());
  }
}

TEST(OktaErrors, AReadOfTheOrgSaysWhatAndWhereWithTheRequestId) {
  for (const auto& one : okta_error_cases()) {
    SCOPED_TRACE(one.name());
    HttpReply reply = test::reply_of(one);
    reply.headers.emplace_back("X-Okta-Request-Id", "req7");
    const Error error = read_failure(HttpExchange::replied(reply), "/api/v1/users");
    EXPECT_EQ(std::string(info(error.code).id), one.read);
    EXPECT_EQ(error.where, "/api/v1/users");
    EXPECT_NE(error.message.find("request id req7"), std::string::npos) << error.message;
  }
}

TEST(OktaErrors, WhatIsNotTheOperationsIsSaidAlikeWhateverTheStatus) {
  // The same condition has been reported with different statuses over time (FACTS 12).
  for (const int status : {400, 403, 409, 501}) {
    const HttpReply reply = test::okta_error(status, "E0000148");
    const Outcome out =
        classify(test::operation_of(OperationKind::user_update, 1), HttpExchange::replied(reply));
    EXPECT_EQ(test::to_text(out.state), "conflict") << status;
    EXPECT_EQ(out.message, "a policy still needs the authenticator") << status;
  }
  EXPECT_EQ(find_okta_error("E0009999"), nullptr);
}

TEST(OktaErrors, TheAttributeIsNamedAsOktaNamesItElseThoseThatWereWritten) {
  const Operation op = test::operation_of(OperationKind::user_update, 1);
  const auto message = [&op](const std::string& cause) {
    return classify(op, HttpExchange::replied(test::okta_error(403, "E0000077", "", cause)))
        .message;
  };
  EXPECT_EQ(message("title: The field is read-only"), "Okta keeps read-only: title");
  EXPECT_EQ(message(""), "Okta keeps read-only: department");
}

}  // namespace
}  // namespace rollcall

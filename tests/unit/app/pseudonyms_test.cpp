// Invented texts: joinable, keyed, and telling nobody.
#include "service/app/pseudonyms.h"

#include <gtest/gtest.h>

#include <set>

#include "service/base/text.h"

namespace rollcall {
namespace {

Secret key(const char* text = "0123456789abcdef0123456789abcdef") { return Secret(text); }

TEST(Pseudonyms, SameTextSameInventionOtherKeyOtherInvention) {
  Pseudonyms one(key()), same(key()), other(key("another key of thirty-two letters"));
  for (const char* real : {"Wilhelmina", "ada@x.example", "10026", "2020-01-15", "+1 555 0100"}) {
    EXPECT_EQ(one.of(real), same.of(real));
    EXPECT_EQ(one.of(real), one.of(real));
    EXPECT_NE(one.of(real), other.of(real));
    EXPECT_NE(one.of(real), real);
  }
  EXPECT_EQ(one.id("00u12345678901234567").substr(0, 3), "00u");
  EXPECT_EQ(one.id("00u12345678901234567").size(), 20U);
  EXPECT_NE(one.id("00u12345678901234567"), other.id("00u12345678901234567"));
}

TEST(Pseudonyms, KeepTheFormThatAnOrgAsksFor) {
  Pseudonyms people(key());
  const std::string mail = people.of("ada.byron@x.example");
  EXPECT_NE(mail.find('@'), std::string::npos);
  EXPECT_EQ(mail.substr(mail.size() - 8), ".example");
  EXPECT_EQ(mail.substr(mail.find('@')), [&] {
    const std::string other = people.of("zoe@x.example");
    return other.substr(other.find('@'));
  }()) << "one domain stays one";
  EXPECT_EQ(people.of("10026").find_first_not_of("0123456789"), std::string::npos);
  EXPECT_EQ(people.of("+13125550100").front(), '+');
  EXPECT_EQ(people.of("2020-01-15").size(), 10U);
  EXPECT_EQ(people.of(""), "");
  EXPECT_EQ(people.of("  "), "  ");
}

TEST(Pseudonyms, WhatOktaTakesForTheSameStaysTheSame) {
  Pseudonyms people(key());
  EXPECT_EQ(fold_login(people.of("Åda@X.example")), fold_login(people.of("ada@x.example")));
  EXPECT_EQ(people.of("ADA"), to_upper(people.of("ada")));
  const std::string capital = people.of("Ada");
  EXPECT_NE(capital, people.of("ada"));
  EXPECT_NE(capital, people.of("aDa"));
  EXPECT_EQ(to_lower(capital), people.of("ada"));
}

TEST(Pseudonyms, ThirtyThousandPeopleStayThirtyThousand) {
  Pseudonyms people(key());
  std::set<std::string> numbers, names;
  for (int i = 0; i < 30'000; ++i) {
    numbers.insert(people.of(std::to_string(10'000 + i)));
    names.insert(
        people.of("name" + std::string(static_cast<std::size_t>(i % 7), 'x') + std::to_string(i)));
  }
  EXPECT_EQ(numbers.size(), 30'000U);
  EXPECT_EQ(names.size(), 30'000U);
}

TEST(Pseudonyms, JsonKeepsItsShape) {
  Pseudonyms people(key());
  const Json real = *parse_json(R"({"a":"Ada","n":731234,"t":true,"l":["x","Ada"],"o":null})");
  const Json made = people.json(real);
  EXPECT_EQ(made["a"], made["l"].items()[1]);
  EXPECT_TRUE(made["n"].is_int());
  EXPECT_NE(made["n"], real["n"]);
  EXPECT_EQ(made["t"], real["t"]);
  EXPECT_TRUE(made["o"].is_null());
}

TEST(Pseudonyms, TellingWordsAreTakenOutOfWhatStays) {
  Pseudonyms people(key());
  const std::string mail = people.of("ada@x.example");
  people.of("Sales");
  people.of("731234");
  EXPECT_EQ(people.scrubbed("desk of Ada@X.example (731234)"),
            "desk of " + mail + " (" + people.of("731234") + ")");
  EXPECT_EQ(people.scrubbed("dept-Sales"), "dept-Sales");
  EXPECT_TRUE(people.tells(R"({"x":"ada@x.example"})"));
  EXPECT_TRUE(people.tells("number 731234"));
  EXPECT_FALSE(people.tells("Sales " + mail));
  EXPECT_TRUE(people.check("Sales", "org.json"));
  const auto refused = people.check("731234", "org.json");
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::snapshot_not_clean);
  EXPECT_EQ(refused.error().message.find("731234"), std::string::npos);
  people.of("2020-01-15");
  EXPECT_FALSE(people.tells("hired 2020-01-15"));
}

TEST(Pseudonyms, TellingWordsAreFoundWithinLongerOnes) {
  Pseudonyms people(key());
  const std::string number = people.of("10026"), mail = people.of("ada.byron@x.example");
  for (const char* label : {"mgr-10026", "reports_10026", "badge10026", "P10026", "10026.old",
                            "Kostenstelle-10026-A", "dl-10026@lists"}) {
    EXPECT_TRUE(people.tells(label)) << label;
    EXPECT_FALSE(people.tells(people.scrubbed(label))) << people.scrubbed(label);
  }
  EXPECT_EQ(people.scrubbed("mgr-10026"), "mgr-" + number);
  EXPECT_EQ(people.scrubbed("Wiki of ada.byron@x.example-dev"), "Wiki of " + mail + "-dev");
  EXPECT_FALSE(people.tells("110026 100260")) << "other numbers";
  for (int i = 0; i < 2'000; ++i) {
    const std::string id = people.id("00u1234567890123" + std::to_string(1'000 + i));
    EXPECT_FALSE(people.tells(id)) << id;
  }
}

TEST(Pseudonyms, NobodysNameStaysInALabel) {
  Pseudonyms people(key());
  const std::string first = people.of("Wilhelmina"), both = people.of("Mason-Law");
  people.remember_name("Wilhelmina");
  people.remember_name("Mason-Law");
  people.remember_name("J");
  EXPECT_EQ(people.nameless("Wilhelmina\u2019s Wiki"), first + "\u2019s Wiki");
  EXPECT_EQ(people.nameless("desk-of-WILHELMINA"), "desk-of-" + to_upper(first));
  EXPECT_EQ(people.nameless("Plan J"), "Plan J") << "single letters are nobody";
  EXPECT_EQ(people.nameless("Masonry"), "Masonry") << "whole words";
  const std::string law = people.nameless("Law");
  EXPECT_NE(law, "Law") << "a part of a name is one";
  EXPECT_EQ(people.nameless("LAW"), to_upper(law));
  WordSet kept;
  Pseudonyms::add_words("Department of Law", kept);
  EXPECT_EQ(people.nameless("Law by Mason", kept).substr(0, 7), "Law by ");
  EXPECT_EQ(people.nameless("Law by Mason", kept).find("Mason"), std::string::npos);
}

TEST(Pseudonyms, TheDomainOfAnAddressTellsWhoseOrgItIs) {
  Pseudonyms people(key());
  const std::string mail = people.of("ada@real-company.test");
  const std::string domain = mail.substr(mail.find('@') + 1);
  EXPECT_EQ(people.scrubbed("Wiki of Real-Company.test"), "Wiki of " + domain);
  EXPECT_EQ(people.scrubbed("@real-company.test"), "@" + domain);
  EXPECT_TRUE(people.tells("https://real-company.test/wiki"));
}

TEST(Pseudonyms, NumbersTellInProfilesAlone) {
  Pseudonyms people(key());
  people.of("43200");
  people.id("00u12345678901234567");
  EXPECT_FALSE(people.json_tells(*parse_json(R"({"settings":{"minutes":43200}})")));
  EXPECT_TRUE(people.json_tells(*parse_json(R"({"profile":{"badge":[43200]}})")));
  EXPECT_TRUE(people.json_tells(*parse_json(R"({"users":["43200"]})")));
  EXPECT_TRUE(people.json_tells(*parse_json(R"({"roles":{"00u12345678901234567":[]}})")));
  EXPECT_FALSE(people.check_json(*parse_json(R"(["43200"])"), "org.json"));
}

}  // namespace
}  // namespace rollcall

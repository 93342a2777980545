// What operators' reads print: columns, what a pipe may show, what a terminal may be sent.
#include "service/app/okta_table.h"

#include <gtest/gtest.h>

#include <array>

namespace rollcall {
namespace {

constexpr std::array kColumns{TableColumn{"id", "id"}, TableColumn{"status", "status"},
                              TableColumn{"name", "profile.name", true}};

Json group(const char* id, const char* name) {
  Json out = Json::object();
  out.set("id", id).set("status", "ACTIVE").set("hidden", 7);
  return out.set("profile", Json::object().set("name", name));
}

TEST(OktaTable, AlignsByCharactersNotBytes) {
  const std::vector<Json> rows{group("00g1", "Zoé"), group("00g22", "b")};
  EXPECT_EQ(table_text(rows, kColumns, true),
            "id     status  name\n"
            "00g1   ACTIVE  Zoé\n"
            "00g22  ACTIVE  b\n");
  EXPECT_EQ(table_text({}, kColumns, true), "none\n");
}

TEST(OktaTable, LeavesNamesOutOfAPipe) {
  const std::vector<Json> rows{group("00g1", "Zoé")};
  EXPECT_EQ(table_text(rows, kColumns, false), "id    status\n00g1  ACTIVE\n");
  EXPECT_EQ(object_text(rows[0], kColumns, false), "id      00g1\nstatus  ACTIVE\n");
  EXPECT_EQ(shown_json(rows[0], kColumns, false).canonical(), R"({"id":"00g1","status":"ACTIVE"})");
  EXPECT_EQ(shown_json(rows[0], kColumns, true), rows[0]);
  constexpr std::array kNested{TableColumn{"user", "actor.id"}};
  const Json event = Json::object().set("actor", Json::object().set("id", "00u1").set("name", "x"));
  EXPECT_EQ(shown_json(event, kNested, false).canonical(), R"({"actor":{"id":"00u1"}})");
}

TEST(OktaTable, NothingThatPeopleTypedSteersATerminal) {
  const Json steering = group("00g1",
                              "a\x1b[2Jb\nc\xc2\x9b"
                              "d\x7f");
  EXPECT_EQ(cell_text(steering, "profile.name"), "a␛[2Jb␊c⟨U+009B⟩d␡");
  EXPECT_EQ(cell_text(group("00g1", "a\u202eb\u2028c"), "profile.name"), "a⟨U+202E⟩b⟨U+2028⟩c");
  EXPECT_EQ(cell_text(group("00g1", "Ünïcode ©"), "profile.name"), "Ünïcode ©");
}

TEST(OktaTable, ShowsListsNumbersAndNothing) {
  const Json object = *parse_json(R"({"a":["x","y"],"n":3,"t":true,"o":null})");
  EXPECT_EQ(cell_text(object, "a"), "x,y");
  EXPECT_EQ(cell_text(object, "n"), "3");
  EXPECT_EQ(cell_text(object, "t"), "true");
  EXPECT_EQ(cell_text(object, "o"), "");
  EXPECT_EQ(cell_text(object, "a.b.c"), "");
}

}  // namespace
}  // namespace rollcall

// What a report counts as done: in a run what was applied, in a plan what is not held.
#include <gtest/gtest.h>

#include "tests/unit/report/day.h"

namespace rollcall {
namespace {

using namespace report_scenes;

Operation leaver(OperationKind kind, const char* key) {
  return operation(kind, key, std::string("00u") + key, std::string(key) + "@acme.com");
}

/// Seven deactivations, one in each kind of end, and an invited joiner who was refused.
std::vector<RunOperation> mixed_results() {
  std::vector<RunOperation> all;
  for (const char* state :
       {"applied", "held", "failed", "conflict", "blocked", "superseded", "withdrawn"}) {
    const Operation op = leaver(OperationKind::user_deactivate, state);
    all.push_back({op, state, "", "", "", 1, std::nullopt});
    all.back().operation.held_by = all.back().state == "held" ? "protected" : "";
  }
  Operation joiner = leaver(OperationKind::user_create, "joiner");
  joiner.reason = "joiner";
  joiner.credential = Credential::invite;
  all.push_back({joiner, "failed", "", "", "", 1, std::nullopt});
  for (std::size_t i = 0; i < all.size(); ++i) {
    all[i].operation.id = static_cast<std::uint32_t>(i + 1);
  }
  return all;
}

Day day_of(const std::vector<RunOperation>& all) {
  Day day;
  day.ops.clear();
  for (const RunOperation& one : all) day.ops.push_back(one.operation);
  day.tail = {};
  for (const Operation& op : day.ops) day.tail.summary.count(op);
  day.extra = {};
  return day;
}

std::string mixed_run(Format format) {
  const std::vector<RunOperation> all = mixed_results();
  const Day day = day_of(all);
  VectorRunCursor cursor(all);
  StringSink sink;
  EXPECT_TRUE(render_run(day.report_of_run(42), cursor, format, {true}, sink));
  return sink.text();
}

/// The section of the page with this id; empty if there is none.
std::string section(const std::string& page, const std::string& id) {
  const auto from = page.find("<section id=\"" + id + "\"");
  if (from == std::string::npos) return {};
  return page.substr(from, page.find("</section>", from) - from);
}

TEST(Done, WhoLostAccessIsWhoWasContained) {
  const std::string page = mixed_run(Format::html);
  const std::string loses = section(page, "loses");
  EXPECT_TRUE(contains(loses, "Who lost access, and why: 1 person, 1 operation."));
  EXPECT_TRUE(contains(loses, "applied@acme.com"));
  for (const char* other : {"held@", "failed@", "conflict@", "blocked@", "superseded@"}) {
    EXPECT_FALSE(contains(loses, other)) << other;
  }
  EXPECT_EQ(section(page, "gains"), "") << "the one joiner was refused";
  EXPECT_TRUE(contains(section(page, "held"), "held@"));
  EXPECT_TRUE(contains(section(page, "problems"), "blocked@"));
  EXPECT_TRUE(contains(section(page, "unreached"), "superseded@"));
  EXPECT_TRUE(contains(section(page, "unreached"), "did not come to it: 1 person, 1 operation."));
}

TEST(Done, OnlyWhatWasAppliedCannotBeUndone) {
  const std::string undo = section(mixed_run(Format::html), "undo");
  EXPECT_TRUE(contains(undo, "user.deactivate"));
  EXPECT_TRUE(contains(undo, "<div>1</div>"));
  EXPECT_FALSE(contains(undo, "user.create"));
  EXPECT_FALSE(contains(undo, "mails")) << "the mail was not sent";
  const std::string text = mixed_run(Format::text);
  EXPECT_TRUE(contains(text, "user.deactivate  1  Every app"));
  EXPECT_TRUE(contains(text, "0 mails"));
}

TEST(Done, APlanCountsWhatIsHeldByItself) {
  const Day day = day_of(mixed_results());
  const std::string page = day.plan(Format::html);
  EXPECT_TRUE(contains(section(page, "loses"),
                       "Who would lose access, and why: 6 people, 6 operations; 1 more is held."));
  EXPECT_TRUE(contains(section(page, "loses"), "held@")) << "it is shown, with its tag";
  EXPECT_TRUE(contains(section(page, "undo"), "<div>6</div>"));
  EXPECT_TRUE(contains(section(page, "undo"), "what is held is not counted"));
  EXPECT_TRUE(contains(day.plan(Format::text), "user.deactivate  6  Every app"));
}

TEST(Done, APlanThatIsHeldAsAWholeTakesNothingFromAnybody) {
  Day day = day_of(mixed_results());
  for (Operation& op : day.ops) op.held_by = "containments";
  EXPECT_TRUE(contains(section(day.plan(Format::html), "loses"),
                       "Who would lose access, and why: none; 7 operations are held."));
  EXPECT_EQ(section(day.plan(Format::html), "undo"), "");
}

}  // namespace
}  // namespace rollcall

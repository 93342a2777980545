#include "connectors/okta/forecast.h"

#include <gtest/gtest.h>

#include "connectors/okta/bucket_table.h"

namespace rollcall {
namespace {

RateState state() {
  RateState out;
  out.table = *BucketTable::embedded();
  out.latency_ms = 400;
  return out;
}

Operation forecast_op(std::uint32_t id, OperationKind kind, const std::string& key) {
  Operation out;
  out.id = id;
  out.kind = kind;
  out.subject.worker_key = key;
  return out;
}

std::uint64_t requests(const Forecast& forecast, const std::string& bucket) {
  for (const auto& row : forecast.buckets) {
    if (row.bucket == bucket) return row.requests;
  }
  return 0;
}

TEST(BucketTable, PrefersExactRowsThenTheLongestPrefix) {
  const BucketTable table = *BucketTable::embedded();
  EXPECT_EQ(table.find("GET", "/api/v1/users?limit=200").name, "/api/v1/users");
  EXPECT_EQ(table.find("POST", "/api/v1/users").name, "/api/v1/users");
  EXPECT_EQ(table.find("GET", "/api/v1/users/00u1").name, "/api/v1/users/{id:.+}");
  EXPECT_EQ(table.find("GET", "/api/v1/users/a%40b.example").name, "/api/v1/users/{id:.+}");
  EXPECT_EQ(table.find("POST", "/api/v1/users/00u1").name, "/api/v1/users/{id}");
  EXPECT_EQ(table.find("GET", "/api/v1/users/me").name, "/api/v1/users/me");
  EXPECT_EQ(table.find("POST", "/api/v1/users/00u1/lifecycle/suspend").name, "/api/v1/users");
  EXPECT_EQ(table.find("DELETE", "/api/v1/users/00u1/sessions?oauthTokens=true").name,
            "/api/v1/users");
  EXPECT_EQ(table.find("PUT", "/api/v1/groups/00g1/users/00u1").name, "/api/v1/groups");
  EXPECT_EQ(table.find("GET", "/api/v1/groups/00g1").name, "/api/v1/groups/{id}");
  EXPECT_EQ(table.find("GET", "/api/v1/groups/rules?limit=200").name, "/api/v1/groups");
  EXPECT_EQ(table.find("GET", "/api/v1/meta/schemas/user/default").name, "/api/v1");
  EXPECT_EQ(table.find("GET", "/api/v1/groups").seed, 500U);
}

TEST(BucketTable, GivesAnUnknownPathASlowBucketOfItsOwn) {
  const BucketTable table = *BucketTable::embedded();
  const BucketRef ref = table.find("GET", "/private/00u1abcdefghijklmn12/things?x=1");
  EXPECT_EQ(ref.name, "/private/{id}/things");
  EXPECT_EQ(ref.seed, BucketTable::kSlowSeed);
  EXPECT_FALSE(ref.listed);
  EXPECT_EQ(fold_ids("/oauth2/authorizationServers/a@b.c"), "/oauth2/authorizationServers/{id}");
}

TEST(BucketTable, SaysWhichRowIsBroken) {
  const auto table = BucketTable::parse("method\tpath\tbucket\tworkforce\nGET\t/a\t/a\tmany\n");
  ASSERT_FALSE(table);
  EXPECT_EQ(table.error().code, ErrorCode::okta_buckets_malformed);
  EXPECT_EQ(table.error().where, "okta_buckets.tsv:2");
  EXPECT_FALSE(BucketTable::parse("# nothing\n"));
}

TEST(Forecast, CountsOwnRequestsAndOneConfirmationForAPersonInARow) {
  std::vector<Operation> ops{forecast_op(1, OperationKind::user_suspend, "E1"),
                             forecast_op(2, OperationKind::user_clear_sessions, "E1"),
                             forecast_op(3, OperationKind::user_deactivate, "E1"),
                             forecast_op(4, OperationKind::user_suspend, "E2"),
                             forecast_op(5, OperationKind::user_create, "E3"),
                             forecast_op(6, OperationKind::group_add_member, "E3"),
                             forecast_op(7, OperationKind::user_update, "E4"),
                             forecast_op(8, OperationKind::user_link, "E5"),
                             forecast_op(9, OperationKind::user_update, "E6")};
  ops[5].request.with = 5;       // rides with the create
  ops[8].held_by = "attribute";  // held
  VectorCursor cursor(ops);
  const Forecast out = *forecast(cursor, state());
  EXPECT_EQ(requests(out, "/api/v1/users"), 5U);  // 2 suspends, sessions, deactivate, create
  EXPECT_EQ(requests(out, "/api/v1/users/{id:.+}"), 3U);  // E1, E2, and the link of E5
  EXPECT_EQ(requests(out, "/api/v1/users/{id}"), 1U);
  EXPECT_EQ(out.requests, 9U);
}

TEST(Forecast, TakesHalfOfThePublishedLimitUntilHeadersWereSeen) {
  std::vector<Operation> ops{forecast_op(1, OperationKind::user_create, "E1")};
  VectorCursor cursor(ops);
  const Forecast out = *forecast(cursor, state());
  ASSERT_EQ(out.buckets.size(), 1U);
  EXPECT_EQ(out.buckets[0].limit_per_minute, 270U);  // 600 x 50 % x 90 %
}

TEST(Forecast, AppliesTheShareSeenElsewhereToABucketNotSeenYet) {
  RateState known = state();
  known.buckets.push_back({"/api/v1/users", 600, 150});  // a quarter
  std::vector<Operation> ops{forecast_op(1, OperationKind::group_add_member, "E1")};
  VectorCursor cursor(ops);
  const Forecast out = *forecast(cursor, known);
  ASSERT_EQ(out.buckets.size(), 1U);
  EXPECT_EQ(out.buckets[0].limit_per_minute, 112U);  // 500 x 25 % x 90 %
}

TEST(Forecast, TimeIsWhatTheWindowsAllow) {
  std::vector<Operation> ops;
  for (std::uint32_t i = 1; i <= 2'700; ++i) {
    ops.push_back(forecast_op(i, OperationKind::user_create, "E" + std::to_string(i)));
  }
  VectorCursor cursor(ops);
  const Forecast out = *forecast(cursor, state());
  EXPECT_EQ(out.requests, 2'700U);
  EXPECT_GE(out.minutes, 9.0);  // ten windows of 270, the last one short
  EXPECT_LE(out.minutes, 10.3);
}

TEST(Forecast, HandlesAHundredThousandOperations) {
  std::vector<Operation> ops;
  ops.reserve(100'000);
  for (std::uint32_t i = 1; i <= 100'000; ++i) {
    const auto kind = i % 3 == 0   ? OperationKind::user_update
                      : i % 3 == 1 ? OperationKind::user_create
                                   : OperationKind::group_add_member;
    ops.push_back(forecast_op(i, kind, "E" + std::to_string(i)));
  }
  VectorCursor cursor(ops);
  const Forecast out = *forecast(cursor, state());
  EXPECT_EQ(out.requests, 100'000U);
  // Group changes have the smallest limit: 33,333 at 225 a minute.
  EXPECT_GE(out.minutes, 33'333.0 / 225 * 0.97);
  EXPECT_LE(out.minutes, 33'333.0 / 225 * 1.05);
}

TEST(Forecast, AnEmptyDraftTakesNoTime) {
  VectorCursor cursor({});
  const Forecast out = *forecast(cursor, state());
  EXPECT_EQ(out.requests, 0U);
  EXPECT_EQ(out.minutes, 0.0);
}

TEST(Forecast, HandsTheCursorsErrorOn) {
  class Broken final : public OperationCursor {
   public:
    Result<const Operation*> next() override {
      return make_error(ErrorCode::plan_unreadable, "cut");
    }
  } broken;
  EXPECT_EQ(forecast(broken, state()).error().code, ErrorCode::plan_unreadable);
}

}  // namespace
}  // namespace rollcall

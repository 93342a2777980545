// Every recorded exchange about users, groups, rules, schema, limits and errors, against SimOrg:
// same status, same header names, same JSON keys and value types, both ways.
#include <map>

#include "tests/sim/listing.h"
#include "tests/sim/recorded_fixture.h"

namespace rollcall::sim {
namespace {

/// Differences we accept, each with its reason.
const std::map<std::string, std::vector<std::pair<std::string, std::string>>> kExceptions = {
    {"01", {{"/credentials/emails", "a later org showed no emails although a password was set"}}},
    {"02",
     {{"/credentials/emails", "orgs of 2021 listed the mail of users without a password"},
      {"/_links/resetFactors", "orgs of 2021 had no such link"}}},
    {"03",
     {{"/credentials/emails", "orgs of 2021 listed the mail of users without a password"},
      {"/_links/resetFactors", "orgs of 2021 had no such link"},
      {"/statusChanged", "null in 2021, the time of creation in 2025"}}},
    {"04",
     {{"/credentials/emails", "orgs of 2021 listed the mail of users without a password"},
      {"/_links/resetFactors", "orgs of 2021 had no such link"}}},
    {"09", {{"/_links/resetFactors", "orgs of 2020 had no such link"}}},
    {"13",
     {{"/0/_links", "lists of 2016 had full links"},
      {"/0/profile", "anonymised by the upstream repository"},
      {"/0/type", "older than user types"},
      {"/0/credentials/emails", "older than this member"}}},
    {"17", {{"/_links/resetFactors", "orgs of 2020 had no such link"}}},
    {"32", {{"/credentials/emails", "orgs of 2021 listed the mail of users without a password"}}},
    {"36", {{"/_links/owners", "only orgs with group ownership have that link"}}},
};

/// The org a sample needs: its user, group or rule, in the state that gives the recorded reply.
struct Scene {
  std::string org = "{}";
  std::string limits = "none";
  std::int64_t lag_ms = 0;
};

std::string user_json(const Json& user, std::string_view status) {
  Json profile = user["profile"].members().empty() ? Json::object() : user["profile"];
  if (!profile.has("login")) {
    profile.set("login", "someone@example.com").set("email", "someone@example.com");
    profile.set("firstName", "Some").set("lastName", "One");
  }
  Json out = Json::object();
  out.set("id", user["id"]).set("status", status).set("profile", std::move(profile));
  for (const char* name :
       {"created", "activated", "statusChanged", "lastLogin", "lastUpdated", "passwordChanged"}) {
    if (user.has(name)) out.set(name, user[name]);
  }
  out.set("password", user["credentials"].has("password"));
  if (user["credentials"].has("recovery_question")) out.set("recovery_question", "Why?");
  return out.dump();
}

std::string user_in(std::string_view id, std::string_view status) {
  return fmt::format(R"({{"id":"{}","status":"{}","profile":{{"login":"u{}@example.com",)"
                     R"("email":"u@example.com","firstName":"U","lastName":"V"}}}})",
                     id, status, id);
}

std::string id_of(const Json& sample) {
  const auto parts = split_target(sample["path"].as_string()).segments;
  return parts.size() > 3 ? parts[3] : std::string();
}

std::string rule_in(std::string_view id, std::string_view status) {
  return fmt::format(
      R"json({{"groups":[{{"id":"00gkwubof7ro1ZIO31d7","name":"target"}}],"rules":[{{
      "id":"{}","name":"r","status":"{}","groups":["target"],
      "expression":"String.startsWith(user.firstName,\"andy\")"}}]}})json",
      id, status);
}

Scene group_scene(const Json& sample, int n) {
  Scene scene;
  const std::string id = id_of(sample);
  const std::string group = n == 37 || n == 44 ? "00gaaaaaaaaaaaaaaaaa" : id;
  const std::string user = "00u10ribsoVWUttmX5d7";
  if (n == 40) {
    scene.org = R"({"groups":[{"type":"BUILT_IN","name":"Everyone","description":"All"}]})";
  } else if (n == 46) {
    const Json& row = sample["response_body"].items()[0];
    scene.org =
        fmt::format(R"({{"users":[{}],"groups":[{{"id":"{}","name":"g","members":["{}"]}}]}})",
                    user_json(row, "STAGED"), id, row["id"].as_string());
  } else {
    scene.org = fmt::format(R"({{"users":[{}],"groups":[{{"id":"{}","name":"Working Group"}}]}})",
                            user_in(user, "ACTIVE"), group);
  }
  return scene;
}

Scene scene_of(const Json& sample, int n) {
  Scene scene;
  const Json& body = sample["response_body"];
  const std::string realm(body["realmId"].as_string(
      body.items().empty() ? "" : body.items()[0]["realmId"].as_string()));
  const std::string_view type = sample["request_body"]["type"]["id"].as_string();
  const std::string about = R"("org":{"realm_id":")" + realm + "\"" +
                            (type.empty() ? "" : fmt::format(R"(,"type_id":"{}")", type)) + "}";
  scene.org = "{" + about + "}";
  const auto with_user = [&](const std::string& user) {
    scene.org = "{" + about + R"(,"schema":{"custom":{"customAttribute123":{"type":"string"},)" +
                R"("array123":{"type":"array","items":{"type":"string"}},)" +
                R"("number123":{"type":"number"}}},"users":[)" + user + "]}";
  };
  static const std::map<int, std::string> state_before = {
      {20, "ACTIVE"}, {21, "STAGED"},   {22, "PROVISIONED"}, {23, "STAGED"}, {24, "ACTIVE"},
      {25, "STAGED"}, {26, "ACTIVE"},   {28, "ACTIVE"},      {29, "ACTIVE"}, {30, "DEPROVISIONED"},
      {31, "ACTIVE"}, {34, "RECOVERY"}, {35, "ACTIVE"}};
  if (const auto before = state_before.find(n); before != state_before.end()) {
    with_user(user_in(id_of(sample), before->second));
  } else if (n == 4) {
    scene.org = R"({"groups":[{"id":"00g10pnp6v3Brgwlx5d7","name":"g"}]})";
  } else if (n == 8 || n == 9 || n == 17 || n == 18 || n == 19 || n == 32) {
    with_user(user_json(body, body["status"].as_string()));
  } else if (n == 27) {
    with_user(user_json(body, "ACTIVE"));
  } else if (n >= 11 && n <= 15) {
    const Json& row = body.items()[0];
    with_user(user_json(row, row["status"].as_string()) + "," +
              user_json(Json(Json::Object{{"id", "00uzzzzzzzzzzzzzzzzz"},
                                          {"profile", Json(Json::Object{{"login", "z@example.com"},
                                                                        {"email", "z@example.com"},
                                                                        {"firstName", "TestAcc"},
                                                                        {"lastName", "Smith"}})}}),
                        n == 13 || n == 15 ? "STAGED" : "ACTIVE"));
  } else if (n >= 36 && n <= 46) {
    scene = group_scene(sample, n);
  } else if (n == 48 || n == 49) {
    const std::string target(
        sample["request_body"]["actions"]["assignUserToGroups"]["groupIds"].items()[0].as_string());
    scene.org = fmt::format(R"({{"groups":[{{"id":"{}","name":"target"}}]}})", target);
  } else if (n == 50 || n == 51 || n == 52) {
    const auto parts = split_target(sample["path"].as_string()).segments;
    scene.org = rule_in(parts[4], n == 51 ? "ACTIVE" : "INACTIVE");
  } else if (n == 72) {
    scene.org = R"({"schema":{"custom":{"testCustomAttribute":{"title":"t","description":"d",)"
                R"("type":"string","minLength":1,"maxLength":20},)"
                R"("customAttribute123":{"title":"t","type":"string"}}}})";
  } else if (n == 90) {
    with_user(R"({"profile":{"login":"ISAAC.BROCK@example.com","email":"i@x.org",)"
              R"("firstName":"I","lastName":"B"}})");
  }
  return scene;
}

std::string target_of(const Json& sample, int n) {
  std::string target(sample["path"].as_string());
  std::string query;
  for (const auto& [name, value] : sample["query"].members()) {
    std::string text(value.as_string());
    if (name == "after") continue;  // the recording's cursor names a row of another org
    if (n == 13 && name == "limit") text = "200";
    query += (query.empty() ? "?" : "&") + name + "=" + encode_query(text);
  }
  if (n >= 66 && n <= 68) target = "/api/v1/users/nobody";
  return target + query;
}

std::string body_of(const Json& sample, int n) {
  const Json& body = sample["request_body"];
  // What the recording's publisher hid is made up; sample 17 has no body at all.
  if (n == 17) return R"({"profile":{"nickName":"JD"}})";
  if (body.is_null()) return {};
  return replace_all(body.dump(), "REDACTED-PASSWORD", "Tr0ub4dor-and-3");
}

SimReply replay(const Json& sample, int n, Driver& driver) {
  const std::string method(sample["method"].as_string());
  const std::string target = target_of(sample, n);
  if (n == 16) {
    driver.make_user("john_3352527563@thewho.com", "?activate=true", false);
    driver.clock.advance(1500);
  }
  if (n == 66 || n == 67 || n == 68) {
    const int before = n == 66 ? 49 : 50;
    for (int i = 0; i < before; ++i) driver.send(method, target);
    if (n == 68) driver.clock.advance(62'000);
  }
  if (n == 49) {
    (void)driver.sim->faults().load(*parse_json(R"([{"match":{},"do":"status","status":423}])"));
  }
  if (n == 91) return driver.send(method, target, {}, 76);
  return driver.send(method, target, body_of(sample, n));
}

SimOptions options_of(int n) {
  SimOptions options = unlimited();
  if (n == 16) options.org.index_lag_ms = 1000;
  if (n == 49 || n == 2 || n < 66 || n > 68) options.limits = "workforce";
  if (n >= 66 && n <= 68) options.limits = "integrator";
  return options;
}

TEST(RecordedSamples, HaveTheSameStatusHeadersKeysAndTypes) {
  const std::vector<Sample> samples = read_samples();
  if (samples.empty()) GTEST_SKIP() << "no recorded samples at " << kFolder;
  int compared = 0, exceptions = 0, values = 0;
  for (const Sample& sample : samples) {
    const std::string number = sample.name.substr(0, 2);
    const int n = number_of(sample);
    if (played_by(n) != PlayedBy::samples_test) continue;
    SCOPED_TRACE(sample.name);
    Driver driver(options_of(n), scene_of(sample.json, n).org);
    const SimReply reply = replay(sample.json, n, driver);
    EXPECT_EQ(reply.status, sample.json["status"].as_int()) << reply.body;
    for (const std::string& difference : header_differences(sample.json, reply)) {
      ADD_FAILURE() << difference;
    }
    const auto accepted = kExceptions.find(number);
    Comparison comparison(accepted == kExceptions.end() ? Comparison::Exceptions{}
                                                        : accepted->second);
    Json ours = reply.body.empty() ? Json() : *parse_json(reply.body);
    if (n == 73) ours.at("definitions").erase("base");  // the extract left it out
    Json theirs = sample.json["response_body"];
    if (n == 73) theirs.at("definitions").erase("base");
    comparison.compare("", theirs, ours);
    for (const std::string& difference : comparison.differences) ADD_FAILURE() << difference;
    for (const std::string& at : comparison.idle_exceptions()) {
      ADD_FAILURE() << "exception without a difference: " << at;
    }
    if (theirs.has("errorCode")) {
      EXPECT_EQ(ours["errorCode"], theirs["errorCode"]);
      EXPECT_EQ(ours["errorCauses"], theirs["errorCauses"]);
      if (n != 66 && n != 68) {
        EXPECT_EQ(ours["errorSummary"], theirs["errorSummary"]);
      }
    }
    ++compared;
    values += comparison.values;
    if (const auto found = kExceptions.find(number); found != kExceptions.end()) {
      exceptions += static_cast<int>(found->second.size());
    }
  }
  fmt::print("samples compared {} of {}, values {}, exceptions listed {}\n", compared, kSamples,
             values, exceptions);
  EXPECT_EQ(compared, samples_of(PlayedBy::samples_test));
}

}  // namespace
}  // namespace rollcall::sim

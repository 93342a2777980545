// Mistakes: all at once, each with its place, and no code that nothing provokes.
#include <algorithm>
#include <set>

#include "service/base/text.h"
#include "tests/unit/config/written_config.h"

namespace rollcall {
namespace {

const std::string kHere = std::string(ROLLCALL_SOURCE_DIR) + "/tests/unit/config";

std::string golden_line(const ConfigProblem& problem) {
  std::string where = problem.error.where;
  if (where.starts_with(kHere)) where.erase(0, kHere.size() + 1);
  std::string out = where + " " + std::string(info(problem.error.code).id);
  if (!problem.path.empty()) out += " " + problem.path;
  out += "\n    " + problem.error.message + "\n";
  if (!problem.suggestion.empty()) out += "    -> " + problem.suggestion + "\n";
  return out;
}

TEST(Mistakes, AreFoundAllAtOnceWithTheirPlaces) {
  WrittenConfig config;
  const Result<Settings> settings = config.load(std::vector<std::string>{kHere + "/mistakes.yaml"});
  ASSERT_FALSE(settings);
  EXPECT_EQ(settings.error().code, ErrorCode::config_invalid);
  std::string found;
  for (const ConfigProblem& problem : config.problems) found += golden_line(problem);
  const std::string golden = kHere + "/mistakes.golden";
  if (std::getenv("ROLLCALL_ACCEPT") != nullptr) std::ofstream(golden, std::ios::binary) << found;
  EXPECT_EQ(found, text_of_file(golden)) << "ROLLCALL_ACCEPT=1 rewrites the file";
}

TEST(Mistakes, NeverRepeatASecretOrAnAddressOfAPerson) {
  WrittenConfig config;
  EXPECT_FALSE(config.load(std::vector<std::string>{kHere + "/mistakes.yaml"}));
  EXPECT_EQ(config.everything().find("topsecret"), std::string::npos);
  EXPECT_EQ(config.everything().find("a@acme.com"), std::string::npos);
  for (const std::string literal :
       {"topsecret", "[topsecret]", "{topsecret: x}", "{env: top secret}", "{env: [topsecret]}",
        "{value: topsecret}", "{env: A, file: topsecret}"}) {
    EXPECT_FALSE(config.load(replace_all(kHead, "{env: READ}", literal))) << literal;
    ASSERT_EQ(config.problems.size(), 1U) << config.everything();
    EXPECT_EQ(config.everything().find("topsecret"), std::string::npos) << config.everything();
    EXPECT_EQ(config.everything().find("top secret"), std::string::npos) << config.everything();
    EXPECT_EQ(config.problems[0].suggestion, "write {env: NAME} or {file: PATH}");
  }
  EXPECT_FALSE(config.load(replace_all(kHead, "https://", "https://me:topsecret@")));
  EXPECT_EQ(config.everything().find("topsecret"), std::string::npos);
}

TEST(Mistakes, ProvokeEveryCodeOfTheRoom) {
  std::set<std::string> provoked{"config.invalid"};
  WrittenConfig config;
  const auto note = [&](const Result<Settings>& settings) {
    ASSERT_FALSE(settings);
    EXPECT_EQ(info(settings.error().code).exit, 78);
    for (const ConfigProblem& p : config.problems) provoked.emplace(info(p.error.code).id);
  };
  note(config.load(std::vector<std::string>{kHere + "/mistakes.yaml"}));
  note(config.load(std::vector<std::string>{"/nowhere/rollcall.yaml"}));
  note(config.load("a: [1\n"));
  for (const ErrorInfo& code : all_error_codes()) {
    if (!code.id.starts_with("config.")) continue;
    EXPECT_TRUE(provoked.contains(std::string(code.id))) << code.id;
    EXPECT_EQ(code.exit, 78) << code.id;
  }
}

/// One line after kHead (line 8) or instead of a part of it, and what it gives.
struct Case {
  std::string text;
  std::vector<std::string> lines;
};

TEST(Mistakes, OfOneKindAreOneProblemEach) {
  const std::vector<Case> cases{
      {"",
       {"rollcall.yaml:1:1 config.missing_key environment",
        "rollcall.yaml:1:1 config.missing_key okta", "rollcall.yaml:1:1 config.missing_key sources",
        "rollcall.yaml:1:1 config.missing_key version"}},
      {"- a\n", {"rollcall.yaml:1:1 config.wrong_type "}},
      {"a: 1\n\tb: 2\n", {"rollcall.yaml:2:1 config.syntax "}},
      {kHead + "run: &x {}\n", {"rollcall.yaml:8:6 config.syntax "}},
      {kHead + "okta: {}\n", {"rollcall.yaml:8:1 config.duplicate_key "}},
      {kHead + "oauth: 1\n", {"rollcall.yaml:8:1 config.unknown_key oauth"}},
      {kHead + "run: {time_zone: }\n", {"rollcall.yaml:8:7 config.wrong_type run.time_zone"}},
      {kHead + "journal: {postgres: {env: A}}\n",
       {"rollcall.yaml:8:1 config.missing_key journal.key"}},
      {replace_all(kHead, "{read: {api_token: {env: READ}}}", "{}"),
       {"rollcall.yaml:5:3 config.missing_key okta.auth"}},
      {replace_all(kHead, "{api_token: {env: READ}}", "{}"),
       {"rollcall.yaml:5:10 config.missing_key okta.auth.read"}},
      {replace_all(kHead, "{env: READ}}",
                   "{env: READ}, oauth: {client_id: c, private_key: {env: K}}}"),
       {"rollcall.yaml:5:41 config.contradiction okta.auth.read.oauth"}},
      {replace_all(kHead, "api_token: {env: READ}", "oauth: {client_id: c}"),
       {"rollcall.yaml:5:17 config.missing_key okta.auth.read.oauth.private_key"}},
      {replace_all(kHead, "api_token: {env: READ}",
                   "oauth: {client_id: c, private_key: {env: K}, second_key_id: x}"),
       {"rollcall.yaml:5:62 config.missing_key okta.auth.read.oauth.second_key_id"}},
      {replace_all(kHead, "okta.com", "okta.com/"),
       {"rollcall.yaml:4:13 config.bad_value okta.base_url"}},
      {replace_all(kHead, "okta.com", "okta.com:0"),
       {"rollcall.yaml:4:13 config.bad_value okta.base_url"}},
      {replace_all(kHead, "https", "ftp"), {"rollcall.yaml:4:13 config.bad_value okta.base_url"}},
      {replace_all(kHead, "  - {name: hr, kind: file, path: hr.csv, key: id}", "  []"),
       {"rollcall.yaml:6:1 config.missing_key sources"}},
      {replace_all(kHead, "key: id}", "key: id}\n  - {name: hr, kind: file, path: b, key: id}"),
       {"rollcall.yaml:8:5 config.not_available sources[1]",
        "rollcall.yaml:8:6 config.duplicate_name sources[1].name"}},
      {replace_all(kHead, "key: id}", "key: id, columns: {a: X, b: X}}"),
       {"rollcall.yaml:7:67 config.contradiction sources[0].columns.b"}},
      {kHead + "users: {match: []}\n", {"rollcall.yaml:8:9 config.missing_key users.match"}},
      {kHead + "users: {terminated: []}\n",
       {"rollcall.yaml:8:9 config.missing_key users.terminated"}},
      {kHead + "users: {match: [{okta: user.a, hr: hr.a}, {okta: user.login, hr: hr.l}, "
               "{okta: user.b, hr: hr.b}, {okta: user.c, hr: hr.c}]}\n",
       {"rollcall.yaml:8:100 config.not_available users.match[3].okta"}},
      {kHead + "users: {absent: {then: terminated}}\n",
       {"rollcall.yaml:8:18 config.contradiction users.absent.then"}},
      {kHead + "guard: {limits: {creates: {percent: 101%}}}\n",
       {"rollcall.yaml:8:37 config.out_of_range guard.limits.creates.percent"}},
      {kHead + "run: {plan_valid: 99999999999999999d}\n",
       {"rollcall.yaml:8:19 config.bad_value run.plan_valid"}},
      {kHead + "run: {plan_valid: 59s}\n",
       {"rollcall.yaml:8:19 config.out_of_range run.plan_valid"}},
  };
  for (const Case& each : cases) {
    WrittenConfig config;
    EXPECT_FALSE(config.load(each.text)) << each.text;
    EXPECT_EQ(config.lines(), each.lines) << each.text << config.everything();
  }
}

TEST(Mistakes, InTheLadderAreContradictions) {
  const auto problems = [](const std::string& steps) {
    WrittenConfig config;
    (void)config.load(kHead + "users:\n  terminated:\n" + steps);
    return config.lines();
  };
  const auto at = [](const std::string& place) {
    return std::vector<std::string>{"rollcall.yaml:" + place};
  };
  EXPECT_EQ(problems("    - {after: 0d, do: [deactivate]}\n    - {after: 9d, do: [suspend]}\n"),
            at("11:19 config.contradiction users.terminated[1].do"));
  EXPECT_EQ(problems("    - {after: 0d, do: [suspend]}\n    - {after: 9d, do: [suspend]}\n"),
            at("11:19 config.contradiction users.terminated[1].do"));
  EXPECT_EQ(problems("    - {after: 9d, do: [suspend]}\n    - {after: 9d, do: [deactivate]}\n"),
            at("11:8 config.contradiction users.terminated[1].after"));
  EXPECT_EQ(problems("    - {after: 0d, do: [clear_sessions, suspend]}\n"),
            at("10:19 config.contradiction users.terminated[0].do"));
  EXPECT_EQ(problems("    - {after: 0d, do: [suspend]}\n"
                     "    - {after: 9d, do: [remove_groups, deactivate]}\n"),
            at("11:19 config.contradiction users.terminated[1].do"));
  EXPECT_EQ(problems("    - {after: 0d, do: []}\n"),
            at("10:19 config.contradiction users.terminated[0].do"));
  EXPECT_TRUE(problems("    - {after: 0d, do: [suspend, clear_sessions, reset_factors]}\n"
                       "    - {after: 9d, do: [remove_groups]}\n"
                       "    - {after: 30d, do: [deactivate, clear_sessions]}\n")
                  .empty());
}

TEST(Mistakes, OfOmissionExplainTheChoicesWhereManageStands) {
  WrittenConfig config;
  EXPECT_FALSE(config.load(kHead + "users:\n  manage: [link, lifecycle]\n"));
  EXPECT_EQ(config.lines(),
            (std::vector<std::string>{"rollcall.yaml:9:3 config.missing_key users.absent",
                                      "rollcall.yaml:9:3 config.missing_key users.joiner",
                                      "rollcall.yaml:9:3 config.missing_key users.match",
                                      "rollcall.yaml:9:3 config.missing_key users.not_suspendable",
                                      "rollcall.yaml:9:3 config.missing_key users.profile",
                                      "rollcall.yaml:9:3 config.missing_key users.terminated"}));
  for (const ConfigProblem& problem : config.problems) EXPECT_FALSE(problem.suggestion.empty());
  for (const std::string choice :
       {"stage", "invite", "federated", "random_password", "quiet", "hold", "report"}) {
    EXPECT_NE(config.everything().find(choice), std::string::npos) << choice;
  }
  EXPECT_FALSE(config.load(kHead + "users: {manage: [attributes], profile: {title: hr.t}}\n"));
  EXPECT_EQ(config.lines(),
            std::vector<std::string>{"rollcall.yaml:8:31 config.missing_key users.profile.login"});
}

TEST(Mistakes, InKeysAreMetWithTheNearestKey) {
  WrittenConfig config;
  EXPECT_FALSE(config.load(kHead + "gaurd: {}\nrun: {max_minuts: 3}\n"));
  ASSERT_EQ(config.problems.size(), 2U);
  EXPECT_EQ(config.problems[0].suggestion, "did you mean 'guard'?");
  EXPECT_EQ(config.problems[1].suggestion, "did you mean 'max_minutes'?");
}

TEST(Mistakes, AboutFilesNameThem) {
  WrittenConfig config;
  EXPECT_FALSE(config.load(std::vector<std::string>{}));
  ASSERT_EQ(config.problems.size(), 1U);
  EXPECT_EQ(config.problems[0].error.code, ErrorCode::config_unreadable);
  const std::string latin = config.write("latin.yaml", "environment: caf\xe9\n");
  const std::string gone = config.folder() + "/gone.yaml";
  EXPECT_FALSE(config.load(std::vector<std::string>{gone, latin}));
  EXPECT_EQ(config.lines(), (std::vector<std::string>{"gone.yaml config.unreadable ",
                                                      "latin.yaml config.syntax "}));
}

}  // namespace
}  // namespace rollcall

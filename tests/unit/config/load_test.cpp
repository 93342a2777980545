// Loading: the contract's example, ours, defaults, overlays, the environment, secrets.
#include <algorithm>

#include "service/base/text.h"
#include "tests/unit/config/written_config.h"

namespace rollcall {
namespace {

const std::string kRoot = ROLLCALL_SOURCE_DIR;

/// The YAML block of the contract's section 4.
std::string contract_example() {
  const std::string contract = text_of_file(kRoot + "/CONTRACT.md");
  const std::size_t section = contract.find("## 4 Configuration");
  const std::size_t start = contract.find("```yaml\n", section) + 8;
  return contract.substr(start, contract.find("```", start) - start);
}

const ProfileMapping* mapping(const Settings& settings, std::string_view name) {
  for (const ProfileMapping& m : settings.users.profile) {
    if (settings.user_schema.at(m.attribute).name == name) return &m;
  }
  return nullptr;
}

TEST(LoadSettings, TakesTheContractsExampleWithoutApps) {
  WrittenConfig config;
  const std::string text =
      replace_all(contract_example(), "[link, attributes, groups, apps, lifecycle]",
                  "[link, attributes, groups, lifecycle]");
  const Result<Settings> settings = config.load(text);
  ASSERT_TRUE(settings) << config.everything();
  EXPECT_EQ(settings->environment, "production");
  EXPECT_EQ(settings->okta.base_url, "https://acme.okta.com");
  EXPECT_EQ(settings->okta.read->api_token.name, "OKTA_READ_TOKEN");
  EXPECT_EQ(settings->okta.write->api_token.name, "OKTA_WRITE_TOKEN");
  EXPECT_DOUBLE_EQ(settings->okta.capacity, 0.9);
  EXPECT_EQ(settings->journal.key.kind, SecretRef::Kind::file);
  EXPECT_EQ(settings->journal.key.name, "/run/secrets/journal.key");
  EXPECT_EQ(settings->run.plan_valid_ms, 4 * 3600 * 1000);
  EXPECT_EQ(settings->run.time_zone, "America/Chicago");
  ASSERT_EQ(settings->sources.size(), 1U);
  EXPECT_EQ(settings->sources[0].path, config.folder() + "/hr/employees.csv.gz");
  EXPECT_EQ(settings->sources[0].status_terminated, std::vector<std::string>{"Terminated"});
  EXPECT_EQ(settings->sources[0].certify.min_rows, 1000U);
  EXPECT_DOUBLE_EQ(settings->sources[0].certify.max_fill_drop_points, 20);
  const UserSettings& users = settings->users;
  EXPECT_TRUE(users.manage_link && users.manage_lifecycle && !users.manage_apps);
  EXPECT_EQ(users.match.size(), 2U);
  EXPECT_EQ(users.joiner, Credential::random_password);
  ASSERT_EQ(users.terminated.size(), 2U);
  EXPECT_EQ(users.terminated[1].after_days, 30);
  EXPECT_EQ(users.terminated[0].actions,
            (std::vector<LadderAction>{LadderAction::suspend, LadderAction::clear_sessions}));
  EXPECT_TRUE(*users.deactivate_not_suspendable);
  EXPECT_FALSE(users.absent->report_only);
  EXPECT_EQ(users.absent->after_reads, 2);
  EXPECT_FALSE(users.renames_apply);
  ASSERT_EQ(settings->groups.size(), 3U);
  EXPECT_TRUE(settings->groups[1].authoritative);
  EXPECT_TRUE(settings->groups[2].is_template);
  EXPECT_EQ(settings->groups[2].members.source(), "true");
  EXPECT_EQ(settings->guard.initial_load, 33000U);
  EXPECT_EQ(settings->guard.protected_logins, std::vector<std::string>{"breakglass@acme.com"});
  EXPECT_EQ(settings->report_html_dir, config.folder() + "/reports/");
}

TEST(LoadSettings, RefusesOnlyAppsInTheContractsExampleAsItStands) {
  WrittenConfig config;
  EXPECT_FALSE(config.load(contract_example()));
  ASSERT_EQ(config.problems.size(), 1U) << config.everything();
  EXPECT_EQ(config.problems[0].error.code, ErrorCode::config_not_available);
  EXPECT_EQ(config.problems[0].path, "users.manage");
}

TEST(LoadSettings, TakesOurOwnExamples) {
  WrittenConfig config;
  EXPECT_TRUE(config.load(std::vector<std::string>{kRoot + "/config/example.yaml"}))
      << config.everything();
  EXPECT_TRUE(config.load(std::vector<std::string>{kRoot + "/config/minimal.yaml"}))
      << config.everything();
}

TEST(LoadSettings, TakesAServiceAppInsteadOfAToken) {
  WrittenConfig config;
  std::string text = kHead;
  const std::string token = "{api_token: {env: READ}}";
  text.replace(text.find(token), token.size(),
               "{oauth: {client_id: 0oa1, private_key: {file: key.pem}}}, "
               "write: {oauth: {client_id: 0oa2, private_key: {env: K}, key_id: a, "
               "second_private_key: {env: L}, second_key_id: b, scopes: [x, y], dpop: false}}");
  const Result<Settings> settings = config.load(text);
  ASSERT_TRUE(settings) << config.everything();
  const OAuthSettings& read = *settings->okta.read->oauth;
  EXPECT_EQ(read.client_id, "0oa1");
  EXPECT_EQ(read.private_key.name, config.folder() + "/key.pem");
  EXPECT_TRUE(read.dpop);
  EXPECT_TRUE(read.scopes.empty() && read.second_private_key.empty());
  const OAuthSettings& write = *settings->okta.write->oauth;
  EXPECT_EQ(write.key_id + write.second_key_id, "ab");
  EXPECT_EQ(write.second_private_key.name, "L");
  EXPECT_EQ(write.scopes, (std::vector<std::string>{"x", "y"}));
  EXPECT_FALSE(write.dpop);
}

TEST(LoadSettings, FillsInTheDefaults) {
  WrittenConfig config;
  const Result<Settings> settings = config.load(kHead);
  ASSERT_TRUE(settings) << config.everything();
  EXPECT_EQ(settings->run.max_minutes, 60);
  EXPECT_EQ(settings->run.time_zone, "UTC");
  EXPECT_FALSE(settings->okta.write.has_value());
  EXPECT_TRUE(settings->journal.postgres.empty());
  const SourceSettings& source = settings->sources[0];
  EXPECT_EQ(source.format, "csv");
  EXPECT_TRUE(source.required);
  EXPECT_TRUE(source.delimiter.empty() && source.encoding.empty() && source.status_column.empty());
  EXPECT_EQ(source.certify.min_rows, 1U);
  EXPECT_DOUBLE_EQ(source.certify.max_drop_percent, 10);
  EXPECT_DOUBLE_EQ(source.certify.max_reshuffle_percent, 5);
  const UserSettings& users = settings->users;
  EXPECT_FALSE(users.manage_link || users.manage_attributes || users.manage_groups ||
               users.manage_lifecycle);
  EXPECT_EQ(users.joiner, Credential::none);
  EXPECT_FALSE(users.absent.has_value() || users.deactivate_not_suspendable.has_value());
}

TEST(LoadSettings, GivesTheGuardTheContractsTable) {
  WrittenConfig config;
  const Result<Settings> settings = config.load(kHead);
  ASSERT_TRUE(settings);
  struct Row {
    const char* key;
    std::optional<double> percent;
    std::optional<std::uint64_t> count;
    std::uint64_t floor;
  };
  const std::vector<Row> table{{"containments", 2, 100, 5},
                               {"absences", 1, 50, 3},
                               {"returns", 2, 100, 5},
                               {"releases", 2, 100, 5},
                               {"deletes", std::nullopt, 0, 0},
                               {"creates", 5, 1000, 20},
                               {"attribute", 10, std::nullopt, 20},
                               {"logins", 1, 25, 5},
                               {"group_members", 30, std::nullopt, 10},
                               {"removals", 5, 1000, 50},
                               {"mails", std::nullopt, 0, 0}};
  EXPECT_EQ(settings->guard.limits.size(), table.size());
  for (const Row& row : table) {
    const GuardLimit& limit = settings->guard.limits.at(row.key);
    EXPECT_EQ(limit.percent, row.percent) << row.key;
    EXPECT_EQ(limit.count, row.count) << row.key;
    EXPECT_EQ(limit.floor, row.floor) << row.key;
  }
}

TEST(LoadSettings, LetsAStatedLimitReplaceOnlyWhatItNames) {
  WrittenConfig config;
  const Result<Settings> settings =
      config.load(kHead + "guard: {limits: {containments: {percent: 0.5%, count: 2000}}}\n");
  ASSERT_TRUE(settings) << config.everything();
  const GuardLimit& limit = settings->guard.limits.at("containments");
  EXPECT_EQ(limit.percent, 0.5);
  EXPECT_EQ(limit.count, 2000U);
  EXPECT_EQ(limit.floor, 5U);
}

TEST(LoadSettings, LeavesMailsUnlimitedOnlyForInvitedJoiners) {
  WrittenConfig config;
  const Result<Settings> invite = config.load(kHead + "users: {joiner: {credential: invite}}\n");
  ASSERT_TRUE(invite);
  EXPECT_FALSE(invite->guard.limits.at("mails").count.has_value());
  const Result<Settings> stated = config.load(
      kHead + "users: {joiner: {credential: invite}}\nguard: {limits: {mails: {count: 7}}}\n");
  ASSERT_TRUE(stated);
  EXPECT_EQ(stated->guard.limits.at("mails").count, 7U);
}

TEST(LoadSettings, KeepsScalarsAsTheyAreWritten) {
  WrittenConfig config;
  const Result<Settings> settings = config.load(
      replace_all(kHead, "key: id}", "key: id, status: {column: s, active: [012, 1e3, yes, ~x]}}"));
  ASSERT_TRUE(settings) << config.everything();
  EXPECT_EQ(settings->sources[0].status_active,
            (std::vector<std::string>{"012", "1e3", "yes", "~x"}));
}

TEST(LoadSettings, ReadsEveryDurationUnit) {
  WrittenConfig config;
  const std::vector<std::pair<std::string, std::int64_t>> cases{
      {"90s", 90'000}, {"15m", 900'000}, {"4h", 14'400'000}, {"30d", 2'592'000'000}};
  for (const auto& [text, milliseconds] : cases) {
    std::string written = kHead;
    written.append("run: {plan_valid: ").append(text).append("}\n");
    const Result<Settings> settings = config.load(written);
    ASSERT_TRUE(settings) << text;
    EXPECT_EQ(settings->run.plan_valid_ms, milliseconds) << text;
  }
}

TEST(LoadSettings, CallsColumnsByTheirNamesInExpressions) {
  WrittenConfig config;
  const Result<Settings> settings = config.load(replace_all(
      kHead, "key: id}",
      "key: 'Emp No', hire_date: hired, columns: {worker: 'Emp No', hired: 'Hire Date'}}"));
  ASSERT_TRUE(settings) << config.everything();
  EXPECT_EQ(settings->sources[0].key, "worker");
  EXPECT_EQ(settings->sources[0].hire_date, "hired");
  EXPECT_EQ(settings->sources[0].columns.at("hired"), "Hire Date");
  EXPECT_TRUE(settings->hr_schema.find("worker").has_value());
  EXPECT_TRUE(settings->hr_schema.find("hired").has_value());
}

TEST(LoadSettings, ReadsATabAsDelimiterInEitherSpelling) {
  WrittenConfig config;
  for (const std::string spelling : {"tab", "\"\\t\""}) {
    const Result<Settings> settings =
        config.load(replace_all(kHead, "key: id}", "key: id, delimiter: " + spelling + "}"));
    ASSERT_TRUE(settings) << config.everything();
    EXPECT_EQ(settings->sources[0].delimiter, "\t");
  }
}

TEST(LoadSettings, NormalisesTheAddressOfTheOrg) {
  WrittenConfig config;
  const std::vector<std::pair<std::string, std::string>> cases{
      {"https://ACME.okta.com", "https://acme.okta.com"},
      {"https://localhost:8443", "https://localhost:8443"},
      {"https://acme.okta.com:443", "https://acme.okta.com"},
      {"https://127.0.0.1:9", "https://127.0.0.1:9"},
      {"https://[::1]:8443", "https://[::1]:8443"}};
  for (const auto& [written, kept] : cases) {
    const Result<Settings> settings =
        config.load(replace_all(kHead, "https://acme.okta.com", written));
    ASSERT_TRUE(settings) << written << config.everything();
    EXPECT_EQ(settings->okta.base_url, kept);
  }
}

TEST(Overlay, MergesMapsAndReplacesListsAndReferences) {
  WrittenConfig config;
  const std::string base =
      config.write("base.yaml", kHead +
                                    "run: {max_minutes: 10, time_zone: Europe/Paris}\n"
                                    "guard: {protected: {groups: [a, b]}}\n"
                                    "users: {profile: {title: {initial: hr.title}}}\n");
  const std::string over = config.write("deep/over.yaml",
                                        "environment: dry-run\n"
                                        "okta: {auth: {read: {api_token: {file: token}}}}\n"
                                        "run: {max_minutes: 20}\n"
                                        "guard: {protected: {groups: [c]}}\n"
                                        "users: {profile: {title: {fallback: hr.title}}}\n"
                                        "report: {html: out}\n");
  const Result<Settings> settings = config.load(std::vector<std::string>{base, over});
  ASSERT_TRUE(settings) << config.everything();
  EXPECT_EQ(settings->environment, "dry-run");
  EXPECT_EQ(settings->run.max_minutes, 20);
  EXPECT_EQ(settings->run.time_zone, "Europe/Paris");
  EXPECT_EQ(settings->guard.protected_groups, std::vector<std::string>{"c"});
  EXPECT_EQ(settings->okta.read->api_token.name, config.folder() + "/deep/token");
  EXPECT_EQ(settings->sources[0].path, config.folder() + "/hr.csv");
  EXPECT_EQ(settings->report_html_dir, config.folder() + "/deep/out");
  EXPECT_EQ(mapping(*settings, "title")->mode, AttrMode::fallback);
}

TEST(Overlay, PlacesEachProblemInTheFileItComesFrom) {
  WrittenConfig config;
  const std::string base = config.write("base.yaml", kHead + "run: {max_minutes: 0}\n");
  const std::string over = config.write("over.yaml", "run:\n  time_zone: Mars/Base\n  bugdet: 1\n");
  EXPECT_FALSE(config.load(std::vector<std::string>{base, over}));
  EXPECT_EQ(config.lines(), (std::vector<std::string>{
                                "base.yaml:8:20 config.out_of_range run.max_minutes",
                                "over.yaml:2:14 config.bad_value run.time_zone",
                                "over.yaml:3:3 config.unknown_key run.bugdet",
                            }));
}

TEST(Overlay, DoesNotJudgeAValueThatIsReplaced) {
  WrittenConfig config;
  const std::string base = config.write("base.yaml", kHead + "run: {max_minutes: 0}\n");
  const std::string over = config.write("over.yaml", "run: {max_minutes: 5}\n");
  EXPECT_TRUE(config.load(std::vector<std::string>{base, over})) << config.everything();
}

TEST(Environment, BeatsTheFiles) {
  WrittenConfig config;
  config.environment = {{"ROLLCALL_RUN_MAX_MINUTES", "30"},
                        {"ROLLCALL_OKTA_BASE_URL", "https://other.okta.com"},
                        {"ROLLCALL_OKTA_CAPACITY", ""},
                        {"ROLLCALL_VERSION", "0.1.0"},
                        {"ROLLCALL_DATABASE_URL", "unrelated"}};
  const Result<Settings> settings = config.load(kHead + "run: {max_minutes: 10}\n");
  ASSERT_TRUE(settings) << config.everything();
  EXPECT_EQ(settings->run.max_minutes, 30);
  EXPECT_EQ(settings->okta.base_url, "https://other.okta.com");
  EXPECT_DOUBLE_EQ(settings->okta.capacity, 0.9);
}

TEST(Environment, IsThePlaceOfItsOwnMistakes) {
  WrittenConfig config;
  config.environment = {{"ROLLCALL_RUN_MAX_MINUTES", "many"}};
  EXPECT_FALSE(config.load(kHead));
  EXPECT_EQ(config.lines(),
            std::vector<std::string>{"environment:ROLLCALL_RUN_MAX_MINUTES config.bad_value "
                                     "run.max_minutes"});
}

TEST(Secrets, AreReadFromEnvironmentAndFile) {
  WrittenConfig config;
  ::setenv("ROLLCALL_TEST_SECRET", "from the environment", 1);
  Result<Secret> secret = resolve({SecretRef::Kind::env, "ROLLCALL_TEST_SECRET"});
  ASSERT_TRUE(secret);
  EXPECT_EQ(secret->reveal(), "from the environment");
  for (const std::string content : {"a token", "a token\n", "a token\r\n"}) {
    secret = resolve({SecretRef::Kind::file, config.write("token", content)});
    ASSERT_TRUE(secret);
    EXPECT_EQ(secret->reveal(), "a token");
  }
}

TEST(Secrets, AreReadAnewEachTime) {
  WrittenConfig config;
  const SecretRef ref{SecretRef::Kind::file, config.write("token", "old")};
  EXPECT_EQ(resolve(ref)->reveal(), "old");
  config.write("token", "new");
  EXPECT_EQ(resolve(ref)->reveal(), "new");
}

TEST(Secrets, ThatAreMissingOrEmptyAreNamedByTheirReference) {
  WrittenConfig config;
  ::unsetenv("ROLLCALL_TEST_NOT_SET");
  const std::vector<std::pair<SecretRef, std::string>> cases{
      {{}, ""},
      {{SecretRef::Kind::env, "ROLLCALL_TEST_NOT_SET"}, "env:ROLLCALL_TEST_NOT_SET"},
      {{SecretRef::Kind::env, "s3cretT0kenValue"},
       "env: a name with other signs than A-Z, 0-9 and _, "
       "not shown"},
      {{SecretRef::Kind::file, "/nowhere/token"}, "file:/nowhere/token"}};
  for (const auto& [ref, where] : cases) {
    const Result<Secret> secret = resolve(ref);
    ASSERT_FALSE(secret);
    EXPECT_EQ(secret.error().code, ErrorCode::secret_unavailable);
    EXPECT_EQ(secret.error().where, where);
  }
  EXPECT_FALSE(resolve({SecretRef::Kind::file, config.write("empty", "\n")}));
}

}  // namespace
}  // namespace rollcall

// The table of Okta's operations against Okta's own list, against the bucket table and against what
// the simulator's coverage says; and what a request may be made of.
#include "connectors/okta/endpoints.h"

#include <fmt/core.h>
#include <gtest/gtest.h>

#include <cctype>
#include <filesystem>
#include <map>
#include <set>

#include "connectors/okta/bucket_table.h"
#include "service/base/file.h"
#include "service/base/text.h"

namespace rollcall {
namespace {

const std::string kSource = ROLLCALL_SOURCE_DIR;

/// Rows of a tab-separated file by "METHOD path"; empty if it is not at hand.
std::map<std::string, std::vector<std::string>> rows_of(const std::string& path) {
  std::map<std::string, std::vector<std::string>> rows;
  const auto text = read_file(path);
  if (!text) return rows;
  for (const std::string_view line : split(*text, '\n')) {
    const auto cells = split(line, '\t');
    if (cells.size() < 5 || cells[0] == "method") continue;
    rows[fmt::format("{} {}", cells[0], cells[1])] = {cells.begin(), cells.end()};
  }
  return rows;
}

/// What the product's sources say after `Endpoint::`, but for the table itself.
std::set<std::string> operations_named() {
  constexpr std::string_view kMark = "Endpoint::";
  std::set<std::string> names;
  for (const char* room : {"/service", "/connectors"}) {
    for (const auto& entry : std::filesystem::recursive_directory_iterator(kSource + room)) {
      const std::string path = entry.path().string();
      if (!path.ends_with(".cpp") || path.ends_with("/endpoints.cpp")) continue;
      const auto text = read_file(path);
      if (!text) continue;
      for (std::size_t at = text->find(kMark); at != std::string::npos;
           at = text->find(kMark, at + 1)) {
        std::size_t end = at + kMark.size();
        while (std::isalnum(static_cast<unsigned char>((*text)[end])) || (*text)[end] == '_') ++end;
        names.insert(text->substr(at + kMark.size(), end - at - kMark.size()));
      }
    }
  }
  return names;
}

std::string line_of(const EndpointRow& row) { return fmt::format("{} {}", row.method, row.path); }

std::string target(const OktaRequest& request) {
  const auto built = request.build();
  return built ? built->method + " " + built->target : std::string(info(built.error().code).id);
}

TEST(Endpoints, AreOktasOwnOperationsWithTheirScopesAndState) {
  const auto official = rows_of(kSource + "/../shared/okta/endpoints.tsv");
  if (official.empty()) GTEST_SKIP() << "Okta's list of operations is not at hand";
  for (const EndpointRow& row : all_endpoints()) {
    SCOPED_TRACE(line_of(row));
    // Not in the extract of Okta's reference: roles of apps, permissions of custom roles.
    if (row.source.rfind("RoleAssignmentClient.", 0) == 0) continue;
    if (row.source.rfind("RoleECustomPermission.", 0) == 0) continue;
    const auto found = official.find(line_of(row));
    ASSERT_NE(found, official.end());
    const std::vector<std::string>& cells = found->second;
    const bool none = cells[3] == "-" || cells[3].front() == '(';
    EXPECT_EQ(row.scopes, none ? "" : cells[3].substr(0, cells[3].find(" (")));
    EXPECT_EQ(row.lifecycle == EndpointLifecycle::deprecated, cells[5].rfind("deprecated", 0) == 0);
    EXPECT_TRUE(row.lifecycle == EndpointLifecycle::deprecated || cells[5].rfind("GA", 0) == 0);
    const std::string operation = cells[2].substr(0, cells[2].find(' '));
    const std::string_view named = row.source.substr(row.source.find('.') + 1);
    EXPECT_EQ(named, operation.substr(operation.find('.') + 1));
  }
}

TEST(Endpoints, StandOnceAndDrawOnTheBucketThatTheyName) {
  const auto table = BucketTable::embedded();
  ASSERT_TRUE(table);
  std::set<std::string> seen;
  for (const EndpointRow& row : all_endpoints()) {
    EXPECT_TRUE(seen.insert(line_of(row)).second) << line_of(row) << " twice";
    EXPECT_EQ(table->find(row.method, row.path).name, row.bucket) << line_of(row);
  }
}

TEST(Endpoints, AreWhatTheSimulatorsCoverageSaysOfTheClient) {
  // The coverage lists whole subjects of Okta's reference; these are not among them.
  const std::set<std::string> elsewhere = {"RoleAssignmentAUser",
                                           "RoleAssignmentBGroup",
                                           "RoleAssignmentClient",
                                           "RoleECustomPermission",
                                           "OrgSettingGeneral",
                                           "OrgSettingMetadata",
                                           "ApiToken",
                                           "PrincipalRateLimit",
                                           "RateLimitSettings",
                                           "Schema",
                                           "OrgAS"};
  const auto coverage = rows_of(kSource + "/tests/sim/coverage.tsv");
  ASSERT_GT(coverage.size(), 150U);
  std::set<std::string> ours;
  for (const EndpointRow& row : all_endpoints()) {
    ours.insert(line_of(row));
    const bool listed = coverage.count(line_of(row)) > 0;
    const std::string tag(row.source.substr(0, row.source.find('.')));
    EXPECT_TRUE(listed || elsewhere.count(tag) > 0) << line_of(row) << " is in neither";
  }
  for (const auto& [line, cells] : coverage) {
    EXPECT_EQ(cells[2] == "yes", ours.count(line) > 0) << line;
  }
}

TEST(Endpoints, AreInProductUseWhereTheCoverageSaysSo) {
  const auto coverage = rows_of(kSource + "/tests/sim/coverage.tsv");
  const std::set<std::string> named = operations_named();
  ASSERT_GT(named.size(), 50U);
  for (const EndpointRow& row : all_endpoints()) {
    const auto listed = coverage.find(line_of(row));
    if (listed == coverage.end()) continue;
    EXPECT_EQ(listed->second[4] == "yes", named.count(std::string(row.name)) > 0) << line_of(row);
  }
}

TEST(OktaRequest, IsMadeOfItsRowAndEncodesWhatIsPutIn) {
  EXPECT_EQ(target(OktaRequest(Endpoint::get_user, {"ada+b@x.example"})),
            "GET /api/v1/users/ada%2Bb%40x.example");
  EXPECT_EQ(target(OktaRequest(Endpoint::list_users)
                       .query("search", "profile.login eq \"a\"")
                       .query("limit", "200")),
            "GET /api/v1/users?search=profile.login%20eq%20%22a%22&limit=200");
  EXPECT_EQ(target(OktaRequest(Endpoint::assign_user_to_group, {"00g1", "00u1"})),
            "PUT /api/v1/groups/00g1/users/00u1");
  const auto built = OktaRequest(Endpoint::create_group)
                         .body(Json::object().set("profile", Json::object()))
                         .build();
  ASSERT_TRUE(built);
  EXPECT_EQ(built->body, R"({"profile":{}})");
}

TEST(OktaRequest, CannotBeMadeOfAnythingElse) {
  EXPECT_EQ(target(OktaRequest(Endpoint::get_user)), "okta.request_malformed");
  EXPECT_EQ(target(OktaRequest(Endpoint::get_user, {"a", "b"})), "okta.request_malformed");
  EXPECT_EQ(target(OktaRequest(Endpoint::get_user, {"a"}).query("activate", "true")),
            "okta.request_malformed");
  EXPECT_EQ(target(OktaRequest(Endpoint::get_group, {"00g1"}).query("", "x")),
            "okta.request_malformed");
  EXPECT_EQ(target(OktaRequest(Endpoint::get_user, {""})), "okta.target_unknown");
  for (const char* login : {"a/b", "a?b", ".", ".."}) {
    EXPECT_EQ(target(OktaRequest(Endpoint::get_user, {login})), "okta.login_unaddressable");
  }
}

TEST(OktaRequest, FollowsALinkOnlyToItsOwnOperation) {
  OktaRequest groups(Endpoint::list_groups);
  groups.query("limit", "2");
  EXPECT_EQ(target(groups.continued("/api/v1/groups?after=x&limit=2")),
            "GET /api/v1/groups?after=x&limit=2");
  EXPECT_EQ(target(groups.continued("/api/v1/users?after=x")), "okta.foreign_link");
}

}  // namespace
}  // namespace rollcall

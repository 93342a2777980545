// coverage.tsv: which of Okta's operations the client asks for and the simulator answers, held
// against the list of all operations and against what the simulator really does.
#include <fmt/core.h>

#include <map>
#include <set>

#include "service/base/file.h"
#include "service/base/text.h"
#include "tests/sim/routes.h"
#include "tests/sim/sim_fixture.h"

namespace rollcall::sim {
namespace {

const std::string kCoverage = std::string(ROLLCALL_SOURCE_DIR) + "/tests/sim/coverage.tsv";
const std::string kAllOperations =
    std::string(ROLLCALL_SOURCE_DIR) + "/../shared/okta/endpoints.tsv";

struct CoverageRow {
  std::string method, path;
  bool in_client = false, in_simulator = false, in_use = false;
  std::string tested, reason;
};

std::vector<CoverageRow> coverage_rows() {
  std::vector<CoverageRow> rows;
  const auto text = read_file(kCoverage);
  if (!text) return rows;
  for (const std::string_view line : split(*text, '\n')) {
    const auto cells = split(line, '\t');
    if (cells.size() != 7 || cells[0] == "method") continue;
    rows.push_back({std::string(cells[0]), std::string(cells[1]), cells[2] == "yes",
                    cells[3] == "yes", cells[4] == "yes", std::string(cells[5]),
                    std::string(cells[6])});
  }
  return rows;
}

/// An org with one of everything, and the ids that paths name.
struct Furnished {
  std::map<std::string, std::string> ids;
  std::unique_ptr<Driver> driver = std::make_unique<Driver>();

  Furnished() {
    ids["{id}"] = ids["{userId}"] = ids["{userIdOrLogin}"] = ids["{primaryUserId}"] =
        driver->make_user("a@example.com");
    ids["{groupId}"] = driver->make_group("g");
    make("{appId}", "/api/v1/apps",
         R"({"name":"bookmark","label":"w","settings":{"app":{"url":"https://w"}}})");
    make("{groupRuleId}", "/api/v1/groups/rules",
         R"({"name":"r","conditions":{"expression":{"value":"user.city == \"Ulm\""}},)"
         R"("actions":{"assignUserToGroups":{"groupIds":["{groupId}"]}}})");
    make("{policyId}", "/api/v1/policies", R"({"type":"ACCESS_POLICY","name":"p"})");
    make("{ruleId}", "/api/v1/policies/{policyId}/rules", R"({"name":"r"})");
    make("{typeId}", "/api/v1/meta/types/user", R"({"name":"t","displayName":"T"})");
    make("{factorId}", "/api/v1/users/{userId}/factors",
         R"({"factorType":"sms","profile":{"phoneNumber":"+1"}})");
    make("{ownerId}", "/api/v1/groups/{groupId}/owners", R"({"id":"{userId}","type":"USER"})");
    make("", "/api/v1/apps/{appId}/users", R"({"id":"{userId}"})");
    make("", "/api/v1/meta/schemas/user/linkedObjects",
         R"({"primary":{"name":"boss","title":"b"},"associated":{"name":"aide","title":"a"}})");
    ids["{linkedObjectName}"] = ids["{relationshipName}"] = ids["{primaryRelationshipName}"] =
        "boss";
    driver->status("PUT", filled("/api/v1/apps/{appId}/groups/{groupId}"), "{}");
    driver->status("PUT", filled("/api/v1/apps/{appId}/policies/{policyId}"), "{}");
    driver->status("GET", filled("/api/v1/policies/{policyId}/mappings"));
    ids["{mappingId}"] = driver->ids().at(0);
    driver->status("PUT", filled("/api/v1/groups/{groupId}/users/{userId}"));
    const std::string credentials = R"({"username":"a@example.com","password":"Tr0ub4dor-and-3"})";
    driver->send("POST", "/api/v1/authn", credentials);
    make("{sessionId}", "/api/v1/sessions",
         R"({"sessionToken":")" + std::string(driver->json["sessionToken"].as_string()) + "\"}");
    driver->cookie = "sid=" + ids["{sessionId}"];
  }

  std::string filled(std::string text) const {
    for (const auto& [mark, id] : ids) text = replace_all(text, mark, id);
    return text;
  }
  void make(const std::string& mark, const std::string& target, const std::string& body) {
    const SimReply reply = driver->send("POST", filled(target), filled(body));
    EXPECT_LT(reply.status, 300) << target << ": " << reply.body;
    if (!mark.empty()) ids[mark] = std::string(driver->json["id"].as_string());
  }
};

TEST(Coverage, HasEveryOperationOfItsSubjectsAndNoOther) {
  const auto text = read_file(kAllOperations);
  if (!text) GTEST_SKIP() << "no list of operations at " << kAllOperations;
  static const std::set<std::string_view> subjects = {
      "Application", "Authentication", "Group",     "LinkedObject",
      "Policy",      "Session",        "SystemLog", "User"};
  std::set<std::string> wanted, listed;
  for (const std::string_view line : split(*text, '\n')) {
    const auto cells = split(line, '\t');
    if (cells.size() < 5 || cells[0] == "method") continue;
    const std::string_view tag = cells[4];
    for (const std::string_view subject : subjects) {
      if (tag.substr(0, subject.size()) != subject) continue;
      wanted.insert(fmt::format("{} {}", cells[0], cells[1]));
    }
  }
  for (const CoverageRow& row : coverage_rows()) {
    EXPECT_TRUE(listed.insert(row.method + " " + row.path).second) << row.path << " twice";
  }
  EXPECT_EQ(listed, wanted);
}

TEST(Coverage, SaysYesExactlyWhereTheSimulatorAnswers) {
  const std::vector<CoverageRow> rows = coverage_rows();
  ASSERT_GT(rows.size(), 150U);
  int served = 0;
  for (const CoverageRow& row : rows) {
    SCOPED_TRACE(row.method + " " + row.path);
    const Furnished org;  // anew each time: some operations end what others need
    const std::string target =
        org.filled(row.path) + (row.path == "/api/v1/policies" ? "?type=PASSWORD" : "");
    const SimReply reply = org.driver->send(row.method, target, row.method == "GET" ? "" : "{}");
    const std::string code = org.driver->error_code();
    const bool unknown =
        reply.status == 405 || code == "E0000008" || (reply.status == 404 && !row.in_simulator);
    EXPECT_EQ(row.in_simulator, !unknown) << reply.status << " " << reply.body;
    if (row.in_simulator) {
      EXPECT_NE(reply.status, 404) << reply.body;
      EXPECT_LT(reply.status, 500) << reply.body;
      ++served;
    }
  }
  fmt::print("operations listed {}, served {}\n", rows.size(), served);
}

TEST(Coverage, NamesATestForWhatIsServedAndAReasonForWhatIsNot) {
  for (const CoverageRow& row : coverage_rows()) {
    SCOPED_TRACE(row.method + " " + row.path);
    EXPECT_EQ(row.in_simulator, row.reason == "-");
    EXPECT_EQ(row.in_simulator, row.tested != "-");
    EXPECT_TRUE(!row.in_use || row.in_client) << "used, but not by the client";
    EXPECT_TRUE(!row.in_client || row.in_simulator) << "the client cannot be tested";
    if (row.tested == "-") continue;
    const std::string path = fmt::format("{}/tests/sim/{}.cpp", ROLLCALL_SOURCE_DIR, row.tested);
    EXPECT_TRUE(read_file(path)) << path;
  }
}

}  // namespace
}  // namespace rollcall::sim

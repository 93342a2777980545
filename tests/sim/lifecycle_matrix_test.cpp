// The table of lifecycle operations by status, row by row, wherever it states a result for sure.
#include <fmt/core.h>

#include <map>

#include "service/base/file.h"
#include "service/base/text.h"
#include "tests/sim/sim_fixture.h"

namespace rollcall::sim {
namespace {

const std::string kTable =
    std::string(ROLLCALL_SOURCE_DIR) + "/../shared/yardsticks/okta-lifecycle-matrix.tsv";

struct Request {
  std::string method, target, body;
};

/// How an operation of the table is asked for; {} stands for the user.
const std::map<std::string, Request> kRequests = {
    {"activate sendEmail=true", {"POST", "/api/v1/users/{}/lifecycle/activate?sendEmail=true", ""}},
    {"activate sendEmail=false",
     {"POST", "/api/v1/users/{}/lifecycle/activate?sendEmail=false", ""}},
    {"reactivate sendEmail=true",
     {"POST", "/api/v1/users/{}/lifecycle/reactivate?sendEmail=true", ""}},
    {"reactivate sendEmail=false",
     {"POST", "/api/v1/users/{}/lifecycle/reactivate?sendEmail=false", ""}},
    {"deactivate", {"POST", "/api/v1/users/{}/lifecycle/deactivate", ""}},
    {"suspend", {"POST", "/api/v1/users/{}/lifecycle/suspend", ""}},
    {"unsuspend", {"POST", "/api/v1/users/{}/lifecycle/unsuspend", ""}},
    {"unlock", {"POST", "/api/v1/users/{}/lifecycle/unlock", ""}},
    {"expire_password", {"POST", "/api/v1/users/{}/lifecycle/expire_password", ""}},
    {"expire_password_with_temp_password",
     {"POST", "/api/v1/users/{}/lifecycle/expire_password_with_temp_password", ""}},
    {"reset_password sendEmail=true",
     {"POST", "/api/v1/users/{}/lifecycle/reset_password?sendEmail=true", ""}},
    {"reset_password sendEmail=false",
     {"POST", "/api/v1/users/{}/lifecycle/reset_password?sendEmail=false", ""}},
    {"reset_factors", {"POST", "/api/v1/users/{}/lifecycle/reset_factors", ""}},
    {"delete", {"DELETE", "/api/v1/users/{}", ""}},
    {"clear sessions", {"DELETE", "/api/v1/users/{}/sessions", ""}},
    {"update profile (partial)", {"POST", "/api/v1/users/{}", R"({"profile":{"city":"Ulm"}})"}},
    {"replace profile",
     {"PUT", "/api/v1/users/{}",
      R"({"profile":{"login":"u@example.com","email":"u@example.com","firstName":"U","lastName":"W"}})"}},
    {"add to group", {"PUT", "/api/v1/groups/00ggggggggggggggggg1/users/{}", ""}},
    {"remove from group", {"DELETE", "/api/v1/groups/00ggggggggggggggggg1/users/{}", ""}},
    {"read", {"GET", "/api/v1/users/{}", ""}},
    {"create with the same login",
     {"POST", "/api/v1/users",
      R"({"profile":{"login":"U@Example.com","email":"u@example.com","firstName":"U","lastName":"V"}})"}},
};

const std::string kUser = "00uuuuuuuuuuuuuuuuu1";

Driver driver_with(std::string_view status) {
  if (status == "(no such user)") {
    return Driver(unlimited(), R"({"groups":[{"id":"00ggggggggggggggggg1","name":"g"}]})");
  }
  return Driver(unlimited(),
                fmt::format(R"({{"users":[{{"id":"{}","status":"{}","profile":{{"login":)"
                            R"("u@example.com","email":"u@example.com","firstName":"U",)"
                            R"("lastName":"V"}}}}],)"
                            R"("groups":[{{"id":"00ggggggggggggggggg1","name":"g"}}]}})",
                            kUser, status));
}

bool uncertain(std::string_view cell) { return cell.find('?') != std::string_view::npos; }

std::string expected_status(std::string_view before, std::string_view result) {
  const std::string word(result.substr(0, result.find_first_of(" ,:;")));
  if (word == "unchanged" || word == "existing") return std::string(before);
  return word;
}

TEST(LifecycleMatrix, EveryCertainRowHolds) {
  const auto text = read_file(kTable);
  if (!text) GTEST_SKIP() << "no lifecycle table at " << kTable;
  int held = 0, unsure = 0, other = 0;
  for (const std::string_view line : split(*text, '\n')) {
    if (line.empty() || line.front() == '#') continue;
    const auto cells = split(line, '\t');
    const auto found = kRequests.find(std::string(cells[0]));
    if (found == kRequests.end()) {
      ++other;
      continue;
    }
    if (uncertain(cells[3]) || uncertain(cells[5]) || cells[3] == "-") {
      ++unsure;
      continue;
    }
    SCOPED_TRACE(fmt::format("{} from {}", cells[0], cells[2]));
    Driver driver = driver_with(cells[2]);
    const Request& request = found->second;
    const SimReply reply =
        driver.send(request.method, replace_all(request.target, "{}", kUser), request.body);
    EXPECT_EQ(reply.status, std::stoi(std::string(cells[3]))) << reply.body;
    if (!cells[4].empty() && !uncertain(cells[4])) {
      EXPECT_EQ(driver.error_code(), cells[4]);
    }
    const bool links = cells[6].find("in the body") != std::string_view::npos;
    if (links) {
      EXPECT_TRUE(driver.json.members().size() >= 1) << reply.body;
    }
    const bool mailed =
        cells[6].find("mail") != std::string_view::npos && cells[6].substr(0, 4) != "none";
    if (reply.status == 200) {
      EXPECT_EQ(driver.sim->org().outbox.size(), mailed ? 1U : 0U);
    }
    if (cells[2] != "(no such user)") {
      EXPECT_EQ(driver.user_status(kUser), expected_status(cells[2], cells[5]));
    }
    ++held;
  }
  fmt::print("lifecycle rows that hold {}, not certain {}, of other subjects {}\n", held, unsure,
             other);
  EXPECT_GE(held, 120);
}

}  // namespace
}  // namespace rollcall::sim

// The table of lifecycle operations by status, cell by cell: what it states for sure is asserted,
// and where it is not sure what we do is written down here and held too.
#include <fmt/core.h>

#include <map>

#include "service/base/file.h"
#include "service/base/text.h"
#include "tests/sim/sim_fixture.h"

namespace rollcall::sim {
namespace {

const std::string kTable =
    std::string(ROLLCALL_SOURCE_DIR) + "/../shared/yardsticks/okta-lifecycle-matrix.tsv";
const std::string kUser = "00uuuuuuuuuuuuuuuuu1";
const std::string kKnownPassword = "Tr0ub4dor-and-3";

struct Request {
  std::string method, target, body;
};

Request lifecycle(std::string_view what) {
  return {"POST", fmt::format("/api/v1/users/{}/lifecycle/{}", kUser, what), ""};
}

/// How an operation of the table is asked for.
const std::map<std::string, Request>& requests() {
  static const std::string user = "/api/v1/users/" + kUser;
  static const std::string whole =
      R"({"profile":{"login":"u@example.com","email":"u@example.com","firstName":"U","lastName":"W"}})";
  static const std::map<std::string, Request> all = {
      {"activate sendEmail=true", lifecycle("activate?sendEmail=true")},
      {"activate sendEmail=false", lifecycle("activate?sendEmail=false")},
      {"reactivate sendEmail=true", lifecycle("reactivate?sendEmail=true")},
      {"reactivate sendEmail=false", lifecycle("reactivate?sendEmail=false")},
      {"deactivate", lifecycle("deactivate")},
      {"suspend", lifecycle("suspend")},
      {"unsuspend", lifecycle("unsuspend")},
      {"unlock", lifecycle("unlock")},
      {"expire_password", lifecycle("expire_password")},
      {"expire_password_with_temp_password", lifecycle("expire_password_with_temp_password")},
      {"reset_password sendEmail=true", lifecycle("reset_password?sendEmail=true")},
      {"reset_password sendEmail=false", lifecycle("reset_password?sendEmail=false")},
      {"reset_factors", lifecycle("reset_factors")},
      {"delete", {"DELETE", user, ""}},
      {"clear sessions", {"DELETE", user + "/sessions", ""}},
      {"update profile (partial)", {"POST", user, R"({"profile":{"city":"Ulm"}})"}},
      {"replace profile", {"PUT", user, whole}},
      {"add to group", {"PUT", "/api/v1/groups/00ggggggggggggggggg2/users/" + kUser, ""}},
      {"remove from group", {"DELETE", "/api/v1/groups/00ggggggggggggggggg1/users/" + kUser, ""}},
      {"assign app",
       {"POST", "/api/v1/apps/0oaaaaaaaaaaaaaaaaa3/users", R"({"id":")" + kUser + "\"}"}},
      {"unassign app", {"DELETE", "/api/v1/apps/0oaaaaaaaaaaaaaaaaa2/users/" + kUser, ""}},
      {"primary sign-in",
       {"POST", "/api/v1/authn",
        R"({"username":"u@example.com","password":")" + kKnownPassword + "\"}"}},
      {"read", {"GET", user, ""}},
      {"create with the same login",
       {"POST", "/api/v1/users",
        R"({"profile":{"login":"U@Example.com","email":"u@example.com","firstName":"U","lastName":"V"}})"}},
  };
  return all;
}

/// What we do where the table is not sure: operation, statuses, HTTP, code, status afterwards.
struct Reading {
  std::string operation, statuses;
  int http;
  std::string code, after;  // after: empty is unchanged
};
const std::vector<Reading>& readings() {
  static const std::string unable =
      "STAGED PROVISIONED RECOVERY LOCKED_OUT SUSPENDED DEPROVISIONED";
  static const std::vector<Reading> all = {
      // Code read off other clients; nothing is recorded.
      {"deactivate", "DEPROVISIONED", 404, "E0000007", ""},
      // Documentation (ACTIVE only) against links that recorded users carried: the former rules.
      {"suspend", "PROVISIONED PASSWORD_EXPIRED RECOVERY LOCKED_OUT", 400, "E0000001", ""},
      // Recorded users show the link only when they have a password to expire.
      {"expire_password", "PASSWORD_EXPIRED", 200, "", ""},
      {"expire_password", unable, 403, "E0000038", ""},
      {"expire_password_with_temp_password", "PASSWORD_EXPIRED", 200, "", ""},
      {"expire_password_with_temp_password", unable, 403, "E0000038", ""},
      {"reset_password sendEmail=true", "PROVISIONED RECOVERY LOCKED_OUT", 200, "", "RECOVERY"},
      {"reset_password sendEmail=true", "STAGED SUSPENDED DEPROVISIONED", 403, "E0000017", ""},
      {"reset_password sendEmail=false", "PROVISIONED RECOVERY LOCKED_OUT", 200, "", "RECOVERY"},
      {"reset_password sendEmail=false", "STAGED SUSPENDED DEPROVISIONED", 403, "E0000017", ""},
      {"reset_factors", "DEPROVISIONED", 200, "", ""},
      {"clear sessions", "DEPROVISIONED", 204, "", ""},
      {"add to group", "DEPROVISIONED", 204, "", ""},
      {"assign app", "STAGED PROVISIONED RECOVERY PASSWORD_EXPIRED LOCKED_OUT SUSPENDED", 200, "",
       ""},
      {"unassign app", "DEPROVISIONED", 404, "E0000007", ""},
      {"primary sign-in", "STAGED PROVISIONED RECOVERY SUSPENDED DEPROVISIONED", 401, "E0000004",
       ""},
  };
  return all;
}

const Reading* reading_of(std::string_view operation, std::string_view status) {
  for (const Reading& reading : readings()) {
    if (reading.operation != operation) continue;
    for (const std::string_view one : split(reading.statuses, ' ')) {
      if (one == status) return &reading;
    }
  }
  return nullptr;
}

/// One person with a group, an app through it, an app of its own, and a session.
Driver furnished(std::string_view status) {
  static const std::string app = R"("name":"bookmark","settings":{"app":{"url":"https://b"}})";
  const bool nobody = status == "(no such user)";
  // Without a password where the table says what then follows.
  const bool password = status != "STAGED" && status != "PROVISIONED" && status != "DEPROVISIONED";
  const std::string user =
      nobody ? ""
             : fmt::format(R"({{"id":"{}","status":"{}","password":{},"profile":{{"login":)"
                           R"("u@example.com","email":"u@example.com","firstName":"U",)"
                           R"("lastName":"V"}}}})",
                           kUser, status, password ? "\"" + kKnownPassword + "\"" : "false");
  const std::string who = nobody ? "" : "\"" + kUser + "\"";
  const std::string whose = status == "DEPROVISIONED" ? "" : who;  // deactivation took its apps
  Driver driver(
      unlimited(),
      fmt::format(
          R"({{"users":[{}],"groups":[{{"id":"00ggggggggggggggggg1","name":"g","members":[{}]}},)"
          R"({{"id":"00ggggggggggggggggg2","name":"h"}}],"apps":[)"
          R"({{"id":"0oaaaaaaaaaaaaaaaaa1","label":"a",{},"groups":["g"]}},)"
          R"({{"id":"0oaaaaaaaaaaaaaaaaa2","label":"b",{},"users":[{}]}},)"
          R"({{"id":"0oaaaaaaaaaaaaaaaaa3","label":"c",{}}}]}})",
          user, who, app, app, whose, app));
  if (nobody) return driver;
  Session session;
  session.id = "102session";
  session.user = *driver.sim->org().directory.user_by_id(kUser);
  session.created = driver.clock.wall();
  session.expires = driver.clock.wall() + 3'600'000;
  driver.sim->org().sign_ins.sessions.emplace(session.id, session);
  return driver;
}

struct Effects {
  std::size_t apps = 0, groups = 0, sessions = 0, mails = 0;
};

Effects effects_on(Driver& driver) {
  Effects now;
  Org& org = driver.sim->org();
  now.mails = org.outbox.size();
  const auto user = org.directory.user_by_id(kUser);
  if (!user) return now;
  for (const OrgApp& app : org.apps) now.apps += app.user(*user) != nullptr ? 1 : 0;
  for (GroupIndex i = 0; i < org.directory.group_slots(); ++i) {
    now.groups += org.directory.member(i, *user) != nullptr ? 1 : 0;
  }
  for (const auto& [id, session] : org.sign_ins.sessions)
    now.sessions += session.user == *user ? 1 : 0;
  return now;
}

bool uncertain(std::string_view cell) { return cell.find('?') != std::string_view::npos; }

bool begins(std::string_view cell, std::string_view word) {
  return cell.substr(0, word.size()) == word;
}

bool stays(std::string_view cell) {
  return !uncertain(cell) && (begins(cell, "kept") || begins(cell, "unchanged"));
}

/// The columns about mail, apps, groups and sessions; gives how many of them said something.
int expect_effects(const std::vector<std::string_view>& cells, const Effects& before,
                   const Effects& after, const SimReply& reply) {
  int said = 0;
  const auto same = [&](std::string_view cell, std::size_t was, std::size_t is, const char* what) {
    if (!stays(cell)) return;
    EXPECT_EQ(was, is) << what << ": " << cell;
    ++said;
  };
  same(cells[7], before.apps, after.apps, "app assignments");
  same(cells[8], before.groups, after.groups, "group memberships");
  same(cells[9], before.sessions, after.sessions, "sessions");
  if (begins(cells[7], "all removed")) {
    EXPECT_EQ(after.apps, 0U);
    ++said;
  }
  if (begins(cells[9], "identity-provider sessions ended")) {
    EXPECT_EQ(after.sessions, 0U);
    ++said;
  }
  if (!uncertain(cells[6]) && cells[6] != "-" && !begins(cells[6], "by app")) {
    const bool mailed =
        cells[6].find("mail") != std::string_view::npos && !begins(cells[6], "none");
    EXPECT_EQ(after.mails, before.mails + (mailed && reply.status < 300 ? 1U : 0U)) << cells[6];
    ++said;
  }
  return said;
}

std::string status_after(std::string_view before, std::string_view result) {
  std::string word(result.substr(0, result.find_first_of(" ,:;")));
  if (word == "unchanged" || word == "existing" || word == "-") return std::string(before);
  return word;
}

void expect_reply(const std::vector<std::string_view>& cells, const Reading* reading,
                  const SimReply& reply, const std::string& code) {
  if (reading != nullptr) {
    EXPECT_EQ(reply.status, reading->http) << reply.body;
    EXPECT_EQ(code, reading->code);
    return;
  }
  const std::string_view http = cells[3];
  EXPECT_NE(http.find(fmt::format("{}", reply.status)), std::string_view::npos)
      << reply.status << " instead of " << http << ": " << reply.body;
  if (!cells[4].empty() && cells[4] != "-" && !uncertain(cells[4])) {
    EXPECT_EQ(code, cells[4]);
  }
  if (cells[6].find("in the body") != std::string_view::npos) {
    EXPECT_NE(reply.body.find("Url\":"), std::string::npos) << reply.body;
  }
}

struct Tally {
  int certain = 0, ours = 0, clients = 0, effects = 0;
};

void play_cell(const std::vector<std::string_view>& cells, Tally& tally) {
  const auto found = requests().find(std::string(cells[0]));
  ASSERT_NE(found, requests().end()) << "an operation that is not played";
  Driver driver = furnished(cells[2]);
  const Effects before = effects_on(driver);
  const SimReply reply =
      driver.send(found->second.method, found->second.target, found->second.body);
  const std::string code = driver.error_code();
  const bool unsure = uncertain(cells[3]) || uncertain(cells[5]);
  const Reading* reading = unsure ? reading_of(cells[0], cells[2]) : nullptr;
  ASSERT_TRUE(!unsure || reading != nullptr)
      << "not sure, and our reading is not written down: " << reply.status << " " << reply.body;
  expect_reply(cells, reading, reply, code);
  tally.effects += expect_effects(cells, before, effects_on(driver), reply);
  ++(unsure ? tally.ours : tally.certain);
  if (cells[2] == "(no such user)") return;
  std::string after = status_after(cells[2], cells[5]);
  if (reading != nullptr) after = reading->after.empty() ? std::string(cells[2]) : reading->after;
  EXPECT_EQ(driver.user_status(kUser), after);
}

TEST(LifecycleMatrix, EveryCellHolds) {
  const auto text = read_file(kTable);
  if (!text) GTEST_SKIP() << "no lifecycle table at " << kTable;
  Tally tally;
  for (const std::string_view line : split(*text, '\n')) {
    if (line.empty() || line.front() == '#') continue;
    const auto cells = split(line, '\t');
    ASSERT_GE(cells.size(), 10U) << line;
    if (begins(cells[0], "client ")) {
      ++tally.clients;  // which calls another client makes: no answer of a server
      continue;
    }
    SCOPED_TRACE(fmt::format("{} from {}", cells[0], cells[2]));
    play_cell(cells, tally);
  }
  const int served = tally.certain + tally.ours;
  fmt::print(
      "lifecycle cells {}: played {} ({} as the table has them, {} by our reading), {} of another "
      "client's choices; effects on mail, apps, groups, sessions compared {}\n",
      served + tally.clients, served, tally.certain, tally.ours, tally.clients, tally.effects);
  EXPECT_EQ(served, static_cast<int>(requests().size()) * 9) << "each operation, nine states";
  EXPECT_GT(tally.effects, 400);
}

}  // namespace
}  // namespace rollcall::sim

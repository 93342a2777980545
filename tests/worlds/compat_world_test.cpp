// Replies as a later version of Okta may send them (properties in another order, unknown ones,
// nulls written or left out, query parameters of links in another order) change nothing: the same
// plan, the same requests, the same results. 1,000 seeds.
#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <iostream>
#include <random>

#include "service/app/planning.h"
#include "service/base/file.h"
#include "service/base/text.h"
#include "service/config/settings.h"
#include "service/execute/coordinator.h"
#include "service/journal/memory_journal.h"
#include "tests/sim/compat.h"
#include "tests/worlds/sim_directory.h"

namespace rollcall::worlds {
namespace {

constexpr unsigned kCompanies = 250;  // of each of the four parts

constexpr const char* kRules = R"(version: 1
environment: test
okta:
  base_url: https://example.okta.com
  auth: {write: {api_token: {env: T}}}
journal: {postgres: {env: D}, key: {env: K}}
run: {time_zone: UTC}
sources:
  - name: hr
    kind: file
    format: csv
    path: hr.csv
    key: id
    status: {column: status, active: [Active], terminated: [Terminated], leave: [Leave]}
users:
  manage: [link, attributes, groups, lifecycle]
  match:
    - {okta: user.employeeNumber, hr: hr.id}
    - {okta: user.login, hr: hr.email}
  profile:
    login: {initial: 'hr.email'}
    email: {initial: 'hr.email'}
    firstName: 'hr.first'
    lastName: 'hr.last'
    employeeNumber: 'hr.id'
    department: 'hr.department'
    nickName: {fallback: 'hr.first'}
    badges: 'hr.badges'
  joiner: {credential: quiet}
  terminated:
    - {after: 0d, do: [suspend, clear_sessions]}
  not_suspendable: deactivate
  absent: {after_reads: 2, after_days: 1, then: terminated}
groups:
  - {name: all-staff, members: 'true'}
  - {name: part-time, members: 'hr.type == "P"', mode: authoritative}
  - {template: 'dept-${hr.department}'}
guard: {limits: {containments: {floor: 50}, group_members: {floor: 50}}}
)";

const Settings& rules() {
  static const Settings settings = [] {
    const std::string file = "/tmp/rollcall-compat-" + std::to_string(::getpid()) + ".yaml";
    EXPECT_TRUE(write_private_file(file, kRules));
    ConfigInputs inputs;
    inputs.files.push_back(file);
    std::vector<ConfigProblem> problems;
    auto loaded = load_settings(inputs, problems);
    for (const ConfigProblem& p : problems) {
      ADD_FAILURE() << p.error.where << " " << p.error.message;
    }
    std::remove(file.c_str());
    return loaded ? std::move(*loaded) : Settings{};
  }();
  return settings;
}

using Row = std::map<std::string, std::string>;

/// HR people in memory.
class People final : public HrSource {
 public:
  explicit People(std::vector<Row> rows) : rows_(std::move(rows)) {}
  Result<SourceSummary> extract(const Watermark&, RecordSink& sink, std::stop_token) override {
    const AttrSchema& schema = rules().hr_schema;
    Record record(schema.size());
    SourceSummary summary;
    summary.name = "hr";
    summary.kind = "file";
    summary.certified = true;
    for (const Row& row : rows_) {
      record.clear();
      for (std::size_t i = 0; i < schema.size(); ++i) {
        const auto id = static_cast<AttrId>(i);
        const auto found = row.find(schema.at(id).name);
        if (found == row.end() || found->second.empty()) {
          record.set_cleared(id);
        } else {
          record.set(id, found->second);
        }
      }
      ++summary.records;
      sink.record({record.view(), row.at("id"), summary.records, summary.records + 1});
    }
    return summary;
  }

 private:
  std::vector<Row> rows_;
};

/// A small org and two days of HR, made from a seed.
struct Company {
  std::string org;
  std::vector<Row> first_day, second_day;
};

Company made_company(unsigned seed) {
  std::mt19937 random(seed);
  const auto roll = [&](unsigned below) { return static_cast<unsigned>(random() % below); };
  static const std::vector<std::string> departments{"Sales", "Care", "Õ & Ä"};
  Company out;
  std::string users, members;
  const unsigned people = 3 + roll(4);
  for (unsigned i = 0; i < people; ++i) {
    const std::string id = "E" + std::to_string(100 + i);
    Row row{{"id", id},
            {"email", "p" + std::to_string(i) + "@x.example"},
            {"first", "Ada" + std::to_string(i)},
            {"last", roll(4) == 0 ? "O\"Neil \\ sons" : "Byron"},
            {"department", departments[roll(3)]},
            {"type", roll(2) == 0 ? "P" : "F"},
            {"badges", ""},
            {"status", "Active"}};
    if (roll(4) != 0) {  // there already, perhaps with other values
      const std::string old = roll(2) == 0 ? "Old" : row["department"];
      Json profile = Json::object();
      profile.set("login", row["email"]).set("email", row["email"]).set("firstName", row["first"]);
      profile.set("lastName", row["last"]).set("employeeNumber", id).set("department", old);
      if (roll(2) == 0) profile.set("nickName", "Nick");
      if (roll(2) == 0) profile.set("badges", Json(Json::Array{Json("a"), Json("b")}));
      static const std::vector<std::string> statuses{"ACTIVE", "ACTIVE", "STAGED", "LOCKED_OUT"};
      users += std::string(users.empty() ? "" : ",") + "{\"status\":\"" + statuses[roll(4)] +
               "\",\"profile\":" + profile.dump() + "}";
      if (roll(2) == 0) members += (members.empty() ? "\"" : ",\"") + row["email"] + "\"";
    }
    out.first_day.push_back(row);
    if (roll(4) == 0) row["department"] = departments[roll(3)];
    if (roll(5) == 0) row["status"] = "Terminated";
    if (roll(4) == 0) row["last"] = "Lovelace";
    out.second_day.push_back(row);
  }
  for (unsigned i = 0; i < 2; ++i) {  // nobody HR knows
    const std::string login = "foreign" + std::to_string(i) + "@x.example";
    users += std::string(users.empty() ? "" : ",") + R"({"profile":{"login":")" + login + "\"}}";
  }
  out.org =
      R"({"schema":{"custom":{"badges":{"type":"array","items":{"type":"string"}}}},"users":[)" +
      users + R"(],"groups":[{"name":"part-time","members":[)" + members +
      R"(]},{"name":"dept-Sales"},{"name":"dept-Other"}],"rules":[{"name":"r","status":"ACTIVE",)"
      R"("expression":"user.city == \"Ulm\"","groups":["dept-Other"]}]})";
  return out;
}

/// What came of one company's two days.
struct Story {
  std::vector<std::string> plans, requests, results;
  std::string org;
  std::size_t operations = 0;
};

/// The target with its query parameters in one order.
std::string ordered(const std::string& target) {
  const std::size_t mark = target.find('?');
  if (mark == std::string::npos) return target;
  const auto parts = split(std::string_view(target).substr(mark + 1), '&');
  std::vector<std::string> names(parts.begin(), parts.end());
  std::sort(names.begin(), names.end());
  return target.substr(0, mark + 1) + join(names, "&");
}

class Told {
 public:
  Told(const Company& company, std::optional<std::uint64_t> disturbed_by)
      : company_(company), world_(0, company.org), journal_(world_.clock) {
    if (disturbed_by) rng_.emplace(*disturbed_by);
  }

  Story tell() {
    SimDirectory directory(world_, [this](const HttpRequest& request) { return send(request); });
    for (const auto* rows : {&company_.first_day, &company_.second_day}) {
      day(directory, *rows);
      world_.clock.advance(24 * 3'600'000);
    }
    story_.org = world_.org->export_json();
    return std::move(story_);
  }

 private:
  HttpExchange send(const HttpRequest& request) {
    story_.requests.push_back(request.method + " " + ordered(request.target) + " " + request.body);
    world_.clock.advance(1'000);
    HttpExchange exchange = world_.send(request);
    if (!rng_ || !exchange.reply) return exchange;
    HttpReply& reply = *exchange.reply;
    if (const auto body = parse_json(reply.body)) reply.body = disturbed(*body, *rng_).dump();
    reply.headers = sim::disturbed_headers(reply.headers, *rng_);
    return exchange;
  }

  void day(SimDirectory& directory, const std::vector<Row>& rows) {
    People people(rows);
    PlanningParts parts;
    parts.settings = &rules();
    parts.source = &people;
    parts.directory = &directory;
    parts.journal = &journal_;
    parts.clock = &world_.clock;
    parts.forecast = [](OperationCursor&) -> Result<Forecast> { return Forecast{}; };
    parts.digest_key = "key";
    const auto planned = make_plan(parts, {}, {});
    ASSERT_TRUE(planned) << describe(planned.error());
    for (const Error& error : planned->errors) ADD_FAILURE() << describe(error);
    story_.plans.push_back(to_text(planned->plan.id));
    story_.operations += planned->plan.operations.size();
    for (const Finding& finding : planned->plan.trailer.findings) {
      story_.results.push_back(finding.code + " " + finding.worker_key + " " + finding.message);
    }
    VectorCursor cursor(planned->plan.operations);
    ASSERT_TRUE(
        journal_.seal_plan(cursor, planned->plan.header, planned->plan.trailer, planned->plan.id));
    RunSpec spec{Lane::main, "sync",  planned->plan.id, planned->plan.header.org_id,
                 "test",     "host:1"};
    const auto run = journal_.begin_run(spec);
    ASSERT_TRUE(run) << describe(run.error());
    CoordinatorOptions options;
    options.wait = [this](CompletionQueue&, std::int64_t ms) {
      world_.clock.advance(std::max<std::int64_t>(1, ms));
    };
    const RunEnd end = run_to_end(journal_, directory, *run, world_.clock, nullptr, options);
    story_.results.push_back("exit " + std::to_string(end.exit_code));
    for (const Error& error : end.errors) story_.results.push_back(describe(error));
    ASSERT_TRUE(journal_.end_run(*run, end.exit_code, ""));
    const auto results = journal_.results(run->id);
    ASSERT_TRUE(results);
    for (const OperationResult& one : *results) {
      story_.results.push_back(std::string(to_string(one.operation.kind)) + " " +
                               one.operation.subject.worker_key + " " + one.operation.object.name +
                               " " + std::string(to_string(one.state)));
    }
  }

  const Company& company_;
  SimWorld world_;
  MemoryJournal journal_;
  std::optional<sim::Rng> rng_;
  Story story_;
};

void expect_same(const std::vector<std::string>& plain, const std::vector<std::string>& disturbed,
                 const char* what, unsigned seed) {
  if (plain == disturbed) return;
  const std::size_t shared = std::min(plain.size(), disturbed.size());
  std::size_t at = 0;
  while (at < shared && plain[at] == disturbed[at]) ++at;
  ADD_FAILURE() << "seed " << seed << ": " << what << " differ from number " << at << ": "
                << (at < plain.size() ? plain[at] : "nothing")
                << "\n  and, disturbed: " << (at < disturbed.size() ? disturbed[at] : "nothing");
}

void tell_all(unsigned first) {
  std::size_t operations = 0;
  std::size_t requests = 0;
  for (unsigned seed = first; seed < first + kCompanies; ++seed) {
    const Company company = made_company(seed);
    const Story plain = Told(company, std::nullopt).tell();
    const Story disturbed = Told(company, seed).tell();
    expect_same(plain.plans, disturbed.plans, "plans", seed);
    expect_same(plain.requests, disturbed.requests, "requests", seed);
    expect_same(plain.results, disturbed.results, "results", seed);
    EXPECT_EQ(plain.org, disturbed.org) << "seed " << seed;
    ASSERT_FALSE(::testing::Test::HasFailure()) << "stopped at seed " << seed;
    operations += plain.operations;
    requests += plain.requests.size();
  }
  std::cout << "seeds " << first << " to " << first + kCompanies - 1 << ": " << operations
            << " operations in " << 2 * kCompanies << " plans, " << requests
            << " requests, each told twice and alike\n";
  EXPECT_GT(operations, kCompanies * 8) << "the companies have things to do";
}

TEST(CompatWorld, DisturbedRepliesChangeNothingSeedsFrom1) { tell_all(1); }
TEST(CompatWorld, DisturbedRepliesChangeNothingSeedsFrom251) { tell_all(251); }
TEST(CompatWorld, DisturbedRepliesChangeNothingSeedsFrom501) { tell_all(501); }
TEST(CompatWorld, DisturbedRepliesChangeNothingSeedsFrom751) { tell_all(751); }

}  // namespace
}  // namespace rollcall::worlds

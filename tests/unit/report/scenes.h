// A realistic day for the report tests: a town's HR feed, a guard that holds, findings of each
// kind.
#pragma once

#include <string>
#include <vector>

#include "service/report/report.h"

namespace rollcall::report_scenes {

inline WallTime at(const char* text) { return *parse_rfc3339(text); }

inline PlanHeader header() {
  PlanHeader h;
  h.created_at = at("2026-03-01T06:00:12Z");
  h.as_of = at("2026-03-01T06:00:00Z");
  h.expires_at = at("2026-03-01T10:00:12Z");
  h.as_of_date = "2026-03-01";
  h.environment = "production";
  h.org = "https://acme.okta.com";
  h.org_id = "00o1a2b3c4";
  h.config = sha256("rules");
  h.sealed = true;
  h.sources.push_back({"hr", "file", 32001, 2, true, sha256("people")});
  h.sources.push_back({"contractors", "rest", 412, 0, false, sha256("others")});
  return h;
}

inline Operation operation(OperationKind kind, const std::string& key, const std::string& id,
                           const std::string& login) {
  Operation op;
  op.kind = kind;
  op.subject = {key, id, login};
  op.because = {"hr", "users.terminated"};
  op.reason = "leaver";
  op.expect.status = AccountStatus::active;
  return op;
}

inline void add_leavers(std::vector<Operation>& ops, int count) {
  for (int i = 0; i < count; ++i) {
    const std::string n = std::to_string(10100 + i);
    Operation suspend =
        operation(OperationKind::user_suspend, n, "00u" + n, "leaver" + n + "@acme.com");
    suspend.request = {"POST", "/api/v1/users/00u" + n + "/lifecycle/suspend", 0};
    suspend.held_by = "containments";
    ops.push_back(suspend);
  }
  for (int i = 0; i < count; ++i) {
    const std::string n = std::to_string(10100 + i);
    Operation clear =
        operation(OperationKind::user_clear_sessions, n, "00u" + n, "leaver" + n + "@acme.com");
    clear.after = {static_cast<std::uint32_t>(i + 1)};
    clear.held_by = "containments";
    ops.push_back(clear);
  }
}

inline void add_joiners(std::vector<Operation>& ops, int count) {
  const char* first[] = {"Zoé", "Åsa", "李雷", "Ada", "نور"};
  for (int i = 0; i < count; ++i) {
    const std::string n = std::to_string(20200 + i);
    Operation create = operation(OperationKind::user_create, n, "", "joiner" + n + "@acme.com");
    create.reason = "joiner";
    create.because.rule = "users.joiner";
    create.credential = Credential::random_password;
    create.changes = {{"login", std::nullopt, "joiner" + n + "@acme.com", AttrType::text, false},
                      {"firstName", std::nullopt, first[i % 5], AttrType::text, false},
                      {"lastName", std::nullopt, "Åström", AttrType::text, false},
                      {"department", std::nullopt, "Water Management", AttrType::text, false},
                      {"salaryBand", std::nullopt, "B7", AttrType::text, true}};
    create.request = {"POST", "/api/v1/users?activate=true", 0};
    ops.push_back(create);
  }
}

inline void add_movers(std::vector<Operation>& ops, int count) {
  for (int i = 0; i < count; ++i) {
    const std::string n = std::to_string(30300 + i);
    Operation update =
        operation(OperationKind::user_update, n, "00u" + n, "mover" + n + "@acme.com");
    update.reason = "mover";
    update.because.rule = "users.profile.department";
    update.changes = {{"department", "Streets & Sanitation", "Fire", AttrType::text, false},
                      {"title", "Pool Motor Truck Driver", std::nullopt, AttrType::text, false}};
    ops.push_back(update);
    Operation add =
        operation(OperationKind::group_add_member, n, "00u" + n, "mover" + n + "@acme.com");
    add.reason = "mover";
    add.because.rule = "groups.dept-Fire";
    add.object = {ObjectRef::Kind::group, "00g7", "dept-Fire"};
    ops.push_back(add);
    Operation remove =
        operation(OperationKind::group_remove_member, n, "00u" + n, "mover" + n + "@acme.com");
    remove.reason = "mover";
    remove.because.rule = "groups.dept-Streets & Sanitation";
    remove.object = {ObjectRef::Kind::group, "00g8", "dept-Streets & Sanitation"};
    remove.held_by = i == 0 ? "group_members:dept-Streets & Sanitation" : "";
    ops.push_back(remove);
  }
}

inline std::vector<Operation> operations(int people = 8) {
  std::vector<Operation> ops;
  add_leavers(ops, people);
  add_joiners(ops, people + 2);
  add_movers(ops, people - 1);
  Operation link = operation(OperationKind::user_link, "40400", "00u40400", "adopted@acme.com");
  link.reason = "adopt";
  link.because.rule = "users.match[1]";
  ops.push_back(link);
  Operation group;
  group.kind = OperationKind::group_create;
  group.object = {ObjectRef::Kind::group, "", "dept-Animal Care"};
  group.reason = "rule";
  group.because = {"", "groups.template"};
  ops.push_back(group);
  for (std::size_t i = 0; i < ops.size(); ++i) ops[i].id = static_cast<std::uint32_t>(i + 1);
  return ops;
}

inline PlanTrailer trailer(const std::vector<Operation>& ops) {
  PlanTrailer t;
  for (const Operation& op : ops) t.summary.count(op);
  t.guard = {{"containments", 31870, 1163, 100, true,
              "rollcall approve PLAN_ID, or raise guard.limits.containments in the configuration"},
             {"group_members:dept-Streets & Sanitation", 40, 13, 12, true,
              "rollcall approve PLAN_ID, or raise guard.limits.group_members"},
             {"creates", 31870, 10, 1000, false, ""},
             {"attribute:department", 31870, 7, 3187, false, ""},
             {"deletes", 31870, 0, 0, false, ""},
             {"mails", 31870, 0, 0, false, ""}};
  t.forecast = {
      296, 0.52, {{"POST /api/v1/users/{id}", 250, 300}, {"POST /api/v1/users", 46, 600}}};
  t.findings = {
      {Severity::error, "record.duplicate_key", "hr", 87, 88, "10026", "", "the key stands twice"},
      {Severity::error, "record.duplicate_key", "hr", 88, 89, "10026", "", "the key stands twice"},
      {Severity::warning, "status.set_by_other", "", 0, 0, "10477", "00u10477",
       "suspended by somebody else; the status stays"},
      {Severity::error, "record.too_long", "hr", 1200, 1201, "11999", "",
       "lastName has 5,000 characters; Okta takes 50"},
      {Severity::info, "group.fed_by_rule", "", 0, 0, "", "",
       "contractors-all is filled by an Okta group rule and is left alone"}};
  return t;
}

inline ReportNotes notes(const std::vector<Operation>& ops) {
  ReportNotes n;
  n.not_contained = {{"10477", "00u10477", "ceo@acme.com", "protected",
                      "guard.protected names the account; approve the operation by itself",
                      at("2026-02-26T06:00:00Z")},
                     {"10478", "00u10478", "night.shift@acme.com", "conflict.status",
                      "the account turned LOCKED_OUT after the plan was made", std::nullopt}};
  for (const Operation& op : ops) {
    if (op.held_by == "containments") n.held_since[op.id] = at("2026-02-28T06:00:00Z");
  }
  n.remarks = {"Run 41 had been interrupted; 3 operations were settled first."};
  n.exit_codes = {5, 3, 4};
  return n;
}

inline Sha256 id_of(const PlanHeader& h, const std::vector<Operation>& ops) {
  PlanHasher hasher(h);
  for (const Operation& op : ops) hasher.add(op);
  return hasher.finish();
}

inline std::vector<RunOperation> results(const std::vector<Operation>& ops) {
  std::vector<RunOperation> all;
  for (const Operation& op : ops) {
    RunOperation one;
    one.operation = op;
    one.state = op.held_by.empty() ? "applied" : "held";
    if (one.state == "applied") {
      one.attempts = 1;
      one.request_id = "req" + std::to_string(op.id);
      one.settled_at = at("2026-03-01T06:01:00Z");
    }
    all.push_back(one);
  }
  for (RunOperation& one : all) {
    if (one.operation.subject.worker_key == "20203") {
      one.state = "failed";
      one.code = "okta.unique_violation";
      one.message = "Okta refused the login: another account has it";
    }
    if (one.operation.subject.worker_key == "30304" && one.operation.held_by.empty()) {
      one.state = "conflict";
      one.code = "conflict.changed";
      one.message = "the account changed after the plan was made";
    }
  }
  return all;
}

}  // namespace rollcall::report_scenes

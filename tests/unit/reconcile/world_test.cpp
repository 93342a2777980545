// The small world of reconcile's tests; see world.h.
#include "tests/unit/reconcile/world.h"

#include <fmt/core.h>
#include <unistd.h>

#include <cstdio>

#include "service/base/digest.h"
#include "service/base/file.h"

namespace rollcall {
namespace {

constexpr const char* kBase = R"(version: 1
environment: test
okta:
  base_url: https://acme.okta.com
  auth: {read: {api_token: {env: T}}}
journal: {postgres: {env: D}, key: {env: K}}
run: {time_zone: UTC}
sources:
  - name: hr
    kind: file
    format: csv
    path: hr.csv
    key: id
    status: {column: status, active: [Active], terminated: [Terminated], leave: [Leave]}
    termination_date: termination_date
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
  joiner: {credential: random_password}
  terminated:
    - {after: 0d, do: [suspend, clear_sessions]}
    - {after: 30d, do: [deactivate]}
  not_suspendable: deactivate
  absent: {after_reads: 2, after_days: 1, then: terminated}
groups:
  - {name: all-staff, members: 'true'}
  - {name: part-time, members: 'hr.type == "P"', mode: authoritative}
  - {template: 'dept-${hr.department}'}
)";

}  // namespace

Fields hr(const std::string& name, const std::string& department, const std::string& status) {
  return {{"email", name + "@x.example"}, {"first", name},    {"last", "Byron"},
          {"department", department},     {"status", status}, {"type", "F"},
          {"termination_date", ""}};
}

Fields profile(const std::string& key, const std::string& name, const std::string& department) {
  return {{"login", name + "@x.example"},
          {"email", name + "@x.example"},
          {"firstName", name},
          {"lastName", "Byron"},
          {"employeeNumber", key},
          {"department", department},
          {"nickName", name}};
}

World::World(const std::string& overlay) {
  const std::string base = fmt::format("/tmp/rollcall-world-{}-{}", getpid(), hex(random_bytes(4)));
  EXPECT_TRUE(write_private_file(base + ".yaml", kBase));
  ConfigInputs inputs;
  inputs.files.push_back(base + ".yaml");
  if (!overlay.empty()) {
    EXPECT_TRUE(write_private_file(base + "-overlay.yaml", overlay));
    inputs.files.push_back(base + "-overlay.yaml");
  }
  std::vector<ConfigProblem> problems;
  auto loaded = load_settings(inputs, problems);
  for (const ConfigProblem& p : problems) ADD_FAILURE() << p.error.where << " " << p.error.message;
  for (const std::string& file : inputs.files) std::remove(file.c_str());
  if (loaded) settings = std::move(*loaded);
}

World& World::group(const std::string& id, const std::string& name, bool linked, GroupType type) {
  groups_.push_back({id, type, name, "", {}, {}, false, std::nullopt});
  if (linked) links.push_back({Link::Kind::group, id, name, false});
  return *this;
}

World& World::renamed_group(const std::string& id, const std::string& was,
                            const std::string& name) {
  links.push_back({Link::Kind::group, id, was, false});
  return group(id, name, false);
}

World& World::rule(const std::string& name, const std::string& target) {
  rules_.push_back({"0pr" + name, name, true, "true", {target}, {}});
  return *this;
}

World& World::account(const std::string& id, AccountStatus status, const Fields& profile,
                      const std::string& worker_key) {
  accounts_.push_back({id, status, profile});
  if (!worker_key.empty()) links.push_back({Link::Kind::user, id, worker_key, false});
  return *this;
}

World& World::member(const std::string& group, const std::string& user, bool granted) {
  members_.emplace_back(group, user);
  if (granted) history.grants.push_back({group, user});
  return *this;
}

World& World::person(const std::string& key, const Fields& hr) {
  records_.push_back({key, hr});
  return *this;
}

World& World::reject(const std::string& key) {
  records_.push_back({key, std::nullopt});
  return *this;
}

World& World::suspended_by_us(const std::string& id) {
  history.own_changes.push_back({id, OperationKind::user_suspend, {999'000}, {1'001'000}});
  return *this;
}

void World::fill(OrgSnapshot& snapshot) {
  for (const Group& group : groups_) snapshot.add_group(group);
  for (const GroupRule& rule : rules_) snapshot.add_rule(rule);
  Record record(settings.user_schema.size());
  for (const Account& account : accounts_) {
    record.clear();
    for (std::size_t i = 0; i < settings.user_schema.size(); ++i) {
      const auto id = static_cast<AttrId>(i);
      const auto found = account.profile.find(settings.user_schema.at(id).name);
      if (found == account.profile.end()) {
        record.set_cleared(id);
      } else {
        record.set(id, found->second);
      }
    }
    AccountView view;
    view.id = account.id;
    view.status = account.status;
    view.status_changed = {1'000'000};
    view.last_updated = {1'000'000};
    view.activated = {1'000'000};
    view.profile = record.view();
    snapshot.add_account(view);
  }
  for (const auto& [group, user] : members_) snapshot.add_member(group, user);
  snapshot.seal();
}

std::string World::line(const Operation& op) const {
  std::string text =
      fmt::format("{} {}", to_string(op.kind),
                  op.subject.worker_key.empty() ? op.object.name : op.subject.worker_key);
  if (!op.subject.worker_key.empty() && !op.object.name.empty()) text += " " + op.object.name;
  if (op.kind == OperationKind::user_update) {
    for (const FieldChange& change : op.changes) {
      text += fmt::format(" {}={}", change.attribute, change.to.value_or("null"));
    }
  }
  for (const std::uint32_t before : op.after) text += fmt::format(" after {}", before);
  if (op.request.with != 0) text += fmt::format(" with {}", op.request.with);
  if (!op.held_by.empty()) text += " held " + op.held_by;
  return text;
}

std::vector<std::string> World::plan() {
  OrgSnapshot snapshot(SnapshotKeys{*settings.user_schema.find("login"),
                                    settings.user_schema.find("employeeNumber"), std::nullopt});
  fill(snapshot);
  ReconcileInputs inputs;
  inputs.settings = &settings;
  inputs.accounts = &snapshot;
  inputs.org = {snapshot.groups(), snapshot.rules(), &schema, principal, admins};
  const LinkList packed(links);
  inputs.links = &packed;
  inputs.history = &history;
  inputs.as_of = {now, "UTC", *local_date(now, "UTC")};
  Reconciler reconciler(inputs);
  Record record(settings.hr_schema.size());
  std::uint64_t number = 0;
  for (const HrRecord& person : records_) {
    ++number;
    if (!person.hr) {
      reconciler.rejected(person.key);
      continue;
    }
    record.clear();
    for (std::size_t i = 0; i < settings.hr_schema.size(); ++i) {
      const auto id = static_cast<AttrId>(i);
      const std::string& name = settings.hr_schema.at(id).name;
      const auto found = person.hr->find(name);
      if (name == "id") {
        record.set(id, person.key);
      } else if (found == person.hr->end()) {
        record.set_unknown(id);
      } else if (found->second.empty()) {
        record.set_cleared(id);
      } else {
        record.set(id, found->second);
      }
    }
    reconciler.person({person.key, record.view(), number, number + 1});
  }
  reconciled_ = reconciler.close(end);
  operations_ = build_plan(reconciled_, inputs);
  GuardInputs limits;
  limits.limits = &settings.guard;
  limits.linked_enabled = reconciled_.linked_enabled;
  limits.membership_population = reconciled_.membership_population;
  limits.initial_load = reconciled_.initial_load;
  limits.groups = &reconciled_.groups;
  limits.group_population = &reconciled_.group_population;
  limits.own_principal = principal.user_id;
  limits.protected_users = protected_user_ids(inputs);
  limits.protected_groups = protected_group_names(inputs, reconciled_.groups);
  verdict_ = guard(operations_, limits);
  std::vector<std::string> lines;
  for (const Operation& op : operations_) lines.push_back(line(op));
  return lines;
}

std::vector<std::string> World::codes() const {
  std::vector<std::string> out;
  for (const Finding& finding : reconciled_.findings) out.push_back(finding.code);
  return out;
}

}  // namespace rollcall

// A small world for reconcile's tests: settings from YAML, an org, people; gives the plan as lines.
#pragma once

#include <gtest/gtest.h>

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "service/config/settings.h"
#include "service/reconcile/guard.h"
#include "service/reconcile/plan_builder.h"
#include "service/snapshot/org_snapshot.h"

namespace rollcall {

using Fields = std::map<std::string, std::string>;

/// A row of HR's and the profile that it asks for.
Fields hr(const std::string& name, const std::string& department,
          const std::string& status = "Active");
Fields profile(const std::string& key, const std::string& name, const std::string& department);

class World {
 public:
  /// `overlay` replaces whole top-level parts of the base configuration.
  explicit World(const std::string& overlay = {});

  Settings settings;
  std::vector<Link> links;
  History history;
  OrgSchema schema;
  Principal principal;
  std::vector<std::string> admins;
  WallTime now = *parse_rfc3339("2026-03-01T12:00:00Z");

  World& group(const std::string& id, const std::string& name, bool linked,
               GroupType type = GroupType::okta_group);
  /// Linked under the name `was`, and called `name` in Okta since.
  World& renamed_group(const std::string& id, const std::string& was, const std::string& name);
  World& rule(const std::string& name, const std::string& target);
  /// Linked to `worker_key` unless that is empty. Absent fields are cleared.
  World& account(const std::string& id, AccountStatus status, const Fields& profile,
                 const std::string& worker_key);
  World& member(const std::string& group, const std::string& user, bool granted = true);
  World& person(const std::string& key, const Fields& hr);
  World& reject(const std::string& key);
  World& suspended_by_us(const std::string& id);

  /// Plans once. Lines such as "user.update 00u1 department after 1 held renames".
  std::vector<std::string> plan();
  const Reconciled& reconciled() const { return reconciled_; }
  const std::vector<Operation>& operations() const { return operations_; }
  const GuardVerdict& verdict() const { return verdict_; }
  std::vector<std::string> codes() const;  // of findings
  SourceEnd end{true, 0};

 private:
  struct Account {
    std::string id;
    AccountStatus status;
    Fields profile;
  };
  struct HrRecord {
    std::string key;
    std::optional<Fields> hr;  // unset: rejected
  };
  void fill(OrgSnapshot& snapshot);
  std::string line(const Operation& op) const;

  std::vector<Group> groups_;
  std::vector<GroupRule> rules_;
  std::vector<Account> accounts_;
  std::vector<std::pair<std::string, std::string>> members_;
  std::vector<HrRecord> records_;
  Reconciled reconciled_;
  std::vector<Operation> operations_;
  GuardVerdict verdict_;
};

}  // namespace rollcall

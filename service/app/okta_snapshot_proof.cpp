// That a snapshot holds the whole org: it is read from plain lists, and held against a listing that
// proves itself, as a plan's does (decision 0240).
#include <fmt/core.h>

#include "service/app/okta_snapshot_internal.h"
#include "service/ports/directory.h"

namespace rollcall {
namespace {

class Witness final : public DirectorySink {
 public:
  void schema(const OrgSchema&) override {}
  void principal(const Principal&) override {}
  void group(const Group& group) override {
    members_[group.id] = 0;
    sees_everyone_ = sees_everyone_ || group.type == GroupType::built_in;
  }
  void rule(const GroupRule&) override { ++rules_; }
  void account(const AccountView&) override { ++users_; }
  bool wants_members(const Group& group) const override {
    return group.type != GroupType::built_in;
  }
  void member(std::string_view group, std::string_view) override { ++members_[std::string(group)]; }

  bool sees_everyone() const { return sees_everyone_; }
  SnapshotExtent extent() const { return {users_, rules_, members_}; }

 private:
  bool sees_everyone_ = false;
  std::size_t users_ = 0, rules_ = 0;
  std::map<std::string, std::size_t> members_;
};

Result<void> differs(std::string_view what, std::size_t read, std::size_t there) {
  return make_error(ErrorCode::okta_page_incomplete,
                    fmt::format("{} {} were read, a certified listing has {}; nothing was written",
                                read, what, there));
}

}  // namespace

Result<void> prove_complete(Directory& directory, const Settings& settings,
                            const SnapshotExtent& read, const std::stop_token& stop) {
  ScanScope scope;
  scope.profile = &settings.user_schema;
  Witness witness;
  const auto scan = directory.observe(scope, witness, stop);
  if (!scan) return scan.error();
  if (!scan->certified) return scan->reasons.front();
  if (!witness.sees_everyone()) {
    // Every org has the group; an administrator of some groups does not see it (FACTS 6).
    return make_error(
        ErrorCode::okta_sees_nothing,
        "the credential is not shown the group of everyone, and so not the whole org");
  }
  const SnapshotExtent there = witness.extent();
  if (read.users != there.users) return differs("users", read.users, there.users);
  if (read.rules != there.rules) return differs("group rules", read.rules, there.rules);
  if (read.members.size() != there.members.size()) {
    return differs("groups", read.members.size(), there.members.size());
  }
  for (const auto& [group, count] : there.members) {
    const auto found = read.members.find(group);
    if (found == read.members.end()) {
      return make_error(ErrorCode::okta_page_incomplete,
                        "a group was not read that a certified listing has; nothing was written",
                        group);
    }
    if (found->second != count) return differs("members of " + group, found->second, count);
  }
  return ok();
}

}  // namespace rollcall

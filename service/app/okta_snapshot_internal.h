// Private to service/app: the parts of `rollcall okta snapshot`. What people would be recognised by
// is invented (decision 0222).
#pragma once

#include <algorithm>
#include <iterator>
#include <map>
#include <set>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "connectors/okta/asking.h"
#include "service/app/pseudonyms.h"
#include "service/ports/directory.h"
#include "service/ports/hr_source.h"
#include "service/settings/settings.h"

namespace rollcall {

template <class List>
bool is_one_of(const List& list, std::string_view text) {
  return std::find(std::begin(list), std::end(list), text) != std::end(list);
}

/// Whether an attribute of a base profile says where somebody works, not who they are.
bool is_kept_attribute(std::string_view name);

/// Rewrites each part of an org by what it may hold. Profiles and groups come first: their words
/// are then known when other parts are looked at.
class SnapshotWords {
 public:
  /// Both outlive this. Of `settings` the names of groups stay as they are.
  SnapshotWords(const Settings& settings, Pseudonyms& people);

  Json id(const Json& real) { return Json(people_.id(real.as_string())); }
  Json ids(const Json& list);
  /// A profile; what is kept of it is still to be scrubbed, once everybody is known.
  Json profile(const Json& real);
  void scrub_kept(Json& profile) const;
  /// The profile of an assignment.
  Json assigned_profile(const Json& real);
  std::string login(std::string_view real) { return people_.of(real); }
  std::string group_name(std::string_view real, bool made_by_okta);
  /// Name of an app, a policy, a rule, a role.
  std::string label(const Json& real) const {
    return people_.nameless(real.as_string(), kept_words_);
  }
  /// An expression; what stands in quotes is rewritten as the attributes are that its condition
  /// goes by.
  std::string expression(std::string_view real);
  /// What a policy or app is set to: numbers, truth values and Okta's own words stay, ids and
  /// everything else is invented.
  Json setting(std::string_view name, const Json& real);

 private:
  bool configured(std::string_view group) const;
  std::string condition(std::string_view real);
  std::string literal(std::string_view real);

  const Settings& settings_;
  Pseudonyms& people_;
  std::set<std::string> invented_;              // folded values that were invented
  WordSet kept_words_;                          // of attributes that stay
  std::map<std::string, std::string> renamed_;  // groups: real name → made
};

/// How much of an org was read. `members` by real group id, none of groups that Okta fills.
struct SnapshotExtent {
  std::size_t users = 0, rules = 0;
  std::map<std::string, std::size_t> members;
};

/// Reads the org part by part and holds what okta-sim loads.
class OrgSnapshotWriter {
 public:
  OrgSnapshotWriter(OktaReader& reader, SnapshotWords& words) : reader_(reader), words_(words) {}

  /// Errors: those of OktaReader.
  Result<void> read();
  /// Once, after reading.
  Json document();
  std::string counts() const;
  /// Before `document`.
  SnapshotExtent extent() const;

 private:
  Result<void> read_org();
  Result<void> read_schema();
  Result<void> read_types();
  Result<void> read_users();
  Result<void> read_groups();
  Result<void> read_rules();
  Result<void> read_members();
  Result<Json> member(const std::string& group, const Json& user);
  Result<void> read_policies();
  Result<Json> policy(const Json& real);
  Result<void> read_apps();
  Result<Json> app_groups(const std::string& app);
  Result<Json> app_users(const std::string& app);
  Result<void> read_roles();
  Result<Json> role(const Json& real);

  OktaReader& reader_;
  SnapshotWords& words_;
  std::vector<std::string> group_ids_, admin_groups_;  // real ones, as all below
  std::set<std::string> everyone_groups_;              // members follow from the rest
  std::map<std::string, std::size_t> type_numbers_, rule_numbers_;
  std::set<std::string> rule_fed_, own_policies_, custom_roles_known_;
  Json org_ = Json::object(), schema_ = Json::object(), roles_ = Json::object();
  Json::Array types_, users_, groups_, rules_, policies_, apps_, custom_roles_;
};

/// The columns that the configuration reads, with the same inventions as the org.
class PeopleSnapshot final : public RecordSink {
 public:
  PeopleSnapshot(const Settings& settings, Pseudonyms& people);

  void record(const SourceRecord& record) override;
  void rejected(const RejectedRecord&) override { ++rejected_; }
  void note(const Finding&) override {}

  std::size_t people() const { return rows_.size(); }
  std::size_t rejected_records() const { return rejected_; }
  std::string text() const;

 private:
  const Settings& settings_;
  Pseudonyms& people_;
  std::vector<bool> telling_;
  std::vector<std::vector<std::string>> rows_;
  std::size_t rejected_ = 0;
};

/// Holds what was read against a listing that proves itself. Blocks. Errors: okta.page_incomplete
/// where they differ; those of Directory::observe and of an uncertified listing.
Result<void> prove_complete(Directory& directory, const Settings& settings,
                            const SnapshotExtent& read, const std::stop_token& stop);

}  // namespace rollcall

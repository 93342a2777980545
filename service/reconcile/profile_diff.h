// Attributes: what the mappings want, what the org's schema takes, and what differs. Pure.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "service/reconcile/inputs.h"

namespace rollcall {

/// Why one person's attributes cannot be written.
struct ProfileIssue {
  ErrorCode code = ErrorCode::record_expression_failed;
  std::string attribute;
  std::string message;
};

/// The outcome for one person. `desired` holds, by user schema, what is to be written: everything
/// for a joiner, only what changes for an existing account; the rest stays unknown.
struct ProfileResult {
  bool changed = false;
  std::optional<ProfileIssue> issue;
  std::vector<std::string> login_candidates;  // joiners whose login is a Rollcall.firstFree
};

/// Evaluates the mappings person after person. One thread.
class ProfileMapper {
 public:
  explicit ProfileMapper(const ReconcileInputs& inputs);

  /// `account` is nullptr for a joiner. Writes into `desired` (reset by the call).
  ProfileResult map(const PersonRecord& person, const AccountView* account, Record& desired);

  /// The effective `user.*` values of the person mapped last: what group conditions may read.
  RecordView effective() const { return effective_.view(); }

  /// Changes held back because the attribute cannot be written: attribute -> how many people.
  struct Suppressed {
    ErrorCode code = ErrorCode::attribute_mastered_elsewhere;
    std::uint64_t people = 0;
  };
  const std::map<std::string, Suppressed>& suppressed() const { return suppressed_; }
  /// Mapped attributes that the org's schema does not have.
  const std::vector<std::string>& undefined() const { return undefined_; }

 private:
  struct Target {
    bool writable = true;
    bool defined = true;
    ErrorCode why_not = ErrorCode::attribute_mastered_elsewhere;
    std::optional<int> min_length, max_length;
    bool required = false;
  };
  struct Wanted {
    AttrState state = AttrState::unknown;
    std::string text;
  };
  Result<Wanted> evaluate_mapping(const ProfileMapping& mapping, const PersonRecord& person);
  /// A column taken as it is, whose text is in the account: the usual case, decided without
  /// copying.
  bool is_same_already(const ProfileMapping& mapping, const PersonRecord& person,
                       const AccountView& account) const;
  std::optional<ProfileIssue> check(const ProfileMapping& mapping, const Wanted& wanted) const;
  bool differs(AttrId id, const Wanted& wanted, const AccountView& account) const;
  bool refused_before(AttrId id, const Wanted& wanted, const AccountView& account) const;
  bool decide(const ProfileMapping& mapping, const Wanted& wanted, const AccountView& account);
  bool joins_without_login(const ProfileMapping& mapping, const PersonRecord& person,
                           ProfileResult& result);

  const ReconcileInputs& inputs_;
  const AttrSchema& schema_;
  AttrId login_;
  bool reads_user_ = false;
  std::vector<Target> targets_;  // by AttrId
  Record effective_;
  std::map<std::string, Suppressed> suppressed_;
  std::vector<std::string> undefined_;
  std::map<std::pair<std::string, std::string>, Sha256> refused_;
};

}  // namespace rollcall

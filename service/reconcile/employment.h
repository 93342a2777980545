// Where HR puts a person: employed, gone, not started, or outside our own rules. Pure.
#pragma once

#include <optional>
#include <string>
#include <unordered_map>

#include "service/reconcile/inputs.h"
#include "service/reconcile/lifecycle.h"

namespace rollcall {

struct EmploymentState {
  Employment employment = Employment::employed;
  WallTime since;                    // terminated: the instant the ladder counts from
  bool undated_termination = false;  // `since` is when we first saw it
  bool date_is_over = false;         // employed by the status, but their last day is past
};

/// Reads status and dates of the configured columns. One thread.
class EmploymentRules {
 public:
  explicit EmploymentRules(const ReconcileInputs& inputs);
  /// Errors: record.unknown_status, record.bad_date, record.expression_failed.
  Result<EmploymentState> of(const PersonRecord& person, const PersonHistory* history) const;
  /// Whether the status says that they have left or will, whatever the dates say.
  bool says_terminated(const PersonRecord& person) const;

 private:
  bool last_day_is_over(const PersonRecord& person, const std::optional<CivilDate>& hired) const;
  enum class Status : std::uint8_t { active, terminated, leave };
  std::optional<Status> status_of(const PersonRecord& person) const;
  Result<EmploymentState> terminated(const PersonRecord& person,
                                     const PersonHistory* history) const;
  Result<std::optional<CivilDate>> date(const PersonRecord& person,
                                        std::optional<AttrId> column) const;

  const ReconcileInputs& inputs_;
  std::optional<AttrId> status_, termination_date_, hire_date_;
  std::unordered_map<std::string, Status> values_;  // folded
};

}  // namespace rollcall

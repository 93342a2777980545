#include "service/reconcile/employment.h"

#include <fmt/core.h>

#include "service/base/text.h"

namespace rollcall {

EmploymentRules::EmploymentRules(const ReconcileInputs& inputs) : inputs_(inputs) {
  if (inputs.settings->sources.empty()) return;
  const SourceSettings& source = inputs.settings->sources.front();
  const AttrSchema& hr = inputs.settings->hr_schema;
  const auto column = [&](const std::string& name) {
    return name.empty() ? std::nullopt : hr.find(name);
  };
  status_ = column(source.status_column);
  termination_date_ = column(source.termination_date);
  hire_date_ = column(source.hire_date);
  for (const std::string& v : source.status_active) values_[fold_case(v)] = Status::active;
  for (const std::string& v : source.status_terminated) values_[fold_case(v)] = Status::terminated;
  for (const std::string& v : source.status_leave) values_[fold_case(v)] = Status::leave;
}

Result<std::optional<CivilDate>> EmploymentRules::date(const PersonRecord& person,
                                                       std::optional<AttrId> column) const {
  if (!column) return std::optional<CivilDate>();
  const std::string_view text = trim(person.hr.text(*column));
  if (text.empty()) return std::optional<CivilDate>();
  const auto parsed = parse_date(text.substr(0, 10));
  if (!parsed) {
    return make_error(ErrorCode::record_bad_date,
                      fmt::format("the column '{}' holds no date of the form YYYY-MM-DD",
                                  inputs_.settings->hr_schema.at(*column).name));
  }
  return std::optional<CivilDate>(*parsed);
}

std::optional<EmploymentRules::Status> EmploymentRules::status_of(
    const PersonRecord& person) const {
  if (!status_) return Status::active;
  const auto found = values_.find(fold_case(trim(person.hr.text(*status_))));
  return found == values_.end() ? std::nullopt : std::optional(found->second);
}

bool EmploymentRules::says_terminated(const PersonRecord& person) const {
  return status_of(person) == Status::terminated;
}

Result<EmploymentState> EmploymentRules::terminated(const PersonRecord& person,
                                                    const PersonHistory* history) const {
  EmploymentState state;
  state.employment = Employment::terminated;
  if (termination_date_ && person.hr.state(*termination_date_) == AttrState::unknown) {
    // Not blank but missing: the day may lie ahead.
    return make_error(ErrorCode::record_bad_date,
                      fmt::format("when they leave is not known: the source has no column '{}'",
                                  inputs_.settings->hr_schema.at(*termination_date_).name));
  }
  const auto last_day = date(person, termination_date_);
  if (!last_day) return last_day.error();
  if (*last_day) {
    // The date is the last day of employment; access ends when that local day has ended, as HR
    // systems and Okta's own import do (sources/FACTS 3.2, "Termination time").
    const auto end = start_of_day(CivilDate{(*last_day)->days + 1}, inputs_.as_of.zone);
    if (!end) return end.error();
    state.since = *end;
    if (inputs_.as_of.instant < state.since) state.employment = Employment::employed;
    return state;
  }
  state.undated_termination = true;
  state.since = history != nullptr && history->terminated_since ? *history->terminated_since
                                                                : inputs_.as_of.instant;
  return state;
}

Result<EmploymentState> EmploymentRules::of(const PersonRecord& person,
                                            const PersonHistory* history) const {
  EmploymentState state;
  const auto status = status_of(person);
  if (!status) {
    return make_error(ErrorCode::record_unknown_status,
                      "the status stands in none of the source's lists");
  }
  // An explicit termination outranks our own scope rule: a leaver is a leaver.
  if (status == Status::terminated) return terminated(person, history);
  if (const auto& include = inputs_.settings->users.include) {
    EvalScope scope;
    scope.hr = person.hr;
    scope.now = inputs_.as_of.instant;
    scope.zone = inputs_.as_of.zone;
    const auto truth = evaluate_condition(*include, scope);
    if (!truth) return make_error(ErrorCode::record_expression_failed, truth.error().message);
    // Unknown is not "no": the person keeps what they have and nothing new is made of them.
    if (*truth == Truth::unknown) {
      return make_error(ErrorCode::record_expression_failed,
                        "users.include reads a column that the source does not have");
    }
    if (*truth == Truth::no) {
      state.employment = Employment::out_of_scope;
      return state;
    }
  }
  const auto hired = date(person, hire_date_);
  if (!hired) return hired.error();
  if (*hired && inputs_.as_of.date < **hired) state.employment = Employment::not_started;
  state.date_is_over = last_day_is_over(person, *hired);
  return state;
}

bool EmploymentRules::last_day_is_over(const PersonRecord& person,
                                       const std::optional<CivilDate>& hired) const {
  const auto last_day = date(person, termination_date_);
  // A date that cannot be read says nothing here: only leavers need it.
  if (!last_day || !*last_day) return false;
  // Some systems keep the end of an earlier employment when somebody is hired again.
  if (hired && **last_day < *hired) return false;
  return **last_day < inputs_.as_of.date;
}

}  // namespace rollcall

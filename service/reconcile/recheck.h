// Whether HR still asks for what a plan holds: a plan that was made a while ago is not applied on
// its own word alone (ARCHITECTURE.md, section 6). Pure; needs no listing of the org.
#pragma once

#include <map>
#include <span>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "service/reconcile/employment.h"
#include "service/reconcile/inputs.h"
#include "service/reconcile/reconciler.h"

namespace rollcall {

/// Call person/rejected for each record, then close once. Only what HR alone decides is judged: an
/// attribute or group whose rule reads `user.*` stands as planned, and so does everything about a
/// person whose record cannot be used now.
class Recheck {
 public:
  /// Of `inputs`, settings, history and the instant are read. `operations` outlive the object.
  Recheck(const ReconcileInputs& inputs, std::span<const Operation> operations);
  void person(const PersonRecord& person);
  void rejected(std::string_view worker_key);
  /// Operations HR no longer asks for, each with a sentence without personal data.
  std::map<std::uint32_t, std::string> close(const SourceEnd& end);

 private:
  struct Subject {
    std::vector<const Operation*> operations;
    bool seen = false;
    bool unknown = false;  // twice in the source, or not readable: left as planned
    std::map<std::uint32_t, std::string> withdrawn;
  };
  std::string objection(const Operation& op, const PersonRecord& person,
                        const EmploymentState& state) const;
  bool is_due(const Operation& op, const EmploymentState& state) const;
  bool wants_value(const FieldChange& change, const PersonRecord& person) const;
  enum class Wish { yes, no, unknown };
  Wish wants_group(const std::string& name, const PersonRecord& person) const;
  EvalScope scope_of(const PersonRecord& person) const;

  const ReconcileInputs& inputs_;
  const Settings& settings_;
  EmploymentRules employment_;
  std::unordered_map<std::string, const PersonHistory*> history_;
  std::unordered_map<std::string, Subject> subjects_;  // by worker key
};

}  // namespace rollcall

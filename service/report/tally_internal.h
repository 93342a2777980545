// Private to service/report: one pass over the operations, keeping counts and a bounded sample.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "service/report/report_internal.h"

namespace rollcall::report {

/// A copy of an operation that is shown.
struct Kept {
  Operation op;
  std::string state, code, message, request_id;
  std::optional<WallTime> held_since;
};

/// Counts the distinct people it is given: 8 bytes each.
class Census {
 public:
  void add(const Subject& subject);
  std::uint64_t count() const;

 private:
  mutable std::vector<std::uint64_t> digests_;
};

/// One person (or group) with the operations on them.
struct PersonRow {
  Subject subject;
  std::string reason;
  std::vector<Kept> lines;
  std::uint64_t more = 0;  // operations beyond those kept
};

/// In a plan, what is held is shown but not counted among what would be done.
struct SideTally {
  std::uint64_t operations = 0;
  std::uint64_t held = 0;
  Census people;
  std::vector<PersonRow> rows;
  std::unordered_map<std::string, std::size_t> row_of;
};

struct HeldTally {
  std::uint64_t operations = 0;
  std::optional<WallTime> since;  // the earliest
  SideTally people;
};

struct KindTally {
  std::uint64_t total = 0;
  std::uint64_t held = 0;
  std::map<std::string, std::uint64_t> by_state;
  std::vector<Kept> sample;
};

struct Tally {
  std::uint64_t operations = 0;
  std::uint64_t held = 0;
  std::uint64_t problems = 0;
  std::uint64_t mails = 0;  // in a run those sent, in a plan those not held
  std::array<KindTally, kOperationKinds> kinds;
  std::array<SideTally, kSides> sides;  // in a run only what was applied
  SideTally unreached;                  // of a run: neither applied nor held nor gone wrong
  std::map<std::string, HeldTally> held_by;
  std::map<std::string, Census> by_reason;
  std::map<std::string, std::uint64_t> by_state;
  std::map<std::string, std::uint64_t> problem_codes;
  std::vector<Kept> problem_rows;

  std::uint64_t in_state(const std::string& state) const;
};

/// Drains the cursor. `lines` bounds the operations kept per person.
Result<Tally> take_tally(const Scene& scene, EntryCursor& entries, std::size_t lines);

/// What of the plan or run cannot be undone: kind and how many (in a run those applied, in a plan
/// those not held).
struct Lasting {
  std::string what;
  std::string_view why;
  std::uint64_t count = 0;
};
std::vector<Lasting> lasting(const Scene& scene, const Tally& tally);

/// Findings of one code, in order of severity and number.
struct FindingGroup {
  std::string code;
  Severity severity = Severity::info;
  std::uint64_t count = 0;
  std::vector<const Finding*> first;  // the first few
};
std::vector<FindingGroup> group_findings(const std::vector<Finding>& findings, std::size_t first);

/// "hr, line 88, record 87": where a finding stands; empty if nowhere.
std::string place_of(const Finding& finding);

/// All kinds, what contains people first: the order they are run and shown in.
std::vector<OperationKind> kinds_by_priority();

/// The guard's line for a hold; nullptr for a hold by a rule, which has no numbers, and where the
/// redacted name stands for several limits.
const GuardLine* guard_line(const Scene& scene, const std::string& limit);

/// The bucket that bounds the forecast: the most minutes of its limit; nullptr without any.
const ForecastBucket* busiest(const Forecast& forecast);

}  // namespace rollcall::report

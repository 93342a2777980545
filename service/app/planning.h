// A planning run: read the org, read the people, reconcile, build, guard, forecast. Reads like the
// pipeline of ARCHITECTURE.md, section 2.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <set>
#include <stop_token>
#include <string>
#include <vector>

#include "service/app/exit_codes.h"
#include "service/base/log.h"
#include "service/config/settings.h"
#include "service/model/plan.h"
#include "service/ports/directory.h"
#include "service/ports/hr_source.h"
#include "service/ports/journal.h"
#include "service/reconcile/reconciler.h"
#include "service/report/report.h"

namespace rollcall {

/// What planning works with. Pointers outlive the call; `journal` is nullptr with --no-journal.
struct PlanningParts {
  const Settings* settings = nullptr;
  HrSource* source = nullptr;
  Directory* directory = nullptr;
  Journal* journal = nullptr;
  const Clock* clock = nullptr;
  const Log* log = nullptr;
  std::function<Result<Forecast>(OperationCursor&)> forecast;
  std::string digest_key;  // keys sensitive values in change digests
};

/// `only`, `where` and `sample` restrict operations, never the reading.
struct PlanningOptions {
  std::optional<WallTime> as_of;
  std::set<std::string> only;
  std::optional<Expression> where;
  std::optional<double> sample_percent;
  bool tally_differences = false;
  /// Contains the people of `only` and does nothing else; of the users only theirs are read.
  bool urgent = false;
};

/// What the next runs must know of this one's reading, once it is applied.
struct ReadLeftovers {
  bool certified = false;
  CertifiedRead read;
  Sha256 snapshot;
  std::vector<PersonHistory> history_changed;
  std::vector<std::string> seen_again;
  std::vector<WallTime> chain_boundaries;
};

struct Planned {
  Plan plan;
  ReportNotes notes;
  ExitCodes exits;
  std::vector<Error> errors;  // why a read does not count
  ReadLeftovers leftovers;
  ScanSummary scan;
  SourceSummary source;
  std::map<std::string, Difference> differences;
  bool link_only = false;
};

/// Errors: those of the ports. A read that does not count is no error: the plan is then empty, and
/// `exits` and `errors` say so.
Result<Planned> make_plan(const PlanningParts& parts, const PlanningOptions& options,
                          std::stop_token stop);

}  // namespace rollcall

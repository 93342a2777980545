// Private to service/app: the options of every verb that plans.
#pragma once

#include "service/app/options_internal.h"
#include "service/app/planning.h"

namespace rollcall {

/// Adds a worker key, or those of @FILE, one a line. Errors: io.read_failed, text.encoding.
Result<void> add_keys(const std::string& word, std::set<std::string>& keys);

/// --format, --report, --only, --where, --sample, --detailed-exitcode.
void add_plan_options(VerbOptions& options);

/// Reads them; `--where` adds the columns it reads to the settings' schema.
/// Errors: usage, time.invalid, expression.*, io.read_failed.
Result<PlanningOptions> planning_options(const Program& program, const VerbOptions& options,
                                         Settings& settings);

}  // namespace rollcall

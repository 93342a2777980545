// Reading the configuration: files and environment in, Settings or every mistake out.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "service/base/error.h"
#include "service/base/result.h"
#include "service/base/secret.h"
#include "service/settings/settings.h"

namespace rollcall {

/// One mistake, placed. `path` is the key's path, "users.joiner.credential".
struct ConfigProblem {
  Error error;  // where = file:line:column, or environment:NAME
  std::string path;
  std::string suggestion;  // "did you mean ...?", or empty
};

struct ConfigInputs {
  std::vector<std::string> files;  // later ones overlay earlier ones
  /// The process environment: ROLLCALL_RUN_MAX_MINUTES=30 beats the files (config/reference.md
  /// names the variable of each key that has one). Other variables and empty values are ignored.
  std::map<std::string, std::string> environment;
};

/// Loads, merges, validates. All problems at once in `problems`; the result is an error
/// (config.invalid) if there is any. Reads the named files and nothing else; secrets are not
/// resolved.
Result<Settings> load_settings(const ConfigInputs& inputs, std::vector<ConfigProblem>& problems);

/// Reads a secret now. Errors: secret.unavailable, naming the reference, never its content.
Result<Secret> resolve(const SecretRef& ref);

}  // namespace rollcall

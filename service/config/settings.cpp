// The way from files to Settings: read, merge, hold against the table, build.
#include "service/config/settings.h"

#include <fmt/core.h>

#include "service/base/text.h"
#include "service/config/build_internal.h"

namespace rollcall {
namespace {

Error invalid(std::vector<ConfigProblem>& problems, config::Problems& collected) {
  collected.sort();
  return make_error(
      ErrorCode::config_invalid,
      fmt::format("the configuration has {}; nothing was done",
                  plural(static_cast<long long>(problems.size()), "mistake", "mistakes")),
      problems.front().error.where);
}

void build_all(config::Build& build) {
  // The login is attribute 0 in every run, whatever the rules read.
  build.settings.user_schema.add({"login"});
  build_okta(build);
  build_journal_run_report(build);
  build_sources(build);
  build_users(build);
  build_correlation(build);
  build_profile(build);
  build_groups(build);
  build_guard(build);
  build.settings.rules = config::digest_of_rules(build.settings);
}

}  // namespace

Result<Settings> load_settings(const ConfigInputs& inputs, std::vector<ConfigProblem>& problems) {
  problems.clear();
  config::Problems collected(problems);
  const config::KeyNode keys = config::key_tree();
  config::ConfigNode root;
  if (!load_document(inputs, keys, root, collected)) return invalid(problems, collected);
  config::Values values;
  validate(root, keys, values, collected);
  Settings settings;
  config::Build build{values, settings, collected};
  build_all(build);
  if (!problems.empty()) return invalid(problems, collected);
  return settings;
}

}  // namespace rollcall

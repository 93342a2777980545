// The composition root: builds what a verb works with from the settings, top to bottom.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "service/app/planning.h"
#include "service/app/program.h"

namespace rollcall {

class OktaDirectory;

struct WireOptions {
  bool write = false;  // open the write credential
  bool journal = true;
  bool org = true;                       // source and org; off for verbs that only read the journal
  std::vector<std::string> scopes = {};  // asked for besides what the rules need
};

/// Everything built; members are destroyed from the last to the first.
struct Wired {
  Settings settings;
  std::unique_ptr<HrSource> source;
  std::unique_ptr<Journal> journal;
  std::unique_ptr<Directory> directory;
  OktaDirectory* okta = nullptr;  // the same
  std::function<Result<Forecast>(OperationCursor&)> forecast;
  std::string digest_key;

  PlanningParts parts(const Program& program) const;
};

/// Errors: secret.unavailable, journal.*, tls.*, config.*.
Result<std::unique_ptr<Wired>> wire(const Program& program, Settings settings,
                                    const WireOptions& options);

/// Errors: secret.unavailable; config.missing_key where the configuration holds no journal.
Result<Secret> journal_dsn(const Settings& settings);

/// Who holds a run: host name and process id.
std::string holder_name();

}  // namespace rollcall

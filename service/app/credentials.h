// Which credential a run opens, and what it has to be allowed to do.
#pragma once

#include <string>
#include <vector>

#include "connectors/okta/client.h"
#include "service/app/program.h"
#include "service/settings/settings.h"

namespace rollcall {

/// Scopes in the order of their names.
using Scopes = std::vector<std::string>;

/// The least that an OAuth token must hold for these rules: to read, or to read and write.
Scopes needed_scopes(const Settings& settings, bool write);

/// How requests prove themselves, with these settings; secrets are read when they are needed.
void set_credential(OktaOptions& options, const Settings& settings, const AuthSettings& auth,
                    bool write);

/// What the org says about an app's scopes.
struct ScopeReport {
  Scopes granted, missing, superfluous;
};
/// Asks the org for tokens, for what is needed and for the commonest scopes beyond it. Changes
/// nothing. Errors: those of TokenEndpoint::ask but okta.scope_refused; tls.*, http.*.
Result<ScopeReport> ask_for_scopes(const Program& program, const Settings& settings,
                                   const OAuthSettings& oauth, bool write);

}  // namespace rollcall

// Which credential a run opens, and what it has to be allowed to do.
#pragma once

#include <initializer_list>
#include <string>
#include <vector>

#include "connectors/okta/access.h"
#include "connectors/okta/client.h"
#include "connectors/okta/endpoints.h"
#include "service/app/program.h"
#include "service/settings/settings.h"

namespace rollcall {

/// Scopes in the order of their names.
using Scopes = std::vector<std::string>;

/// The least that an OAuth token must hold for these rules: to read, or to read and write.
Scopes needed_scopes(const Settings& settings, bool write);

/// What a token must hold to make requests of these rows.
Scopes scopes_of(std::initializer_list<Endpoint> endpoints);

/// How requests prove themselves, with these settings; secrets are read when they are needed.
/// `beyond`: scopes asked for besides what the rules need, unless the configuration lists scopes.
void set_credential(OktaOptions& options, const Settings& settings, const AuthSettings& auth,
                    bool write, const Scopes& beyond = {});

/// What the org says about an app's scopes.
struct ScopeReport {
  Scopes granted, missing, superfluous;
};
/// Asks the org for tokens, for what is needed and for the commonest scopes beyond it. Changes
/// nothing. Errors: those of TokenEndpoint::ask but okta.scope_refused; tls.*, http.*.
Result<ScopeReport> ask_for_scopes(const Program& program, const Settings& settings,
                                   const OAuthSettings& oauth, bool write);

/// What the org says about a credential's roles; with `try_to_write`, whether it refuses a write
/// that can change nothing. Errors: those of look_at_access, tls.*, secret.unavailable.
Result<Access> ask_for_access(const Program& program, const Settings& settings,
                              const AuthSettings& auth, bool write, bool try_to_write);

}  // namespace rollcall

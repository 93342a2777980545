#include "service/app/credentials.h"

#include <algorithm>
#include <array>
#include <set>

#include "connectors/okta/endpoints.h"
#include "service/app/rights.h"
#include "service/base/text.h"
#include "service/config/settings.h"

namespace rollcall {
namespace {

/// Asked for one by one to find what an app may do beyond its task.
constexpr std::array<const char*, 12> kTelling{
    "okta.users.manage",     "okta.groups.manage",   "okta.schemas.manage", "okta.roles.manage",
    "okta.apps.manage",      "okta.policies.manage", "okta.orgs.manage",    "okta.apiTokens.manage",
    "okta.appGrants.manage", "okta.clients.manage",  "okta.idps.manage",    "okta.logs.read"};

Result<SigningKey> read_key(const SecretRef& ref, const std::string& key_id) {
  const auto text = resolve(ref);
  if (!text) return text.error();
  auto key = SigningKey::parse(*text, key_id);
  if (key) return key;
  Error error = key.error();
  error.where = (ref.kind == SecretRef::Kind::env ? "env:" : "file:") + ref.name;
  return error;
}

Result<std::vector<SigningKey>> read_keys(const OAuthSettings& oauth) {
  std::vector<SigningKey> keys;
  auto first = read_key(oauth.private_key, oauth.key_id);
  if (!first) return first.error();
  keys.push_back(std::move(*first));
  if (oauth.second_private_key.empty()) return keys;
  auto second = read_key(oauth.second_private_key, oauth.second_key_id);
  if (!second) return second.error();
  keys.push_back(std::move(*second));
  return keys;
}

OAuthOptions oauth_options(const Settings& settings, const OAuthSettings& oauth, bool write,
                           const Scopes& beyond = {}) {
  OAuthOptions options;
  options.client_id = oauth.client_id;
  options.scopes = oauth.scopes;
  if (oauth.scopes.empty()) {
    const Scopes needed = needed_scopes(settings, write);
    std::set<std::string> all(needed.begin(), needed.end());
    all.insert(beyond.begin(), beyond.end());
    options.scopes.assign(all.begin(), all.end());
  }
  options.dpop = oauth.dpop;
  options.keys = [oauth] { return read_keys(oauth); };
  return options;
}

/// Whether the org gives a token for all of these.
Result<bool> gives(TokenEndpoint& endpoint, const Scopes& scopes, Transport& transport) {
  const auto token = endpoint.ask(scopes, transport);
  if (token) return true;
  if (token.error().code == ErrorCode::okta_scope_refused) return false;
  return token.error();
}

}  // namespace

Scopes scopes_of(std::initializer_list<Endpoint> endpoints) {
  std::set<std::string> scopes;
  for (const Endpoint endpoint : endpoints) {
    for (const std::string_view scope : split(row_of(endpoint).scopes, ' ')) {
      if (!scope.empty()) scopes.emplace(scope);
    }
  }
  return {scopes.begin(), scopes.end()};
}

Scopes needed_scopes(const Settings& settings, bool write) {
  const UserSettings& users = settings.users;
  std::set<std::string> scopes;
  const auto uses = [&scopes](std::initializer_list<Endpoint> endpoints) {
    for (std::string& scope : scopes_of(endpoints)) scopes.insert(std::move(scope));
  };
  // What a listing cannot do without; roles are read to know who may not be touched. The org's id
  // has a public source too (decision 0220).
  uses({Endpoint::list_users, Endpoint::get_user, Endpoint::get_user_schema, Endpoint::list_groups,
        Endpoint::list_group_rules, Endpoint::list_group_users,
        Endpoint::list_users_with_role_assignments});
  if (write && users.manage_attributes) uses({Endpoint::create_user, Endpoint::update_user});
  if (write && users.manage_lifecycle) uses({Endpoint::suspend_user, Endpoint::deactivate_user});
  if (write && (users.manage_groups || ladder_does(users, LadderAction::remove_groups))) {
    uses({Endpoint::create_group, Endpoint::assign_user_to_group,
          Endpoint::unassign_user_from_group});
  }
  return {scopes.begin(), scopes.end()};
}

void set_credential(OktaOptions& options, const Settings& settings, const AuthSettings& auth,
                    bool write, const Scopes& beyond) {
  if (auth.oauth) {
    options.oauth = oauth_options(settings, *auth.oauth, write, beyond);
  } else {
    options.token = [ref = auth.api_token] { return resolve(ref); };
  }
}

Result<ScopeReport> ask_for_scopes(const Program& program, const Settings& settings,
                                   const OAuthSettings& oauth, bool write) {
  HttpClientOptions http;
  http.base_url = settings.okta.base_url;
  http.ca_file = settings.okta.ca_file;
  const auto transport = HttpClient::open(http);
  if (!transport) return transport.error();
  OAuthOptions options = oauth_options(settings, oauth, write);
  const Scopes needed = needed_scopes(settings, write);
  const Scopes asked = options.scopes;
  TokenEndpoint::Surroundings around;
  around.base_url = settings.okta.base_url;
  around.version = ROLLCALL_VERSION;
  around.clock = &program.clock();
  TokenEndpoint endpoint(std::move(options), std::move(around));
  if (const auto opened = endpoint.open(); !opened) return opened.error();

  std::set<std::string> held;
  const auto all = gives(endpoint, asked, **transport);
  if (!all) return all.error();
  if (*all) held.insert(asked.begin(), asked.end());
  std::set<std::string> others(kTelling.begin(), kTelling.end());
  others.insert(asked.begin(), asked.end());
  others.insert(needed.begin(), needed.end());
  for (const std::string& scope : others) {
    if (held.count(scope) != 0 || program.stop().stop_requested()) continue;
    const auto one = gives(endpoint, {scope}, **transport);
    if (!one) return one.error();
    if (*one) held.insert(scope);
  }
  ScopeReport report;
  report.granted.assign(held.begin(), held.end());
  // A scope that is granted but not asked for is not in the tokens either.
  const auto has = [](const Scopes& scopes, const std::string& scope) {
    return std::find(scopes.begin(), scopes.end(), scope) != scopes.end();
  };
  for (const std::string& scope : needed) {
    if (held.count(scope) == 0 || !has(asked, scope)) report.missing.push_back(scope);
  }
  for (const std::string& scope : asked) {
    if (held.count(scope) == 0 && !has(report.missing, scope)) report.missing.push_back(scope);
  }
  for (const std::string& scope : held) {
    if (!has(needed, scope)) report.superfluous.push_back(scope);
  }
  return report;
}

Result<Access> ask_for_access(const Program& program, const Settings& settings,
                              const AuthSettings& auth, bool write, bool try_to_write) {
  HttpClientOptions http;
  http.base_url = settings.okta.base_url;
  http.ca_file = settings.okta.ca_file;
  const auto transport = HttpClient::open(http);
  if (!transport) return transport.error();
  AccessQuestions questions;
  questions.base_url = settings.okta.base_url;
  questions.version = ROLLCALL_VERSION;
  questions.try_to_write = try_to_write;
  OktaOptions options;
  set_credential(options, settings, auth, write);
  std::unique_ptr<Authorizer> authorizer;
  if (options.oauth) {
    questions.client_id = options.oauth->client_id;
    TokenEndpoint::Surroundings around;
    around.base_url = settings.okta.base_url;
    around.version = ROLLCALL_VERSION;
    around.clock = &program.clock();
    authorizer = make_oauth_authorizer(*options.oauth, std::move(around));
  } else {
    authorizer = make_api_token_authorizer(options.token);
  }
  if (const auto opened = authorizer->open(); !opened) return opened.error();
  return look_at_access(questions, *authorizer, **transport);
}

}  // namespace rollcall

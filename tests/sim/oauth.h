// The org's token endpoint and what it remembers: service apps, tokens, nonces, used ids. As Okta
// does it (FACTS 2.1 and 2.3): private_key_jwt only, scopes from the app's grants, DPoP.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "tests/sim/jwt.h"
#include "tests/sim/org.h"

namespace rollcall::sim {

struct ServiceApp {
  Token token;  // its name in limits and statistics, and its role
  std::vector<Json> keys;
  std::set<std::string> scopes;
  bool dpop_required = false;
};

inline constexpr std::string_view kTokenPath = "/oauth2/v1/token";

/// What a route needs: "okta.users.manage" for POST users. Of a `manage` scope the `read` one is
/// part.
std::string scope_of(std::string_view method, std::string_view pattern);

class OAuthDesk {
 public:
  /// Clients and knobs: README.md describes the form. Clients are replaced if they are named.
  /// Errors: usage; everything then stays as it was.
  Result<void> load(const Json& text);
  Json show() const;

  /// The address the org knows itself by; empty: whatever the client calls it.
  void set_issuer(std::string issuer) { issuer_ = std::move(issuer); }
  void set_token_lifetime(std::int64_t seconds) { lifetime_s_ = seconds; }
  void add(ServiceApp app);

  /// Whose limits a request for a token counts against.
  const Token& asker(const Call& call) const;
  SimReply issue(Call& call);

  /// The client that a token was given to; empty: not a token of ours.
  std::string client_of(const Call& call) const;
  /// The admin roles of each client, as the roles API shows them.
  HeldRoles held_roles(Org& org) const;
  /// Whether the Authorization header is of OAuth at all.
  static bool speaks_oauth(const Call& call);
  /// Who calls; or a 401 as Okta words it.
  std::optional<SimReply> admit(Call& call);
  /// 403 where the token just admitted lacks the scope.
  std::optional<SimReply> lacks_scope(std::string_view method, std::string_view pattern) const;

 private:
  struct Issued {
    std::string client_id;
    std::set<std::string> scopes;
    WallTime ends;
    std::string bound_to;  // thumbprint; empty: Bearer
  };
  std::optional<SimReply> refuse_assertion(const Call& call, const Jwt& jwt, const ServiceApp& app);
  std::optional<std::string> wrong_time(const Json& claims, WallTime now) const;
  /// What is wrong with a proof, in Okta's words; nullopt: nothing.
  std::optional<std::string> wrong_proof(const Call& call, const Jwt& jwt, std::string_view token);
  std::optional<SimReply> refuse_proof(const Call& call, const ServiceApp& app,
                                       std::string& bound_to);
  bool knows_nonce(const Json& nonce) const { return nonce.as_string() == nonce_; }
  SimReply with_nonce(SimReply reply) const;
  SimReply unauthorised(std::string_view scheme, std::string_view error,
                        std::string_view description) const;

  std::string issuer_;
  std::int64_t lifetime_s_ = 3600;
  bool api_nonce_ = false;
  std::map<std::string, ServiceApp> apps_;
  std::map<std::string, Issued> tokens_;
  std::set<std::string> used_ids_;  // of assertions and proofs
  std::string nonce_ = "nonce-1";
  std::int64_t nonces_ = 1;
  std::int64_t issued_ = 0;
  const Issued* admitted_ = nullptr;  // the token of the request being answered
  Token nobody_{"unknown client", {}, "none", {}, {}, {}};
};

}  // namespace rollcall::sim

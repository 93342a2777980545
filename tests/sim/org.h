// The whole state of one simulated org, and one call to it while it is being answered.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "connectors/http/server.h"
#include "service/base/clock.h"
#include "service/base/json.h"
#include "tests/sim/admin_roles.h"
#include "tests/sim/apps.h"
#include "tests/sim/directory.h"
#include "tests/sim/factors.h"
#include "tests/sim/group_rules.h"
#include "tests/sim/ids.h"
#include "tests/sim/policies.h"
#include "tests/sim/relations.h"
#include "tests/sim/reply.h"
#include "tests/sim/sessions.h"
#include "tests/sim/system_log.h"
#include "tests/sim/user_schema.h"

namespace rollcall::sim {

struct Token {
  std::string secret;
  std::string owner_id;
  std::string role = "super";             // see is_role_name
  std::vector<std::string> groups, apps;  // ids: the role counts for these alone; empty: for all
  /// Only these groups appear to it (ids); empty: all.
  std::vector<std::string> groups_visible;
};

/// A mail that Okta would have sent.
struct Mail {
  WallTime at;
  std::string kind;  // "activation", "reset_password", "deactivated"
  std::string user_id;
  std::string to;
  std::string token;  // what the link in it carries; empty: no link
};

/// Knobs beyond the org's content.
struct OrgSettings {
  std::uint64_t seed = 1;
  std::int64_t index_lag_ms = 0;
  /// Delay of group rules; negative: as long as the index lags.
  std::int64_t rule_delay_ms = -1;
  /// An activation takes that long and other writes get 409 meanwhile; 0: at once.
  std::int64_t activation_ms = 0;
  bool per_second_limits = false;   // sign-ins of one name, codes to one person
  std::int64_t max_apps = 0;        // 0: as many as there may be
  bool edit_deprovisioned = false;  // the org option "Edit Deactivated User Profile Updates"
  std::string realm_id;             // shown on every user; empty: realms are off
};

struct Org {
  explicit Org(const OrgSettings& with);

  OrgSettings settings;
  IdSource ids;
  Directory directory;
  UserSchema schema;
  RuleBook rules;
  AppBook apps;
  SystemLog log;
  SignIns sign_ins;
  PolicyBook policies;
  FactorBook factors;
  Relations relations;
  std::map<std::string, Json> mappings;  // profile mappings that were changed: id -> properties
  std::vector<Token> tokens;
  HeldRoles user_roles, group_roles, client_roles;
  std::vector<CustomRole> custom_roles;
  std::deque<Mail> outbox;  // the newest, see keep_mail
  std::string org_id, company_name, type_id, schema_id;
  WallTime created, schema_updated;
  GroupIndex everyone = 0;

  const Token* token(std::string_view secret) const;
};

/// Puts a mail into the outbox, which keeps the newest 200,000.
void keep_mail(Org& org, Mail mail);

/// One request being answered.
struct Call {
  const ServedRequest& request;
  TargetParts target;
  WallTime now;          // the org's time
  std::string base_url;  // with the host that the client named
  const Token* token = nullptr;
  Access access = {};
  bool trusted = true;  // came with a credential
  Json body = {};       // null if there was none
  bool body_ok = true;
  std::vector<std::string> path_ids = {};       // what stood in the route's {…}
  std::vector<std::string> result_ids = {};     // objects this call made or changed, for the audit
  std::size_t skip_rows = 0;                    // a fault: so many rows of the listing are lost
  bool double_rows = false, half_page = false;  // faults of the same kind

  /// Query parameter, or `otherwise`.
  std::string_view param(std::string_view name, std::string_view otherwise = {}) const;
  /// A boolean parameter.
  bool flag(std::string_view name, bool otherwise) const;
};

}  // namespace rollcall::sim

// The configuration as values: what every other room may know of it (CONTRACT.md, section 4). Plain
// structs, so that pure rooms can be given them; reading files is service/config's.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "service/base/digest.h"
#include "service/base/error.h"
#include "service/base/result.h"
#include "service/base/secret.h"
#include "service/expr/expression.h"
#include "service/model/operation.h"
#include "service/model/record.h"

namespace rollcall {

/// {env: NAME} or {file: PATH}: where a secret is, never the secret.
struct SecretRef {
  enum class Kind : std::uint8_t { none, env, file };
  Kind kind = Kind::none;
  std::string name;
  bool empty() const { return kind == Kind::none; }
};

/// A service app of the org (private_key_jwt).
struct OAuthSettings {
  std::string client_id;
  SecretRef private_key, second_private_key;  // the second: empty unless keys are being changed
  std::string key_id, second_key_id;
  std::vector<std::string> scopes;  // empty: what the rules need
  bool dpop = true;
};

/// One of the two.
struct AuthSettings {
  SecretRef api_token;  // SSWS
  std::optional<OAuthSettings> oauth;
};

/// The account that `okta sign-in-check` signs in as.
struct SignInSettings {
  std::string login;
  SecretRef password, totp;              // totp: empty where the org asks for no factor
  std::vector<std::string> only_groups;  // names of the groups it may be in besides Everyone
};

struct OktaSettings {
  std::string base_url;  // https://host[:port], no slash at the end
  std::optional<AuthSettings> read, write;
  std::optional<SignInSettings> sign_in_check;
  std::string ca_file;
  double capacity = 0.9;  // 0..1
};

struct JournalSettings {
  SecretRef postgres;
  SecretRef key;
};

struct RunSettings {
  std::int64_t max_minutes = 60;
  std::int64_t plan_valid_ms = 4 * 3600 * 1000LL;
  std::string time_zone = "UTC";
};

/// How a read must look to count.
struct CertifySettings {
  std::uint64_t min_rows = 1;
  double max_drop_percent = 10;      // fewer rows than the last certified read
  double max_fill_drop_points = 20;  // per column
  std::string trailer;               // regex of a trailer line with one group: the record count
  std::string control_file;          // file that holds the record count
  double max_reshuffle_percent = 5;  // linked people whose first and last name both changed
};

struct SourceSettings {
  std::string name;
  std::string kind;           // file
  std::string format;         // csv
  std::string path;           // relative to the configuration file, made absolute by config
  std::string delimiter;      // "" = found from the header; else ",", ";", "\t", "|"
  std::string encoding;       // "" = found (UTF-8, UTF-16 by BOM); else a name ICU knows
  std::string key;            // column
  std::string status_column;  // "" = everybody is active
  std::vector<std::string> status_active, status_terminated, status_leave;
  std::string termination_date;  // column, optional: the instant the ladder counts from
  std::string hire_date;         // column, optional
  std::map<std::string, std::string> columns;  // hr name -> header name, where they differ
  bool required = true;
  CertifySettings certify;
};

/// How an attribute is kept (CONTRACT.md: users.profile).
enum class AttrMode : std::uint8_t { authoritative, initial, fallback };

struct ProfileMapping {
  AttrId attribute = 0;  // in Settings::user_schema
  AttrMode mode = AttrMode::authoritative;
  Expression expression;
  std::string rule;  // "users.profile.department"
};

struct MatchRule {
  AttrId user = 0;   // attribute of Settings::user_schema
  Expression hr;     // over hr.*
  std::string rule;  // "users.match.employeeNumber"
};

/// One step of a ladder: from `after_days` on, do these, in order.
enum class LadderAction : std::uint8_t {
  suspend,
  deactivate,
  clear_sessions,
  reset_factors,
  remove_groups
};
struct LadderStep {
  std::int64_t after_days = 0;
  std::vector<LadderAction> actions;
};

struct AbsentSettings {
  bool report_only = true;  // then: report
  std::int64_t after_reads = 1;
  std::int64_t after_days = 0;
};

struct UserSettings {
  bool manage_link = false, manage_attributes = false, manage_groups = false, manage_apps = false,
       manage_lifecycle = false;
  std::vector<MatchRule> match;
  std::optional<Expression> scope;                 // over user.*
  std::optional<Expression> include;               // over hr.*
  std::vector<ProfileMapping> profile;             // in topological order of their user.* reads
  Credential joiner = Credential::none;            // none: not stated, joiners are findings
  std::vector<LadderStep> terminated;              // empty: not stated, terminations are findings
  std::optional<bool> deactivate_not_suspendable;  // nullopt: not stated
  std::optional<AbsentSettings> absent;
  bool renames_apply = false;  // users.renames
};

struct GroupRuleSettings {
  bool is_template = false;
  std::string name;      // fixed name, or the template's text
  Expression name_expr;  // templates
  Expression members;    // boolean; templates without one: 'true'
  bool authoritative = false;
  std::string description;
  std::string rule;  // "groups.all-staff", or the template behind the dot
};

struct GuardLimit {
  std::optional<double> percent;
  std::optional<std::uint64_t> count;
  std::uint64_t floor = 0;
};

struct GuardSettings {
  std::map<std::string, GuardLimit> limits;  // all keys of the contract's table, defaults filled in
  std::uint64_t initial_load = 0;
  std::vector<std::string> protected_logins, protected_groups;
};

struct Settings {
  std::string environment;
  OktaSettings okta;
  JournalSettings journal;
  RunSettings run;
  std::vector<SourceSettings> sources;
  UserSettings users;
  std::vector<GroupRuleSettings> groups;
  GuardSettings guard;
  std::string report_html_dir;  // "" = none

  AttrSchema hr_schema;    // every hr.* that some rule, key, status or date reads
  AttrSchema user_schema;  // every user.* that is mapped, matched or read; login always
  Sha256 rules;            // digest of the normalised rules of users, groups, apps, policies
};

}  // namespace rollcall

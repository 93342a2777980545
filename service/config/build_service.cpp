// okta, journal, run, report, sources, guard: all that needs no expressions.
#include <fmt/core.h>

#include <algorithm>
#include <array>

#include "service/config/build_internal.h"

namespace rollcall::config {
namespace {

OAuthSettings oauth_at(const Build& build, const std::string& path) {
  const Values& values = build.values;
  OAuthSettings oauth;
  oauth.client_id = values.text(below(path, "client_id"));
  oauth.private_key = values.secret(below(path, "private_key"));
  oauth.key_id = values.text(below(path, "key_id"));
  oauth.second_private_key = values.secret(below(path, "second_private_key"));
  oauth.second_key_id = values.text(below(path, "second_key_id"));
  oauth.scopes = values.texts(below(path, "scopes"));
  oauth.dpop = values.flag(below(path, "dpop"));
  if (values.has(below(path, "second_key_id")) && !values.has(below(path, "second_private_key"))) {
    build.problem(
        ErrorCode::config_missing_key, below(path, "second_key_id"),
        fmt::format("`{}` names the key of no `second_private_key`", below(path, "second_key_id")));
  }
  return oauth;
}

std::optional<AuthSettings> auth_at(const Build& build, std::string_view path) {
  const Values& values = build.values;
  if (values.node(path) == nullptr) return std::nullopt;
  const std::string token = below(path, "api_token");
  const std::string oauth = below(path, "oauth");
  if (values.has(token) == values.has(oauth)) {
    const bool both = values.has(token);
    build.problem(both ? ErrorCode::config_contradiction : ErrorCode::config_missing_key,
                  both ? oauth : std::string(path),
                  fmt::format("`{}` {}", path,
                              both ? "states both `api_token` and `oauth`"
                                   : "states neither `api_token` nor `oauth`"),
                  "state one of the two");
  }
  AuthSettings out;
  out.api_token = values.secret(token);
  if (values.node(oauth) != nullptr) out.oauth = oauth_at(build, oauth);
  return out;
}

/// A value must not mean two things.
void check_status_values(const Build& build, const std::string& path,
                         const SourceSettings& source) {
  struct Group {
    std::string_view name;
    const std::vector<std::string>& values;
  };
  const std::array<Group, 3> groups{{{"active", source.status_active},
                                     {"terminated", source.status_terminated},
                                     {"leave", source.status_leave}}};
  for (std::size_t i = 0; i < groups.size(); ++i) {
    for (std::size_t j = i + 1; j < groups.size(); ++j) {
      for (const std::string& value : groups[j].values) {
        const auto& others = groups[i].values;
        if (std::find(others.begin(), others.end(), value) == others.end()) continue;
        build.problem(ErrorCode::config_contradiction, below(path, groups[j].name),
                      fmt::format("the status '{}' stands under `{}` and `{}`", value,
                                  groups[i].name, groups[j].name));
      }
    }
  }
}

void build_certify(const Build& build, const std::string& path, CertifySettings& certify) {
  const Values& values = build.values;
  certify.min_rows = static_cast<std::uint64_t>(values.number(below(path, "min_rows")));
  certify.max_drop_percent = values.real(below(path, "max_drop"));
  certify.max_fill_drop_points = values.real(below(path, "max_fill_drop"));
  certify.max_reshuffle_percent = values.real(below(path, "max_reshuffle"));
  certify.trailer = values.text(below(path, "trailer"));
  certify.control_file = values.text(below(path, "control_file"));
}

/// Rules know columns by their `hr.` names; a header that `columns` renames is that name.
std::string hr_name(const SourceSettings& source, const std::string& written) {
  for (const auto& [name, header] : source.columns) {
    if (header == written) return name;
  }
  return written;
}

void build_columns(const Build& build, const std::string& path, SourceSettings& source) {
  const std::string columns = below(path, "columns");
  if (const ConfigNode* node = build.values.node(columns); node != nullptr) {
    for (const ConfigNode::Entry& entry : node->map) {
      const std::string& header = build.values.text(below(columns, entry.key));
      for (const auto& [other, taken] : source.columns) {
        if (taken != header) continue;
        build.problem(ErrorCode::config_contradiction, below(columns, entry.key),
                      fmt::format("the column '{}' already has the name `{}`", header, other));
      }
      source.columns[entry.key] = header;
    }
  }
  source.key = hr_name(source, build.values.text(below(path, "key")));
  source.status_column = hr_name(source, build.values.text(below(path, "status.column")));
  source.termination_date = hr_name(source, build.values.text(below(path, "termination_date")));
  source.hire_date = hr_name(source, build.values.text(below(path, "hire_date")));
  for (const std::string* name :
       {&source.key, &source.status_column, &source.termination_date, &source.hire_date}) {
    if (!name->empty()) build.settings.hr_schema.add({*name});
  }
}

SourceSettings source_at(const Build& build, const std::string& path) {
  const Values& values = build.values;
  SourceSettings source;
  source.name = values.text(below(path, "name"));
  source.kind = values.text(below(path, "kind"));
  source.format = values.text(below(path, "format"));
  source.path = values.text(below(path, "path"));
  source.delimiter = values.text(below(path, "delimiter"));
  source.encoding = values.text(below(path, "encoding"));
  source.required = values.flag(below(path, "required"));
  source.status_active = values.texts(below(path, "status.active"));
  source.status_terminated = values.texts(below(path, "status.terminated"));
  source.status_leave = values.texts(below(path, "status.leave"));
  build_columns(build, path, source);
  build_certify(build, below(path, "certify"), source.certify);
  check_status_values(build, below(path, "status"), source);
  return source;
}

std::optional<std::uint64_t> count_at(const Values& values, const std::string& path) {
  if (!values.known(path)) return std::nullopt;
  return static_cast<std::uint64_t>(values.number(path));
}

GuardLimit limit_at(const Values& values, const std::string& path) {
  GuardLimit limit;
  if (values.known(below(path, "percent"))) limit.percent = values.real(below(path, "percent"));
  limit.count = count_at(values, below(path, "count"));
  limit.floor = count_at(values, below(path, "floor")).value_or(0);
  return limit;
}

}  // namespace

void build_okta(Build& build) {
  const Values& values = build.values;
  OktaSettings& okta = build.settings.okta;
  okta.base_url = values.text("okta.base_url");
  okta.read = auth_at(build, "okta.auth.read");
  okta.write = auth_at(build, "okta.auth.write");
  if (values.node("okta.auth") != nullptr && !values.has("okta.auth.read") &&
      !values.has("okta.auth.write")) {
    build.problem(ErrorCode::config_missing_key, "okta.auth",
                  "`okta.auth` names neither `read` nor `write`",
                  "read: {api_token: {env: NAME}} is enough for dry runs");
  }
  okta.ca_file = values.text("okta.tls.ca_file");
  okta.capacity = values.real("okta.capacity") / 100;
  if (values.node("okta.sign_in_check") == nullptr) return;
  SignInSettings canary;
  canary.login = values.text("okta.sign_in_check.login");
  canary.password = values.secret("okta.sign_in_check.password");
  canary.totp = values.secret("okta.sign_in_check.totp");
  canary.only_groups = values.texts("okta.sign_in_check.only_groups");
  okta.sign_in_check = std::move(canary);
}

void build_journal_run_report(Build& build) {
  const Values& values = build.values;
  Settings& settings = build.settings;
  settings.environment = values.text("environment");
  settings.journal.postgres = values.secret("journal.postgres");
  settings.journal.key = values.secret("journal.key");
  settings.run.max_minutes = values.number("run.max_minutes");
  settings.run.plan_valid_ms = values.number("run.plan_valid");
  settings.run.time_zone = values.text("run.time_zone");
  settings.report_html_dir = values.text("report.html");
}

void build_sources(Build& build) {
  const std::size_t count = build.values.count("sources");
  if (count == 0 && build.values.node("sources") != nullptr) {
    build.problem(ErrorCode::config_missing_key, "sources", "`sources` names no source");
  }
  for (std::size_t i = 0; i < count; ++i) {
    const std::string path = element("sources", i);
    if (i == 1) {
      build.problem(ErrorCode::config_not_available, path,
                    "a second source is not available in this version");
    }
    if (build.values.node(path) == nullptr) continue;
    SourceSettings source = source_at(build, path);
    for (const SourceSettings& other : build.settings.sources) {
      if (source.name.empty() || other.name != source.name) continue;
      build.problem(ErrorCode::config_duplicate_name, below(path, "name"),
                    fmt::format("another source is called '{}' already", source.name));
    }
    build.settings.sources.push_back(std::move(source));
  }
}

void build_guard(Build& build) {
  const Values& values = build.values;
  GuardSettings& guard = build.settings.guard;
  constexpr std::string_view kPrefix = "guard.limits.";
  for (const KeySpec& spec : key_table()) {
    if (!spec.path.starts_with(kPrefix) || spec.type != KeyType::section) continue;
    guard.limits[std::string(spec.path.substr(kPrefix.size()))] =
        limit_at(values, std::string(spec.path));
  }
  GuardLimit& mails = guard.limits["mails"];
  const bool stated = mails.count.has_value() || mails.percent.has_value();
  if (!stated && build.settings.users.joiner != Credential::invite) mails.count = 0;
  guard.initial_load = static_cast<std::uint64_t>(values.number("guard.initial_load"));
  guard.protected_logins = values.texts("guard.protected.logins");
  guard.protected_groups = values.texts("guard.protected.groups");
}

}  // namespace rollcall::config

// Operations to requests.
#include <algorithm>
#include <optional>

#include "connectors/okta/codec.h"
#include "service/base/digest.h"
#include "service/base/json.h"
#include "service/base/text.h"

namespace rollcall {
namespace {

Endpoint operators_row(OperationKind kind) {
  switch (kind) {
    case OperationKind::user_reset_factor:
      return Endpoint::unenroll_factor;
    case OperationKind::app_assign_user:
      return Endpoint::assign_user_to_application;
    case OperationKind::app_unassign_user:
      return Endpoint::unassign_user_from_application;
    case OperationKind::app_assign_group:
      return Endpoint::assign_group_to_application;
    case OperationKind::app_unassign_group:
      return Endpoint::unassign_application_from_group;
    case OperationKind::group_rule_activate:
      return Endpoint::activate_group_rule;
    case OperationKind::group_rule_deactivate:
      return Endpoint::deactivate_group_rule;
    case OperationKind::policy_activate:
      return Endpoint::activate_policy;
    case OperationKind::policy_deactivate:
      return Endpoint::deactivate_policy;
    case OperationKind::policy_rule_activate:
      return Endpoint::activate_policy_rule;
    case OperationKind::policy_rule_deactivate:
      return Endpoint::deactivate_policy_rule;
    default:
      return Endpoint::expire_password;
  }
}

/// The read that shows how an operation's object stands.
std::optional<Endpoint> object_read(OperationKind kind) {
  switch (kind) {
    case OperationKind::app_assign_user:
    case OperationKind::app_unassign_user:
      return Endpoint::get_application_user;
    case OperationKind::app_assign_group:
    case OperationKind::app_unassign_group:
      return Endpoint::get_application_group_assignment;
    case OperationKind::group_rule_activate:
    case OperationKind::group_rule_deactivate:
      return Endpoint::get_group_rule;
    case OperationKind::policy_activate:
    case OperationKind::policy_deactivate:
      return Endpoint::get_policy;
    case OperationKind::policy_rule_activate:
    case OperationKind::policy_rule_deactivate:
      return Endpoint::get_policy_rule;
    default:
      return std::nullopt;
  }
}

/// The row by which a kind's request is made; not for journal-only kinds.
Endpoint row_for(OperationKind kind) {
  switch (kind) {
    case OperationKind::user_create:
      return Endpoint::create_user;
    case OperationKind::user_update:
      return Endpoint::update_user;
    case OperationKind::user_activate:
      return Endpoint::activate_user;
    case OperationKind::user_reactivate:
      return Endpoint::reactivate_user;
    case OperationKind::user_deactivate:
      return Endpoint::deactivate_user;
    case OperationKind::user_suspend:
      return Endpoint::suspend_user;
    case OperationKind::user_unsuspend:
      return Endpoint::unsuspend_user;
    case OperationKind::user_unlock:
      return Endpoint::unlock_user;
    case OperationKind::user_reset_factors:
      return Endpoint::reset_factors;
    case OperationKind::user_clear_sessions:
      return Endpoint::revoke_user_sessions;
    case OperationKind::user_delete:
      return Endpoint::delete_user;
    case OperationKind::group_create:
      return Endpoint::create_group;
    case OperationKind::group_update:
      return Endpoint::replace_group;
    case OperationKind::group_delete:
      return Endpoint::delete_group;
    case OperationKind::group_add_member:
      return Endpoint::assign_user_to_group;
    case OperationKind::group_remove_member:
      return Endpoint::unassign_user_from_group;
    default:
      return operators_row(kind);
  }
}

/// What stands for one of the path's braces: ids decide, not what the plan wrote.
const std::string& argument(const Operation& op, std::string_view braces) {
  if (braces == "{id}" || braces == "{userId}") return op.subject.user_id;
  const bool group_beside = braces == "{groupId}" && op.object.kind == ObjectRef::Kind::app;
  const bool policy_beside =
      braces == "{policyId}" && op.object.kind == ObjectRef::Kind::policy_rule;
  return group_beside || policy_beside ? op.beside.id : op.object.id;
}

OktaRequest request_for(const Operation& op, Endpoint endpoint) {
  std::vector<std::string> arguments;
  for (const std::string_view part : split(row_of(endpoint).path, '/')) {
    if (!part.empty() && part.front() == '{') arguments.push_back(argument(op, part));
  }
  return {endpoint, std::move(arguments)};
}

Result<HttpRequest> built(const Operation& op, const OktaRequest& request) {
  auto out = request.build();
  if (out) return out;
  Error error = out.error();
  error.where = "operation " + std::to_string(op.id);
  return error;
}

Json typed(const FieldChange& change) {
  if (!change.to) return {};
  if (change.type == AttrType::text) return Json(*change.to);
  if (change.type == AttrType::boolean) return Json(*change.to == "true");
  auto parsed = parse_json(*change.to);
  return parsed ? std::move(*parsed) : Json(*change.to);
}

Json profile_of(const Operation& op) {
  Json profile = Json::object();
  for (const FieldChange& change : op.changes) profile.set(change.attribute, typed(change));
  return profile;
}

OktaRequest by_login(const Operation& op) {
  std::string login = op.subject.login;
  for (const FieldChange& change : op.changes) {
    if (change.attribute == "login" && change.to) login = *change.to;
  }
  return OktaRequest(Endpoint::get_user, {login});
}

Json credentials_of(const Operation& op, std::string_view login) {
  Json credentials = Json::object();
  if (op.credential == Credential::federated) {
    Json provider = Json::object();
    provider.set("type", "FEDERATION").set("name", "FEDERATION");
    credentials.set("provider", std::move(provider));
  } else {
    Json password = Json::object();
    password.set("value", random_password(login));
    credentials.set("password", std::move(password));
  }
  return credentials;
}

Result<HttpRequest> create_user(std::span<const Operation* const> host_and_riders) {
  const Operation& op = *host_and_riders.front();
  Json body = Json::object();
  Json profile = profile_of(op);
  if (!profile.has("login")) profile.set("login", op.subject.login);
  const std::string login(profile["login"].as_string());
  body.set("profile", std::move(profile));
  const bool federated = op.credential == Credential::federated;
  if (federated || op.credential == Credential::random_password) {
    body.set("credentials", credentials_of(op, login));
  }
  Json groups = Json::array();
  for (const Operation* rider : host_and_riders.subspan(1)) {
    if (!rider->object.id.empty()) groups.push(rider->object.id);
  }
  if (!groups.items().empty()) body.set("groupIds", std::move(groups));
  // Without a password activate=true sends a mail, so only `invite` may say it (FACTS 5.3).
  const bool activate = federated || op.credential == Credential::random_password ||
                        op.credential == Credential::invite;
  OktaRequest request(Endpoint::create_user);
  request.query("activate", activate ? "true" : "false");
  if (federated) request.query("provider", "true");
  return built(op, request.body(body));
}

Json with_profile(Json profile) {
  Json body = Json::object();
  body.set("profile", std::move(profile));
  return body;
}

Json group_profile(const Operation& op) {
  Json profile = Json::object();
  profile.set("name", op.object.name);
  for (const FieldChange& change : op.changes) {
    profile.set(change.attribute, change.to ? Json(*change.to) : Json());
  }
  return profile;
}

bool takes_mail(OperationKind kind) {
  return kind == OperationKind::user_activate || kind == OperationKind::user_reactivate ||
         kind == OperationKind::user_deactivate;
}

}  // namespace

Endpoint endpoint_of(OperationKind kind) {
  ROLLCALL_ASSERT(!journal_only(kind));
  return row_for(kind);
}

Result<HttpRequest> encode(std::span<const Operation* const> host_and_riders) {
  const Operation& op = *host_and_riders.front();
  if (op.kind == OperationKind::user_create) return create_user(host_and_riders);
  OktaRequest request = request_for(op, endpoint_of(op.kind));
  if (takes_mail(op.kind)) {
    const bool mail = op.request.path.find("sendEmail=true") != std::string::npos;
    request.query("sendEmail", mail ? "true" : "false");
  }
  switch (op.kind) {
    case OperationKind::user_update:
      request.body(with_profile(profile_of(op)));
      break;
    case OperationKind::user_clear_sessions:
      request.query("oauthTokens", "true");
      break;
    case OperationKind::user_delete:
      request.query("sendEmail", "false");
      break;
    case OperationKind::group_create:
    case OperationKind::group_update:
      request.body(with_profile(group_profile(op)));
      break;
    case OperationKind::app_assign_user:
      request.body(Json::object().set("id", op.subject.user_id).set("scope", "USER"));
      break;
    case OperationKind::app_assign_group:
      request.body(Json::object());
      break;
    default:
      break;
  }
  return built(op, request);
}

Result<HttpRequest> encode_probe(const Operation& op) {
  switch (op.kind) {
    case OperationKind::group_create:
    case OperationKind::group_update:
    case OperationKind::group_delete:
    case OperationKind::group_link:
    case OperationKind::group_unlink:
      if (!op.object.id.empty()) return built(op, request_for(op, Endpoint::get_group));
      return built(op, OktaRequest(Endpoint::list_groups).query("q", op.object.name));
    default:
      break;
  }
  // One page tells it for a group of any size. A removal is judged by the person's status, and what
  // it would find out besides is harmless to send again.
  if (op.kind == OperationKind::group_add_member) {
    return built(op, request_for(op, Endpoint::list_user_groups));
  }
  if (const auto read = object_read(op.kind)) return built(op, request_for(op, *read));
  if (!op.subject.user_id.empty()) return built(op, request_for(op, Endpoint::get_user));
  return built(op, by_login(op));
}

std::string random_password(std::string_view login) {
  constexpr std::string_view kUpper = "ABCDEFGHJKLMNPQRSTUVWXYZ";
  constexpr std::string_view kLower = "abcdefghijkmnopqrstuvwxyz";
  constexpr std::string_view kDigits = "23456789";
  constexpr std::string_view kSymbols = "!#%+-.:=?@_~";
  constexpr std::size_t kLength = 64;    // Okta takes 72 at most
  constexpr std::size_t kLoginPart = 4;  // parts of the login from this length on are refused
  const std::string all =
      std::string(kUpper) + std::string(kLower) + std::string(kDigits) + std::string(kSymbols);
  const std::string folded = ascii_lower(login);
  for (;;) {
    std::string password;
    while (password.size() < kLength) {
      for (const char c : random_bytes(kLength)) {
        const auto byte = static_cast<unsigned char>(c);
        const std::size_t fair = 256 / all.size() * all.size();  // no character likelier
        if (byte < fair && password.size() < kLength) password += all[byte % all.size()];
      }
    }
    const auto has = [&password](std::string_view kind) {
      return password.find_first_of(kind) != std::string::npos;
    };
    const std::string lower = ascii_lower(password);
    bool holds_login = false;
    for (std::size_t i = 0; i + kLoginPart <= folded.size() && !holds_login; ++i) {
      holds_login = lower.find(folded.substr(i, kLoginPart)) != std::string::npos;
    }
    if (has(kUpper) && has(kLower) && has(kDigits) && has(kSymbols) && !holds_login) {
      return password;
    }
  }
}

}  // namespace rollcall

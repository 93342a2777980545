// Operations to requests.
#include <algorithm>

#include "connectors/okta/codec.h"
#include "connectors/okta/reply_headers.h"
#include "service/base/digest.h"
#include "service/base/json.h"
#include "service/base/text.h"

namespace rollcall {
namespace {

constexpr std::string_view kUsers = "/api/v1/users";
constexpr std::string_view kGroups = "/api/v1/groups";

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

Result<std::string> user_path(const Operation& op, std::string_view rest = {}) {
  if (op.subject.user_id.empty()) {
    return make_error(ErrorCode::okta_target_unknown, "the operation's user has no id yet",
                      "operation " + std::to_string(op.id));
  }
  return std::string(kUsers) + "/" + percent_encode(op.subject.user_id) + std::string(rest);
}

Result<std::string> group_path(const Operation& op) {
  if (op.object.id.empty()) {
    return make_error(ErrorCode::okta_target_unknown, "the operation's group has no id yet",
                      "operation " + std::to_string(op.id));
  }
  return std::string(kGroups) + "/" + percent_encode(op.object.id);
}

Result<std::string> login_path(const Operation& op) {
  std::string login = op.subject.login;
  for (const FieldChange& change : op.changes) {
    if (change.attribute == "login" && change.to) login = *change.to;
  }
  // Okta takes no login with a slash or question mark in a path (FACTS 1).
  if (login.empty() || login.find_first_of("/?") != std::string::npos) {
    return make_error(ErrorCode::okta_login_unaddressable, "the login cannot stand in a path",
                      "operation " + std::to_string(op.id));
  }
  return std::string(kUsers) + "/" + percent_encode(login);
}

HttpRequest bare(std::string method, std::string target) {
  return {std::move(method), std::move(target), {}, {}};
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
  HttpRequest request =
      bare("POST", std::string(kUsers) + (activate ? "?activate=true" : "?activate=false"));
  if (federated) request.target += "&provider=true";
  request.body = body.dump();
  return request;
}

Result<HttpRequest> with_body(const char* method, Result<std::string> path, Json profile) {
  if (!path) return path.error();
  Json body = Json::object();
  body.set("profile", std::move(profile));
  HttpRequest request = bare(method, std::move(*path));
  request.body = body.dump();
  return request;
}

Result<HttpRequest> without_body(const char* method, Result<std::string> path) {
  if (!path) return path.error();
  return bare(method, std::move(*path));
}

Json group_profile(const Operation& op) {
  Json profile = Json::object();
  profile.set("name", op.object.name);
  for (const FieldChange& change : op.changes) {
    profile.set(change.attribute, change.to ? Json(*change.to) : Json());
  }
  return profile;
}

Result<HttpRequest> member(const char* method, const Operation& op) {
  auto path = group_path(op);
  if (!path) return path.error();
  if (op.subject.user_id.empty()) return user_path(op).error();
  return bare(method, *path + "/users/" + percent_encode(op.subject.user_id));
}

std::string lifecycle(const Operation& op, std::string_view step, bool takes_mail) {
  std::string out = "/lifecycle/" + std::string(step);
  if (takes_mail) {
    const bool mail = op.request.path.find("sendEmail=true") != std::string::npos;
    out += mail ? "?sendEmail=true" : "?sendEmail=false";
  }
  return out;
}

}  // namespace

Result<HttpRequest> encode(std::span<const Operation* const> host_and_riders) {
  const Operation& op = *host_and_riders.front();
  ROLLCALL_ASSERT(!journal_only(op.kind));
  switch (op.kind) {
    case OperationKind::user_create:
      return create_user(host_and_riders);
    case OperationKind::user_update:
      return with_body("POST", user_path(op), profile_of(op));
    case OperationKind::user_activate:
      return without_body("POST", user_path(op, lifecycle(op, "activate", true)));
    case OperationKind::user_reactivate:
      return without_body("POST", user_path(op, lifecycle(op, "reactivate", true)));
    case OperationKind::user_deactivate:
      return without_body("POST", user_path(op, lifecycle(op, "deactivate", true)));
    case OperationKind::user_suspend:
      return without_body("POST", user_path(op, lifecycle(op, "suspend", false)));
    case OperationKind::user_unsuspend:
      return without_body("POST", user_path(op, lifecycle(op, "unsuspend", false)));
    case OperationKind::user_unlock:
      return without_body("POST", user_path(op, lifecycle(op, "unlock", false)));
    case OperationKind::user_reset_factors:
      return without_body("POST", user_path(op, lifecycle(op, "reset_factors", false)));
    case OperationKind::user_clear_sessions:
      return without_body("DELETE", user_path(op, "/sessions?oauthTokens=true"));
    case OperationKind::user_delete:
      return without_body("DELETE", user_path(op, "?sendEmail=false"));
    case OperationKind::group_create:
      return with_body("POST", std::string(kGroups), group_profile(op));
    case OperationKind::group_update:
      return with_body("PUT", group_path(op), group_profile(op));
    case OperationKind::group_delete:
      return without_body("DELETE", group_path(op));
    case OperationKind::group_add_member:
      return member("PUT", op);
    case OperationKind::group_remove_member:
      return member("DELETE", op);
    case OperationKind::user_link:
    case OperationKind::user_unlink:
    case OperationKind::group_link:
    case OperationKind::group_unlink:
      break;
  }
  return make_error(ErrorCode::internal_defect, "an operation without a request was to be sent",
                    "operation " + std::to_string(op.id));
}

Result<HttpRequest> encode_probe(const Operation& op) {
  switch (op.kind) {
    case OperationKind::group_create:
    case OperationKind::group_update:
    case OperationKind::group_delete:
    case OperationKind::group_link:
    case OperationKind::group_unlink:
      if (!op.object.id.empty()) return without_body("GET", group_path(op));
      return bare("GET", std::string(kGroups) + "?q=" + percent_encode(op.object.name));
    default:
      break;
  }
  // One page tells it for a group of any size. A removal is judged by the person's status, and what
  // it would find out besides is harmless to send again.
  if (op.kind == OperationKind::group_add_member) {
    return without_body("GET", user_path(op, "/groups"));
  }
  if (!op.subject.user_id.empty()) return without_body("GET", user_path(op));
  return without_body("GET", login_path(op));
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

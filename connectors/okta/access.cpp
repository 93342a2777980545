#include "connectors/okta/access.h"

#include <fmt/core.h>

#include <algorithm>

#include "connectors/okta/codec.h"
#include "connectors/okta/endpoints.h"
#include "connectors/okta/patience.h"
#include "connectors/okta/reply_headers.h"
#include "connectors/okta/status_codes.h"
#include "service/base/json.h"

namespace rollcall {
namespace {

constexpr int kMostPages = 50;  // of apps

class Asker {
 public:
  Asker(const AccessQuestions& questions, Authorizer& authorizer, Transport& transport)
      : questions_(questions), authorizer_(authorizer), transport_(transport) {}

  Result<Access> ask() {
    if (const auto read = read_holder(); !read) return read.error();
    if (const auto read = read_roles(); !read) return read.error();
    if (questions_.try_to_write) {
      if (const auto tried = try_to_write(); !tried) return tried.error();
    }
    if (const auto read = read_mastering_apps(); !read) return read.error();
    return std::move(access_);
  }

 private:
  /// Reads are repeated where Okta failed or is busy; a write is not.
  Result<HttpReply> send(const OktaRequest& asked) {
    Repeats repeats;
    for (int tries = 1;; ++tries) {
      auto built = asked.build();
      if (!built) return built.error();
      HttpRequest request = std::move(*built);
      const std::string target = request.target;
      request.headers.emplace_back("Accept", "application/json");
      request.headers.emplace_back("Content-Type", "application/json");
      request.headers.emplace_back("User-Agent", "Rollcall/" + questions_.version);
      const auto generation = authorizer_.sign(request, transport_);
      if (!generation) return generation.error();
      HttpExchange exchange = transport_.send(request, questions_.deadline_ms);
      if (!exchange.reply) return exchange.failure->error;
      HttpReply& reply = *exchange.reply;
      const bool for_now = reply.status == kTooMany || reply.status >= kServerError;
      if (for_now && request.method == "GET") {
        if (tries >= kMostReads) return read_failure(exchange, target);
        pause_before_repeat(tries);
        continue;
      }
      const bool about_proof = reply.status == kUnauthorised || reply.status == kBadRequest;
      if (about_proof && authorizer_.mended(reply, *generation, repeats)) continue;
      if (auto said = authorizer_.explain(reply)) return *said;
      if (reply.status == kUnauthorised) return read_failure(exchange, target);
      return std::move(reply);
    }
  }

  static std::string words_of(const HttpReply& reply) {
    const OktaError error = read_error(reply.body);
    return error.code.empty() ? std::to_string(reply.status)
                              : fmt::format("{} {}", reply.status, error.code);
  }

  Result<void> read_holder() {
    access_.holder = questions_.client_id;
    if (!questions_.client_id.empty()) return ok();
    const auto reply = send(OktaRequest(Endpoint::get_user, {"me"}));
    if (!reply) return reply.error();
    const auto body = parse_json(reply->body);
    if (reply->status != kOk || !body || (*body)["id"].as_string().empty()) {
      return make_error(ErrorCode::okta_page_unreadable,
                        "the token's owner cannot be read: " + words_of(*reply),
                        std::string(row_of(Endpoint::get_user).path));
    }
    access_.holder = (*body)["id"].as_string();
    access_.of_user = true;
    return ok();
  }

  /// Roles of a user or of a service app (Okta's Role Assignment API).
  Result<void> read_roles() {
    const Endpoint roles_of =
        access_.of_user ? Endpoint::list_assigned_roles_for_user : Endpoint::list_roles_for_client;
    const auto reply = send(OktaRequest(roles_of, {access_.holder}));
    if (!reply) return reply.error();
    const auto body = parse_json(reply->body);
    if (reply->status != kOk || !body || !body->is_array()) {
      access_.roles_unread = "the org does not show them: " + words_of(*reply);
      return ok();
    }
    std::vector<RoleHeld> roles;
    for (const Json& item : body->items()) {
      RoleHeld role;
      role.type = item["type"].as_string();
      role.label = item["label"].as_string();
      role.by_group = item["assignmentType"].as_string() == "GROUP";
      if (role.type == "CUSTOM") {
        if (const auto read = read_permissions(item["role"].as_string(), role); !read)
          return read.error();
      }
      const bool active =
          !item.has("status") || item["status"].is_null() || item["status"].as_string() == "ACTIVE";
      if (active) roles.push_back(std::move(role));
    }
    if (roles.empty()) {
      // A credential that may not list roles gets `200 []`, like any list it may not see (FACTS 2).
      access_.roles_unread = "the org shows none, as to a credential that may not read roles";
      return ok();
    }
    access_.roles = std::move(roles);
    return ok();
  }

  Result<void> read_permissions(std::string_view role_id, RoleHeld& role) {
    if (role_id.empty()) return ok();
    const auto reply = send(OktaRequest(Endpoint::list_role_permissions, {role_id}));
    if (!reply) return reply.error();
    const auto body = parse_json(reply->body);
    if (reply->status != kOk || !body) return ok();
    std::vector<std::string> labels;
    for (const Json& item : (*body)["permissions"].items()) {
      labels.emplace_back(item["label"].as_string());
    }
    role.permissions = std::move(labels);
    return ok();
  }

  Result<void> try_to_write() {
    const auto reply =
        send(OktaRequest(Endpoint::create_user).query("activate", "false").body(Json::object()));
    if (!reply) {
      // A token without the scope is refused as well, in words of its own.
      if (reply.error().code != ErrorCode::okta_scope_missing) return reply.error();
      access_.trial = WriteTrial::refused;
      access_.trial_said = "403 insufficient_scope";
      return ok();
    }
    const OktaError error = read_error(reply->body);
    access_.trial_said = words_of(*reply);
    if (reply->status == kForbidden) {
      access_.trial = WriteTrial::refused;
    } else if (reply->status == kBadRequest) {
      access_.trial = WriteTrial::not_refused;
    }
    return ok();
  }

  /// `features` of an app holds PROFILE_MASTERING where it is the source of people's profiles
  /// (Okta's Applications API, "Features").
  Result<void> read_mastering_apps() {
    std::vector<std::string> labels;
    OktaRequest request(Endpoint::list_applications);
    request.query("filter", "status eq \"ACTIVE\"").query("limit", "200");
    for (int page = 0; page < kMostPages; ++page) {
      const auto reply = send(request);
      if (!reply) {
        if (reply.error().code == ErrorCode::okta_scope_missing) return ok();
        return reply.error();
      }
      const auto body = parse_json(reply->body);
      if (reply->status != kOk || !body || !body->is_array()) return ok();
      for (const Json& app : body->items()) {
        const auto& features = app["features"].items();
        const bool masters = std::any_of(features.begin(), features.end(), [](const Json& one) {
          return one.as_string() == "PROFILE_MASTERING";
        });
        if (masters) labels.emplace_back(app["label"].as_string());
      }
      const auto next = next_page(*reply, questions_.base_url);
      if (!next) return next.error();
      if (!*next) break;
      request = OktaRequest(Endpoint::list_applications).continued(**next);
    }
    std::sort(labels.begin(), labels.end());
    access_.mastering_apps = std::move(labels);
    return ok();
  }

  const AccessQuestions& questions_;
  Authorizer& authorizer_;
  Transport& transport_;
  Access access_;
};

}  // namespace

Result<Access> look_at_access(const AccessQuestions& questions, Authorizer& authorizer,
                              Transport& transport) {
  return Asker(questions, authorizer, transport).ask();
}

}  // namespace rollcall

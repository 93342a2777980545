// A user as Okta shows it.
#include <fmt/core.h>

#include "service/base/digest.h"
#include "service/base/text.h"
#include "tests/sim/packed_json.h"
#include "tests/sim/users.h"

namespace rollcall::sim {
namespace {

void append_time(std::string& out, std::string_view name, WallTime t) {
  out += ",\"";
  out += name;
  out += "\":";
  if (t.ms == 0) {
    out += "null";
    return;
  }
  out += '"';
  // Okta stores users with a resolution of one second.
  out += format_okta_time({t.ms / 1000 * 1000});
  out += '"';
}

void append_credentials(std::string& out, const OrgUser& user) {
  out += ",\"credentials\":{";
  if (user.has_password) {
    out += "\"password\":{},\"emails\":[{\"value\":";
    out += packed_member(user.profile, "email");
    out += ",\"status\":\"VERIFIED\",\"type\":\"PRIMARY\"}],";
  }
  if (!user.recovery_question.empty()) {
    out += "\"recovery_question\":{\"question\":";
    append_json_string(out, user.recovery_question);
    out += "},";
  }
  const std::string_view provider = to_string(user.provider);
  out += fmt::format("\"provider\":{{\"type\":\"{}\",\"name\":\"{}\"}}}}", provider, provider);
}

void append_link(std::string& out, std::string_view name, const std::string& href,
                 std::string_view method) {
  out += fmt::format(",\"{}\":{{\"href\":\"{}\"", name, href);
  if (!method.empty()) out += fmt::format(",\"method\":\"{}\"", method);
  out += '}';
}

struct Transition {
  std::string_view name, path;
};

// Which links each status was recorded with; RECOVERY, LOCKED_OUT and SUSPENDED were not recorded
// in full and carry the transitions that their documentation names.
std::vector<Transition> transitions(AccountStatus status) {
  static const Transition activate{"activate", "lifecycle/activate"};
  static const Transition suspend{"suspend", "lifecycle/suspend"};
  static const Transition unsuspend{"unsuspend", "lifecycle/unsuspend"};
  static const Transition unlock{"unlock", "lifecycle/unlock"};
  static const Transition reset{"resetPassword", "lifecycle/reset_password"};
  static const Transition reactivate{"reactivate", "lifecycle/reactivate"};
  static const Transition forgot{"forgotPassword", "credentials/forgot_password"};
  static const Transition expire{"expirePassword", "lifecycle/expire_password"};
  static const Transition question{"changeRecoveryQuestion",
                                   "credentials/change_recovery_question"};
  static const Transition change{"changePassword", "credentials/change_password"};
  static const Transition factors{"resetFactors", "lifecycle/reset_factors"};
  static const Transition deactivate{"deactivate", "lifecycle/deactivate"};
  switch (status) {
    case AccountStatus::staged:
      return {activate, factors};
    case AccountStatus::provisioned:
      return {suspend, reset, reactivate, factors, deactivate};
    case AccountStatus::active:
    case AccountStatus::password_expired:
      return {suspend, reset, forgot, expire, question, factors, change, deactivate};
    case AccountStatus::recovery:
      return {reset, reactivate, factors, deactivate};
    case AccountStatus::locked_out:
      return {unlock, reset, factors, deactivate};
    case AccountStatus::suspended:
      return {unsuspend, factors, deactivate};
    case AccountStatus::deprovisioned:
    case AccountStatus::unknown:
      break;
  }
  return {activate};
}

void append_links(std::string& out, const Org& org, const Call& call, const OrgUser& user,
                  Links links) {
  const std::string self = fmt::format("{}/api/v1/users/{}", call.base_url, user.id);
  out += fmt::format(",\"_links\":{{\"self\":{{\"href\":\"{}\"}}", self);
  if (links == Links::full) {
    append_link(out, "schema",
                fmt::format("{}/api/v1/meta/schemas/user/{}", call.base_url, org.schema_id), {});
    append_link(out, "type",
                fmt::format("{}/api/v1/meta/types/user/{}", call.base_url, type_id_of(org, user)),
                {});
    for (const Transition& t : transitions(user.status)) {
      append_link(out, t.name, fmt::format("{}/{}", self, t.path), "POST");
    }
    if (user.status == AccountStatus::deprovisioned) append_link(out, "delete", self, "DELETE");
  }
  out += '}';
}

std::string tag_of(std::string_view body) {
  return fmt::format("W/\"{}\"", to_text(sha256(body)).substr(7));
}

}  // namespace

bool is_activating(const OrgUser& user, WallTime now) { return user.activating_until > now; }

void render_user(std::string& out, const Org& org, const Call& call, const OrgUser& user,
                 Links links) {
  AccountStatus shown = user.status;
  AccountStatus moving_to = user.transitioning_to;
  if (is_activating(user, call.now)) {
    moving_to = user.status;
    shown = AccountStatus::staged;
  }
  out += fmt::format("{{\"id\":\"{}\",\"status\":\"{}\"", user.id, to_string(shown));
  if (moving_to != AccountStatus::unknown) {
    out += fmt::format(",\"transitioningToStatus\":\"{}\"", to_string(moving_to));
  }
  append_time(out, "created", user.created);
  append_time(out, "activated", user.activated);
  append_time(out, "statusChanged", user.status_changed);
  append_time(out, "lastLogin", user.last_login);
  append_time(out, "lastUpdated", user.last_updated);
  append_time(out, "passwordChanged", user.password_changed);
  if (!org.settings.realm_id.empty()) {
    out += fmt::format(",\"realmId\":\"{}\"", org.settings.realm_id);
  }
  out += fmt::format(",\"type\":{{\"id\":\"{}\"}},\"profile\":", type_id_of(org, user));
  out += user.profile;
  append_credentials(out, user);
  append_links(out, org, call, user, links);
  out += '}';
}

std::optional<UserIndex> find_user(const Org& org, const Call& call, std::string_view key) {
  if (key == "me" && call.token != nullptr) return org.directory.user_by_id(call.token->owner_id);
  if (const auto by_id = org.directory.user_by_id(key)) return by_id;
  if (const auto by_login = org.directory.user_by_login(key)) return by_login;
  return org.directory.user_by_shortname(key);
}

std::string etag_of(const Org& org, const Call& call, const OrgUser& user) {
  std::string body;
  render_user(body, org, call, user, Links::full);
  return tag_of(body);
}

SimReply get_user(Org& org, Call& call) {
  const std::string& key = call.path_ids[0];
  const auto index = find_user(org, call, key);
  if (!index) return not_found(key, "User");
  std::string body;
  render_user(body, org, call, org.directory.user(*index), Links::full);
  std::string tag = tag_of(body);
  SimReply reply = json_reply(200, std::move(body));
  reply.headers.emplace_back("ETag", std::move(tag));
  return reply;
}

}  // namespace rollcall::sim

// Passwords and recovery questions as their owners change them (FACTS 5.3, 8.1).
#include <fmt/core.h>

#include "service/base/digest.h"
#include "service/base/text.h"
#include "tests/sim/json_parts.h"
#include "tests/sim/org.h"
#include "tests/sim/packed_json.h"
#include "tests/sim/users.h"

namespace rollcall::sim {
namespace {

constexpr std::size_t kShortestAnswer = 4;

SimReply credentials_refused(std::string_view cause) {
  return error_reply(403, "E0000014", "Update of credentials failed", {std::string(cause)});
}

SimReply credentials_reply(const Org& org, Call& call, UserIndex index) {
  const OrgUser& user = org.directory.user(index);
  call.result_ids.push_back(user.id);
  Json provider = Json::object();
  provider.set("type", to_string(user.provider)).set("name", to_string(user.provider));
  Json out = object_of("password", Json::object());
  if (!user.recovery_question.empty()) {
    out.set("recovery_question", object_of("question", Json(user.recovery_question)));
  }
  out.set("provider", std::move(provider));
  return json_reply(200, out);
}

/// The person of a path below /users/{id}/credentials, or the refusal.
struct Owner {
  UserIndex index = 0;
  std::optional<SimReply> refused;
};

Owner credentials_owner(const Org& org, const Call& call) {
  Owner owner;
  const auto index = org.directory.user_by_id(call.path_ids[0]);
  if (!index) {
    owner.refused = not_found(call.path_ids[0], "User");
    return owner;
  }
  owner.index = *index;
  if (is_activating(org.directory.user(*index), call.now)) owner.refused = still_activating();
  return owner;
}

bool status_is(const Org& org, UserIndex index, std::initializer_list<AccountStatus> wanted) {
  for (const AccountStatus status : wanted) {
    if (org.directory.user(index).status == status) return true;
  }
  return false;
}

}  // namespace

bool password_is(const Org& org, UserIndex user, const Json& value) {
  const auto known = org.sign_ins.passwords.find(user);
  return value.is_string() && known != org.sign_ins.passwords.end() &&
         known->second == fast_hash(value.as_string());
}

std::optional<SimReply> refuse_new_password(const Org& org, UserIndex user, const Json& value) {
  const std::string login = packed_text(org.directory.user(user).profile, "login");
  if (value.is_string() && password_allowed(value.as_string(), login)) return std::nullopt;
  return credentials_refused("Password requirements were not met");
}

void set_password(Org& org, UserIndex index, const Json& value, WallTime now) {
  OrgUser& user = org.directory.change_user(index, now);
  user.has_password = true;
  user.password_changed = user.last_updated = now;
  const bool waited =
      user.status == AccountStatus::password_expired || user.status == AccountStatus::recovery;
  if (waited) {
    user.status = AccountStatus::active;
    user.status_changed = now;
  }
  org.sign_ins.passwords[index] = fast_hash(value.as_string());
  log_event(org, now, "user.account.update_password", {user_party(org, index)});
}

std::optional<SimReply> replace_password(Org& org, UserIndex user, const Json& body, WallTime now) {
  if (!password_is(org, user, body["oldPassword"]["value"])) {
    return credentials_refused("Old Password is not correct");
  }
  const Json& fresh = body["newPassword"]["value"];
  if (auto refused = refuse_new_password(org, user, fresh)) return refused;
  set_password(org, user, fresh, now);
  return std::nullopt;
}

SimReply change_password(Org& org, Call& call) {
  Owner owner = credentials_owner(org, call);
  if (owner.refused) return std::move(*owner.refused);
  if (!call.body_ok || !call.body["newPassword"].is_object()) return malformed_body();
  if (!status_is(org, owner.index,
                 {AccountStatus::active, AccountStatus::staged, AccountStatus::password_expired,
                  AccountStatus::recovery})) {
    return wrong_status();
  }
  if (auto refused = replace_password(org, owner.index, call.body, call.now)) {
    return std::move(*refused);
  }
  if (call.body["revokeSessions"].as_bool()) end_sessions(org, owner.index, call.now);
  return credentials_reply(org, call, owner.index);
}

SimReply change_recovery_question(Org& org, Call& call) {
  Owner owner = credentials_owner(org, call);
  if (owner.refused) return std::move(*owner.refused);
  const Json& question = call.body["recovery_question"];
  if (!call.body_ok || !question.is_object()) return malformed_body();
  if (!status_is(org, owner.index,
                 {AccountStatus::active, AccountStatus::staged, AccountStatus::recovery,
                  AccountStatus::password_expired})) {
    return wrong_status();
  }
  if (!password_is(org, owner.index, call.body["password"]["value"])) {
    return credentials_refused("Password is not correct");
  }
  if (utf8_length(question["answer"].as_string()) < kShortestAnswer ||
      question["question"].as_string().empty()) {
    return credentials_refused("The recovery question or its answer is too short");
  }
  OrgUser& user = org.directory.change_user(owner.index, call.now);
  user.recovery_question = std::string(question["question"].as_string());
  user.last_updated = call.now;
  remember_secrets(org, owner.index, object_of("recovery_question", question));
  log_event(org, call.now, "user.account.update_profile", {user_party(org, owner.index)});
  return credentials_reply(org, call, owner.index);
}

SimReply forgot_password(Org& org, Call& call) {
  Owner owner = credentials_owner(org, call);
  if (owner.refused) return std::move(*owner.refused);
  const bool has_question = !org.directory.user(owner.index).recovery_question.empty();
  if (!has_question ||
      !status_is(org, owner.index, {AccountStatus::active, AccountStatus::password_expired})) {
    return error_reply(403, "E0000034", "Forgot password not allowed on specified user.");
  }
  OrgUser& user = org.directory.change_user(owner.index, call.now);
  user.status = AccountStatus::recovery;
  user.status_changed = user.last_updated = call.now;
  log_event(org, call.now, "user.account.reset_password", {user_party(org, owner.index)});
  call.result_ids.push_back(user.id);
  if (call.flag("sendEmail", true)) {
    const std::string token = new_link(org, LinkPurpose::reset, owner.index, call.now);
    send_mail(org, "forgot_password", owner.index, call.now, token);
    return json_reply(200, Json::object());
  }
  const std::string token = new_link(org, LinkPurpose::reset, owner.index, call.now);
  const std::string url = fmt::format("{}/reset_password/{}", call.base_url, token);
  return json_reply(200, object_of("resetPasswordUrl", Json(url)));
}

SimReply forgot_password_with_answer(Org& org, Call& call) {
  Owner owner = credentials_owner(org, call);
  if (owner.refused) return std::move(*owner.refused);
  const Json& answer = call.body["recovery_question"]["answer"];
  if (!call.body_ok || !answer.is_string()) return malformed_body();
  const auto known = org.sign_ins.answers.find(owner.index);
  if (known == org.sign_ins.answers.end() ||
      !status_is(org, owner.index, {AccountStatus::active, AccountStatus::recovery})) {
    return error_reply(403, "E0000034", "Forgot password not allowed on specified user.");
  }
  if (known->second != fast_hash(fold_case(answer.as_string()))) {
    return error_reply(403, "E0000087", "The recovery question answer did not match our records.");
  }
  const Json& fresh = call.body["password"]["value"];
  if (auto refused = refuse_new_password(org, owner.index, fresh)) return std::move(*refused);
  set_password(org, owner.index, fresh, call.now);
  return credentials_reply(org, call, owner.index);
}

}  // namespace rollcall::sim

// Creating, updating, replacing and deleting users.
#include <fmt/core.h>

#include <algorithm>
#include <cctype>

#include "service/base/text.h"
#include "tests/sim/packed_json.h"
#include "tests/sim/users.h"

namespace rollcall::sim {
namespace {

constexpr std::size_t kMaxGroupIds = 20;
constexpr std::string_view kTaken =
    "An object with this field already exists in the current organization";

std::string_view login_of(const Json& profile) { return profile["login"].as_string(); }

/// Okta's checks of a whole profile; nullopt: it passes.
std::optional<SimReply> refuse_profile(const Org& org, const Json& profile, std::string_view object,
                                       std::optional<UserIndex> self) {
  if (const auto name = org.schema.undefined_property(profile)) {
    return validation_failed(object,
                             {fmt::format("Property name '{}' is not defined in profile", *name)});
  }
  const UserSchema::Faults faults = org.schema.check(profile);
  if (!faults.causes.empty()) return validation_failed(faults.field, faults.causes);
  const auto holder = org.directory.user_by_login(login_of(profile));
  if (holder && holder != self)
    return validation_failed("login", {fmt::format("login: {}", kTaken)});
  for (const std::string& name : org.schema.unique_attributes()) {
    const Json& value = profile[name];
    if (value.is_null()) continue;
    if (org.directory.unique_value_taken(name, value.dump(), self)) {
      return validation_failed(name, {fmt::format("{}: {}", name, kTaken)});
    }
  }
  return std::nullopt;
}

bool has_hash(const Json& credentials) { return credentials["password"]["hash"].is_object(); }

std::optional<SimReply> refuse_password(const Json& credentials, std::string_view login) {
  const Json& value = credentials["password"]["value"];
  if (value.is_null()) return std::nullopt;
  if (value.is_string() && password_allowed(value.as_string(), login)) return std::nullopt;
  return validation_failed(
      "password",
      {"password: Password requirements were not met. Password requirements: at least 8 "
       "characters, a lowercase letter, an uppercase letter, a number, no parts of your "
       "username."});
}

/// Sets what the body's credentials say. True if a password was given.
bool apply_credentials(OrgUser& user, const Json& credentials, WallTime now) {
  const bool password = !credentials["password"]["value"].is_null() || has_hash(credentials);
  if (password) {
    user.has_password = true;
    user.password_changed = now;
  }
  if (has_hash(credentials)) user.provider = Provider::import;
  const std::string_view provider = credentials["provider"]["type"].as_string();
  if (provider == "FEDERATION") user.provider = Provider::federation;
  if (provider == "SOCIAL") user.provider = Provider::social;
  const Json& question = credentials["recovery_question"]["question"];
  if (question.is_string()) user.recovery_question = std::string(question.as_string());
  return password;
}

/// Given at the create and changed by PUT alone (FACTS 5.5). `held`: the type until now.
std::optional<SimReply> refuse_type(const Org& org, const Json& body, std::string_view held,
                                    bool may_change) {
  const Json& type = body["type"]["id"];
  if (type.is_null() || type.as_string() == held) return std::nullopt;
  if (!may_change) return validation_failed("type", {"type: The type of a user cannot be changed"});
  if (is_user_type(org, type.as_string())) return std::nullopt;
  return validation_failed("type", {"type: The type does not exist"});
}

void set_type(Org& org, const std::string& user, const Json& body) {
  const Json& type = body["type"]["id"];
  if (type.is_null()) return;
  org.relations.types_of_people.erase(user);
  if (type.as_string() != org.type_id) {
    org.relations.types_of_people.emplace(user, type.as_string());
  }
}

struct Creation {
  Json profile;
  std::vector<GroupIndex> groups;
  bool activate = true;
  bool change_password = false;
};

std::optional<SimReply> take_groups(const Org& org, const Call& call, Creation& creation) {
  const auto& ids = call.body["groupIds"].items();
  if (ids.size() > kMaxGroupIds) {
    return error_reply(400, "E0000093", "Target count limit exceeded",
                       {"The number of group targets is too large"});
  }
  std::vector<std::string> named;
  named.reserve(ids.size());
  for (const Json& id : ids) {
    named.emplace_back(id.as_string());
    const auto group = org.directory.group_by_id(id.as_string());
    if (!group) return not_found(id.as_string(), "UserGroup");
    const GroupType type = org.directory.group(*group).type;
    if (type == GroupType::app_group) return forbidden();
    if (type == GroupType::okta_group) creation.groups.push_back(*group);
  }
  if (!call.access.covers_new_user(named)) return forbidden();
  return std::nullopt;
}

std::optional<SimReply> refuse_creation(const Org& org, const Call& call, Creation& creation) {
  if (!call.body_ok || !call.body["profile"].is_object()) return malformed_body();
  creation.profile = call.body["profile"];
  creation.activate = call.flag("activate", true);
  creation.change_password = call.param("nextLogin") == "changePassword";
  const Json& credentials = call.body["credentials"];
  const bool password = !credentials["password"]["value"].is_null();
  if (creation.change_password && !password) {
    return error_reply(400, "E0000124",
                       "Could not create user. To create a user and expire their password "
                       "immediately, a password must be specified");
  }
  if (creation.change_password && !creation.activate) {
    return error_reply(400, "E0000125",
                       "Could not create user. To create a user and expire their password "
                       "immediately, \"activate\" must be true");
  }
  if (auto refused = refuse_type(org, call.body, org.type_id, true)) return refused;
  if (auto refused = refuse_profile(org, creation.profile, "newUser", std::nullopt)) return refused;
  if (auto refused = refuse_password(credentials, login_of(creation.profile))) return refused;
  return take_groups(org, call, creation);
}

AccountStatus first_status(const OrgUser& user, const Creation& creation) {
  if (!creation.activate) return AccountStatus::staged;
  if (creation.change_password) return AccountStatus::password_expired;
  const bool foreign = user.provider == Provider::federation || user.provider == Provider::social;
  return user.has_password || foreign ? AccountStatus::active : AccountStatus::provisioned;
}

/// A profile with the changes of a partial update: null or "" clears.
Json merged_profile(const OrgUser& user, const Json& changes) {
  auto profile = parse_json(user.profile);
  Json merged = profile ? std::move(*profile) : Json::object();
  for (const auto& [name, value] : changes.members()) merged.set(name, value);
  return merged;
}

/// An attribute that this user's profile master or the schema keeps from us (FACTS 5.5).
std::optional<SimReply> refuse_mastered(const Org& org, const OrgUser& user, const Json& sent) {
  for (const auto& [name, value] : sent.members()) {
    const SchemaAttribute* attribute = org.schema.find(name);
    if (attribute == nullptr) continue;
    const std::string_view master = attribute->definition["master"]["type"].as_string();
    if (user.profile_sourced && master == "PROFILE_MASTER") {
      return error_reply(403, "E0000023",
                         "Operation failed because user profile is mastered under another system");
    }
    const std::string_view mutability = attribute->definition["mutability"].as_string();
    const std::string_view now_raw = packed_member(user.profile, name);
    const bool changes =
        value.is_null() ? !now_raw.empty() && now_raw != "null" : now_raw != value.dump();
    if (changes && mutability == "READ_ONLY") {
      return error_reply(403, "E0000077", "Cannot modify a read-only attribute");
    }
    if (changes && mutability == "IMMUTABLE" && !now_raw.empty()) {
      return error_reply(403, "E0000078", "Cannot modify an immutable attribute");
    }
  }
  return std::nullopt;
}

/// The status is inferred, and nobody recorded a body (FACTS 1).
std::optional<SimReply> refuse_stale(const Org& org, const Call& call, const OrgUser& user) {
  const std::string_view wanted = call.request.header("If-Match");
  if (wanted.empty()) return std::nullopt;
  const std::string tag = etag_of(org, call, user);
  for (const std::string_view one : split(wanted, ',')) {
    if (trim(one) == "*" || trim(one) == tag) return std::nullopt;
  }
  SimReply reply;
  reply.status = 412;
  return reply;
}

std::optional<SimReply> refuse_change(const Org& org, const Call& call, const OrgUser& user,
                                      bool whole) {
  if (auto refused = refuse_stale(org, call, user)) return refused;
  if (auto refused = refuse_type(org, call.body, type_id_of(org, user), whole)) return refused;
  if (is_activating(user, call.now)) return still_activating();
  if (user.status == AccountStatus::deprovisioned && !org.settings.edit_deprovisioned) {
    return wrong_status();
  }
  return std::nullopt;
}

SimReply change(Org& org, Call& call, bool whole) {
  const std::string& key = call.path_ids[0];
  const auto index = find_user(org, call, key);
  if (!index) return not_found(key, "User");
  const OrgUser& user = org.directory.user(*index);
  const bool has_profile = call.body["profile"].is_object();
  const bool has_credentials = call.body["credentials"].is_object();
  if (!call.body_ok || (whole && !has_profile) || (!has_profile && !has_credentials)) {
    return malformed_body();
  }
  if (auto refused = refuse_change(org, call, user, whole)) return std::move(*refused);
  const Json& sent = call.body["profile"];
  const Json profile = whole ? sent : merged_profile(user, sent);
  if (auto refused = refuse_mastered(org, user, sent)) return std::move(*refused);
  if (has_profile) {
    if (auto refused = refuse_profile(org, profile, whole ? "replaceUser" : "updateUser", *index)) {
      return std::move(*refused);
    }
  }
  const Json& credentials = call.body["credentials"];
  if (auto refused = refuse_password(credentials, login_of(profile))) return std::move(*refused);
  if (has_hash(credentials) && user.status != AccountStatus::staged) return wrong_status();
  if (has_profile) {
    org.directory.set_profile(*index, pack_profile(profile), call.now);
    log_event(org, call.now, "user.account.update_profile", {user_party(org, *index)});
  }
  if (has_credentials) {
    OrgUser& changed = org.directory.change_user(*index, call.now);
    if (apply_credentials(changed, credentials, call.now)) {
      log_event(org, call.now, "user.account.update_password", {user_party(org, *index)});
    }
    changed.last_updated = call.now;
    remember_secrets(org, *index, credentials);
  }
  if (whole) set_type(org, org.directory.user(*index).id, call.body);
  user_changed(org, *index, call.now);
  call.result_ids.push_back(org.directory.user(*index).id);
  std::string body;
  render_user(body, org, call, org.directory.user(*index), Links::full);
  return json_reply(200, std::move(body));
}

bool has_any(std::string_view text, int (*test)(int)) {
  return std::any_of(text.begin(), text.end(),
                     [&](char c) { return test(static_cast<unsigned char>(c)) != 0; });
}

}  // namespace

bool password_allowed(std::string_view password, std::string_view login) {
  if (utf8_length(password) < 8 || utf8_length(password) > 72) return false;
  if (!has_any(password, std::isupper) || !has_any(password, std::islower) ||
      !has_any(password, std::isdigit)) {
    return false;
  }
  const std::string folded = fold_case(password);
  std::string part;
  for (const char c : fold_case(login) + "@") {
    if (c != '@' && c != '.' && c != '-' && c != '_' && c != '#' && c != ',') {
      part += c;
      continue;
    }
    if (part.size() >= 4 && folded.find(part) != std::string::npos) return false;
    part.clear();
  }
  return true;
}

void send_mail(Org& org, std::string_view kind, UserIndex index, WallTime now, std::string token) {
  const OrgUser& user = org.directory.user(index);
  keep_mail(
      org, {now, std::string(kind), user.id, packed_text(user.profile, "email"), std::move(token)});
}

SimReply create_user(Org& org, Call& call) {
  Creation creation;
  if (auto refused = refuse_creation(org, call, creation)) return std::move(*refused);
  OrgUser user;
  user.id = org.ids.object("00u");
  user.profile = pack_profile(creation.profile);
  user.created = user.last_updated = user.status_changed = call.now;
  apply_credentials(user, call.body["credentials"], call.now);
  user.status = first_status(user, creation);
  const bool activated = user.status != AccountStatus::staged;
  if (activated) user.activated = call.now;
  if (activated && org.settings.activation_ms > 0) {
    user.activating_until = call.now + org.settings.activation_ms;
  }
  OrgUser before = user;
  before.status = AccountStatus::staged;
  before.activated = {};
  const UserIndex index = org.directory.add_user(std::move(user), call.now);
  if (activated) org.directory.show_transition(index, before, call.now);
  for (const GroupIndex group : creation.groups) {
    org.directory.add_member(group, index, 0, call.now);
  }
  const OrgUser& added = org.directory.user(index);
  if (added.status == AccountStatus::provisioned) {
    const std::string token = new_link(org, LinkPurpose::activation, index, call.now);
    send_mail(org, "activation", index, call.now, token);
  }
  remember_secrets(org, index, call.body["credentials"]);
  set_type(org, added.id, call.body);
  user_changed(org, index, call.now);
  log_event(org, call.now, "user.lifecycle.create", {user_party(org, index)});
  if (activated) log_event(org, call.now, "user.lifecycle.activate", {user_party(org, index)});
  reconcile_apps(org, index, call.now);
  call.result_ids.push_back(added.id);
  std::string body;
  render_user(body, org, call, added, Links::full);
  return json_reply(200, std::move(body));
}

SimReply update_user(Org& org, Call& call) { return change(org, call, false); }

SimReply replace_user(Org& org, Call& call) { return change(org, call, true); }

SimReply delete_user(Org& org, Call& call) {
  const std::string& key = call.path_ids[0];
  const auto index = find_user(org, call, key);
  if (!index) return not_found(key, "User");
  const OrgUser& user = org.directory.user(*index);
  if (is_activating(user, call.now)) return still_activating();
  call.result_ids.push_back(user.id);
  if (user.status == AccountStatus::deprovisioned) {
    log_event(org, call.now, "user.lifecycle.delete.initiated", {user_party(org, *index)});
    log_event(org, call.now, "user.lifecycle.delete.completed", {user_party(org, *index)});
    org.directory.erase_user(*index, call.now);
    return no_content();
  }
  deprovision(org, *index, call.now);
  if (call.flag("sendEmail", false)) send_mail(org, "deactivated", *index, call.now);
  return no_content();
}

}  // namespace rollcall::sim

#include "tests/sim/org_file.h"

#include <fmt/core.h>

#include <charconv>

#include "service/base/digest.h"
#include "service/base/text.h"
#include "tests/sim/org_sections.h"
#include "tests/sim/packed_json.h"

namespace rollcall::sim {
namespace {

constexpr std::string_view kEveryone = "Everyone";

class Loader {
 public:
  Loader(const OrgSettings& settings, std::string_view text, WallTime now)
      : org_(std::make_unique<Org>(settings)), now_(now) {
    // Ids made from now on must differ from those an earlier export of the same seed carries.
    org_->ids = IdSource(settings.seed ^ fast_hash(text));
    org_->created = org_->schema_updated = now;
  }

  Result<std::unique_ptr<Org>> load(std::string_view text, const std::vector<std::string>& tokens) {
    if (!is_valid_utf8(text)) return problem("it is not valid UTF-8");
    std::vector<std::pair<std::string_view, std::string_view>> parts;
    const bool whole = scan_object(text, [&](std::string_view name, std::string_view raw) {
      parts.emplace_back(name, raw);
      return true;
    });
    if (!whole) return problem("the org is not a JSON object");
    // Users refer to the schema, groups to users, everything else to both.
    for (const char* name : {"org", "schema", "users", "groups", "rules", "apps", "roles", "tokens",
                             "policies", "factors", "sessions", "relations", "mappings", "log"}) {
      if (std::string_view(name) == "log") {
        add_own_tokens(*org_, tokens, now_);
        settle();
      }
      for (const auto& [key, raw] : parts) {
        if (key == name && !section(name, raw)) return problem(wrong_);
      }
      if (std::string_view(name) == "groups") standing_groups();
    }
    for (const auto& [key, raw] : parts) {
      if (known_.find(" " + std::string(key) + " ") == std::string::npos) {
        return problem(fmt::format("unknown section \"{}\"", key));
      }
    }
    if (org_->policies.empty()) add_default_policies(*org_, org_->created);
    for (std::size_t i = 0; i < org_->rules.rules.size(); ++i) schedule_rule(*org_, i, now_);
    return std::move(org_);
  }

 private:
  static Error problem(std::string_view what) {
    return make_error(ErrorCode::usage, fmt::format("cannot load the org: {}", what));
  }
  bool fail(std::string what) {
    wrong_ = std::move(what);
    return false;
  }

  bool section(std::string_view name, std::string_view raw) {
    if (name == "users") return users(raw);
    if (name == "groups") return items(name, raw, [this](const Json& item) { return group(item); });
    if (name == "rules") return items(name, raw, [this](const Json& item) { return rule(item); });
    if (name == "apps") return items(name, raw, [this](const Json& item) { return app(item); });
    if (name == "tokens")
      return items(name, raw,
                   [this](const Json& item) { return went_well(load_token(*org_, item)); });
    if (name == "policies") {
      return items(name, raw,
                   [this](const Json& item) { return went_well(load_policy(*org_, item)); });
    }
    if (name == "sessions") {
      return items(name, raw,
                   [this](const Json& item) { return went_well(load_session(*org_, item)); });
    }
    const auto value = parse_json(raw);
    if (!value) return fail(fmt::format("section \"{}\": {}", name, value.error().message));
    if (name == "org") return about(*value);
    if (name == "schema") return schema(*value);
    if (name == "factors") return went_well(load_factors(*org_, *value));
    if (name == "relations") return went_well(load_relations(*org_, *value));
    if (name == "log") return went_well(load_log(*org_, *value));
    if (name == "mappings") {
      for (const auto& [id, properties] : value->members()) org_->mappings[id] = properties;
      return true;
    }
    return went_well(load_roles(*org_, *value));
  }

  bool went_well(Problem problem) { return !problem || fail(std::move(*problem)); }

  template <class Each>
  bool items(std::string_view name, std::string_view raw, Each each) {
    std::size_t number = 0;
    const bool whole = scan_array(raw, [&](std::string_view item_text) {
      ++number;
      const auto item = parse_json(item_text);
      if (!item) return fail(item.error().message);
      return each(*item);
    });
    if (whole) return true;
    return fail(fmt::format("{} {}: {}", name, number, wrong_.empty() ? "not a list" : wrong_));
  }

  /// A million of them: only what needs it becomes a parsed value.
  bool users(std::string_view raw) {
    std::size_t number = 0;
    const bool whole = scan_array(raw, [&](std::string_view item) {
      ++number;
      Json fields = Json::object();
      std::string profile;
      const bool fine = scan_object(item, [&](std::string_view name, std::string_view value) {
        if (name == "profile") return pack_profile_text(value, profile);
        return value_of_raw(value, fields.at(name));
      });
      return fine ? user(fields, std::move(profile)) : fail("not an object as README.md has it");
    });
    if (whole) return true;
    return fail(fmt::format("users {}: {}", number, wrong_.empty() ? "not a list" : wrong_));
  }

  bool about(const Json& json) {
    if (json.has("id")) org_->org_id = std::string(json["id"].as_string());
    if (json.has("name")) org_->company_name = std::string(json["name"].as_string());
    if (json.has("type_id")) {
      org_->type_id = std::string(json["type_id"].as_string());
      org_->schema_id = "osc" + org_->type_id.substr(3);
    }
    OrgSettings& settings = org_->settings;
    settings.realm_id = std::string(json["realm_id"].as_string(settings.realm_id));
    settings.edit_deprovisioned = json["edit_deprovisioned"].as_bool(settings.edit_deprovisioned);
    settings.activation_ms = json["activation_ms"].as_int(settings.activation_ms);
    settings.rule_delay_ms = json["rule_delay_ms"].as_int(settings.rule_delay_ms);
    settings.max_apps = json["max_apps"].as_int(settings.max_apps);
    return time(json, "created", org_->created, org_->created);
  }

  bool schema(const Json& json) {
    for (const auto& [name, definition] : json["custom"].members()) {
      org_->schema.set_custom(name, definition);
    }
    for (const auto& [name, changes] : json["base"].members()) {
      org_->schema.adjust_base(name, changes);
    }
    for (const std::string& name : org_->schema.unique_attributes()) {
      org_->directory.index_unique(name);
    }
    return true;
  }

  bool time(const Json& json, std::string_view name, WallTime& out, WallTime otherwise) {
    return read_time(json, name, out, otherwise) || fail(fmt::format("{} is not a time", name));
  }

  bool user(const Json& json, std::string profile) {
    OrgUser user;
    user.id = json.has("id") ? std::string(json["id"].as_string()) : org_->ids.object("00u");
    user.status = account_status(json["status"].as_string("ACTIVE"));
    if (user.status == AccountStatus::unknown) return fail("unknown status");
    if (profile.empty()) return fail("no profile");
    user.profile = std::move(profile);
    const std::string_view provider = json["provider"].as_string("OKTA");
    for (const Provider p : {Provider::federation, Provider::social, Provider::import}) {
      if (provider == to_string(p)) user.provider = p;
    }
    const bool fresh = user.status == AccountStatus::staged ||
                       user.status == AccountStatus::provisioned ||
                       user.status == AccountStatus::deprovisioned;
    const Json& password = json["password"];
    user.has_password =
        password.is_string() || password.as_bool(!fresh && user.provider == Provider::okta);
    user.recovery_question = std::string(json["recovery_question"].as_string());
    if (!time(json, "activatingUntil", user.activating_until, {})) return false;
    user.profile_sourced = json["profile_sourced"].as_bool();
    const bool staged = user.status == AccountStatus::staged;
    if (!time(json, "created", user.created, now_) ||
        !time(json, "activated", user.activated, staged ? WallTime{} : user.created) ||
        !time(json, "statusChanged", user.status_changed, user.created) ||
        !time(json, "lastLogin", user.last_login, {}) ||
        !time(json, "lastUpdated", user.last_updated, user.created) ||
        !time(json, "passwordChanged", user.password_changed,
              user.has_password ? user.created : WallTime{})) {
      return false;
    }
    if (org_->directory.slot_of_user(user.id)) return fail("the id is already in use");
    const std::string login = packed_text(user.profile, "login");
    if (login.empty()) return fail("no login");
    if (org_->directory.user_by_login(login)) return fail("the login is already in use");
    const UserIndex index = org_->directory.add_user(std::move(user), now_);
    if (password.is_string()) org_->sign_ins.passwords[index] = fast_hash(password.as_string());
    return secrets(json, index);
  }

  /// What an export knows of passwords and answers: their hashes, in hexadecimal digits.
  bool secrets(const Json& json, UserIndex index) {
    for (const auto& [name, into] : {std::pair{"password_key", &org_->sign_ins.passwords},
                                     std::pair{"answer_key", &org_->sign_ins.answers}}) {
      if (!json.has(name)) continue;
      const std::string_view text = json[name].as_string();
      std::uint64_t key = 0;
      const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), key, 16);
      if (error != std::errc() || end != text.data() + text.size()) {
        return fail(fmt::format("{} is not a hexadecimal number", name));
      }
      (*into)[index] = key;
    }
    return true;
  }

  std::optional<UserIndex> find(std::string_view key) const { return find_person(*org_, key); }
  std::optional<GroupIndex> find_group(std::string_view key) const {
    return find_named_group(*org_, key);
  }

  bool group(const Json& json) {
    OrgGroup group;
    group.id = json.has("id") ? std::string(json["id"].as_string()) : org_->ids.object("00g");
    group.name = std::string(json["name"].as_string());
    if (group.name.empty()) return fail("no name");
    const std::string_view type = json["type"].as_string("OKTA_GROUP");
    for (const GroupType t : {GroupType::app_group, GroupType::built_in}) {
      if (type == to_string(t)) group.type = t;
    }
    group.all_users = group.type == GroupType::built_in && group.name == kEveryone;
    Json profile = Json::object();
    profile.set("name", group.name).set("description", json["description"]);
    for (const auto& [name, value] : json["profile"].members()) profile.set(name, value);
    group.profile = profile.dump();
    if (!time(json, "created", group.created, now_) ||
        !time(json, "lastUpdated", group.last_updated, group.created) ||
        !time(json, "lastMembershipUpdated", group.last_membership_updated, group.created)) {
      return false;
    }
    const WallTime membership = group.last_membership_updated;
    if (org_->directory.slot_of_group(group.id)) return fail("the id is already in use");
    const bool everyone = group.all_users;
    const GroupIndex index = org_->directory.add_group(std::move(group), now_);
    if (everyone) org_->everyone = index;
    has_everyone_ = has_everyone_ || everyone;
    for (const Json& item : json["members"].items()) {
      const std::string_view key = item.is_object() ? item["id"].as_string() : item.as_string();
      const auto user = find(key);
      if (!user) return fail("a member is no user of the org");
      const auto rule = static_cast<std::uint32_t>(item["rule"].as_int());
      org_->directory.add_member(index, *user, rule, membership);
    }
    return true;
  }

  /// The groups every Okta org has, where the file did not name them.
  void standing_groups() {
    const auto add = [&](std::string_view name, std::string_view description) {
      OrgGroup group;
      group.id = org_->ids.object("00g");
      group.name = std::string(name);
      group.type = GroupType::built_in;
      group.all_users = name == kEveryone;
      Json profile = Json::object();
      profile.set("name", name).set("description", description);
      group.profile = profile.dump();
      group.created = group.last_updated = group.last_membership_updated = org_->created;
      return org_->directory.add_group(std::move(group), now_);
    };
    if (!has_everyone_) org_->everyone = add(kEveryone, "All users in your organization");
    if (!find_group(kAdministrators)) {
      add(kAdministrators,
          "Okta manages this group, which contains all administrators in your "
          "organization.");
    }
  }

  bool rule(const Json& json) {
    OrgRule rule;
    rule.id = json.has("id") ? std::string(json["id"].as_string()) : org_->ids.object("0pr");
    rule.name = std::string(json["name"].as_string());
    rule.expression = std::string(json["expression"].as_string());
    auto condition = RuleCondition::compile(rule.expression, org_->schema);
    if (!condition) return fail("the expression is not valid");
    rule.condition = std::move(*condition);
    const std::string_view status = json["status"].as_string("ACTIVE");
    for (const RuleStatus s : {RuleStatus::active, RuleStatus::invalid}) {
      if (status == to_string(s)) rule.status = s;
    }
    if (!rule_targets(json, rule)) return false;
    if (!time(json, "created", rule.created, now_) ||
        !time(json, "lastUpdated", rule.last_updated, rule.created)) {
      return false;
    }
    org_->rules.rules.push_back(std::move(rule));
    return true;
  }

  /// A rule names a group that was deleted if it is INVALID for that, and who was deleted.
  bool rule_targets(const Json& json, OrgRule& rule) {
    for (const Json& item : json["groups"].items()) {
      const auto target = find_group(item.as_string());
      if (!target && rule.status != RuleStatus::invalid) {
        return fail("a target group is not in the org");
      }
      rule.group_ids.emplace_back(target ? org_->directory.group(*target).id : item.as_string());
    }
    for (const Json& item : json["exclude"].items()) {
      const auto excluded = find(item.as_string());
      if (!excluded && !looks_like_id(item.as_string(), "00u")) {
        return fail("an excluded user is not in the org");
      }
      rule.excluded.emplace_back(excluded ? org_->directory.user(*excluded).id : item.as_string());
    }
    return true;
  }

  bool app(const Json& json) {
    OrgApp app;
    app.id = json.has("id") ? std::string(json["id"].as_string()) : org_->ids.object("0oa");
    app.active = json["status"].as_string("ACTIVE") == "ACTIVE";
    Json body = json;
    body.erase("users");
    body.erase("groups");
    body.erase("access_policy");
    app.access_policy = std::string(json["access_policy"].as_string());
    if (const auto refused = take_app(*org_, body, app)) return fail(refused->body);
    if (!time(json, "created", app.created, now_) ||
        !time(json, "lastUpdated", app.last_updated, app.created)) {
      return false;
    }
    for (const Json& item : json["groups"].items()) {
      const auto group = find_group(item.is_object() ? item["id"].as_string() : item.as_string());
      if (!group) return fail("a group that has the app is not in the org");
      AppGroup held{*group, item["priority"].as_int(static_cast<int>(app.groups.size())), {}, {}};
      held.profile = item["profile"].is_object() ? item["profile"] : Json::object();
      if (!time(item, "lastUpdated", held.last_updated, app.last_updated)) return false;
      app.groups.push_back(std::move(held));
    }
    for (const Json& item : json["users"].items()) {
      if (!app_user(app, item)) return false;
    }
    org_->apps.push_back(std::move(app));
    return true;
  }

  bool app_user(OrgApp& app, const Json& item) {
    const auto user = find(item.is_object() ? item["id"].as_string() : item.as_string());
    if (!user) return fail("who has the app is no user of the org");
    const bool direct = item["scope"].as_string("USER") == "USER";
    AppUser& held = put_app_user(*org_, app, *user, direct, now_);
    if (item.has("record")) held.record = std::string(item["record"].as_string());
    held.user_name = std::string(item["userName"].as_string(held.user_name));
    if (item["profile"].is_object()) held.profile = item["profile"];
    return time(item, "created", held.created, app.created) &&
           time(item, "lastUpdated", held.last_updated, held.created) &&
           time(item, "statusChanged", held.status_changed, held.created) &&
           (!item.has("passwordChanged") ||
            time(item, "passwordChanged", held.password_changed, held.created));
  }

  /// What loading did is no news: not to the index, not to the log that the file may bring.
  void settle() {
    settle_apps();
    org_->directory.settle();
    org_->log = {};
  }

  /// Whoever is in a group that has an app has it too.
  void settle_apps() {
    for (OrgApp& app : org_->apps) {
      for (UserIndex i = 0; !app.groups.empty() && i < org_->directory.user_slots(); ++i) {
        reconcile_one_app(*org_, app, i, now_);
      }
    }
  }

  const std::string known_ =
      " org schema users groups rules apps roles tokens policies factors sessions relations "
      "mappings log ";
  std::unique_ptr<Org> org_;
  WallTime now_;
  std::string wrong_;
  bool has_everyone_ = false;
};

}  // namespace

Result<std::unique_ptr<Org>> load_org(std::string_view text, const OrgSettings& settings,
                                      const std::vector<std::string>& tokens, WallTime now) {
  return Loader(settings, text, now).load(text, tokens);
}

}  // namespace rollcall::sim

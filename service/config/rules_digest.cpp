// The digest of the rules: two configurations with the same digest plan the same for the same
// people. Comments, order of keys, quoting, paths and sources do not count.
#include "service/base/json.h"
#include "service/config/build_internal.h"

namespace rollcall::config {
namespace {

std::string_view text_of(AttrMode mode) {
  switch (mode) {
    case AttrMode::authoritative:
      return "authoritative";
    case AttrMode::initial:
      return "initial";
    case AttrMode::fallback:
      return "fallback";
  }
  return "authoritative";
}

std::string_view text_of(LadderAction action) {
  switch (action) {
    case LadderAction::suspend:
      return "suspend";
    case LadderAction::deactivate:
      return "deactivate";
    case LadderAction::clear_sessions:
      return "clear_sessions";
    case LadderAction::reset_factors:
      return "reset_factors";
    case LadderAction::remove_groups:
      return "remove_groups";
  }
  return "suspend";
}

Json optional_source(const std::optional<Expression>& expression) {
  return expression ? Json(expression->source()) : Json();
}

Json manage_json(const UserSettings& users) {
  Json out = Json::object();
  out.set("link", users.manage_link);
  out.set("attributes", users.manage_attributes);
  out.set("groups", users.manage_groups);
  out.set("apps", users.manage_apps);
  out.set("lifecycle", users.manage_lifecycle);
  return out;
}

Json ladder_json(const std::vector<LadderStep>& ladder) {
  Json out = Json::array();
  for (const LadderStep& step : ladder) {
    Json actions = Json::array();
    for (const LadderAction action : step.actions) actions.push(text_of(action));
    Json entry = Json::object();
    entry.set("after_days", step.after_days);
    entry.set("do", std::move(actions));
    out.push(std::move(entry));
  }
  return out;
}

Json profile_json(const Settings& settings) {
  Json out = Json::object();
  for (const ProfileMapping& mapping : settings.users.profile) {
    const AttrDef& attribute = settings.user_schema.at(mapping.attribute);
    Json entry = Json::object();
    entry.set("mode", text_of(mapping.mode));
    entry.set("value", mapping.expression.source());
    entry.set("sensitive", attribute.sensitive);
    out.set(attribute.name, std::move(entry));
  }
  return out;
}

Json match_json(const Settings& settings) {
  Json out = Json::array();
  for (const MatchRule& match : settings.users.match) {
    Json entry = Json::object();
    entry.set("okta", settings.user_schema.at(match.user).name);
    entry.set("hr", match.hr.source());
    out.push(std::move(entry));
  }
  return out;
}

Json absent_json(const std::optional<AbsentSettings>& absent) {
  if (!absent) return {};
  Json out = Json::object();
  out.set("after_reads", absent->after_reads);
  out.set("after_days", absent->after_days);
  out.set("then", absent->report_only ? "report" : "terminated");
  return out;
}

Json users_json(const Settings& settings) {
  const UserSettings& users = settings.users;
  Json out = Json::object();
  out.set("manage", manage_json(users));
  out.set("match", match_json(settings));
  out.set("scope", optional_source(users.scope));
  out.set("include", optional_source(users.include));
  out.set("profile", profile_json(settings));
  out.set("joiner", to_string(users.joiner));
  out.set("terminated", ladder_json(users.terminated));
  if (users.deactivate_not_suspendable) {
    out.set("not_suspendable", *users.deactivate_not_suspendable ? "deactivate" : "hold");
  }
  out.set("absent", absent_json(users.absent));
  out.set("out_of_scope", "release");
  out.set("renames", users.renames_apply ? "apply" : "hold");
  return out;
}

Json groups_json(const Settings& settings) {
  Json out = Json::array();
  for (const GroupRuleSettings& group : settings.groups) {
    Json entry = Json::object();
    entry.set(group.is_template ? "template" : "name", group.name);
    entry.set("members", group.members.source());
    entry.set("mode", group.authoritative ? "authoritative" : "additive");
    entry.set("description", group.description);
    out.push(std::move(entry));
  }
  return out;
}

}  // namespace

Sha256 digest_of_rules(const Settings& settings) {
  Json rules = Json::object();
  rules.set("users", users_json(settings));
  rules.set("groups", groups_json(settings));
  rules.set("apps", Json::array());
  rules.set("policies", Json::array());
  return sha256(rules.canonical());
}

}  // namespace rollcall::config

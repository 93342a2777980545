// Apps and policies of a snapshot: what they are and who has them. What an app does, and the
// addresses and keys it is set up with, stay where they are.
#include <algorithm>
#include <array>

#include "service/app/okta_snapshot_internal.h"
#include "service/base/text.h"

namespace rollcall {
namespace {

/// What okta-sim serves of FACTS 8.3.
constexpr std::array<const char*, 4> kPolicyTypes{"OKTA_SIGN_ON", "PASSWORD", "MFA_ENROLL",
                                                  "ACCESS_POLICY"};
/// Names that Okta gives to the apps it brings templates for; others tell vendors or are made of
/// the org's name and the app's label.
constexpr std::array<std::string_view, 5> kAppTemplates{
    "bookmark", "template_basic_auth", "template_sps", "template_swa", "oidc_client"};
/// Sign-on modes that okta-sim knows; an app of another one becomes a bookmark.
constexpr std::array<std::string_view, 7> kSignOnModes{
    "BOOKMARK",   "BASIC_AUTH", "SECURE_PASSWORD_STORE", "BROWSER_PLUGIN", "OPENID_CONNECT",
    "AUTO_LOGIN", "SAML_2_0"};
constexpr const char* kAddress = "https://app.example";

Json one_member(std::string_view name, Json value) {
  return Json::object().set(name, std::move(value));
}

/// The least that an app of that mode is set up with.
Json invented_settings(std::string_view mode, const Json& real) {
  if (mode == "OPENID_CONNECT") {
    const Json& client = real["oauthClient"];
    Json made = Json::object();
    made.set("redirect_uris", Json(Json::Array{Json(kAddress)}));
    // Words of OAuth 2.0 and OpenID Connect; no other text is of use here.
    for (const char* name : {"grant_types", "response_types", "application_type"}) {
      if (client.has(name)) made.set(name, client[name]);
    }
    return one_member("oauthClient", std::move(made));
  }
  if (mode == "SAML_2_0") return one_member("signOn", one_member("ssoAcsUrl", kAddress));
  if (mode == "AUTO_LOGIN") return one_member("signOn", one_member("loginUrl", kAddress));
  return one_member("app", one_member("url", kAddress));
}

std::int64_t priority_in(const Json& part) { return part["priority"].as_int(); }

void by_priority(std::vector<Json>& parts) {
  std::stable_sort(parts.begin(), parts.end(),
                   [](const Json& a, const Json& b) { return priority_in(a) < priority_in(b); });
}

/// What policies and their rules have in common; their order is their priority.
Json policy_part(const Json& real, SnapshotWords& words) {
  const bool system = real["system"].as_bool();
  Json out = Json::object();
  out.set("id", words.id(real["id"]));
  out.set("name", system ? real["name"] : Json(words.label(real["name"])));
  out.set("conditions", words.setting("conditions", real["conditions"]));
  out.set("created", real["created"]).set("lastUpdated", real["lastUpdated"]);
  return out.set("system", system).set("active", real["status"].as_string() == "ACTIVE");
}

}  // namespace

Result<Json> OrgSnapshotWriter::policy(const Json& real) {
  auto rules = reader_.list(OktaRequest(Endpoint::list_policy_rules, {real["id"].as_string()}), 0);
  if (!rules) return rules.error();
  by_priority(rules->items);
  Json made_rules = Json::array();
  for (const Json& rule : rules->items) {
    Json made = policy_part(rule, words_);
    made_rules.push(made.set("actions", words_.setting("actions", rule["actions"])));
  }
  Json out = policy_part(real, words_);
  out.set("type", real["type"]).set("settings", words_.setting("settings", real["settings"]));
  return out.set("rules", std::move(made_rules));
}

Result<void> OrgSnapshotWriter::read_policies() {
  for (const char* type : kPolicyTypes) {
    auto list = reader_.list(OktaRequest(Endpoint::list_policies).query("type", type), 0);
    if (!list) return list.error();
    by_priority(list->items);
    for (const Json& real : list->items) {
      auto made = policy(real);
      if (!made) return made.error();
      policies_.push_back(std::move(*made));
      if (!real["system"].as_bool()) own_policies_.insert(std::string(real["id"].as_string()));
    }
  }
  return ok();
}

Result<Json> OrgSnapshotWriter::app_groups(const std::string& app) {
  const auto groups = reader_.list(
      OktaRequest(Endpoint::list_application_group_assignments, {app}).query("limit", "200"), 0);
  if (!groups) return groups.error();
  Json out = Json::array();
  for (const Json& real : groups->items) {
    Json group = Json::object();
    group.set("id", words_.id(real["id"])).set("priority", real["priority"]);
    out.push(group.set("profile", words_.assigned_profile(real["profile"])));
  }
  return out;
}

Result<Json> OrgSnapshotWriter::app_users(const std::string& app) {
  const auto users =
      reader_.list(OktaRequest(Endpoint::list_application_users, {app}).query("limit", "500"), 0);
  if (!users) return users.error();
  Json out = Json::array();
  for (const Json& real : users->items) {
    Json user = Json::object();
    user.set("id", words_.id(real["id"])).set("scope", real["scope"]);
    user.set("userName", words_.login(real["credentials"]["userName"].as_string()));
    out.push(user.set("profile", words_.assigned_profile(real["profile"])));
  }
  return out;
}

Result<void> OrgSnapshotWriter::read_apps() {
  const auto list = reader_.list(OktaRequest(Endpoint::list_applications).query("limit", "200"), 0);
  if (!list) return list.error();
  for (const Json& real : list->items) {
    const std::string id(real["id"].as_string());
    const std::string_view stated = real["signOnMode"].as_string();
    const std::string_view mode = is_one_of(kSignOnModes, stated) ? stated : "BOOKMARK";
    Json app = Json::object();
    app.set("id", words_.id(real["id"])).set("status", real["status"]);
    app.set("label", words_.label(real["label"])).set("signOnMode", mode);
    if (mode == stated && is_one_of(kAppTemplates, real["name"].as_string())) {
      app.set("name", real["name"]);
    }
    app.set("created", real["created"]).set("lastUpdated", real["lastUpdated"]);
    app.set("settings", invented_settings(mode, real["settings"]));
    app.set("features", words_.setting("features", real["features"]));
    const Json& form = real["credentials"]["userNameTemplate"];
    if (form["template"].is_string()) {
      Json made = Json::object();
      made.set("template", words_.expression(form["template"].as_string()));
      made.set("type", words_.setting("type", form["type"]));
      app.set("credentials", one_member("userNameTemplate", std::move(made)));
    }
    const std::string_view link = real["_links"]["accessPolicy"]["href"].as_string();
    const std::string policy(link.substr(link.rfind('/') + 1));
    if (own_policies_.count(policy) > 0) app.set("access_policy", words_.id(Json(policy)));
    auto groups = app_groups(id);
    if (!groups) return groups.error();
    auto users = app_users(id);
    if (!users) return users.error();
    apps_.push_back(app.set("groups", std::move(*groups)).set("users", std::move(*users)));
  }
  return ok();
}

}  // namespace rollcall

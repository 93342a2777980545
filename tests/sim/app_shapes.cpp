// What an app is made of: the defaults of each sign-on mode, what each needs, and how it looks on
// the wire.
#include <fmt/core.h>

#include <algorithm>
#include <array>

#include "service/base/digest.h"
#include "service/base/text.h"
#include "tests/sim/apps.h"
#include "tests/sim/json_parts.h"
#include "tests/sim/org.h"

namespace rollcall::sim {
namespace {

struct SignOnMode {
  std::string_view mode;
  std::string_view name;  // of the app that Okta makes when the body names none; empty: its own
};

constexpr std::array<SignOnMode, 7> kModes{{
    {"BOOKMARK", "bookmark"},
    {"BASIC_AUTH", "template_basic_auth"},
    {"SECURE_PASSWORD_STORE", "template_sps"},
    {"BROWSER_PLUGIN", "template_swa"},
    {"OPENID_CONNECT", "oidc_client"},
    {"AUTO_LOGIN", ""},
    {"SAML_2_0", ""},
}};

bool takes_passwords(std::string_view mode) {
  return mode == "BASIC_AUTH" || mode == "SECURE_PASSWORD_STORE" || mode == "BROWSER_PLUGIN" ||
         mode == "AUTO_LOGIN";
}

Json default_settings() {
  Json network = Json::object();
  network.set("network", object_of("connection", "DISABLED"));
  network.set("message", nullptr).set("helpUrl", nullptr);
  Json notes = Json::object();
  notes.set("admin", nullptr).set("enduser", nullptr);
  Json settings = Json::object();
  settings.set("app", Json::object()).set("notifications", object_of("vpn", std::move(network)));
  settings.set("manualProvisioning", false).set("implicitAssignment", false);
  settings.set("emOptInStatus", "NONE").set("notes", std::move(notes));
  return settings;
}

Json default_credentials(const OrgApp& app) {
  Json user_name = Json::object();
  user_name.set("template", "${source.login}").set("type", "BUILT_IN");
  Json credentials = Json::object();
  if (takes_passwords(app.sign_on_mode)) {
    credentials.set("scheme", "EDIT_USERNAME_AND_PASSWORD").set("revealPassword", false);
  }
  credentials.set("userNameTemplate", std::move(user_name));
  Json signing = Json::object();
  if (app.sign_on_mode == "SAML_2_0" || app.sign_on_mode == "OPENID_CONNECT") {
    signing.set("kid", to_text(sha256(app.id)).substr(7, 43));
  }
  credentials.set("signing", std::move(signing));
  if (app.sign_on_mode == "OPENID_CONNECT") {
    Json client = Json::object();
    client.set("client_id", app.id).set("autoKeyRotation", true);
    client.set("token_endpoint_auth_method", "client_secret_basic").set("pkce_required", false);
    credentials.set("oauthClient", std::move(client));
  }
  return credentials;
}

Json default_body(const OrgApp& app) {
  Json accessibility = Json::object();
  accessibility.set("selfService", false).set("errorRedirectUrl", nullptr);
  accessibility.set("loginRedirectUrl", nullptr);
  Json hide = Json::object();
  hide.set("iOS", false).set("web", false);
  Json visibility = Json::object();
  visibility.set("autoLaunch", false).set("autoSubmitToolbar", false).set("hide", std::move(hide));
  const std::string link =
      app.name.empty() || app.name == "bookmark" ? "login" : fmt::format("{}_link", app.name);
  visibility.set("appLinks", object_of(link, true));
  Json body = Json::object();
  body.set("label", "").set("accessibility", std::move(accessibility));
  body.set("visibility", std::move(visibility)).set("features", Json::array());
  body.set("credentials", default_credentials(app)).set("settings", default_settings());
  return body;
}

SimReply blank_field(std::string_view name) {
  return validation_failed(name, {fmt::format("{}: The field cannot be left blank", name)});
}

/// The settings without which the mode makes no sense.
std::optional<SimReply> refuse_settings(const OrgApp& app) {
  const Json& settings = app.body["settings"];
  const auto lacks = [](const Json& value) { return value.as_string().empty(); };
  const std::string& mode = app.sign_on_mode;
  const bool standard = std::any_of(kModes.begin(), kModes.end(), [&](const SignOnMode& known) {
    return !known.name.empty() && known.name == app.name;
  });
  if (mode == "OPENID_CONNECT") {
    const Json& client = settings["oauthClient"];
    if (client["grant_types"].items().empty()) return blank_field("grant_types");
    for (const Json& grant : client["grant_types"].items()) {
      if (grant.as_string() == "authorization_code" && client["redirect_uris"].items().empty()) {
        return blank_field("redirect_uris");
      }
    }
  }
  if (standard && (mode == "BOOKMARK" || mode == "BASIC_AUTH" || mode == "SECURE_PASSWORD_STORE" ||
                   mode == "BROWSER_PLUGIN")) {
    if (lacks(settings["app"]["url"]) && lacks(settings["app"]["targetURL"])) {
      return blank_field("url");
    }
  }
  if (mode == "AUTO_LOGIN" && settings["app"].members().empty() &&
      lacks(settings["signOn"]["loginUrl"])) {
    return blank_field("loginUrl");
  }
  if (mode == "SAML_2_0" && settings["app"].members().empty() &&
      lacks(settings["signOn"]["ssoAcsUrl"])) {
    return blank_field("ssoAcsUrl");
  }
  return std::nullopt;
}

/// The name Okta gives to an app that an administrator made up: from the label.
std::string own_name(const Org& org, std::string_view label) {
  std::string name = "sim_";
  for (const char c : ascii_lower(label)) {
    if ((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9')) name += c;
  }
  return fmt::format("{}_{}", name, org.apps.size() + 1);
}

std::string_view mode_of(const Json& body) {
  const std::string_view stated = body["signOnMode"].as_string();
  if (!stated.empty()) return stated;
  for (const SignOnMode& known : kModes) {
    if (!known.name.empty() && body["name"].as_string() == known.name) return known.mode;
  }
  return {};
}

Json app_link_list(const Call& call, const OrgApp& app) {
  Json list = Json::array();
  for (const auto& [name, shown] : app.body["visibility"]["appLinks"].members()) {
    Json link = Json::object();
    link.set("name", name);
    link.set("href", fmt::format("{}/home/{}/{}/1", call.base_url, app.name, app.id));
    link.set("type", "text/html");
    list.push(std::move(link));
  }
  return list;
}

Json app_links(const Org& org, const Call& call, const OrgApp& app) {
  const std::string self = fmt::format("{}/api/v1/apps/{}", call.base_url, app.id);
  const std::string policies = call.base_url + "/api/v1/policies/rst" + org.org_id.substr(3);
  Json logo = Json::object();
  logo.set("name", "medium").set("href", call.base_url + "/assets/img/logos/app.png");
  logo.set("type", "image/png");
  Json links = Json::object();
  links.set("uploadLogo", href_with(self + "/logo", {"POST"}));
  links.set("appLinks", app_link_list(call, app)).set("profileEnrollment", href_of(policies));
  links.set("policies", href_with(self + "/policies", {"PUT"}));
  links.set("groups", href_of(self + "/groups")).set("logo", Json(Json::Array{logo}));
  const OrgPolicy* access = policy_of_app(org, app);
  const std::string signs_in =
      access == nullptr ? policies : call.base_url + "/api/v1/policies/" + access->id;
  links.set("accessPolicy", href_of(signs_in)).set("users", href_of(self + "/users"));
  if (app.active) {
    links.set("deactivate", href_of(self + "/lifecycle/deactivate"));
  } else {
    links.set("activate", href_of(self + "/lifecycle/activate"));
    links.set("delete", href_with(self, {"DELETE"}));
  }
  return links;
}

}  // namespace

std::optional<SimReply> take_app(Org& org, const Json& body, OrgApp& app) {
  const std::string_view label = body["label"].as_string();
  if (label.empty()) return blank_field("label");
  if (utf8_length(label) > 100) {
    return validation_failed("label", {"label: The field is too long"});
  }
  const std::string_view mode = mode_of(body);
  const auto known = std::find_if(kModes.begin(), kModes.end(),
                                  [&](const SignOnMode& one) { return one.mode == mode; });
  if (known == kModes.end()) {
    return validation_failed("signOnMode", {"signOnMode: The sign-on mode is not supported"});
  }
  app.sign_on_mode = std::string(mode);
  if (app.name.empty()) {  // replacing keeps the name: Okta assigned it
    app.name = std::string(body["name"].as_string(known->name));
    if (app.name.empty()) app.name = own_name(org, label);
  }
  app.body = default_body(app);
  Json given = body;
  for (const char* set_by_okta : {"id", "orn", "name", "status", "created", "lastUpdated",
                                  "signOnMode", "universalLogout", "_links", "_embedded"}) {
    given.erase(set_by_okta);
  }
  merge_into(app.body, given);
  return refuse_settings(app);
}

Json app_json(const Org& org, const Call& call, const OrgApp& app) {
  Json out = Json::object();
  out.set("id", app.id);
  out.set("orn", fmt::format("orn:okta:idp:{}:apps:{}:{}", org.org_id, app.name, app.id));
  out.set("name", app.name).set("label", app.label());
  out.set("status", app.active ? "ACTIVE" : "INACTIVE");
  out.set("lastUpdated", okta_second(app.last_updated)).set("created", okta_second(app.created));
  for (const char* part : {"accessibility", "visibility", "features"}) {
    out.set(part, app.body[part]);
  }
  out.set("signOnMode", app.sign_on_mode).set("credentials", app.body["credentials"]);
  out.set("universalLogout", object_of("status", "UNSUPPORTED"));
  for (const auto& [name, value] : app.body.members()) {
    if (!out.has(name)) out.set(name, value);
  }
  out.set("_links", app_links(org, call, app));
  return out;
}

}  // namespace rollcall::sim

// Shapes after Okta's API reference: ApiToken, PrincipalRateLimitEntity,
// PerClientRateLimitSettings, RateLimitWarningThresholdResponse, RateLimitAdminNotifications. An
// org as Okta makes it.
#include "tests/sim/limit_settings.h"

#include <fmt/core.h>

namespace rollcall::sim {
namespace {

constexpr int kShare = 50;             // percent of a limit that one credential gets (FACTS 3.1)
constexpr int kConcurrencyShare = 75;  // the reference's example
constexpr int kWarningThreshold = 90;  // the default of workforce orgs (FACTS 3.5)

/// Ids of tokens follow from their place: nothing makes or revokes one while an org lives.
std::string token_id(std::size_t place) { return fmt::format("00T{:017}", place + 1); }

Json token_json(const Org& org, std::size_t place) {
  const Token& token = org.tokens[place];
  Json out = Json::object();
  out.set("id", token_id(place)).set("name", fmt::format("token {}", place + 1));
  out.set("clientName", "Okta API").set("userId", token.owner_id).set("tokenWindow", "P30D");
  out.set("network", Json::object().set("connection", "ANYWHERE"));
  out.set("created", format_okta_time(org.created));
  out.set("lastUpdated", format_okta_time(org.created));
  return out;
}

}  // namespace

SimReply list_api_tokens(Org& org, Call& /*call*/) {
  Json out = Json::array();
  for (std::size_t i = 0; i < org.tokens.size(); ++i) out.push(token_json(org, i));
  return json_reply(200, out);
}

SimReply list_principal_limits(Org& org, Call& call) {
  // The reference requires a filter by principalType.
  const std::string_view filter = call.param("filter");
  if (filter.find("principalType eq ") == std::string_view::npos) return invalid_criteria();
  Json out = Json::array();
  if (filter.find("\"SSWS_TOKEN\"") == std::string_view::npos) return json_reply(200, out);
  for (std::size_t i = 0; i < org.tokens.size(); ++i) {
    Json one = Json::object();
    one.set("id", fmt::format("prl{:017}", i + 1)).set("orgId", org.org_id);
    one.set("principalId", token_id(i)).set("principalType", "SSWS_TOKEN");
    one.set("defaultPercentage", kShare).set("defaultConcurrencyPercentage", kConcurrencyShare);
    one.set("createdBy", org.tokens[i].owner_id).set("createdDate", format_okta_time(org.created));
    one.set("lastUpdatedBy", org.tokens[i].owner_id);
    one.set("lastUpdate", format_okta_time(org.created));
    out.push(std::move(one));
  }
  return json_reply(200, out);
}

SimReply get_per_client_limits(Org& /*org*/, Call& /*call*/) {
  Json modes = Json::object();
  for (const char* use : {"LOGIN_PAGE", "OAUTH2_AUTHORIZE", "OIE_APP_INTENT"}) {
    modes.set(use, "ENFORCE");
  }
  Json out = Json::object();
  out.set("defaultMode", "ENFORCE").set("useCaseModeOverrides", std::move(modes));
  return json_reply(200, out);
}

SimReply get_warning_threshold(Org& /*org*/, Call& /*call*/) {
  return json_reply(200, Json::object().set("warningThreshold", kWarningThreshold));
}

SimReply get_limit_notifications(Org& /*org*/, Call& /*call*/) {
  return json_reply(200, Json::object().set("notificationsEnabled", true));
}

}  // namespace rollcall::sim

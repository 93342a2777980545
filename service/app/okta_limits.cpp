// rollcall okta limits: what the org's own answers say of our limits, and what it says of them.
#include <fmt/core.h>

#include <array>

#include "connectors/okta/bucket_table.h"
#include "connectors/okta/reply_headers.h"
#include "service/app/okta_commands_internal.h"
#include "service/app/okta_table.h"

namespace rollcall {
namespace {

/// The cheapest read of each bucket that has one; a bucket's limit shows on any of its replies.
std::vector<OktaRequest> samples() {
  std::vector<OktaRequest> out;
  out.push_back(OktaRequest(Endpoint::get_user, {"me"}));
  for (const Endpoint list : {Endpoint::list_users, Endpoint::list_groups,
                              Endpoint::list_applications, Endpoint::list_log_events}) {
    out.push_back(OktaRequest(list).query("limit", "1"));
  }
  out.push_back(OktaRequest(Endpoint::list_policies).query("type", "OKTA_SIGN_ON"));
  out.push_back(OktaRequest(Endpoint::list_users_with_role_assignments).query("limit", "1"));
  return out;
}

constexpr std::array kLimit{
    TableColumn{"bucket", "bucket"},       TableColumn{"limit", "limit"},
    TableColumn{"remaining", "remaining"}, TableColumn{"resets in s", "resets_in_s"},
    TableColumn{"of the org's", "org"},    TableColumn{"answer", "answer"}};

Json seen(const OktaRequest& request, const HttpExchange& exchange, const BucketTable& table) {
  const EndpointRow& row = request.row();
  const auto built = request.build();
  const BucketRef bucket = table.find(row.method, built ? built->target : std::string(row.path));
  Json out = Json::object();
  out.set("bucket", bucket.name);
  if (bucket.listed && bucket.seed != BucketTable::kSlowSeed) out.set("org", bucket.seed);
  if (!exchange.reply) return out.set("answer", info(exchange.failure->error.code).id);
  const HttpReply& reply = *exchange.reply;
  out.set("answer", reply.status);
  const RateObservation rate = read_rate_headers(reply);
  if (rate.limit) out.set("limit", *rate.limit);
  if (rate.remaining) out.set("remaining", *rate.remaining);
  // By the reply's own clock (FACTS 3.3).
  if (rate.reset && reply.date) out.set("resets_in_s", *rate.reset - reply.date->ms / kSecondMs);
  return out;
}

/// What the org's settings say, where the credential may read them.
Json settings_of(OktaReader& reader) {
  Json out = Json::object();
  const auto mode = reader.one(OktaRequest(Endpoint::get_rate_limit_settings_per_client));
  if (mode) out.set("per_client", (*mode)["defaultMode"]);
  const auto warns = reader.one(OktaRequest(Endpoint::get_rate_limit_settings_warning_threshold));
  if (warns) out.set("warning_threshold_percent", (*warns)["warningThreshold"]);
  Json shares = Json::array();
  for (const char* kind : {"SSWS_TOKEN", "OAUTH_CLIENT"}) {
    const auto list =
        reader.list(OktaRequest(Endpoint::list_principal_rate_limit_entities)
                        .query("filter", fmt::format("principalType eq \"{}\"", kind)),
                    0);
    if (!list) continue;
    for (const Json& one : list->items) {
      shares.push(Json::object()
                      .set("principal", one["principalId"])
                      .set("percent", one["defaultPercentage"])
                      .set("concurrency_percent", one["defaultConcurrencyPercentage"]));
    }
  }
  if (!shares.items().empty()) out.set("shares", std::move(shares));
  return out;
}

std::string settings_text(const Json& settings) {
  if (settings.members().empty()) {
    return "\nThe credential may not read the org's settings of limits (okta.rateLimits.read, "
           "okta.principalRateLimits.read).\n";
  }
  constexpr std::array kSettings{TableColumn{"per client", "per_client"},
                                 TableColumn{"warns from %", "warning_threshold_percent"}};
  constexpr std::array kShare{TableColumn{"principal", "principal"},
                              TableColumn{"% of each limit", "percent"},
                              TableColumn{"% of concurrency", "concurrency_percent"}};
  std::string text = "\n" + object_text(settings, kSettings, true);
  if (settings.has("shares")) text += "\n" + table_text(settings["shares"].items(), kShare, true);
  return text;
}

int show_limits(const Program& program) {
  // No more than the rules need: a token is refused whole for one scope that was not granted, and a
  // refused sample shows its limit as well.
  const auto wired = wire_reading(program, {});
  if (!wired) return program.fail(wired.error());
  const auto table = BucketTable::embedded();
  if (!table) return program.fail(table.error());
  OktaDirectory& okta = *(*wired)->okta;
  Json limits = Json::array();
  for (const OktaRequest& request : samples()) {
    const auto exchange = okta.ask(request, program.stop());
    if (!exchange) return program.fail(exchange.error());
    // A network that fails fails for all of them; a refusal shows in its line.
    if (!exchange->reply) return program.fail(exchange->failure->error);
    limits.push(seen(request, *exchange, *table));
  }
  OktaReader reader(okta, (*wired)->settings.okta.base_url, program.stop());
  const Json settings = settings_of(reader);
  if (program.json()) {
    program.print(Json::object().set("limits", limits).set("settings", settings).dump() + "\n");
  } else {
    program.print(table_text(limits.items(), kLimit, true) + settings_text(settings));
  }
  return 0;
}

}  // namespace

int run_okta_limits(Program& program, const std::vector<std::string>& rest) {
  VerbOptions options(
      "rollcall okta limits [options]",
      "Shows the limits per minute as the org's answers state them for the read credential, and\n"
      "the org's settings of them. Costs one request for each line. Changes nothing.");
  return run_parsed(options, program, rest, [&] { return show_limits(program); });
}

}  // namespace rollcall

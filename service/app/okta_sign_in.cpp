// rollcall okta sign-in-check: signs an account in that was made for it, and closes the session
// again. Says whether people can sign in to the org at all.
#include <fmt/core.h>

#include <algorithm>

#include "connectors/okta/sign_in.h"
#include "connectors/okta/totp.h"
#include "service/app/credentials.h"
#include "service/app/okta_commands_internal.h"
#include "service/app/okta_roles.h"
#include "service/base/text.h"

namespace rollcall {
namespace {

Result<SignInAccount> account_of(const SignInSettings& settings) {
  SignInAccount account;
  account.login = settings.login;
  auto password = resolve(settings.password);
  if (!password) return password.error();
  account.password = std::move(*password);
  if (settings.totp.empty()) return account;
  const auto text = resolve(settings.totp);
  if (!text) return text.error();
  auto secret = totp_secret(text->reveal());
  if (!secret) return secret.error();
  account.totp = std::move(*secret);
  return account;
}

/// What the account holds beyond what the configuration names; a password in a file must open
/// nothing. Errors: sign_in.privileged, those of OktaReader.
Result<void> hold_nothing(const Program& program, OktaReader& reader,
                          const SignInSettings& settings) {
  const auto user = named_user(reader, settings.login);
  if (!user) return user.error();
  const std::string id((*user)["id"].as_string());
  std::vector<std::string> beyond;
  const auto roles = reader.list(OktaRequest(Endpoint::list_assigned_roles_for_user, {id}), 0);
  if (!roles) return roles.error();
  for (const Json& role : roles->items) {
    beyond.push_back("role " + std::string(role["type"].as_string()));
  }
  const auto admins = admin_holders(reader);
  if (!admins) return admins.error();
  if (!admins->shown) {
    program.complain("admin roles are not shown to this credential: they were not looked at");
  }
  const auto apps = reader.list(OktaRequest(Endpoint::list_app_links, {id}), 0);
  if (!apps) return apps.error();
  for (const Json& app : apps->items) {
    beyond.push_back("app " + std::string(app["appInstanceId"].as_string()));
  }
  const auto groups =
      reader.list(OktaRequest(Endpoint::list_user_groups, {id}).query("limit", "200"), 0);
  if (!groups) return groups.error();
  for (const Json& group : groups->items) {
    const std::string name(group["profile"]["name"].as_string());
    const auto& named = settings.only_groups;
    const std::string id_of_group(group["id"].as_string());
    const bool everyone = group["type"].as_string() == "BUILT_IN" && name == "Everyone";
    if (everyone || std::find(named.begin(), named.end(), name) != named.end()) {
      const auto confers = confers_role(reader, id_of_group);
      if (!confers) return confers.error();
      if (*confers) beyond.push_back("admin role by group " + id_of_group);
      continue;
    }
    beyond.push_back("group " + id_of_group);
  }
  if (beyond.empty()) return ok();
  return make_error(ErrorCode::sign_in_privileged,
                    fmt::format("the account of okta.sign_in_check holds {}: {}",
                                plural(static_cast<long long>(beyond.size()), "thing too many",
                                       "things too many"),
                                join(beyond, ", ")));
}

int report(const Program& program, const SignIn& sign_in) {
  if (program.json()) {
    Json steps = Json::array();
    for (const SignInStep& step : sign_in.steps()) {
      steps.push(Json::object().set("what", step.what).set("state", step.state));
    }
    Json out = Json::object();
    out.set("signed_in", sign_in.signed_in()).set("steps", std::move(steps));
    if (sign_in.error()) out.set("code", info(sign_in.error()->code).id);
    program.print(out.dump() + "\n");
  } else {
    for (const SignInStep& step : sign_in.steps()) {
      program.print(fmt::format("  {:<20} {}\n", step.state, step.what));
    }
    if (!sign_in.error()) program.print("the sign-in works\n");
  }
  return sign_in.error() ? program.fail(*sign_in.error()) : 0;
}

int sign_in_once(const Program& program) {
  auto settings = program.settings();
  if (!settings) return program.fail(settings.error());
  if (!settings->okta.sign_in_check) {
    return program.fail(
        make_error(ErrorCode::sign_in_off, "the configuration holds no okta.sign_in_check"));
  }
  const SignInSettings canary = *settings->okta.sign_in_check;
  auto account = account_of(canary);
  if (!account) return program.fail(account.error());
  WireOptions what;
  what.journal = false;
  what.write = settings->okta.write.has_value();  // sessions are made and closed
  what.scopes = scopes_of({Endpoint::create_session, Endpoint::revoke_session});
  const auto wired = wire(program, std::move(*settings), what);
  if (!wired) return program.fail(wired.error());
  OktaReader reader(*(*wired)->okta, (*wired)->settings.okta.base_url, program.stop());
  if (const auto plain = hold_nothing(program, reader, canary); !plain)
    return program.fail(plain.error());
  SignIn sign_in(std::move(*account));
  while (const auto request = sign_in.next()) {
    // A signal is heeded between the steps: what a step that was left alone opens, nobody closes.
    // Each of them ends by the client's deadline.
    const auto exchange = (*wired)->okta->ask(*request, {});
    if (!exchange) return program.fail(exchange.error());
    sign_in.answered(*exchange, program.clock().wall());
    if (program.stop().stop_requested()) sign_in.give_up();
  }
  return report(program, sign_in);
}

}  // namespace

int run_okta_sign_in(Program& program, const std::vector<std::string>& rest) {
  VerbOptions options(
      "rollcall okta sign-in-check [options]",
      "Signs in as the account of okta.sign_in_check, with its password and, if the org asks, its\n"
      "authenticator app, and closes the session again. Refused if the account holds any group,\n"
      "app or admin role that okta.sign_in_check.only_groups does not name.");
  return run_parsed(options, program, rest, [&] { return sign_in_once(program); });
}

}  // namespace rollcall

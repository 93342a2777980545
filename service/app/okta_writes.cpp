// rollcall okta …, the commands that change something: each makes a plan of one operation, guarded,
// sealed, journaled and applied like any other.
#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <set>

#include "connectors/okta/codec.h"
#include "service/app/command_report.h"
#include "service/app/credentials.h"
#include "service/app/okta_commands_internal.h"
#include "service/app/operator_plan.h"
#include "service/app/present.h"
#include "service/base/text.h"
#include "service/reconcile/guard.h"

namespace rollcall {
namespace {

namespace po = boost::program_options;
using Kind = OperationKind;

struct WriteCommand {
  OktaCommand face;
  Kind kind;
};

constexpr std::array kWrites{
    WriteCommand{{"users activate", "LOGIN", "activate a staged or deactivated person"},
                 Kind::user_activate},
    WriteCommand{{"users reactivate", "LOGIN", "make a new activation, where one is pending"},
                 Kind::user_reactivate},
    WriteCommand{{"users suspend", "LOGIN", "suspend an active person"}, Kind::user_suspend},
    WriteCommand{{"users unsuspend", "LOGIN", "let a suspended person in again"},
                 Kind::user_unsuspend},
    WriteCommand{{"users unlock", "LOGIN", "unlock after too many wrong passwords"},
                 Kind::user_unlock},
    WriteCommand{
        {"users deactivate", "LOGIN", "deactivate a person, whose app assignments go for good"},
        Kind::user_deactivate},
    WriteCommand{{"users delete", "LOGIN", "delete for good whoever is deactivated"},
                 Kind::user_delete},
    WriteCommand{{"users reset-factors", "LOGIN", "make a person enrol all factors again"},
                 Kind::user_reset_factors},
    WriteCommand{{"users expire-password", "LOGIN", "ask for a new password at the next sign-in"},
                 Kind::user_expire_password},
    WriteCommand{{"sessions clear", "LOGIN", "end a person's sessions and revoke tokens"},
                 Kind::user_clear_sessions},
    WriteCommand{{"groups add", "GROUP LOGIN", "put a person into a group"},
                 Kind::group_add_member},
    WriteCommand{{"groups remove", "GROUP LOGIN", "take a person out of a group"},
                 Kind::group_remove_member},
    WriteCommand{{"apps assign-user", "APP LOGIN", "give a person an app"}, Kind::app_assign_user},
    WriteCommand{{"apps unassign-user", "APP LOGIN", "take an app from a person"},
                 Kind::app_unassign_user},
    WriteCommand{{"apps assign-group", "APP GROUP", "give a group an app"}, Kind::app_assign_group},
    WriteCommand{{"apps unassign-group", "APP GROUP", "take an app from a group"},
                 Kind::app_unassign_group},
    WriteCommand{{"group-rules activate", "RULE", "let one of Okta's group rules act"},
                 Kind::group_rule_activate},
    WriteCommand{{"group-rules deactivate", "RULE", "stop one of Okta's group rules"},
                 Kind::group_rule_deactivate},
    WriteCommand{{"policies activate", "POLICY", "let a policy act"}, Kind::policy_activate},
    WriteCommand{{"policies deactivate", "POLICY", "stop a policy"}, Kind::policy_deactivate},
    WriteCommand{{"policies rules activate", "POLICY RULE", "let a policy's rule act"},
                 Kind::policy_rule_activate},
    WriteCommand{{"policies rules deactivate", "POLICY RULE", "stop a policy's rule"},
                 Kind::policy_rule_deactivate},
    WriteCommand{{"factors reset", "LOGIN FACTOR", "take one factor, by its id, from a person"},
                 Kind::user_reset_factor},
};

bool may_mail(Kind kind) {
  return kind == Kind::user_activate || kind == Kind::user_reactivate ||
         kind == Kind::user_deactivate;
}

/// For the request itself, and for what is read before it and in doubt.
Scopes scopes_needed(Kind kind, bool dry) {
  std::set<std::string> all;
  const auto add = [&all](std::initializer_list<Endpoint> rows) {
    for (std::string& scope : scopes_of(rows)) all.insert(std::move(scope));
  };
  if (!dry) add({endpoint_of(kind)});
  if (is_assignment(kind)) add({Endpoint::list_applications});
  const bool of_policy = kind >= Kind::policy_activate && kind <= Kind::policy_rule_deactivate;
  if (of_policy) add({Endpoint::get_policy});
  return {all.begin(), all.end()};
}

int show(const Program& program, const Planned& planned, const Outputs& outputs) {
  const auto shown = present_plan(program, planned, outputs);
  return shown ? 0 : program.fail(shown.error());
}

int change(Program& program, const WriteCommand& command, const VerbOptions& options) {
  auto given = given_arguments(options, command.face.arguments);
  if (!given) return program.fail(given.error());
  const std::string reason(trim(options.text("reason")));
  if (reason.empty() || !is_valid_utf8(reason)) {
    return program.fail(make_error(ErrorCode::usage, "say why, with --reason TEXT, in UTF-8"));
  }
  const auto outputs = outputs_from(program, options.text("format"), "", "");
  if (!outputs) return program.fail(outputs.error());
  auto settings = program.settings();
  if (!settings) return program.fail(settings.error());
  const bool dry = options.has("dry-run");
  WireOptions what;
  what.write = !dry;
  what.scopes = scopes_needed(command.kind, dry);
  auto wired = wire(program, std::move(*settings), what);
  if (!wired) return program.fail(wired.error());
  OktaReader reader(*(*wired)->okta, (*wired)->settings.okta.base_url, program.stop());
  const OperatorWish wish{command.kind,        std::string(command.face.words),
                          std::move(*given),   reason,
                          options.has("mail"), !dry};
  auto planned = plan_of_operator(program, **wired, reader, wish);
  if (!planned) return program.fail(planned.error());
  ExitCodes exits = planned->exits;
  if (dry) {
    if (const int failed = show(program, *planned, *outputs); failed != 0) return failed;
    return options.shell_code(exits, false);
  }
  const auto bound =
      (*wired)->journal->bind(planned->plan.header.org_id, (*wired)->settings.environment);
  if (!bound) return program.fail(bound.error());
  if (const auto sealed = seal(*(*wired)->journal, *planned); !sealed) {
    return program.fail(sealed.error());
  }
  if (exits.has(3)) {
    // Nothing to run: once approved, the same command lets it go.
    if (const int failed = show(program, *planned, *outputs); failed != 0) return failed;
    const Operation& held = planned->plan.operations.front();
    program.complain(
        never_released(held)
            ? fmt::format("held by {}: it would shut out the account that Rollcall signs in with; "
                          "nothing was changed, and nothing releases it",
                          held.held_by)
            : fmt::format("held by {}; nothing was changed. Approve it (rollcall approve {}) and "
                          "give the command again",
                          held.held_by, to_text(planned->plan.id)));
    return options.shell_code(exits, false);
  }
  // What an earlier command of this lane left in doubt comes first.
  const auto settled =
      settle_interrupted(program, **wired, true, std::nullopt, planned->notes, Lane::urgent);
  if (!settled) return program.fail(settled.error());
  const auto applied =
      apply_sealed(program, **wired, planned->plan.id, Lane::urgent, "okta", exits);
  if (!applied) return program.fail(applied.error());
  report_run(program, **wired, *applied, planned->notes, *outputs, exits);
  return options.shell_code(exits, false);
}

}  // namespace

std::span<const OktaCommand> okta_write_commands() {
  static const std::vector<OktaCommand> faces = [] {
    std::vector<OktaCommand> out;
    out.reserve(kWrites.size());
    for (const WriteCommand& command : kWrites) out.push_back(command.face);
    return out;
  }();
  return faces;
}

int run_okta_write(Program& program, std::string_view words, const std::vector<std::string>& rest) {
  const auto* command =
      std::find_if(kWrites.begin(), kWrites.end(),
                   [words](const WriteCommand& one) { return one.face.words == words; });
  VerbOptions options(
      fmt::format("rollcall okta {} {} --reason TEXT [options]", words, command->face.arguments),
      fmt::format("To {}: a plan of one operation, which passes the guard, is\nsealed in the "
                  "journal and applied at once, beside a running sync.",
                  command->face.purpose));
  declare_arguments(options, command->face.arguments);
  options.add()("reason", po::value<std::string>()->value_name("TEXT"),
                "why; kept with the plan (required)")("dry-run",
                                                      "show the plan; seal and change nothing")(
      "format", po::value<std::string>()->value_name("FORMAT"), "text, json, csv or html");
  if (may_mail(command->kind)) {
    options.add()("mail", "let Okta send its mail; the guard holds that unless it is allowed");
  }
  return run_parsed(options, program, rest, [&] { return change(program, *command, options); });
}

}  // namespace rollcall

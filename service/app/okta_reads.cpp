// rollcall okta …, the commands that read: one row of the endpoint table each.
#include <fmt/core.h>

#include <algorithm>
#include <array>

#include "service/app/okta_commands_internal.h"
#include "service/app/okta_table.h"
#include "service/base/text.h"

namespace rollcall {
namespace {

namespace po = boost::program_options;

constexpr std::array kUser{TableColumn{"id", "id"},
                           TableColumn{"status", "status"},
                           TableColumn{"moving to", "transitioningToStatus"},
                           TableColumn{"login", "profile.login", true},
                           TableColumn{"first name", "profile.firstName", true},
                           TableColumn{"last name", "profile.lastName", true},
                           TableColumn{"created", "created"},
                           TableColumn{"status changed", "statusChanged"},
                           TableColumn{"last sign-in", "lastLogin"},
                           TableColumn{"last updated", "lastUpdated"}};
constexpr std::array kUserRow{TableColumn{"id", "id"}, TableColumn{"status", "status"},
                              TableColumn{"login", "profile.login", true},
                              TableColumn{"first name", "profile.firstName", true},
                              TableColumn{"last name", "profile.lastName", true}};
constexpr std::array kGroup{TableColumn{"id", "id"}, TableColumn{"type", "type"},
                            TableColumn{"name", "profile.name", true},
                            TableColumn{"description", "profile.description", true},
                            TableColumn{"members changed", "lastMembershipUpdated"}};
constexpr std::array kRule{TableColumn{"id", "id"}, TableColumn{"status", "status"},
                           TableColumn{"groups", "actions.assignUserToGroups.groupIds"},
                           TableColumn{"name", "name", true},
                           TableColumn{"expression", "conditions.expression.value", true}};
constexpr std::array kApp{TableColumn{"id", "id"}, TableColumn{"status", "status"},
                          TableColumn{"sign-on", "signOnMode"}, TableColumn{"kind", "name"},
                          TableColumn{"label", "label", true}};
constexpr std::array kAppUser{TableColumn{"user", "id"}, TableColumn{"scope", "scope"},
                              TableColumn{"status", "status"}, TableColumn{"sync", "syncState"},
                              TableColumn{"user name", "credentials.userName", true}};
constexpr std::array kAppGroup{TableColumn{"group", "id"}, TableColumn{"priority", "priority"},
                               TableColumn{"last updated", "lastUpdated"}};
constexpr std::array kAppLink{TableColumn{"app", "appInstanceId"},
                              TableColumn{"assignment", "appAssignmentId"},
                              TableColumn{"kind", "appName"}, TableColumn{"label", "label", true}};
constexpr std::array kRole{TableColumn{"id", "id"}, TableColumn{"type", "type"},
                           TableColumn{"status", "status"},
                           TableColumn{"assigned to", "assignmentType"}};
constexpr std::array kOwner{TableColumn{"id", "id"}, TableColumn{"type", "type"},
                            TableColumn{"name", "displayName", true}};
constexpr std::array kId{TableColumn{"id", "id"}};
constexpr std::array kSession{TableColumn{"id", "id"},
                              TableColumn{"user", "userId"},
                              TableColumn{"status", "status"},
                              TableColumn{"login", "login", true},
                              TableColumn{"created", "createdAt"},
                              TableColumn{"expires", "expiresAt"}};
constexpr std::array kPolicy{
    TableColumn{"id", "id"},           TableColumn{"priority", "priority"},
    TableColumn{"status", "status"},   TableColumn{"system", "system"},
    TableColumn{"name", "name", true}, TableColumn{"groups", "conditions.people.groups.include"}};
constexpr std::array kFactor{TableColumn{"id", "id"}, TableColumn{"factor", "factorType"},
                             TableColumn{"provider", "provider"}, TableColumn{"status", "status"},
                             TableColumn{"last updated", "lastUpdated"}};
constexpr std::array kEvent{TableColumn{"published", "published"},
                            TableColumn{"event", "eventType"},
                            TableColumn{"outcome", "outcome.result"},
                            TableColumn{"actor", "actor.id"},
                            TableColumn{"actor name", "actor.alternateId", true},
                            TableColumn{"message", "displayMessage", true},
                            TableColumn{"uuid", "uuid"}};
constexpr std::array kOrg{TableColumn{"id", "id"}, TableColumn{"status", "status"},
                          TableColumn{"company", "companyName", true},
                          TableColumn{"subdomain", "subdomain", true},
                          TableColumn{"created", "created"}};
constexpr std::array kType{TableColumn{"id", "id"}, TableColumn{"name", "name"},
                           TableColumn{"default", "default"},
                           TableColumn{"shown as", "displayName", true}};

/// How the argument becomes the path's.
enum class Target : std::uint8_t { none, as_given, user, group, app, group_rule, policy_type };

struct ReadCommand {
  OktaCommand face;
  Endpoint endpoint;
  Target target;
  std::span<const TableColumn> columns;
  bool list = true;
  int page = 0;  // the most that Okta gives at once (FACTS 4); 0: it does not page
};

const std::array kReads{
    ReadCommand{
        {"users list", "", "people; without --search or --filter none that are deactivated"},
        Endpoint::list_users,
        Target::none,
        kUserRow,
        true,
        200},
    ReadCommand{
        {"users get", "LOGIN", "one person"}, Endpoint::get_user, Target::as_given, kUser, false},
    ReadCommand{{"users groups", "LOGIN", "the groups of a person"},
                Endpoint::list_user_groups,
                Target::as_given,
                kGroup,
                true,
                200},
    ReadCommand{{"users apps", "LOGIN", "what a person sees on the dashboard"},
                Endpoint::list_app_links,
                Target::user,
                kAppLink},
    ReadCommand{{"users factors", "LOGIN", "factors that a person has enrolled"},
                Endpoint::list_factors,
                Target::user,
                kFactor},
    ReadCommand{{"users roles", "LOGIN", "admin roles of a person"},
                Endpoint::list_assigned_roles_for_user,
                Target::user,
                kRole},
    ReadCommand{
        {"groups list", "", "groups"}, Endpoint::list_groups, Target::none, kGroup, true, 200},
    ReadCommand{
        {"groups get", "GROUP", "one group"}, Endpoint::get_group, Target::group, kGroup, false},
    ReadCommand{{"groups members", "GROUP", "the members of a group"},
                Endpoint::list_group_users,
                Target::group,
                kUserRow,
                true,
                200},
    ReadCommand{{"groups apps", "GROUP", "the apps that a group gives"},
                Endpoint::list_assigned_applications_for_group,
                Target::group,
                kApp,
                true,
                200},
    ReadCommand{{"groups roles", "GROUP", "admin roles that a group gives"},
                Endpoint::list_group_assigned_roles,
                Target::group,
                kRole},
    ReadCommand{{"groups owners", "GROUP", "the owners of a group"},
                Endpoint::list_group_owners,
                Target::group,
                kOwner,
                true,
                200},
    ReadCommand{{"group-rules list", "", "Okta's own rules for groups"},
                Endpoint::list_group_rules,
                Target::none,
                kRule,
                true,
                200},
    ReadCommand{{"group-rules get", "RULE", "one rule"},
                Endpoint::get_group_rule,
                Target::group_rule,
                kRule,
                false},
    ReadCommand{
        {"apps list", "", "apps"}, Endpoint::list_applications, Target::none, kApp, true, 200},
    ReadCommand{
        {"apps get", "APP", "one app"}, Endpoint::get_application, Target::app, kApp, false},
    ReadCommand{{"apps users", "APP", "who has an app, and whether through a group"},
                Endpoint::list_application_users,
                Target::app,
                kAppUser,
                true,
                500},
    ReadCommand{{"apps groups", "APP", "the groups that an app is assigned to"},
                Endpoint::list_application_group_assignments,
                Target::app,
                kAppGroup,
                true,
                200},
    ReadCommand{{"sessions get", "SESSION", "one session, by its id"},
                Endpoint::get_session,
                Target::as_given,
                kSession,
                false},
    ReadCommand{{"policies list", "TYPE", "policies of a type, for example OKTA_SIGN_ON"},
                Endpoint::list_policies,
                Target::policy_type,
                kPolicy},
    ReadCommand{{"policies get", "POLICY", "one policy, by its id"},
                Endpoint::get_policy,
                Target::as_given,
                kPolicy,
                false},
    ReadCommand{{"policies rules", "POLICY", "the rules of a policy, by its id"},
                Endpoint::list_policy_rules,
                Target::as_given,
                kPolicy},
    ReadCommand{{"factors list", "LOGIN", "factors that a person has enrolled"},
                Endpoint::list_factors,
                Target::user,
                kFactor},
    ReadCommand{{"roles holders", "", "who holds an admin role"},
                Endpoint::list_users_with_role_assignments,
                Target::none,
                kId,
                true,
                200},
    ReadCommand{
        {"types list", "", "types of users"}, Endpoint::list_user_types, Target::none, kType},
    ReadCommand{{"logs", "", "the System Log, the newest events first"},
                Endpoint::list_log_events,
                Target::none,
                kEvent,
                true,
                1000},
    ReadCommand{
        {"org", "", "the org itself"}, Endpoint::get_org_settings, Target::none, kOrg, false},
};

constexpr std::size_t kEventsUnasked = 100;

bool takes(const ReadCommand& command, std::string_view parameter) {
  const auto names = split(row_of(command.endpoint).query, ' ');
  return std::find(names.begin(), names.end(), parameter) != names.end();
}

constexpr std::array<const char*, 6> kPassedOn{"search", "filter", "q", "since", "until", "status"};

Result<std::string> id_of(const Result<Json>& object) {
  if (!object) return object.error();
  return std::string((*object)["id"].as_string());
}

Result<std::string> resolved(OktaReader& reader, Target target, const std::string& word) {
  switch (target) {
    case Target::user:
      // These paths take the id only (FACTS 1).
      return is_okta_id(word, "00u") ? Result<std::string>(word) : id_of(named_user(reader, word));
    case Target::group:
      return is_okta_id(word, "00g") ? Result<std::string>(word) : id_of(named_group(reader, word));
    case Target::app:
      return is_okta_id(word, "0oa") ? Result<std::string>(word) : id_of(named_app(reader, word));
    case Target::group_rule:
      return is_okta_id(word, "0pr") ? Result<std::string>(word)
                                     : id_of(named_group_rule(reader, word));
    default:
      return word;
  }
}

std::size_t most_of(const ReadCommand& command, const VerbOptions& options) {
  if (options.has("limit")) return options.number("limit");
  return command.endpoint == Endpoint::list_log_events ? kEventsUnasked : 0;
}

/// How many objects a page is asked to hold; 0: it has no pages.
std::size_t page_of(const ReadCommand& command, const VerbOptions& options) {
  const auto page = static_cast<std::size_t>(command.page);
  const std::size_t most = most_of(command, options);
  return most == 0 ? page : std::min(most, page);
}

/// Errors: usage, those of OktaReader.
Result<OktaRequest> request_of(const Program& program, OktaReader& reader,
                               const ReadCommand& command, const VerbOptions& options) {
  const auto given = given_arguments(options, command.face.arguments);
  if (!given) return given.error();
  std::vector<std::string> arguments;
  if (command.target != Target::none && command.target != Target::policy_type) {
    const auto id = resolved(reader, command.target, given->front());
    if (!id) return id.error();
    arguments.push_back(*id);
  }
  OktaRequest request(command.endpoint, std::move(arguments));
  if (command.target == Target::policy_type) request.query("type", to_upper(given->front()));
  for (const char* name : kPassedOn) {
    if (takes(command, name) && options.has(name)) request.query(name, options.text(name));
  }
  if (command.page > 0 && takes(command, "limit")) {
    request.query("limit", std::to_string(page_of(command, options)));
  }
  if (command.endpoint == Endpoint::list_log_events) {
    // With an end the query is finite; without one it polls for ever (FACTS 9).
    if (!options.has("until")) request.query("until", format_okta_time(program.clock().wall()));
    request.query("sortOrder", "DESCENDING");
  }
  return request;
}

int print_one(const Program& program, const ReadCommand& command, const Json& object) {
  program.print(program.json() ? shown_json(object, command.columns, program.full()).dump() + "\n"
                               : object_text(object, command.columns, program.full()));
  return 0;
}

int print_list(const Program& program, const ReadCommand& command, const AskedList& list) {
  if (program.json()) {
    Json out = Json::array();
    for (const Json& item : list.items) {
      out.push(shown_json(item, command.columns, program.full()));
    }
    program.print(out.dump() + "\n");
  } else {
    program.print(table_text(list.items, command.columns, program.full()));
  }
  if (list.cut) {
    program.complain(fmt::format("these are the first {}; there are more",
                                 with_thousands(static_cast<long long>(list.items.size()))));
  }
  return 0;
}

int ask(Program& program, const ReadCommand& command, const VerbOptions& options) {
  // An app is looked up by its label first; people, groups and rules are in every token.
  const bool by_label = command.target == Target::app;
  const auto wired = wire_reading(
      program, {command.endpoint, by_label ? Endpoint::list_applications : command.endpoint});
  if (!wired) return program.fail(wired.error());
  OktaReader reader(*(*wired)->okta, (*wired)->settings.okta.base_url, program.stop());
  const auto request = request_of(program, reader, command, options);
  if (!request) return program.fail(request.error());
  if (!command.list) {
    const auto object = reader.one(*request);
    return object ? print_one(program, command, *object) : program.fail(object.error());
  }
  const auto list = reader.list(*request, most_of(command, options));
  if (!list) return program.fail(list.error());
  const int printed = print_list(program, command, *list);
  // Okta answers `q` with one page and no link to a next (FACTS 4, 6).
  const std::size_t page = page_of(command, options);
  if (options.has("q") && page > 0 && !list->cut && list->items.size() >= page) {
    program.complain("Okta gives no more than this with --q; there may be more, see --search");
  }
  return printed;
}

const char* purpose_of(std::string_view parameter) {
  if (parameter == "search") return "Okta's search expression; reads an index that may lag";
  if (parameter == "filter") return "Okta's filter expression";
  if (parameter == "q") return "what names begin with";
  if (parameter == "status") return "only those of this status";
  return parameter == "since" ? "events from this time on, RFC 3339" : "events before this time";
}

}  // namespace

std::span<const OktaCommand> okta_read_commands() {
  static const std::vector<OktaCommand> faces = [] {
    std::vector<OktaCommand> out;
    out.reserve(kReads.size());
    for (const ReadCommand& command : kReads) out.push_back(command.face);
    return out;
  }();
  return faces;
}

int run_okta_read(Program& program, std::string_view words, const std::vector<std::string>& rest) {
  const auto* command = std::find_if(kReads.begin(), kReads.end(), [words](const ReadCommand& one) {
    return one.face.words == words;
  });
  VerbOptions options(
      fmt::format("rollcall okta {}{}{} [options]", words,
                  command->face.arguments.empty() ? "" : " ", command->face.arguments),
      fmt::format("Shows {}. Changes nothing.", command->face.purpose));
  declare_arguments(options, command->face.arguments);
  for (const char* name : kPassedOn) {
    if (takes(*command, name)) {
      options.add()(name, po::value<std::string>()->value_name("TEXT"), purpose_of(name));
    }
  }
  if (command->list) {
    options.add()("limit", po::value<AtLeastOne>()->value_name("N"), "at most so many");
  }
  return run_parsed(options, program, rest, [&] { return ask(program, *command, options); });
}

}  // namespace rollcall

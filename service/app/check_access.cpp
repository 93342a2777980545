#include "service/app/check_access.h"

#include <fmt/core.h>

#include "service/app/rights.h"
#include "service/base/text.h"

namespace rollcall {
namespace {

Json list_of(const std::vector<std::string>& texts) {
  Json out = Json::array();
  for (const std::string& text : texts) out.push(Json(text));
  return out;
}

std::string holder_words(const Access& access) {
  return fmt::format("{} {}", access.of_user ? "user" : "the app", access.holder);
}

std::vector<std::string> labels_of(const std::vector<RoleHeld>& roles) {
  std::vector<std::string> out;
  for (const RoleHeld& role : roles) {
    const std::string name = role.label.empty() ? role.type : role.label;
    out.push_back(role.by_group ? name + " (by a group)" : name);
  }
  return out;
}

std::string least_words(const RightsReport& report) {
  return fmt::format("the least standard role is {}, the least custom one has {}", report.least,
                     join(least_permissions(report.needed), " "));
}

}  // namespace

std::vector<CheckLine> role_lines(const Settings& settings, const std::string& use,
                                  const Access& access) {
  const bool write = use == "write";
  const std::string what = "roles, " + use;
  const RightsReport report =
      compare_rights(settings, write, access.roles.value_or(std::vector<RoleHeld>{}));
  std::vector<CheckLine> out;
  CheckLine line{what, {}, {}, Json::object()};
  line.details.set("holder", access.holder).set("needed", words_for(report.needed));
  line.details.set("least_role", std::string(report.least));
  line.details.set("least_permissions", list_of(least_permissions(report.needed)));
  if (!access.roles) {
    line.said = fmt::format("of {} not looked at: {}; {}", holder_words(access),
                            access.roles_unread, least_words(report));
    out.push_back(std::move(line));
    return out;
  }
  const auto labels = labels_of(*access.roles);
  line.said =
      fmt::format("{} has {}; {}", holder_words(access),
                  labels.empty() ? std::string("none") : join(labels, ", "), least_words(report));
  line.details.set("held", list_of(labels)).set("missing", words_for(report.missing));
  line.details.set("too_much", list_of(report.too_much));
  out.push_back(std::move(line));
  if (report.missing != 0 && report.complete) {
    out.push_back({what,
                   {},
                   make_error(ErrorCode::okta_forbidden,
                              "no role lets it " + words_for(report.missing), access.holder),
                   Json::object()});
  } else if (report.missing != 0) {
    out.push_back({what,
                   "a custom role's permissions cannot be read; whether it may " +
                       words_for(report.missing) + " is not known",
                   {},
                   Json::object()});
  }
  if (!report.too_much.empty()) {
    const std::string more = report.superfluous == 0
                                 ? std::string("far more than any of our requests needs")
                                 : words_for(report.superfluous);
    out.push_back({what,
                   fmt::format("superfluous: {} ({}); take it away if nothing else needs it",
                               join(report.too_much, ", "), more),
                   {},
                   Json::object()});
  }
  return out;
}

CheckLine trial_line(const Settings& settings, const Access& access) {
  CheckLine line{"read only", {}, {}, Json::object()};
  const Rights writing = ~needed_rights(settings, false) & ~bit(Right::read_roles);
  Rights held = 0;
  for (const RoleHeld& role : access.roles.value_or(std::vector<RoleHeld>{})) {
    held |= rights_of(role);
  }
  const bool proven = access.trial == WriteTrial::refused;
  line.details.set("proven", proven).set("answer", access.trial_said);
  if (proven) {
    line.said = "proven: the org refuses a write of the read credential with " + access.trial_said;
  } else if (access.trial == WriteTrial::unclear) {
    line.said =
        fmt::format("not tried: the org answered an empty write with {}, which says nothing",
                    access.trial_said);
  } else if (access.roles && (held & writing) == 0) {
    line.said = fmt::format(
        "not proven: the org answered an empty write with {}; by its roles the "
        "read credential cannot write",
        access.trial_said);
  } else {
    line.look = true;
    line.said = fmt::format(
        "NOT so: the org answered an empty write of the read credential with "
        "{}; dry runs are safer with {}",
        access.trial_said, least_role(needed_rights(settings, false)));
  }
  return line;
}

CheckLine sources_line(const Access& access, std::size_t imported_groups) {
  CheckLine line{"other sources", {}, {}, Json::object()};
  std::string apps = "apps not looked at: the credential may not list them";
  if (access.mastering_apps) {
    apps = access.mastering_apps->empty()
               ? std::string("no active app masters profiles")
               : "profiles are mastered by " + join(*access.mastering_apps, ", ");
    line.details.set("mastering_apps", list_of(*access.mastering_apps));
  }
  line.details.set("imported_groups", static_cast<std::int64_t>(imported_groups));
  line.said =
      fmt::format("{}; {} from apps or directories", apps,
                  plural(static_cast<long long>(imported_groups), "group comes", "groups come"));
  return line;
}

}  // namespace rollcall

// What a credential may do, asked of the org itself: its admin roles, and whether it can write.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "connectors/http/client.h"
#include "connectors/okta/authorizer.h"
#include "service/base/result.h"

namespace rollcall {

/// One admin role as its holder has it.
struct RoleHeld {
  std::string type;   // "ORG_ADMIN"; "CUSTOM" for the org's own
  std::string label;  // as the org names it
  bool by_group = false;
  /// Of a custom role: its permissions; nullopt: they could not be read.
  std::optional<std::vector<std::string>> permissions;
};

/// How a write that can change nothing was answered.
enum class WriteTrial : std::uint8_t {
  refused,      // for want of permission: proven that it cannot write
  not_refused,  // for its content: the permission is there, or is looked at later
  unclear       // not answered, or in another way
};

struct Access {
  std::string holder;  // the user's id or the app's client id
  bool of_user = false;
  std::optional<std::vector<RoleHeld>> roles;  // nullopt: see `roles_unread`
  std::string roles_unread;                    // why, one sentence
  WriteTrial trial = WriteTrial::unclear;      // if it was asked for
  std::string trial_said;                      // status and Okta's code
  /// Labels of active apps that master profiles; nullopt: the credential may not list apps.
  std::optional<std::vector<std::string>> mastering_apps;
};

struct AccessQuestions {
  std::string base_url;
  std::string version;
  std::string client_id;  // of an OAuth app; empty: an API token
  std::int64_t deadline_ms = 60'000;
  bool try_to_write = false;
};

/// Asks one after another; changes nothing. The trial is POST /users with an empty object, which
/// Okta refuses for its content if for nothing else (recorded: 400 E0000003, sample 07): nobody can
/// be made without a profile. Errors: those of Authorizer::sign; okta.credential_refused; http.*,
/// tls.*.
Result<Access> look_at_access(const AccessQuestions& questions, Authorizer& authorizer,
                              Transport& transport);

}  // namespace rollcall

// Okta's answers to outcomes. Codes and their meaning: the API's error catalogue and recorded
// replies; texts are read only where one code stands for several things.
#include <algorithm>
#include <array>
#include <optional>

#include "connectors/okta/codec.h"
#include "connectors/okta/error_table.h"
#include "connectors/okta/reply_headers.h"
#include "connectors/okta/status_codes.h"
#include "service/base/json.h"
#include "service/base/text.h"

namespace rollcall {
namespace {

using State = Outcome::State;
using Kind = OperationKind;

constexpr std::int64_t kBusyMs = 15'000;        // still being activated: "a few minutes"
constexpr std::int64_t kReconcilingMs = 5'000;  // 423: priorities being reconciled
constexpr std::int64_t kServerErrorMs = 2'000;
constexpr std::int64_t kUnreachableMs = 1'000;
constexpr int kExitUnreachable = 9;

bool contains(std::string_view text, std::string_view part) {
  return text.find(part) != std::string_view::npos;
}

bool on_member(Kind kind) {
  return kind == Kind::group_add_member || kind == Kind::group_remove_member;
}

bool on_group_itself(Kind kind) {
  return kind == Kind::group_create || kind == Kind::group_update || kind == Kind::group_delete;
}

Outcome outcome(State state, ErrorCode code, std::string message, std::int64_t after_ms = 0) {
  Outcome out;
  out.state = state;
  out.code = code;
  out.message = std::move(message);
  out.retry_after_ms = after_ms;
  return out;
}

/// "login" of "login: An object ...", or the quoted name of an undefined property. Never a value.
std::string field_of(std::string_view cause) {
  const std::size_t quote = cause.find('\'');
  if (contains(cause, "not defined in profile") && quote != std::string_view::npos) {
    return std::string(cause.substr(quote + 1, cause.find('\'', quote + 1) - quote - 1));
  }
  const std::string_view head = cause.substr(0, cause.find(':'));
  const bool name = head.size() < cause.size() && !head.empty() &&
                    head.find_first_not_of(
                        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
                        "0123456789_-") == std::string_view::npos;
  return name ? std::string(head) : std::string();
}

std::string named(const std::vector<std::string>& causes) {
  std::vector<std::string> fields;
  for (const std::string& cause : causes) {
    const std::string field = field_of(cause);
    if (!field.empty() && std::find(fields.begin(), fields.end(), field) == fields.end()) {
      fields.push_back(field);
    }
  }
  return fields.empty() ? std::string("a value") : join(fields, ", ");
}

/// The attributes that Okta names, else those that the operation writes. Never a value.
std::string attributes_of(const Operation& op, const OktaError& error) {
  std::vector<std::string> fields;
  for (const std::string& cause : error.causes) {
    if (std::string field = field_of(cause); !field.empty()) fields.push_back(std::move(field));
  }
  if (fields.empty()) {
    for (const FieldChange& change : op.changes) fields.push_back(change.attribute);
  }
  return fields.empty() ? std::string("an attribute") : join(fields, ", ");
}

bool any_cause(const OktaError& error, std::string_view part) {
  return std::any_of(error.causes.begin(), error.causes.end(),
                     [part](const std::string& cause) { return contains(cause, part); });
}

Outcome refused(const OktaError& error, int status) {
  if (const OktaErrorRow* row = find_okta_error(error.code)) {
    return outcome(row->state, row->code, std::string(row->sentence), row->after_ms);
  }
  const std::string shown = error.code.empty() ? std::to_string(status) : error.code;
  return outcome(State::failed, ErrorCode::okta_request_refused,
                 "Okta refused the request with " + shown);
}

Outcome validation(const Operation& op, const OktaError& error) {
  if (any_cause(error, "already exists")) {
    return outcome(State::conflict, ErrorCode::okta_unique_violation,
                   "another object of the org holds the same " + named(error.causes));
  }
  if (op.kind == Kind::user_suspend || op.kind == Kind::user_unsuspend) {
    return outcome(State::conflict, ErrorCode::okta_status_moved,
                   "the user's status no longer allows this step");
  }
  if (any_cause(error, "not defined in profile")) {
    return outcome(State::failed, ErrorCode::okta_attribute_undefined,
                   "the org's schema does not define " + named(error.causes));
  }
  if (any_cause(error, "password:")) {
    return outcome(State::failed, ErrorCode::okta_password_refused,
                   "the org's password policy refuses the generated password");
  }
  return outcome(State::failed, ErrorCode::okta_value_refused,
                 "Okta refuses " + named(error.causes));
}

Outcome bad_request(const Operation& op, const OktaError& error) {
  if (error.code == "E0000001") return validation(op, error);
  if (error.code == "E0000093") {
    return outcome(State::failed, ErrorCode::okta_too_many_groups,
                   "more groups ride with the create than Okta takes");
  }
  return refused(error, kBadRequest);
}

Outcome unauthorised(const OktaError& error) {
  if (error.code == "E0000015") {
    return outcome(State::failed, ErrorCode::okta_feature_missing,
                   "the org lacks the feature that this request needs");
  }
  if (find_okta_error(error.code) != nullptr) return refused(error, kUnauthorised);
  return outcome(State::stop, ErrorCode::okta_credential_refused, "Okta refuses the credential");
}

/// An OAuth token without the scope that the request needs (RFC 6750, 3.1).
bool lacks_scope(const HttpReply& reply) {
  const auto lines = header_values(reply.headers, "WWW-Authenticate");
  return std::any_of(lines.begin(), lines.end(),
                     [](std::string_view line) { return contains(line, "insufficient_scope"); });
}

Outcome forbidden(const Operation& op, const OktaError& error) {
  const std::string& code = error.code;
  if (code == "E0000006" || code.empty()) {
    if (on_member(op.kind)) {
      return outcome(State::failed, ErrorCode::okta_read_only_group,
                     "Okta does not let this credential change the group's members");
    }
    // What no Okta says of itself stands between us and the org: that is about no target.
    return outcome(code.empty() ? State::stop : State::refused, ErrorCode::okta_forbidden,
                   "the credential lacks the permission for " + std::string(to_string(op.kind)));
  }
  if (code == "E0000005") return unauthorised(error);
  if (code == "E0000016") {
    // Already active or provisioned: perhaps by our own lost request.
    return outcome(State::ambiguous, ErrorCode::okta_effect_unknown,
                   "the user is already activated");
  }
  if (code == "E0000023") {
    return outcome(State::failed, ErrorCode::okta_mastered_elsewhere,
                   "another profile source owns " + attributes_of(op, error));
  }
  if (code == "E0000075" || code == "E0000077" || code == "E0000078") {
    return outcome(State::failed, ErrorCode::okta_attribute_read_only,
                   "Okta keeps read-only: " + attributes_of(op, error));
  }
  if (code == "E0000014" || code == "E0000080") {
    return outcome(State::failed, ErrorCode::okta_password_refused,
                   "the org's password policy refuses the generated password");
  }
  if (code == "E0000032" || code == "E0000038" || code == "E0000107" || code == "E0000117") {
    return outcome(State::conflict, ErrorCode::okta_status_moved,
                   "the user's status no longer allows this step");
  }
  return refused(error, kForbidden);
}

/// Of operators' commands: the app, factor, rule or policy, or what it was to be taken from.
Outcome object_gone(const Operation& op, const OktaError& error) {
  const bool nothing_left = contains(error.summary, "(AppUser)") ||
                            contains(error.summary, "(ApplicationGroupAssignment)") ||
                            contains(error.summary, "(UserFactor)");
  const bool was_to_go = takes_away(op.kind) || op.kind == Kind::user_reset_factor;
  return outcome(nothing_left && was_to_go ? State::applied : State::conflict,
                 ErrorCode::okta_not_found, "what the operation is about no longer exists");
}

Outcome gone(const Operation& op, const OktaError& error) {
  if (is_assignment(op.kind) || is_switch(op.kind) || op.kind == Kind::user_reset_factor) {
    return object_gone(op, error);
  }
  const bool group = contains(error.summary, "(UserGroup)") || on_group_itself(op.kind);
  const ErrorCode code = group ? ErrorCode::okta_group_gone : ErrorCode::okta_user_gone;
  const std::string what = group ? "the group no longer exists" : "the user no longer exists";
  switch (op.kind) {
    case Kind::group_remove_member:
    case Kind::user_delete:
    case Kind::group_delete:
      return outcome(State::applied, code, what);
    case Kind::user_create:
      if (!group) return refused(error, kNotFound);
      break;
    case Kind::user_deactivate:
      // Also Okta's answer for a user who is deactivated already: reading by id tells.
      return outcome(State::ambiguous, ErrorCode::okta_effect_unknown,
                     "the user is gone or deactivated already");
    default:
      break;
  }
  return outcome(State::conflict, code, what);
}

Outcome not_found(const Operation& op, const OktaError& error) {
  if (error.code.empty()) {
    return outcome(State::unavailable, ErrorCode::org_unknown, "no org answers at this address");
  }
  if (error.code == "E0000007" || error.code == "E0000048") return gone(op, error);
  return refused(error, kNotFound);
}

Outcome clashing(const OktaError& error) {
  if (error.code == "E0000062") {
    Outcome there;  // assigned already
    there.state = State::applied;
    return there;
  }
  if (error.code == "E0000112") {
    return outcome(State::retry, ErrorCode::okta_busy, "the user is still being activated",
                   kBusyMs);
  }
  if (error.code == "E0000055") {
    return outcome(State::conflict, ErrorCode::okta_unique_violation,
                   "another group of the org holds the same name");
  }
  return refused(error, kConflict);
}

Outcome failing(const Operation& op, const OktaError& error, int status) {
  if (error.code == "E0000010") {
    return outcome(State::unavailable, ErrorCode::org_read_only, "the org is in read-only mode");
  }
  if (status == kNotImplemented || find_okta_error(error.code) != nullptr) {
    return refused(error, status);
  }
  const State state = repeat_is_safe(op.kind) ? State::retry : State::ambiguous;
  return outcome(state, ErrorCode::okta_server_error, "Okta answered " + std::to_string(status),
                 kServerErrorMs);
}

/// Ids that a create made; a success that does not show one is looked up.
Outcome done(const Operation& op, const HttpReply& reply) {
  Outcome out;
  out.state = State::applied;
  if (op.kind != Kind::user_create && op.kind != Kind::group_create) return out;
  const auto body = parse_json(reply.body);
  const std::string id(body ? (*body)["id"].as_string() : std::string_view());
  if (id.empty()) {
    return outcome(State::ambiguous, ErrorCode::okta_effect_unknown,
                   "the reply to a create shows no id");
  }
  (op.kind == Kind::user_create ? out.user_id : out.group_id) = id;
  return out;
}

Outcome by_status(const Operation& op, const HttpReply& reply) {
  const int status = reply.status;
  if (status >= 200 && status < 300) return done(op, reply);
  const OktaError error = read_error(reply.body);
  if (error.code == "E0000060" && on_member(op.kind)) {  // 501, later 403 (FACTS 6)
    return outcome(State::failed, ErrorCode::okta_read_only_group,
                   "the group's members are not managed by the API");
  }
  if (status >= kServerError) return failing(op, error, status);
  switch (status) {
    case kBadRequest:
      return bad_request(op, error);
    case kUnauthorised:
      return unauthorised(error);
    case kForbidden:
      if (lacks_scope(reply)) {
        return outcome(State::stop, ErrorCode::okta_scope_missing,
                       "the token lacks the scope for " + std::string(to_string(op.kind)));
      }
      return forbidden(op, error);
    case kNotFound:
      return not_found(op, error);
    case kConflict:
      return clashing(error);
    case kPrecondition:
      return outcome(State::conflict, ErrorCode::okta_status_moved,
                     "the object changed since it was read");
    case kLocked:
      return outcome(State::retry, ErrorCode::okta_busy, "Okta is reconciling priorities",
                     kReconcilingMs);
    case kTooMany:
      if (find_okta_error(error.code) != nullptr) return refused(error, status);
      return outcome(State::retry, ErrorCode::okta_rate_limited, "the rate limit is used up");
    default:
      return refused(error, status);
  }
}

Outcome without_reply(const HttpFailure& failure, bool repeat) {
  Outcome out = outcome(State::retry, failure.error.code, failure.error.message, kUnreachableMs);
  if (failure.sent == RequestSent::maybe) {
    out.state = repeat ? State::retry : State::ambiguous;
  } else if (failure.error.cls == ErrorClass::config) {
    // Neither a certificate nor a credential gets better by trying.
    const bool ours = info(failure.error.code).exit != kExitUnreachable;
    out.state = ours ? State::stop : State::unavailable;
  }
  return out;
}

void stamp(Outcome& out, const HttpExchange& exchange) {
  if (!exchange.reply) return;
  out.http_status = exchange.reply->status;
  out.request_id = request_id(*exchange.reply);
  if (exchange.reply->date) out.server_time = *exchange.reply->date;
}

std::string text_of(const Json& value) {
  return value.is_string() ? std::string(value.as_string()) : value.dump();
}

WallTime time_of(const Json& value) {
  const auto parsed = parse_rfc3339(value.as_string());
  return parsed ? *parsed : WallTime{};
}

Observed user_of(const Operation& op, const Json& user) {
  Observed out;
  out.exists = true;
  out.user_id = user["id"].as_string();
  out.login = user["profile"]["login"].as_string();
  out.status = account_status(user["status"].as_string());
  if (user.has("transitioningToStatus")) {
    out.transitioning_to = account_status(user["transitioningToStatus"].as_string());
  }
  out.created = time_of(user["created"]);
  out.status_changed = time_of(user["statusChanged"]);
  out.last_updated = time_of(user["lastUpdated"]);
  const bool all = op.kind == Kind::user_create || op.kind == Kind::user_link;
  for (const auto& [name, value] : user["profile"].members()) {
    const bool wanted =
        all || std::any_of(op.changes.begin(), op.changes.end(),
                           [&name = name](const FieldChange& c) { return c.attribute == name; });
    if (wanted && !value.is_null()) out.profile.emplace(name, text_of(value));
  }
  return out;
}

Observed group_of(const Operation& op, const Json& body) {
  Observed out;
  const auto take = [&out](const Json& group) {
    out.exists = true;
    out.group_id = group["id"].as_string();
    out.last_updated = time_of(group["lastUpdated"]);
    for (const auto& [name, value] : group["profile"].members()) {
      if (!value.is_null()) out.profile.emplace(name, text_of(value));
    }
  };
  if (body.is_object()) {
    take(body);
    return out;
  }
  for (const Json& group : body.items()) {  // q finds prefixes and other types too
    const bool same = group["profile"]["name"].as_string() == op.object.name &&
                      group["type"].as_string() == to_string(GroupType::okta_group);
    if (same) take(group);
  }
  return out;
}

/// The groups of the person that an addition names.
Observed membership_of(const Operation& op, const Json& groups) {
  Observed out;
  out.exists = true;
  out.user_id = op.subject.user_id;
  out.group_id = op.object.id;
  out.member = std::any_of(groups.items().begin(), groups.items().end(), [&op](const Json& group) {
    return group["id"].as_string() == op.object.id;
  });
  return out;
}

/// How the assignment, the rule or the policy stands that an operator's command is about.
Observed object_of(const Operation& op, const Json& body) {
  Observed out;
  out.exists = true;
  out.user_id = op.subject.user_id;
  out.last_updated = time_of(body["lastUpdated"]);
  if (is_assignment(op.kind)) out.member = true;
  if (is_switch(op.kind)) out.active = body["status"].as_string() == "ACTIVE";
  return out;
}

/// What a 404 of the read means: an assignment that is not there is an answer, too.
Observed absent(const Operation& op) {
  Observed out;
  if (!is_assignment(op.kind)) return out;
  out.exists = true;
  out.user_id = op.subject.user_id;
  out.member = false;
  return out;
}

/// What a read of the operation's target shows; nothing if the body is not what was asked for.
std::optional<Observed> shown(const Operation& op, const Json& body) {
  if (op.kind == Kind::group_add_member) {
    if (!body.is_array()) return std::nullopt;
    return membership_of(op, body);
  }
  if (on_group_itself(op.kind) || op.kind == Kind::group_link || op.kind == Kind::group_unlink) {
    return group_of(op, body);
  }
  if (body["id"].as_string().empty()) return std::nullopt;
  if (is_assignment(op.kind) || is_switch(op.kind)) return object_of(op, body);
  return user_of(op, body);
}

}  // namespace

OktaError read_error(std::string_view body) {
  OktaError out;
  const auto json = parse_json(body);
  if (!json || !json->is_object()) return out;
  out.code = (*json)["errorCode"].as_string();
  out.summary = (*json)["errorSummary"].as_string();
  for (const Json& cause : (*json)["errorCauses"].items()) {
    out.causes.emplace_back(cause["errorSummary"].as_string());
  }
  return out;
}

Outcome classify(const Operation& op, const HttpExchange& exchange) {
  Outcome out = exchange.reply ? by_status(op, *exchange.reply)
                               : without_reply(*exchange.failure, repeat_is_safe(op.kind));
  stamp(out, exchange);
  return out;
}

Completion read_probe(const Operation& op, const HttpExchange& exchange) {
  Completion completion;
  completion.operation = op.id;
  completion.probe = true;
  if (!exchange.reply) {
    completion.outcome = without_reply(*exchange.failure, true);
    return completion;
  }
  const HttpReply& reply = *exchange.reply;
  Operation read;  // any kind that repeats safely and has no special answers
  read.kind = Kind::user_update;
  const OktaError error = reply.status < 300 ? OktaError{} : read_error(reply.body);
  if (reply.status >= 200 && reply.status < 300) {
    const auto body = parse_json(reply.body);
    if (body) completion.observed = shown(op, *body);
    if (completion.observed) {
      completion.outcome.state = State::applied;
    } else {
      completion.outcome = outcome(State::retry, ErrorCode::okta_page_unreadable,
                                   "the reply to a read is damaged", kServerErrorMs);
    }
  } else if (reply.status == kNotFound && error.code == "E0000007") {
    completion.observed = absent(op);
    completion.outcome.state = State::applied;
  } else {
    completion.outcome = by_status(read, reply);
    if (completion.outcome.state == State::refused) completion.outcome.state = State::stop;
  }
  stamp(completion.outcome, exchange);
  return completion;
}

Error read_failure(const HttpExchange& exchange, std::string_view what) {
  const std::string place(what);
  if (exchange.failure) {
    Error error = exchange.failure->error;
    if (error.where.empty()) error.where = place;
    return error;
  }
  Operation read;
  read.kind = Kind::user_update;
  Outcome out = by_status(read, *exchange.reply);
  if (out.code == ErrorCode::okta_forbidden) out.message = "the credential may not read this";
  if (out.code == ErrorCode::okta_scope_missing)
    out.message = "the token lacks the scope to read this";
  const std::string id = request_id(*exchange.reply);
  return make_error(out.code.value_or(ErrorCode::okta_page_unreadable),
                    out.message + (id.empty() ? "" : ", request id " + id), place);
}

}  // namespace rollcall

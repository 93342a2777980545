#include <fmt/core.h>

#include <algorithm>
#include <unordered_map>

#include "service/base/json.h"
#include "service/base/text.h"
#include "service/journal/settlement_internal.h"

namespace rollcall {
namespace {

using Kind = OperationKind;

std::string_view bytes_of(const Sha256& digest) {
  return {reinterpret_cast<const char*>(digest.bytes.data()), digest.bytes.size()};
}

Error never_claimed(std::uint32_t operation) {
  return make_error(ErrorCode::internal_defect,
                    fmt::format("operation {} was settled without having been claimed", operation));
}

using RowMap = std::unordered_map<std::uint32_t, const QueuedOperation*>;
using SettledMap = std::unordered_map<std::uint32_t, const Settled*>;

Transition move_of(const Settled& settled, const QueuedOperation& row, const RowMap& rows,
                   const SettledMap& named) {
  Transition move{row.operation,         settled.state, settled.outcome,
                  settled.not_before_ms, row.attempt,   false};
  if (row.host == 0) return move;
  const auto host_settled = named.find(row.host);
  const auto host_row = rows.find(row.host);
  const bool named_host = host_settled != named.end();
  if (move.outcome.user_id.empty() && named_host) {
    move.outcome.user_id = host_settled->second->outcome.user_id;
  }
  const bool host_done = named_host ? is_settled(host_settled->second->state)
                                    : host_row != rows.end() && is_settled(host_row->second->state);
  move.detach = host_done && !is_settled(settled.state);
  return move;
}

}  // namespace

bool waits(OperationState state) {
  return state == OperationState::planned || state == OperationState::retry;
}

bool in_flight(OperationState state) {
  return state == OperationState::intent || state == OperationState::ambiguous;
}

Result<std::vector<Transition>> transitions_of(std::span<const Settled> settled,
                                               std::span<const QueuedOperation> rows) {
  RowMap by_id;
  SettledMap named;
  for (const QueuedOperation& row : rows) by_id.emplace(row.operation, &row);
  for (const Settled& one : settled) named.emplace(one.operation, &one);
  std::vector<Transition> moves;
  for (const Settled& one : settled) {
    const auto row = by_id.find(one.operation);
    if (row == by_id.end() || !in_flight(row->second->state)) return never_claimed(one.operation);
    moves.push_back(move_of(one, *row->second, by_id, named));
  }
  for (const QueuedOperation& row : rows) {
    const auto host = named.find(row.host);
    if (row.host == 0 || host == named.end() || named.count(row.operation) > 0) continue;
    if (!in_flight(row.state)) continue;
    const Settled& as = *host->second;
    moves.push_back({row.operation, as.state, as.outcome, as.not_before_ms, row.attempt, false});
  }
  return moves;
}

bool changes_status(OperationKind kind) {
  switch (kind) {
    case Kind::user_activate:
    case Kind::user_reactivate:
    case Kind::user_suspend:
    case Kind::user_unsuspend:
    case Kind::user_unlock:
    case Kind::user_deactivate:
      return true;
    default:
      return false;
  }
}

void add_effects(const Transition& move, const QueuedOperation& row, WallTime now, Effects& out) {
  if (move.state != OperationState::applied) return;
  const std::string& user = row.user_id.empty() ? move.outcome.user_id : row.user_id;
  const std::string& group = row.group_id.empty() ? move.outcome.group_id : row.group_id;
  const auto user_link = [&](const std::string& id) {
    return Link{Link::Kind::user, id, row.worker_key, false};
  };
  // What an operator's command does is nobody's in HR: a sync neither undoes such a status nor
  // takes such a membership back (decision 0221).
  const bool by_rule = !row.worker_key.empty();
  if (by_rule && changes_status(row.kind)) {
    out.status.push_back({user, row.kind, row.intent_at, now});
  }
  switch (row.kind) {
    case Kind::user_create:
      // A person may come back as a new account: the id just made counts, not an older link's.
      out.links.push_back(user_link(move.outcome.user_id.empty() ? user : move.outcome.user_id));
      break;
    case Kind::user_link:
      out.links.push_back(user_link(user));
      break;
    case Kind::user_unlink:
      out.released.push_back(user_link(user));
      break;
    case Kind::user_delete:
      out.gone_users.push_back(user);
      break;
    case Kind::user_clear_sessions:
      out.sessions_cleared.push_back(user);
      break;
    case Kind::user_reset_factors:
      out.factors_reset.push_back(user);
      break;
    case Kind::group_create:
      out.links.push_back({Link::Kind::group,
                           move.outcome.group_id.empty() ? group : move.outcome.group_id,
                           row.group_name, false});
      break;
    case Kind::group_link:
      out.links.push_back({Link::Kind::group, group, row.group_name, false});
      break;
    case Kind::group_unlink:
      out.released.push_back({Link::Kind::group, group, row.group_name, false});
      break;
    case Kind::group_delete:
      out.gone_groups.push_back(group);
      break;
    case Kind::group_add_member:
      if (by_rule) out.granted.push_back({group, user});
      break;
    case Kind::group_remove_member:
      out.taken.push_back({group, user});
      break;
    default:
      break;
  }
}

void fill_ids(Operation& op, const std::string& user_id, const std::string& group_id) {
  if (op.subject.user_id.empty() && op.kind != Kind::user_create) op.subject.user_id = user_id;
  const bool group = op.object.kind == ObjectRef::Kind::group;
  if (group && op.object.id.empty() && op.kind != Kind::group_create) op.object.id = group_id;
  std::string& path = op.request.path;
  if (path.find("{new}") == std::string::npos) return;
  if (!op.subject.user_id.empty()) {
    path = replace_all(path, "users/{new}", "users/" + op.subject.user_id);
  }
  if (!op.object.id.empty()) path = replace_all(path, "groups/{new}", "groups/" + op.object.id);
}

std::optional<std::string> missing_id(const Operation& op, bool rider) {
  const bool person = !rider && !op.subject.empty() && op.kind != Kind::user_create;
  if (person && op.subject.user_id.empty()) return "the user has no id in Okta yet";
  const bool group = op.object.kind == ObjectRef::Kind::group && op.kind != Kind::group_create;
  if (group && op.object.id.empty()) return "the group has no id in Okta yet";
  return std::nullopt;
}

Outcome blocked_by(std::uint32_t cause, OperationState state) {
  Outcome outcome;
  outcome.state = Outcome::State::unsent;
  outcome.message = fmt::format("needs operation {}, which ended {}", cause, to_string(state));
  return outcome;
}

Sha256 chain_next(const Sha256& previous, const ChainRow& row) {
  std::string text(bytes_of(previous));
  text += fmt::format("{}\n{}\n{}\n{}\n{}\n{}\n", row.seq, row.operation, row.attempt,
                      to_string(row.state), row.http_status, row.at.ms);
  for (const std::string* one :
       {&row.code, &row.message, &row.request_id, &row.user_id, &row.group_id}) {
    text += json_quote(*one) + "\n";
  }
  return sha256(text);
}

Sha256 chain_close(const Sha256& head, const Sha256& previous_closing) {
  return sha256(std::string(bytes_of(head)) + std::string(bytes_of(previous_closing)));
}

}  // namespace rollcall

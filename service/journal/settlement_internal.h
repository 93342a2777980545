// The rules of settling that both journals share: which rows a settled operation moves, what it
// leaves behind (links, grants, status changes), and the chain over outcomes. Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "service/ports/journal.h"

namespace rollcall {

/// At most so many memberships travel in one create (CONTRACT.md, section 3).
inline constexpr std::size_t kMaxRiders = 20;

bool waits(OperationState state);      // planned, retry: may still be claimed
bool in_flight(OperationState state);  // intent, ambiguous: was handed out and has not ended
inline bool is_settled(OperationState state) { return !waits(state) && !in_flight(state); }

/// What settling must know of one queued operation. Ids made by earlier operations are filled in.
struct QueuedOperation {
  std::uint32_t operation = 0;
  std::uint32_t host = 0;  // 0: it has its own request
  OperationState state = OperationState::planned;
  OperationKind kind = OperationKind::user_link;
  int attempt = 0;
  std::string worker_key, user_id, group_id, group_name;
  WallTime intent_at;
};

/// One row's move.
struct Transition {
  std::uint32_t operation = 0;
  OperationState state = OperationState::applied;
  Outcome outcome;
  std::int64_t wait_ms = 0;
  int attempt = 0;
  bool detach = false;  // a rider that goes on by itself
};

/// The moves that `settled` means: a rider in flight that is not named takes its host's outcome.
/// `rows` holds the named operations and their hosts' riders. Errors: internal.defect for one that
/// was never handed out.
Result<std::vector<Transition>> transitions_of(std::span<const Settled> settled,
                                               std::span<const QueuedOperation> rows);

/// What applied operations leave behind.
struct Effects {
  std::vector<Link> links;                           // made or renewed
  std::vector<Link> released;                        // ours no longer
  std::vector<std::string> gone_users, gone_groups;  // deleted in Okta
  std::vector<Grant> granted, taken;
  std::vector<OwnStatusChange> status;
  std::vector<std::string> sessions_cleared, factors_reset;  // users; after `status`
};
void add_effects(const Transition& move, const QueuedOperation& row, WallTime now, Effects& out);

/// True if our own operation of that kind changes a user's status.
bool changes_status(OperationKind kind);

/// Writes ids made by earlier operations into the operation and its path's "{new}".
void fill_ids(Operation& op, const std::string& user_id, const std::string& group_id);
/// Names the id without which the operation cannot be sent; nullopt if it has all. The user of a
/// rider is made by its host.
std::optional<std::string> missing_id(const Operation& op, bool rider);

/// The outcome of an operation that ends because `cause` did not apply.
Outcome blocked_by(std::uint32_t cause, OperationState state);

/// The next link of a run's chain over its outcome rows.
struct ChainRow {
  std::uint64_t seq = 0;
  std::uint32_t operation = 0;
  int attempt = 0;
  OperationState state = OperationState::planned;
  std::string code, message, request_id, user_id, group_id;
  int http_status = 0;
  WallTime at;
};
Sha256 chain_next(const Sha256& previous, const ChainRow& row);
/// Binds a run's head to the closing value of the run before it.
Sha256 chain_close(const Sha256& head, const Sha256& previous_closing);

}  // namespace rollcall

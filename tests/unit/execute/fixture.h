// What the executor's tests share: operations of each kind, and a driver without a clock.
#pragma once

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "service/execute/executor.h"

namespace rollcall::testing {

inline Operation operation(OperationKind kind, std::uint32_t id = 1) {
  Operation op;
  op.id = id;
  op.kind = kind;
  const std::string number = std::to_string(id);
  const bool group_only =
      kind == OperationKind::group_create || kind == OperationKind::group_link ||
      kind == OperationKind::group_unlink || kind == OperationKind::group_update ||
      kind == OperationKind::group_delete;
  if (!group_only) {
    op.subject = {"W" + number, "00u" + number, "w" + number + "@x.example"};
    if (kind == OperationKind::user_create) {
      op.subject.user_id.clear();
      op.changes = {{"login", std::nullopt, op.subject.login, AttrType::text, false},
                    {"employeeNumber", std::nullopt, "W" + number, AttrType::text, false}};
    }
  }
  const bool member =
      kind == OperationKind::group_add_member || kind == OperationKind::group_remove_member;
  if (group_only || member) op.object = {ObjectRef::Kind::group, "00g" + number, "g" + number};
  if (kind == OperationKind::group_create) op.object.id.clear();
  return op;
}

inline Operation expecting(OperationKind kind, AccountStatus status, std::uint32_t id = 1) {
  Operation op = operation(kind, id);
  op.expect.status = status;
  return op;
}

inline Claim claim(Operation op, int attempt = 1) {
  Claim claim;
  claim.operation = std::move(op);
  claim.attempt = attempt;
  return claim;
}

inline Observed account(AccountStatus status, const std::string& user_id = "00u1") {
  Observed seen;
  seen.exists = true;
  seen.user_id = user_id;
  seen.status = status;
  return seen;
}

inline Outcome outcome(Outcome::State state, int http_status = 400) {
  Outcome outcome;
  outcome.state = state;
  outcome.http_status = state == Outcome::State::applied ? 200 : http_status;
  outcome.message = "Said by the org.";
  return outcome;
}

/// Hands answers in and collects what the executor settles and gives back.
struct Bench {
  Executor executor;
  MonoTime now{1'000};
  std::vector<Settled> settled;
  std::vector<std::uint32_t> given_back;
  Step last;

  const Step& next(std::size_t room = 100) { return next({room, for_each_priority(room)}); }
  const Step& next(const Room& room) {
    last = executor.next(now, room);
    settled.insert(settled.end(), last.settle.begin(), last.settle.end());
    given_back.insert(given_back.end(), last.give_back.begin(), last.give_back.end());
    return last;
  }
  void take(const Claim& one) { executor.claimed(std::span(&one, 1), now); }
  void answer(std::uint32_t id, const Outcome& outcome) {
    executor.completed({id, false, outcome, std::nullopt}, now);
  }
  void answer(std::uint32_t id, Outcome::State state, int http_status = 400) {
    answer(id, outcome(state, http_status));
  }
  void show(std::uint32_t id, const Observed& seen, WallTime server_time = {}) {
    Outcome read = outcome(Outcome::State::applied);
    read.server_time = server_time;
    executor.completed({id, true, read, seen}, now);
  }
  void look_fails(std::uint32_t id, Outcome::State state, int http_status = 500) {
    executor.completed({id, true, outcome(state, http_status), std::nullopt}, now);
  }
  /// The state in which an operation ended; fails the test if it has not.
  OperationState state_of(std::uint32_t id) {
    next();
    for (auto it = settled.rbegin(); it != settled.rend(); ++it) {
      if (it->operation == id) return it->state;
    }
    ADD_FAILURE() << "operation " << id << " is not settled";
    return OperationState::planned;
  }
  const Settled& settled_of(std::uint32_t id) {
    for (const Settled& one : settled) {
      if (one.operation == id) return one;
    }
    ADD_FAILURE() << "operation " << id << " is not settled";
    static const Settled none;
    return none;
  }
};

}  // namespace rollcall::testing

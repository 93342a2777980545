// What the journal suite needs of an implementation: fresh storage, sessions on it, a clock.
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "service/base/clock.h"
#include "service/ports/journal.h"

namespace rollcall::test {

/// A clock that moves when told.
class ManualClock final : public Clock {
 public:
  WallTime wall() const override { return wall_; }
  MonoTime mono() const override { return {wall_.ms}; }
  void advance(std::int64_t ms) { wall_ = wall_ + ms; }

 private:
  WallTime wall_{1772323200000};  // 2026-03-01T00:00:00Z
};

/// Storage that sessions come and go on; a session's end is a process's end.
class JournalBench {
 public:
  virtual ~JournalBench() = default;
  virtual Result<std::unique_ptr<Journal>> open() = 0;
  ManualClock clock;
};

/// Operations of a plan, numbered as they are added.
class PlanDraft {
 public:
  PlanDraft() {
    header.created_at = {1772323200000};
    header.as_of = header.created_at;
    header.as_of_date = "2026-03-01";
    header.expires_at = {1772337600000};
    header.environment = "test";
    header.org = "https://acme.okta.com";
    header.org_id = "00o1";
    header.config = sha256("rules");
  }
  /// Reason tells plans apart that hold the same operations.
  Operation& add(OperationKind kind, const std::string& worker_key, const std::string& user_id,
                 std::vector<std::uint32_t> after = {}) {
    Operation op;
    op.id = static_cast<std::uint32_t>(operations.size() + 1);
    op.kind = kind;
    op.after = std::move(after);
    op.subject = {worker_key, user_id, worker_key.empty() ? "" : worker_key + "@x.example"};
    op.reason = "mover";
    op.because = {"hr", "users.profile.department"};
    op.request = {"POST", "/api/v1/users/" + (user_id.empty() ? "{new}" : user_id), 0};
    operations.push_back(std::move(op));
    return operations.back();
  }
  Operation& add_group(OperationKind kind, const std::string& name, const std::string& id) {
    Operation& op = add(kind, "", "");
    op.object = {ObjectRef::Kind::group, id, name};
    op.request = {"POST", "/api/v1/groups", 0};
    return op;
  }
  Operation& add_member(const std::string& worker_key, const std::string& user_id,
                        const std::string& group, const std::string& group_id,
                        std::vector<std::uint32_t> after = {}, std::uint32_t with = 0) {
    Operation& op = add(OperationKind::group_add_member, worker_key, user_id, std::move(after));
    op.object = {ObjectRef::Kind::group, group_id, group};
    op.request = {"PUT", "/api/v1/groups/{new}/users/{new}", 0};
    if (with != 0) op.request = {"", "", with};
    return op;
  }
  Sha256 id() const {
    PlanHasher hasher(header);
    for (const Operation& op : operations) hasher.add(op);
    return hasher.finish();
  }
  Result<void> seal(Journal& journal) const {
    PlanTrailer trailer;
    for (const Operation& op : operations) trailer.summary.count(op);
    VectorCursor cursor(operations);
    return journal.seal_plan(cursor, header, trailer, id());
  }
  RunSpec spec(const std::string& holder = "host-a:1") const {
    return {Lane::main, "sync", id(), "00o1", "test", holder};
  }

  PlanHeader header;
  std::vector<Operation> operations;
};

inline Settled applied(std::uint32_t operation, const std::string& user_id = "",
                       const std::string& group_id = "") {
  Settled one;
  one.operation = operation;
  one.state = OperationState::applied;
  one.outcome.state = Outcome::State::applied;
  one.outcome.request_id = "req-" + std::to_string(operation);
  one.outcome.http_status = 200;
  one.outcome.user_id = user_id;
  one.outcome.group_id = group_id;
  return one;
}

inline Settled ended(std::uint32_t operation, OperationState state) {
  Settled one = applied(operation);
  one.state = state;
  one.outcome.state = Outcome::State::failed;
  one.outcome.code = ErrorCode::internal_defect;
  one.outcome.message = "the org said no";
  return one;
}

inline std::vector<std::uint32_t> ids(const std::vector<Claim>& claims) {
  std::vector<std::uint32_t> out;
  out.reserve(claims.size());
  for (const Claim& claim : claims) out.push_back(claim.operation.id);
  return out;
}

}  // namespace rollcall::test

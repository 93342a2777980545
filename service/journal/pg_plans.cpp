// Sealed plans in PostgreSQL: written by COPY, read back in order and held against their plan_id.
#include <fmt/core.h>

#include "service/journal/pg_store_internal.h"

namespace rollcall::pg {
namespace {

const std::vector<std::string> kOperationColumns{
    "plan_seq",  "operation",   "kind",    "priority",      "wave",
    "barrier",   "host",        "held_by", "worker_key",    "user_id",
    "object_id", "object_name", "after",   "change_digest", "payload"};

Error unknown_plan(const Sha256& id) {
  return make_error(ErrorCode::plan_unknown,
                    fmt::format("the journal holds no plan {}", to_text(id)));
}

Error corrupt(const Sha256& id) {
  return make_error(ErrorCode::journal_plan_corrupt,
                    fmt::format("the stored rows do not give plan {}", to_text(id)));
}

Result<PlanState> plan_state(const Row& row, const Sha256& id) {
  PlanState state;
  const auto header_json = parse_json(text(row[1]));
  const auto trailer_json = parse_json(text(row[2]));
  if (!header_json || !trailer_json) return corrupt(id);
  auto header = header_from_json(*header_json);
  if (!header) return corrupt(id);
  state.header = std::move(*header);
  state.trailer = trailer_from_json(*trailer_json);
  state.id = id;
  state.state = text(row[3]);
  return state;
}

constexpr const char* kNewestPlan =
    "SELECT seq, header, trailer, state, operations FROM plan WHERE plan_id = $1::bytea"
    " ORDER BY seq DESC LIMIT 1";

}  // namespace

Result<void> PgJournal::need_key() const {
  if (seal_) return ok();
  return make_error(ErrorCode::journal_key_missing,
                    "a plan cannot be sealed or opened without journal.key");
}

Result<void> PgJournal::store_key_check(Tx& tx) {
  exec(tx, "INSERT INTO key_check (value) VALUES ($1::bytea) ON CONFLICT DO NOTHING",
       bytea(seal_->check_value()));
  if (digest(exec(tx, "SELECT value FROM key_check")[0][0]) == seal_->check_value()) return ok();
  return make_error(ErrorCode::journal_key_wrong,
                    "journal.key is not the key that this journal was written with");
}

Result<void> PgJournal::check_binding(Tx& tx, const std::string& org_id,
                                      const std::string& environment) {
  exec(tx, "INSERT INTO binding (org_id, environment) VALUES ($1, $2) ON CONFLICT DO NOTHING",
       org_id, environment);
  const auto rows = exec(tx, "SELECT org_id, environment FROM binding");
  const std::string org = text(rows[0][0]);
  const std::string env = text(rows[0][1]);
  if (org != org_id) {
    return make_error(ErrorCode::journal_other_org,
                      fmt::format("the journal belongs to org {}, not to {}", org, org_id));
  }
  if (env != environment) {
    return make_error(
        ErrorCode::journal_other_environment,
        fmt::format("the journal belongs to environment {}, not to {}", env, environment));
  }
  return ok();
}

Result<void> PgJournal::bind(const std::string& org_id, const std::string& environment) {
  return transact<void>([&](Tx& tx) { return check_binding(tx, org_id, environment); });
}

Result<std::uint64_t> PgJournal::copy_operations(pqxx::work& tx, OperationCursor& operations,
                                                 std::int64_t plan_seq) {
  CopyIn copy(tx, "operation", kOperationColumns);
  for (std::uint64_t count = 0;; ++count) {
    if (stop_.stop_requested()) {
      copy.complete();
      return make_error(ErrorCode::run_stopped, "The run was asked to stop.");
    }
    const auto next = operations.next();
    if (!next || *next == nullptr) {
      copy.complete();
      if (!next) return next.error();
      return count;
    }
    const Operation& op = **next;
    std::string after = "{";
    for (const std::uint32_t before : op.after) {
      if (after.size() > 1) after += ',';
      after += std::to_string(before);
    }
    copy.number(plan_seq).number(op.id).text(to_string(op.kind));
    copy.number(static_cast<int>(priority_of(op.kind))).number(op.wave).truth(is_barrier(op.kind));
    copy.number(op.request.with).text(op.held_by).text(op.subject.worker_key);
    copy.text(op.subject.user_id).text(op.object.id).text(op.object.name).text(after + "}");
    const Sha256 change = change_digest(op, seal_->key());
    copy.bytea({reinterpret_cast<const char*>(change.bytes.data()), change.bytes.size()});
    copy.bytea(seal_->close(op, plan_seq)).end_row();
  }
}

Result<void> PgJournal::seal_plan(OperationCursor& operations, const PlanHeader& header,
                                  const PlanTrailer& trailer, const Sha256& id) {
  if (const auto key = need_key(); !key) return key;
  const auto seq = transact<std::int64_t>([&](Tx& tx) -> Result<std::int64_t> {
    if (const auto key = store_key_check(tx); !key) return key.error();
    return number(exec(tx, "SELECT nextval('plan_seq')")[0][0]);
  });
  if (!seq) return seq.error();
  PlanHeader sealed = header;
  sealed.sealed = true;
  bool consumed = false;
  const auto body = [&](Tx& any) -> Result<void> {
    // The cursor gives its operations once: a broken connection cannot be mended by starting over.
    if (std::exchange(consumed, true)) {
      return make_error(ErrorCode::journal_unreachable,
                        "the connection broke while the plan was being sealed");
    }
    auto& tx = dynamic_cast<pqxx::work&>(any);
    whole_tables(tx);
    const auto old =
        exec(tx, "DELETE FROM plan WHERE plan_id = $1::bytea AND state = 'sealed' RETURNING seq",
             bytea(id));
    for (const auto& row : old) {
      exec(tx, "DELETE FROM operation WHERE plan_seq = $1", number(row[0]));
      exec(tx, "DELETE FROM operation_edge WHERE plan_seq = $1", number(row[0]));
    }
    const auto count = copy_operations(tx, operations, *seq);
    if (!count) return count.error();
    exec(tx,
         "INSERT INTO operation_edge (plan_seq, before, dependant, shared)"
         " SELECT DISTINCT $1::bigint, b.operation, o.operation, b.barrier FROM operation o"
         " CROSS JOIN LATERAL unnest(o.after) AS a(before) JOIN operation b"
         " ON b.plan_seq = $1 AND b.operation = a.before"
         " WHERE o.plan_seq = $1 AND o.after <> '{}' AND a.before <> o.host",
         *seq);
    exec(tx,
         "INSERT INTO plan (seq, plan_id, state, header, trailer, operations, rules)"
         " VALUES ($1, $2::bytea, 'sealed', $3, $4, $5, $6::bytea)",
         *seq, bytea(id), header_to_json(sealed).dump(), trailer_to_json(trailer).dump(),
         static_cast<std::int64_t>(*count), bytea(header.config));
    return ok();
  };
  return transact_unless_stopped<void>(body, [&](Tx& tx) -> std::optional<Result<void>> {
    if (exec(tx, "SELECT 1 FROM plan WHERE seq = $1", *seq).empty()) return std::nullopt;
    return ok();
  });
}

Result<std::optional<PlanState>> PgJournal::find_plan(const Sha256& id) {
  using Found = std::optional<PlanState>;
  return transact<Found>([&](Tx& tx) -> Result<Found> {
    const auto rows = exec(tx, kNewestPlan, bytea(id));
    if (rows.empty()) return Found();
    auto state = plan_state(rows[0], id);
    if (!state) return state.error();
    return Found(std::move(*state));
  });
}

Result<Operation> PgJournal::open_operation(const Row& row, int payload, int worker_key,
                                            std::int64_t plan_seq, std::uint32_t operation) const {
  return seal_->open(bytes(row[payload]), text(row[worker_key]), plan_seq, operation);
}

Result<std::vector<Operation>> PgJournal::plan_operations(const Sha256& id) {
  if (const auto key = need_key(); !key) return key.error();
  using Operations = std::vector<Operation>;
  return transact<Operations>([&](Tx& tx) -> Result<Operations> {
    const auto plans = exec(tx, kNewestPlan, bytea(id));
    if (plans.empty()) return unknown_plan(id);
    const auto state = plan_state(plans[0], id);
    if (!state) return state.error();
    const std::int64_t seq = number(plans[0][0]);
    Operations operations;
    PlanHasher hasher(state->header);
    std::int64_t last = 0;
    for (;;) {
      const auto rows = exec(tx,
                             "SELECT operation, worker_key, payload FROM operation"
                             " WHERE plan_seq = $1 AND operation > $2 ORDER BY operation"
                             " LIMIT 10000",
                             seq, last);
      for (const auto& row : rows) {
        last = number(row[0]);
        auto op = open_operation(row, 2, 1, seq, static_cast<std::uint32_t>(last));
        if (!op) return op.error();
        hasher.add(*op);
        operations.push_back(std::move(*op));
      }
      if (rows.empty()) break;
    }
    if (hasher.finish() != id) return corrupt(id);
    return operations;
  });
}

}  // namespace rollcall::pg

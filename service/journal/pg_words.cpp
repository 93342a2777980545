// The PostgreSQL journal's part in leavers, repeated changes, rules and what people release.
#include "service/journal/pg_store_internal.h"

namespace rollcall::pg {

Result<std::vector<OwnMembership>> PgJournal::memberships_since(WallTime since) {
  using List = std::vector<OwnMembership>;
  return transact<List>([&](Tx& tx) -> Result<List> {
    List out;
    whole_tables(tx);
    // Ids that were not known when the plan was made stand in the outcome, or in the link that the
    // create left.
    const auto rows =
        exec(tx,
             "SELECT DISTINCT ON (grp, usr) grp, usr, kind = 'group.add_member' FROM ("
             "SELECT COALESCE(NULLIF(o.object_id, ''), NULLIF(t.group_id, ''), g.okta_id) AS grp,"
             " COALESCE(NULLIF(o.user_id, ''), NULLIF(t.user_id, ''), u.okta_id) AS usr,"
             " o.kind, t.at_ms, t.run_id, t.seq FROM operation_outcome t"
             " JOIN run r ON r.id = t.run_id"
             " JOIN operation o ON o.plan_seq = r.plan_seq AND o.operation = t.operation"
             " LEFT JOIN resource_link g ON o.object_id = '' AND g.kind = 'group'"
             " AND g.logical_key = o.object_name"
             " LEFT JOIN resource_link u ON o.user_id = '' AND u.kind = 'user'"
             " AND u.logical_key = o.worker_key AND NOT u.released"
             " WHERE t.at_ms >= $1 AND t.state = 'applied'"
             " AND o.kind IN ('group.add_member', 'group.remove_member')) AS written"
             " WHERE grp IS NOT NULL AND usr IS NOT NULL"
             " ORDER BY grp, usr, at_ms DESC, run_id DESC, seq DESC",
             since.ms);
    out.reserve(rows.size());
    for (const auto& row : rows) out.push_back({text(row[0]), text(row[1]), truth(row[2])});
    return out;
  });
}

Result<std::vector<KnownLeaver>> PgJournal::known_leavers() {
  using List = std::vector<KnownLeaver>;
  return transact<List>([&](Tx& tx) -> Result<List> {
    List out;
    for (const auto& row : exec(tx,
                                "SELECT worker_key, user_id, why, since_ms FROM known_leaver"
                                " ORDER BY worker_key")) {
      out.push_back({text(row[0]), text(row[1]), text(row[2]), {number(row[3])}});
    }
    return out;
  });
}

Result<std::vector<AppliedRuns>> PgJournal::applied_since(std::span<const Sha256> changes,
                                                          WallTime since) {
  using List = std::vector<AppliedRuns>;
  Array asked;
  for (const Sha256& change : changes) asked.add(bytea(change));
  return transact<List>([&](Tx& tx) -> Result<List> {
    List out;
    whole_tables(tx);
    const auto rows =
        exec(tx,
             "SELECT o.change_digest, count(DISTINCT t.run_id) FROM operation_outcome t"
             " JOIN run r ON r.id = t.run_id"
             " JOIN operation o ON o.plan_seq = r.plan_seq AND o.operation = t.operation"
             " JOIN unnest($1::bytea[]) AS c(change) ON c.change = o.change_digest"
             " WHERE t.at_ms >= $2 AND t.state = 'applied'"
             " GROUP BY o.change_digest ORDER BY o.change_digest",
             asked.str(), since.ms);
    for (const auto& row : rows) {
      out.push_back({digest(row[0]), static_cast<std::uint32_t>(number(row[1]))});
    }
    return out;
  });
}

Result<std::optional<std::string>> PgJournal::rules_text(const Sha256& rules) {
  using Text = std::optional<std::string>;
  return transact<Text>([&](Tx& tx) -> Result<Text> {
    const auto rows = exec(tx, "SELECT body FROM rules_text WHERE rules = $1::bytea", bytea(rules));
    return rows.empty() ? Text() : Text(text(rows[0][0]));
  });
}

Result<void> PgJournal::record_leavers(std::span<const KnownLeaver> leavers) {
  Array keys, users, whys, since;
  for (const KnownLeaver& leaver : leavers) {
    keys.add(leaver.worker_key);
    users.add(leaver.user_id);
    whys.add(leaver.why);
    since.add(leaver.since.ms);
  }
  return transact<void>([&](Tx& tx) {
    exec(tx, "DELETE FROM known_leaver WHERE worker_key <> ALL($1::text[])", keys.str());
    exec(tx,
         "INSERT INTO known_leaver (worker_key, user_id, why, since_ms)"
         " SELECT * FROM unnest($1::text[], $2::text[], $3::text[], $4::bigint[])"
         " ON CONFLICT (worker_key) DO UPDATE SET user_id = excluded.user_id, why = excluded.why",
         keys.str(), users.str(), whys.str(), since.str());
    return ok();
  });
}

Result<void> PgJournal::record_rules(const Sha256& rules, const std::string& body, WallTime now) {
  return transact<void>([&](Tx& tx) {
    exec(tx,
         "INSERT INTO rules_text (rules, body, at_ms) VALUES ($1::bytea, $2, $3)"
         " ON CONFLICT DO NOTHING",
         bytea(rules), body, now.ms);
    return ok();
  });
}

Result<std::vector<HeldOperation>> PgJournal::held_operations() {
  if (const auto key = need_key(); !key) return key.error();
  using List = std::vector<HeldOperation>;
  return transact<List>([&](Tx& tx) -> Result<List> {
    List out;
    const auto rows =
        exec(tx,
             "SELECT plan_seq, operation, worker_key, payload, change_digest, since_ms, plan_id"
             " FROM (SELECT DISTINCT ON (o.change_digest) o.plan_seq, o.operation, o.worker_key,"
             " o.payload, o.change_digest, h.since_ms, p.plan_id FROM held_since h"
             " JOIN operation o ON o.change_digest = h.change AND o.held_by <> ''"
             " JOIN plan p ON p.seq = o.plan_seq ORDER BY o.change_digest, o.plan_seq DESC) AS n"
             " ORDER BY worker_key, plan_seq, operation");
    for (const auto& row : rows) {
      auto op =
          open_operation(row, 3, 2, number(row[0]), static_cast<std::uint32_t>(number(row[1])));
      if (!op) return op.error();
      out.push_back({std::move(*op), digest(row[6]), digest(row[4]), {number(row[5])}});
    }
    return out;
  });
}

Result<std::vector<Approval>> PgJournal::approvals() {
  using List = std::vector<Approval>;
  return transact<List>([&](Tx& tx) -> Result<List> {
    List out;
    for (const auto& row : exec(tx,
                                "SELECT change, plan_id, approved, approver, reason, at_ms,"
                                " expires_at_ms FROM approval ORDER BY change")) {
      out.push_back({digest(row[0]),
                     digest(row[1]),
                     truth(row[2]),
                     text(row[3]),
                     text(row[4]),
                     {number(row[5])},
                     {number(row[6])}});
    }
    return out;
  });
}

Result<std::string> PgJournal::record_approval(std::span<const Sha256> changes,
                                               const Approval& word) {
  Array asked;
  for (const Sha256& change : changes) asked.add(bytea(change));
  return transact<std::string>([&](Tx& tx) -> Result<std::string> {
    exec(tx,
         "INSERT INTO approval (change, plan_id, approved, approver, reason, at_ms, expires_at_ms)"
         " SELECT DISTINCT c, $2::bytea, $3::boolean, session_user, $4, $5::bigint, $6::bigint"
         " FROM unnest($1::bytea[]) AS s(c) ON CONFLICT (change) DO UPDATE SET"
         " plan_id = excluded.plan_id, approved = excluded.approved,"
         " approver = excluded.approver, reason = excluded.reason, at_ms = excluded.at_ms,"
         " expires_at_ms = excluded.expires_at_ms",
         asked.str(), bytea(word.plan), std::string(word.approved ? "t" : "f"), word.reason,
         word.at.ms, word.expires_at.ms);
    return text(exec(tx, "SELECT session_user")[0][0]);
  });
}

}  // namespace rollcall::pg

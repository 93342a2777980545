// What planning reads from earlier runs, and what a run leaves for the next.
#include "service/journal/pg_store_internal.h"

namespace rollcall::pg {
namespace {

std::optional<WallTime> instant(const pqxx::field& field) {
  if (field.is_null()) return std::nullopt;
  return WallTime{number(field)};
}

std::string fill_text(const std::vector<ColumnFill>& fill) {
  Json json = Json::array();
  for (const ColumnFill& column : fill) {
    json.push(Json::array().push(column.column).push(column.filled));
  }
  return json.dump();
}

std::string_view view(const pqxx::field& field) { return {field.c_str(), field.size()}; }

Link::Kind kind_of(std::string_view text) {
  if (text == "user") return Link::Kind::user;
  return text == "group" ? Link::Kind::group : Link::Kind::app;
}

}  // namespace

Result<LinkList> PgJournal::links() {
  return transact<LinkList>([&](Tx& tx) -> Result<LinkList> {
    LinkList out;
    std::string kind, after;
    // By pieces: a result of all would hold every link once more, and three times as large.
    constexpr std::size_t kPiece = 20'000;
    for (std::size_t found = kPiece; found == kPiece;) {
      const auto rows = exec(tx,
                             "SELECT kind, okta_id, logical_key, released FROM resource_link"
                             " WHERE (kind, okta_id) > ($1, $2) ORDER BY kind, okta_id LIMIT $3",
                             kind, after, static_cast<std::int64_t>(kPiece));
      found = rows.size();
      for (const auto& row : rows) {
        out.add({kind_of(view(row[0])), view(row[1]), view(row[2]), truth(row[3])});
      }
      if (found == 0) break;
      kind = text(rows.back()[0]);
      after = text(rows.back()[1]);
    }
    out.pack();
    return out;
  });
}

Result<Watermark> PgJournal::watermark(const std::string& source) {
  return transact<Watermark>([&](Tx& tx) -> Result<Watermark> {
    Watermark mark;
    const auto rows = exec(tx,
                           "SELECT records, at_ms, fill FROM source_snapshot WHERE source = $1"
                           " ORDER BY id DESC LIMIT 1",
                           source);
    if (rows.empty()) return mark;
    CertifiedRead read;
    read.records = static_cast<std::uint64_t>(number(rows[0][0]));
    read.at = {number(rows[0][1])};
    const auto fill = parse_json(text(rows[0][2]));
    if (fill) {
      for (const Json& column : fill->items()) {
        if (column.items().size() != 2) continue;
        read.fill.push_back({std::string(column.items()[0].as_string()),
                             static_cast<std::uint64_t>(column.items()[1].as_int())});
      }
    }
    mark.last = std::move(read);
    return mark;
  });
}

Result<std::vector<PersonHistory>> PgJournal::person_history() {
  using List = std::vector<PersonHistory>;
  return transact<List>([&](Tx& tx) -> Result<List> {
    List out;
    for (const auto& row : exec(tx,
                                "SELECT worker_key, absent_reads, absent_since_ms,"
                                " terminated_since_ms FROM person_history ORDER BY worker_key")) {
      out.push_back({text(row[0]), static_cast<std::uint32_t>(number(row[1])), instant(row[2]),
                     instant(row[3])});
    }
    return out;
  });
}

Result<std::vector<OwnStatusChange>> PgJournal::own_status_changes() {
  using List = std::vector<OwnStatusChange>;
  return transact<List>([&](Tx& tx) -> Result<List> {
    List out;
    for (const auto& row :
         exec(tx,
              "SELECT user_id, kind, intent_at_ms, settled_at_ms, sessions_cleared,"
              " factors_reset FROM status_change ORDER BY user_id")) {
      const auto kind = operation_kind(text(row[1]));
      if (!kind) continue;
      out.push_back(
          {text(row[0]), *kind, {number(row[2])}, {number(row[3])}, truth(row[4]), truth(row[5])});
    }
    return out;
  });
}

Result<std::vector<Grant>> PgJournal::grants() {
  using List = std::vector<Grant>;
  return transact<List>([&](Tx& tx) -> Result<List> {
    List out;
    for (const auto& row : exec(tx,
                                "SELECT group_id, user_id FROM membership_grant"
                                " ORDER BY group_id, user_id")) {
      out.push_back({text(row[0]), text(row[1])});
    }
    return out;
  });
}

Result<std::vector<RefusedValue>> PgJournal::refused_values() {
  using List = std::vector<RefusedValue>;
  return transact<List>([&](Tx& tx) -> Result<List> {
    List out;
    for (const auto& row : exec(tx,
                                "SELECT user_id, attribute, value FROM refused_value"
                                " ORDER BY user_id, attribute")) {
      out.push_back({text(row[0]), text(row[1]), digest(row[2])});
    }
    return out;
  });
}

Result<std::vector<HeldSince>> PgJournal::held_since() {
  using List = std::vector<HeldSince>;
  return transact<List>([&](Tx& tx) -> Result<List> {
    List out;
    for (const auto& row : exec(tx, "SELECT change, since_ms FROM held_since ORDER BY change")) {
      out.push_back({digest(row[0]), {number(row[1])}});
    }
    return out;
  });
}

Result<std::vector<std::string>> PgJournal::written_since(WallTime since) {
  using List = std::vector<std::string>;
  return transact<List>([&](Tx& tx) -> Result<List> {
    List out;
    whole_tables(tx);
    const auto rows = exec(
        tx,
        "SELECT DISTINCT COALESCE(NULLIF(t.user_id, ''), NULLIF(o.user_id, ''), l.okta_id) AS id"
        " FROM operation_outcome t JOIN run r ON r.id = t.run_id"
        " JOIN operation o ON o.plan_seq = r.plan_seq AND o.operation = t.operation"
        " LEFT JOIN resource_link l ON o.user_id = '' AND o.worker_key <> '' AND l.kind = 'user'"
        " AND l.logical_key = o.worker_key AND NOT l.released"
        " WHERE t.at_ms >= $1 AND (t.state IN ('intent', 'applied', 'ambiguous') OR t.user_id <> "
        "'')"
        " AND o.kind NOT IN ('user.link', 'user.unlink', 'group.link', 'group.unlink')"
        " AND COALESCE(NULLIF(t.user_id, ''), NULLIF(o.user_id, ''), l.okta_id) IS NOT NULL"
        " ORDER BY id",
        since.ms);
    for (const auto& row : rows) out.push_back(text(row[0]));
    return out;
  });
}

Result<std::vector<WallTime>> PgJournal::chain_boundaries() {
  using List = std::vector<WallTime>;
  return transact<List>([&](Tx& tx) -> Result<List> {
    List out;
    for (const auto& row : exec(tx, "SELECT at_ms FROM chain_boundary ORDER BY at_ms")) {
      out.push_back({number(row[0])});
    }
    return out;
  });
}

Result<std::optional<Sha256>> PgJournal::last_rules() {
  using Rules = std::optional<Sha256>;
  return transact<Rules>([&](Tx& tx) -> Result<Rules> {
    const auto rows = exec(tx,
                           "SELECT p.rules FROM run r JOIN plan p ON p.seq = r.plan_seq"
                           " WHERE p.state = 'applied' AND r.lane = 0 ORDER BY r.id DESC LIMIT 1");
    return rows.empty() ? Rules() : Rules(digest(rows[0][0]));
  });
}

Result<void> PgJournal::record_read(const std::string& source, const CertifiedRead& read,
                                    const Sha256& snapshot) {
  return transact<void>([&](Tx& tx) {
    exec(tx,
         "INSERT INTO source_snapshot (source, records, at_ms, fill, snapshot)"
         " VALUES ($1, $2, $3, $4, $5::bytea)",
         source, static_cast<std::int64_t>(read.records), read.at.ms, fill_text(read.fill),
         bytea(snapshot));
    return ok();
  });
}

Result<void> PgJournal::record_people(std::span<const PersonHistory> changed,
                                      std::span<const std::string> seen_again) {
  Array seen, keys, reads, absent, terminated;
  for (const std::string& key : seen_again) seen.add(key);
  const auto add = [](Array& to, const std::optional<WallTime>& at) {
    at ? to.add(at->ms) : to.add_null();
  };
  for (const PersonHistory& person : changed) {
    keys.add(person.worker_key);
    reads.add(std::int64_t{person.absent_reads});
    add(absent, person.absent_since);
    add(terminated, person.terminated_since);
  }
  return transact<void>([&](Tx& tx) {
    exec(tx, "DELETE FROM person_history WHERE worker_key = ANY($1::text[])", seen.str());
    exec(tx,
         "INSERT INTO person_history (worker_key, absent_reads, absent_since_ms,"
         " terminated_since_ms) SELECT * FROM unnest($1::text[], $2::bigint[], $3::bigint[],"
         " $4::bigint[]) ON CONFLICT (worker_key) DO UPDATE SET"
         " absent_reads = excluded.absent_reads, absent_since_ms = excluded.absent_since_ms,"
         " terminated_since_ms = excluded.terminated_since_ms",
         keys.str(), reads.str(), absent.str(), terminated.str());
    return ok();
  });
}

Result<void> PgJournal::record_chain_boundaries(std::span<const WallTime> boundaries) {
  Array at;
  for (const WallTime boundary : boundaries) at.add(boundary.ms);
  return transact<void>([&](Tx& tx) {
    exec(tx, "DELETE FROM chain_boundary");
    exec(tx, "INSERT INTO chain_boundary SELECT DISTINCT unnest($1::bigint[])", at.str());
    return ok();
  });
}

Result<void> PgJournal::record_refused(const RefusedValue& refused) {
  return transact<void>([&](Tx& tx) {
    exec(tx,
         "INSERT INTO refused_value (user_id, attribute, value) VALUES ($1, $2, $3::bytea)"
         " ON CONFLICT (user_id, attribute) DO UPDATE SET value = excluded.value",
         refused.user_id, refused.attribute, bytea(refused.value));
    return ok();
  });
}

Result<void> PgJournal::record_held(std::span<const Sha256> held, bool whole, WallTime now) {
  Array changes;
  for (const Sha256& change : held) changes.add(bytea(change));
  return transact<void>([&](Tx& tx) {
    if (whole) exec(tx, "DELETE FROM held_since WHERE change <> ALL($1::bytea[])", changes.str());
    exec(tx,
         "INSERT INTO held_since (change, since_ms) SELECT DISTINCT unnest($1::bytea[]), $2::bigint"
         " ON CONFLICT DO NOTHING",
         changes.str(), now.ms);
    return ok();
  });
}

}  // namespace rollcall::pg

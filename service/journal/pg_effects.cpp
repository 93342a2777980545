// What applied operations leave in the journal: links, grants, status changes.
#include <map>
#include <set>

#include "service/journal/pg_store_internal.h"

namespace rollcall::pg {
namespace {

const char* link_kind(Link::Kind kind) {
  switch (kind) {
    case Link::Kind::user:
      return "user";
    case Link::Kind::group:
      return "group";
    case Link::Kind::app:
      break;
  }
  return "app";
}

/// The last of those that share an id or a key: a table unique both ways can hold only one.
std::vector<Link> last_of_each(const std::vector<Link>& links) {
  std::vector<Link> out;
  std::set<std::pair<int, std::string>> ids, keys;
  for (auto it = links.rbegin(); it != links.rend(); ++it) {
    const int kind = static_cast<int>(it->kind);
    if (ids.count({kind, it->okta_id}) > 0 || keys.count({kind, it->logical_key}) > 0) continue;
    ids.insert({kind, it->okta_id});
    keys.insert({kind, it->logical_key});
    out.push_back(*it);
  }
  return out;
}

}  // namespace

void PgJournal::write_effects(Tx& tx, const Effects& effects) {
  if (!effects.links.empty()) {
    Array kinds, ids, keys;
    for (const Link& link : last_of_each(effects.links)) {
      kinds.add(link_kind(link.kind));
      ids.add(link.okta_id);
      keys.add(link.logical_key);
    }
    exec(tx,
         "DELETE FROM resource_link l USING unnest($1::text[], $2::text[]) AS s(kind, key)"
         " WHERE l.kind = s.kind AND l.logical_key = s.key",
         kinds.str(), keys.str());
    exec(tx,
         "INSERT INTO resource_link (kind, okta_id, logical_key, released)"
         " SELECT kind, id, key, false FROM unnest($1::text[], $2::text[], $3::text[])"
         " AS s(kind, id, key) ON CONFLICT (kind, okta_id)"
         " DO UPDATE SET logical_key = excluded.logical_key, released = false",
         kinds.str(), ids.str(), keys.str());
  }
  for (const Link& link : effects.released) {
    exec(tx, "UPDATE resource_link SET released = true WHERE kind = $1 AND okta_id = $2",
         std::string(link_kind(link.kind)), link.okta_id);
  }
  const auto pairs = [&](const std::vector<Grant>& grants, const char* sql) {
    if (grants.empty()) return;
    Array groups, users;
    for (const Grant& grant : grants) {
      groups.add(grant.group_id);
      users.add(grant.user_id);
    }
    exec(tx, sql, groups.str(), users.str());
  };
  pairs(effects.granted,
        "INSERT INTO membership_grant (group_id, user_id)"
        " SELECT DISTINCT grp, usr FROM unnest($1::text[], $2::text[]) AS s(grp, usr)"
        " ON CONFLICT DO NOTHING");
  pairs(effects.taken,
        "DELETE FROM membership_grant m USING unnest($1::text[], $2::text[]) AS s(grp, usr)"
        " WHERE m.group_id = s.grp AND m.user_id = s.usr");
  for (const std::string& user : effects.gone_users) {
    exec(tx, "DELETE FROM resource_link WHERE kind = 'user' AND okta_id = $1", user);
    exec(tx, "DELETE FROM membership_grant WHERE user_id = $1", user);
    exec(tx, "DELETE FROM status_change WHERE user_id = $1", user);
  }
  for (const std::string& group : effects.gone_groups) {
    exec(tx, "DELETE FROM resource_link WHERE kind = 'group' AND okta_id = $1", group);
    exec(tx, "DELETE FROM membership_grant WHERE group_id = $1", group);
  }
  if (!effects.status.empty()) write_status(tx, effects.status);
  const auto mark = [&](const std::vector<std::string>& users, const char* sql) {
    if (users.empty()) return;
    Array ids;
    for (const std::string& user : users) ids.add(user);
    exec(tx, sql, ids.str());
  };
  mark(effects.sessions_cleared,
       "UPDATE status_change SET sessions_cleared = true WHERE user_id = ANY($1::text[])");
  mark(effects.factors_reset,
       "UPDATE status_change SET factors_reset = true WHERE user_id = ANY($1::text[])");
}

void PgJournal::write_status(Tx& tx, const std::vector<OwnStatusChange>& changes) {
  std::map<std::string, OwnStatusChange> newest;
  for (const OwnStatusChange& change : changes) newest[change.user_id] = change;
  Array users, kinds, intents, settled;
  for (const auto& [user, change] : newest) {
    users.add(user);
    kinds.add(to_string(change.kind));
    intents.add(change.intent_at.ms);
    settled.add(change.settled_at.ms);
  }
  exec(tx,
       "INSERT INTO status_change (user_id, kind, intent_at_ms, settled_at_ms)"
       " SELECT * FROM unnest($1::text[], $2::text[], $3::bigint[], $4::bigint[])"
       " ON CONFLICT (user_id) DO UPDATE SET kind = excluded.kind,"
       " intent_at_ms = excluded.intent_at_ms, settled_at_ms = excluded.settled_at_ms,"
       " sessions_cleared = false, factors_reset = false",
       users.str(), kinds.str(), intents.str(), settled.str());
}

}  // namespace rollcall::pg

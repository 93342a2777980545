// What else an org file keeps: policies, factors, sessions, relations between people and groups,
// profile mappings, and on request the log and the mails.
#include <fmt/core.h>

#include <algorithm>
#include <charconv>

#include "service/base/text.h"
#include "tests/sim/org_sections.h"

namespace rollcall::sim {
namespace {

Json shown_time(WallTime t) { return t.ms == 0 ? Json() : Json(format_rfc3339(t)); }

std::string hex_key(std::uint64_t key) { return fmt::format("{:x}", key); }

std::uint64_t read_hex_key(const Json& hex) {
  const std::string_view text = hex.as_string();
  std::uint64_t key = 0;
  std::from_chars(text.data(), text.data() + text.size(), key, 16);
  return key;
}

Json part_json(const PolicyPart& part) {
  Json out = Json::object();
  out.set("id", part.id).set("name", part.name).set("conditions", part.conditions);
  out.set("created", shown_time(part.created)).set("lastUpdated", shown_time(part.last_updated));
  return out.set("system", part.system).set("active", part.active);
}

bool take_part(Org& org, const Json& json, std::string_view prefix, PolicyPart& part) {
  part.id = json.has("id") ? std::string(json["id"].as_string()) : org.ids.object(prefix);
  part.name = std::string(json["name"].as_string());
  part.conditions = json["conditions"];
  part.system = json["system"].as_bool();
  part.active = json["active"].as_bool(true);
  return !part.name.empty() && read_time(json, "created", part.created, org.created) &&
         read_time(json, "lastUpdated", part.last_updated, part.created);
}

Json party_as_json(const LogParty& party) {
  return Json(Json::Array{Json(party.id), Json(party.type), Json(party.alternate_id),
                          Json(party.display_name)});
}

LogParty party_of_json(const Json& json) {
  const auto& cells = json.items();
  const auto cell = [&](std::size_t i) {
    return i < cells.size() ? std::string(cells[i].as_string()) : std::string();
  };
  return {cell(0), cell(1), cell(2), cell(3)};
}

Problem load_links(Org& org, const Json& list) {
  for (const Json& item : list.items()) {
    LinkKind kind{item["primary"], item["associated"], {}};
    for (const auto& [from, to] : item["values"].members()) {
      const auto associated = find_person(org, from), primary = find_person(org, to.as_string());
      if (!associated || !primary) return "relations: a linked person is no user of the org";
      kind.values[*associated] = *primary;
    }
    org.relations.links.push_back(std::move(kind));
  }
  return std::nullopt;
}

Problem load_types(Org& org, const Json& list) {
  for (const Json& item : list.items()) {
    ExtraUserType type;
    type.id = item.has("id") ? std::string(item["id"].as_string()) : org.ids.object("oty");
    type.name = std::string(item["name"].as_string());
    type.display_name = std::string(item["displayName"].as_string(type.name));
    type.description = std::string(item["description"].as_string());
    type.made_by = std::string(item["made_by"].as_string());
    if (type.name.empty()) return "relations: a type of users needs a name";
    if (!read_time(item, "created", type.created, org.created) ||
        !read_time(item, "lastUpdated", type.last_updated, type.created)) {
      return "relations: a time of a type is no time";
    }
    for (const Json& key : item["users"].items()) {
      const auto user = find_person(org, key.as_string());
      if (!user) return "relations: who is of a type is no user of the org";
      org.relations.types_of_people[org.directory.user(*user).id] = type.id;
    }
    org.relations.types.push_back(std::move(type));
  }
  return std::nullopt;
}

}  // namespace

Problem load_policy(Org& org, const Json& json) {
  OrgPolicy policy;
  policy.type = std::string(json["type"].as_string());
  policy.description = std::string(json["description"].as_string());
  policy.settings = json["settings"];
  if (policy.type.empty() || !take_part(org, json, "00p", policy)) {
    return "a policy needs its type and name, and times that are times";
  }
  for (const Json& item : json["rules"].items()) {
    PolicyRule rule;
    rule.actions = item["actions"];
    if (!take_part(org, item, "0pr", rule)) return "a rule of a policy needs a name";
    policy.rules.push_back(std::move(rule));
  }
  org.policies.push_back(std::move(policy));
  return std::nullopt;
}

Json policy_section(const OrgPolicy& policy) {
  Json out = part_json(policy);
  out.set("type", policy.type).set("description", policy.description);
  out.set("settings", policy.settings);
  Json rules = Json::array();
  for (const PolicyRule& rule : policy.rules) {
    Json item = part_json(rule);
    rules.push(item.set("actions", rule.actions));
  }
  return out.set("rules", std::move(rules));
}

Problem load_factors(Org& org, const Json& json) {
  for (const auto& [key, list] : json.members()) {
    const auto user = find_person(org, key);
    if (!user) return "factors: a holder is no user of the org";
    for (const Json& item : list.items()) {
      Factor factor;
      factor.type = std::string(item["type"].as_string());
      factor.id = item.has("id") ? std::string(item["id"].as_string()) : org.ids.object("mbl");
      factor.profile = item["profile"].is_object() ? item["profile"] : Json::object();
      factor.answer = read_hex_key(item["answer_key"]);
      factor.active = item["active"].as_bool(true);
      factor.secret = std::string(item["secret"].as_string());
      factor.used_step = item["used_step"].as_int();
      factor.provider = std::string(item["provider"].as_string("OKTA"));
      if (find_factor_kind(factor.type, factor.provider) == nullptr) {
        return fmt::format("factors: \"{}\" is no type of factor", factor.type);
      }
      if (!read_time(item, "created", factor.created, org.created) ||
          !read_time(item, "lastUpdated", factor.last_updated, factor.created)) {
        return "factors: a time is no time";
      }
      org.factors[*user].push_back(std::move(factor));
    }
  }
  return std::nullopt;
}

Json factors_section(const Org& org) {
  Json out = Json::object();
  for (const auto& [user, factors] : org.factors) {
    if (!org.directory.user(user).exists || factors.empty()) continue;
    Json list = Json::array();
    for (const Factor& factor : factors) {
      Json item = Json::object();
      item.set("id", factor.id).set("type", factor.type).set("profile", factor.profile);
      item.set("provider", factor.provider);
      item.set("active", factor.active).set("created", shown_time(factor.created));
      item.set("lastUpdated", shown_time(factor.last_updated));
      if (factor.answer != 0) item.set("answer_key", hex_key(factor.answer));
      if (!factor.secret.empty())
        item.set("secret", factor.secret).set("used_step", factor.used_step);
      list.push(std::move(item));
    }
    out.set(org.directory.user(user).id, std::move(list));
  }
  return out;
}

Problem load_session(Org& org, const Json& json) {
  const auto user = find_person(org, json["user"].as_string());
  Session session;
  session.id = std::string(json["id"].as_string());
  if (!user || session.id.empty()) return "a session needs its id and a user of the org";
  session.user = *user;
  if (!read_time(json, "created", session.created, org.created) ||
      !read_time(json, "expires", session.expires, session.created)) {
    return "a session's time is no time";
  }
  org.sign_ins.sessions[session.id] = session;
  return std::nullopt;
}

Json session_section(const Org& org, const Session& session) {
  Json out = Json::object();
  out.set("id", session.id).set("user", org.directory.user(session.user).id);
  out.set("created", shown_time(session.created));
  return out.set("expires", shown_time(session.expires));
}

Problem load_relations(Org& org, const Json& json) {
  for (const auto& [key, owners] : json["owners"].members()) {
    const auto group = find_named_group(org, key);
    if (!group) return "relations: what is owned is no group of the org";
    org.relations.owners[org.directory.group(*group).id] = owners.items();
  }
  if (auto problem = load_links(org, json["links"])) return problem;
  return load_types(org, json["types"]);
}

Json relations_section(const Org& org) {
  Json owners = Json::object();
  for (const auto& [group, list] : org.relations.owners) {
    if (list.empty()) continue;
    Json shown = Json::array();
    for (const Json& owner : list) shown.push(owner);
    owners.set(group, std::move(shown));
  }
  Json links = Json::array();
  for (const LinkKind& kind : org.relations.links) {
    Json values = Json::object();
    for (const auto& [from, to] : kind.values) {
      if (!org.directory.user(from).exists || !org.directory.user(to).exists) continue;
      values.set(org.directory.user(from).id, org.directory.user(to).id);
    }
    Json item = Json::object();
    item.set("primary", kind.primary).set("associated", kind.associated);
    links.push(item.set("values", std::move(values)));
  }
  Json types = Json::array();
  for (const ExtraUserType& type : org.relations.types) {
    Json item = Json::object();
    item.set("id", type.id).set("name", type.name).set("displayName", type.display_name);
    item.set("description", type.description).set("made_by", type.made_by);
    item.set("created", shown_time(type.created));
    item.set("lastUpdated", shown_time(type.last_updated));
    Json people = Json::array();
    for (const auto& [user, id] : org.relations.types_of_people) {
      if (id == type.id && org.directory.user_by_id(user)) people.push(user);
    }
    types.push(item.set("users", std::move(people)));
  }
  Json out = Json::object();
  out.set("owners", std::move(owners)).set("links", std::move(links));
  return out.set("types", std::move(types));
}

Problem load_log(Org& org, const Json& json) {
  for (const Json& item : json["events"].items()) {
    LogEvent event;
    event.number = static_cast<std::uint64_t>(item["n"].as_int());
    event.success = item["success"].as_bool(true);
    event.actor = party_of_json(item["actor"]);
    event.transaction_id = std::string(item["transaction"].as_string());
    for (const Json& target : item["targets"].items())
      event.targets.push_back(party_of_json(target));
    if (!read_time(item, "published", event.published, org.created)) return "log: no time";
    org.log.restore(std::move(event), item["type"].as_string());
  }
  for (const Json& item : json["mails"].items()) {
    Mail mail;
    mail.kind = std::string(item["kind"].as_string());
    mail.user_id = std::string(item["user"].as_string());
    mail.to = std::string(item["to"].as_string());
    mail.token = std::string(item["token"].as_string());
    if (!read_time(item, "time", mail.at, org.created)) return "log: a mail's time is no time";
    keep_mail(org, std::move(mail));
  }
  return std::nullopt;
}

Json log_section(const Org& org) {
  Json events = Json::array();
  for (const LogEvent& event : org.log.events()) {
    Json targets = Json::array();
    for (const LogParty& target : event.targets) targets.push(party_as_json(target));
    Json item = Json::object();
    item.set("n", event.number).set("published", format_rfc3339(event.published));
    item.set("type", event.type).set("success", event.success);
    item.set("actor", party_as_json(event.actor)).set("targets", std::move(targets));
    events.push(item.set("transaction", event.transaction_id));
  }
  Json mails = Json::array();
  for (const Mail& mail : org.outbox) {
    Json item = Json::object();
    item.set("time", format_rfc3339(mail.at)).set("kind", mail.kind).set("user", mail.user_id);
    mails.push(item.set("to", mail.to).set("token", mail.token));
  }
  return Json(Json::Object{{"events", std::move(events)}, {"mails", std::move(mails)}});
}

}  // namespace rollcall::sim

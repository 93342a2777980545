#include "service/model/operation.h"

#include <algorithm>
#include <array>
#include <cstdlib>
#include <utility>

namespace rollcall {
namespace {

struct KindInfo {
  std::string_view name;
  Priority priority;
  bool repeat;
  bool confirm;
};

constexpr std::array<KindInfo, kOperationKinds> kKinds{{
    {"user.link", Priority::join, true, true},
    {"user.unlink", Priority::housekeep, true, false},
    {"user.create", Priority::join, false, false},
    {"user.update", Priority::move, true, false},
    {"user.activate", Priority::join, false, true},
    {"user.reactivate", Priority::join, false, true},
    {"user.suspend", Priority::contain, false, true},
    {"user.unsuspend", Priority::join, false, true},
    {"user.unlock", Priority::join, false, true},
    {"user.deactivate", Priority::contain, false, true},
    {"user.delete", Priority::housekeep, false, true},
    {"user.clear_sessions", Priority::contain, true, false},
    {"user.reset_factors", Priority::revoke, true, false},
    {"group.link", Priority::join, true, true},
    {"group.unlink", Priority::housekeep, true, false},
    {"group.create", Priority::join, false, false},
    {"group.update", Priority::housekeep, true, false},
    {"group.delete", Priority::housekeep, true, true},
    {"group.add_member", Priority::grant, true, false},
    {"group.remove_member", Priority::revoke, true, true},
    {"user.expire_password", Priority::revoke, false, true},
    {"user.reset_factor", Priority::revoke, true, false},
    {"app.assign_user", Priority::grant, false, false},
    {"app.unassign_user", Priority::revoke, false, true},
    {"app.assign_group", Priority::grant, false, false},
    {"app.unassign_group", Priority::revoke, false, true},
    {"group_rule.activate", Priority::housekeep, false, true},
    {"group_rule.deactivate", Priority::housekeep, false, true},
    {"policy.activate", Priority::housekeep, false, true},
    {"policy.deactivate", Priority::housekeep, false, true},
    {"policy_rule.activate", Priority::housekeep, false, true},
    {"policy_rule.deactivate", Priority::housekeep, false, true},
}};

const KindInfo& kind_info(OperationKind kind) { return kKinds[static_cast<std::size_t>(kind)]; }

constexpr std::array<std::string_view, 6> kCredentials{"",          "stage",           "invite",
                                                       "federated", "random_password", "quiet"};

Json text_or_null(const std::string& text) { return text.empty() ? Json() : Json(text); }

Json value_json(const std::optional<std::string>& value, AttrType type) {
  if (!value) return {};
  switch (type) {
    case AttrType::text:
      return Json(*value);
    case AttrType::boolean:
      return Json(*value == "true");
    case AttrType::integer:
    case AttrType::number:
    case AttrType::text_array:
    case AttrType::number_array:
      break;
  }
  const auto parsed = parse_json(*value);
  return parsed ? *parsed : Json(*value);
}

std::optional<std::string> value_text(const Json& json) {
  if (json.is_null()) return std::nullopt;
  if (json.is_string()) return std::string(json.as_string());
  return json.dump();
}

AttrType type_of(const Json& json) {
  if (json.is_bool()) return AttrType::boolean;
  if (json.is_int()) return AttrType::integer;
  if (json.is_double()) return AttrType::number;
  if (json.is_array()) {
    const bool texts = json.items().empty() || json.items().front().is_string();
    return texts ? AttrType::text_array : AttrType::number_array;
  }
  return AttrType::text;
}

Json changes_json(const Operation& op, bool mask) {
  Json changes = Json::object();
  for (const FieldChange& change : op.changes) {
    Json one = Json::object();
    if (change.sensitive && mask) {
      one.set("from", change.from ? Json("(sensitive)") : Json());
      one.set("to", change.to ? Json("(sensitive)") : Json());
    } else {
      one.set("from", value_json(change.from, change.type));
      one.set("to", value_json(change.to, change.type));
    }
    changes.set(change.attribute, std::move(one));
  }
  return changes;
}

constexpr std::array kObjectKinds{ObjectRef::Kind::group,       ObjectRef::Kind::app,
                                  ObjectRef::Kind::factor,      ObjectRef::Kind::group_rule,
                                  ObjectRef::Kind::policy_rule, ObjectRef::Kind::policy};

void add_object(Json& json, const ObjectRef& object) {
  if (object.kind == ObjectRef::Kind::none) return;
  json.set(object_key(object.kind), Json::object()
                                        .set("id", text_or_null(object.id))
                                        .set(object_name_key(object.kind), Json(object.name)));
}

Json object_json(const Operation& op) {
  if (op.object.kind == ObjectRef::Kind::none) return {};
  Json json = Json::object();
  add_object(json, op.object);
  add_object(json, op.beside);
  return json;
}

/// With two objects, the one that stands beside the other follows from the kinds: a group beside an
/// app, a policy beside its rule.
void read_objects(const Json& json, Operation& op) {
  for (const ObjectRef::Kind kind : kObjectKinds) {
    const Json& inner = json[object_key(kind)];
    if (!inner.is_object()) continue;
    ObjectRef one{kind, std::string(inner["id"].as_string()),
                  std::string(inner[object_name_key(kind)].as_string())};
    if (op.object.kind == ObjectRef::Kind::none) {
      op.object = std::move(one);
    } else if (kind == ObjectRef::Kind::app) {
      op.beside = std::exchange(op.object, std::move(one));
    } else {
      op.beside = std::move(one);
    }
  }
}

Json expect_json(const Expect& expect) {
  Json json = Json::object();
  if (expect.status) json.set("status", to_string(*expect.status));
  if (expect.last_updated) json.set("last_updated", format_okta_time(*expect.last_updated));
  return json;
}

Json request_json(const RequestLine& request) {
  if (request.with != 0) return Json::object().set("with", request.with);
  if (request.method.empty()) return {};
  return Json::object().set("method", request.method).set("path", request.path);
}

Json subject_json(const Subject& subject) {
  if (subject.empty()) return {};
  return Json::object()
      .set("worker_key", text_or_null(subject.worker_key))
      .set("user_id", text_or_null(subject.user_id))
      .set("login", text_or_null(subject.login));
}

Json form(const Operation& op, bool mask, bool with_hold) {
  Json after = Json::array();
  for (const std::uint32_t id : op.after) after.push(id);
  Json json = Json::object();
  json.set("id", op.id).set("kind", to_string(op.kind)).set("wave", int{op.wave});
  json.set("after", std::move(after)).set("subject", subject_json(op.subject));
  json.set("object", object_json(op)).set("changes", changes_json(op, mask));
  if (op.credential != Credential::none) json.set("credential", to_string(op.credential));
  json.set("expect", expect_json(op.expect)).set("reason", op.reason);
  Json because =
      Json::object().set("source", text_or_null(op.because.source)).set("rule", op.because.rule);
  if (!op.because.note.empty()) because.set("note", op.because.note);
  json.set("because", std::move(because));
  json.set("request", request_json(op.request));
  if (with_hold) json.set("held_by", text_or_null(op.held_by));
  return json;
}

Result<void> read_changes(const Json& json, Operation& op) {
  for (const auto& [name, one] : json.members()) {
    FieldChange change;
    change.attribute = name;
    change.from = value_text(one["from"]);
    change.to = value_text(one["to"]);
    change.type = type_of(one["to"].is_null() ? one["from"] : one["to"]);
    change.sensitive = change.from == "(sensitive)" || change.to == "(sensitive)";
    op.changes.push_back(std::move(change));
  }
  return ok();
}

}  // namespace

std::string_view to_string(OperationKind kind) { return kind_info(kind).name; }

std::optional<OperationKind> operation_kind(std::string_view text) {
  for (std::size_t i = 0; i < kKinds.size(); ++i) {
    if (kKinds[i].name == text) return static_cast<OperationKind>(i);
  }
  return std::nullopt;
}

Priority priority_of(OperationKind kind) { return kind_info(kind).priority; }

std::string_view to_string(Priority priority) {
  constexpr std::array<std::string_view, 6> kNames{"contain", "revoke", "join",
                                                   "move",    "grant",  "housekeep"};
  return kNames[static_cast<std::size_t>(priority)];
}

bool repeat_is_safe(OperationKind kind) { return kind_info(kind).repeat; }
bool needs_confirmation(OperationKind kind) { return kind_info(kind).confirm; }

bool journal_only(OperationKind kind) {
  return kind == OperationKind::user_link || kind == OperationKind::user_unlink ||
         kind == OperationKind::group_link || kind == OperationKind::group_unlink;
}

bool is_switch(OperationKind kind) {
  return kind >= OperationKind::group_rule_activate &&
         kind <= OperationKind::policy_rule_deactivate;
}

bool switches_on(OperationKind kind) {
  return kind == OperationKind::group_rule_activate || kind == OperationKind::policy_activate ||
         kind == OperationKind::policy_rule_activate;
}

bool is_assignment(OperationKind kind) {
  return kind >= OperationKind::app_assign_user && kind <= OperationKind::app_unassign_group;
}

bool takes_away(OperationKind kind) {
  return kind == OperationKind::group_remove_member || kind == OperationKind::app_unassign_user ||
         kind == OperationKind::app_unassign_group;
}

bool is_barrier(OperationKind kind) {
  return kind == OperationKind::group_create || kind == OperationKind::group_link;
}

std::string_view object_key(ObjectRef::Kind kind) {
  constexpr std::array<std::string_view, 7> kKeys{"",           "group",  "app",        "factor",
                                                  "group_rule", "policy", "policy_rule"};
  return kKeys[static_cast<std::size_t>(kind)];
}

std::string_view object_name_key(ObjectRef::Kind kind) {
  return kind == ObjectRef::Kind::app ? "label" : "name";
}

std::string_view to_string(Credential credential) {
  return kCredentials[static_cast<std::size_t>(credential)];
}

std::optional<Credential> credential_from(std::string_view text) {
  for (std::size_t i = 1; i < kCredentials.size(); ++i) {
    if (kCredentials[i] == text) return static_cast<Credential>(i);
  }
  return std::nullopt;
}

Json to_json(const Operation& op, bool mask_sensitive) { return form(op, mask_sensitive, true); }

Result<Operation> operation_from_json(const Json& json) {
  const auto unreadable = [](const char* what) {
    return make_error(ErrorCode::plan_unreadable, std::string("an operation has no valid ") + what);
  };
  Operation op;
  const auto kind = operation_kind(json["kind"].as_string());
  if (!kind) return unreadable("kind");
  op.kind = *kind;
  const std::int64_t id = json["id"].as_int(-1);
  if (id < 1 || id > 0xffffffffLL) return unreadable("id");
  op.id = static_cast<std::uint32_t>(id);
  op.wave = static_cast<std::uint16_t>(json["wave"].as_int());
  for (const Json& before : json["after"].items()) {
    op.after.push_back(static_cast<std::uint32_t>(before.as_int()));
  }
  const Json& subject = json["subject"];
  op.subject = {std::string(subject["worker_key"].as_string()),
                std::string(subject["user_id"].as_string()),
                std::string(subject["login"].as_string())};
  read_objects(json["object"], op);
  if (const auto read = read_changes(json["changes"], op); !read) return read.error();
  op.credential = credential_from(json["credential"].as_string()).value_or(Credential::none);
  const Json& expect = json["expect"];
  if (expect["status"].is_string()) op.expect.status = account_status(expect["status"].as_string());
  if (expect["last_updated"].is_string()) {
    const auto at = parse_rfc3339(expect["last_updated"].as_string());
    if (!at) return unreadable("expect.last_updated");
    op.expect.last_updated = *at;
  }
  op.reason = json["reason"].as_string();
  op.because = {std::string(json["because"]["source"].as_string()),
                std::string(json["because"]["rule"].as_string()),
                std::string(json["because"]["note"].as_string())};
  const Json& request = json["request"];
  op.request.method = request["method"].as_string();
  op.request.path = request["path"].as_string();
  op.request.with = static_cast<std::uint32_t>(request["with"].as_int());
  op.held_by = json["held_by"].as_string();
  return op;
}

std::string hashed_form(const Operation& op) { return form(op, true, false).canonical(); }

namespace {

void append_shown(std::string& out, const FieldChange& change,
                  const std::optional<std::string>& value, std::string_view key) {
  if (!value) {
    out += "null";
  } else if (change.sensitive) {
    append_json_string(out, to_text(hmac_sha256(key, *value)));
  } else if (change.type == AttrType::text) {
    append_json_string(out, *value);
  } else {
    out += value_json(value, change.type).canonical();
  }
}

}  // namespace

// Canonical JSON (keys sorted) written without a tree: every operation of a sealed plan has one.
Sha256 change_digest(const Operation& op, std::string_view key) {
  std::vector<const FieldChange*> sorted;
  for (const FieldChange& change : op.changes) sorted.push_back(&change);
  std::sort(sorted.begin(), sorted.end(),
            [](const auto* a, const auto* b) { return a->attribute < b->attribute; });
  // Operators' kinds go by ids as well: labels and names of rules may repeat. The others keep the
  // digest that approvals of earlier versions were given for.
  const bool by_ids = op.kind >= OperationKind::user_expire_password;
  std::string out = "{";
  if (by_ids) {
    out += "\"beside_id\":";
    append_json_string(out, op.beside.id);
    out += ',';
  }
  out += "\"changes\":{";
  for (const FieldChange* change : sorted) {
    if (out.back() != '{') out += ',';
    append_json_string(out, change->attribute);
    out += ":{\"from\":";
    append_shown(out, *change, change->from, key);
    out += ",\"to\":";
    append_shown(out, *change, change->to, key);
    out += '}';
  }
  const auto member = [&out](std::string_view name, std::string_view value) {
    out += ",\"";
    out += name;
    out += "\":";
    append_json_string(out, value);
  };
  out += '}';
  member("kind", to_string(op.kind));
  member("object", op.object.name);
  if (by_ids) member("object_id", op.object.id);
  member("user_id", op.subject.user_id);
  member("worker_key", op.subject.worker_key);
  out += '}';
  return sha256(out);
}

}  // namespace rollcall

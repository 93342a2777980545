#include "service/model/operation.h"

#include <array>
#include <cstdlib>

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

Json object_json(const ObjectRef& object) {
  if (object.kind == ObjectRef::Kind::none) return {};
  const bool group = object.kind == ObjectRef::Kind::group;
  Json inner = Json::object();
  inner.set("id", text_or_null(object.id)).set(group ? "name" : "label", Json(object.name));
  return Json::object().set(group ? "group" : "app", std::move(inner));
}

ObjectRef object_from(const Json& json) {
  ObjectRef object;
  const Json& group = json["group"];
  const Json& app = json["app"];
  const Json& inner = group.is_object() ? group : app;
  if (!inner.is_object()) return object;
  object.kind = group.is_object() ? ObjectRef::Kind::group : ObjectRef::Kind::app;
  object.id = inner["id"].as_string();
  object.name = inner[group.is_object() ? "name" : "label"].as_string();
  return object;
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
  json.set("object", object_json(op.object)).set("changes", changes_json(op, mask));
  if (op.credential != Credential::none) json.set("credential", to_string(op.credential));
  json.set("expect", expect_json(op.expect)).set("reason", op.reason);
  json.set(
      "because",
      Json::object().set("source", text_or_null(op.because.source)).set("rule", op.because.rule));
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

bool is_barrier(OperationKind kind) {
  return kind == OperationKind::group_create || kind == OperationKind::group_link;
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
  op.object = object_from(json["object"]);
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
                std::string(json["because"]["rule"].as_string())};
  const Json& request = json["request"];
  op.request.method = request["method"].as_string();
  op.request.path = request["path"].as_string();
  op.request.with = static_cast<std::uint32_t>(request["with"].as_int());
  op.held_by = json["held_by"].as_string();
  return op;
}

std::string hashed_form(const Operation& op) { return form(op, true, false).canonical(); }

Sha256 change_digest(const Operation& op, std::string_view key) {
  Json json = Json::object();
  Subject subject = op.subject;
  json.set("kind", to_string(op.kind)).set("worker_key", subject.worker_key);
  json.set("user_id", subject.user_id).set("object", Json(op.object.name));
  Json changes = Json::object();
  for (const FieldChange& change : op.changes) {
    const auto shown = [&](const std::optional<std::string>& value) {
      if (!value) return Json();
      if (!change.sensitive) return value_json(value, change.type);
      return Json(to_text(hmac_sha256(key, *value)));
    };
    changes.set(change.attribute,
                Json::object().set("from", shown(change.from)).set("to", shown(change.to)));
  }
  json.set("changes", std::move(changes));
  return sha256(json.canonical());
}

}  // namespace rollcall

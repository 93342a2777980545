#include <fmt/core.h>

#include "service/base/seal.h"
#include "service/journal/operation_seal_internal.h"

namespace rollcall {
namespace {

std::string place(std::int64_t plan_seq, std::uint32_t operation) {
  return fmt::format("rollcall.operation/{}/{}", plan_seq, operation);
}

Json value_of(const std::optional<std::string>& text) { return text ? Json(*text) : Json(); }

std::optional<std::string> text_of(const Json& json) {
  if (json.is_null()) return std::nullopt;
  return std::string(json.as_string());
}

}  // namespace

std::string stored_form(const Operation& op) {
  Operation bare;
  bare.id = op.id;
  bare.kind = op.kind;
  bare.wave = op.wave;
  bare.after = op.after;
  bare.subject = op.subject;
  bare.object = op.object;
  bare.expect = op.expect;
  bare.credential = op.credential;
  bare.reason = op.reason;
  bare.because = op.because;
  bare.request = op.request;
  bare.held_by = op.held_by;
  Json json = to_json(bare, false);
  Json changes = Json::array();
  for (const FieldChange& change : op.changes) {
    Json one = Json::array();
    one.push(change.attribute).push(value_of(change.from)).push(value_of(change.to));
    one.push(static_cast<int>(change.type)).push(change.sensitive);
    changes.push(std::move(one));
  }
  Json compact = Json::object();
  for (const auto& [name, value] : json.members()) {
    const bool empty = value.is_null() || (value.is_array() && value.items().empty()) ||
                       (value.is_object() && value.members().empty());
    if (!empty) compact.set(name, value);
  }
  return compact.set("fields", std::move(changes)).dump();
}

Result<Operation> operation_from_stored(std::string_view text) {
  const auto json = parse_json(text);
  if (!json) return make_error(ErrorCode::plan_unreadable, "a stored operation is not JSON");
  auto op = operation_from_json(*json);
  if (!op) return op;
  for (const Json& one : (*json)["fields"].items()) {
    if (one.items().size() != 5) {
      return make_error(ErrorCode::plan_unreadable, "a stored operation has a broken field");
    }
    FieldChange change;
    change.attribute = one.items()[0].as_string();
    change.from = text_of(one.items()[1]);
    change.to = text_of(one.items()[2]);
    change.type = static_cast<AttrType>(one.items()[3].as_int());
    change.sensitive = one.items()[4].as_bool();
    op->changes.push_back(std::move(change));
  }
  return op;
}

Secret OperationSeal::person_key(std::string_view worker_key) const {
  const Sha256 key = hmac_sha256(key_.reveal(), "person\n" + std::string(worker_key));
  return Secret(std::string(reinterpret_cast<const char*>(key.bytes.data()), key.bytes.size()));
}

std::string OperationSeal::close(const Operation& op, std::int64_t plan_seq) const {
  return seal(person_key(op.subject.worker_key), stored_form(op), place(plan_seq, op.id));
}

Result<Operation> OperationSeal::open(std::string_view sealed, std::string_view worker_key,
                                      std::int64_t plan_seq, std::uint32_t operation) const {
  const auto text = unseal(person_key(worker_key), sealed, place(plan_seq, operation));
  if (text) {
    auto op = operation_from_stored(*text);
    if (op && op->id == operation && op->subject.worker_key == worker_key) return op;
  }
  return make_error(ErrorCode::journal_plan_corrupt,
                    fmt::format("operation {} is not what was sealed", operation));
}

Sha256 OperationSeal::check_value() const { return hmac_sha256(key_.reveal(), "rollcall.check"); }

}  // namespace rollcall

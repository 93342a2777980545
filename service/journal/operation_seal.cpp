#include <fmt/core.h>

#include "service/base/seal.h"
#include "service/journal/operation_seal_internal.h"

namespace rollcall {
namespace {

std::string place(std::int64_t plan_seq, std::uint32_t operation) {
  return fmt::format("rollcall.operation/{}/{}", plan_seq, operation);
}

/// Writes one JSON object member by member; empty members are left out. Sealing a plan is mostly
/// this, so it goes without a tree of values.
class Members {
 public:
  explicit Members(std::string& out) : out_(out) { out_ += '{'; }
  void text(std::string_view name, std::string_view value) {
    if (value.empty()) return;
    key(name);
    append_json_string(out_, value);
  }
  void number(std::string_view name, std::uint64_t value) {
    if (value == 0) return;
    key(name);
    out_ += std::to_string(value);
  }
  /// For what the caller appends next.
  void key(std::string_view name) {
    if (out_.back() != '{') out_ += ',';
    append_json_string(out_, name);
    out_ += ':';
  }
  void close() { out_ += '}'; }

 private:
  std::string& out_;
};

void append_value(std::string& out, const std::optional<std::string>& text) {
  if (text) {
    append_json_string(out, *text);
  } else {
    out += "null";
  }
}

void append_fields(std::string& out, const std::vector<FieldChange>& changes) {
  out += '[';
  for (const FieldChange& change : changes) {
    if (out.back() != '[') out += ',';
    out += '[';
    append_json_string(out, change.attribute);
    out += ',';
    append_value(out, change.from);
    out += ',';
    append_value(out, change.to);
    out += ',';
    out += std::to_string(static_cast<int>(change.type));
    out += change.sensitive ? ",true]" : ",false]";
  }
  out += ']';
}

void append_after(std::string& out, const std::vector<std::uint32_t>& after) {
  out += '[';
  for (const std::uint32_t before : after) {
    if (out.back() != '[') out += ',';
    out += std::to_string(before);
  }
  out += ']';
}

void append_object(std::string& out, Members& into, const ObjectRef& object) {
  if (object.kind == ObjectRef::Kind::none) return;
  into.key(object_key(object.kind));
  Members inner(out);
  inner.text("id", object.id);
  inner.text(object_name_key(object.kind), object.name);
  inner.close();
}

std::optional<std::string> text_of(const Json& json) {
  if (json.is_null()) return std::nullopt;
  return std::string(json.as_string());
}

}  // namespace

std::string stored_form(const Operation& op) {
  std::string out;
  Members all(out);
  all.number("id", op.id);
  all.text("kind", to_string(op.kind));
  all.number("wave", op.wave);
  if (!op.after.empty()) {
    all.key("after");
    append_after(out, op.after);
  }
  all.key("subject");
  Members subject(out);
  subject.text("worker_key", op.subject.worker_key);
  subject.text("user_id", op.subject.user_id);
  subject.text("login", op.subject.login);
  subject.close();
  if (op.object.kind != ObjectRef::Kind::none) {
    all.key("object");
    Members object(out);
    append_object(out, object, op.object);
    append_object(out, object, op.beside);
    object.close();
  }
  if (op.credential != Credential::none) all.text("credential", to_string(op.credential));
  all.key("expect");
  Members expect(out);
  if (op.expect.status) expect.text("status", to_string(*op.expect.status));
  if (op.expect.last_updated) {
    expect.text("last_updated", format_okta_time(*op.expect.last_updated));
  }
  expect.close();
  all.text("reason", op.reason);
  all.key("because");
  Members because(out);
  because.text("source", op.because.source);
  because.text("rule", op.because.rule);
  because.text("note", op.because.note);
  because.close();
  all.key("request");
  Members request(out);
  request.text("method", op.request.method);
  request.text("path", op.request.path);
  request.number("with", op.request.with);
  request.close();
  all.text("held_by", op.held_by);
  all.key("fields");
  append_fields(out, op.changes);
  all.close();
  return out;
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

// CSV for spreadsheets and scripts: RFC 4180, CRLF, one row per operation, and one per
// finding and person who is not contained, safe against formulas.
#include <fmt/core.h>

#include "service/report/report_internal.h"
#include "service/report/visible.h"

namespace rollcall::report {
namespace {

/// Spreadsheets run a cell that begins with one of these (full-width forms in some locales).
bool looks_like_formula(std::string_view cell) {
  for (const std::string_view start :
       {"=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠"}) {
    if (cell.starts_with(start)) return true;
  }
  return false;
}

/// One row under construction.
class Row {
 public:
  Row& cell(std::string_view cell) {
    if (begun_) text_ += ',';
    begun_ = true;
    const bool guarded = looks_like_formula(cell);
    const bool quoted = cell.find_first_of(",\"\r\n") != std::string_view::npos;
    if (quoted) text_ += '"';
    if (guarded) text_ += '\'';
    for (const char c : cell) {
      if (c == '"') text_ += '"';
      text_ += c;
    }
    if (quoted) text_ += '"';
    return *this;
  }
  Row& cell(std::uint64_t number) { return cell(fmt::format("{}", number)); }
  Row& blank(std::size_t cells) {
    for (std::size_t i = 0; i < cells; ++i) cell(std::string_view());
    return *this;
  }
  std::string finish() { return std::move(text_) + "\r\n"; }

 private:
  std::string text_;
  bool begun_ = false;
};

std::string changes_cell(const Operation& op, bool full) {
  std::string cell;
  for (const FieldChange& change : op.changes) {
    if (!cell.empty()) cell += "; ";
    cell += change.attribute;
    if (!full) continue;
    const auto quoted = [&](const std::optional<std::string>& value) {
      const auto text = shown(change, value);
      return text ? json_quote(*text) : std::string("null");
    };
    cell += fmt::format(": {} -> {}", quoted(change.from), quoted(change.to));
  }
  return cell;
}

std::string request_cell(const Operation& op) {
  if (op.request.with != 0) return fmt::format("with {}", op.request.with);
  if (op.request.method.empty()) return {};
  return op.request.method + " " + op.request.path;
}

std::string after_cell(const Operation& op) {
  std::string cell;
  for (const std::uint32_t id : op.after) {
    if (!cell.empty()) cell += ' ';
    cell += fmt::format("{}", id);
  }
  return cell;
}

std::string object_kind(const ObjectRef& object) {
  if (object.kind == ObjectRef::Kind::none) return {};
  return object.kind == ObjectRef::Kind::group ? "group" : "app";
}

constexpr std::string_view kOperation =
    "id,kind,wave,after,worker_key,user_id,login,object,object_id,object_name,changes,"
    "credential,reason,source,rule,request,held_by,held_since";
constexpr std::string_view kResult = ",state,code,message,request_id,attempts,settled_at,run_id";
// New columns stand at the end, so that a column keeps its place.
constexpr std::string_view kOfAPlan = ",code,message";
constexpr std::string_view kNoOperation = ",severity,line,record,since";
constexpr std::size_t kNoOperationCells = 4;

std::string operation_row(const Scene& scene, const Entry& entry) {
  const Operation& op = *entry.op;
  const auto personal = [&](const std::string& text) {
    return scene.full ? std::string_view(text) : std::string_view();
  };
  const auto since = scene.notes.held_since.find(op.id);
  Row row;
  row.cell(op.id).cell(to_string(op.kind)).cell(op.wave).cell(after_cell(op));
  row.cell(op.subject.worker_key).cell(op.subject.user_id).cell(personal(op.subject.login));
  row.cell(object_kind(op.object)).cell(op.object.id).cell(personal(op.object.name));
  row.cell(changes_cell(op, scene.full)).cell(to_string(op.credential)).cell(op.reason);
  row.cell(op.because.source).cell(personal(op.because.rule));
  row.cell(scene.full ? request_cell(op) : op.request.method);
  row.cell(limit_name(op.held_by, scene.full));
  row.cell(since == scene.notes.held_since.end() ? "" : format_rfc3339(since->second));
  if (entry.result == nullptr) return row.blank(2 + kNoOperationCells).finish();
  const RunOperation& result = *entry.result;
  row.cell(result.state).cell(result.code).cell(personal(result.message)).cell(result.request_id);
  row.cell(fmt::format("{}", result.attempts));
  row.cell(result.settled_at ? format_rfc3339(*result.settled_at) : "");
  row.cell(fmt::format("{}", scene.run->run_id));
  return row.blank(kNoOperationCells).finish();
}

/// A row that is no operation: it has no id, and its kind says what it is.
std::string other_row(const Scene& scene, std::string_view kind, const Finding& what,
                      const std::string& login, const std::string& since) {
  Row row;
  row.blank(1).cell(kind).blank(2).cell(what.worker_key).cell(what.user_id).cell(login);
  row.blank(6).cell(what.source).blank(4);
  if (scene.run != nullptr) row.blank(1);
  row.cell(what.code).cell(what.message);
  if (scene.run != nullptr) row.blank(3).cell(fmt::format("{}", scene.run->run_id));
  row.cell(to_string(what.severity));
  row.cell(what.line == 0 ? "" : fmt::format("{}", what.line));
  row.cell(what.record == 0 ? "" : fmt::format("{}", what.record));
  return row.cell(since).finish();
}

std::string not_contained_rows(const Scene& scene) {
  std::string rows;
  if (scene.follows) return rows;
  for (const NotContained& one : scene.notes.not_contained) {
    Finding what;
    what.worker_key = one.worker_key;
    what.user_id = one.user_id;
    what.code = limit_name(one.code, scene.full);
    if (scene.full) what.message = one.why;
    rows += other_row(scene, "not_contained", what, scene.full ? one.login : std::string(),
                      one.since ? format_rfc3339(*one.since) : std::string());
  }
  return rows;
}

std::string finding_rows(const Scene& scene) {
  std::string rows;
  for (Finding what : scene.trailer.findings) {
    if (!scene.full) what.message.clear();
    rows += other_row(scene, "finding", what, {}, {});
  }
  return rows;
}

Result<void> write_rows(const Part& part, ByteSink& sink) {
  if (const auto wrote = sink.write(not_contained_rows(part.scene)); !wrote) return wrote.error();
  while (true) {
    const auto entry = part.entries->next();
    if (!entry) return entry.error();
    if (entry->op == nullptr) return sink.write(finding_rows(part.scene));
    const auto wrote = sink.write(operation_row(part.scene, *entry));
    if (!wrote) return wrote.error();
  }
}

}  // namespace

Result<void> write_csv(const Parts& parts, ByteSink& sink) {
  std::string header(kOperation);
  header += parts.front().scene.run == nullptr ? kOfAPlan : kResult;
  header += kNoOperation;
  if (const auto wrote = sink.write(header + "\r\n"); !wrote) return wrote.error();
  for (const Part& part : parts) {
    if (const auto wrote = write_rows(part, sink); !wrote) return wrote.error();
  }
  return ok();
}

}  // namespace rollcall::report

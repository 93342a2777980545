// CSV for spreadsheets and scripts: RFC 4180, CRLF, one row per operation, safe against formulas.
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

void append_cell(std::string& row, std::string_view cell) {
  if (!row.empty()) row += ',';
  const bool guarded = looks_like_formula(cell);
  const bool quoted = cell.find_first_of(",\"\r\n") != std::string_view::npos;
  if (quoted) row += '"';
  if (guarded) row += '\'';
  for (const char c : cell) {
    if (c == '"') row += '"';
    row += c;
  }
  if (quoted) row += '"';
}

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

std::string row_of(const Scene& scene, const Entry& entry) {
  const Operation& op = *entry.op;
  const auto personal = [&](const std::string& text) {
    return scene.full ? std::string_view(text) : std::string_view();
  };
  const auto since = scene.notes.held_since.find(op.id);
  std::string row = fmt::format("{}", op.id);
  append_cell(row, to_string(op.kind));
  append_cell(row, fmt::format("{}", op.wave));
  append_cell(row, after_cell(op));
  append_cell(row, op.subject.worker_key);
  append_cell(row, op.subject.user_id);
  append_cell(row, personal(op.subject.login));
  append_cell(row, object_kind(op.object));
  append_cell(row, op.object.id);
  append_cell(row, personal(op.object.name));
  append_cell(row, changes_cell(op, scene.full));
  append_cell(row, to_string(op.credential));
  append_cell(row, op.reason);
  append_cell(row, op.because.source);
  append_cell(row, personal(op.because.rule));
  append_cell(row, scene.full ? request_cell(op) : op.request.method);
  append_cell(row, limit_name(op.held_by, scene.full));
  append_cell(row, since == scene.notes.held_since.end() ? "" : format_rfc3339(since->second));
  if (entry.result == nullptr) return row;
  const RunOperation& result = *entry.result;
  append_cell(row, result.state);
  append_cell(row, result.code);
  append_cell(row, personal(result.message));
  append_cell(row, result.request_id);
  append_cell(row, fmt::format("{}", result.attempts));
  append_cell(row, result.settled_at ? format_rfc3339(*result.settled_at) : "");
  append_cell(row, fmt::format("{}", scene.run->run_id));
  return row;
}

Result<void> write_rows(const Part& part, ByteSink& sink) {
  while (true) {
    const auto entry = part.entries->next();
    if (!entry) return entry.error();
    if (entry->op == nullptr) return ok();
    const auto wrote = sink.write(row_of(part.scene, *entry) + "\r\n");
    if (!wrote) return wrote;
  }
}

}  // namespace

Result<void> write_csv(const Parts& parts, ByteSink& sink) {
  std::string header =
      "id,kind,wave,after,worker_key,user_id,login,object,object_id,object_name,changes,"
      "credential,reason,source,rule,request,held_by,held_since";
  if (parts.front().scene.run != nullptr) {
    header += ",state,code,message,request_id,attempts,settled_at,run_id";
  }
  if (const auto wrote = sink.write(header + "\r\n"); !wrote) return wrote;
  for (const Part& part : parts) {
    if (const auto wrote = write_rows(part, sink); !wrote) return wrote;
  }
  return ok();
}

}  // namespace rollcall::report

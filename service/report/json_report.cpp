// JSON: a plan exactly as PlanWriter writes it, a run as rollcall.run/1, and for pipes a form of
// both without anything personal, under a format name of its own so that nobody applies it.
#include <fmt/core.h>

#include <map>

#include "service/report/report_internal.h"

namespace rollcall::report {
namespace {

Json text_or_null(const std::string& text) { return text.empty() ? Json() : Json(text); }

Json time_or_null(const std::optional<WallTime>& time) {
  return time ? Json(format_rfc3339(*time)) : Json();
}

Json not_contained_json(const Scene& scene) {
  Json all = Json::array();
  for (const NotContained& one : scene.notes.not_contained) {
    Json json = Json::object();
    json.set("worker_key", text_or_null(one.worker_key)).set("user_id", text_or_null(one.user_id));
    if (scene.full) json.set("login", text_or_null(one.login)).set("why", one.why);
    json.set("code", limit_name(one.code, scene.full)).set("since", time_or_null(one.since));
    all.push(std::move(json));
  }
  return all;
}

Json operation_json(const Scene& scene, const Entry& entry) {
  const Operation& op = *entry.op;
  Json json;
  if (scene.full) {
    json = to_json(op);
  } else {
    json.set("id", op.id).set("kind", to_string(op.kind));
    json.set("worker_key", text_or_null(op.subject.worker_key));
    json.set("user_id", text_or_null(op.subject.user_id));
    json.set("object_id", text_or_null(op.object.id));
    Json attributes = Json::array();
    for (const FieldChange& change : op.changes) attributes.push(change.attribute);
    json.set("attributes", std::move(attributes)).set("reason", op.reason);
    json.set("held_by", text_or_null(limit_name(op.held_by, false)));
  }
  const auto since = scene.notes.held_since.find(op.id);
  if (since != scene.notes.held_since.end()) {
    json.set("held_since", format_rfc3339(since->second));
  }
  if (entry.result == nullptr) return json;
  const RunOperation& result = *entry.result;
  json.set("state", result.state).set("code", text_or_null(result.code));
  if (scene.full) json.set("message", text_or_null(result.message));
  json.set("request_id", text_or_null(result.request_id)).set("attempts", result.attempts);
  return json.set("settled_at", time_or_null(result.settled_at));
}

/// The trailer; without sentences and names of groups when the scene is not full.
Json trailer_of(const Scene& scene) {
  if (scene.full) return trailer_to_json(scene.trailer);
  PlanTrailer trailer = scene.trailer;
  for (Finding& finding : trailer.findings) finding.message.clear();
  for (GuardLine& line : trailer.guard) {
    line.limit = limit_name(line.limit, false);
    line.release.clear();
  }
  return trailer_to_json(trailer);
}

/// The object's text without its closing brace, so that more members can follow.
std::string opened(const Json& json) {
  std::string text = json.dump();
  text.pop_back();
  return text;
}

Json head_of(const Scene& scene) {
  Json json = header_to_json(scene.header);
  const bool run = scene.run != nullptr;
  json.set("format", run ? "rollcall.run/1" : "rollcall.plan-redacted/1");
  json.set("plan_id", to_text(scene.id));
  if (run) {
    json.set("run_id", scene.run->run_id).set("verb", scene.run->verb);
    json.set("state", scene.run->state);
    json.set("started_at", format_rfc3339(scene.run->started_at));
    json.set("ended_at", time_or_null(scene.run->ended_at));
  }
  Json exits = Json::array();
  for (const int code : scene.notes.exit_codes) exits.push(code);
  Json remarks = Json::array();
  for (const std::string& remark : scene.notes.remarks) remarks.push(remark);
  json.set("exit_codes", std::move(exits)).set("not_contained", not_contained_json(scene));
  if (scene.full) json.set("remarks", std::move(remarks));
  return json;
}

/// The document without its closing brace.
Result<void> write_open(const Scene& scene, EntryCursor& entries, ByteSink& sink) {
  if (const auto wrote = sink.write(opened(head_of(scene)) + ",\n\"operations\": ["); !wrote) {
    return wrote.error();
  }
  std::map<std::string, std::uint64_t> states;
  const char* separator = "\n";
  while (true) {
    const auto entry = entries.next();
    if (!entry) return entry.error();
    if (entry->op == nullptr) break;
    if (entry->result != nullptr) ++states[entry->result->state];
    const auto wrote = sink.write(separator + operation_json(scene, *entry).dump());
    if (!wrote) return wrote.error();
    separator = ",\n";
  }
  Json tail = trailer_of(scene);
  if (scene.run != nullptr) {
    Json counts = Json::object();
    for (const auto& [state, count] : states) counts.set(state, count);
    tail.set("counts", std::move(counts));
  }
  std::string text = opened(tail);
  text[0] = ' ';  // the object began with the header
  return sink.write("\n]," + text);
}

/// The first document; runs of the same command that came after it stand in it.
Result<void> write_own_form(const Parts& parts, ByteSink& sink) {
  const char* separator = "";
  for (const Part& part : parts) {
    if (const auto wrote = sink.write(separator); !wrote) return wrote.error();
    if (const auto wrote = write_open(part.scene, *part.entries, sink); !wrote)
      return wrote.error();
    separator = part.scene.follows ? "},\n" : ",\n\"followed_by\": [\n";
  }
  return sink.write(parts.size() > 1 ? "}\n]}\n" : "}\n");
}

Result<void> write_plan(const Scene& scene, EntryCursor& entries, ByteSink& sink) {
  PlanWriter writer(sink, scene.header);
  while (true) {
    const auto entry = entries.next();
    if (!entry) return entry.error();
    if (entry->op == nullptr) break;
    if (const auto wrote = writer.add(*entry->op); !wrote) return wrote.error();
  }
  const auto id = writer.seal(scene.trailer);
  if (!id) return id.error();
  if (*id == scene.id) return ok();
  return make_error(ErrorCode::plan_altered,
                    fmt::format("the operations give {}, not the plan_id of the report",
                                to_text(*id).substr(0, 19)));
}

}  // namespace

Result<void> write_json(const Parts& parts, ByteSink& sink) {
  const Part& first = parts.front();
  if (first.scene.run == nullptr && first.scene.full) {
    return write_plan(first.scene, *first.entries, sink);
  }
  return write_own_form(parts, sink);
}

}  // namespace rollcall::report

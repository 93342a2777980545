#include "service/model/plan.h"

#include <fmt/core.h>

#include <cmath>

namespace rollcall {
namespace {

constexpr std::string_view kFormat = "rollcall.plan/1";

Json source_json(const SourceStat& s) {
  return Json::object()
      .set("name", s.name)
      .set("kind", s.kind)
      .set("records", s.records)
      .set("rejected", s.rejected)
      .set("certified", s.certified)
      .set("snapshot", to_text(s.snapshot));
}

std::uint64_t count_of(const Json& json) {
  return static_cast<std::uint64_t>(std::max<std::int64_t>(0, json.as_int()));
}

/// Minutes with one decimal: a forecast is not more exact than that.
double rounded(double minutes) { return std::round(minutes * 100) / 100; }

Json summary_json(const PlanSummary& summary) {
  Json json = Json::object();
  for (std::size_t i = 0; i < kOperationKinds; ++i) {
    if (summary.by_kind[i] > 0)
      json.set(to_string(static_cast<OperationKind>(i)), summary.by_kind[i]);
  }
  json.set("mails", summary.mails);
  Json held = Json::object();
  for (std::size_t i = 0; i < kOperationKinds; ++i) {
    if (summary.held[i] > 0) held.set(to_string(static_cast<OperationKind>(i)), summary.held[i]);
  }
  if (!held.members().empty()) json.set("held", std::move(held));
  return json;
}

PlanSummary summary_from(const Json& json) {
  PlanSummary summary;
  for (std::size_t i = 0; i < kOperationKinds; ++i) {
    const auto name = to_string(static_cast<OperationKind>(i));
    summary.by_kind[i] = count_of(json[name]);
    summary.held[i] = count_of(json["held"][name]);
  }
  summary.mails = count_of(json["mails"]);
  return summary;
}

Forecast forecast_from(const Json& json) {
  Forecast forecast;
  forecast.requests = count_of(json["requests"]);
  forecast.minutes = json["minutes"].as_double();
  for (const Json& bucket : json["buckets"].items()) {
    forecast.buckets.push_back({std::string(bucket["bucket"].as_string()),
                                count_of(bucket["requests"]),
                                count_of(bucket["limit_per_minute"])});
  }
  return forecast;
}

Error unreadable(std::string what) {
  return make_error(ErrorCode::plan_unreadable, std::move(what));
}

Result<WallTime> time_of(const Json& json, std::string_view name) {
  const auto at = parse_rfc3339(json[name].as_string());
  if (!at) return unreadable(fmt::format("the plan's {} is not a time", name));
  return *at;
}

}  // namespace

Json to_json(const Finding& f) {
  const auto number = [](std::uint64_t n) { return n == 0 ? Json() : Json(n); };
  const auto text = [](const std::string& t) { return t.empty() ? Json() : Json(t); };
  Json json = Json::object();
  json.set("severity", to_string(f.severity)).set("code", f.code).set("source", text(f.source));
  json.set("record", number(f.record)).set("line", number(f.line));
  json.set("worker_key", text(f.worker_key));
  if (!f.user_id.empty()) json.set("user_id", f.user_id);
  json.set("message", f.message);
  return json;
}

Finding finding_from_json(const Json& json) {
  Finding f;
  const auto severity = json["severity"].as_string();
  f.severity = severity == "info"      ? Severity::info
               : severity == "warning" ? Severity::warning
                                       : Severity::error;
  f.code = json["code"].as_string();
  f.source = json["source"].as_string();
  f.record = count_of(json["record"]);
  f.line = count_of(json["line"]);
  f.worker_key = json["worker_key"].as_string();
  f.user_id = json["user_id"].as_string();
  f.message = json["message"].as_string();
  return f;
}

Json to_json(const Forecast& forecast) {
  Json buckets = Json::array();
  for (const ForecastBucket& b : forecast.buckets) {
    buckets.push(Json::object()
                     .set("bucket", b.bucket)
                     .set("requests", b.requests)
                     .set("limit_per_minute", b.limit_per_minute));
  }
  return Json::object()
      .set("requests", forecast.requests)
      .set("minutes", rounded(forecast.minutes))
      .set("buckets", std::move(buckets));
}

void PlanSummary::count(const Operation& op) {
  const auto kind = static_cast<std::size_t>(op.kind);
  ++by_kind[kind];
  if (!op.held_by.empty()) ++held[kind];
  const bool invited = op.kind == OperationKind::user_create && op.credential == Credential::invite;
  const bool mailed = op.request.path.find("sendEmail=true") != std::string::npos;
  if (invited || mailed) ++mails;
}

std::uint64_t PlanSummary::operations() const {
  std::uint64_t sum = 0;
  for (const std::uint64_t n : by_kind) sum += n;
  return sum;
}

std::uint64_t PlanSummary::operations_held() const {
  std::uint64_t sum = 0;
  for (const std::uint64_t n : held) sum += n;
  return sum;
}

Json header_to_json(const PlanHeader& h) {
  Json sources = Json::array();
  for (const SourceStat& s : h.sources) sources.push(source_json(s));
  Json json = Json::object();
  json.set("format", kFormat).set("created_at", format_rfc3339(h.created_at));
  json.set("as_of", format_rfc3339(h.as_of)).set("as_of_date", h.as_of_date);
  if (h.read_at) json.set("read_at", format_rfc3339(*h.read_at));
  json.set("expires_at", format_rfc3339(h.expires_at)).set("environment", h.environment);
  json.set("org", h.org).set("org_id", h.org_id).set("config", to_text(h.config));
  json.set("sealed", h.sealed).set("sources", std::move(sources));
  return json;
}

Result<PlanHeader> header_from_json(const Json& json) {
  if (json["format"].as_string() != kFormat) {
    return unreadable("the text is not a rollcall.plan/1");
  }
  PlanHeader h;
  const auto created = time_of(json, "created_at");
  const auto as_of = time_of(json, "as_of");
  const auto expires = time_of(json, "expires_at");
  const auto config = sha256_from_text(json["config"].as_string());
  if (!created) return created.error();
  if (!as_of) return as_of.error();
  if (!expires) return expires.error();
  if (!config) return config.error();
  h.created_at = *created;
  h.as_of = *as_of;
  h.expires_at = *expires;
  if (const auto read = time_of(json, "read_at")) h.read_at = *read;
  h.config = *config;
  h.as_of_date = json["as_of_date"].as_string();
  h.environment = json["environment"].as_string();
  h.org = json["org"].as_string();
  h.org_id = json["org_id"].as_string();
  h.sealed = json["sealed"].as_bool();
  for (const Json& one : json["sources"].items()) {
    const auto snapshot = sha256_from_text(one["snapshot"].as_string());
    if (!snapshot) return snapshot.error();
    h.sources.push_back({std::string(one["name"].as_string()), std::string(one["kind"].as_string()),
                         count_of(one["records"]), count_of(one["rejected"]),
                         one["certified"].as_bool(), *snapshot});
  }
  return h;
}

Json trailer_to_json(const PlanTrailer& trailer) {
  Json findings = Json::array();
  for (const Finding& f : trailer.findings) findings.push(to_json(f));
  Json guard = Json::array();
  for (const GuardLine& g : trailer.guard) {
    Json line = Json::object();
    line.set("limit", g.limit)
        .set("population", g.population)
        .set("planned", g.planned)
        .set("allowed", g.allowed)
        .set("held", g.held);
    if (!g.release.empty()) line.set("release", g.release);
    guard.push(std::move(line));
  }
  return Json::object()
      .set("findings", std::move(findings))
      .set("summary", summary_json(trailer.summary))
      .set("guard", std::move(guard))
      .set("forecast", to_json(trailer.forecast));
}

PlanTrailer trailer_from_json(const Json& json) {
  PlanTrailer trailer;
  for (const Json& f : json["findings"].items()) trailer.findings.push_back(finding_from_json(f));
  trailer.summary = summary_from(json["summary"]);
  for (const Json& g : json["guard"].items()) {
    trailer.guard.push_back({std::string(g["limit"].as_string()), count_of(g["population"]),
                             count_of(g["planned"]), count_of(g["allowed"]), g["held"].as_bool(),
                             std::string(g["release"].as_string())});
  }
  trailer.forecast = forecast_from(json["forecast"]);
  return trailer;
}

PlanHasher::PlanHasher(const PlanHeader& h) {
  Json sources = Json::array();
  for (const SourceStat& s : h.sources) {
    sources.push(Json::object()
                     .set("name", s.name)
                     .set("records", s.records)
                     .set("rejected", s.rejected)
                     .set("snapshot", to_text(s.snapshot)));
  }
  Json head = Json::object();
  head.set("format", kFormat).set("org", h.org).set("as_of", h.as_of_date);
  head.set("rules", to_text(h.config)).set("sources", std::move(sources));
  stream_.add(head.canonical());
}

void PlanHasher::add(const Operation& op) {
  stream_.add("\n");
  stream_.add(hashed_form(op));
}

Sha256 PlanHasher::finish() { return stream_.finish(); }

PlanWriter::PlanWriter(ByteSink& sink, const PlanHeader& header) : sink_(sink), hasher_(header) {
  std::string text = header_to_json(header).dump();
  text.pop_back();  // the object goes on
  status_ = sink_.write(text + ",\n\"operations\": [");
}

Result<void> PlanWriter::add(const Operation& op) {
  if (!status_) return status_;
  hasher_.add(op);
  status_ = sink_.write((first_ ? "\n" : ",\n") + to_json(op).dump());
  first_ = false;
  return status_;
}

Result<Sha256> PlanWriter::seal(const PlanTrailer& trailer) {
  if (!status_) return status_.error();
  const Sha256 id = hasher_.finish();
  Json rest = trailer_to_json(trailer);
  rest.set("plan_id", to_text(id));
  std::string text = rest.dump();
  text[0] = ' ';  // the object began with the header
  status_ = sink_.write((first_ ? "]," : "\n],") + text + "\n");
  if (!status_) return status_.error();
  return id;
}

Result<Plan> read_plan(std::string_view text) {
  const auto json = parse_json(text);
  if (!json) return unreadable("the plan is not JSON: " + json.error().message);
  Plan plan;
  auto header = header_from_json(*json);
  if (!header) return header.error();
  plan.header = std::move(*header);
  PlanHasher hasher(plan.header);
  for (const Json& one : (*json)["operations"].items()) {
    auto op = operation_from_json(one);
    if (!op) return op.error();
    hasher.add(*op);
    plan.operations.push_back(std::move(*op));
  }
  plan.trailer = trailer_from_json(*json);
  const auto named = sha256_from_text((*json)["plan_id"].as_string());
  if (!named) return unreadable("the plan names no plan_id");
  plan.id = hasher.finish();
  if (plan.id != *named) {
    return make_error(ErrorCode::plan_altered,
                      "the plan's content does not give the plan_id it names");
  }
  return plan;
}

}  // namespace rollcall

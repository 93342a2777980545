// /sim/*: what tests see and change behind the org's back. No token, no limits.
#include <fmt/core.h>

#include "tests/sim/sim_org.h"

namespace rollcall::sim {
namespace {

SimReply text_reply(std::string body, std::string_view type) {
  SimReply reply;
  reply.headers.emplace_back("Content-Type", std::string(type));
  reply.body = std::move(body);
  return reply;
}

SimReply refuse(const Error& error) {
  return json_reply(400, Json(Json::Object{{"error", Json(error.message)}}));
}

Json outbox(const std::deque<Mail>& mails) {
  Json out = Json::array();
  for (const Mail& mail : mails) {
    Json item = Json::object();
    item.set("time", format_okta_time(mail.at)).set("kind", mail.kind);
    item.set("user_id", mail.user_id).set("to", mail.to);
    if (!mail.token.empty()) item.set("token", mail.token);
    out.push(std::move(item));
  }
  return out;
}

Json window_rows(const std::deque<WindowSeen>& windows) {
  Json out = Json::array();
  for (const WindowSeen& window : windows) {
    Json row = Json::object();
    row.set("bucket", window.bucket).set("limit", window.limit);
    row.set("opened_ms", window.opened_ms).set("last_ms", window.last_ms);
    row.set("reset_ms", window.reset_s * 1000);
    row.set("used", window.used).set("refused", window.refused);
    out.push(std::move(row));
  }
  return out;
}

}  // namespace

Json SimOrg::faults_shown() const {
  Json fired = Json::array();
  for (const FiredFault& fault : faults_.fired()) {
    Json row = Json::object();
    row.set("time", format_okta_time(fault.at)).set("method", fault.method);
    row.set("path", fault.path).set("rule", static_cast<std::int64_t>(fault.rule));
    fired.push(row.set("do", fault.kind));
  }
  Json out = Json::object();
  out.set("rules", static_cast<std::int64_t>(faults_.size())).set("fired", std::move(fired));
  return out;
}

SimReply SimOrg::control(const ServedRequest& request, const TargetParts& target) {
  const std::string what = target.segments.size() == 2 ? target.segments[1] : std::string();
  if (request.method == "PUT") return control_put(request, what);
  if (request.method != "GET") return json_reply(405, Json::object());
  if (what == "org") {
    const bool with_log = target.parameter("log").value_or("") == "true";
    return text_reply(export_json(with_log), "application/json");
  }
  if (what == "audit") {
    const std::string since(target.parameter("since").value_or("0"));
    return text_reply(audit_.lines_since(std::strtoull(since.c_str(), nullptr, 10)),
                      "application/x-ndjson");
  }
  if (what == "faults") return json_reply(200, faults_shown());
  if (what == "outbox") return json_reply(200, outbox(org_->outbox));
  if (what == "stats") return json_reply(200, stats());
  if (what == "windows") {
    return json_reply(200, limiter_ ? window_rows(limiter_->windows_seen()) : Json::array());
  }
  if (what == "clock") {
    return json_reply(200, Json(Json::Object{{"now", Json(format_okta_time(now()))},
                                             {"offset_ms", Json(offset_ms_)}}));
  }
  if (what == "oauth") return json_reply(200, oauth_.show());
  if (what == "compat") {
    const Json seed = options_.compat ? Json(*options_.compat) : Json();
    return json_reply(200, Json(Json::Object{{"seed", seed}}));
  }
  if (what == "held") {
    Json positions = Json::array();
    for (const std::uint64_t position : held_) positions.push(Json(position));
    return json_reply(200, Json(Json::Object{{"held", std::move(positions)}}));
  }
  return json_reply(404, Json::object());
}

SimReply SimOrg::control_put(const ServedRequest& request, std::string_view what) {
  if (what == "release") {
    release();
    return no_content();
  }
  if (what == "org") {
    const auto loaded = load(request.body);
    return loaded ? no_content() : refuse(loaded.error());
  }
  const auto body = parse_json(request.body);
  if (!body) return refuse(body.error());
  if (what == "faults") {
    const auto loaded = load_faults(*body);
    return loaded ? no_content() : refuse(loaded.error());
  }
  if (what == "oauth") {
    const auto loaded = oauth_.load(*body);
    return loaded ? no_content() : refuse(loaded.error());
  }
  if (what == "compat") {
    const Json& seed = (*body)["seed"];
    if (!seed.is_int() && !seed.is_null()) {
      return refuse(make_error(ErrorCode::usage, "the seed is a whole number, or null to end it"));
    }
    options_.compat.reset();
    if (seed.is_int()) options_.compat = static_cast<std::uint64_t>(seed.as_int());
    return no_content();
  }
  if (what == "clock") {
    const Json& offset = (*body)["offset_ms"];
    const Json& ahead = (*body)["advance_ms"];
    if (!offset.is_int() && !ahead.is_int()) {
      return refuse(make_error(ErrorCode::usage, "offset_ms or advance_ms: a whole number"));
    }
    auto moved = offset.is_int() ? set_offset(offset.as_int()) : ok();
    if (moved) moved = advance(ahead.as_int());
    return moved ? no_content() : refuse(moved.error());
  }
  return json_reply(404, Json::object());
}

}  // namespace rollcall::sim

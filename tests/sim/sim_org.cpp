#include "tests/sim/sim_org.h"

#include <fmt/core.h>

#include <algorithm>

#include "service/base/digest.h"
#include "service/base/text.h"
#include "tests/sim/compat.h"
#include "tests/sim/org_file.h"

namespace rollcall::sim {
namespace {

constexpr std::string_view kLimitedText = "API call exceeded rate limit due to too many requests.";
/// Seen far ahead while the condition was over at once: only a suggestion (FACTS 3.4).
constexpr std::int64_t kConcurrencyResetAhead = 114;

constexpr std::string_view kJsonType = "application/json";
constexpr std::int64_t kFarthestMs = 500LL * 31'557'600'000;  // five centuries

SimReply limited() { return error_reply(429, "E0000047", kLimitedText); }

SimReply fault_reply(const Fault& fault) {
  switch (fault.status) {
    case 500:
      return error_reply(500, "E0000009", "Internal Server Error");
    case 503:
      return error_reply(503, fault.error_code.empty() ? "E0000010" : fault.error_code,
                         "Service is in read only mode");
    case 423:
      return error_reply(423, "E0000239",
                         "Policy priorities are being reconciled. Please try again later.");
    case 409:
      return still_activating();
    default:
      break;
  }
  return error_reply(fault.status, fault.error_code.empty() ? "E0000009" : fault.error_code,
                     "Internal Server Error");
}

/// What something in front of Okta says when Okta does not answer it: no JSON, none of its headers.
SimReply gateway_reply(int status) {
  SimReply reply;
  reply.status = status;
  reply.headers.emplace_back("Content-Type", "text/html");
  reply.body =
      fmt::format("<html><head><title>{}</title></head><body>Bad gateway</body></html>", status);
  return reply;
}

std::int64_t default_concurrency(std::string_view limits) {
  if (limits == "none") return 0;
  return limits == "workforce" ? 75 : 35;
}

std::string base_url_of(const ServedRequest& request) {
  const std::string_view host = request.header("Host");
  return fmt::format("https://{}", host.empty() ? std::string_view("localhost") : host);
}

bool is_write(std::string_view method) { return method != "GET" && method != "HEAD"; }

const Token* authenticate(const Org& org, const ServedRequest& request) {
  const std::string_view header = request.header("Authorization");
  if (!ascii_iequals(header.substr(0, 5), "SSWS ")) return nullptr;
  const Token* token = org.token(trim(header.substr(5)));
  if (token == nullptr) return nullptr;
  // A token dies with its owner's deactivation (FACTS 2.4).
  const auto owner = org.directory.user_by_id(token->owner_id);
  const bool alive = owner && org.directory.user(*owner).status != AccountStatus::deprovisioned;
  return alive ? token : nullptr;
}

/// Okta takes sign-ins and recoveries without a credential, and a session by its cookie.
bool is_public(const Call& call) {
  const auto& segments = call.target.segments;
  if (!call.request.header("Authorization").empty() || segments.size() < 3) return false;
  return segments[2] == "authn" ||
         (segments[2] == "sessions" && segments.size() > 3 && segments[3] == "me");
}

/// Both ways Okta speaks JSON alone (FACTS 1; the catalogue of errors has the texts).
std::optional<SimReply> refuse_media(const ServedRequest& request) {
  const std::string_view accept = request.header("Accept");
  bool readable = accept.empty();
  for (const std::string_view range : split(accept, ',')) {
    const std::string_view type = trim(range.substr(0, range.find(';')));
    readable = readable || type == "*/*" || type == "application/*" || type == kJsonType;
  }
  if (!readable) {
    return error_reply(406, "E0000122",
                       "Accept Header did not contain supported media type 'application/json'");
  }
  const std::string_view sent = request.header("Content-Type");
  const bool known = sent.empty() || trim(sent.substr(0, sent.find(';'))) == kJsonType;
  if (known || request.body.empty()) return std::nullopt;
  return error_reply(400, "E0000021",
                     "Bad request.  Accept and/or Content-Type headers likely do not match "
                     "supported values.");
}

const Token& anybody() {
  static const Token token{"", "public", "none", {}, {}, {}};
  return token;
}

/// In statistics: the owner's id and the token's number, or the client's id.
std::string name_of(const Org& org, const Token& token) {
  for (std::size_t i = 0; i < org.tokens.size(); ++i) {
    if (&org.tokens[i] == &token) return fmt::format("{} #{}", token.owner_id, i + 1);
  }
  return token.owner_id;
}

}  // namespace

Result<std::unique_ptr<SimOrg>> SimOrg::create(SimOptions options, const Clock& clock) {
  std::unique_ptr<SimOrg> sim(new SimOrg(std::move(options), clock));
  const SimOptions& with = sim->options_;
  if (auto set = sim->set_offset(with.clock_offset_ms); !set) return set.error();
  sim->faults_ = FaultBook(with.org.seed);
  if (with.concurrency < 0) sim->options_.concurrency = default_concurrency(with.limits);
  if (!with.limits_table.empty() || with.limits != "none") {
    sim->options_.org.per_second_limits = true;
    auto table = with.limits_table.empty() ? BucketTable::named(with.limits)
                                           : BucketTable::parse(with.limits_table, "workforce");
    if (!table) return table.error();
    sim->limiter_.emplace(std::move(*table), with.share_percent, with.window_s);
  }
  if (auto loaded = sim->load("{}"); !loaded) return loaded.error();
  return sim;
}

Result<void> SimOrg::set_offset(std::int64_t ms) {
  if (ms < -kFarthestMs || ms > kFarthestMs) {
    return make_error(ErrorCode::usage, "the clock cannot be more than five centuries off");
  }
  offset_ms_ = ms;
  return ok();
}

Result<void> SimOrg::advance(std::int64_t ms) {
  // Twice the distance leads from one end to the other; more could not be added up.
  return set_offset(offset_ms_ + std::clamp(ms, -3 * kFarthestMs, 3 * kFarthestMs));
}

Result<void> SimOrg::load(std::string_view org_json) {
  auto org = load_org(org_json, options_.org, options_.tokens, now());
  if (!org) return org.error();
  org_ = std::move(*org);
  org_->directory.keep_history(faults_.oldest_view_ms());
  return ok();
}

Result<void> SimOrg::load_faults(const Json& rules) {
  if (auto loaded = faults_.load(rules); !loaded) return loaded.error();
  org_->directory.keep_history(faults_.oldest_view_ms());
  return ok();
}

std::string SimOrg::credential_of(const Call& call) const {
  if (OAuthDesk::speaks_oauth(call)) return oauth_.client_of(call);
  const std::string_view header = call.request.header("Authorization");
  return std::string(trim(header.substr(std::min<std::size_t>(header.find(' '), header.size()))));
}

std::string SimOrg::export_json(bool with_log) const { return export_org(*org_, with_log); }

SimReply SimOrg::handle(const ServedRequest& request, std::int64_t in_flight) {
  Call call{request, split_target(request.target), now(), base_url_of(request)};
  if (!call.target.segments.empty() && call.target.segments[0] == "sim") {
    return control(request, call.target);
  }
  counts_.peak_in_flight = std::max(counts_.peak_in_flight, in_flight);
  org_->directory.forget_history(call.now);
  forget_sign_ins(*org_, call.now);
  run_due_rules(*org_, call.now);
  settle_memberships(*org_, call.now);
  const Fault fault = faults_.next(request.method, call.target.path, credential_of(call), call.now);
  admission_.reset();
  if (fault.kind == FaultKind::stale_index) org_->directory.look_back(fault.ms);
  SimReply reply = answer(call, fault, in_flight);
  org_->directory.look_back(0);
  settle_memberships(*org_, call.now);
  org_->log.act_as_system();
  run_due_rules(*org_, call.now);
  settle_memberships(*org_, call.now);
  const std::string request_id = org_->ids.request();
  org_->log.close(request_id);
  finish(reply, call, fault, request_id);
  return reply;
}

SimReply SimOrg::answer(Call& call, const Fault& fault, std::int64_t in_flight) {
  if (fault.kind == FaultKind::reset_before) {
    SimReply reply;
    reply.end = ServedEnd::reset;
    return reply;
  }
  if (fault.kind == FaultKind::gateway) return gateway_reply(fault.status);
  RouteMatch match = match_route(call.request.method, call.target.segments);
  if (match.route == nullptr && match.path_known) {
    return error_reply(405, "E0000022", "The endpoint does not support the provided HTTP method");
  }
  if (call.target.path == "/.well-known/okta-organization" && call.request.method == "GET" &&
      fault.kind == FaultKind::none) {  // asks for no credential
    Json links = Json::object();
    links.set("organization", Json(Json::Object{{"href", Json(call.base_url)}}));
    return json_reply(200, Json(Json::Object{{"id", Json(org_->org_id)},
                                             {"_links", std::move(links)},
                                             {"pipeline", Json("idx")}}));
  }
  const bool for_token = call.target.path == kTokenPath && call.request.method == "POST";
  if (fault.kind == FaultKind::revoked) {
    if (!for_token) return error_reply(401, "E0000011", "Invalid token provided");
    return json_reply(401,
                      Json(Json::Object{{"error", Json("invalid_client")},
                                        {"error_description", Json("The client is not active.")}}));
  }
  if (for_token) {
    call.token = &oauth_.asker(call);
    if (auto refused = refuse_early(call, fault, in_flight)) return std::move(*refused);
    return oauth_.issue(call);
  }
  const bool by_oauth = OAuthDesk::speaks_oauth(call);
  if (by_oauth) {
    if (auto refused = oauth_.admit(call)) return std::move(*refused);
  } else if (is_public(call)) {
    call.token = &anybody();
    call.trusted = false;
  } else {
    call.token = authenticate(*org_, call.request);
    if (call.token == nullptr) return error_reply(401, "E0000011", "Invalid token provided");
  }
  if (auto refused = refuse_early(call, fault, in_flight)) return std::move(*refused);
  if (match.route == nullptr) {
    return error_reply(404, "E0000008", "The requested path was not found");
  }
  return answer_operation(call, fault, std::move(match), by_oauth);
}

SimReply SimOrg::answer_operation(Call& call, const Fault& fault, RouteMatch match, bool by_oauth) {
  const std::string& method = call.request.method;
  if ((method == "POST" || method == "PUT") && !call.request.length_stated) {
    SimReply reply;
    reply.status = 411;
    return reply;
  }
  if (auto refused = refuse_media(call.request)) return std::move(*refused);
  if (by_oauth) {
    if (auto missing = oauth_.lacks_scope(method, match.route->pattern)) return std::move(*missing);
  }
  if (fault.kind == FaultKind::zone_changed) return forbidden();
  call.path_ids = std::move(match.ids);
  if (fault.kind != FaultKind::role_removed) call.access = access_of(*org_, *call.token);
  if (auto refused = refuse_access(*org_, call, *match.route)) return std::move(*refused);
  if (match.route->pattern.front() == '/') org_->client_roles = oauth_.held_roles(*org_);
  if (!call.request.body.empty()) {
    auto body = parse_json(call.request.body);
    call.body_ok = body.has_value();
    if (body) call.body = std::move(*body);
  }
  if (fault.kind == FaultKind::lose_page && match.route->list) {
    const std::string_view limit = call.param("limit", "200");
    call.skip_rows =
        static_cast<std::size_t>(std::strtoul(std::string(limit).c_str(), nullptr, 10));
  }
  call.double_rows = fault.kind == FaultKind::double_page;
  call.half_page = fault.kind == FaultKind::shorten_page;
  if (const auto owner = org_->directory.user_by_id(call.token->owner_id)) {
    org_->log.act_as(user_party(*org_, *owner));
  }
  return match.route->operation(*org_, call);
}

std::optional<SimReply> SimOrg::refuse_early(Call& call, const Fault& fault,
                                             std::int64_t in_flight) {
  const bool too_many_at_once = options_.concurrency > 0 && in_flight > options_.concurrency;
  if (too_many_at_once || fault.kind == FaultKind::too_many_at_once) {
    ++counts_.limited_at_once;
    admission_ = Admission{false, 0, 0, call.now.ms / 1000 + kConcurrencyResetAhead};
    return limited();
  }
  const Bucket* bucket =
      limiter_ ? limiter_->table().find(call.request.method, call.target.segments) : nullptr;
  const std::string bucket_name = bucket != nullptr ? bucket->name : std::string("-");
  ++counts_.requests[fmt::format("{} {}", call.request.method, bucket_name)];
  ++counts_.by_token[name_of(*org_, *call.token)];
  if (bucket != nullptr) {
    admission_ = limiter_->admit(*bucket, call.token->secret, call.now);
    if (fault.kind == FaultKind::too_many) admission_->remaining = 0;
    if (!admission_->served || fault.kind == FaultKind::too_many) {
      ++counts_.limited;
      return limited();
    }
  }
  if (fault.kind == FaultKind::status || fault.kind == FaultKind::read_only) {
    Fault shown = fault;
    if (fault.kind == FaultKind::read_only) shown.status = 503;
    return fault_reply(shown);
  }
  return std::nullopt;
}

void SimOrg::finish(SimReply& reply, const Call& call, const Fault& fault,
                    const std::string& request_id) {
  if (reply.end == ServedEnd::reset) return;
  Fault applied = fault;
  if (reply.status < 300 && is_write(call.request.method) && call.target.path != kTokenPath) {
    const std::uint64_t position = audit_.append(call, reply, request_id);
    const Fault bound =
        faults_.at_position(position, call.request.method, call.target.path, call.now);
    if (bound.kind != FaultKind::none) applied = bound;
    if (applied.kind == FaultKind::hold_reply) {
      reply.held_at = position;
      held_.insert(position);
    }
  }
  if (applied.kind == FaultKind::reset_after) reply.end = ServedEnd::reset;
  if (applied.kind == FaultKind::gateway_after) reply = gateway_reply(applied.status);
  if (applied.kind == FaultKind::gateway || applied.kind == FaultKind::gateway_after) {
    ++counts_.by_status[fmt::format("{}", reply.status)];
    return;
  }
  if (applied.kind == FaultKind::status_after) reply = fault_reply(applied);
  if (applied.kind == FaultKind::slow) reply.delay_ms = applied.ms;
  const std::string empty_id = "\"errorId\":\"\"";
  if (const auto at = reply.body.find(empty_id); reply.status >= 400 && at != std::string::npos) {
    reply.body.replace(at, empty_id.size(), fmt::format("\"errorId\":\"{}\"", org_->ids.error()));
  }
  if (options_.compat) disturb(reply, call);
  if (applied.kind == FaultKind::truncate) {
    reply.end = ServedEnd::cut;
    reply.cut_at = static_cast<std::size_t>(applied.bytes);
  }
  reply.headers.emplace_back("Date", format_http_date(call.now));
  reply.headers.emplace_back("X-Okta-Request-Id", request_id);
  if (reply.status != 429 && reply.status != 405) {
    reply.headers.emplace_back("Cache-Control", "no-cache, no-store");
  }
  if (admission_ && reply.header("X-Rate-Limit-Limit").empty()) {
    reply.headers.emplace_back("X-Rate-Limit-Limit", fmt::format("{}", admission_->limit));
    reply.headers.emplace_back("X-Rate-Limit-Remaining", fmt::format("{}", admission_->remaining));
    reply.headers.emplace_back("X-Rate-Limit-Reset", fmt::format("{}", admission_->reset_s));
    if (applied.kind == FaultKind::double_headers) {
      // Another rate that applies too, and has more left (FACTS 3.3: the smaller one counts).
      reply.headers.emplace_back("X-Rate-Limit-Limit", fmt::format("{}", admission_->limit * 10));
      reply.headers.emplace_back("X-Rate-Limit-Remaining",
                                 fmt::format("{}", admission_->remaining * 10 + 9));
      reply.headers.emplace_back("X-Rate-Limit-Reset", fmt::format("{}", admission_->reset_s + 7));
    }
  }
  ++counts_.by_status[fmt::format("{}", reply.status)];
}

void SimOrg::disturb(SimReply& reply, const Call& call) const {
  Rng rng(*options_.compat ^
          fast_hash(fmt::format("{} {} {}", call.request.method, call.request.target, reply.body)));
  if (!reply.body.empty()) {
    if (const auto body = parse_json(reply.body)) reply.body = disturbed(*body, rng).dump();
  }
  reply.headers = disturbed_headers(reply.headers, rng);
}

Json SimOrg::stats() const {
  const auto table = [](const std::map<std::string, std::int64_t>& counts) {
    Json out = Json::object();
    for (const auto& [name, count] : counts) out.set(name, count);
    return out;
  };
  Json out = Json::object();
  out.set("requests", table(counts_.requests)).set("by_token", table(counts_.by_token));
  out.set("by_status", table(counts_.by_status)).set("limited", counts_.limited);
  out.set("limited_concurrency", counts_.limited_at_once);
  out.set("peak_in_flight", counts_.peak_in_flight);
  out.set("writes", static_cast<std::int64_t>(audit_.size()));
  return out;
}

}  // namespace rollcall::sim

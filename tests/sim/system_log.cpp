#include "tests/sim/system_log.h"

#include <fmt/core.h>

#include <algorithm>
#include <charconv>
#include <map>
#include <optional>
#include <set>

#include "service/base/digest.h"
#include "service/base/text.h"
#include "tests/sim/criteria.h"
#include "tests/sim/json_parts.h"
#include "tests/sim/listing.h"
#include "tests/sim/org.h"
#include "tests/sim/packed_json.h"

namespace rollcall::sim {
namespace {

constexpr std::size_t kKeptEvents = 200'000;
constexpr std::int64_t kDayMs = 86'400'000;
constexpr std::size_t kDefaultEvents = 100, kMaxEvents = 1000;

/// "user.lifecycle.create" reads "User lifecycle create": Okta's own wording is no contract.
std::string message_of(std::string_view type) {
  std::string text;
  for (const char c : type) text += c == '.' || c == '_' ? ' ' : c;
  if (!text.empty()) text[0] = static_cast<char>(text[0] - ('a' - 'A'));
  return text;
}

std::string uuid_of(std::uint64_t number, std::string_view org_id) {
  const std::uint64_t a = fast_hash(fmt::format("{} {}", org_id, number));
  const std::uint64_t b = fast_hash(fmt::format("{} {} more", number, org_id));
  return fmt::format("{:08x}-{:04x}-11{:02x}-{:04x}-{:012x}", a >> 32, (a >> 16) & 0xFFFF, a & 0xFF,
                     b >> 48, b & 0xFFFF'FFFF'FFFF);
}

Json party_json(const LogParty& party) {
  Json out = Json::object();
  out.set("id", party.id).set("type", party.type).set("alternateId", party.alternate_id);
  out.set("displayName", party.display_name).set("detailEntry", nullptr);
  return out;
}

Json client_json() {
  Json agent = Json::object();
  agent.set("rawUserAgent", "UNKNOWN").set("os", "Unknown").set("browser", "UNKNOWN");
  Json client = Json::object();
  client.set("userAgent", std::move(agent)).set("zone", "null").set("device", "Unknown");
  client.set("id", nullptr).set("ipAddress", "127.0.0.1").set("geographicalContext", nullptr);
  return client;
}

Json event_json(const Org& org, const LogEvent& event) {
  Json targets = Json::array();
  for (const LogParty& party : event.targets) targets.push(party_json(party));
  Json step = Json::object();
  step.set("authenticationProvider", nullptr).set("credentialProvider", nullptr);
  step.set("credentialType", nullptr).set("issuer", nullptr).set("interface", nullptr);
  step.set("authenticationStep", 0).set("externalSessionId", "unknown");
  const bool by_system = event.actor.type == "SystemPrincipal";
  Json transaction = Json::object();
  transaction.set("type", by_system ? "JOB" : "WEB").set("id", event.transaction_id);
  transaction.set("detail", Json::object());
  Json out = Json::object();
  out.set("actor", party_json(event.actor)).set("client", client_json()).set("device", nullptr);
  out.set("authenticationContext", std::move(step));
  out.set("displayMessage", message_of(event.type)).set("eventType", event.type);
  Json outcome = Json::object();
  outcome.set("result", event.success ? "SUCCESS" : "FAILURE").set("reason", nullptr);
  out.set("outcome", std::move(outcome)).set("published", format_okta_time(event.published));
  out.set("securityContext", Json::object()).set("severity", event.success ? "INFO" : "WARN");
  out.set("debugContext", object_of("debugData", Json::object()));
  out.set("legacyEventType", nullptr).set("transaction", std::move(transaction));
  out.set("uuid", uuid_of(event.number, org.org_id)).set("version", "0");
  out.set("request", object_of("ipChain", Json::array())).set("target", std::move(targets));
  return out;
}

AttributeRule event_rule(std::string_view name) {
  static const auto any = [](CompareOp) { return true; };
  static const std::string_view known[] = {
      "eventType",      "uuid",           "severity",           "displayMessage",
      "actor.id",       "actor.type",     "actor.alternateId",  "actor.displayName",
      "target.id",      "target.type",    "target.alternateId", "target.displayName",
      "outcome.result", "transaction.id", "transaction.type",   "version"};
  if (name == "published") return {true, true, any};
  const bool found = std::find(std::begin(known), std::end(known), name) != std::end(known);
  return found ? AttributeRule{true, false, any} : AttributeRule{};
}

Json party_attribute(const LogParty& party, std::string_view name) {
  if (name == "id") return Json(party.id);
  if (name == "type") return Json(party.type);
  return Json(name == "alternateId" ? party.alternate_id : party.display_name);
}

Json read_event(const Org& org, const LogEvent& event, std::string_view name) {
  if (name == "eventType") return Json(event.type);
  if (name == "published") return Json(event.published.ms);
  if (name.substr(0, 6) == "actor.") return party_attribute(event.actor, name.substr(6));
  if (name.substr(0, 7) == "target.") {
    Json all = Json::array();
    for (const LogParty& party : event.targets) all.push(party_attribute(party, name.substr(7)));
    return all;
  }
  const Json whole = event_json(org, event);
  const std::size_t dot = name.find('.');
  if (dot == std::string_view::npos) return whole[name];
  return whole[name.substr(0, dot)][name.substr(dot + 1)];
}

/// Every word of `q` stands somewhere in the event.
bool has_words(const Org& org, const LogEvent& event, std::string_view q) {
  const std::string text = fold_case(event_json(org, event).dump());
  const std::string words = fold_case(q);
  for (const std::string_view word : split(words, ' ')) {
    if (text.find(word) == std::string::npos) return false;
  }
  return true;
}

struct EventQuery {
  WallTime since, until;
  bool bounded = false;  // has an end: pages run out
  bool descending = false;
  std::size_t limit = kDefaultEvents;
  std::uint64_t after = 0;
  std::optional<Criteria> criteria;
  std::string q;
};

SimReply bad_event_query(std::string_view why) {
  return error_reply(400, "E0000001", fmt::format("Api validation failed: {}", why),
                     {std::string(why)});
}

std::optional<SimReply> take_times(const Call& call, EventQuery& query) {
  const std::string_view since = call.param("since"), until = call.param("until");
  query.until = call.now;
  query.bounded = !until.empty() || query.descending;
  for (const auto& [text, time] :
       {std::pair{until, &query.until}, std::pair{since, &query.since}}) {
    if (text.empty()) continue;
    const auto parsed = parse_rfc3339(text);
    if (!parsed) return bad_event_query("since and until must be ISO 8601 times");
    *time = *parsed;
  }
  if (since.empty()) query.since = {query.until.ms - 7 * kDayMs};
  if (query.since.ms < call.now.ms - 180 * kDayMs) {
    return error_reply(400, "E0000053", "Invalid filter", {"since is too far in the past"});
  }
  return std::nullopt;
}

std::optional<SimReply> take_query(const Call& call, EventQuery& query) {
  query.descending = call.param("sortOrder") == "DESCENDING";
  if (auto refused = take_times(call, query)) return refused;
  const std::string_view limit = call.param("limit");
  if (!limit.empty()) {
    const auto [end, error] =
        std::from_chars(limit.data(), limit.data() + limit.size(), query.limit);
    if (error != std::errc() || query.limit > kMaxEvents) {
      return bad_event_query("limit must be from 0 to 1000");
    }
  }
  const std::string_view after = call.param("after");
  if (!after.empty()) {
    if (!call.param("since").empty()) return bad_event_query("since and after exclude each other");
    const std::string_view number = after.substr(std::min(after.find('_') + 1, after.size()));
    const auto [end, error] =
        std::from_chars(number.data(), number.data() + number.size(), query.after);
    if (after.find('_') == std::string_view::npos || error != std::errc()) {
      return invalid_criteria();
    }
    query.since = {};  // the cursor stands for it
  }
  const std::string_view filter = call.param("filter");
  if (!filter.empty()) {
    query.criteria = Criteria::parse(filter, {event_rule, true});
    if (!query.criteria) return error_reply(400, "E0000053", "Invalid filter");
  }
  query.q = std::string(call.param("q"));
  return std::nullopt;
}

/// All events that match, in the order of the answer.
std::vector<const LogEvent*> select_events(const Org& org, const EventQuery& query) {
  std::vector<const LogEvent*> found;
  for (const LogEvent& event : org.log.events()) {
    if (event.published.ms < query.since.ms) continue;
    if (query.bounded && event.published.ms >= query.until.ms) continue;
    const auto read = [&](std::string_view name) { return read_event(org, event, name); };
    if (query.criteria && !query.criteria->matches(read)) continue;
    if (!query.q.empty() && !has_words(org, event, query.q)) continue;
    found.push_back(&event);
  }
  if (query.bounded) {
    std::stable_sort(found.begin(), found.end(), [](const LogEvent* a, const LogEvent* b) {
      return a->published.ms < b->published.ms;
    });
  }
  if (query.descending) std::reverse(found.begin(), found.end());
  if (query.after == 0) return found;
  if (!query.bounded) {
    std::erase_if(found, [&](const LogEvent* event) { return event->number <= query.after; });
    return found;
  }
  const auto last = std::find_if(found.begin(), found.end(), [&](const LogEvent* event) {
    return event->number == query.after;
  });
  if (last != found.end()) found.erase(found.begin(), last + 1);
  return found;
}

void add_log_link(SimReply& reply, const Call& call, std::string_view rel, std::string_view after) {
  std::string query;
  for (const auto& [name, value] : call.target.query) {
    if (!after.empty() && (name == "after" || name == "since")) continue;
    query += (query.empty() ? "?" : "&") + encode_query(name) + "=" + encode_query(value);
  }
  if (!after.empty()) {
    query += fmt::format("{}after={}", query.empty() ? "?" : "&", encode_query(after));
  }
  reply.headers.emplace_back(
      "Link", fmt::format("<{}{}{}>; rel=\"{}\"", call.base_url, call.target.path, query, rel));
}

}  // namespace

void SystemLog::act_as_system() {
  actor_ = {"okta.system", "SystemPrincipal", "system@okta.com", "Okta System"};
}

void SystemLog::add(WallTime now, std::string_view type, std::vector<LogParty> targets,
                    bool success) {
  events_.push_back({++stored_, now, type, success, actor_, std::move(targets), {}});
  if (events_.size() > kKeptEvents) events_.pop_front();
}

void SystemLog::restore(LogEvent event, std::string_view type) {
  static std::set<std::string, std::less<>> types;  // events refer to their types' text
  auto known = types.find(type);
  if (known == types.end()) known = types.emplace(type).first;
  event.type = *known;
  stored_ = closed_ = std::max(stored_, event.number);
  events_.push_back(std::move(event));
  if (events_.size() > kKeptEvents) events_.pop_front();
}

void SystemLog::close(std::string_view request_id) {
  for (auto event = events_.rbegin(); event != events_.rend() && event->number > closed_; ++event) {
    event->transaction_id = std::string(request_id);
  }
  closed_ = stored_;
}

void log_event(Org& org, WallTime now, std::string_view type, std::vector<LogParty> targets,
               bool success) {
  org.log.add(now, type, std::move(targets), success);
}

LogParty user_party(const Org& org, UserIndex index) {
  const OrgUser& user = org.directory.user(index);
  return {user.id, "User", packed_text(user.profile, "login"),
          packed_text(user.profile, "firstName") + " " + packed_text(user.profile, "lastName")};
}

LogParty group_party(const Org& org, GroupIndex index) {
  const OrgGroup& group = org.directory.group(index);
  return {group.id, "UserGroup", "unknown", group.name};
}

SimReply list_events(Org& org, Call& call) {
  EventQuery query;
  if (auto refused = take_query(call, query)) return std::move(*refused);
  const std::vector<const LogEvent*> found = select_events(org, query);
  const std::size_t rows = std::min(found.size(), query.limit);
  std::string body = "[";
  for (std::size_t i = 0; i < rows; ++i) {
    if (i > 0) body += ',';
    body += event_json(org, *found[i]).dump();
  }
  SimReply reply = json_reply(200, body + "]");
  add_log_link(reply, call, "self", {});
  const auto cursor = [](const LogEvent& event) {
    return fmt::format("{}_{}", event.published.ms, event.number);
  };
  std::string next;
  if (rows > 0 && (!query.bounded || found.size() > rows)) next = cursor(*found[rows - 1]);
  if (rows == 0 && !query.bounded) {
    // Nothing new: the same place again, or the end of what is stored.
    const std::uint64_t at = query.after > 0 || query.limit == 0 ? query.after : org.log.stored();
    next = fmt::format("{}_{}", call.now.ms, at);
  }
  if (!next.empty()) add_log_link(reply, call, "next", next);
  return reply;
}

}  // namespace rollcall::sim

#include "connectors/okta/asking.h"

#include <set>

#include "connectors/okta/codec.h"
#include "connectors/okta/patience.h"
#include "connectors/okta/reply_headers.h"
#include "connectors/okta/status_codes.h"

namespace rollcall {
namespace {

bool worth_asking_again(const HttpExchange& exchange) {
  // A read whose reply was lost or cut did no harm, so there is nothing to look up.
  if (!exchange.reply) {
    const ErrorClass cls = exchange.failure->error.cls;
    return cls == ErrorClass::retryable || cls == ErrorClass::ambiguous;
  }
  return exchange.reply->status >= kServerError &&
         read_error(exchange.reply->body).code != "E0000010";  // read-only: reads work, so no
}

/// What the row's name says was asked for, and is not there.
Error not_found(const OktaRequest& request, const HttpReply& reply) {
  const std::string id = request_id(reply);
  return make_error(ErrorCode::okta_not_found,
                    "the org has none like that, or does not show it to this credential" +
                        (id.empty() ? std::string() : ", request id " + id),
                    std::string(request.row().name));
}

}  // namespace

Result<HttpReply> OktaReader::reply(const OktaRequest& request) {
  for (int tries = 1;; ++tries) {
    auto exchange = okta_.ask(request, stop_);
    if (!exchange) return exchange.error();
    if (tries < kMostReads && worth_asking_again(*exchange)) {
      pause_before_repeat(tries);
      continue;
    }
    if (exchange->reply && exchange->reply->status < 300) return std::move(*exchange->reply);
    if (exchange->reply && exchange->reply->status == kNotFound) {
      const OktaError said = read_error(exchange->reply->body);
      if (said.code == "E0000007" || said.code == "E0000048") {
        return not_found(request, *exchange->reply);
      }
    }
    return read_failure(*exchange, request.row().name);
  }
}

Result<Json> OktaReader::one(const OktaRequest& request) {
  const auto got = reply(request);
  if (!got) return got.error();
  auto json = parse_json(got->body);
  if (json && json->is_object()) return json;
  return make_error(ErrorCode::okta_page_unreadable, "the reply is no JSON object",
                    std::string(request.row().name));
}

/// Takes the items of one page; gives the target of the next, or nothing.
Result<std::string> OktaReader::take_page(const OktaRequest& request, const HttpReply& reply,
                                          std::vector<Json>& out) const {
  const std::string where(request.row().name);
  auto json = parse_json(reply.body);
  if (!json) return make_error(ErrorCode::okta_page_unreadable, "a page is no JSON", where);
  const bool wrapped = json->is_object();  // the newer lists
  const Json& items = wrapped ? (*json)["value"] : *json;
  if (!items.is_array()) {
    return make_error(ErrorCode::okta_page_unreadable, "a page is no list", where);
  }
  for (const Json& item : items.items()) {
    if (!item.is_object()) {
      return make_error(ErrorCode::okta_page_unreadable, "a page holds what is no object", where);
    }
    out.push_back(item);
  }
  HttpReply linked;
  const std::string_view inner = (*json)["_links"]["next"]["href"].as_string();
  if (wrapped && !inner.empty()) {
    linked.headers.emplace_back("Link", "<" + std::string(inner) + ">; rel=\"next\"");
  }
  const auto next = next_page(wrapped ? linked : reply, base_url_);
  if (!next) return next.error();
  return next->value_or(std::string());
}

Result<AskedList> OktaReader::list(const OktaRequest& request, std::size_t most) {
  AskedList out;
  OktaRequest page = request;
  std::set<std::string> followed;
  for (;;) {
    const auto got = reply(page);
    if (!got) return got.error();
    const std::size_t before = out.items.size();
    const auto next = take_page(page, *got, out.items);
    if (!next) return next.error();
    // The System Log names a next page also behind its last event (FACTS 4); other lists may have
    // an empty page in between.
    const bool log = request.endpoint() == Endpoint::list_log_events;
    const bool ended = next->empty() || (log && out.items.size() == before);
    if (most > 0 && out.items.size() >= most) {
      out.cut = out.items.size() > most || !ended;
      out.items.resize(most);
      return out;
    }
    if (ended) return out;
    if (!followed.insert(*next).second) {
      return make_error(ErrorCode::okta_page_incomplete, "a page links to one that was read before",
                        std::string(request.row().name));
    }
    page.continued(*next);
  }
}

}  // namespace rollcall

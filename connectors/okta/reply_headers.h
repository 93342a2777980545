// What Okta says in headers: rate limits, links to the next page, request ids. Pure.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "connectors/http/message.h"
#include "connectors/okta/rate_scheduler.h"
#include "service/base/result.h"

namespace rollcall {

/// Limits as one reply shows them. Where several apply (repeated or comma-joined values), the one
/// with the least remaining. `ticket` and `bucket` are left to the caller.
RateObservation read_rate_headers(const HttpReply& reply);

/// Path and query of rel="next", or nullopt on the last page. Several header lines and comma-joined
/// ones are read alike; the host must be `base_url`'s or its -admin sibling (FACTS 1).
/// Errors: okta.foreign_link.
Result<std::optional<std::string>> next_page(const HttpReply& reply, std::string_view base_url);

std::string request_id(const HttpReply& reply);

/// Percent-encodes everything but RFC 3986's unreserved characters.
std::string percent_encode(std::string_view text);

}  // namespace rollcall

// Any bytes as Okta's headers, one line each: links stay within the org, limits are read or not.
#include <cstddef>
#include <cstdint>
#include <string>

#include "connectors/okta/listing_requests.h"
#include "connectors/okta/reply_headers.h"
#include "service/base/text.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(bytes), size);
  rollcall::HttpReply reply;
  for (const std::string_view line : rollcall::split(text, '\n')) {
    const std::size_t colon = line.find(':');
    if (colon == std::string_view::npos) {
      reply.headers.emplace_back("Link", std::string(line));
    } else {
      reply.headers.emplace_back(std::string(line.substr(0, colon)),
                                 std::string(line.substr(colon + 1)));
    }
  }
  const auto next = rollcall::next_page(reply, "https://acme.okta.com");
  if (next && *next) {
    std::string target = **next;
    ROLLCALL_ASSERT(!target.empty() && target[0] == '/');
    rollcall::halve_rows(target, 25);
    rollcall::keep_stats(target);
    ROLLCALL_ASSERT(target.find("expand=stats") != std::string::npos);
  }
  if (!next) ROLLCALL_ASSERT(next.error().code == rollcall::ErrorCode::okta_foreign_link);
  rollcall::read_rate_headers(reply);
  rollcall::request_id(reply);
  return 0;
}

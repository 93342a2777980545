// Look-up in header lines.
#include "connectors/http/message.h"

#include "service/base/text.h"

namespace rollcall {

std::string_view header_value(const HttpHeaders& headers, std::string_view name) {
  for (const auto& [key, value] : headers) {
    if (ascii_iequals(key, name)) return value;
  }
  return {};
}

std::vector<std::string_view> header_values(const HttpHeaders& headers, std::string_view name) {
  std::vector<std::string_view> out;
  for (const auto& [key, value] : headers) {
    if (ascii_iequals(key, name)) out.emplace_back(value);
  }
  return out;
}

HttpExchange HttpExchange::replied(HttpReply reply) {
  HttpExchange exchange;
  exchange.reply = std::move(reply);
  return exchange;
}

HttpExchange HttpExchange::failed(Error error, RequestSent sent) {
  HttpExchange exchange;
  exchange.failure = HttpFailure{std::move(error), sent};
  return exchange;
}

}  // namespace rollcall

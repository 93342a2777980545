// HTTP messages as values: what a client sends and what came back, or why nothing did.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "service/base/clock.h"
#include "service/base/error.h"

namespace rollcall {

/// Header lines in the order sent; a name may appear several times.
using HttpHeaders = std::vector<std::pair<std::string, std::string>>;

/// First value of a header (any case), or empty.
std::string_view header_value(const HttpHeaders& headers, std::string_view name);
/// Every value of a header (any case), one per line.
std::vector<std::string_view> header_values(const HttpHeaders& headers, std::string_view name);

struct HttpRequest {
  std::string method;
  std::string target;  // path and query, percent-encoded
  HttpHeaders headers;
  std::string body;
};

struct HttpReply {
  int status = 0;
  HttpHeaders headers;
  std::string body;              // inflated
  std::optional<WallTime> date;  // of the Date header
};

/// How far a request without a reply came. `never`: the server cannot hold the whole of it, so it
/// cannot have acted on it. `maybe`: all of it left; nobody knows what became of it.
enum class RequestSent : std::uint8_t { never, maybe };

struct HttpFailure {
  Error error;
  RequestSent sent = RequestSent::never;
};

/// One request's end: a reply or a failure, never both.
struct HttpExchange {
  std::optional<HttpReply> reply;
  std::optional<HttpFailure> failure;

  static HttpExchange replied(HttpReply reply);
  static HttpExchange failed(Error error, RequestSent sent);
};

}  // namespace rollcall

// A small HTTP or HTTPS server on a thread pool: health and metrics of the product, and okta-sim.
// It hands each request whole to one function and sends what that returns.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "service/base/result.h"

namespace rollcall {

/// One request as it came. Header names keep their spelling; look up with `header`.
struct ServedRequest {
  std::string method;
  std::string target;  // path and query, still percent-encoded
  std::vector<std::pair<std::string, std::string>> headers;
  std::string body;
  /// The request stated its body's length (Content-Length, or chunks).
  bool length_stated = true;

  /// Value of the first header of that name (any case), or empty.
  std::string_view header(std::string_view name) const;
};

/// How the connection ends after a reply.
enum class ServedEnd : std::uint8_t {
  normal,  // kept open if the client wishes
  reset,   // nothing is sent; the connection breaks
  cut,     // the headers promise the whole body, `cut_at` bytes follow, then the connection breaks
};

/// One reply. Headers of the same name are sent as separate lines, in this order; a `Date` header
/// given here replaces the server's own.
struct ServedReply {
  int status = 200;
  std::vector<std::pair<std::string, std::string>> headers;
  std::string body;
  ServedEnd end = ServedEnd::normal;
  std::size_t cut_at = 0;
};

struct ServerOptions {
  std::string host = "127.0.0.1";
  std::uint16_t port = 0;  // 0: the system picks a free one
  int threads = 64;        // a kept-open connection holds one
  std::size_t max_body_bytes = 64UL << 20;
  std::int64_t idle_seconds = 30;  // a silent kept-open connection is closed after that
  std::string certificate_file;    // PEM chain; empty: plain HTTP
  std::string private_key_file;    // PEM
};

/// Serves from construction by `start` until `stop` or destruction. `answer` is called from many
/// threads at once and must not throw.
class HttpServer {
 public:
  using Answer = std::function<ServedReply(const ServedRequest&)>;

  /// Errors: http.listen_failed (address in use, no permission, unreadable certificate).
  static Result<std::unique_ptr<HttpServer>> start(const ServerOptions& options, Answer answer);
  ~HttpServer();
  HttpServer(const HttpServer&) = delete;
  HttpServer& operator=(const HttpServer&) = delete;

  std::uint16_t port() const;
  /// Accepts nothing more, waits until the requests in progress have their replies.
  void stop();

 private:
  struct Running;
  explicit HttpServer(std::unique_ptr<Running> running);
  std::unique_ptr<Running> running_;
};

/// Path and query of a request target: percent-decoded segments and parameters (`+` is a space in
/// a query). Malformed escapes stay as they are.
struct TargetParts {
  std::string path;                   // still encoded, without the query
  std::vector<std::string> segments;  // decoded; "/a//b/" gives "a", "", "b", ""
  std::vector<std::pair<std::string, std::string>> query;

  /// First value of that parameter, or nullopt.
  std::optional<std::string_view> parameter(std::string_view name) const;
};
TargetParts split_target(std::string_view target);

}  // namespace rollcall

// Okta's operations as one table (endpoints.def), and the only way to a request: from one of its
// rows. Pure.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "connectors/http/message.h"
#include "service/base/json.h"
#include "service/base/result.h"

namespace rollcall {

/// Every row; named after Okta's own operation.
enum class Endpoint : std::uint8_t {
#define ROLLCALL_ENDPOINT(id, method, path, query, scopes, bucket, lifecycle, source) id,
#include "connectors/okta/endpoints.def"
#undef ROLLCALL_ENDPOINT
};

enum class EndpointLifecycle : std::uint8_t { ga, deprecated };

struct EndpointRow {
  Endpoint id;
  std::string_view name;
  std::string_view method;
  std::string_view path;    // from the root, with {arguments}
  std::string_view query;   // names that it takes, separated by spaces
  std::string_view scopes;  // all that an OAuth token needs, separated by spaces; may be empty
  std::string_view bucket;  // whose limit it draws on, as the bucket table names it
  EndpointLifecycle lifecycle;
  std::string_view source;  // tag.operation in Okta's API reference
};

std::span<const EndpointRow> all_endpoints();
const EndpointRow& row_of(Endpoint endpoint);

/// A request in the making. Arguments stand for the path's {braces}, in their order.
class OktaRequest {
 public:
  explicit OktaRequest(Endpoint endpoint, std::initializer_list<std::string_view> arguments = {});
  OktaRequest(Endpoint endpoint, std::vector<std::string> arguments);

  OktaRequest& query(std::string_view name, std::string_view value);
  OktaRequest& body(const Json& json);
  /// A body that is no JSON; its Content-Type is the caller's business.
  OktaRequest& form(std::string text);

  /// The next page, as the last one's link names it; it must be one of the same operation.
  OktaRequest& continued(std::string target);

  Endpoint endpoint() const { return endpoint_; }
  const EndpointRow& row() const { return row_of(endpoint_); }

  /// Path and query are percent-encoded; no headers are set. Errors: okta.request_malformed (too
  /// few or too many arguments, a query parameter that the row does not take), okta.target_unknown
  /// (an argument is empty), okta.login_unaddressable (Okta takes no login with a slash or question
  /// mark in a path: reference of GET /users/{id}), okta.foreign_link (the next page is of another
  /// operation).
  Result<HttpRequest> build() const;

 private:
  Endpoint endpoint_;
  std::vector<std::string> arguments_;
  std::vector<std::pair<std::string, std::string>> query_;
  std::string body_;
  std::string continued_;
};

}  // namespace rollcall

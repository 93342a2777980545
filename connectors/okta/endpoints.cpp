#include "connectors/okta/endpoints.h"

#include <fmt/core.h>

#include <algorithm>
#include <array>

#include "connectors/okta/reply_headers.h"
#include "service/base/text.h"

namespace rollcall {
namespace {

constexpr EndpointLifecycle ga = EndpointLifecycle::ga;

constexpr std::array kEndpoints{
#define ROLLCALL_ENDPOINT(id, method, path, query, scopes, bucket, lifecycle, source) \
  EndpointRow{Endpoint::id, #id, method, path, query, scopes, bucket, lifecycle, source},
#include "connectors/okta/endpoints.def"
#undef ROLLCALL_ENDPOINT
};

bool takes(const EndpointRow& row, std::string_view name) {
  const auto names = split(row.query, ' ');
  return !name.empty() && std::find(names.begin(), names.end(), name) != names.end();
}

bool is_argument(std::string_view segment) {
  return segment.size() > 2 && segment.front() == '{' && segment.back() == '}';
}

Error malformed(const EndpointRow& row, std::string what) {
  return make_error(ErrorCode::okta_request_malformed, std::move(what), std::string(row.name));
}

/// Whether the segment could leave its place in the path, or cannot be told from its end.
Result<std::string> encoded(const EndpointRow& row, std::string_view braces,
                            const std::string& value) {
  if (value.empty()) {
    return make_error(ErrorCode::okta_target_unknown,
                      fmt::format("there is nothing to put for {}", braces), std::string(row.name));
  }
  const bool dots = value == "." || value == "..";
  if (dots || value.find_first_of("/?") != std::string::npos) {
    return make_error(ErrorCode::okta_login_unaddressable,
                      fmt::format("what stands for {} cannot stand in a path", braces),
                      std::string(row.name));
  }
  return percent_encode(value);
}

}  // namespace

std::span<const EndpointRow> all_endpoints() { return kEndpoints; }

const EndpointRow& row_of(Endpoint endpoint) {
  return kEndpoints[static_cast<std::size_t>(endpoint)];
}

OktaRequest::OktaRequest(Endpoint endpoint, std::initializer_list<std::string_view> arguments)
    : endpoint_(endpoint), arguments_(arguments.begin(), arguments.end()) {}

OktaRequest::OktaRequest(Endpoint endpoint, std::vector<std::string> arguments)
    : endpoint_(endpoint), arguments_(std::move(arguments)) {}

OktaRequest& OktaRequest::query(std::string_view name, std::string_view value) {
  query_.emplace_back(name, value);
  return *this;
}

OktaRequest& OktaRequest::body(const Json& json) {
  body_ = json.dump();
  return *this;
}

OktaRequest& OktaRequest::form(std::string text) {
  body_ = std::move(text);
  return *this;
}

OktaRequest& OktaRequest::continued(std::string target) {
  continued_ = std::move(target);
  return *this;
}

Result<HttpRequest> OktaRequest::build() const {
  const EndpointRow& row = this->row();
  HttpRequest out;
  out.method = row.method;
  std::size_t used = 0;
  for (const std::string_view segment : split(row.path.substr(1), '/')) {
    out.target += '/';
    if (!is_argument(segment)) {
      out.target += segment;
      continue;
    }
    if (used == arguments_.size()) return malformed(row, fmt::format("{} is missing", segment));
    const auto value = encoded(row, segment, arguments_[used++]);
    if (!value) return value.error();
    out.target += *value;
  }
  if (used != arguments_.size()) return malformed(row, "there are more arguments than places");
  if (!continued_.empty()) {
    if (continued_.substr(0, continued_.find('?')) != out.target) {
      return make_error(ErrorCode::okta_foreign_link, "the next page is of another operation",
                        std::string(row.name));
    }
    out.target = continued_;
    return out;
  }
  char separator = '?';
  for (const auto& [name, value] : query_) {
    if (!takes(row, name)) return malformed(row, fmt::format("it takes no parameter '{}'", name));
    out.target += fmt::format("{}{}={}", separator, name, percent_encode(value));
    separator = '&';
  }
  out.body = body_;
  return out;
}

}  // namespace rollcall

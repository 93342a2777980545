#include "tests/sim/reply.h"

#include <fmt/core.h>

#include "service/base/text.h"

namespace rollcall::sim {

std::string_view SimReply::header(std::string_view name) const {
  for (const auto& [key, value] : headers) {
    if (ascii_iequals(key, name)) return value;
  }
  return {};
}

SimReply json_reply(int status, std::string body) {
  SimReply reply;
  reply.status = status;
  reply.headers.emplace_back("Content-Type", "application/json");
  reply.body = std::move(body);
  return reply;
}

SimReply json_reply(int status, const Json& body) { return json_reply(status, body.dump()); }

SimReply no_content() {
  SimReply reply;
  reply.status = 204;
  return reply;
}

SimReply error_reply(int status, std::string_view code, std::string_view summary,
                     const std::vector<std::string>& causes) {
  Json body = Json::object();
  body.set("errorCode", code);
  body.set("errorSummary", summary);
  body.set("errorLink", code);
  body.set("errorId", "");
  Json list = Json::array();
  for (const std::string& cause : causes) {
    list.push(Json(Json::Object{{"errorSummary", Json(cause)}}));
  }
  body.set("errorCauses", std::move(list));
  return json_reply(status, body);
}

SimReply not_found(std::string_view what, std::string_view type) {
  return error_reply(404, "E0000007",
                     fmt::format("Not found: Resource not found: {} ({})", what, type));
}

SimReply malformed_body() {
  return error_reply(400, "E0000003", "The request body was not well-formed.");
}

SimReply validation_failed(std::string_view object, const std::vector<std::string>& causes) {
  return error_reply(400, "E0000001", fmt::format("Api validation failed: {}", object), causes);
}

SimReply forbidden() {
  return error_reply(403, "E0000006", "You do not have permission to perform the requested action");
}

SimReply wrong_status() {
  return error_reply(403, "E0000038",
                     "This operation is not allowed in the user's current status.");
}

SimReply invalid_criteria() { return error_reply(400, "E0000031", "Invalid search criteria."); }

SimReply invalid_cursor() {
  return error_reply(400, "E0000029", "Invalid paging request.", {"Invalid cursor."});
}

SimReply still_activating() {
  return error_reply(409, "E0000112",
                     "Cannot update this user because they are still being activated. Please try "
                     "again in a few minutes.");
}

}  // namespace rollcall::sim

// Recorded exchanges with real orgs, as replies of our client.
#pragma once

#include <gtest/gtest.h>

#include <filesystem>
#include <optional>
#include <string>

#include "connectors/http/message.h"
#include "service/base/file.h"
#include "service/base/json.h"

namespace rollcall::test {

inline std::string samples_folder() {
  return std::string(ROLLCALL_SOURCE_DIR) + "/../shared/okta/samples";
}

/// The sample whose name begins with "NN-"; nullopt where the samples are not at hand.
inline std::optional<Json> sample(const std::string& number) {
  std::error_code none;
  for (const auto& entry : std::filesystem::directory_iterator(samples_folder(), none)) {
    if (entry.path().filename().string().rfind(number + "-", 0) != 0) continue;
    const auto text = read_file(entry.path().string());
    if (!text) return std::nullopt;
    auto json = parse_json(*text);
    if (!json) return std::nullopt;
    return *json;
  }
  return std::nullopt;
}

inline HttpReply reply_of(const Json& sample) {
  HttpReply reply;
  reply.status = static_cast<int>(sample["status"].as_int());
  if (!sample["response_body"].is_null()) reply.body = sample["response_body"].dump();
  for (const auto& [name, value] : sample["response_headers"].members()) {
    if (value.is_string()) reply.headers.emplace_back(name, std::string(value.as_string()));
    for (const Json& item : value.items()) {
      reply.headers.emplace_back(name, std::string(item.as_string()));
    }
  }
  if (const auto date = parse_http_date(header_value(reply.headers, "date"))) reply.date = *date;
  return reply;
}

inline HttpReply make_reply(int status, std::string body) {
  HttpReply reply;
  reply.status = status;
  reply.body = std::move(body);
  return reply;
}

inline HttpReply okta_error(int status, const std::string& code, const std::string& summary = "",
                            const std::string& cause = "") {
  Json body = Json::object();
  body.set("errorCode", code).set("errorSummary", summary);
  Json causes = Json::array();
  if (!cause.empty()) {
    Json one = Json::object();
    one.set("errorSummary", cause);
    causes.push(std::move(one));
  }
  body.set("errorCauses", std::move(causes));
  return make_reply(status, body.dump());
}

}  // namespace rollcall::test

#define NEED_SAMPLE(variable, number)                                                     \
  const auto variable = rollcall::test::sample(number);                                   \
  if (!(variable)) {                                                                      \
    GTEST_SKIP() << "recorded samples are missing: " << rollcall::test::samples_folder(); \
  }

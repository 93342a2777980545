// Drives SimOrg in virtual time for the tests of this folder.
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "tests/sim/sim_org.h"

namespace rollcall::sim {

/// Stands still until told to move.
class HandClock final : public Clock {
 public:
  WallTime wall() const override { return {ms_}; }
  MonoTime mono() const override { return {ms_}; }
  void advance(std::int64_t ms) { ms_ += ms; }

 private:
  std::int64_t ms_ = 1'790'000'000'400;  // 400 ms into a second
};

inline SimOptions unlimited() {
  SimOptions options;
  options.limits = "none";
  options.tokens = {"TOKEN"};
  return options;
}

/// One org and a client of it.
class Driver {
 public:
  explicit Driver(SimOptions options = unlimited(), std::string_view org_json = {}) {
    auto made = SimOrg::create(std::move(options), clock);
    if (!made) throw std::runtime_error(made.error().message);
    sim = std::move(*made);
    if (org_json.empty()) return;
    if (auto loaded = sim->load(org_json); !loaded)
      throw std::runtime_error(loaded.error().message);
  }

  SimReply send(std::string method, std::string target, std::string body = {},
                std::int64_t in_flight = 1) {
    ServedRequest request;
    request.method = std::move(method);
    request.target = std::move(target);
    request.headers = {{"Host", "example.okta.com"}};
    if (!token.empty()) request.headers.emplace_back("Authorization", "SSWS " + token);
    if (!cookie.empty()) request.headers.emplace_back("Cookie", cookie);
    request.headers.insert(request.headers.end(), headers.begin(), headers.end());
    request.body = std::move(body);
    SimReply reply = sim->handle(request, in_flight);
    if (reply.body.empty()) return reply;
    const auto parsed = parse_json(reply.body);
    json = parsed ? *parsed : Json();
    return reply;
  }

  int status(std::string method, std::string target, std::string body = {}) {
    return send(std::move(method), std::move(target), std::move(body)).status;
  }

  /// Creates a user and gives its id.
  std::string make_user(const std::string& login, std::string_view query = "?activate=true",
                        bool password = true) {
    const std::string credentials =
        password ? R"(,"credentials":{"password":{"value":"Tr0ub4dor-and-3"}})" : "";
    const SimReply reply = send("POST", "/api/v1/users" + std::string(query),
                                R"({"profile":{"firstName":"Ada","lastName":"Byron","email":")" +
                                    login + R"(","login":")" + login + "\"}" + credentials + "}");
    EXPECT_EQ(reply.status, 200) << reply.body;
    return std::string(json["id"].as_string());
  }

  std::string make_group(const std::string& name) {
    EXPECT_EQ(status("POST", "/api/v1/groups", R"({"profile":{"name":")" + name + "\"}}"), 200);
    return std::string(json["id"].as_string());
  }

  std::string user_status(const std::string& id) {
    if (status("GET", "/api/v1/users/" + id) == 404) return "gone";
    return std::string(json["status"].as_string());
  }

  std::string error_code() const { return std::string(json["errorCode"].as_string()); }
  std::string first_cause() const {
    const auto& causes = json["errorCauses"].items();
    return causes.empty() ? std::string() : std::string(causes[0]["errorSummary"].as_string());
  }
  std::vector<std::string> ids() const {
    std::vector<std::string> out;
    for (const Json& item : json.items()) out.emplace_back(item["id"].as_string());
    return out;
  }

  HandClock clock;
  std::unique_ptr<SimOrg> sim;
  std::string token = "TOKEN";  // empty: no credential
  std::string cookie;
  std::vector<std::pair<std::string, std::string>> headers;  // more of them
  Json json;                                                 // of the last reply that had a body
};

/// The target of a link of that relation, without scheme and host; empty if there is none.
inline std::string next_link(const SimReply& reply, std::string_view relation) {
  const std::string mark = "; rel=\"" + std::string(relation) + "\"";
  for (const auto& [name, value] : reply.headers) {
    const std::size_t at = value.find(mark);
    if (name != "Link" || at == std::string::npos) continue;
    const std::string url = value.substr(1, at - 2);
    return url.substr(url.find('/', 8));
  }
  return {};
}

}  // namespace rollcall::sim

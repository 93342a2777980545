#include "tests/worlds/sim_world.h"

#include <stdexcept>

namespace rollcall::worlds {
namespace {

constexpr const char* kOurs = "OURS";
constexpr const char* kAdmins = "ADMINS";

}  // namespace

SimWorld::SimWorld(std::int64_t index_lag_ms, std::string_view org_json) {
  sim::SimOptions options;
  options.limits = "none";
  options.tokens = {kOurs, kAdmins};
  options.org.index_lag_ms = index_lag_ms;
  auto made = sim::SimOrg::create(std::move(options), clock);
  if (!made) throw std::runtime_error(made.error().message);
  org = std::move(*made);
  if (auto loaded = org->load(org_json); !loaded) throw std::runtime_error(loaded.error().message);
}

sim::SimReply SimWorld::handle(const std::string& method, const std::string& target,
                               const std::string& body, const char* token) {
  ServedRequest request;
  request.method = method;
  request.target = target;
  request.headers = {{"Host", "example.okta.com"}, {"Authorization", std::string("SSWS ") + token}};
  request.body = body;
  return org->handle(request);
}

HttpExchange SimWorld::send(const HttpRequest& request) {
  sim::SimReply reply = handle(request.method, request.target, request.body, kOurs);
  HttpReply out;
  out.status = reply.status;
  out.headers = std::move(reply.headers);
  out.body = std::move(reply.body);
  if (const auto date = parse_http_date(header_value(out.headers, "Date"))) out.date = *date;
  return HttpExchange::replied(std::move(out));
}

int SimWorld::admin(const std::string& method, const std::string& target, const std::string& body) {
  const sim::SimReply reply = handle(method, target, body, kAdmins);
  const auto parsed = parse_json(reply.body);
  json = parsed ? *parsed : Json();
  return reply.status;
}

}  // namespace rollcall::worlds

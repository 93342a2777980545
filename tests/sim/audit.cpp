#include "tests/sim/audit.h"

#include "service/base/text.h"

namespace rollcall::sim {
namespace {

constexpr std::size_t kKeptLines = 200'000;

bool is_secret(std::string_view name) {
  for (const char* secret : {"password", "answer", "secret", "hash", "oldPassword", "newPassword",
                             "passCode", "token", "stateToken", "sessionToken", "recoveryToken"}) {
    if (name == secret) return true;
  }
  return false;
}

}  // namespace

Json mask_secrets(const Json& value) {
  if (value.is_array()) {
    Json out = Json::array();
    for (const Json& item : value.items()) out.push(mask_secrets(item));
    return out;
  }
  if (!value.is_object()) return value;
  Json out = Json::object();
  for (const auto& [name, member] : value.members()) {
    out.set(name, is_secret(name) && !member.is_null() ? Json("(masked)") : mask_secrets(member));
  }
  return out;
}

std::uint64_t Audit::append(const Call& call, const SimReply& reply, std::string_view request_id) {
  const std::string& target = call.request.target;
  const std::size_t mark = target.find('?');
  Json entry = Json::object();
  entry.set("n", size() + 1);
  entry.set("time", format_okta_time(call.now));
  entry.set("method", call.request.method);
  entry.set("path", target.substr(0, mark));
  entry.set("query", mark == std::string::npos ? std::string() : target.substr(mark + 1));
  entry.set("body", mask_secrets(call.body));
  entry.set("request_id", request_id);
  Json ids = Json::array();
  for (const std::string& id : call.result_ids) ids.push(Json(id));
  entry.set("ids", std::move(ids));
  entry.set("status", reply.status);
  lines_.push_back(entry.dump());
  if (lines_.size() > kKeptLines) {
    lines_.pop_front();
    ++dropped_;
  }
  return size();
}

std::string Audit::lines_since(std::uint64_t since) const {
  std::string out;
  for (std::uint64_t i = since > dropped_ ? since - dropped_ : 0; i < lines_.size(); ++i) {
    out += lines_[i];
    out += '\n';
  }
  return out;
}

}  // namespace rollcall::sim

// Any bytes as the body of a reply, with any status, to an operation of any kind: every refusal has
// a code and one sentence, in one line and without what the body said.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>

#include "connectors/okta/codec.h"

namespace rollcall {
namespace {

constexpr int kStatuses[] = {200, 204, 301, 400, 401, 403, 404, 405, 406,
                             409, 411, 412, 423, 429, 500, 501, 502, 503};

Operation operation(unsigned kind) {
  Operation op;
  op.id = 1;
  op.kind = static_cast<OperationKind>(kind % kOperationKinds);
  op.subject = {"E1", "00u1", "ada@x.example"};
  op.object = {ObjectRef::Kind::group, "00g1", "Sales"};
  op.changes = {{"department", std::nullopt, "Sales"}};
  return op;
}

void judge(const Operation& op, const HttpReply& reply) {
  const Outcome out = classify(op, HttpExchange::replied(reply));
  const bool fine = reply.status >= 200 && reply.status < 300;
  if (!fine && out.state != Outcome::State::applied) ROLLCALL_ASSERT(out.code.has_value());
  if (out.code) ROLLCALL_ASSERT(!out.message.empty());
  ROLLCALL_ASSERT(out.message.find('\n') == std::string::npos);
  ROLLCALL_ASSERT(out.message.size() < 4096);
  if (!fine) {
    const Error error = read_failure(HttpExchange::replied(reply), "/api/v1/users");
    ROLLCALL_ASSERT(!error.message.empty() && error.where == "/api/v1/users");
  }
  const Completion probed = read_probe(op, HttpExchange::replied(reply));
  ROLLCALL_ASSERT(probed.probe);
}

}  // namespace
}  // namespace rollcall

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  if (size < 2) return 0;
  rollcall::HttpReply reply;
  reply.status = rollcall::kStatuses[bytes[0] % std::size(rollcall::kStatuses)];
  reply.body.assign(reinterpret_cast<const char*>(bytes) + 2, size - 2);
  rollcall::judge(rollcall::operation(bytes[1]), reply);
  return 0;
}

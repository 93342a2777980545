// Any bytes as the replies of a token endpoint: a token, or one error that names none of its text.
// Each line is one reply: a status digit, a header line up to a bar, the body.
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "connectors/okta/oauth.h"
#include "service/base/text.h"

namespace rollcall {
namespace {

class StandingClock final : public Clock {
 public:
  WallTime wall() const override { return {1'790'000'000'000}; }
  MonoTime mono() const override { return {5'000}; }
};

class Replies final : public Transport {
 public:
  explicit Replies(std::vector<HttpReply> replies) : replies_(std::move(replies)) {}
  HttpExchange send(const HttpRequest&, std::int64_t) override {
    if (at_ == replies_.size()) {
      return HttpExchange::failed(make_error(ErrorCode::http_lost, "no more"), RequestSent::maybe);
    }
    return HttpExchange::replied(replies_[at_++]);
  }

 private:
  std::vector<HttpReply> replies_;
  std::size_t at_ = 0;
};

std::vector<HttpReply> replies_in(std::string_view text) {
  static constexpr int kStatuses[] = {200, 400, 401, 403, 429, 500, 200, 400, 404, 503};
  std::vector<HttpReply> out;
  for (const std::string_view line : split(text, '\n')) {
    if (line.empty() || out.size() == 8) continue;
    HttpReply reply;
    reply.status = kStatuses[static_cast<unsigned char>(line[0]) % 10U];
    const std::size_t bar = line.find('|');
    const std::string_view header =
        bar == std::string_view::npos ? std::string_view() : line.substr(1, bar - 1);
    const std::size_t colon = header.find(':');
    if (colon != std::string_view::npos) {
      reply.headers.emplace_back(std::string(header.substr(0, colon)),
                                 std::string(header.substr(colon + 1)));
    }
    reply.body = std::string(bar == std::string_view::npos ? line.substr(1) : line.substr(bar + 1));
    if (const auto date = parse_http_date(header_value(reply.headers, "Date"))) reply.date = *date;
    out.push_back(std::move(reply));
  }
  return out;
}

void ask(std::string_view text) {
  static const StandingClock clock;
  static const auto key = SigningKey::generate();
  OAuthOptions options;
  options.client_id = "0oaFuzz";
  options.dpop = false;
  options.keys = []() -> Result<std::vector<SigningKey>> { return std::vector{*key}; };
  TokenEndpoint::Surroundings around;
  around.base_url = "https://acme.okta.com";
  around.version = "0";
  around.clock = &clock;
  around.wait = [](std::int64_t ms) {
    ROLLCALL_ASSERT(ms > 0 && ms <= 120'000);
    return true;
  };
  TokenEndpoint endpoint(std::move(options), std::move(around));
  Replies transport(replies_in(text));
  const auto token = endpoint.ask({"okta.users.read"}, transport);
  if (token) {
    ROLLCALL_ASSERT(!token->text.empty() && token->renew_at <= token->ends_at);
    ROLLCALL_ASSERT(token->ends_at > clock.mono());
  } else {
    ROLLCALL_ASSERT(!token.error().message.empty());
  }
}

}  // namespace
}  // namespace rollcall

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  rollcall::ask({reinterpret_cast<const char*>(bytes), size});
  return 0;
}

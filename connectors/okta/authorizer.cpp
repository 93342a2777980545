#include "connectors/okta/authorizer.h"

#include <fmt/core.h>

#include <condition_variable>
#include <mutex>

#include "connectors/okta/codec.h"
#include "connectors/okta/reply_headers.h"
#include "connectors/okta/status_codes.h"

namespace rollcall {
namespace {

constexpr int kMostProofs = 2;                // for one request, each for nonce and clock
constexpr std::int64_t kRenewAgain = 30'000;  // after a renewal that failed

class ApiTokenAuthorizer final : public Authorizer {
 public:
  explicit ApiTokenAuthorizer(std::function<Result<Secret>()> read) : read_(std::move(read)) {}

  Result<void> open() override {
    const auto got = newer_than(0);
    return got ? ok() : Result<void>(got.error());
  }

  Result<std::uint64_t> sign(HttpRequest& request, Transport&) override {
    const auto got = newer_than(0);
    if (!got) return got.error();
    const std::lock_guard lock(mutex_);
    std::string header = "SSWS ";
    header += token_.reveal();
    request.headers.emplace_back("Authorization", std::move(header));
    return generation_;
  }

  /// A 401 of a token that has been replaced meanwhile is asked again once with the new one.
  bool mended(const HttpReply& reply, std::uint64_t generation, Repeats& repeats) override {
    if (reply.status != kUnauthorised || ++repeats.credential > 1) return false;
    Secret before;
    {
      const std::lock_guard lock(mutex_);
      if (generation_ > generation) return true;
      before = token_;
    }
    if (!newer_than(generation)) return false;
    const std::lock_guard lock(mutex_);
    return token_.reveal() != before.reveal();
  }

  std::optional<Error> explain(const HttpReply&) const override { return std::nullopt; }

 private:
  /// Reads the token unless a newer one than `known` is there; gives its generation.
  Result<std::uint64_t> newer_than(std::uint64_t known) {
    {
      const std::lock_guard lock(mutex_);
      if (generation_ > known) return generation_;
    }
    auto read = read_();
    if (!read) return read.error();
    const std::lock_guard lock(mutex_);
    token_ = std::move(*read);
    return ++generation_;
  }

  std::function<Result<Secret>()> read_;
  std::mutex mutex_;
  Secret token_;
  std::uint64_t generation_ = 0;  // 0: not read yet
};

class OAuthAuthorizer final : public Authorizer {
 public:
  OAuthAuthorizer(OAuthOptions options, TokenEndpoint::Surroundings around)
      : scopes_(options.scopes),
        clock_(around.clock),
        endpoint_(std::move(options), std::move(around)) {}

  Result<void> open() override { return endpoint_.open(); }

  Result<std::uint64_t> sign(HttpRequest& request, Transport& transport) override {
    std::unique_lock lock(mutex_);
    if (const auto ready = make_ready(lock, transport); !ready) return ready.error();
    const AccessToken token = token_;
    const std::string nonce = nonce_;
    const std::uint64_t generation = generation_;
    lock.unlock();
    std::string header = token.bound ? "DPoP " : "Bearer ";
    header += token.text.reveal();
    request.headers.emplace_back("Authorization", std::move(header));
    if (token.bound) {
      auto proof = endpoint_.proof(request, token.text.reveal(), nonce);
      if (!proof) return proof.error();
      request.headers.emplace_back("DPoP", std::move(*proof));
    }
    return generation;
  }

  bool mended(const HttpReply& reply, std::uint64_t generation, Repeats& repeats) override {
    const bool clock_changed = endpoint_.learn(reply);
    const ProofTrouble trouble = proof_trouble(reply);
    const std::lock_guard lock(mutex_);
    if (trouble == ProofTrouble::nonce) {
      nonce_ = header_value(reply.headers, "DPoP-Nonce");
      return ++repeats.nonce <= kMostProofs;
    }
    if (trouble == ProofTrouble::refused) return clock_changed && ++repeats.proof <= kMostProofs;
    if (reply.status != kUnauthorised || ++repeats.credential > 1) return false;
    refused_ = std::max(refused_, generation);
    return true;
  }

  std::optional<Error> explain(const HttpReply& reply) const override {
    const std::string id = request_id(reply);
    const auto error = [&id](ErrorCode code, const std::string& why) {
      return make_error(code, id.empty() ? why : why + ", request id " + id);
    };
    switch (proof_trouble(reply)) {
      case ProofTrouble::nonce:
        return error(ErrorCode::okta_nonce_loop, "the org asked for a new nonce again and again");
      case ProofTrouble::refused:
        return error(ErrorCode::okta_dpop_refused,
                     "the org does not accept the proof of possession");
      case ProofTrouble::none:
        break;
    }
    if (reply.status != kUnauthorised) return std::nullopt;
    return error(ErrorCode::okta_token_refused, "the org refuses a token that it has just issued");
  }

 private:
  /// Until there is a token to send. One thread gets it, without the lock; those who still have a
  /// good one go on, the others wait.
  Result<void> make_ready(std::unique_lock<std::mutex>& lock, Transport& transport) {
    for (;;) {
      const MonoTime now = clock_->mono();
      const bool good = generation_ > refused_ && now < token_.ends_at;
      if (good && (now < token_.renew_at || asking_)) return ok();
      if (asking_) {
        const std::uint64_t seen = answers_;
        answered_.wait(lock, [&] { return answers_ != seen; });
        if (failure_) return *failure_;
        continue;
      }
      asking_ = true;
      lock.unlock();
      auto got = endpoint_.ask(scopes_, transport);
      lock.lock();
      asking_ = false;
      ++answers_;
      answered_.notify_all();
      failure_.reset();
      if (got) {
        token_ = std::move(*got);
        ++generation_;
        return ok();
      }
      if (good && clock_->mono() < token_.ends_at) {
        token_.renew_at = clock_->mono() + kRenewAgain;  // what we have still lasts
        return ok();
      }
      failure_ = got.error();
      return got.error();
    }
  }

  const std::vector<std::string> scopes_;
  const Clock* clock_;
  TokenEndpoint endpoint_;
  std::mutex mutex_;
  std::condition_variable answered_;
  AccessToken token_;
  std::string nonce_;             // the API's; the token endpoint has its own
  std::uint64_t generation_ = 0;  // 0: no token yet
  std::uint64_t refused_ = 0;     // this generation and those before it
  std::uint64_t answers_ = 0;     // of the token endpoint
  std::optional<Error> failure_;  // of the last of them
  bool asking_ = false;
};

}  // namespace

std::unique_ptr<Authorizer> make_api_token_authorizer(std::function<Result<Secret>()> token) {
  return std::make_unique<ApiTokenAuthorizer>(std::move(token));
}

std::unique_ptr<Authorizer> make_oauth_authorizer(OAuthOptions options,
                                                  TokenEndpoint::Surroundings around) {
  return std::make_unique<OAuthAuthorizer>(std::move(options), std::move(around));
}

}  // namespace rollcall

#include "connectors/okta/client.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <mutex>
#include <set>
#include <thread>

#include "tests/unit/okta/made_keys.h"
#include "tests/unit/okta/small_org.h"

namespace rollcall {
namespace {

using State = Outcome::State;
using test::KeptOrg;
using test::make_reply;
using test::okta_error;
using test::SmallOrg;

/// Answers every thread's requests by one function; keeps what was sent.
class FakeNet {
 public:
  using Answer = std::function<HttpExchange(const HttpRequest&)>;
  explicit FakeNet(Answer answer) : answer_(std::move(answer)) {}

  HttpExchange send(const HttpRequest& request) {
    {
      const std::lock_guard lock(mutex);
      sent.push_back(request);
      if (!busy.insert(request.target).second) overlapped = true;
    }
    HttpExchange out = answer_(request);
    const std::lock_guard lock(mutex);
    busy.erase(request.target);
    return out;
  }
  std::mutex mutex;
  std::vector<HttpRequest> sent;
  std::set<std::string> busy;
  bool overlapped = false;

 private:
  Answer answer_;
};

class FakeTransport final : public Transport {
 public:
  explicit FakeTransport(FakeNet& net) : net_(net) {}
  HttpExchange send(const HttpRequest& request, std::int64_t) override {
    return net_.send(request);
  }

 private:
  FakeNet& net_;
};

class Collected final : public CompletionSink {
 public:
  void completed(Completion completion) override {
    const std::lock_guard lock(mutex_);
    got_.push_back(std::move(completion));
    filled_.notify_all();
  }
  std::vector<Completion> wait(std::size_t count) {
    std::unique_lock lock(mutex_);
    filled_.wait(lock, [&] { return got_.size() >= count; });
    auto out = got_;
    std::sort(out.begin(), out.end(),
              [](const Completion& a, const Completion& b) { return a.operation < b.operation; });
    return out;
  }

 private:
  std::mutex mutex_;
  std::condition_variable filled_;
  std::vector<Completion> got_;
};

HttpReply limited(int status, std::string body, int limit = 6000, int remaining = 5000) {
  HttpReply reply = make_reply(status, std::move(body));
  reply.headers = {{"X-Rate-Limit-Limit", std::to_string(limit)},
                   {"X-Rate-Limit-Remaining", std::to_string(remaining)},
                   {"X-Rate-Limit-Reset", "2000000060"},
                   {"X-Okta-Request-Id", "req1"}};
  reply.date = WallTime{2'000'000'000'000};
  return reply;
}

HttpExchange ok(std::string body = "{}") { return HttpExchange::replied(limited(200, body)); }

struct World {
  SystemClock clock;
  FakeNet net;
  std::atomic<int> tokens_read{0};
  std::unique_ptr<OktaDirectory> okta;

  explicit World(FakeNet::Answer answer, bool new_token_each_time = true,
                 std::optional<OAuthOptions> oauth = std::nullopt)
      : net(std::move(answer)) {
    OktaOptions options;
    options.oauth = std::move(oauth);
    options.base_url = "https://acme.okta.com";
    options.version = "1.2.3";
    options.clock = &clock;
    options.transport = [this]() -> Result<std::unique_ptr<Transport>> {
      return std::unique_ptr<Transport>(std::make_unique<FakeTransport>(net));
    };
    options.token = [this, new_token_each_time]() -> Result<Secret> {
      const int n = ++tokens_read;
      return Secret("token" + std::to_string(new_token_each_time ? n : 1));
    };
    auto opened = OktaDirectory::open(std::move(options));
    EXPECT_TRUE(opened);
    okta = std::move(*opened);
  }
};

Operation op(std::uint32_t id, OperationKind kind, const std::string& user = "00u1") {
  Operation out;
  out.id = id;
  out.kind = kind;
  out.subject = {"E" + user, user, user + "@x.example"};
  out.object = {ObjectRef::Kind::group, "00g1", "g"};
  return out;
}

void submit(World& world, const Operation& operation, Collected& sink) {
  const Operation* one = &operation;
  world.okta->submit({&one, 1}, sink);
}

TEST(OktaDirectory, SendsTheDocumentedHeaders) {
  World world([](const HttpRequest&) { return ok(); });
  Collected sink;
  submit(world, op(1, OperationKind::user_suspend), sink);
  const auto done = sink.wait(1);
  EXPECT_EQ(static_cast<int>(done[0].outcome.state), static_cast<int>(State::applied));
  EXPECT_EQ(done[0].outcome.request_id, "req1");
  const HttpHeaders& headers = world.net.sent[0].headers;
  EXPECT_EQ(header_value(headers, "Accept"), "application/json");
  EXPECT_EQ(header_value(headers, "Content-Type"), "application/json");
  EXPECT_EQ(header_value(headers, "User-Agent"), "Rollcall/1.2.3");
  EXPECT_EQ(header_value(headers, "Authorization"), "SSWS token1");
}

TEST(OktaDirectory, AHostCompletesWithItsRiders) {
  World world([](const HttpRequest&) { return ok(R"({"id":"00uNew"})"); });
  Operation create = op(5, OperationKind::user_create);
  create.subject.user_id.clear();
  create.credential = Credential::stage;
  Operation rider = op(6, OperationKind::group_add_member);
  Operation left_out = op(7, OperationKind::group_add_member);
  left_out.object.id.clear();
  const std::vector<const Operation*> all{&create, &rider, &left_out};
  Collected sink;
  world.okta->submit(all, sink);
  const auto done = sink.wait(3);
  ASSERT_EQ(done.size(), 3U);
  EXPECT_EQ(done[0].outcome.user_id, "00uNew");
  EXPECT_EQ(done[1].outcome.user_id, "00uNew");
  EXPECT_EQ(static_cast<int>(done[1].outcome.state), static_cast<int>(State::applied));
  EXPECT_EQ(done[2].outcome.code, ErrorCode::okta_target_unknown);
  EXPECT_EQ(world.net.sent.size(), 1U);
}

TEST(OktaDirectory, A429IsSettledInside) {
  std::atomic<int> calls{0};
  World world([&](const HttpRequest&) {
    if (++calls > 1) return ok();
    HttpReply busy = limited(429, "{}", 0, 0);  // too many at once
    return HttpExchange::replied(busy);
  });
  Collected sink;
  submit(world, op(1, OperationKind::user_suspend), sink);
  const auto done = sink.wait(1);
  EXPECT_EQ(static_cast<int>(done[0].outcome.state), static_cast<int>(State::applied));
  EXPECT_EQ(calls, 2);
  const DispatchCounts counts = world.okta->counts();
  EXPECT_EQ(counts.refused, 1U);
  EXPECT_EQ(counts.requests, 2U);
  EXPECT_EQ(counts.buckets.at("/api/v1/users").limit, 6000U);
}

TEST(OktaDirectory, AReplacedTokenIsReadOnceAfterA401) {
  World world([](const HttpRequest& request) {
    return header_value(request.headers, "Authorization") == "SSWS token1"
               ? HttpExchange::replied(okta_error(401, "E0000011"))
               : ok();
  });
  Collected sink;
  submit(world, op(1, OperationKind::user_suspend), sink);
  EXPECT_EQ(static_cast<int>(sink.wait(1)[0].outcome.state), static_cast<int>(State::applied));
  EXPECT_EQ(world.tokens_read, 2);
}

TEST(OktaDirectory, ATokenThatStaysRefusedStopsTheRun) {
  for (const bool replaced : {true, false}) {
    World world(
        [](const HttpRequest&) { return HttpExchange::replied(okta_error(401, "E0000011")); },
        replaced);
    Collected sink;
    submit(world, op(1, OperationKind::user_suspend), sink);
    const auto done = sink.wait(1);
    EXPECT_EQ(static_cast<int>(done[0].outcome.state), static_cast<int>(State::stop));
    EXPECT_EQ(done[0].outcome.code, ErrorCode::okta_credential_refused);
    EXPECT_EQ(world.net.sent.size(), replaced ? 2U : 1U);
  }
}

TEST(OktaDirectory, OneRequestAtATimeForEachPerson) {
  std::mutex mutex;
  std::set<std::string> busy;
  std::atomic<bool> overlapped{false};
  World world([&](const HttpRequest& request) {
    const std::string user = request.target.substr(14, 4);
    {
      const std::lock_guard lock(mutex);
      if (!busy.insert(user).second) overlapped = true;
    }
    std::this_thread::yield();
    const std::lock_guard lock(mutex);
    busy.erase(user);
    return ok();
  });
  Collected sink;
  for (std::uint32_t id = 1; id <= 60; ++id) {
    submit(world, op(id, OperationKind::user_suspend, "00u" + std::to_string(id % 3)), sink);
  }
  EXPECT_EQ(sink.wait(60).size(), 60U);
  EXPECT_FALSE(overlapped);
}

TEST(OktaDirectory, ProbesReadById) {
  World world([](const HttpRequest&) {
    return ok(R"({"id":"00u1","status":"SUSPENDED","profile":{"login":"a"}})");
  });
  Collected sink;
  world.okta->probe(op(9, OperationKind::user_suspend), sink);
  const auto done = sink.wait(1);
  EXPECT_TRUE(done[0].probe);
  ASSERT_TRUE(done[0].observed);
  EXPECT_EQ(done[0].observed->status, AccountStatus::suspended);
  EXPECT_EQ(world.net.sent[0].method, "GET");
}

TEST(OktaDirectory, WhatCannotBeEncodedEndsAtOnce) {
  World world([](const HttpRequest&) { return ok(); });
  Collected sink;
  submit(world, op(1, OperationKind::user_suspend, ""), sink);
  Operation create = op(2, OperationKind::user_create);
  create.subject = {"E", "", "a/b"};
  world.okta->probe(create, sink);
  const auto done = sink.wait(2);
  EXPECT_EQ(done[0].outcome.code, ErrorCode::okta_target_unknown);
  EXPECT_EQ(done[1].outcome.code, ErrorCode::okta_login_unaddressable);
  EXPECT_TRUE(world.net.sent.empty());
}

TEST(OktaDirectory, DrainLetsGoWhatHasNotLeftAndFinishesWhatHas) {
  std::mutex gate;
  std::unique_lock closed(gate);
  std::atomic<int> inside{0};
  World world([&](const HttpRequest&) {
    ++inside;
    const std::lock_guard wait(gate);
    return ok();
  });
  Collected sink;
  for (std::uint32_t id = 1; id <= 4; ++id) {
    submit(world, op(id, OperationKind::user_suspend, "00u" + std::to_string(id)), sink);
  }
  while (inside == 0) std::this_thread::yield();  // the first request of the bucket is out, alone
  world.okta->drain();
  EXPECT_EQ(world.okta->room().total, 0U);
  submit(world, op(5, OperationKind::user_suspend, "00u5"), sink);
  closed.unlock();
  const auto done = sink.wait(5);
  EXPECT_EQ(static_cast<int>(done[0].outcome.state), static_cast<int>(State::applied));
  for (std::size_t i = 1; i < 5; ++i) {
    EXPECT_EQ(static_cast<int>(done[i].outcome.state), static_cast<int>(State::unsent));
  }
}

TEST(OktaDirectory, A429AfterDrainEndsAsUnsent) {
  std::mutex gate;
  std::unique_lock closed(gate);
  std::atomic<int> inside{0};
  World world([&](const HttpRequest&) {
    ++inside;
    const std::lock_guard wait(gate);
    return HttpExchange::replied(limited(429, "{}", 100, 0));
  });
  Collected sink;
  submit(world, op(1, OperationKind::user_suspend), sink);
  while (inside == 0) std::this_thread::yield();
  world.okta->drain();
  closed.unlock();
  EXPECT_EQ(static_cast<int>(sink.wait(1)[0].outcome.state), static_cast<int>(State::unsent));
}

/// Without it the drain would last until the token endpoint's limit has been waited out three
/// times.
TEST(OktaDirectory, DrainDoesNotWaitForTheTokenEndpointsLimit) {
  OAuthOptions oauth;
  oauth.client_id = "0oaclient";
  oauth.scopes = {"okta.users.manage"};
  oauth.keys = [pem = test::MadeKey::ec("P-256").pkcs8()]() -> Result<std::vector<SigningKey>> {
    return std::vector<SigningKey>{*SigningKey::parse(Secret(pem), "k1")};
  };
  std::atomic<int> asked{0};
  World world(
      [&](const HttpRequest& request) {
        EXPECT_EQ(request.target, "/oauth2/v1/token");
        ++asked;
        return HttpExchange::replied(limited(429, "{}", 100, 0));
      },
      true, std::move(oauth));
  Collected sink;
  submit(world, op(1, OperationKind::user_suspend), sink);
  while (asked == 0) std::this_thread::yield();
  world.okta->drain();
  EXPECT_EQ(static_cast<int>(sink.wait(1)[0].outcome.state), static_cast<int>(State::unsent));
  EXPECT_EQ(asked, 1);
}

TEST(OktaDirectory, AnOrgThatFailsThroughoutIsUnavailable) {
  World world([](const HttpRequest&) { return HttpExchange::replied(make_reply(503, "<html>")); });
  Collected sink;
  for (std::uint32_t id = 1; id <= 12; ++id) {
    submit(world, op(id, OperationKind::user_update, "00u" + std::to_string(id)), sink);
  }
  int unavailable = 0;
  for (const Completion& one : sink.wait(12)) {
    unavailable += one.outcome.state == State::unavailable ? 1 : 0;
  }
  EXPECT_GE(unavailable, 4);
  EXPECT_LE(unavailable, 8);
}

TEST(OktaDirectory, ListsAnOrgThroughTheScheduler) {
  SmallOrg org;
  org.add_users(450);
  std::mutex mutex;
  World world([&](const HttpRequest& request) {
    const std::lock_guard lock(mutex);
    HttpExchange exchange = org.answer(request.target);
    HttpReply& reply = *exchange.reply;
    const HttpReply rates = limited(200, "");
    reply.headers.insert(reply.headers.end(), rates.headers.begin(), rates.headers.end());
    return exchange;
  });
  AttrSchema profile;
  ScanScope scope;
  scope.profile = &profile;
  KeptOrg kept;
  const auto summary = world.okta->observe(scope, kept, {});
  ASSERT_TRUE(summary) << describe(summary.error());
  EXPECT_TRUE(summary->certified);
  EXPECT_EQ(summary->users, 451U);
  const RateState state = world.okta->rate_state();
  EXPECT_EQ(state.limit_of({"/api/v1/users", 600, true}), 6000U);
}

TEST(OktaDirectory, AStoppedListingIsAnError) {
  World world([](const HttpRequest&) { return ok(); });
  AttrSchema profile;
  ScanScope scope;
  scope.profile = &profile;
  KeptOrg kept;
  std::stop_source stop;
  stop.request_stop();
  const auto summary = world.okta->observe(scope, kept, stop.get_token());
  ASSERT_FALSE(summary);
  EXPECT_EQ(summary.error().code, ErrorCode::org_listing_stopped);
}

}  // namespace
}  // namespace rollcall

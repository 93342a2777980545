// Threads, credentials and completions around the pure parts.
#include "connectors/okta/client.h"

#include <chrono>
#include <condition_variable>
#include <deque>
#include <mutex>
#include <thread>
#include <unordered_map>
#include <vector>

#include "connectors/okta/authorizer.h"
#include "connectors/okta/codec.h"
#include "connectors/okta/listing.h"
#include "connectors/okta/reply_headers.h"
#include "connectors/okta/status_codes.h"
#include "service/base/text.h"

namespace rollcall {
namespace {

constexpr int kFailuresUntilUnavailable = 8;  // in a row: the org, not the operation, is failing

Outcome unsent() {
  Outcome out;
  out.state = Outcome::State::unsent;
  out.message = "stopped before it was sent";
  return out;
}

Outcome not_encoded(const Error& error) {
  Outcome out;
  out.state = Outcome::State::failed;
  out.code = error.code;
  out.message = error.message;
  return out;
}

std::string person_of(const Operation& op) {
  if (!op.subject.user_id.empty()) return op.subject.user_id;
  return op.subject.login.empty() ? std::string() : fold_login(op.subject.login);
}

bool stopped_before_sending(const HttpExchange& exchange) {
  return exchange.failure && exchange.failure->error.code == ErrorCode::run_stopped;
}

/// A 401 that says nothing of our credential: a feature that the org lacks, somebody's password.
bool not_about_us(std::string_view body) {
  const std::string code = read_error(body).code;
  return code == "E0000015" || code == "E0000004";
}

/// Replies of a listing on their way to the thread that reads it.
struct Inbox {
  std::mutex mutex;
  std::condition_variable filled;
  std::vector<std::pair<std::uint64_t, std::optional<HttpExchange>>> replies;

  void put(std::uint64_t token, std::optional<HttpExchange> exchange) {
    const std::lock_guard lock(mutex);
    replies.emplace_back(token, std::move(exchange));
    filled.notify_one();
  }
};

}  // namespace

struct OktaDirectory::Running {
  explicit Running(OktaOptions given, BucketTable table)
      : options(std::move(given)), dispatch(std::move(table), options.capacity) {}

  OktaOptions options;
  mutable std::mutex mutex;
  std::condition_variable changed;   // something for the scheduler thread
  std::condition_variable admitted;  // something for a request thread
  std::condition_variable drained;   // whoever waits for a token need not any longer
  Dispatch dispatch;
  std::deque<TicketId> ready;
  std::unordered_map<TicketId, Repeats> asked_again;
  std::unique_ptr<Authorizer> authorizer;
  bool poked = false;
  bool draining = false;
  bool stopping = false;
  std::vector<std::thread> threads;

  void schedule();
  void serve();
  HttpExchange send(Transport* transport, HttpRequest request, bool anonymous,
                    std::uint64_t& generation);
  bool mended(TicketId id, const HttpExchange& exchange, std::uint64_t generation);
  void explain(HttpExchange& exchange) const;
  bool rest(std::int64_t ms);
  void add(Job job);
  void note(const HttpExchange& exchange, const std::string& bucket) const;
  Outcome judged(const Operation& op, const HttpExchange& exchange) const;
  void poke() {
    poked = true;
    changed.notify_one();
  }
};

/// The one that decides when requests leave.
void OktaDirectory::Running::schedule() {
  std::unique_lock lock(mutex);
  while (!stopping) {
    poked = false;
    const MonoTime now = options.clock->mono();
    const Admission admission = dispatch.poll(now);
    for (const TicketId id : admission.tickets) ready.push_back(id);
    if (!admission.tickets.empty()) admitted.notify_all();
    const auto woken = [this] { return poked || stopping; };
    if (admission.wake_at) {
      changed.wait_for(lock, std::chrono::milliseconds(*admission.wake_at - now), woken);
    } else {
      changed.wait(lock, woken);
    }
  }
}

void OktaDirectory::Running::serve() {
  std::unique_ptr<Transport> transport;
  for (;;) {
    std::unique_lock lock(mutex);
    admitted.wait(lock, [this] { return stopping || !ready.empty(); });
    if (ready.empty()) return;
    const TicketId id = ready.front();
    ready.pop_front();
    HttpRequest request = dispatch.request(id);
    const bool anonymous = dispatch.anonymous(id);
    const std::string bucket = dispatch.bucket_name(id);
    lock.unlock();
    std::uint64_t generation = 0;
    HttpExchange exchange;
    if (!transport) {
      auto made = options.transport();
      if (made) transport = std::move(*made);
      if (!made) exchange = HttpExchange::failed(made.error(), RequestSent::never);
    }
    if (transport) {
      exchange = send(transport.get(), std::move(request), anonymous, generation);
    }
    note(exchange, bucket);
    const bool repeat = mended(id, exchange, generation);
    if (!repeat) explain(exchange);
    lock.lock();
    auto ended = dispatch.replied(id, std::move(exchange), options.clock->mono(), repeat);
    if (ended) asked_again.erase(id);
    std::vector<Done> given_up;
    const bool unsent = ended && stopped_before_sending(ended->exchange);
    if (!ended && draining) given_up = dispatch.take_waiting();  // it would wait for ever
    poke();
    lock.unlock();
    for (const Done& done : given_up) done(std::nullopt);
    if (unsent) {
      ended->done(std::nullopt);
    } else if (ended) {
      ended->done(std::move(ended->exchange));
    }
  }
}

HttpExchange OktaDirectory::Running::send(Transport* transport, HttpRequest request, bool anonymous,
                                          std::uint64_t& generation) {
  request.headers.emplace_back("Accept", "application/json");
  request.headers.emplace_back("Content-Type", "application/json");
  request.headers.emplace_back("User-Agent", "Rollcall/" + options.version);
  if (anonymous) return transport->send(request, options.deadline_ms);
  const auto signed_with = authorizer->sign(request, *transport);
  if (!signed_with) return HttpExchange::failed(signed_with.error(), RequestSent::never);
  generation = *signed_with;
  return transport->send(request, options.deadline_ms);
}

/// Whether the cause of a refusal has gone meanwhile: a new token, another nonce, the right time.
bool OktaDirectory::Running::mended(TicketId id, const HttpExchange& exchange,
                                    std::uint64_t generation) {
  if (!exchange.reply) return false;
  const int status = exchange.reply->status;
  if (status != kUnauthorised && status != kBadRequest) return false;
  if (not_about_us(exchange.reply->body)) return false;
  Repeats so_far;
  {
    const std::lock_guard lock(mutex);
    so_far = asked_again[id];
  }
  const bool again = authorizer->mended(*exchange.reply, generation, so_far);
  const std::lock_guard lock(mutex);
  asked_again[id] = so_far;
  return again;
}

/// A refusal of the credential that stands, in words of its own where there are some.
void OktaDirectory::Running::explain(HttpExchange& exchange) const {
  if (!exchange.reply) return;
  if (not_about_us(exchange.reply->body)) return;
  auto error = authorizer->explain(*exchange.reply);
  if (error) exchange = HttpExchange::failed(std::move(*error), RequestSent::never);
}

/// False once nothing more is to be sent.
bool OktaDirectory::Running::rest(std::int64_t ms) {
  std::unique_lock lock(mutex);
  return !drained.wait_for(lock, std::chrono::milliseconds(ms), [this] { return draining; });
}

void OktaDirectory::Running::note(const HttpExchange& exchange, const std::string& bucket) const {
  if (options.log == nullptr) return;
  LogFields fields;
  fields.add("bucket", Loggable{bucket});
  const int status = exchange.reply ? exchange.reply->status : 0;
  // Other refusals are ordinary outcomes and are reported with their operation.
  const bool telling = status == kUnauthorised || status == kForbidden || status == kTooMany ||
                       status >= kServerError;
  if (exchange.failure) {
    fields.add("code", exchange.failure->error.code);
    options.log->write(LogEvent::request_failed, fields);
  } else if (telling) {
    fields.add("status", status);
    fields.add("request_id", Loggable{request_id(*exchange.reply)});
    const bool limited = status == kTooMany;
    options.log->write(limited ? LogEvent::rate_limited : LogEvent::request_failed, fields);
  }
}

void OktaDirectory::Running::add(Job job) {
  std::unique_lock lock(mutex);
  if (draining) {
    lock.unlock();
    job.done(std::nullopt);
    return;
  }
  dispatch.add(std::move(job), options.clock->mono());
  poke();
}

/// One operation's outcome; when nothing gets an answer any more, the run's.
Outcome OktaDirectory::Running::judged(const Operation& op, const HttpExchange& exchange) const {
  Outcome out = classify(op, exchange);
  if (out.state == Outcome::State::retry && (!exchange.reply || exchange.reply->status >= 500)) {
    const std::lock_guard lock(mutex);
    if (dispatch.failures_in_row() >= kFailuresUntilUnavailable) {
      out.state = Outcome::State::unavailable;
    }
  }
  return out;
}

Result<std::unique_ptr<OktaDirectory>> OktaDirectory::open(OktaOptions options) {
  auto table = BucketTable::embedded();
  if (!table) return table.error();
  if (!options.transport) {
    HttpClientOptions http;
    http.base_url = options.base_url;
    http.ca_file = options.ca_file;
    const auto first = HttpClient::open(http);  // says at once what is wrong with them
    if (!first) return first.error();
    options.transport = [http]() -> Result<std::unique_ptr<Transport>> {
      auto made = HttpClient::open(http);
      if (!made) return made.error();
      return std::unique_ptr<Transport>(std::move(*made));
    };
  }
  auto running = std::make_unique<Running>(std::move(options), std::move(*table));
  Running* raw = running.get();
  if (raw->options.oauth) {
    TokenEndpoint::Surroundings around;
    around.base_url = raw->options.base_url;
    around.version = raw->options.version;
    around.deadline_ms = raw->options.deadline_ms;
    around.clock = raw->options.clock;
    around.wait = [raw](std::int64_t ms) { return raw->rest(ms); };
    raw->authorizer = make_oauth_authorizer(*raw->options.oauth, std::move(around));
  } else {
    raw->authorizer = make_api_token_authorizer(raw->options.token);
  }
  if (const auto opened = raw->authorizer->open(); !opened) return opened.error();
  raw->threads.emplace_back([raw] { raw->schedule(); });
  for (std::size_t i = 0; i < raw->options.threads; ++i) {
    raw->threads.emplace_back([raw] { raw->serve(); });
  }
  return std::unique_ptr<OktaDirectory>(new OktaDirectory(std::move(running)));
}

OktaDirectory::OktaDirectory(std::unique_ptr<Running> running) : running_(std::move(running)) {}

OktaDirectory::~OktaDirectory() {
  drain();
  {
    const std::lock_guard lock(running_->mutex);
    running_->stopping = true;
    running_->changed.notify_all();
    running_->admitted.notify_all();
  }
  for (std::thread& thread : running_->threads) thread.join();
}

Room OktaDirectory::room() const {
  const std::lock_guard lock(running_->mutex);
  if (running_->draining) return {};
  return running_->dispatch.room(running_->options.clock->mono());
}

void OktaDirectory::submit(std::span<const Operation* const> host_and_riders,
                           CompletionSink& sink) {
  // Kept by value: the caller's operations need not outlive the call.
  std::vector<Operation> ops;
  for (const Operation* op : host_and_riders) ops.push_back(*op);
  const auto complete = [&sink](const std::vector<Operation>& all, const Outcome& outcome) {
    for (const Operation& op : all) {
      Completion completion;
      completion.operation = op.id;
      completion.outcome = outcome;
      const bool left_out = op.kind != all.front().kind && op.object.id.empty();
      if (left_out && outcome.state != Outcome::State::unsent) {
        completion.outcome = not_encoded(
            make_error(ErrorCode::okta_target_unknown, "the group has no id; it was not sent"));
      }
      sink.completed(std::move(completion));
    }
  };
  auto request = encode(host_and_riders);
  if (!request) {
    complete(ops, not_encoded(request.error()));
    return;
  }
  Job job;
  job.request = std::move(*request);
  job.priority = priority_of(ops.front().kind);
  job.person = person_of(ops.front());
  Running* running = running_.get();
  job.done = [running, complete, ops = std::move(ops)](std::optional<HttpExchange> exchange) {
    complete(ops, exchange ? running->judged(ops.front(), *exchange) : unsent());
  };
  running_->add(std::move(job));
}

void OktaDirectory::probe(const Operation& operation, CompletionSink& sink) {
  Completion completion;
  completion.operation = operation.id;
  completion.probe = true;
  auto request = encode_probe(operation);
  if (!request) {
    completion.outcome = not_encoded(request.error());
    sink.completed(std::move(completion));
    return;
  }
  Job job;
  job.request = std::move(*request);
  job.priority = priority_of(operation.kind);
  job.probe = true;
  job.person = person_of(operation);
  job.done = [&sink, operation, completion](std::optional<HttpExchange> exchange) mutable {
    if (exchange) {
      completion = read_probe(operation, *exchange);
    } else {
      completion.outcome = unsent();
    }
    sink.completed(std::move(completion));
  };
  running_->add(std::move(job));
}

void OktaDirectory::drain() {
  std::vector<Done> given_up;
  {
    const std::lock_guard lock(running_->mutex);
    running_->draining = true;
    running_->drained.notify_all();
    given_up = running_->dispatch.take_waiting();
  }
  for (const Done& done : given_up) done(std::nullopt);
}

Result<ScanSummary> OktaDirectory::observe(const ScanScope& scope, DirectorySink& sink,
                                           std::stop_token stop) {
  const Error stopped =
      make_error(ErrorCode::org_listing_stopped, "the listing was stopped before its end");
  Listing listing(scope, sink, running_->options.base_url, running_->options.clock->wall());
  const auto inbox = std::make_shared<Inbox>();  // late replies outlive a stopped listing
  const std::stop_callback wake(stop, [&inbox] {
    const std::lock_guard lock(inbox->mutex);
    inbox->filled.notify_one();
  });
  while (!listing.done()) {
    for (ListRequest& wanted : listing.ready()) {
      Job job;
      job.request = std::move(wanted.request);
      job.delay_ms = wanted.delay_ms;
      job.done = [inbox, token = wanted.token](std::optional<HttpExchange> exchange) {
        inbox->put(token, std::move(exchange));
      };
      running_->add(std::move(job));
    }
    std::unique_lock lock(inbox->mutex);
    inbox->filled.wait(lock, [&] { return stop.stop_requested() || !inbox->replies.empty(); });
    auto replies = std::move(inbox->replies);
    inbox->replies.clear();
    lock.unlock();
    if (stop.stop_requested()) return stopped;
    for (auto& [token, exchange] : replies) {
      if (!exchange) return stopped;
      listing.answered(token, std::move(*exchange));
    }
  }
  return listing.finish();
}

Result<HttpExchange> OktaDirectory::ask(const OktaRequest& request, std::stop_token stop) {
  auto built = request.build();
  if (!built) return built.error();
  const auto inbox = std::make_shared<Inbox>();  // a late reply outlives a stopped wait
  const std::stop_callback wake(stop, [&inbox] {
    const std::lock_guard lock(inbox->mutex);
    inbox->filled.notify_one();
  });
  Job job;
  job.request = std::move(*built);
  // Okta takes these from anyone and, as from a trusted application, with an API token; an OAuth
  // token is for the management API.
  const bool sign_in = request.row().source.substr(0, 15) == "Authentication.";
  job.anonymous = sign_in && running_->options.oauth.has_value();
  job.done = [inbox](std::optional<HttpExchange> exchange) { inbox->put(0, std::move(exchange)); };
  running_->add(std::move(job));
  std::unique_lock lock(inbox->mutex);
  inbox->filled.wait(lock, [&] { return stop.stop_requested() || !inbox->replies.empty(); });
  if (inbox->replies.empty() || !inbox->replies.front().second) {
    return make_error(ErrorCode::org_listing_stopped, "stopped before the org had answered",
                      std::string(request.row().name));
  }
  return std::move(*inbox->replies.front().second);
}

RateState OktaDirectory::rate_state() const {
  const std::lock_guard lock(running_->mutex);
  return running_->dispatch.rate_state();
}

DispatchCounts OktaDirectory::counts() const {
  const std::lock_guard lock(running_->mutex);
  return running_->dispatch.counts();
}

}  // namespace rollcall

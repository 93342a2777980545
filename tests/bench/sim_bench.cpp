// What okta-sim carries: how much memory an org takes, and how many small requests a second it
// answers over TLS, the clients in the same process. Usage: sim_bench [USERS] [SECONDS]
#include <fmt/core.h>

#include <algorithm>
#include <atomic>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "connectors/http/client.h"
#include "service/base/clock.h"
#include "tests/sim/sim_server.h"
#include "tests/sim/tls_files.h"

namespace rollcall::bench {
namespace {

constexpr int kClients = 8;

[[noreturn]] void give_up(std::string_view why) {
  fmt::print(stderr, "sim_bench: {}\n", why);
  std::exit(1);
}

/// An org file of that many people, each with a dozen attributes, in one of a hundred groups.
std::string made_org(std::size_t users) {
  std::string text = "{\"users\":[";
  for (std::size_t i = 0; i < users; ++i) {
    text += fmt::format(
        R"({}{{"id":"00u{:017}","profile":{{"login":"person{}@corp.example","email":"person{}@corp.example",)"
        R"("firstName":"Given{}","lastName":"Family{}","employeeNumber":"{}","department":"Department {}",)"
        R"("title":"Title {}","city":"City {}","costCenter":"{}","organization":"Corp","division":"North"}}}})",
        i == 0 ? "" : ",", i, i, i, i % 5000, i, i, i % 100, i % 400, i % 300, i % 90);
  }
  text += "],\"groups\":[";
  for (std::size_t g = 0; g < 100; ++g) {
    text += fmt::format(R"({}{{"name":"group {}","members":[)", g == 0 ? "" : ",", g);
    for (std::size_t i = g; i < users; i += 100) {
      text += fmt::format(R"({}"00u{:017}")", i == g ? "" : ",", i);
    }
    text += "]}";
  }
  return text + "]}";
}

double resident_mb() {
  std::ifstream status("/proc/self/status");
  for (std::string line; std::getline(status, line);) {
    if (line.rfind("VmRSS:", 0) == 0) return std::strtod(line.c_str() + 6, nullptr) / 1024;
  }
  return 0;
}

HttpRequest request_number(std::size_t number, std::size_t users) {
  HttpRequest request;
  request.headers = {{"Authorization", "SSWS T"}, {"Accept", "application/json"}};
  const std::string user = fmt::format("/api/v1/users/00u{:017}", number * 7919 % users);
  request.method = number % 4 == 3 ? "POST" : "GET";
  request.target = user;
  if (number % 4 == 1) request.target = user + "/groups?limit=20";
  if (number % 4 == 3) {
    request.headers.emplace_back("Content-Type", "application/json");
    request.body = fmt::format(R"({{"profile":{{"city":"City {}"}}}})", number);
  }
  return request;
}

/// Requests answered in that time by clients that each wait for their replies.
std::size_t answered(const std::string& url, const std::string& ca, std::size_t users,
                     std::int64_t milliseconds) {
  const SystemClock clock;
  const MonoTime end = clock.mono() + milliseconds;
  std::atomic<std::size_t> done{0};
  std::vector<std::thread> threads;
  threads.reserve(kClients);
  for (int i = 0; i < kClients; ++i) {
    threads.emplace_back([&, i] {
      HttpClientOptions options;
      options.base_url = url;
      options.ca_file = ca;
      const auto client = HttpClient::open(options);
      if (!client) give_up(client.error().message);
      for (auto n = static_cast<std::size_t>(i); clock.mono() < end; n += kClients) {
        const HttpExchange exchange = (*client)->send(request_number(n, users), 30'000);
        if (!exchange.reply) give_up(exchange.failure->error.message);
        if (exchange.reply->status != 200) give_up(exchange.reply->body);
        done.fetch_add(1);
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  return done;
}

int run(std::size_t users, std::int64_t seconds) {
  const SystemClock clock;
  sim::SimOptions options;
  options.limits = "none";
  options.tokens = {"T"};
  auto org = sim::SimOrg::create(options, clock);
  if (!org) give_up(org.error().message);
  const MonoTime start = clock.mono();
  {
    const std::string text = made_org(users);
    if (auto loaded = (*org)->load(text); !loaded) give_up(loaded.error().message);
  }
  fmt::print("okta-sim: {} people in 100 groups loaded in {:.1f} s, {:.0f} MB resident\n", users,
             static_cast<double>(clock.mono() - start) / 1000, resident_mb());
  const auto folder = sim::make_temporary_directory();
  if (!folder) give_up(folder.error().message);
  const auto tls = sim::make_tls_files(*folder);
  if (!tls) give_up(tls.error().message);
  sim::SimServerOptions server_options;
  server_options.http.certificate_file = tls->certificate_file;
  server_options.http.private_key_file = tls->private_key_file;
  auto server = sim::SimServer::start(server_options, std::move(*org));
  if (!server) give_up(server.error().message);
  const std::string url = fmt::format("https://localhost:{}", (*server)->port());
  const std::size_t done = answered(url, tls->ca_file, users, seconds * 1000);
  fmt::print("  {} requests of {} clients over TLS in {} s: {:.0f} a second   aim: at least 2000\n",
             done, kClients, seconds, static_cast<double>(done) / static_cast<double>(seconds));
  fmt::print("  {:.0f} MB resident afterwards\n", resident_mb());
  server->reset();
  std::filesystem::remove_all(*folder);
  return 0;
}

}  // namespace
}  // namespace rollcall::bench

int main(int argc, char** argv) {
  const long users = argc > 1 ? std::strtol(argv[1], nullptr, 10) : 1'000'000;
  const long seconds = argc > 2 ? std::strtol(argv[2], nullptr, 10) : 10;
  return rollcall::bench::run(static_cast<std::size_t>(std::max(users, 1L)), std::max(seconds, 1L));
}

// okta-sim: a local Okta org over HTTPS (CONTRACT.md, section 5).
#include <fmt/core.h>
#include <signal.h>

#include <cstdio>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "service/base/digest.h"
#include "service/base/file.h"
#include "tests/sim/sim_options.h"
#include "tests/sim/sim_server.h"
#include "tests/sim/tls_files.h"

namespace rollcall::sim {
namespace {

int fail(const Error& error) {
  fmt::print(stderr, "okta-sim: {}\n", describe(error));
  return info(error.code).exit;
}

Result<void> prepare(SimOrg& org, const CommandLine& line) {
  if (!line.load_file.empty()) {
    const auto text = read_file(line.load_file);
    if (!text) return text.error();
    if (auto loaded = org.load(*text); !loaded) return loaded.error();
  }
  org.oauth().set_token_lifetime(line.token_lifetime_s);
  if (!line.oauth_file.empty()) {
    const auto text = read_file(line.oauth_file);
    if (!text) return text.error();
    const auto clients = parse_json(*text);
    if (!clients) return clients.error();
    if (auto loaded = org.oauth().load(*clients); !loaded) return loaded.error();
  }
  if (line.faults_file.empty()) return ok();
  const auto text = read_file(line.faults_file);
  if (!text) return text.error();
  const auto rules = parse_json(*text);
  if (!rules) return rules.error();
  return org.load_faults(*rules);
}

/// A service app that may do all that is served; its private key stands beside the certificates.
Result<Json> make_client(SimOrg& org, const std::string& folder) {
  const auto key = make_client_key();
  if (!key) return key.error();
  const std::string file = folder + "/client.pem";
  if (auto written = write_private_file(file, key->pem); !written) return written.error();
  ServiceApp app;
  app.token.owner_id = "0oasimclient00000001";
  app.token.secret = "client " + app.token.owner_id;
  app.keys = {key->jwk};
  for (const char* of : {"users", "groups", "apps", "policies", "schemas", "userTypes",
                         "linkedObjects", "profileMappings", "sessions", "logs", "orgs", "roles"}) {
    app.scopes.insert(fmt::format("okta.{}.read", of));
    app.scopes.insert(fmt::format("okta.{}.manage", of));
  }
  Json shown = Json::object();
  shown.set("client_id", app.token.owner_id).set("private_key_file", file);
  org.oauth().add(std::move(app));
  return shown;
}

/// The token without the role that the command line may give it.
std::string shown_token(const Org& org, const std::string& argument) {
  for (const Token& token : org.tokens) {
    if (argument.rfind(token.secret + ":", 0) == 0) return token.secret;
  }
  return argument;
}

void wait_for_signal(const sigset_t& signals) {
  int received = 0;
  sigwait(&signals, &received);
}

int run(CommandLine line) {
  // Before any thread starts, so that all inherit it: signals go to sigwait alone.
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGTERM);
  sigaddset(&signals, SIGINT);
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  signal(SIGPIPE, SIG_IGN);

  if (line.sim.tokens.empty()) line.sim.tokens.push_back("sim" + hex(random_bytes(16)));
  const SystemClock clock;
  auto org = SimOrg::create(line.sim, clock);
  if (!org) return fail(org.error());
  if (auto ready = prepare(**org, line); !ready) return fail(ready.error());
  const std::string token = shown_token((*org)->org(), line.sim.tokens.front());
  const bool temporary = line.tls_dir.empty();
  if (temporary) {
    auto directory = make_temporary_directory();
    if (!directory) return fail(directory.error());
    line.tls_dir = *directory;
  }
  const auto tls = make_tls_files(line.tls_dir);
  if (!tls) return fail(tls.error());
  const auto client = make_client(**org, line.tls_dir);
  if (!client) return fail(client.error());
  line.server.http.certificate_file = tls->certificate_file;
  line.server.http.private_key_file = tls->private_key_file;
  auto server = SimServer::start(line.server, std::move(*org));
  if (!server) return fail(server.error());

  Json ready = Json::object();
  ready.set("base_url", fmt::format("https://localhost:{}", (*server)->port()));
  ready.set("ca_file", tls->ca_file).set("api_token", token);
  ready.set("oauth", *client);
  fmt::print("{}\n", ready.dump());
  std::fflush(stdout);
  wait_for_signal(signals);
  (*server)->stop();
  std::error_code ignored;
  if (temporary) std::filesystem::remove_all(line.tls_dir, ignored);
  return 0;
}

}  // namespace
}  // namespace rollcall::sim

int main(int argc, char** argv) {
  using namespace rollcall::sim;
  const std::vector<std::string> arguments(argv + 1, argv + argc);
  for (const std::string& argument : arguments) {
    if (argument == "--help" || argument == "-h") {
      fmt::print("{}", usage_text());
      return 0;
    }
  }
  const auto line = parse_command_line(arguments);
  if (!line) return fail(line.error());
  return run(*line);
}

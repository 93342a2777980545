#include "tests/sim/sim_options.h"

#include <fmt/core.h>

#include <algorithm>
#include <charconv>

#include "service/base/file.h"

namespace rollcall::sim {
namespace {

Error wrong(std::string what) { return make_error(ErrorCode::usage, std::move(what)); }

Result<std::int64_t> number(const std::string& flag, const std::string& text) {
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) {
    return wrong(fmt::format("{} takes a whole number, not \"{}\"", flag, text));
  }
  return value;
}

Result<void> listen(CommandLine& line, const std::string& value) {
  const std::size_t colon = value.rfind(':');
  if (colon == std::string::npos) return wrong("--listen takes HOST:PORT");
  const auto port = number("--listen", value.substr(colon + 1));
  if (!port) return port.error();
  if (*port < 0 || *port > 65535) return wrong("--listen: no such port");
  line.server.http.host = value.substr(0, colon);
  line.server.http.port = static_cast<std::uint16_t>(*port);
  return ok();
}

Result<void> limits(CommandLine& line, const std::string& value) {
  line.sim.limits = value;
  if (value == "none" || BucketTable::named(value)) return ok();
  auto table = read_file(value);
  if (!table) return table.error();
  line.sim.limits = "workforce";
  line.sim.limits_table = std::move(*table);
  return ok();
}

Result<void> take_number(CommandLine& line, const std::string& flag, const std::string& value) {
  const auto n = number(flag, value);
  if (!n) return n.error();
  const bool may_be_negative = flag == "--clock-offset";
  if (*n < 0 && !may_be_negative) return wrong(fmt::format("{} cannot be negative", flag));
  if (flag == "--window") line.sim.window_s = *n;
  if (flag == "--client-share") line.sim.share_percent = *n;
  if (flag == "--concurrency") line.sim.concurrency = *n;
  if (flag == "--index-lag") line.sim.org.index_lag_ms = *n;
  if (flag == "--token-lifetime") line.token_lifetime_s = *n;
  if (flag == "--latency") line.server.latency_ms = *n;
  if (flag == "--clock-offset") {
    constexpr std::int64_t kMost = 1'000'000'000'000;  // what is refused may be any such number
    line.sim.clock_offset_ms = std::clamp(*n, -kMost, kMost) * 1000;
  }
  if (flag == "--compat") line.sim.compat = static_cast<std::uint64_t>(*n);
  if (flag == "--seed") line.sim.org.seed = static_cast<std::uint64_t>(*n);
  if (flag == "--window" && *n == 0) return wrong("--window needs at least one second");
  return ok();
}

bool takes_number(std::string_view flag) {
  for (const char* name :
       {"--window", "--client-share", "--concurrency", "--index-lag", "--latency", "--clock-offset",
        "--seed", "--token-lifetime", "--compat"}) {
    if (flag == name) return true;
  }
  return false;
}

Result<void> take(CommandLine& line, const std::string& flag, const std::string& value) {
  if (flag == "--listen") return listen(line, value);
  if (flag == "--limits") return limits(line, value);
  if (takes_number(flag)) return take_number(line, flag, value);
  if (flag == "--api-token") {
    line.sim.tokens.push_back(value);
  } else if (flag == "--tls-dir") {
    line.tls_dir = value;
  } else if (flag == "--load") {
    line.load_file = value;
  } else if (flag == "--faults") {
    line.faults_file = value;
  } else if (flag == "--oauth-clients") {
    line.oauth_file = value;
  } else if (flag == "--audit") {
    line.server.audit_file = value;
  } else {
    return wrong(fmt::format("unknown option \"{}\"", flag));
  }
  return ok();
}

}  // namespace

Result<CommandLine> parse_command_line(const std::vector<std::string>& arguments) {
  CommandLine line;
  for (std::size_t i = 0; i < arguments.size(); ++i) {
    std::string flag = arguments[i];
    std::string value;
    if (const std::size_t equals = flag.find('='); equals != std::string::npos) {
      value = flag.substr(equals + 1);
      flag.resize(equals);
    } else if (i + 1 < arguments.size()) {
      value = arguments[++i];
    } else {
      return wrong(fmt::format("{} needs a value", flag));
    }
    if (auto taken = take(line, flag, value); !taken) return taken.error();
  }
  return line;
}

std::string_view usage_text() {
  return R"(okta-sim: a local Okta org over HTTPS, for tests and demos.

  --listen HOST:PORT      where to serve (127.0.0.1:0; port 0 picks a free one)
  --tls-dir DIR           CA and certificate are made there (a temporary folder)
  --api-token TOKEN[:ROLE]  an SSWS token, super unless a role is named; may be repeated (one at random)
  --oauth-clients FILE    service apps: client_id, jwks, scopes (README.md describes the form)
  --token-lifetime SEC    how long an OAuth token lasts (3600)
  --load ORG.json         the org to begin with (README.md describes the form)
  --limits NAME|FILE      workforce, enterprise, integrator, none, or a bucket table (workforce)
  --window SECONDS        length of a rate-limit window (60)
  --client-share PCT      one credential's part of each limit (50)
  --concurrency N         simultaneous requests allowed (the profile's; 0: any)
  --index-lag MS          how far lists and searches lag behind writes (0)
  --latency MS            delay of every reply (0)
  --clock-offset SECONDS  the org's clock against this machine's (0)
  --faults FILE           fault rules as JSON
  --compat SEED           replies as a later version of Okta may send them: other orders, unknown
                          properties, nulls left out or written
  --audit FILE.ndjson     every accepted write is appended
  --seed N                ids and faults drawn by chance repeat for a seed (1)

One JSON line on stdout says base_url, ca_file, api_token and an OAuth client with its private key
once it serves. SIGTERM stops it.
)";
}

}  // namespace rollcall::sim

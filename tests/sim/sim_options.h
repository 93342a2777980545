// okta-sim's command line.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "service/base/result.h"
#include "tests/sim/sim_server.h"

namespace rollcall::sim {

struct CommandLine {
  SimOptions sim;
  SimServerOptions server;
  std::string tls_dir;  // empty: a temporary one
  std::string load_file;
  std::string faults_file;
  std::string oauth_file;  // clients and knobs of the token endpoint
  std::int64_t token_lifetime_s = 3600;
};

/// Errors: usage, io.read_failed (a limits file).
Result<CommandLine> parse_command_line(const std::vector<std::string>& arguments);
std::string_view usage_text();

}  // namespace rollcall::sim

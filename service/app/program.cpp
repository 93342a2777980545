#include "service/app/program.h"

#include <fmt/core.h>

#include <cerrno>
#include <cstdio>

#include "service/base/file.h"
#include "service/base/text.h"

namespace rollcall {
namespace {

constexpr const char* kFallbacks[] = {"./rollcall.yaml", "/etc/rollcall/rollcall.yaml"};

Error no_configuration() {
  return make_error(
      ErrorCode::usage,
      "no configuration: name it with --config or ROLLCALL_CONFIG, or put rollcall.yaml "
      "here or in /etc/rollcall");
}

}  // namespace

Program::Program(const Clock& clock, std::map<std::string, std::string> environment,
                 Terminal terminal, std::stop_token stop)
    : clock_(clock),
      environment_(std::move(environment)),
      terminal_(terminal),
      stop_(std::move(stop)),
      log_(clock, stderr_sink(), terminal.err ? LogLevel::warning : LogLevel::info, terminal.err) {}

std::vector<std::string> Program::config_files() const {
  if (!config_files_.empty()) return config_files_;
  const auto named = environment_.find("ROLLCALL_CONFIG");
  if (named != environment_.end() && !named->second.empty()) return {named->second};
  for (const char* path : kFallbacks) {
    if (file_exists(path)) return {path};
  }
  return {};
}

Result<Settings> Program::settings() const {
  ConfigInputs inputs;
  inputs.files = config_files();
  if (inputs.files.empty()) return no_configuration();
  inputs.environment = environment_;
  std::vector<ConfigProblem> problems;
  auto loaded = load_settings(inputs, problems);
  for (const ConfigProblem& problem : problems) {
    std::string line = fmt::format("{}: {}: {}", problem.error.where, info(problem.error.code).id,
                                   problem.error.message);
    if (!problem.suggestion.empty()) line += fmt::format(" ({})", problem.suggestion);
    complain(line);
  }
  return loaded;
}

void Program::print(std::string_view text) const {
  errno = 0;
  const bool written = std::fwrite(text.data(), 1, text.size(), stdout) == text.size();
  if (written && std::fflush(stdout) == 0) return;
  // Whoever reads may stop reading (`| head`); a full disk or a closed stdout is a loss.
  if (errno != EPIPE && print_failure_ == 0) print_failure_ = errno == 0 ? EIO : errno;
}

void Program::complain(std::string_view text) const {
  const std::string line = std::string(text) + "\n";
  std::fwrite(line.data(), 1, line.size(), stderr);
}

int Program::fail(const Error& error) const {
  complain("rollcall: " + describe(error));
  if (!terminal_.err) log_.write(LogEvent::failure, LogFields().add("code", error.code));
  const int exit = info(error.code).exit;
  return exit == 0 ? 1 : exit;
}

}  // namespace rollcall

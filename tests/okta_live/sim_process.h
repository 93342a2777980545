// okta-sim as a child process that ends with the object.
#pragma once

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <string>
#include <vector>

#include "service/base/json.h"

namespace rollcall::test {

class SimProcess {
 public:
  explicit SimProcess(std::vector<std::string> arguments) {
    std::array<int, 2> ends{};
    if (::pipe(ends.data()) != 0) return;
    std::string program = std::string(ROLLCALL_BIN_DIR) + "/okta-sim";
    std::vector<char*> argv{program.data()};
    for (std::string& argument : arguments) argv.push_back(argument.data());
    argv.push_back(nullptr);
    pid_ = ::fork();
    if (pid_ == 0) {
      ::dup2(ends[1], STDOUT_FILENO);
      ::close(ends[0]);
      ::execv(program.c_str(), argv.data());
      ::_exit(127);
    }
    ::close(ends[1]);
    std::string line;
    char c = 0;
    while (::read(ends[0], &c, 1) == 1 && c != '\n') line += c;
    reader_ = ends[0];
    if (auto json = parse_json(line)) facts_ = *json;
  }
  ~SimProcess() {
    if (reader_ >= 0) ::close(reader_);
    if (pid_ <= 0) return;
    ::kill(pid_, SIGTERM);
    ::waitpid(pid_, nullptr, 0);
  }
  SimProcess(const SimProcess&) = delete;
  SimProcess& operator=(const SimProcess&) = delete;

  bool serves() const { return !base_url().empty(); }
  std::string base_url() const { return std::string(facts_["base_url"].as_string()); }
  std::string ca_file() const { return std::string(facts_["ca_file"].as_string()); }
  const Json& facts() const { return facts_; }
  std::string api_token() const { return std::string(facts_["api_token"].as_string()); }

 private:
  pid_t pid_ = -1;
  int reader_ = -1;
  Json facts_;
};

}  // namespace rollcall::test

// One invocation of rollcall: what every verb is given, and what it prints with.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "service/app/exit_codes.h"
#include "service/base/clock.h"
#include "service/base/log.h"
#include "service/config/settings.h"
#include "service/report/report.h"

namespace rollcall {

/// What stdout and stderr are.
struct Terminal {
  bool out = false;
  bool err = false;
  bool colour = false;
};

/// What is common to all verbs. One thread.
class Program {
 public:
  Program(const Clock& clock, std::map<std::string, std::string> environment, Terminal terminal,
          std::stop_token stop);

  const Clock& clock() const { return clock_; }
  const Log& log() const { return log_; }
  const Terminal& terminal() const { return terminal_; }
  std::stop_token stop() const { return stop_; }

  /// Files named by --config, in order; falls back as CONTRACT.md says.
  void set_config_files(std::vector<std::string> files) { config_files_ = std::move(files); }
  std::vector<std::string> config_files() const;
  /// Personal data may be printed: stdout is a terminal, or --full was given.
  void set_full(bool full) { full_ = full; }
  bool full() const { return full_ || terminal_.out; }
  /// --full was given: nothing is left out for being long.
  bool asked_for_all() const { return full_; }
  void set_json(bool json) { json_ = json; }
  bool json() const { return json_; }

  /// Loads the configuration; prints every mistake and gives 78 if there is one.
  /// Errors: config.*.
  Result<Settings> settings() const;
  /// The first word of each output. What could not be written is told at the end.
  void print(std::string_view text) const;
  /// Why stdout did not take all that was printed; 0 if it did, or if its reader went away.
  int print_failure() const { return print_failure_; }
  void complain(std::string_view text) const;
  /// Prints the error with its hint and gives its exit code.
  int fail(const Error& error) const;

 private:
  const Clock& clock_;
  std::map<std::string, std::string> environment_;
  Terminal terminal_;
  std::stop_token stop_;
  Log log_;
  std::vector<std::string> config_files_;
  bool full_ = false;
  bool json_ = false;
  mutable int print_failure_ = 0;  // errno of the first that failed
};

/// Runs one command line (without the program's name); gives the exit code.
int run_command(Program& program, const std::vector<std::string>& words);

}  // namespace rollcall

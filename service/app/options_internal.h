// Private to service/app: a verb's options, by Boost.Program_options.
#pragma once

#include <boost/program_options.hpp>
#include <string>
#include <vector>

#include "service/app/program.h"
#include "service/base/result.h"

namespace rollcall {

/// A number of things to show, one at least; --limit -1 is a mistake and not the largest number.
struct AtLeastOne {
  std::size_t count = 0;
};
/// Found by Boost.Program_options, by its name. Throws its validation_error.
void validate(boost::any& value, const std::vector<std::string>& words, AtLeastOne*, int);

/// A verb's options: the common ones and its own. `positional` names what stands without dashes.
class VerbOptions {
 public:
  VerbOptions(std::string usage, std::string purpose);
  boost::program_options::options_description_easy_init add() { return own_.add_options(); }
  void positional(const char* name, int most);

  enum class Parsed { run, help, wrong };
  /// Reads the words; prints help, or what is wrong with a hint. Sets what is common in `program`.
  Parsed parse(Program& program, const std::vector<std::string>& words);

  bool has(const char* name) const { return values_.count(name) > 0; }
  std::string text(const char* name) const {
    return has(name) ? values_[name].as<std::string>() : std::string();
  }
  std::size_t number(const char* name) const { return values_[name].as<AtLeastOne>().count; }
  std::vector<std::string> texts(const char* name) const {
    return has(name) ? values_[name].as<std::vector<std::string>>() : std::vector<std::string>();
  }
  const ExitCodes& tolerated() const { return tolerated_; }
  /// The exit code for the shell, after --tolerate.
  int shell_code(const ExitCodes& codes, bool uncontained) const;

 private:
  std::string usage_, purpose_;
  boost::program_options::options_description own_, common_;
  boost::program_options::positional_options_description positional_;
  boost::program_options::variables_map values_;
  ExitCodes tolerated_;
};

/// Reads the words, then runs; else the code of help or of wrong usage.
template <class Run>
int run_parsed(VerbOptions& options, Program& program, const std::vector<std::string>& words,
               Run run) {
  switch (options.parse(program, words)) {
    case VerbOptions::Parsed::help:
      return 0;
    case VerbOptions::Parsed::wrong:
      return 64;
    case VerbOptions::Parsed::run:
      break;
  }
  return run();
}

}  // namespace rollcall

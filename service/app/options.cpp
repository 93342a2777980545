// A verb's options: parsing, help, and what is common to all verbs.
#include <fmt/core.h>

#include <charconv>
#include <sstream>

#include "service/app/options_internal.h"
#include "service/base/text.h"

namespace rollcall {

namespace po = boost::program_options;

void validate(boost::any& value, const std::vector<std::string>& words, AtLeastOne*, int) {
  po::validators::check_first_occurrence(value);
  const std::string& word = po::validators::get_single_string(words);
  AtLeastOne read;
  const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), read.count);
  if (error != std::errc() || end != word.data() + word.size() || read.count == 0) {
    throw po::validation_error(po::validation_error::invalid_option_value);
  }
  value = read;
}

VerbOptions::VerbOptions(std::string usage, std::string purpose)
    : usage_(std::move(usage)),
      purpose_(std::move(purpose)),
      own_("Options", 100),
      common_("Common", 100) {
  common_.add_options()("config,c",
                        po::value<std::vector<std::string>>()->composing()->value_name("FILE"),
                        "configuration; given twice, the later overlays the earlier")(
      "full",
      "print names and values even when stdout is no terminal, and all findings and failed "
      "operations however many they are")("json", "print the result as JSON")(
      "tolerate", po::value<std::string>()->value_name("CODES"),
      "exit codes to turn into 0 for the shell, for example "
      "4,5; never one that leaves a leaver uncontained")("help,h", "print this help");
}

void VerbOptions::positional(const char* name, int most) { positional_.add(name, most); }

VerbOptions::Parsed VerbOptions::parse(Program& program, const std::vector<std::string>& words) {
  po::options_description all;
  all.add(own_).add(common_);
  try {
    po::command_line_parser parser(words);
    po::store(parser.options(all).positional(positional_).run(), values_);
    po::notify(values_);
  } catch (const po::error& e) {
    program.complain(fmt::format("rollcall: usage: {}\n  hint: see `{} --help`", e.what(),
                                 usage_.substr(0, usage_.find(' ', 9))));
    return Parsed::wrong;
  }
  if (has("help")) {
    std::ostringstream text;
    text << "usage: " << usage_ << "\n\n" << purpose_ << "\n";
    if (!own_.options().empty()) text << "\n" << own_;
    text << "\n" << common_;
    program.print(text.str());
    return Parsed::help;
  }
  if (has("config")) program.set_config_files(texts("config"));
  if (has("full")) program.set_full(true);
  if (has("json")) program.set_json(true);
  const std::string tolerated = text("tolerate");
  for (const std::string_view word : split(tolerated, ',')) {
    if (tolerated.empty()) break;
    if (word != "4" && word != "5") {
      program.complain(
          fmt::format("rollcall: usage: --tolerate takes 4 and 5, not '{}'\n  hint: the other "
                      "codes always count",
                      word));
      return Parsed::wrong;
    }
    tolerated_.add(word == "4" ? 4 : 5);
  }
  return Parsed::run;
}

int VerbOptions::shell_code(const ExitCodes& codes, bool uncontained) const {
  const int code = codes.first();
  if (uncontained || !tolerated_.has(code)) return code;
  ExitCodes rest;
  for (const int one : codes.all()) {
    if (!tolerated_.has(one)) rest.add(one);
  }
  return rest.first();
}

}  // namespace rollcall

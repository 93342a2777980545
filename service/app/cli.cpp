// The command line: global words, the table of verbs, and which one runs.
#include <fmt/core.h>

#include <array>
#include <cstring>

#include "service/app/program.h"
#include "service/app/verbs.h"
#include "service/base/text.h"

namespace rollcall {
namespace {

struct Verb {
  std::string_view name;
  std::string_view purpose;
  int (*run)(Program&, const std::vector<std::string>&);
};

constexpr std::array kVerbs{
    Verb{"check", "validate the configuration and reach source, org and journal", verb_check},
    Verb{"adopt", "plan only links: who is who, and what would differ", verb_adopt},
    Verb{"plan", "the dry run: what a sync would do; writes nothing to the org", verb_plan},
    Verb{"apply", "apply exactly one plan", verb_apply},
    Verb{"sync", "plan, guard, apply and report in one run", verb_sync},
    Verb{"resume", "settle an interrupted run and finish its plan", verb_resume},
    Verb{"pending", "what the guard holds, since when, and what was said of it", verb_pending},
    Verb{"approve", "release what a plan holds, for a while", verb_approve},
    Verb{"reject", "say no to what a plan holds", verb_reject},
    Verb{"runs", "list the newest runs", verb_runs},
    Verb{"show", "show one run or plan", verb_show},
    Verb{"okta", "look at the org and change single things in it", verb_okta},
    Verb{"migrate", "bring the journal's schema up", verb_migrate},
};

std::string help() {
  std::string text =
      "usage: rollcall [--config FILE]... VERB [options]\n\n"
      "Keeps an Okta org in step with HR: reads people, compares them with the org, shows a plan,\n"
      "applies it within the org's rate limits and journals every step.\n\nverbs:\n";
  for (const Verb& verb : kVerbs) text += fmt::format("  {:<9} {}\n", verb.name, verb.purpose);
  text +=
      "\n  --config FILE  configuration; else $ROLLCALL_CONFIG, ./rollcall.yaml, "
      "/etc/rollcall/rollcall.yaml\n"
      "  --version      print the version\n"
      "  --help         print this help; `rollcall VERB --help` tells more\n";
  return text;
}

int usage_error(const Program& program, const std::string& what) {
  program.complain(fmt::format("rollcall: usage: {}\n  hint: see `rollcall --help`", what));
  return 64;
}

int unknown_verb(const Program& program, const std::string& word) {
  std::vector<std::string> names;
  names.reserve(kVerbs.size());
  for (const Verb& verb : kVerbs) names.emplace_back(verb.name);
  std::string what = fmt::format("there is no verb '{}'", word);
  if (const auto near = nearest(word, names)) what += fmt::format("; did you mean '{}'?", *near);
  return usage_error(program, what);
}

}  // namespace

int run_command(Program& program, const std::vector<std::string>& words) {
  std::vector<std::string> configs;
  std::size_t at = 0;
  for (; at < words.size() && words[at].starts_with("-"); ++at) {
    const std::string& word = words[at];
    if (word == "--help" || word == "-h") {
      program.print(help());
      return 0;
    }
    if (word == "--version") {
      program.print(fmt::format("rollcall {}\n", ROLLCALL_VERSION));
      return 0;
    }
    if (word.starts_with("--config=")) {
      configs.push_back(word.substr(9));
    } else if ((word == "--config" || word == "-c") && at + 1 < words.size()) {
      configs.push_back(words[++at]);
    } else {
      return usage_error(program, fmt::format("'{}' is no option here", word));
    }
  }
  if (at == words.size()) {
    program.complain(help());
    return 64;
  }
  program.set_config_files(configs);
  for (const Verb& verb : kVerbs) {
    if (verb.name != words[at]) continue;
    const int code =
        verb.run(program, {words.begin() + static_cast<std::ptrdiff_t>(at) + 1, words.end()});
    if (program.print_failure() == 0) return code;
    const int lost = program.fail(make_error(
        ErrorCode::io_write_failed,
        fmt::format("the output is cut: {}", std::strerror(program.print_failure())), "stdout"));
    return code == 0 ? lost : code;
  }
  return unknown_verb(program, words[at]);
}

}  // namespace rollcall

// rollcall okta …: documented calls for operators. Here: which command the words name.
#include <fmt/core.h>

#include <algorithm>

#include "service/app/credentials.h"
#include "service/app/okta_commands_internal.h"
#include "service/app/verbs.h"
#include "service/base/text.h"

namespace rollcall {
namespace {

struct Listed {
  OktaCommand face;
  int (*run)(Program&, std::string_view, const std::vector<std::string>&);
};

/// A command that needs not be told its own words.
template <int (*Run)(Program&, const std::vector<std::string>&)>
int alone(Program& program, std::string_view /*words*/, const std::vector<std::string>& rest) {
  return Run(program, rest);
}

const std::vector<Listed>& commands() {
  static const std::vector<Listed> all = [] {
    std::vector<Listed> out;
    for (const OktaCommand& face : okta_read_commands()) out.push_back({face, run_okta_read});
    for (const OktaCommand& face : okta_write_commands()) out.push_back({face, run_okta_write});
    out.push_back(
        {{"limits", "", "our limits as the org's answers state them"}, alone<run_okta_limits>});
    out.push_back({{"sign-in-check", "", "whether an account made for it can sign in"},
                   alone<run_okta_sign_in>});
    out.push_back({{"snapshot", "", "the org's structure with invented people, for a rehearsal"},
                   alone<run_okta_snapshot>});
    return out;
  }();
  return all;
}

/// How many of the words name this command; 0: they do not.
std::size_t matched(std::string_view face, const std::vector<std::string>& words) {
  const auto parts = split(face, ' ');
  if (parts.size() > words.size()) return 0;
  return std::equal(parts.begin(), parts.end(), words.begin()) ? parts.size() : 0;
}

std::string help(std::string_view about) {
  std::string text = "usage: rollcall okta COMMAND [options]\n\n";
  for (const Listed& one : commands()) {
    if (one.face.words.substr(0, about.size()) != about) continue;
    const std::string usage = fmt::format("{} {}", one.face.words, one.face.arguments);
    text += fmt::format("  {:<34} {}\n", usage, one.face.purpose);
  }
  text +=
      "\n`rollcall okta COMMAND --help` tells more. Groups, apps and rules go by name or by id,\n"
      "people by login or by id, policies and sessions by id.\n";
  return text;
}

int unknown(const Program& program, const std::vector<std::string>& words) {
  std::vector<std::string> firsts;
  for (const Listed& one : commands()) {
    firsts.emplace_back(one.face.words.substr(0, one.face.words.find(' ')));
  }
  if (std::find(firsts.begin(), firsts.end(), words[0]) != firsts.end()) {
    if (words.size() > 1 && (words[1] == "--help" || words[1] == "-h")) {
      program.print(help(words[0] + " "));
      return 0;
    }
    program.complain(help(words[0] + " "));
    return 64;
  }
  std::string what = fmt::format("there is no command 'okta {}'", words[0]);
  if (const auto near = nearest(words[0], firsts))
    what += fmt::format("; did you mean '{}'?", *near);
  program.complain(fmt::format("rollcall: usage: {}\n  hint: see `rollcall okta --help`", what));
  return 64;
}

}  // namespace

Result<std::unique_ptr<Wired>> wire_reading(const Program& program,
                                            std::initializer_list<Endpoint> uses) {
  auto settings = program.settings();
  if (!settings) return settings.error();
  WireOptions what;
  what.journal = false;
  what.scopes = scopes_of(uses);
  return wire(program, std::move(*settings), what);
}

void declare_arguments(VerbOptions& options, std::string_view arguments) {
  for (const std::string_view name : split(arguments, ' ')) {
    if (name.empty()) continue;
    const std::string lower = ascii_lower(name);
    options.add()(lower.c_str(), boost::program_options::value<std::string>()->value_name("NAME"),
                  fmt::format("the {} (also without --{})", lower, lower).c_str());
    options.positional(lower.c_str(), 1);
  }
}

Result<std::vector<std::string>> given_arguments(const VerbOptions& options,
                                                 std::string_view arguments) {
  std::vector<std::string> out;
  for (const std::string_view name : split(arguments, ' ')) {
    if (name.empty()) continue;
    const std::string value = options.text(ascii_lower(name).c_str());
    if (value.empty()) return make_error(ErrorCode::usage, fmt::format("{} is missing", name));
    out.push_back(value);
  }
  return out;
}

int verb_okta(Program& program, const std::vector<std::string>& words) {
  if (words.empty()) {
    program.complain(help(""));
    return 64;
  }
  if (words[0] == "--help" || words[0] == "-h") {
    program.print(help(""));
    return 0;
  }
  const Listed* best = nullptr;
  std::size_t used = 0;
  for (const Listed& one : commands()) {
    const std::size_t count = matched(one.face.words, words);
    if (count > used) {
      best = &one;
      used = count;
    }
  }
  if (best == nullptr) return unknown(program, words);
  return best->run(program, best->face.words,
                   {words.begin() + static_cast<std::ptrdiff_t>(used), words.end()});
}

}  // namespace rollcall

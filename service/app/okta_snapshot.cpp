// rollcall okta snapshot --pseudonymise: the org's structure with invented people, as okta-sim
// loads it, and on request the HR file with the same inventions: a rehearsal without anybody's
// data.
#include <fmt/core.h>

#include <filesystem>

#include "service/app/credentials.h"
#include "service/app/okta_commands_internal.h"
#include "service/app/okta_snapshot_internal.h"
#include "service/base/digest.h"
#include "service/base/file.h"
#include "service/base/text.h"

namespace rollcall {
namespace {

namespace po = boost::program_options;

constexpr std::size_t kLeastKey = 32;

Result<Secret> mapping_key(const VerbOptions& options) {
  if (!options.has("key-file")) return Secret(random_bytes(kLeastKey));
  auto text = read_file(options.text("key-file"));
  if (!text) return text.error();
  const std::string key(trim(*text));
  if (key.size() >= kLeastKey) return Secret(key);
  return make_error(ErrorCode::usage, fmt::format("a key has {} characters at least", kLeastKey),
                    options.text("key-file"));
}

/// What is written must be none of what is read, nor the other. Errors: usage.
Result<void> check_paths(const Program& program, const VerbOptions& options) {
  namespace fs = std::filesystem;
  const auto same = [](const std::string& a, const std::string& b) {
    std::error_code unknown;
    const auto whole = [&](const std::string& path) {
      return fs::weakly_canonical(fs::absolute(path, unknown), unknown);
    };
    return whole(a) == whole(b) || fs::equivalent(a, b, unknown);
  };
  std::vector<std::string> taken = program.config_files();
  for (const char* input : {"hr", "key-file"}) {
    if (options.has(input)) taken.push_back(options.text(input));
  }
  for (const char* output : {"out", "hr-out"}) {
    if (!options.has(output)) continue;
    const std::string path = options.text(output);
    for (const std::string& other : taken) {
      if (!same(path, other)) continue;
      return make_error(ErrorCode::usage, fmt::format("--{} would overwrite another file", output),
                        path);
    }
    taken.push_back(path);
  }
  return ok();
}

int make_snapshot(Program& program, const VerbOptions& options) {
  const bool people_too = options.has("hr");
  if (!options.has("pseudonymise") || !options.has("out") || people_too != options.has("hr-out")) {
    return program.fail(make_error(
        ErrorCode::usage, "it takes --pseudonymise and --out FILE, and --hr with --hr-out"));
  }
  if (const auto paths = check_paths(program, options); !paths) return program.fail(paths.error());
  auto key = mapping_key(options);
  if (!key) return program.fail(key.error());
  auto settings = program.settings();
  if (!settings) return program.fail(settings.error());
  if (people_too) settings->sources.front().path = options.text("hr");
  WireOptions what;
  what.journal = false;
  what.scopes = scopes_of({Endpoint::list_applications, Endpoint::list_application_users,
                           Endpoint::list_application_group_assignments, Endpoint::list_policies,
                           Endpoint::list_policy_rules, Endpoint::list_user_types});
  const auto wired = wire(program, std::move(*settings), what);
  if (!wired) return program.fail(wired.error());
  Pseudonyms people(std::move(*key));
  OktaReader reader(*(*wired)->okta, (*wired)->settings.okta.base_url, program.stop());
  SnapshotWords words((*wired)->settings, people);
  OrgSnapshotWriter org(reader, words);
  if (const auto read = org.read(); !read) return program.fail(read.error());
  const auto whole =
      prove_complete(*(*wired)->directory, (*wired)->settings, org.extent(), program.stop());
  if (!whole) return program.fail(whole.error());
  PeopleSnapshot feed((*wired)->settings, people);
  if (people_too) {
    const auto summary = (*wired)->source->extract({}, feed, program.stop());
    if (!summary) return program.fail(summary.error());
    if (!summary->certified) return program.fail(summary->reasons.front());
  }
  const std::string counts = org.counts();
  const Json document = org.document();
  const std::string rows = people_too ? feed.text() : std::string();
  // Both are looked at before either is written.
  for (const auto& clean : {people.check_json(document, options.text("out")),
                            people.check(rows, options.text("hr-out"))}) {
    if (!clean) return program.fail(clean.error());
  }
  if (people_too) {
    const auto written = write_private_file(options.text("hr-out"), rows);
    if (!written) return program.fail(written.error());
  }
  const auto written = write_private_file(options.text("out"), document.dump() + "\n");
  if (!written) return program.fail(written.error());
  program.print(counts + " written\n");
  if (people_too) {
    program.print(fmt::format("{} people written, {} rejected records left out\n", feed.people(),
                              feed.rejected_records()));
  }
  return 0;
}

}  // namespace

int run_okta_snapshot(Program& program, const std::vector<std::string>& rest) {
  VerbOptions options(
      "rollcall okta snapshot --pseudonymise --out ORG.json [--hr FILE --hr-out FILE]",
      "Writes the org's structure with invented people, for `okta-sim --load`, and on request an "
      "HR\n"
      "file with the same inventions: a rehearsal of the configuration without anybody's data.\n"
      "Kept are statuses, times, what policies say, names of groups, rules, apps and policies but\n"
      "for people's names in them, and of profiles department, division, organization, "
      "costCenter,\n"
      "title, userType, countryCode, locale, preferredLanguage and timezone; all else is "
      "invented.\n"
      "Names of people that no account has, and names within longer words, are not recognised: "
      "read\n"
      "the file before you hand it on. Each membership of a group that a rule fills costs a "
      "request.\n"
      "Changes nothing.");
  options.add()("pseudonymise", "invent people (required)")(
      "out", po::value<std::string>()->value_name("FILE"), "where the org goes")(
      "hr", po::value<std::string>()->value_name("FILE"), "the HR file, read as the source is")(
      "hr-out", po::value<std::string>()->value_name("FILE"), "where invented people go")(
      "key-file", po::value<std::string>()->value_name("FILE"),
      "a secret: with the same one the same people get the same inventions; else each snapshot has "
      "its own");
  return run_parsed(options, program, rest, [&] { return make_snapshot(program, options); });
}

}  // namespace rollcall

// rollcall check: the configuration, and whether source, org and journal can be reached and read.
#include <fmt/core.h>

#include <set>

#include "connectors/okta/client.h"
#include "service/app/check_access.h"
#include "service/app/credentials.h"
#include "service/app/options_internal.h"
#include "service/app/planning_checks.h"
#include "service/app/verbs.h"
#include "service/app/wire.h"
#include "service/base/text.h"
#include "service/reconcile/entitlements.h"

namespace rollcall {
namespace {

class NullPeople final : public RecordSink {
 public:
  void record(const SourceRecord&) override {}
  void rejected(const RejectedRecord&) override {}
  void note(const Finding& finding) override { notes_.push_back(finding); }
  const std::vector<Finding>& notes() const { return notes_; }

 private:
  std::vector<Finding> notes_;
};

class OrgTally final : public DirectorySink {
 public:
  /// Remembers which of these logins there are.
  OrgTally(const std::vector<std::string>& logins, GroupNames linked) : linked_(std::move(linked)) {
    for (const std::string& login : logins) wanted_.insert(fold_login(login));
  }
  void schema(const OrgSchema& schema) override { schema_ = schema; }
  void principal(const Principal& principal) override { principal_ = principal; }
  void group(const Group& group) override {
    groups_.insert(group.name);
    if (const auto linked = linked_.find(group.id); linked != linked_.end()) {
      groups_.insert(linked->second);
    }
    imported_groups_ += group.type == GroupType::app_group ? 1 : 0;
  }
  void rule(const GroupRule& rule) override { active_rules_ += rule.active ? 1 : 0; }
  void account(const AccountView& account) override {
    if (std::string login = fold_login(account.login); wanted_.count(login) > 0) {
      logins_.insert(std::move(login));
    }
  }
  bool wants_members(const Group&) const override { return false; }
  void member(std::string_view, std::string_view) override {}
  void protected_user(std::string_view) override { ++admins_; }

  OrgSchema schema_;
  Principal principal_;
  std::uint64_t active_rules_ = 0;
  std::size_t imported_groups_ = 0;
  std::uint64_t admins_ = 0;
  std::set<std::string> wanted_, logins_, groups_;
  GroupNames linked_;
};

class Check {
 public:
  Check(Program& program, Wired& wired) : program_(program), wired_(wired) {}

  ExitCodes run() {
    line(Mark::good, "configuration",
         fmt::format("valid; rules {}", to_text(wired_.settings.rules).substr(0, 19)));
    check_journal();
    check_source();
    const OktaSettings& okta = wired_.settings.okta;
    if (okta.read) check_scopes("read", *okta.read, false);
    if (okta.write) check_scopes("write", *okta.write, true);
    if (okta.read) check_access("read", *okta.read, false);
    if (okta.write) check_access("write", *okta.write, true);
    check_org();
    check_limits();
    return exits_;
  }
  const Json& json() const { return json_; }
  const std::string& text() const { return text_; }

 private:
  /// `look`: nothing is broken, and somebody should know.
  enum class Mark : std::uint8_t { good, look, bad };

  void line(Mark mark, const std::string& what, const std::string& said,
            const Json& details = Json::object()) {
    const char* shown = mark == Mark::good ? "ok " : mark == Mark::look ? "!  " : "BAD";
    text_ += fmt::format("  {}  {:<14} {}\n", shown, what, said);
    Json out = Json::object();
    out.set("check", what).set("ok", mark != Mark::bad).set("message", said);
    if (mark == Mark::look) out.set("look", true);
    for (const auto& [name, value] : details.members()) out.set(name, value);
    json_.push(std::move(out));
  }
  void bad(const std::string& what, const Error& error) {
    line(Mark::bad, what, describe(error));
    const int exit = info(error.code).exit;
    exits_.add(exit == 0 ? 1 : exit);
  }

  void check_journal() {
    const auto runs = wired_.journal->runs(1);
    if (!runs) return bad("journal", runs.error());
    has_runs_ = !runs->empty();
    line(Mark::good, "journal",
         runs->empty()
             ? "reached; no runs yet"
             : fmt::format("reached; newest run {} is {}", runs->front().id, runs->front().state));
  }

  void check_source() {
    const std::string& name = wired_.settings.sources.front().name;
    Watermark watermark;
    if (const auto found = wired_.journal->watermark(name)) watermark = *found;
    NullPeople people;
    const auto summary = wired_.source->extract(watermark, people, program_.stop());
    if (!summary) return bad("source " + name, summary.error());
    for (const Error& reason : summary->reasons) bad("source " + name, reason);
    if (summary->certified) {
      line(Mark::good, "source " + name,
           fmt::format("{} read, {} rejected; the read is certified",
                       plural(static_cast<long long>(summary->records), "record", "records"),
                       with_thousands(static_cast<long long>(summary->rejected))));
    }
    for (const Finding& note : people.notes()) line(Mark::look, "source " + name, note.message);
  }

  /// What an app may do against what these rules need; an API token has no scopes.
  void check_scopes(const std::string& use, const AuthSettings& auth, bool write) {
    if (!auth.oauth) return;
    const std::string what = "scopes, " + use;
    const auto report = ask_for_scopes(program_, wired_.settings, *auth.oauth, write);
    if (!report) {
      // A place that makes only dry runs need not hold the other credential.
      const bool elsewhere = write && wired_.settings.okta.read &&
                             report.error().code == ErrorCode::secret_unavailable;
      if (elsewhere) return line(Mark::look, what, "not looked at: " + describe(report.error()));
      return bad(what, report.error());
    }
    line(Mark::good, what,
         fmt::format("client {} has {}; needed are {}", auth.oauth->client_id,
                     report->granted.empty() ? std::string("none") : join(report->granted, " "),
                     join(needed_scopes(wired_.settings, write), " ")));
    if (!report->missing.empty()) {
      bad(what,
          make_error(ErrorCode::okta_scope_refused, "missing: " + join(report->missing, " ")));
    }
    if (!report->superfluous.empty()) {
      line(Mark::good, what,
           fmt::format("superfluous: {}; revoke what no other use of the app needs",
                       join(report->superfluous, " ")));
    }
  }

  /// Roles held against roles needed, and of the read credential whether it can write.
  void check_access(const std::string& use, const AuthSettings& auth, bool write) {
    const Settings& settings = wired_.settings;
    auto access = ask_for_access(program_, settings, auth, write, !write);
    if (!access) {
      // A place that makes only dry runs need not hold the other credential.
      const bool elsewhere =
          write && settings.okta.read && access.error().code == ErrorCode::secret_unavailable;
      if (elsewhere) {
        return line(Mark::look, "roles, " + use, "not looked at: " + describe(access.error()));
      }
      return bad("roles, " + use, access.error());
    }
    for (const CheckLine& one : role_lines(settings, use, *access)) show(one);
    if (!write) show(trial_line(settings, *access));
    if (!access_ || !access_->mastering_apps) access_ = std::move(*access);
  }
  void show(const CheckLine& one) {
    if (one.error) return bad(one.what, *one.error);
    line(one.look ? Mark::look : Mark::good, one.what, one.said, one.details);
  }

  /// As the org showed them to the credential that read.
  void check_limits() {
    const auto* okta = dynamic_cast<const OktaDirectory*>(wired_.directory.get());
    if (okta == nullptr) return;
    std::vector<std::string> words;
    Json limits = Json::object();
    for (const auto& [bucket, counts] : okta->counts().buckets) {
      if (!counts.limit) continue;
      words.push_back(fmt::format("{} {}", bucket, *counts.limit));
      limits.set(bucket, static_cast<std::int64_t>(*counts.limit));
    }
    line(Mark::good, "limits",
         words.empty() ? std::string("none seen: the org has answered no request that names one")
                       : "requests a minute: " + join(words, ", "),
         Json::object().set("limits", std::move(limits)));
  }

  std::string credential() const {
    const OktaSettings& okta = wired_.settings.okta;
    const AuthSettings& auth = okta.read ? *okta.read : *okta.write;
    if (auth.oauth) return fmt::format("belongs to the app {}", auth.oauth->client_id);
    return "an application; its own id is not a user's";
  }

  void check_org() {
    const auto links = wired_.journal->links();
    if (!links) return bad("journal", links.error());
    OrgTally tally(wired_.settings.guard.protected_logins, linked_group_names(*links));
    ScanScope scope;
    scope.profile = &wired_.settings.user_schema;
    const auto scan = wired_.directory->observe(scope, tally, program_.stop());
    if (!scan) return bad("org", scan.error());
    for (const Error& reason : scan->reasons) bad("org", reason);
    if (!scan->certified) return;
    check_binding(scan->org_id);
    line(Mark::good, "org",
         fmt::format(
             "{}, {}, {} in {}; the listing is certified",
             plural(static_cast<long long>(scan->users), "user", "users"),
             plural(static_cast<long long>(scan->groups), "group", "groups"),
             plural(static_cast<long long>(tally.active_rules_), "active rule", "active rules"),
             plural(static_cast<long long>(scan->requests), "request", "requests")));
    line(Mark::good, "credential",
         tally.principal_.user_id.empty()
             ? credential()
             : fmt::format("belongs to user {}, who is never touched", tally.principal_.user_id));
    if (access_) show(sources_line(*access_, tally.imported_groups_));
    check_attributes(tally.schema_);
    check_protected(tally);
  }

  /// Whose journal it is. One without a run is bound by the first that plans, not by a check.
  void check_binding(const std::string& org_id) {
    if (!has_runs_) return;
    const auto bound = wired_.journal->bind(org_id, wired_.settings.environment);
    if (!bound) bad("journal", bound.error());
  }

  void check_protected(const OrgTally& tally) {
    const auto has_login = [&](const std::string& login) { return tally.logins_.count(login) > 0; };
    const auto has_group = [&](const std::string& name) { return tally.groups_.count(name) > 0; };
    for (const Finding& f : unknown_protected(wired_.settings, has_login, has_group)) {
      line(Mark::look, "protected", f.message);
    }
  }

  void check_attributes(const OrgSchema& schema) {
    if (const auto known = known_attributes(wired_.settings, schema); !known) {
      bad("attribute", known.error());
    }
    for (const ProfileMapping& mapping : wired_.settings.users.profile) {
      const std::string& name = wired_.settings.user_schema.at(mapping.attribute).name;
      const OrgAttribute* found = schema.find(name);
      if (found == nullptr) {
        bad("attribute",
            make_error(ErrorCode::attribute_undefined,
                       fmt::format("the org's user schema has no attribute '{}'", name),
                       mapping.rule));
      } else if (found->mastered_elsewhere) {
        line(Mark::good, "attribute",
             fmt::format("'{}' is mastered by another source and will not be written", name));
      } else if (found->read_only) {
        line(Mark::good, "attribute",
             fmt::format("'{}' is read-only and will not be written", name));
      }
    }
  }

  Program& program_;
  Wired& wired_;
  ExitCodes exits_;
  std::optional<Access> access_;
  bool has_runs_ = false;
  std::string text_;
  Json json_ = Json::array();
};

int run_check(Program& program, const VerbOptions& options) {
  auto settings = program.settings();
  if (!settings) return program.fail(settings.error());
  if (options.has("offline")) {
    program.print(fmt::format("configuration valid; rules {}\n", to_text(settings->rules)));
    return 0;
  }
  const std::string head = fmt::format("{} · {}\n", settings->environment, settings->okta.base_url);
  auto wired = wire(program, std::move(*settings), {});
  if (!wired) return program.fail(wired.error());
  Check check(program, **wired);
  const ExitCodes exits = check.run();
  program.print(program.json() ? check.json().dump() + "\n" : head + check.text());
  return options.shell_code(exits, false);
}

}  // namespace

int verb_check(Program& program, const std::vector<std::string>& words) {
  VerbOptions options(
      "rollcall check [--offline]",
      "Validates the configuration (every mistake at once), then reaches source, org and\n"
      "journal with the read credential and says what they hold. Changes nothing.");
  options.add()("offline", "only the configuration");
  return run_parsed(options, program, words, [&] { return run_check(program, options); });
}

}  // namespace rollcall

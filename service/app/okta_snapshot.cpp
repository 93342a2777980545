// rollcall okta snapshot --pseudonymise: the org's structure with invented people, as okta-sim
// loads it, and on request the HR file with the same inventions: a rehearsal without anybody's
// data.
#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <set>

#include "service/app/credentials.h"
#include "service/app/okta_commands_internal.h"
#include "service/app/pseudonyms.h"
#include "service/base/digest.h"
#include "service/base/file.h"
#include "service/base/text.h"

namespace rollcall {
namespace {

namespace po = boost::program_options;

/// Of a base profile what says where somebody works, not who they are; groups and rules go by it.
constexpr std::array<std::string_view, 10> kKept{
    "department", "division",    "organization", "costCenter",        "title",
    "userType",   "countryCode", "locale",       "preferredLanguage", "timezone"};
constexpr std::array<const char*, 6> kTimes{"created",   "activated",   "statusChanged",
                                            "lastLogin", "lastUpdated", "passwordChanged"};
constexpr std::size_t kLeastKey = 32;

bool is_kept(std::string_view attribute) {
  return std::find(kKept.begin(), kKept.end(), attribute) != kKept.end();
}

/// What a rule's expression compares with is invented where people's values are: `"Ulm"`.
std::string rewritten(Pseudonyms& people, const std::set<std::string>& invented,
                      std::string_view expression) {
  std::string out;
  std::size_t copied = 0;
  for (std::size_t at = expression.find('"'); at != std::string_view::npos;) {
    const std::size_t end = expression.find('"', at + 1);
    if (end == std::string_view::npos) break;
    const std::string_view literal = expression.substr(at + 1, end - at - 1);
    if (invented.count(fold_login(literal)) > 0) {
      out += std::string(expression.substr(copied, at + 1 - copied)) + people.of(literal);
      copied = end;
    }
    at = expression.find('"', end + 1);
  }
  return people.scrubbed(out + std::string(expression.substr(copied)));
}

/// Reads the org part by part; people first, so that their words are known when names are looked
/// at.
class OrgSnapshotWriter {
 public:
  OrgSnapshotWriter(OktaReader& reader, Pseudonyms& people) : reader_(reader), people_(people) {}

  Result<void> read() {
    for (const auto step : {&OrgSnapshotWriter::read_org, &OrgSnapshotWriter::read_schema,
                            &OrgSnapshotWriter::read_users, &OrgSnapshotWriter::read_groups,
                            &OrgSnapshotWriter::read_rules, &OrgSnapshotWriter::read_apps,
                            &OrgSnapshotWriter::read_roles}) {
      if (const auto r = (this->*step)(); !r) return r.error();
    }
    return ok();
  }

  std::string text() {
    for (Json& user : users_) scrub_kept(user.at("profile"));
    Json out = Json::object();
    out.set("org", org_).set("schema", schema_).set("users", Json(std::move(users_)));
    out.set("groups", Json(std::move(groups_))).set("rules", Json(std::move(rules_)));
    out.set("apps", Json(std::move(apps_))).set("roles", roles_);
    return out.dump() + "\n";
  }
  std::string counts() const {
    return fmt::format("{} users, {} groups, {} rules, {} apps", users_.size(), groups_.size(),
                       rules_.size(), apps_.size());
  }

 private:
  Result<void> read_org() {
    const auto org = reader_.one(OktaRequest(Endpoint::get_wellknown_org_metadata));
    if (!org) return org.error();
    org_.set("id", people_.id((*org)["id"].as_string())).set("name", "Rehearsal");
    return ok();
  }

  /// Names and types of attributes; titles, descriptions and lists of values are people's words.
  Result<void> read_schema() {
    const auto schema = reader_.one(OktaRequest(Endpoint::get_user_schema, {"default"}));
    if (!schema) return schema.error();
    Json custom = Json::object();
    for (const auto& [name, given] : (*schema)["definitions"]["custom"]["properties"].members()) {
      Json made = Json::object();
      made.set("title", name).set("type", given["type"]);
      if (given["items"]["type"].is_string()) {
        made.set("items", Json::object().set("type", given["items"]["type"]));
      }
      custom.set(name, std::move(made));
    }
    schema_.set("custom", std::move(custom));
    return ok();
  }

  Json profile_of(const Json& real) {
    Json out = Json::object();
    for (const auto& [name, value] : real.members()) {
      if (value.is_null()) continue;
      if (!is_kept(name) && value.is_string()) {
        invented_.insert(fold_login(value.as_string()));
      }
      out.set(name, is_kept(name) ? value : people_.json(value));
    }
    return out;
  }
  void scrub_kept(Json& profile) const {
    for (const std::string_view name : kKept) {
      if (!profile[name].is_string()) continue;
      profile.set(name, people_.scrubbed(profile[name].as_string()));
    }
  }

  Result<void> read_users() {
    // By `search`, because a plain list omits whoever is deactivated (FACTS 5.4).
    const auto list = reader_.list(OktaRequest(Endpoint::list_users)
                                       .query("search", "created ge \"1970-01-01T00:00:00.000Z\"")
                                       .query("limit", "200"),
                                   0);
    if (!list) return list.error();
    for (const Json& real : list->items) {
      Json user = Json::object();
      user.set("id", people_.id(real["id"].as_string())).set("status", real["status"]);
      for (const char* name : kTimes) user.set(name, real[name]);
      const Json& credentials = real["credentials"];
      user.set("provider", credentials["provider"]["type"]);
      user.set("password", credentials["password"].is_object());
      user.set("profile", profile_of(real["profile"]));
      users_.push_back(std::move(user));
    }
    return ok();
  }

  Result<void> read_groups() {
    const auto list = reader_.list(
        OktaRequest(Endpoint::list_groups).query("limit", "200").query("expand", "stats"), 0);
    if (!list) return list.error();
    for (const Json& real : list->items) {
      const std::string id(real["id"].as_string());
      Json group = Json::object();
      group.set("id", people_.id(id)).set("type", real["type"]);
      group.set("name", people_.scrubbed(real["profile"]["name"].as_string()));
      group.set("created", real["created"]).set("lastUpdated", real["lastUpdated"]);
      group.set("lastMembershipUpdated", real["lastMembershipUpdated"]);
      // Of groups that Okta fills itself the members follow from the rest.
      if (real["type"].as_string() != "BUILT_IN") {
        const auto members =
            reader_.list(OktaRequest(Endpoint::list_group_users, {id}).query("limit", "1000"), 0);
        if (!members) return members.error();
        group.set("members", ids_of(*members));
      }
      if (real["_embedded"]["stats"]["hasAdminPrivileges"].as_bool()) admin_groups_.push_back(id);
      groups_.push_back(std::move(group));
    }
    return ok();
  }

  Json ids_of(const AskedList& list) const {
    Json out = Json::array();
    for (const Json& item : list.items) out.push(people_.id(item["id"].as_string()));
    return out;
  }

  Result<void> read_rules() {
    const auto list =
        reader_.list(OktaRequest(Endpoint::list_group_rules).query("limit", "200"), 0);
    if (!list) return list.error();
    for (const Json& real : list->items) {
      Json rule = Json::object();
      rule.set("id", people_.id(real["id"].as_string())).set("status", real["status"]);
      rule.set("name", people_.scrubbed(real["name"].as_string()));
      rule.set("expression", rewritten(people_, invented_,
                                       real["conditions"]["expression"]["value"].as_string()));
      Json targets = Json::array(), excluded = Json::array();
      for (const Json& id : real["actions"]["assignUserToGroups"]["groupIds"].items()) {
        targets.push(people_.id(id.as_string()));
      }
      for (const Json& id : real["conditions"]["people"]["users"]["exclude"].items()) {
        excluded.push(people_.id(id.as_string()));
      }
      rule.set("groups", std::move(targets)).set("exclude", std::move(excluded));
      rules_.push_back(std::move(rule));
    }
    return ok();
  }

  /// An app is its label and who has it; what it does, and the addresses and keys it is set up
  /// with, stay where they are.
  Result<void> read_apps() {
    const auto list =
        reader_.list(OktaRequest(Endpoint::list_applications).query("limit", "200"), 0);
    if (!list) return list.error();
    for (const Json& real : list->items) {
      const std::string id(real["id"].as_string());
      Json app = Json::object();
      app.set("id", people_.id(id)).set("status", real["status"]);
      app.set("label", people_.scrubbed(real["label"].as_string()));
      app.set("name", "bookmark").set("signOnMode", "BOOKMARK");
      app.set("settings",
              Json::object().set("app", Json::object().set("url", "https://app.example")));
      const auto groups = reader_.list(
          OktaRequest(Endpoint::list_application_group_assignments, {id}).query("limit", "200"), 0);
      if (!groups) return groups.error();
      Json given = Json::array();
      for (const Json& group : groups->items) {
        given.push(Json::object()
                       .set("id", people_.id(group["id"].as_string()))
                       .set("priority", group["priority"]));
      }
      const auto users = reader_.list(
          OktaRequest(Endpoint::list_application_users, {id}).query("limit", "500"), 0);
      if (!users) return users.error();
      Json held = Json::array();
      for (const Json& user : users->items) {
        held.push(Json::object()
                      .set("id", people_.id(user["id"].as_string()))
                      .set("scope", user["scope"])
                      .set("userName", people_.of(user["credentials"]["userName"].as_string())));
      }
      apps_.push_back(app.set("groups", std::move(given)).set("users", std::move(held)));
    }
    return ok();
  }

  static Json types_of(const AskedList& roles) {
    Json out = Json::array();
    for (const Json& role : roles.items) {
      if (role["assignmentType"].as_string() != "GROUP") out.push(role["type"]);
    }
    return out;
  }

  Result<void> read_roles() {
    Json users = Json::object(), groups = Json::object();
    const auto holders = reader_.list(
        OktaRequest(Endpoint::list_users_with_role_assignments).query("limit", "200"), 0);
    if (!holders) return holders.error();
    for (const Json& holder : holders->items) {
      const std::string id(holder["id"].as_string());
      const auto held = reader_.list(OktaRequest(Endpoint::list_assigned_roles_for_user, {id}), 0);
      if (!held) return held.error();
      users.set(people_.id(id), types_of(*held));
    }
    for (const std::string& id : admin_groups_) {
      const auto held = reader_.list(OktaRequest(Endpoint::list_group_assigned_roles, {id}), 0);
      if (!held) return held.error();
      Json types = Json::array();
      for (const Json& role : held->items) types.push(role["type"]);
      groups.set(people_.id(id), std::move(types));
    }
    roles_.set("users", std::move(users)).set("groups", std::move(groups));
    return ok();
  }

  OktaReader& reader_;
  Pseudonyms& people_;
  std::set<std::string> invented_;  // folded values that were invented
  std::vector<std::string> admin_groups_;
  Json org_ = Json::object(), schema_ = Json::object(), roles_ = Json::object();
  Json::Array users_, groups_, rules_, apps_;
};

/// HR columns that say who somebody is: the key, what is matched by, and what an invented attribute
/// of the profile is made of. Status and dates never are.
std::vector<bool> telling_columns(const Settings& settings) {
  std::vector<bool> out(settings.hr_schema.size(), false);
  const auto mark = [&out](const std::vector<AttrId>& ids) {
    for (const AttrId id : ids) out[id] = true;
  };
  for (const MatchRule& rule : settings.users.match) mark(rule.hr.hr_attributes());
  for (const ProfileMapping& mapping : settings.users.profile) {
    const std::string& name = settings.user_schema.at(mapping.attribute).name;
    if (!is_kept(name)) mark(mapping.expression.hr_attributes());
  }
  const SourceSettings& source = settings.sources.front();
  for (const std::string* name :
       {&source.status_column, &source.hire_date, &source.termination_date}) {
    if (const auto id = settings.hr_schema.find(*name)) out[*id] = false;
  }
  if (const auto id = settings.hr_schema.find(source.key)) out[*id] = true;
  return out;
}

/// The columns that the configuration reads, with the same inventions as the org.
class PeopleSnapshot final : public RecordSink {
 public:
  PeopleSnapshot(const Settings& settings, Pseudonyms& people)
      : settings_(settings), people_(people), telling_(telling_columns(settings)) {}

  void record(const SourceRecord& record) override {
    std::vector<std::string>& row = rows_.emplace_back();
    for (std::size_t i = 0; i < telling_.size(); ++i) {
      const std::string_view text = record.attributes.text(static_cast<AttrId>(i));
      row.push_back(telling_[i] ? people_.of(text) : std::string(text));
    }
  }
  void rejected(const RejectedRecord&) override { ++rejected_; }
  void note(const Finding&) override {}

  std::size_t people() const { return rows_.size(); }
  std::size_t rejected_records() const { return rejected_; }
  std::string text() const {
    const SourceSettings& source = settings_.sources.front();
    const std::string delimiter = source.delimiter.empty() ? "," : source.delimiter;
    std::vector<std::string> cells;
    for (std::size_t i = 0; i < telling_.size(); ++i) {
      const std::string& name = settings_.hr_schema.at(static_cast<AttrId>(i)).name;
      const auto header = source.columns.find(name);
      cells.push_back(quoted(header == source.columns.end() ? name : header->second));
    }
    std::string out = join(cells, delimiter) + "\n";
    for (const auto& row : rows_) {
      for (std::size_t i = 0; i < row.size(); ++i) {
        cells[i] = quoted(telling_[i] ? row[i] : people_.scrubbed(row[i]));
      }
      out += join(cells, delimiter) + "\n";
    }
    return out;
  }

 private:
  static std::string quoted(const std::string& cell) {
    if (cell.find_first_of("\",;|\t\r\n") == std::string::npos) return cell;
    return "\"" + replace_all(cell, "\"", "\"\"") + "\"";
  }

  const Settings& settings_;
  Pseudonyms& people_;
  std::vector<bool> telling_;
  std::vector<std::vector<std::string>> rows_;
  std::size_t rejected_ = 0;
};

Result<Secret> mapping_key(const VerbOptions& options) {
  if (!options.has("key-file")) return Secret(random_bytes(kLeastKey));
  auto text = read_file(options.text("key-file"));
  if (!text) return text.error();
  const std::string key(trim(*text));
  if (key.size() >= kLeastKey) return Secret(key);
  return make_error(ErrorCode::usage, fmt::format("a key has {} characters at least", kLeastKey),
                    options.text("key-file"));
}

Result<void> write_clean(const Pseudonyms& people, const std::string& path,
                         const std::string& text) {
  if (const auto clean = people.check(text, path); !clean) return clean.error();
  return write_private_file(path, text);
}

int make_snapshot(Program& program, const VerbOptions& options) {
  const bool people_too = options.has("hr");
  if (!options.has("pseudonymise") || !options.has("out") || people_too != options.has("hr-out")) {
    return program.fail(make_error(
        ErrorCode::usage, "it takes --pseudonymise and --out FILE, and --hr with --hr-out"));
  }
  auto key = mapping_key(options);
  if (!key) return program.fail(key.error());
  auto settings = program.settings();
  if (!settings) return program.fail(settings.error());
  if (people_too) settings->sources.front().path = options.text("hr");
  WireOptions what;
  what.journal = false;
  what.scopes = scopes_of({Endpoint::list_applications, Endpoint::list_application_users,
                           Endpoint::list_application_group_assignments});
  const auto wired = wire(program, std::move(*settings), what);
  if (!wired) return program.fail(wired.error());
  Pseudonyms people(std::move(*key));
  OktaReader reader(*(*wired)->okta, (*wired)->settings.okta.base_url, program.stop());
  OrgSnapshotWriter org(reader, people);
  if (const auto read = org.read(); !read) return program.fail(read.error());
  PeopleSnapshot feed((*wired)->settings, people);
  if (people_too) {
    const auto summary = (*wired)->source->extract({}, feed, program.stop());
    if (!summary) return program.fail(summary.error());
    if (!summary->certified) return program.fail(summary->reasons.front());
    const auto written = write_clean(people, options.text("hr-out"), feed.text());
    if (!written) return program.fail(written.error());
  }
  const std::string counts = org.counts();
  const auto written = write_clean(people, options.text("out"), org.text());
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
      "Kept are statuses, times, names of groups, rules and apps, and of\n"
      "profiles department, division, organization, costCenter, title, userType, countryCode,\n"
      "locale, preferredLanguage and timezone; all else is invented. Changes nothing.");
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

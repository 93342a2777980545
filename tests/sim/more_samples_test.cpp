// The recorded exchanges about everything but users, groups, rules, schema and limits, against
// SimOrg: same status, header names, JSON keys and types, both ways.
#include <array>
#include <map>

#include "tests/sim/listing.h"
#include "tests/sim/recorded_fixture.h"

namespace rollcall::sim {
namespace {

/// How one recording is played: the org before, what happens first, and what replaces the parts
/// that its publisher hid.
struct Play {
  std::string org = "{}";
  std::vector<std::array<std::string, 3>> first = {};  // method, target, body
  std::string body = {};                               // in place of the recording's
  std::string target = {};
  std::string faults = {};
  Comparison::Exceptions accepted = {};
  bool anonymous = false, same_limit = false;  // without a credential; the limit's size counts
};

std::string user_of(std::string_view id, std::string_view extra = {}) {
  return fmt::format(R"({{"id":"{}","status":"ACTIVE","profile":{{"login":"{}@example.com",)"
                     R"("email":"{}@example.com","firstName":"F","lastName":"L"}}{}}})",
                     id, id, id, extra);
}

std::string bookmark(std::string_view id, std::string_view more = {}) {
  return fmt::format(
      R"({{"id":"{}","name":"bookmark","label":"B {}","settings":{{"app":{{"url":"https://b"}}}}{}}})",
      id, id, more);
}

const std::string kClient =
    R"({"id":"0oauj96z2dGonI16R1d7","name":"oidc_client","label":"C","signOnMode":"OPENID_CONNECT",)"
    R"("settings":{"oauthClient":{"grant_types":["client_credentials"]}})";

std::string org_with_app(const std::string& app, const std::string& users = {},
                         const std::string& groups = {}) {
  return R"({"users":[)" + users + R"(],"groups":[)" + groups + R"(],"apps":[)" + app + "]}";
}

const Comparison::Exceptions kOktaApp = {
    {"/0/visibility/autoLaunch", "the console, one of Okta's own apps, lacks it"},
    {"/0/universalLogout", "null for the console"},
    {"/0/settings/emOptInStatus", "the console lacks it"},
    {"/0/settings/notes", "the console lacks it"},
    {"/0/visibility/appLinks", "the console's link is called admin"},
    {"/0/settings/app/url", "the row of ours is a bookmark"},
    {"/0/credentials/signing/kid", "the row of ours is a bookmark, which signs nothing"}};

const Comparison::Exceptions kOldUser = {
    {"/0/lastSync", "recorded in 2017; no later recording has it"},
    {"/0/_embedded/user/type", "older than user types"},
    {"/0/_embedded/user/profile", "that person filled other attributes"},
    {"/0/_embedded/user/credentials/emails", "older than this member"},
    {"/0/_embedded/user/credentials/recovery_question", "that person had one"},
    {"/0/_embedded/user/_links/schema", "older than the link"},
    {"/0/_embedded/user/_links/type", "older than user types"}};

const std::string kTwoGroups =
    R"({"id":"00gsfd0d1jP3JpPr74x6","name":"a"},{"id":"00gsfdsw8cmqTte174x6","name":"b"})";

std::map<int, Play> app_plays() {
  const std::string some_user = user_of("00uuj90ko1mC0Sc3q1d7");
  const std::string held = R"(,"users":["00uuj90ko1mC0Sc3q1d7"]})";
  std::map<int, Play> plays;
  plays[53] = {};
  plays[54] = {R"({"org":{"max_apps":1},"apps":[)" + bookmark("0oaaaaaaaaaaaaaaaaa1") + "]}"};
  plays[55] = {org_with_app(bookmark("0oaaaaaaaaaaaaaaaaa1") + "," +
                            bookmark("0oaaaaaaaaaaaaaaaaa2") + "," +
                            bookmark("0oaaaaaaaaaaaaaaaaa3"))};
  plays[55].accepted = kOktaApp;
  plays[56] = {};
  plays[57] = {org_with_app(bookmark("0oaqgqsrdvBmcpBXA1d7"))};
  plays[58] = {org_with_app(kClient + "}", some_user)};
  plays[59] = {org_with_app(kClient + held, some_user)};
  plays[60] = {
      org_with_app(bookmark("0oasfe1eohWKyA4gQ4x6", R"(,"users":["00usf9p2jYLqUxJMo4x6"])"),
                   user_of("00usf9p2jYLqUxJMo4x6"))};
  plays[60].body = R"({"credentials":{"userName":"JohnJohnJohn"}})";
  plays[61] = {
      org_with_app(bookmark("0oasf9qisGVmpA9eG4x6", R"(,"users":["00usf9bc3bkDNI42V4x6"])"),
                   user_of("00usf9bc3bkDNI42V4x6"))};
  plays[62] = {org_with_app(
      bookmark("0oaYAubtaubhslaOg0x7",
               R"(,"users":["00u3krc0foy2vAhng0x7","00u3krc0foy2vAhng0x8"])"),
      user_of("00u3krc0foy2vAhng0x7", R"(,"password":true,"lastLogin":"2017-02-27T02:11:38.000Z",)"
                                      R"("passwordChanged":"2015-12-17T20:50:07.000Z")") +
          "," + user_of("00u3krc0foy2vAhng0x8"))};
  plays[62].accepted = kOldUser;
  plays[63] = {org_with_app(bookmark("0oayt04y5o7ecjjU05d6"), "",
                            R"({"id":"00g10pnp6v3Brgwlx5d7","name":"g"})")};
  plays[64] = {
      org_with_app(bookmark("0oasfbqxfgTBcNop34x6",
                            R"(,"groups":["00gsfd0d1jP3JpPr74x6","00gsfdsw8cmqTte174x6"])"),
                   "", kTwoGroups)};
  plays[65] = {org_with_app(bookmark("0oauj8lxpakUbVDPF1d7"), "",
                            R"({"id":"00guj90kg96LqOIHe1d7","name":"g"})")};
  // The id of the mapping from that app to people follows from the app's.
  plays[89] = {org_with_app(bookmark("0oankwe1vcDGIxAzg1d7"))};
  plays[89].target = "/api/v1/mappings/{mapping}";
  return plays;
}

Play log_play() {
  Play play;
  play.first = {{"POST", "/api/v1/groups", R"({"profile":{"name":"g"}})"},
                {"PUT", "/api/v1/groups/{group}/users/{me}", ""}};
  play.target =
      "/api/v1/logs?since=2026-09-01T00%3A00%3A00.000Z&sortOrder=ASCENDING&limit=100&"
      "filter=eventType+eq+%22group.user_membership.add%22";
  // The sample is an event object out of documentation, of another kind, and an extract.
  play.accepted = {{"/0/device", "null unless the device is enrolled"},
                   {"/0/debugContext/debugData/requestUri", "not a stable contract"},
                   {"/0/legacyEventType", "not known for every type: null"},
                   {"/0/actor/detailEntry", "the extract left it out"},
                   {"/0/client/id", "the extract left it out"},
                   {"/0/client/geographicalContext", "the extract left it out"},
                   {"/0/outcome/reason", "the extract left it out"},
                   {"/0/transaction/detail", "the extract left it out"},
                   {"/0/securityContext", "the extract left it out"},
                   {"/0/request", "the extract left it out"},
                   {"/0/target", "a sign-in has none"},
                   {"/0/authenticationContext/authenticationProvider", "the extract left it out"},
                   {"/0/authenticationContext/credentialProvider", "the extract left it out"},
                   {"/0/authenticationContext/credentialType", "the extract left it out"},
                   {"/0/authenticationContext/issuer", "the extract left it out"},
                   {"/0/authenticationContext/interface", "the extract left it out"}};
  return play;
}

std::map<int, Play> session_plays() {
  const std::string made =
      R"({"profile":{"login":"s@example.com","email":"s@example.com","firstName":"S",)"
      R"("lastName":"T"},"credentials":{"password":{"value":"Tr0ub4dor-and-3"}}})";
  const std::array<std::string, 3> user = {"POST", "/api/v1/users", made};
  const std::string sign_in = R"({"username":"s@example.com","password":"Tr0ub4dor-and-3"})";
  std::map<int, Play> plays;
  plays[81].first = {user};
  plays[81].body = sign_in;
  plays[81].anonymous = true;  // recorded without a credential
  plays[81].same_limit = plays[82].same_limit = true;
  plays[82].first = {user, {"POST", "/api/v1/authn", sign_in}};
  plays[82].body = R"({"sessionToken":"{token}"})";
  plays[83] = {};
  plays[84] = {};
  return plays;
}

std::map<int, Play> policy_plays() {
  std::map<int, Play> plays;
  plays[74] = {R"({"groups":[{"id":"00gnkw1sdqL30MdGk1d7","name":"g"}]})"};
  plays[75] = {R"({"groups":[{"id":"00gzpiwrisG4Ifg1x1d7","name":"g"}]})"};
  plays[76].first = {{"POST", "/api/v1/policies", R"({"type":"OKTA_SIGN_ON","name":"p"})"}};
  plays[76].target = "/api/v1/policies/{policy}/rules";
  plays[77] = {};
  return plays;
}

std::map<int, Play> relation_plays() {
  std::map<int, Play> plays;
  const std::string owner = R"({"id":"00uvtzh2lxuzsNmBI1d7","type":"USER"})";
  plays[47] = {R"({"users":[)" + user_of("00uvtzh2lxuzsNmBI1d7") +
               R"(],"groups":[{"id":"00gvtzf96sHcVEPcf1d7","name":"g"}]})"};
  plays[47].first = {{"POST", "/api/v1/groups/00gvtzf96sHcVEPcf1d7/owners", owner}};
  plays[69] = {};
  plays[70] = {};
  plays[71] = {};
  plays[71].faults = R"([{"match":{"method":"DELETE"},"do":"status","status":500}])";
  plays[78] = {R"({"users":[)" + user_of("00usfahhrdlPEHV1g4x6") + "]}"};
  plays[78].body = R"({"factorType":"sms","profile":{"phoneNumber":"+12345678901"}})";
  plays[79] = {R"({"users":[)" + user_of("00ukwuyz3zQXa0fxJ1d7") + "]}"};
  plays[80] = {R"({"users":[)" + user_of("00usfahhrdlPEHV1g4x6") + "]}"};
  plays[88] = {R"({"users":[)" + user_of("00ukwuv3feqy7YSCy1d7") + "," +
               user_of("00ukwutt60W42ZxeX1d7") + "]}"};
  plays[88].first = {{"POST", "/api/v1/meta/schemas/user/linkedObjects",
                      R"({"primary":{"name":"testAcc_3849317781","title":"p","type":"USER"},)"
                      R"("associated":{"name":"a","title":"a","type":"USER"}})"}};
  return plays;
}

std::map<int, Play> all_plays() {
  std::map<int, Play> plays = app_plays();
  plays[92] = log_play();
  for (auto& more : {session_plays(), policy_plays(), relation_plays()}) {
    plays.insert(more.begin(), more.end());
  }
  return plays;
}

std::string query_of_sample(const Json& sample) {
  std::string query;
  for (const auto& [name, value] : sample["query"].members()) {
    query += (query.empty() ? "?" : "&") + name + "=" + encode_query(value.as_string());
  }
  return query;
}

SimReply play_sample(const Json& sample, const Play& play, Driver& driver) {
  std::map<std::string, std::string> made = {{"{me}", driver.sim->org().tokens[0].owner_id}};
  const auto filled = [&](std::string text) {
    for (const auto& [mark, value] : made) text = replace_all(text, mark, value);
    return text;
  };
  if (play.target.find("{mapping}") != std::string::npos) {
    driver.send("GET", "/api/v1/mappings?limit=1");
    made["{mapping}"] = driver.ids().at(0);
  }
  for (const auto& [method, target, body] : play.first) {
    const SimReply reply = driver.send(method, filled(target), filled(body));
    EXPECT_LT(reply.status, 300) << target << ": " << reply.body;
    if (target == "/api/v1/groups") made["{group}"] = driver.json["id"].as_string();
    if (target == "/api/v1/policies") made["{policy}"] = driver.json["id"].as_string();
    if (driver.json.has("sessionToken")) made["{token}"] = driver.json["sessionToken"].as_string();
  }
  const std::string recorded(sample["path"].as_string());
  std::string body = play.body;
  if (play.anonymous) driver.token.clear();
  if (body.empty() && !sample["request_body"].is_null()) body = sample["request_body"].dump();
  return driver.send(std::string(sample["method"].as_string()),
                     filled(play.target.empty() ? recorded + query_of_sample(sample) : play.target),
                     filled(body));
}

void compare_sample(const Json& sample, const Play& play, const SimReply& reply) {
  EXPECT_EQ(reply.status, sample["status"].as_int()) << reply.body;
  for (const std::string& difference : header_differences(sample, reply)) {
    ADD_FAILURE() << difference;
  }
  if (play.same_limit) {
    EXPECT_EQ(reply.header("X-Rate-Limit-Limit"),
              sample["response_headers"]["x-rate-limit-limit"].as_string());
  }
  Comparison comparison(play.accepted);
  const Json ours = reply.body.empty() ? Json() : *parse_json(reply.body);
  const Json& theirs = sample["response_body"];
  comparison.compare("", theirs, ours);
  for (const std::string& difference : comparison.differences) ADD_FAILURE() << difference;
  for (const std::string& at : comparison.idle_exceptions()) {
    ADD_FAILURE() << "exception without a difference: " << at;
  }
  if (!theirs.has("errorCode")) return;
  EXPECT_EQ(ours["errorCode"], theirs["errorCode"]);
  EXPECT_EQ(ours["errorSummary"], theirs["errorSummary"]);
  EXPECT_EQ(ours["errorCauses"], theirs["errorCauses"]);
}

TEST(RecordedSamples, OfAppsPoliciesSessionsAndTheLogMatchToo) {
  const std::vector<Sample> samples = read_samples();
  if (samples.empty()) GTEST_SKIP() << "no recorded samples at " << kFolder;
  int compared = 0;
  std::size_t exceptions = 0;
  const std::map<int, Play> plays = all_plays();
  for (const Sample& sample : samples) {
    const int n = number_of(sample);
    if (played_by(n) != PlayedBy::more_samples_test) continue;
    SCOPED_TRACE(sample.name);
    const auto play = plays.find(n);
    ASSERT_NE(play, plays.end()) << "nobody plays it";
    SimOptions options = unlimited();
    if (n != 84) options.limits = "workforce";
    Driver driver(options, play->second.org);
    const std::string& faults = play->second.faults;
    if (!faults.empty()) (void)driver.sim->faults().load(*parse_json(faults));
    const SimReply reply = play_sample(sample.json, play->second, driver);
    compare_sample(sample.json, play->second, reply);
    ++compared;
    exceptions += play->second.accepted.size();
  }
  fmt::print("samples compared {} of {}, exceptions listed {}\n", compared, kSamples, exceptions);
  EXPECT_EQ(compared, samples_of(PlayedBy::more_samples_test));
}

}  // namespace
}  // namespace rollcall::sim

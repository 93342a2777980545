// Listings of an org that changes while it is read, over a connection that damages replies: whoever
// was there throughout is listed exactly once, or the listing is not certified. 1,000 seeds.
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <functional>
#include <iostream>
#include <map>
#include <random>
#include <set>

#include "connectors/okta/listing.h"
#include "tests/worlds/sim_world.h"

namespace rollcall::worlds {
namespace {

constexpr unsigned kSeeds = 250;  // of each of the four kinds of world
constexpr PageSizes kPages{6, 12, 30};

/// What may go wrong with one reply on its way.
enum class Damage {
  none,
  lost,       // no reply
  error_500,  // an error in its place
  cut,        // the body ends early
  emptied,    // its rows are gone, its link stays
  thinned,    // some rows are gone, its link stays
  doubled,    // the page before comes again
  link_lost,  // its link is gone
  skipped     // the page after it comes in its place
};

/// What a world may do, in percent of the requests where not said otherwise.
struct Weather {
  int writes = 25;
  bool deletions = true;
  int damage = 0;
  std::vector<Damage> kinds;
  int stays = 0;            // percent of damages that hit a page every time it is asked for
  bool role_taken = false;  // at a random request our credential sees nobody from then on
};

class Seen final : public DirectorySink {
 public:
  void schema(const OrgSchema&) override {}
  void principal(const Principal&) override {}
  void group(const Group& group) override { ++groups[group.id]; }
  void rule(const GroupRule&) override {}
  void account(const AccountView& account) override {
    ++times[std::string(account.id)];
    statuses[std::string(account.id)] = account.status;
  }
  void account_again(const AccountView& account) override {
    if (times.count(std::string(account.id)) == 0) stray = true;
    statuses[std::string(account.id)] = account.status;
  }
  bool wants_members(const Group& group) const override {
    return group.type == GroupType::okta_group;
  }
  void member(std::string_view group, std::string_view user) override {
    ++members[std::string(group)][std::string(user)];
  }

  std::map<std::string, int> groups, times;
  std::map<std::string, AccountStatus> statuses;
  std::map<std::string, std::map<std::string, int>> members;
  bool stray = false;
};

class ListingWorld {
 public:
  ListingWorld(unsigned seed, const Weather& weather)
      : random_(seed), weather_(weather), world_(lag(), made_org()) {
    note_who_is_there();
    if (roll(2) == 0) cuts();
    for (const std::string& id : there_) {
      if (roll(3) == 0) links_.push_back({Link::Kind::user, id, "E" + id, false});
    }
    role_goes_at_ = weather.role_taken ? 1 + roll(40) : 0;
  }

  void read() {
    profile_.add({"login"});
    const LinkList links(links_);
    ScanScope scope;
    scope.profile = &profile_;
    scope.links = &links;
    scope.chain_boundaries = cuts_;
    Listing listing(scope, seen, SimWorld::kBaseUrl, world_.clock.wall(), kPages);
    std::vector<ListRequest> waiting;
    while (!listing.done()) {
      for (ListRequest& request : listing.ready()) waiting.push_back(std::move(request));
      ASSERT_FALSE(waiting.empty()) << "the listing waits for nothing";
      const std::size_t at = static_cast<std::size_t>(roll(static_cast<int>(waiting.size())));
      ListRequest request = std::move(waiting[at]);
      waiting.erase(waiting.begin() + static_cast<std::ptrdiff_t>(at));
      listing.answered(request.token, answer(request));
      ASSERT_LT(requests, 5'000) << "the listing does not end";
    }
    auto end = listing.finish();
    if (end) summary = std::move(*end);
    why = end ? (summary.reasons.empty() ? "" : describe(summary.reasons.front()))
              : describe(end.error());
  }

  /// What is wrong with a listing that says it may be believed.
  std::vector<std::string> complaints() const {
    std::vector<std::string> out;
    if (!summary.certified) return out;
    for (const std::string& id : there_) {
      const auto found = seen.times.find(id);
      if (found == seen.times.end()) out.push_back("lost " + id);
      if (found != seen.times.end() && changed_.count(id) == 0 &&
          seen.statuses.at(id) != statuses_.at(id)) {
        out.push_back("wrong status of " + id);
      }
    }
    for (const auto& [id, times] : seen.times) {
      if (times != 1) out.push_back("doubled " + id);
    }
    for (const auto& [id, times] : seen.groups) {
      if (times != 1) out.push_back("doubled group " + id);
    }
    for (const auto& [group, ids] : members_) {
      const auto listed = seen.members.find(group);
      for (const std::string& id : ids) {
        const bool there = there_.count(id) > 0;
        const bool once = listed != seen.members.end() && listed->second.count(id) > 0 &&
                          listed->second.at(id) == 1;
        if (there && !once) out.push_back("member lost or doubled " + id);
      }
    }
    if (seen.stray) out.push_back("a later state of somebody who was never given");
    return out;
  }

  Seen seen;
  ScanSummary summary;
  std::string why;  // it is not certified
  int damaged = 0, written = 0, requests = 0;

 private:
  int roll(int below) { return static_cast<int>(random_() % static_cast<unsigned>(below)); }
  std::int64_t lag() {
    static constexpr std::array<std::int64_t, 4> kLags{0, 700, 4'000, 20'000};
    return kLags[random_() % kLags.size()];
  }

  std::string made_org() {
    static const std::vector<std::string> statuses{"ACTIVE",    "ACTIVE",        "STAGED",
                                                   "SUSPENDED", "DEPROVISIONED", "PROVISIONED"};
    std::string users, members;
    const int count = 12 + roll(40);
    for (int i = 0; i < count; ++i) {
      const WallTime created{1'400'000'000'000 + roll(300'000) * 1'000'000LL};
      const std::string login = "p" + std::to_string(i) + "@x.example";
      users += std::string(i > 0 ? "," : "") + "{\"status\":\"" +
               statuses[static_cast<std::size_t>(roll(6))] + "\",\"created\":\"" +
               format_okta_time(created) + "\",\"lastUpdated\":\"" + format_okta_time(created) +
               "\",\"profile\":{\"login\":\"" + login + "\"}}";
      if (roll(2) == 0) members += std::string(members.empty() ? "" : ",") + "\"" + login + "\"";
    }
    return "{\"users\":[" + users + "],\"groups\":[{\"name\":\"A\",\"members\":[" + members +
           "]},{\"name\":\"B\"}]}";
  }

  void note_who_is_there() {
    const auto exported = parse_json(world_.org->export_json());
    ASSERT_TRUE(exported);
    for (const Json& user : (*exported)["users"].items()) {
      const std::string id(user["id"].as_string());
      there_.insert(id);
      statuses_[id] = account_status(user["status"].as_string());
      created_.push_back(parse_rfc3339(user["created"].as_string())->ms);
    }
    for (const Json& group : (*exported)["groups"].items()) {
      if (group["type"].as_string() != "OKTA_GROUP") continue;
      auto& ids = members_[std::string(group["id"].as_string())];
      for (const Json& member : group["members"].items()) {
        ids.insert(std::string(member.is_string() ? member.as_string() : member["id"].as_string()));
      }
    }
  }

  void cuts() {
    std::sort(created_.begin(), created_.end());
    for (std::size_t i = 1; i < 4; ++i) {
      const WallTime cut{created_[created_.size() * i / 4] / 1000 * 1000};
      if (cuts_.empty() || cuts_.back() < cut) cuts_.push_back(cut);
    }
  }

  std::string anybody() {
    auto at = there_.begin();
    std::advance(at, roll(static_cast<int>(there_.size())));
    return *at;
  }

  /// An administrator at work. Owners of tokens are spared: their token would die.
  void write() {
    const std::string id = anybody();
    const std::string user = "/api/v1/users/" + id;
    if (world_.admin("GET", user) != 200) return;
    const bool owner =
        world_.json["profile"]["login"].as_string().find("@x.example") == std::string_view::npos;
    const int what = roll(weather_.deletions ? 6 : 5);
    if (what == 0) {
      const std::string login = "new" + std::to_string(written) + "@x.example";
      world_.admin("POST", "/api/v1/users?activate=false",
                   R"({"profile":{"firstName":"N","lastName":"N","email":")" + login +
                       R"(","login":")" + login + "\"}}");
    } else if (what == 1) {
      world_.admin("POST", user, R"({"profile":{"lastName":"R)" + std::to_string(written) + "\"}}");
    } else if (owner) {
      return;
    } else if (what == 5) {
      world_.admin("POST", user + "/lifecycle/deactivate");
      if (world_.admin("DELETE", user) == 204) there_.erase(id);
    } else {
      static constexpr std::array<const char*, 3> kSteps{"suspend", "unsuspend", "activate"};
      world_.admin("POST", user + "/lifecycle/" + kSteps[static_cast<std::size_t>(what - 2)]);
    }
    changed_.insert(id);
    ++written;
  }

  HttpExchange answer(const ListRequest& request) {
    ++requests;
    world_.clock.advance(1'000 + roll(2'000) + request.delay_ms);
    if (roll(100) < weather_.writes) write();
    if (requests == role_goes_at_) {
      world_.org->org().tokens.front().role = "none";
    }
    HttpExchange truth = world_.send(request.request);
    const std::string& target = request.request.target;
    Damage damage = Damage::none;
    const auto lasting = lasting_.find(target);
    if (lasting != lasting_.end()) {
      damage = lasting->second;
    } else if (!weather_.kinds.empty() && hit_.count(target) == 0 && roll(100) < weather_.damage) {
      damage =
          weather_.kinds[static_cast<std::size_t>(roll(static_cast<int>(weather_.kinds.size())))];
      hit_.insert(target);  // once only, unless it stays
      if (roll(100) < weather_.stays) lasting_[target] = damage;
    }
    HttpExchange out = damaged_reply(request, truth, damage);
    if (truth.reply && truth.reply->status == 200) before_[chain_of(target)] = *truth.reply;
    return out;
  }

  static std::string chain_of(const std::string& target) {
    return target.substr(0, target.find("after=") == std::string::npos ? target.size() : 13);
  }

  HttpExchange damaged_reply(const ListRequest& request, const HttpExchange& truth, Damage damage) {
    const std::string& target = request.request.target;
    const bool list = target.find("/users?") != std::string::npos;
    const bool of_all_users = target.rfind("/api/v1/users?", 0) == 0;
    if (damage == Damage::none || !truth.reply || truth.reply->status != 200) return truth;
    HttpReply reply = *truth.reply;
    const auto link = std::find_if(reply.headers.begin(), reply.headers.end(), [](const auto& h) {
      return h.first == "Link" && h.second.find("rel=\"next\"") != std::string::npos;
    });
    const bool more = link != reply.headers.end();
    switch (damage) {
      case Damage::lost:
        ++damaged;
        return HttpExchange::failed(make_error(ErrorCode::http_lost, "lost"), RequestSent::maybe);
      case Damage::error_500:
        ++damaged;
        reply.status = 500;
        reply.body = R"({"errorCode":"E0000009","errorSummary":"","errorCauses":[]})";
        return HttpExchange::replied(reply);
      case Damage::cut:
        if (reply.body.size() < 3) return truth;
        reply.body.resize(1 +
                          static_cast<std::size_t>(roll(static_cast<int>(reply.body.size()) - 2)));
        break;
      case Damage::emptied:
        if (!list || !more) return truth;
        reply.body = "[]";
        break;
      case Damage::thinned: {
        if (!list || !more) return truth;
        const auto rows = parse_json(reply.body);
        Json fewer = Json::array();
        for (std::size_t i = 1; i < rows->items().size(); ++i) fewer.push(rows->items()[i]);
        reply.body = fewer.dump();
        break;
      }
      case Damage::doubled: {
        const auto before = before_.find(chain_of(target));
        if (!list || target.find("after=") == std::string::npos || before == before_.end()) {
          return truth;
        }
        reply = before->second;
        break;
      }
      case Damage::link_lost:
        if (!list || !more) return truth;
        if (!of_all_users && lasting_.count(target) > 0) return truth;
        reply.headers.erase(link);
        break;
      case Damage::skipped: {
        if (!of_all_users || !more) return truth;
        HttpRequest next;
        next.method = "GET";
        const std::size_t host = link->second.find("/api/");
        next.target = link->second.substr(host, link->second.find('>') - host);
        const HttpExchange after = world_.send(next);
        if (!after.reply || after.reply->status != 200) return truth;
        reply = *after.reply;
        break;
      }
      case Damage::none:
        return truth;
    }
    ++damaged;
    return HttpExchange::replied(reply);
  }

  std::mt19937 random_;
  Weather weather_;
  SimWorld world_;
  AttrSchema profile_;
  std::vector<Link> links_;
  std::vector<WallTime> cuts_;
  std::set<std::string> there_;    // throughout
  std::set<std::string> changed_;  // meanwhile
  std::map<std::string, AccountStatus> statuses_;
  std::map<std::string, std::set<std::string>> members_;
  std::vector<std::int64_t> created_;
  std::set<std::string> hit_;
  std::map<std::string, Damage> lasting_;
  std::map<std::string, HttpReply> before_;
  int role_goes_at_ = 0;
};

struct Tally {
  int certified = 0, refused = 0, damaged = 0, damaged_and_certified = 0, written = 0;
  std::map<std::string, int> reasons;
};

Tally run_all(unsigned first, const Weather& weather) {
  Tally tally;
  for (unsigned seed = first; seed < first + kSeeds; ++seed) {
    ListingWorld world(seed, weather);
    world.read();
    for (const std::string& complaint : world.complaints()) {
      ADD_FAILURE() << "seed " << seed << ": " << complaint;
    }
    if (::testing::Test::HasFatalFailure() || ::testing::Test::HasNonfatalFailure()) {
      ADD_FAILURE() << "stopped at seed " << seed;
      break;
    }
    if (!world.summary.certified) ++tally.reasons[world.why.substr(0, world.why.find(": "))];
    (world.summary.certified ? tally.certified : tally.refused) += 1;
    tally.damaged += world.damaged > 0 ? 1 : 0;
    tally.damaged_and_certified += world.damaged > 0 && world.summary.certified ? 1 : 0;
    tally.written += world.written;
  }
  std::cout << "seeds " << first << " to " << first + kSeeds - 1 << ": " << tally.certified
            << " certified, " << tally.refused << " not; " << tally.damaged
            << " with damaged replies, of these " << tally.damaged_and_certified
            << " certified all the same; " << tally.written << " changes meanwhile\n";
  for (const auto& [why, times] : tally.reasons) std::cout << "  " << times << " " << why << "\n";
  return tally;
}

TEST(ListingWorld, AnOrgThatChangesMeanwhileLosesAndDoublesNobody) {
  Weather weather;
  weather.writes = 40;
  const Tally tally = run_all(1, weather);
  // Nothing was damaged; but where users were deleted and the list of Everyone ends on a full page,
  // which is one in twelve here, it may as well have been cut off.
  EXPECT_GT(tally.certified, static_cast<int>(kSeeds) * 9 / 10);
  EXPECT_GT(tally.written, 1'000);
}

TEST(ListingWorld, PagesLostCutOrDoubledAreNoticed) {
  Weather weather;
  weather.damage = 15;
  weather.stays = 10;
  weather.kinds = {Damage::lost,    Damage::error_500, Damage::cut,
                   Damage::emptied, Damage::thinned,   Damage::doubled};
  const Tally tally = run_all(1'001, weather);
  EXPECT_GT(tally.damaged_and_certified, 100) << "most damage is mended by asking again";
  EXPECT_GT(tally.refused, 10) << "some of it stays";
}

TEST(ListingWorld, LostLinksAndSkippedPagesAreNoticedByTheOrgsOwnCount) {
  Weather weather;
  weather.damage = 15;
  weather.stays = 30;
  weather.deletions = false;  // else the count may fall by as many as were lost
  weather.kinds = {Damage::link_lost, Damage::skipped};
  const Tally tally = run_all(2'001, weather);
  EXPECT_GT(tally.damaged_and_certified, 60);
  EXPECT_GT(tally.refused, 0) << "where the list of Everyone may be cut off as well";
}

TEST(ListingWorld, ACredentialThatLosesItsRoleHalfWayProvesNothing) {
  Weather weather;
  weather.role_taken = true;
  const Tally tally = run_all(3'001, weather);
  EXPECT_GT(tally.certified, 20) << "it was taken after the end";
  EXPECT_GT(tally.refused, 100);
}

}  // namespace
}  // namespace rollcall::worlds

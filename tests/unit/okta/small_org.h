// A hand-written org that answers the reads of a listing, page by page, and a sink that keeps what
// it was given. Faults are put in by the test through `before`.
#pragma once

#include <algorithm>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "connectors/http/message.h"
#include "service/base/json.h"
#include "service/base/text.h"
#include "service/ports/directory.h"
#include "tests/unit/okta/samples.h"

namespace rollcall::test {

inline std::string percent_decode(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '%' && i + 2 < text.size()) {
      out += static_cast<char>(std::stoi(std::string(text.substr(i + 1, 2)), nullptr, 16));
      i += 2;
    } else {
      out += text[i];
    }
  }
  return out;
}

class SmallOrg {
 public:
  struct User {
    std::string id;
    std::string status = "ACTIVE";
    std::int64_t created_s = 0;
    std::int64_t updated_s = 0;
    bool in_index = true;  // false: search does not show it
  };
  std::vector<User> users;
  std::map<std::string, std::vector<std::string>> groups{{"00gEveryone", {}}};
  std::set<std::string> hidden_groups;  // the list does not show them yet
  std::optional<std::size_t> counted;   // users, as the list of groups counts them
  std::vector<std::string> admins{"00uOwner"};
  std::string owner = "00uOwner";
  std::int64_t now_s = 2'000'000'000;
  /// Called first; a reply given here is the answer.
  std::function<std::optional<HttpExchange>(const std::string& target, int times)> before;
  std::vector<std::string> targets;

  void add_users(std::size_t count) {
    for (std::size_t i = 0; i < count; ++i) {
      const auto at = 1'000'000'000 + static_cast<std::int64_t>(i) * 60;
      users.push_back({"00u" + std::to_string(100'000 + i), "ACTIVE", at, at, true});
    }
    users.push_back({owner, "ACTIVE", 900'000'000, 900'000'000, true});
  }

  HttpExchange answer(const std::string& target) {
    targets.push_back(target);
    if (before) {
      if (auto given = before(target, ++times_[target])) return *given;
    }
    HttpReply reply = route(target);
    reply.date = WallTime{now_s * 1000};
    return HttpExchange::replied(std::move(reply));
  }
  std::size_t asked(const std::string& part) const {
    std::size_t count = 0;
    for (const auto& target : targets) count += target.find(part) != std::string::npos ? 1 : 0;
    return count;
  }

  static Json user_json(const User& user) {
    Json profile = Json::object();
    profile.set("login", user.id + "@x.example").set("department", "Sales");
    Json out = Json::object();
    out.set("id", user.id)
        .set("status", user.status)
        .set("created", format_okta_time(WallTime{user.created_s * 1000}))
        .set("lastUpdated", format_okta_time(WallTime{user.updated_s * 1000}))
        .set("profile", std::move(profile));
    return out;
  }

 private:
  static std::string parameter(const std::string& target, const std::string& name) {
    for (const char* lead : {"?", "&"}) {
      const auto at = target.find(lead + name + "=");
      if (at == std::string::npos) continue;
      const auto begin = at + name.size() + 2;
      return percent_decode(
          std::string_view(target).substr(begin, target.find('&', begin) - begin));
    }
    return {};
  }

  HttpReply route(const std::string& target) {
    const std::string path = target.substr(0, target.find('?'));
    if (path == "/api/v1/org") return make_reply(200, R"({"id":"00oOrg"})");
    if (path == "/api/v1/users/me") return make_reply(200, user_json({owner}).dump());
    if (path == "/api/v1/meta/schemas/user/default") {
      return make_reply(200,
                        R"({"definitions":{"base":{"properties":{"login":{"type":"string"}}}}})");
    }
    if (path == "/api/v1/iam/assignees/users") {
      Json list = Json::array();
      for (const auto& id : admins) list.push(*parse_json("{\"id\":\"" + id + "\"}"));
      Json body = Json::object();
      body.set("value", std::move(list));
      return make_reply(200, body.dump());
    }
    std::vector<Json> items;
    if (path == "/api/v1/groups") {
      for (const auto& [id, members] : groups) {
        if (hidden_groups.count(id) > 0) continue;
        const bool everyone = id == "00gEveryone";
        if (!everyone && !parameter(target, "filter").empty()) continue;  // asks for BUILT_IN
        std::string stats;
        if (everyone && counted) {
          stats = R"(,"_embedded":{"stats":{"usersCount":)" + std::to_string(*counted) + "}}";
        }
        std::string text = R"({"id":")";
        text += id;
        text += R"(","type":")";
        text += everyone ? "BUILT_IN" : "OKTA_GROUP";
        text += R"(","profile":{"name":")";
        text += id;
        text += "\"}";
        text += stats;
        text += "}";
        items.push_back(*parse_json(text));
      }
    } else if (path == "/api/v1/groups/rules") {
      items.push_back(*parse_json(
          R"({"id":"0pr1","status":"ACTIVE","actions":{"assignUserToGroups":{"groupIds":["00g1"]}}})"));
    } else if (path == "/api/v1/users") {
      for (const User& user : users) {
        const bool wanted =
            fits(user, parameter(target, "search")) && fits(user, parameter(target, "filter"));
        if (user.in_index && wanted) {
          items.push_back(user_json(user));
        }
      }
    } else if (path.rfind("/api/v1/groups/", 0) == 0 && path.find("/users") == path.npos) {
      const std::string id = path.substr(15);
      if (groups.count(id) > 0) {
        return make_reply(200, "{\"id\":\"" + id +
                                   "\",\"type\":\"OKTA_GROUP\",\"profile\":{\"name\":\"" + id +
                                   "\"}}");
      }
      return okta_error(404, "E0000007", "Not found: Resource not found: " + id + " (UserGroup)");
    } else if (path.rfind("/api/v1/groups/", 0) == 0) {
      const std::string id = path.substr(15, path.find("/users") - 15);
      for (const auto& member : groups[id]) items.push_back(user_json({member}));
      if (id == "00gEveryone") {
        for (const User& user : users) items.push_back(user_json(user));
      }
    } else {
      const std::string id = path.substr(14);
      for (const User& user : users) {
        if (user.id == id) return make_reply(200, user_json(user).dump());
      }
      return okta_error(404, "E0000007", "Not found: Resource not found: " + id + " (User)");
    }
    return page(target, items);
  }

  /// Terms such as `created ge "..."`, joined by `and` within `or`.
  static bool fits(const User& user, const std::string& expression) {
    if (expression.empty()) return true;
    for (const std::string& either : parts(expression, " or ")) {
      const auto all = parts(either, " and ");
      if (std::all_of(all.begin(), all.end(), [&](const auto& term) { return holds(user, term); }))
        return true;
    }
    return false;
  }
  static std::vector<std::string> parts(const std::string& text, const std::string& between) {
    std::vector<std::string> out;
    std::size_t at = 0;
    for (;;) {
      const auto next = text.find(between, at);
      out.push_back(text.substr(at, next == std::string::npos ? next : next - at));
      if (next == std::string::npos) return out;
      at = next + between.size();
    }
  }
  static bool holds(const User& user, const std::string& term) {
    const auto words = parts(term, " ");
    const std::string value = words[2].substr(1, words[2].size() - 2);
    if (words[0] == "id") return user.id == value;
    if (words[0] == "status") return user.status == value;
    const std::int64_t limit = parse_rfc3339(value)->ms / 1000;
    const std::int64_t have = words[0] == "created" ? user.created_s : user.updated_s;
    return words[1] == "ge" ? have >= limit : have < limit;
  }

  static HttpReply page(const std::string& target, const std::vector<Json>& items) {
    const std::size_t limit = std::stoul(parameter(target, "limit"));
    const std::string after = parameter(target, "after");
    const std::size_t begin = after.empty() ? 0 : std::stoul(after);
    const std::size_t end = std::min(items.size(), begin + limit);
    Json body = Json::array();
    for (std::size_t i = begin; i < end; ++i) body.push(items[i]);
    HttpReply reply = make_reply(200, body.dump());
    std::string first = target.substr(0, target.find("&after="));
    reply.headers.emplace_back("Link", "<https://acme.okta.com" + first + ">; rel=\"self\"");
    if (end < items.size()) {
      reply.headers.emplace_back("Link", "<https://acme.okta.com" + first +
                                             "&after=" + std::to_string(end) + ">; rel=\"next\"");
    }
    return reply;
  }

  std::map<std::string, int> times_;
};

class KeptOrg final : public DirectorySink {
 public:
  void schema(const OrgSchema& given) override {
    order += 's';
    attributes = given.attributes.size();
  }
  void principal(const Principal& given) override {
    order += 'p';
    who = given.user_id;
  }
  void protected_user(std::string_view id) override {
    order += 'x';
    protected_ids.emplace_back(id);
  }
  void group(const Group& given) override {
    order += 'g';
    groups.push_back(given);
  }
  void rule(const GroupRule&) override { order += 'r'; }
  void account(const AccountView& account) override {
    order += 'a';
    ++times[std::string(account.id)];
    statuses[std::string(account.id)] = account.status;
  }
  void account_again(const AccountView& account) override {
    again.insert(std::string(account.id));
    statuses[std::string(account.id)] = account.status;
  }
  bool wants_members(const Group& group) const override {
    return group.type == GroupType::okta_group;
  }
  void member(std::string_view group, std::string_view user) override {
    order += 'm';
    members[std::string(group)].emplace_back(user);
  }

  std::string order;
  std::size_t attributes = 0;
  std::string who;
  std::vector<std::string> protected_ids;
  std::vector<Group> groups;
  std::map<std::string, int> times;
  std::map<std::string, AccountStatus> statuses;
  std::set<std::string> again;
  std::map<std::string, std::vector<std::string>> members;
};

}  // namespace rollcall::test

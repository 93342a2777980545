#include "connectors/okta/listing_requests.h"

#include <algorithm>
#include <array>
#include <charconv>

#include "service/base/text.h"

namespace rollcall {
namespace {

constexpr std::string_view kStats = "&expand=stats";

OktaRequest limited(OktaRequest request, int rows) {
  return request.query("limit", std::to_string(rows));
}

OktaRequest users_where(UserQuery by, const std::string& expression, int rows) {
  OktaRequest request(Endpoint::list_users);
  request.query(by == UserQuery::search ? "search" : "filter", expression);
  return limited(std::move(request), rows);
}

std::string quoted(WallTime t) { return "\"" + format_okta_time(t) + "\""; }
std::string quoted(std::string_view id) { return "\"" + std::string(id) + "\""; }

/// Position and value of the target's `limit`.
struct Limit {
  std::size_t at = 0, length = 0;
  int value = 0;
};
std::optional<Limit> limit_in(std::string_view target) {
  for (const char* name : {"?limit=", "&limit="}) {
    const std::size_t found = target.find(name);
    if (found == std::string_view::npos) continue;
    const std::size_t begin = found + 7;
    const std::size_t end = std::min(target.find('&', begin), target.size());
    Limit limit{begin, end - begin, 0};
    const auto read = std::from_chars(target.data() + begin, target.data() + end, limit.value);
    if (read.ec == std::errc()) return limit;
  }
  return std::nullopt;
}

}  // namespace

std::vector<OktaRequest> users_by_created(const std::vector<WallTime>& cuts,
                                          const PageSizes& pages) {
  const auto chain = [&](const std::string& expression) {
    return users_where(UserQuery::search, expression, pages.rows);
  };
  if (cuts.empty()) return {chain("created ge " + quoted(WallTime{0}))};
  std::vector<OktaRequest> out{chain("created lt " + quoted(cuts.front()))};
  for (std::size_t i = 1; i < cuts.size(); ++i) {
    out.push_back(
        chain("created ge " + quoted(cuts[i - 1]) + " and created lt " + quoted(cuts[i])));
  }
  out.push_back(chain("created ge " + quoted(cuts.back())));
  return out;
}

std::vector<OktaRequest> users_by_status(const PageSizes& pages) {
  static constexpr std::array<AccountStatus, 8> kAll{
      AccountStatus::active,           AccountStatus::staged,    AccountStatus::provisioned,
      AccountStatus::deprovisioned,    AccountStatus::suspended, AccountStatus::recovery,
      AccountStatus::password_expired, AccountStatus::locked_out};
  std::vector<OktaRequest> out;
  out.reserve(kAll.size());
  for (const AccountStatus status : kAll) {
    out.push_back(
        users_where(UserQuery::filter, "status eq " + quoted(to_string(status)), pages.rows));
  }
  return out;
}

OktaRequest users_changed_since(WallTime since, std::string_view anchor, UserQuery by,
                                const PageSizes& pages) {
  std::string expression = "lastUpdated ge " + quoted(since);
  if (!anchor.empty()) expression += " or id eq " + quoted(anchor);
  return users_where(by, expression, pages.rows);
}

OktaRequest user_in_list(std::string_view id, UserQuery by) {
  return users_where(by, "id eq " + quoted(id), 1);
}

OktaRequest user_by_id(std::string_view id) { return OktaRequest(Endpoint::get_user, {id}); }

/// The one list that tells which groups give admin rights; costly for Okta, so once a run.
OktaRequest groups_list(const PageSizes& pages) {
  return limited(OktaRequest(Endpoint::list_groups), pages.rows).query("expand", "stats");
}

OktaRequest built_in_groups(const PageSizes& pages) {
  return limited(OktaRequest(Endpoint::list_groups).query("filter", "type eq \"BUILT_IN\""),
                 pages.rows);
}

OktaRequest group_by_id(std::string_view id) { return OktaRequest(Endpoint::get_group, {id}); }

OktaRequest rules_list(const PageSizes& pages) {
  return limited(OktaRequest(Endpoint::list_group_rules), pages.rows);
}

OktaRequest members_of(std::string_view group_id, const PageSizes& pages) {
  return limited(OktaRequest(Endpoint::list_group_users, {group_id}), pages.members);
}

OktaRequest admin_assignees(const PageSizes& pages) {
  return limited(OktaRequest(Endpoint::list_users_with_role_assignments), pages.rows);
}

std::optional<int> rows_asked(std::string_view target) {
  const auto limit = limit_in(target);
  return limit ? std::optional<int>(limit->value) : std::nullopt;
}

void halve_rows(std::string& target, int smallest) {
  const auto limit = limit_in(target);
  if (!limit || limit->value <= smallest) return;
  target.replace(limit->at, limit->length, std::to_string(std::max(smallest, limit->value / 2)));
}

void keep_stats(std::string& target) {
  if (target.find(kStats.substr(1)) == std::string::npos) target += kStats;
}

}  // namespace rollcall

// The requests of a listing: the one place where their paths and queries are formed. Pure.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "connectors/okta/endpoints.h"
#include "service/base/clock.h"
#include "service/model/account.h"

namespace rollcall {

/// Rows a page is asked for. Okta gives 200 users, groups or rules at most, 1,000 members (FACTS
/// 4).
struct PageSizes {
  int rows = 200;
  int members = 1'000;
  std::size_t chains_from = 2'000;  // users from which on it pays to read in several chains
};

/// How users are asked for: by the search index, which knows `created`; or by `filter`, which knows
/// only status, lastUpdated and id (FACTS 5.4). The two lag on their own, so a listing keeps to
/// one.
enum class UserQuery : std::uint8_t { search, filter };

/// One disjoint part of all users, as the request of its first page.
/// By ranges of `created`, which never changes; no cut: everybody in one chain.
std::vector<OktaRequest> users_by_created(const std::vector<WallTime>& cuts,
                                          const PageSizes& pages);
/// By status, for a first listing without cuts.
std::vector<OktaRequest> users_by_status(const PageSizes& pages);
/// Users changed since then and, changed or not, the one with the id `anchor` (empty: nobody).
OktaRequest users_changed_since(WallTime since, std::string_view anchor, UserQuery by,
                                const PageSizes& pages);
/// One user as a list shows them.
OktaRequest user_in_list(std::string_view id, UserQuery by);
OktaRequest user_by_id(std::string_view id);
OktaRequest groups_list(const PageSizes& pages);
OktaRequest built_in_groups(const PageSizes& pages);
OktaRequest group_by_id(std::string_view id);
OktaRequest rules_list(const PageSizes& pages);
OktaRequest members_of(std::string_view group_id, const PageSizes& pages);
OktaRequest admin_assignees(const PageSizes& pages);

/// Rows that the target asks for; nullopt where it names no limit.
std::optional<int> rows_asked(std::string_view target);
/// Asks for half the rows, but not for fewer than `smallest`.
void halve_rows(std::string& target, int smallest);
/// Next links of Okta have been seen to drop `expand` (sample 62): puts it back.
void keep_stats(std::string& target);

}  // namespace rollcall

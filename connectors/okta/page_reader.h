// Pages of a listing, parsed in place: users into one reused packed record, the rest into values.
// Property order and unknown properties do not matter; absent, null and "" are one state.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "service/base/result.h"
#include "service/model/account.h"

namespace rollcall {

/// Reuses its buffers from page to page. One thread.
class PageReader {
 public:
  /// `profile`: the attributes to pack; must outlive the reader.
  explicit PageReader(const AttrSchema& profile);
  ~PageReader();

  using AccountTaker = std::function<void(const AccountView&)>;

  /// A JSON array of users, in page order. `body` may grow by padding. Gives the number of users.
  /// Errors: okta.page_unreadable (cut, not an array, a user without id).
  Result<std::size_t> users(std::string& body, const AccountTaker& take);
  /// One user object. Errors: okta.page_unreadable.
  Result<void> user(std::string& body, const AccountTaker& take);
  /// The ids of an array of objects. Errors: okta.page_unreadable.
  Result<std::vector<std::string>> ids(std::string& body);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

/// Errors of all: okta.page_unreadable.
Result<std::vector<Group>> read_groups(std::string_view body);
Result<std::vector<GroupRule>> read_rules(std::string_view body);
/// An attribute counts as mastered elsewhere only where the schema names another source for it
/// (master OVERRIDE): PROFILE_MASTER is the default of every attribute (decision 0120).
Result<OrgSchema> read_schema(std::string_view body);
/// GET /users/me.
Result<Principal> read_principal(std::string_view body);
/// Id of GET /org or /.well-known/okta-organization.
Result<std::string> read_org_id(std::string_view body);
/// User ids of GET /iam/assignees/users, and the target of its next page (empty: none).
struct AssigneePage {
  std::vector<std::string> user_ids;
  std::string next_url;
};
Result<AssigneePage> read_assignees(std::string_view body);

}  // namespace rollcall

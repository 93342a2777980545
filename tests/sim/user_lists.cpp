// Listing users: plain, search, filter, q; and a user's groups. All read the index, which lags.
#include <algorithm>

#include "service/base/text.h"
#include "tests/sim/criteria.h"
#include "tests/sim/groups.h"
#include "tests/sim/listing.h"
#include "tests/sim/packed_json.h"
#include "tests/sim/users.h"

namespace rollcall::sim {
namespace {

constexpr std::size_t kPageLimit = 200;

bool is_time(std::string_view attribute) {
  return attribute == "created" || attribute == "activated" || attribute == "statusChanged" ||
         attribute == "lastUpdated";
}

std::optional<std::string_view> profile_name(std::string_view attribute) {
  if (attribute.substr(0, 8) != "profile.") return std::nullopt;
  return attribute.substr(8);
}

AttributeRule search_rule(const Org& org, std::string_view attribute) {
  static const auto no_contains = [](CompareOp op) { return op != CompareOp::co; };
  static const auto any = [](CompareOp) { return true; };
  static const auto times = [](CompareOp op) { return op != CompareOp::sw && op != CompareOp::co; };
  if (is_time(attribute)) return {true, true, times};
  if (attribute == "id" || attribute == "status" || attribute == "type.id") {
    return {true, false, no_contains};
  }
  const auto name = profile_name(attribute);
  if (!name || org.schema.find(*name) == nullptr) return {};
  const bool contains =
      *name == "firstName" || *name == "lastName" || *name == "email" || *name == "login";
  return {true, false, contains ? +any : +no_contains};
}

AttributeRule filter_rule(std::string_view attribute) {
  static const auto equal = [](CompareOp op) { return op == CompareOp::eq; };
  static const auto times = [](CompareOp op) {
    return op == CompareOp::eq || (op >= CompareOp::gt && op <= CompareOp::le);
  };
  if (attribute == "lastUpdated") return {true, true, times};
  const bool known = attribute == "status" || attribute == "id" || attribute == "profile.login" ||
                     attribute == "profile.email" || attribute == "profile.firstName" ||
                     attribute == "profile.lastName";
  return {known, false, equal};
}

Json time_value(WallTime t) { return t.ms == 0 ? Json() : Json(t.ms / 1000 * 1000); }

Json read_user(const Org& org, const OrgUser& user, std::string_view attribute) {
  if (attribute == "id") return Json(user.id);
  if (attribute == "status") return Json(to_string(user.status));
  if (attribute == "created") return time_value(user.created);
  if (attribute == "activated") return time_value(user.activated);
  if (attribute == "statusChanged") return time_value(user.status_changed);
  if (attribute == "lastUpdated") return time_value(user.last_updated);
  if (attribute == "type.id") return Json(type_id_of(org, user));
  const auto name = profile_name(attribute);
  const std::string_view raw = name ? packed_member(user.profile, *name) : std::string_view();
  if (raw.empty()) return Json();
  const auto value = parse_json(raw);
  return value ? *value : Json();
}

struct Selection {
  std::optional<Criteria> criteria;
  bool hide_deprovisioned = false;
};

bool selects(const Org& org, const Selection& selection, const OrgUser& user) {
  if (selection.hide_deprovisioned && user.status == AccountStatus::deprovisioned) return false;
  if (!selection.criteria) return true;
  return selection.criteria->matches(
      [&](std::string_view attribute) { return read_user(org, user, attribute); });
}

/// Sort key of one row: values compare as folded text, times by their digits.
std::string sort_key(const Org& org, const OrgUser& user, std::string_view attribute) {
  const Json value = read_user(org, user, attribute);
  if (value.is_string()) return fold_case(value.as_string());
  if (value.is_int() && value.as_int() >= 0) {
    std::string digits = value.dump();
    return std::string(20 - digits.size(), '0') + digits;
  }
  return value.is_null() ? std::string() : value.dump();
}

SimReply sorted_page(const Org& org, const Call& call, const Selection& selection,
                     const PageRequest& page) {
  const std::string_view attribute = call.param("sortBy");
  const bool descending = ascii_iequals(call.param("sortOrder"), "desc");
  std::vector<std::pair<std::string, const OrgUser*>> rows;
  for (UserIndex i = 0; i < org.directory.user_slots(); ++i) {
    const OrgUser* user = org.directory.indexed_user(i, call.now);
    if (user != nullptr && call.access.covers_user(org, kUsersRead, i) &&
        selects(org, selection, *user)) {
      rows.emplace_back(sort_key(org, *user, attribute), user);
    }
  }
  std::sort(rows.begin(), rows.end(), [&](const auto& a, const auto& b) {
    if (a.first != b.first) return descending ? a.first > b.first : a.first < b.first;
    return a.second->id < b.second->id;
  });
  std::size_t start = 0;
  if (page.after) {
    const auto at = std::find_if(rows.begin(), rows.end(),
                                 [&](const auto& row) { return row.second->id == *page.after; });
    if (at == rows.end()) return invalid_cursor();
    start = static_cast<std::size_t>(at - rows.begin()) + 1;
  }
  PageBody body(page);
  for (std::size_t i = start; i < rows.size() && !body.full(); ++i) {
    const OrgUser& user = *rows[i].second;
    body.add(user.id,
             [&](std::string& out) { render_user(out, org, call, user, Links::self_only); });
  }
  return body.finish(call);
}

SimReply creation_page(const Org& org, const Call& call, const Selection& selection,
                       const PageRequest& page) {
  UserIndex start = 0;
  if (page.after) {
    const auto slot = org.directory.slot_of_user(*page.after);
    if (!slot) return invalid_cursor();
    start = *slot + 1;
  }
  PageBody body(page);
  for (UserIndex i = start; i < org.directory.user_slots() && !body.full(); ++i) {
    const OrgUser* user = org.directory.indexed_user(i, call.now);
    if (user == nullptr || !call.access.covers_user(org, kUsersRead, i)) continue;
    if (!selects(org, selection, *user)) continue;
    body.add(user->id,
             [&](std::string& out) { render_user(out, org, call, *user, Links::self_only); });
  }
  return body.finish(call);
}

SimReply users_by_prefix(const Org& org, const Call& call, std::string_view q) {
  const PageRequest page = page_request(call, 10, kPageLimit);
  const std::string wanted = fold_case(q);
  std::string body = "[";
  std::size_t rows = 0;
  for (UserIndex i = 0; i < org.directory.user_slots() && rows < page.limit; ++i) {
    const OrgUser* user = org.directory.indexed_user(i, call.now);
    if (user == nullptr || user->status == AccountStatus::deprovisioned) continue;
    if (!call.access.covers_user(org, kUsersRead, i)) continue;
    const auto begins = [&](std::string_view name) {
      return fold_case(packed_text(user->profile, name)).substr(0, wanted.size()) == wanted;
    };
    if (!begins("firstName") && !begins("lastName") && !begins("email")) continue;
    if (rows++ > 0) body += ',';
    render_user(body, org, call, *user, Links::self_only);
  }
  return json_reply(200, body + "]");
}

}  // namespace

SimReply list_users(Org& org, Call& call) {
  const std::string_view search = call.param("search");
  const std::string_view filter = call.param("filter");
  if (!search.empty() && !filter.empty()) {
    return error_reply(400, "E0000033",
                       "You can't specify a search and filter in the same request.");
  }
  const std::string_view q = call.param("q");
  if (!q.empty() && search.empty() && filter.empty()) return users_by_prefix(org, call, q);
  Selection selection;
  if (!search.empty()) {
    const auto rule = [&](std::string_view name) { return search_rule(org, name); };
    selection.criteria = Criteria::parse(search, {rule, true});
  } else if (!filter.empty()) {
    selection.criteria = Criteria::parse(filter, {filter_rule, false});
  } else {
    selection.hide_deprovisioned = true;
  }
  if (!selection.hide_deprovisioned && !selection.criteria) return invalid_criteria();
  const PageRequest page = page_request(call, kPageLimit, kPageLimit);
  const std::string_view sort_by = call.param("sortBy");
  if (search.empty() || sort_by.empty()) return creation_page(org, call, selection, page);
  if (!search_rule(org, sort_by).known) return invalid_criteria();
  return sorted_page(org, call, selection, page);
}

SimReply list_user_groups(Org& org, Call& call) {
  const auto user = find_user(org, call, call.path_ids[0]);
  if (!user) return not_found(call.path_ids[0], "User");
  const PageRequest page = page_request(call, 200, 10000);
  GroupIndex start = 0;
  if (page.after) {
    const auto slot = org.directory.slot_of_group(*page.after);
    if (!slot) return invalid_cursor();
    start = *slot + 1;
  }
  PageBody body(page);
  for (GroupIndex i = start; i < org.directory.group_slots() && !body.full(); ++i) {
    const OrgGroup* group = org.directory.indexed_group(i, call.now);
    if (group == nullptr || !org.directory.indexed_is_member(i, *user, call.now)) continue;
    const bool own = org.directory.user(*user).id == call.token->owner_id;
    if (!own && !call.access.covers_group(kGroupsRead, group->id)) continue;
    body.add(group->id, [&](std::string& out) { render_group(out, call, *group); });
  }
  return body.finish(call);
}

void user_changed(Org& org, UserIndex index, WallTime now) { schedule_user(org, index, now); }

}  // namespace rollcall::sim

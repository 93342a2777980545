#include "service/app/okta_names.h"

#include <fmt/core.h>

#include "service/app/okta_table.h"
#include "service/base/text.h"

namespace rollcall {
namespace {

constexpr std::size_t kIdLength = 20;

/// The one item whose text at `path` is the name, to the letter.
Result<Json> only_one(const AskedList& list, std::string_view path, const std::string& name,
                      const char* what) {
  std::vector<const Json*> found;
  std::vector<std::string> ids;
  for (const Json& item : list.items) {
    if (nfc(text_at(item, path)) != nfc(name)) continue;
    found.push_back(&item);
    ids.emplace_back(item["id"].as_string());
  }
  if (found.empty()) {
    return make_error(ErrorCode::okta_not_found,
                      fmt::format("the org has no {} of that name, or does not show it", what));
  }
  if (found.size() > 1) {
    return make_error(
        ErrorCode::okta_name_ambiguous,
        fmt::format("{} {}s have that name: {}", found.size(), what, join(ids, ", ")));
  }
  return *found.front();
}

}  // namespace

bool is_okta_id(std::string_view word, std::string_view prefix) {
  return word.size() == kIdLength && word.substr(0, prefix.size()) == prefix;
}

Result<Json> named_user(OktaReader& reader, const std::string& login_or_id) {
  auto user = reader.one(OktaRequest(Endpoint::get_user, {login_or_id}));
  if (!user || is_okta_id(login_or_id, "00u")) return user;
  // Okta also takes what stands before the @ (FACTS 1): near enough for it, not for a change.
  if (fold_login((*user)["profile"]["login"].as_string()) == fold_login(login_or_id)) return user;
  return make_error(ErrorCode::okta_not_found,
                    "nobody has exactly that login; Okta's short form of it is not taken");
}

Result<Json> named_group(OktaReader& reader, const std::string& name_or_id) {
  if (is_okta_id(name_or_id, "00g")) {
    return reader.one(OktaRequest(Endpoint::get_group, {name_or_id}));
  }
  // By `q`, because `search` reads an index that lags (FACTS 6).
  const auto list = reader.list(OktaRequest(Endpoint::list_groups).query("q", name_or_id), 0);
  if (!list) return list.error();
  return only_one(*list, "profile.name", name_or_id, "group");
}

Result<Json> named_app(OktaReader& reader, const std::string& label_or_id) {
  if (is_okta_id(label_or_id, "0oa")) {
    return reader.one(OktaRequest(Endpoint::get_application, {label_or_id}));
  }
  const auto list = reader.list(
      OktaRequest(Endpoint::list_applications).query("q", label_or_id).query("limit", "200"), 0);
  if (!list) return list.error();
  return only_one(*list, "label", label_or_id, "app");
}

Result<Json> named_group_rule(OktaReader& reader, const std::string& name_or_id) {
  if (is_okta_id(name_or_id, "0pr")) {
    return reader.one(OktaRequest(Endpoint::get_group_rule, {name_or_id}));
  }
  // All of them: an org has 2,000 rules at most, and `search` finds by parts of names.
  const auto list = reader.list(OktaRequest(Endpoint::list_group_rules).query("limit", "200"), 0);
  if (!list) return list.error();
  return only_one(*list, "name", name_or_id, "rule");
}

}  // namespace rollcall

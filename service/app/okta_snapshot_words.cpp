// What each part of an org becomes in a snapshot: what stays, what is invented.
#include <algorithm>
#include <array>

#include "service/app/okta_snapshot_internal.h"
#include "service/base/text.h"

namespace rollcall {
namespace {

/// Of a base profile; groups and rules go by these.
constexpr std::array<std::string_view, 10> kKeptAttributes{
    "department", "division",    "organization", "costCenter",        "title",
    "userType",   "countryCode", "locale",       "preferredLanguage", "timezone"};
constexpr std::array<std::string_view, 5> kNameAttributes{"firstName", "middleName", "lastName",
                                                          "nickName", "displayName"};
/// Settings whose values are Okta's own words in small letters: authenticators, their methods,
/// attributes of a profile.
constexpr std::array<std::string_view, 5> kOktasWords{"key", "method", "methods", "types",
                                                      "excludeAttributes"};
/// Settings that hold what people wrote, in whatever letters.
constexpr std::array<std::string_view, 5> kFreeText{"name", "displayName", "label", "description",
                                                    "value"};
constexpr std::size_t kLengthOfIds = 20;

bool is_figure(char c) { return c >= '0' && c <= '9'; }
bool is_capital_letter(char c) { return c >= 'A' && c <= 'Z'; }
bool is_small_letter(char c) { return c >= 'a' && c <= 'z'; }

/// FACTS 1: twenty letters and digits, three of them for the type.
bool is_id(std::string_view text) {
  return text.size() == kLengthOfIds && std::any_of(text.begin(), text.end(), is_figure) &&
         std::all_of(text.begin(), text.end(), [](char c) {
           return is_figure(c) || is_capital_letter(c) || is_small_letter(c);
         });
}

/// "ANYWHERE", "PT2H", "1FA".
bool is_enumerated(std::string_view text) {
  return std::any_of(text.begin(), text.end(), is_capital_letter) &&
         std::all_of(text.begin(), text.end(),
                     [](char c) { return is_capital_letter(c) || is_figure(c) || c == '_'; });
}

/// "okta_email", "firstName".
bool is_identifier(std::string_view text) {
  return !text.empty() && is_small_letter(text[0]) &&
         std::all_of(text.begin(), text.end(), [](char c) {
           return is_capital_letter(c) || is_small_letter(c) || is_figure(c) || c == '_';
         });
}

/// Where the text in quotes that begins at `at` ends; npos: nowhere.
std::size_t closing_quote(std::string_view text, std::size_t at) {
  for (std::size_t end = at + 1; end < text.size(); ++end) {
    if (text[end] == '\\') {
      ++end;
    } else if (text[end] == text[at]) {
      return end;
    }
  }
  return std::string_view::npos;
}

/// Where the condition ends that begins at `at`: before the next AND, OR, ? or : outside of quotes.
std::size_t end_of_condition(std::string_view text, std::size_t at) {
  for (; at < text.size(); ++at) {
    if (text[at] == '"' || text[at] == '\'') {
      at = std::min(closing_quote(text, at), text.size());
      continue;
    }
    const std::string_view two = text.substr(at, 2);
    if (two == "&&" || two == "||" || text[at] == '?' || text[at] == ':') return at + 1;
    if (text[at] != ' ') continue;
    for (const std::string_view word : {" and ", " or "}) {
      if (ascii_iequals(text.substr(at, word.size()), word)) return at + word.size() - 1;
    }
  }
  return text.size();
}

/// Whether it goes by attributes that stay, and by no other.
bool by_kept_attributes(std::string_view condition) {
  constexpr std::string_view kAccount = "user.", kProfile = "profile.";
  std::size_t found = 0;
  for (std::size_t at = condition.find(kAccount); at != std::string_view::npos;
       at = condition.find(kAccount, at + 1)) {
    std::string_view name = condition.substr(at + kAccount.size());
    if (name.substr(0, kProfile.size()) == kProfile) name.remove_prefix(kProfile.size());
    const auto end = std::find_if_not(name.begin(), name.end(), [](char c) {
      return is_small_letter(c) || is_capital_letter(c) || is_figure(c) || c == '_';
    });
    name = name.substr(0, static_cast<std::size_t>(end - name.begin()));
    if (!is_one_of(kKeptAttributes, name)) return false;
    ++found;
  }
  return found > 0;
}

}  // namespace

bool is_kept_attribute(std::string_view name) { return is_one_of(kKeptAttributes, name); }

SnapshotWords::SnapshotWords(const Settings& settings, Pseudonyms& people)
    : settings_(settings), people_(people) {}

Json SnapshotWords::ids(const Json& list) {
  Json out = Json::array();
  for (const Json& item : list.items()) out.push(id(item));
  return out;
}

Json SnapshotWords::profile(const Json& real) {
  Json out = Json::object();
  for (const auto& [name, value] : real.members()) {
    if (value.is_null()) continue;
    const std::string_view text = value.as_string();
    const bool kept = is_kept_attribute(name);
    if (kept) Pseudonyms::add_words(text, kept_words_);
    if (!kept && value.is_string()) invented_.insert(fold_login(text));
    if (is_one_of(kNameAttributes, name)) people_.remember_name(text);
    out.set(name, kept ? value : people_.json(value));
  }
  return out;
}

void SnapshotWords::scrub_kept(Json& profile) const {
  for (const std::string_view name : kKeptAttributes) {
    if (!profile[name].is_string()) continue;
    profile.set(name, people_.scrubbed(profile[name].as_string()));
  }
}

Json SnapshotWords::assigned_profile(const Json& real) {
  Json out = Json::object();
  for (const auto& [name, value] : real.members()) {
    const bool kept = is_kept_attribute(name) && value.is_string();
    out.set(name, kept ? Json(people_.scrubbed(value.as_string())) : people_.json(value));
  }
  return out;
}

/// Whether the configuration goes by the group: by its name, or by a template around something.
bool SnapshotWords::configured(std::string_view group) const {
  if (is_one_of(settings_.guard.protected_groups, group)) return true;
  return std::any_of(
      settings_.groups.begin(), settings_.groups.end(), [&](const GroupRuleSettings& rule) {
        if (!rule.is_template) return rule.name == group;
        const std::string_view text = rule.name;
        const std::size_t first = text.find("${"), last = text.rfind('}');
        if (first == std::string_view::npos || last == std::string_view::npos) return false;
        const std::string_view before = text.substr(0, first), after = text.substr(last + 1);
        return before.size() + after.size() > 0 && group.size() > before.size() + after.size() &&
               group.substr(0, before.size()) == before &&
               group.substr(group.size() - after.size()) == after;
      });
}

std::string SnapshotWords::group_name(std::string_view real, bool made_by_okta) {
  if (made_by_okta) return std::string(real);
  std::string made =
      configured(real) ? people_.scrubbed(real) : people_.nameless(real, kept_words_);
  if (made != real) renamed_[std::string(real)] = made;
  return made;
}

std::string SnapshotWords::literal(std::string_view real) {
  if (is_id(real)) return people_.id(real);
  const auto group = renamed_.find(std::string(real));
  if (group != renamed_.end()) return group->second;
  if (invented_.count(fold_login(real)) > 0) return people_.of(real);
  return people_.nameless(real, kept_words_);
}

std::string SnapshotWords::expression(std::string_view real) {
  std::string out;
  for (std::size_t at = 0; at < real.size();) {
    const std::size_t end = end_of_condition(real, at);
    out += condition(real.substr(at, end - at));
    at = end;
  }
  return out;
}

std::string SnapshotWords::condition(std::string_view real) {
  const bool kept = by_kept_attributes(real);
  std::string out;
  std::size_t copied = 0;
  for (std::size_t at = real.find_first_of("\"'"); at != std::string_view::npos;) {
    const std::size_t end = closing_quote(real, at);
    if (end == std::string_view::npos) break;
    const std::string_view quoted_text = real.substr(at + 1, end - at - 1);
    out += people_.scrubbed(real.substr(copied, at - copied)) + real[at];
    out += (kept ? people_.scrubbed(quoted_text) : literal(quoted_text)) + real[at];
    copied = end + 1;
    at = real.find_first_of("\"'", copied);
  }
  return out + people_.scrubbed(real.substr(copied));
}

Json SnapshotWords::setting(std::string_view name, const Json& real) {
  if (real.is_object()) {
    Json out = Json::object();
    for (const auto& [inner, value] : real.members()) out.set(inner, setting(inner, value));
    return out;
  }
  if (real.is_array()) {
    Json out = Json::array();
    for (const Json& item : real.items()) out.push(setting(name, item));
    return out;
  }
  if (!real.is_string()) return real;
  const std::string_view text = real.as_string();
  if (is_id(text)) return id(real);
  if (name == "condition") return Json(expression(text));
  if (is_enumerated(text) && !is_one_of(kFreeText, name)) return real;
  if (is_identifier(text) && is_one_of(kOktasWords, name)) return real;
  return Json(people_.of(text));
}

}  // namespace rollcall

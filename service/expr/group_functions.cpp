// Functions about the user's groups, and those that look something up in the org.
#include <fmt/core.h>

#include <algorithm>
#include <vector>

#include "service/base/regex.h"
#include "service/expr/functions_internal.h"

namespace rollcall::expr {
namespace {

bool holds(std::span<const std::string> texts, std::string_view wanted) {
  return std::find(texts.begin(), texts.end(), wanted) != texts.end();
}

Val in_group_named(Evaluator& run, const Node&, Args a) {
  return Val::of_bool(holds(run.scope().groups, a[0].str()));
}

Val in_any_group(Evaluator& run, const Node&, Args a) {
  for (const Val& id : a) {
    if (holds(run.scope().group_ids, id.str())) return Val::of_bool(true);
  }
  return Val::of_bool(false);
}

Val in_group_starting(Evaluator& run, const Node&, Args a) {
  for (const std::string& name : run.scope().groups) {
    if (name.starts_with(a[0].str())) return Val::of_bool(true);
  }
  return Val::of_bool(false);
}

Val in_group_containing(Evaluator& run, const Node&, Args a) {
  for (const std::string& name : run.scope().groups) {
    if (name.find(a[0].str()) != std::string::npos) return Val::of_bool(true);
  }
  return Val::of_bool(false);
}

Val in_group_matching(Evaluator& run, const Node& node, Args a) {
  const auto regex = Regex::compile(a[0].str());
  if (!regex) return run.fail(node, "the pattern is not valid");
  for (const std::string& name : run.scope().groups) {
    if (regex->full_match(name)) return Val::of_bool(true);
  }
  return Val::of_bool(false);
}

const Json* looked_up(Evaluator& run, std::string_view kind) {
  const Json* all = run.scope().lookups;
  return all != nullptr && all->has(kind) ? &(*all)[kind] : nullptr;
}

/// The user's groups as objects: as looked up, else made of the names and ids.
const Json& group_objects(Evaluator& run) {
  if (const Json* known = looked_up(run, "groups")) return *known;
  const EvalScope& scope = run.scope();
  Json all = Json::array();
  for (std::size_t i = 0; i < scope.groups.size(); ++i) {
    Json group = Json::object();
    if (i < scope.group_ids.size()) group.set("id", scope.group_ids[i]);
    Json profile = Json::object();
    profile.set("name", scope.groups[i]);
    group.set("profile", std::move(profile));
    all.push(std::move(group));
  }
  return run.keep(std::move(all));
}

/// The text at "group.profile.name" and the like; null if the group does not say.
const Json* criterion_of(const Json& group, std::string_view key) {
  const Json* at = &group;
  key.remove_prefix(std::string_view("group.").size());
  while (!key.empty()) {
    const std::string_view step = key.substr(0, key.find('.'));
    if (!at->has(step)) return nullptr;
    at = &(*at)[step];
    key.remove_prefix(std::min(key.size(), step.size() + 1));
  }
  return at;
}

struct Criterion {
  std::string_view key;
  std::vector<std::string_view> wanted;
  bool exact = true;
};

/// Evaluates the maps; a value that stops is returned.
Val read_criteria(Evaluator& run, const Node& node, std::vector<Criterion>& out) {
  for (const NodePtr& map : node.kids) {
    const std::size_t first = out.size();
    std::string_view how;
    for (std::size_t i = 0; i < map->kids.size(); ++i) {
      const Val value = run.eval(*map->kids[i]);
      if (value.stops()) return value;
      const std::span<const Val> values = value.is(Kind::array)
                                              ? std::span<const Val>(value.items, value.size)
                                              : std::span(&value, 1);
      Criterion criterion;
      criterion.key = map->keys[i];
      for (const Val& one : values) {
        if (!one.is(Kind::text)) return run.fail(*map, "a criterion is compared with texts");
        criterion.wanted.push_back(one.str());
      }
      if (criterion.key == "operator") {
        how = criterion.wanted.empty() ? "" : criterion.wanted[0];
      } else {
        out.push_back(std::move(criterion));
      }
    }
    for (std::size_t i = first; i < out.size(); ++i) {
      // Names are compared by their beginning unless said otherwise; ids and types are not.
      out[i].exact = how.empty() ? out[i].key != "group.profile.name" : how == "EXACT";
    }
  }
  return {};
}

enum class Fit : std::uint8_t { no, yes, unknown };

Fit fits(const Json& group, const std::vector<Criterion>& criteria) {
  bool unknown = false;
  for (const Criterion& criterion : criteria) {
    const Json* held = criterion_of(group, criterion.key);
    if (held == nullptr) {
      unknown = true;
      continue;
    }
    const std::string_view text = held->as_string();
    const bool any =
        std::any_of(criterion.wanted.begin(), criterion.wanted.end(), [&](std::string_view wanted) {
          return criterion.exact ? text == wanted : text.starts_with(wanted);
        });
    if (!any) return Fit::no;
  }
  return unknown ? Fit::unknown : Fit::yes;
}

Val select_groups(Evaluator& run, const Node& node, std::vector<Val>& out) {
  std::vector<Criterion> criteria;
  if (const Val trouble = read_criteria(run, node, criteria); trouble.stops()) return trouble;
  Val outcome;
  for (const Json& group : group_objects(run).items()) {
    const Fit fit = fits(group, criteria);
    if (fit == Fit::yes) out.push_back(Val::of_object(&group));
    if (fit == Fit::unknown) outcome = Val::of(Kind::unknown);
  }
  return outcome;
}

Val get_groups(Evaluator& run, const Node& node, Args) {
  std::vector<Val> found;
  if (const Val trouble = select_groups(run, node, found); trouble.stops()) return trouble;
  Val* room = run.items(node, found.size());
  if (room == nullptr) return Val::of(Kind::failed);
  for (std::size_t i = 0; i < found.size(); ++i) new (room + i) Val(found[i]);
  return Val::of_items(room, found.size());
}

Val is_member_of(Evaluator& run, const Node& node, Args) {
  std::vector<Val> found;
  const Val trouble = select_groups(run, node, found);
  if (!found.empty()) return Val::of_bool(true);
  return trouble.stops() ? trouble : Val::of_bool(false);
}

Val names(Evaluator& run, const Node& node, const std::vector<std::string_view>& texts) {
  Val* room = run.items(node, texts.size());
  if (room == nullptr) return Val::of(Kind::failed);
  for (std::size_t i = 0; i < texts.size(); ++i) new (room + i) Val(Val::of_text(texts[i]));
  return Val::of_items(room, texts.size());
}

/// Of an allow list of ids, the groups the user has: their names or ids, at most so many.
Val filtered_groups(Evaluator& run, const Node& node, Args a) {
  const bool by_name = a[1].is(Kind::text) && a[1].str() == "group.name";
  if (!by_name && !(a[1].is(Kind::text) && a[1].str() == "group.id")) {
    return run.fail(node, "getFilteredGroups gives group.name or group.id");
  }
  const EvalScope& scope = run.scope();
  std::vector<std::string_view> found;
  for (std::size_t i = 0; i < scope.group_ids.size() && i < scope.groups.size(); ++i) {
    if (static_cast<std::int64_t>(found.size()) >= a[2].integer) break;
    for (std::uint32_t k = 0; k < a[0].size; ++k) {
      if (!a[0].items[k].is(Kind::text) || a[0].items[k].str() != scope.group_ids[i]) continue;
      found.push_back(by_name ? scope.groups[i] : scope.group_ids[i]);
      break;
    }
  }
  return names(run, node, found);
}

/// Names of the user's groups of an app; we know Okta's own. None: null.
template <class Match>
Val groups_where(Evaluator& run, const Node& node, Args a, Match match) {
  if (a[0].str() != "OKTA") return Val::of(Kind::unknown);
  std::vector<std::string_view> found;
  for (const std::string& name : run.scope().groups) {
    if (static_cast<std::int64_t>(found.size()) >= a[2].integer) break;
    if (match(name, a[1].str())) found.push_back(name);
  }
  return found.empty() ? Val() : names(run, node, found);
}

Val groups_starting(Evaluator& run, const Node& node, Args a) {
  return groups_where(run, node, a, [](std::string_view name, std::string_view part) {
    return name.starts_with(part);
  });
}
Val groups_ending(Evaluator& run, const Node& node, Args a) {
  return groups_where(run, node, a, [](std::string_view name, std::string_view part) {
    return name.ends_with(part);
  });
}
Val groups_containing(Evaluator& run, const Node& node, Args a) {
  return groups_where(run, node, a, [](std::string_view name, std::string_view part) {
    return name.find(part) != std::string_view::npos;
  });
}

Val member_of_lookup(Evaluator& run, const Node& node, std::string_view kind,
                     std::string_view key) {
  const Json* found = looked_up(run, kind);
  if (found == nullptr || !found->has(key)) return Val::of(Kind::unknown);
  return run.from_json(node, (*found)[key]);
}

Val internal_property(Evaluator& run, const Node& node, Args a) {
  return member_of_lookup(run, node, "internal", a[0].str());
}
Val linked_object(Evaluator& run, const Node& node, Args a) {
  return member_of_lookup(run, node, "linked", a[0].str());
}
Val manager_user(Evaluator& run, const Node& node, Args) {
  return member_of_lookup(run, node, "manager", "user");
}
Val manager_app_user(Evaluator& run, const Node& node, Args a) {
  return member_of_lookup(run, node, "manager", a[1].str());
}
Val assistant_user(Evaluator& run, const Node& node, Args) {
  return member_of_lookup(run, node, "assistant", "user");
}
Val assistant_app_user(Evaluator& run, const Node& node, Args a) {
  return member_of_lookup(run, node, "assistant", a[1].str());
}

/// Exactly one assignment counts.
Val has_one(Evaluator& run, std::string_view kind) {
  const Json* found = looked_up(run, kind);
  if (found == nullptr) return Val::of(Kind::unknown);
  return Val::of_bool(found->items().size() == 1);
}
Val find_one(Evaluator& run, const Node& node, std::string_view kind) {
  const Json* found = looked_up(run, kind);
  if (found == nullptr) return Val::of(Kind::unknown);
  return found->items().size() == 1 ? run.from_json(node, found->items()[0]) : Val();
}

Val has_directory_user(Evaluator& run, const Node&, Args) { return has_one(run, "directory"); }
Val has_workday_user(Evaluator& run, const Node&, Args) { return has_one(run, "workday"); }
Val find_directory_user(Evaluator& run, const Node& node, Args) {
  return find_one(run, node, "directory");
}
Val find_workday_user(Evaluator& run, const Node& node, Args) {
  return find_one(run, node, "workday");
}

constexpr Function kGroupFunctions[] = {
    {"isMemberOfGroupName", 1, 1, "s", kBool, kNo, Use::groups, in_group_named},
    {"isMemberOfGroup", 1, 1, "s", kBool, kNo, Use::groups, in_any_group},
    {"isMemberOfAnyGroup", 1, -1, "s", kBool, kNo, Use::groups, in_any_group},
    {"isMemberOfGroupNameStartsWith", 1, 1, "s", kBool, kNo, Use::groups, in_group_starting},
    {"isMemberOfGroupNameContains", 1, 1, "s", kBool, kNo, Use::groups, in_group_containing},
    {"isMemberOfGroupNameRegex", 1, 1, "s", kBool, kNo, Use::groups, in_group_matching},
    {"getFilteredGroups", 3, 3, "asi", kArray, kSelf, Use::groups, filtered_groups},
    {"Groups.startsWith", 3, 3, "ssi", kArray, kNull, Use::groups, groups_starting},
    {"Groups.endsWith", 3, 3, "ssi", kArray, kNull, Use::groups, groups_ending},
    {"Groups.contains", 3, 3, "ssi", kArray, kNull, Use::groups, groups_containing},
    {"user.getGroups", 1, -1, "m", kArray, kSelf, Use::groups, get_groups},
    {"user.isMemberOf", 1, -1, "m", kBool, kSelf, Use::groups, is_member_of},
    {"user.getInternalProperty", 1, 1, "s", kAnyType, kNull, Use::anywhere, internal_property},
    {"user.getLinkedObject", 1, 1, "s", kAnyType, kNull, Use::lookups, linked_object},
    {"getManagerUser", 1, 1, "s", kAnyType, kNull, Use::lookups, manager_user},
    {"getManagerAppUser", 2, 2, "s", kAnyType, kNull, Use::lookups, manager_app_user},
    {"getAssistantUser", 1, 1, "s", kAnyType, kNull, Use::lookups, assistant_user},
    {"getAssistantAppUser", 2, 2, "s", kAnyType, kNull, Use::lookups, assistant_app_user},
    {"hasDirectoryUser", 0, 0, "s", kBool, kSelf, Use::lookups, has_directory_user},
    {"hasWorkdayUser", 0, 0, "s", kBool, kSelf, Use::lookups, has_workday_user},
    {"findDirectoryUser", 0, 0, "s", kAnyType, kSelf, Use::lookups, find_directory_user},
    {"findWorkdayUser", 0, 0, "s", kAnyType, kSelf, Use::lookups, find_workday_user},
};

}  // namespace

std::string check_criteria(const Node& map) {
  bool any = false;
  for (std::size_t i = 0; i < map.keys.size(); ++i) {
    const std::string& key = map.keys[i];
    if (key == "operator") {
      const Node& value = *map.kids[i];
      if (value.op == Op::constant && value.text != "EXACT" && value.text != "STARTS_WITH") {
        return "the operator of a criterion is EXACT or STARTS_WITH";
      }
      continue;
    }
    any = true;
    if (key != "group.id" && key != "group.type" && key != "group.source.id" &&
        key != "group.profile.name") {
      return fmt::format("'{}' is no criterion for groups", key);
    }
  }
  return any ? "" : "a criterion names group.id, group.type, group.source.id or group.profile.name";
}

std::span<const Function> group_functions() { return kGroupFunctions; }

}  // namespace rollcall::expr

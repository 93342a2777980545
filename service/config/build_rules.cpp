// Expressions of the configuration: compiled in place, profile mappings put in order, groups.
#include <fmt/core.h>

#include <algorithm>
#include <charconv>
#include <map>
#include <set>

#include "service/base/text.h"
#include "service/config/build_internal.h"

namespace rollcall::config {
namespace {

/// The place that the compiler's 1-based column means in the file.
Place place_of(const Build& build, const ConfigNode& node, std::string_view column_text) {
  std::size_t column = 0;
  const auto [end, failed] =
      std::from_chars(column_text.data(), column_text.data() + column_text.size(), column);
  if (failed != std::errc() || column == 0) return node.place;
  return place_inside(build.problems.origins.at(node.place.origin), node, column - 1);
}

bool gives_condition(const Expression& expression) {
  return expression.type() == ExprType::boolean || expression.type() == ExprType::any;
}

constexpr std::string_view kModes[] = {"authoritative", "initial", "fallback"};

AttrMode mode_named(std::string_view mode) {
  if (mode == "initial") return AttrMode::initial;
  if (mode == "fallback") return AttrMode::fallback;
  return AttrMode::authoritative;
}

/// Ways in: written once at creation unless the configuration says otherwise.
bool initial_by_default(std::string_view attribute) {
  return attribute == "login" || attribute == "email" || attribute == "secondEmail" ||
         attribute == "mobilePhone";
}

/// A mapping and the path of its expression.
struct Mapped {
  ProfileMapping mapping;
  std::string path;
};

std::optional<Mapped> mapping_at(Build& build, const std::string& name) {
  const std::string rule = "users.profile." + name;
  std::string path = rule;
  AttrMode mode = initial_by_default(name) ? AttrMode::initial : AttrMode::authoritative;
  const ConfigNode* node = build.values.node(rule);
  if (node == nullptr) return std::nullopt;
  if (node->kind == YamlNode::Kind::map) {
    int stated = 0;
    for (const std::string_view candidate : kModes) {
      if (!build.values.has(below(rule, candidate))) continue;
      ++stated;
      mode = mode_named(candidate);
      path = below(rule, candidate);
    }
    if (stated != 1) {
      build.problem(
          stated == 0 ? ErrorCode::config_missing_key : ErrorCode::config_contradiction, rule,
          fmt::format("`{}` takes exactly one of authoritative, initial and fallback", rule));
      return std::nullopt;
    }
  }
  const AttrId attribute = build.settings.user_schema.add({name});
  if (build.values.flag(below(rule, "sensitive"))) {
    build.settings.user_schema.at(attribute).sensitive = true;
  }
  std::optional<Expression> expression = compile_at(build, path, {});
  if (!expression) return std::nullopt;
  return Mapped{{attribute, mode, *std::move(expression), rule}, path};
}

/// Mappings after those whose attributes they read. Ready ones in the order they come, which is by
/// name, so that the order of keys in the file decides nothing.
class TopologicalOrder {
 public:
  TopologicalOrder(Build& build, std::vector<Mapped> mappings)
      : build_(build), mappings_(std::move(mappings)) {
    for (std::size_t i = 0; i < mappings_.size(); ++i) {
      by_attribute_[mappings_[i].mapping.attribute] = i;
    }
    state_.resize(mappings_.size(), State::open);
  }

  std::vector<ProfileMapping> take() {
    for (std::size_t i = 0; i < mappings_.size(); ++i) visit(i);
    std::vector<ProfileMapping> out;
    for (const std::size_t i : order_) out.push_back(std::move(mappings_[i].mapping));
    return out;
  }

 private:
  enum class State { open, entered, done };

  void visit(std::size_t i) {
    if (state_[i] == State::done) return;
    if (state_[i] == State::entered) {
      report(i);
      return;
    }
    state_[i] = State::entered;
    trail_.push_back(i);
    for (const AttrId read : mappings_[i].mapping.expression.user_attributes()) {
      if (const auto found = by_attribute_.find(read); found != by_attribute_.end()) {
        visit(found->second);
      }
    }
    trail_.pop_back();
    state_[i] = State::done;
    order_.push_back(i);
  }

  /// Names every line of the circle that closes at `i`.
  void report(std::size_t i) {
    const auto start = std::find(trail_.begin(), trail_.end(), i);
    std::string text;
    for (auto at = start; at != trail_.end(); ++at) {
      const Mapped& member = mappings_[*at];
      if (!text.empty()) text += ", which reads ";
      const std::string& name = build_.settings.user_schema.at(member.mapping.attribute).name;
      text += fmt::format("{} (line {})", name, build_.values.place(member.path).line);
    }
    const std::string& name = build_.settings.user_schema.at(mappings_[i].mapping.attribute).name;
    build_.problem(ErrorCode::config_cycle, mappings_[i].path,
                   fmt::format("these attributes read each other in a circle: {}, which reads {}",
                               text, name));
  }

  Build& build_;
  std::vector<Mapped> mappings_;
  std::map<AttrId, std::size_t> by_attribute_;
  std::vector<State> state_;
  std::vector<std::size_t> trail_;
  std::vector<std::size_t> order_;
};

/// The name of a group rule: fixed text, or a template.
void name_group(Build& build, const std::string& path, GroupRuleSettings& group) {
  const std::string name = below(path, "name");
  const std::string as_template = below(path, "template");
  if (build.values.has(name) == build.values.has(as_template)) {
    build.problem(
        build.values.has(name) ? ErrorCode::config_contradiction : ErrorCode::config_missing_key,
        path, "a group has exactly one of `name` and `template`");
    return;
  }
  group.is_template = build.values.has(as_template);
  if (!group.is_template) {
    group.name = build.values.text(name);
    return;
  }
  if (!build.values.known(as_template)) return;
  group.name = build.values.text(as_template);
  if (trim(template_prefix(group.name)).empty()) {
    build.problem(ErrorCode::config_bad_value, as_template,
                  "a template must begin with fixed text, by which its groups are recognised",
                  "such as dept-${hr.department}");
  }
  if (group.name.find("${") == std::string::npos) {
    build.problem(ErrorCode::config_bad_value, as_template, "a template must hold an expression",
                  "such as dept-${hr.department}; for one group write `name`");
  }
  if (auto compiled = compile_at(build, as_template, {.as_template = true})) {
    group.name_expr = *std::move(compiled);
  }
}

void give_members(Build& build, const std::string& path, GroupRuleSettings& group) {
  const std::string members = below(path, "members");
  if (build.values.has(members)) {
    if (auto compiled = compile_at(build, members, {.condition = true})) {
      group.members = *std::move(compiled);
    }
    return;
  }
  if (!group.is_template) {
    if (build.values.has(below(path, "name"))) {
      build.problem(ErrorCode::config_missing_key, members,
                    "a group with a fixed name needs `members`", "members: 'true' is everybody");
    }
    return;
  }
  if (Result<Expression> everybody = compile("true", CompileOptions{})) {
    group.members = *std::move(everybody);
  }
}

}  // namespace

std::optional<Expression> compile_at(Build& build, const std::string& path,
                                     const ExpressionUse& use) {
  const ConfigNode* node = build.values.node(path);
  if (node == nullptr || !build.values.known(path)) return std::nullopt;
  CompileOptions options;
  if (use.hr) options.hr = &build.settings.hr_schema;
  if (use.user) options.user = &build.settings.user_schema;
  options.add_hr = options.add_user = true;
  Result<Expression> compiled =
      use.as_template ? compile_template(node->scalar, options) : compile(node->scalar, options);
  if (!compiled) {
    const Error& error = compiled.error();
    build.problems.add(ErrorCode::config_expression, place_of(build, *node, error.where), path,
                       error.message);
    return std::nullopt;
  }
  if (use.condition && !gives_condition(*compiled)) {
    build.problems.add(ErrorCode::config_expression, node->place, path,
                       "the expression must give true or false",
                       "compare with a value, such as hr.employment_type == \"P\"");
    return std::nullopt;
  }
  return *std::move(compiled);
}

void build_profile(Build& build) {
  const ConfigNode* profile = build.values.node("users.profile");
  if (profile == nullptr) return;
  std::set<std::string> names;
  for (const ConfigNode::Entry& entry : profile->map) names.insert(entry.key);
  std::vector<Mapped> mappings;
  for (const std::string& name : names) {
    if (std::optional<Mapped> mapped = mapping_at(build, name)) {
      mappings.push_back(*std::move(mapped));
    }
  }
  build.settings.users.profile = TopologicalOrder(build, std::move(mappings)).take();
}

void build_groups(Build& build) {
  std::map<std::string, std::string> taken;  // name -> path
  for (std::size_t i = 0; i < build.values.count("groups"); ++i) {
    const std::string path = element("groups", i);
    if (build.values.node(path) == nullptr) continue;
    GroupRuleSettings group;
    name_group(build, path, group);
    group.rule = "groups." + group.name;
    give_members(build, path, group);
    group.authoritative = build.values.text(below(path, "mode")) == "authoritative";
    group.description = build.values.text(below(path, "description"));
    if (!group.name.empty()) {
      const auto [first, fresh] = taken.emplace(group.name, path);
      if (!fresh) {
        build.problem(ErrorCode::config_duplicate_name,
                      below(path, group.is_template ? "template" : "name"),
                      fmt::format("`{}` has the same name (line {})", first->second,
                                  build.values.place(first->second).line));
      }
    }
    build.settings.groups.push_back(std::move(group));
  }
}

}  // namespace rollcall::config

// Names and functions. The types of operators are checked in typing.cpp.
#include "service/expr/binder_internal.h"

#include <fmt/core.h>

#include <algorithm>

#include "service/base/text.h"

namespace rollcall::expr {
namespace {

/// What `user` has beside its profile; times among them (Okta's page for Identity Engine).
constexpr std::string_view kUserTimes[] = {"created",   "activated",   "statusChanged",
                                           "lastLogin", "lastUpdated", "passwordChanged"};

bool is_user_time(std::string_view name) {
  return std::find(std::begin(kUserTimes), std::end(kUserTimes), name) != std::end(kUserTimes);
}

ExprType type_of(AttrType type) {
  switch (type) {
    case AttrType::text:
      return ExprType::text;
    case AttrType::integer:
      return ExprType::integer;
    case AttrType::number:
      return ExprType::number;
    case AttrType::boolean:
      return ExprType::boolean;
    case AttrType::text_array:
    case AttrType::number_array:
      return ExprType::array;
  }
  return ExprType::any;
}

}  // namespace

Binder::Binder(std::string_view source, const CompileOptions& options, std::size_t base)
    : source_(source), options_(options), base_(base) {
  if (is_ascii(source)) return;
  columns_.reserve(source.size() + 1);
  std::uint32_t column = 0;
  for (const char c : source) {
    if ((static_cast<unsigned char>(c) & 0xC0) != 0x80) ++column;
    columns_.push_back(column);
  }
  columns_.push_back(column + 1);
}

std::uint32_t Binder::column(std::size_t offset) const {
  const std::size_t at = std::min(base_ + offset, source_.size());
  return columns_.empty() ? static_cast<std::uint32_t>(at + 1) : columns_[at];
}

Error Binder::located(ErrorCode code, std::size_t offset, std::string message) const {
  return make_error(code, std::move(message), std::to_string(column(offset)));
}

std::optional<Error> Binder::run(Node& root, bool part_of_template) {
  outermost_ = part_of_template ? nullptr : &root;
  if (!bind(root)) return error_;
  if (part_of_template && root.type == ExprType::array) {
    type_error(root, "an array cannot stand in a text");
  }
  if (options_.group_rule) needs_boolean(root, "the condition of a group rule");
  return error_;
}

bool Binder::fail(ErrorCode code, const Node& node, std::string message) {
  if (!error_) error_ = located(code, node.offset, std::move(message));
  return false;
}

bool Binder::type_error(const Node& node, std::string message) {
  return fail(ErrorCode::expression_type, node, std::move(message));
}

bool Binder::unknown_name(const Node& node, std::string message, std::string_view word,
                          const std::vector<std::string>& candidates) {
  if (const auto near = nearest(word, candidates)) {
    message += fmt::format("; did you mean '{}'?", *near);
  }
  return fail(ErrorCode::expression_unknown_name, node, std::move(message));
}

bool Binder::bind_kids(Node& node) {
  for (const NodePtr& kid : node.kids) {
    if (!bind(*kid)) return false;
  }
  return true;
}

bool Binder::bind(Node& node) {
  node.column = column(node.offset);
  switch (node.op) {
    case Op::name:
      return name(node);
    case Op::property:
      return property(node);
    case Op::index:
      return index(node);
    case Op::call:
      return call(node);
    case Op::method:
      return method(node);
    case Op::map:
      return type_error(node, "criteria stand only in user.getGroups and user.isMemberOf");
    case Op::projection:
      node.type = ExprType::array;
      return bind_kids(node);
    case Op::array:
      return bind_kids(node);
    case Op::sum:
      return bind_kids(node) && sum(node);
    case Op::product:
      return bind_kids(node) && product(node);
    case Op::matches:
      return bind_kids(node) && matches(node);
    case Op::logical_and:
    case Op::logical_or:
    case Op::logical_not:
      return bind_kids(node) && logical(node);
    case Op::minus:
      return bind_kids(node) && minus(node);
    case Op::ternary:
      return bind_kids(node) && ternary(node);
    case Op::elvis:
      return bind_kids(node) && elvis(node);
    case Op::constant:
      return true;
    default:
      return bind_kids(node) && comparison(node);
  }
}

bool Binder::is_schema_root(std::string_view root) const {
  if (root == "hr") return options_.hr != nullptr;
  return root == "user" && options_.user != nullptr;
}

bool Binder::is_json_root(std::string_view root) const {
  return std::find(options_.roots.begin(), options_.roots.end(), root) != options_.roots.end();
}

bool Binder::name(Node& node) {
  if (is_schema_root(node.text)) {
    return type_error(node,
                      fmt::format("'{}' needs an attribute, '{}.name'", node.text, node.text));
  }
  if (is_json_root(node.text)) {
    if (options_.group_rule && node.text != "user") {
      return fail(ErrorCode::expression_unknown_name, node,
                  fmt::format("a group rule knows only user., not '{}'", node.text));
    }
    node.op = Op::root;
    node.type = ExprType::any;
    return true;
  }
  std::vector<std::string> known = options_.roots;
  if (options_.hr != nullptr) known.emplace_back("hr");
  if (options_.user != nullptr) known.emplace_back("user");
  return unknown_name(node, fmt::format("'{}' is not known here", node.text), node.text, known);
}

bool Binder::is_profile(const Node& node) const {
  return node.op == Op::property && node.text == "profile" && node.kids[0]->op == Op::name &&
         node.kids[0]->text == "user" && options_.user != nullptr &&
         !options_.user->find("profile");
}

bool Binder::property(Node& node) {
  const Node& target = *node.kids[0];
  if (target.op == Op::name) {
    const bool of_user = target.text == "user";
    if (options_.group_rule && of_user &&
        (node.text == "status" || node.text == "id" || is_user_time(node.text))) {
      return fail(
          ErrorCode::expression_unknown_name, node,
          fmt::format("a group rule reads it as user.getInternalProperty(\"{}\")", node.text));
    }
    if (is_schema_root(target.text)) return attribute(node, target.text, node.text);
    node.as_time = of_user && is_user_time(node.text);
  } else if (is_profile(target)) {
    return attribute(node, "user", node.text);
  }
  if (!bind_kids(node)) return false;
  const ExprType type = node.kids[0]->type;
  if (type != ExprType::any && type != ExprType::null) {
    return type_error(node, fmt::format("{} has no property '{}'", type_name(type), node.text));
  }
  node.type = node.as_time ? ExprType::time : ExprType::any;
  return true;
}

bool Binder::index(Node& node) {
  const Node& target = *node.kids[0];
  const Node& at = *node.kids[1];
  // hr["Employee ID"]: a column whose name is no identifier.
  const bool constant_text = at.op == Op::constant && at.type == ExprType::text;
  if (target.op == Op::name && constant_text && is_schema_root(target.text)) {
    return attribute(node, target.text, std::string(at.text));
  }
  if (!bind_kids(node)) return false;
  const ExprType of = node.kids[0]->type;
  if (of != ExprType::any && of != ExprType::array && of != ExprType::text) {
    return type_error(node, fmt::format("{} has no elements", type_name(of)));
  }
  const ExprType position = node.kids[1]->type;
  const bool text_of_any = position == ExprType::text && of == ExprType::any;
  if (position != ExprType::any && position != ExprType::integer && !text_of_any) {
    return type_error(*node.kids[1], "a position must be an integer");
  }
  node.type = ExprType::any;
  return true;
}

bool Binder::attribute(Node& node, std::string_view root, std::string_view attribute) {
  const bool is_hr = root == "hr";
  if (is_hr && options_.group_rule) {
    return fail(ErrorCode::expression_unknown_name, node,
                "a group rule knows only user., not 'hr'");
  }
  AttrSchema& schema = is_hr ? *options_.hr : *options_.user;
  auto id = schema.find(attribute);
  if (!id && (is_hr ? options_.add_hr : options_.add_user) && schema.size() < 65'000) {
    id = schema.add({std::string(attribute), AttrType::text, false});
  }
  if (!id) return unknown_attribute(node, root, attribute, schema);
  node.attribute = *id;
  node.attribute_type = schema.at(*id).type;
  node.type = type_of(node.attribute_type);
  node.text = fmt::format("{}.{}", root, schema.at(*id).name);
  node.op = is_hr ? Op::hr_attribute : Op::user_attribute;
  node.kids.clear();
  return true;
}

bool Binder::unknown_attribute(Node& node, std::string_view root, std::string_view attribute,
                               const AttrSchema& schema) {
  std::vector<std::string> known;
  for (std::size_t i = 0; i < schema.size(); ++i) {
    known.push_back(schema.at(static_cast<AttrId>(i)).name);
  }
  return unknown_name(node, fmt::format("'{}.{}' does not exist", root, attribute), attribute,
                      known);
}

bool Binder::call(Node& node) {
  if (const Function* found = find_function(node.text)) return function(node, *found, node.text);
  return unknown_name(node, fmt::format("there is no function '{}'", node.text), node.text,
                      function_names(""));
}

bool Binder::method(Node& node) {
  const Node& target = *node.kids[0];
  if (target.op == Op::name) {
    const std::string full = target.text + "." + node.text;
    const bool prefix = is_namespace(target.text) && !is_json_root(target.text);
    const Function* found = prefix || target.text == "user" ? find_function(full) : nullptr;
    if (found != nullptr) {
      node.offset = target.offset;
      node.kids.erase(node.kids.begin());
      return function(node, *found, full);
    }
    if (prefix) {
      return unknown_name(node, fmt::format("there is no function '{}'", full), node.text,
                          function_names(target.text + "."));
    }
    if (target.text == "user") {
      return unknown_name(node, fmt::format("there is no function '{}'", full), node.text,
                          function_names("user."));
    }
    if (!is_schema_root(target.text) && !is_json_root(target.text)) {
      std::vector<std::string> known = options_.roots;
      known.insert(known.end(), {"String", "Arrays", "Convert", "Iso3166Convert", "Time",
                                 "DateTime", "Groups", "hr", "user"});
      return unknown_name(node, fmt::format("'{}' is not known here", target.text), target.text,
                          known);
    }
  }
  if (const Function* found = find_function("." + node.text)) {
    return function(node, *found, node.text);
  }
  return unknown_name(node, fmt::format("there is no method '{}'", node.text), node.text,
                      function_names("."));
}

bool Binder::function(Node& node, const Function& function, std::string_view shown) {
  node.column = column(node.offset);
  if (!allowed(node, function, shown)) return false;
  const bool is_method = function.name.front() == '.';
  const auto given = static_cast<int>(node.kids.size());
  const bool too_many = function.max_arguments >= 0 && given > function.max_arguments;
  if (given < function.min_arguments || too_many) {
    const int low = function.min_arguments - (is_method ? 1 : 0);
    const int high = function.max_arguments - (is_method ? 1 : 0);
    const std::string wanted = function.max_arguments < 0 ? fmt::format("at least {}", low)
                               : low == high              ? fmt::format("{}", low)
                                                          : fmt::format("{} to {}", low, high);
    return type_error(node, fmt::format("'{}' takes {} argument{}, not {}", shown, wanted,
                                        wanted == "1" || wanted == "at least 1" ? "" : "s",
                                        given - (is_method ? 1 : 0)));
  }
  if (function.name == "String.stringSwitch" && given % 2 != 0) {
    return type_error(node, "the last key of String.stringSwitch has no value");
  }
  if (!arguments(node, function, shown)) return false;
  node.op = Op::function;
  node.function = &function;
  node.type = function.result;
  return true;
}

bool Binder::allowed(const Node& node, const Function& function, std::string_view shown) {
  const auto refuse = [&](std::string_view why) {
    return fail(ErrorCode::expression_unknown_name, node, fmt::format("'{}' {}", shown, why));
  };
  if (function.use == Use::groups && !options_.groups) {
    return refuse("cannot be used here: the user's groups are not known");
  }
  if (function.use == Use::lookups && !options_.lookups) {
    return refuse("cannot be used here: it looks up what only an org knows");
  }
  if (function.use == Use::extension && !options_.extensions) {
    return refuse("cannot be used here: Okta does not know it");
  }
  if (options_.group_rule && function.use != Use::anywhere && function.use != Use::groups) {
    return refuse("cannot be used in a group rule");
  }
  // The one outer place for candidates: elsewhere nobody could choose among them.
  if (function.name == "Rollcall.firstFree" && &node != outermost_) {
    return type_error(node, "'Rollcall.firstFree' stands only around the whole expression");
  }
  if (function.name == "Rollcall.numbered" && candidates_ == nullptr) {
    return type_error(node, "'Rollcall.numbered' stands only directly in 'Rollcall.firstFree'");
  }
  return true;
}

namespace {

bool accepts(char code, ExprType type) {
  if (type == ExprType::any) return true;
  switch (code) {
    case 's':
      return type != ExprType::array && type != ExprType::boolean;
    case 'i':
      return type == ExprType::integer;
    case 'a':
      return type == ExprType::array || type == ExprType::text || type == ExprType::null;
    case 'r':
      return type != ExprType::boolean;
    case 'v':
      return type == ExprType::text || type == ExprType::integer || type == ExprType::number ||
             type == ExprType::null;
    case 'u':
      return type == ExprType::text || type == ExprType::integer || type == ExprType::null;
    case 't':
      return type == ExprType::time || type == ExprType::text || type == ExprType::null;
    case 'c':
      return type == ExprType::null;
    default:
      return true;
  }
}

std::string_view wanted_name(char code) {
  switch (code) {
    case 'i':
      return "an integer";
    case 'a':
      return "an array";
    case 'v':
      return "a text or a number";
    case 'u':
      return "digits";
    case 't':
      return "a time";
    case 'c':
      return "a country";
    case 'r':
      return "a text or an array";
    default:
      return "a text";
  }
}

}  // namespace

bool Binder::arguments(Node& node, const Function& function, std::string_view shown) {
  const bool around = function.name == "Rollcall.firstFree";
  for (std::size_t i = 0; i < node.kids.size(); ++i) {
    Node& kid = *node.kids[i];
    const char code = function.parameter(i);
    if (code == 'm') {
      if (kid.op != Op::map) return type_error(kid, fmt::format("'{}' takes criteria", shown));
      const std::string trouble = check_criteria(kid);
      if (!trouble.empty()) return type_error(kid, trouble);
      kid.column = column(kid.offset);
      if (!bind_kids(kid)) return false;
      continue;
    }
    const bool direct = around && (kid.op == Op::method || kid.op == Op::call);
    candidates_ = direct ? &kid : nullptr;
    if (!bind(kid)) return false;
    candidates_ = nullptr;
    if (!accepts(code, kid.type)) {
      return type_error(kid, fmt::format("'{}' needs {} here, not {}", shown, wanted_name(code),
                                         type_name(kid.type)));
    }
  }
  return true;
}

}  // namespace rollcall::expr

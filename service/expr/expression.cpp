// The face: compile, templates, evaluate.
#include "service/expr/expression.h"

#include <fmt/core.h>

#include <algorithm>

#include "service/base/text.h"
#include "service/expr/binder_internal.h"
#include "service/expr/parser_internal.h"
#include "service/expr/time_internal.h"

namespace rollcall {
namespace {

using expr::Node;
using expr::NodePtr;
using expr::Op;

void collect(const Node& node, std::vector<AttrId>& hr, std::vector<AttrId>& user) {
  if (node.op == Op::hr_attribute) hr.push_back(node.attribute);
  if (node.op == Op::user_attribute) user.push_back(node.attribute);
  for (const NodePtr& kid : node.kids) collect(*kid, hr, user);
}

void sort_once(std::vector<AttrId>& ids) {
  std::sort(ids.begin(), ids.end());
  ids.erase(std::unique(ids.begin(), ids.end()), ids.end());
}

std::optional<Error> refuse(std::string_view source) {
  if (source.size() > expr::kMaxSourceBytes) {
    return make_error(ErrorCode::expression_syntax, "the expression is longer than 64 KB", "1");
  }
  if (!is_valid_utf8(source)) {
    return make_error(ErrorCode::expression_syntax, "the expression is not valid UTF-8", "1");
  }
  return std::nullopt;
}

/// Parses and binds `source.substr(base, size)`.
Result<NodePtr> build(std::string_view source, std::size_t base, std::size_t size,
                      const CompileOptions& options, bool part_of_template) {
  expr::Binder binder(source, options, base);
  expr::SyntaxError mistake;
  NodePtr root = expr::parse(source.substr(base, size), mistake);
  if (!root) return binder.located(ErrorCode::expression_syntax, mistake.offset, mistake.message);
  if (auto error = binder.run(*root, part_of_template)) return *std::move(error);
  return root;
}

/// The '}' that closes a part which begins at `from`; npos if none does.
std::size_t closing(std::string_view source, std::size_t from) {
  int open = 1;
  char quote = 0;
  for (std::size_t i = from; i < source.size(); ++i) {
    const char c = source[i];
    if (quote != 0) {
      if (c == quote) quote = 0;
    } else if (c == '"' || c == '\'') {
      quote = c;
    } else if (c == '{') {
      ++open;
    } else if (c == '}' && --open == 0) {
      return i;
    }
  }
  return std::string_view::npos;
}

NodePtr fixed_text(std::string_view text) {
  auto node = std::make_unique<Node>();
  node->op = Op::constant;
  node->type = ExprType::text;
  node->text = text;
  node->constant = expr::Val::of_text(node->text);
  return node;
}

Value to_value(expr::Evaluator& run, const Node& node, const expr::Val& value) {
  using expr::Kind;
  switch (value.kind) {
    case Kind::null:
    case Kind::failed:
      return {};
    case Kind::unknown:
      return Value::Unknown{};
    case Kind::boolean:
      return value.boolean;
    case Kind::integer:
      return value.integer;
    case Kind::number:
      return value.number;
    case Kind::object:
      return value.object->dump();
    case Kind::array:
      break;
    default:
      return run.scalar_text(node, value).value_or("");
  }
  Value::Array items;
  items.reserve(value.size);
  for (std::uint32_t i = 0; i < value.size; ++i) {
    items.push_back(to_value(run, node, value.items[i]));
  }
  return items;
}

Json to_json(const Value& value) {
  if (value.boolean() != nullptr) return *value.boolean();
  if (value.integer() != nullptr) return *value.integer();
  if (value.number() != nullptr) return *value.number();
  if (value.text() != nullptr) return *value.text();
  if (value.array() == nullptr) return {};
  Json out = Json::array();
  for (const Value& item : *value.array()) out.push(to_json(item));
  return out;
}

}  // namespace

std::string attribute_text(const Value& value) {
  if (value.text() != nullptr) return *value.text();
  if (value.is_null() || value.is_unknown()) return {};
  return to_json(value).dump();
}

Expression::Expression(std::shared_ptr<const Node> root, std::string source)
    : root_(std::move(root)), source_(std::move(source)) {
  collect(*root_, hr_, user_);
  sort_once(hr_);
  sort_once(user_);
}

ExprType Expression::type() const { return root_ ? root_->type : ExprType::null; }

bool Expression::is_plain_hr(AttrId& id) const {
  if (!root_ || root_->op != Op::hr_attribute) return false;
  id = root_->attribute;
  return true;
}

Result<Expression> compile(std::string_view source, const CompileOptions& options) {
  if (auto error = refuse(source)) return *std::move(error);
  auto root = build(source, 0, source.size(), options, false);
  if (!root) return root.error();
  return Expression(std::shared_ptr<const Node>(*std::move(root)), std::string(source));
}

Result<Expression> compile_template(std::string_view source, const CompileOptions& options) {
  if (auto error = refuse(source)) return *std::move(error);
  const auto syntax = [&](std::size_t offset, std::string message) {
    return expr::Binder(source, options)
        .located(ErrorCode::expression_syntax, offset, std::move(message));
  };
  if (source.empty()) return syntax(0, "the text is empty");
  auto all = std::make_unique<Node>();
  all->op = Op::text_template;
  all->type = ExprType::text;
  std::size_t at = 0;
  while (at < source.size()) {
    const std::size_t open = std::min(source.find("${", at), source.size());
    if (open > at) all->kids.push_back(fixed_text(source.substr(at, open - at)));
    if (open == source.size()) break;
    const std::size_t end = closing(source, open + 2);
    if (end == std::string_view::npos) return syntax(open, "'${' has no closing '}'");
    auto part = build(source, open + 2, end - open - 2, options, true);
    if (!part) return part.error();
    all->kids.push_back(*std::move(part));
    at = end + 1;
  }
  return Expression(std::shared_ptr<const Node>(std::move(all)), std::string(source));
}

std::string_view template_prefix(std::string_view source) {
  return source.substr(0, source.find("${"));
}

bool gives_candidates(const Expression& expression) {
  return expression.valid() && expression.root().op == Op::function &&
         expression.root().function->name == "Rollcall.firstFree";
}

Result<Value> evaluate(const Expression& expression, const EvalScope& scope) {
  if (!expression.valid()) return Value();
  expr::Evaluator run(scope);
  const expr::Val value = run.eval(expression.root());
  if (run.error()) return *run.error();
  Value result = to_value(run, expression.root(), value);
  if (run.error()) return *run.error();
  return result;
}

Result<Truth> evaluate_condition(const Expression& expression, const EvalScope& scope) {
  if (!expression.valid()) {
    return make_error(ErrorCode::expression_evaluation, "there is no condition", "1");
  }
  expr::Evaluator run(scope);
  const expr::Val value = run.eval(expression.root());
  if (value.is(expr::Kind::boolean)) return value.boolean ? Truth::yes : Truth::no;
  if (value.is(expr::Kind::unknown)) return Truth::unknown;
  run.fail(expression.root(), "the condition is neither true nor false");
  return *run.error();
}

}  // namespace rollcall

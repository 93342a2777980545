// Recursive descent with a depth limit. Chains (+, AND, else-if) are flat nodes: their length costs
// no depth.
#include <fmt/core.h>

#include <algorithm>
#include <charconv>
#include <utility>

#include "service/base/text.h"
#include "service/expr/parser_internal.h"

namespace rollcall::expr {
namespace {

class Parser {
 public:
  Parser(std::vector<Token> tokens, SyntaxError& error)
      : tokens_(std::move(tokens)), error_(error) {}

  NodePtr run() {
    if (peek().kind == Tok::end) return fail(peek().offset, "the expression is empty");
    NodePtr node = expression();
    if (!node) return nullptr;
    if (peek().kind != Tok::end) return fail(peek().offset, unexpected());
    return node;
  }

 private:
  /// Counts one level for as long as it lives.
  struct Level {
    explicit Level(int& depth) : depth_(depth) { ++depth_; }
    ~Level() { --depth_; }
    Level(const Level&) = delete;
    Level& operator=(const Level&) = delete;
    int& depth_;
  };

  const Token& peek() const { return tokens_[at_]; }
  bool accept(Tok kind) {
    if (peek().kind != kind) return false;
    ++at_;
    return true;
  }
  bool is_word(std::string_view word) const {
    return peek().kind == Tok::identifier && ascii_iequals(peek().text, word);
  }

  std::nullptr_t fail(std::size_t offset, std::string message) {
    if (error_.message.empty()) error_ = {offset, std::move(message)};
    return nullptr;
  }

  std::string unexpected() const {
    const Token& token = peek();
    if (token.kind == Tok::end) return "the expression ends too early";
    if (is_word("instanceof") || is_word("between")) {
      return fmt::format("'{}' does not exist in this language", token.text);
    }
    if (token.kind == Tok::identifier) return fmt::format("'{}' does not belong here", token.text);
    if (token.kind == Tok::text) return "a text does not belong here";
    return "this does not belong here";
  }

  bool expect(Tok kind, std::string_view what) {
    if (accept(kind)) return true;
    fail(peek().offset, fmt::format("expected {} here", what));
    return false;
  }

  static NodePtr make(Op op, std::size_t offset) {
    auto node = std::make_unique<Node>();
    node->op = op;
    node->offset = offset;
    return node;
  }

  static void adopt(Node& parent, NodePtr kid) {
    parent.height = std::max(parent.height, static_cast<std::uint16_t>(kid->height + 1));
    parent.kids.push_back(std::move(kid));
  }

  NodePtr expression() {
    const Level level(depth_);
    if (depth_ > kMaxDepth) return fail(peek().offset, "the expression is nested too deeply");
    NodePtr first = any_of();
    if (!first) return nullptr;
    if (peek().kind == Tok::elvis) return elvis(std::move(first));
    if (peek().kind == Tok::question) return ternary(std::move(first));
    return first;
  }

  NodePtr elvis(NodePtr first) {
    const Level level(depth_);
    if (depth_ > kMaxDepth) return fail(peek().offset, "the expression is nested too deeply");
    NodePtr node = make(Op::elvis, peek().offset);
    adopt(*node, std::move(first));
    while (accept(Tok::elvis)) {
      NodePtr next = any_of();
      if (!next) return nullptr;
      if (peek().kind == Tok::question) next = ternary(std::move(next));
      if (!next) return nullptr;
      adopt(*node, std::move(next));
    }
    return node;
  }

  NodePtr ternary(NodePtr condition) {
    const Level level(depth_);
    if (depth_ > kMaxDepth) return fail(peek().offset, "the expression is nested too deeply");
    NodePtr node = make(Op::ternary, peek().offset);
    while (accept(Tok::question)) {
      NodePtr value = expression();
      if (!value || !expect(Tok::colon, "':' of the condition '?'")) return nullptr;
      adopt(*node, std::move(condition));
      adopt(*node, std::move(value));
      condition = any_of();
      if (!condition) return nullptr;
    }
    if (peek().kind == Tok::elvis) condition = elvis(std::move(condition));
    if (!condition) return nullptr;
    adopt(*node, std::move(condition));
    return node;
  }

  NodePtr any_of() {
    NodePtr first = all_of();
    if (!first) return nullptr;
    if (peek().kind != Tok::logical_or && !is_word("or")) return first;
    NodePtr node = make(Op::logical_or, peek().offset);
    adopt(*node, std::move(first));
    while (peek().kind == Tok::logical_or || is_word("or")) {
      ++at_;
      NodePtr next = all_of();
      if (!next) return nullptr;
      adopt(*node, std::move(next));
    }
    return node;
  }

  NodePtr all_of() {
    NodePtr first = relation();
    if (!first) return nullptr;
    if (peek().kind != Tok::logical_and && !is_word("and")) return first;
    NodePtr node = make(Op::logical_and, peek().offset);
    adopt(*node, std::move(first));
    while (peek().kind == Tok::logical_and || is_word("and")) {
      ++at_;
      NodePtr next = relation();
      if (!next) return nullptr;
      adopt(*node, std::move(next));
    }
    return node;
  }

  std::optional<Op> relation_op() const {
    switch (peek().kind) {
      case Tok::equal:
        return Op::equal;
      case Tok::not_equal:
        return Op::not_equal;
      case Tok::less:
        return Op::less;
      case Tok::less_equal:
        return Op::less_equal;
      case Tok::greater:
        return Op::greater;
      case Tok::greater_equal:
        return Op::greater_equal;
      default:
        if (is_word("matches")) return Op::matches;
        return std::nullopt;
    }
  }

  NodePtr relation() {
    NodePtr left = sum();
    if (!left) return nullptr;
    const auto op = relation_op();
    if (!op) return left;
    NodePtr node = make(*op, peek().offset);
    ++at_;
    NodePtr right = sum();
    if (!right) return nullptr;
    if (relation_op()) {
      return fail(peek().offset, "comparisons do not chain; join them with AND or parentheses");
    }
    adopt(*node, std::move(left));
    adopt(*node, std::move(right));
    return node;
  }

  NodePtr sum() {
    NodePtr first = product();
    if (!first) return nullptr;
    if (peek().kind != Tok::plus && peek().kind != Tok::minus) return first;
    NodePtr node = make(Op::sum, peek().offset);
    node->signs = "+";
    adopt(*node, std::move(first));
    while (peek().kind == Tok::plus || peek().kind == Tok::minus) {
      node->signs += peek().kind == Tok::plus ? '+' : '-';
      ++at_;
      NodePtr next = product();
      if (!next) return nullptr;
      adopt(*node, std::move(next));
    }
    return node;
  }

  static char product_sign(Tok kind) {
    if (kind == Tok::star) return '*';
    if (kind == Tok::slash) return '/';
    return kind == Tok::percent ? '%' : '\0';
  }

  NodePtr product() {
    NodePtr first = unary();
    if (!first) return nullptr;
    if (product_sign(peek().kind) == '\0') return first;
    NodePtr node = make(Op::product, peek().offset);
    node->signs = "*";
    adopt(*node, std::move(first));
    while (const char sign = product_sign(peek().kind)) {
      node->signs += sign;
      ++at_;
      NodePtr next = unary();
      if (!next) return nullptr;
      adopt(*node, std::move(next));
    }
    return node;
  }

  NodePtr unary() {
    const Tok kind = peek().kind;
    if (kind != Tok::bang && kind != Tok::minus && kind != Tok::plus) return postfix();
    const Level level(depth_);
    if (depth_ > kMaxDepth) return fail(peek().offset, "the expression is nested too deeply");
    const std::size_t offset = peek().offset;
    ++at_;
    NodePtr operand = unary();
    if (!operand || kind == Tok::plus) return operand;
    NodePtr node = make(kind == Tok::bang ? Op::logical_not : Op::minus, offset);
    adopt(*node, std::move(operand));
    return node;
  }

  NodePtr postfix() {
    NodePtr node = primary();
    int steps = 0;
    while (node && (peek().kind == Tok::dot || peek().kind == Tok::left_bracket)) {
      if (++steps > kMaxDepth) return fail(peek().offset, "the expression is nested too deeply");
      node = peek().kind == Tok::dot ? member(std::move(node)) : index(std::move(node));
      // Long chains with long chains as arguments add up although each is short.
      if (node && node->height > kMaxHeight) {
        return fail(node->offset, "the expression is nested too deeply");
      }
    }
    return node;
  }

  NodePtr index(NodePtr target) {
    NodePtr node = make(Op::index, peek().offset);
    ++at_;
    NodePtr position = expression();
    if (!position || !expect(Tok::right_bracket, "']'")) return nullptr;
    adopt(*node, std::move(target));
    adopt(*node, std::move(position));
    return node;
  }

  NodePtr member(NodePtr target) {
    ++at_;
    if (peek().kind == Tok::project) return projection(std::move(target));
    if (peek().kind != Tok::identifier) return fail(peek().offset, "expected a name after the dot");
    NodePtr node = make(Op::property, peek().offset);
    node->text = peek().text;
    ++at_;
    adopt(*node, std::move(target));
    if (accept(Tok::left_paren)) {
      node->op = Op::method;
      if (!arguments(*node)) return nullptr;
    }
    return node;
  }

  NodePtr projection(NodePtr target) {
    NodePtr node = make(Op::projection, peek().offset);
    ++at_;
    do {
      if (peek().kind != Tok::identifier) {
        return fail(peek().offset, "a projection holds the name of a property");
      }
      if (node->keys.size() >= 16) return fail(peek().offset, "the path is too long");
      node->keys.push_back(peek().text);
      ++at_;
    } while (accept(Tok::dot));
    if (!expect(Tok::right_bracket, "']'")) return nullptr;
    adopt(*node, std::move(target));
    return node;
  }

  /// After '('; appends to the kids.
  bool arguments(Node& node) {
    if (accept(Tok::right_paren)) return true;
    while (true) {
      NodePtr argument = expression();
      if (!argument) return false;
      adopt(node, std::move(argument));
      if (accept(Tok::right_paren)) return true;
      if (!expect(Tok::comma, "',' or ')'")) return false;
    }
  }

  NodePtr primary() {
    const Token& token = peek();
    switch (token.kind) {
      case Tok::text: {
        NodePtr node = make(Op::constant, token.offset);
        node->type = ExprType::text;
        node->text = token.text;
        node->constant = Val::of_text(node->text);
        ++at_;
        return node;
      }
      case Tok::integer:
      case Tok::number:
        return number();
      case Tok::left_paren: {
        ++at_;
        NodePtr node = expression();
        if (!node || !expect(Tok::right_paren, "')'")) return nullptr;
        return node;
      }
      case Tok::left_brace:
        return braces();
      case Tok::identifier:
        return word();
      default:
        return fail(token.offset, unexpected());
    }
  }

  NodePtr number() {
    const Token& token = peek();
    NodePtr node = make(Op::constant, token.offset);
    const char* end = token.text.data() + token.text.size();
    if (token.kind == Tok::integer) {
      std::int64_t value = 0;
      if (std::from_chars(token.text.data(), end, value).ec != std::errc()) {
        return fail(token.offset, "the number is too large");
      }
      node->constant = Val::of_int(value);
      node->type = ExprType::integer;
    } else {
      double value = 0;
      if (std::from_chars(token.text.data(), end, value).ec != std::errc()) {
        return fail(token.offset, "the number is too large");
      }
      node->constant = Val::of_number(value);
      node->type = ExprType::number;
    }
    ++at_;
    return node;
  }

  NodePtr braces() {
    NodePtr node = make(Op::array, peek().offset);
    node->type = ExprType::array;
    ++at_;
    if (accept(Tok::right_brace)) return node;
    while (true) {
      NodePtr item = expression();
      if (!item) return nullptr;
      if (peek().kind == Tok::colon) {
        if (!map_value(*node, *item)) return nullptr;
      } else if (node->op == Op::map) {
        return fail(peek().offset, "expected ':' here");
      } else {
        adopt(*node, std::move(item));
      }
      if (accept(Tok::right_brace)) return node;
      if (!expect(Tok::comma, "',' or '}'")) return nullptr;
    }
  }

  bool map_value(Node& node, const Node& key) {
    if (node.op == Op::array && !node.kids.empty()) {
      fail(peek().offset, "an array holds values only");
      return false;
    }
    if (key.op != Op::constant || key.type != ExprType::text) {
      fail(key.offset, "the name of a criterion is a text");
      return false;
    }
    node.op = Op::map;
    node.type = ExprType::any;
    node.keys.push_back(key.text);
    ++at_;
    NodePtr value = expression();
    if (!value) return false;
    adopt(node, std::move(value));
    return true;
  }

  NodePtr word() {
    const Token& token = peek();
    NodePtr node = make(Op::constant, token.offset);
    if (is_word("true") || is_word("false")) {
      node->constant = Val::of_bool(is_word("true"));
      node->type = ExprType::boolean;
    } else if (is_word("null")) {
      node->type = ExprType::null;
    } else if (is_word("and") || is_word("or") || is_word("matches")) {
      return fail(token.offset, unexpected());
    } else {
      node->op = Op::name;
      node->text = token.text;
    }
    ++at_;
    if (node->op == Op::name && peek().kind == Tok::identifier && node->text == "new") {
      return fail(token.offset, "constructors do not exist in this language");
    }
    if (node->op == Op::name && accept(Tok::left_paren)) {
      if (node->text == "T") return fail(token.offset, "types do not exist in this language");
      node->op = Op::call;
      if (!arguments(*node)) return nullptr;
    }
    return node;
  }

  std::vector<Token> tokens_;
  SyntaxError& error_;
  std::size_t at_ = 0;
  int depth_ = 0;
};

}  // namespace

NodePtr parse(std::string_view source, SyntaxError& error) {
  std::vector<Token> tokens;
  if (!tokenize(source, tokens, error)) return nullptr;
  return Parser(std::move(tokens), error).run();
}

}  // namespace rollcall::expr

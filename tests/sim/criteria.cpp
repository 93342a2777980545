#include "tests/sim/criteria.h"

#include <algorithm>
#include <array>
#include <utility>

#include "service/base/clock.h"
#include "service/base/text.h"

namespace rollcall::sim {

struct Criteria::Node {
  enum class Kind : std::uint8_t { compare, both, either };
  Kind kind = Kind::compare;
  std::string attribute;
  CompareOp op = CompareOp::eq;
  Json operand;  // folded text, number, boolean, null, or milliseconds of a time
  std::vector<std::shared_ptr<const Node>> parts;
};

namespace {

using Node = Criteria::Node;
using NodePtr = std::shared_ptr<const Node>;

constexpr std::array<std::pair<std::string_view, CompareOp>, 8> kOps{{{"eq", CompareOp::eq},
                                                                      {"sw", CompareOp::sw},
                                                                      {"co", CompareOp::co},
                                                                      {"gt", CompareOp::gt},
                                                                      {"ge", CompareOp::ge},
                                                                      {"lt", CompareOp::lt},
                                                                      {"le", CompareOp::le},
                                                                      {"pr", CompareOp::pr}}};

class Parser {
 public:
  Parser(std::string_view text, const CriteriaDialect& dialect) : text_(text), dialect_(dialect) {}

  NodePtr all() {
    NodePtr node = either();
    skip_space();
    return node != nullptr && at_ == text_.size() ? node : nullptr;
  }

 private:
  NodePtr either() {
    return joined("or", Node::Kind::either, [this] { return both(); });
  }
  NodePtr both() {
    return joined("and", Node::Kind::both, [this] { return primary(); });
  }

  template <class Next>
  NodePtr joined(std::string_view word, Node::Kind kind, Next next) {
    NodePtr first = next();
    if (first == nullptr) return nullptr;
    auto list = std::make_shared<Node>();
    list->kind = kind;
    list->parts.push_back(first);
    while (take_word(word)) {
      NodePtr more = next();
      if (more == nullptr) return nullptr;
      list->parts.push_back(std::move(more));
    }
    return list->parts.size() == 1 ? first : list;
  }

  NodePtr primary() {
    skip_space();
    if (++depth_ > 32) return nullptr;
    if (at_ < text_.size() && text_[at_] == '(') {
      ++at_;
      NodePtr inside = either();
      skip_space();
      if (inside == nullptr || at_ >= text_.size() || text_[at_] != ')') return nullptr;
      ++at_;
      --depth_;
      return inside;
    }
    --depth_;
    return comparison();
  }

  NodePtr comparison() {
    auto node = std::make_shared<Node>();
    node->attribute = std::string(word());
    const std::string op_word = ascii_lower(word());
    const auto* found =
        std::find_if(kOps.begin(), kOps.end(), [&](const auto& op) { return op.first == op_word; });
    if (found == kOps.end()) return nullptr;
    node->op = found->second;
    const AttributeRule rule = dialect_.rule(node->attribute);
    if (!rule.known || !rule.allows(node->op)) return nullptr;
    if (node->op == CompareOp::pr) return node;
    if (!literal(node->operand)) return nullptr;
    if (rule.is_time) {
      const auto time = parse_rfc3339(node->operand.as_string());
      if (!time) return nullptr;
      node->operand = Json(time->ms);
    } else if (dialect_.ignore_case && node->operand.is_string()) {
      node->operand = Json(fold_case(node->operand.as_string()));
    }
    return node;
  }

  bool literal(Json& out) {
    skip_space();
    if (at_ >= text_.size()) return false;
    if (text_[at_] == '"') return quoted(out);
    const auto parsed = parse_json(word());
    if (!parsed || parsed->is_object() || parsed->is_array()) return false;
    out = *parsed;
    return true;
  }

  bool quoted(Json& out) {
    std::string value;
    for (++at_; at_ < text_.size(); ++at_) {
      if (text_[at_] == '"') {
        ++at_;
        out = Json(std::move(value));
        return true;
      }
      if (text_[at_] == '\\' && at_ + 1 < text_.size()) ++at_;
      value += text_[at_];
    }
    return false;
  }

  void skip_space() {
    while (at_ < text_.size() && text_[at_] == ' ') ++at_;
  }

  std::string_view word() {
    skip_space();
    const std::size_t start = at_;
    while (at_ < text_.size() && text_[at_] != ' ' && text_[at_] != '(' && text_[at_] != ')') ++at_;
    return text_.substr(start, at_ - start);
  }

  bool take_word(std::string_view expected) {
    const std::size_t back = at_;
    if (ascii_iequals(word(), expected)) return true;
    at_ = back;
    return false;
  }

  std::string_view text_;
  const CriteriaDialect& dialect_;
  std::size_t at_ = 0;
  int depth_ = 0;
};

template <class T>
bool ordered(CompareOp op, const T& value, const T& operand) {
  switch (op) {
    case CompareOp::eq:
      return value == operand;
    case CompareOp::gt:
      return value > operand;
    case CompareOp::ge:
      return value >= operand;
    case CompareOp::lt:
      return value < operand;
    case CompareOp::le:
      return value <= operand;
    default:
      return false;
  }
}

bool text_matches(CompareOp op, std::string_view value, std::string_view operand) {
  if (op == CompareOp::sw) return value.substr(0, operand.size()) == operand;
  if (op == CompareOp::co) return value.find(operand) != std::string_view::npos;
  return ordered(op, value, operand);
}

bool compare(const Node& node, const Json& value, bool ignore_case) {
  if (value.is_array()) {
    return std::any_of(value.items().begin(), value.items().end(),
                       [&](const Json& item) { return compare(node, item, ignore_case); });
  }
  if (node.op == CompareOp::pr) return !value.is_null() && value.as_string("x") != "";
  if (value.is_null()) return node.op == CompareOp::eq && node.operand.is_null();
  if (value.is_string()) {
    if (!node.operand.is_string()) return false;
    if (!ignore_case) return text_matches(node.op, value.as_string(), node.operand.as_string());
    return text_matches(node.op, fold_case(value.as_string()), node.operand.as_string());
  }
  if (value.is_bool()) {
    return node.operand.is_bool() && ordered(node.op, value.as_bool(), node.operand.as_bool());
  }
  return node.operand.is_number() && ordered(node.op, value.as_double(), node.operand.as_double());
}

bool test(const Node& node, const Criteria::Read& read, bool ignore_case) {
  const auto part = [&](const NodePtr& child) { return test(*child, read, ignore_case); };
  switch (node.kind) {
    case Node::Kind::both:
      return std::all_of(node.parts.begin(), node.parts.end(), part);
    case Node::Kind::either:
      return std::any_of(node.parts.begin(), node.parts.end(), part);
    case Node::Kind::compare:
      break;
  }
  return compare(node, read(node.attribute), ignore_case);
}

}  // namespace

std::optional<Criteria> Criteria::parse(std::string_view text, const CriteriaDialect& dialect) {
  Criteria criteria;
  criteria.root_ = Parser(text, dialect).all();
  criteria.ignore_case_ = dialect.ignore_case;
  if (criteria.root_ == nullptr) return std::nullopt;
  return criteria;
}

bool Criteria::matches(const Read& read) const { return test(*root_, read, ignore_case_); }

}  // namespace rollcall::sim

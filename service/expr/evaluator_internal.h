// One evaluation: the scope, the arena, and the first mistake. On the stack of `evaluate`, one
// thread, used once.
#pragma once

#include <deque>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "service/expr/node_internal.h"
#include "service/expr/value_internal.h"

namespace rollcall::expr {

class Evaluator {
 public:
  explicit Evaluator(const EvalScope& scope) : scope_(scope) {}

  Val eval(const Node& node);
  const EvalScope& scope() const { return scope_; }
  const std::optional<Error>& error() const { return error_; }

  /// Notes the mistake (the first one counts) and gives the value that stops everything.
  Val fail(const Node& node, std::string message);

  /// Copies into the arena; fails when too long.
  Val text(const Node& node, std::string_view text);
  /// Joins; fails when too long.
  Val joined(const Node& node, std::span<const std::string_view> parts);
  /// Room for elements; null after a failure that is noted.
  Val* items(const Node& node, std::size_t count);
  char* bytes(const Node& node, std::size_t count);
  const Zone* zone(const Node& node, std::string_view name, std::int64_t offset_seconds);

  Val from_json(const Node& node, const Json& json);
  /// Takes ownership, for values that point into it.
  const Json& keep(Json json) { return kept_.emplace_back(std::move(json)); }

  /// The text of a scalar; nullopt for null, arrays and objects.
  std::optional<std::string_view> scalar_text(const Node& node, const Val& value);
  Val property(const Node& node, const Val& of, std::string_view name);
  bool same(const Node& node, const Val& a, const Val& b);

 private:
  Val attribute(const Node& node, const RecordView& record);
  Val parsed_attribute(const Node& node, std::string_view text);
  Val root(const Node& node);
  Val index(const Node& node);
  Val projection(const Node& node);
  Val array(const Node& node);
  Val function(const Node& node);
  /// Brings an argument into the form a parameter code asks for (functions_internal.h).
  Val argument(const Node& node, const Val& value, char code);
  Val sum(const Node& node);
  Val add(const Node& node, const Val& a, const Val& b, char sign);
  Val concatenation(const Node& node, std::span<const Val> parts);
  Val product(const Node& node);
  Val finite(const Node& node, double value);
  Val comparison(const Node& node);
  Val order(const Node& node, const Val& a, const Val& b);
  Val matches(const Node& node);
  Val logical(const Node& node);
  Val ternary(const Node& node);
  Val elvis(const Node& node);
  Val from_template(const Node& node);
  Val negated(const Node& node);

  const EvalScope& scope_;
  std::optional<Error> error_;
  std::deque<Json> kept_;
  Arena arena_;
};

}  // namespace rollcall::expr

// Okta Expression Language: compiled once per run, evaluated per record. Pure: no clock, no I/O;
// the instant comes with the scope.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "service/base/clock.h"
#include "service/base/json.h"
#include "service/base/result.h"
#include "service/model/record.h"

namespace rollcall {

/// What an expression gives. `unknown` is not null: something it read was reported by nobody, so
/// that nothing may follow from it.
class Value {
 public:
  struct Unknown {
    bool operator==(const Unknown&) const = default;
  };
  using Array = std::vector<Value>;
  Value() = default;                                    // null
  Value(Unknown v) : held_(v) {}                        // NOLINT
  Value(bool v) : held_(v) {}                           // NOLINT
  Value(std::int64_t v) : held_(v) {}                   // NOLINT
  Value(double v) : held_(v) {}                         // NOLINT
  Value(std::string v) : held_(std::move(v)) {}         // NOLINT
  Value(std::string_view v) : held_(std::string(v)) {}  // NOLINT
  Value(const char* v) : held_(std::string(v)) {}       // NOLINT
  Value(Array v) : held_(std::move(v)) {}               // NOLINT

  bool is_unknown() const { return std::holds_alternative<Unknown>(held_); }
  bool is_null() const { return std::holds_alternative<std::monostate>(held_); }
  const bool* boolean() const { return std::get_if<bool>(&held_); }
  const std::int64_t* integer() const { return std::get_if<std::int64_t>(&held_); }
  const double* number() const { return std::get_if<double>(&held_); }
  const std::string* text() const { return std::get_if<std::string>(&held_); }
  const Array* array() const { return std::get_if<Array>(&held_); }
  bool operator==(const Value&) const = default;

 private:
  std::variant<std::monostate, Unknown, bool, std::int64_t, double, std::string, Array> held_;
};

/// The value as an attribute's text (see AttrType). Null, unknown and "" have none: check first.
std::string attribute_text(const Value& value);

/// Static type; `any` where only evaluation tells.
enum class ExprType : std::uint8_t { any, null, text, integer, number, boolean, array, time };

/// Which names an expression may use.
struct CompileOptions {
  AttrSchema* hr = nullptr;    // names after `hr.`; nullptr: `hr` is not a root
  bool add_hr = false;         // a new name is added to the schema instead of being an error
  AttrSchema* user = nullptr;  // names after `user.`
  bool add_user = false;
  std::vector<std::string> roots;  // further roots (app, org, source, ...), read from EvalScope
  bool group_rule = false;         // only what Okta allows in a group rule's condition
  bool extensions = true;          // the `Rollcall.` functions
  bool groups = true;              // the functions about the user's groups
  bool lookups = false;            // getManagerUser and the like: only where EvalScope::lookups is
};

/// What an expression is evaluated against. Pointers outlive the call.
struct EvalScope {
  RecordView hr;
  RecordView user;
  WallTime now;
  std::string_view zone = "UTC";           // for Time functions without one
  const Json* roots = nullptr;             // object: root name -> properties
  std::span<const std::string> groups;     // names of the user's groups
  std::span<const std::string> group_ids;  // parallel to groups, or empty
  /// What only an org knows, by kind; a kind that is missing is unknown: `internal` (object:
  /// user.getInternalProperty), `groups` (array of group objects, for criteria beyond id and name),
  /// `linked` (object by name), `manager` and `assistant` (objects by app, `user` for Okta's own),
  /// `directory` and `workday` (arrays of app users).
  const Json* lookups = nullptr;
};

/// Immutable, cheap to copy, thread safe.
class Expression {
 public:
  struct Node;
  Expression() = default;
  explicit Expression(std::shared_ptr<const Node> root, std::string source);
  bool valid() const { return root_ != nullptr; }
  const std::string& source() const { return source_; }
  ExprType type() const;
  /// Attributes it reads, ascending, each once.
  const std::vector<AttrId>& hr_attributes() const { return hr_; }
  const std::vector<AttrId>& user_attributes() const { return user_; }
  const Node& root() const { return *root_; }
  /// If the expression is just `hr.x`: that attribute (a fast path for most mappings).
  bool is_plain_hr(AttrId& id) const;

 private:
  std::shared_ptr<const Node> root_;
  std::string source_;
  std::vector<AttrId> hr_;
  std::vector<AttrId> user_;
};

/// Errors: expression.syntax, expression.unknown_name, expression.type. `where` is the 1-based
/// column, as text.
Result<Expression> compile(std::string_view source, const CompileOptions& options);

/// Whether the value is an array of candidates for a name that must be unique, best first:
/// `Rollcall.firstFree(...)`, which may stand outermost only.
bool gives_candidates(const Expression& expression);

/// A template such as `dept-${hr.department}`: fixed text and expressions.
/// Compiles to an expression whose value is text, null if any part is null or "", unknown if any
/// part is. Errors as compile.
Result<Expression> compile_template(std::string_view source, const CompileOptions& options);
/// The fixed text before the first `${`.
std::string_view template_prefix(std::string_view source);

/// Errors: expression.evaluation. Never throws, bounded in time and memory by its inputs.
Result<Value> evaluate(const Expression& expression, const EvalScope& scope);

enum class Truth : std::uint8_t { no, yes, unknown };
/// The fast way for conditions: nothing is copied, and the common ones allocate nothing.
/// Errors: expression.evaluation, also if the value is not true, false or unknown.
Result<Truth> evaluate_condition(const Expression& expression, const EvalScope& scope);

}  // namespace rollcall

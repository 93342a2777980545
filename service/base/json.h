// JSON as values, and its canonical form: sorted keys, no spaces, no floats made by us. simdjson
// parses; the writers are ours because the canonical bytes are part of the contract (plan_id).
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "service/base/result.h"

namespace rollcall {

/// One JSON value. Objects keep insertion order; comparison and canonical form ignore it.
class Json {
 public:
  using Array = std::vector<Json>;
  using Member = std::pair<std::string, Json>;
  using Object = std::vector<Member>;

  Json() = default;                                               // null
  Json(std::nullptr_t) {}                                         // NOLINT
  Json(bool v) : held_(v) {}                                      // NOLINT
  Json(int v) : held_(static_cast<std::int64_t>(v)) {}            // NOLINT
  Json(unsigned v) : held_(static_cast<std::int64_t>(v)) {}       // NOLINT
  Json(std::int64_t v) : held_(v) {}                              // NOLINT
  Json(std::uint64_t v) : held_(static_cast<std::int64_t>(v)) {}  // NOLINT
  Json(double v) : held_(v) {}                                    // NOLINT
  Json(std::string v) : held_(std::move(v)) {}                    // NOLINT
  Json(std::string_view v) : held_(std::string(v)) {}             // NOLINT
  Json(const char* v) : held_(std::string(v)) {}                  // NOLINT
  Json(Array v) : held_(std::move(v)) {}                          // NOLINT
  Json(Object v) : held_(std::move(v)) {}                         // NOLINT

  static Json array() { return Json(Array{}); }
  static Json object() { return Json(Object{}); }

  bool is_null() const { return std::holds_alternative<std::monostate>(held_); }
  bool is_bool() const { return std::holds_alternative<bool>(held_); }
  bool is_int() const { return std::holds_alternative<std::int64_t>(held_); }
  bool is_double() const { return std::holds_alternative<double>(held_); }
  bool is_number() const { return is_int() || is_double(); }
  bool is_string() const { return std::holds_alternative<std::string>(held_); }
  bool is_array() const { return std::holds_alternative<Array>(held_); }
  bool is_object() const { return std::holds_alternative<Object>(held_); }

  /// Readers that never fail: the default stands for a value of another type.
  bool as_bool(bool otherwise = false) const;
  std::int64_t as_int(std::int64_t otherwise = 0) const;
  double as_double(double otherwise = 0) const;
  std::string_view as_string(std::string_view otherwise = {}) const;  // valid while *this lives
  const Array& items() const;                                         // empty unless an array
  const Object& members() const;                                      // empty unless an object

  /// Member by name; a shared null if absent or not an object (absent equals null).
  const Json& operator[](std::string_view name) const;
  bool has(std::string_view name) const;
  /// Sets or replaces a member; a null value becomes an object first.
  Json& set(std::string_view name, Json value);
  /// Member for writing; made null if absent.
  Json& at(std::string_view name);
  bool erase(std::string_view name);
  /// Appends to an array; a null value becomes an array first.
  Json& push(Json value);

  /// Compact text in insertion order.
  std::string dump() const;
  /// Compact text with members sorted by name (bytewise), recursively.
  std::string canonical() const;
  /// Indented text in insertion order.
  std::string pretty() const;

  /// Equal if their canonical forms are.
  bool operator==(const Json& other) const { return canonical() == other.canonical(); }

 private:
  std::variant<std::monostate, bool, std::int64_t, double, std::string, Array, Object> held_;
};

/// Parses one JSON document (UTF-8, depth at most 64; of duplicate names the last wins).
/// Errors: json.malformed with the parser's reason.
Result<Json> parse_json(std::string_view text);

/// Appends `text` as a JSON string with quotes.
void append_json_string(std::string& out, std::string_view text);
std::string json_quote(std::string_view text);

}  // namespace rollcall

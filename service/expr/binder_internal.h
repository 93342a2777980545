// Gives the parsed tree its meaning: names become attributes, roots and functions, types are
// checked, constant patterns compiled.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "service/expr/functions_internal.h"

namespace rollcall::expr {

class Binder {
 public:
  /// `base`: where the parsed text begins within `source`, for the columns.
  Binder(std::string_view source, const CompileOptions& options, std::size_t base = 0);

  /// The tree is usable only if this gives no error.
  std::optional<Error> run(Node& root, bool part_of_template = false);
  /// The error with a column instead of an offset.
  Error located(ErrorCode code, std::size_t offset, std::string message) const;

 private:
  bool bind(Node& node);
  bool bind_kids(Node& node);
  bool name(Node& node);
  bool property(Node& node);
  bool index(Node& node);
  bool attribute(Node& node, std::string_view root, std::string_view attribute);
  bool unknown_attribute(Node& node, std::string_view root, std::string_view attribute,
                         const AttrSchema& schema);
  bool call(Node& node);
  bool method(Node& node);
  bool function(Node& node, const Function& function, std::string_view shown);
  bool arguments(Node& node, const Function& function, std::string_view shown);
  bool allowed(const Node& node, const Function& function, std::string_view shown);
  bool sum(Node& node);
  bool product(Node& node);
  bool comparison(Node& node);
  bool matches(Node& node);
  bool logical(Node& node);
  bool minus(Node& node);
  bool ternary(Node& node);
  bool elvis(Node& node);

  bool is_schema_root(std::string_view root) const;
  bool is_json_root(std::string_view root) const;
  /// `user.profile` where the profile's attributes are those of the schema.
  bool is_profile(const Node& node) const;
  bool needs_boolean(const Node& node, std::string_view where);
  bool fail(ErrorCode code, const Node& node, std::string message);
  bool type_error(const Node& node, std::string message);
  bool unknown_name(const Node& node, std::string message, std::string_view word,
                    const std::vector<std::string>& candidates);
  std::uint32_t column(std::size_t offset) const;

  std::string_view source_;
  const CompileOptions& options_;
  std::size_t base_;
  std::vector<std::uint32_t> columns_;  // by byte; empty if the source is ASCII
  std::optional<Error> error_;
  const Node* outermost_ = nullptr;
  const Node* candidates_ = nullptr;  // the firstFree whose arguments are being bound
};

std::string_view type_name(ExprType type);

}  // namespace rollcall::expr

// The functions of the language, one table per subject. A method is a function whose name begins
// with a dot and whose first argument is what stands before the dot.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "service/expr/evaluator_internal.h"

namespace rollcall::expr {

/// What a function gives when an argument of code `s` or `t` is null.
enum class OnNull : std::uint8_t { decides_itself, null, no, zero };

/// Where a function may be used beyond mappings.
enum class Use : std::uint8_t {
  anywhere,
  not_in_group_rules,
  groups,     // needs the user's groups
  lookups,    // needs what only an org knows
  extension,  // one of ours
};

/// Parameter codes; the last one repeats for further arguments.
///   s text (numbers and times are taken as text)   i integer   a array (text: comma separated)
///   v text or number   u digits as text or integer   t time (text: ISO 8601)   * any   r text or
///   array   m criteria of a group function   c country
struct Function {
  std::string_view name;
  int min_arguments;
  int max_arguments;  // -1: any number
  std::string_view parameters;
  ExprType result;
  OnNull on_null;
  Use use;
  Val (*run)(Evaluator&, const Node&, std::span<const Val>);

  char parameter(std::size_t index) const {
    return parameters[index < parameters.size() ? index : parameters.size() - 1];
  }
};

using Args = std::span<const Val>;

// Short names for the columns of the tables.
inline constexpr auto kText = ExprType::text;
inline constexpr auto kBool = ExprType::boolean;
inline constexpr auto kInt = ExprType::integer;
inline constexpr auto kArray = ExprType::array;
inline constexpr auto kTime = ExprType::time;
inline constexpr auto kAnyType = ExprType::any;
inline constexpr auto kNull = OnNull::null;
inline constexpr auto kNo = OnNull::no;
inline constexpr auto kSelf = OnNull::decides_itself;
inline constexpr auto kAny = Use::anywhere;
inline constexpr auto kMapping = Use::not_in_group_rules;

std::span<const Function> text_functions();
std::span<const Function> array_functions();
std::span<const Function> convert_functions();
std::span<const Function> time_functions();
std::span<const Function> group_functions();
std::span<const Function> extension_functions();

const Function* find_function(std::string_view name);
/// Names that begin with `prefix`, without it; for suggestions.
std::vector<std::string> function_names(std::string_view prefix);
bool is_namespace(std::string_view name);

/// Whether all criteria of user.getGroups and user.isMemberOf are well formed; else the reason.
std::string check_criteria(const Node& map);

}  // namespace rollcall::expr

// Finding a function by its name.
#include "service/expr/functions_internal.h"

namespace rollcall::expr {
namespace {

template <class Visit>
void each_function(Visit visit) {
  for (const auto& table : {text_functions(), array_functions(), convert_functions(),
                            time_functions(), group_functions(), extension_functions()}) {
    for (const Function& function : table) visit(function);
  }
}

}  // namespace

const Function* find_function(std::string_view name) {
  const Function* found = nullptr;
  each_function([&](const Function& function) {
    if (function.name == name) found = &function;
  });
  return found;
}

std::vector<std::string> function_names(std::string_view prefix) {
  std::vector<std::string> names;
  each_function([&](const Function& function) {
    if (!function.name.starts_with(prefix)) return;
    const std::string_view rest = function.name.substr(prefix.size());
    if (!rest.empty() && rest.find('.') == std::string_view::npos) names.emplace_back(rest);
  });
  return names;
}

bool is_namespace(std::string_view name) {
  for (const std::string_view known : {"String", "Arrays", "Convert", "Iso3166Convert", "Time",
                                       "DateTime", "Groups", "Rollcall"}) {
    if (name == known) return true;
  }
  return false;
}

}  // namespace rollcall::expr

// Any bytes: compile, and evaluate what compiles. The first byte chooses the options, the second
// the state of the attributes.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "service/expr/expression.h"

namespace rollcall {
namespace {

constexpr const char* kNames[] = {"a", "b", "c", "d"};

void fill(Record& record, unsigned states, std::string_view text) {
  for (AttrId id = 0; id < 4; ++id) {
    switch (states >> (id * 2) & 3) {
      case 0:
        record.set_unknown(id);
        break;
      case 1:
        record.set_cleared(id);
        break;
      default:
        record.set(id, id == 1 ? "true" : id == 2 ? "42" : text);
    }
  }
}

void try_one(std::string_view source, unsigned choice, unsigned states) {
  AttrSchema hr;
  for (const char* name : kNames) hr.add({name, AttrType::text, false});
  hr.at(1).type = AttrType::boolean;
  hr.at(2).type = AttrType::integer;
  CompileOptions options;
  options.hr = &hr;
  options.add_hr = (choice & 1) != 0;
  options.group_rule = (choice & 2) != 0;
  options.lookups = (choice & 4) != 0;
  options.roots = {"app", "user"};
  const auto compiled =
      (choice & 8) != 0 ? compile_template(source, options) : compile(source, options);
  if (!compiled) {
    if (std::strtol(compiled.error().where.c_str(), nullptr, 10) < 1) std::abort();
    return;
  }
  Record record(4);
  fill(record, states, source);
  const Json roots = Json::object();
  EvalScope scope;
  scope.hr = record.view();
  scope.roots = &roots;
  scope.now = WallTime{1'772'344'800'000};
  const auto value = evaluate(*compiled, scope);
  if (value) attribute_text(*value);
  const auto truth = evaluate_condition(*compiled, scope);
  if (truth && !value) std::abort();
}

}  // namespace
}  // namespace rollcall

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  if (size < 2) return 0;
  const std::string_view source(reinterpret_cast<const char*>(bytes + 2), size - 2);
  rollcall::try_one(source, bytes[0], bytes[1]);
  return 0;
}

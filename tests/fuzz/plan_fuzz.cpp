// Any bytes as a plan file: refused, or read, and then written again it is the same plan.
#include <cstddef>
#include <cstdint>
#include <string>

#include "service/model/plan.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(bytes), size);
  const auto plan = rollcall::read_plan(text);
  if (!plan) {
    const auto code = plan.error().code;
    ROLLCALL_ASSERT(code == rollcall::ErrorCode::plan_unreadable ||
                    code == rollcall::ErrorCode::plan_altered);
    return 0;
  }
  rollcall::StringSink sink;
  rollcall::PlanWriter writer(sink, plan->header);
  for (const rollcall::Operation& op : plan->operations) {
    ROLLCALL_ASSERT(writer.add(op).has_value());
  }
  const auto id = writer.seal(plan->trailer);
  ROLLCALL_ASSERT(id && *id == plan->id);
  const auto again = rollcall::read_plan(sink.text());
  ROLLCALL_ASSERT(again && again->id == plan->id);
  return 0;
}

// Conditions run once per person and rule: the common ones must not touch the heap.
#include <cstdlib>
#include <new>

#include "tests/unit/expr/world_internal.h"

namespace {
thread_local long allocations = 0;
}  // namespace

// Counting replacements for this executable; the aligned forms are not used by what is measured.
[[gnu::noinline]] void* operator new(std::size_t size) {
  ++allocations;
  if (void* room = std::malloc(size == 0 ? 1 : size)) return room;
  throw std::bad_alloc();
}
/// Libraries use this one too; its memory comes back to the same `delete`.
[[gnu::noinline]] void* operator new(std::size_t size, const std::nothrow_t&) noexcept {
  return std::malloc(size == 0 ? 1 : size);
}
[[gnu::noinline]] void operator delete(void* room) noexcept { std::free(room); }
[[gnu::noinline]] void operator delete(void* room, std::size_t) noexcept { std::free(room); }

namespace rollcall {
namespace {

TEST(Allocation, CommonConditionsDoNotTouchTheHeap) {
  expr_test::People people;
  people.set("title", "a title that fits into no small string buffer");
  people.look();
  for (const char* source :
       {"hr.title == hr.department", "hr.title == hr.department ? false : true",
        "String.startsWith(hr.title, \"X\")", "hr.active AND hr.level > 10",
        "hr.title == 'x' OR user.city == 'Bonn'", "String.toLowerCase(hr.title) == 'x'"}) {
    const auto compiled = compile(source, people.options);
    ASSERT_TRUE(compiled) << source;
    const long before = allocations;
    const auto truth = evaluate_condition(*compiled, people.scope);
    const long after = allocations;
    EXPECT_TRUE(truth) << source;
    EXPECT_EQ(after - before, 0) << source;
  }
}

TEST(Allocation, APlainColumnCostsItsResultOnly) {
  expr_test::People people;
  people.set("title", "a title that fits into no small string buffer");
  people.look();
  const auto compiled = compile("hr.title", people.options);
  const long before = allocations;
  const auto value = evaluate(*compiled, people.scope);
  const long after = allocations;
  EXPECT_EQ(after - before, 1);
  EXPECT_EQ(*value->text(), "a title that fits into no small string buffer");
}

}  // namespace
}  // namespace rollcall

// The fixture of the journal suite: one bench per implementation.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <ostream>
#include <string>
#include <vector>

#include "service/journal/memory_journal.h"
#include "tests/contract/pg_bench.h"

namespace rollcall::test {

using Ids = std::vector<std::uint32_t>;
using Kind = OperationKind;
using State = OperationState;

class MemoryBench final : public JournalBench {
 public:
  Result<std::unique_ptr<Journal>> open() override {
    return std::unique_ptr<Journal>(std::make_unique<MemoryJournal>(store_, clock));
  }

 private:
  MemoryStore store_;
};

struct Maker {
  std::string name;
  std::unique_ptr<JournalBench> (*make)();
  friend void PrintTo(const Maker& maker, std::ostream* out) { *out << maker.name; }
};

class JournalContract : public ::testing::TestWithParam<Maker> {
 protected:
  void SetUp() override {
    bench_ = GetParam().make();
    if (bench_ == nullptr) GTEST_SKIP() << "ROLLCALL_TEST_PG is not set: no PostgreSQL to test on";
    journal_ = session();
  }
  std::unique_ptr<Journal> session() {
    auto opened = bench_->open();
    EXPECT_TRUE(opened) << describe(opened.error());
    return opened ? std::move(*opened) : nullptr;
  }
  RunHandle start(const PlanDraft& plan) {
    const auto sealed = plan.seal(*journal_);
    EXPECT_TRUE(sealed) << describe(sealed.error());
    const auto run = journal_->begin_run(plan.spec());
    EXPECT_TRUE(run) << describe(run.error());
    return run ? *run : RunHandle{};
  }
  std::vector<Claim> turn(const RunHandle& run, const std::vector<Settled>& settled = {},
                          std::size_t count = 100) {
    return turn(run, settled, {count, for_each_priority(count)});
  }
  std::vector<Claim> turn(const RunHandle& run, const std::vector<Settled>& settled,
                          const ClaimWish& wish) {
    auto claims = journal_->settle_and_claim(run, settled, wish);
    EXPECT_TRUE(claims) << describe(claims.error());
    return claims ? std::move(*claims) : std::vector<Claim>{};
  }
  std::map<std::uint32_t, State> states(RunId run) {
    std::map<std::uint32_t, State> out;
    const auto results = journal_->results(run);
    EXPECT_TRUE(results) << describe(results.error());
    if (results) {
      for (const OperationResult& one : *results) out[one.operation.id] = one.state;
    }
    return out;
  }
  /// The process dies; another one opens the journal.
  void crash() {
    journal_.reset();
    journal_ = session();
  }

  std::unique_ptr<JournalBench> bench_;
  std::unique_ptr<Journal> journal_;
};

inline PlanDraft three_updates() {
  PlanDraft plan;
  for (int i = 1; i <= 3; ++i) {
    plan.add(Kind::user_update, "E" + std::to_string(i), "00u" + std::to_string(i));
  }
  return plan;
}

inline std::unique_ptr<JournalBench> memory_bench() { return std::make_unique<MemoryBench>(); }

inline std::unique_ptr<JournalBench> pg_bench() {
  if (test_cluster() == nullptr) return nullptr;
  return std::make_unique<PgBench>();
}

inline std::string name_of(const ::testing::TestParamInfo<Maker>& made) { return made.param.name; }

inline auto every_journal() {
  return ::testing::Values(Maker{"Memory", memory_bench}, Maker{"PostgreSQL", pg_bench});
}

}  // namespace rollcall::test

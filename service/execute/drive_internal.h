// The loop shared by a run and by recovery: one journal call per turn, then requests, then waiting.
#pragma once

#include <algorithm>
#include <array>
#include <set>

#include "service/execute/coordinator.h"

namespace rollcall {

class Drive {
 public:
  Drive(Journal& journal, Directory& directory, const RunHandle& run, const Clock& clock,
        const Log* log, const CoordinatorOptions& options);

  /// Hands in claims that were made elsewhere (recovery).
  void preset(std::span<const Claim> claims);
  /// Runs until drained; `claiming`: takes new operations from the journal.
  void run(bool claiming);

  /// The journal's failure, else why the executor stopped, else a defect.
  std::optional<Error> ended_by() const;
  bool journal_lost() const { return journal_error_.has_value(); }
  RunEnd end();
  const std::map<OperationState, std::uint64_t>& settled() const { return progress_.settled; }

 private:
  void take_completions();
  void check_stop(MonoTime now);
  /// False when there is nothing left to do.
  bool turn();
  Step admit(MonoTime now);
  void journal_turn(const Step& step, MonoTime now);
  void claimed(std::span<const Claim> claims, ClaimWish wish, MonoTime now);
  bool all_dry() const { return std::find(dry_.begin(), dry_.end(), false) == dry_.end(); }
  void send(const Step& step);
  void beat(MonoTime now);
  bool finished();
  void wait(const Step& step, MonoTime now);
  void drain_after_failure();
  void fail(const Error& error);
  void note(const Step& step);
  void note_one(const Settled& settled, const SettledAbout& about);
  void look_up_uncontained(RunEnd& end);

  Journal& journal_;
  Directory& directory_;
  const RunHandle run_;
  const Clock& clock_;
  const Log* log_;
  const CoordinatorOptions& options_;
  CompletionQueue queue_;
  Executor executor_;
  Progress progress_;
  std::optional<Error> journal_error_;
  std::optional<Error> defect_;
  std::size_t outstanding_ = 0;  // completions still to come
  bool claiming_ = true;
  bool drained_directory_ = false;
  std::array<bool, kPriorities> dry_{};  // the last claim of it brought less than wished
  bool claimed_any_ = false;
  std::optional<MonoTime> retry_due_;
  MonoTime next_beat_;
  std::optional<MonoTime> deadline_;
  std::vector<Error> errors_;
  std::set<std::string> replan_;
  std::set<std::string> not_contained_;
  std::set<std::uint32_t> in_doubt_;
};

}  // namespace rollcall

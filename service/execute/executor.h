// The operation state machine: what to read, send, settle, give back and claim next. Pure: no
// clock, thread, socket or log; the coordinator carries out what it says.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "service/execute/org_trouble.h"
#include "service/execute/refusals.h"
#include "service/execute/verdict.h"
#include "service/ports/journal.h"

namespace rollcall {

/// Attempts after which a retryable operation fails with operation.gave_up.
inline constexpr int kAttempts = 5;
/// Looks at one target (in transition, or unreadable) within one claim.
inline constexpr int kLooks = 12;
/// Between two looks at a target in transition (Okta's activation takes seconds, FACTS 5.6).
inline constexpr std::int64_t kLookAgain_ms = 5'000;
/// How long a confirming read of a user serves that person's further operations.
inline constexpr std::int64_t kReadServes_ms = 60'000;
/// Operations held at once, so that one person's thousand removals cannot fill the memory.
inline constexpr std::size_t kHeldAtOnce = 256;

/// How long to wait before `attempt` + 1: 2 s, 8 s, 32 s, 2 min, give or take a quarter that
/// follows from the operation's id, so that a run can be repeated exactly.
std::int64_t retry_wait_ms(std::uint32_t operation, int attempt);

/// Why an operation of a plan is not sent any more: `operation_withdrawn` (HR no longer asks for
/// it) or `operation_approval_ended` (HR does).
struct Withdrawal {
  ErrorCode code = ErrorCode::operation_withdrawn;
  std::string why;
};

/// What was learned about a plan between its making and its applying.
struct Vetting {
  /// Users whose account may have changed since: what is planned for them is held against a read.
  std::set<std::string> changed_users;
  std::map<std::uint32_t, Withdrawal> withdrawn;  // by operation
};

/// Whom a settled operation was about.
struct SettledAbout {
  OperationKind kind = OperationKind::user_link;
  std::string worker_key;
};

/// What to do now. Carry out in this order: give back, settle and claim, then submit and probe.
/// The operations stay valid until their completion has been handed in.
struct Step {
  std::vector<std::vector<const Operation*>> submit;  // each one request: a host, then its riders
  std::vector<const Operation*> probe;
  std::vector<Settled> settle;
  std::vector<SettledAbout> about;       // one for each of `settle`
  std::vector<std::uint32_t> give_back;  // hosts; their riders go with them
  std::vector<SettledAbout> given_back;  // one for each of `give_back`
  ClaimWish claim;
  std::optional<MonoTime> wake_at;  // when something waits for time
  bool starved = false;             // something could leave, but the room ran out
};

/// One thread. Every operation claimed ends in exactly one of `settle` and `give_back`.
class Executor {
 public:
  /// Before the first claim.
  void vet(Vetting vetting) { vetting_ = std::move(vetting); }
  void claimed(std::span<const Claim> claims, MonoTime now);
  void completed(const Completion& completion, MonoTime now);
  /// `room`: requests that may leave now.
  Step next(MonoTime now, Room room);

  /// True if nothing is left but operations that the org refused, of which it is not known whether
  /// the credential or their targets were meant.
  bool only_refused() const;
  /// Nothing else is left to try. Many: the credential was meant. Few: it is, if it may not even
  /// read them.
  void judge_refused(MonoTime now);
  /// Nothing held and nothing to report.
  bool drained() const;
  /// Requests and reads whose completion has not been handed in.
  std::size_t in_flight() const { return in_flight_; }
  /// An orderly end: nothing new leaves, what is in flight finishes, what was not sent is given
  /// back, what stays in doubt is settled as ambiguous. The first reason stays.
  void stop(ErrorCode reason, std::string message);
  /// Why it stopped; set by stop(), or by the org (credential refused, org or network down).
  const std::optional<Error>& stopped() const { return stopped_; }

 private:
  enum class Phase : std::uint8_t {
    unconfirmed,  // its target is to be read before it may leave
    ready,        // may leave
    sent,         // its request is in flight
    doubtful,     // it may have been executed: its target is to be read
    refused       // not executed; whether the credential or its target was meant will show
  };
  struct Work {
    Operation operation;
    std::vector<Operation> riders;
    std::map<std::uint32_t, Outcome> answers;  // of a request: host and riders, as they come
    Phase phase = Phase::ready;
    bool looking = false;  // a read is in flight
    bool refused = false;  // doubtful because Okta said no: not done means conflict
    bool settle_only = false;
    int attempt = 1;
    int looks = 0;
    std::uint64_t serial = 0;  // of the newest request
    std::optional<MonoTime> first_intent;
    MonoTime not_before;
    std::string lane;  // at most one of a lane is under way
    Outcome last;      // of its request
  };
  struct Read {
    Observed seen;
    MonoTime at;
  };
  using Key = std::pair<std::uint8_t, std::uint32_t>;  // rank, operation

  void add(Operation operation, std::vector<Operation> riders, const Claim& claim, MonoTime now);
  void answered(Work& work, const Completion& completion, MonoTime now);
  void looked(Work& work, const Completion& completion, MonoTime now);
  void look_failed(Work& work, const Outcome& outcome, MonoTime now);
  void confirmed(Work& work, const Observed& seen, const Outcome& outcome, MonoTime now);
  void resolved(Work& work, const Observed& seen, const Outcome& outcome, MonoTime now);
  void sent_ended(Work& work, MonoTime now);
  void applied_with_riders(Work& work, const Outcome& outcome, MonoTime now);
  void written(std::uint64_t serial, const Outcome& outcome);
  void keep_refused(Work& work);
  void fail_refused(Work& work);
  void stop_refused();
  void unknown_fate(Work& work, bool refused, MonoTime now);
  void look_later(Work& work, std::int64_t wait_ms, MonoTime now);
  void looks_exhausted(Work& work);
  void retry_later(Work& work, const Outcome& outcome);
  void settle(Work& work, OperationState state, const Outcome& outcome,
              std::int64_t not_before_ms = 0);
  void settle_one(const Operation& op, OperationState state, const Outcome& outcome,
                  std::int64_t not_before_ms);
  void return_unsent(Work& work);
  void forget(Work& work);
  void wind_up();
  void hold_back(Room& room, MonoTime now) const;
  void start(MonoTime now, Room& room, Step& step);
  bool start_one(Work& work, MonoTime now, Room& room, Step& step);
  const Observed* fresh_read(const Work& work, MonoTime now) const;
  std::optional<WallTime> oldest_possible(const Work& work, const Outcome& outcome,
                                          MonoTime now) const;
  /// Takes out what HR no longer asks for; false if that is the whole work.
  bool still_wanted(Work& work);
  bool is_to_be_read(const Operation& op) const;
  static Key key_of(const Work& work);

  std::map<std::uint32_t, std::unique_ptr<Work>> works_;
  std::map<std::uint32_t, std::uint32_t> host_of_;  // riders in flight
  std::set<Key> waiting_;                           // not in flight, by rank
  std::map<std::string, std::uint32_t> busy_;       // lane to the operation that holds it
  std::map<std::string, Read> reads_;               // by user id
  std::map<std::uint32_t, MonoTime> doubted_creates_;
  Vetting vetting_;
  std::set<std::string> written_users_;  // whose accounts this run has changed itself
  Step out_;
  OrgTrouble trouble_;
  Refusals refusals_;
  std::optional<Error> stopped_;
  std::size_t in_flight_ = 0;
  std::uint64_t serial_ = 0;
};

}  // namespace rollcall

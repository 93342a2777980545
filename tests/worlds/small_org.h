// A small org in memory behind the Directory port, in virtual time: users, groups, members, and a
// seeded schedule of faults.
#pragma once

#include <functional>
#include <map>
#include <queue>
#include <random>
#include <set>
#include <string>
#include <vector>

#include "service/ports/directory.h"
#include "tests/contract/journal_contract.h"

namespace rollcall::worlds {

struct SmallUser {
  AccountStatus status = AccountStatus::active;
  WallTime created;
  std::map<std::string, std::string> profile;
  bool operator==(const SmallUser& other) const {
    return status == other.status && profile == other.profile;
  }
};

/// Chances in percent, each per request.
struct FaultRates {
  int lost_before = 0;    // the request never arrived, no reply
  int lost_after = 0;     // carried out, no reply
  int error_500 = 0;      // carried out or not, an error in reply
  int busy = 0;           // 409, not carried out
  int unavailable = 0;    // 503, not carried out
  int unsent = 0;         // no byte left
  int per_operation = 3;  // at most so many in all
};

/// One write that changed something, in order.
struct Write {
  std::uint32_t operation = 0;
  OperationKind kind = OperationKind::user_update;
  std::string who;  // login
};

class SmallOrg final : public Directory {
 public:
  SmallOrg(test::ManualClock& clock, std::uint32_t seed) : clock_(clock), random_(seed) {}

  void add_user(const std::string& login, AccountStatus status,
                std::map<std::string, std::string> profile = {});
  void add_group(const std::string& name, const std::vector<std::string>& logins = {});
  static std::string user_id(const std::string& login) { return "00u-" + login; }
  static std::string group_id(const std::string& name) { return "00g-" + name; }

  Result<ScanSummary> observe(const ScanScope& scope, DirectorySink& sink,
                              std::stop_token stop) override;
  Room room() const override;
  void submit(std::span<const Operation* const> request, CompletionSink& sink) override;
  void probe(const Operation& operation, CompletionSink& sink) override;
  void drain() override { draining_ = true; }

  /// Lets up to `wait_ms` pass, or less if something completes before.
  void pass(std::int64_t wait_ms);
  /// The process died: each request under way arrives or not, nobody hears of it.
  void caller_died();
  /// A new process: admits again.
  void caller_came() { draining_ = false; }

  FaultRates faults;
  bool synchronous = false;                             // completes inside submit and probe
  std::map<std::string, SmallUser> users;               // by login
  std::map<std::string, std::set<std::string>> groups;  // name to logins
  std::vector<Write> writes;
  std::map<std::uint32_t, int> effects;  // by operation
  std::vector<std::string> breaches;     // what no correct caller does
  std::uint64_t probes = 0, requests = 0;
  /// Called before each request is carried out.
  std::function<void(const Operation&)> before_effect;

 private:
  struct Event {
    std::int64_t at = 0;
    std::uint64_t serial = 0;
    bool probe = false;
    bool lands = true;  // is carried out
    std::vector<Operation> request;
    Outcome answer;  // given instead of the org's own, if `faulty`
    bool faulty = false;
    CompletionSink* sink = nullptr;
    bool operator>(const Event& other) const {
      return at != other.at ? at > other.at : serial > other.serial;
    }
  };
  void enter(const std::vector<Operation>& request, CompletionSink& sink, bool probe);
  void choose_fault(Event& event);
  void finish(const Event& event);
  Outcome execute(const std::vector<Operation>& request);
  Outcome execute_create(const std::vector<Operation>& request);
  Outcome execute_status(const Operation& op, AccountStatus from, AccountStatus to);
  Outcome execute_member(const Operation& op, const std::string& login, bool add);
  Observed look(const Operation& op) const;
  void count(const Operation& op, const std::string& login, bool changed);
  std::string login_of(const Operation& op) const;
  Outcome done() const;
  Outcome refused(Outcome::State state, int http_status) const;
  int roll(int below) { return static_cast<int>(random_() % static_cast<unsigned>(below)); }

  test::ManualClock& clock_;
  std::mt19937 random_;
  std::priority_queue<Event, std::vector<Event>, std::greater<>> events_;
  std::set<std::string> under_way_;  // users with a request in flight
  std::map<std::uint32_t, int> faults_of_;
  std::map<std::int64_t, std::size_t> sent_in_second_;
  std::uint64_t serial_ = 0;
  bool draining_ = false;
};

}  // namespace rollcall::worlds

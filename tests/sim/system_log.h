// The System Log: what happened in the org, and the two ways of reading it (FACTS 9).
#pragma once

#include <cstdint>
#include <deque>
#include <string>
#include <string_view>
#include <vector>

#include "service/base/clock.h"
#include "tests/sim/directory.h"
#include "tests/sim/reply.h"

namespace rollcall::sim {

struct Org;
struct Call;

/// Who did it, or what it was done to.
struct LogParty {
  std::string id;
  std::string type;  // User, UserGroup, AppInstance, AppUser, SystemPrincipal, …
  std::string alternate_id;
  std::string display_name;
};

struct LogEvent {
  std::uint64_t number = 0;  // in the order they were stored, from 1
  WallTime published;
  std::string_view type;  // static text
  bool success = true;
  LogParty actor;
  std::vector<LogParty> targets;
  std::string transaction_id;  // empty while the request is still being answered
};

class SystemLog {
 public:
  SystemLog() { act_as_system(); }
  void act_as(LogParty actor) { actor_ = std::move(actor); }
  void act_as_system();
  void add(WallTime now, std::string_view type, std::vector<LogParty> targets, bool success);
  /// An event of another org's file; its type is kept for as long as the program runs.
  void restore(LogEvent event, std::string_view type);
  /// The events of the request just answered get its id.
  void close(std::string_view request_id);
  /// The newest events only: older ones are forgotten.
  const std::deque<LogEvent>& events() const { return events_; }
  std::uint64_t stored() const { return stored_; }

 private:
  std::deque<LogEvent> events_;
  std::uint64_t stored_ = 0;
  std::uint64_t closed_ = 0;
  LogParty actor_;
};

/// `type` outlives the org: static text.
void log_event(Org& org, WallTime now, std::string_view type, std::vector<LogParty> targets,
               bool success = true);
LogParty user_party(const Org& org, UserIndex index);
LogParty group_party(const Org& org, GroupIndex index);

SimReply list_events(Org& org, Call& call);

}  // namespace rollcall::sim

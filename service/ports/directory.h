// The face of the org: read it whole, change it by operations, look again at what is in doubt.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <stop_token>
#include <string>
#include <vector>

#include "service/base/result.h"
#include "service/model/account.h"
#include "service/model/link_list.h"
#include "service/model/operation.h"

namespace rollcall {

/// What a listing must settle besides the users and groups themselves.
struct ScanScope {
  const AttrSchema* profile = nullptr;        // which profile attributes to pack
  const LinkList* links = nullptr;            // ours: users and groups to be seen or settled by id
  std::vector<std::string> recently_written;  // ids written within the last 60 s: re-read by id
  std::vector<WallTime> chain_boundaries;     // by `created`, from the last certified listing
  /// Set: nothing but the users that the index shows as changed since then. Candidates: an index
  /// lags, so who matters is read by id.
  std::optional<WallTime> changed_since;
  /// No listing of users: only those of `links`, by id. Groups and rules are read as ever.
  bool only_linked = false;
};

/// Takes what the org holds. Called from one thread at a time, in this order: schema, principal,
/// protected users, groups, rules, accounts (each id once), members (of the groups it asked for).
class DirectorySink {
 public:
  virtual ~DirectorySink() = default;
  virtual void schema(const OrgSchema& schema) = 0;
  virtual void principal(const Principal& principal) = 0;
  virtual void group(const Group& group) = 0;
  virtual void rule(const GroupRule& rule) = 0;
  virtual void account(const AccountView& account) = 0;
  /// An account given before that was written while the listing ran, as it is now. A sink that
  /// cannot replace it may leave it: what matters is read by id before it is acted on.
  virtual void account_again(const AccountView& /*account*/) {}
  /// A holder of an admin role; never called if the credential may not list them.
  virtual void protected_user(std::string_view /*user_id*/) {}
  /// Asked once per group after all rules are known.
  virtual bool wants_members(const Group& group) const = 0;
  virtual void member(std::string_view group_id, std::string_view user_id) = 0;
};

/// The end of a listing. Not certified: nothing may follow from it; `reasons` says why.
struct ScanSummary {
  bool certified = false;
  std::vector<Error> reasons;
  std::vector<Error> notes;  // what could not be read, without harm to the certificate
  std::string org_id;
  std::uint64_t users = 0, groups = 0, rules = 0, members = 0;
  std::uint64_t requests = 0;
  std::map<std::string, std::uint64_t>
      requests_by_term;                    // "users", "groups", "members", "by id", ...
  WallTime as_of;                          // server time when the listing began
  std::vector<WallTime> chain_boundaries;  // to keep for the next listing
};

/// What a read of one target showed.
struct Observed {
  bool exists = false;
  std::string user_id;
  std::string login;
  AccountStatus status = AccountStatus::unknown;
  AccountStatus transitioning_to = AccountStatus::unknown;
  WallTime created, status_changed, last_updated;
  std::map<std::string, std::string> profile;  // attributes named by the operation, as text
  std::string group_id;                        // for group probes
  std::optional<bool> member;                  // for probes of memberships and assignments
  std::optional<bool> active;                  // for probes of rules and policies
};

/// How one operation's request ended, in the terms of ARCHITECTURE.md section 6.
struct Outcome {
  enum class State : std::uint8_t {
    applied,     // done
    retry,       // certainly not executed (or repeat is harmless): again, later
    failed,      // Okta said no
    refused,     // 403: the credential may not change this target, or anything any more
    conflict,    // the world differs from what was expected
    ambiguous,   // may have been executed: probe
    unsent,      // no byte left the process
    stop,        // config class (the credential itself is refused): the run must stop cleanly
    unavailable  // the org is failing as a whole (read-only mode, 5xx, network): the run must stop
  };
  State state = State::failed;
  std::optional<ErrorCode> code;
  std::string message;     // one sentence, no personal data
  std::string request_id;  // Okta's
  int http_status = 0;
  std::string user_id;  // id made by a create
  std::string group_id;
  WallTime server_time;
  std::int64_t retry_after_ms = 0;
};

/// One operation's end, or one probe's answer.
struct Completion {
  std::uint32_t operation = 0;
  bool probe = false;
  Outcome outcome;                   // of a submit; of a probe: applied = it was read
  std::optional<Observed> observed;  // of a probe
};

/// Takes completions; called from any thread.
class CompletionSink {
 public:
  virtual ~CompletionSink() = default;
  virtual void completed(Completion completion) = 0;
};

/// How many requests could leave now: in all, and of each priority. Priorities that share a limit
/// share its room; what is sent beyond that waits in the directory.
struct Room {
  std::size_t total = 0;
  PriorityCounts of{};
  /// Which of them draw on a limit that containments need.
  std::array<bool, kPriorities> with_contain{};
};

/// The org. `observe` blocks its caller; `submit` and `probe` return at once and complete later,
/// each named operation exactly once. Thread safe.
class Directory {
 public:
  virtual ~Directory() = default;
  /// Errors: org.* (see error_codes.def); a listing that may not be believed is no error but a
  /// summary that is not certified.
  virtual Result<ScanSummary> observe(const ScanScope& scope, DirectorySink& sink,
                                      std::stop_token stop) = 0;
  virtual Room room() const = 0;
  /// One request: a host, then its riders (ARCHITECTURE.md, "Riders"); each of them completes. The
  /// operations stay valid until all have.
  virtual void submit(std::span<const Operation* const> host_and_riders, CompletionSink& sink) = 0;
  /// A read by id or login of what the operation is about: user.create by login; other user.*
  /// kinds and group.remove_member the user by id; group.add_member the membership (`member`);
  /// group.create by type and name; other group.* kinds the group by id; app.* kinds the
  /// assignment (`member`); group_rule.*, policy.* and policy_rule.* the object (`active`). Its
  /// completion's
  /// `outcome` is applied also where the target does not exist (`observed.exists` is false).
  virtual void probe(const Operation& operation, CompletionSink& sink) = 0;
  /// Stops admitting; what is in flight finishes, the rest completes as `unsent`.
  virtual void drain() = 0;
};

}  // namespace rollcall

// What planning is given: settings, the org, links, history and the instant. Values and faces only.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "service/base/clock.h"
#include "service/model/account.h"
#include "service/model/history.h"
#include "service/model/link_list.h"
#include "service/settings/settings.h"

namespace rollcall {

/// The one instant of a run and the zone of its business dates.
struct AsOf {
  WallTime instant;
  std::string zone = "UTC";
  CivilDate date;  // of `instant` in `zone`
};

/// What the org holds besides accounts.
struct OrgFacts {
  std::span<const Group> groups;
  std::span<const GroupRule> rules;
  const OrgSchema* schema = nullptr;
  Principal principal;
  std::span<const std::string> protected_users;  // holders of admin roles, by id
};

/// What earlier runs left.
struct History {
  std::vector<PersonHistory> people;
  std::vector<OwnStatusChange> own_changes;
  std::vector<Grant> grants;
  std::vector<RefusedValue> refused;
  std::vector<KnownLeaver>
      leavers;  // who had left and could sign in, by the last read that counted
};

struct ReconcileInputs {
  const Settings* settings = nullptr;
  const AccountIndex* accounts = nullptr;
  OrgFacts org;
  const LinkList* links = nullptr;  // outlives the inputs; nullptr: none
  const History* history = nullptr;
  AsOf as_of;
  /// Count per attribute what would differ, managed or not (for `adopt`).
  bool tally_differences = false;
};

/// One person as the source reports them; valid during the call it is handed to.
struct PersonRecord {
  std::string_view worker_key;
  RecordView hr;
  std::uint64_t record = 0;
  std::uint64_t line = 0;
};

}  // namespace rollcall

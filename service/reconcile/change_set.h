// What changes for each person, held packed until every source has ended: a file cut short shows it
// only at its end, and so does the second row of a key.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "service/model/operation.h"
#include "service/reconcile/entitlements.h"

namespace rollcall {

/// One person's changes. `desired` is a packed record over the user schema (see ProfileResult).
struct PersonChange {
  std::string worker_key;
  std::uint64_t key_digest = 0;
  std::uint64_t record = 0;
  std::uint64_t line = 0;
  std::optional<AccountRef> account;
  bool create = false;
  bool link = false;
  bool unlink = false;
  bool hold_not_suspendable = false;
  std::string reason;      // joiner, mover, leaver, absent, rehire, adopt, out_of_scope
  std::string match_rule;  // for links
  std::vector<OperationKind> lifecycle;
  std::string desired;
  std::vector<TargetRef> add_groups, remove_groups;
  std::vector<std::string> login_candidates;
  std::string held_by;  // a hold that planning itself imposes (renames, orphans)
};

/// False: nothing is to be done about the person.
bool plans_anything(const PersonChange& change);

/// Marks keys as seen once or more: 8 bytes a key at 3/4 load.
class SeenKeys {
 public:
  /// True if the key was seen before.
  bool mark(std::uint64_t digest);
  bool has(std::uint64_t digest) const;
  std::size_t size() const { return count_; }

 private:
  void grow();
  std::vector<std::uint64_t> slots_;  // 0: free; a digest of 0 is stored as 1
  std::size_t count_ = 0;
};

}  // namespace rollcall

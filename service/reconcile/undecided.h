// Who has left by HR and whom nothing is planned for, because their record or their account is in
// doubt. That they can still sign in is said all the same. Pure.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_set>
#include <vector>

#include "service/reconcile/change_set.h"
#include "service/reconcile/correlate.h"

namespace rollcall {

/// A person who has left and can still sign in, and whom this plan does not contain.
struct Uncontained {
  std::string worker_key;
  std::string user_id;
  std::string why;
  std::optional<WallTime> since = std::nullopt;  // known as such since; unset: not known
  bool linked = true;                            // the account is ours by a link
};

/// Fed while people stream past; what it gives does not depend on their order. One thread.
class UndecidedLeavers {
 public:
  UndecidedLeavers(const ReconcileInputs& inputs, const LinkIndex& links)
      : inputs_(inputs), links_(links) {}

  /// Each record of a key; `first`: no other came before. `says_gone`: by HR they have left, or the
  /// record cannot be read and says neither. One that says "employed" outweighs all others.
  void record(std::uint64_t key_digest, bool says_gone, bool first);

  /// They have left, and `why` their record is set aside. Counts if the account is linked.
  void set_aside(std::string_view worker_key, const Pair& pair, const std::string& why);
  /// They have left, and the accounts of `pair.candidates` fit; `linked`: besides the one that is
  /// theirs.
  void fit(std::string_view worker_key, const Pair& pair, bool linked);
  /// A containment that is dropped: because of further records of the key, or because others match
  /// the account too, and all of them have left.
  void dropped(const PersonChange& change, const std::string& why);

  /// At the end: of accounts that fit, those count that can sign in and belong to nobody else, by a
  /// link or by `claimed`. Gives how many people have such an account and no other.
  std::uint64_t settle(const std::function<bool(AccountRef)>& claimed);
  /// `others` and, if `undecided`, these: each account once, by key, without those of whom
  /// one of several records says that they are employed.
  std::vector<Uncontained> take(std::vector<Uncontained> others, bool undecided);

 private:
  void add(std::string_view worker_key, AccountRef account, std::string why);

  const ReconcileInputs& inputs_;
  const LinkIndex& links_;
  SeenKeys maybe_gone_;                        // the first record says so, or says nothing
  std::unordered_set<std::uint64_t> refuted_;  // of several records, one says "employed"
  struct Fitting {
    std::string worker_key, rule;
    std::vector<AccountRef> accounts;
    bool linked = false;
  };
  std::vector<Fitting> fitting_;
  std::vector<Uncontained> found_;
};

/// Whether a change shuts its account out.
bool contains_account(const PersonChange& change);

}  // namespace rollcall

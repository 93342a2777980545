// Correlation: which account belongs to a person. Ownership link first, then the configured match
// keys in their order.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "service/reconcile/inputs.h"
#include "service/reconcile/link_index.h"

namespace rollcall {

/// How a person and an account stand to each other (ARCHITECTURE.md, section 2, "Values").
enum class Situation : std::uint8_t { linked, matched, unmatched, orphaned, disputed, foreign };

struct Pair {
  Situation situation = Situation::unmatched;
  std::optional<AccountRef> account;
  bool released = false;               // linked, but released earlier
  std::string rule;                    // the match rule that found it
  std::vector<AccountRef> candidates;  // when disputed
};

/// Correlates person after person, reusing its buffers. One thread.
class Correlator {
 public:
  Correlator(const ReconcileInputs& inputs, const LinkIndex& links);
  /// Errors: what the match expressions give (expression.evaluation).
  Result<Pair> correlate(const PersonRecord& person);
  /// Accounts besides `known` that a rule finds for a person; empty if there are none or if a rule
  /// cannot be evaluated. `rule` and `candidates` only.
  Pair further_accounts(const PersonRecord& person, AccountRef known);
  /// True if `users.scope` covers the account (no scope: every account).
  bool in_scope(const AccountView& account) const;

 private:
  Result<bool> candidates_by(const MatchRule& rule, std::size_t number, const PersonRecord& person);

  const ReconcileInputs& inputs_;
  const LinkIndex& links_;
  AttrId login_;
  std::vector<AccountRef> found_;
};

}  // namespace rollcall

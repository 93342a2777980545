#include "service/reconcile/usernames.h"

#include <optional>
#include <unordered_map>
#include <unordered_set>

#include "service/base/text.h"

namespace rollcall {
namespace {

struct Problem {
  ErrorCode code;
  const char* why;
};

class LoginSolver {
 public:
  explicit LoginSolver(const ReconcileInputs& inputs)
      : inputs_(inputs),
        login_(inputs.settings->user_schema.find("login").value_or(0)),
        email_(inputs.settings->user_schema.find("email")) {}

  /// Logins without a choice come first: whoever has a choice gives way.
  void reserve_fixed(const std::vector<PersonChange>& changes) {
    for (const PersonChange& change : changes) {
      if (change.create && change.login_candidates.empty()) ++fixed_[folded(change)];
      if (renames(change)) ++renamed_[folded(change)];
    }
  }

  /// Empty if the joiner may be made; else why not.
  std::optional<Problem> settle(PersonChange& change) {
    constexpr Problem kTaken = {ErrorCode::record_login_taken,
                                "the login belongs to another account; no account is made"};
    if (change.login_candidates.empty()) {
      const std::string login = folded(change);
      if (taken_in_org(login)) return kTaken;
      if (fixed_[login] > 1) {
        return Problem{ErrorCode::record_login_collision,
                       "another joiner wants the same login; neither account is made"};
      }
      if (renamed_.count(login) > 0) {
        return Problem{ErrorCode::record_login_taken,
                       "the login is also the new one of somebody else; no account is made"};
      }
      return std::nullopt;
    }
    for (const std::string& candidate : change.login_candidates) {
      const std::string login = fold_login(candidate);
      if (taken_in_org(login) || fixed_.count(login) > 0 || !chosen_.insert(login).second) continue;
      set_login(change, candidate);
      return std::nullopt;
    }
    return kTaken;
  }

  /// Takes login and e-mail out of a change whose new login others are to get as well.
  std::optional<Problem> settle_rename(PersonChange& change) {
    if (!renames(change)) return std::nullopt;
    const std::string login = folded(change);
    const auto joiners = fixed_.find(login);
    if (renamed_.at(login) < 2 && joiners == fixed_.end()) return std::nullopt;
    // Another account's login now: that the rename is held for it has been said.
    if (taken_in_org(login)) return std::nullopt;
    keep_identity(change);
    return Problem{ErrorCode::record_login_taken,
                   "somebody else is to get the same new login; login and e-mail stay"};
  }

 private:
  RecordView view(const PersonChange& change) const {
    return {change.desired.data(), inputs_.settings->user_schema.size()};
  }
  std::string folded(const PersonChange& change) const {
    return fold_login(view(change).text(login_));
  }
  bool renames(const PersonChange& change) const {
    return !change.create && !change.desired.empty() &&
           view(change).state(login_) == AttrState::value;
  }
  bool taken_in_org(const std::string& login) {
    found_.clear();
    inputs_.accounts->find(MatchKey::login, login, found_);
    return !found_.empty();
  }
  /// Copies what is desired but for login and, if `both`, e-mail; gives how much that is.
  std::size_t copy_others(const PersonChange& change, bool both, Record& out) const {
    const RecordView old = view(change);
    std::size_t copied = 0;
    for (std::size_t i = 0; i < old.size(); ++i) {
      const auto id = static_cast<AttrId>(i);
      if (id == login_ || (both && id == email_) || old.state(id) == AttrState::unknown) continue;
      ++copied;
      if (old.state(id) == AttrState::value) {
        out.set(id, old.text(id));
      } else {
        out.set_cleared(id);
      }
    }
    return copied;
  }
  void set_login(PersonChange& change, const std::string& login) const {
    Record record(inputs_.settings->user_schema.size());
    copy_others(change, false, record);
    record.set(login_, login);
    const RecordView packed = record.view();
    change.desired.assign(packed.block(), packed.bytes());
  }
  void keep_identity(PersonChange& change) const {
    Record record(inputs_.settings->user_schema.size());
    const bool others = copy_others(change, true, record) > 0;
    const RecordView packed = record.view();
    change.desired.assign(packed.block(), others ? packed.bytes() : 0);
    change.held_by.clear();
  }

  const ReconcileInputs& inputs_;
  AttrId login_;
  std::optional<AttrId> email_;
  std::unordered_map<std::string, int> fixed_;    // of joiners without a choice
  std::unordered_map<std::string, int> renamed_;  // of people who have an account
  std::unordered_set<std::string> chosen_;
  std::vector<AccountRef> found_;
};

}  // namespace

void solve_logins(std::vector<PersonChange>& changes, const ReconcileInputs& inputs,
                  std::vector<Finding>& findings) {
  LoginSolver solver(inputs);
  solver.reserve_fixed(changes);
  std::erase_if(changes, [&](PersonChange& change) {
    const auto problem = change.create ? solver.settle(change) : solver.settle_rename(change);
    if (!problem) return false;
    Finding f;
    f.code = info(problem->code).id;
    f.source = inputs.settings->sources.empty() ? "" : inputs.settings->sources.front().name;
    f.record = change.record;
    f.line = change.line;
    f.worker_key = change.worker_key;
    f.message = problem->why;
    findings.push_back(std::move(f));
    return change.create || !plans_anything(change);
  });
}

}  // namespace rollcall

#include "service/reconcile/usernames.h"

#include <fmt/core.h>

#include <unordered_map>
#include <unordered_set>

#include "service/base/text.h"

namespace rollcall {
namespace {

class LoginSolver {
 public:
  LoginSolver(const ReconcileInputs& inputs, AttrId login) : inputs_(inputs), login_(login) {}

  /// Logins without a choice come first: whoever has a choice gives way.
  void reserve_fixed(const std::vector<PersonChange>& changes) {
    for (const PersonChange& change : changes) {
      if (change.create && change.login_candidates.empty()) ++fixed_[folded(change)];
    }
  }

  /// Empty if the joiner may be made; else why not.
  std::optional<ErrorCode> settle(PersonChange& change) {
    if (change.login_candidates.empty()) {
      const std::string login = folded(change);
      if (taken_in_org(login)) return ErrorCode::record_login_taken;
      if (fixed_[login] > 1) return ErrorCode::record_login_collision;
      return std::nullopt;
    }
    for (const std::string& candidate : change.login_candidates) {
      const std::string login = fold_login(candidate);
      if (taken_in_org(login) || fixed_.count(login) > 0 || !chosen_.insert(login).second) continue;
      set_login(change, candidate);
      return std::nullopt;
    }
    return ErrorCode::record_login_taken;
  }

 private:
  RecordView view(const PersonChange& change) const {
    return {change.desired.data(), inputs_.settings->user_schema.size()};
  }
  std::string folded(const PersonChange& change) const {
    return fold_login(view(change).text(login_));
  }
  bool taken_in_org(const std::string& login) {
    found_.clear();
    inputs_.accounts->find(MatchKey::login, login, found_);
    return !found_.empty();
  }
  void set_login(PersonChange& change, const std::string& login) const {
    const RecordView old = view(change);
    Record record(old.size());
    for (std::size_t i = 0; i < old.size(); ++i) {
      const auto id = static_cast<AttrId>(i);
      if (old.state(id) == AttrState::value) record.set(id, old.text(id));
      if (old.state(id) == AttrState::cleared) record.set_cleared(id);
    }
    record.set(login_, login);
    const RecordView packed = record.view();
    change.desired.assign(packed.block(), packed.bytes());
  }

  const ReconcileInputs& inputs_;
  AttrId login_;
  std::unordered_map<std::string, int> fixed_;
  std::unordered_set<std::string> chosen_;
  std::vector<AccountRef> found_;
};

}  // namespace

void solve_logins(std::vector<PersonChange>& changes, const ReconcileInputs& inputs,
                  std::vector<Finding>& findings) {
  LoginSolver solver(inputs, inputs.settings->user_schema.find("login").value_or(0));
  solver.reserve_fixed(changes);
  std::erase_if(changes, [&](PersonChange& change) {
    if (!change.create) return false;
    const auto problem = solver.settle(change);
    if (!problem) return false;
    Finding f;
    f.code = info(*problem).id;
    f.source = inputs.settings->sources.empty() ? "" : inputs.settings->sources.front().name;
    f.record = change.record;
    f.line = change.line;
    f.worker_key = change.worker_key;
    f.message = *problem == ErrorCode::record_login_collision
                    ? "another joiner wants the same login; neither account is made"
                    : "the login belongs to another account; no account is made";
    findings.push_back(std::move(f));
    return true;
  });
}

}  // namespace rollcall

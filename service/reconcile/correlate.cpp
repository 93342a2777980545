#include "service/reconcile/correlate.h"

#include <algorithm>

#include "service/base/text.h"

namespace rollcall {

Correlator::Correlator(const ReconcileInputs& inputs, const LinkIndex& links)
    : inputs_(inputs),
      links_(links),
      login_(inputs.settings->user_schema.find("login").value_or(0)) {}

bool Correlator::in_scope(const AccountView& account) const {
  const auto& scope = inputs_.settings->users.scope;
  if (!scope) return true;
  EvalScope values;
  values.user = account.profile;
  values.now = inputs_.as_of.instant;
  values.zone = inputs_.as_of.zone;
  const auto result = evaluate(*scope, values);
  return result && result->boolean() != nullptr && *result->boolean();
}

Result<bool> Correlator::candidates_by(const MatchRule& rule, std::size_t number,
                                       const PersonRecord& person) {
  EvalScope values;
  values.hr = person.hr;
  values.now = inputs_.as_of.instant;
  values.zone = inputs_.as_of.zone;
  const auto value = evaluate(rule.hr, values);
  if (!value) return value.error();
  if (value->is_null() || value->is_unknown()) return false;
  const std::string text = attribute_text(*value);
  if (trim(text).empty()) return false;
  found_.clear();
  const AccountIndex& accounts = *inputs_.accounts;
  if (rule.user == login_) {
    accounts.find(MatchKey::login, fold_login(text), found_);
  } else {
    const MatchKey key = number == 0 ? MatchKey::attribute_1 : MatchKey::attribute_2;
    accounts.find(key, fold_case(nfc(text)), found_);
  }
  // Deactivated accounts count: a returning person must not get a second account.
  std::erase_if(found_, [&](AccountRef ref) { return !in_scope(accounts.at(ref)); });
  return !found_.empty();
}

Result<Pair> Correlator::correlate(const PersonRecord& person) {
  Pair pair;
  if (const auto linked = links_.account_of(person.worker_key)) {
    pair.situation = Situation::linked;
    pair.account = linked->account;
    pair.released = linked->released;
    return pair;
  }
  std::size_t attribute_rules = 0;
  for (const MatchRule& rule : inputs_.settings->users.match) {
    const std::size_t number = rule.user == login_ ? 0 : attribute_rules++;
    const auto any = candidates_by(rule, number, person);
    if (!any) return any.error();
    if (!*any) continue;
    pair.rule = rule.rule;
    // An account that belongs to another worker is no candidate to take: that is a dispute too.
    const bool free = found_.size() == 1 && !links_.owner_of(found_.front());
    pair.situation = free ? Situation::matched : Situation::disputed;
    if (free) {
      pair.account = found_.front();
    } else {
      pair.candidates = found_;
    }
    return pair;
  }
  return pair;
}

Pair Correlator::further_accounts(const PersonRecord& person, AccountRef known) {
  Pair pair;
  std::size_t attribute_rules = 0;
  for (const MatchRule& rule : inputs_.settings->users.match) {
    const std::size_t number = rule.user == login_ ? 0 : attribute_rules++;
    const auto any = candidates_by(rule, number, person);
    if (!any || !*any) continue;
    std::erase(found_, known);
    if (found_.empty()) continue;
    pair.rule = rule.rule;
    pair.candidates = found_;
    break;
  }
  return pair;
}

}  // namespace rollcall

// Factors within a sign-in: choosing one, proving it, setting one up.
#include <algorithm>

#include "tests/sim/authn.h"
#include "tests/sim/json_parts.h"

namespace rollcall::sim {
namespace {

Factor* factor_of(Org& org, UserIndex user, std::string_view id) {
  const auto held = org.factors.find(user);
  if (held == org.factors.end()) return nullptr;
  const auto found = std::find_if(held->second.begin(), held->second.end(),
                                  [&](const Factor& factor) { return factor.id == id; });
  return found == held->second.end() ? nullptr : &*found;
}

}  // namespace

SimReply enroll_in_sign_in(Org& org, Call& call) {
  Step step = take_step(org, call, {SignInState::mfa_enroll});
  if (step.refused) return std::move(*step.refused);
  Transaction& t = *step.transaction;
  std::string id;
  if (auto refused = add_factor(org, call, *t.user, false, id)) return std::move(*refused);
  const Factor& factor = *factor_of(org, *t.user, id);
  if (factor.active) {  // a question needs no activation
    t.factor_done = true;
    return advance_transaction(org, call, step.token);
  }
  t.state = SignInState::mfa_enroll_activate;
  t.factor_id = id;
  return show_transaction(org, call, step.token);
}

SimReply activate_in_sign_in(Org& org, Call& call) {
  Step step = take_step(org, call, {SignInState::mfa_enroll_activate});
  if (step.refused) return std::move(*step.refused);
  Transaction& t = *step.transaction;
  Factor* factor = factor_of(org, *t.user, call.path_ids[0]);
  if (factor == nullptr || factor->id != t.factor_id) {
    return not_found(call.path_ids[0], "UserFactor");
  }
  if (auto refused = refuse_passcode(*factor, call.body, call.now)) return std::move(*refused);
  factor->active = true;
  factor->last_updated = call.now;
  log_event(org, call.now, "user.mfa.factor.activate", {user_party(org, *t.user)});
  t.factor_done = true;
  return advance_transaction(org, call, step.token);
}

SimReply resend_in_sign_in(Org& org, Call& call) {
  Step step = take_step(org, call, {SignInState::mfa_enroll_activate, SignInState::mfa_challenge});
  if (step.refused) return std::move(*step.refused);
  const Transaction& t = *step.transaction;
  const Factor* factor = factor_of(org, *t.user, call.path_ids[0]);
  if (factor == nullptr || factor->id != t.factor_id) {
    return not_found(call.path_ids[0], "UserFactor");
  }
  if (auto refused = refuse_code(org, call, *t.user, factor->type)) return std::move(*refused);
  return show_transaction(org, call, step.token);
}

SimReply verify_in_sign_in(Org& org, Call& call) {
  Step step = take_step(org, call, {SignInState::mfa_required, SignInState::mfa_challenge});
  if (step.refused) return std::move(*step.refused);
  Transaction& t = *step.transaction;
  Factor* factor = factor_of(org, *t.user, call.path_ids[0]);
  if (factor == nullptr || !factor->active) return not_found(call.path_ids[0], "UserFactor");
  const bool answers = call.body["passCode"].is_string() || call.body["answer"].is_string();
  if (!answers) {  // asks for the challenge: a code goes out, where there is one to send
    if (auto refused = refuse_code(org, call, *t.user, factor->type)) return std::move(*refused);
    t.state = SignInState::mfa_challenge;
    t.factor_id = factor->id;
    return show_transaction(org, call, step.token);
  }
  if (auto refused = refuse_passcode(*factor, call.body, call.now)) {
    log_event(org, call.now, "user.authentication.auth_via_mfa", {user_party(org, *t.user)}, false);
    return std::move(*refused);
  }
  log_event(org, call.now, "user.authentication.auth_via_mfa", {user_party(org, *t.user)});
  t.factor_done = true;
  return advance_transaction(org, call, step.token);
}

}  // namespace rollcall::sim

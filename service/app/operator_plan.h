// A plan of one operation that an operator asked for: what it is about is looked up, guarded as any
// other plan is, and sealed like one (decision 0221).
#pragma once

#include <string>
#include <vector>

#include "connectors/okta/asking.h"
#include "service/app/planning.h"
#include "service/app/program.h"
#include "service/app/wire.h"

namespace rollcall {

/// What an operator's command says. `arguments` by the kind: LOGIN; GROUP LOGIN; APP LOGIN; APP
/// GROUP; LOGIN FACTOR; RULE; POLICY; POLICY RULE.
struct OperatorWish {
  OperationKind kind = OperationKind::user_suspend;
  std::string command;  // "users suspend"
  std::vector<std::string> arguments;
  std::string reason;
  bool mail = false;    // let Okta send its mail, where the request takes that
  bool sealed = false;  // the plan will be sealed in the journal
};

/// Looks at the org and makes the plan; changes nothing. With a held operation `exits` holds 3.
/// Errors: okta.not_found, okta.name_ambiguous and others of OktaReader; journal.*; those of
/// encode.
Result<Planned> plan_of_operator(const Program& program, const Wired& wired, OktaReader& reader,
                                 const OperatorWish& wish);

}  // namespace rollcall

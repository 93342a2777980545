#include "service/app/operator_plan.h"

#include <fmt/core.h>

#include <algorithm>

#include "connectors/okta/codec.h"
#include "service/app/approvals.h"
#include "service/app/okta_names.h"
#include "service/base/text.h"
#include "service/reconcile/guard.h"

namespace rollcall {
namespace {

using Kind = OperationKind;

bool refused(const Error& error) {
  return error.code == ErrorCode::okta_forbidden || error.code == ErrorCode::okta_scope_missing ||
         error.code == ErrorCode::okta_not_found || error.code == ErrorCode::okta_request_refused;
}

class OperatorPlan {
 public:
  OperatorPlan(const Program& program, const Wired& wired, OktaReader& reader,
               const OperatorWish& wish)
      : program_(program), wired_(wired), reader_(reader), wish_(wish) {}

  Result<Planned> make() {
    op_.id = 1;
    op_.kind = wish_.kind;
    op_.reason = "operator";
    op_.because = {"operator", "okta " + wish_.command};
    if (const auto r = find_target(); !r) return r.error();
    if (const auto r = state_request(); !r) return r.error();
    if (const auto r = read_protection(); !r) return r.error();
    if (const auto r = hold_back(); !r) return r.error();
    if (const auto r = finish(); !r) return r.error();
    return std::move(out_);
  }

 private:
  Result<void> take_user(const std::string& login) {
    const auto user = named_user(reader_, login);
    if (!user) return user.error();
    // No worker key: to HR this is nobody's doing.
    op_.subject = {"", std::string((*user)["id"].as_string()),
                   std::string((*user)["profile"]["login"].as_string())};
    // Reads of assignments and factors do not show the person's status.
    if (!is_assignment(op_.kind) && op_.kind != Kind::user_reset_factor) {
      op_.expect.status = account_status((*user)["status"].as_string());
    }
    return ok();
  }
  static ObjectRef ref(ObjectRef::Kind kind, const Json& object, const Json& name) {
    return {kind, std::string(object["id"].as_string()), std::string(name.as_string())};
  }
  Result<void> take_group(const std::string& name, ObjectRef& into) {
    const auto group = named_group(reader_, name);
    if (!group) return group.error();
    into = ref(ObjectRef::Kind::group, *group, (*group)["profile"]["name"]);
    return ok();
  }
  Result<void> take_app(const std::string& label) {
    const auto app = named_app(reader_, label);
    if (!app) return app.error();
    op_.object = ref(ObjectRef::Kind::app, *app, (*app)["label"]);
    return ok();
  }
  Result<void> take_policy(const std::string& id, ObjectRef& into) {
    const auto policy = reader_.one(OktaRequest(Endpoint::get_policy, {id}));
    if (!policy) return policy.error();
    into = ref(ObjectRef::Kind::policy, *policy, (*policy)["name"]);
    return ok();
  }
  Result<void> take_policy_rule(const std::string& policy, const std::string& id) {
    if (const auto r = take_policy(policy, op_.beside); !r) return r.error();
    const auto rule = reader_.one(OktaRequest(Endpoint::get_policy_rule, {op_.beside.id, id}));
    if (!rule) return rule.error();
    op_.object = ref(ObjectRef::Kind::policy_rule, *rule, (*rule)["name"]);
    return ok();
  }
  Result<void> take_factor(const std::string& id) {
    const auto factor = reader_.one(OktaRequest(Endpoint::get_factor, {op_.subject.user_id, id}));
    if (!factor) return factor.error();
    op_.object = ref(ObjectRef::Kind::factor, *factor, (*factor)["factorType"]);
    return ok();
  }

  Result<void> find_target() {
    const std::vector<std::string>& words = wish_.arguments;
    switch (wish_.kind) {
      case Kind::group_add_member:
      case Kind::group_remove_member:
        if (const auto r = take_group(words[0], op_.object); !r) return r.error();
        return take_user(words[1]);
      case Kind::app_assign_user:
      case Kind::app_unassign_user:
        if (const auto r = take_app(words[0]); !r) return r.error();
        return take_user(words[1]);
      case Kind::app_assign_group:
      case Kind::app_unassign_group:
        if (const auto r = take_app(words[0]); !r) return r.error();
        return take_group(words[1], op_.beside);
      case Kind::group_rule_activate:
      case Kind::group_rule_deactivate: {
        const auto rule = named_group_rule(reader_, words[0]);
        if (!rule) return rule.error();
        op_.object = ref(ObjectRef::Kind::group_rule, *rule, (*rule)["name"]);
        return ok();
      }
      case Kind::policy_activate:
      case Kind::policy_deactivate:
        return take_policy(words[0], op_.object);
      case Kind::policy_rule_activate:
      case Kind::policy_rule_deactivate:
        return take_policy_rule(words[0], words[1]);
      case Kind::user_reset_factor:
        if (const auto r = take_user(words[0]); !r) return r.error();
        return take_factor(words[1]);
      default:
        return take_user(words[0]);
    }
  }

  /// The plan shows what will be sent, word for word.
  Result<void> state_request() {
    if (wish_.mail) op_.request.path = "sendEmail=true";
    const Operation* one = &op_;
    const auto request = encode({&one, 1});
    if (!request) return request.error();
    op_.request = {request->method, request->target, 0};
    return ok();
  }

  void unprotected_reading(const Error& error) {
    Finding f;
    f.severity = Severity::warning;
    f.code = info(ErrorCode::okta_protection_unread).id;
    f.message = "admin roles could not be read: " + error.message;
    out_.plan.trailer.findings.push_back(std::move(f));
  }

  Result<void> protect_user() {
    const std::string& id = op_.subject.user_id;
    const auto roles = reader_.list(OktaRequest(Endpoint::list_assigned_roles_for_user, {id}), 0);
    if (!roles && !refused(roles.error())) return roles.error();
    if (!roles) unprotected_reading(roles.error());
    bool is_protected = roles && !roles->items.empty();
    const GuardSettings& guard = wired_.settings.guard;
    for (const std::string& login : guard.protected_logins) {
      is_protected = is_protected || fold_login(login) == fold_login(op_.subject.login);
    }
    if (!guard.protected_groups.empty() && !is_protected) {
      const auto groups =
          reader_.list(OktaRequest(Endpoint::list_user_groups, {id}).query("limit", "200"), 0);
      if (!groups) return groups.error();
      for (const Json& group : groups->items) {
        const std::string_view name = group["profile"]["name"].as_string();
        is_protected =
            is_protected || std::find(guard.protected_groups.begin(), guard.protected_groups.end(),
                                      name) != guard.protected_groups.end();
      }
    }
    if (is_protected) limits_.protected_users.insert(id);
    return ok();
  }

  Result<void> protect_group(const ObjectRef& group) {
    if (group.kind != ObjectRef::Kind::group) return ok();
    const auto roles =
        reader_.list(OktaRequest(Endpoint::list_group_assigned_roles, {group.id}), 0);
    if (!roles && !refused(roles.error())) return roles.error();
    if (!roles) unprotected_reading(roles.error());
    if (roles && !roles->items.empty()) limits_.protected_groups.insert(group.name);
    return ok();
  }

  Result<void> read_protection() {
    const auto me = reader_.one(OktaRequest(Endpoint::get_user, {"me"}));
    if (!me && !refused(me.error())) return me.error();  // an OAuth app is no user
    if (me) limits_.own_principal = (*me)["id"].as_string();
    const auto& names = wired_.settings.guard.protected_groups;
    limits_.protected_groups.insert(names.begin(), names.end());
    if (!op_.subject.user_id.empty()) {
      if (const auto r = protect_user(); !r) return r.error();
    }
    if (const auto r = protect_group(op_.object); !r) return r.error();
    return protect_group(op_.beside);
  }

  Result<void> hold_back() {
    const auto links = wired_.journal->links();
    if (!links) return links.error();
    for (const LinkView link : *links) {
      if (link.kind == Link::Kind::user && !link.released) ++limits_.linked_enabled;
    }
    auto approvals = valid_approvals(*wired_.journal, program_.clock().wall());
    if (!approvals) return approvals.error();
    limits_.approved = [&](const Operation& op) {
      return approvals->count(change_digest(op, wired_.digest_key)) > 0;
    };
    limits_.limits = &wired_.settings.guard;
    limits_.membership_population = limits_.linked_enabled;
    limits_.groups = &no_groups_;
    limits_.group_population = &no_population_;
    out_.plan.operations.push_back(op_);
    GuardVerdict verdict = guard(out_.plan.operations, limits_);
    out_.plan.trailer.guard = std::move(verdict.lines);
    if (verdict.held) out_.exits.add(3);
    if (verdict.approved > 0) out_.notes.remarks.emplace_back("the operation is approved");
    return ok();
  }

  Result<std::string> org_id() {
    auto org = reader_.one(OktaRequest(Endpoint::get_org_settings));
    // Its scope may be missing; the public page names the same id.
    if (!org && refused(org.error())) {
      org = reader_.one(OktaRequest(Endpoint::get_wellknown_org_metadata));
    }
    if (!org) return org.error();
    return std::string((*org)["id"].as_string());
  }

  Result<void> finish() {
    const auto org = org_id();
    if (!org) return org.error();
    const Settings& settings = wired_.settings;
    PlanHeader& header = out_.plan.header;
    header.created_at = header.as_of = program_.clock().wall();
    header.read_at = header.created_at;
    const auto date = local_date(header.as_of, settings.run.time_zone);
    if (!date) return date.error();
    header.as_of_date = format_date(*date);
    header.expires_at = header.created_at + settings.run.plan_valid_ms;
    header.environment = settings.environment;
    header.org = settings.okta.base_url;
    header.org_id = *org;
    header.config = settings.rules;
    header.sealed = wish_.sealed;
    Finding why;
    why.severity = Severity::info;
    why.code = info(ErrorCode::operator_reason).id;
    why.message = wish_.reason;
    out_.plan.trailer.findings.push_back(std::move(why));
    PlanHasher hasher(header);
    for (const Operation& op : out_.plan.operations) {
      hasher.add(op);
      out_.plan.trailer.summary.count(op);
    }
    out_.plan.id = hasher.finish();
    VectorCursor cursor(out_.plan.operations);
    if (auto forecast = wired_.forecast(cursor)) {
      out_.plan.trailer.forecast = std::move(*forecast);
    }
    out_.notes.exit_codes = out_.exits.all();
    return ok();
  }

  const Program& program_;
  const Wired& wired_;
  OktaReader& reader_;
  const OperatorWish& wish_;
  Operation op_;
  GuardInputs limits_;
  std::vector<GroupTarget> no_groups_;
  std::vector<std::uint64_t> no_population_;
  Planned out_;
};

}  // namespace

Result<Planned> plan_of_operator(const Program& program, const Wired& wired, OktaReader& reader,
                                 const OperatorWish& wish) {
  return OperatorPlan(program, wired, reader, wish).make();
}

}  // namespace rollcall

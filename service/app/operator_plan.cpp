#include "service/app/operator_plan.h"

#include <fmt/core.h>

#include <algorithm>

#include "connectors/okta/codec.h"
#include "service/app/approvals.h"
#include "service/app/okta_names.h"
#include "service/app/okta_roles.h"
#include "service/base/text.h"
#include "service/reconcile/entitlements.h"
#include "service/reconcile/guard.h"

namespace rollcall {
namespace {

using Kind = OperationKind;

class OperatorPlan {
 public:
  OperatorPlan(const Program& program, const Wired& wired, OktaReader& reader,
               const OperatorWish& wish)
      : program_(program), wired_(wired), reader_(reader), wish_(wish) {}

  Result<Planned> make() {
    op_.id = 1;
    op_.kind = wish_.kind;
    op_.reason = "operator";
    op_.because = {"operator", "okta " + wish_.command, wish_.reason};
    if (const auto r = find_target(); !r) return r.error();
    if (const auto r = refuse_in_vain(); !r) return r.error();
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
    built_in_ = (*policy)["system"].as_bool();
    return ok();
  }
  Result<void> take_policy_rule(const std::string& policy, const std::string& id) {
    if (const auto r = take_policy(policy, op_.beside); !r) return r.error();
    const auto rule = reader_.one(OktaRequest(Endpoint::get_policy_rule, {op_.beside.id, id}));
    if (!rule) return rule.error();
    op_.object = ref(ObjectRef::Kind::policy_rule, *rule, (*rule)["name"]);
    built_in_ = (*rule)["system"].as_bool();
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

  static Error refusal(std::string why) {
    return make_error(ErrorCode::operator_refused, std::move(why));
  }

  /// What Okta would take and do something else with, or refuse in words that mislead.
  Result<void> refuse_in_vain() {
    switch (wish_.kind) {
      case Kind::group_remove_member:
        return refuse_if_by_rule();
      case Kind::app_unassign_user:
        return refuse_if_by_group();
      case Kind::user_delete:
        if (op_.expect.status == AccountStatus::deprovisioned) return ok();
        // Okta's first DELETE of anybody else deactivates (FACTS 5.6).
        return refusal("only who is deactivated can be deleted; deactivate them first");
      case Kind::policy_deactivate:
      case Kind::policy_rule_deactivate:
        if (!built_in_) return ok();
        return refusal("Okta keeps its default policies and their rules active");
      default:
        return ok();
    }
  }

  /// Okta would put the person on the rule's list of exceptions, for good (FACTS 6.1).
  Result<void> refuse_if_by_rule() {
    const auto rules = reader_.list(OktaRequest(Endpoint::list_group_rules_for_user_in_group,
                                                {op_.object.id, op_.subject.user_id}),
                                    0);
    if (!rules) return rules.error();
    if (rules->items.empty()) return ok();
    std::vector<std::string> names;
    for (const Json& rule : rules->items) names.emplace_back(rule["id"].as_string());
    return refusal(
        "the person is in the group by Okta's rule " + join(names, ", ") +
        ": to be removed would make them an exception to it for good; change the rule or what it "
        "goes by");
  }

  /// What a group gives stays given (FACTS 7.1).
  Result<void> refuse_if_by_group() {
    const auto assigned = reader_.one(
        OktaRequest(Endpoint::get_application_user, {op_.object.id, op_.subject.user_id}));
    if (!assigned && assigned.error().code == ErrorCode::okta_not_found) return ok();
    if (!assigned) return assigned.error();
    if ((*assigned)["scope"].as_string() != "GROUP") return ok();
    return refusal(
        "the person has the app by one of their groups; take them out of the group, or the app "
        "from it");
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

  void roles_not_shown() {
    Finding f;
    f.severity = Severity::warning;
    f.code = info(ErrorCode::okta_protection_unread).id;
    f.message =
        "admin roles are not shown to this credential: whether an administrator is concerned is "
        "not known";
    out_.plan.trailer.findings.push_back(std::move(f));
  }

  bool named_protected(std::string_view login) const {
    const auto& logins = wired_.settings.guard.protected_logins;
    return std::any_of(logins.begin(), logins.end(), [&](const std::string& one) {
      return fold_login(one) == fold_login(login);
    });
  }

  /// Protected by name, by a role of their own, or by one of their groups: named, or with a role.
  Result<bool> user_is_protected(const AdminHolders& admins) {
    const std::string& id = op_.subject.user_id;
    if (named_protected(op_.subject.login) || admins.ids.count(id) > 0) return true;
    const auto& names = wired_.settings.guard.protected_groups;
    if (!admins.shown && names.empty()) return false;
    const auto groups =
        reader_.list(OktaRequest(Endpoint::list_user_groups, {id}).query("limit", "200"), 0);
    if (!groups) return groups.error();
    const auto links = wired_.journal->links();
    if (!links) return links.error();
    const GroupNames linked = linked_group_names(*links);
    for (const Json& group : groups->items) {
      Group one;
      one.id = group["id"].as_string();
      one.name = group["profile"]["name"].as_string();
      if (protects_members(one, wired_.settings.guard, linked)) return true;
      if (!admins.shown) continue;
      auto confers = confers_role(reader_, std::string(group["id"].as_string()));
      if (!confers || *confers) return confers;
    }
    return false;
  }

  Result<void> protect_group(const ObjectRef& group) {
    if (group.kind != ObjectRef::Kind::group) return ok();
    const auto confers = confers_role(reader_, group.id);
    if (!confers) return confers.error();
    if (*confers) limits_.protected_groups.insert(group.name);
    return ok();
  }

  Result<void> read_protection() {
    const auto me = reader_.one(OktaRequest(Endpoint::get_user, {"me"}));
    if (!me && !is_refusal(me.error())) return me.error();  // an OAuth app is no user
    if (me) limits_.own_principal = (*me)["id"].as_string();
    const auto& names = wired_.settings.guard.protected_groups;
    limits_.protected_groups.insert(names.begin(), names.end());
    const auto admins = admin_holders(reader_);
    if (!admins) return admins.error();
    if (!admins->shown) roles_not_shown();
    if (!op_.subject.user_id.empty()) {
      const auto is_protected = user_is_protected(*admins);
      if (!is_protected) return is_protected.error();
      if (*is_protected) limits_.protected_users.insert(op_.subject.user_id);
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
    const auto approvals = valid_approvals(*wired_.journal, program_.clock().wall());
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
    if (!org && is_refusal(org.error())) {
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
  bool built_in_ = false;  // of a policy or its rule: Okta's own
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

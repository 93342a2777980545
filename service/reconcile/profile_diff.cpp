#include "service/reconcile/profile_diff.h"

#include <fmt/core.h>

#include "service/base/json.h"
#include "service/base/text.h"

namespace rollcall {
namespace {

bool is_array(AttrType type) {
  return type == AttrType::text_array || type == AttrType::number_array;
}

/// Okta's own limits where the org's schema is silent (FACTS 5.2).
std::optional<int> known_max(std::string_view attribute) {
  if (attribute == "login" || attribute == "email" || attribute == "secondEmail") return 100;
  if (attribute == "firstName" || attribute == "lastName") return 50;
  return std::nullopt;
}

/// Okta refuses every create without it; what is there already stays as it is.
ProfileIssue not_known(const std::string& attribute) {
  return {ErrorCode::record_required_blank, attribute,
          fmt::format("'{}' is not known, as the source lacks a column for it, but the org demands "
                      "it",
                      attribute)};
}

}  // namespace

ProfileMapper::ProfileMapper(const ReconcileInputs& inputs)
    : inputs_(inputs),
      schema_(inputs.settings->user_schema),
      login_(schema_.find("login").value_or(0)),
      targets_(schema_.size()),
      effective_(schema_.size()) {
  for (const ProfileMapping& mapping : inputs.settings->users.profile) {
    const std::string& name = schema_.at(mapping.attribute).name;
    Target& target = targets_[mapping.attribute];
    reads_user_ = reads_user_ || !mapping.expression.user_attributes().empty();
    target.max_length = known_max(name);
    const OrgAttribute* found = inputs.org.schema->find(name);
    if (found == nullptr) {
      // An org whose schema could not be read in full must not make every mapping a finding.
      target.defined = inputs.org.schema->attributes.empty();
      if (!target.defined) undefined_.push_back(name);
      continue;
    }
    target.required = found->required;
    target.min_length = found->min_length;
    if (found->max_length) target.max_length = found->max_length;
    target.writable = !found->read_only && !found->mastered_elsewhere;
    if (found->read_only) target.why_not = ErrorCode::attribute_read_only;
  }
  for (const GroupRuleSettings& rule : inputs.settings->groups) {
    reads_user_ = reads_user_ || !rule.members.user_attributes().empty() ||
                  (rule.is_template && !rule.name_expr.user_attributes().empty());
  }
  for (const RefusedValue& refused : inputs.history->refused) {
    refused_[{refused.user_id, refused.attribute}] = refused.value;
  }
}

Result<ProfileMapper::Wanted> ProfileMapper::evaluate_mapping(const ProfileMapping& mapping,
                                                              const PersonRecord& person) {
  Wanted wanted;
  if (AttrId plain = 0; mapping.expression.is_plain_hr(plain)) {
    wanted.state = person.hr.state(plain);
    wanted.text = person.hr.text(plain);
  } else {
    EvalScope scope;
    scope.hr = person.hr;
    if (reads_user_) scope.user = effective_.view();
    scope.now = inputs_.as_of.instant;
    scope.zone = inputs_.as_of.zone;
    const auto value = evaluate(mapping.expression, scope);
    if (!value) return value.error();
    if (value->is_unknown()) return wanted;
    wanted.state = value->is_null() ? AttrState::cleared : AttrState::value;
    if (!value->is_null()) wanted.text = attribute_text(*value);
  }
  // For Okta absent, null and "" are one state (reference/core-okta-api).
  if (wanted.state == AttrState::value && wanted.text.empty()) wanted.state = AttrState::cleared;
  return wanted;
}

bool ProfileMapper::is_same_already(const ProfileMapping& mapping, const PersonRecord& person,
                                    const AccountView& account) const {
  AttrId plain = 0;
  if (!mapping.expression.is_plain_hr(plain)) return false;
  return person.hr.state(plain) == AttrState::value && !person.hr.text(plain).empty() &&
         account.profile.state(mapping.attribute) == AttrState::value &&
         account.profile.text(mapping.attribute) == person.hr.text(plain);
}

std::optional<ProfileIssue> ProfileMapper::check(const ProfileMapping& mapping,
                                                 const Wanted& wanted) const {
  const Target& target = targets_[mapping.attribute];
  const std::string& name = schema_.at(mapping.attribute).name;
  if (wanted.state == AttrState::cleared && target.required) {
    return ProfileIssue{ErrorCode::record_required_blank, name,
                        fmt::format("'{}' is blank, but the org demands it", name)};
  }
  if (wanted.state != AttrState::value || is_array(schema_.at(mapping.attribute).type)) return {};
  if (has_beyond_bmp(wanted.text)) {
    return ProfileIssue{ErrorCode::record_unsupported_character, name,
                        fmt::format("'{}' holds a character that Okta cannot store", name)};
  }
  const std::size_t length = utf8_length(wanted.text);
  if (target.max_length && length > static_cast<std::size_t>(*target.max_length)) {
    return ProfileIssue{
        ErrorCode::record_too_long, name,
        fmt::format("'{}' has {} characters, but Okta takes {}", name, length, *target.max_length)};
  }
  if (target.min_length && length < static_cast<std::size_t>(*target.min_length)) {
    return ProfileIssue{ErrorCode::record_too_short, name,
                        fmt::format("'{}' has {} characters, but Okta demands {}", name, length,
                                    *target.min_length)};
  }
  return std::nullopt;
}

bool ProfileMapper::differs(AttrId id, const Wanted& wanted, const AccountView& account) const {
  const AttrState there = account.profile.state(id);
  const bool empty_there = there != AttrState::value || account.profile.text(id).empty();
  if (wanted.state == AttrState::cleared) return !empty_there;
  if (empty_there) return true;
  const std::string_view text = account.profile.text(id);
  if (text == wanted.text) return false;
  if (is_array(schema_.at(id).type)) {
    const auto a = parse_json(text);
    const auto b = parse_json(wanted.text);
    return !a || !b || !(*a == *b);
  }
  if (is_ascii(text) && is_ascii(wanted.text)) return true;
  return nfc(text) != nfc(wanted.text);
}

bool ProfileMapper::refused_before(AttrId id, const Wanted& wanted,
                                   const AccountView& account) const {
  if (refused_.empty()) return false;
  const auto found = refused_.find({std::string(account.id), schema_.at(id).name});
  return found != refused_.end() && found->second == sha256(wanted.text);
}

bool ProfileMapper::decide(const ProfileMapping& mapping, const Wanted& wanted,
                           const AccountView& account) {
  const AttrId id = mapping.attribute;
  if (mapping.mode == AttrMode::initial) return false;
  if (mapping.mode == AttrMode::fallback && account.profile.state(id) == AttrState::value &&
      !account.profile.text(id).empty()) {
    return false;
  }
  if (!differs(id, wanted, account)) return false;
  const Target& target = targets_[id];
  const bool refused = refused_before(id, wanted, account);
  if (target.writable && !refused) return true;
  Suppressed& entry = suppressed_[schema_.at(id).name];
  entry.code = refused ? ErrorCode::attribute_mastered_elsewhere : target.why_not;
  ++entry.people;
  return false;
}

bool ProfileMapper::joins_without_login(const ProfileMapping& mapping, const PersonRecord& person,
                                        ProfileResult& result) {
  if (mapping.attribute != login_ || !gives_candidates(mapping.expression)) return false;
  EvalScope scope;
  scope.hr = person.hr;
  if (reads_user_) scope.user = effective_.view();
  scope.now = inputs_.as_of.instant;
  scope.zone = inputs_.as_of.zone;
  const auto value = evaluate(mapping.expression, scope);
  if (!value || value->array() == nullptr) {
    result.issue = ProfileIssue{ErrorCode::record_expression_failed, "login",
                                value ? "no login can be formed" : value.error().message};
    return true;
  }
  for (const Value& candidate : *value->array()) {
    result.login_candidates.push_back(attribute_text(candidate));
  }
  if (result.login_candidates.empty()) {
    result.issue =
        ProfileIssue{ErrorCode::record_required_blank, "login", "no login can be formed"};
  }
  return true;
}

ProfileResult ProfileMapper::map(const PersonRecord& person, const AccountView* account,
                                 Record& desired) {
  ProfileResult result;
  desired.reset(schema_.size());
  if (reads_user_) {
    effective_.reset(schema_.size());
    for (std::size_t i = 0; i < schema_.size(); ++i) {
      const auto id = static_cast<AttrId>(i);
      if (account == nullptr || account->profile.state(id) != AttrState::value) {
        effective_.set_cleared(id);
      } else {
        effective_.set(id, account->profile.text(id));
      }
    }
  }
  for (const ProfileMapping& mapping : inputs_.settings->users.profile) {
    const AttrId id = mapping.attribute;
    if (!targets_[id].defined) continue;
    if (account == nullptr && joins_without_login(mapping, person, result)) {
      if (result.issue) return result;
      continue;
    }
    // A login by candidates is decided once, at creation.
    if (account != nullptr && gives_candidates(mapping.expression)) continue;
    if (account != nullptr && is_same_already(mapping, person, *account)) continue;
    const auto wanted = evaluate_mapping(mapping, person);
    if (!wanted) {
      result.issue =
          ProfileIssue{ErrorCode::record_expression_failed, schema_.at(id).name,
                       fmt::format("'{}': {}", schema_.at(id).name, wanted.error().message)};
      return result;
    }
    if (wanted->state == AttrState::unknown) {
      if (account != nullptr || !targets_[id].required) continue;
      result.issue = not_known(schema_.at(id).name);
      return result;
    }
    const bool write = account == nullptr
                           ? wanted->state == AttrState::value || targets_[id].required
                           : decide(mapping, *wanted, *account);
    if (write) {
      if (auto issue = check(mapping, *wanted)) {
        result.issue = std::move(issue);
        return result;
      }
      result.changed = true;
      if (wanted->state == AttrState::value) {
        desired.set(id, wanted->text);
      } else {
        desired.set_cleared(id);
      }
    }
    if (reads_user_ && (account == nullptr || write)) {
      if (wanted->state == AttrState::value) {
        effective_.set(id, wanted->text);
      } else {
        effective_.set_cleared(id);
      }
    }
  }
  if (account == nullptr && result.login_candidates.empty() &&
      desired.state(login_) != AttrState::value) {
    result.issue = ProfileIssue{ErrorCode::record_required_blank, "login", "the login is blank"};
  }
  return result;
}

}  // namespace rollcall

#include "tests/sim/factors.h"

#include <fmt/core.h>

#include <algorithm>
#include <array>

#include "service/base/digest.h"
#include "service/base/text.h"
#include "tests/sim/authn.h"
#include "tests/sim/json_parts.h"
#include "tests/sim/org.h"
#include "tests/sim/packed_json.h"
#include "tests/sim/totp.h"

namespace rollcall::sim {
namespace {

constexpr std::string_view kPasscode = "123456";
constexpr std::string_view kBase32 = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

constexpr std::array<FactorKind, 6> kFactorKinds{{{"sms", "OKTA", "mbl", "phoneNumber"},
                                                  {"call", "OKTA", "clf", "phoneNumber"},
                                                  {"email", "OKTA", "emf", "email"},
                                                  {"question", "OKTA", "ufs", "question"},
                                                  {"token:software:totp", "OKTA", "ost", ""},
                                                  {"token:software:totp", "GOOGLE", "uft", ""}}};

constexpr std::array<std::pair<std::string_view, std::string_view>, 3> kQuestions{{
    {"disliked_food", "What is the food you least liked as a child?"},
    {"name_of_first_plush_toy", "What is the name of your first stuffed animal?"},
    {"first_award", "What did you earn your first medal or award for?"},
}};

Json factor_json(const Org& org, const Call& call, UserIndex index, const Factor& factor) {
  const std::string user =
      fmt::format("{}/api/v1/users/{}", call.base_url, org.directory.user(index).id);
  const std::string self = fmt::format("{}/factors/{}", user, factor.id);
  Json links = Json::object();
  if (factor.type == "question") {
    links.set("questions", href_with(user + "/factors/questions", {"GET"}));
  }
  if (!factor.active) {
    if (factor.type != "token:software:totp") {
      Json resend = href_with(self + "/resend", {"POST"});
      resend.set("name", factor.type);
      links.set("resend", Json(Json::Array{resend}));
    }
    links.set("activate", href_with(self + "/lifecycle/activate", {"POST"}));
    links.set("self", href_with(self, {"GET"}));
  } else {
    links.set("self", href_with(self, {"GET", "DELETE"}));
    if (factor.type != "question") links.set("verify", href_with(self + "/verify", {"POST"}));
  }
  links.set("user", href_with(user, {"GET"}));
  Json out = object_of("id", factor.id);
  merge_into(out, factor_kind_json(factor.type, factor.provider));
  out.set("status", factor.active ? "ACTIVE" : "PENDING_ACTIVATION");
  out.set("created", okta_second(factor.created));
  out.set("lastUpdated", okta_second(factor.last_updated)).set("profile", factor.profile);
  if (!factor.active && !factor.secret.empty()) {
    out.set("_embedded", object_of("activation", totp_activation(factor)));
  }
  out.set("_links", std::move(links));
  return out;
}

/// The factor of the path, or the refusal.
struct FactorTarget {
  UserIndex user = 0;
  Factor* factor = nullptr;
  std::optional<SimReply> refused;
};

FactorTarget factor_target(Org& org, const Call& call, bool must_exist) {
  FactorTarget target;
  const auto user = org.directory.user_by_id(call.path_ids[0]);
  if (!user) {
    target.refused = not_found(call.path_ids[0], "User");
    return target;
  }
  target.user = *user;
  if (!must_exist) return target;
  const auto held = org.factors.find(*user);
  if (held != org.factors.end()) {
    for (Factor& factor : held->second) {
      if (factor.id == call.path_ids[1]) target.factor = &factor;
    }
  }
  if (target.factor == nullptr) target.refused = not_found(call.path_ids[1], "UserFactor");
  return target;
}

std::optional<SimReply> take_factor(const Call& call, Factor& factor, std::string_view& prefix) {
  const FactorKind* kind = find_factor_kind(call.body["factorType"].as_string(),
                                            call.body["provider"].as_string("OKTA"));
  if (kind == nullptr) {
    return validation_failed("factorType",
                             {"factorType: The factor type is not supported for the provider"});
  }
  factor.type = std::string(kind->type);
  factor.provider = std::string(kind->provider);
  prefix = kind->prefix;
  factor.profile = call.body["profile"].is_object() ? call.body["profile"] : Json::object();
  if (!kind->needs.empty() && factor.profile[kind->needs].as_string().empty()) {
    return validation_failed(kind->needs,
                             {fmt::format("{}: The field cannot be left blank", kind->needs)});
  }
  if (factor.type != "question") return std::nullopt;
  const std::string_view answer = factor.profile["answer"].as_string();
  if (utf8_length(answer) < 4) {
    return validation_failed("answer", {"answer: The answer has fewer than 4 characters"});
  }
  factor.answer = fast_hash(fold_case(answer));
  factor.profile.erase("answer");
  std::string_view text = factor.profile["question"].as_string();
  for (const auto& [name, question] : kQuestions) {
    if (name == text) text = question;
  }
  factor.profile.set("questionText", text);
  return std::nullopt;
}

SimReply wrong_passcode(std::string_view cause) {
  return error_reply(403, "E0000068", "Invalid Passcode/Answer", {std::string(cause)});
}

constexpr std::string_view kNoMatch = "Your passcode doesn't match our records. Please try again.";
constexpr std::string_view kUsedBefore =
    "Each code can only be used once. Please wait for a new code and try again.";

enum class Passcode : std::uint8_t { right, wrong, used };

/// One step early or late counts, as clocks differ.
Passcode judge_totp(Factor& factor, std::string_view code, WallTime now) {
  for (const std::int64_t step : {totp_step(now), totp_step(now) - 1, totp_step(now) + 1}) {
    if (code != totp_code(factor.secret, step)) continue;
    if (step <= factor.used_step) return Passcode::used;
    factor.used_step = step;
    return Passcode::right;
  }
  return Passcode::wrong;
}

Passcode judge(Factor& factor, const Json& body, WallTime now) {
  if (factor.type == "token:software:totp") {
    return judge_totp(factor, body["passCode"].as_string(), now);
  }
  const bool right = factor.type == "question"
                         ? fast_hash(fold_case(body["answer"].as_string())) == factor.answer
                         : body["passCode"].as_string() == kPasscode;
  return right ? Passcode::right : Passcode::wrong;
}

bool same_kind(const Factor& a, const Factor& b) {
  return a.type == b.type && a.provider == b.provider;
}

/// 403 if nothing can be proved for the person any more, or the factor is not in the state asked
/// for.
std::optional<SimReply> refuse_proof(const Org& org, const FactorTarget& target, bool active) {
  const AccountStatus status = org.directory.user(target.user).status;
  if (status == AccountStatus::deprovisioned) return wrong_status();
  if (target.factor->active == active) return std::nullopt;
  return error_reply(403, "E0000107",
                     "The entity is not in the expected state for the requested transition.");
}

bool sends_codes(const Factor& factor) {
  return factor.type == "sms" || factor.type == "call" || factor.type == "email";
}

}  // namespace

SimReply list_factors(Org& org, Call& call) {
  FactorTarget target = factor_target(org, call, false);
  if (target.refused) return std::move(*target.refused);
  Json list = Json::array();
  for (const Factor& factor : org.factors[target.user]) {
    list.push(factor_json(org, call, target.user, factor));
  }
  if (list.items().empty()) org.factors.erase(target.user);
  return json_reply(200, list);
}

std::span<const FactorKind> factor_kinds() { return kFactorKinds; }

const FactorKind* find_factor_kind(std::string_view type, std::string_view provider) {
  const auto found = std::find_if(
      kFactorKinds.begin(), kFactorKinds.end(),
      [&](const FactorKind& kind) { return kind.type == type && kind.provider == provider; });
  return found == kFactorKinds.end() ? nullptr : found;
}

Json factor_kind_json(std::string_view type, std::string_view provider) {
  Json out = Json::object();
  return out.set("factorType", type).set("provider", provider).set("vendorName", provider);
}

Json totp_activation(const Factor& factor) {
  Json out = Json::object();
  out.set("timeStep", kTotpStepMs / 1000).set("sharedSecret", factor.secret);
  return out.set("encoding", "base32").set("keyLength", 6);
}

std::optional<SimReply> refuse_passcode(Factor& factor, const Json& body, WallTime now) {
  constexpr std::int64_t kWindowMs = 300'000;
  constexpr int kTries = 5;  // FACTS 8.4
  if (now.ms - factor.first_wrong.ms > kWindowMs) factor.wrong = 0;
  if (factor.wrong >= kTries) {
    return error_reply(403, "E0000069", "User Locked", {"Factor is locked after too many tries."});
  }
  const Passcode verdict = judge(factor, body, now);
  if (verdict == Passcode::right) {
    factor.wrong = 0;
    return std::nullopt;
  }
  if (factor.wrong++ == 0) factor.first_wrong = now;
  return wrong_passcode(verdict == Passcode::used ? kUsedBefore : kNoMatch);
}

std::optional<SimReply> add_factor(Org& org, Call& call, UserIndex user, bool proved,
                                   std::string& id) {
  if (!call.body_ok || !call.body["factorType"].is_string()) return malformed_body();
  if (org.directory.user(user).status == AccountStatus::deprovisioned) return wrong_status();
  Factor factor;
  std::string_view prefix;
  if (auto refused = take_factor(call, factor, prefix)) return refused;
  for (const Factor& held : org.factors[user]) {
    if (same_kind(held, factor) && held.active) {
      return validation_failed("factorEnrollRequest", {"A factor of this type is already set up."});
    }
  }
  if (auto refused = refuse_code(org, call, user, factor.type)) return refused;
  factor.id = org.ids.object(prefix);
  factor.created = factor.last_updated = call.now;
  factor.active = factor.type == "question" || proved;
  if (factor.type == "token:software:totp") {
    for (const char c : org.ids.token(16)) {
      factor.secret += kBase32[static_cast<unsigned char>(c) % kBase32.size()];
    }
  }
  call.result_ids.push_back(factor.id);
  log_event(org, call.now, factor.active ? "user.mfa.factor.activate" : "user.mfa.factor.update",
            {user_party(org, user)});
  id = factor.id;
  // A new try at the same kind takes the place of one that was never finished.
  std::erase_if(org.factors[user], [&](const Factor& held) { return same_kind(held, factor); });
  org.factors[user].push_back(std::move(factor));
  return std::nullopt;
}

SimReply enroll_factor(Org& org, Call& call) {
  FactorTarget target = factor_target(org, call, false);
  if (target.refused) return std::move(*target.refused);
  std::string id;
  // Only an administrator may vouch for a factor.
  const bool proved = call.flag("activate", false);
  if (auto refused = add_factor(org, call, target.user, proved, id)) {
    if (org.factors[target.user].empty()) org.factors.erase(target.user);
    return std::move(*refused);
  }
  return json_reply(200, factor_json(org, call, target.user, org.factors[target.user].back()));
}

SimReply get_factor(Org& org, Call& call) {
  FactorTarget target = factor_target(org, call, true);
  if (target.refused) return std::move(*target.refused);
  return json_reply(200, factor_json(org, call, target.user, *target.factor));
}

SimReply activate_factor(Org& org, Call& call) {
  FactorTarget target = factor_target(org, call, true);
  if (target.refused) return std::move(*target.refused);
  if (auto refused = refuse_proof(org, target, false)) return std::move(*refused);
  if (auto refused = refuse_passcode(*target.factor, call.body, call.now)) {
    return std::move(*refused);
  }
  target.factor->active = true;
  target.factor->last_updated = call.now;
  call.result_ids.push_back(target.factor->id);
  log_event(org, call.now, "user.mfa.factor.activate", {user_party(org, target.user)});
  return json_reply(200, factor_json(org, call, target.user, *target.factor));
}

SimReply verify_factor(Org& org, Call& call) {
  FactorTarget target = factor_target(org, call, true);
  if (target.refused) return std::move(*target.refused);
  if (auto refused = refuse_proof(org, target, true)) return std::move(*refused);
  if (sends_codes(*target.factor) && !call.body["passCode"].is_string()) {
    auto refused = refuse_code(org, call, target.user, target.factor->type);
    if (refused) return std::move(*refused);
    Json challenge = object_of("factorResult", "CHALLENGE");
    const std::string self = fmt::format("{}/api/v1/users/{}/factors/{}", call.base_url,
                                         call.path_ids[0], call.path_ids[1]);
    Json links = object_of("verify", href_with(self + "/verify", {"POST"}));
    links.set("factor", href_with(self, {"GET", "DELETE"}));
    return json_reply(200, challenge.set("_links", std::move(links)));
  }
  if (auto refused = refuse_passcode(*target.factor, call.body, call.now)) {
    return std::move(*refused);
  }
  return json_reply(200, object_of("factorResult", "SUCCESS"));
}

SimReply resend_factor(Org& org, Call& call) {
  FactorTarget target = factor_target(org, call, true);
  if (target.refused) return std::move(*target.refused);
  if (auto refused = refuse_proof(org, target, false)) return std::move(*refused);
  if (auto refused = refuse_code(org, call, target.user, target.factor->type)) {
    return std::move(*refused);
  }
  return json_reply(200, factor_json(org, call, target.user, *target.factor));
}

SimReply delete_factor(Org& org, Call& call) {
  FactorTarget target = factor_target(org, call, true);
  if (target.refused) return std::move(*target.refused);
  if (org.directory.user(target.user).status == AccountStatus::deprovisioned) {
    return wrong_status();
  }
  call.result_ids.push_back(target.factor->id);
  log_event(org, call.now, "user.mfa.factor.deactivate", {user_party(org, target.user)});
  auto& held = org.factors[target.user];
  held.erase(held.begin() + (target.factor - held.data()));
  if (held.empty()) org.factors.erase(target.user);
  return no_content();
}

SimReply list_factor_catalog(Org& org, Call& call) {
  FactorTarget target = factor_target(org, call, false);
  if (target.refused) return std::move(*target.refused);
  const std::string enroll =
      fmt::format("{}/api/v1/users/{}/factors", call.base_url, call.path_ids[0]);
  const auto held = org.factors.find(target.user);
  Json list = Json::array();
  for (const FactorKind& kind : kFactorKinds) {
    const bool set_up =
        held != org.factors.end() &&
        std::any_of(held->second.begin(), held->second.end(), [&](const Factor& one) {
          return one.active && one.type == kind.type && one.provider == kind.provider;
        });
    Json item = factor_kind_json(kind.type, kind.provider);
    item.set("status", set_up ? "ACTIVE" : "NOT_SETUP").set("enrollment", "OPTIONAL");
    list.push(item.set("_links", object_of("enroll", href_with(enroll, {"POST"}))));
  }
  return json_reply(200, list);
}

SimReply list_factor_questions(Org& org, Call& call) {
  FactorTarget target = factor_target(org, call, false);
  if (target.refused) return std::move(*target.refused);
  Json list = Json::array();
  for (const auto& [name, text] : kQuestions) {
    Json question = Json::object();
    question.set("question", name).set("questionText", text);
    list.push(std::move(question));
  }
  return json_reply(200, list);
}

}  // namespace rollcall::sim

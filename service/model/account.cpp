#include "service/model/account.h"

#include <array>
#include <utility>

namespace rollcall {
namespace {

constexpr std::array<std::string_view, 9> kStatuses{"STAGED",    "PROVISIONED",      "ACTIVE",
                                                    "RECOVERY",  "PASSWORD_EXPIRED", "LOCKED_OUT",
                                                    "SUSPENDED", "DEPROVISIONED",    "UNKNOWN"};

}  // namespace

std::string_view to_string(AccountStatus status) {
  return kStatuses[static_cast<std::size_t>(status)];
}

AccountStatus account_status(std::string_view text) {
  for (std::size_t i = 0; i < kStatuses.size(); ++i) {
    if (kStatuses[i] == text) return static_cast<AccountStatus>(i);
  }
  return AccountStatus::unknown;
}

bool can_sign_in(AccountStatus status) {
  switch (status) {
    case AccountStatus::provisioned:
    case AccountStatus::active:
    case AccountStatus::recovery:
    case AccountStatus::password_expired:
    case AccountStatus::locked_out:
      return true;
    case AccountStatus::staged:
    case AccountStatus::suspended:
    case AccountStatus::deprovisioned:
    case AccountStatus::unknown:
      return false;
  }
  return false;
}

std::string_view to_string(GroupType type) {
  switch (type) {
    case GroupType::okta_group:
      return "OKTA_GROUP";
    case GroupType::app_group:
      return "APP_GROUP";
    case GroupType::built_in:
      return "BUILT_IN";
    case GroupType::other:
      return "OTHER";
  }
  return "OTHER";
}

const OrgAttribute* OrgSchema::find(std::string_view name) const {
  for (const OrgAttribute& attribute : attributes) {
    if (attribute.name == name) return &attribute;
  }
  return nullptr;
}

}  // namespace rollcall

// Meanings by Okta's error catalogue (FACTS 12).
#include "connectors/okta/error_table.h"

#include <algorithm>
#include <array>

namespace rollcall {
namespace {

using State = Outcome::State;

constexpr State kFailed = State::failed;
constexpr State kConflict = State::conflict;
constexpr State kRetry = State::retry;
constexpr State kStop = State::stop;
constexpr std::int64_t kSearchMs = 5'000;
constexpr std::int64_t kMailMs = 5'000;    // E0000118: one mail in five seconds
constexpr std::int64_t kPhoneMs = 30'000;  // E0000109, E0000133

constexpr std::array<OktaErrorRow, 38> kRows{{
    {"E0000002", kFailed, ErrorCode::okta_request_unreadable, "Okta calls the request invalid"},
    {"E0000003", kFailed, ErrorCode::okta_request_unreadable,
     "Okta cannot read the request's body"},
    {"E0000018", kFailed, ErrorCode::okta_request_unreadable,
     "Okta cannot read the request's Accept header"},
    {"E0000019", kFailed, ErrorCode::okta_request_unreadable,
     "Okta does not know the media type in the request's headers"},
    {"E0000021", kFailed, ErrorCode::okta_request_unreadable,
     "Okta does not take the request's Content-Type"},
    {"E0000122", kFailed, ErrorCode::okta_request_unreadable,
     "the request's Accept header lacks application/json"},
    {"E0000028", kFailed, ErrorCode::okta_request_unreadable, "Okta misses a parameter"},
    {"E0000030", kFailed, ErrorCode::okta_criteria_refused, "Okta cannot read a date"},
    {"E0000031", kFailed, ErrorCode::okta_criteria_refused,
     "Okta does not understand a search, or no longer knows the place in its list"},
    {"E0000033", kFailed, ErrorCode::okta_request_unreadable,
     "Okta does not take search and filter in one request"},
    {"E0000053", kFailed, ErrorCode::okta_criteria_refused, "Okta does not understand a filter"},
    {"E0000094", kFailed, ErrorCode::okta_request_unreadable,
     "Okta does not support a filter on this list"},
    {"E0000124", kFailed, ErrorCode::okta_request_unreadable,
     "a password to change at the next sign-in needs a password now"},
    {"E0000125", kFailed, ErrorCode::okta_request_unreadable,
     "a password to change at the next sign-in needs an active account"},
    {"E0000008", kFailed, ErrorCode::okta_feature_missing, "the org does not know the path"},
    {"E0000022", kFailed, ErrorCode::okta_feature_missing,
     "the org does not take this method at this path"},
    {"E0000060", kFailed, ErrorCode::okta_feature_missing,
     "the org does not support the operation on this object"},
    {"E0000029", kRetry, ErrorCode::okta_cursor_refused,
     "Okta no longer knows the place in a list"},
    {"E0000004", kStop, ErrorCode::okta_credential_refused,
     "Okta does not accept the login and password"},
    {"E0000005", kStop, ErrorCode::okta_credential_refused, "Okta does not know the session"},
    {"E0000011", kStop, ErrorCode::okta_credential_refused, "Okta refuses the credential"},
    {"E0000064", kStop, ErrorCode::okta_credential_refused, "the account's password has expired"},
    {"E0000017", kFailed, ErrorCode::okta_credentials_fixed, "Okta does not reset this password"},
    {"E0000034", kFailed, ErrorCode::okta_credentials_fixed,
     "a forgotten password may not be reset here"},
    {"E0000035", kFailed, ErrorCode::okta_credentials_fixed, "the password may not be changed"},
    {"E0000036", kFailed, ErrorCode::okta_credentials_fixed,
     "the recovery question may not be changed"},
    {"E0000041", kFailed, ErrorCode::okta_credentials_fixed,
     "the app's way to sign in takes no credentials"},
    {"E0000076", kFailed, ErrorCode::okta_mastered_elsewhere,
     "another system owns the app's accounts"},
    {"E0000040", kConflict, ErrorCode::okta_unique_violation,
     "another app of the org has the same label"},
    {"E0000127", kConflict, ErrorCode::okta_unique_violation,
     "another linked object of the org has the same name"},
    {"E0000056", kConflict, ErrorCode::okta_status_moved, "the app is still active"},
    {"E0000148", kConflict, ErrorCode::okta_status_moved, "a policy still needs the authenticator"},
    {"E0000195", kConflict, ErrorCode::okta_status_moved,
     "the object no longer is what the request takes it for"},
    {"E0000100", kRetry, ErrorCode::okta_server_error, "Okta's search is unavailable", kSearchMs},
    {"E0000239", kRetry, ErrorCode::okta_busy, "Okta is reconciling priorities", kSearchMs},
    {"E0000118", kRetry, ErrorCode::okta_rate_limited, "Okta has just sent this person a mail",
     kMailMs},
    {"E0000109", kRetry, ErrorCode::okta_rate_limited, "Okta has just sent this person a message",
     kPhoneMs},
    {"E0000133", kRetry, ErrorCode::okta_rate_limited, "Okta has just called this person",
     kPhoneMs},
}};

}  // namespace

const OktaErrorRow* find_okta_error(std::string_view okta_code) {
  const auto* found =
      std::find_if(kRows.begin(), kRows.end(),
                   [okta_code](const OktaErrorRow& row) { return row.okta == okta_code; });
  return found == kRows.end() ? nullptr : found;
}

}  // namespace rollcall

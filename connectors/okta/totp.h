// Codes of an authenticator app (RFC 6238: HMAC-SHA-1, 30 seconds, six digits), which is what
// Okta's token:software:totp factors take. Pure.
#pragma once

#include <string>
#include <string_view>

#include "service/base/clock.h"
#include "service/base/result.h"
#include "service/base/secret.h"

namespace rollcall {

/// Base32 (RFC 4648) without regard to case, spaces or padding. Errors: sign_in.totp_invalid.
Result<Secret> totp_secret(std::string_view base32);

/// The code at that time.
std::string totp_code(const Secret& secret, WallTime at);

}  // namespace rollcall

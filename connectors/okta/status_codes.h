// The HTTP statuses that decide something here.
#pragma once

namespace rollcall {

inline constexpr int kOk = 200;
inline constexpr int kBadRequest = 400;
inline constexpr int kUnauthorised = 401;
inline constexpr int kForbidden = 403;
inline constexpr int kNotFound = 404;
inline constexpr int kConflict = 409;
inline constexpr int kPrecondition = 412;
inline constexpr int kLocked = 423;
inline constexpr int kTooMany = 429;
inline constexpr int kServerError = 500;
inline constexpr int kNotImplemented = 501;

}  // namespace rollcall

// Errors as values: a stable code, its class, one sentence, and where it happened.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace rollcall {

/// What follows from an error (ARCHITECTURE.md, section 5).
enum class ErrorClass : std::uint8_t { retryable, ambiguous, conflict, permanent, config, defect };

/// Every stable code; the list, with class, exit code and hint, is error_codes.def.
enum class ErrorCode : std::uint16_t {
#define ROLLCALL_CODE(ident, id, cls, exit, hint) ident,
#include "service/base/error_codes.def"
#undef ROLLCALL_CODE
};

/// What the catalogue says of one code. `exit` is the process exit code it leads to when it ends
/// a run (CONTRACT.md, section 2); `hint` says what the operator can do.
struct ErrorInfo {
  ErrorCode code;
  std::string_view id;
  ErrorClass cls;
  int exit;
  std::string_view hint;
};

const ErrorInfo& info(ErrorCode code);
std::span<const ErrorInfo> all_error_codes();
std::optional<ErrorCode> error_code_from_id(std::string_view id);
std::string_view to_string(ErrorClass cls);

/// One failure. `message` is one sentence without personal data beyond worker keys and ids;
/// `where` is a place: file:line:column, a URL path, a table, or empty.
struct Error {
  ErrorCode code;
  ErrorClass cls;
  std::string message;
  std::string where;
};

/// Makes an Error whose class is the catalogue's.
Error make_error(ErrorCode code, std::string message, std::string where = {});

/// "code: message (where). hint", for a terminal.
std::string describe(const Error& error);

/// Severity of a finding.
enum class Severity : std::uint8_t { info, warning, error };
std::string_view to_string(Severity severity);

[[noreturn]] void assertion_failed(const char* expression, const char* file, int line);

}  // namespace rollcall

/// On in release too: a broken invariant aborts, and recovery (section 6) makes that safe.
#define ROLLCALL_ASSERT(expression) \
  ((expression) ? void(0) : ::rollcall::assertion_failed(#expression, __FILE__, __LINE__))

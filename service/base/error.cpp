#include "service/base/error.h"

#include <fmt/core.h>

#include <array>
#include <cstdio>
#include <cstdlib>

namespace rollcall {
namespace {

constexpr std::array kCatalogue{
#define ROLLCALL_CODE(ident, id, cls, exit, hint) \
  ErrorInfo{ErrorCode::ident, id, ErrorClass::cls, exit, hint},
#include "service/base/error_codes.def"
#undef ROLLCALL_CODE
};

}  // namespace

const ErrorInfo& info(ErrorCode code) { return kCatalogue.at(static_cast<std::size_t>(code)); }

std::span<const ErrorInfo> all_error_codes() { return kCatalogue; }

std::optional<ErrorCode> error_code_from_id(std::string_view id) {
  for (const ErrorInfo& entry : kCatalogue) {
    if (entry.id == id) return entry.code;
  }
  return std::nullopt;
}

std::string_view to_string(ErrorClass cls) {
  switch (cls) {
    case ErrorClass::retryable:
      return "retryable";
    case ErrorClass::ambiguous:
      return "ambiguous";
    case ErrorClass::conflict:
      return "conflict";
    case ErrorClass::permanent:
      return "permanent";
    case ErrorClass::config:
      return "config";
    case ErrorClass::defect:
      return "defect";
  }
  return "defect";
}

std::string_view to_string(Severity severity) {
  switch (severity) {
    case Severity::info:
      return "info";
    case Severity::warning:
      return "warning";
    case Severity::error:
      return "error";
  }
  return "error";
}

Error make_error(ErrorCode code, std::string message, std::string where) {
  return Error{code, info(code).cls, std::move(message), std::move(where)};
}

std::string describe(const Error& error) {
  const ErrorInfo& entry = info(error.code);
  std::string text = fmt::format("{}: {}", entry.id, error.message);
  if (!error.where.empty()) text += fmt::format(" ({})", error.where);
  if (!entry.hint.empty()) text += fmt::format("\n  hint: {}", entry.hint);
  return text;
}

void assertion_failed(const char* expression, const char* file, int line) {
  std::fprintf(stderr, "rollcall: broken invariant: %s at %s:%d\n", expression, file, line);
  std::abort();
}

}  // namespace rollcall

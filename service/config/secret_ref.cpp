// Reads a secret from where the configuration says it is.
#include <fmt/core.h>

#include <algorithm>
#include <cstdlib>
#include <string>

#include "service/base/file.h"
#include "service/config/settings.h"

namespace rollcall {
namespace {

/// Somebody may have put the secret itself where its name belongs: only what is written like a name
/// of a variable is repeated.
std::string shown_variable(const std::string& name) {
  const bool like_a_name = std::all_of(name.begin(), name.end(), [](char c) {
    return (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
  });
  return like_a_name ? "env:" + name
                     : "env: a name with other signs than A-Z, 0-9 and _, not shown";
}

}  // namespace

Result<Secret> resolve(const SecretRef& ref) {
  switch (ref.kind) {
    case SecretRef::Kind::none:
      return make_error(ErrorCode::secret_unavailable, "no secret is configured here");
    case SecretRef::Kind::env: {
      const char* value = std::getenv(ref.name.c_str());
      if (value == nullptr || *value == '\0') {
        return make_error(ErrorCode::secret_unavailable,
                          "the environment variable is not set or empty", shown_variable(ref.name));
      }
      return Secret(value);
    }
    case SecretRef::Kind::file:
      break;
  }
  Result<std::string> content = read_file(ref.name);
  if (!content) {
    return make_error(ErrorCode::secret_unavailable, content.error().message, "file:" + ref.name);
  }
  // Editors and `echo` end a file with a newline that is no part of the secret.
  if (content->ends_with('\n')) content->pop_back();
  if (content->ends_with('\r')) content->pop_back();
  if (content->empty()) {
    return make_error(ErrorCode::secret_unavailable, "the file is empty", "file:" + ref.name);
  }
  return Secret(*std::move(content));
}

}  // namespace rollcall

// Private to service/app: the commands below `rollcall okta`, by their words.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "service/app/okta_names.h"
#include "service/app/options_internal.h"
#include "service/app/wire.h"

namespace rollcall {

/// One command: `words` are what the operator types first, `arguments` what must follow.
struct OktaCommand {
  std::string_view words;
  std::string_view arguments;
  std::string_view purpose;
};

/// Reads: what Okta shows, nothing changed.
std::span<const OktaCommand> okta_read_commands();
int run_okta_read(Program& program, std::string_view words, const std::vector<std::string>& rest);

/// Writes: plans of one operation, applied at once.
std::span<const OktaCommand> okta_write_commands();
int run_okta_write(Program& program, std::string_view words, const std::vector<std::string>& rest);

/// What the rate limits are, as the org's own answers show them.
int run_okta_limits(Program& program, const std::vector<std::string>& rest);

/// Signs in once as the account of okta.sign_in_check, and out again.
int run_okta_sign_in(Program& program, const std::vector<std::string>& rest);

/// Writes the org with invented people.
int run_okta_snapshot(Program& program, const std::vector<std::string>& rest);

/// Reads the configuration and opens the org with the read credential, good for these rows too; no
/// journal.
Result<std::unique_ptr<Wired>> wire_reading(const Program& program,
                                            std::initializer_list<Endpoint> uses);

/// The arguments by name ("LOGIN"), declared as positional words of `options`.
void declare_arguments(VerbOptions& options, std::string_view arguments);
/// Their values; an error names the first that is missing. Errors: usage.
Result<std::vector<std::string>> given_arguments(const VerbOptions& options,
                                                 std::string_view arguments);

}  // namespace rollcall

// What a read of an operation's target means: before the request (confirmation) and after one whose
// fate is unknown (doubt). Pure; the table behind it is ARCHITECTURE.md section 6.
#pragma once

#include <optional>
#include <string>

#include "service/model/operation.h"
#include "service/ports/directory.h"

namespace rollcall {

/// What to do with an operation after its target was read.
enum class Verdict : std::uint8_t {
  send,        // as expected: the request may leave (for links: the journal may be written)
  done,        // already as wanted, or carried out after all
  conflict,    // the world differs from what was expected
  look_again,  // in transition: wait, read again
  not_done,    // certainly not carried out: may be sent again
  undecidable  // a read cannot tell; people must
};

struct Judgement {
  Verdict verdict = Verdict::conflict;
  std::string why;                // one sentence without personal data; empty for send
  std::optional<ErrorCode> code;  // of a conflict, or of a finding on something done
};

/// Before sending. Only for kinds with needs_confirmation().
Judgement judge_before(const Operation& op, const Observed& seen);

/// After a request that may have been executed. `not_older_than`: what a create made cannot be
/// older (server time, tolerance included); unset if unknown. Not for kinds whose repeat is safe,
/// except memberships, where Observed::member may settle it without a repeat.
Judgement judge_after(const Operation& op, const Observed& seen,
                      std::optional<WallTime> not_older_than);

/// True where an operation of this kind changes what a read of the user shows.
bool changes_user(OperationKind kind);

}  // namespace rollcall

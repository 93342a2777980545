// How an operation is stored: one JSON text that loses nothing, sealed with a key of its person.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "service/base/secret.h"
#include "service/model/operation.h"

namespace rollcall {

/// The whole operation as text; unlike the plan file it keeps types and the sensitive mark.
std::string stored_form(const Operation& op);
/// Errors: plan.unreadable.
Result<Operation> operation_from_stored(std::string_view text);

/// Seals and opens with keys derived from journal.key, one per person.
class OperationSeal {
 public:
  explicit OperationSeal(Secret key) : key_(std::move(key)) {}
  std::string close(const Operation& op, std::int64_t plan_seq) const;
  /// Errors: journal.plan_corrupt if the bytes, their place or the person are not what was sealed.
  Result<Operation> open(std::string_view sealed, std::string_view worker_key,
                         std::int64_t plan_seq, std::uint32_t operation) const;
  /// Tells one key from another without revealing either.
  Sha256 check_value() const;
  std::string_view key() const { return key_.reveal(); }

 private:
  Secret person_key(std::string_view worker_key) const;
  Secret key_;
};

}  // namespace rollcall

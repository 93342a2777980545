// Operations to requests and replies to outcomes. Pure but for the password of a new account, whose
// random bytes are drawn when its request is built.
#pragma once

#include <span>
#include <string>

#include "connectors/http/message.h"
#include "connectors/okta/endpoints.h"
#include "service/base/result.h"
#include "service/model/operation.h"
#include "service/ports/directory.h"

namespace rollcall {

/// The row of the endpoint table by which operations of a kind are sent; not for journal-only
/// kinds.
Endpoint endpoint_of(OperationKind kind);

/// The request of a host and the riders it carries. The path is built from kind and ids; of
/// `request.path` only a stated sendEmail=true counts, because the plan counted that mail.
/// A group.update replaces the whole group profile (Okta has no partial one): its changes must
/// name every field that is to stay. Riders whose group has no id are left out.
/// No headers are set. Errors: okta.target_unknown, okta.login_unaddressable.
Result<HttpRequest> encode(std::span<const Operation* const> host_and_riders);

/// The read that shows what became of an operation (ARCHITECTURE.md section 6, column "probe"):
/// by id; a create by its login; a group without id by name. Errors: as `encode`.
Result<HttpRequest> encode_probe(const Operation& operation);

/// What an exchange means for its operation: the one place that reads Okta's errors.
Outcome classify(const Operation& operation, const HttpExchange& exchange);

/// A probe's answer; `observed` is set if the target could be read, absent ones included.
Completion read_probe(const Operation& operation, const HttpExchange& exchange);

/// Okta's error shape (FACTS 12); `code` is empty if the body is of another kind (edge, HTML).
struct OktaError {
  std::string code;
  std::string summary;
  std::vector<std::string> causes;
};
OktaError read_error(std::string_view body);

/// What a failed read of the org itself means (no operation at hand).
Error read_failure(const HttpExchange& exchange, std::string_view what);

/// A password for Okta's default policy: 64 characters of all four kinds, no part of the login.
std::string random_password(std::string_view login);

}  // namespace rollcall

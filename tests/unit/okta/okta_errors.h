// The table of Okta's errors that unit and live tests go by.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "service/base/file.h"
#include "service/base/text.h"
#include "service/model/operation.h"
#include "service/ports/directory.h"
#include "tests/unit/okta/samples.h"

namespace rollcall::test {

struct OktaErrorCase {
  std::string okta;
  int status = 0;
  std::string situation;
  OperationKind kind = OperationKind::user_update;
  std::string summary, cause;
  std::string outcome;  // "failed", ...
  std::string ours;     // our code's id; "-": none, for it is done
  std::string read;     // our code's id where a read of the org meets it

  std::string name() const { return okta + " " + std::to_string(status) + ", " + situation; }
};

/// The rows of tests/unit/okta/okta_errors.tsv; empty if it cannot be read.
inline std::vector<OktaErrorCase> okta_error_cases() {
  std::vector<OktaErrorCase> out;
  const auto text =
      read_file(std::string(ROLLCALL_SOURCE_DIR) + "/tests/unit/okta/okta_errors.tsv");
  if (!text) return out;
  bool head = true;
  for (const std::string_view line : split(*text, '\n')) {
    if (line.empty() || line[0] == '#') continue;
    if (std::exchange(head, false)) continue;
    const auto cells = split(line, '\t');
    if (cells.size() != 9) return {};
    const auto cell = [&cells](std::size_t at) { return std::string(cells[at]); };
    OktaErrorCase one{cell(0), std::stoi(cell(1)),
                      cell(2), OperationKind::user_update,
                      cell(4), cell(5),
                      cell(6), cell(7),
                      cell(8)};
    const auto kind = operation_kind(cells[3]);
    if (!kind) return {};
    one.kind = *kind;
    out.push_back(std::move(one));
  }
  return out;
}

inline HttpReply reply_of(const OktaErrorCase& one) {
  return okta_error(one.status, one.okta, one.summary, one.cause);
}

inline std::string to_text(Outcome::State state) {
  static const std::map<Outcome::State, std::string> names{
      {Outcome::State::applied, "applied"},        {Outcome::State::retry, "retry"},
      {Outcome::State::failed, "failed"},          {Outcome::State::conflict, "conflict"},
      {Outcome::State::ambiguous, "ambiguous"},    {Outcome::State::unsent, "unsent"},
      {Outcome::State::refused, "refused"},        {Outcome::State::stop, "stop"},
      {Outcome::State::unavailable, "unavailable"}};
  return names.at(state);
}

/// A well-formed operation of that kind on the person and group of that number.
inline Operation operation_of(OperationKind kind, std::uint32_t number) {
  Operation out;
  out.id = number;
  out.kind = kind;
  const std::string row = "row" + std::to_string(number);
  out.subject = {"E" + row, "00u" + row, row + "@x.example"};
  out.object = {ObjectRef::Kind::group, "00g" + row, "name-" + row};
  if (kind == OperationKind::user_create) {
    out.subject.user_id.clear();
    out.object = {};
    out.credential = Credential::stage;
    out.changes = {{"login", std::nullopt, out.subject.login}};
  }
  if (kind == OperationKind::user_update) out.changes = {{"department", std::nullopt, "Sales"}};
  return out;
}

}  // namespace rollcall::test

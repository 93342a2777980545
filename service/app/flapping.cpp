#include "service/app/flapping.h"

#include <fmt/core.h>

#include <algorithm>

#include "service/base/text.h"

namespace rollcall {
namespace {

struct ComesBack {
  std::uint64_t people = 0;
  std::uint32_t runs = 0;
  const Operation* first = nullptr;
};

/// The attributes that change, or the group.
std::string what_changes(const Operation& op) {
  if (!op.object.name.empty()) return op.object.name;
  std::vector<std::string> names;
  for (const FieldChange& change : op.changes) names.push_back(change.attribute);
  return join(names, ", ");
}

}  // namespace

std::vector<Finding> flapping(std::span<const Operation> operations,
                              std::span<const Sha256> changes,
                              const std::map<Sha256, std::uint32_t>& runs) {
  std::map<std::pair<OperationKind, std::string>, ComesBack> found;
  for (std::size_t i = 0; i < operations.size(); ++i) {
    const auto known = runs.find(changes[i]);
    if (known == runs.end()) continue;
    ComesBack& one = found[{operations[i].kind, what_changes(operations[i])}];
    ++one.people;
    one.runs = std::max(one.runs, known->second);
    if (one.first == nullptr) one.first = &operations[i];
  }
  std::vector<Finding> out;
  for (const auto& [key, one] : found) {
    Finding f;
    f.severity = Severity::warning;
    f.code = info(ErrorCode::operation_flapping).id;
    f.worker_key = one.first->subject.worker_key;
    f.user_id = one.first->subject.user_id;
    const std::string what = key.second.empty() ? "" : " (" + key.second + ")";
    const std::string others =
        one.people == 1 ? ""
                        : fmt::format(" here and for {} more",
                                      with_thousands(static_cast<long long>(one.people - 1)));
    f.message = fmt::format(
        "{}{} is planned{} although {} of late applied exactly this: something undoes it",
        to_string(key.first), what, others, plural(one.runs, "run", "runs"));
    out.push_back(std::move(f));
  }
  return out;
}

}  // namespace rollcall

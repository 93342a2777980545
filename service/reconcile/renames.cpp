#include "service/reconcile/renames.h"

#include <fmt/core.h>

#include <map>

#include "service/base/text.h"

namespace rollcall {

std::vector<Finding> renamed_groups(const Reconciled& reconciled) {
  struct Leaving {
    std::uint64_t people = 0;               // who go out of the old group
    std::map<TargetRef, std::uint64_t> to;  // into a group that is yet to be made
  };
  std::map<TargetRef, Leaving> from;
  for (const PersonChange& change : reconciled.people) {
    for (const TargetRef old : change.remove_groups) {
      if (reconciled.groups[old].desired > 0) continue;
      Leaving& leaving = from[old];
      ++leaving.people;
      for (const TargetRef made : change.add_groups) {
        const GroupTarget& group = reconciled.groups[made];
        const bool fits = !group.existing && !group.refused;
        if (fits && group.rule == reconciled.groups[old].rule) ++leaving.to[made];
      }
    }
  }
  std::map<std::string, Finding> out;
  for (const auto& [old, leaving] : from) {
    for (const auto& [made, people] : leaving.to) {
      if (people < kRenamedFrom || people != leaving.people) continue;
      Finding f;
      f.severity = Severity::warning;
      f.code = info(ErrorCode::group_renamed).id;
      f.message = fmt::format(
          "all {} people of the group '{}' move to '{}', which is yet to be made; if only the name "
          "changed, rename the group in Okta first",
          with_thousands(static_cast<long long>(people)), reconciled.groups[old].name,
          reconciled.groups[made].name);
      out.emplace(reconciled.groups[old].name, std::move(f));
    }
  }
  std::vector<Finding> list;
  for (auto& [name, finding] : out) list.push_back(std::move(finding));
  return list;
}

}  // namespace rollcall

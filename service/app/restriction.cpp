#include "service/app/restriction.h"

#include <cstdint>
#include <utility>

namespace rollcall {

std::vector<Operation> restrict_to(std::vector<Operation> operations,
                                   const std::function<bool(const Operation&)>& picked) {
  std::vector<bool> keep(operations.size() + 1, false);
  for (const Operation& op : operations) {
    if (!op.subject.empty()) keep[op.id] = picked(op);
  }
  for (const Operation& op : operations) {
    if (!keep[op.id] || op.subject.empty()) continue;
    for (const std::uint32_t before : op.after) keep[before] = true;
  }
  std::vector<std::uint32_t> renumbered(operations.size() + 1, 0);
  std::uint32_t next = 0;
  for (const Operation& op : operations) {
    if (keep[op.id]) renumbered[op.id] = ++next;
  }
  std::erase_if(operations, [&](const Operation& op) { return !keep[op.id]; });
  for (Operation& op : operations) {
    op.id = renumbered[op.id];
    for (std::uint32_t& before : op.after) before = renumbered[before];
    std::erase(op.after, 0U);
    if (op.request.with != 0) op.request.with = renumbered[op.request.with];
  }
  return operations;
}

std::string shown_key(const std::string& key) {
  return key.find_first_of("@ ") == std::string::npos ? key : std::string();
}

std::vector<Finding> unknown_people(const std::set<std::string>& only,
                                    const std::set<std::string>& named, const LinkList& links) {
  std::set<std::string> unknown = only;
  for (const std::string& key : named) unknown.erase(key);
  if (!unknown.empty()) {
    for (const LinkView link : links) {
      if (link.kind == Link::Kind::user) unknown.erase(std::string(link.logical_key));
    }
  }
  std::vector<Finding> out;
  for (const std::string& key : unknown) {
    Finding f;
    f.code = info(ErrorCode::person_unknown).id;
    f.worker_key = shown_key(key);
    f.message = f.worker_key.empty() ? "named by what looks like a login, not by a worker key"
                                     : "named, but neither HR nor a link knows this key";
    out.push_back(std::move(f));
  }
  return out;
}

}  // namespace rollcall

// What --only, --where and --sample leave of a plan.
#pragma once

#include <functional>
#include <set>
#include <string>
#include <vector>

#include "service/model/link_list.h"
#include "service/model/plan.h"

namespace rollcall {

/// Keeps the picked operations on people, and those on groups that they need; renumbers.
std::vector<Operation> restrict_to(std::vector<Operation> operations,
                                   const std::function<bool(const Operation&)>& picked);

/// A key that somebody typed, for reports: empty if it looks like a login or a name, which are
/// personal.
std::string shown_key(const std::string& key);

/// Keys of --only that mean nobody: a login, or a slip. `named`: those that HR's feed has.
std::vector<Finding> unknown_people(const std::set<std::string>& only,
                                    const std::set<std::string>& named, const LinkList& links);

}  // namespace rollcall

// Who has left and can still sign in, kept from one read to the next: a read that does not count
// must not hide them. Pure.
#pragma once

#include <span>
#include <string_view>
#include <vector>

#include "service/reconcile/reconciler.h"

namespace rollcall {

/// Of a certified read: everybody HR reports as gone whose account can sign in, whether their
/// containment is planned, held or not possible. `since` is `now` for those not known before.
std::vector<KnownLeaver> leavers_of(const Reconciled& reconciled,
                                    std::span<const Operation> operations, WallTime now);

/// Those of `known` who are still linked and, by what the org shows now, can sign in.
/// `listed_whole`: an account that is not in the listing is gone; else it counts as still inside.
/// `now`: why this plan does nothing about them ("this read does not count").
std::vector<Uncontained> still_inside(std::span<const KnownLeaver> known,
                                      const AccountIndex& accounts, const LinkList& links,
                                      bool listed_whole, std::string_view now);

}  // namespace rollcall

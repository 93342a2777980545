// Operations: the only things that may change Okta. One value per line of a plan.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "service/base/json.h"
#include "service/model/account.h"

namespace rollcall {

/// Every kind of the contract that is built; to_string gives the plan's spelling.
enum class OperationKind : std::uint8_t {
  user_link,
  user_unlink,
  user_create,
  user_update,
  user_activate,
  user_reactivate,
  user_suspend,
  user_unsuspend,
  user_unlock,
  user_deactivate,
  user_delete,
  user_clear_sessions,
  user_reset_factors,
  group_link,
  group_unlink,
  group_create,
  group_update,
  group_delete,
  group_add_member,
  group_remove_member,
  // Only in plans that an operator's command makes (decision 0221):
  user_expire_password,
  user_reset_factor,
  app_assign_user,
  app_unassign_user,
  app_assign_group,
  app_unassign_group,
  group_rule_activate,
  group_rule_deactivate,
  policy_activate,
  policy_deactivate,
  policy_rule_activate,
  policy_rule_deactivate
};
inline constexpr std::size_t kOperationKinds = 32;
std::string_view to_string(OperationKind kind);  // "user.create"
std::optional<OperationKind> operation_kind(std::string_view text);

/// In this order, see ARCHITECTURE.md section 2, "Order".
enum class Priority : std::uint8_t { contain, revoke, join, move, grant, housekeep };
inline constexpr std::size_t kPriorities = 6;
/// A number for each priority, in their order.
using PriorityCounts = std::array<std::size_t, kPriorities>;
constexpr PriorityCounts for_each_priority(std::size_t n) { return {n, n, n, n, n, n}; }
inline std::size_t& at(PriorityCounts& counts, Priority priority) {
  return counts[static_cast<std::size_t>(priority)];
}
Priority priority_of(OperationKind kind);
std::string_view to_string(Priority priority);

/// True where sending twice does no harm (ARCHITECTURE.md section 6, column "repeat").
bool repeat_is_safe(OperationKind kind);
/// True where the target is read by id right before (what contains, removes, deletes or adopts).
bool needs_confirmation(OperationKind kind);
/// True for link and unlink: they change the journal only.
bool journal_only(OperationKind kind);
/// True where an operation switches a rule or a policy on or off: what a read shows as its state.
bool is_switch(OperationKind kind);
/// Of those: whether it is to be on.
bool switches_on(OperationKind kind);
/// True for assignments of apps and their end.
bool is_assignment(OperationKind kind);
/// True where something is taken from a person or a group: memberships and assignments.
bool takes_away(OperationKind kind);
/// True for what makes a shared object ours, by a create or a link: barriers between waves.
bool is_barrier(OperationKind kind);

/// The person an operation is about. `user_id` is empty until a create has run.
struct Subject {
  std::string worker_key;
  std::string user_id;
  std::string login;
  bool empty() const { return worker_key.empty() && user_id.empty() && login.empty(); }
};

/// The group, app or other object of an operation. `id` is empty until its create has run.
struct ObjectRef {
  enum class Kind : std::uint8_t { none, group, app, factor, group_rule, policy, policy_rule };
  Kind kind = Kind::none;
  std::string id;
  std::string name;
};

/// The key of an object in plans, for example "group_rule"; empty for none.
std::string_view object_key(ObjectRef::Kind kind);
/// The key of its name there: an app has a label.
std::string_view object_name_key(ObjectRef::Kind kind);

/// One field's change; nullopt is null (absent, empty). Text as in AttrType.
struct FieldChange {
  std::string attribute;
  std::optional<std::string> from;
  std::optional<std::string> to;
  AttrType type = AttrType::text;
  bool sensitive = false;
};

/// What must still hold right before the operation runs. Unset members are not checked.
struct Expect {
  std::optional<AccountStatus> status;
  std::optional<WallTime> last_updated;
};

struct Because {
  std::string source;
  std::string rule;
  // An operator's reason; personal, so kept where the operation is sealed.
  std::string note = {};
};

/// The request that carries the operation: a method and path, or `with`: it travels in that
/// operation's request. `path` keeps "{new}" for an id that a create in `after` will give.
struct RequestLine {
  std::string method;
  std::string path;
  std::uint32_t with = 0;  // 0: its own request
};

/// The kinds of credential a joiner gets (CONTRACT.md, "Joiner credentials").
enum class Credential : std::uint8_t { none, stage, invite, federated, random_password, quiet };
std::string_view to_string(Credential credential);
std::optional<Credential> credential_from(std::string_view text);

struct Operation {
  std::uint32_t id = 0;  // 1.. in plan order
  OperationKind kind = OperationKind::user_link;
  std::uint16_t wave = 0;
  std::vector<std::uint32_t> after;
  Subject subject;
  ObjectRef object;
  ObjectRef beside;  // the group that an app is assigned to; the policy that a rule belongs to
  std::vector<FieldChange> changes;
  Expect expect;
  Credential credential = Credential::none;  // creates only
  std::string reason;  // joiner, mover, leaver, absent, rehire, adopt, rule, ...
  Because because;
  RequestLine request;
  std::string held_by;  // guard limit or rule that holds it; empty: free
};

/// The operation in the contract's key order; sensitive values masked when `mask`.
Json to_json(const Operation& op, bool mask_sensitive = true);
/// Errors: plan.unreadable.
Result<Operation> operation_from_json(const Json& json);

/// The bytes that plan_id covers: canonical JSON without `held_by`, sensitive values masked.
std::string hashed_form(const Operation& op);
/// What approvals and flapping go by: digest of kind, subject, object and change; sensitive values
/// keyed with `key`.
Sha256 change_digest(const Operation& op, std::string_view key);

/// Operations in plan order, one at a time: a draft or a plan file.
class OperationCursor {
 public:
  virtual ~OperationCursor() = default;
  /// nullptr at the end. The operation is valid until the next call.
  virtual Result<const Operation*> next() = 0;
};

/// A cursor over a vector that outlives it.
class VectorCursor final : public OperationCursor {
 public:
  explicit VectorCursor(std::span<const Operation> operations) : operations_(operations) {}
  Result<const Operation*> next() override {
    if (at_ == operations_.size()) return static_cast<const Operation*>(nullptr);
    return &operations_[at_++];
  }

 private:
  std::span<const Operation> operations_;
  std::size_t at_ = 0;
};

}  // namespace rollcall

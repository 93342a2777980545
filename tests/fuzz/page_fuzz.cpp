// Any bytes as a page of Okta's: no crash, and reading it twice gives the same. The first byte
// chooses what the page is said to be.
#include <cstddef>
#include <cstdint>
#include <string>

#include "connectors/okta/page_reader.h"
#include "service/base/error.h"

namespace rollcall {
namespace {

AttrSchema profile() {
  AttrSchema schema;
  for (const char* name : {"login", "email", "department", "badges"}) schema.add({name});
  return schema;
}

std::string shown(const AccountView& account) {
  std::string out(account.id);
  out += '|';
  out += account.login;
  out += '|';
  out += to_string(account.status);
  for (AttrId id = 0; id < 4; ++id) {
    const AttrState state = account.profile.state(id);
    ROLLCALL_ASSERT(state != AttrState::unknown);  // a list shows whole profiles
    if (state == AttrState::value) out += account.profile.text(id);
  }
  return out;
}

/// Everything a reading gave, as one text.
std::string reading(PageReader& reader, std::string body, unsigned kind) {
  std::string out;
  const auto take = [&out](const AccountView& account) { out += shown(account) + "\n"; };
  switch (kind % 9) {
    case 0: {
      const auto count = reader.users(body, take);
      return out + (count ? std::to_string(*count) : describe(count.error()));
    }
    case 1: {
      const auto read = reader.user(body, take);
      return out + (read ? "read" : describe(read.error()));
    }
    case 2: {
      const auto ids = reader.ids(body);
      for (const std::string& id : ids ? *ids : std::vector<std::string>{}) {
        ROLLCALL_ASSERT(!id.empty());
        out += id + "\n";
      }
      return out;
    }
    case 3: {
      const auto groups = read_groups(body);
      for (const Group& group : groups ? *groups : std::vector<Group>{}) {
        ROLLCALL_ASSERT(!group.id.empty());
        out += group.id + group.name + std::to_string(group.user_count.value_or(0)) + "\n";
      }
      return out;
    }
    case 4: {
      const auto rules = read_rules(body);
      for (const GroupRule& rule : rules ? *rules : std::vector<GroupRule>{}) {
        out += rule.id + rule.expression + std::to_string(rule.target_groups.size()) + "\n";
      }
      return out;
    }
    case 5: {
      const auto schema = read_schema(body);
      return schema ? std::to_string(schema->attributes.size()) : describe(schema.error());
    }
    case 6: {
      const auto principal = read_principal(body);
      return principal ? principal->user_id + principal->login : describe(principal.error());
    }
    case 7: {
      const auto org = read_org_id(body);
      return org ? *org : describe(org.error());
    }
    default: {
      const auto page = read_assignees(body);
      return page ? page->next_url + std::to_string(page->user_ids.size()) : describe(page.error());
    }
  }
}

}  // namespace
}  // namespace rollcall

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  if (size < 1) return 0;
  static const rollcall::AttrSchema schema = rollcall::profile();
  static rollcall::PageReader reader(schema);  // its buffers are reused, as a listing reuses them
  const std::string body(reinterpret_cast<const char*>(bytes) + 1, size - 1);
  const std::string first = rollcall::reading(reader, body, bytes[0]);
  ROLLCALL_ASSERT(rollcall::reading(reader, body, bytes[0]) == first);
  return 0;
}

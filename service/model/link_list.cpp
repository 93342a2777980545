#include "service/model/link_list.h"

#include <limits>

#include "service/base/error.h"

namespace rollcall {

void LinkList::add(const LinkView& link) {
  ROLLCALL_ASSERT(link.okta_id.size() <= std::numeric_limits<std::uint8_t>::max());
  ROLLCALL_ASSERT(link.logical_key.size() <= std::numeric_limits<std::uint16_t>::max());
  ROLLCALL_ASSERT(bytes_.size() <= std::numeric_limits<std::uint32_t>::max());
  Entry entry;
  entry.offset = static_cast<std::uint32_t>(bytes_.size());
  entry.key_length = static_cast<std::uint16_t>(link.logical_key.size());
  entry.id_length = static_cast<std::uint8_t>(link.okta_id.size());
  entry.kind = link.kind;
  entry.released = link.released;
  bytes_ += link.okta_id;
  bytes_ += link.logical_key;
  entries_.push_back(entry);
}

void LinkList::pack() {
  bytes_.shrink_to_fit();
  entries_.shrink_to_fit();
}

LinkView LinkList::operator[](std::size_t i) const {
  const Entry& entry = entries_[i];
  const std::string_view bytes(bytes_);
  return {entry.kind, bytes.substr(entry.offset, entry.id_length),
          bytes.substr(entry.offset + entry.id_length, entry.key_length), entry.released};
}

}  // namespace rollcall

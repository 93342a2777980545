#include "service/model/record.h"

#include <cstring>

#include "service/base/error.h"

namespace rollcall {

std::string_view to_string(AttrType type) {
  switch (type) {
    case AttrType::text:
      return "string";
    case AttrType::integer:
      return "integer";
    case AttrType::number:
      return "number";
    case AttrType::boolean:
      return "boolean";
    case AttrType::text_array:
      return "array of strings";
    case AttrType::number_array:
      return "array of numbers";
  }
  return "string";
}

AttrId AttrSchema::add(AttrDef def) {
  if (const auto found = find(def.name)) return *found;
  ROLLCALL_ASSERT(defs_.size() < 65535);
  const auto id = static_cast<AttrId>(defs_.size());
  ids_.emplace(def.name, id);
  defs_.push_back(std::move(def));
  return id;
}

std::optional<AttrId> AttrSchema::find(std::string_view name) const {
  const auto found = ids_.find(name);
  if (found == ids_.end()) return std::nullopt;
  return found->second;
}

std::uint32_t RecordView::entry(AttrId id) const {
  std::uint32_t e = 0;
  std::memcpy(&e, block_ + std::size_t{id} * 4, 4);
  return e;
}

std::string_view RecordView::text(AttrId id) const {
  if (id >= count_) return {};
  const std::uint32_t start = id == 0 ? 0 : entry(static_cast<AttrId>(id - 1)) & kEndMask;
  const std::uint32_t end = entry(id) & kEndMask;
  return {block_ + count_ * 4 + start, end - start};
}

std::optional<std::string_view> RecordView::value(AttrId id) const {
  if (state(id) != AttrState::value) return std::nullopt;
  return text(id);
}

std::size_t RecordView::bytes() const {
  if (count_ == 0) return 0;
  return count_ * 4 + (entry(static_cast<AttrId>(count_ - 1)) & kEndMask);
}

Digest128 RecordView::digest(const AttrMask& managed) const {
  std::string bytes_of_all;
  for (std::size_t i = 0; i < count_; ++i) {
    const auto id = static_cast<AttrId>(i);
    if (!managed.has(id)) continue;
    bytes_of_all += static_cast<char>('0' + static_cast<int>(state(id)));
    const auto length = static_cast<std::uint32_t>(text(id).size());
    bytes_of_all.append(reinterpret_cast<const char*>(&length), sizeof length);
    bytes_of_all += text(id);
  }
  return fast_digest(bytes_of_all);
}

void Record::reset(std::size_t attributes) {
  slots_.assign(attributes, Slot{});
  text_.clear();
}

void Record::clear() { reset(slots_.size()); }

void Record::set(AttrId id, std::string_view text) {
  ROLLCALL_ASSERT(id < slots_.size());
  slots_[id] = {static_cast<std::uint32_t>(text_.size()), static_cast<std::uint32_t>(text.size()),
                AttrState::value};
  text_ += text;
  ROLLCALL_ASSERT(text_.size() < RecordView::kEndMask);
}

void Record::set_cleared(AttrId id) {
  ROLLCALL_ASSERT(id < slots_.size());
  slots_[id] = {0, 0, AttrState::cleared};
}

void Record::set_unknown(AttrId id) {
  ROLLCALL_ASSERT(id < slots_.size());
  slots_[id] = {};
}

std::string_view Record::text(AttrId id) const {
  const Slot& slot = slots_[id];
  return std::string_view(text_).substr(slot.offset, slot.length);
}

RecordView Record::view() const {
  packed_.resize(slots_.size() * 4);
  std::uint32_t end = 0;
  bool in_order = true;  // filled from first to last, nothing twice: the texts lie as they must
  for (std::size_t i = 0; i < slots_.size(); ++i) {
    const Slot& slot = slots_[i];
    in_order = in_order && (slot.length == 0 || slot.offset == end);
    end += slot.length;
    const std::uint32_t entry = end | static_cast<std::uint32_t>(slot.state) << 30;
    std::memcpy(packed_.data() + i * 4, &entry, 4);
  }
  if (in_order) {
    packed_.append(text_, 0, end);
  } else {
    for (const Slot& slot : slots_) packed_.append(text_, slot.offset, slot.length);
  }
  return {packed_.data(), slots_.size()};
}

}  // namespace rollcall

// Packed records: the attributes of one person or account in one block of bytes. A Record is built
// and reused; a RecordView looks at a Record or at the snapshot's arena.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "service/base/digest.h"

namespace rollcall {

/// How an attribute's text is to be read. Values travel as text in every room: a boolean is "true"
/// or "false", an integer its decimal digits, a number its JSON text, an array its JSON text.
enum class AttrType : std::uint8_t { text, integer, number, boolean, text_array, number_array };
std::string_view to_string(AttrType type);

/// Unknown (nobody reported it: leave Okta alone), cleared (known to be empty), value.
enum class AttrState : std::uint8_t { unknown = 0, cleared = 1, value = 2 };

/// Index of an attribute within one AttrSchema.
using AttrId = std::uint16_t;

struct AttrDef {
  std::string name;
  AttrType type = AttrType::text;
  bool sensitive = false;  // shown as "(sensitive)" in plans, reports and logs
};

/// The names and types of a record's attributes, fixed for a run: one for HR columns (`hr.*`), one
/// for Okta profile attributes (`user.*`). Ids are dense and in order of adding.
class AttrSchema {
 public:
  /// Adds, or returns the id of an attribute already there (its definition then stays).
  AttrId add(AttrDef def);
  std::optional<AttrId> find(std::string_view name) const;
  const AttrDef& at(AttrId id) const { return defs_[id]; }
  AttrDef& at(AttrId id) { return defs_[id]; }
  std::size_t size() const { return defs_.size(); }

 private:
  struct Hash {
    using is_transparent = void;
    std::size_t operator()(std::string_view text) const { return fast_hash(text); }
  };
  std::vector<AttrDef> defs_;
  std::unordered_map<std::string, AttrId, Hash, std::equal_to<>> ids_;
};

/// A set of attributes of one schema.
class AttrMask {
 public:
  explicit AttrMask(std::size_t size = 0, bool all = false) : bits_(size, all) {}
  void set(AttrId id, bool on = true) { bits_[id] = on; }
  bool has(AttrId id) const { return id < bits_.size() && bits_[id]; }
  std::size_t size() const { return bits_.size(); }

 private:
  std::vector<bool> bits_;
};

/// A packed record: `count` entries of 4 bytes (state in the top two bits, below it the end offset
/// of the text), then the texts. Valid while its owner is unchanged. Copying copies a pointer.
class RecordView {
 public:
  RecordView() = default;
  RecordView(const char* block, std::size_t count) : block_(block), count_(count) {}

  std::size_t size() const { return count_; }
  AttrState state(AttrId id) const {
    return id < count_ ? static_cast<AttrState>(entry(id) >> 30) : AttrState::unknown;
  }
  /// Empty unless the state is value.
  std::string_view text(AttrId id) const;
  /// Value as text, or nullopt if cleared or unknown.
  std::optional<std::string_view> value(AttrId id) const;
  /// Digest over the attributes in the mask, states included.
  Digest128 digest(const AttrMask& managed) const;
  std::size_t bytes() const;
  const char* block() const { return block_; }

  static constexpr std::uint32_t kEndMask = (1U << 30) - 1;

 private:
  std::uint32_t entry(AttrId id) const;
  const char* block_ = nullptr;
  std::size_t count_ = 0;
};

/// A record under construction, one buffer reused for record after record.
class Record {
 public:
  explicit Record(std::size_t attributes = 0) { reset(attributes); }
  /// All attributes unknown.
  void reset(std::size_t attributes);
  void clear();
  void set(AttrId id, std::string_view text);
  void set_cleared(AttrId id);
  void set_unknown(AttrId id);
  AttrState state(AttrId id) const { return slots_[id].state; }
  std::string_view text(AttrId id) const;
  std::size_t size() const { return slots_.size(); }
  /// Packs; the view is valid until the next change.
  RecordView view() const;

 private:
  struct Slot {
    std::uint32_t offset = 0;
    std::uint32_t length = 0;
    AttrState state = AttrState::unknown;
  };
  std::string text_;
  std::vector<Slot> slots_;
  mutable std::string packed_;
};

}  // namespace rollcall

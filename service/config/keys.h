// The table of keys as values (keys.def), and the same table as a tree that follows the paths.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace rollcall::config {

enum class KeyType : std::uint8_t {
  section,       // map of keys
  section_list,  // list of maps
  text,
  text_list,
  choice,
  choice_list,
  count,
  percent,
  duration,  // number and unit s, m, h or d; kept in milliseconds
  days,      // number and unit d; kept in days
  flag,
  path,
  regex,
  zone,
  https_url,
  encoding,
  delimiter,
  secret,  // {env: NAME} or {file: PATH}
  expression,
  user_attribute,  // user.NAME
  mapping,         // an expression, or a map of a mode and an expression
  empty_list,      // named in the contract, not built: only [] is taken
  not_built        // named in the contract, not built: refused
};

enum class Need : std::uint8_t { required, stated, optional };

struct KeySpec {
  std::string_view path;
  KeyType type;
  Need need;
  std::string_view fallback;  // as it would be written; "" = none
  std::string_view allowed;
  std::string_view unit;
  std::string_view doc;
};

std::span<const KeySpec> key_table();

/// One key with the keys below it. `any` stands for every name, `element` for a list's element.
struct KeyNode {
  std::string name;
  const KeySpec* spec = nullptr;
  std::vector<KeyNode> children;
  std::unique_ptr<KeyNode> any;
  std::unique_ptr<KeyNode> element;

  const KeyNode* child(std::string_view key) const;
  /// Names that may be written here: what is not built is not among them.
  std::vector<std::string> names() const;
};
KeyNode key_tree();

/// Choices of `allowed`, apart from those not available in this version.
std::vector<std::string> choices(const KeySpec& spec);
std::vector<std::string> unavailable_choices(const KeySpec& spec);
/// Both ends of `low..high` as written; empty if the key has none.
struct Range {
  std::string low, high;
  bool empty() const { return low.empty(); }
};
Range range_of(const KeySpec& spec);

/// The environment variable that overrides a key, ROLLCALL_RUN_MAX_MINUTES; "" if none does: only
/// keys with one plain value, outside lists, that are neither secrets nor rules.
std::string environment_name(const KeySpec& spec);

}  // namespace rollcall::config

#include "service/config/keys.h"

#include <array>

#include "service/base/error.h"
#include "service/base/text.h"

namespace rollcall::config {
namespace {

constexpr std::array kKeys{
#define ROLLCALL_KEY(path, type, need, fallback, allowed, unit, doc) \
  KeySpec{path, KeyType::type, Need::need, fallback, allowed, unit, doc},
#include "service/config/keys.def"
#undef ROLLCALL_KEY
};

/// The child for one segment of a path: `name`, `name[]` (then its element) or `*`.
KeyNode& descend(KeyNode& node, std::string_view segment) {
  const bool element = segment.ends_with("[]");
  if (element) segment.remove_suffix(2);
  KeyNode* child = nullptr;
  if (segment == "*") {
    if (!node.any) node.any = std::make_unique<KeyNode>();
    child = node.any.get();
  } else {
    for (KeyNode& existing : node.children) {
      if (existing.name == segment) child = &existing;
    }
    if (child == nullptr) child = &node.children.emplace_back();
  }
  child->name = segment;
  if (!element) return *child;
  if (!child->element) child->element = std::make_unique<KeyNode>();
  return *child->element;
}

std::vector<std::string> pick_choices(const KeySpec& spec, bool available) {
  std::vector<std::string> out;
  for (std::string_view word : split(spec.allowed, ' ')) {
    if (word.empty() || word.starts_with('-') == available) continue;
    if (!available) word.remove_prefix(1);
    out.emplace_back(word);
  }
  return out;
}

bool has_one_plain_value(KeyType type) {
  switch (type) {
    case KeyType::text:
    case KeyType::choice:
    case KeyType::count:
    case KeyType::percent:
    case KeyType::duration:
    case KeyType::days:
    case KeyType::flag:
    case KeyType::path:
    case KeyType::zone:
    case KeyType::https_url:
      return true;
    default:
      return false;
  }
}

}  // namespace

std::span<const KeySpec> key_table() { return kKeys; }

const KeyNode* KeyNode::child(std::string_view key) const {
  for (const KeyNode& node : children) {
    if (node.name == key) return &node;
  }
  return any.get();
}

std::vector<std::string> KeyNode::names() const {
  std::vector<std::string> out;
  for (const KeyNode& node : children) {
    if (node.spec->type != KeyType::not_built) out.push_back(node.name);
  }
  return out;
}

KeyNode key_tree() {
  KeyNode root;
  for (const KeySpec& spec : kKeys) {
    KeyNode* node = &root;
    for (const std::string_view segment : split(spec.path, '.')) node = &descend(*node, segment);
    ROLLCALL_ASSERT(node->spec == nullptr);
    node->spec = &spec;
  }
  return root;
}

std::vector<std::string> choices(const KeySpec& spec) { return pick_choices(spec, true); }

std::vector<std::string> unavailable_choices(const KeySpec& spec) {
  return pick_choices(spec, false);
}

Range range_of(const KeySpec& spec) {
  const std::size_t dots = spec.allowed.find("..");
  if (dots == std::string_view::npos) return {};
  return {std::string(spec.allowed.substr(0, dots)), std::string(spec.allowed.substr(dots + 2))};
}

std::string environment_name(const KeySpec& spec) {
  // Images like to state their own ROLLCALL_VERSION; it is never this file's.
  if (!has_one_plain_value(spec.type) || spec.path == "version") return {};
  if (spec.path.find_first_of("*[") != std::string_view::npos) return {};
  return "ROLLCALL_" + replace_all(to_upper(spec.path), ".", "_");
}

}  // namespace rollcall::config

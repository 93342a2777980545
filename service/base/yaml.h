// YAML with places: every node knows its line and column; scalars stay text. Duplicate keys,
// anchors, aliases, tags and tabs are refused, because in a configuration they hide mistakes.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "service/base/error.h"

namespace rollcall {

struct YamlPlace {
  int line = 0;    // 1-based
  int column = 0;  // 1-based
};

/// One node. A missing value (`key:`) is a null.
struct YamlNode {
  enum class Kind { null, scalar, list, map };
  struct Entry;
  Kind kind = Kind::null;
  YamlPlace place;
  std::string scalar;   // text as written
  bool quoted = false;  // 'x' or "x": never read as a list, number or null
  std::vector<YamlNode> list;
  std::vector<Entry> map;  // in file order

  const YamlNode* find(std::string_view key) const;
};

struct YamlNode::Entry {
  std::string key;
  YamlPlace place;
  YamlNode value;
};

struct YamlProblem {
  /// `refused`: anchors, aliases, tags, keys that are no words, a second document.
  enum class Kind { syntax, duplicate_key, refused };
  YamlPlace place;
  std::string message;
  Kind kind = Kind::syntax;
};

/// Parses one document. All problems that leave the structure readable are collected; a syntax
/// error ends the reading with one problem. Without one `root` holds all that was readable (of
/// duplicate keys the first), so that its other mistakes can be found too.
void parse_yaml(std::string_view text, YamlNode& root, std::vector<YamlProblem>& problems);

}  // namespace rollcall

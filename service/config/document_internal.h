// The configuration files as one tree: overlays merged, every node knowing the file it came from.
#pragma once

#include <cstddef>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "service/base/yaml.h"
#include "service/config/keys.h"
#include "service/config/settings.h"

namespace rollcall::config {

/// Where values come from: a file, or one environment variable.
struct Origin {
  std::string name;    // as the user named it; "environment:NAME"
  std::string folder;  // what relative paths start from
  std::string text;    // files only
};

struct Place {
  std::size_t origin = 0;
  int line = 1;
  int column = 1;
};

struct ConfigNode {
  struct Entry;
  YamlNode::Kind kind = YamlNode::Kind::null;
  Place place;
  std::string scalar;
  std::vector<ConfigNode> list;
  std::vector<Entry> map;

  const ConfigNode* find(std::string_view key) const;
};
struct ConfigNode::Entry {
  std::string key;
  Place place;
  ConfigNode value;
};

/// Collects problems; the place becomes text when one is added.
class Problems {
 public:
  explicit Problems(std::vector<ConfigProblem>& out) : out_(out) {}
  void add(ErrorCode code, const Place& place, std::string path, std::string message,
           std::string suggestion = {});
  /// In the order of files and places, as a reader meets them.
  void sort();
  std::size_t size() const { return out_.size(); }

  std::vector<Origin> origins;

 private:
  std::vector<ConfigProblem>& out_;
  std::vector<Place> places_;
};

/// Reads and merges; false if a file is unreadable or no YAML, so that nothing more can be said.
bool load_document(const ConfigInputs& inputs, const KeyNode& keys, ConfigNode& root,
                   Problems& problems);

/// The place of the byte `offset` of a scalar's value, counted in its source text; the scalar's own
/// place where escapes make that unclear.
Place place_inside(const Origin& origin, const ConfigNode& scalar, std::size_t offset);

/// `path` from the folder of the origin, absolute and without dots.
std::string resolve_path(const Origin& origin, std::string_view path);

}  // namespace rollcall::config

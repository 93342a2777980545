#include <fmt/core.h>

#include <algorithm>
#include <filesystem>
#include <numeric>
#include <tuple>

#include "service/base/file.h"
#include "service/base/text.h"
#include "service/config/document_internal.h"

namespace rollcall::config {
namespace {

namespace fs = std::filesystem;

std::string folder_of(const std::string& file) {
  std::error_code failed;
  const fs::path absolute = fs::absolute(file, failed);
  return failed ? "." : absolute.parent_path().string();
}

Place at(std::size_t origin, const YamlPlace& place) { return {origin, place.line, place.column}; }

ConfigNode convert(const YamlNode& yaml, std::size_t origin) {
  ConfigNode node;
  node.kind = yaml.kind;
  node.place = at(origin, yaml.place);
  node.scalar = yaml.scalar;
  for (const YamlNode& element : yaml.list) node.list.push_back(convert(element, origin));
  for (const YamlNode::Entry& entry : yaml.map) {
    node.map.push_back({entry.key, at(origin, entry.place), convert(entry.value, origin)});
  }
  return node;
}

ErrorCode code_of(YamlProblem::Kind kind) {
  return kind == YamlProblem::Kind::duplicate_key ? ErrorCode::config_duplicate_key
                                                  : ErrorCode::config_syntax;
}

/// Reads one file into `node`; false if nothing can be said about what it holds.
bool load_file(const std::string& file, ConfigNode& node, Problems& problems) {
  const std::size_t origin = problems.origins.size();
  problems.origins.push_back({file, folder_of(file), {}});
  Result<std::string> text = read_file(file);
  if (!text) {
    problems.add(ErrorCode::config_unreadable, {origin, 0, 0}, "", text.error().message);
    return false;
  }
  if (!is_valid_utf8(*text)) {
    problems.add(ErrorCode::config_syntax, {origin, 0, 0}, "", "the file is not UTF-8 text");
    return false;
  }
  problems.origins[origin].text = *std::move(text);
  YamlNode root;
  std::vector<YamlProblem> found;
  parse_yaml(problems.origins[origin].text, root, found);
  bool readable = true;
  for (const YamlProblem& problem : found) {
    if (problem.kind == YamlProblem::Kind::syntax) readable = false;
    problems.add(code_of(problem.kind), at(origin, problem.place), "", problem.message);
  }
  if (!readable) return false;
  node = convert(root, origin);
  if (node.kind == YamlNode::Kind::null) {
    node.kind = YamlNode::Kind::map;
    node.place = {origin, 1, 1};
  }
  return true;
}

/// Two forms of one value, such as {env: A} and {file: B}, must not be mixed by an overlay.
bool merges(const KeyNode* key) {
  if (key == nullptr || key->spec == nullptr) return true;
  return key->spec->type != KeyType::secret && key->spec->type != KeyType::mapping;
}

void merge(ConfigNode& base, ConfigNode over, const KeyNode* key) {
  const bool maps = base.kind == YamlNode::Kind::map && over.kind == YamlNode::Kind::map;
  if (!maps || !merges(key)) {
    base = std::move(over);
    return;
  }
  for (ConfigNode::Entry& entry : over.map) {
    const auto same = [&](const ConfigNode::Entry& e) { return e.key == entry.key; };
    const auto found = std::find_if(base.map.begin(), base.map.end(), same);
    if (found == base.map.end()) {
      base.map.push_back(std::move(entry));
      continue;
    }
    found->place = entry.place;
    merge(found->value, std::move(entry.value), key == nullptr ? nullptr : key->child(entry.key));
  }
}

/// Puts a scalar at a dotted path, making the maps on the way.
ConfigNode at_path(std::string_view path, std::string value, const Place& place) {
  ConfigNode node;
  node.place = place;
  if (path.empty()) {
    node.kind = YamlNode::Kind::scalar;
    node.scalar = std::move(value);
    return node;
  }
  const std::size_t dot = std::min(path.find('.'), path.size());
  const std::string_view rest = path.substr(std::min(dot + 1, path.size()));
  node.kind = YamlNode::Kind::map;
  node.map.push_back(
      {std::string(path.substr(0, dot)), place, at_path(rest, std::move(value), place)});
  return node;
}

void merge_environment(const ConfigInputs& inputs, const KeyNode& keys, ConfigNode& root,
                       Problems& problems) {
  for (const KeySpec& spec : key_table()) {
    const std::string name = environment_name(spec);
    if (name.empty()) continue;
    const auto found = inputs.environment.find(name);
    if (found == inputs.environment.end() || found->second.empty()) continue;
    const std::size_t origin = problems.origins.size();
    std::error_code failed;
    problems.origins.push_back({"environment:" + name, fs::current_path(failed).string(), {}});
    merge(root, at_path(spec.path, found->second, {origin, 0, 0}), &keys);
  }
}

}  // namespace

const ConfigNode* ConfigNode::find(std::string_view key) const {
  for (const Entry& entry : map) {
    if (entry.key == key) return &entry.value;
  }
  return nullptr;
}

void Problems::add(ErrorCode code, const Place& place, std::string path, std::string message,
                   std::string suggestion) {
  std::string where = origins.empty() ? std::string() : origins.at(place.origin).name;
  if (place.line > 0) where += fmt::format(":{}:{}", place.line, place.column);
  out_.push_back({make_error(code, std::move(message), std::move(where)), std::move(path),
                  std::move(suggestion)});
  places_.push_back(place);
}

void Problems::sort() {
  std::vector<std::size_t> order(out_.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  const auto key = [&](std::size_t i) {
    return std::tie(places_[i].origin, places_[i].line, places_[i].column, out_[i].path);
  };
  std::stable_sort(order.begin(), order.end(),
                   [&](std::size_t a, std::size_t b) { return key(a) < key(b); });
  std::vector<ConfigProblem> sorted;
  std::vector<Place> places;
  for (const std::size_t i : order) {
    sorted.push_back(std::move(out_[i]));
    places.push_back(places_[i]);
  }
  out_ = std::move(sorted);
  places_ = std::move(places);
}

bool load_document(const ConfigInputs& inputs, const KeyNode& keys, ConfigNode& root,
                   Problems& problems) {
  if (inputs.files.empty()) {
    problems.add(ErrorCode::config_unreadable, {}, "", "no configuration file is named");
    return false;
  }
  bool readable = true;
  bool first = true;
  for (const std::string& file : inputs.files) {
    ConfigNode node;
    if (!load_file(file, node, problems)) {
      readable = false;
      continue;
    }
    if (first) {
      root = std::move(node);
    } else {
      merge(root, std::move(node), &keys);
    }
    first = false;
  }
  if (readable) merge_environment(inputs, keys, root, problems);
  return readable;
}

std::string resolve_path(const Origin& origin, std::string_view path) {
  return (fs::path(origin.folder) / fs::path(path)).lexically_normal().string();
}

}  // namespace rollcall::config

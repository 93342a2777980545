// Walks the configuration along the table of keys and reports everything that does not fit it.
#include <fmt/core.h>

#include "service/base/text.h"
#include "service/config/values_internal.h"

namespace rollcall::config {
namespace {

using Kind = YamlNode::Kind;

class Validator {
 public:
  Validator(Values& values, Problems& problems) : values_(values), problems_(problems) {}

  void section(const KeyNode& key, const ConfigNode& node, const Place& place,
               const std::string& path) {
    for (const ConfigNode::Entry& entry : node.map) {
      const KeyNode* child = key.child(entry.key);
      const std::string child_path = below(path, entry.key);
      if (child == nullptr) {
        unknown(key, entry, child_path);
      } else {
        value(*child, entry.value, entry.place, child_path);
      }
    }
    for (const KeyNode& child : key.children) absent(child, node, place, path);
  }

 private:
  void value(const KeyNode& key, const ConfigNode& node, const Place& place,
             const std::string& path) {
    const KeySpec& spec = *key.spec;
    values_.set_written(path, nullptr, place);
    if (spec.type == KeyType::not_built) {
      problems_.add(ErrorCode::config_not_available, place, path,
                    fmt::format("`{}` is not available in this version", path));
      return;
    }
    if (node.kind == Kind::null) {
      problems_.add(ErrorCode::config_wrong_type, place, path,
                    fmt::format("`{}` has no value", path), "write a value, or leave the key out");
      return;
    }
    switch (spec.type) {
      case KeyType::section:
        if (!wanted(node, Kind::map, "a map of keys", path)) return;
        values_.set_written(path, &node, place);
        section(key, node, place, path);
        return;
      case KeyType::section_list:
        list(key, node, place, path);
        return;
      case KeyType::mapping:
        mapping(key, node, place, path);
        return;
      case KeyType::empty_list:
        if (node.kind == Kind::list && node.list.empty()) return;
        problems_.add(ErrorCode::config_not_available, place, path,
                      fmt::format("`{}` is not available in this version", path),
                      "leave it out, or write []");
        return;
      default:
        plain(spec, node, place, path);
    }
  }

  void plain(const KeySpec& spec, const ConfigNode& node, const Place& place,
             const std::string& path) {
    Converted converted;
    const Origin& origin = problems_.origins.at(node.place.origin);
    const std::vector<Misfit> misfits = convert_value(spec, node, origin, converted);
    for (const Misfit& misfit : misfits) {
      problems_.add(misfit.code, misfit.place, path, misfit.message, misfit.suggestion);
    }
    if (misfits.empty()) values_.set_written(path, &node, place);
    // What fits of `users.manage` decides what else must be stated.
    const bool is_list = spec.type == KeyType::choice_list || spec.type == KeyType::text_list;
    if (misfits.empty() || is_list) values_.set(path, std::move(converted));
  }

  void list(const KeyNode& key, const ConfigNode& node, const Place& place,
            const std::string& path) {
    if (!wanted(node, Kind::list, "a list", path)) return;
    values_.set_written(path, &node, place);
    for (std::size_t i = 0; i < node.list.size(); ++i) {
      const ConfigNode& item = node.list[i];
      const std::string item_path = element(path, i);
      values_.set_written(item_path, nullptr, item.place);
      if (!wanted(item, Kind::map, "a map of keys", item_path)) continue;
      values_.set_written(item_path, &item, item.place);
      section(*key.element, item, item.place, item_path);
    }
  }

  void mapping(const KeyNode& key, const ConfigNode& node, const Place& place,
               const std::string& path) {
    if (node.kind == Kind::map) {
      values_.set_written(path, &node, place);
      section(key, node, place, path);
      return;
    }
    plain(*key.spec, node, place, path);
  }

  bool wanted(const ConfigNode& node, Kind kind, std::string_view what, const std::string& path) {
    if (node.kind == kind) return true;
    problems_.add(ErrorCode::config_wrong_type, node.place, path,
                  fmt::format("`{}` takes {}", path, what));
    return false;
  }

  void unknown(const KeyNode& key, const ConfigNode::Entry& entry, const std::string& path) {
    const std::vector<std::string> names = key.names();
    const std::optional<std::string> near = nearest(entry.key, names);
    problems_.add(ErrorCode::config_unknown_key, entry.place, path,
                  fmt::format("there is no key `{}`", path),
                  near ? fmt::format("did you mean '{}'?", *near)
                       : fmt::format("keys here: {}", join(names, ", ")));
  }

  /// A key that was not written: a mistake if it is needed, else its default, and those below it.
  void absent(const KeyNode& key, const ConfigNode& parent, const Place& place,
              const std::string& parent_path) {
    if (parent.find(key.name) != nullptr) return;
    const std::string path = below(parent_path, key.name);
    if (key.spec->need == Need::required) {
      problems_.add(ErrorCode::config_missing_key, place, path,
                    fmt::format("`{}` is missing", path), std::string(key.spec->doc));
    }
    defaults(key, path);
  }

  void defaults(const KeyNode& key, const std::string& path) {
    if (!key.spec->fallback.empty()) {
      ConfigNode node;
      node.kind = Kind::scalar;
      node.scalar = key.spec->fallback;
      Converted converted;
      const bool fits = convert_value(*key.spec, node, Origin{}, converted).empty();
      ROLLCALL_ASSERT(fits);
      values_.set(path, std::move(converted));
    }
    for (const KeyNode& child : key.children) defaults(child, below(path, child.name));
  }

  Values& values_;
  Problems& problems_;
};

}  // namespace

bool Values::has(std::string_view path) const { return written_.contains(path); }

const ConfigNode* Values::node(std::string_view path) const {
  const auto found = written_.find(path);
  return found == written_.end() ? nullptr : found->second.node;
}

Place Values::place(std::string_view path) const {
  while (true) {
    if (const auto found = written_.find(path); found != written_.end()) return found->second.place;
    const std::size_t cut = path.find_last_of(".[");
    if (cut == std::string_view::npos) return Place{};
    path = path.substr(0, cut);
  }
}

std::size_t Values::count(std::string_view path) const {
  const ConfigNode* list = node(path);
  return list == nullptr ? 0 : list->list.size();
}

void Values::set_written(std::string path, const ConfigNode* node, const Place& place) {
  written_[std::move(path)] = {node, place};
}

const Converted& Values::at(std::string_view path) const {
  const auto found = known_.find(path);
  return found == known_.end() ? nothing_ : found->second;
}

void validate(const ConfigNode& root, const KeyNode& keys, Values& values, Problems& problems) {
  Validator validator(values, problems);
  if (root.kind != Kind::map) {
    problems.add(ErrorCode::config_wrong_type, root.place, "",
                 "a map of keys is wanted, such as `version: 1`");
    return;
  }
  const Place top{root.place.origin, 1, 1};
  validator.section(keys, root, top, "");
}

std::string below(std::string_view path, std::string_view key) {
  return path.empty() ? std::string(key) : fmt::format("{}.{}", path, key);
}

std::string element(std::string_view path, std::size_t index) {
  return fmt::format("{}[{}]", path, index);
}

}  // namespace rollcall::config

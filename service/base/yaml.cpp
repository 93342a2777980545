#include "service/base/yaml.h"

#include <fmt/core.h>
#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/parser.h>

#include <sstream>

namespace rollcall {
namespace {

constexpr auto kRefused = YamlProblem::Kind::refused;

/// Builds the tree from yaml-cpp's events; its node API forgets duplicate keys.
class TreeBuilder final : public YAML::EventHandler {
 public:
  TreeBuilder(YamlNode& root, std::vector<YamlProblem>& problems)
      : root_(root), problems_(problems) {}

  void OnDocumentStart(const YAML::Mark&) override {}
  void OnDocumentEnd() override {}
  void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    refuse_anchor(mark, anchor);
    YamlNode node;
    node.place = at(mark);
    place(std::move(node));
  }
  void OnAlias(const YAML::Mark& mark, YAML::anchor_t) override {
    problems_.push_back({at(mark), "aliases (*name) are not allowed", kRefused});
    YamlNode node;
    node.place = at(mark);
    place(std::move(node));
  }
  void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                const std::string& value) override {
    refuse_anchor(mark, anchor);
    refuse_tag(mark, tag);
    YamlNode node;
    node.kind = YamlNode::Kind::scalar;
    node.place = at(mark);
    node.scalar = value;
    node.quoted = tag == "!";
    // A plain ~ or null is a missing value; yaml-cpp hands the word through.
    if (!node.quoted && (value == "~" || value == "null")) node.kind = YamlNode::Kind::null;
    place(std::move(node));
  }
  void OnSequenceStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                       YAML::EmitterStyle::value) override {
    open(mark, tag, anchor, YamlNode::Kind::list);
  }
  void OnSequenceEnd() override { close(); }
  void OnMapStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                  YAML::EmitterStyle::value) override {
    open(mark, tag, anchor, YamlNode::Kind::map);
  }
  void OnMapEnd() override { close(); }

 private:
  struct Level {
    YamlNode node;
    bool has_key = false;
    std::string key;
    YamlPlace key_place;
  };

  static YamlPlace at(const YAML::Mark& mark) { return {mark.line + 1, mark.column + 1}; }

  void refuse_anchor(const YAML::Mark& mark, YAML::anchor_t anchor) {
    if (anchor != 0) problems_.push_back({at(mark), "anchors (&name) are not allowed", kRefused});
  }
  void refuse_tag(const YAML::Mark& mark, const std::string& tag) {
    if (tag.size() > 1 && tag != "?")
      problems_.push_back({at(mark), "tags (!name) are not allowed", kRefused});
  }
  void open(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
            YamlNode::Kind kind) {
    refuse_anchor(mark, anchor);
    refuse_tag(mark, tag);
    Level level;
    level.node.kind = kind;
    level.node.place = at(mark);
    levels_.push_back(std::move(level));
  }
  void close() {
    YamlNode node = std::move(levels_.back().node);
    levels_.pop_back();
    place(std::move(node));
  }
  void place(YamlNode node) {
    if (levels_.empty()) {
      root_ = std::move(node);
      return;
    }
    Level& level = levels_.back();
    if (level.node.kind == YamlNode::Kind::list) {
      level.node.list.push_back(std::move(node));
      return;
    }
    if (!level.has_key) {
      if (node.kind == YamlNode::Kind::list || node.kind == YamlNode::Kind::map) {
        problems_.push_back({node.place, "a key must be a word", kRefused});
      }
      level.has_key = true;
      level.key = node.scalar;
      level.key_place = node.place;
      return;
    }
    level.has_key = false;
    for (const YamlNode::Entry& first : level.node.map) {
      if (first.key != level.key) continue;
      problems_.push_back({level.key_place,
                           fmt::format("the key '{}' stands here twice, first on line {}",
                                       level.key, first.place.line),
                           YamlProblem::Kind::duplicate_key});
      return;
    }
    level.node.map.push_back({level.key, level.key_place, std::move(node)});
  }

  YamlNode& root_;
  std::vector<YamlProblem>& problems_;
  std::vector<Level> levels_;
};

/// Tabs in the indentation are a classic trap; yaml-cpp's own message does not name them.
bool find_tab(std::string_view text, YamlPlace& place) {
  int line = 1;
  int column = 1;
  bool indent = true;
  for (const char c : text) {
    if (c == '\n') {
      ++line;
      column = 1;
      indent = true;
      continue;
    }
    if (c == '\t' && indent) {
      place = {line, column};
      return true;
    }
    if (c != ' ') indent = false;
    ++column;
  }
  return false;
}

}  // namespace

const YamlNode* YamlNode::find(std::string_view key) const {
  for (const Entry& entry : map) {
    if (entry.key == key) return &entry.value;
  }
  return nullptr;
}

void parse_yaml(std::string_view text, YamlNode& root, std::vector<YamlProblem>& problems) {
  if (YamlPlace place; find_tab(text, place)) {
    problems.push_back({place, "a tab stands in the indentation; use spaces"});
    return;
  }
  std::istringstream in{std::string(text)};
  TreeBuilder builder(root, problems);
  try {
    YAML::Parser parser(in);
    if (!parser.HandleNextDocument(builder)) {
      root = YamlNode{};
      return;
    }
    YamlNode second;
    TreeBuilder rest(second, problems);
    if (parser.HandleNextDocument(rest)) {
      problems.push_back({second.place, "the file holds more than one document", kRefused});
    }
  } catch (const YAML::Exception& e) {
    problems.push_back({{e.mark.line + 1, e.mark.column + 1}, "not valid YAML: " + e.msg});
  }
}

}  // namespace rollcall

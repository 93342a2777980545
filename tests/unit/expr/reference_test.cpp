// config/expressions.md is what engineers read: each of its examples must give what it says, and
// no function may be missing.
#include <fstream>
#include <set>

#include "service/base/text.h"
#include "service/expr/functions_internal.h"
#include "tests/unit/expr/world_internal.h"

namespace rollcall {
namespace {

struct Example {
  std::string name, source, gives;
};

std::string page() {
  std::ifstream in(ROLLCALL_SOURCE_DIR "/config/expressions.md");
  return {std::istreambuf_iterator<char>(in), {}};
}

std::vector<Example> examples(std::string_view text) {
  std::vector<Example> out;
  for (const std::string_view line : split(text, '\n')) {
    if (!line.starts_with("| `")) continue;
    const auto cells = split(line, '|');
    if (cells.size() != 5) continue;
    const auto bare = [](std::string_view cell) {
      cell = trim(cell);
      return cell.size() < 2 ? std::string() : std::string(cell.substr(1, cell.size() - 2));
    };
    out.push_back({bare(cells[1]), bare(cells[2]), bare(cells[3])});
  }
  return out;
}

TEST(Reference, EveryExampleGivesWhatItSays) {
  expr_test::People people;
  const std::vector<std::string> names = {"Everyone", "Sales EMEA"};
  const std::vector<std::string> ids = {"00g1", "00g2"};
  people.scope.groups = names;
  people.scope.group_ids = ids;
  const Json lookups = *parse_json(R"({"internal":{"status":"ACTIVE"}})");
  people.scope.lookups = &lookups;
  const auto all = examples(page());
  EXPECT_GE(all.size(), 100U);
  for (const Example& example : all)
    EXPECT_EQ(people(example.source), example.gives) << example.source;
}

TEST(Reference, NoFunctionIsMissing) {
  const std::string text = page();
  std::set<std::string> shown;
  for (const Example& example : examples(text)) shown.insert(example.name);
  for (const auto& table :
       {expr::text_functions(), expr::array_functions(), expr::convert_functions(),
        expr::time_functions(), expr::group_functions(), expr::extension_functions()}) {
    for (const expr::Function& function : table) {
      const std::string name(function.name);
      if (function.use == expr::Use::lookups) {
        EXPECT_NE(text.find("`" + name + "`"), std::string::npos) << name;
      } else {
        EXPECT_TRUE(shown.count(name) == 1) << name;
      }
    }
  }
}

}  // namespace
}  // namespace rollcall

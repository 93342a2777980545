#include "tests/bench/floor.h"

#include <simdjson.h>

#include <cstring>
#include <fstream>
#include <memory>
#include <vector>

#include "service/base/digest.h"

namespace rollcall::bench {
namespace {

constexpr std::size_t kColumns = kAttributes.size();
using Cells = std::array<std::string_view, kColumns>;

/// Per account: the ends of its cells, then their bytes.
class Arena {
 public:
  const char* store(const Cells& cells) {
    std::size_t length = 0;
    for (const auto cell : cells) length += cell.size();
    char* const block = take(kColumns * sizeof(std::uint16_t) + length);
    char* to = block + kColumns * sizeof(std::uint16_t);
    std::uint16_t end = 0;
    for (std::size_t c = 0; c < kColumns; ++c) {
      if (!cells[c].empty()) std::memcpy(to + end, cells[c].data(), cells[c].size());
      end = static_cast<std::uint16_t>(end + cells[c].size());
      std::memcpy(block + c * sizeof(end), &end, sizeof(end));
    }
    return block;
  }
  static std::string_view cell(const char* block, std::size_t c) {
    std::uint16_t begin = 0, end = 0;
    if (c > 0) std::memcpy(&begin, block + (c - 1) * sizeof(begin), sizeof(begin));
    std::memcpy(&end, block + c * sizeof(end), sizeof(end));
    return {block + kColumns * sizeof(end) + begin, static_cast<std::size_t>(end - begin)};
  }

 private:
  static constexpr std::size_t kChunk = std::size_t{1} << 22;
  char* take(std::size_t n) {
    if (used_ + n > kChunk) {
      chunks_.emplace_back(new char[kChunk]);
      used_ = 0;
    }
    used_ += n;
    return chunks_.back().get() + used_ - n;
  }
  std::vector<std::unique_ptr<char[]>> chunks_;
  std::size_t used_ = kChunk;
};

class Floor {
 public:
  MadeOrg run(const std::string& dir) {
    read_org(dir + "/org.jsonl");
    index();
    seen_.resize(blocks_.size());
    read_people(dir + "/hr.csv");
    for (const bool seen : seen_) out_.leavers += seen ? 0 : 1;
    return out_;
  }

 private:
  void read_org(const std::string& path) {
    std::ifstream in(path);
    simdjson::ondemand::parser parser;
    std::string page;
    while (std::getline(in, page)) {
      page.reserve(page.size() + simdjson::SIMDJSON_PADDING);
      auto document =
          parser.iterate(simdjson::padded_string_view(page.data(), page.size(), page.capacity()));
      for (simdjson::ondemand::object user : document.get_array()) {
        Cells cells{};
        std::size_t guess = 0;
        for (auto field : user.find_field("profile").get_object()) {
          const std::string_view name = field.unescaped_key();
          for (std::size_t step = 0; step < kColumns; ++step) {
            const std::size_t c = (guess + step) % kColumns;
            if (kAttributes[c] != name) continue;
            cells[c] = std::string_view(field.value());
            guess = c + 1;
            break;
          }
        }
        blocks_.push_back(arena_.store(cells));
      }
    }
    out_.accounts = blocks_.size();
  }

  void index() {
    std::size_t size = 1;
    while (size < blocks_.size() * 3 / 2) size *= 2;
    table_.assign(size, 0);
    for (std::uint32_t i = 0; i < blocks_.size(); ++i) {
      table_[place(Arena::cell(blocks_[i], 0))] = i + 1;
    }
  }

  std::size_t place(std::string_view key) const {
    std::size_t at = fast_hash(key) & (table_.size() - 1);
    while (table_[at] != 0 && Arena::cell(blocks_[table_[at] - 1], 0) != key) {
      at = (at + 1) & (table_.size() - 1);
    }
    return at;
  }

  void read_people(const std::string& path) {
    std::ifstream in(path);
    std::string line;
    std::getline(in, line);
    while (std::getline(in, line)) {
      ++out_.people;
      Cells cells{};
      const char* at = line.data();
      for (auto& cell : cells) {
        const bool quoted = *at == '"';
        if (quoted) ++at;
        const char* end = at;
        while (quoted ? *end != '"' : *end != ',' && *end != '\r') ++end;
        cell = {at, static_cast<std::size_t>(end - at)};
        at = end + (quoted ? 2 : 1);
      }
      compare(cells);
    }
  }

  void compare(const Cells& person) {
    const std::uint32_t found = table_[place(person[0])];
    if (found == 0) {
      ++out_.joiners;
      return;
    }
    seen_[found - 1] = true;
    for (std::size_t c = 1; c < kColumns; ++c) {
      if (Arena::cell(blocks_[found - 1], c) == person[c]) continue;
      ++out_.changed;
      return;
    }
    ++out_.same;
  }

  Arena arena_;
  std::vector<const char*> blocks_;
  std::vector<std::uint32_t> table_;
  std::vector<bool> seen_;
  MadeOrg out_;
};

}  // namespace

MadeOrg floor_plan(const std::string& dir) { return Floor().run(dir); }

}  // namespace rollcall::bench

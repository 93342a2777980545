// Parsing and matching of the bucket table.
#include "connectors/okta/bucket_table.h"

#include <algorithm>
#include <charconv>
#include <map>
#include <optional>

#include "service/base/embedded.h"
#include "service/base/text.h"

namespace rollcall {
namespace {

constexpr std::string_view kId = "{id}";
constexpr std::size_t kIdLength = 20;  // FACTS 1: ids have 20 characters

std::vector<std::string_view> segments_of(std::string_view target) {
  const std::string_view path = target.substr(0, target.find('?'));
  std::vector<std::string_view> out;
  for (const std::string_view part : split(path, '/')) {
    if (!part.empty()) out.push_back(part);
  }
  return out;
}

/// `authorizationServers` has 20 characters too (FACTS 3.3): ids carry a digit in front.
bool looks_like_id(std::string_view segment) {
  if (segment.find('@') != std::string_view::npos || segment.find('%') != std::string_view::npos) {
    return true;
  }
  const bool digit = segment.find_first_of("0123456789") != std::string_view::npos;
  return (segment.size() == kIdLength && digit) ||
         segment.find_first_not_of("0123456789") == std::string_view::npos;
}

Error malformed(std::size_t line) {
  return make_error(ErrorCode::okta_buckets_malformed, "a row of the bucket table does not parse",
                    "okta_buckets.tsv:" + std::to_string(line));
}

std::optional<std::uint32_t> limit_of(std::string_view text) {
  if (text == "-") return BucketTable::kSlowSeed;
  std::uint32_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size() || value == 0) return std::nullopt;
  return value;
}

}  // namespace

Result<BucketTable> BucketTable::parse(std::string_view tsv) {
  BucketTable table;
  std::map<std::string, std::size_t, std::less<>> column;
  std::size_t number = 0;
  for (const std::string_view line : split(tsv, '\n')) {
    ++number;
    if (trim(line).empty() || line.front() == '#') continue;
    const auto cells = split(trim(line), '\t');
    if (column.empty()) {
      for (std::size_t i = 0; i < cells.size(); ++i) column.emplace(cells[i], i);
      for (const char* name : {"method", "path", "bucket", "workforce"}) {
        if (column.find(std::string_view(name)) == column.end()) return malformed(number);
      }
      continue;
    }
    if (cells.size() < column.size()) return malformed(number);
    Row row;
    if (cells[column["method"]] != "*") row.method = cells[column["method"]];
    for (const std::string_view part : segments_of(cells[column["path"]])) {
      row.folded += part == kId ? 1 : 0;
      row.segments.emplace_back(part);
    }
    if (!row.segments.empty() && row.segments.back() == "*") {
      row.prefix = true;
      row.segments.pop_back();
    }
    row.bucket = cells[column["bucket"]];
    const auto seed = limit_of(cells[column["workforce"]]);
    if (!seed || row.bucket.empty()) return malformed(number);
    row.seed = *seed;
    table.rows_.push_back(std::move(row));
  }
  if (table.rows_.empty()) return malformed(number);
  return table;
}

Result<BucketTable> BucketTable::embedded() {
  const auto files = embedded::okta_buckets();
  if (files.empty()) return malformed(0);
  return parse(files.front().text);
}

BucketRef BucketTable::find(std::string_view method, std::string_view target) const {
  const auto path = segments_of(target);
  const Row* best = nullptr;
  const auto better = [](const Row& a, const Row& b) {
    if (a.prefix != b.prefix) return !a.prefix;
    if (a.segments.size() != b.segments.size()) return a.segments.size() > b.segments.size();
    if (a.folded != b.folded) return a.folded < b.folded;
    return !a.method.empty() && b.method.empty();
  };
  for (const Row& row : rows_) {
    if (!row.method.empty() && row.method != method) continue;
    const bool fits =
        row.prefix ? path.size() > row.segments.size() : path.size() == row.segments.size();
    if (!fits) continue;
    const bool same = std::equal(
        row.segments.begin(), row.segments.end(), path.begin(),
        [](const std::string& have, std::string_view part) { return have == kId || have == part; });
    if (same && (best == nullptr || better(row, *best))) best = &row;
  }
  if (best != nullptr) return {best->bucket, best->seed, true};
  return {fold_ids(target), kSlowSeed, false};
}

std::uint32_t BucketTable::seed_of(std::string_view name) const {
  for (const Row& row : rows_) {
    if (row.bucket == name) return row.seed;
  }
  return 0;
}

std::string fold_ids(std::string_view target) {
  std::string out;
  for (const std::string_view part : segments_of(target)) {
    out += '/';
    out += looks_like_id(part) ? kId : part;
  }
  return out;
}

}  // namespace rollcall

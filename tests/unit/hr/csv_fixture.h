// What the CSV tests share: a folder that goes away, a sink that remembers, texts in other clothes.
#pragma once

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <string>
#include <vector>

#include "connectors/hr/csv_source.h"

namespace rollcall::test {

class TempFolder {
 public:
  TempFolder() {
    std::string pattern = (std::filesystem::temp_directory_path() / "rollcall-csv-XXXXXX").string();
    path_ = ::mkdtemp(pattern.data()) == nullptr ? std::string() : pattern;
  }
  ~TempFolder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  TempFolder(const TempFolder&) = delete;
  TempFolder& operator=(const TempFolder&) = delete;

  std::string path(const std::string& name) const { return path_ + "/" + name; }
  std::string write(const std::string& name, std::string_view bytes) const {
    std::ofstream(path(name), std::ios::binary | std::ios::trunc) << bytes;
    return path(name);
  }
  void append(const std::string& name, std::string_view bytes) const {
    std::ofstream(path(name), std::ios::binary | std::ios::app) << bytes;
  }

 private:
  std::string path_;
};

inline std::string shared_file(const std::string& name) {
  return std::string(ROLLCALL_SOURCE_DIR) + "/../shared/" + name;
}

inline std::string slurp(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

/// A record as a test looks at it: cleared attributes are "", unknown ones are not in the map.
struct SeenRecord {
  std::string key;
  std::map<std::string, std::string> values;
  std::uint64_t record = 0;
  std::uint64_t line = 0;
};

class RememberingSink final : public RecordSink {
 public:
  explicit RememberingSink(const AttrSchema& schema) : schema_(schema) {}

  void record(const SourceRecord& record) override {
    SeenRecord seen{std::string(record.key), {}, record.record, record.line};
    for (std::size_t i = 0; i < schema_.size(); ++i) {
      const auto id = static_cast<AttrId>(i);
      if (record.attributes.state(id) == AttrState::unknown) continue;
      seen.values[schema_.at(id).name] = record.attributes.text(id);
    }
    records.push_back(std::move(seen));
  }
  void rejected(const RejectedRecord& record) override { rejections.push_back(record); }
  void note(const Finding& finding) override { notes.push_back(finding); }

  std::vector<SeenRecord> records;
  std::vector<RejectedRecord> rejections;
  std::vector<Finding> notes;

 private:
  const AttrSchema& schema_;
};

inline AttrSchema schema_of(const std::vector<std::string>& names) {
  AttrSchema schema;
  for (const std::string& name : names) schema.add({.name = name});
  return schema;
}

/// A source over one file, with everything it gave.
class CsvSourceTest : public ::testing::Test {
 protected:
  CsvSourceOptions options(const std::string& path) {
    CsvSourceOptions made{.name = "hr",
                          .path = path,
                          .delimiter = {},
                          .encoding = {},
                          .key = "employee_id",
                          .columns = {},
                          .certify = {},
                          .hr_schema = schema_};
    return made;
  }

  Result<SourceSummary> read(CsvSourceOptions from, const Watermark& watermark = {},
                             std::stop_token stop = {}) {
    sink_ = std::make_unique<RememberingSink>(schema_);
    return make_csv_source(std::move(from))->extract(watermark, *sink_, std::move(stop));
  }

  /// Writes the text to a file and reads it with the options as they are by default.
  SourceSummary read_text(std::string_view text) {
    const auto summary = read(options(folder_.write("people.csv", text)));
    EXPECT_TRUE(summary) << (summary ? "" : describe(summary.error()));
    return summary ? *summary : SourceSummary{};
  }

  /// Code of the failure: of the error, or of the only reason not to certify.
  static std::string failure(const Result<SourceSummary>& summary) {
    if (!summary) return std::string(info(summary.error().code).id);
    const auto codes = reason_codes(*summary);
    EXPECT_EQ(summary->certified, codes.empty());
    EXPECT_LE(codes.size(), 1U);
    return codes.empty() ? "none" : codes.front();
  }

  std::string failure_of_text(std::string_view text) {
    return failure(read(options(folder_.write("people.csv", text))));
  }

  static std::vector<std::string> reason_codes(const SourceSummary& summary) {
    std::vector<std::string> codes;
    for (const Error& reason : summary.reasons) codes.emplace_back(info(reason.code).id);
    return codes;
  }

  const std::vector<SeenRecord>& records() const { return sink_->records; }
  const std::vector<RejectedRecord>& rejections() const { return sink_->rejections; }
  const std::vector<Finding>& notes() const { return sink_->notes; }

  TempFolder folder_;
  AttrSchema schema_ = schema_of({"employee_id", "first_name", "department"});
  std::unique_ptr<RememberingSink> sink_;
};

/// UTF-16 of UTF-8, without a mark.
inline std::string utf16(std::string_view utf8, bool little) {
  std::string out;
  const auto unit = [&](std::uint32_t u) {
    const char low = static_cast<char>(u & 0xff);
    const char high = static_cast<char>(u >> 8 & 0xff);
    out += little ? low : high;
    out += little ? high : low;
  };
  for (std::size_t i = 0; i < utf8.size();) {
    const auto lead = static_cast<unsigned char>(utf8[i]);
    const std::size_t n = lead < 0x80 ? 1 : lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;
    std::uint32_t c = n == 1 ? lead : lead & (0xffU >> (n + 1));
    for (std::size_t k = 1; k < n; ++k) {
      c = c << 6 | (static_cast<unsigned char>(utf8[i + k]) & 0x3fU);
    }
    i += n;
    if (c < 0x10000) {
      unit(c);
    } else {
      unit(0xd800 + ((c - 0x10000) >> 10));
      unit(0xdc00 + ((c - 0x10000) & 0x3ff));
    }
  }
  return out;
}

}  // namespace rollcall::test

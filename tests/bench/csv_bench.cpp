// How fast people are read from CSV, as a ratio to a limit measured in the same process: one memchr
// per delimiter. Absolute speeds are printed for orientation only. Usage: csv_bench [ROWS]
#include <fmt/core.h>

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <filesystem>
#include <vector>

#include "connectors/hr/csv.h"
#include "connectors/hr/csv_source.h"
#include "service/base/file.h"

namespace rollcall {
namespace {

constexpr int kColumns = 24;
constexpr int kSamples = 5;

std::string made_people(std::size_t rows) {
  std::string text = "employee_id";
  for (int c = 1; c < kColumns; ++c) text += fmt::format(",column_{}", c);
  text += '\n';
  for (std::size_t r = 0; r < rows; ++r) {
    text += fmt::format("{:07}", r);
    for (int c = 1; c < kColumns; ++c) {
      // Every fiftieth cell quoted, every hundredth row beyond ASCII: about what exports look like.
      if ((r + static_cast<std::size_t>(c)) % 50 == 0) {
        text += fmt::format(",\"Value, {} of {}\"", c, r % 997);
      } else {
        text += fmt::format(",{}{} {}", r % 100 == 0 && c == 2 ? "Zoé" : "value", c, r % 997);
      }
    }
    text += '\n';
  }
  return text;
}

class CountingSink final : public RecordSink {
 public:
  void record(const SourceRecord& record) override { seen += record.key.size(); }
  void rejected(const RejectedRecord&) override { ++rejections; }
  void note(const Finding&) override { ++rejections; }
  std::size_t seen = 0;
  std::size_t rejections = 0;
};

/// Median milliseconds of processor time: what else runs on the machine must not count.
template <class Work>
double median_ms(Work work) {
  std::vector<double> samples;
  for (int i = 0; i < kSamples; ++i) {
    const std::clock_t start = std::clock();
    work();
    const auto ticks = static_cast<double>(std::clock() - start);
    samples.push_back(std::max(ticks * 1000 / CLOCKS_PER_SEC, 0.001));
  }
  std::sort(samples.begin(), samples.end());
  return samples[kSamples / 2];
}

int run(std::size_t rows) {
  const std::string path =
      (std::filesystem::temp_directory_path() / fmt::format("csv_bench.{}.csv", rows)).string();
  if (!write_private_file(path, made_people(rows))) return 1;
  const auto text = read_file(path);
  if (!text) return 1;
  std::size_t commas = 0;
  const double limit = median_ms([&] {
    const char* const end = text->data() + text->size();
    for (const char* at = text->data(); at < end; ++at, ++commas) {
      at = static_cast<const char*>(std::memchr(at, ',', static_cast<std::size_t>(end - at)));
      if (at == nullptr) break;
    }
  });
  std::size_t fields = 0;
  const double splitter = median_ms([&] {
    MemoryBytes bytes(*text);
    CsvReader reader(bytes, ',');
    for (auto row = reader.next(); row && *row != nullptr; row = reader.next()) {
      fields += (*row)->size();
    }
  });
  AttrSchema schema;
  for (const char* name :
       {"employee_id", "column_2", "column_5", "column_9", "column_15", "column_23"}) {
    schema.add({.name = name});
  }
  bool certified = true;
  const double source = median_ms([&] {
    CountingSink sink;
    const auto made = make_csv_source({.name = "hr",
                                       .path = path,
                                       .delimiter = {},
                                       .encoding = {},
                                       .key = "employee_id",
                                       .columns = {},
                                       .certify = {},
                                       .hr_schema = schema});
    const auto summary = made->extract({}, sink, {});
    certified = certified && summary && summary->certified && sink.rejections == 0;
  });
  std::filesystem::remove(path);
  const auto million_rows = [&](double ms) { return static_cast<double>(rows) / ms / 1000; };
  fmt::print("{} rows, {} columns, {:.0f} MB, median of {} samples ({} fields, {} commas)\n", rows,
             kColumns, static_cast<double>(text->size()) / 1e6, kSamples, fields / kSamples,
             commas / kSamples);
  fmt::print("one memchr per comma  {:6.0f} ms  {:5.2f} M rows/s\n", limit, million_rows(limit));
  fmt::print("splitter              {:6.0f} ms  {:5.2f} M rows/s  {:.2f} x the limit's time\n",
             splitter, million_rows(splitter), splitter / limit);
  fmt::print("source, 6 wanted      {:6.0f} ms  {:5.2f} M rows/s  {:.2f} x the limit's time\n",
             source, million_rows(source), source / limit);
  return certified ? 0 : 1;
}

}  // namespace
}  // namespace rollcall

int main(int argc, char** argv) {
  return rollcall::run(argc > 1 ? std::strtoull(argv[1], nullptr, 10) : 300000);
}

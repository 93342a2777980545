// The face of an HR source: records in the order the source gives them, then a summary that says
// whether the read counts.
#pragma once

#include <cstdint>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "service/base/result.h"
#include "service/model/plan.h"
#include "service/model/record.h"

namespace rollcall {

/// One record as the source holds it, packed by the run's `hr.*` schema (only the columns that the
/// configuration reads). Blank and absent are kept apart: a blank cell is `cleared`, a column that
/// the source does not have is `unknown`.
struct SourceRecord {
  RecordView attributes;
  std::string_view key;      // value of the key column, trimmed, NFC
  std::uint64_t record = 0;  // 1-based among data records
  std::uint64_t line = 0;    // 1-based line on which it starts; 0 if the source has no lines
};

/// A record that cannot be used. With a readable key that person becomes unknown; without one,
/// absence is unprovable for the whole source.
struct RejectedRecord {
  std::optional<std::string> key;
  Finding finding;
};

/// Takes what a source gives. Called from one thread at a time.
class RecordSink {
 public:
  virtual ~RecordSink() = default;
  virtual void record(const SourceRecord& record) = 0;
  virtual void rejected(const RejectedRecord& record) = 0;
  /// A finding about the source that isolates nobody (a missing optional column).
  virtual void note(const Finding& finding) = 0;
};

/// How well a column was filled in one read.
struct ColumnFill {
  std::string column;
  std::uint64_t filled = 0;
};

/// What is kept of a certified read, to judge the next by.
struct CertifiedRead {
  std::uint64_t records = 0;
  WallTime at;
  std::vector<ColumnFill> fill;
};

/// Where the last certified read stood; nothing on the first.
struct Watermark {
  std::optional<CertifiedRead> last;
};

/// The end of a read. `certified` is false if any reason stands in `reasons`: then the source
/// contributes nothing (exit 5), and each reason is one error for people.
struct SourceSummary {
  std::string name;
  std::string kind;
  std::uint64_t records = 0;  // accepted and rejected data records
  std::uint64_t rejected = 0;
  std::uint64_t rejected_without_key = 0;
  bool certified = false;
  std::vector<Error> reasons;
  std::vector<ColumnFill> fill;
  std::vector<std::string> missing_columns;
};

/// One source. `extract` may be called again; each call is a full, independent read. Not thread
/// safe; one reader thread per source.
class HrSource {
 public:
  virtual ~HrSource() = default;
  /// Reads everything. A failure to read at all is an error too, with exit 5.
  virtual Result<SourceSummary> extract(const Watermark& watermark, RecordSink& sink,
                                        std::stop_token stop) = 0;
};

}  // namespace rollcall

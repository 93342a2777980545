// The plan file, rollcall.plan/1 (CONTRACT.md, section 3): header, operations, trailer; its writer,
// its reader and plan_id.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "service/base/clock.h"
#include "service/base/digest.h"
#include "service/base/error.h"
#include "service/model/operation.h"

namespace rollcall {

/// Something a person should know: an isolated record, a refused group, a disputed match.
struct Finding {
  Severity severity = Severity::error;
  std::string code;          // stable dotted id from error_codes.def
  std::string source;        // empty: not about a source
  std::uint64_t record = 0;  // 1-based among data records; 0: none
  std::uint64_t line = 0;    // 1-based line in the file; 0: none
  std::string worker_key;
  std::string user_id;
  std::string message;
};
Json to_json(const Finding& finding);
Finding finding_from_json(const Json& json);

/// What the plan says of one source. `snapshot` is the order-independent digest of mapped records.
struct SourceStat {
  std::string name;
  std::string kind;
  std::uint64_t records = 0;
  std::uint64_t rejected = 0;
  bool certified = false;
  Sha256 snapshot;
};

struct PlanHeader {
  WallTime created_at, as_of, expires_at;
  std::optional<WallTime> read_at;  // server time when the reading of the org began
  std::string as_of_date;  // calendar date of as_of in run.time_zone; hashed in place of as_of
  std::string environment;
  std::string org;  // base URL
  std::string org_id;
  Sha256 config;  // the normalised rules of users, groups, apps, policies
  bool sealed = false;
  std::vector<SourceStat> sources;
};

struct GuardLine {
  std::string limit;  // "containments", "attribute:department", "group_members:part-time"
  std::uint64_t population = 0;
  std::uint64_t planned = 0;
  std::uint64_t allowed = 0;
  bool held = false;
  std::string release;  // what releases it, one sentence; empty when not held
};

struct ForecastBucket {
  std::string bucket;
  std::uint64_t requests = 0;
  std::uint64_t limit_per_minute = 0;
};
struct Forecast {
  std::uint64_t requests = 0;
  double minutes = 0;
  std::vector<ForecastBucket> buckets;
};
Json to_json(const Forecast& forecast);

struct PlanSummary {
  std::array<std::uint64_t, kOperationKinds> by_kind{};
  std::array<std::uint64_t, kOperationKinds> held{};
  std::uint64_t mails = 0;
  void count(const Operation& op);
  std::uint64_t operations() const;
  std::uint64_t operations_held() const;
};

struct PlanTrailer {
  std::vector<Finding> findings;
  PlanSummary summary;
  std::vector<GuardLine> guard;
  Forecast forecast;
};

/// Takes bytes as they come.
class ByteSink {
 public:
  virtual ~ByteSink() = default;
  virtual Result<void> write(std::string_view bytes) = 0;
};

class StringSink final : public ByteSink {
 public:
  Result<void> write(std::string_view bytes) override {
    text_ += bytes;
    return ok();
  }
  const std::string& text() const { return text_; }

 private:
  std::string text_;
};

/// Computes plan_id from header and operations in plan order.
class PlanHasher {
 public:
  explicit PlanHasher(const PlanHeader& header);
  void add(const Operation& op);
  Sha256 finish();

 private:
  Sha256Stream stream_;
};

/// Streams a plan in the contract's key order.
class PlanWriter {
 public:
  PlanWriter(ByteSink& sink, const PlanHeader& header);
  Result<void> add(const Operation& op);
  /// Writes the trailer; gives the plan_id.
  Result<Sha256> seal(const PlanTrailer& trailer);

 private:
  ByteSink& sink_;
  PlanHasher hasher_;
  bool first_ = true;
  Result<void> status_;
};

/// A plan in memory.
struct Plan {
  PlanHeader header;
  std::vector<Operation> operations;
  PlanTrailer trailer;
  Sha256 id;
};

/// Reads a plan in any key order and checks plan_id against the content.
/// Errors: plan.unreadable, plan.altered.
Result<Plan> read_plan(std::string_view text);
Json header_to_json(const PlanHeader& header);
Result<PlanHeader> header_from_json(const Json& json);
Json trailer_to_json(const PlanTrailer& trailer);
PlanTrailer trailer_from_json(const Json& json);

}  // namespace rollcall
